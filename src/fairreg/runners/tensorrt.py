# SPDX-License-Identifier: MIT
"""ONNX models on an NVIDIA GPU with TensorRT, an optional engine.

The engine ("plan") is built on this machine from the ONNX model and cached under the digest of the model, the
GPU, TensorRT's version and the precision: a change of any of these needs another plan. Plans from other
sources are refused: a plan fits one GPU and one version, and reading one executes its content.

Networks are strongly typed (the only kind since TensorRT 11); float32 means float32, without TF32.
"""

import hashlib
import os
import weakref
from contextlib import ExitStack
from importlib.util import find_spec
from pathlib import Path
from threading import Lock
from typing import Any

import numpy as np

from fairreg.errors import MissingEngine, ModelError, SecurityRefusal, UsageError
from fairreg.runners import _cuda, devices
from fairreg.runners.base import Arrays, Runner
from fairreg.runners.batching import DEFAULT_BATCH, Batching
from fairreg.runners.independence import batching_of
from fairreg.runners.signature import LONGEST_AXIS
from fairreg.runners.weights.onnx import OnnxContent, complete, signature_of
from fairreg.schemas.record import Tensor
from fairreg.storage.files import replacing
from fairreg.storage.formats import FileFormat

__all__ = [
    "FORMATS",
    "PRECISIONS",
    "RUNTIME",
    "SUFFIXES",
    "TensorRTRunner",
    "available",
    "build",
    "check_device",
    "load",
]

RUNTIME = "tensorrt"
SUFFIXES = frozenset({".onnx"})
FORMATS: frozenset[FileFormat] = frozenset({"onnx"})
PRECISIONS = ("float32", "tf32")  # of products of float32 numbers

_PLANS = frozenset({".plan", ".engine", ".trt"})
# TensorRT for RTX has the same interface for other GPUs.
_ENGINES = ("tensorrt", "tensorrt_rtx")
_FIRST_GPU = devices.Device("cuda")
_MORE_ROWS = (
    f"The plan is for up to {DEFAULT_BATCH} rows at once. Use --runtime onnx, or --batch-size N if rows do "
    "not depend on each other."
)
_PROFILE = "1, half, all"  # a change of the profile needs another plan


def available() -> bool:
    """Tell whether TensorRT and NVIDIA's Python bindings are installed; `load` checks for a GPU."""
    return _engine_name() is not None and find_spec("cuda") is not None


def check_device(device: devices.Device) -> None:
    """Raise UsageError for the CPU, ModelError for a GPU that is not there."""
    if not device.on_gpu:
        raise UsageError("TensorRT computes on NVIDIA GPUs only.", hint="Use --runtime onnx for the CPU.")
    try:
        devices.require(device)
    except ModelError as error:
        raise ModelError(error.message, hint="Use --runtime onnx to compute on the CPU.") from error


def load(
    source: Path | bytes,
    *,
    batch_size: int | None = None,
    threads: int | None = None,  # noqa: ARG001  the protocol's signature
    engines: Path | None = None,
    device: str | None = None,
    precision: str = "float32",
) -> "TensorRTRunner":
    """Load a runner of an ONNX file, or of a model's bytes, on the GPU `device` (None: the first one).

    `engines` is the folder for plans, `precision` that of products in float32: tf32 rounds the factors to 11
    bits. Raises MissingEngine, ModelError without the GPU or if TensorRT fails to build, SecurityRefusal for
    a plan, UsageError for a device that is no GPU and for an unknown precision.
    """
    name = source.name if isinstance(source, Path) else "The model"
    if isinstance(source, Path) and source.suffix.lower() in _PLANS:
        raise SecurityRefusal(
            f"{name} is a TensorRT plan, which fits only the GPU and the version that it was built with.",
            hint="Load the ONNX model that it was built from: fairreg builds a plan for this GPU.",
        )
    place = devices.parse(device, _FIRST_GPU)
    _check_precision(precision)
    if not available():
        raise MissingEngine("TensorRT", "tensorrt")
    check_device(place)
    found = _whole(source, name)
    content = found.content
    batching = batching_of(found.model, *signature_of(found.model), batch_size)
    # A plan of a graph whose rows are not known to be independent is for so many, too.
    rows = batching.size or DEFAULT_BATCH
    _cuda.use(place.index)
    path = None if engines is None else engines / f"{_key(content, place, precision, rows)}.plan"
    if path is not None and path.is_file():
        try:
            return TensorRTRunner(path.read_bytes(), device=place, batching=batching, precision=precision)
        except ModelError:
            path.unlink()  # a damaged plan is worth nothing: it is built again
    plan = build(content, name, batch_size=rows, precision=precision)
    runner = TensorRTRunner(plan, device=place, batching=batching, precision=precision)
    if path is not None:
        _keep(plan, path)
    return runner


def _whole(source: Path | bytes, name: str) -> OnnxContent:
    """Read the model with its side files, which TensorRT's parser must not open."""
    found = complete(source, name)
    if found.large:
        raise ModelError(
            f"{name} has 2 GiB or more, which fairreg cannot give to TensorRT.", hint="Use --runtime onnx."
        )
    return found


def build(content: bytes, name: str = "The model", *, batch_size: int, precision: str = "float32") -> bytes:
    """Build a plan for batches of 1 to `batch_size`; TensorRT for RTX builds without a GPU.

    Raises ModelError with TensorRT's own reason where it cannot build one.
    """
    _check_precision(precision)
    found = _whole(content, name)
    longest = _longest(found.model, batch_size)
    trt = _engine()
    said = _log(trt)
    builder = trt.Builder(said)
    # TensorRT 11 knows no other kind of network, and may know no flag for this one.
    flag = getattr(trt.NetworkDefinitionCreationFlag, "STRONGLY_TYPED", None)
    network = builder.create_network(0 if flag is None else 1 << int(flag))
    parser = trt.OnnxParser(network, said)
    if not parser.parse(found.content):
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
    """A plan on a GPU; threads that use it wait for each other.

    Its memory is released by `close`, with the last reference to it, or when the interpreter ends, in this
    order: context, engine, arrays, stream. All of these happen while NVIDIA's driver still runs.
    """

    def __init__(
        self,
        plan: bytes,
        *,
        batching: Batching,
        precision: str,
        device: devices.Device = _FIRST_GPU,
    ) -> None:
        trt = _engine()
        self._trt_log, self._index, self._lock = _log(trt), device.index, Lock()
        self._held = ExitStack()
        # Also at the end of the interpreter, before its modules go; a forked child does not own the memory.
        self._release = weakref.finalize(self, _release, self._held, os.getpid())
        self._stream = _cuda.Stream()
        self._held.callback(self._stream.close)
        try:
            self._plan = _Plan(trt, plan, self._trt_log)
            signature = self._plan.signature(trt)
            self._arrays = {item.name: _cuda.DeviceArray() for part in signature for item in part}
        except ModelError:
            self._release()
            raise
        for array in self._arrays.values():
            self._held.callback(array.close)
        self._held.callback(self._plan.close)
        super().__init__(RUNTIME, *signature, device=str(device), precision=precision, batching=batching)
        self.engine = f"TensorRT {trt.__version__}"

    def close(self) -> None:
        """Release engine and memory; `compute` raises ModelError from now on."""
        self._release()

    def compute(self, arrays: Arrays) -> Arrays:
        """Compute one batch; errors of the GPU become a ModelError."""
        with self._lock:
            if not self._release.alive:
                raise ModelError("The runner is closed.", hint="Load the model again.")
            _cuda.use(self._index)
            self._trt_log.last = ""
            for name, array in arrays.items():
                self._send(name, array)
            views = self._queued()
            self._stream.wait()
            return {name: view.copy() for name, view in views.items()}

    def _send(self, name: str, array: np.ndarray[Any, Any]) -> None:
        context, memory = self._plan.context, self._arrays[name]
        if not context.set_input_shape(name, array.shape):
            reason = self._trt_log.last or "it states no reason"
            raise ModelError(
                f"TensorRT does not take {name!r} of shape {array.shape}: {reason}.",
                hint=None if self.batch_size else _MORE_ROWS,
            )
        memory.send(array, self._stream)
        context.set_tensor_address(name, memory.address)

    def _queued(self) -> Arrays:
        """Queue the computation; return views of the outputs, which are filled after waiting."""
        context = self._plan.context
        shapes = {item.name: tuple(context.get_tensor_shape(item.name)) for item in self.outputs}
        for item in self.outputs:
            if min(shapes[item.name], default=0) < 0:
                raise ModelError(f"The size of the output {item.name!r} depends on values, not on shapes.")
            memory = self._arrays[item.name]
            memory.reserve(int(np.prod(shapes[item.name])) * np.dtype(item.dtype).itemsize)
            context.set_tensor_address(item.name, memory.address)
        if not context.execute_async_v3(int(self._stream.handle)):
            raise ModelError(
                f"TensorRT could not run the model: {self._trt_log.last or 'it states no reason'}."
            )
        return {
            item.name: self._arrays[item.name].fetch(shapes[item.name], np.dtype(item.dtype), self._stream)
            for item in self.outputs
        }


class _Plan:
    """A plan, read by TensorRT: engine and context, which `close` drops in the order that TensorRT wants."""

    def __init__(self, trt: Any, plan: bytes, log: Any) -> None:
        self._runtime = trt.Runtime(log)
        self._engine = self._runtime.deserialize_cuda_engine(plan)
        if self._engine is None:
            raise ModelError(f"TensorRT cannot load its own plan: {log.last or 'it states no reason'}.")
        self.context = self._engine.create_execution_context()
        if self.context is None:
            raise ModelError(f"TensorRT cannot prepare its plan: {log.last or 'it states no reason'}.")

    def close(self) -> None:
        """Drop the context first, then what it was made from."""
        self.context = self._engine = self._runtime = None

    def signature(self, trt: Any) -> tuple[tuple[Tensor, ...], tuple[Tensor, ...]]:
        """Inputs and outputs; ModelError for an element type that numpy does not have."""
        names = [self._engine.get_tensor_name(number) for number in range(self._engine.num_io_tensors)]
        given = [self._engine.get_tensor_mode(name) == trt.TensorIOMode.INPUT for name in names]
        tensors = [self._tensor(trt, name) for name in names]
        both = list(zip(given, tensors, strict=True))
        return tuple(item for is_input, item in both if is_input), tuple(
            item for is_input, item in both if not is_input
        )

    def _tensor(self, trt: Any, name: str) -> Tensor:
        shape, kind = self._engine.get_tensor_shape(name), self._engine.get_tensor_dtype(name)
        try:
            dtype = np.dtype(trt.nptype(kind)).name
        except TypeError as error:
            raise ModelError(f"The model's {name!r} is {kind}, which numpy does not have.") from error
        free = (f"{name}_{axis}" if axis else "N" for axis in range(len(shape)))
        return Tensor(
            name=name,
            dtype=dtype,
            shape=tuple(word if size < 0 else int(size) for word, size in zip(free, shape, strict=True)),
        )


def _release(held: ExitStack, owner: int) -> None:
    if os.getpid() == owner:
        held.close()


def _check_precision(precision: str) -> None:
    if precision not in PRECISIONS:
        raise UsageError(
            f"TensorRT does not compute in {precision!r}.", hint=f"Use {' or '.join(PRECISIONS)}."
        )


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


def _key(content: bytes, device: devices.Device, precision: str, batch_size: int) -> str:
    """Digest of everything that a plan depends on."""
    trt = _engine()
    model, gpu = hashlib.sha256(content).hexdigest(), _cuda.device_name(device.index)
    facts = (model, gpu, trt.__name__, trt.__version__, _PROFILE, precision, batch_size)
    return hashlib.sha256(repr(facts).encode()).hexdigest()


def _keep(plan: bytes, path: Path) -> None:
    """Write the plan atomically: two processes may build the same one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with replacing(path) as draft:
        draft.write_bytes(plan)


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
    """The shapes of the plan: every free axis from 1 to its largest length.

    Kernels are chosen for half of it: an axis is free because its length changes, and most calls are shorter.
    """
    profile = builder.create_optimization_profile()
    for number in range(network.num_inputs):
        item = network.get_input(number)
        top = [
            size if size >= 0 else longest[item.get_dimension_name(axis)]
            for axis, size in enumerate(item.shape)
        ]
        least = [1 if size < 0 else size for size in item.shape]
        usual = [size if size >= 0 else -(-most // 2) for size, most in zip(item.shape, top, strict=True)]
        profile.set_shape(item.name, least, usual, top)
    return profile
