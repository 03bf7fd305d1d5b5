# SPDX-License-Identifier: MIT
"""Code repositories in documents: they identify software, and are related to models and data."""

import re
from collections.abc import Collection, Iterator

from fairreg.formats.linked_data.graph import LinkedNode, Literal, Value
from fairreg.formats.linked_data.identities import addresses, is_absolute, leave_pages, named_by
from fairreg.formats.related import page_of_clone
from fairreg.schemas.datacite_terms import identifier_of
from fairreg.schemas.identifiers import Identifier
from fairreg.schemas.record import Kind, Relation

__all__ = ["identifiers", "relations"]

_TERM = "codeRepository"
_REVISION = re.compile(r"(?:\.git)?(?:/(?:tree|commit|releases/tag)/[^/?#]+)?/?")


def identifiers(node: LinkedNode, kind: Kind, known: Collection[Identifier]) -> tuple[Identifier, ...]:
    """Return the names that its code repositories give an object beside the `known` ones.

    The code is no name of a model or of data that it belongs to; a record of them still tells where it is.
    """
    if not known and kind != "software":
        return ()
    read = _of_software if kind == "software" else _repository
    code = [item for value in node.peek(_TERM) if (item := read(value))]
    keys = {item.key for item in known}
    usable = (item for item in code if item.key not in keys and (item.scheme != "url" or not known))
    named = (Identifier(item.scheme, item.value, item.evidence or _TERM) for item in usable)
    return tuple({item.key: item for item in named}.values())


def relations(node: LinkedNode, kind: Kind, named: Collection[Identifier]) -> Iterator[Relation]:
    """Yield the code that an object belongs to, unless it is software of that name."""
    keys = {item.key for item in named} if kind == "software" else set()
    for value in node.values(_TERM):
        found = _repository(value)
        if found is None:
            node.leave(_TERM)
        elif found.evidence or found.key not in keys:
            yield Relation(type="is_supplement_to", target=found)


def _of_software(value: Value) -> Identifier | None:
    """Return what a code repository calls the software in it: a folder of many is called by its address."""
    found, text = _repository(value), _address(value)
    if found is None or text is None:
        return found
    named = named_by(text, _REVISION)
    return Identifier(named.scheme, named.value, found.evidence) if named else None


def _repository(value: Value) -> Identifier | None:
    """Return the code repository that a value names; its evidence is the address of a stated revision."""
    text = _address(value)
    if text is None:
        return _page(value) if isinstance(value, LinkedNode) else None
    found = identifier_of(text)
    return found if found and found.scheme != "other" else None


def _page(node: LinkedNode) -> Identifier | None:
    pages = addresses(node)
    leave_pages(node, kept={item.url for item in pages[:1]})
    return next(iter(pages), None)


def _address(value: Value) -> str | None:
    """Return the address of a value, that of a clone as the page of the repository where it is known."""
    text = (value.text if isinstance(value, Literal) else value.id) or ""
    return page_of_clone(text) or (text if is_absolute(text) else None)
