# SPDX-License-Identifier: MIT
"""Zenodo: records by number, DOI or concept, and search (https://developers.zenodo.org)."""

from collections.abc import Callable, Iterator
from datetime import date
from http import HTTPStatus
from typing import ClassVar
from urllib.parse import parse_qsl

from fairreg.errors import BadAnswer, NotFound, UsageError
from fairreg.harvesters.base import FetchedPayload, Harvester, Hit, HitPage, Payload, payloads_of
from fairreg.harvesters.common.paging import is_last, object_of, within
from fairreg.harvesters.zenodo.mapping import concept_number, own_dois, record_number, record_of
from fairreg.schemas.identifiers import Identifier, zenodo_of_doi
from fairreg.schemas.json_reader import JsonNode
from fairreg.schemas.record import ModelRecord
from fairreg.web import HttpClient, Response

__all__ = ["HARVESTER", "ZenodoHarvester"]

RECORDS = "https://zenodo.org/api/records"
# Zenodo rejects a page that ends beyond this hit.
WINDOW = 10_000
_CANDIDATES = 10  # hits of a search for an identifier that are looked at


class ZenodoHarvester(Harvester):
    """Zenodo, in the legacy-compatible shape of its ``application/json``."""

    name: ClassVar[str] = "zenodo"

    def handles(self, identifier: Identifier) -> bool:
        """Record numbers and the DOIs that Zenodo mints; `fetch` finds records with other DOIs too."""
        return _number(identifier) is not None

    def fetch(self, web: HttpClient, identifier: Identifier) -> FetchedPayload:
        """Fetch the record of a number or DOI. A concept gives its newest version, marked `asked_concept`.

        Raises NotFound, Gone with the tombstone's reason, UsageError for an identifier of another service.
        """
        number = _number(identifier)
        if number is not None:
            return self._by_number(web, number)
        if identifier.key[0] != "doi":
            raise UsageError(f"Zenodo has no {identifier.scheme} identifiers.", hint="Give a DOI.")
        doi = identifier.value.casefold()
        return self._found(
            web, f'doi:"{identifier.value}"', f"of the DOI {doi}", lambda top: doi in own_dois(top)
        )

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
        """Pages of hits, the most recent first, within Zenodo's window of 10,000 hits (a note says so)."""
        from fairreg.harvesters.common.lucene import changed_since  # single records need no search

        asked = changed_since(query, since)
        first, size = _read_cursor(cursor, min(page_size or self.guest_page_limit, limit or WINDOW))
        pages = self._pages(web.asking("search"), RECORDS, {"q": asked, "sort": "mostrecent"}, first, size)
        yield from within(pages, limit)

    def to_record(self, payload: Payload) -> ModelRecord:
        """The record of a payload in any of Zenodo's shapes. Raises RecordError with the JSON path."""
        return record_of(payload)

    def files_address(self, record: ModelRecord) -> str | None:
        """The list of the files, which InvenioRDM refuses by 403 where the files are restricted."""
        number = record.provenance.source_id
        return f"{RECORDS}/{number}/files" if number.isdigit() else None

    def split(self, page: object) -> Iterator[Payload]:
        """The hits of a search page, the items of a deposit list, or the one record itself."""
        top = JsonNode(page)
        hits = top.at("hits", "hits") if top["hits"].is_object else top
        yield from payloads_of(hits)

    def withdrawn(self, payload: Payload) -> tuple[str, str] | None:
        """Source id and reason of a tombstone."""
        top = JsonNode(payload)
        tombstone, number = top["tombstone"], record_number(top)
        if not tombstone.is_object or number is None:
            return None
        reason = tombstone["removal_reason"]
        said = tombstone["note"].text or reason["title"].label or reason["id"].text or reason.text
        return number, said or "withdrawn"

    def _by_number(self, web: HttpClient, number: str) -> FetchedPayload:
        try:
            answer = web.get(f"{RECORDS}/{number}")
        except NotFound as error:
            # Gone means that the record existed; only a number without a record may be a concept's.
            if type(error) is not NotFound:
                raise
            return self._newest(web, number)
        return _fetched(answer, number)

    def _newest(self, web: HttpClient, concept: str) -> FetchedPayload:
        """Fetch the newest version of a concept that Zenodo does not redirect."""
        try:
            return _fetched(web.get(f"{RECORDS}/{concept}/versions/latest"), concept)
        except NotFound as error:
            if type(error) is not NotFound:
                raise
        return self._found(
            web,
            f"conceptrecid:{concept}",
            concept,
            lambda top: concept_number(top) == concept,
            asked=concept,
        )

    def _found(
        self,
        web: HttpClient,
        query: str,
        what: str,
        meant: Callable[[JsonNode], bool],
        *,
        asked: str = "",
    ) -> FetchedPayload:
        """Fetch the first hit that is what was asked for: a search may give any record."""
        for page in self.search(web, query, limit=_CANDIDATES):
            for hit in page.hits:
                top = JsonNode(hit.payload)
                if meant(top):
                    concept = _is_concept(top, asked)
                    return FetchedPayload(hit.payload, hit.raw, RECORDS, asked_concept=concept)
        raise NotFound(f"Zenodo has no record {what}.", hint="Check the identifier.")

    def _pages(
        self, web: HttpClient, url: str, asked: dict[str, str], number: int, size: int
    ) -> Iterator[HitPage]:
        while True:
            if number * size > WINDOW:
                raise _beyond_window()
            answer, size = self._page(web, url, asked, number, size)
            page = self._read(answer, number, size)
            yield page
            if page.cursor is None:
                return
            number += 1

    def _page(
        self, web: HttpClient, url: str, asked: dict[str, str], number: int, size: int
    ) -> tuple[Response, int]:
        """Return the page and its size as Zenodo accepted it: an invalid token has a guest's limit."""
        try:
            return web.get(url, params={**asked, "page": number, "size": size}), size
        except BadAnswer as error:
            if error.status != HTTPStatus.BAD_REQUEST or size <= self.guest_page_limit:
                raise
            if number > 1:
                raise BadAnswer(
                    f"Zenodo rejects pages of {size} hits ({error.message})",
                    status=error.status,
                    hint=f"Guests get {self.guest_page_limit}: check ZENODO_TOKEN, then start again.",
                ) from error
        return web.get(url, params={**asked, "page": 1, "size": self.guest_page_limit}), self.guest_page_limit

    def _read(self, answer: Response, number: int, size: int) -> HitPage:
        top = JsonNode(answer.listing())
        if not isinstance(top.at("hits", "hits").value, list):
            raise BadAnswer(f"{self.title} did not answer with a search page.", hint="Try again later.")
        hits = tuple(map(Hit.of, self.split(top.value)))
        total = top.at("hits", "total").count or top.at("hits", "total", "value").count
        last = is_last(top.at("hits", "hits").value, size, reached=number * size, total=total)
        if not last and (number + 1) * size > WINDOW:
            note = (
                f"Zenodo shows the first {WINDOW:,} of {total or 'more'} hits; narrow the query or the dates."
            )
            return HitPage(hits, None, total, note)
        return HitPage(hits, None if last else f"page={number + 1}&size={size}", total)


def _number(identifier: Identifier) -> str | None:
    if identifier.scheme == "zenodo":
        return identifier.value if identifier.value.isdigit() else None
    return zenodo_of_doi(identifier.value) if identifier.scheme in {"doi", "concept_doi"} else None


def _fetched(answer: Response, asked: str) -> FetchedPayload:
    payload = object_of(answer, "Zenodo", "record")
    return FetchedPayload(
        payload, answer.body, answer.url, asked_concept=_is_concept(JsonNode(payload), asked)
    )


def _is_concept(top: JsonNode, asked: str) -> bool:
    return record_number(top) != asked and concept_number(top) == asked


def _read_cursor(cursor: str | None, size: int) -> tuple[int, int]:
    if cursor is None:
        return 1, size
    fields = JsonNode(dict(parse_qsl(cursor)))
    page, kept = fields["page"].count, fields["size"].count
    if not page or not kept:
        raise UsageError(f"{cursor!r} is not a position in a Zenodo search.", hint="Start the harvest again.")
    return page, kept


def _beyond_window() -> UsageError:
    return UsageError(
        f"Zenodo shows only the first {WINDOW:,} hits of a search.",
        hint="Narrow the query or give a later --since date.",
    )


HARVESTER = ZenodoHarvester()
