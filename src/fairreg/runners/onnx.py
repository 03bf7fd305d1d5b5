# SPDX-License-Identifier: MIT
"""ONNX models on the CPU with onnxruntime, the default runtime."""

from importlib.util import find_spec
from pathlib import Path
from typing import Any

from fairreg.errors import ModelError
from fairreg.runners.base import DEFAULT_BATCH, Arrays, Runner
from fairreg.runners.weights.onnx import OnnxContent, complete
from fairreg.schemas.record import Tensor

__all__ = ["RUNTIME", "SUFFIXES", "OnnxRunner", "available", "load"]

RUNTIME = "onnx"
SUFFIXES = frozenset({".onnx"})

_ERRORS_ONLY = 3  # onnxruntime's severity: 0 verbose, 1 info, 2 warning, 3 error
# onnxruntime's element types (ONNX names) in numpy's words.
_DTYPES = {
    "tensor(float)": "float32",
    "tensor(double)": "float64",
    "tensor(float16)": "float16",
    "tensor(bool)": "bool",
    "tensor(string)": "str",
    **{f"tensor({name})": name for name in ("int8", "int16", "int32", "int64")},
    **{f"tensor({name})": name for name in ("uint8", "uint16", "uint32", "uint64")},
}


def available() -> bool:
    """Tell whether onnxruntime is installed."""
    return find_spec("onnxruntime") is not None


def load(
    source: Path | bytes,
    *,
    batch_size: int = DEFAULT_BATCH,
    threads: int | None = None,
    engines: Path | None = None,  # noqa: ARG001  the protocol's signature
) -> "OnnxRunner":
    """Load a runner of an ONNX file, or of a model's bytes.

    `threads` is the number of threads of one operator (None: onnxruntime's choice, the physical cores).
    onnxruntime opens no file: side files of the model are read by `complete`. Raises ModelError, and
    SecurityRefusal for a model that keeps tensors outside its folder.
    """
    name = source.name if isinstance(source, Path) else "The model"
    return OnnxRunner(_session(complete(source, name), name, threads), batch_size=batch_size)


class OnnxRunner(Runner):
    """One onnxruntime session; it may be used from several threads."""

    def __init__(self, session: Any, *, batch_size: int = DEFAULT_BATCH) -> None:
        outputs = tuple(map(_tensor, session.get_outputs()))
        super().__init__(
            RUNTIME,
            tuple(map(_tensor, session.get_inputs())),
            outputs,
            precision=outputs[0].dtype,
            batch_size=batch_size,
        )
        self._session = session

    def compute(self, arrays: Arrays) -> Arrays:
        """Run the session once; errors of onnxruntime become a ModelError."""
        try:
            values = self._session.run(None, arrays)
        except _failures() as error:
            raise ModelError(f"onnxruntime could not run the model: {_first_line(error)}") from error
        return {tensor.name: value for tensor, value in zip(self.outputs, values, strict=True)}


def _session(model: OnnxContent, name: str, threads: int | None) -> Any:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.log_severity_level = _ERRORS_ONLY
    if threads is not None:
        options.intra_op_num_threads = threads
    try:
        if model.large:
            values = map(onnxruntime.OrtValue.ortvalue_from_numpy, model.large.values())
            options.add_external_initializers(list(model.large), list(values))
        return onnxruntime.InferenceSession(model.content, options, providers=["CPUExecutionProvider"])
    except _failures() as error:
        raise ModelError(f"{name} cannot be loaded by onnxruntime: {_first_line(error)}") from error


def _failures() -> tuple[type[Exception], ...]:
    """Exceptions of onnxruntime, which have no public base class except Exception."""
    from onnxruntime.capi import onnxruntime_pybind11_state as state

    own = [item for item in vars(state).values() if isinstance(item, type) and issubclass(item, Exception)]
    return (*own, RuntimeError, ValueError, TypeError, MemoryError)


def _first_line(error: Exception) -> str:
    return str(error).strip().partition("\n")[0] or type(error).__name__


def _tensor(argument: Any) -> Tensor:
    if argument.type not in _DTYPES:
        raise ModelError(
            f"The model's {argument.name!r} is a {argument.type}, which fairreg does not support."
        )
    shape = tuple(
        size if isinstance(size, (int, str)) else f"{argument.name}_{axis}"
        for axis, size in enumerate(argument.shape)
    )
    return Tensor(name=argument.name, dtype=_DTYPES[argument.type], shape=shape)
