# SPDX-License-Identifier: MIT
"""Manifest of an unpacked folder, to detect changes on disk before the folder is used again."""

import json
from pathlib import Path

from fairreg.storage.files import digest

__all__ = ["changed", "write"]


def write(folder: Path) -> None:
    """Write the sha256 of every file in `folder` to a manifest beside it."""
    fresh = _place(folder).with_suffix(".new")
    fresh.write_text(json.dumps(_contents(folder), sort_keys=True), encoding="utf-8")
    fresh.replace(_place(folder))


def changed(folder: Path) -> list[str]:
    """List the files of `folder` missing, new or changed since `write`; ``.`` without a manifest."""
    try:
        noted = json.loads(_place(folder).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        noted = {}
    if not noted:
        return ["."]
    found = _contents(folder)
    return sorted(name for name in {*noted, *found} if noted.get(name) != found.get(name))


def _contents(folder: Path) -> dict[str, str]:
    files = (path for path in sorted(folder.rglob("*")) if path.is_file())
    return {path.relative_to(folder).as_posix(): digest(path) for path in files}


def _place(folder: Path) -> Path:
    return folder.with_name(folder.name + ".json")
