# SPDX-License-Identifier: MIT
"""Work of onnx on a foreign graph in a process of its own, with bounded memory and time."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

__all__ = ["Fault", "converted", "reference"]

_SECONDS = 120
_BYTES_PER_SECOND = 1 << 20
_MAX_MESSAGE = 300
_PROGRAM = Path(__file__).with_name("child.py")


class Fault(Exception):
    """The message of onnx, or how its process ended: half a sentence for a caller's error."""


def converted(model: bytes, target: int) -> bytes:
    """Convert a serialised model with onnx's version converter. Raises Fault."""
    return _asked({"task": "convert", "target": target, "model": len(model)}, model)


def reference(model: bytes, names: list[str], arrays: bytes) -> bytes:
    """Run a serialised model with onnx's reference implementation on the inputs `names`.

    `arrays` and what is returned are .npz, in the order of the names and of the outputs. Raises Fault.
    """
    return _asked({"task": "compute", "model": len(model), "names": names}, model + arrays)


def _asked(order: dict[str, Any], content: bytes) -> bytes:
    seconds = _SECONDS + len(content) // _BYTES_PER_SECOND
    command = [sys.executable, "-I", str(_PROGRAM)]
    given = json.dumps(order).encode() + b"\n" + content
    try:
        done = subprocess.run(  # noqa: S603  Python itself with a file of this package
            command, input=given, capture_output=True, timeout=seconds, check=False
        )
    except subprocess.TimeoutExpired:
        raise Fault(f"it did not end within {seconds} s") from None
    except OSError as error:
        raise Fault(f"its process could not be started ({error.strerror or error})") from error
    head, _, result = done.stdout.partition(b"\n")
    fault = _fault(head) if done.returncode == 0 else f"it crashed (exit status {done.returncode})"
    if fault is not None:
        raise Fault(fault)
    return result


def _fault(head: bytes) -> str | None:
    """First line of the message in the head of an answer, as one printable line; None without one."""
    try:
        message = json.loads(head)["fault"]
    except (ValueError, LookupError, TypeError):
        return "its answer is damaged"
    if message is None:
        return None
    line = "".join(item if item.isprintable() else " " for item in str(message).strip().partition("\n")[0])
    return line[:_MAX_MESSAGE].rstrip(" .") or "it gave no reason"
