# SPDX-License-Identifier: MIT
"""Document of ``doctor``."""

from typing import Literal

from fairreg.schemas.documents.base import DocumentPart

__all__ = ["DoctorDocument"]

_Place = Literal["environment", "config file"]


class InstalledVersions(DocumentPart, frozen=True):
    """Versions of what is installed."""

    fairreg: str
    """Version of fairreg."""
    python: str
    """Version of Python."""
    platform: str
    """Operating system, with its version and the kind of processor."""
    sqlite: str
    """Version of the SQLite library."""
    packages: dict[str, str | None]
    """Version of each package that fairreg needs; null for a missing one."""


class InstalledRuntime(DocumentPart, frozen=True):
    """Runtime of models."""

    name: str
    """Name, as --runtime takes it."""
    available: bool
    """True if its engine is installed."""
    install: str | None
    """Command that installs the engine; null where it is installed, or is no extra of fairreg."""


class InstalledExtra(DocumentPart, frozen=True):
    """Extra of the package."""

    name: str
    """Name of the extra."""
    installed: bool
    """True if all of its packages are installed."""
    missing: list[str]
    """Packages of it that are not installed."""
    install: str
    """Command that installs it."""


class NoSetting(DocumentPart, frozen=True):
    """Environment variable that looks like a setting and is none."""

    name: str
    """Variable."""
    suggestion: str | None
    """Setting that may be meant; null where none is similar."""


class AccessToken(DocumentPart, frozen=True):
    """Access token of a service; its value is never printed."""

    service: str
    """Service."""
    variable: str
    """Environment variable of the token."""
    stated_in: _Place | None
    """Place where it is set; null where it is not."""


class ExaminedDatabase(DocumentPart, frozen=True):
    """Database of the registry."""

    engine: str | None
    """Kind of database, sqlite or postgresql; null where its URL is invalid."""
    location: str | None
    """Path, or URL without user and password; null where its URL is invalid."""
    state: Literal["missing", "empty", "foreign", "older", "newer", "outdated", "current", "failed"]
    """State of its content; outdated: the schema is current, the catalogue or the rules are not."""
    revision: str | None
    """Version of the schema; null unless it is current."""
    size: int | None
    """Size in bytes; null unless the schema is current."""
    entries: int | None
    """Number of entries; null unless the schema is current."""
    writable: bool | None
    """False if it can only be read; null where that is unknown."""
    error: str | None
    """Reason for failed; null for any other state."""


class ExaminedCache(DocumentPart, frozen=True):
    """Cache of files."""

    folder: str
    """Folder."""
    exists: bool
    """True if the folder is there."""
    writable: bool
    """True if files can be stored in it."""
    files: int
    """Number of downloaded files."""
    size: int
    """Size in bytes, with unpacked archives."""


class ExaminedDisk(DocumentPart, frozen=True):
    """Disk of the home."""

    folder: str
    """Home, or the nearest folder above it that is there."""
    free: int
    """Free bytes."""
    total: int
    """Size in bytes."""


class ExaminedService(DocumentPart, frozen=True):
    """Service, or other registry, that was asked for its base URL."""

    name: str
    """Name."""
    url: str
    """Base URL, without user and password."""
    status: Literal["reachable", "unreachable", "not asked"]
    """Outcome; reachable: it answered, whatever it said."""
    message: str | None
    """Reason where it is not reachable; null where it is."""
    seconds: float | None
    """Duration of the request in seconds; null where none was sent."""


class NeededStep(DocumentPart, frozen=True):
    """Point that needs doing."""

    problem: str
    """Sentence on what is wrong."""
    next_step: str
    """Next step."""
    unreachable: bool
    """True if only the network or a server may be at fault."""


class DoctorDocument(DocumentPart, frozen=True):
    """Examination of an installation."""

    versions: InstalledVersions
    """Versions."""
    runtimes: list[InstalledRuntime]
    """Runtimes of models."""
    extras: list[InstalledExtra]
    """Extras of the package."""
    home: str | None
    """Data folder; null where the settings are invalid."""
    config: str | None
    """Config file that was read; null without one, and where the settings are invalid."""
    stated: dict[str, _Place]
    """Place where each setting is set, by its variable."""
    unknown_variables: list[NoSetting]
    """Environment variables that look like settings and are none."""
    tokens: list[AccessToken]
    """Access tokens."""
    database: ExaminedDatabase | None
    """Database; null where the settings are invalid."""
    cache: ExaminedCache | None
    """Cache; null where the settings are invalid, or the cache cannot be read."""
    disk: ExaminedDisk | None
    """Disk; null where the settings are invalid, or the disk cannot be asked."""
    services: list[ExaminedService]
    """Services and other registries."""
    problems: list[NeededStep]
    """Points that need doing."""
    notes: list[str]
    """Sentences on what is worth knowing and may be meant so."""
