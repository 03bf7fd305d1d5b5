# SPDX-License-Identifier: MIT
"""Site that every handler of a request reads from: the registry, and the facts of this installation."""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, TypeVar, cast
from urllib.parse import quote

from starlette.requests import Request

from fairreg.registry import Registry
from fairreg.server.parts import split
from fairreg.server.threads import LIVE_QUEUE, LIVE_THREADS, QueuedThreads
from fairreg.services.registry.shared_engine import shared_registry
from fairreg.settings import Settings

if TYPE_CHECKING:
    from fairreg.services.run.named_models import NamedModel

__all__ = ["Site", "record_url", "site_of"]

Answer = TypeVar("Answer")
_KNOWN = 1000  # identifiers whose paths are remembered: a page links to its record dozens of times


@dataclass(frozen=True)
class Site:
    """An installation: `base_url` is its public address, without a slash at the end.

    `admin_email` is the address of its keepers, which OAI-PMH requires, None where it was not given. `models`
    are those that it runs for others. A registry that is `stored` was made ready at the start and is only
    read since: one that vanishes is an error, and never made anew. Another one is made in memory. Live
    searches wait in `live_threads`, never in `threads`, in which all others read. What is `at_end` is called
    after the last answer.
    """

    settings: Settings
    base_url: str
    admin_email: str | None = None
    models: "tuple[NamedModel, ...]" = ()
    stored: bool = True
    threads: QueuedThreads = field(default_factory=QueuedThreads, compare=False)
    live_threads: QueuedThreads = field(
        default_factory=lambda: QueuedThreads(LIVE_THREADS, LIVE_QUEUE, "live"), compare=False
    )
    at_end: list[Callable[[], None]] = field(default_factory=list, compare=False)

    async def read(self, work: Callable[[Registry], Answer]) -> Answer:
        """Call `work` in a thread with the registry, of which it sees one state, whatever is written then.

        Raises what it raises, RegistryError and Overloaded.
        """
        return await self.threads.run(lambda: self.view(work))

    def view(self, work: Callable[[Registry], Answer]) -> Answer:
        """Call `work` in this thread with the registry, of which it sees one state."""
        with shared_registry(self.settings, prepare=not self.stored) as registry, registry.listing.one_view():
            return work(registry)

    def url(self, path: str) -> str:
        """Return the public address of a path, which begins with a slash."""
        return f"{self.base_url}{path}"

    def record_url(self, identifier: str) -> str:
        """Return the public address of the record with a compact identifier."""
        return record_url(self.base_url, identifier)


def record_url(base_url: str, identifier: str) -> str:
    """Return the address of a record's page at the server with a base URL."""
    return f"{base_url}/records/{_in_path(identifier)}"


@lru_cache(_KNOWN)
def _in_path(identifier: str) -> str:
    # Clients and proxies resolve "..", "." and "//" of a path, where a slash is not escaped.
    # One that ends like a part of another's address, such as "/linkset", must not be taken for that.
    plain = {"", ".", ".."}.isdisjoint(identifier.split("/")) and not split(identifier)[1]
    return quote(identifier, safe="/:" if plain else ":", errors="replace")


def site_of(request: Request) -> Site:
    """Return the site that a request is for."""
    return cast("Site", request.app.state.site)
