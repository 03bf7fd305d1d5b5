# SPDX-License-Identifier: MIT
"""Digests and sizes of a file in the texts beside it, which change when the file gets its identifier."""

import hashlib
import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from fairreg.services.publish.identifier.earlier_versions import EarlierVersions
from fairreg.services.publish.identifier.json_files import LINKED_DATA
from fairreg.services.publish.identifier.json_text import Edits, JsonSpan, parse
from fairreg.storage.checksums import checksums_of

__all__ = ["Digests", "Restated", "holds_digest", "restated"]

_ALGORITHMS = ("sha256", "md5", "sha1", "sha512")
_SIZES = ("contentSize", "size", "sizeInBytes", "bytes", "nbytes")
_LARGEST_SEARCHED = 16 << 20
# Names of files, and headings, of what was; without the signs between their words.
_HISTORY = re.compile(r"change(?:s|log)s?d?|history|news(?:fragments?)?|release(?:s|notes)|whatsnew")
_HEADING = re.compile(r"(#{1,6})\s+(.*)")
_OF_HISTORY = re.compile(r"(?i)\b(?:change(?:s|log)|history|releases?|news|earlier|previous|older)\b")
_PAST = re.compile(
    r"(?<![a-z])(?:was|were|had|been|before|earlier|previous(?:ly)?|old|former(?:ly)?|without|until|superseded)"
    r"(?![a-z])"
)
# A line or a text of one name and its value, once the digest is taken out: "model_sha256: sha256:".
_ASSIGNED = re.compile(r"(?:- +)?[\w.\"'-]+\s*[:=]\s*[\"']?(?:[\w-]+[:=])?\s*[\"']?\s*,?\s*(?:#.*)?")
_SETTINGS = re.compile(r"\.(?:ya?ml|toml|dvc|cff|ini|cfg|conf|properties)\Z")
_LABELS = frozenset(
    {
        "sha",
        "md",
        "sum",
        "digest",
        "checksum",
        "hash",
        "hex",
        "oid",
        "size",
        "bytes",
        "b",
        "value",
        "is",
        "the",
    }
)


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


class Restated(NamedTuple):
    """A text with new digests, and the numbers of its lines with earlier ones that stay."""

    text: str
    kept: tuple[int, ...]


def restated(
    text: str,
    old: Digests,
    new: Digests,
    *,
    within: str,
    of: str,
    earlier: EarlierVersions = EarlierVersions(),  # noqa: B008 - immutable
) -> Restated:
    """Return the text of the file `within` with the new digests of the file `of`, and its size beside them.

    A digest stays where the text tells what was: in a changelog, below such a heading, in a sentence with a
    word of the past, in one that does not name the file, and beside the DOI or the number of an `earlier`
    version that had the file.
    """
    lines = text.splitlines(keepends=True)
    earlier = earlier if earlier.had(old.values[0]) else EarlierVersions()
    is_past = _past_lines(lines, within, earlier)
    stating = [
        number
        for number, line in enumerate(lines)
        if old.stands_in(line)
        and not is_past[number]
        and _is_statement(line, old, of)
        and not _is_of_earlier(lines, number, earlier, within)
    ]
    in_prose: list[tuple[int, int]] = []
    try:
        top = parse(text)
    except ValueError:
        top = None
    if top is not None:
        strings = [item for item in top.walk() if isinstance(item.value, str) and old.stands_in(item.value)]
        in_prose = [(item.start, item.end) for item in strings if not _is_statement(item.value, old, of)]
        own = top if within.rpartition("/")[2].lower() in LINKED_DATA else None  # it is about this version
        in_prose += [(item.start, item.end) for item in earlier.objects(top) if item is not own]
        stating = [] if any(is_past) else list(range(len(lines)))
    changed = _replaced(lines, stating, in_prose, old, new)
    kept = tuple(number for number, line in enumerate(changed.splitlines(), 1) if old.stands_in(line))
    if old.size == new.size:
        return Restated(changed, kept)
    sized = (
        _with_sizes(changed, old, new) if top is not None else _with_line_sizes(changed, stating, old, new)
    )
    return Restated(sized, kept)


def holds_digest(path: Path, old: Digests) -> bool:
    """Tell whether a file that is not edited, and not very large, states a digest, also in UTF-16."""
    if path.stat().st_size > _LARGEST_SEARCHED:
        return False
    content = path.read_bytes().lower()
    spellings = (content, content.replace(b"\0", b"")) if b"\0" in content else (content,)
    return any(value.encode() in item for value in old.values for item in spellings)


def _replaced(
    lines: list[str], stating: list[int], in_prose: list[tuple[int, int]], old: Digests, new: Digests
) -> str:
    """Return the lines as a text with the new digests in those `stating`; digests keep their length."""
    at, done = 0, []
    chosen = set(stating)
    for number, line in enumerate(lines):
        edited = line
        for before, after in zip(old.values, new.values, strict=True) if number in chosen else ():
            for found in re.finditer(rf"(?<![0-9a-f]){before}(?![0-9a-f])", line, re.IGNORECASE):
                start, end = found.span()
                if not any(first <= at + start < last for first, last in in_prose):
                    edited = f"{edited[:start]}{after}{edited[end:]}"
        done.append(edited)
        at += len(line)
    return "".join(done)


def _is_of_earlier(lines: list[str], number: int, earlier: EarlierVersions, within: str) -> bool:
    """Tell whether a line, or in a file of settings a mapping around it, is about an earlier version."""
    if not earlier.dois:
        return False
    if earlier.is_told_in(lines[number]):
        return True
    if _SETTINGS.search(within.lower()) is None:
        return False  # in prose and programs the lines around are of anything
    place = number
    while True:
        if earlier.is_told_beside(lines[other] for other in _block(lines, place)):
            return True
        column = _column(lines[place])[0]
        above = (other for other in range(place - 1, -1, -1) if lines[other].strip())
        around = next((other for other in above if _column(lines[other])[0] < column), None)
        if around is None:
            return False
        place = around


def _past_lines(lines: list[str], within: str, earlier: EarlierVersions) -> list[bool]:
    """Return for each line whether its file, or a heading above it, says that it tells what was."""
    if any(
        _HISTORY.fullmatch(re.sub("[^a-z]", "", part.partition(".")[0])) for part in within.lower().split("/")
    ):
        return [True] * len(lines)
    found, past_level = [], 0
    for line in lines:
        heading = _HEADING.match(line) if within.lower().endswith((".md", ".markdown")) else None
        if heading is not None:
            level = len(heading[1])
            if _OF_HISTORY.search(heading[2]) or (earlier.dois and earlier.is_told_in(heading[2])):
                past_level = min(past_level or level, level)
            elif level <= past_level:
                past_level = 0
        found.append(past_level > 0)
    return found


def _is_statement(text: str, old: Digests, of: str) -> bool:
    """Tell whether a line, or a string, states a digest of the file as it is."""
    rest = text.lower()
    for value in old.values:
        rest = rest.replace(value, " ")
    if _PAST.search(rest):
        return False
    name = of.rpartition("/")[2].lower()
    if re.search(rf"(?<![\w-]){re.escape(name)}(?![\w-])", rest) or _ASSIGNED.fullmatch(rest.strip()):
        return True
    return all(word in _LABELS for word in re.findall("[a-z]+", rest))


def _with_sizes(text: str, old: Digests, new: Digests) -> str:
    """Return a JSON text with the new size in each object that states a new digest."""
    top, edits = parse(text), Edits(text)
    for node in top.walk():
        sizes = [node.members[key] for key in _SIZES if key in node.members]
        if not sizes or not any(new.stands_in(text[item.start : item.end]) for item in _own(node)):
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


def _with_line_sizes(text: str, stating: list[int], old: Digests, new: Digests) -> str:
    """Return a text of settings, such as YAML, with the new size in each block that states a new digest."""
    lines = text.splitlines(keepends=True)
    for number in stating:
        for beside in _block(lines, number):
            lines[beside] = re.sub(
                rf"^(\s*(?:- +)?[\"']?(?:{'|'.join(_SIZES)})[\"']?\s*[:= ]\s*[\"']?){old.size}"
                r"(?=[\"']?(?: ?(?:B|bytes))?[\"']?,?\s*(?:#.*)?$)",
                rf"\g<1>{new.size}",
                lines[beside],
            )
    return "".join(lines)


def _block(lines: list[str], number: int) -> Iterator[int]:
    """Yield the lines that belong to one mapping with a line: those at its column up to the next item."""
    here, begins = _column(lines[number])
    yield number
    steps = (range(number + 1, len(lines)), range(0) if begins else range(number - 1, -1, -1))
    for upwards, step in enumerate(steps):
        for other in step:
            at, is_item = _column(lines[other])
            if not lines[other].strip() or at > here:
                continue
            if at < here or lines[other].startswith("[") or (is_item and not upwards):
                break
            yield other
            if is_item:
                break


def _column(line: str) -> tuple[int, bool]:
    """Return the column at which the text of a line begins, and whether it begins an item of a list."""
    found = re.match(r"\s*(- +)?", line)
    return (found.end(), found[1] is not None) if found else (0, False)
