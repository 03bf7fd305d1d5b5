# SPDX-License-Identifier: MIT
"""Copies of downloaded files in a folder of the user."""

import shutil
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path

from fairreg.errors import FairregError
from fairreg.services.fetch.download import Downloaded
from fairreg.storage.files import disk_faults, replacing, safe_name

__all__ = ["place"]


def place(files: Iterable[Downloaded], output: Path) -> dict[str, Path]:
    """Copy downloaded files to the folder `output`, under the last part of their names.

    Files that share it keep the folders of their names, and so does all that belongs to the same model.
    A side file is put where its model looks for it. An existing file with other content is never
    overwritten. Raises FairregError.
    """
    models_first = sorted(files, key=lambda item: item.model is not None)
    last_parts = Counter(safe_name(item.distribution.name) for item in models_first)
    crowded = {_group(item) for item in models_first if last_parts[safe_name(item.distribution.name)] > 1}
    placed: dict[str, Path] = {}
    for item in models_first:
        target = _target(item, output, placed, keep_folders=_group(item) in crowded)
        _copy(item.file.path, target)
        placed[item.distribution.name] = target
    return placed


def _group(item: Downloaded) -> str:
    return item.model or item.distribution.name


def _target(item: Downloaded, output: Path, placed: Mapping[str, Path], *, keep_folders: bool) -> Path:
    name, parts = item.distribution.name, item.place.split("/")
    if item.model is not None and item.model in placed and not any(part.startswith(".") for part in parts):
        return placed[item.model].parent.joinpath(*parts)
    kept = [part for part in name.split("/") if part.strip(".")] if keep_folders else [name]
    return output.joinpath(*map(safe_name, kept))


def _copy(source: Path, target: Path) -> None:
    with disk_faults(f"The folder {target.parent}"):
        target.parent.mkdir(parents=True, exist_ok=True)
        if target.exists() and not _same(target, source):
            raise FairregError(
                f"{target} exists with different content.", hint="Choose another --output folder."
            )
        if not target.exists():
            with replacing(target) as draft:
                shutil.copyfile(source, draft)


def _same(left: Path, right: Path) -> bool:
    from filecmp import cmp

    return cmp(left, right, shallow=False)
