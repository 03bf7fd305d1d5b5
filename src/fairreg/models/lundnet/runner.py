# SPDX-License-Identifier: MIT
"""Runner of a LundNet on any runtime."""

from fairreg.models.common.network_runner import NetworkRunner
from fairreg.models.lundnet.inputs import check
from fairreg.models.lundnet.sizes import LundNetSizes
from fairreg.runners.base import Arrays

__all__ = ["LundNetRunner"]


class LundNetRunner(NetworkRunner[LundNetSizes, None]):
    """A runner that refuses nodes that do not form a tree."""

    def compute(self, arrays: Arrays) -> Arrays:
        """Outputs of one batch. Raises ModelError for nodes that do not form a tree."""
        check(arrays["parents"], arrays["mask"])
        return super().compute(arrays)
