# SPDX-License-Identifier: MIT
"""ONNX models on an NVIDIA GPU with TensorRT, an optional engine.

The engine ("plan") is built on this machine from the ONNX model and cached under the digest of the model, the
GPU, TensorRT's version and the precision: a change of any of these needs another plan. Plans from other
sources are refused: a plan fits one GPU and one version, and reading one executes its content.

Networks are strongly typed (the only kind since TensorRT 11); float32 means float32, without TF32.
"""

import hashlib
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from fairreg.errors import MissingEngine, ModelError, SecurityRefusal
from fairreg.runners import _cuda
from fairreg.runners.base import DEFAULT_BATCH, Arrays, Runner
from fairreg.runners.signature import LONGEST_AXIS
from fairreg.runners.weights.onnx import complete, parse
from fairreg.schemas.record import Tensor

__all__ = ["RUNTIME", "SUFFIXES", "TensorRTRunner", "available", "build", "load"]

RUNTIME = "tensorrt"
SUFFIXES = frozenset({".onnx"})

_PLANS = frozenset({".plan", ".engine", ".trt"})
_PRECISIONS = ("float32", "tf32")
# TensorRT for RTX has the same interface for other GPUs.
_ENGINES = ("tensorrt", "tensorrt_rtx")


def available() -> bool:
    """Tell whether TensorRT and NVIDIA's Python bindings are installed; `load` checks for a GPU."""
    return _engine_name() is not None and find_spec("cuda") is not None


def load(
    source: Path | bytes,
    *,
    batch_size: int = DEFAULT_BATCH,
    threads: int | None = None,  # noqa: ARG001  the protocol's signature
    engines: Path | None = None,
    device: str | None = None,  # noqa: ARG001  the protocol's signature
    precision: str = "float32",
) -> "TensorRTRunner":
    """Load a runner of an ONNX file, or of a model's bytes, on the first GPU; `engines` is for plans.

    Raises MissingEngine, ModelError without a GPU or if TensorRT fails to build, SecurityRefusal for a plan.
    """
    name = source.name if isinstance(source, Path) else "The model"
    if isinstance(source, Path) and source.suffix.lower() in _PLANS:
        raise SecurityRefusal(
            f"{name} is a TensorRT plan, which fits only the GPU and the version that it was built with.",
            hint="Load the ONNX model that it was built from: fairreg builds a plan for this GPU.",
        )
    if not available():
        raise MissingEngine("TensorRT", "tensorrt")
    if not _cuda.gpus():
        raise ModelError(
            "TensorRT needs an NVIDIA GPU with its driver; none was found.", hint="Use --runtime onnx."
        )
    plan = _plan(_whole(source, name), name, batch_size, precision, engines)
    return TensorRTRunner(plan, batch_size=batch_size, precision=precision)


def _whole(source: Path | bytes, name: str) -> bytes:
    """Read the model with its side files, which TensorRT's parser must not open."""
    model = complete(source, name)
    if model.large:
        raise ModelError(
            f"{name} has 2 GiB or more, which fairreg cannot give to TensorRT.", hint="Use --runtime onnx."
        )
    return model.content


def build(content: bytes, name: str = "The model", *, batch_size: int, precision: str = "float32") -> bytes:
    """Build a plan for batches of 1 to `batch_size`; TensorRT for RTX builds without a GPU.

    Raises ModelError with TensorRT's own reason where it cannot build one.
    """
    if precision not in _PRECISIONS:
        raise ModelError(f"TensorRT runs in {' or '.join(_PRECISIONS)}, not in {precision!r}.")
    content = _whole(content, name)
    longest = _longest(parse(content, name), batch_size)
    trt = _engine()
    said = _log(trt)
    builder = trt.Builder(said)
    network = builder.create_network(1 << int(trt.NetworkDefinitionCreationFlag.STRONGLY_TYPED))
    parser = trt.OnnxParser(network, said)
    if not parser.parse(content):
        reasons = "; ".join(parser.get_error(number).desc() for number in range(parser.num_errors))
        raise ModelError(f"TensorRT cannot read {name}: {reasons}.")
    config = builder.create_builder_config()
    if precision == "float32":
        config.clear_flag(trt.BuilderFlag.TF32)
    config.add_optimization_profile(_profile(builder, network, longest))
    plan = builder.build_serialized_network(network, config)
    if plan is None:
        raise ModelError(f"TensorRT cannot build {name}: {said.last or 'it states no reason'}.")
    return bytes(plan)


class TensorRTRunner(Runner):
    """A plan on the first GPU. One thread at a time may use it."""

    def __init__(self, plan: bytes, *, batch_size: int, precision: str) -> None:
        trt = _engine()
        self._log = _log(trt)
        self._engine = trt.Runtime(self._log).deserialize_cuda_engine(plan)
        if self._engine is None:
            raise ModelError(f"TensorRT cannot load its own plan: {self._log.last}.")
        self._context = self._engine.create_execution_context()
        names = [self._engine.get_tensor_name(number) for number in range(self._engine.num_io_tensors)]
        tensors = [(name, self._tensor(trt, name)) for name in names]
        given = trt.TensorIOMode.INPUT
        super().__init__(
            RUNTIME,
            tuple(tensor for name, tensor in tensors if self._engine.get_tensor_mode(name) == given),
            tuple(tensor for name, tensor in tensors if self._engine.get_tensor_mode(name) != given),
            device=f"cuda:0 {_cuda.device_name()}",
            precision=precision,
            batch_size=batch_size,
        )
        self._stream = _cuda.Stream()
        self._buffers = {name: _cuda.Buffer() for name in names}

    def compute(self, arrays: Arrays) -> Arrays:
        """Compute one batch; errors of the GPU become a ModelError."""
        for name, array in arrays.items():
            self._buffers[name].send(array, self._stream)
            if not self._context.set_input_shape(name, array.shape):
                raise ModelError(f"The plan does not accept {name!r} of shape {array.shape}.")
            self._context.set_tensor_address(name, self._buffers[name].address)
        shapes = {item.name: tuple(self._context.get_tensor_shape(item.name)) for item in self.outputs}
        for item in self.outputs:
            self._buffers[item.name].reserve(_bytes(shapes[item.name], item.dtype))
            self._context.set_tensor_address(item.name, self._buffers[item.name].address)
        if not self._context.execute_async_v3(self._stream.handle):
            raise ModelError(f"TensorRT could not run the model: {self._log.last}.")
        found = {
            item.name: self._buffers[item.name].receive(shapes[item.name], item.dtype, self._stream)
            for item in self.outputs
        }
        self._stream.wait()
        return found

    def _tensor(self, trt: Any, name: str) -> Tensor:
        import numpy as np

        shape = self._engine.get_tensor_shape(name)
        dtype = np.dtype(trt.nptype(self._engine.get_tensor_dtype(name))).name
        free = (f"{name}_{axis}" if axis else "N" for axis in range(len(shape)))
        return Tensor(
            name=name,
            dtype=dtype,
            shape=tuple(word if size < 0 else int(size) for word, size in zip(free, shape, strict=True)),
        )


def _bytes(shape: tuple[int, ...], dtype: str) -> int:
    import numpy as np

    return int(np.prod(shape)) * np.dtype(dtype).itemsize


def _engine_name() -> str | None:
    return next((name for name in _ENGINES if find_spec(name)), None)


def _engine() -> Any:
    from importlib import import_module

    name = _engine_name()
    if name is None:
        raise MissingEngine("TensorRT", "tensorrt")
    return import_module(name)


def _log(trt: Any) -> Any:
    """A logger that keeps TensorRT's last error and prints nothing."""

    class Log(trt.ILogger):  # type: ignore[misc]  # the engine's types are not known here
        def __init__(self) -> None:
            trt.ILogger.__init__(self)
            self.last = ""

        def log(self, severity: Any, message: str) -> None:
            if severity <= trt.ILogger.Severity.ERROR:
                self.last = message.strip()

    return Log()


def _plan(content: bytes, name: str, batch_size: int, precision: str, engines: Path | None) -> bytes:
    """Read the plan from the folder `engines`; if it is missing, build and store it."""
    trt = _engine()
    facts = (hashlib.sha256(content).hexdigest(), _cuda.device_name(), trt.__name__, trt.__version__)
    key = hashlib.sha256(repr((*facts, precision, batch_size)).encode()).hexdigest()
    path = None if engines is None else engines / f"{key}.plan"
    if path is not None and path.is_file():
        return path.read_bytes()
    plan = build(content, name, batch_size=batch_size, precision=precision)
    if path is not None:
        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_suffix(".part")
        part.write_bytes(plan)
        part.replace(path)
    return plan


def _longest(model: Any, batch_size: int) -> dict[str, int]:
    """Largest length of each free axis: the first of each input is the batch, the model states the others."""
    longest = {
        item.key.removeprefix(LONGEST_AXIS): int(item.value)
        for item in model.metadata_props
        if item.key.startswith(LONGEST_AXIS) and item.value.isdecimal()
    }
    constants = {item.name for item in model.graph.initializer}
    for item in model.graph.input:
        for number, axis in enumerate(item.type.tensor_type.shape.dim if item.name not in constants else ()):
            if number == 0 and axis.dim_param:
                longest[axis.dim_param] = batch_size
            elif not axis.dim_value and axis.dim_param not in longest:
                raise ModelError(
                    f"The model states no largest length for axis {number} of its input {item.name!r}.",
                    hint=f"Add the property {LONGEST_AXIS}{axis.dim_param} to it, or use --runtime onnx.",
                )
    return longest


def _profile(builder: Any, network: Any, longest: dict[str, int]) -> Any:
    """The shapes of the plan: every free axis from 1 to its largest length, optimised for the latter."""
    profile = builder.create_optimization_profile()
    for number in range(network.num_inputs):
        item = network.get_input(number)
        top = [
            size if size >= 0 else longest[item.get_dimension_name(axis)]
            for axis, size in enumerate(item.shape)
        ]
        least = [1 if size < 0 else size for size in item.shape]
        profile.set_shape(item.name, least, top, top)
    return profile
