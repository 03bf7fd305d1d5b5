# SPDX-License-Identifier: MIT
"""Examination of this installation: what there is, and what needs doing.

Whatever is wrong is in the report, with its next step; nothing is created, migrated or repaired. No token,
password or user of an address is in it.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from fairreg.errors import FairregError, Unreachable
from fairreg.services.doctor.installation import (
    ExtraState,
    RuntimeState,
    Versions,
    extras,
    missing_packages,
    runtimes,
    versions,
)
from fairreg.services.doctor.places import (
    CacheState,
    DatabaseState,
    DiskState,
    cache_state,
    database_state,
    disk_state,
)
from fairreg.services.doctor.reachability import ServiceState, ask_services
from fairreg.services.enabled_sources import enabled
from fairreg.settings import Option, Settings, UnknownVariable, options, unknown_variables
from fairreg.sources import all_sources

__all__ = ["DoctorReport", "Problem", "TokenState", "examine"]

_LEAST_FREE = 2**30  # bytes: a model with its archive fits
_UPGRADE = "fairreg db upgrade"
_Found = TypeVar("_Found")


@dataclass(frozen=True)
class Problem:
    """A sentence on what is wrong, and the next step; `unreachable`: only the network may be at fault."""

    problem: str
    next_step: str
    unreachable: bool = False

    @classmethod
    def of(cls, error: FairregError) -> "Problem":
        """Return an error as a problem."""
        unreachable = error.exit_code == Unreachable.exit_code
        return cls(error.message, error.hint or "Repeat the command with FAIRREG_DEBUG=1.", unreachable)


@dataclass(frozen=True)
class TokenState:
    """An access token by its service and variable; `stated_in` says where it is set, None where it is not."""

    service: str
    variable: str
    stated_in: str | None


@dataclass(frozen=True)
class DoctorReport:
    """Findings on an installation. What depends on settings is None or empty where those are invalid."""

    versions: Versions
    runtimes: tuple[RuntimeState, ...]
    extras: tuple[ExtraState, ...]
    home: Path | None
    config: Path | None
    stated: dict[str, str]
    unknown_variables: tuple[UnknownVariable, ...]
    tokens: tuple[TokenState, ...]
    database: DatabaseState | None
    cache: CacheState | None
    disk: DiskState | None
    services: tuple[ServiceState, ...]
    problems: tuple[Problem, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def exit_code(self) -> int:
        """0 without problems, 4 if only services or servers were not reached, else 1."""
        if not self.problems:
            return 0
        only = all(item.unreachable for item in self.problems)
        return Unreachable.exit_code if only else FairregError.exit_code

    def to_json(self) -> dict[str, Any]:
        """Plain JSON form."""
        document = asdict(replace(self, database=None, unknown_variables=()))
        for name in ("home", "config"):
            document[name] = document[name] and str(document[name])
        for name in ("cache", "disk"):
            if document[name]:
                document[name]["folder"] = str(document[name]["folder"])
        if self.database is not None:
            state = asdict(replace(self.database, error=None)) | {"error": None}
            if self.database.error is not None:
                state["error"] = self.database.error.message
            document["database"] = state
        document["unknown_variables"] = [item._asdict() for item in self.unknown_variables]
        return document


def examine(environ: Mapping[str, str] | None = None) -> DoctorReport:
    """Examine this installation with the settings of `environ` (default: of this process).

    Services are asked for their base URLs, unless offline mode is on; it takes a few seconds at most.
    """
    faults: list[FairregError] = []
    settings = _tried(faults, partial(Settings.from_environment, environ))
    report = DoctorReport(
        versions=versions(),
        runtimes=_tried(faults, runtimes) or (),
        extras=extras(),
        home=settings.home if settings else None,
        config=settings.config if settings else None,
        stated=dict(settings.stated) if settings else {},
        unknown_variables=_tried(faults, partial(unknown_variables, environ)) or (),
        tokens=(),
        database=None,
        cache=None,
        disk=None,
        services=(),
    )
    if settings is not None:
        report = _with_state(report, settings, faults)
    problems = (*map(Problem.of, dict.fromkeys(faults)), *_problems(report, settings))
    return replace(report, problems=problems, notes=tuple(_notes(report)))


def _with_state(report: DoctorReport, settings: Settings, faults: list[FairregError]) -> DoctorReport:
    """Return the report with what the settings lead to."""
    _tried(faults, partial(enabled, settings))
    return replace(
        report,
        tokens=_tokens(settings),
        database=database_state(settings),
        cache=_tried(faults, partial(cache_state, settings)),
        disk=_tried(faults, partial(disk_state, settings)),
        services=ask_services(settings),
    )


def _tried(faults: list[FairregError], look: Callable[[], _Found]) -> _Found | None:
    """Return what `look` finds; add its fault to `faults` and return None where it fails."""
    try:
        return look()
    except FairregError as error:
        faults.append(error)
    except OSError as error:
        place = f"{error.filename} " if error.filename else "A folder "
        reason = f"{place}cannot be used: {error.strerror or error}."
        faults.append(
            FairregError(reason, hint="Check its permissions, or set FAIRREG_HOME to another folder.")
        )
    return None


def _tokens(settings: Settings) -> tuple[TokenState, ...]:
    of_services = (item for item in options(all_sources()) if item.kind == "token")
    stated = settings.stated
    return tuple(
        TokenState(_service_of(item), item.variable, stated.get(item.variable)) for item in of_services
    )


def _service_of(option: Option) -> str:
    return str(option.key).partition(".")[2]


def _problems(report: DoctorReport, settings: Settings | None) -> Iterator[Problem]:
    for name in missing_packages(report.versions):
        yield Problem(f"The package {name}, which fairreg needs, is not installed.", "pip install fairreg")
    for fault, command in settings.config_faults if settings else ():
        yield Problem(f"{fault}.", command)
    for variable in report.unknown_variables:
        meant = f"Did you mean {variable.suggestion}?" if variable.suggestion else "Unset it."
        yield Problem(f"{variable.name} is set, and it is not a setting of fairreg.", meant)
    yield from _of_database(report.database)
    if report.disk is not None and report.disk.free < _LEAST_FREE:
        free = report.disk.free >> 20
        yield Problem(
            f"Only {free} MiB are free on the disk of {report.disk.folder}.",
            "Free some space, for example by fairreg cache prune, or set FAIRREG_HOME to another disk.",
        )
    if silent := [item for item in report.services if item.status == "unreachable"]:
        named = ", ".join(item.name for item in silent)
        step = "Check the connection; FAIRREG_OFFLINE=1 sends no requests."
        yield Problem(f"Not reachable: {named}.", step, unreachable=True)


def _of_database(database: DatabaseState | None) -> Iterator[Problem]:
    if database is None:
        return
    if database.error is not None:
        yield Problem.of(database.error)
    advice = {
        "older": ("was written by an older fairreg", _UPGRADE),
        "outdated": ("follows the catalogue or rules of an earlier release", _UPGRADE),
        "newer": ("was written by a newer fairreg", "pip install -U fairreg"),
        "foreign": ("holds another program's tables", "Set FAIRREG_DATABASE_URL to another database."),
    }
    if database.state in advice:
        said, step = advice[database.state]
        yield Problem(f"The registry {database.location} {said}.", step)


def _notes(report: DoctorReport) -> Iterator[str]:
    """Yield what is worth knowing, and may be meant so."""
    database = report.database
    if database is not None and database.state in {"missing", "empty"}:
        yield "There is no registry yet; the first command that needs one creates it."
    if database is not None and database.writable is False:
        yield f"The registry {database.location} can be read and not be written."
    if report.cache is not None and not report.cache.writable:
        yield f"The cache {report.cache.folder} can be read and not be written."
