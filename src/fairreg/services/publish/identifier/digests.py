# SPDX-License-Identifier: MIT
"""Digests and sizes of a model in the texts beside it, which change when the model gets its identifier."""

import re
from pathlib import Path
from typing import NamedTuple

from fairreg.services.publish.identifier.json_text import Edits, JsonSpan, parse
from fairreg.storage.checksums import checksums_of

__all__ = ["Digests", "restated"]

_SIZES = ("contentSize", "size", "sizeInBytes")


class Digests(NamedTuple):
    """SHA-256 and MD5 of a file in hexadecimal, and its size in bytes."""

    sha256: str
    md5: str
    size: int

    @classmethod
    def of(cls, path: Path) -> "Digests":
        """Compute those of a file."""
        found = checksums_of(path, ("sha256", "md5"))
        return cls(found["sha256"], found["md5"], path.stat().st_size)

    def stands_in(self, text: str) -> bool:
        """Tell whether a text states one of the digests."""
        lowered = text.lower()
        return self.sha256 in lowered or self.md5 in lowered


def restated(text: str, old: Digests, new: Digests) -> str:
    """Return a text with the new digests, in JSON also with the size in an object that states a digest."""
    text = _with_sizes(text, old, new)
    for before, after in ((old.sha256, new.sha256), (old.md5, new.md5)):
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
