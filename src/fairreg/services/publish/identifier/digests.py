# SPDX-License-Identifier: MIT
"""Digests and sizes of a file in the texts beside it, which change when the file gets its identifier."""

import hashlib
import re
from pathlib import Path
from typing import NamedTuple

from fairreg.services.publish.identifier.json_text import Edits, JsonSpan, parse
from fairreg.storage.checksums import checksums_of

__all__ = ["Digests", "restated"]

_ALGORITHMS = ("sha256", "md5", "sha1", "sha512")
_SIZES = ("contentSize", "size", "sizeInBytes")


class Digests(NamedTuple):
    """Digests of a file in hexadecimal, in the order of `_ALGORITHMS`, and its size in bytes."""

    values: tuple[str, ...]
    size: int

    @classmethod
    def of(cls, path: Path) -> "Digests":
        """Compute those of a file."""
        found = checksums_of(path, _ALGORITHMS)
        return cls(tuple(found[name] for name in _ALGORITHMS), path.stat().st_size)

    @classmethod
    def of_bytes(cls, content: bytes) -> "Digests":
        """Compute those of the content of a file."""
        values = (hashlib.new(name, content, usedforsecurity=False).hexdigest() for name in _ALGORITHMS)
        return cls(tuple(values), len(content))

    def stands_in(self, text: str) -> bool:
        """Tell whether a text states one of the digests."""
        lowered = text.lower()
        return any(value in lowered for value in self.values)


def restated(text: str, old: Digests, new: Digests) -> str:
    """Return a text with the new digests, in JSON also with the size in an object that states a digest."""
    text = _with_sizes(text, old, new)
    for before, after in zip(old.values, new.values, strict=True):
        text = re.sub(rf"(?<![0-9A-Fa-f]){before}(?![0-9A-Fa-f])", after, text, flags=re.IGNORECASE)
    return text


def _with_sizes(text: str, old: Digests, new: Digests) -> str:
    if old.size == new.size:
        return text
    try:
        top, edits = parse(text), Edits(text)
    except ValueError:
        return text
    for node in top.walk():
        sizes = [node.members[key] for key in _SIZES if key in node.members]
        if not sizes or not any(old.stands_in(text[item.start : item.end]) for item in _own(node)):
            continue
        for item in sizes:
            if item.value == old.size:
                edits.replace(item, new.size)
            elif isinstance(item.value, str) and re.fullmatch(rf"{old.size}(?: ?(?:B|bytes))?", item.value):
                edits.replace(item, item.value.replace(str(old.size), str(new.size), 1))
    return edits.result()


def _own(node: JsonSpan) -> list[JsonSpan]:
    """Return the texts of an object itself, and those in its lists."""
    values = list(node.members.values())
    return [item for value in values for item in (value, *value.items) if isinstance(item.value, str)]
