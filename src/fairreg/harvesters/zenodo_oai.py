# SPDX-License-Identifier: MIT
"""Zenodo in bulk over OAI-PMH: beyond the 10,000 hits of its search (https://developers.zenodo.org/#oai-pmh).

The records are statements of Zenodo like those of `zenodo`, but without files. Zenodo gives 50 per page and
forgets a resumption token after two minutes; its pages are not in the order of their datestamps.
"""

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime
from http import HTTPStatus
from typing import TYPE_CHECKING, ClassVar, NamedTuple
from urllib.parse import parse_qsl, urlencode

import msgspec

from fairreg.errors import BadAnswer, NotFound, UsageError
from fairreg.harvesters.base import FetchedPayload, Harvester, Hit, HitPage, Payload, payloads_of
from fairreg.schemas.datacite_terms import distinct_identifiers
from fairreg.schemas.identifiers import Identifier, zenodo_of_doi
from fairreg.schemas.json_reader import JsonNode, canonical, violation
from fairreg.schemas.record import ModelRecord
from fairreg.web import HttpClient
from fairreg.web.listings import damage_of, damaged_payload

if TYPE_CHECKING:
    from fairreg.harvesters.common.oai_pmh import OaiPage

__all__ = ["HARVESTER", "ZenodoOaiHarvester"]

ENDPOINT = "https://zenodo.org/oai2d"
PREFIX = "oai_datacite"
PAGE_SIZE = 50
_IDENTIFIER = "oai:zenodo.org:"
_RECORD = re.compile(rb"<(?:[A-Za-z_][\w.-]*:)?record[\s>]")
_STAMP = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}(?:T[0-9]{2}:[0-9]{2}:[0-9]{2}Z)?")


class _At(NamedTuple):
    """Position in a list of records: its first day or datestamp, the set, the token of the next page.

    `latest` is the last datestamp as long as all came in ascending order, else empty.
    """

    start: str = ""
    set_spec: str = ""
    token: str = ""
    latest: str = ""
    ordered: str = "1"

    @property
    def cursor(self) -> str:
        return urlencode({name: value for name, value in self._asdict().items() if value})

    def again(self) -> "_At":
        """Return the same list without its token: from the last datestamp where the order allows it."""
        latest = self.latest if self.ordered and _is_past(self.latest) else ""
        return _At(start=latest or self.start, set_spec=self.set_spec)

    def after(self, page: "OaiPage") -> "_At":
        # A wrong datestamp, as of a damaged record, would make the list go on behind what it still holds.
        stated = [item["header"].get("datestamp") or "" for item in page.records if damage_of(item) is None]
        stamps = [stamp for stamp in stated if _is_past(stamp)]
        ascending = bool(self.ordered) and [self.latest, *stamps] == sorted([self.latest, *stamps])
        latest = max([self.latest, *stamps])
        return self._replace(token=page.token or "", latest=latest, ordered="1" if ascending else "")


class ZenodoOaiHarvester(Harvester):
    """Zenodo's OAI-PMH interface, in ``oai_datacite``.

    The payload is made of the XML by `oai_pmh`: ``{"header": {...}, "attributes": {...}}``, the attributes
    named as in DataCite's JSON.
    """

    name: ClassVar[str] = "zenodo_oai"
    searchable: ClassVar[bool] = False
    double_of: ClassVar[str | None] = "zenodo"
    guest_page_limit: ClassVar[int] = PAGE_SIZE
    token_page_limit: ClassVar[int] = PAGE_SIZE

    def handles(self, identifier: Identifier) -> bool:  # noqa: ARG002 - see the answer
        """Handle no identifier: `zenodo` fetches single records, with their files."""
        return False

    def query_fault(self, query: str) -> str | None:
        """Return why the service would refuse a query: it takes the name of one set."""
        return "the query is the name of one set, without blanks" if len(query.split()) > 1 else None

    def fetch(self, web: HttpClient, identifier: Identifier) -> FetchedPayload:
        """The record of a Zenodo number or DOI without its files. Raises NotFound, UsageError."""
        number = identifier.value if identifier.scheme == "zenodo" else zenodo_of_doi(identifier.value)
        if number is None:
            raise UsageError("Zenodo's OAI-PMH identifies records by number.", hint="Give a Zenodo DOI.")
        asked = {"verb": "GetRecord", "metadataPrefix": PREFIX, "identifier": _IDENTIFIER + number}
        page = self._ask(web, asked)
        if page.error == "idDoesNotExist" or not page.records:
            raise NotFound(f"Zenodo has no record {number}.", hint="Check the identifier.")
        payload = page.records[0]
        damage = damage_of(payload)
        if damage is not None:
            raise BadAnswer(f"Zenodo's record {number} is damaged: {damage.reason}.", hint="Try again later.")
        return FetchedPayload(payload, canonical(payload), f"{ENDPOINT}?{urlencode(asked)}")

    def search(
        self,
        web: HttpClient,
        query: str,
        *,
        since: date | None = None,
        cursor: str | None = None,
        limit: int | None = None,
        page_size: int | None = None,  # noqa: ARG002 - OAI-PMH leaves it to the server
    ) -> Iterator[HitPage]:
        """Yield pages of changes since a day; `query` names an OAI set (``user-<community>``), empty: all.

        When Zenodo forgets a token, the list restarts from the last datestamp if they came in order; repeated
        records change nothing. Raises BadAnswer when it would restart twice from the same place, and when it
        goes round or has nothing left after a restart.
        """
        at = _read_cursor(cursor) if cursor else _At(since.isoformat() if since else "", query.strip())
        left, restarted, seen = limit, None, {at.token}
        while left is None or left > 0:
            page = self._list(web.asking("search"), at)
            if page is None:
                at, restarted, seen = _restart(at, restarted), at.again(), set()
                continue
            if restarted is not None and not (at.token or page.token or page.records):
                # The list held records from here on. With this status, a resumed harvest starts afresh.
                raise BadAnswer(
                    "Zenodo's OAI-PMH lost the rest of a list: it finds no record where the list went on.",
                    status=HTTPStatus.BAD_REQUEST,
                    hint="Harvest again; it starts from the beginning.",
                )
            at = at.after(page)
            if at.token and at.token in seen:
                raise BadAnswer("Zenodo's OAI-PMH keeps repeating the same pages.", hint="Try again later.")
            seen.add(at.token)
            hits = tuple(map(Hit.of, page.records[:left]))
            yield HitPage(hits, at.cursor if page.token else None, page.total, page.note)
            left = None if left is None else left - len(hits)
            if not page.token:
                return

    def to_record(self, payload: Payload) -> ModelRecord:
        """The record of a payload, a statement of Zenodo's. Raises RecordError with the JSON path."""
        from fairreg.formats.datacite_kernel.reading import record_of  # not needed to list the sources

        top = JsonNode(payload)
        number = _number(top)
        if number is None:
            raise violation(top.at("header", "identifier"), "names no Zenodo record", source=self.title)
        if not top["attributes"].is_object:
            raise violation(top["attributes"], "is missing", source=self.title)
        record = record_of({"attributes": top["attributes"].value})
        return msgspec.structs.replace(
            record,
            identifiers=distinct_identifiers(
                (*record.identifiers, Identifier("zenodo", number), *_repositories(record))
            ),
            date_modified=top.at("header", "datestamp").date or record.date_modified,
            provenance=msgspec.structs.replace(
                record.provenance,
                # A name of its own, so that it never replaces the REST API's statement, which has the files.
                source=self.name,
                source_id=number,
                url=f"https://zenodo.org/records/{number}",
            ),
        )

    def split(self, page: object) -> Iterator[Payload]:
        """The records of a saved answer (its XML), or the one payload itself."""
        if isinstance(page, str | bytes):
            from fairreg.harvesters.common.oai_pmh import read_page  # not needed to list the sources

            body = page.encode("utf-8", "replace") if isinstance(page, str) else page
            try:
                yield from read_page(body, title=self.title).records
            except BadAnswer as error:
                if _RECORD.search(body):
                    yield damaged_payload(
                        f"its page is damaged as a whole: {error.message.removesuffix('.')}", ""
                    )
        else:
            yield from payloads_of(JsonNode(page))

    def withdrawn(self, payload: Payload) -> tuple[str, str] | None:
        """Number and reason where the header says that the record was deleted."""
        top = JsonNode(payload)
        number = _number(top)
        if top.at("header", "status").text != "deleted" or number is None:
            return None
        return number, f"deleted at Zenodo ({top.at('header', 'datestamp').text or 'no date'})"

    def _list(self, web: HttpClient, at: _At) -> "OaiPage | None":
        """Return a page of the list; None when Zenodo no longer knows the token."""
        if at.token:
            asked = {"resumptionToken": at.token}
        else:
            asked = {"metadataPrefix": PREFIX, "from": at.start, "set": at.set_spec}
        try:
            page = self._ask(
                web, {"verb": "ListRecords", **{name: value for name, value in asked.items() if value}}
            )
        except BadAnswer as error:
            if at.token and error.status == HTTPStatus.UNPROCESSABLE_ENTITY:
                return None
            raise
        if page.error == "badResumptionToken" and at.token:
            return None
        if page.error not in {None, "noRecordsMatch"}:
            raise UsageError(
                f"Zenodo's OAI-PMH rejected the request ({page.error}: {page.message or 'no reason given'}).",
                hint="The query of this source is the name of a set, such as user-<community>.",
            )
        return page

    def _ask(self, web: HttpClient, asked: dict[str, str]) -> "OaiPage":
        from fairreg.harvesters.common.oai_pmh import read_page  # as in `split`

        answer = web.get(ENDPOINT, params=asked, accept="text/xml, application/xml")
        return read_page(answer.body, title=self.title)


def _is_past(stamp: str) -> bool:
    """Tell whether a datestamp is one of OAI-PMH 2.0, section 3.3, and is not in the future."""
    try:
        moment = datetime.fromisoformat(stamp) if _STAMP.fullmatch(stamp) else None
    except ValueError:
        return False
    return moment is not None and moment.replace(tzinfo=UTC) <= datetime.now(UTC)


def _restart(at: _At, before: _At | None) -> _At:
    """Return the position to restart from; never twice the same, which would loop endlessly."""
    again = at.again()
    if again == before:
        raise BadAnswer(
            "Zenodo's resumption tokens expire faster than they are used.",
            hint="Harvest a set, or give a later --since date.",
        )
    return again


def _repositories(record: ModelRecord) -> Iterator[Identifier]:
    """Like `zenodo`: the archive of a GitHub release "is supplement to" the tree that it was made from."""
    for item in record.relations:
        if item.target.scheme == "github" and item.type in {"is_supplement_to", "is_identical_to"}:
            yield Identifier("github", item.target.value, f"related identifier: {item.type}")


def _number(top: JsonNode) -> str | None:
    """The record's number: that of its OAI identifier, else of its DOI."""
    stated = top.at("header", "identifier").text or ""
    number = stated.removeprefix(_IDENTIFIER)
    if number != stated and number.isascii() and number.isdigit():
        return number
    return zenodo_of_doi((top.at("attributes", "doi").text or "").lower())


def _read_cursor(cursor: str) -> _At:
    fields = dict(parse_qsl(cursor))
    if not fields or set(fields) - set(_At._fields):
        raise UsageError(f"{cursor!r} is not a position in an OAI-PMH list.", hint="Start the harvest again.")
    return _At(**{**fields, "ordered": fields.get("ordered", "")})


HARVESTER = ZenodoOaiHarvester()
