# SPDX-License-Identifier: MIT
"""Other registries beside a search: the way to ask them, what they answered, and pages of their records."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from fairreg.addresses import parse
from fairreg.schemas.text import counted, one_line, shortened, visible
from fairreg.server.live import LIVE, peers_of
from fairreg.server.pages.paths import search_path, web_address
from fairreg.server.pages.views.cards import Link
from fairreg.server.pages.views.facets import Pairs
from fairreg.server.site import Site, record_url
from fairreg.services.search.fused_ranking import SourceQuery
from fairreg.services.search.report import SourceAnswer

__all__ = ["LiveBox", "Offer", "hosts", "pages_elsewhere"]

_LONGEST, _MOST_NAMED = 300, 3


@dataclass(frozen=True)
class Offer:
    """The link that asks other registries, and who gets the words."""

    words: str
    path: str
    receivers: str

    @classmethod
    def of(cls, site: Site, kept: Pairs) -> "Offer | None":
        """Return the offer for a search with the parameters `kept`; None without words or registries."""
        names = hosts(site)
        if not names or not dict(kept).get("q", "").strip():
            return None
        number = counted(len(names), "other registry", "other registries")
        more = len(names) - _MOST_NAMED
        receivers = names if more <= 0 else (*names[:_MOST_NAMED], f"{more} more")
        return cls(f"Ask {number}, too", search_path(site, [*kept, LIVE]), _listed(receivers))


@dataclass(frozen=True)
class PeerLine:
    """A registry that was asked, and its answer in words."""

    place: Link
    said: str
    failed: bool


@dataclass(frozen=True)
class LiveBox:
    """The answers of all registries that were asked; `alone` is the search without them."""

    lines: tuple[PeerLine, ...]
    alone: str

    @classmethod
    def of(cls, site: Site, kept: Pairs, answers: Sequence[SourceQuery]) -> "LiveBox":
        """Return the answers to a search with the parameters `kept`."""
        lines = (_line(asked.name, asked.answer) for asked in answers if asked.answer)
        return cls(tuple(lines), search_path(site, kept))


def hosts(site: Site) -> tuple[str, ...]:
    """Return the hosts of the registries that a live search asks."""
    return tuple(map(_host, peers_of(site)))


def pages_elsewhere(holders: Mapping[str, Sequence[str]]) -> dict[str, tuple[Link, ...]]:
    """Return links to the pages of records at the registries that hold them, by identifier."""
    return {
        identifier: tuple(_page_at(base_url, identifier) for base_url in bases)
        for identifier, bases in holders.items()
    }


def _page_at(base_url: str, identifier: str) -> Link:
    return Link(_host(base_url), web_address(record_url(base_url, identifier)), outside=True)


def _line(base_url: str, answer: SourceAnswer) -> PeerLine:
    # Its failure may quote what the other server said.
    message = shortened(one_line(visible(answer.message or "")), _LONGEST)
    message = message.removeprefix(f"{_host(base_url)} ")  # which stands before it
    number = counted(answer.count, "result")
    if answer.status == "ok":
        said = " ".join(filter(None, (f"{number} in {answer.seconds:.1f} s.", message)))
    elif answer.status == "timeout" or not answer.count:
        said = message
    else:
        said = f"{number}, then: {message}"
    return PeerLine(Link(_host(base_url), web_address(base_url), outside=True), said, answer.status != "ok")


def _host(base_url: str) -> str:
    """Return the host of another registry with its port, as the settings name it."""
    return parse(base_url).netloc


def _listed(names: Sequence[str]) -> str:
    *first, last = names
    return f"{', '.join(first)} and {last}" if first else last
