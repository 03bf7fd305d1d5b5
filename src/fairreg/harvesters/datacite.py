# SPDX-License-Identifier: MIT
"""DataCite: the metadata of any DOI that it registered, and search (https://support.datacite.org/docs/api)."""

import re
from collections.abc import Iterator
from datetime import date
from typing import ClassVar, NamedTuple
from urllib.parse import parse_qs, parse_qsl, urlencode, urlsplit

from fairreg.errors import BadAnswer, RecordError, UsageError
from fairreg.harvesters.base import FetchedPayload, Harvester, Hit, HitPage, Payload, payloads_of
from fairreg.harvesters.common.paging import object_of, within
from fairreg.schemas.file_address import quoted_path
from fairreg.schemas.identifiers import DOI_SCHEMES, Identifier, normalise_doi
from fairreg.schemas.json_reader import JsonNode
from fairreg.schemas.record import ModelRecord
from fairreg.web import HttpClient

__all__ = ["HARVESTER", "DataCiteHarvester", "Registration", "registration"]

DOIS = "https://api.datacite.org/dois"
# Numbered pages end here: a higher number returns the last page again, without an error.
WINDOW = 10_000
# Default filter: DataCite registers articles, images and samples by the million. It takes several ids,
# separated by commas.
BULK_TYPES = "model,software,dataset"
# Without it the API states affiliations as names (support.datacite.org, "Can I see more detailed affiliation
# information in the REST API?").
_WHOLE = {"affiliation": "true"}
_NUMBER = re.compile(r"[0-9]{1,9}")


class Registration(NamedTuple):
    """DataCite's facts about a DOI itself: its state (findable, registered, draft), types, landing page.

    `contributors` are not part of a record, which knows creators only.
    """

    state: str
    types: tuple[str, ...]
    url: str | None
    contributors: tuple[str, ...] = ()


def registration(payload: Payload) -> Registration:
    """Return the registration in a DOI's document. Raises RecordError for any other document."""
    from fairreg.formats.datacite_kernel.reading import attributes_of  # not needed to list the sources

    top = attributes_of(payload)
    types = tuple(cursor.text for _, cursor in top["types"].members() if cursor.text)
    helped = tuple(name for item in top["contributors"].items() if (name := item["name"].title))
    return Registration(top["state"].text or "findable", types, top["url"].address, helped)


class DataCiteHarvester(Harvester):
    """DataCite's REST API. It has no files, so its records serve where the repository is unavailable."""

    name: ClassVar[str] = "datacite"
    general: ClassVar[bool] = True
    # DataCite allows 1000, but some of its documents have hundreds of kilobytes.
    guest_page_limit: ClassVar[int] = 100

    def handles(self, identifier: Identifier) -> bool:
        """Any DOI; only the answer shows whether DataCite or another agency registered it."""
        return identifier.scheme in DOI_SCHEMES

    def fetch(self, web: HttpClient, identifier: Identifier) -> FetchedPayload:
        """Fetch the document of a DOI with its media. Raises NotFound, UsageError for another scheme."""
        if not self.handles(identifier):
            raise UsageError(f"DataCite has no {identifier.scheme} identifiers.", hint="Give a DOI.")
        answer = web.get(f"{DOIS}/{quoted_path(identifier.value)}", params={"include": "media", **_WHOLE})
        return FetchedPayload(object_of(answer, "DataCite", "document"), answer.body, answer.url)

    def search(
        self,
        web: HttpClient,
        query: str,
        *,
        since: date | None = None,
        cursor: str | None = None,
        limit: int | None = None,
        page_size: int | None = None,
    ) -> Iterator[HitPage]:
        """Pages of hits: numbered ones for a limit within 10,000, else by DataCite's cursor, to the end.

        Without a query only models, software and datasets.
        """
        from fairreg.harvesters.common.lucene import changed_since  # single records need no search

        asked: dict[str, str | int] = {"query": changed_since(query, since)}
        if not query.strip():
            asked["resource-type-id"] = BULK_TYPES
        size = min(page_size or self.guest_page_limit, limit or WINDOW)
        yield from within(self._pages(web.asking("search"), asked, cursor or _start(limit, size)), limit)

    def to_record(self, payload: Payload) -> ModelRecord:
        """The record of a DOI's document. Raises RecordError with the JSON path."""
        from fairreg.formats.datacite_kernel.reading import record_of  # not needed to list the sources

        return record_of(payload)

    def split(self, page: object) -> Iterator[Payload]:
        """The DOIs of a list page, or the one document itself."""
        top = JsonNode(page)
        items = top["data"] if isinstance(top["data"].value, list) else top
        yield from payloads_of(items)

    def withdrawn(self, payload: Payload) -> tuple[str, str] | None:
        """Return the tombstone of a DOI that its repository hid or whose work has a date of withdrawal.

        A hidden DOI has the state `registered` and still resolves.
        """
        from fairreg.formats.datacite_kernel.reading import attributes_of
        from fairreg.formats.datacite_kernel.statements import withdrawal

        try:
            top = attributes_of(payload)
        except RecordError:
            return None
        doi = normalise_doi(top["doi"].text or "")
        if doi is None:
            return None
        if top["state"].text == "registered":
            return doi, top["reason"].text or "its repository withdrew it from DataCite's index"
        gone = withdrawal(top)
        return (doi, gone) if gone else None

    def _pages(self, web: HttpClient, asked: dict[str, str | int], cursor: str) -> Iterator[HitPage]:
        seen = {cursor}
        while True:
            page = self._page(web, asked, cursor)
            yield page
            if page.cursor is None or page.cursor in seen:  # a service may repeat its pages endlessly
                return
            cursor = page.cursor
            seen.add(cursor)

    def _page(self, web: HttpClient, asked: dict[str, str | int], cursor: str) -> HitPage:
        kind, value, size = _read_cursor(cursor)
        answer = web.get(DOIS, params={**asked, **_WHOLE, f"page[{kind}]": value, "page[size]": size})
        top = JsonNode(answer.listing())
        if not isinstance(top["data"].value, list):
            raise BadAnswer("DataCite did not answer with a list of DOIs.", hint="Try again later.")
        hits = tuple(map(Hit.of, self.split(top.value)))
        total = top.at("meta", "total").count
        onward = _next(top.at("links", "next").text, kind) if hits else None
        if kind == "number" and onward and int(value) * size >= WINDOW:
            note = f"DataCite numbers only the first {WINDOW:,} of {total or 'more'} hits; raise the limit."
            return HitPage(hits, None, total, note)
        return HitPage(hits, urlencode({kind: onward, "size": size}) if onward else None, total)


def _start(limit: int | None, size: int) -> str:
    return f"{'number' if limit and limit <= WINDOW else 'cursor'}=1&size={size}"


def _read_cursor(cursor: str) -> tuple[str, str, int]:
    """Return (kind of paging, position, page size) of a cursor."""
    fields = JsonNode(dict(parse_qsl(cursor)))
    size = fields["size"].count
    for kind in ("number", "cursor"):
        value = fields[kind].text
        if value and size:
            return kind, value, size
    raise UsageError(f"{cursor!r} is not a position in a DataCite search.", hint="Start the harvest again.")


def _next(link: str | None, kind: str) -> str | None:
    """The value of ``page[kind]`` in a link to the next page; a page's number is one to nine digits."""
    try:
        values = parse_qs(urlsplit(link or "").query).get(f"page[{kind}]", [])
    except ValueError:
        return None
    value = next(iter(values), None)
    return None if kind == "number" and not _NUMBER.fullmatch(value or "") else value


HARVESTER = DataCiteHarvester()
