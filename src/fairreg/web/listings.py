# SPDX-License-Identifier: MIT
"""Pages of items in JSON, of which one bad item spoils no other.

A parser of JSON stops at the first fault. The ends of a page's items are known nevertheless, as long as its
strings end and its brackets match: a page that does not parse is read item by item, and an item that cannot
be read stays in its place as a damaged payload, with its text and the reason. Where they do not match, the
next item is found by the opening that the items share (`web.damaged_lists`).
"""

import json
import re
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from fairreg.web.damaged_lists import damaged_list, pieces

__all__ = [
    "MOST_DAMAGED",
    "MOST_ITEMS",
    "MOST_LEVELS",
    "Damage",
    "damage_of",
    "damaged_payload",
    "has_too_many_items",
    "is_too_deep",
    "parse_listing",
    "payload_of",
]

# Deepest nesting of a payload: readers and writers of JSON recurse, and fail near 1,000 levels.
MOST_LEVELS = 100
# More damaged items than this are a damaged page: each of them is stored and listed.
MOST_DAMAGED = 1000
# Items of one page: ten times the largest page that a service gives; each takes a kilobyte of memory or more.
MOST_ITEMS = 10_000
# Characters of a damaged item that are kept.
_LONGEST_TEXT = 10_000
# The only member of a damaged payload.
_DAMAGED = "fairreg:damaged"
# Members that name an item, the most telling first.
_NAMES = ("full_name", "doi", "id", "subject", "name")
_LONGEST_NAME = 200
# The list of a page lies within so many objects: two in the widest known page, OpenML's and Zenodo's.
_MOST_OBJECTS = 4
# A string, or a mark outside of strings; a quotation mark alone is that of a string without an end.
_TOKEN = re.compile(rb'"(?:[^"\\]++|\\.)*+"|["\[\]{},:]', re.DOTALL)
_CLOSING = {b"{": b"}", b"[": b"]"}
_BLANK = b" \t\r\n"
_KINDS = {str: "a text", bool: "true or false", int: "a number", float: "a number", list: "a list"}
Json = dict[str, Any]


class Damage(NamedTuple):
    """Reason why an item could not be read, and its name where one was found."""

    reason: str
    name: str | None


class _Part(NamedTuple):
    """A member of an object, or an element of a list (without `key`): its place in the bytes of the page."""

    key: bytes
    start: int
    end: int


def damaged_payload(reason: str, text: str, name: str | None = None) -> Json:
    """Return the payload that stands for an item that could not be read, with the beginning of its text."""
    return {_DAMAGED: {"reason": reason, "name": name, "text": text[:_LONGEST_TEXT]}}


def damage_of(payload: object) -> Damage | None:
    """Return the damage of a payload of `damaged_payload`, None for any other."""
    stated = payload.get(_DAMAGED) if isinstance(payload, dict) else None
    if not isinstance(stated, dict):
        return None
    name = stated.get("name")
    return Damage(str(stated.get("reason") or "it is damaged"), name if isinstance(name, str) else None)


def payload_of(value: object) -> Json:
    """Return an item of a page unchanged; a damaged payload for one that is no object, or is too deep."""
    if isinstance(value, dict):
        return damaged_payload(_too_deep(), "") if is_too_deep(value) else value
    kind = "null" if value is None else _KINDS.get(type(value), "no JSON")
    return damaged_payload(f"it is {kind}, not an object", "" if is_too_deep(value) else json.dumps(value))


def is_too_deep(value: object) -> bool:
    """Tell whether the lists and objects of a JSON value are nested in more than `MOST_LEVELS` levels."""
    level = [value] if isinstance(value, dict | list) else []
    for _ in range(MOST_LEVELS):
        level = [
            part
            for item in level
            for part in (item.values() if isinstance(item, dict) else item)
            if isinstance(part, dict | list)
        ]
        if not level:
            return False
    return True


def has_too_many_items(page: object) -> bool:
    """Tell whether a page has a list of more than `MOST_ITEMS` elements."""
    level = [page]
    for _ in range(_MOST_OBJECTS + 1):
        if any(isinstance(value, list) and len(value) > MOST_ITEMS for value in level):
            return True
        level = [inner for value in level if isinstance(value, dict) for inner in value.values()]
    return False


def parse_listing(body: bytes) -> Any:
    """Parse a page of items; an element of its outermost list that cannot be read becomes a damaged payload.

    Raises ValueError, with the fault, where the ends of the items are not known or the fault is elsewhere.
    """
    try:
        document = json.loads(body)
        if not is_too_deep(document):
            return document
    except (ValueError, RecursionError):
        pass  # the reason is that of the item, or of the page, below
    start = len(body) - len(body.removeprefix(b"\xef\xbb\xbf").lstrip(_BLANK))
    try:
        return _page(body, start, len(body.rstrip(_BLANK)))
    except ValueError:
        page = _resynchronised(body[start:])
        if page is None:
            raise
        return page


def _resynchronised(body: bytes) -> Any:
    """Read a page in one list of which strings or brackets do not match; None where that is not all."""
    found = damaged_list(body.decode("latin-1"))  # of bytes, so that places are the same
    if found is None:
        return None
    content = body[found.start : found.end]
    page = _value(body[: found.start] + body[found.end :])
    listed = page
    for key in found.keys:
        listed = listed.get(key) if isinstance(listed, dict) else None
    if not isinstance(listed, list):  # a member of the same name follows
        return None
    listed += _items(content[start:end] for start, end in pieces(content.decode("latin-1")))
    return page


def _page(body: bytes, start: int, end: int, objects: int = 0) -> Any:
    """Read the objects around the list of a page, and the list item by item."""
    try:
        return _value(body[start:end])
    except ValueError as error:
        opening = body[start : start + 1]
        if (opening in _CLOSING or not objects) and _end_of_value(body, start) != end:
            raise ValueError("invalid JSON (more text follows its end)") from error
        if opening == b"{" and objects < _MOST_OBJECTS:
            return {
                _key(part): _page(body, part.start, part.end, objects + 1) for part in _parts(body, start)
            }
        if opening != b"[":
            raise ValueError(f"invalid JSON ({error})") from error
    return _items(body[part.start : part.end] for part in _parts(body, start))


def _items(contents: Iterable[bytes]) -> list[Any]:
    """Read the items of a list. Raises ValueError where more than `MOST_DAMAGED` of them are damaged."""
    read: list[tuple[bytes, Any]] = []
    damaged = 0
    for content in contents:
        value = _item(content)
        damaged += damage_of(value) is not None
        if damaged > MOST_DAMAGED:
            raise ValueError(f"more than {MOST_DAMAGED:,} damaged items")
        read.append((content, value))
    good = (value for _, value in read if isinstance(value, dict) and damage_of(value) is None)
    like = next((value for value in good if value), None)
    found = [item for content, value in read for item in _separated(content, value, like)]
    if sum(damage_of(item) is not None for item in found) > MOST_DAMAGED:
        raise ValueError(f"more than {MOST_DAMAGED:,} damaged items")
    return found


def _separated(content: bytes, value: Any, like: Json | None) -> Iterator[Any]:
    """Yield an item; a damaged one that others were merged into, by a missing comma for example, in parts."""
    parts = [] if damage_of(value) is None else list(pieces(content.decode("latin-1"), like))
    if len(parts) < 2:  # noqa: PLR2004 - it is one item
        yield value
    else:
        yield from (_item(content[start:end]) for start, end in parts)


def _item(content: bytes) -> Any:
    content = content.strip(_BLANK)
    try:
        return _value(content)
    except ValueError as error:
        return damaged_payload(str(error), content.decode("utf-8", "backslashreplace"), _name_of(content))


def _value(content: bytes) -> Any:
    """Parse a value. Raises ValueError with the fault as a clause."""
    try:
        value = json.loads(content.decode("utf-8", "surrogatepass"))
    except UnicodeDecodeError as error:
        raise ValueError(f"it has a byte that is not UTF-8 (0x{content[error.start]:02x})") from error
    except json.JSONDecodeError as error:
        said = error.msg.removesuffix(" at")
        raise ValueError(f"it is not JSON: {said} at character {error.pos + 1}") from error
    except RecursionError as error:
        raise ValueError(_too_deep()) from error
    except ValueError as error:
        raise ValueError("it holds a number of more digits than fairreg reads") from error
    if is_too_deep(value):
        raise ValueError(_too_deep())
    return value


def _too_deep() -> str:
    return f"it is nested in more than {MOST_LEVELS} levels"


def _key(part: _Part) -> str:
    key = _value(part.key)
    if not isinstance(key, str):
        raise ValueError("it has a member without a name")
    return key


def _name_of(content: bytes) -> str | None:
    """Return the name or number that a damaged object gives itself."""
    if not content.startswith(b"{"):
        return None
    found = {}
    for part in _parts(content, 0):
        try:
            found[_key(part)] = _value(content[part.start : part.end])
        except ValueError:
            continue  # the damage is here, or here as well
    named = (found.get(name) for name in _NAMES)
    return next((str(name)[:_LONGEST_NAME] for name in named if isinstance(name, str | int)), None)


def _parts(body: bytes, start: int) -> Iterator[_Part]:
    """Yield the members or elements of the container that begins at `start`; its brackets match."""
    depth, begun, key, several = 0, start + 1, b"", False
    for token in _TOKEN.finditer(body, start):
        mark = token[0]
        depth += (mark in _CLOSING) - (mark in {b"]", b"}"})
        if depth == 1 and mark == b":":
            key, begun = body[begun : token.start()].strip(_BLANK), token.end()
        elif (depth == 1 and mark == b",") or depth == 0:
            part = _Part(key, *_trimmed(body, begun, token.start()))
            several = several or mark == b","
            if several or part.start < part.end:
                yield part
            key, begun = b"", token.end()
        if depth == 0:
            return


def _trimmed(body: bytes, start: int, end: int) -> tuple[int, int]:
    while start < end and body[start] in _BLANK:
        start += 1
    while start < end and body[end - 1] in _BLANK:
        end -= 1
    return start, end


def _end_of_value(body: bytes, start: int) -> int:
    """Return the end of the container at `start`. Raises ValueError unless its strings and brackets end."""
    if body[start : start + 1] not in _CLOSING:
        raise ValueError("invalid JSON")
    awaited: list[bytes] = []
    for token in _TOKEN.finditer(body, start):
        mark = token[0]
        if mark in _CLOSING:
            awaited.append(_CLOSING[mark])
        elif mark in {b"]", b"}"} and awaited.pop() != mark:
            raise ValueError(f"invalid JSON (its brackets do not match at byte {token.start()})")
        elif mark == b'"':
            break
        if not awaited:
            return token.end()
    raise ValueError("incomplete JSON (a text, list or object in it does not end)")
