# SPDX-License-Identifier: MIT
"""ONNX models with onnxruntime, the default runtime, on the CPU or an NVIDIA GPU.

The GPU needs another build of onnxruntime. It reports its CUDA provider as available without a GPU and falls
back to the CPU by itself, so that is switched off, and what the session got is checked.
"""

import io
import re
from contextlib import redirect_stdout
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from fairreg.errors import ModelError, UsageError
from fairreg.runners import devices
from fairreg.runners.base import DEFAULT_BATCH, Arrays, Runner
from fairreg.runners.weights.onnx import parse
from fairreg.schemas.record import Tensor

__all__ = ["PRECISIONS", "RUNTIME", "SUFFIXES", "OnnxRunner", "available", "check_device", "load"]

RUNTIME = "onnx"
SUFFIXES = frozenset({".onnx"})
PRECISIONS = ("float32", "tf32")  # of products of float32 numbers on a GPU

_COLOURS = re.compile(r"\x1b\[[0-9;]*m")
_CPU, _CUDA = "CPUExecutionProvider", "CUDAExecutionProvider"
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
    device: str | None = None,
    precision: str = "float32",
) -> "OnnxRunner":
    """Load a runner of an ONNX file, or of a model's bytes, on the CPU or on the GPU `device`.

    `threads` is the number of threads of one operator (None: onnxruntime's choice, the physical cores);
    `precision` is that of products in float32 on a GPU: tf32 rounds the factors to 11 bits.
    Raises ModelError, also without the GPU, SecurityRefusal for a model that keeps tensors in other files,
    UsageError for an unknown device or precision.
    """
    place = devices.parse(device)
    providers = _providers(place, precision)
    name = source.name if isinstance(source, Path) else "The model"
    try:
        content = source.read_bytes() if isinstance(source, Path) else source
    except OSError as error:
        raise ModelError(f"{name} cannot be read: {error.strerror or error}.") from error
    parse(content, name)
    session = _session(content, name, threads, providers)
    return OnnxRunner(session, batch_size=batch_size, device=place, precision=precision)


def check_device(device: devices.Device) -> None:
    """Raise ModelError where onnxruntime cannot use `device`."""
    if device.on_gpu:
        devices.require(device)
        _require_cuda_build()


class OnnxRunner(Runner):
    """One onnxruntime session; it may be used from several threads."""

    def __init__(
        self,
        session: Any,
        *,
        batch_size: int = DEFAULT_BATCH,
        device: devices.Device = devices.CPU,
        precision: str = "float32",
    ) -> None:
        outputs = tuple(map(_tensor, session.get_outputs()))
        super().__init__(
            RUNTIME,
            tuple(map(_tensor, session.get_inputs())),
            outputs,
            device=str(device),
            precision=outputs[0].dtype if precision == "float32" else precision,
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


def _providers(device: devices.Device, precision: str) -> list[Any]:
    """Execution providers in order of preference: a GPU leaves the arithmetic of shapes to the CPU."""
    if precision not in PRECISIONS or (precision != "float32" and not device.on_gpu):
        raise UsageError(
            f"onnxruntime does not compute in {precision!r} on {device}.",
            hint="Use float32, on a GPU also tf32.",
        )
    if not device.on_gpu:
        return [_CPU]
    check_device(device)
    # onnxruntime's own default is TF32, which keeps three digits.
    return [(_CUDA, {"device_id": str(device.index), "use_tf32": str(int(precision == "tf32"))}), _CPU]


def _require_cuda_build() -> None:
    """Raise ModelError for the build of onnxruntime that computes on the CPU only."""
    import onnxruntime

    if _CUDA not in onnxruntime.get_available_providers():
        raise ModelError(
            f"The installed onnxruntime {onnxruntime.__version__} computes on the CPU only.",
            hint="Its build for NVIDIA GPUs takes its place: pip uninstall --yes onnxruntime, "
            "then pip install 'onnxruntime-gpu[cuda,cudnn]'.",
        )


def _session(content: bytes, name: str, threads: int | None, providers: list[Any]) -> Any:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.log_severity_level = _ERRORS_ONLY
    if threads is not None:
        options.intra_op_num_threads = threads
    said = "" if providers == [_CPU] else _preload()
    try:
        # Without its fallback onnxruntime raises the provider's own reason.
        session = onnxruntime.InferenceSession(content, options, providers=providers, enable_fallback=0)
    except _failures() as error:
        raise ModelError(f"{name} cannot be loaded by onnxruntime: {_first_line(error)}") from error
    if providers != [_CPU] and _CUDA not in session.get_providers():
        raise ModelError(
            f"onnxruntime cannot use the GPU: {said or 'its CUDA provider could not be loaded'}.",
            hint="Install CUDA's libraries with pip install 'onnxruntime-gpu[cuda,cudnn]'; or --device cpu.",
        )
    return session


def _preload() -> str:
    """Load CUDA's libraries from the packages beside onnxruntime; return the first complaint.

    onnxruntime prints complaints to standard output, which is for data.
    """
    import onnxruntime

    said = io.StringIO()
    if preload := getattr(onnxruntime, "preload_dlls", None):  # since 1.21
        with redirect_stdout(said):
            preload()
    return _COLOURS.sub("", said.getvalue()).strip().partition("\n")[0].rstrip(".")


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
