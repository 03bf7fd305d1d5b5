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
from fairreg.runners import devices, memory
from fairreg.runners._casting import NARROW
from fairreg.runners._onnx_faults import engine_version, failures, load_fault, reason
from fairreg.runners._onnx_signature import (
    class_labels,
    column_names,
    given_tensor,
    named_columns,
    taken_tensor,
    words,
)
from fairreg.runners._onnx_trees import check_trees
from fairreg.runners._onnx_values import from_engine, run_by_values, to_engine
from fairreg.runners.bare_graph import without_weights
from fairreg.runners.base import Arrays, Runner
from fairreg.runners.batching import row_count
from fairreg.runners.independence import batching_of
from fairreg.runners.weights.onnx import OnnxContent, complete
from fairreg.schemas.record import Tensor
from fairreg.storage.formats import FileFormat

__all__ = ["FORMATS", "PRECISIONS", "RUNTIME", "SUFFIXES", "OnnxRunner", "available", "check_device", "load"]

RUNTIME = "onnx"
SUFFIXES = frozenset({".onnx"})
FORMATS: frozenset[FileFormat] = frozenset({"onnx"})
PRECISIONS = ("float32", "tf32")  # of products of float32 numbers on a GPU

_COLOURS = re.compile(r"\x1b\[[0-9;]*m")
_CPU, _CUDA = "CPUExecutionProvider", "CUDAExecutionProvider"
# What onnxruntime says where there is no memory left, and C++'s own exception.
_ALLOCATION = ("Failed to allocate memory", "bad_alloc", "bad allocation")
_SILENT = 4  # onnxruntime's severity "fatal": its errors are raised, and would be printed as well


def available() -> bool:
    """Tell whether onnxruntime is installed."""
    return find_spec("onnxruntime") is not None


def load(
    source: Path | bytes,
    *,
    batch_size: int | None = None,
    threads: int | None = None,
    engines: Path | None = None,  # noqa: ARG001  the protocol's signature
    device: str | None = None,
    precision: str = "float32",
) -> "OnnxRunner":
    """Load a runner of an ONNX file, or of a model's bytes, on the CPU or on the GPU `device`.

    `threads` is the number of threads of one operator (None: onnxruntime's choice, the physical cores);
    `precision` is that of products in float32 on a GPU: tf32 rounds the factors to 11 bits.
    onnxruntime opens no file: side files of the model are read by `complete`. Raises ModelError, and
    SecurityRefusal for a model that keeps tensors outside its folder.
    """
    place = devices.parse(device)
    providers = _providers(place, precision)
    name = source.name if isinstance(source, Path) else "The model"
    found = complete(source, name)
    if not found.model.graph.output:
        raise ModelError(f"{name} has no outputs, so there is nothing to compute.")
    check_trees(found.model, name)
    session = _session(found, name, threads, providers)
    try:
        return OnnxRunner(session, found.model, batch_size=batch_size, device=place, precision=precision)
    except UnicodeDecodeError as error:  # protobuf decodes a text when it is read, the engine never does
        raise ModelError(f"{name} is not a valid ONNX model: a name in it is not UTF-8.") from error


def check_device(device: devices.Device) -> None:
    """Raise ModelError where onnxruntime cannot use `device`."""
    if device.on_gpu:
        devices.require(device)
        _require_cuda_build()


class OnnxRunner(Runner):
    """One onnxruntime session and the model that it runs; it may be used from several threads.

    An output may be missing or several, as `_onnx_values` says: it comes as plain arrays. Exporters give
    axes of different lengths one name; onnxruntime does not compare them.
    """

    axes_agree = False

    def __init__(
        self,
        session: Any,
        model: Any,
        *,
        batch_size: int | None = None,
        device: devices.Device = devices.CPU,
        precision: str = "float32",
    ) -> None:
        stated = {item.name for item in (*model.graph.input, *model.graph.output) if _states_shape(item)}
        self._session, self._classes = session, class_labels(model.graph)
        self._graph = without_weights(model)
        found, columns = session.get_outputs(), column_names(model)
        outputs = tuple(
            named_columns(
                given_tensor(item, stated=item.name in stated, classes=self._classes.get(item.name, ())),
                columns,
            )
            for item in found
        )
        inputs = tuple(
            named_columns(taken_tensor(item, stated=item.name in stated), columns)
            for item in session.get_inputs()
        )
        super().__init__(
            RUNTIME,
            inputs,
            outputs,
            device=str(device),
            precision=_precision(outputs) if precision == "float32" else precision,
            batching=batching_of(model, inputs, outputs, batch_size),
        )
        self.engine = f"onnxruntime {engine_version()}"
        self.defaults = tuple(
            taken_tensor(item, stated=item.name in stated, default=True)
            for item in session.get_overridable_initializers()
            if words(item.type)
        )
        self._kinds = [(item.name, str(words(item.type))) for item in found]
        self._narrow = any(kind in NARROW for _, kind in self._kinds)

    def compute(self, arrays: Arrays) -> Arrays:
        """Run the session once; errors of onnxruntime become a ModelError."""
        if self.batch_size is None and (row_count(arrays) or 0) > memory.MANY_ROWS:
            memory.check(self._graph, arrays)
        try:
            feeds = to_engine((*self.inputs, *self.defaults), arrays)
            if self._narrow:
                values = run_by_values(self._session, feeds, self._kinds)
            else:
                values = self._session.run(None, feeds)
        except failures() as error:
            if any(word in str(error) for word in _ALLOCATION):
                raise memory.too_large("onnxruntime could not allocate it") from error
            raise ModelError(f"onnxruntime could not run the model: {reason(error)}") from error
        found: Arrays = {}
        for (name, kind), value in zip(self._kinds, values, strict=True):
            arrays = from_engine(name, kind, value, self._classes.get(name, ()))
            _check_numbered(name, arrays, self.outputs)
            found |= arrays
        return found

    @property
    def session(self) -> Any:
        """The ``onnxruntime.InferenceSession``, which knows more of the model than `inputs` and `outputs`."""
        return self._session


def _check_numbered(name: str, arrays: Arrays, outputs: tuple[Tensor, ...]) -> None:
    """Raise ModelError where the name of an item of a sequence is that of another output."""
    if taken := (arrays.keys() - {name}) & {item.name for item in outputs}:
        raise ModelError(
            f"Two outputs would be {min(taken)!r}: one of that name, and an item of the sequence {name!r}.",
            hint="Rename one of the outputs in the model.",
        )


def _states_shape(value: Any) -> bool:
    """Tell whether a graph's input or output states a shape; that of a scalar is stated and empty."""
    return bool(value.type.tensor_type.HasField("shape"))


def _precision(outputs: tuple[Tensor, ...]) -> str:
    """Element type of the first floating-point output, else of the first output."""
    types = [item.dtype.rpartition("(")[2].rstrip(")") for item in outputs]
    return next((item for item in types if item.startswith("float")), types[0])


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


def _session(found: OnnxContent, name: str, threads: int | None, providers: list[Any]) -> Any:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.log_severity_level = _SILENT
    if threads is not None:
        options.intra_op_num_threads = threads
    said = "" if providers == [_CPU] else _preload()
    try:
        if found.large:
            values = map(onnxruntime.OrtValue.ortvalue_from_numpy, found.large.values())
            options.add_external_initializers(list(found.large), list(values))
        # Without its fallback onnxruntime raises the provider's own reason.
        session = onnxruntime.InferenceSession(found.content, options, providers=providers, enable_fallback=0)
    except failures() as error:
        raise load_fault(error, name, found.model) from error
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
