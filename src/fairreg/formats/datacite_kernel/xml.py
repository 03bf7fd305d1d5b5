# SPDX-License-Identifier: MIT
"""The XML of DataCite Metadata Schema 3 and 4 as the attributes of DataCite's JSON, and these as XML of 4.7.

Names are read without their namespaces, because services use different ones. A document with a document type
is refused where it begins: entities are declared there, so nothing can expand.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any
from xml.etree import ElementTree as ET

from fairreg.schemas.text import clean, one_line

__all__ = [
    "FAULTS",
    "MOST_PARTS",
    "NAMESPACE",
    "SCHEMA",
    "SCHEMA_VERSION",
    "TooManyParts",
    "attributes_in",
    "child",
    "local_name",
    "one_line_of",
    "parsed_xml",
    "resource_in",
    "resource_of",
    "unread_in",
]

Json = dict[str, Any]
# A page of a thousand records has less; each part takes hundreds of bytes of memory, and four of a document.
MOST_PARTS = 500_000
# Of expat about a document, and of Python about its encoding.
FAULTS = (ET.ParseError, ValueError, LookupError)
NAMESPACE = "http://datacite.org/schema/kernel-4"
SCHEMA_VERSION = "4.7"
SCHEMA = f"https://schema.datacite.org/meta/kernel-{SCHEMA_VERSION}/metadata.xsd"
_ROOT = {
    "xmlns": NAMESPACE,
    "xmlns:xsi": "http://www.w3.org/2001/XMLSchema-instance",
    "xsi:schemaLocation": f"{NAMESPACE} {SCHEMA}",
}
# The list, which DataCite's JSON calls the same, its element, and how the JSON names the element's text.
_LISTS = (
    ("titles", "title", "title"),
    ("subjects", "subject", "subject"),
    ("dates", "date", "date"),
    ("descriptions", "description", "description"),
    ("rightsList", "rights", "rights"),
    ("relatedIdentifiers", "relatedIdentifier", "relatedIdentifier"),
    ("alternateIdentifiers", "alternateIdentifier", "alternateIdentifier"),
)
_TEXT_LISTS = (("formats", "format"), ("sizes", "size"))
_PLAIN = ("publisher", "publicationYear", "language", "version")
_ATTRIBUTES = {"rightsURI": "rightsUri", "schemeURI": "schemeUri", "awardURI": "awardUri"}
_IN_XML = {name: attribute for attribute, name in _ATTRIBUTES.items()}
_READ = frozenset(
    {
        *("identifier", "creators", "contributors", "fundingReferences", "relatedItems", "resourceType"),
        *_PLAIN,
        *(group for group, _, _ in _LISTS),
        *(group for group, _ in _TEXT_LISTS),
    }
)


class TooManyParts(ValueError):
    """More elements and attributes than are read."""


class _Builder(ET.TreeBuilder):
    """Tree builder that refuses a document type, and more parts than memory has room for."""

    def __init__(self, refusal: Exception) -> None:
        super().__init__()
        self._refusal = refusal
        self._left = MOST_PARTS

    def start(self, tag: str, attrs: dict[Any, Any], /) -> ET.Element:
        """Count the element and its attributes."""
        self._left -= 1 + len(attrs)
        if self._left < 0:
            raise TooManyParts(f"more than {MOST_PARTS:,} elements and attributes")
        return super().start(tag, attrs)

    def doctype(self, *_: str | None) -> None:
        """Refuse the document at ``<!DOCTYPE``, before what follows is read."""
        raise self._refusal


def parsed_xml(document: str | bytes, *, refusal: Exception) -> ET.Element:
    """Parse a document. Raises `refusal` for one with a document type, `FAULTS` for one that is no XML."""
    # Entities are declared in a document type, and `_Builder` refuses it before any is used.
    return ET.fromstring(document, ET.XMLParser(target=_Builder(refusal)))  # noqa: S314


# --- reading ------------------------------------------------------------------------------------------------


def resource_in(root: ET.Element) -> ET.Element | None:
    """Return the first ``<resource>``: the element itself, or one inside of an envelope such as OAI-PMH's."""
    return next((part for part in root.iter() if local_name(part) == "resource"), None)


def attributes_in(resource: ET.Element) -> Json:
    """Return the attributes of DataCite's JSON for a ``<resource>`` of its schema 3 or 4."""
    identifier = child(resource, "identifier")
    is_doi = identifier is not None and (identifier.get("identifierType") or "DOI").upper() == "DOI"
    read: Json = {"doi": one_line_of(identifier) if is_doi else None}
    read.update({name: one_line_of(child(resource, name)) for name in _PLAIN})
    read["creators"] = [_creator(part) for part in _members(resource, "creators", "creator")]
    read["contributors"] = [
        _creator(part, "contributor") | {"contributorType": part.get("contributorType")}
        for part in _members(resource, "contributors", "contributor")
    ]
    read["fundingReferences"] = [
        _flat(part) for part in _members(resource, "fundingReferences", "fundingReference")
    ]
    read["relatedItems"] = [
        dict(part.attrib)
        | _flat(part)
        | {"titles": [_entry(title, "title") for title in _members(part, "titles", "title")]}
        for part in _members(resource, "relatedItems", "relatedItem")
    ]
    for group, element, word in _LISTS:
        read[group] = [_entry(part, word) for part in _members(resource, group, element)]
    for group, element in _TEXT_LISTS:
        read[group] = [text for part in _members(resource, group, element) if (text := one_line_of(part))]
    kind = child(resource, "resourceType")
    if kind is not None:
        read["types"] = {
            "resourceTypeGeneral": kind.get("resourceTypeGeneral"),
            "resourceType": one_line_of(kind),
        }
    return {name: value for name, value in read.items() if value not in (None, [], {})}


def unread_in(resource: ET.Element) -> tuple[str, ...]:
    """Return the names of the properties that `attributes_in` does not read, each once."""
    return tuple(dict.fromkeys(name for part in resource if (name := local_name(part)) not in _READ))


def _flat(item: ET.Element) -> Json:
    """Return the texts of the children by name, and the attributes of them all."""
    read: Json = {}
    for part in item:
        read |= _entry(part, local_name(part))
    return read


def _creator(item: ET.Element, role: str = "creator") -> Json:
    named = child(item, f"{role}Name")
    return {
        "name": one_line_of(named),
        "nameType": named.get("nameType") if named is not None else None,
        "givenName": one_line_of(child(item, "givenName")),
        "familyName": one_line_of(child(item, "familyName")),
        "affiliation": [_entry(part, "name") for part in item if local_name(part) == "affiliation"],
        "nameIdentifiers": [
            _entry(part, "nameIdentifier") for part in item if local_name(part) == "nameIdentifier"
        ],
    }


def _entry(item: ET.Element, word: str) -> Json:
    """Return the text of an element under `word`, beside its attributes."""
    stated = {_local(name): value for name, value in item.attrib.items()}
    # Descriptions keep their lines; other text is one line, because XML may be folded anywhere.
    text = "".join(item.itertext()).strip() if word == "description" else one_line_of(item)
    return {**{_ATTRIBUTES.get(name, name): value for name, value in stated.items()}, word: text}


def _members(parent: ET.Element, group: str, element: str) -> Iterator[ET.Element]:
    found = child(parent, group)
    yield from (part for part in (found if found is not None else ()) if local_name(part) == element)


def child(parent: ET.Element, name: str) -> ET.Element | None:
    """Return the first child called `name`."""
    return next((part for part in parent if local_name(part) == name), None)


def local_name(item: ET.Element) -> str:
    """Return the name of an element without its namespace."""
    return _local(item.tag)


def _local(name: str) -> str:
    return name.rpartition("}")[2]


def one_line_of(item: ET.Element | None) -> str | None:
    """Return the text in an element on one line, None without any."""
    return one_line("".join(item.itertext())) or None if item is not None else None


# --- writing ------------------------------------------------------------------------------------------------


def resource_of(attributes: Mapping[str, Any], *, unassigned: str) -> ET.Element:
    """Return the ``<resource>`` of attributes of DataCite's JSON.

    The schema requires an identifier; `unassigned` stands for a DOI that there is not.
    """
    root = ET.Element("resource", _ROOT)
    _add(root, "identifier", attributes.get("doi") or unassigned, {"identifierType": "DOI"})
    people = ET.SubElement(root, "creators")
    for item in attributes["creators"]:
        _add_creator(ET.SubElement(people, "creator"), item)
    _add(root, "publisher", attributes["publisher"]["name"])
    _add(root, "publicationYear", f"{attributes['publicationYear']:04}")
    kind = attributes["types"]
    _add(root, "resourceType", kind.get("resourceType", ""), _without(kind, "resourceType"))
    for name in ("language", "version"):
        if attributes.get(name):
            _add(root, name, attributes[name])
    for group, element, word in _LISTS:
        _add_list(
            root, group, element, ((item[word], _without(item, word)) for item in attributes.get(group, ()))
        )
    for group, element in _TEXT_LISTS:
        _add_list(root, group, element, ((text, {}) for text in attributes.get(group, ())))
    return root


def _add_creator(creator: ET.Element, item: Mapping[str, Any]) -> None:
    """Add the parts of a creator, in the order that the schema prescribes."""
    kind = {"nameType": item["nameType"]} if "nameType" in item else {}
    _add(creator, "creatorName", item["name"], kind)
    for name in ("givenName", "familyName"):
        if item.get(name):
            _add(creator, name, item[name])
    for stated in item.get("nameIdentifiers", ()):
        _add(creator, "nameIdentifier", stated["nameIdentifier"], _without(stated, "nameIdentifier"))
    for place in item.get("affiliation", ()):
        _add(creator, "affiliation", place["name"], _without(place, "name"))


def _add_list(root: ET.Element, group: str, element: str, items: Iterable[tuple[str, Json]]) -> None:
    listed = list(items)
    if listed:
        parent = ET.SubElement(root, group)
        for text, attributes in listed:
            _add(parent, element, text, attributes)


def _add(parent: ET.Element, name: str, text: str, attributes: Mapping[str, str] | None = None) -> None:
    stated = {_IN_XML.get(key, key): clean(value) for key, value in (attributes or {}).items()}
    ET.SubElement(parent, name, stated).text = clean(text)


def _without(item: Mapping[str, Any], name: str) -> Json:
    return {key: value for key, value in item.items() if key != name}
