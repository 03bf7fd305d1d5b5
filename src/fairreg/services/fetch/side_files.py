# SPDX-License-Identifier: MIT
"""Files of a record that belong to a model: they are downloaded with it, and lie beside it in the cache."""

import posixpath
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path, PurePosixPath

from fairreg import models
from fairreg.errors import FairregError
from fairreg.harvesters.common.side_files import index_of
from fairreg.runners import weights
from fairreg.schemas.record import Distribution
from fairreg.services.fetch.download import Downloaded
from fairreg.storage.archive import is_archive
from fairreg.storage.cache import Cache

__all__ = ["gathered", "missing", "side_files_in"]


def missing(files: Sequence[Downloaded], available: Iterable[Distribution]) -> list[Distribution]:
    """Files of the record that belong to a downloaded model (side files, shards, index) and are not here."""
    listed = {item.name: item for item in available}
    have, texts = {item.distribution.name for item in files}, _texts(listed)
    wanted = [name for item in files for name in (*_members(item, listed, texts), *_index(item, listed))]
    return [listed[name] for name in dict.fromkeys(wanted) if name not in have]


def gathered(cache: Cache, files: Sequence[Downloaded]) -> tuple[Downloaded, ...]:
    """Put each model with the files that belong to it into one folder; return the files at their places."""
    first = {item.distribution.name: number for number, item in reversed(list(enumerate(files)))}
    found, texts = list(files), _texts(first)
    for number, main in enumerate(files):
        own = main.file.path.name
        members = _possible(_members(main, first, texts), own)
        if not members:
            continue
        parts = {place: files[first[name]].file for name, place in members.items()}
        folder = cache.gathered({**parts, own: main.file})
        found[number] = _moved(found[number], folder / own)
        for name, place in members.items():
            moved = _moved(found[first[name]], folder / place)
            found[first[name]] = replace(moved, model=main.distribution.name, place=place)
    return tuple(found)


def side_files_in(folder: Path) -> Iterator[Path]:
    """Yield the side files of the models in an unpacked folder; they are no models themselves."""
    for path in folder.rglob("*"):
        if path.is_file():
            yield from (path.parent / name for name in _needed(path))


def _moved(item: Downloaded, path: Path) -> Downloaded:
    return replace(item, file=replace(item.file, path=path))


def _possible(members: dict[str, str], own: str) -> dict[str, str]:
    """The members whose places are no folders below another one, which no disk has."""
    taken = {own, *members.values()}
    return {
        name: place
        for name, place in members.items()
        if place != own and not any(str(parent) in taken for parent in PurePosixPath(place).parents)
    }


def _texts(names: Iterable[str]) -> frozenset[str]:
    """The names of texts, of which some are read with weights."""
    return frozenset(name for name in names if name.endswith((".json", ".txt")))


def _members(main: Downloaded, listed: Collection[str], texts: frozenset[str]) -> dict[str, str]:
    """Names of the listed files that belong to a model or index file, with their places in its folder."""
    name = main.distribution.name
    folder = name[: name.rfind("/") + 1]
    needed = () if is_archive(main.file.path) else _needed(main.file.path)
    side_files = {f"{folder}{place}": place for place in needed if f"{folder}{place}" in listed}
    side_files |= _companions(name, folder, texts)
    return {other: place for other, place in side_files.items() if other != name}


def _companions(name: str, folder: str, texts: frozenset[str]) -> dict[str, str]:
    """Names of the texts that are read with weights of this name, with their places beside them."""
    if not texts or name in texts:
        return {}
    found: dict[str, str] = {}
    for path in models.companions(PurePosixPath(name).name):
        other = posixpath.normpath(f"{folder}{path}")
        if other in texts:
            found.setdefault(other, PurePosixPath(other).name)
    return found


def _index(item: Downloaded, listed: Collection[str]) -> list[str]:
    """The name of the index file of a shard."""
    found = index_of(item.distribution.name, listed)
    return [] if found is None else [found]


def _needed(path: Path) -> tuple[str, ...]:
    try:
        return weights.side_files(path)
    except FairregError:
        return ()  # a damaged or unsafe model needs none here: reading it says what is wrong
