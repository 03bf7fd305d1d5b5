# SPDX-License-Identifier: MIT
"""Files below a folder, opened without following links: what was looked at is what is read."""

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from fairreg.errors import SecurityRefusal

__all__ = ["FileStamp", "opened_regular", "refuse_link", "stamp_of"]

# Device, inode, size and the times of the last change: another content has another stamp.
FileStamp = tuple[int, ...]
_FLAGS = ("O_CLOEXEC", "O_NOFOLLOW", "O_NONBLOCK", "O_BINARY")  # opening a pipe must not block
_READ = os.O_RDONLY | sum(int(getattr(os, name, 0)) for name in _FLAGS)


@contextmanager
def opened_regular(folder: Path, name: str) -> Iterator[BinaryIO]:
    """Context manager: the file `name` of a folder, with "/" between its parts, opened for reading.

    Raises SecurityRefusal for a link, also of a folder on the way, and for what is not a file; OSError.
    """
    refuse_link(folder, name)
    path = folder / name
    with os.fdopen(os.open(path, _READ), "rb") as file:
        if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            raise SecurityRefusal(f"{name} is not a file.", hint="Remove it, or leave it out.")
        yield file


def refuse_link(folder: Path, name: str) -> None:
    """Raise SecurityRefusal where a file below a folder, or a folder on the way to it, is a link."""
    if (folder / name).resolve() != folder.resolve() / name:
        raise SecurityRefusal(f"{name} is a link, which is not followed.", hint="Replace it by the file.")


def stamp_of(file: BinaryIO) -> FileStamp:
    """Return the stamp of an open file."""
    found = os.fstat(file.fileno())
    return (found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns)
