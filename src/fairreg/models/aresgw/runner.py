# SPDX-License-Identifier: MIT
"""Runner of AresGW on any runtime."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fairreg.errors import ModelError
from fairreg.models.aresgw.architecture import INPUT, ResidualNetwork
from fairreg.models.common.network_runner import NetworkRunner
from fairreg.runners.signature import Arrays

__all__ = ["AresRunner"]

Array = NDArray[Any]
_AXES = 3


class AresRunner(NetworkRunner[ResidualNetwork, None]):
    """A runner that refuses segments with values that are not finite."""

    def run(self, arrays: Mapping[str, Array]) -> Arrays:
        """Run as `Runner.run`. Raises ModelError also for values that are not finite."""
        segments = np.asarray(arrays.get(INPUT, ()))
        if segments.ndim == _AXES and segments.dtype.kind == "f" and not np.isfinite(segments).all():
            row = int(np.argwhere(~np.isfinite(segments))[0][0])
            raise ModelError(f"{INPUT} of segment {row} is not finite.", hint="Leave such segments out.")
        return super().run(arrays)
