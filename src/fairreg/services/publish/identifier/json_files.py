# SPDX-License-Identifier: MIT
"""The identifier of this version in codemeta.json, fair4ml.jsonld, RO-Crate and .zenodo.json."""

from collections.abc import Callable, Mapping

from fairreg.schemas.identifiers import Identifier, normalise_doi
from fairreg.services.publish.identifier.json_text import Edits, JsonSpan, parse
from fairreg.sources import DOI

__all__ = ["JSON_EDITORS"]

_TYPES = ("@type", "@context")
_OWN = "recordIdentifier"  # of fairreg's own linked data: the compact identifier


def _linked_data(text: str, identifier: Identifier) -> str:
    """Return a document about one object with its identifier. Raises ValueError without such an object."""
    top, edits = parse(text), Edits(text)
    _identify(edits, _described(top), identifier)
    return edits.result()


def _described(top: JsonSpan) -> JsonSpan:
    """Return the object that a document describes: the document itself, or the root of an RO-Crate."""
    graph = top.members.get("@graph")
    if graph is None and top.kind == "object":
        return top
    nodes = graph.items if graph is not None else ()
    # RO-Crate 1.1 and 1.2, "Root Data Entity": the one that the metadata descriptor is about.
    about = next((_about(item) for item in nodes if _about(item)), "./")
    found = next((item for item in nodes if _text(item, "@id") == about), None)
    if found is None or found.kind != "object":
        raise ValueError("it describes no object that is known here")
    return found


def _about(node: JsonSpan) -> str | None:
    descriptor = (_text(node, "@id") or "").rpartition("/")[2] == "ro-crate-metadata.json"
    about = node.members.get("about")
    return _text(about, "@id") if descriptor and about is not None else None


def _text(node: JsonSpan, key: str) -> str | None:
    found = node.members.get(key)
    return found.value if found is not None and isinstance(found.value, str) else None


def _identify(edits: Edits, node: JsonSpan, identifier: Identifier) -> None:
    address = identifier.url or identifier.compact
    called = node.members.get("@id")
    own = node.members.get(_OWN)
    if own is not None:
        edits.replace(own, identifier.compact)
    # Another name of the object may be one by which other nodes refer to it.
    if called is not None and (own is not None or normalise_doi(str(called.value or ""))):
        edits.replace(called, address)
    stated = node.members.get("identifier")
    if stated is None:
        value = _property(identifier) if own is not None else address
        edits.add_member(node, "identifier", value, after=_TYPES)
    else:
        _restate(edits, stated, identifier)


def _restate(edits: Edits, stated: JsonSpan, identifier: Identifier) -> None:
    """Put the identifier in the place of an earlier one, else before the others."""
    address = identifier.url or identifier.compact
    if stated.kind == "list":
        earlier = next((item for item in stated.items if _is_doi(item)), None)
        if earlier is not None:
            _restate(edits, earlier, identifier)
        else:
            plain = all(item.kind == "scalar" for item in stated.items)
            edits.add_first(stated, address if plain else _property(identifier))
    elif not _is_doi(stated):
        edits.wrap(stated, address if stated.kind == "scalar" else _property(identifier))
    elif stated.kind == "scalar":
        edits.replace(stated, _as_before(str(stated.value), identifier))
    else:
        for key in ("value", "@id", "url"):
            inner = stated.members.get(key)
            if inner is not None and normalise_doi(str(inner.value or "")):
                edits.replace(inner, _as_before(str(inner.value), identifier))


def _is_doi(span: JsonSpan) -> bool:
    texts = (
        [span]
        if span.kind == "scalar"
        else [span.members[key] for key in ("value", "@id", "url") if key in span.members]
    )
    return any(isinstance(item.value, str) and normalise_doi(item.value) for item in texts)


def _as_before(earlier: str, identifier: Identifier) -> str:
    """Return the identifier in the spelling of an earlier one: bare, with a prefix, or as an address."""
    old = normalise_doi(earlier) or ""
    place = earlier.lower().find(old)
    if identifier.scheme != DOI.name or place < 0 or earlier[place + len(old) :]:
        return identifier.url or identifier.compact
    return earlier[:place] + identifier.value


def _property(identifier: Identifier) -> dict[str, str]:
    return {"@type": "PropertyValue", "propertyID": identifier.scheme, "value": identifier.value}


def _deposit(text: str, identifier: Identifier) -> str:
    """Return .zenodo.json with a related identifier.

    Not with the member `doi`: the bridge from GitHub would try to register that DOI again for its archive of
    a release.
    """
    top, edits = parse(text), Edits(text)
    if top.kind != "object":
        raise ValueError("it holds no object")
    name = identifier.value if identifier.scheme == DOI.name else identifier.url
    member = {"identifier": name, "relation": _RELATION}
    listed = top.members.get("related_identifiers")
    if listed is None or listed.kind != "list":
        edits.add_member(top, "related_identifiers", [member])
        return edits.result()
    same = (item for item in listed.items if (_text(item, "relation") or "").lower() == _RELATION.lower())
    earlier = next((item for item in same if normalise_doi(_text(item, "identifier") or "")), None)
    if earlier is None:
        edits.add_first(listed, member)
    else:
        edits.replace(earlier.members["identifier"], name)
    return edits.result()


_RELATION = "isIdenticalTo"
Editor = Callable[[str, Identifier], str]
# Function that edits a file of this name, in lower case; each raises ValueError for a text that it cannot.
JSON_EDITORS: Mapping[str, Editor] = {
    "codemeta.json": _linked_data,
    "fair4ml.jsonld": _linked_data,
    "fair4ml.json": _linked_data,
    "ro-crate-metadata.json": _linked_data,
    ".zenodo.json": _deposit,
}
