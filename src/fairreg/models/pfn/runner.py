# SPDX-License-Identifier: MIT
"""Runner of a Particle Flow (Interaction) Network on any runtime."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fairreg.errors import ModelError
from fairreg.models.common.network_runner import NetworkRunner
from fairreg.models.pfn.architecture import NAMES, ParticleFlowSizes
from fairreg.models.pfn.settings import ParticleFlowSettings
from fairreg.runners.signature import Arrays

__all__ = ["ParticleFlowRunner"]

Array = NDArray[Any]
# Pairs of particles in one call of the engine: 128 numbers for each are 64 MiB.
_PAIRS = 1 << 17
_CONSTITUENTS = 6


class ParticleFlowRunner(NetworkRunner[ParticleFlowSizes, ParticleFlowSettings]):
    """A runner that checks the jets and gives the engine as many at once as its pairs allow.

    Arrays that other networks of the model take are left aside, so that one file of jets serves all.
    """

    def compute(self, arrays: Arrays) -> Arrays:
        """Compute one batch, in parts of as many jets as their pairs allow."""
        jets, slots = arrays["particles"].shape[:2]
        step = max(1, _PAIRS // max(1, slots * slots)) if self.network.sizes.pair_nodes else max(1, jets)
        if jets <= step:
            return super().compute(arrays)
        parts = [
            self._engine.compute({name: array[first : first + step] for name, array in arrays.items()})
            for first in range(0, jets, step)
        ]
        return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}

    def run(self, arrays: Mapping[str, Array]) -> Arrays:
        """Run as `Runner.run`. Raises ModelError also for jets for which the network is not defined."""
        taken = {item.name for item in self.inputs}
        given = {name: value for name, value in arrays.items() if name in taken or name not in NAMES}
        for item in self.inputs:
            if (array := _numbers(given.get(item.name), len(item.shape))) is not None:
                _check(item.name, array, pairs=bool(self.network.sizes.pair_nodes))
        return super().run(given)


def _numbers(value: Any, axes: int) -> Array | None:
    """The value as an array, None where `Runner.run` will refuse it."""
    array = np.asarray(value) if isinstance(value, (np.ndarray, list, tuple)) else None
    fits = array is not None and array.ndim == axes and array.dtype.kind in "biuf" and array.size > 0
    return array if fits else None


def _check(name: str, array: Array, *, pairs: bool) -> None:
    if not np.isfinite(array).all():
        row = int(np.argwhere(~np.isfinite(array))[0][0])
        raise ModelError(f"{name} of jet {row} is not finite.", hint="Leave such jets out.")
    if name == "masks" and not np.isin(array, (0, 1)).all():
        raise ModelError(
            "masks has values other than 0 and 1.", hint="Write 1 for a particle, 0 for padding."
        )
    if name == "particles" and pairs and (array[:, :, 0] < 0).any():
        row = int(np.argwhere(array[:, :, 0] < 0)[0][0])
        raise ModelError(
            f"A particle of jet {row} has a negative transverse momentum.",
            hint="The first feature is pT divided by the sum of pT.",
        )
    if name == "aug_data" and (array.shape[1] > _CONSTITUENTS) and (array[:, _CONSTITUENTS] <= 0).any():
        row = int(np.argmax(array[:, _CONSTITUENTS] <= 0))
        raise ModelError(
            f"jet_nconst of jet {row} is not positive, and the network divides by it.",
            hint="Leave jets without particles out.",
        )
