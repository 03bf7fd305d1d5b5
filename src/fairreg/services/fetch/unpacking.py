# SPDX-License-Identifier: MIT
"""Downloaded archives become folders; what was not opened is named, and the model files are found.

An archive that is refused does not spoil the other files: it is among those that were not opened, with its
error.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from fairreg import runners
from fairreg.errors import ModelError, SecurityRefusal, UnsafeArchive
from fairreg.runners.weights import format_of, side_files
from fairreg.schemas.record import is_apple_double
from fairreg.services.fetch.download import Downloaded
from fairreg.services.fetch.side_files import side_files_in
from fairreg.storage import manifest
from fairreg.storage.archive import has_archive_name, is_archive, packed_kind, unpack
from fairreg.storage.cache import Cache
from fairreg.storage.formats import WORDS, format_of_head
from fairreg.web import Log

__all__ = [
    "UnopenedFile",
    "Unpacking",
    "are_graphs",
    "is_pointer",
    "models_in",
    "unopened_in",
    "unopened_notes",
    "unpack_all",
]

_MOST_NAMED = 8
_LONGEST_POINTER = 1024  # bytes: by the specification of Git LFS it is shorter
_POINTER = WORDS["lfs_pointer"]


@dataclass(frozen=True)
class UnopenedFile:
    """A packed file whose content was not looked at, or a pointer to a file that is not here.

    `error` is that of an archive that was refused.
    """

    name: str
    path: Path
    reason: str
    error: UnsafeArchive | None = None

    @property
    def sentence(self) -> str:
        """Sentence for people on what happened."""
        return self.reason if self.error else f"{self.name} was not opened: it is {self.reason}."


@dataclass(frozen=True)
class Unpacking:
    """Folders of the archives that were unpacked, in the order of the files, and the refused archives."""

    folders: tuple[Path, ...]
    refused: tuple[UnopenedFile, ...]


def unpack_all(cache: Cache, files: Iterable[Downloaded], log: Log) -> Unpacking:
    """Unpack the archives among the files; one that is refused stops no other."""
    folders: list[Path] = []
    refused: list[UnopenedFile] = []
    for item in files:
        if not is_archive(item.file.path):
            continue
        try:
            folders.append(_unpacked(cache, item, log))
        except UnsafeArchive as error:
            refused.append(UnopenedFile(item.distribution.name, item.file.path, error.message, error))
    return Unpacking(tuple(folders), tuple(refused))


def unopened_in(
    files: Iterable[Downloaded], folders: Iterable[Path], models: Sequence[Path]
) -> Iterator[UnopenedFile]:
    """Yield the packed files that fairreg does not open and pointers of Git LFS, also inside archives."""
    known = set(models)
    for item in files:
        path, name = item.file.path, item.distribution.name
        if is_apple_double(name):
            continue
        head = _beginning(path)
        if path not in known and not is_archive(path) and (kind := packed_kind(path, name, head)):
            yield UnopenedFile(name, path, kind)
        elif is_pointer(path, head):
            yield UnopenedFile(name, path, _POINTER)
    for folder in folders:
        for path in (found for found in sorted(folder.rglob("*")) if found.is_file()):
            name = path.relative_to(folder).as_posix()
            if is_pointer(path):
                yield UnopenedFile(name, path, _POINTER)
            elif path not in known and has_archive_name(path.name):
                yield UnopenedFile(name, path, "an archive inside an archive")


def is_pointer(path: Path, head: bytes | None = None) -> bool:
    """Tell whether a file is a pointer of Git LFS, in the place of a file on another server.

    Its beginning is not read again if it is given as `head`.
    """
    if path.stat().st_size > _LONGEST_POINTER:
        return False
    return format_of_head(_beginning(path) if head is None else head, "") == "lfs_pointer"


def _beginning(path: Path) -> bytes:
    with path.open("rb") as stream:
        return stream.read(_LONGEST_POINTER)


def unopened_notes(unopened: Iterable[UnopenedFile]) -> Iterator[str]:
    """Yield a sentence for each kind of packed file that fairreg does not open; refusals are errors."""
    kinds: dict[str, list[UnopenedFile]] = defaultdict(list)
    for item in unopened:
        if item.error is None:
            kinds[item.reason].append(item)
    for reason, items in kinds.items():
        names = ", ".join(item.name for item in items[:_MOST_NAMED])
        more = f" and {len(items) - _MOST_NAMED} more" if items[_MOST_NAMED:] else ""
        yield f"{names}{more} were not opened: each is {reason}." if items[1:] else items[0].sentence


def models_in(files: Iterable[Downloaded], folders: Iterable[Path]) -> tuple[Path, ...]:
    """The files of weights or a graph; of a model in several files it is the one that names the others."""
    loose = [item for item in files if not is_archive(item.file.path)]
    plain = [item for item in loose if not is_apple_double(item.distribution.name)]
    named = {item.distribution.name: item for item in reversed(plain)}
    whole = dict.fromkeys(item.file.path for item in plain if not _is_part(item, named))
    parts = {path for folder in folders for path in side_files_in(folder)}
    inside = [path for folder in folders for path in sorted(folder.rglob("*")) if path.is_file()]
    return tuple(path for path in (*whole, *inside) if path not in parts and _holds_model(path))


def are_graphs(models: Iterable[Path]) -> bool:
    """Tell whether all these model files hold a graph, and none of them tensors alone."""
    return all(map(_holds_graph, models))


def _holds_graph(path: Path) -> bool:
    try:
        return format_of(path) == "onnx"
    except ModelError:
        return True  # no format of weights: a runner loads it by itself


def _unpacked(cache: Cache, item: Downloaded, log: Log) -> Path:
    folder = cache.extracted(item.file.sha256)
    if folder.is_dir() and not manifest.changed(folder):
        return folder  # before the lock, which needs a writable folder
    with cache.lock(f"unpack:{item.file.sha256}"):
        if not folder.is_dir():
            log(f"Unpacking {item.distribution.name}")
        return unpack(item.file.path, folder, log=log)


def _is_part(item: Downloaded, files: Mapping[str, Downloaded]) -> bool:
    """Tell whether a file only belongs to a model, which is among the files and can be read."""
    return item.model is not None and item.model in files and _holds_model(files[item.model].file.path)


def _holds_model(path: Path) -> bool:
    if is_apple_double(path.name):
        return False  # an archive that an earlier version unpacked
    try:
        if format_of(path) == "sharded":
            side_files(path)
    except SecurityRefusal:
        return True  # an index that names files elsewhere: reading it says so
    except ModelError:
        if not runners.loads(path) or is_pointer(path):
            return False
    return not is_archive(path)
