# SPDX-License-Identifier: MIT
"""Runner of a generator on any runtime."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fairreg.errors import ModelError
from fairreg.models.common.network_runner import NetworkRunner
from fairreg.models.mpgan.arguments import GeneratorArguments
from fairreg.models.mpgan.layout import GeneratorLayout
from fairreg.runners.signature import Arrays

__all__ = ["GeneratorRunner"]

_COUNTS = "num_particles"


class GeneratorRunner(NetworkRunner[GeneratorLayout, GeneratorArguments]):
    """A runner that refuses jets of other numbers of particles than the generator makes."""

    def run(self, arrays: Mapping[str, NDArray[Any]]) -> Arrays:
        """Run as `Runner.run`. Raises ModelError also for a jet of no or too many particles."""
        counts, slots = np.asarray(arrays.get(_COUNTS)), self.network.settings.slots
        if counts.ndim == 1 and counts.dtype.kind in "iu":  # `Runner.run` refuses all others
            wrong = np.flatnonzero((counts < 1) | (counts > slots))
            if wrong.size:
                jet = int(wrong[0])
                raise ModelError(
                    f"{_COUNTS} of jet {jet} is {counts[jet]}, and the generator makes 1 to {slots}.",
                    hint=f"Give each jet 1 to {slots} particles.",
                )
        return super().run(arrays)
