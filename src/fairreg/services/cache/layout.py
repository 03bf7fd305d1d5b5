# SPDX-License-Identifier: MIT
"""Paths in the cache that belong together: the notes on records, and what is made of a file."""

from collections.abc import Iterator
from pathlib import Path

from fairreg.storage.cache import Cache, RecordNote

__all__ = ["entries_of", "gathered_with", "leftovers", "notes"]


def notes(cache: Cache) -> Iterator[tuple[RecordNote, float]]:
    """Yield the notes on records, with the time of the last use in seconds since 1970. Raises OSError."""
    for path in sorted((cache.folder / "records").glob("*.json")):
        note = cache.noted(path)
        if note is not None and cache.note_path(note.identifier) == path:
            yield note, path.stat().st_mtime


def entries_of(cache: Cache) -> dict[str, list[Path]]:
    """Return the index entries by the digest of the file that they name. Raises OSError."""
    found: dict[str, list[Path]] = {}
    for path in sorted((cache.folder / "index").glob("*.json")):
        if (sha256 := cache.digest_in(path)) is not None:
            found.setdefault(sha256, []).append(path)
    return found


def gathered_with(cache: Cache, blob: Path) -> list[Path]:
    """Return the folders in `gathered` with a file that shares its bytes with one in the folder `blob`."""
    if blob.is_symlink() or not blob.is_dir():
        return []
    own = set(map(_bytes_of, blob.iterdir()))
    folders = (path for path in sorted((cache.folder / "gathered").glob("*")) if not path.is_symlink())
    return [path for path in folders if path.is_dir() and own & set(map(_bytes_of, path.rglob("*")))]


def leftovers(cache: Cache) -> Iterator[Path]:
    """Yield unfinished downloads, and what belongs to a file that is not here any more. Raises OSError."""
    here = {path.parent.name for path in cache.blobs()}
    yield from sorted((cache.folder / "partial").glob("*.part"))
    yield from sorted((cache.folder / "gathered").glob(".*.part"))
    for path in sorted((cache.folder / "extracted").glob("*")):
        if path.name.removesuffix(".json") not in here:
            yield path
    for path in sorted((cache.folder / "index").glob("*.json")):
        if cache.digest_in(path) not in here:
            yield path


def _bytes_of(path: Path) -> tuple[int, int]:
    stat = path.lstat()
    return stat.st_dev, stat.st_ino
