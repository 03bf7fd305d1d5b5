# SPDX-License-Identifier: MIT
"""Texts, dates and numbers of a node, each of the requested type or None; others count as not understood."""

import re
from collections.abc import Iterable, Iterator
from typing import TypeVar

from fairreg.formats.linked_data.graph import LinkedNode, Literal, Value
from fairreg.formats.linked_data.identities import is_absolute
from fairreg.schemas.json_reader import JsonNode
from fairreg.schemas.text import one_line, plain_text, split_keywords, title

__all__ = [
    "best",
    "date",
    "label",
    "labels",
    "language",
    "leave_others",
    "only",
    "prose",
    "titles",
    "unique",
    "words",
]

_PREFERRED = "en"
_OTHER_NAMES = ("alternateName", "termCode")
_CODE = re.compile(r"[a-z]{2,3}(?:-[A-Za-z0-9]{2,8})*")
_CODE_PLACES = ("alternateName", "identifier", "termCode")
_Read = TypeVar("_Read")


def best(values: Iterable[Value]) -> Literal | None:
    """Return the English text among the values, else the first."""
    texts = [item for item in values if isinstance(item, Literal) and item.text]
    english = (item for item in texts if (item.language or "").lower().startswith(_PREFERRED))
    return next(english, texts[0] if texts else None)


def label(value: Value) -> str | None:
    """Return the words of a value: a text, or the name of an object."""
    return value.text if isinstance(value, Literal) else value.once(label, lambda: _name(value))


def _name(value: LinkedNode) -> str | None:
    found = best(value.values("name"))
    leave_others(value, "name")
    if found is None:
        found = best(value.values(*_OTHER_NAMES))
        value.leave(*(term for term in _OTHER_NAMES if _says_more(value, term, found)))
    return found.text if found else None


def _says_more(node: LinkedNode, term: str, kept: Literal | None) -> bool:
    return any(
        isinstance(item, LinkedNode) or kept is None or item.text != kept.text for item in node.peek(term)
    )


def leave_others(node: LinkedNode, term: str) -> None:
    """Count values as not read where a node has objects, or several different texts, and one is kept."""
    if node.once(("several", term), lambda: _has_several(node, term)):
        node.leave(term)


def _has_several(node: LinkedNode, term: str) -> bool:
    values = node.values(term)
    texts = {title(item.text or "") for item in values if isinstance(item, Literal)}
    return len(texts - {None}) > 1 or any(isinstance(item, LinkedNode) for item in values)


def labels(node: LinkedNode, *terms: str) -> tuple[str, ...]:
    """Return the words of each value under the terms, each once."""
    return unique(_understood(node, terms))


def _understood(node: LinkedNode, terms: tuple[str, ...]) -> Iterator[str]:
    for term in terms:
        for value in node.values(term):
            text = label(value)
            if text is None:
                node.leave(term)
            else:
                if isinstance(value, LinkedNode) and is_absolute(value.id):
                    value.leave("@id")
                yield text


def titles(node: LinkedNode, *terms: str) -> tuple[str, ...]:
    """Return the names under the terms without markup, the English one first; only texts are names."""
    values = [item for term in terms for item in _texts(node, term)]
    first = best(values)
    rest = (item for item in values if item is not first)
    texts = [item.text for item in (*([first] if first else []), *rest)]
    return unique(found for text in texts if text and (found := title(text)))


def _texts(node: LinkedNode, term: str) -> list[Literal]:
    values = node.values(term)
    found = [item for item in values if isinstance(item, Literal) and isinstance(item.value, str)]
    if len(found) < len(values):
        node.leave(term)
    return found


def prose(node: LinkedNode, *terms: str) -> str | None:
    """Return the description under the first of the terms that has one; another one counts as not read."""
    found: str | None = None
    for term in terms:
        values = node.values(term)
        chosen = best(values)
        same = [item for item in values if isinstance(item, Literal) and chosen and _is_beside(item, chosen)]
        if len(same) < len(values):
            node.leave(term)
        text = _paragraphs(same)
        if found is not None and text not in (None, found):
            node.leave(term)
        found = found or text
    return found


def _is_beside(item: Literal, chosen: Literal) -> bool:
    """Tell whether a text is in the language of another one, or in none."""
    return bool(item.text) and item.language in (None, chosen.language)


def _paragraphs(texts: list[Literal]) -> str | None:
    """Return the texts, each once, as paragraphs."""
    found = dict.fromkeys(plain_text(str(item.value)) for item in texts)
    return "\n\n".join(text for text in found if text) or None


def words(node: LinkedNode, *terms: str) -> tuple[str, ...]:
    """Return keywords: texts, terms with a name, or one text with separators."""
    return split_keywords(labels(node, *terms))


def date(node: LinkedNode, term: str) -> str | None:
    """Return an ISO 8601 date; the first of several."""
    values = node.values(term)
    return only(
        node, term, [JsonNode(item.value).date if isinstance(item, Literal) else None for item in values]
    )


def only(node: LinkedNode, term: str, found: Iterable[_Read | None]) -> _Read | None:
    """Return the first of what was found under a term; None in it, and any other value, count as not read."""
    distinct = dict.fromkeys(found)
    known = [item for item in distinct if item is not None]
    if len(known) > 1 or None in distinct:
        node.leave(term)
    return next(iter(known), None)


def language(node: LinkedNode) -> str | None:
    """Return the language's code where it is stated, else its name."""
    return only(node, "inLanguage", map(_code_or_name, node.values("inLanguage")))


def _code_or_name(value: Value) -> str | None:
    name = label(value)
    if isinstance(value, Literal):
        return name
    stated = [(term, item) for term in _CODE_PLACES for item in value.values(term)]
    texts = [item.text or "" for _, item in stated if isinstance(item, Literal)]
    found = next((text for text in texts if _CODE.fullmatch(text)), name)
    value.leave(*(term for term, item in stated if not isinstance(item, Literal) or item.text != found))
    if is_absolute(value.id):
        value.leave("@id")
    return found


def unique(texts: Iterable[str]) -> tuple[str, ...]:
    """Return each text once, in order."""
    return tuple(dict.fromkeys(found for text in texts if (found := one_line(text))))
