# SPDX-License-Identifier: MIT
"""Places of the items in a JSON list that strings or brackets in disorder make unreadable as a whole.

An odd quotation mark or bracket in one item says nothing true about the ends of those behind it. They are
found again by the opening that the items of a page share, as in ``{"id": 7, "doi":``; what lies before the
next of them is the damaged item.
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

__all__ = ["DamagedList", "damaged_list", "pieces"]

Span = tuple[int, int]
# Ends of values are wanted, whatever the number of their digits.
_DECODER = json.JSONDecoder(parse_int=float)
_BLANK = re.compile(r"[ \t\r\n]*+")
_KEY = re.compile(r'\{\s*+("(?:[^"\\]++|\\.)*+")\s*+:', re.DOTALL)
_OBJECT = re.compile(r"(?:^|[\[,}])\s*+\{")
_SCALAR = r'(?:"(?:[^"\\]++|\\.)*+"|[^",\[\]{}\s]++)'
# Characters that may be read per character of the text: each beginning of an item is tried.
_MOST_WORK = 20
_LEAST_WORK = 100_000
# Objects that are looked at where no item of the page was read.
_MOST_TRIED = 200


class DamagedList(NamedTuple):
    """The place of a list between its brackets, and the names of the members that it lies in."""

    keys: tuple[str, ...]
    start: int
    end: int


def damaged_list(text: str) -> DamagedList | None:
    """Find the outermost list of a page that cannot be read while everything around it can."""
    reader, keys, at = _Reader(text), [], _skip(text, 0)
    while text[at : at + 1] == "{":
        found = _first_unreadable(reader, at)
        if found is None:
            return None
        keys.append(found[0])
        at = found[1]
    if text[at : at + 1] != "[":
        return None
    end = _end_of_list(reader, at + 1, len(keys))
    # A list alone that was cut behind an inner list ends with a bracket too.
    if end is None or (not keys and text[at + 1 : end].rstrip()[-1:] != "}"):
        return None
    return DamagedList(tuple(keys), at + 1, end)


def pieces(text: str, like: Mapping[str, Any] | None = None) -> Iterator[Span]:
    """Yield the places of the items in the inside of a list; `like` is one of its items that was read."""
    reader, at = _Reader(text, like), _skip(text, 0)
    reader.like = like or reader.longest_object()
    while at < len(text):
        end, onward = reader.item(at)
        yield at, end
        at = _skip(text, onward)


@dataclass
class _Reader:
    """Values of a text, read within a limit of work, and the opening that the items share."""

    text: str
    like: Mapping[str, Any] | None = None
    work: int = field(init=False)

    def __post_init__(self) -> None:
        self.work = _LEAST_WORK + _MOST_WORK * len(self.text)

    def read(self, start: int) -> tuple[Any, int] | None:
        """Return the value at `start` and its end, None where there is none."""
        if self.work <= 0:
            return None
        try:
            value, end = _DECODER.raw_decode(self.text, start)
        except json.JSONDecodeError as error:
            # The place of a string without an end is its beginning.
            last = len(self.text) if error.msg.startswith("Unterminated") else error.pos
            self.work -= last - start + error.pos // 16 + 1
            return None
        except RecursionError:
            self.work -= len(self.text) - start
            return None
        self.work -= end - start
        return value, end

    def longest_object(self) -> Mapping[str, Any] | None:
        """Return the longest of the first objects that can be read: those within items are shorter."""
        longest, length, at = None, 0, 0
        for _ in range(_MOST_TRIED):
            opening = _OBJECT.search(self.text, at)
            if opening is None:
                break
            start = opening.end() - 1
            found = self.read(start)
            at = found[1] if found else start + 1
            if found and found[0] and at - start > length:
                longest, length = found[0], at - start
        return longest

    def item(self, start: int) -> Span:
        """Return the end of the item at `start` and the beginning of the next."""
        found = self.read(start)
        if found is not None:
            behind = _skip(self.text, found[1])
            mark = self.text[behind : behind + 1]
            if mark in {",", ""} or (mark == "{" and isinstance(found[0], dict)):
                return found[1], behind + (mark == ",")
        return self._resumed(start)

    def _resumed(self, start: int) -> Span:
        """Return the end of a damaged item, and the beginning of the next one that looks like the others."""
        opening = self._opening(start)
        for match in opening.finditer(self.text, start + 1) if opening else ():
            found = self.read(match.start("item"))
            closed = match[0].startswith("}")
            # An item that is damaged too is cut off where the one before it seems to end.
            if self._is_item(found) if found else closed:
                return match.start() + closed, match.start("item")
        return len(self.text), len(self.text)

    def _is_item(self, found: tuple[Any, int]) -> bool:
        """Tell whether a value has the place and most members of an item; objects within items have not."""
        value, end = found
        behind = _skip(self.text, end)
        if not isinstance(value, dict) or self.text[behind : behind + 1] not in {",", "", "{"}:
            return False
        return self.like is None or 2 * len(value.keys() & self.like.keys()) >= len(self.like)

    def _opening(self, start: int) -> re.Pattern[str] | None:
        if self.like:
            names = list(self.like)[: 1 if isinstance(next(iter(self.like.values())), dict | list) else 2]
            keys = [re.escape(json.dumps(name)) for name in names]
        elif first := _KEY.match(self.text, start):
            keys = [re.escape(first[1])]
        else:
            return None
        members = rf"\s*+:\s*+{_SCALAR}\s*+,\s*+".join(keys)
        return re.compile(rf"(?:\}}\s*+,?+|,)\s*+(?P<item>\{{\s*+{members}\s*+:)", re.DOTALL)


def _skip(text: str, start: int) -> int:
    found = _BLANK.match(text, start)
    return found.end() if found else start


def _first_unreadable(reader: _Reader, start: int) -> tuple[str, int] | None:
    """Return name and place of the first member that cannot be read, of the object at `start`.

    Where all can be read, an item has closed one of them too early: the first list, or else the last object.
    """
    at = start
    lists: list[tuple[str, int]] = []
    objects: list[tuple[str, int]] = []
    while reader.text[at : at + 1] in {"{", ","}:
        member = _member(reader, at + 1)
        if member is None:
            break
        found = reader.read(member[1])
        if found is None:
            return member
        if isinstance(found[0], list | dict):
            (lists if isinstance(found[0], list) else objects).append(member)
        at = _skip(reader.text, found[1])
    return next(iter([*lists, *reversed(objects)]), None)


def _member(reader: _Reader, start: int) -> tuple[str, int] | None:
    """Return the name of the member at `start`, and the place of its value."""
    key = reader.read(_skip(reader.text, start))
    if key is None or not isinstance(key[0], str):
        return None
    colon = _skip(reader.text, key[1])
    return (key[0], _skip(reader.text, colon + 1)) if reader.text[colon : colon + 1] == ":" else None


def _end_of_list(reader: _Reader, start: int, objects: int) -> int | None:
    """Return the first closing bracket behind `start` after which the rest of the page can be read."""
    at = reader.text.find("]", start)
    while at >= 0 and reader.work > 0:
        if _closes(reader, at + 1, objects):
            return at
        at = reader.text.find("]", at + 1)
    return None


def _closes(reader: _Reader, start: int, objects: int) -> bool:
    """Tell whether the text from `start` on is the rest of so many objects, and nothing else."""
    at = _skip(reader.text, start)
    while objects:
        mark = reader.text[at : at + 1]
        if mark == ",":
            member = _member(reader, at + 1)
            found = member and reader.read(member[1])
            if not found:
                return False
            at = _skip(reader.text, found[1])
        elif mark == "}":
            objects, at = objects - 1, _skip(reader.text, at + 1)
        else:
            return False
    return at == len(reader.text)
