# SPDX-License-Identifier: MIT
"""Manifest of an unpacked folder, to detect changes on disk before the folder is used again."""

import json
import os
from pathlib import Path

from fairreg.storage.files import digest, replacing

__all__ = ["changed", "write"]

_LINK = "link"  # in the place of a digest: unpacking makes none, so a link is a change


def write(folder: Path) -> None:
    """Write the sha256 of every file in `folder` to a manifest beside it."""
    with replacing(_place(folder)) as draft:
        draft.write_text(json.dumps(_contents(folder), sort_keys=True), encoding="utf-8")


def changed(folder: Path) -> list[str]:
    """List the files of `folder` missing, new or changed since `write`; ``.`` without a valid manifest."""
    noted = _noted(folder)
    if noted is None or folder.is_symlink():
        return ["."]
    found = _contents(folder)
    links = {name for name, value in found.items() if value == _LINK}
    return sorted(name for name in {*noted, *found} if noted.get(name) != found.get(name) or name in links)


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
    """Digest each file in `folder` by its path there; links are listed and not followed."""
    found = {}
    for place, folders, files in os.walk(folder):
        for name in (*folders, *files):
            path = Path(place, name)
            if path.is_symlink():
                found[path.relative_to(folder).as_posix()] = _LINK
            elif path.is_file():
                found[path.relative_to(folder).as_posix()] = digest(path)
    return found


def _place(folder: Path) -> Path:
    return folder.with_name(folder.name + ".json")
