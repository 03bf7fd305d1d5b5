# SPDX-License-Identifier: MIT
"""Bytes that a removal frees: those of files all of whose names go.

One file may have several names (hard links): in the blobs and the gathered folders of the cache, or in the
folder of a user. Its bytes stay as long as one of them does.
"""

import os
from collections.abc import Iterable
from pathlib import Path

__all__ = ["FreedBytes"]


class FreedBytes:
    """Count of what is removed, or would be; each path is to be taken before it is removed."""

    def __init__(self) -> None:
        self._paths: set[Path] = set()
        # By device and inode: names that stay, and bytes.
        self._files: dict[tuple[int, int], tuple[int, int]] = {}

    def take(self, paths: Iterable[Path]) -> None:
        """Count files, and those in folders; links are not followed."""
        for path in paths:
            if not path.is_symlink():
                for item in (path, *path.rglob("*")):
                    self._take(item)

    def _take(self, path: Path) -> None:
        if path in self._paths or path.is_symlink() or not path.is_file():
            return
        self._paths.add(path)
        stat = os.lstat(path)
        names, size = self._files.get((stat.st_dev, stat.st_ino), (stat.st_nlink, stat.st_size))
        self._files[stat.st_dev, stat.st_ino] = names - 1, size

    @property
    def total(self) -> int:
        """Number of bytes."""
        return sum(size for names, size in self._files.values() if names <= 0)
