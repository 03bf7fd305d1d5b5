# SPDX-License-Identifier: MIT
"""Copies of downloaded files, and of chosen members of archives, in a folder of the user."""

import re
import shutil
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path, PurePosixPath

from fairreg.errors import FairregError
from fairreg.schemas.record import Distribution
from fairreg.services.fetch.download import Downloaded
from fairreg.services.fetch.files.fetched import ArchiveMember
from fairreg.storage.file_names import HIDDEN_BUT_PUBLIC, distinct_places, name_key, safe_name, safe_part
from fairreg.storage.files import disk_faults, replacing

__all__ = ["layout", "place"]

Units = frozenset[tuple[str, str]]
_NONE: Units = frozenset()


@dataclass(frozen=True)
class _Item:
    """A file to copy; `unit` is that of its model, or its own, and `place` where that model looks for it."""

    key: Distribution | Path
    source: Path
    name: str
    unit: tuple[str, str]
    place: str = ""

    @property
    def folder(self) -> str:
        """The folder in the published name, with its slash."""
        name = self.name.rstrip("/\\")
        return name[: max(name.rfind("/"), name.rfind("\\")) + 1]


def place(
    files: Iterable[Downloaded], output: Path, members: Iterable[ArchiveMember] = ()
) -> dict[Distribution | Path, Path]:
    """Copy files to the folder `output`; return the paths by `Distribution`, of members by their own path.

    An existing file with other content is never overwritten. Raises FairregError.
    """
    items = _items(files, members)
    placed = {item.key: output / target for item, target in zip(items, _layout(items), strict=True)}
    for item in items:
        _copy(item.source, placed[item.key])
    return placed


def layout(files: Iterable[Downloaded]) -> dict[Distribution, PurePosixPath]:
    """Return the paths that `place` gives to files, relative to the folder.

    Each file has a safe path of its own (`storage.file_names`), under the last part of its name. Files that
    share it keep the folders of their names, and so does all that belongs to the same model. A side file is
    put where its model looks for it. A project of `fairreg new` whose facts are among the files comes back as
    it was: with its folders, and with those hidden names that publishing keeps.
    """
    items = _items(files, ())
    places = zip(items, _layout(items), strict=True)
    return {item.key: target for item, target in places if isinstance(item.key, Distribution)}


def _items(files: Iterable[Downloaded], members: Iterable[ArchiveMember]) -> list[_Item]:
    """The files, each once, and the members of archives; a file without a usable place is its own unit."""
    listed = [
        _Item(item.distribution, item.file.path, item.distribution.name, ("", item.model or ""), item.place)
        for item in files
    ]
    listed += [
        _Item(item.path, item.path, item.name, (item.archive, item.model or ""), item.place)
        for item in members
    ]
    mains = {(item.unit[0], item.name) for item in listed if not item.unit[1]}
    first = {item.key: item for item in reversed(listed)}
    return [_settled(first[key], mains) for key in dict.fromkeys(item.key for item in listed)]


def _settled(item: _Item, mains: set[tuple[str, str]]) -> _Item:
    hidden = any(part.startswith(".") for part in item.place.split("/"))
    if item.place and not hidden and item.unit in mains:
        return item
    return _Item(item.key, item.source, item.name, (item.unit[0], item.name))


def _layout(items: Sequence[_Item]) -> list[PurePosixPath]:
    """The relative path of each file; what belongs to one model gets a folder of its own if need be."""
    if {item.name for item in items} >= _PROJECT and all(
        isinstance(item.key, Distribution) for item in items
    ):
        places = _as_published(items)
        if not _torn(items, places):
            return list(places)
    crowded, apart = _crowded(items), _NONE
    places = _places(items, crowded, apart, _NONE)
    torn = _torn(items, places)
    if torn:
        places = _places(items, crowded, apart := torn, _NONE)
        torn = _torn(items, places)
    if torn:  # a model whose own name is in the way of its side file
        places = _places(items, crowded, apart, torn)
    mains = {item.unit: target for item, target in zip(items, places, strict=True) if not item.place}
    return [
        mains[item.unit].parent / item.place if item.place else target
        for item, target in zip(items, places, strict=True)
    ]


# Of every project of `fairreg new` (`services.new`), published file by file.
_PROJECT = frozenset({"facts.toml", ".copier-answers.yml"})


def _as_published(items: Sequence[_Item]) -> tuple[PurePosixPath, ...]:
    """Paths by whole names, side files where their models look for them; no other hidden name stays one."""
    mains = {item.unit: item for item in items if not item.place}
    names = (f"{mains[item.unit].folder}{item.place}" if item.place else item.name for item in items)
    return distinct_places(map(_shown, names), hidden=True)


def _shown(name: str) -> str:
    first, *rest = re.split(r"[/\\]", name)
    begin = first if first in HIDDEN_BUT_PUBLIC else first.lstrip(".")
    return "/".join((begin, *(part.lstrip(".") for part in rest)))


def _crowded(items: Sequence[_Item]) -> Units:
    """The units with a file whose last name another file has."""
    keys = [name_key(safe_name(item.name)) for item in items]
    many = Counter(keys)
    return frozenset(item.unit for item, key in zip(items, keys, strict=True) if many[key] > 1)


def _places(
    items: Sequence[_Item], crowded: Units, apart: Units, renamed: Units
) -> tuple[PurePosixPath, ...]:
    """Paths by last names; of some units with the published folders, in a folder of its own, renamed."""
    mains = {item.unit: item for item in items if not item.place}
    names = []
    for item in items:
        own, main = item.place or item.name.removeprefix(item.folder), mains[item.unit]
        if item.unit in renamed and not item.place:
            own = f"{_mark(item)}-{safe_name(own)}"
        if item.unit in apart:
            own = f"{PurePosixPath(safe_name(main.name)).stem}-{_mark(item)}/{own}"
        elif item.unit in crowded:
            own = f"{main.folder}{own}"
        names.append(own)
    return distinct_places(names)


def _mark(item: _Item) -> str:
    return sha256("\0".join(item.unit).encode("utf-8", "surrogatepass")).hexdigest()[:8]


def _torn(items: Sequence[_Item], places: Sequence[PurePosixPath]) -> Units:
    """The units of which a file did not get the place where its model looks for it."""
    mains = {item.unit: target for item, target in zip(items, places, strict=True) if not item.place}
    return frozenset(
        item.unit
        for item, target in zip(items, places, strict=True)
        if item.place and target != mains[item.unit].parent.joinpath(*map(safe_part, item.place.split("/")))
    )


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
