# SPDX-License-Identifier: MIT
"""An OAI-PMH repository as a test asks it: answers that are checked by the rules of the protocol first.

The rules are those of OAI-PMH.xsd and of the specification, in words of this project: order of elements,
patterns of their texts, attributes of ``request``. ``deleted`` has no metadata, others have some.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from xml.etree import ElementTree as ET

import requests

from fairreg.schemas.identifiers import parse
from fairreg.schemas.record import ModelRecord, Provenance

__all__ = ["OAI", "Answer", "ask", "header_of", "pages", "said"]

OAI = "{http://www.openarchives.org/OAI/2.0/}"
STAMP = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z")
CODES = {
    *("badArgument", "badResumptionToken", "badVerb", "cannotDisseminateFormat", "idDoesNotExist"),
    *("noMetadataFormats", "noRecordsMatch", "noSetHierarchy"),
}
VERBS = ("Identify", "ListMetadataFormats", "ListSets", "GetRecord", "ListIdentifiers", "ListRecords")
SPEC = re.compile(r"[A-Za-z0-9\-_.!~*'()]+(?::[A-Za-z0-9\-_.!~*'()]+)*")
IDENTIFY = [
    *("repositoryName", "baseURL", "protocolVersion", "adminEmail", "earliestDatestamp", "deletedRecord"),
    "granularity",
]


def said(source: str, source_id: str, *pids: str, **fields: object) -> ModelRecord:
    """A statement of a source."""
    identifiers = tuple(map(parse, pids))
    values = {
        "identifier": pids[0] if pids else f"{source}:{source_id}",
        "kind": "model",
        "name": f"Net {source_id}",
        "identifiers": identifiers,
        "provenance": Provenance(source, source_id),
        "date_published": "2024-02-03",
    }
    return ModelRecord(**{**values, **fields})  # type: ignore[arg-type]


@dataclass(frozen=True)
class Answer:
    """A well-formed answer that keeps the rules; `code` is that of its error."""

    root: ET.Element
    code: str | None
    response: requests.Response

    @property
    def request(self) -> ET.Element:
        return self.root[1]

    @property
    def body(self) -> ET.Element:
        return self.root[2]

    @property
    def token(self) -> str | None:
        return self.body.findtext(f"{OAI}resumptionToken")

    @property
    def headers(self) -> list[tuple[str, str, bool, list[str]]]:
        """Identifier, datestamp, whether deleted, and sets, of each item."""
        return [header_of(item) for item in self.body.iter(f"{OAI}header")]

    @property
    def metadata(self) -> list[ET.Element]:
        return [item[0] for item in self.body.iter(f"{OAI}metadata")]


def ask(url: str, *pairs: tuple[str, str], post: bool = False, **arguments: str) -> Answer:
    """Ask with `pairs`, which may repeat, and arguments (``from_`` is ``from``)."""
    given = [*pairs, *((name.rstrip("_"), value) for name, value in arguments.items())]
    if post:
        response = requests.post(f"{url}/oai", data=given, timeout=60)
    else:
        response = requests.get(f"{url}/oai", params=given, timeout=60)
    assert response.status_code == 200, (given, response.text)
    assert response.headers["content-type"] == "text/xml; charset=utf-8"
    return checked(response, url, given)


def checked(response: requests.Response, url: str, given: list[tuple[str, str]]) -> Answer:
    root = ET.fromstring(response.content)
    assert root.tag == f"{OAI}OAI-PMH"
    assert [item.tag for item in root[:2]] == [f"{OAI}responseDate", f"{OAI}request"]
    assert len(root) == 3
    assert STAMP.fullmatch(root[0].text or "")
    assert root[1].text == f"{url}/oai"
    body, code = root[2], root[2].get("code")
    if code is None:
        verb = dict(given)["verb"]
        assert body.tag == f"{OAI}{verb}"
        BODIES[verb](body)
    else:
        assert (body.tag, code in CODES) == (f"{OAI}error", True)
        assert body.text
    repeated: Mapping[str, str] = {} if code in {"badVerb", "badArgument"} else dict(given)
    assert root[1].attrib == repeated
    return Answer(root, code, response)


def header_of(header: ET.Element) -> tuple[str, str, bool, list[str]]:
    identifier, stamp, *specs = header
    assert [item.tag for item in (identifier, stamp)] == [f"{OAI}identifier", f"{OAI}datestamp"]
    assert (identifier.text or "").startswith("oai:")
    assert STAMP.fullmatch(stamp.text or "")
    assert all(item.tag == f"{OAI}setSpec" and SPEC.fullmatch(item.text or "") for item in specs)
    assert header.attrib in ({}, {"status": "deleted"})
    return str(identifier.text), str(stamp.text), bool(header.attrib), [str(item.text) for item in specs]


def _record(record: ET.Element) -> None:
    header, *metadata = record
    deleted = header_of(header)[2]
    assert [item.tag for item in metadata] == ([] if deleted else [f"{OAI}metadata"])
    assert all(len(item) == 1 and not item[0].tag.startswith(OAI) for item in metadata)


def _identify(body: ET.Element) -> None:
    names = [item.tag.removeprefix(OAI) for item in body]
    assert names[: len(IDENTIFY)] == IDENTIFY
    assert set(names[len(IDENTIFY) :]) <= {"compression", "description"}


def _listed(body: ET.Element, tag: str) -> list[ET.Element]:
    items = [item for item in body if item.tag == f"{OAI}{tag}"]
    assert items  # a list is never empty
    assert [item.tag for item in body[len(items) :]] in ([], [f"{OAI}resumptionToken"])
    return items


def _list_records(body: ET.Element) -> None:
    for item in _listed(body, "record"):
        _record(item)


def _list_identifiers(body: ET.Element) -> None:
    for item in _listed(body, "header"):
        header_of(item)


def _list_sets(body: ET.Element) -> None:
    for item in _listed(body, "set"):
        assert [part.tag for part in item] == [f"{OAI}setSpec", f"{OAI}setName"]
        assert SPEC.fullmatch(item[0].text or "")


def _list_formats(body: ET.Element) -> None:
    for item in _listed(body, "metadataFormat"):
        names = [part.tag.removeprefix(OAI) for part in item]
        assert names == ["metadataPrefix", "schema", "metadataNamespace"]
        assert re.fullmatch(r"[A-Za-z0-9\-_.!~*'()]+", item[0].text or "")


def _get_record(body: ET.Element) -> None:
    (record,) = body
    _record(record)


BODIES: dict[str, Any] = {
    "Identify": _identify,
    "ListMetadataFormats": _list_formats,
    "ListSets": _list_sets,
    "GetRecord": _get_record,
    "ListIdentifiers": _list_identifiers,
    "ListRecords": _list_records,
}


def pages(url: str, verb: str = "ListRecords", **arguments: str) -> list[Answer]:
    """All pages of a list; the last one of several has an empty token, and a lone one has none."""
    listed = [ask(url, verb=verb, **arguments)]
    while listed[-1].token:
        listed.append(ask(url, verb=verb, resumptionToken=listed[-1].token))
    tokens = [page.body.find(f"{OAI}resumptionToken") for page in listed]
    if len(listed) > 1:
        assert tokens[-1] is not None
        assert not tokens[-1].text
        given = [len(page.headers) for page in listed]
        cursors = [int(token.get("cursor", "-1")) for token in tokens if token is not None]
        assert cursors == [sum(given[:number]) for number in range(len(given))]
    else:
        assert tokens == [None]
    return listed
