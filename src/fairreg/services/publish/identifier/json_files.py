# SPDX-License-Identifier: MIT
"""The identifier of this version in codemeta.json, fair4ml.jsonld, RO-Crate and .zenodo.json."""

import json
from collections.abc import Callable, Iterator, Mapping, Set
from dataclasses import dataclass

from fairreg.schemas.identifiers import Identifier, normalise_doi
from fairreg.services.publish.identifier.comparison import check_edit, is_replaceable, refuse_other
from fairreg.services.publish.identifier.json_text import Edits, JsonSpan, parse
from fairreg.sources import DOI

__all__ = ["JSON_EDITORS", "JSON_READERS", "LINKED_DATA", "linked_data"]

_TYPES = ("@type", "@context")
_STATING = ("value", "@id", "url")
# Of fairreg's own linked data: the compact identifier, and that at the source of the statements.
_OWN, _SOURCE = "recordIdentifier", "sourceId"


# Files about one object, in lower case.
LINKED_DATA = frozenset({"codemeta.json", "fair4ml.jsonld", "fair4ml.json", "ro-crate-metadata.json"})
# Members that name the object of their document; another one may name the published version before.
_MEANS_THE_OBJECT = frozenset(
    {"about", "isPartOf", "mainEntity", "mainEntityOfPage", "subjectOf", "result", "identifier"}
)


def linked_data(
    text: str, identifier: Identifier, earlier: Set[str], *, published: Set[str] = frozenset()
) -> str:
    """Return a document about one object with its identifier. Raises ValueError without such an object.

    A DOI of `earlier` that is `published` stays where a member such as isBasedOn relates the object to it.
    """
    top = parse(text)
    work = _Places(top, Edits(text), identifier, earlier, published)
    work.identify(_described(top))
    return _checked(text, work.edits, identifier, earlier)


def _checked(text: str, edits: Edits, identifier: Identifier, earlier: Set[str]) -> str:
    found = edits.result()
    before, after = (json.loads(item.removeprefix("\ufeff")) for item in (text, found))
    check_edit(before, after, identifier, earlier)
    return found


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


def _meaning_the_object(top: JsonSpan) -> Iterator[JsonSpan]:
    """Yield the document, the nodes of its graph, and the values that name what the document is about."""
    yield top
    graph = top.members.get("@graph")
    nodes = graph.items if graph is not None else ()
    yield from nodes
    for node in top.walk():
        for key, item in node.members.items():
            if key.rpartition(":")[2] in _MEANS_THE_OBJECT:
                yield from (item, *item.items)


def _text(node: JsonSpan, key: str) -> str | None:
    found = node.members.get(key)
    return found.value if found is not None and isinstance(found.value, str) else None


@dataclass(frozen=True)
class _Places:
    """The places of one document in which the identifier of its object stands."""

    top: JsonSpan
    edits: Edits
    identifier: Identifier
    earlier: Set[str]
    published: Set[str]

    def identify(self, node: JsonSpan) -> None:
        """Name an object; raise ValueError where it is called by a DOI that must not give way."""
        address = self.identifier.url or self.identifier.compact
        called, own = _text(node, "@id"), node.members.get(_OWN)
        if own is not None:
            refuse_other(own.value, self.identifier, self.earlier)
            self.edits.replace(own, self.identifier.compact)
            source = node.members.get("provenance")
            if source is not None and _text(source, _SOURCE) == own.value:
                self.edits.replace(source.members[_SOURCE], self.identifier.compact)
        if called is not None and (own is not None or normalise_doi(called)):
            refuse_other(called, self.identifier, self.earlier)
            self._call(called, address)
        stated = node.members.get("identifier")
        if stated is None:
            value = _property(self.identifier) if own is not None else address
            self.edits.add_member(node, "identifier", value, after=_TYPES)
        else:
            self._restate(stated)

    def _call(self, name: str, address: str) -> None:
        """Change the name of a node wherever it is named: a graph refers to it from other nodes."""
        stays = normalise_doi(name) in self.published
        for node in _meaning_the_object(self.top) if stays else self.top.walk():
            if _text(node, "@id") == name:
                self.edits.replace(node.members["@id"], address)

    def _restate(self, stated: JsonSpan) -> None:
        """Put the identifier in the place of an earlier one, else before the others."""
        address = self.identifier.url or self.identifier.compact
        if stated.kind == "list":
            self._restate_in_list(stated, address)
        elif stated.kind == "scalar" and (stated.value is None or self._is_earlier(stated)):
            self.edits.replace(stated, _as_before(str(stated.value or ""), self.identifier))
        elif self._is_earlier(stated):
            self._restate_object(stated)
        elif any(key in stated.members for key in ("@list", "@set")):
            raise ValueError("its identifiers are a list in a form that is not edited")
        else:
            value = address if stated.kind == "scalar" else _property(self.identifier)
            self.edits.wrap(stated, value)

    def _restate_in_list(self, stated: JsonSpan, address: str) -> None:
        places = [item for item in stated.items if self._is_earlier(item)]
        if len(places) > 1:
            raise ValueError("it has several identifiers that were reserved for this folder")
        if places:
            self._restate(places[0])
        else:
            plain = all(item.kind == "scalar" for item in stated.items)
            self.edits.add_first(stated, address if plain else _property(self.identifier))

    def _restate_object(self, stated: JsonSpan) -> None:
        for key in _STATING:
            text = _text(stated, key) or ""
            if normalise_doi(text):
                refuse_other(text, self.identifier, self.earlier)
                new = _as_before(text, self.identifier)
                if key == "@id":
                    self._call(text, new)
                else:
                    self.edits.replace(stated.members[key], new)

    def _is_earlier(self, span: JsonSpan) -> bool:
        """Tell whether a value names the object by the identifier, or by one that was reserved before."""
        members = [span.members[key] for key in _STATING if key in span.members]
        texts = [item.value for item in (members if span.kind == "object" else [span])]
        return any(
            isinstance(text, str)
            and bool(normalise_doi(text))
            and is_replaceable(text, self.identifier, self.earlier)
            for text in texts
        )


def _as_before(earlier: str, identifier: Identifier) -> str:
    """Return the identifier in the spelling of an earlier one: bare, with a prefix, or as an address."""
    old = normalise_doi(earlier)
    if old is None:
        return identifier.url or identifier.compact
    place = earlier.lower().find(old)
    if identifier.scheme != DOI.name or place < 0 or earlier[place + len(old) :]:
        return identifier.url or identifier.compact
    return earlier[:place] + identifier.value


def _property(identifier: Identifier) -> dict[str, str]:
    return {"@type": "PropertyValue", "propertyID": identifier.scheme, "value": identifier.value}


def _deposit(text: str, identifier: Identifier, earlier: Set[str]) -> str:
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
    if listed is None:
        edits.add_member(top, "related_identifiers", [member])
    elif listed.kind == "scalar" and listed.value is None:
        edits.replace(listed, [member])
    elif listed.kind != "list":
        raise ValueError("its related_identifiers are no list")
    else:
        _relate(edits, listed, member, identifier, earlier)
    return _checked(text, edits, identifier, earlier)


def _relate(
    edits: Edits, listed: JsonSpan, member: dict[str, str | None], identifier: Identifier, earlier: Set[str]
) -> None:
    """Put a relation in the place of an earlier one, else before the others."""
    same = (item for item in listed.items if (_text(item, "relation") or "").lower() == _RELATION.lower())
    for item in same:
        stated = _text(item, "identifier") or ""
        if normalise_doi(stated) and is_replaceable(stated, identifier, earlier):
            edits.replace(item.members["identifier"], member["identifier"])
            return
    edits.add_first(listed, member)


def _stated_in_linked_data(text: str) -> list[object]:
    node = _described(parse(text))
    named = [node.members[key] for key in ("@id", _OWN, "identifier") if key in node.members]
    listed = [item for one in named for item in (one.items if one.kind == "list" else [one])]
    inner = [item.members[key] for item in listed for key in _STATING if key in item.members]
    return [item.value for item in (*listed, *inner) if item.kind == "scalar"]


def _stated_in_deposit(text: str) -> list[object]:
    top = parse(text)
    related = top.members.get("related_identifiers")
    same = [
        item
        for item in (related.items if related is not None else ())
        if (_text(item, "relation") or "").lower() == _RELATION.lower()
    ]
    return [_text(top, "doi"), *(_text(item, "identifier") for item in same)]


_RELATION = "isIdenticalTo"
Editor = Callable[[str, Identifier, Set[str]], str]
# Function that edits a file of this name, in lower case; each raises ValueError for a text that it cannot,
# and where it has a DOI that is neither the identifier nor one of those reserved earlier.
JSON_EDITORS: Mapping[str, Editor] = {**dict.fromkeys(LINKED_DATA, linked_data), ".zenodo.json": _deposit}
# Function that reads by which values such a file calls what it is about; each raises ValueError.
JSON_READERS: Mapping[str, Callable[[str], list[object]]] = {
    **dict.fromkeys(LINKED_DATA, _stated_in_linked_data),
    ".zenodo.json": _stated_in_deposit,
}
