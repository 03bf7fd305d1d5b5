# SPDX-License-Identifier: MIT
"""Identifiers in documents: of the described object, and of others that it refers to.

Only what names one object everywhere counts: an address, a DOI, an identifier that states its scheme. A
relative `@id` ("./", "#model", "data/a.csv") means something only beside its document.
"""

import re
from collections.abc import Iterable, Iterator
from urllib.parse import urlsplit

from fairreg.formats.linked_data.graph import LinkedNode, Literal, Value
from fairreg.schemas.datacite_terms import identifier_of
from fairreg.schemas.identifiers import Identifier, normalise_doi
from fairreg.schemas.jsonld_terms import identifier_in
from fairreg.sources import DOI, ORCID

__all__ = ["addresses", "is_absolute", "own", "repository", "stated", "target"]

_ABSOLUTE = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:\S")
_DOI_INSIDE = re.compile(r"\b10\.\d{4,9}/[^\s\"<>{}|\\^`]{1,300}")
# Schemes with a registry of their own that no service here resolves.
_URN = re.compile(r"(urn|ark|hdl|arcp|n2t):(/?[^\s/].*)", re.IGNORECASE)
_WORD = re.compile(r"[A-Za-z][A-Za-z0-9_-]*")
_PERSONAL = frozenset({ORCID.name, "isni", "ror"})
_HERE = frozenset({"localhost", "127.0.0.1", "0.0.0.0", "::1"})  # noqa: S104 (compared, never bound)
_OWN_PLACES = ("identifier", "cite-as", "sameAs", "archivedAt")


def is_absolute(name: str | None) -> bool:
    """Tell whether an `@id` names something outside its document."""
    return bool(name) and not str(name).startswith("_:") and bool(_ABSOLUTE.match(str(name)))


def stated(text: str | None) -> Identifier | None:
    """Return the identifier that a text states with its scheme; None for a bare name or number."""
    words = (text or "").strip()
    doi = normalise_doi(words) if words else None
    if doi:
        return Identifier(DOI.name, doi)
    if not _ABSOLUTE.match(words) and "://" not in words:
        return None
    found = identifier_in(words)
    if found is None:
        urn = _URN.fullmatch(words)
        return Identifier(urn[1].lower(), urn[2]) if urn else None
    local = found.scheme == "url" and (urlsplit(found.value).hostname or "") in _HERE
    return None if local or found.scheme in _PERSONAL else found


def own(node: LinkedNode, *more: str) -> tuple[Identifier, ...]:
    """Return the identifiers of a node, by `@id` first; `more` are further properties that name it."""
    by_id = stated(node.id) if is_absolute(node.id) else None
    return _unique([*([by_id] if by_id else []), *_stated_under(node, (*_OWN_PLACES, *more))])


def addresses(node: LinkedNode) -> tuple[Identifier, ...]:
    """Return the pages of a node: `url` and `mainEntityOfPage`."""
    return _unique(_stated_under(node, ("url", "mainEntityOfPage")))


def _stated_under(node: LinkedNode, terms: Iterable[str]) -> Iterator[Identifier]:
    for term in terms:
        for value in node.values(term):
            found = _identity(value)
            if found is None:
                node.leave(term)
            else:
                yield found


def repository(value: Value) -> Identifier | None:
    """Return the code repository that a value names; its evidence is the address of a stated revision."""
    text = value.text if isinstance(value, Literal) else value.id
    if isinstance(value, LinkedNode) and not is_absolute(text):
        return next(iter(addresses(value)), None)
    if not text or not _ABSOLUTE.match(text):
        return None
    found = identifier_of(text)
    return found if found and found.scheme != "other" else None


def target(value: Value, *, bare: str | None = None) -> Identifier | None:
    """Return the object that a value refers to by identifier, address, or a DOI inside a citation.

    `bare` is a scheme whose values count without a prefix, as ``owner/name`` of a model on a hub.
    """
    if isinstance(value, Literal):
        return _in_text(value.text or "", bare)
    # Where a relation names its other end by identifier and by address, the identifier counts.
    found = [*own(value), *addresses(value)]
    best = next((item for item in found if item.scheme != "url"), None) or next(iter(found), None)
    if best is not None:
        return best
    names = (item.text for item in value.peek("name", "citation") if isinstance(item, Literal) and item.text)
    texts = [*names, *([value.id] if bare and value.id else [])]
    return next((item for text in texts if (item := _in_text(text, bare))), None)


def _in_text(text: str, bare: str | None) -> Identifier | None:
    inside = _DOI_INSIDE.search(text)
    doi = normalise_doi(inside[0].rstrip(".,;:)]")) if inside else None
    found = stated(text) or (Identifier(DOI.name, doi) if doi else None)
    known = identifier_in(text) if found is None and bare else None
    return known if known and known.scheme == bare else found


def _identity(value: Value) -> Identifier | None:
    if isinstance(value, Literal):
        return stated(value.text)
    texts = [value.id] if is_absolute(value.id) else []
    texts += [
        item.text for item in value.values("value", "url", "identifier", "@id") if isinstance(item, Literal)
    ]
    schemes = [item.text or "" for item in value.values("propertyID") if isinstance(item, Literal)]
    prefixes = [name for item in schemes if _WORD.fullmatch(name := item.rstrip("/").rpartition("/")[2])]
    named = (f"{prefix.lower()}:{text}" for prefix in prefixes for text in texts if text)
    found = (item for text in (*texts, *named) if (item := stated(text)))
    return next(found, None)


def _unique(found: Iterable[Identifier]) -> tuple[Identifier, ...]:
    first: dict[tuple[str, str], Identifier] = {}
    for item in found:
        first.setdefault(item.key, item)
    return tuple(first.values())
