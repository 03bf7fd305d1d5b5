# SPDX-License-Identifier: MIT
"""Facts of a codemeta.json beside software: read as records are, but an identifier is not needed."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

from fairreg.errors import RecordError
from fairreg.formats.base import Reading
from fairreg.formats.file_facts import (
    AsWritten,
    FileFacts,
    doi_identifiers,
    dois_as_written,
    orcids_as_written,
    papers,
    swhids,
)
from fairreg.formats.license_files import is_license_file
from fairreg.formats.linked_data import identities
from fairreg.formats.linked_data.access import access
from fairreg.formats.linked_data.graph import DocumentGraph, LinkedNode, Literal, Value
from fairreg.formats.linked_data.record import common_fields, described, kind_of, stated_relations
from fairreg.formats.linked_data.values import only, titles
from fairreg.schemas.identifiers import Identifier
from fairreg.schemas.json_reader import JsonNode
from fairreg.schemas.json_values import faults

__all__ = ["read_software"]

_ROLE = "codemeta"
_RELATIONS = ("referencePublication", "citation", "isPartOf")


def read_software(document: Mapping[str, Any], *, name: str) -> Reading[FileFacts]:
    """Read a parsed file into typed facts, with the names of what was not read. `name` is the file's.

    Members that no record can hold are among these.
    """
    unsound = tuple(key for key, value in document.items() if any(faults({key: value})))
    try:
        graph = DocumentGraph({key: value for key, value in document.items() if key not in unsound})
    except RecordError as error:
        path, message = error.violations[0]
        return Reading(FileFacts(name, _ROLE, fault=f"{name} was not read: {path} {message}"))
    node = _described(graph, name)
    facts = _facts(graph, node, name)
    context = str(document.get("@context", "")).lower()
    written = _as_written(node, facts, complete="codemeta" in context and bool(facts.title))
    return Reading(replace(facts, as_written=written), (*graph.left_out(node), *unsound))


def _described(graph: DocumentGraph, name: str) -> LinkedNode:
    """Return the software, else the object of another kind, else the first of any type."""
    records = [(node, kind) for node in graph.top if (kind := kind_of(node))]
    listed = [node for node, kind in records if kind == "software"] or [node for node, _ in records]
    return described(listed, name=name)[0] if listed else next(iter(graph.top), LinkedNode(None))


def _facts(graph: DocumentGraph, node: LinkedNode, name: str) -> FileFacts:
    fields = common_fields(graph, node, family_first=True)
    called = titles(node, "name", "headline")
    if len(called) > 1:
        node.leave("name", "headline")
    relations = [item for term in _RELATIONS for item in stated_relations(node, term)]
    published = [item.target for item in stated_relations(node, "referencePublication")]
    return FileFacts(
        name,
        _ROLE,
        title=next(iter(called), None),
        abstract=fields["description"],
        version=fields["version"],
        publisher=fields["publisher"],
        created=fields["date_created"],
        released=fields["date_published"],
        modified=fields["date_modified"],
        **_licence(node, fields),
        repository=_repository(node),
        creators=fields["creators"],
        access=access(node),
        keywords=fields["keywords"],
        identifiers=(*_identifiers(node, name), *papers(published, f"{name}: referencePublication")),
        relations=tuple(relations),
    )


def _identifiers(node: LinkedNode, name: str) -> Iterator[Identifier]:
    own = [*_named(node.id, name)]
    if not own and identities.is_absolute(node.id):
        node.leave("@id")
    yield from own
    for value in node.values("identifier"):
        stated = identities.identity(value)
        found = [*_named(stated.value if stated else None, name)]
        if not found:
            node.leave("identifier")
        yield from found


def _named(text: str | None, name: str) -> Iterator[Identifier]:
    yield from doi_identifiers(text, f"{name}: identifier")
    yield from swhids(text or "", name)


def _repository(node: LinkedNode) -> str | None:
    found = (_address(value) for value in node.values("codeRepository"))
    return only(node, "codeRepository", [text and text.removeprefix("git+") for text in found])


def _address(value: Value) -> str | None:
    if isinstance(value, Literal):
        return value.text
    pages = (item.text for item in value.values("url") if isinstance(item, Literal))
    return value.id if identities.is_absolute(value.id) else next(pages, None)


def _licence(node: LinkedNode, fields: Mapping[str, Any]) -> dict[str, Any]:
    """Return the licence; links to the file of the licence count as not read, as that file is read itself."""
    known, stated = fields["license"], fields["license_stated"]
    if known is None and stated and all(map(_is_link_to_file, node.peek("license"))):
        node.leave("license")
        stated = None
    return {"license": known, "license_stated": stated}


def _is_link_to_file(value: Value) -> bool:
    address = JsonNode(value.value).address if isinstance(value, Literal) else None
    return address is not None and is_license_file(urlsplit(address).path.rpartition("/")[2])


def _as_written(node: LinkedNode, facts: FileFacts, *, complete: bool) -> AsWritten:
    people = node.peek("author", "creator")
    licence = next((item.text for item in node.peek("license") if isinstance(item, Literal)), None)
    return AsWritten(
        complete=complete,
        dois=_dois(facts, "identifier"),
        license=licence or facts.license or facts.license_stated,
        orcids=orcids_as_written(
            [
                *(item.text if isinstance(item, Literal) else item.id for item in people),
                *(item.orcid for item in facts.creators),
            ]
        ),
        publications=_dois(facts, "referencePublication"),
        repository=next((item for value in node.peek("codeRepository") if (item := _address(value))), None),
    )


def _dois(facts: FileFacts, term: str) -> tuple[str, ...]:
    """Return the DOIs that the file states under a term."""
    return dois_as_written(
        item.value for item in facts.identifiers if item.evidence == f"{facts.file}: {term}"
    )
