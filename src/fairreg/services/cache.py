# SPDX-License-Identifier: MIT
"""The verbs of ``fairreg cache``."""

from pathlib import Path

from fairreg.settings import Settings
from fairreg.storage.cache import Cache, CacheInfo

__all__ = ["CacheInfo", "clear", "info", "verify"]


def info(settings: Settings) -> CacheInfo:
    """What lies in the cache."""
    return Cache(settings.cache).info()


def verify(settings: Settings) -> list[tuple[Path, bool]]:
    """Each file, hashed again, and whether it is still what it was."""
    return list(Cache(settings.cache).verify())


def clear(settings: Settings) -> int:
    """Remove all downloaded files; the number of bytes that this frees."""
    return Cache(settings.cache).clear()
