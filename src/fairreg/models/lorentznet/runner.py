# SPDX-License-Identifier: MIT
"""Runner of a LorentzNet on any runtime."""

from fairreg.errors import ModelError
from fairreg.models.common.network_runner import NetworkRunner
from fairreg.models.lorentznet.arguments import CoordinateWeight
from fairreg.models.lorentznet.definition import BEAMS
from fairreg.models.lorentznet.sizes import LorentzNetSizes
from fairreg.runners.signature import Arrays

__all__ = ["LorentzNetRunner"]


class LorentzNetRunner(NetworkRunner[LorentzNetSizes, CoordinateWeight]):
    """A runner that refuses jets without slots where the network has no beams: it divides by the nodes."""

    def compute(self, arrays: Arrays) -> Arrays:
        """Compute one batch. Raises ModelError for jets without a single slot, but for top tagging."""
        if not arrays["four_momenta"].shape[1] and self.network.sizes.scalars != len(BEAMS):
            raise ModelError(
                "The jets have no slots for particles, and the network divides by their number.",
                hint="Give each jet at least one slot; a padded one will do.",
            )
        return super().compute(arrays)
