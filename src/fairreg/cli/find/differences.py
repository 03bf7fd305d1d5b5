# SPDX-License-Identifier: MIT
"""Differences for people: fields, files, weights and verdicts, each with a sign that needs no colour.

``-`` is of the first side, ``+`` of the second, ``~`` differs, ``=`` is the same, ``?`` was not compared.
"""

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from fairreg.cli.cards import size_text
from fairreg.cli.output import console, visible
from fairreg.schemas.text import counted, one_line, shortened

if TYPE_CHECKING:
    from fairreg.services.diff.diff import DiffReport
    from fairreg.services.diff.files import FileDifference, FileState
    from fairreg.services.diff.metadata import FieldDifference
    from fairreg.services.diff.scores import VerdictDifference
    from fairreg.services.diff.sides import Side
    from fairreg.services.diff.weights import WeightsDifference, WeightsState

__all__ = [
    "Line",
    "counted_statuses",
    "field_lines",
    "file_lines",
    "print_diff",
    "print_lines",
    "print_section",
    "verdict_lines",
    "weights_lines",
]

_STYLES = {"-": "red", "+": "green", "~": "yellow", "?": "yellow"}
_SIGNS = {"same": "=", "only in first": "-", "only in second": "+", "not compared": "?", "not readable": "?"}
_LONGEST_VALUE = 120
# Two values in one line, and the words that both begin with which stand before the difference.
_SHORT, _CONTEXT = 30, 24
_MOST_ITEMS = 20
_MOST_SAME = 10
_DIGITS = 12
_WITH_FACTS = frozenset({"same numbers", "rounded", "other types", "retrained", "other architecture"})
_ARCHITECTURE = {
    "same": "the same weights",
    "retrained": "retrained: the same architecture with other numbers",
    "same numbers": "the same numbers",
    "rounded": "rounded",
    "other types": "the same architecture with numbers of other types, which were not compared",
    "other architecture": "another architecture",
    "not readable": "cannot be compared",
}
# The order of a summary, and the names of the sides where nothing else is said.
_ORDER = (
    "changed",
    "renamed",
    "same numbers",
    "rounded",
    "other types",
    "retrained",
    "other architecture",
    "only in first",
    "only in second",
)
_SIDES = ("the first", "the second")
_TITLE = 10  # letters of the titles of sections


class Line(NamedTuple):
    """A line of differences: its sign, empty for one below another, and its text."""

    sign: str
    text: str


def print_diff(report: "DiffReport") -> None:
    """Print the differences between two records or files, part by part."""
    out = console()
    for sign, side in (("-", report.first), ("+", report.second)):
        out.print(f"{sign} {_named(side)}", style="bold", soft_wrap=True)
    found: dict[str, tuple[str, Iterable[Line]]] = {}
    if report.metadata is not None:
        summary = f"{len(report.metadata)} of {counted(report.fields, 'field')} differ"
        found["metadata"] = summary, field_lines(report.metadata)
    if report.files is not None:
        found["files"] = counted_statuses(item.status for item in report.files), file_lines(report.files)
    if report.weights is not None:
        statuses = counted_statuses(item.status for item in report.weights)
        found["weights"] = statuses, weights_lines(report.weights)
    if report.scores is not None:
        summary = f"{len(report.scores)} of {counted(report.verdicts, 'verdict')} differ"
        found["scores"] = summary, verdict_lines(report.scores)
    for part in ("metadata", "files", "weights", "scores"):
        reason = report.not_compared.get(part)
        summary, lines = found.get(part, ("", ()))
        print_section(part.capitalize(), summary or f"not compared: {reason}")
        print_lines(lines)


def _named(side: "Side") -> str:
    name = one_line(side.name)
    return f"{name} ({side.identifier})" if side.identifier else name


def print_section(title: str, summary: str, *, apart: bool = True) -> None:
    """Print the title of a part, and its result in a few words; `apart` with an empty line above."""
    start = "\n" if apart else ""
    console().print(f"{start}{title:<{_TITLE}}{visible(summary, kept='')}", style="bold", soft_wrap=True)


def print_lines(lines: Iterable[Line]) -> None:
    """Print lines of differences, indented."""
    for line in lines:
        text = f"  {line.sign or ' '} {visible(line.text, kept='')}".rstrip()
        console().print(text, style=_STYLES.get(line.sign, ""), soft_wrap=True)


def counted_statuses(statuses: Iterable[str], sides: Sequence[str] = _SIDES) -> str:
    """Count what was found, differences first: ``1 changed, 3 same``; `sides` are the names of the two."""
    counts = Counter(statuses)
    order = dict.fromkeys((*_ORDER, *(status for status in counts if status != "same"), "same"))
    found = [f"{counts[status]} {_of_sides(status, sides)}" for status in order if counts[status]]
    return ", ".join(found) or "none"


def _of_sides(status: str, sides: Sequence[str]) -> str:
    """A status with the name of its side: ``only in the lock``."""
    return status.replace("in first", f"in {sides[0]}").replace("in second", f"in {sides[1]}")


def field_lines(found: Sequence["FieldDifference"]) -> Iterator[Line]:
    """Fields that differ: two short values in one line, else one line for each value of either side."""
    for item in found:
        if item.reordered:
            yield Line("~", f"{item.field}: the same, in another order")
        elif _is_short(item.first) and _is_short(item.second):
            yield Line("~", f"{item.field}: {_shown(item.first)} -> {_shown(item.second)}")
        else:
            yield from _values(item.field, item.first, item.second)


def _is_short(value: Any) -> bool:
    return value is not None and not isinstance(value, list | dict) and len(str(value)) <= _SHORT


def _values(field: str, first: Any, second: Any) -> Iterator[Line]:
    start = 0
    if isinstance(first, str) and isinstance(second, str):
        start = _before_difference(first, second)
    for sign, value in (("-", first), ("+", second)):
        items = value if isinstance(value, list) else [] if value is None else [value]
        for item in items[:_MOST_ITEMS]:
            yield Line(sign, f"{field}: {_shown(item, start)}")
        if len(items) > _MOST_ITEMS:
            yield Line(sign, f"{field}: {len(items) - _MOST_ITEMS} more (--json lists all)")


def _before_difference(first: str, second: str) -> int:
    """The beginning of a word shortly before the first letter that differs; 0 in a short text."""
    same = next((i for i, (a, b) in enumerate(zip(first, second, strict=False)) if a != b), None)
    same = min(len(first), len(second)) if same is None else same
    return first.rfind(" ", 0, same - _CONTEXT) + 1 if same > _CONTEXT else 0


def _shown(value: Any, start: int = 0) -> str:
    """A value in one line, of a long text the words from `start` on."""
    if isinstance(value, str):
        text = one_line(value[start:])
        return ("…" if start else "") + shortened(text, _LONGEST_VALUE)
    if isinstance(value, dict) and value:
        # The first value names what the others are about: an author, the type of a relation.
        head, *rest = value.items()
        more = ", ".join(f"{name} {_shown(item)}" for name, item in rest)
        return shortened(f"{_shown(head[1])} ({more})" if more else _shown(head[1]), _LONGEST_VALUE)
    return shortened(json.dumps(value, ensure_ascii=False), _LONGEST_VALUE)


def file_lines(found: Sequence["FileDifference"]) -> Iterator[Line]:
    """Files with sizes and digests; of many that are the same only their number."""
    for item in found:
        if item.status != "same":
            yield Line(_SIGNS.get(item.status, "~"), _file_text(item))
    same = [item for item in found if item.status == "same"]
    if len(same) > _MOST_SAME:
        yield Line("=", f"{counted(len(same), 'file')} with the same bytes")
        return
    for item in same:
        yield Line("=", item.name)


def _file_text(item: "FileDifference") -> str:
    if item.status == "renamed" and item.second is not None:
        return f"{item.name} has the name {item.second.name}, with the same bytes"
    if item.status == "not compared":
        return f"{item.name}: not compared: {item.reason}"
    if item.first is None or item.second is None:
        only = item.first or item.second
        return f"{item.name} ({_facts(only)})" if only else item.name
    other = f" and {item.second.name}" if item.second.name != item.name else ""
    if item.reason:
        return f"{item.name}{other}: {item.reason}"
    return f"{item.name}{other}: {_facts(item.first)} -> {_facts(item.second)}"


def _facts(file: "FileState") -> str:
    digests = file.by_algorithm
    name = "sha256" if "sha256" in digests else next(iter(digests), None)
    told = f"{name} {digests[name][:_DIGITS]}" if name else "no digest stated"
    return f"{size_text(file.size)}, {told}" if file.size is not None else told


def weights_lines(found: Sequence["WeightsDifference"], names: Sequence[str] = _SIDES) -> Iterator[Line]:
    """Weights of each file, and what they were compared by; `names` are those of the two sides."""
    for item in found:
        sides = [side for side in (item.first, item.second) if side is not None]
        files = " and ".join(dict.fromkeys(side.name for side in sides))
        network = next((f" ({side.network})" for side in sides if side.network), "")
        reason = f": {item.reason}" if item.reason else ""
        said = _ARCHITECTURE.get(item.status, _of_sides(item.status, names))
        if item.numbers:
            said = item.numbers if item.status in {"same numbers", "rounded"} else f"{said}: {item.numbers}"
        told = f"{files}{network}: {said}{reason}"
        yield Line(_SIGNS.get(item.status, "~"), told)
        if item.status in _WITH_FACTS:
            yield from (
                Line("", f"  {sign} {_facts_of(side)}") for sign, side in zip("-+", sides, strict=True)
            )


def _facts_of(side: "WeightsState") -> str:
    numbers = f"{side.parameters:,} parameters in {counted(side.tensors or 0, 'tensor')}"
    fingerprint = (side.fingerprint or "").partition(":")[2][:_DIGITS]
    return f"{side.format}, {numbers}, fingerprint {fingerprint}"


def verdict_lines(found: Sequence["VerdictDifference"]) -> Iterator[Line]:
    """Verdicts that differ, by indicator."""
    for item in found:
        told = f"{item.first or 'no such indicator'} -> {item.second or 'no such indicator'}"
        yield Line("~", f"{item.id} {told}: {item.title}")
