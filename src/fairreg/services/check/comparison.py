# SPDX-License-Identifier: MIT
"""Comparison of an answer with a known one: paths that are new, missing or of another type; facts; headers.

The shape of a JSON document is the set of types at each path, where ``[*]`` stands for every element of a
list. An expected type of null alone expects nothing: no value was seen there.
"""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, Literal, NamedTuple

from fairreg.schemas.json_values import TrackedObject
from fairreg.schemas.record import public_text
from fairreg.services.check.known_answer import KnownAnswer

__all__ = [
    "Difference",
    "compare_facts",
    "compare_headers",
    "compare_shape",
    "paths_read",
    "shape_of",
    "values_at",
]

_LONGEST_VALUE = 80
_ROOT = "$"
_PLAIN_KEY = re.compile(r"[A-Za-z_@][\w@-]*", re.ASCII)
_LAST_STEP = re.compile(r"\[\*\]\Z|\.[^.\[\]]+\Z|\['[^']*'\]\Z")


class Difference(NamedTuple):
    """One difference; `read` says that the harvester reads this place, so that records depend on it."""

    kind: Literal["missing", "new", "type", "fact", "header", "record", "search"]
    where: str
    expected: str | None = None
    found: str | None = None
    read: bool = False

    @property
    def sentence(self) -> str:
        """Describe the difference for people."""
        suffix = " (fairreg reads it)" if self.read else ""
        if self.kind == "missing":
            return f"{self.where} is missing{suffix}"
        if self.kind == "new":
            return f"{self.where} is new: {self.found}"
        if self.expected is None:
            return f"{self.where}: {self.found}"
        return f"{self.where} is {self.found or 'missing'}, expected {self.expected}{suffix}"

    def to_json(self) -> dict[str, Any]:
        """Plain JSON form."""
        return self._asdict()


def shape_of(document: Any) -> dict[str, frozenset[str]]:
    """Return the types at each path of a JSON document, those of all elements of a list together."""
    found: dict[str, set[str]] = {}
    # An explicit stack, because a foreign document may nest deeper than the call stack.
    waiting: list[tuple[str, Any]] = [(_ROOT, document)]
    while waiting:
        path, value = waiting.pop()
        found.setdefault(path, set()).add(_type_of(value))
        if isinstance(value, dict):
            waiting += [(path + _step(key), item) for key, item in value.items()]
        elif isinstance(value, list):
            waiting += [(f"{path}[*]", item) for item in value]
    return {path: frozenset(types) for path, types in found.items()}


def compare_shape(known: KnownAnswer, document: Any, read: frozenset[str]) -> Iterator[Difference]:
    """Yield what is missing, new or of another type, parents only where a whole branch is concerned.

    `read` are the paths that the harvester reads.
    """
    found = shape_of(document)
    for path, types in known.shape.items():
        # Below what is no object any more the type says it all, and an empty list has no elements to miss.
        if path not in found and not types.endswith("?") and "object" in found.get(_parent(path), ()):
            yield Difference("missing", path, types, read=path in read)
    for path in sorted(set(known.shape) & set(found)):
        expected = known.shape[path].removesuffix("?")
        other = found[path].difference(expected.split("|"))
        if other and expected != "null":
            yield Difference("type", path, expected, "|".join(sorted(other)), path in read)
    yield from _new(known, found)


def compare_facts(known: KnownAnswer, document: Any, read: frozenset[str]) -> Iterator[Difference]:
    """Yield the facts that the document does not state, each with what it states instead."""
    for path, expected in known.facts.items():
        values = list(values_at(document, path))
        if expected not in values:
            found = " and ".join(map(_shown, values[:2])) if values else None
            yield Difference("fact", path, _shown(expected), found, path in read)


def compare_headers(known: KnownAnswer, headers: Mapping[str, str]) -> Iterator[Difference]:
    """Yield the headers with another value, parameters such as charset apart."""
    for name, expected in known.headers.items():
        stated = headers.get(name)
        found = None if stated is None else stated.partition(";")[0].strip()
        if found != expected:
            yield Difference(
                "header", f"the header {name}", expected, None if found is None else _shown(found)
            )


def paths_read(document: Any) -> frozenset[str]:
    """Return the paths that were asked for in a document of `TrackedObject` members."""
    found: set[str] = set()
    waiting: list[tuple[str, Any]] = [(_ROOT, document)]
    while waiting:
        path, value = waiting.pop()
        if isinstance(value, TrackedObject):
            found |= {path + _step(key) for key in value.asked}
            waiting += [(path + _step(key), item) for key, item in value.items()]
        elif isinstance(value, list):
            waiting += [(f"{path}[*]", item) for item in value]
    return frozenset(found)


def _type_of(value: Any) -> str:
    names = {bool: "boolean", int: "number", float: "number", str: "text", list: "list", type(None): "null"}
    return names.get(type(value), "object")


def _step(key: str) -> str:
    key = public_text(key)[:_LONGEST_VALUE]  # half an address would not be found later
    return f".{key}" if _PLAIN_KEY.fullmatch(key) else "['" + key.replace("'", "_") + "']"


def _parent(path: str) -> str:
    return _LAST_STEP.sub("", path)


def _new(known: KnownAnswer, found: Mapping[str, frozenset[str]]) -> Iterator[Difference]:
    """Yield the beginning of each branch that is new, where the expectation says what may stand."""
    for path in sorted(set(found) - set(known.shape)):
        parent = _parent(path)
        expected = known.shape.get(parent, "null").removesuffix("?")
        unknown = expected == "null" or path.endswith("[*]")
        if not unknown and not {path, parent, f"{parent}.*"} & set(known.open):
            yield Difference("new", path, found="|".join(sorted(found[path])))


def values_at(document: Any, path: str) -> Iterator[Any]:
    """Yield the values at a path, those of every element for ``[*]``."""
    at = [document]
    for name, quoted, _ in re.findall(r"\.([^.\[\]]+)|\['([^']*)'\]|(\[\*\])", path):
        key = name or quoted
        if key:
            at = [value[key] for value in at if isinstance(value, dict) and key in value]
        else:
            at = [item for value in at if isinstance(value, list) for item in value]
    yield from at


def _shown(value: Any) -> str:
    text = public_text(value if isinstance(value, str) else json.dumps(value))
    return text if len(text) <= _LONGEST_VALUE else f"{text[:_LONGEST_VALUE]}..."
