# SPDX-License-Identifier: MIT
"""State of the database, the cache and the disk; nothing is created or migrated."""

import os
import shutil
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from fairreg.errors import FairregError
from fairreg.registry import Registry
from fairreg.registry.db.engine import Database
from fairreg.registry.db.sql_errors import place_of_url
from fairreg.registry.db.tables import HEAD
from fairreg.settings import Settings
from fairreg.storage.cache import Cache

__all__ = ["CacheState", "DatabaseState", "DiskState", "cache_state", "database_state", "disk_state"]

# current: of this release; outdated: `fairreg db upgrade` brings it there; failed: the error says why.
State = Literal["missing", "empty", "foreign", "older", "newer", "outdated", "current", "failed"]


@dataclass(frozen=True)
class DatabaseState:
    """The registry's database; `size` in bytes, None where unknown, as `entries` is unless it is current.

    `error` is that of opening it.
    """

    engine: str | None
    location: str | None
    state: State
    revision: str | None = None
    size: int | None = None
    entries: int | None = None
    writable: bool | None = None
    error: FairregError | None = None


@dataclass(frozen=True)
class CacheState:
    """The cache of files; `size` in bytes, of files and unpacked archives."""

    folder: Path
    exists: bool
    writable: bool
    files: int
    size: int


@dataclass(frozen=True)
class DiskState:
    """The disk of the home, in bytes; `folder` is the home or the nearest folder above it that is there."""

    folder: Path
    free: int
    total: int


def database_state(settings: Settings) -> DatabaseState:
    """Look at the database; a fault of it is in the result."""
    try:
        with closing(Database(settings.database_url)) as database:
            return _opened(database)
    except FairregError as error:
        return DatabaseState(None, None, "failed", error=error)


def _opened(database: Database) -> DatabaseState:
    engine, location, path = database.dialect, _without_user(database), database.path
    try:
        if path is not None and not path.exists():
            return DatabaseState(engine, location, "missing", writable=_may_write(path.parent))
        state = database.schema_state()
        if state != "current":
            return DatabaseState(engine, location, state)
        registry = Registry(database)
        return DatabaseState(
            engine,
            location,
            "current" if registry.upkeep.follows_this_release() else "outdated",
            revision=HEAD,
            size=database.size(),
            entries=registry.listing.count(),
            writable=database.not_writable is None,
        )
    except OSError as error:
        fault = FairregError(
            f"{location} cannot be read: {error.strerror or error}.", hint="Check its permissions."
        )
        return DatabaseState(engine, location, "failed", error=fault)
    except FairregError as error:
        return DatabaseState(engine, location, "failed", error=error)


def _without_user(database: Database) -> str:
    """Return where a database is, without the name of its user, which may be that of a person."""
    return database.location if database.path is not None else place_of_url(database.url)


def cache_state(settings: Settings) -> CacheState:
    """Count the cache. Raises OSError for a folder that cannot be read."""
    folder = settings.cache
    found = Cache(folder).info()
    size = found.size + found.extracted_size
    return CacheState(folder, folder.is_dir(), _may_write(folder), found.files, size)


def disk_state(settings: Settings) -> DiskState:
    """Ask for the free space of the home's disk. Raises OSError."""
    folder = _nearest(settings.home)
    usage = shutil.disk_usage(folder)
    return DiskState(folder, usage.free, usage.total)


def _may_write(folder: Path) -> bool:
    """Tell whether files can be made in a folder, or the folder itself."""
    own = os.access in os.supports_effective_ids
    return os.access(_nearest(folder), os.W_OK | os.X_OK, effective_ids=own)


def _nearest(folder: Path) -> Path:
    """Return a folder, or the nearest one above it that is there."""
    absolute = folder.absolute()
    return next((item for item in (absolute, *absolute.parents) if os.path.exists(item)), absolute)  # noqa: PTH110  # false, not an error, for a folder that cannot be entered
