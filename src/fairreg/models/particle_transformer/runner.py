# SPDX-License-Identifier: MIT
"""Runner of a Particle Transformer on any runtime."""

from fairreg.models.common.network_runner import NetworkRunner
from fairreg.models.particle_transformer.architecture import ParticleTransformerArchitecture
from fairreg.models.particle_transformer.jets import check
from fairreg.runners.signature import Arrays

__all__ = ["ParticleTransformerRunner"]


class ParticleTransformerRunner(NetworkRunner[ParticleTransformerArchitecture, None]):
    """A runner that checks the jets."""

    def compute(self, arrays: Arrays) -> Arrays:
        """Compute one batch. Raises ModelError also for jets without particles."""
        check(arrays)
        return super().compute(arrays)
