# SPDX-License-Identifier: MIT
"""Digests and names of files, and disk errors."""

import hashlib
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from fairreg.errors import FairregError

__all__ = ["digest", "disk_faults", "safe_name", "unreadable"]

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
    """Turn the last part of a published name into a plain file name, without separators and leading dot."""
    last = re.split(r"[/\\]", name.rstrip("/\\"))[-1]
    plain = re.sub(r"[^\w.()+@, -]", "_", last)
    # File systems limit bytes; the end is kept for its suffix.
    short = plain.encode("utf-8", "replace")[-_LONGEST_NAME:].decode("utf-8", "ignore")
    return short.lstrip(".") or "file"


def _place_of(error: OSError) -> str:
    """Path of a disk error in parentheses; empty where there is none, or only that of a draft."""
    path = error.filename
    return f" ({path})" if path is not None and not str(path).endswith(".part") else ""


@contextmanager
def disk_faults(what: str) -> Iterator[None]:
    """Context manager: turn disk errors (full, read-only, no permission) into a FairregError with a hint.

    `what` is the target of the writing, the subject of the sentence.
    """
    try:
        yield
    except OSError as error:
        raise FairregError(
            f"{what} cannot be written: {error.strerror or error}{_place_of(error)}.",
            hint="Make its folder first."
            if isinstance(error, FileNotFoundError)
            else "Free some space, or choose a writable folder (FAIRREG_HOME for the cache).",
        ) from error


@contextmanager
def unreadable(what: str) -> Iterator[None]:
    """Context manager: turn disk errors of reading `what` into a FairregError."""
    try:
        yield
    except OSError as error:
        raise FairregError(
            f"{what} cannot be read: {error.strerror or error}.", hint="Check its permissions, and the disk."
        ) from error
