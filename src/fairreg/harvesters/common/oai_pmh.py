# SPDX-License-Identifier: MIT
"""OAI-PMH 2.0 answers as plain data (http://www.openarchives.org/OAI/openarchivesprotocol.html).

A document with a DOCTYPE is refused where it begins: OAI-PMH has none, and entities are declared there, so
nothing can expand. Metadata in the DataCite schema (``oai_datacite``, ``datacite``) become the attributes
of DataCite's own JSON, so that one mapping reads both.
"""

import re
from typing import Any, NamedTuple
from xml.etree import ElementTree as ET

from fairreg.errors import BadAnswer
from fairreg.formats.datacite_kernel.xml import (
    FAULTS,
    attributes_in,
    child,
    local_name,
    one_line_of,
    parsed_xml,
    resource_in,
)
from fairreg.harvesters.common.oai_recovery import (
    OaiPieces,
    Span,
    header_of,
    is_joined,
    pieces_of,
    reason_of,
    with_plain_text,
)
from fairreg.web.listings import MOST_ITEMS, damage_of, damaged_payload

__all__ = ["OaiPage", "read_page"]

Json = dict[str, Any]
_RECORD_LISTS = {"ListRecords", "GetRecord"}
# Of a damaged record, so much is kept to look at.
_MOST_DAMAGED_BYTES = 64 * 1024
_BOM = b"\xef\xbb\xbf"
_BEFORE = re.compile(rb"(?:\xef\xbb\xbf|\s)*+")


class OaiPage(NamedTuple):
    """One answer: its records as JSON, the resumption token, the number of all records, its error.

    A record is ``{"header": {"identifier", "datestamp", "setSpec": [...], "status"?}, "attributes": {...}}``;
    `attributes` is missing for a deleted one. One that cannot be read has what its header states, and the
    member of `web.listings.damaged_payload`. `error` is the protocol's code, such as ``noRecordsMatch``;
    `note` says what was repaired.
    """

    records: tuple[Json, ...]
    token: str | None = None
    total: int | None = None
    error: str | None = None
    message: str | None = None
    note: str | None = None


def read_page(body: bytes, *, title: str) -> OaiPage:
    """Parse an answer of the service called `title`; a damaged record spoils no other.

    Raises BadAnswer where it is not OAI-PMH, or is damaged as a whole.
    """
    before = _BEFORE.match(body)
    started = body[before.end() :] if before else body
    try:
        page = _page_of(_parsed(started, title), title)
    except FAULTS as error:
        pieces = pieces_of(started)
        if pieces is None:
            raise _invalid(title, error) from error
        return _recovered(pieces, title)
    # XML 1.0, section 2.8: nothing may stand before the declaration.
    misplaced = started.startswith(b"<?xml") and started not in {body, body.removeprefix(_BOM)}
    return page._replace(note=f"{title} sends blanks before XML; they were skipped." if misplaced else None)


def _parsed(body: bytes, title: str) -> ET.Element:
    refusal = BadAnswer(
        f"{title} sent XML with a document type, which OAI-PMH never has; it was rejected unread."
    )
    return parsed_xml(body, refusal=refusal)


def _invalid(title: str, error: Exception) -> BadAnswer:
    return BadAnswer(f"{title} answered with invalid XML ({error}).", hint="Try again later.")


def _recovered(pieces: OaiPieces, title: str) -> OaiPage:
    """Read a page record by record. Raises BadAnswer where what is around the records is damaged."""
    read = _pages_of_records(pieces, title)
    joined = [
        place for place, page in zip(pieces.places, read, strict=True) if _is_joined(pieces, place, page)
    ]
    if pieces.unended:
        joined = [*(place for place in joined if place != pieces.places[-1]), pieces.unended]
    again = pieces_of(pieces.body, joined) if joined else None
    if again is not None:
        pieces, read = again, _pages_of_records(again, title)
    try:
        page = _page_of(_parsed(pieces.envelope, title), title)
    except FAULTS as error:
        if pieces.has_token:
            raise BadAnswer(
                f"{title} sent a page whose end, with its resumption token, cannot be read ({error}).",
                hint="Try again later.",
            ) from error
        raise _invalid(title, error) from error
    if not pieces.has_token:
        # One between two records went with the first of them.
        page = page._replace(token=next((part.token for part in read if part.token), None))
    page = page._replace(records=tuple(item for part in read for item in part.records))
    if any(map(damage_of, page.records)):
        return page
    return page._replace(
        note=f"A page of {title} is damaged outside of its records; they were read one by one."
    )


def _pages_of_records(pieces: OaiPieces, title: str) -> list[OaiPage]:
    _refuse_too_many(len(pieces.places), title)
    return [_page_of_record(pieces, place, title) for place in pieces.places]


def _page_of_record(pieces: OaiPieces, place: Span, title: str) -> OaiPage:
    record = pieces.record(place)
    try:
        page = _page_of(_parsed(pieces.document(record), title), title)
    except FAULTS as error:
        reason = reason_of(record, error)
    else:
        if len(page.records) == 1:
            return page
        reason = "it is not one record"
    header = header_of(record, pieces.prefix)
    text = record[:_MOST_DAMAGED_BYTES].decode("utf-8", "backslashreplace")
    return OaiPage(({"header": header, **damaged_payload(reason, text, header.get("identifier"))},))


def _is_joined(pieces: OaiPieces, place: Span, page: OaiPage) -> bool:
    record = pieces.record(place)
    if not any(map(damage_of, page.records)) or not is_joined(record, pieces.prefix):
        return False
    try:
        _parsed(pieces.document(with_plain_text(record)), "")
    except FAULTS:
        return True
    return False


def _page_of(root: ET.Element, title: str) -> OaiPage:
    if local_name(root) != "OAI-PMH":
        raise BadAnswer(
            f"{title} answered with <{local_name(root)}> instead of OAI-PMH.", hint="Try again later."
        )
    # A record may hold elements of any name: only the children of the list are its records and its token.
    lists = [part for part in root if local_name(part) in _RECORD_LISTS]
    listed = [item for part in lists for item in part]
    records = [item for item in listed if local_name(item) == "record"]
    _refuse_too_many(len(records), title)
    fault = next((item for item in root if local_name(item) == "error"), None)
    if not lists and fault is None:
        raise BadAnswer(f"{title} answered with neither records nor an error.", hint="Try again later.")
    tokens = [item for item in listed if local_name(item) == "resumptionToken"]
    token = next((text for item in tokens if (text := one_line_of(item))), None)
    size = next((text for item in tokens if (text := item.get("completeListSize"))), "")
    return OaiPage(
        tuple(map(_record, records)),
        token=token,
        total=int(size) if size.isascii() and size.isdigit() and len(size) < len("1" + "0" * 18) else None,
        error=fault.get("code", "unknown") if fault is not None else None,
        message=one_line_of(fault) if fault is not None else None,
    )


def _refuse_too_many(count: int, title: str) -> None:
    if count > MOST_ITEMS:
        raise BadAnswer(f"{title} sent a page of {count:,} records; at most {MOST_ITEMS:,} are read.")


def _record(item: ET.Element) -> Json:
    header = child(item, "header")
    read: Json = {"header": _header(header) if header is not None else {}}
    resource = resource_in(item)
    if resource is not None:
        read["attributes"] = attributes_in(resource)
    return read


def _header(header: ET.Element) -> Json:
    read: Json = {name: one_line_of(child(header, name)) for name in ("identifier", "datestamp")}
    read["setSpec"] = [
        text for part in header if local_name(part) == "setSpec" and (text := one_line_of(part))
    ]
    if header.get("status"):
        read["status"] = header.get("status")
    return read
