# SPDX-License-Identifier: MIT
"""Harvesters: a service's payload becomes a `ModelRecord`. Each module here is one source."""

from functools import cache
from typing import Protocol

from fairreg import plugins
from fairreg.errors import UsageError
from fairreg.harvesters.base import FetchedPayload, Harvester, Hit, HitPage, payloads_of
from fairreg.schemas.identifiers import Identifier

__all__ = [
    "FetchedPayload",
    "Harvester",
    "Hit",
    "HitPage",
    "all_harvesters",
    "for_identifier",
    "get",
    "is_peer",
    "names",
    "payloads_of",
]


class _Source(Protocol):
    """Module of a source."""

    HARVESTER: Harvester


def names() -> tuple[str, ...]:
    """Names of the sources, sorted."""
    return tuple(harvester.name for harvester in all_harvesters())


@cache
def all_harvesters() -> tuple[Harvester, ...]:
    """Every harvester, built-in or from an outside plugin, by name. Raises PluginError."""
    return tuple(_harvester(name) for name in plugins.names(__name__))


def _harvester(name: str) -> Harvester:
    found: object = plugins.load_complete(__name__, name, _Source).HARVESTER
    if isinstance(found, Harvester) and found.name == name:
        return found
    fault = "has another name" if isinstance(found, Harvester) else "is not a Harvester"
    point = next(item for item in plugins.entry_points_of(__name__) if item.name == name)
    raise plugins.refusal(point, f"its HARVESTER {fault}")


def get(name: str) -> Harvester:
    """Return the harvester called `name`, or that of the registry at a base URL.

    Raises UsageError, which lists the names, for an unknown one.
    """
    if is_peer(name):
        from fairreg.harvesters.common.peers import peer_at  # few commands name one

        return peer_at(name)
    for harvester in all_harvesters():
        if harvester.name == name:
            return harvester
    hint = f"Sources: {', '.join(names())}."
    if "." in name or ":" in name:  # a host, which no source is named like
        hint = f"The address of another registry begins with its scheme: fairreg harvest http://{name}"
    raise UsageError(f"There is no source called {name!r}.", hint=hint)


def is_peer(name: str) -> bool:
    """Tell whether the name of a source is the address of another registry."""
    return name.lower().startswith(("http://", "https://"))


def for_identifier(identifier: Identifier) -> tuple[Harvester, ...]:
    """Return the harvesters that handle `identifier`, the specific ones before the general ones."""
    able = [harvester for harvester in all_harvesters() if harvester.handles(identifier)]
    return tuple(sorted(able, key=lambda harvester: harvester.general))
