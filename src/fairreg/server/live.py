# SPDX-License-Identifier: MIT
"""Live searches (``live=1``): the only requests of visitors for which the server asks other hosts.

It asks the registries of FAIRREG_PEERS and never a source. A live search takes a thread of its own, so that
all who read this registry alone are answered meanwhile. While it waits it holds no view of the database: one
that is open for seconds keeps SQLite from shortening its write-ahead log and PostgreSQL from removing old
rows. The ranking, which costs ten times the CPU of a plain search, is made in the same thread after that.
"""

from collections.abc import Callable, Sequence
from typing import TypeVar

from starlette.datastructures import QueryParams

from fairreg.errors import Overloaded, UsageError
from fairreg.registry import Registry
from fairreg.registry.search.filters import Filters
from fairreg.server.query import FLAGS, SearchQuery, choice, single
from fairreg.server.site import Site
from fairreg.services.search.federated import late_threads, query_peers
from fairreg.services.search.fused_ranking import SourceQuery

__all__ = ["LIVE", "MOST_DEPTH", "NOT_KEPT", "SECONDS", "is_live", "peers_of", "with_peers"]

Answer = TypeVar("Answer")
# Parameter of the address of a live search.
LIVE = ("live", "1")
# Time for the answers of other registries; with the wait for a thread it is below the limit of an answer.
SECONDS = 5.0
# Results of each other registry. Each is a request more, and all pages of a search ask for the same ones, so
# that they fit together.
_OF_PEER = 10
# Depth to which a fused ranking has pages.
MOST_DEPTH = 200
# Abandoned threads that still wait for a registry, as for its name, which no time limit ends.
_MOST_LATE = 16
# An answer tells of one moment of several registries.
NOT_KEPT = {"Cache-Control": "no-store"}


def is_live(params: QueryParams) -> bool:
    """Tell whether parameters ask for a live search. UsageError for a word without meaning."""
    return bool(choice("live", single("live", params), FLAGS))


def peers_of(site: Site) -> tuple[str, ...]:
    """Return the addresses of the registries that the site may ask."""
    return () if site.settings.offline else site.settings.peers


async def with_peers(
    site: Site, query: SearchQuery, work: Callable[[Registry, Sequence[SourceQuery]], Answer]
) -> Answer:
    """Ask the other registries, then call `work` with this registry, as `Site.read` does, and their answers.

    Raises UsageError, RegistryError and Overloaded.
    """
    if not peers_of(site):
        raise UsageError(
            "This server asks no other registries.",
            hint="Leave out live; the keeper of a server names the registries that it may ask.",
        )
    if not query.q.strip():
        raise UsageError("A live search needs words.", hint="Add words, or leave out live.")
    if query.offset + query.limit > MOST_DEPTH:
        raise UsageError(
            f"A live search ends after {MOST_DEPTH} results.",
            hint="Ask for results further ahead, add words, or leave out live.",
        )
    Filters.of(**query.filters())  # what has no meaning is refused before anybody is asked

    def asking() -> Answer:
        answers = _answers(site, query)
        return site.view(lambda registry: work(registry, answers))

    return await site.live_threads.run(asking)


def _answers(site: Site, query: SearchQuery) -> list[SourceQuery]:
    if late_threads() >= _MOST_LATE:
        raise Overloaded(
            "Too many requests still wait for registries that did not answer.",
            hint="Ask again after the time in Retry-After, or leave out live.",
        )
    return query_peers(site.settings, query.q, limit=_OF_PEER, deadline=SECONDS)
