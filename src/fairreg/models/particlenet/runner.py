# SPDX-License-Identifier: MIT
"""Runner of a ParticleNet on any runtime."""

from fairreg.models.common.network_runner import NetworkRunner
from fairreg.models.particlenet.architecture import ParticleNetArchitecture
from fairreg.models.particlenet.jets import check
from fairreg.runners.signature import Arrays

__all__ = ["ParticleNetRunner"]


class ParticleNetRunner(NetworkRunner[ParticleNetArchitecture, int]):
    """A runner that checks the jets."""

    def compute(self, arrays: Arrays) -> Arrays:
        """Compute one batch. Raises ModelError also for a mask of other numbers than 0 and 1."""
        check(self.network.sizes, arrays)
        return super().compute(arrays)
