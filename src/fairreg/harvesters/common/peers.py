# SPDX-License-Identifier: MIT
"""Other fairreg servers as sources: all they hold over ``/oai``, and searches over ``/api``.

A peer's name is its base URL. What it sends is judged before it is stored: it is hearsay, see
`registry.ingest.hearsay`.
"""

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from functools import cache
from typing import Any, ClassVar, NamedTuple, cast
from urllib.parse import quote, urlencode
from xml.etree import ElementTree as ET

from fairreg.addresses import parse
from fairreg.errors import BadAnswer, NotFound, RecordError, UsageError
from fairreg.formats.datacite_kernel.xml import FAULTS, TooManyParts, parsed_xml
from fairreg.formats.rdf_xml.names import RDF
from fairreg.harvesters.base import FetchedPayload, Harvester, Hit, HitPage, Payload, payloads_of
from fairreg.harvesters.common.statements import heard_record
from fairreg.schemas.identifiers import Identifier
from fairreg.schemas.json_reader import JsonNode
from fairreg.schemas.record import ModelRecord
from fairreg.schemas.text import one_line, visible
from fairreg.web import HttpClient, Response, RetryPolicy
from fairreg.web.listings import MOST_ITEMS, damaged_payload

__all__ = ["PREFIX", "ListPlace", "Peer", "PeerItem", "PeerPage", "TokenRefused", "peer_at"]

PREFIX = "rdf"
_OAI = "{http://www.openarchives.org/OAI/2.0/}"
_STAMP = re.compile(r"\d{4}-\d{2}-\d{2}(?:T\d{2}:\d{2}:\d{2}Z)?", re.ASCII)
_SET = re.compile(r"[A-Za-z0-9_.!~*'()-]+(?::[A-Za-z0-9_.!~*'()-]+)*", re.ASCII)
_LONGEST_TOKEN = 4000
_LONGEST_NAME = 4000
_MOST_PAGES = 1_000_000
# Of one page of a list, and of one answer of the API, in bytes.
_MOST_OF_PAGE, _MOST_OF_ANSWER = 32 * 2**20, 8 * 2**20
_MOST_OF_SEARCH = 100
# Pages of the results of a search: who asks live reads few.
_MOST_SEARCH_PAGES = 10
_FINGERPRINT = re.compile(r"[a-z0-9:_.-]{1,200}", re.ASCII)


class ListPlace(NamedTuple):
    """Place in a list of items: its first datestamp and set, the next token, and the newest datestamp so far.

    `ordered`: all datestamps so far ascended, so that nothing before `newest` is left.
    """

    start: str = ""
    set_spec: str = ""
    token: str = ""
    newest: str = ""
    ordered: bool = True

    def after(self, page: "PeerPage") -> "ListPlace":
        """Return the place after a page; datestamps of the future, which would hide changes, do not count."""
        latest = (datetime.now(UTC) - timedelta(seconds=1)).strftime("%Y-%m-%dT%H:%M:%SZ")
        stamps = [self.newest, *(min(item.datestamp, latest) for item in page.items if item.datestamp)]
        ordered = self.ordered and stamps == sorted(stamps)
        return self._replace(token=page.token or "", newest=max(stamps), ordered=ordered)

    @property
    def next_start(self) -> str:
        """Datestamp from which a later harvest has to ask, once the list has ended."""
        return self.newest or self.start


class PeerItem(NamedTuple):
    """Item of a list: its name there, the datestamp, and its metadata, None where it is deleted."""

    name: str
    datestamp: str
    metadata: ET.Element | None
    deleted: bool


class PeerPage(NamedTuple):
    """Page of a list; `error` is a code of OAI-PMH, `message` its words."""

    items: tuple[PeerItem, ...] = ()
    token: str | None = None
    error: str | None = None
    message: str | None = None


class TokenRefused(UsageError):
    """A place in a list that the server does not know any more, as after a return to a backup."""


class Peer(Harvester):
    """Another fairreg server; `name` is its base URL. Made by `peer_at`."""

    name: ClassVar[str]

    @property
    def title(self) -> str:
        """Host and port."""
        return self.host

    @property
    def host(self) -> str:
        """Host and port."""
        return parse(self.name).netloc

    def identify(self, web: HttpClient) -> None:
        """Ask who it is. Raises BadAnswer unless it is a registry with complete records and deletions."""
        stated = self._identity(web)
        if stated.get("protocolVersion") != "2.0" or stated.get("deletedRecord") != "persistent":
            raise self._other_server()
        page = self._oai(web, {"verb": "ListMetadataFormats"})
        if PREFIX not in {item.text for item in page.iter(f"{_OAI}metadataPrefix")}:
            raise self._other_server()

    def earliest(self, web: HttpClient) -> str:
        """Return the datestamp before which nothing changed; an empty text where there is none."""
        stamp = self._identity(web).get("earliestDatestamp", "").strip()
        return stamp if _STAMP.fullmatch(stamp) else ""

    def _identity(self, web: HttpClient) -> dict[str, str]:
        found = self._oai(web, {"verb": "Identify"}).find(f"{_OAI}Identify")
        return {part.tag.removeprefix(_OAI): part.text or "" for part in found} if found is not None else {}

    def pages(self, web: HttpClient, place: ListPlace) -> Iterator[tuple[PeerPage, ListPlace]]:
        """Yield the pages of the list from a place on, each with the place after it.

        Raises UsageError for a set that it rejects, TokenRefused for a token, and BadAnswer for a list that
        goes round.
        """
        if place.set_spec and _SET.fullmatch(place.set_spec) is None:
            raise UsageError(
                f"{place.set_spec[:80]!r} is not a set.",
                hint="Of another registry the query is a set, such as kind:model or source:zenodo.",
            )
        seen: set[int] = set()
        for _ in range(_MOST_PAGES):
            page = self._page(web, place)
            place = place.after(page)
            yield page, place
            if not place.token:
                return
            if not page.items or hash(place.token) in seen:
                break
            seen.add(hash(place.token))
        raise BadAnswer(f"{self.host} keeps repeating the same pages.", hint="Try again later.")

    def _page(self, web: HttpClient, place: ListPlace) -> PeerPage:
        asked = {"verb": "ListRecords"}
        if place.token:
            asked["resumptionToken"] = place.token
        else:
            stated = {"metadataPrefix": PREFIX, "from": place.start, "set": place.set_spec}
            asked |= {name: value for name, value in stated.items() if value}
        page = _page_of(self._oai(web, asked), self.host)
        if page.error in {None, "noRecordsMatch"}:
            return page
        fault = TokenRefused if place.token else UsageError
        raise fault(
            f"{self.host} rejected the request ({page.error}: {page.message or 'no reason given'}).",
            hint="Of another registry the query is a set, such as kind:model or source:zenodo.",
        )

    def _oai(self, web: HttpClient, asked: dict[str, str]) -> ET.Element:
        policy = _limited(web, _MOST_OF_PAGE)
        answer = web.get(f"{self.name}/oai", params=asked, accept="text/xml, application/xml", policy=policy)
        refusal = BadAnswer(f"{self.host} sent XML with a document type; it was rejected unread.")
        try:
            root = parsed_xml(answer.body, refusal=refusal)
        except TooManyParts as error:
            raise BadAnswer(f"{self.host} sent XML of {error}; it was not read.") from error
        except FAULTS as error:
            raise self._other_server() from error
        if root.tag != f"{_OAI}OAI-PMH":
            raise self._other_server()
        return root

    def _other_server(self) -> BadAnswer:
        return BadAnswer(
            f"{self.name} does not answer as a fairreg server does.",
            hint="Give the address that `fairreg serve` prints, without /oai.",
        )

    def search(
        self,
        web: HttpClient,
        query: str,
        *,
        since: date | None = None,  # noqa: ARG002 - `pages` lists changes
        cursor: str | None = None,  # noqa: ARG002 - one page is enough for a live search
        limit: int | None = None,
        page_size: int | None = None,  # noqa: ARG002
    ) -> Iterator[HitPage]:
        """Yield the results of its own search, best first, a few on each page: each is a request more.

        One that is not there any more is left out, and one that cannot be read is damaged.
        """
        size = min(limit or _MOST_OF_SEARCH, _MOST_OF_SEARCH)
        url = f"{self.name}/api/search?{urlencode({'q': query, 'limit': size})}"
        rows = list(JsonNode(self._api(web, url)).at("results").items())[:size]
        names = [name for row in rows if (name := row["id"].text)]
        step = -(-len(names) // _MOST_SEARCH_PAGES) or 1
        for start in range(0, len(names), step):
            end = start + step
            found = tuple(hit for name in names[start:end] for hit in self._hits(web, name))
            yield HitPage(found, None if end >= len(names) else str(end), len(names))

    def _hits(self, web: HttpClient, name: str) -> Iterator[Hit]:
        url = self._record_url(name)
        try:
            yield Hit.of(self._api(web, url))
        except NotFound:  # it was removed after the search
            return
        except BadAnswer as error:
            yield Hit.of(damaged_payload(error.message, "", name[:_LONGEST_NAME]))

    def with_fingerprint(self, web: HttpClient, fingerprint: str) -> list[JsonNode]:
        """Return what it says of records with these weights: objects with id, title and evidence."""
        if _FINGERPRINT.fullmatch(fingerprint) is None:
            return []
        answer = self._api(web, f"{self.name}/api/fingerprints/{quote(fingerprint, safe=':')}")
        return list(JsonNode(answer).at("records").items())[:_MOST_OF_SEARCH]

    def _api(self, web: HttpClient, url: str) -> Any:
        answer: Response = web.get(url, policy=_limited(web, _MOST_OF_ANSWER))
        return answer.json()

    def _record_url(self, name: str) -> str:
        return f"{self.name}/api/records/{quote(name[:_LONGEST_NAME], safe=':/')}"

    def handles(self, identifier: Identifier) -> bool:  # noqa: ARG002 - see the answer
        """Handle no identifier: sources are asked for records, a peer for all that it holds."""
        return False

    def fetch(self, web: HttpClient, identifier: Identifier) -> FetchedPayload:
        """Fetch the record that the peer merged from its sources."""
        url = self._record_url(identifier.compact)
        payload = Hit.of(self._api(web, url))
        return FetchedPayload(payload.payload, payload.raw, url)

    def to_record(self, payload: Payload) -> ModelRecord:
        """Return the record in an answer of ``/api/records``, under the source that first said it."""
        stated = payload.get("record")
        if not isinstance(stated, dict):
            raise RecordError(f"{self.host} sent no record.", violations=(("$.record", "is missing"),))
        return heard_record(ModelRecord.from_json(stated), self.host)

    def split(self, page: object) -> Iterator[Payload]:
        """The answer itself."""
        yield from payloads_of(JsonNode(page))


@cache
def peer_at(url: str) -> Peer:
    """Return the peer with a canonical base URL (`addresses.peer_url`)."""
    return cast("Peer", type("PeerAt", (Peer,), {"name": url, "__doc__": Peer.__doc__})())


def _limited(web: HttpClient, most: int) -> RetryPolicy:
    return replace(web.policy, most_bytes=most)


def _page_of(root: ET.Element, host: str) -> PeerPage:
    fault = root.find(f"{_OAI}error")
    if fault is not None:
        code, words = one_line(fault.get("code", "unknown")), one_line(fault.text or "")
        return PeerPage(error=code[:80], message=visible(words)[:500])
    listed = root.find(f"{_OAI}ListRecords")
    if listed is None:
        raise BadAnswer(f"{host} answered with neither records nor an error.", hint="Try again later.")
    records = listed.findall(f"{_OAI}record")
    if len(records) > MOST_ITEMS:
        raise BadAnswer(f"{host} sent a page of {len(records):,} records; at most {MOST_ITEMS:,} are read.")
    token = (listed.findtext(f"{_OAI}resumptionToken") or "").strip()
    if len(token) > _LONGEST_TOKEN:
        raise BadAnswer(f"{host} sent a resumption token of {len(token):,} characters.")
    return PeerPage(tuple(map(_item_of, records)), token or None)


def _item_of(record: ET.Element) -> PeerItem:
    header = record.find(f"{_OAI}header")
    if header is None:
        return PeerItem("", "", None, deleted=False)
    stamp = (header.findtext(f"{_OAI}datestamp") or "").strip()
    return PeerItem(
        one_line(header.findtext(f"{_OAI}identifier") or "")[:_LONGEST_NAME],
        stamp if _STAMP.fullmatch(stamp) else "",
        record.find(f"{_OAI}metadata/{{{RDF}}}RDF"),
        header.get("status") == "deleted",
    )
