# SPDX-License-Identifier: MIT
"""People and organisations in documents: `author` and `creator`, as text, node, reference or role."""

import re
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import msgspec

from fairreg.formats.creator_names import is_group
from fairreg.formats.linked_data.graph import DocumentGraph, LinkedNode, Literal, Value
from fairreg.formats.linked_data.identities import is_absolute
from fairreg.formats.linked_data.values import best, label, leave_others
from fairreg.schemas.identifiers import normalise_orcid
from fairreg.schemas.record import Creator
from fairreg.schemas.text import title, visible

__all__ = ["creators", "organisation"]

_TERMS = ("author", "creator")
_NAMES = ("name", "givenName", "additionalName", "familyName")
_MOST = 20_000  # creators of a record; the largest collaborations have a fifth of it
_NAMING = ("identifier", "sameAs", "url", "orcid")
# Subtypes of schema.org's Organization in use, and what other vocabularies call a group.
_GROUPS = re.compile(
    r"organi[sz]ation|university|project|consortium|corporation|college|agency|ngo|group", re.I
)
_ROLES = ("Role", "OrganizationRole", "PerformanceRole")
_ADDRESS = re.compile(r"[<(\[]\s*(?:mailto:)?[^\s<>()\[\]@]{1,99}@[^\s<>()\[\]@]{1,99}\s*[>)\]]|\bmailto:\S+")
_HANDLE = re.compile(r"[<(\[]\s*@[\w.-]{1,99}\s*[>)\]]|(?<!\S)[^\s@]{0,99}@[^\s@]{1,99}(?!\S)")
_PAGE = re.compile(r"[<(\[]?\s*https?://[^\s<>()\[\]]{1,999}\s*[>)\]]?", re.I)
_ORCID = re.compile(
    r"[<(\[]?\s*(?:https?://orcid\.org/|orcid:\s*)(\d{4}-\d{4}-\d{4}-\d{3}[\dX])\s*[>)\]]?", re.I
)


def creators(graph: DocumentGraph, node: LinkedNode, *, family_first: bool = False) -> tuple[Creator, ...]:
    """Return the creators of a node, each once: authors first, then creators that are no author.

    `family_first`: people whose names are stated in parts are called ``Family, Given``.
    """
    read = _of_parts if family_first else _of_node
    found: list[list[Creator]] = []
    for term in _TERMS:
        # A person may be listed twice: as such, and behind a role.
        listed: list[Creator] = []
        handled: set[int] = set()
        for value in node.values(term):
            agents = list(_agents(graph, value, handled, read))
            listed += [item for item in agents if item is not None]
            if not agents:
                _leave_nameless(node, term, value)
            elif _has_more_than_names(value):
                node.leave(term)
        if len(listed) > _MOST:
            node.leave(term)
        found.append(listed[:_MOST])
    return _merged(*found)


def _leave_nameless(work: LinkedNode, term: str, value: Value) -> None:
    """Count an author without a name as not read: each thing stated of one, else the author."""
    if isinstance(value, LinkedNode) and any(value.properties()):
        value.leave(*_NAMES, *_TERMS, *(["@id"] if is_absolute(value.id) else []))
    else:
        work.leave(term)


def organisation(value: Value) -> str | None:
    """Return the name of a publisher or an affiliation. Its ROR, or another address of it, is not read."""
    if isinstance(value, Literal):
        return title(value.text or "")
    return value.once(organisation, lambda: _of_organisation(value))


def _of_organisation(node: LinkedNode) -> str | None:
    if is_absolute(node.id):
        node.leave("@id")
    return title(label(node) or _legal_name(node))


def _legal_name(node: LinkedNode) -> str:
    leave_others(node, "legalName")
    found = best(node.values("legalName"))
    return (found.text if found else None) or ""


# Reader of a person or a group in a node.
_Reader = Callable[[LinkedNode], Creator | None]


def _agents(graph: DocumentGraph, value: Value, handled: set[int], read: _Reader) -> Iterator[Creator | None]:
    """Yield the creators that a value names, None for each that is named by a node in `handled`."""
    if isinstance(value, Literal):
        node = graph.node(value.text or "") if (value.text or "").startswith(("_:", "#")) else None
        if node is None:
            yield from _of_text(value.text or "")
        elif _is_plain(node) or id(node) in handled:
            yield from _agents(graph, node, handled, read)
    elif id(value) in handled:
        yield None
    elif not _is_plain(value):
        handled.add(id(value))
        # schema.org's roles and CodeMeta's 3.0 stand between a work and the person, under the same property.
        for inner in filter(_is_plain, value.values(*_TERMS)):
            yield from _agents(graph, inner, handled, read)
    elif (found := value.once(read, lambda: read(value))) is not None:
        handled.add(id(value))
        yield found


def _is_plain(value: Value) -> bool:
    """Tell whether it is no role: a role of a role would be a cycle."""
    return isinstance(value, Literal) or not set(value.types) & set(_ROLES)


def _of_text(text: str) -> list[Creator]:
    found: list[Creator] = []
    for part in _people(text):
        orcid, name = _ORCID.search(part), _name_in(part)
        # An author given by address alone is a person whose name the document does not state.
        if name:
            person = Creator(name=name, orcid=normalise_orcid(orcid[1]) if orcid else None)
            found.append(msgspec.structs.replace(person, kind="organization") if is_group(person) else person)
    return found


def _people(text: str) -> list[str]:
    # Entities are decoded first: the semicolon that ends one separates no people.
    return [part for part in visible(text).split(";") if part.strip()]


def _name_in(part: str) -> str | None:
    """Return the name of a person without the addresses and handles beside it."""
    name = title(_HANDLE.sub(" ", _PAGE.sub(" ", _ADDRESS.sub(" ", _ORCID.sub(" ", part)))))
    return name if name and re.search(r"\w", name) and "@" not in name else None


def _has_more_than_names(value: Value) -> bool:
    """Tell whether a text states a page of a person, or a person without a name."""
    text = value.text or "" if isinstance(value, Literal) else ""
    if text.startswith(("_:", "#")):
        return False
    return any(_name_in(part) is None or _PAGE.search(_ORCID.sub(" ", part)) for part in _people(text))


def _of_node(node: LinkedNode) -> Creator | None:
    whole = title(" ".join(part for part in (_given(node), _words(node, "familyName")) if part))
    chosen = best(node.values("name"))
    name = (title(_ADDRESS.sub(" ", chosen.text or "")) if chosen else None) or whole
    if not name:
        return None
    leave_others(node, "name")
    _leave_unless_in(name, node, "givenName", "additionalName", "familyName")
    return _called(name, node)


def _of_parts(node: LinkedNode) -> Creator | None:
    """Return a person by family and given names, where the node states both."""
    family, given = title(_words(node, "familyName")), title(_given(node))
    if not family or not given:
        return _of_node(node)
    name = f"{family}, {given}"
    _leave_unless_in(name, node, "name")
    return _called(name, node)


def _called(name: str, node: LinkedNode) -> Creator:
    kind: Any = "organization" if any(map(_GROUPS.search, node.types)) else "person"
    return Creator(name=name, orcid=_orcid(node), affiliation=_affiliation(node), kind=kind)


def _leave_unless_in(name: str, node: LinkedNode, *terms: str) -> None:
    """Count names as not read whose words the chosen one does not hold: ``A. Rossi`` no ``Ada``."""
    held = set(re.findall(r"\w+", name.casefold()))
    for term in terms:
        if not set(re.findall(r"\w+", _words(node, term).casefold())) <= held:
            node.leave(term)


def _given(node: LinkedNode) -> str:
    return f"{_words(node, 'givenName')} {_words(node, 'additionalName')}".strip()


def _words(node: LinkedNode, term: str) -> str:
    """Return all texts under a term, as a person may have several given names; objects are not read."""
    values = node.values(term)
    texts = [item.text for item in values if isinstance(item, Literal) and item.text]
    if len(texts) < len(values):
        node.leave(term)
    return " ".join(texts)


def _orcid(node: LinkedNode) -> str | None:
    """Return the ORCID of a person; addresses and identifiers without it count as not read."""
    found = normalise_orcid(node.id) if node.id else None
    if found is None and is_absolute(node.id):
        node.leave("@id")
    for term in _NAMING:
        for value in node.values(term):
            texts = [text for text in _texts(value) if text]
            stated = {orcid for text in texts if (orcid := normalise_orcid(text))}
            found = found or next((orcid for text in texts if (orcid := normalise_orcid(text))), None)
            if stated != {found}:
                node.leave(term)
    return found


def _affiliation(node: LinkedNode) -> str | None:
    places: dict[str, None] = {}
    for value in node.values("affiliation"):
        place = organisation(value)
        if place is None:
            node.leave("affiliation")
        else:
            places[place] = None
    return "; ".join(places) or None


def _texts(value: Value) -> Iterator[str | None]:
    if isinstance(value, Literal):
        yield value.text
    else:
        yield value.id
        inner = value.values("value", "url", "propertyID")
        yield from (item.text for item in inner if isinstance(item, Literal))


def _merged(authors: list[Creator], others: list[Creator]) -> tuple[Creator, ...]:
    """Return the authors, completed by what `others` say of them, then the others.

    Two of one name in one list are two persons, unless their ORCID is the same. Equal ones in both lists are
    one, each once; a name alone tells who is meant where it is one person's in each list.
    """
    kept: list[Creator] = []
    orcids: dict[str, int] = {}
    for item in authors:
        if item.orcid is None or item.orcid not in orcids:
            _keep(item, kept, orcids)
    equal: dict[Creator, list[int]] = {}
    for place, item in enumerate(kept):
        equal.setdefault(item, []).insert(0, place)
    taken = set()
    rest = []
    for item in others:
        if equal.get(item):
            taken.add(equal[item].pop())
        else:
            rest.append(item)
    names = _names_of_one(kept, taken, others)
    for item in rest:
        found = orcids.get(item.orcid or "", names.get(_name_key(item.name)))
        if found is None or not _may_be_same(item, kept[found]):
            _keep(item, kept, orcids)
        else:
            known = kept[found]
            if item.orcid:
                orcids.setdefault(item.orcid, found)
            homes = dict.fromkeys(home for home in (known.affiliation, item.affiliation) if home)
            kept[found] = msgspec.structs.replace(
                known, orcid=known.orcid or item.orcid, affiliation="; ".join(homes) or None
            )
    return tuple(kept)


def _names_of_one(kept: list[Creator], taken: set[int], others: list[Creator]) -> dict[str, int]:
    """Return the place of each name that is one person's in both lists, but of no one found in both already.

    Those of one name among `others` are one person where they do not contradict each other.
    """
    once = Counter(_name_key(item.name) for item in kept)
    facts = {(_name_key(item.name), 0, item.orcid) for item in others if item.orcid}
    facts |= {(_name_key(item.name), 1, item.affiliation) for item in others if item.affiliation}
    several = {key for (key, _), count in Counter(fact[:2] for fact in facts).items() if count > 1}
    keys = ((_name_key(item.name), place) for place, item in enumerate(kept) if place not in taken)
    return {key: place for key, place in keys if once[key] == 1 and key not in several}


def _keep(item: Creator, kept: list[Creator], orcids: dict[str, int]) -> None:
    if item.orcid:
        orcids.setdefault(item.orcid, len(kept))
    kept.append(item)


def _may_be_same(one: Creator, other: Creator) -> bool:
    return one.orcid is None or other.orcid is None or one.orcid == other.orcid


def _name_key(name: str) -> str:
    family, comma, given = name.partition(",")
    ordered = f"{given} {family}" if comma else name
    return " ".join(ordered.casefold().split())
