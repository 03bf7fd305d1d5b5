# SPDX-License-Identifier: MIT
"""The linked-data view in RDF/XML, in the order in which it is written there.

Read as a tree: the order of repeated properties, which a graph has not, is that of the elements.
"""

import re
from collections.abc import Iterator
from typing import Any
from xml.etree import ElementTree as ET

from fairreg.errors import RecordError
from fairreg.formats.rdf_xml.names import RDF, XSD
from fairreg.schemas.contexts import NAMESPACE
from fairreg.schemas.jsonld_terms import Node

__all__ = ["main_of", "view_of"]

_DEEPEST = 40
_INTEGER = re.compile(r"-?[0-9]{1,18}")
_DESCRIPTION = f"{RDF}Description"
_AUTHOR, _CREATOR = ("http://schema.org/author", "http://schema.org/creator")


def main_of(root: ET.Element) -> ET.Element | None:
    """Return the first node that is a record, None where there is none."""
    return next((node for node in root if node.find(f"{{{NAMESPACE}}}recordIdentifier") is not None), None)


def view_of(root: ET.Element, main: ET.Element) -> Node:
    """Return the view of a node in ``rdf:RDF``, keys as full IRIs. RecordError for one that is too deep."""
    view: Node = _Reader(root).node(main, _DEEPEST)
    authors = view.get(_AUTHOR, {"@list": [{}]})
    listed = authors.get("@list", [{}]) if isinstance(authors, dict) else [{}]
    if _CREATOR in view and all(set(item) == {"@id"} for item in listed):
        del view[_AUTHOR]  # they are the creators, by reference
    return view


class _Reader:
    """Reader of one document; `_cells` are those of its lists of values."""

    def __init__(self, root: ET.Element) -> None:
        self._cells = {
            name: node
            for node in root
            if (name := node.get(_rdf("nodeID"))) and node.find(_rdf("first")) is not None
        }

    def node(self, element: ET.Element, depth: int) -> Node:
        """Return a node with its properties, each one value or a list of them."""
        if not depth:
            raise RecordError(f"RDF/XML is nested more than {_DEEPEST} nodes deep.")
        node: Node = {}
        if _iri(element.tag) != _DESCRIPTION:
            node["@type"] = _iri(element.tag)
        name = element.get(_rdf("nodeID"))
        about = element.get(_rdf("about")) if name is None else f"_:{name}"
        node |= {} if about is None else {"@id": about}
        for part in element:
            key, value = _iri(part.tag), self._value(part, depth - 1)
            if key not in node:
                node[key] = value
            elif isinstance(node[key], list):
                node[key].append(value)
            else:
                node[key] = [node[key], value]
        return node

    def _value(self, part: ET.Element, depth: int) -> Any:
        """Return the value of a property."""
        name, resource = part.get(_rdf("nodeID")), part.get(_rdf("resource"))
        if part.get(_rdf("parseType")) == "Collection":
            return {"@list": [self.node(item, depth) for item in part]}
        if name is not None:
            return {"@list": list(self._listed(name))} if name in self._cells else {"@id": f"_:{name}"}
        if resource is not None:
            return {"@list": []} if resource == f"{RDF}nil" else {"@id": resource}
        if len(part):
            return self.node(part[0], depth)
        return _literal(part)

    def _listed(self, name: str | None) -> Iterator[Any]:
        """Yield the values of a list; every cell once, should they go round."""
        seen: set[str] = set()
        while name is not None and name not in seen and (cell := self._cells.get(name)) is not None:
            seen.add(name)
            first, rest = cell.find(_rdf("first")), cell.find(_rdf("rest"))
            if first is not None:
                yield _literal(first)
            name = None if rest is None else rest.get(_rdf("nodeID"))


def _literal(part: ET.Element) -> Any:
    text, kind = part.text or "", part.get(_rdf("datatype"))
    if kind == f"{XSD}integer" and _INTEGER.fullmatch(text):
        return int(text)
    return text == "true" if kind == f"{XSD}boolean" else text


def _rdf(name: str) -> str:
    return f"{{{RDF}}}{name}"


def _iri(tag: str) -> str:
    """Return the IRI of an element's name, which ElementTree writes as ``{namespace}local``."""
    return tag[1:].replace("}", "", 1) if tag.startswith("{") else tag
