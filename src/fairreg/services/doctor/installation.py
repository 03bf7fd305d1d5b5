# SPDX-License-Identifier: MIT
"""Versions of what is installed, and which engines work."""

import platform
import re
import sqlite3
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, requires, version

from fairreg import runners

__all__ = ["ExtraState", "RuntimeState", "Versions", "extras", "missing_packages", "runtimes", "versions"]

_PACKAGE = "fairreg"
# Extras for those who develop fairreg.
_OF_DEVELOPERS = frozenset({"test", "lint", "dev", "browser"})
_NAME = re.compile(r"[A-Za-z0-9][\w.-]*")
_EXTRA = re.compile(r"""extra\s*==\s*['"]([\w.-]+)['"]""")


@dataclass(frozen=True)
class Versions:
    """Versions of fairreg, of what it runs on, and of the packages that it needs; None for a missing one."""

    fairreg: str
    python: str
    platform: str
    sqlite: str
    packages: dict[str, str | None]


@dataclass(frozen=True)
class RuntimeState:
    """A runtime of models; `install` is the pip line for one without its engine, where that is an extra."""

    name: str
    available: bool
    install: str | None


@dataclass(frozen=True)
class ExtraState:
    """An extra of the package with its packages that are `missing`; without any it is `installed`."""

    name: str
    installed: bool
    missing: tuple[str, ...]
    install: str


def versions() -> Versions:
    """Return the versions of this installation."""
    base, _ = _requirements()
    return Versions(
        fairreg=_version(_PACKAGE) or "not installed",
        python=platform.python_version(),
        platform=platform.platform(),
        sqlite=sqlite3.sqlite_version,
        packages={name: _version(name) for name in base},
    )


def missing_packages(found: Versions) -> tuple[str, ...]:
    """Return the packages that every installation has to have and this one lacks."""
    return tuple(name for name, known in found.packages.items() if known is None)


def runtimes() -> tuple[RuntimeState, ...]:
    """Return every runtime, those of installed packages too. Raises PluginError."""
    _, by_extra = _requirements()
    found = []
    for name in runners.names():
        available = runners.get(name).available()
        extra = name.replace("_", "-")
        install = _install(extra) if not available and extra in by_extra else None
        found.append(RuntimeState(name, available, install))
    return tuple(found)


def extras() -> tuple[ExtraState, ...]:
    """Return the extras for users."""
    _, by_extra = _requirements()
    return tuple(
        ExtraState(name, not missing, missing, _install(name))
        for name, packages in sorted(by_extra.items())
        for missing in [tuple(item for item in packages if _version(item) is None)]
    )


def _install(extra: str) -> str:
    return f"pip install '{_PACKAGE}[{extra}]'"


def _requirements() -> tuple[list[str], dict[str, list[str]]]:
    """Return the packages of every installation, and those of each extra, as the metadata states them."""
    base: list[str] = []
    by_extra: dict[str, list[str]] = {}
    for line in _stated():
        name, extra = _NAME.match(line), _EXTRA.search(line)
        if name is None or (extra is not None and extra[1] in _OF_DEVELOPERS):
            continue
        (base if extra is None else by_extra.setdefault(extra[1], [])).append(name[0])
    return sorted(base, key=str.lower), by_extra


def _stated() -> list[str]:
    try:
        return requires(_PACKAGE) or []
    except PackageNotFoundError:  # a copy of the source that is not installed
        return []


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None
