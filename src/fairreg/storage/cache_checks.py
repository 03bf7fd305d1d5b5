# SPDX-License-Identifier: MIT
"""Checks of what is read from the cache's own folders, which somebody else may have written or changed."""

import json
import re
from pathlib import Path
from typing import NamedTuple

__all__ = ["IndexEntry", "is_inside", "is_plain_name", "parse_entry", "remove_links"]

_SHA256 = re.compile(r"[0-9a-f]{64}")
_LONGEST_NAME = 255  # bytes of a name in most file systems


class IndexEntry(NamedTuple):
    """Blob of an index entry: the digest of its bytes in hex, and its file name."""

    sha256: str
    name: str

    def to_json(self) -> str:
        """The text of an index file."""
        return json.dumps(self._asdict())


def parse_entry(content: bytes) -> IndexEntry | None:
    """Read an index file; None unless it names a blob by a digest in hex and a plain file name."""
    try:
        entry = json.loads(content)
    except (ValueError, RecursionError):  # a nest deeper than the parser's stack
        return None
    if not isinstance(entry, dict):
        return None
    sha256, name = entry.get("sha256"), entry.get("name")
    if not (isinstance(sha256, str) and _SHA256.fullmatch(sha256)):
        return None
    return IndexEntry(sha256, name) if isinstance(name, str) and is_plain_name(name) else None


def is_plain_name(name: str) -> bool:
    """Tell whether a text is the name of a file in its folder, on every system: no path and not hidden."""
    if not name or name.startswith(".") or set(name) & set("/\\:\0"):
        return False
    try:
        return len(name.encode("utf-8")) <= _LONGEST_NAME
    except UnicodeEncodeError:  # half a surrogate pair
        return False


def is_inside(path: Path, folder: Path) -> bool:
    """Tell whether a path, with all links followed, is below `folder`."""
    try:
        return path.resolve().is_relative_to(folder.resolve())
    except (OSError, RuntimeError):  # a loop of links
        return False


def remove_links(path: Path, folder: Path) -> None:
    """Remove each symbolic link at `path` or between it and `folder`, so that writing stays in `folder`.

    Raises OSError.
    """
    steps = path.relative_to(folder).parts
    for count in range(1, len(steps) + 1):
        place = folder.joinpath(*steps[:count])
        if place.is_symlink():
            place.unlink()
            return
