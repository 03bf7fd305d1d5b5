# SPDX-License-Identifier: MIT
"""Files mapped into memory, so that tensors are hashed and compared without being read into it."""

import mmap
from collections.abc import Iterable
from tempfile import TemporaryFile
from typing import BinaryIO, cast

from fairreg.runners.weights.tensors import Array, Tensors

__all__ = ["MappedFile", "MappedTensors"]


class MappedFile:
    """Read-only map of an open file, which may be closed; the map lives as long as views of `content`.

    A file that is shortened meanwhile ends the process (mmap(2), SIGBUS): a map is for the moment of a
    command's reading, not for arrays that a caller keeps.
    """

    def __init__(self, file: BinaryIO, size: int) -> None:
        self._map = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) if size else None
        self.content = memoryview(self._map if self._map is not None else b"")
        self._unpacked: list[MappedFile] = []

    def unpacked(self, blocks: Iterable[bytes]) -> memoryview:
        """Return the view of a temporary file with these bytes, such as a member deflated in this one.

        It is let go of with this file. Raises OSError.
        """
        with TemporaryFile() as file:
            for block in blocks:
                file.write(block)
            file.flush()
            found = MappedFile(cast("BinaryIO", file), file.tell())
        self._unpacked.append(found)
        return found.content

    def release(self) -> None:
        """Let go of the pages that were read: they count as memory of the process until then."""
        if self._map is not None and hasattr(mmap, "MADV_DONTNEED"):
            self._map.madvise(mmap.MADV_DONTNEED)
        for file in self._unpacked:
            file.release()


class MappedTensors(Tensors):
    """Tensors by name whose arrays are views of a mapped file, or copies of what is packed in it."""

    def __init__(self, tensors: dict[str, Array], file: MappedFile) -> None:
        super().__init__(tensors)
        self._file = file

    def release(self) -> None:
        """Let go of the pages that were read, as `MappedFile.release`."""
        self._file.release()
