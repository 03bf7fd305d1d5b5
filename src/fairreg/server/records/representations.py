# SPDX-License-Identifier: MIT
"""Representations of a record: its page, every format of `fairreg.formats`, and its linkset."""

from dataclasses import dataclass
from functools import cache, cached_property
from urllib.parse import quote

from fairreg import formats
from fairreg.formats.base import Format, can_hold
from fairreg.registry import Entry
from fairreg.schemas.record import ModelRecord
from fairreg.server.records.bounds import is_written, shortened_lists
from fairreg.server.records.negotiation import MediaType, Variant
from fairreg.server.records.remembered import Remembered
from fairreg.server.records.weblinks import WebLink
from fairreg.server.site import Site

__all__ = ["LINKSETS", "PAGE", "Representation", "describing", "every", "linksets", "of_formats"]

# Which come first where a client likes several alike: what is understood most widely.
_FIRST = ("schema-org", "json", "jsonld")


@dataclass(frozen=True)
class Representation:
    """A representation by its name for ``?format=``; `media_types` are as those of a `Format`.

    `part` is the word below the record's address where it is a resource of its own.
    """

    name: str
    media_types: tuple[str, ...]
    part: str = ""

    @property
    def variant(self) -> Variant:
        """The representation as content negotiation takes it."""
        return Variant(self.name, self.media_types)

    @cached_property
    def plain_type(self) -> str:
        """The usual media type without its parameters."""
        return self.media_types[0].partition(";")[0].strip()

    @cached_property
    def profile(self) -> str | None:
        """The convention that the documents of the media type follow (RFC 6906), None without one."""
        parsed = (MediaType.of(text) for text in self.media_types)
        return next((sorted(item.profiles)[0] for item in parsed if item and item.profiles), None)

    def url(self, site: Site, entry: Entry) -> str:
        """Return the public address at which a record has this representation, whatever is accepted."""
        address = site.record_url(entry.identifier)
        place = f"{address}/{self.part}" if self.part else address
        return place if self.name == self.part else f"{place}?format={quote(self.name, safe='')}"


PAGE = Representation("html", ("text/html",))
LINKSETS = (
    Representation("linkset", ("application/linkset+json", "application/json"), "linkset"),
    Representation("linkset-text", ("application/linkset",), "linkset"),
)


@cache
def of_formats() -> tuple[Representation, ...]:
    """Return the representations by a format, those that most programs understand first."""
    names = formats.names()
    ordered = [*(name for name in _FIRST if name in names), *(name for name in names if name not in _FIRST)]
    taken = {item.name for item in (PAGE, *LINKSETS)}
    return tuple(
        Representation(name, tuple(formats.get(name).MEDIA_TYPES)) for name in ordered if name not in taken
    )


@cache
def every() -> tuple[Representation, ...]:
    """Return all representations at a record's own address, in the order in which they are preferred."""
    return (PAGE, *of_formats(), *LINKSETS)


def linksets(site: Site, entry: Entry) -> tuple[WebLink, ...]:
    """Return the links to both forms of a record's link set."""
    return tuple(WebLink("linkset", item.url(site, entry), item.plain_type) for item in LINKSETS)


def describing(record: ModelRecord) -> tuple[Representation, ...]:
    """Return the representations by those formats that can hold the record, and are written for it.

    A format that would refuse an item far behind in a very long list is among them.
    """
    return _described.of(record)


def _describing(record: ModelRecord) -> tuple[Representation, ...]:
    short = shortened_lists(record)
    return tuple(
        item for item in of_formats() if can_hold(_view(item.name), short) and is_written(record, item.name)
    )


# A page lists them more than once.
_described: Remembered[tuple[Representation, ...]] = Remembered(_describing)


@cache
def _view(name: str) -> Format:
    """Return the format of a name, which is looked up among the installed ones once."""
    return formats.get(name)
