# SPDX-License-Identifier: MIT
"""ONNX models on the CPU with onnxruntime, the default runtime."""

from importlib.util import find_spec
from pathlib import Path
from typing import Any

from fairreg.errors import ModelError
from fairreg.runners import memory
from fairreg.runners.base import Arrays, Runner
from fairreg.runners.batching import decide, row_count
from fairreg.runners.independence import independent_rows, states_batch, without_weights
from fairreg.runners.weights.onnx import parse
from fairreg.schemas.record import Tensor

__all__ = ["RUNTIME", "SUFFIXES", "OnnxRunner", "available", "load"]

RUNTIME = "onnx"
SUFFIXES = frozenset({".onnx"})

# What onnxruntime says where there is no memory left, and C++'s own exception.
_ALLOCATION = ("Failed to allocate memory", "bad_alloc", "bad allocation")
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
    batch_size: int | None = None,
    threads: int | None = None,
    engines: Path | None = None,  # noqa: ARG001  the protocol's signature
    device: str | None = None,  # noqa: ARG001  the protocol's signature
) -> "OnnxRunner":
    """Load a runner of an ONNX file, or of a model's bytes.

    `threads` is the number of threads of one operator (None: onnxruntime's choice, the physical cores).
    Raises ModelError, and SecurityRefusal for a model that keeps tensors in other files.
    """
    name = source.name if isinstance(source, Path) else "The model"
    try:
        content = source.read_bytes() if isinstance(source, Path) else source
    except OSError as error:
        raise ModelError(f"{name} cannot be read: {error.strerror or error}.") from error
    model = parse(content, name)
    return OnnxRunner(_session(content, name, threads), model, batch_size=batch_size)


class OnnxRunner(Runner):
    """One onnxruntime session; it may be used from several threads."""

    def __init__(self, session: Any, model: Any, *, batch_size: int | None = None) -> None:
        inputs = tuple(map(_tensor, session.get_inputs()))
        outputs = tuple(map(_tensor, session.get_outputs()))
        batching = decide(
            inputs,
            outputs,
            size=batch_size,
            stated=states_batch(model),
            proven=lambda: independent_rows(model),
        )
        super().__init__(RUNTIME, inputs, outputs, precision=outputs[0].dtype, batching=batching)
        self._session, self._graph = session, without_weights(model)

    def compute(self, arrays: Arrays) -> Arrays:
        """Run the session once; errors of onnxruntime become a ModelError."""
        if self.batch_size is None and (row_count(arrays) or 0) > memory.MANY_ROWS:
            memory.check(self._graph, arrays)
        try:
            values = self._session.run(None, arrays)
        except _failures() as error:
            if any(word in str(error) for word in _ALLOCATION):
                raise memory.too_large("onnxruntime could not allocate it") from error
            raise ModelError(f"onnxruntime could not run the model: {_first_line(error)}") from error
        return {tensor.name: value for tensor, value in zip(self.outputs, values, strict=True)}

    @property
    def session(self) -> Any:
        """The onnxruntime session, which knows the graph's own inputs and outputs."""
        return self._session


def _session(content: bytes, name: str, threads: int | None) -> Any:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.log_severity_level = _ERRORS_ONLY
    if threads is not None:
        options.intra_op_num_threads = threads
    try:
        return onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
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
