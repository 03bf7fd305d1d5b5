# SPDX-License-Identifier: MIT
"""Runner of a Hbb interaction network on any runtime."""

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fairreg.errors import ModelError
from fairreg.models.hbb_in.features import TRACK_FEATURES, VERTEX_FEATURES
from fairreg.models.hbb_in.inputs import FeatureSelection, signature
from fairreg.models.hbb_in.network import CLASSES, INPUTS, OUTPUT, Hyperparameters
from fairreg.models.hbb_in.packing import Pack, packs
from fairreg.runners import Runner, get, torch
from fairreg.runners.base import DEFAULT_BATCH, requested
from fairreg.runners.cpu import processors
from fairreg.runners.signature import Arrays
from fairreg.schemas.record import Tensor

__all__ = ["HbbRunner", "build"]

Array = NDArray[Any]
# Jets per call on a CPU: enough to share the cost of a call, few enough for their pairs to stay in its cache.
_PACK = 4


class HbbRunner(Runner):
    """A runner with `predict`; `engine` computes.

    A network of fewer features also accepts all 30 and 14 if `selection` states which it takes.
    """

    def __init__(
        self, engine: Runner, sizes: Hyperparameters, selection: FeatureSelection | None = None
    ) -> None:
        if selection is not None and not selection.fits(sizes):
            raise ModelError(
                f"The network takes {sizes.track_features} track and {sizes.vertex_features} vertex "
                f"features, but the selection has {len(selection.tracks)} and {len(selection.vertices)}."
            )
        super().__init__(
            engine.name,
            *signature(sizes, selection),
            device=engine.device,
            precision=engine.precision,
            batch_size=engine.batch_size,
        )
        self.hyperparameters, self.kept, self._engine = sizes, selection, engine

    def compute(self, arrays: Arrays) -> Arrays:
        """Outputs of one batch of the network's own features."""
        return self._engine.compute(arrays)

    def run(self, arrays: Mapping[str, Array]) -> Arrays:
        """Run as `Runner.run`, after reducing arrays with all features to the kept ones.

        Raises ModelError also for values that are not finite.
        """
        reduced = {name: self._reduced(name, np.asarray(array)) for name, array in arrays.items()}
        for tensor in self.inputs:
            _check_finite(tensor, reduced.get(tensor.name))
        return super().run(reduced)

    def predict(self, tracks: Array, vertices: Array) -> NDArray[np.float32]:
        """Return probabilities (n, 2) of QCD and H->bb, float32, for tracks (n, 30, 60), vertices (n, 14, 5).

        Features, their units and their order are those of `features`; missing tracks and vertices are zeros.
        Raises ModelError if the arrays do not fit.
        """
        probabilities: NDArray[np.float32] = self.run(dict(zip(INPUTS, (tracks, vertices), strict=True)))[
            OUTPUT
        ]
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
    bad = np.argwhere(~np.isfinite(array))
    if len(bad):
        jet, feature, slot = bad[0]
        name = (
            tensor.features[feature].name if len(tensor.features) == array.shape[1] else f"feature {feature}"
        )
        raise ModelError(
            f"{name} of slot {slot} of jet {jet} is {array[jet, feature, slot]}; inputs must be finite.",
            hint="Leave such jets out, or replace the value as in the sample of the training.",
        )


class _PackedRunner(Runner):
    """Runs packs of jets, in as few slots as they need, on an engine with a free slot axis."""

    def __init__(self, engine: Runner, sizes: Hyperparameters, threads: int) -> None:
        super().__init__(
            engine.name,
            *signature(sizes),
            device=engine.device,
            precision=engine.precision,
            batch_size=engine.batch_size,
        )
        self._engine = engine
        on_processors = engine.device == "cpu"
        self._pack = _PACK if on_processors else engine.batch_size or DEFAULT_BATCH
        self._pool = ThreadPoolExecutor(threads if on_processors else 1, thread_name_prefix="hbb_in")

    def compute(self, arrays: Arrays) -> Arrays:
        """Compute one batch; every thread computes packs of its own."""
        tracks, vertices = (arrays[name] for name in INPUTS)
        found = np.empty((len(tracks), len(CLASSES)), dtype=np.float32)

        def compute(pack: Pack) -> None:
            inputs = dict(zip(INPUTS, (pack.tracks, pack.vertices), strict=True))
            found[pack.jets] = self._engine.compute(inputs)[OUTPUT]

        for _ in self._pool.map(compute, packs(tracks, vertices, self._pack)):
            pass
        return {OUTPUT: found}


def build(
    tensors: Mapping[str, Array],
    *,
    runtime: str = "onnx",
    selection: FeatureSelection | None = None,
    batch_size: int = 128,
    threads: int | None = None,
    engines: Path | None = None,
    device: str | None = None,
) -> HbbRunner:
    """Build a runner of the network with these weights on `runtime`.

    Every runtime but torch is given the ONNX graph. Raises ModelError for tensors of another network,
    UsageError for an unknown runtime, MissingEngine.
    """
    sizes = Hyperparameters.from_tensors(tensors)
    if runtime == torch.RUNTIME:
        torch.require()
        from fairreg.models.hbb_in.pytorch.network import network

        engine: Runner = torch.wrap(network(tensors), *signature(sizes), batch_size=batch_size)
    else:
        from fairreg.models.hbb_in.network import onnx_bytes

        # Threads share the packs: single operators are too small to be divided.
        options = requested(batch_size=batch_size, threads=1, engines=engines, device=device)
        engine = get(runtime).load(onnx_bytes(tensors), **options)
        engine = _PackedRunner(engine, sizes, threads or processors())
    return HbbRunner(engine, sizes, selection)
