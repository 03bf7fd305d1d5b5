# SPDX-License-Identifier: MIT
"""Pages of every source with bad items between good ones, as the bytes that a service would send."""

import json
import re
from collections.abc import Callable, Iterator
from typing import Any

from werkzeug import Request, Response

from support.services import page_of

__all__ = ["BAD_RECORDS", "MUTATED", "UNREADABLE", "garden_page", "oai_page", "oai_record", "page", "respond"]

_PLACE = '"the place of a bad item"'
# What is no record whatever the source, by kind: the bytes of the item.
UNREADABLE = {
    "null": b"null",
    "a number": b"7",
    "a text": b'"record"',
    "a list": b"[[1], null]",
    "an empty object": b"{}",
    "an id of another type": b'{"id": {"id": [1]}, "recid": true, "full_name": {}}',
    "an id of another kind": b'{"id": "../../etc/passwd", "full_name": "a/b/c", "doi": 10.5}',
    "a byte of Latin-1": b'{"id": 5, "title": "M\xfcller"}',
    "a control character": b'{"id": 5, "title": "vertical\x0btab"}',
    "a missing comma": b'{"id": 5 "title": "x"}',
    "an invalid escape": b'{"id": 5, "title": "\\x41"}',
    "a word that is no JSON": b"undefined",
    "too many digits": b'{"id": 5, "size": ' + b"9" * 5000 + b"}",
    "deep nesting": b'{"id": 5, "files": ' + b"[" * 300 + b"]" * 300 + b"}",
    # Deeper than Python's parser goes; `tests/test_listings.py` reads ten times and twenty times the depth.
    "very deep nesting": b'{"id": 5, "files": ' + b'{"a":' * 10_000 + b"1" + b"}" * 10_000 + b"}",
}
# A good item in which every text or number is another value.
MUTATED: dict[str, Callable[[Any], Any]] = {
    "lists for texts": lambda value: [value],
    "numbers for texts": lambda _value: 7,
    "null for texts": lambda _value: None,
    "objects for texts": lambda value: {"value": value},
    "lone surrogates": lambda value: f"{value}\ud800",
    "NUL characters": lambda value: f"{value}\0",
    "huge numbers": lambda _value: 10**400,
    "infinite numbers": lambda _value: float("inf"),
    "long texts": lambda value: f"{value} " * 2000,
    "dates of no calendar": lambda _value: "2024-99-99T99:99:99Z",
}
# In a record of OAI-PMH: what is not well-formed, by kind.
BAD_RECORDS = {
    "a control character": b"vertical\x0btab",
    "a reference to a control character": b"vertical&#x0B;tab",
    "a reference to a surrogate": b"&#xD800;",
    "a noncharacter": b"\xef\xbf\xbf",
    "an entity of HTML": b"M&eacute;tier",
    "a byte of Latin-1": b"M\xfcller",
    "an ampersand": b"Q & A",
    "a less-than sign": b"pt < 5",
    "a tag that is not closed": b"<b>bold",
    "a document type": b'<!DOCTYPE lolz [<!ENTITY lol "lol"><!ENTITY lol2 "&lol;&lol;">]>&lol2;',
}


def page(service: str, bad: list[bytes]) -> bytes:
    """A page of a service with `bad` between its two good items."""
    document = _openml() if service == "openml" else page_of(service)
    listed = _list_in(document)
    listed[1:1] = [json.loads(_PLACE)]
    return json.dumps(document).encode().replace(_PLACE.encode(), b", ".join(bad))


def mutations(item: Any) -> Iterator[bytes]:
    """The item of page with a number of its own, once for every kind of `MUTATED`."""
    for number, change in enumerate(MUTATED.values()):
        # The numbers of the good items are 1000 and 1001, 2000 and 2001, and so on.
        text = re.sub(r"([1-7])00[01]\b", rf"\g<1>{100 + number}", json.dumps(item))
        yield json.dumps(_changed(json.loads(text), change)).encode()


def bad_items(service: str) -> list[bytes]:
    """Bad items of every kind."""
    document = _openml() if service == "openml" else page_of(service)
    return [*UNREADABLE.values(), *mutations(_list_in(document)[0])]


def _changed(value: Any, change: Callable[[Any], Any]) -> Any:
    if isinstance(value, dict):
        return {key: _changed(item, change) for key, item in value.items()}
    return [_changed(item, change) for item in value] if isinstance(value, list) else change(value)


def _list_in(document: Any) -> list[Any]:
    while isinstance(document, dict):
        document = next(value for value in document.values() if isinstance(value, dict | list))
    assert isinstance(document, list)
    return document


def _openml() -> Any:
    lines = [{"id": str(number), "name": "f", "version": 1, "uploader": 1} for number in (7000, 7001)]
    return {"flows": {"flow": lines}}


def garden_page(bad: list[bytes]) -> bytes:
    """A saved list of Garden, which has no search."""
    good = [json.dumps({"id": number, "title": "Tagger", "is_archived": False}) for number in (8000, 8001)]
    return b"[" + b", ".join([good[0].encode(), *bad, good[1].encode()]) + b"]"


def oai_record(number: int, words: bytes = b"") -> bytes:
    """A record of Zenodo's OAI-PMH with `words` in its title."""
    resource = (
        b'<resource xmlns="http://datacite.org/schema/kernel-4">'
        b'<identifier identifierType="DOI">10.5281/zenodo.%d</identifier>'
        b"<titles><title>Tagger %s</title></titles></resource>" % (number, words)
    )
    return (
        b"<record><header><identifier>oai:zenodo.org:%d</identifier><datestamp>2024-01-02T03:04:05Z</datestamp>"
        b"</header><metadata><oai_datacite><payload>%s</payload></oai_datacite></metadata></record>\n"
        % (number, resource)
    )


def oai_page(*records: bytes, token: str = "") -> bytes:
    """A page of records."""
    return (
        b'<?xml version="1.0" encoding="UTF-8"?>\n<OAI-PMH xmlns="http://www.openarchives.org/OAI/2.0/">'
        b'<request verb="ListRecords">http://localhost/oai2d</request><ListRecords>%s'
        b"<resumptionToken>%s</resumptionToken></ListRecords></OAI-PMH>" % (b"".join(records), token.encode())
    )


def respond(request: Request) -> Response:
    """Answer as any of the services, with bad items of every kind on the first page of its list."""
    service = request.path.strip("/").partition("/")[0]
    if request.path.endswith("/oai2d"):
        return Response(_oai(request.args.get("resumptionToken")), content_type="text/xml; charset=utf-8")
    if found := re.search(r"/json/flow/(\d+)$", request.path):
        flow = {"flow": {"id": found[1], "name": "Tagger", "uploader": "1"}}
        return Response(json.dumps(flow), mimetype="application/json")
    return Response(page(service, bad_items(service)), mimetype="application/json")


def _oai(token: str | None) -> bytes:
    if token is not None:
        return oai_page(oai_record(1999))
    bad = [oai_record(1501 + number, words) for number, words in enumerate(BAD_RECORDS.values())]
    half = oai_record(1590)[:150]
    return oai_page(oai_record(1500), *bad, half, oai_record(1600), token="second")
