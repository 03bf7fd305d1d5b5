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
from fairreg.runners.signature import Arrays, fit

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
        if not arrays["particles"].shape[1]:  # engines differ in what they make of no slots
            arrays = arrays | {
                "particles": np.pad(arrays["particles"], ((0, 0), (0, 1), (0, 0))),
                "masks": np.pad(arrays["masks"], ((0, 0), (0, 0), (0, 1))),
            }
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
        fitted = fit(self.inputs, self.with_masks(given))
        _check_masks(fitted["masks"])
        real = fitted["masks"].transpose(0, 2, 1) != 0
        fitted["particles"] = np.where(real, fitted["particles"], np.float32(0))
        for name, array in fitted.items():
            _check(name, array, pairs=bool(self.network.sizes.pair_nodes))
        return super().run(fitted)


def _check_masks(masks: Array) -> None:
    if not np.isin(masks, (0, 1)).all():
        raise ModelError(
            "masks has values other than 0 and 1.", hint="Write 1 for a particle, 0 for padding."
        )


def _check(name: str, array: Array, *, pairs: bool) -> None:
    if not np.isfinite(array).all():
        row = int(np.argwhere(~np.isfinite(array))[0][0])
        raise ModelError(f"{name} of jet {row} is not finite.", hint="Leave such jets out.")
    if name == "particles" and pairs and (array[:, :, 0] < 0).any():
        row = int(np.argwhere(array[:, :, 0] < 0)[0][0])
        raise ModelError(
            f"A particle of jet {row} has a negative transverse momentum.",
            hint="The first feature is pT divided by the sum of pT.",
        )
    if name == "aug_data" and (array[:, _CONSTITUENTS] <= 0).any():
        row = int(np.argmax(array[:, _CONSTITUENTS] <= 0))
        raise ModelError(
            f"jet_nconst of jet {row} is not positive, and the network divides by it.",
            hint="Leave jets without particles out.",
        )
