# SPDX-License-Identifier: MIT
"""Runner of a LorentzNet on any runtime."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from fairreg.errors import ModelError
from fairreg.models.common.network_runner import NetworkRunner
from fairreg.models.lorentznet.arguments import CoordinateWeight
from fairreg.models.lorentznet.definition import BEAMS, PARTICLES
from fairreg.models.lorentznet.sizes import LorentzNetSizes
from fairreg.runners.signature import Arrays

__all__ = ["LorentzNetRunner"]


_MOMENTA_AXES = 3


class LorentzNetRunner(NetworkRunner[LorentzNetSizes, CoordinateWeight]):
    """A runner that refuses jets without slots where the network has no beams: it divides by the nodes."""

    def hidden(self, arrays: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return by input what is 0 where it is padding: the energy, the PDG identifier or the mask."""
        momenta, scalars = np.asarray(arrays.get("four_momenta")), self.network.sizes.scalars
        if scalars == len(PARTICLES) and "pdg_id" in arrays:
            return {"four_momenta": arrays["pdg_id"]}
        if scalars == len(BEAMS) and momenta.ndim == _MOMENTA_AXES and momenta.shape[2]:
            return {"four_momenta": momenta[:, :, 0]}
        return super().hidden(arrays)

    def compute(self, arrays: Arrays) -> Arrays:
        """Compute one batch. Raises ModelError for jets without a single slot, but for top tagging."""
        if not arrays["four_momenta"].shape[1] and self.network.sizes.scalars != len(BEAMS):
            raise ModelError(
                "The jets have no slots for particles, and the network divides by their number.",
                hint="Give each jet at least one slot; a padded one will do.",
            )
        return super().compute(arrays)
