# SPDX-License-Identifier: MIT
"""Digests of files, and disk errors."""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from fairreg.errors import FairregError

__all__ = ["digest", "disk_faults"]

_BLOCK = 2**20


def digest(path: Path, algorithm: str = "sha256") -> str:
    """Hex digest of a file, read in blocks."""
    found = hashlib.new(algorithm, usedforsecurity=False)
    with path.open("rb") as stream:
        while block := stream.read(_BLOCK):
            found.update(block)
    return found.hexdigest()


@contextmanager
def disk_faults(what: str) -> Iterator[None]:
    """Context manager: turn disk errors (full, read-only, no permission) into a FairregError with a hint.

    `what` is the target of the writing, the subject of the sentence.
    """
    try:
        yield
    except OSError as error:
        raise FairregError(
            f"{what} cannot be written: {error.strerror or error} ({error.filename}).",
            hint="Make its folder first."
            if isinstance(error, FileNotFoundError)
            else "Free some space, or choose a writable folder (FAIRREG_HOME for the cache).",
        ) from error
