# SPDX-License-Identifier: MIT
"""The page of a record: what it is, how to run and cite it, its files, and who says so."""

import re
from dataclasses import dataclass
from urllib.parse import quote

from rich.filesize import decimal

from fairreg.registry import Entry, Registry
from fairreg.schemas.licenses import in_words
from fairreg.schemas.record import Creator, Distribution, ModelRecord
from fairreg.schemas.tasks import terms_of
from fairreg.schemas.text import counted
from fairreg.server.pages.frame import framed
from fairreg.server.pages.paths import local, record_path, search_path, short_address, web_address
from fairreg.server.pages.views.cards import Link, host_of_files, version_words
from fairreg.server.pages.views.graph import drawing
from fairreg.server.pages.views.letters import LetterBars
from fairreg.server.pages.views.relations import surroundings
from fairreg.server.pages.views.said import said, source_rows
from fairreg.server.pages.views.use import commands, running
from fairreg.server.records.bounds import LISTED, shortened_lists
from fairreg.server.records.packaged_files import with_addresses
from fairreg.server.records.representations import describing
from fairreg.server.site import Site
from fairreg.services.cite import cite
from fairreg.services.cite.works import papers_of
from fairreg.sources import ORCID

__all__ = ["record_page"]

_MOST_CREATORS, _MOST_FILES, _LONG = 12, 60, 900
_SPDX = re.compile(r"[A-Za-z0-9.+-]+")


@dataclass(frozen=True)
class CitationText:
    """A citation to copy."""

    title: str
    text: str


@dataclass(frozen=True)
class FileRow:
    """A file: `size` as text, `digests` as the source states them."""

    name: str
    path: str | None
    size: str
    format: str | None
    digests: tuple[str, ...]


def record_page(site: Site, registry: Registry, entry: Entry, head: str) -> str:
    """Render the page of an entry; `head` is safe HTML for its head."""
    record = entry.present_record
    listed = shortened_lists(record)
    statements, lineage = registry.statements.of_entry(entry, payloads=False), registry.explain(entry)
    around = surroundings(site, registry, entry, lineage)
    shown = registry.assessments.shown([entry.identifier]).get(entry.identifier)
    return framed(
        site,
        "record.html",
        title=record.name,
        head=head,
        entry=entry,
        record=record,
        listed=listed,
        most_listed=LISTED,
        whole=None if listed is record else f"{record_path(site, entry.identifier)}?format=json",
        paragraphs=_paragraphs(record.description),
        long=_LONG,
        creators=tuple(map(_creator, record.creators[:_MOST_CREATORS])),
        most_creators=_MOST_CREATORS,
        facts=_facts(site, record, entry) + _trained(site, registry, entry),
        letters=LetterBars.of(shown),
        commands=commands(entry),
        citations=_citations(registry, record),
        files=tuple(map(_file, with_addresses(site, entry).distributions[:LISTED])),
        most_files=_MOST_FILES,
        around=around,
        drawing=drawing(around.groups),
        said=said(entry.record, statements),
        sources=source_rows(lineage, statements),
        formats=_formats(site, entry),
        paths={name: record_path(site, entry.identifier, f"/{name}") for name in ("assessment", "related")},
        source_path=lambda name: local(site, f"/sources/{quote(name)}"),
        short_address=short_address,
        terminal=local(site, "/help#terminal"),
        counted=counted,
        version_words=version_words,
    )


def _paragraphs(text: str | None) -> tuple[str, ...]:
    return tuple(part.strip() for part in re.split(r"\n\s*\n", text or "") if part.strip())


def _creator(item: Creator) -> Link:
    address = f"{ORCID.resolver}{item.orcid}" if item.orcid else None
    return Link(item.name, address, outside=True)


def _facts(site: Site, record: ModelRecord, entry: Entry) -> tuple[tuple[str, tuple[Link, ...]], ...]:
    """Return the facts to know first, each with its values; one that is important and not stated has none."""
    found = {
        "Task": tuple(Link(item, search_path(site, [("task", item)])) for item in record.ml_task),
        "Task terms": tuple(
            Link(term, search_path(site, [("task", term)])) for term in terms_of(record.ml_task)
        ),
        "Licence": _licence(record),
        "Runs here": _words(running(entry)),
        "Access": _words(record.access.level if record.access else None),
        "Architecture": tuple(map(Link, record.model_category)),
        "Frameworks": tuple(
            Link(item, search_path(site, [("framework", item)])) for item in record.frameworks
        ),
        "Parameters": _words(f"{record.parameter_count:,}" if record.parameter_count else None),
        "Where": _where(entry),
        "DOI": (Link(record.doi, record.doi_url, outside=True),) if record.doi else (),
        "Publisher": _words(record.publisher),
        "Published": _words(record.date_published),
    }
    wanted = {"Licence", "Access"} | ({"Task"} if record.kind == "model" else set())
    return tuple((name, values) for name, values in found.items() if values or name in wanted)


def _trained(site: Site, registry: Registry, entry: Entry) -> tuple[tuple[str, tuple[Link, ...]], ...]:
    """Return the fact how many models were trained on a dataset, as a link to them."""
    if entry.record.kind != "dataset":
        return ()
    number = registry.search("", limit=0, trained_on=entry.identifier).total
    path = search_path(site, [("trained_on", entry.identifier)])
    return (("Used by", (Link(counted(number, "model"), path),)),) if number else ()


def _words(text: str | None) -> tuple[Link, ...]:
    return (Link(text),) if text else ()


def _licence(record: ModelRecord) -> tuple[Link, ...]:
    words = in_words(record.license, record.license_stated)
    if words is None:
        return ()
    single = words == record.license and _SPDX.fullmatch(words) and not words.startswith("LicenseRef")
    return (Link(words, f"https://spdx.org/licenses/{words}.html" if single else None, outside=True),)


def _where(entry: Entry) -> tuple[Link, ...]:
    address = web_address(entry.url)
    return (Link(host_of_files(entry), address, outside=True),) if address else ()


def _file(item: Distribution) -> FileRow:
    size = "" if item.size is None else f"{'about ' if item.size_is_rounded else ''}{decimal(item.size)}"
    name = f"{item.name} › {item.path}" if item.path else item.name
    return FileRow(name, web_address(item.url), size, item.format or item.media_type, item.checksums)


def _citations(registry: Registry, record: ModelRecord) -> tuple[CitationText, ...]:
    """Return the citation as text, then for programs, then with the data and papers if any are named."""
    found = [CitationText("Citation", cite(record)), CitationText("BibTeX", cite(record, format="bibtex"))]
    named = {"training data": bool(record.related("trained_on")), "papers": any(papers_of(record))}
    with_data, with_paper = named.values()
    whole = cite(record, with_data=with_data, with_paper=with_paper, registry=registry)
    if whole.count("\n\n"):
        words = " and ".join(name for name, is_named in named.items() if is_named)
        found.append(CitationText(f"With its {words}", whole))
    return tuple(found)


def _formats(site: Site, entry: Entry) -> tuple[Link, ...]:
    return tuple(Link(item.name, item.url(site, entry)) for item in describing(entry.present_record))
