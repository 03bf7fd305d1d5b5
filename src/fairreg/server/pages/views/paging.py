# SPDX-License-Identifier: MIT
"""Pages of a list, as links."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from fairreg.server.pages.paths import search_path
from fairreg.server.site import Site

__all__ = ["Paging", "Part"]

_AROUND = 2  # pages before and behind the present one


class Part(NamedTuple):
    """Part of a list that was asked for."""

    offset: int
    limit: int


@dataclass(frozen=True)
class PageLink:
    """A page by its number; a gap in the list of pages has neither number nor path."""

    number: int | None
    path: str | None
    current: bool = False


@dataclass(frozen=True)
class Paging:
    """The shown part of a list: from the result `first` to `last`, both counted from 1, of `total`."""

    first: int
    last: int
    total: int
    pages: tuple[PageLink, ...]
    before: str | None
    behind: str | None

    @classmethod
    def of(cls, site: Site, pairs: Sequence[tuple[str, str]], part: Part, shown: int, total: int) -> "Paging":
        """Return the pages of a search with the parameters `pairs`, which have no offset."""
        offset, limit = part

        def path(number: int) -> str:
            place = limit * (number - 1)
            return search_path(site, [*pairs, ("offset", str(place))] if place else pairs)

        present, most = offset // limit + 1, max(1, -(-total // limit))
        return cls(
            first=offset + 1 if shown else 0,
            last=offset + shown,
            total=total,
            pages=_links(present, most, path) if most > 1 else (),
            before=path(min(present - 1, most)) if present > 1 else None,
            behind=path(present + 1) if offset + shown < total and present < most else None,
        )

    @property
    def said(self) -> str:
        """The part in words."""
        return f"{self.first}–{self.last} of {self.total}"


def _links(present: int, most: int, path: Callable[[int], str]) -> tuple[PageLink, ...]:
    near = range(max(1, present - _AROUND), min(most, present + _AROUND) + 1)
    numbers = sorted({1, most, *near})
    found: list[PageLink] = []
    for before, number in zip([0, *numbers], numbers, strict=False):
        found += [PageLink(None, None)] if number > before + 1 else []
        found.append(PageLink(number, path(number), number == present))
    return tuple(found)
