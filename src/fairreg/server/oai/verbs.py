# SPDX-License-Identifier: MIT
"""The six verbs of OAI-PMH 2.0 (section 4), each as the element that answers it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final, Literal
from xml.etree import ElementTree as ET

from fairreg.errors import DamagedRecord
from fairreg.registry import Change, Registry
from fairreg.schemas.timestamps import now_precisely
from fairreg.server.oai.arguments import OaiRequest
from fairreg.server.oai.faults import OaiFault
from fairreg.server.oai.identifiers import is_domain, local_of, oai_identifier
from fairreg.server.oai.payloads import MetadataFormat, format_of, formats_for, metadata_of
from fairreg.server.oai.sets import all_sets, filters_of, sets_of
from fairreg.server.oai.tokens import ListToken, decoded, encoded
from fairreg.server.problems import sentence

__all__ = ["Repository", "answer", "datestamp"]

# Items per page.
_PAGES: Final = {"ListRecords": 100, "ListIdentifiers": 500}
_IDENTIFIER_NAMESPACE = "http://www.openarchives.org/OAI/2.0/oai-identifier"


@dataclass(frozen=True)
class Repository:
    """A registry as a repository: its address, the host in the identifiers, and who keeps it."""

    registry: Registry
    url: str
    host: str
    admin_email: str


def answer(repository: Repository, request: OaiRequest) -> ET.Element:
    """Return the element that answers a request. Raises OaiFault."""
    return _ANSWERS[request.verb](repository, request)


def datestamp(time: str) -> str:
    """Return a time of the registry in the granularity of the repository, seconds."""
    return f"{time[:19]}Z"


def _identify(repository: Repository, _request: OaiRequest) -> ET.Element:
    element = ET.Element("Identify")
    for name, text in (
        ("repositoryName", f"fairreg at {repository.host}"),
        ("baseURL", repository.url),
        ("protocolVersion", "2.0"),
        ("adminEmail", repository.admin_email),
        ("earliestDatestamp", datestamp(repository.registry.changes.first_time() or now_precisely())),
        ("deletedRecord", "persistent"),
        ("granularity", "YYYY-MM-DDThh:mm:ssZ"),
    ):
        ET.SubElement(element, name).text = text
    if is_domain(repository.host):
        _describe_identifiers(ET.SubElement(element, "description"), repository.host)
    return element


def _describe_identifiers(description: ET.Element, host: str) -> None:
    root = ET.SubElement(
        description,
        "oai-identifier",
        {
            "xmlns": _IDENTIFIER_NAMESPACE,
            "xmlns:xsi": "http://www.w3.org/2001/XMLSchema-instance",
            "xsi:schemaLocation": f"{_IDENTIFIER_NAMESPACE} {_IDENTIFIER_NAMESPACE}.xsd",
        },
    )
    for name, text in (
        ("scheme", "oai"),
        ("repositoryIdentifier", host),
        ("delimiter", ":"),
        ("sampleIdentifier", oai_identifier(host, "doi:10.5281/zenodo.7305227")),
    ):
        ET.SubElement(root, name).text = text


def _list_metadata_formats(repository: Repository, request: OaiRequest) -> ET.Element:
    identifier = request.arguments.get("identifier")
    change = None if identifier is None else _item(repository, identifier)
    views = list(formats_for(change))
    if not views:
        raise OaiFault("noMetadataFormats", "The record is deleted: there is no metadata of it.")
    element = ET.Element("ListMetadataFormats")
    for view in views:
        described = ET.SubElement(element, "metadataFormat")
        ET.SubElement(described, "metadataPrefix").text = view.prefix
        ET.SubElement(described, "schema").text = view.schema
        ET.SubElement(described, "metadataNamespace").text = view.namespace
    return element


def _list_sets(repository: Repository, request: OaiRequest) -> ET.Element:
    if request.token is not None:
        raise OaiFault("badResumptionToken", "ListSets gives all sets at once, without resumption tokens.")
    element = ET.Element("ListSets")
    for spec, name in all_sets(repository.registry):
        described = ET.SubElement(element, "set")
        ET.SubElement(described, "setSpec").text = spec
        ET.SubElement(described, "setName").text = name
    return element


def _get_record(repository: Repository, request: OaiRequest) -> ET.Element:
    view = format_of(request.arguments["metadataPrefix"])
    change = _item(repository, request.arguments["identifier"], view)
    element = ET.Element("GetRecord")
    _add_record(element, repository, change, view)
    return element


def _item(repository: Repository, identifier: str, view: MetadataFormat | None = None) -> Change:
    local = local_of(repository.host, identifier)
    whole, dated = (view.whole, view.dated) if view else (False, False)
    try:
        change = (
            None if local is None else repository.registry.changes.of(local, statements=whole, dated=dated)
        )
    except DamagedRecord as error:  # it exists, and is in no format until it is mended
        code: Literal["cannotDisseminateFormat", "noMetadataFormats"]
        code = "noMetadataFormats" if view is None else "cannotDisseminateFormat"
        raise OaiFault(code, sentence(error)) from error
    if change is None:
        raise OaiFault("idDoesNotExist", "There is no item with this identifier.")
    return change


def _list(repository: Repository, request: OaiRequest) -> ET.Element:
    """Answer ListRecords and ListIdentifiers: a page, and where it is not the whole list, a token."""
    token = _token_of(request)
    view = format_of(token.prefix)
    page, more = _page(repository, token, view)
    element = ET.Element(request.verb)
    for change in page:
        if request.verb == "ListRecords":
            _add_record(element, repository, change, view)
        else:
            _add_header(element, repository, change, view)
    if more or request.token is not None:
        last = page[-1]
        going_on = ListToken(
            request.verb, token.prefix, token.first, token.last, token.set_spec,
            time=last.changed_at, number=last.number, given=token.given + len(page),
        )  # fmt: skip
        resumption = ET.SubElement(element, "resumptionToken", {"cursor": str(token.given)})
        resumption.text = encoded(going_on) if more else None
    return element


def _token_of(request: OaiRequest) -> ListToken:
    """Return the list that is asked for, from its beginning or from where a token goes on."""
    if request.token is not None:
        return decoded(request.token, request.verb)
    stated = request.arguments
    return ListToken(
        request.verb, stated["metadataPrefix"], stated.get("from"), stated.get("until"), stated.get("set"),
        time="", number=0, given=0,
    )  # fmt: skip


def _page(repository: Repository, token: ListToken, view: MetadataFormat) -> tuple[list[Change], bool]:
    """Return a page of the list, and whether more follows."""
    size = _PAGES[token.verb]
    filters = {} if token.set_spec is None else filters_of(token.set_spec)
    if filters is None:
        raise OaiFault("noRecordsMatch", "There is no such set.")
    if view.dated:
        filters = {**filters, "dated": True}

    def listed(after: tuple[str, int] | None, limit: int) -> list[Change]:
        whole = view.whole and token.verb == "ListRecords"
        return repository.registry.changes.page(
            token.first, token.last, after, limit, statements=whole, **filters
        )

    found = listed((token.time, token.number) if token.time else None, size + 1)
    if not found and token.time:
        # All that was left has changed and is behind `until`. A list has no empty page: the last item again.
        found = listed((token.time, token.number - 1), 1)
    if not found:
        # With a token that is the end of a list whose last item has moved, too. The token is not bad, and
        # who took the error for that would begin again for nothing.
        raise OaiFault("noRecordsMatch", "No record matches.")
    return found[:size], len(found) > size


def _add_record(parent: ET.Element, repository: Repository, change: Change, view: MetadataFormat) -> None:
    metadata = metadata_of(change, view)
    record = ET.SubElement(parent, "record")
    _add_header(record, repository, change, view)
    if metadata is not None:
        ET.SubElement(record, "metadata").append(metadata)


def _add_header(parent: ET.Element, repository: Repository, change: Change, view: MetadataFormat) -> None:
    deleted = change.entry is None or (change.entry.gone and not view.whole)
    header = ET.SubElement(parent, "header", {"status": "deleted"} if deleted else {})
    ET.SubElement(header, "identifier").text = oai_identifier(repository.host, change.identifier)
    ET.SubElement(header, "datestamp").text = datestamp(change.changed_at)
    for spec in sets_of(change):
        ET.SubElement(header, "setSpec").text = spec


_ANSWERS: Final[Mapping[str, Callable[[Repository, OaiRequest], ET.Element]]] = {
    "Identify": _identify,
    "ListMetadataFormats": _list_metadata_formats,
    "ListSets": _list_sets,
    "GetRecord": _get_record,
    "ListIdentifiers": _list,
    "ListRecords": _list,
}
