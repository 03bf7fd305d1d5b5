# SPDX-License-Identifier: MIT
"""Results of a search as cards: what a physicist wants to know of a model before opening its page."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType

from fairreg.registry import Assessment, Entry, NamedEntry, Registry, SearchHit
from fairreg.schemas.identifiers import Identifier, record_of_doi
from fairreg.schemas.record import Creator, ModelRecord, RelationType
from fairreg.schemas.text import counted, one_line, shortened
from fairreg.server.pages.paths import host_of, record_path, web_address
from fairreg.server.pages.views.letters import LetterBars
from fairreg.server.pages.views.use import UNKNOWN, running
from fairreg.server.site import Site
from fairreg.sources import DOI

__all__ = [
    "Link",
    "ResultCard",
    "cards",
    "host_of_files",
    "licence_of",
    "people",
    "readable_identifier",
    "version_words",
]

_ABSTRACT, _FEW, _MOST_DATA = 260, 3, 2
_DATA: tuple[RelationType, ...] = ("trained_on", "tested_on", "evaluated_on")


@dataclass(frozen=True)
class Link:
    """Words that lead somewhere, to nowhere without `path`; `outside` is another site."""

    words: str
    path: str | None = None
    outside: bool = False


@dataclass(frozen=True)
class ResultCard:
    """One result; a fact that no source states is None or empty.

    `via` are the pages at other registries of what this one does not hold; the first is `path`.
    """

    path: str
    name: str
    kind: str
    identifier: str
    year: int | None
    version: str | None
    people: str
    abstract: str | None
    task: tuple[str, ...]
    data: tuple[Link, ...]
    licence: str | None
    running: str | None
    runnable: bool
    unknown: bool
    access: str | None
    place: Link | None
    versions: str | None
    letters: LetterBars | None
    warning: str | None
    via: tuple[Link, ...] = ()


def cards(
    site: Site,
    registry: Registry,
    hits: Iterable[SearchHit],
    elsewhere: Mapping[str, Sequence[Link]] = MappingProxyType({}),
) -> tuple[ResultCard, ...]:
    """Return the cards of the hits in their order, with their scores and the names of their data.

    `elsewhere` are, by identifier, the pages of those that the registry does not hold.
    """
    listed = tuple(hits)
    scores = registry.assessments.shown(hit.entry.identifier for hit in listed)
    data = [item for hit in listed for item in hit.record.related(*_DATA)]
    known = registry.listing.own_entries(data) if data else {}
    made = (_card(site, hit, scores.get(hit.entry.identifier), known) for hit in listed)
    return tuple(
        _moved(card, elsewhere.get(hit.entry.identifier, ())) for card, hit in zip(made, listed, strict=True)
    )


def _moved(card: ResultCard, places: Sequence[Link]) -> ResultCard:
    """Return a card that leads to the first of the places, where there is one."""
    path = next((place.path for place in places if place.path), None)
    return card if path is None else replace(card, path=path, via=tuple(places))


def _card(
    site: Site, hit: SearchHit, score: Assessment | None, known: Mapping[tuple[str, str], NamedEntry]
) -> ResultCard:
    record, entry = hit.entry.present_record, hit.entry
    return ResultCard(
        path=record_path(site, entry.identifier),
        name=record.name,
        kind=record.kind,
        identifier=readable_identifier(record),
        year=record.year,
        version=version_words(record.version),
        people=people(record.creators),
        abstract=shortened(one_line(record.description), _ABSTRACT) if record.description else None,
        task=record.ml_task,
        data=_data(site, record, known),
        licence=licence_of(record),
        running=running(entry),
        runnable=entry.runnable,
        unknown=running(entry) == UNKNOWN,
        access=record.access.level if record.access else None,
        place=_place(entry),
        versions=counted(len(hit.versions), "version") if len(hit.versions) > 1 else None,
        letters=LetterBars.of(score),
        warning=entry.warning,
    )


def _data(site: Site, record: ModelRecord, known: Mapping[tuple[str, str], NamedEntry]) -> tuple[Link, ...]:
    """Data that a model was made from, else the datasets of its evaluations."""
    targets = {item.key: item for item in record.related(*_DATA)}
    if not targets:
        names = dict.fromkeys(item.dataset for item in record.evaluations if item.dataset)
        return tuple(Link(name) for name in list(names)[:_MOST_DATA])
    return tuple(_target(site, item, known.get(key)) for key, item in list(targets.items())[:_MOST_DATA])


def _target(site: Site, item: Identifier, named: NamedEntry | None) -> Link:
    if named is not None:
        return Link(named.name, record_path(site, named.identifier))
    return Link(item.value, web_address(item.url), outside=True)


def _place(entry: Entry) -> Link | None:
    address = web_address(entry.url)
    return Link(host_of_files(entry), address, outside=True) if address else None


def host_of_files(entry: Entry) -> str:
    """Return the host that has the files: that of a resolver's address says nothing of them."""
    record = entry.record
    deposit = record_of_doi(record.doi) if record.doi else None
    own = [item.url for item in record.distributions[:1]]
    named = (*own, deposit.url if deposit else None, record.provenance.url, entry.url)
    hosts = [host for url in named if (host := host_of(url))]
    direct = (host for host in hosts if host != host_of(DOI.resolver))
    return next(direct, "where its DOI leads" if hosts else "")


def version_words(version: str | None) -> str | None:
    """Return a version with the word before it, unless it says so itself (``v1.0``)."""
    return version if version is None or version[:1].casefold() == "v" else f"version {version}"


def people(creators: tuple[Creator, ...]) -> str:
    """Return the first creators in a line."""
    names = [item.name for item in creators[:_FEW]]
    more = len(creators) - len(names)
    return "; ".join(names) + (f" and {more} more" if more > 0 else "")


def licence_of(record: ModelRecord) -> str | None:
    """Return the licence as SPDX names it, else in the words of the source."""
    return record.license or record.license_stated


def readable_identifier(record: ModelRecord) -> str:
    """Return the identifier to cite: the DOI without its scheme, else the compact form."""
    return record.doi or record.identifier
