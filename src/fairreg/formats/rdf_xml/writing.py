# SPDX-License-Identifier: MIT
"""The triples of a record's linked-data view as elements, in the order of the view.

Ordered lists of nodes are collections; those of values, which RDF/XML has no short form for, are cells beside
the node. A creator stands whole where it is named first, and by reference after that.
"""

from collections.abc import Iterable
from itertools import pairwise
from typing import Any
from xml.etree import ElementTree as ET

from fairreg.formats.rdf_xml.names import RDF, XSD, declarations, legal, qualified, term
from fairreg.schemas.contexts import context
from fairreg.schemas.jsonld import to_jsonld
from fairreg.schemas.jsonld_terms import Node
from fairreg.schemas.record import ModelRecord

__all__ = ["rdf_of", "root_of"]

_BLANK = "_:"
# A second list of the same people, see `schemas.jsonld`.
_REPEATED = "author"


def root_of() -> ET.Element:
    """Return an empty ``rdf:RDF`` with all prefixes declared."""
    return ET.Element("rdf:RDF", declarations())


def rdf_of(record: ModelRecord) -> ET.Element:
    """Return ``rdf:RDF`` with the triples of a record."""
    root = root_of()
    _Writer(root).write(root, to_jsonld(record))
    return root


class _Writer:
    """Writer of one document; `_lists` counts its lists of values."""

    def __init__(self, root: ET.Element) -> None:
        self._root = root
        self._lists = 0

    def write(self, parent: ET.Element, node: Node) -> None:
        """Add a node with all its properties."""
        element = ET.SubElement(parent, qualified(context()[node["@type"]]), _name(node))
        for key, value in node.items():
            if not key.startswith("@"):
                self._add(element, key, value if isinstance(value, list) else [value])

    def _add(self, element: ET.Element, key: str, values: list[Any]) -> None:
        """Add the values of a property."""
        tag, ordered, address = term(key)
        if key == _REPEATED:
            collection = ET.SubElement(element, tag, {"rdf:parseType": "Collection"})
            for item in values:
                ET.SubElement(collection, "rdf:Description", _name(item))
        elif ordered and isinstance(values[0], dict):
            collection = ET.SubElement(element, tag, {"rdf:parseType": "Collection"})
            for item in values:
                self.write(collection, item)
        elif ordered:
            ET.SubElement(element, tag, {"rdf:nodeID": self._cells(values)})
        else:
            for item in values:
                self._add_one(element, tag, item, address=address)

    def _add_one(self, element: ET.Element, tag: str, value: Any, *, address: bool) -> None:
        if isinstance(value, dict):
            self.write(ET.SubElement(element, tag), value)
        elif address:
            ET.SubElement(element, tag, {"rdf:resource": legal(value)})
        else:
            _add_literal(element, tag, value)

    def _cells(self, values: Iterable[Any]) -> str:
        """Add the cells of a list beside the nodes; return the name of the first."""
        self._lists += 1
        listed = list(values)
        names = [f"list{self._lists}-{number}" for number in range(len(listed))]
        for value, (name, rest) in zip(listed, pairwise([*names, ""]), strict=True):
            cell = ET.SubElement(self._root, "rdf:Description", {"rdf:nodeID": name})
            _add_literal(cell, "rdf:first", value)
            ET.SubElement(cell, "rdf:rest", {"rdf:nodeID": rest} if rest else {"rdf:resource": f"{RDF}nil"})
        return names[0]


def _name(node: Node) -> dict[str, str]:
    """Return the attribute that names a node, none for one without a name."""
    name = node.get("@id")
    if name is None:
        return {}
    return {"rdf:nodeID": name[len(_BLANK) :]} if name.startswith(_BLANK) else {"rdf:about": legal(name)}


def _add_literal(parent: ET.Element, tag: str, value: Any) -> None:
    if isinstance(value, bool):
        ET.SubElement(parent, tag, {"rdf:datatype": f"{XSD}boolean"}).text = str(value).lower()
    elif isinstance(value, int):
        ET.SubElement(parent, tag, {"rdf:datatype": f"{XSD}integer"}).text = str(value)
    else:
        ET.SubElement(parent, tag).text = legal(value)
