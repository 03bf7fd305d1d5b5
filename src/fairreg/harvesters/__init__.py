# SPDX-License-Identifier: MIT
"""Sources of records: a service's payload becomes a `ModelRecord`. Each module here is one source."""

from typing import Protocol

from fairreg import plugins
from fairreg.errors import UsageError
from fairreg.harvesters.base import Fetched, Harvester, Hit, Page
from fairreg.schemas.identifiers import Identifier

__all__ = ["Fetched", "Harvester", "Hit", "Page", "all_harvesters", "for_identifier", "get", "names"]


class _Source(Protocol):
    """Module of a source."""

    HARVESTER: Harvester


def names() -> tuple[str, ...]:
    """Names of the sources, sorted."""
    return tuple(harvester.name for harvester in all_harvesters())


def all_harvesters() -> tuple[Harvester, ...]:
    """Every harvester, built-in or from an outside plugin, by name."""
    found = [plugins.load_complete(__name__, name, _Source).HARVESTER for name in plugins.names(__name__)]
    return tuple(sorted(found, key=lambda harvester: harvester.name))


def get(name: str) -> Harvester:
    """The harvester called `name`. Raises UsageError, which lists the names, for an unknown one."""
    for harvester in all_harvesters():
        if harvester.name == name:
            return harvester
    raise UsageError(f"There is no source called {name!r}.", hint=f"Sources: {', '.join(names())}.")


def for_identifier(identifier: Identifier) -> tuple[Harvester, ...]:
    """The harvesters that can be asked for `identifier`, the specific ones before the general ones."""
    able = [harvester for harvester in all_harvesters() if harvester.handles(identifier)]
    return tuple(sorted(able, key=lambda harvester: harvester.general))
