# SPDX-License-Identifier: MIT
"""Manifest of an unpacked folder, to detect changes on disk before the folder is used again."""

import json
import os
from pathlib import Path

from fairreg.storage.files import digest, replacing

__all__ = ["changed", "write"]

_OTHER = "other"  # in the place of a digest: a link or a pipe is a change, as unpacking makes none


def write(folder: Path) -> None:
    """Write the sha256 of every file in `folder` to a manifest beside it."""
    with replacing(_place(folder)) as draft:
        draft.write_text(json.dumps(_contents(folder), sort_keys=True), encoding="utf-8")


def changed(folder: Path) -> list[str]:
    """List the files of `folder` missing, new or changed since `write`; ``.`` without a valid manifest."""
    noted = _noted(folder)
    if noted is None or folder.is_symlink() or not folder.is_dir():
        return ["."]
    found = _contents(folder)
    others = {name for name, value in found.items() if value == _OTHER}
    return sorted(name for name in {*noted, *found} if noted.get(name) != found.get(name) or name in others)


def _noted(folder: Path) -> dict[str, str] | None:
    """Read the manifest: digests by name; None where it is missing or anything else."""
    place = _place(folder)
    try:
        noted = json.loads(place.read_text(encoding="utf-8")) if place.is_file() else None
    except (OSError, ValueError, RecursionError):
        return None
    if not isinstance(noted, dict) or not all(isinstance(value, str) for value in noted.values()):
        return None
    return noted


def _contents(folder: Path) -> dict[str, str]:
    """Digest each file in `folder` by its path there; links and pipes are listed and not opened."""
    found = {}
    for place, folders, files in os.walk(folder):
        for name in (*folders, *files):
            path = Path(place, name)
            if path.is_symlink() or not (path.is_file() or path.is_dir()):
                found[path.relative_to(folder).as_posix()] = _OTHER
            elif path.is_file():
                found[path.relative_to(folder).as_posix()] = digest(path)
    return found


def _place(folder: Path) -> Path:
    return folder.with_name(folder.name + ".json")
