# SPDX-License-Identifier: MIT
"""Runner of a Hbb interaction network on any runtime."""

from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fairreg.errors import ModelError, UsageError
from fairreg.models.hbb_in.features import TRACK_FEATURES, VERTEX_FEATURES
from fairreg.models.hbb_in.inputs import FeatureSelection, signature
from fairreg.models.hbb_in.network import CLASSES, INPUTS, OUTPUT, Hyperparameters
from fairreg.models.hbb_in.packing import CALL, MOST_JETS, NumpyLayout, Pack, class_packs, packs
from fairreg.runners import Runner, torch
from fairreg.runners import load as load_engine
from fairreg.runners.base import EngineRunner
from fairreg.runners.cpu import processors
from fairreg.runners.signature import Arrays
from fairreg.schemas.record import Tensor

__all__ = ["PRECISIONS", "HbbRunner", "build"]

Array = NDArray[Any]
_FUSED = "fused"  # its module is imported only where it is asked for
PRECISIONS = ("float32", "tf32", "bfloat16")
# Jets per call on a CPU: enough to share the cost of a call, few enough for their pairs to stay in its cache.
_PACK = 4
# Jets whose values are checked at once: what is found of each value stays in the cache.
_BLOCK = 128


class HbbRunner(EngineRunner):
    """A runner with `predict`; `engine` computes.

    A network of fewer features also accepts all 30 and 14 if `selection` states which it takes. One of tracks
    only leaves vertices aside, so that files of jets need not be changed for it.
    """

    def __init__(
        self, engine: Runner, sizes: Hyperparameters, selection: FeatureSelection | None = None
    ) -> None:
        if selection is not None and not selection.fits(sizes):
            raise ModelError(
                f"The network takes {sizes.track_features} track and {sizes.vertex_features} vertex "
                f"features, but the selection has {len(selection.tracks)} and {len(selection.vertices)}."
            )
        super().__init__(engine, *signature(sizes, selection))
        self.hyperparameters, self.kept = sizes, selection

    def run(self, arrays: Mapping[str, Array]) -> Arrays:
        """Run as `Runner.run`, after reducing arrays with all features to the kept ones.

        Raises ModelError also for values that are not finite.
        """
        unused = set(INPUTS) - set(self.hyperparameters.inputs)
        reduced = {
            name: self._reduced(name, np.asarray(array))
            for name, array in arrays.items()
            if name not in unused
        }
        for tensor in self.inputs:
            _check_finite(tensor, reduced.get(tensor.name))
        return super().run(reduced)

    def predict(self, tracks: Array, vertices: Array | None = None) -> NDArray[np.float32]:
        """Return probabilities (n, 2) of QCD and H->bb, float32, for tracks (n, 30, 60), vertices (n, 14, 5).

        Features, their units and their order are those of `features`; missing tracks and vertices are zeros.
        Only a network of tracks only does without `vertices`. Raises ModelError if the arrays do not fit.
        """
        given = (
            {INPUTS[0]: tracks} if vertices is None else dict(zip(INPUTS, (tracks, vertices), strict=True))
        )
        probabilities: NDArray[np.float32] = self.run(given)[OUTPUT]
        return probabilities

    def _reduced(self, name: str, array: Array) -> Array:
        if self.kept is None or name not in INPUTS:
            return array
        every, kept = {
            INPUTS[0]: (TRACK_FEATURES, self.kept.tracks),
            INPUTS[1]: (VERTEX_FEATURES, self.kept.vertices),
        }[name]
        has_all = array.ndim > 1 and array.shape[1] == len(every)
        return array.take(kept, axis=1) if has_all else array


def _check_finite(tensor: Tensor, array: Array | None) -> None:
    """Raise ModelError naming the first value that is not finite; `Runner.run` checks types and shapes."""
    if array is None or array.ndim != len(tensor.shape) or array.dtype.kind != "f":
        return
    for first in range(0, len(array), _BLOCK):
        finite = np.isfinite(array[first : first + _BLOCK])
        if finite.all():
            continue
        jet, feature, slot = np.argwhere(~finite)[0] + (first, 0, 0)
        name = (
            tensor.features[feature].name if len(tensor.features) == array.shape[1] else f"feature {feature}"
        )
        raise ModelError(
            f"{name} of slot {slot} of jet {jet} is {array[jet, feature, slot]}; inputs must be finite.",
            hint="Leave such jets out, or replace the value as in the sample of the training.",
        )


class _PackedRunner(EngineRunner):
    """Runs packs of jets, in as few slots as they need, on an engine with a free slot axis.

    `precision` is that of the products of the pairs. On a GPU, whose calls cost as much as `call` pairs of
    tracks, the next packs are laid out while it computes.
    """

    def __init__(
        self,
        engine: Runner,
        sizes: Hyperparameters,
        threads: int,
        *,
        batch_size: int,
        precision: str,
        call: int = CALL,
    ) -> None:
        super().__init__(engine, *signature(sizes), precision=precision, batch_size=batch_size)
        self._call, self._names, self._sizes = call, sizes.inputs, sizes
        self._on_processors = engine.device == "cpu"
        self._pool = ThreadPoolExecutor(threads if self._on_processors else 1, thread_name_prefix="hbb_in")

    def close(self) -> None:
        """End the threads, then close the engine."""
        self._pool.shutdown()
        super().close()

    def compute(self, arrays: Arrays) -> Arrays:
        """Compute one batch; every thread computes packs of its own."""
        tracks = arrays[INPUTS[0]]
        # Without vertices every jet has an empty one of no features.
        vertices = arrays.get(INPUTS[1], np.zeros((len(tracks), 0, 1), tracks.dtype))
        found = np.empty((len(tracks), len(CLASSES)), dtype=np.float32)

        def compute(pack: Pack) -> None:
            inputs = dict(zip(self._names, (pack.tracks, pack.vertices), strict=False))
            found[pack.jets] = self._engine.compute(inputs)[OUTPUT]

        # A single pack is not worth the way to another thread and back.
        few = self._on_processors and len(tracks) <= _PACK
        for _ in (map if few else self._pool.map)(compute, self._packs(tracks, vertices)):
            pass
        return {OUTPUT: found}

    def _packs(self, tracks: Array, vertices: Array) -> Iterator[Pack]:
        if self._on_processors:
            return packs(tracks, vertices, _PACK)
        most = self._engine.batch_size or MOST_JETS
        return class_packs(tracks, vertices, most, self._call, self._layouts)

    @cached_property
    def _layouts(self) -> tuple[NumpyLayout, NumpyLayout]:
        """Layouts of tracks and vertices for a GPU: in machine code where llvmlite is installed."""
        from fairreg.runners import fused

        sizes = self._sizes
        if not (fused.available() and sizes.vertex_features):
            return NumpyLayout(), NumpyLayout()
        from fairreg.models.hbb_in.fused.layout import CompiledLayout

        return (
            CompiledLayout(sizes.track_features, sizes.n_tracks),
            CompiledLayout(sizes.vertex_features, sizes.n_vertices),
        )


def build(
    tensors: Mapping[str, Array],
    *,
    runtime: str = "onnx",
    selection: FeatureSelection | None = None,
    batch_size: int = 128,
    threads: int | None = None,
    engines: Path | None = None,
    device: str | None = None,
    precision: str = "float32",
    call: int = CALL,
) -> HbbRunner:
    """Build a runner of the network with these weights on `runtime` and `device`.

    Every runtime but torch and fused is given the ONNX graph. `precision` is that of the products: float32,
    on a GPU also tf32, or bfloat16 for those of the pairs (see `onnx_bytes`); `call` is the cost of a call on
    a GPU (see `packing`). Raises ModelError for tensors of another network, UsageError for an unknown
    runtime, device or precision, MissingEngine.
    """
    if precision not in PRECISIONS:
        raise UsageError(
            f"The network does not compute in {precision!r}.", hint=f"Use {', '.join(PRECISIONS)}."
        )
    sizes = Hyperparameters.from_tensors(tensors)
    if runtime == torch.RUNTIME:
        engine = _in_torch(
            tensors, sizes, batch_size=batch_size, device=device, precision=precision, call=call
        )
        return HbbRunner(engine, sizes, selection)
    if runtime == _FUSED:
        engine = _fused(
            tensors, sizes, batch_size=batch_size, threads=threads, kept=engines, device=device,
            precision=precision,
        )  # fmt: skip
        return HbbRunner(engine, sizes, selection)
    from fairreg.models.hbb_in.network import onnx_bytes

    mixed = precision == "bfloat16"
    engine = load_engine(
        runtime,
        onnx_bytes(tensors, "bfloat16" if mixed else "float32"),
        # An engine on a GPU keeps memory for its largest batch: packs are smaller than a user's.
        batch_size=min(batch_size, MOST_JETS),
        threads=1,  # threads share the packs: single operators are too small to be divided
        engines=engines,
        device=device,
        precision=None if mixed or precision == "float32" else precision,
    )
    packed = _PackedRunner(
        engine, sizes, threads or processors(), batch_size=batch_size, precision=precision, call=call
    )
    return HbbRunner(packed, sizes, selection)


def _fused(
    tensors: Mapping[str, Array],
    sizes: Hyperparameters,
    *,
    batch_size: int,
    threads: int | None,
    kept: Path | None,
    device: str | None,
    precision: str,
) -> Runner:
    """The network in a kernel of its own, which packs the jets itself."""
    from fairreg.runners import fused

    fused.require(device)
    if precision != "float32":
        raise UsageError(f"The runtime fused does not compute in {precision}.", hint="Use float32.")
    from fairreg.models.hbb_in.fused.engine import FusedRunner

    return FusedRunner(tensors, sizes, batch_size=batch_size, threads=threads or processors(), kept=kept)


def _in_torch(
    tensors: Mapping[str, Array],
    sizes: Hyperparameters,
    *,
    batch_size: int,
    device: str | None,
    precision: str,
    call: int,
) -> Runner:
    """The network in PyTorch, which lays out the packs on the device itself: one copy for a batch."""
    torch.require()
    from fairreg.models.hbb_in.pytorch.network import network

    place = torch.place(device)
    return torch.wrap(
        network(tensors, str(place), pairs_in_bfloat16=precision == "bfloat16", call=call),
        *signature(sizes),
        device=str(place),
        batch_size=batch_size,
        precision=precision,
    )
