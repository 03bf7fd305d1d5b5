# SPDX-License-Identifier: MIT
"""Program of the process in which onnx's own code sees a foreign graph: `isolation` starts it.

onnx's version converter is C++ that ends the process on some damaged graphs (segmentation faults in onnx
1.23), and a graph may ask its reference implementation for any amount of memory. Standard input is a line of
JSON, then the model; standard output a line of JSON ("fault": null or a sentence), then the result. Nothing
of fairreg is imported here.
"""

import io
import json
import sys
from typing import Any

_MEMORY = 8 << 30
_MEMORY_PER_BYTE = 20


def _limit(size: int) -> None:
    """Bound the memory of this process, where the system can, and leave no core file."""
    try:
        import resource

        most = _MEMORY + _MEMORY_PER_BYTE * size
        resource.setrlimit(resource.RLIMIT_AS, (most, most))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    except (ImportError, OSError, ValueError):
        return


def _converted(content: bytes, target: int) -> bytes:
    """The model in the operator set `target`."""
    from onnx import load_from_string, version_converter

    return bytes(version_converter.convert_version(load_from_string(content), target).SerializeToString())


def _computed(content: bytes, arrays: bytes, names: list[str]) -> bytes:
    """Outputs of onnx's reference implementation for the inputs `names`; both are .npz, in order."""
    import numpy as np
    from onnx import load_from_string
    from onnx.reference import ReferenceEvaluator

    evaluator: Any = ReferenceEvaluator(load_from_string(content))
    with np.load(io.BytesIO(arrays), allow_pickle=False) as stored:
        feeds = {name: stored[f"arr_{number}"] for number, name in enumerate(names)}
    found = [np.asarray(item) for item in evaluator.run(None, feeds)]
    if any(item.dtype.hasobject for item in found):
        raise TypeError("an output is not an array of numbers")
    target = io.BytesIO()
    np.savez(target, *found)
    return target.getvalue()


def _answer(order: dict[str, Any], content: bytes) -> bytes:
    size = order["model"]
    if order["task"] == "convert":
        return _converted(content[:size], order["target"])
    return _computed(content[:size], content[size:], order["names"])


def main() -> None:
    """Read one order, write one answer; any exception of onnx is an answer too."""
    order = json.loads(sys.stdin.buffer.readline())
    content = sys.stdin.buffer.read()
    _limit(len(content))
    fault, result = None, b""
    try:
        result = _answer(order, content)
    except Exception as error:  # noqa: BLE001  onnx has no base class of its exceptions
        fault = f"{type(error).__name__}: {error}"[:2000]
    sys.stdout.buffer.write(json.dumps({"fault": fault}).encode() + b"\n" + result)


if __name__ == "__main__":
    main()
