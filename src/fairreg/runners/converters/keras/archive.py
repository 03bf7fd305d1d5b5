# SPDX-License-Identifier: MIT
"""Members of a .keras file, read into memory within bounds; nothing is unpacked to the disk.

Source: keras/src/saving/saving_lib.py (config.json, metadata.json, model.weights.h5).
"""

import lzma
import struct
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from fairreg.errors import ModelError, UnsafeArchive
from fairreg.runners.converters.keras.arguments import plain, quoted

__all__ = ["CONFIG", "METADATA", "WEIGHTS", "Archive", "opened"]

CONFIG, METADATA, WEIGHTS = "config.json", "metadata.json", "model.weights.h5"
_CORRUPT = (
    *(zipfile.BadZipFile, zipfile.LargeZipFile, zlib.error, struct.error, ValueError, LookupError, EOFError),
    *(RuntimeError, NotImplementedError, OSError, lzma.LZMAError),
)
_MAX_MEMBER = 4 << 30
_MAX_MEMBERS = 10_000
# Keras stores without packing; weights that somebody packed later do not shrink to less than this.
_SMALL, _RATIO = 1 << 20, 100


@contextmanager
def opened(path: Path) -> Iterator["Archive"]:
    """Open a .keras file. Raises ModelError for a damaged one, UnsafeArchive for one with tricks."""
    try:
        archive = zipfile.ZipFile(path)
    except _CORRUPT as error:
        raise ModelError(f"{plain(path.name)} is a truncated or damaged zip archive.") from error
    with archive:
        yield Archive(archive, plain(path.name))


class Archive:
    """The open archive called `file`."""

    def __init__(self, archive: zipfile.ZipFile, file: str) -> None:
        self._archive, self.file = archive, file
        names = archive.namelist()
        if len(names) > _MAX_MEMBERS or len(set(names)) != len(names):
            raise UnsafeArchive(
                f"{file} has the same member twice, or too many members.",
                hint="Save the model again with Keras.",
            )

    def __contains__(self, name: str) -> bool:
        return name in self._archive.namelist()

    def names(self) -> list[str]:
        """Names of all members."""
        return self._archive.namelist()

    def read(self, name: str, most: int = _MAX_MEMBER) -> bytes:
        """Read a member. Raises ModelError for a missing or damaged one, UnsafeArchive for a zip bomb."""
        if name not in self:
            raise ModelError(f"{self.file} has no {quoted(name)}, so it is not a complete Keras model.")
        info = self._archive.getinfo(name)
        bomb = info.file_size > _SMALL + _RATIO * info.compress_size
        if bomb or info.file_size > most:
            raise UnsafeArchive(
                f"{quoted(name)} in {self.file} would grow to {info.file_size} bytes, which is not read.",
                hint="Save the model again with Keras.",
            )
        try:
            with self._archive.open(name) as member:
                content = member.read(info.file_size + 1)
        except _CORRUPT as error:
            raise ModelError(f"{quoted(name)} in {self.file} is damaged.") from error
        if len(content) != info.file_size:
            raise ModelError(f"{quoted(name)} in {self.file} is damaged.")
        return content
