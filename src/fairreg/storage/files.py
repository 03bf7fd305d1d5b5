# SPDX-License-Identifier: MIT
"""Digests and names of files, and the faults of a disk."""

import hashlib
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from fairreg.errors import FairregError

__all__ = ["digest", "disk_faults", "safe_name"]

_BLOCK = 2**20
_LONGEST_NAME = 150


def digest(path: Path, algorithm: str = "sha256") -> str:
    """Hex digest of a file, read in blocks."""
    found = hashlib.new(algorithm, usedforsecurity=False)
    with path.open("rb") as stream:
        while block := stream.read(_BLOCK):
            found.update(block)
    return found.hexdigest()


def safe_name(name: str) -> str:
    """The last part of a published name as a plain file name: no separators, no leading dot, not too long."""
    last = re.split(r"[/\\]", name.rstrip("/\\"))[-1]
    plain = re.sub(r"[^\w.()+@, -]", "_", last)
    # File systems count bytes; the end is kept for its suffix.
    short = plain.encode("utf-8", "replace")[-_LONGEST_NAME:].decode("utf-8", "ignore")
    return short.lstrip(".") or "file"


@contextmanager
def disk_faults(what: str) -> Iterator[None]:
    """Turn what the disk refuses (full, read-only, no permission) into one sentence with a next step.

    `what` is the thing that was to be written, as the subject of the sentence.
    """
    try:
        yield
    except OSError as error:
        raise FairregError(
            f"{what} cannot be written: {error.strerror or error} ({error.filename}).",
            hint="Free some space, or choose a folder that can be written (FAIRREG_HOME for the cache).",
        ) from error
