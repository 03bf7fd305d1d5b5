# SPDX-License-Identifier: MIT
"""The verbs of ``fairreg cache``: downloaded files, and cached responses of services."""

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from fairreg.settings import Settings
from fairreg.storage.cache import Cache
from fairreg.storage.files import disk_faults, unreadable
from fairreg.web.http_cache import HttpCache

__all__ = ["CacheReport", "VerifiedCache", "clear", "clearable", "info", "verify"]


@dataclass(frozen=True)
class CacheReport:
    """Content of the cache folder, as `CacheInfo`, and number of cached responses; sizes in bytes."""

    folder: Path
    files: int
    size: int
    partial: int
    extracted: int
    extracted_size: int
    answers: int
    answers_size: int

    def to_json(self) -> dict[str, Any]:
        """Plain JSON form."""
        return asdict(self) | {"folder": str(self.folder)}


def info(settings: Settings) -> CacheReport:
    """Summarise the cached files and responses."""
    with unreadable(str(settings.http_cache)):
        count, size = HttpCache(settings.http_cache).size()
    return CacheReport(**asdict(Cache(settings.cache).info()), answers=count, answers_size=size)


@dataclass(frozen=True)
class VerifiedCache:
    """Result of a verification: files and unpacked archives, counted as in `CacheReport`, and the changed."""

    files: int
    extracted: int
    changed: tuple[Path, ...]

    def to_json(self) -> dict[str, Any]:
        """Plain JSON form."""
        return asdict(self) | {"changed": [str(path) for path in self.changed]}


def verify(settings: Settings) -> VerifiedCache:
    """Hash each file and the content of each unpacked archive again."""
    cache = Cache(settings.cache)
    changed = tuple(path for path, intact in cache.verify() if not intact)
    counted = cache.info()
    return VerifiedCache(counted.files, counted.extracted, changed)


def clearable(settings: Settings) -> int:
    """Return the number of bytes that `clear` would free."""
    with unreadable(str(settings.http_cache)):
        return Cache(settings.cache).clearable() + HttpCache(settings.http_cache).size()[1]


def clear(settings: Settings) -> int:
    """Remove all downloaded files and cached responses; return the number of freed bytes."""
    freed = Cache(settings.cache).clear()
    with disk_faults("The folder of cached responses"):
        return freed + HttpCache(settings.http_cache).clear()
