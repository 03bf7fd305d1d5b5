# SPDX-License-Identifier: MIT
"""Runner of a multilayer perceptron on any runtime."""

import numpy as np

from fairreg.errors import ModelError
from fairreg.models.common.network_runner import NetworkRunner
from fairreg.models.mlp.architecture import NAME, PerceptronSizes
from fairreg.models.mlp.settings import PerceptronSettings
from fairreg.runners.signature import Arrays

__all__ = ["PerceptronRunner"]


class PerceptronRunner(NetworkRunner[PerceptronSizes, PerceptronSettings]):
    """A runner that refuses values that are not finite."""

    def compute(self, arrays: Arrays) -> Arrays:
        """Compute one batch. Raises ModelError for values that are not finite."""
        if not np.isfinite(arrays[NAME]).all():
            raise ModelError(f"{NAME} has values that are not finite.", hint="Leave such rows out.")
        return super().compute(arrays)
