# SPDX-License-Identifier: MIT
"""Identifiers in documents: of the described object, and of others that it refers to.

Only what names one object everywhere counts: an address, a DOI, an identifier that states its scheme. A
relative `@id` ("./", "#model", "data/a.csv") means something only beside its document.
"""

import re
from collections.abc import Callable, Collection, Iterable
from urllib.parse import unquote, urlsplit

from fairreg.errors import without_secrets
from fairreg.formats.linked_data.graph import LinkedNode, Literal, Value
from fairreg.schemas.identifiers import POINTING_SCHEMES, Identifier, minted_doi, normalise_doi, record_of_doi
from fairreg.schemas.jsonld_terms import identifier_in
from fairreg.sources import DOI, KAGGLE, ORCID, OWNER_SLASH_NAME, code_sites, scheme_names

__all__ = [
    "addresses",
    "identity",
    "is_absolute",
    "leave_pages",
    "named_by",
    "neighbours",
    "own",
    "stated",
    "texts",
]

_ABSOLUTE = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:\S")
_DOI_INSIDE = re.compile(r"\b10\.\d{4,9}/[^\s\"<>{}|\\^`]{1,300}")
# Between two identifiers in one text: the second one begins after it.
_BETWEEN = re.compile(r"[;,\s]\s?(?=10\.\d{4}|https?://|doi:|arxiv:)", re.IGNORECASE)
# Schemes with a registry of their own that no service here resolves.
_URN = re.compile(r"(urn|ark|hdl|arcp|n2t):(/?[^\s/].*)", re.IGNORECASE)
_WORD = re.compile(r"[A-Za-z][A-Za-z0-9_-]*")
_PERSONAL = frozenset({ORCID.name, "isni", "ror"})
_HERE = frozenset({"localhost", "127.0.0.1", "0.0.0.0", "::1"})  # noqa: S104 (compared, never bound)
_OWN_PLACES = ("identifier", "cite-as", "sameAs", "archivedAt")
_PAGES = ("url", "mainEntityOfPage")
_HANDLES = frozenset({"hdl.handle.net"})  # resolves DOIs, which are handles
# Ends of the address of a whole object: of its pages, of a badge, of a clone; "#.Yx3" is of a share button.
_WHOLE = re.compile(r"(?:\.git|\.svg|/croissant|/tree/(?:main|master))?/?(?:#(?:\.[\w-]*)?)?")


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


def named_by(text: str | None, whole: re.Pattern[str] = _WHOLE) -> Identifier | None:
    """Return the identifier by which a text names one object; None where it names another or many.

    An address of a part of a known object (a file, a folder, a query) stays an address, and so does that of
    a page which only mentions a DOI. A paper and the page of an owner of models name no model.
    """
    found = stated(text)
    if found is None or found.scheme in POINTING_SCHEMES | scheme_names("paper"):
        return None
    words = (text or "").strip()
    address = words.removeprefix("git+")
    is_address = address.startswith(("https://", "http://"))
    if is_address and _is_owner(found):
        return None
    rest = _after(found.value, words)
    # A DOI inside the address of another page is that of a paper as often as that of the object.
    is_spelled = found.scheme != DOI.name or _resolves(words)
    if found.scheme == "url" or (is_spelled and (rest is None or whole.fullmatch(rest))):
        return found
    return Identifier("url", without_secrets(address)) if is_address else None


def _resolves(words: str) -> bool:
    """Tell whether a text is a DOI or the address of one at a resolver."""
    return normalise_doi(words) is not None or (urlsplit(words).hostname or "") in _HANDLES


def _is_owner(item: Identifier) -> bool:
    """Tell whether it is the page of a person or a group with many models."""
    if item.scheme == "url":
        place = urlsplit(item.value)
        return (place.hostname or "") in code_sites() and "/" not in place.path.strip("/")
    return item.scheme in {OWNER_SLASH_NAME.name, KAGGLE.name} and "/" not in item.value


def _after(value: str, words: str) -> str | None:
    """Return what follows an identifier in its address, None where it is spelled otherwise."""
    spelled = unquote(words) if "%" in words else words
    _, found, rest = spelled.casefold().partition(value.casefold())
    return rest if found else None


def own(node: LinkedNode) -> tuple[Identifier, ...]:
    """Return the identifiers of a node, by `@id` first."""
    return _read(node, _OWN_PLACES, named_by, by_id=True)


def addresses(node: LinkedNode) -> tuple[Identifier, ...]:
    """Return the pages of a node: `url` and `mainEntityOfPage`."""
    return _read(node, _PAGES, named_by)


def leave_pages(node: LinkedNode, *, kept: Collection[str | None]) -> None:
    """Count the pages of a node as not read whose addresses are none of those `kept`."""
    for term in _PAGES:
        found = (_identity(value, named_by) for value in node.peek(term))
        if any(item is not None and item.url not in kept for item in found):
            node.leave(term)


def texts(node: LinkedNode) -> tuple[str, ...]:
    """Return what a node states in the places of its identifiers and pages, understood or not."""
    values = node.peek(*_OWN_PLACES, *_PAGES)
    inner = [
        item
        for value in values
        for item in (value.peek("value", "url", "@id") if isinstance(value, LinkedNode) else [value])
    ]
    return tuple(item.text for item in inner if isinstance(item, Literal) and item.text)


def neighbours(node: LinkedNode) -> tuple[Identifier, ...]:
    """Return other objects that the identifiers and pages of a node mention: a paper, the whole of a part."""
    names = (*own(node), *addresses(node))
    minted = (record_of_doi(item.value) for item in names if item.scheme == DOI.name)
    named = {item.key for item in (*names, *minted) if item}
    mentioned = _read(node, (*_OWN_PLACES, *_PAGES), stated, by_id=True)
    return tuple(item for item in mentioned if item.key not in named and not _is_owner(item))


# Places of an identifier in an object, as schema.org's PropertyValue.
_STATING = ("value", "url", "identifier", "@id")
# Reader of a text that may state an identifier.
_Reader = Callable[[str | None], Identifier | None]


def _read(
    node: LinkedNode, terms: Iterable[str], reader: _Reader, *, by_id: bool = False
) -> tuple[Identifier, ...]:
    found = [reader(node.id) if by_id and is_absolute(node.id) else None]
    for term in terms:
        for value in node.values(term):
            found.append(_identity(value, reader))
            # A paper, which names no model, is told as a relation.
            if found[-1] is None and ((other := _identity(value, stated)) is None or _is_owner(other)):
                node.leave(term)
    return _unique(item for item in found if item is not None)


def targets(value: Value, *, bare: str | None = None) -> tuple[Identifier, ...]:
    """Return what a value refers to: an object by identifier or address, or all papers in a citation.

    `bare` is a scheme whose values count without a prefix, as ``owner/name`` of a model on a hub.
    """
    if isinstance(value, Literal):
        return _in_text(value.text or "", bare)
    # Where a relation names its other end by identifier and by address, the identifier counts.
    found = _read(value, (*_OWN_PLACES, *_PAGES), stated, by_id=True)
    best = next((item for item in found if item.scheme != "url"), None) or next(iter(found), None)
    if best is not None:
        _leave_names(value, best)
        named = [item.text for item in value.peek("name") if isinstance(item, Literal)]
        if named in ([best.value], [value.id]):
            value.values("name")  # a title would be left out; an identifier as the name says no more
        return (best,)
    names = (item.text for item in value.peek("name", "citation") if isinstance(item, Literal) and item.text)
    texts = [*names, *([value.id] if bare and value.id else [])]
    return next((items for text in texts if (items := _in_text(text, bare))), ())


def _leave_names(node: LinkedNode, kept: Identifier) -> None:
    """Count the identifiers and addresses of a related object as not read that are not the one `kept`."""
    own = stated(node.id) if is_absolute(node.id) else None
    if own and not _are_same(kept, own):
        node.leave("@id")
    for term in (*_OWN_PLACES, *_PAGES):
        found = (_identity(value, stated) for value in node.peek(term))
        if any(item is not None and not _are_same(kept, item) for item in found):
            node.leave(term)


def _in_text(text: str, bare: str | None) -> tuple[Identifier, ...]:
    parts = _BETWEEN.split(text)
    if len(parts) > 1:
        return _unique(item for part in parts for item in _in_text(part, bare))
    found = stated(text) or (_of_scheme(text, bare) if bare else None)
    inside = (normalise_doi(item[0].rstrip(".,;:)]")) for item in _DOI_INSIDE.finditer(text))
    return (found,) if found else _unique(Identifier(DOI.name, doi) for doi in inside if doi)


def _of_scheme(text: str, scheme: str) -> Identifier | None:
    known = identifier_in(text)
    return known if known and known.scheme == scheme else None


def identity(value: Value) -> Identifier | None:
    """Return the identifier that a text states, or an object with an address or with scheme and value."""
    return _identity(value, stated)


def _identity(value: Value, reader: _Reader) -> Identifier | None:
    if isinstance(value, Literal):
        return reader(value.text)
    texts = [value.id] if is_absolute(value.id) else []
    texts += [item.text for item in value.values(*_STATING) if isinstance(item, Literal)]
    schemes = [
        (item.text if isinstance(item, Literal) else item.id) or "" for item in value.values("propertyID")
    ]
    prefixes = [name for item in schemes if _WORD.fullmatch(name := item.rstrip("/").rpartition("/")[2])]
    named = (f"{prefix.lower()}:{text}" for prefix in prefixes for text in texts if text)
    found = next((item for text in (*texts, *named) if (item := reader(text))), None)
    if found:
        value.leave(
            *(term for term in _STATING if any(not _states(item, found) for item in value.peek(term)))
        )
    return found


def _states(value: Value, found: Identifier) -> bool:
    """Tell whether a text is the identifier that was found, with or without its scheme."""
    text = value.text or "" if isinstance(value, Literal) else ""
    other = stated(text)
    if other is not None:
        return _are_same(found, other)
    return bool(text) and found.value.casefold().endswith(text.casefold())


def _are_same(one: Identifier, other: Identifier) -> bool:
    return one.key == other.key or one.value in {minted_doi(other), other.url} or other.value == one.url


def _unique(found: Iterable[Identifier]) -> tuple[Identifier, ...]:
    first: dict[tuple[str, str], Identifier] = {}
    for item in found:
        first.setdefault(item.key, item)
    return tuple(first.values())
