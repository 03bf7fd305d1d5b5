# SPDX-License-Identifier: MIT
"""Transfers of files: one that is resumed and hashed as it arrives, and several at a time."""

from typing import Protocol

from fairreg.schemas.record import Distribution
from fairreg.storage.checksums import read_published

__all__ = ["DEFAULT_JOBS", "Progress", "wanted_checksums"]

DEFAULT_JOBS = 4  # files that are downloaded at the same time


class Progress(Protocol):
    """Progress callback of a download; `total` is None while the size is unknown. Sizes in bytes."""

    def __call__(self, name: str, done: int, total: int | None) -> None:
        """Called as bytes arrive."""


def wanted_checksums(distribution: Distribution) -> set[str]:
    """Algorithms of the checksums that a file is compared by, and that of its name in the cache."""
    return {"sha256", *(algorithm for algorithm, _ in read_published(distribution.checksums).known)}
