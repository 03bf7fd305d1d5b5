# SPDX-License-Identifier: MIT
"""Typed reading of a payload: each value has the requested type or is None, and each place knows its path.

Services change their shapes and forms are filled in freely, so a harvester never indexes a payload itself.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from urllib.parse import urlsplit

from fairreg.errors import RecordError
from fairreg.schemas.text import clean, is_unknown, one_line, title

__all__ = ["JsonNode", "canonical", "violation"]

_BIGGEST = 2**63 - 1
_LONGEST_SHOWN = 80
_BREAK = re.compile(r"[\t\n\r\x85\u2028\u2029]")
_DATE = re.compile(r"(\d{4})(?:-(\d{2})(?:-(\d{2}))?)?(?![\d-])")


@dataclass(frozen=True)
class JsonNode:
    """A value of a payload (None where there is none) and its JSON path."""

    value: Any
    path: str = "$"

    def __getitem__(self, name: str) -> "JsonNode":
        value = self.value.get(name) if isinstance(self.value, dict) else None
        return JsonNode(value, f"{self.path}.{name}")

    def at(self, *names: str) -> "JsonNode":
        """Return the place at the path `names`, one object inside the other."""
        node = self
        for name in names:
            node = node[name]
        return node

    def items(self) -> Iterator["JsonNode"]:
        """Yield the elements of a list, the values of an object, or a single value as a list of one."""
        if isinstance(self.value, list):
            yield from (JsonNode(item, f"{self.path}[{index}]") for index, item in enumerate(self.value))
        elif self.value is not None:
            yield self

    def members(self) -> Iterator[tuple[str, "JsonNode"]]:
        """Yield name and place of each member of an object."""
        if isinstance(self.value, dict):
            yield from ((str(name), self[name]) for name in self.value)

    @property
    def stated(self) -> bool:
        """True for anything but null, an empty text, list or object."""
        return self.value not in (None, "", [], {})

    @property
    def is_object(self) -> bool:
        """True for a JSON object."""
        return isinstance(self.value, dict)

    @property
    def text(self) -> str | None:
        """Text on one line, never empty nor a code for an unknown value; a number counts as its digits."""
        if isinstance(self.value, int) and not isinstance(self.value, bool):
            return str(self.value) if abs(self.value) <= _BIGGEST else None
        text = one_line(self.value) if isinstance(self.value, str) else ""
        return text if text and not is_unknown(text) else None

    @property
    def title(self) -> str | None:
        """Text of a title, name or keyword: on one line, without tags and entities of HTML."""
        return title(self.text) if self.text else None

    @property
    def prose(self) -> str | None:
        """Text unchanged, with its lines."""
        text = self.value.strip() if isinstance(self.value, str) else ""
        return self.value if text and not is_unknown(text) else None

    @property
    def file_name(self) -> str | None:
        """Name of a file on one line, never blank, with every blank of it; a number counts as its digits."""
        if not isinstance(self.value, str):
            return self.text
        name = _BREAK.sub(" ", clean(self.value))
        return name if name.strip() else None

    @property
    def label(self) -> str | None:
        """A text without markup, or the English (else the first) text of an object by language."""
        if not self.is_object:
            return self.title
        texts = [node.title for _, node in self.members() if node.title]
        return self["en"].title or next(iter(texts), None)

    @property
    def count(self) -> int | None:
        """A whole number from 0 on that fits 64 bits; digits as text count."""
        value = self.value
        if isinstance(value, str) and value.strip().isascii() and value.strip().isdigit():
            value = int(value.strip()) if len(value.strip()) < len(str(_BIGGEST)) else None
        if isinstance(value, float) and value.is_integer():
            value = int(value)
        whole = isinstance(value, int) and not isinstance(value, bool)
        return value if whole and 0 <= value <= _BIGGEST else None

    @property
    def address(self) -> str | None:
        """An http(s) address."""
        text = self.text
        if text is None or " " in text:
            return None
        try:
            parts = urlsplit(text)
        except ValueError:
            return None
        return text if parts.scheme in {"http", "https"} and parts.netloc else None

    @property
    def date(self) -> str | None:
        """An ISO 8601 date of any precision (the first of an interval), or a complete date and time."""
        text = self.text or ""
        moment = _moment(text)
        if moment is not None:
            return moment
        match = _DATE.match(text)
        if match is None:
            return None
        try:
            date(int(match[1]), int(match[2] or 1), int(match[3] or 1))
        except ValueError:
            return None
        return match[0]


def _moment(text: str) -> str | None:
    """Return `text` if it is a date with a time, its blank replaced by T."""
    written = re.sub(r"^(\d{4}-\d{2}-\d{2}) (?=\d)", r"\1T", text)
    if not re.match(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}", written):
        return None
    try:
        datetime.fromisoformat(written)
    except ValueError:
        return None
    return written


def violation(node: JsonNode, what: str, *, source: str) -> RecordError:
    """Return the error for a payload that is not a record, with the path and the fault.

    A value that is there and does not count is not called missing.
    """
    if node.value is not None:
        what = re.sub(r"^is missing", lambda _: f"is {_shown(node.value)}, which cannot be used", what)
    return RecordError(
        f"Not a record of {source}: {node.path} {what}.",
        violations=((node.path, what),),
        hint="Give the JSON document of one record, as the service sent it.",
    )


def _shown(value: Any) -> str:
    """Return a value for a message, in JSON."""
    text = one_line(json.dumps(value, ensure_ascii=False, default=str))
    return text if len(text) <= _LONGEST_SHOWN else f"{text[:_LONGEST_SHOWN]} ..."


def canonical(payload: Any) -> bytes:
    """Return canonical bytes of one hit of a page: JSON in ASCII, sorted names, no white space."""
    return json.dumps(payload, sort_keys=True, separators=(",", ":")).encode("ascii")
