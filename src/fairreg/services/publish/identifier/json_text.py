# SPDX-License-Identifier: MIT
"""Edits of single values in a JSON text, with every other character as it was.

A document that is parsed and written again loses its layout, the spelling of its numbers and double members.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

__all__ = ["Edits", "JsonSpan", "parse"]

_BLANK = re.compile(r"[ \t\r\n]*")
_SCALAR = re.compile(r"true|false|null|-?\d[\d.eE+-]*")
_STRING = re.compile(r'"(?:[^"\\\x00-\x1f]|\\.)*"')
_DEEPEST = 100


@dataclass(frozen=True)
class JsonSpan:
    """A value and its place in the text.

    An object has `members`, of several with one name the last, a list `items`, and any other a `value`.
    """

    start: int
    end: int
    value: Any = None
    members: dict[str, "JsonSpan"] = field(default_factory=dict)
    items: tuple["JsonSpan", ...] = ()
    kind: str = "scalar"

    def walk(self) -> Iterator["JsonSpan"]:
        """Yield this value and all values in it."""
        yield self
        for inner in (*self.members.values(), *self.items):
            yield from inner.walk()


class _Parser:
    """Reads one document. Raises ValueError for any other text, and for one nested too deep."""

    def __init__(self, text: str) -> None:
        self.text = text

    def value(self, place: int, depth: int) -> JsonSpan:
        if depth > _DEEPEST:
            raise ValueError("nested too deep")
        sign = self.text[place : place + 1]
        if sign == "{":
            return self._object(place, depth)
        if sign == "[":
            return self._list(place, depth)
        found = (_STRING if sign == '"' else _SCALAR).match(self.text, place)
        if found is None:
            raise ValueError("not JSON")
        return JsonSpan(place, found.end(), json.loads(found[0]))

    def skip(self, place: int) -> int:
        found = _BLANK.match(self.text, place)
        return found.end() if found else place

    def _object(self, start: int, depth: int) -> JsonSpan:
        members: dict[str, JsonSpan] = {}
        place = self.skip(start + 1)
        while not self._at(place, "}"):
            place = self._next(place, bool(members))
            key = self.value(place, depth + 1)
            if not isinstance(key.value, str):
                raise ValueError("a key is no string")
            place = self.skip(key.end)
            if not self._at(place, ":"):
                raise ValueError("a key has no value")
            members[key.value] = found = self.value(self.skip(place + 1), depth + 1)
            place = self.skip(found.end)
        return JsonSpan(start, place + 1, members=members, kind="object")

    def _list(self, start: int, depth: int) -> JsonSpan:
        items: list[JsonSpan] = []
        place = self.skip(start + 1)
        while not self._at(place, "]"):
            place = self._next(place, bool(items))
            items.append(self.value(place, depth + 1))
            place = self.skip(items[-1].end)
        return JsonSpan(start, place + 1, items=tuple(items), kind="list")

    def _next(self, place: int, follows: bool) -> int:
        """Return the place after the comma that separates two items."""
        if not follows:
            return place
        if not self._at(place, ","):
            raise ValueError("a comma is missing")
        return self.skip(place + 1)

    def _at(self, place: int, sign: str) -> bool:
        if place >= len(self.text):
            raise ValueError("the text ends early")
        return self.text[place] == sign


def parse(text: str) -> JsonSpan:
    """Return the value of a whole document. Raises ValueError for any other text."""
    parser = _Parser(text)
    start = 1 if text.startswith("\ufeff") else 0
    found = parser.value(parser.skip(start), 0)
    if parser.skip(found.end) != len(text):
        raise ValueError("text follows the document")
    return found


class Edits:
    """Replacements and insertions in one text, which are made together."""

    def __init__(self, text: str) -> None:
        self.text = text
        self._made: list[tuple[int, int, str]] = []

    def replace(self, span: JsonSpan, value: Any) -> None:
        """Put another value in the place of one."""
        if span.value != value or span.kind != "scalar":
            self._made.append((span.start, span.end, _written(value)))

    def add_member(self, span: JsonSpan, key: str, value: Any, *, after: tuple[str, ...] = ()) -> None:
        """Add a member to an object, behind the first of `after` that it has, else as its last one."""
        known = [span.members[name] for name in after if name in span.members]
        behind = known[0] if known else max(span.members.values(), key=lambda item: item.end, default=None)
        written = f"{json.dumps(key)}: {_written(value)}"
        if behind is None:
            self._made.append((span.start + 1, span.start + 1, written))
            return
        self._made.append((behind.end, behind.end, f",{self._indent(span)}{written}"))

    def add_first(self, span: JsonSpan, value: Any) -> None:
        """Add an item at the beginning of a list."""
        place = span.start + 1
        if not span.items:
            self._made.append((place, place, _written(value)))
            return
        first = span.items[0].start
        self._made.append((first, first, f"{_written(value)},{self._blank(place, first) or ' '}"))

    def wrap(self, span: JsonSpan, value: Any) -> None:
        """Make a list of a value, with `value` before it."""
        self._made.append((span.start, span.start, f"[{_written(value)}, "))
        self._made.append((span.end, span.end, "]"))

    def result(self) -> str:
        """Return the text with all edits."""
        text = self.text
        # One value may have been replaced from two places.
        for start, end, new in sorted(dict.fromkeys(self._made), key=lambda item: item[:2], reverse=True):
            text = text[:start] + new + text[end:]
        return text

    def _indent(self, span: JsonSpan) -> str:
        """Return the white space before a member of an object, as its first one has it."""
        found = _BLANK.match(self.text, span.start + 1)
        return (found[0] if found else "") or " "

    def _blank(self, start: int, end: int) -> str:
        return self.text[start:end] if not self.text[start:end].strip() else ""


def _written(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)
