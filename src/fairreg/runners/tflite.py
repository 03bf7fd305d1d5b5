# SPDX-License-Identifier: MIT
"""TensorFlow Lite models in Google's LiteRT, an optional engine (extra ``tflite``), on the CPU.

A file is checked and written anew by `_tflite_check`, then tried in a process of its own, before the native
interpreter loads it here. Quantised inputs and outputs stay the integers that the model computes with; their
description says which numbers they stand for. Only the kernels of LiteRT itself compute, no delegates.
"""

import subprocess
import sys
import threading
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from fairreg.errors import MissingEngine, ModelError
from fairreg.runners import _tflite_check as check
from fairreg.runners import devices
from fairreg.runners.base import Arrays, Runner
from fairreg.runners.batching import decide
from fairreg.schemas.record import Tensor
from fairreg.schemas.text import one_line
from fairreg.storage.formats import FileFormat

__all__ = [
    "FORMATS",
    "RUNTIME",
    "SUFFIXES",
    "TfliteRunner",
    "available",
    "check_device",
    "interpreter",
    "load",
]

RUNTIME = "tflite"
SUFFIXES: frozenset[str] = frozenset()
FORMATS: frozenset[FileFormat] = frozenset({"tflite"})

_MAX_FILE = 2 << 30  # of a FlatBuffer
_PATIENCE = 120  # seconds for the trial
_SHOWN = 300
_SIGNALS = 128  # exit codes from here on are of processes that were ended, as negative ones are


def available() -> bool:
    """Tell whether LiteRT is installed."""
    return find_spec("ai_edge_litert") is not None


def check_device(device: devices.Device) -> None:
    """Raise MissingEngine without LiteRT, UsageError for a GPU."""
    if not available():
        raise MissingEngine("LiteRT", "tflite")
    devices.require_cpu(device, "LiteRT")


def interpreter(content: bytes, threads: int | None) -> Any:
    """Make an interpreter of a checked model, with LiteRT's own kernels alone."""
    from ai_edge_litert.interpreter import Interpreter, OpResolverType

    return Interpreter(
        model_content=content,
        num_threads=threads,
        experimental_op_resolver_type=OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES,
    )


def load(
    source: Path | bytes,
    *,
    batch_size: int | None = None,
    threads: int | None = None,
    engines: Path | None = None,  # noqa: ARG001  the protocol's signature
    device: str | None = None,
) -> "TfliteRunner":
    """Load a runner of a .tflite file. Raises ModelError, SecurityRefusal, MissingEngine, UsageError."""
    check_device(devices.parse(device))
    if not isinstance(source, Path):
        raise ModelError("LiteRT loads .tflite files, not ONNX models.", hint="Leave out --runtime.")
    if source.stat().st_size > _MAX_FILE:
        raise ModelError(f"{source.name} exceeds the limit of 2 GiB for TensorFlow Lite models.")
    found = check.check(source.read_bytes(), source.name)
    _try(found.content, source.name)
    try:
        made = interpreter(found.content, threads)
        made.allocate_tensors()
    except (ValueError, RuntimeError) as error:
        raise _refused(source.name, str(error)) from error
    return TfliteRunner(made, found, batch_size)


def _try(content: bytes, name: str) -> None:
    """Compute once in another process. Raises ModelError where that ends early or says a fault."""
    command = [sys.executable, "-P", "-m", "fairreg.runners._tflite_probe"]
    try:
        done = subprocess.run(  # noqa: S603
            command, input=content, capture_output=True, timeout=_PATIENCE, check=False
        )
    except subprocess.TimeoutExpired as error:
        raise ModelError(f"LiteRT did not finish {name} within {_PATIENCE} s in a trial.") from error
    if done.stdout:
        raise _refused(name, done.stdout.decode("utf-8", "replace"))
    if 0 < done.returncode < _SIGNALS:
        said = one_line(done.stderr.decode("utf-8", "replace").strip().rpartition("\n")[2])
        raise ModelError(f"The trial of {name} in a process of its own failed: {said[:_SHOWN]}")
    if done.returncode:
        raise ModelError(
            f"LiteRT crashed on {name} in a trial in a process of its own (exit {done.returncode}), so "
            "the file is not loaded.",
            hint="The file is damaged or made to crash it; ask its authors for another form of the model.",
        )


def _refused(name: str, reason: str) -> ModelError:
    text = one_line(reason).removesuffix(".")
    return ModelError(f"LiteRT cannot run {name}: {text[:_SHOWN] or 'it says no reason'}.")


class TfliteRunner(Runner):
    """One interpreter; calls wait for each other, and each begins without a state."""

    def __init__(self, made: Any, found: check.Ends, batch_size: int | None) -> None:
        self._interpreter, self._ends = made, found
        self._lock = threading.Lock()
        given = {item["index"]: item for item in made.get_input_details()}
        results = {item["index"]: item for item in made.get_output_details()}
        inputs = tuple(_signature(name, given[index]) for name, index in found.inputs)
        free = any(isinstance(size, str) for tensor in inputs for size in tensor.shape)
        outputs = tuple(_signature(name, results[index], free=free) for name, index in found.outputs)
        super().__init__(
            RUNTIME,
            inputs,
            outputs,
            precision=outputs[0].dtype,
            batching=decide(inputs, outputs, size=batch_size, stated=False, proven=lambda: False),
        )
        self.engine = f"LiteRT {version('ai-edge-litert')}"

    def compute(self, arrays: Arrays) -> Arrays:
        """Run the interpreter once; its errors become a ModelError."""
        engine = self._interpreter
        with self._lock:
            try:
                for name, index in self._ends.inputs:
                    engine.resize_tensor_input(index, arrays[name].shape)
                engine.allocate_tensors()
                engine.reset_all_variables()
                for name, index in self._ends.inputs:
                    engine.set_tensor(index, np.ascontiguousarray(arrays[name]))
                engine.invoke()
                return {name: engine.get_tensor(index) for name, index in self._ends.outputs}
            except (ValueError, RuntimeError) as error:
                raise _refused("the model", str(error)) from error


def _signature(name: str, item: Any, *, free: bool = False) -> Tensor:
    """The signature of a tensor: ``rows`` where its first axis may have any length.

    `free`: the inputs may have other lengths than those that the file was made with, and it does not say
    which axes of this output follow them.
    """
    stated = [int(size) for size in item["shape_signature"]]
    unsaid = free and -1 not in stated
    sizes: list[int | str] = [
        (f"{name}_{axis}" if axis else "rows") if size == -1 or unsaid else size
        for axis, size in enumerate(stated)
    ]
    return Tensor(
        name=name, dtype=np.dtype(item["dtype"]).name, shape=tuple(sizes), description=_meaning(item)
    )


def _meaning(item: Any) -> str | None:
    """A sentence on which numbers quantised values stand for."""
    scales, zeros = (item["quantization_parameters"][key] for key in ("scales", "zero_points"))
    if len(scales) != 1 or np.dtype(item["dtype"]).kind == "f":
        return None
    return f"quantised: q stands for {float(scales[0]):.9g} * (q - {int(zeros[0])})"
