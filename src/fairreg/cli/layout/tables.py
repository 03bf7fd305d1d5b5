# SPDX-License-Identifier: MIT
"""Fields of one thing and tables of many, at any width.

A table has as many columns as fit, the first ones; the others stand below their row, as does everything but
the first column on a narrow terminal. So nothing is lost, and no word is split.
"""

import re
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from rich.cells import cell_len

from fairreg.cli.layout.lines import NARROWEST_TABLE, line_width, print_line, wrapped
from fairreg.cli.options import is_plain
from fairreg.cli.output import in_one_line

__all__ = ["print_fields", "print_table"]

_GAP = "  "
# A column of sentences is not narrower, unless it has less to say.
_LEAST_SENTENCE = 24
_BOLD = "bold"
# Cells that say nothing; below a row they are left out.
_NOTHING = frozenset({"", "-"})
# Numbers stand below each other from the right.
_NUMBER = re.compile(r"[-+]?[\d.,]+(e[-+]?\d+)?( %)?|\?|-?")


def print_fields(fields: Iterable[tuple[str, str | None]], *, title: str | None = None) -> None:
    """Print names with their values, one below the other; those without a value are left out."""
    known = [(name, value) for name, value in fields if value]
    if is_plain():
        _print_tabbed([*([(title,)] if title else []), *known])
        return
    width = line_width()
    if title:
        _print_text(title, width)
    name_width = max((cell_len(name) for name, _ in known), default=0)
    for name, value in known:
        if width < NARROWEST_TABLE:
            if "\n" not in value and cell_len(beside := f": {in_one_line(value)}") <= width - cell_len(name):
                print_line((name, _BOLD), (beside, ""))
                continue
            print_line((name, _BOLD))
            _print_text(value, width, indent=_GAP)
            continue
        start = name + " " * (name_width - cell_len(name)) + _GAP
        for line in wrapped(value, width - len(start)):
            print_line((start, _BOLD), (line, ""))
            start = " " * cell_len(start)


def _print_tabbed(rows: Iterable[Sequence[str]]) -> None:
    """Print one line per row, with tabs between its cells; lines of a cell stand behind each other."""
    for row in rows:
        cells = ("; ".join(in_one_line(line).strip() for line in cell.split("\n")) for cell in row)
        sys.stdout.write("\t".join(cells) + "\n")


def _print_text(text: str, width: int, *, indent: str = "") -> None:
    for line in wrapped(text, width - len(indent)):
        print_line((indent + line, ""))


@dataclass(frozen=True)
class _Column:
    """A column: its place among the cells, the width that it needs at least, that of its longest cell."""

    place: int
    title: str
    least: int
    most: int
    right: bool

    @classmethod
    def of(cls, place: int, title: str, cells: Sequence[str], *, narrow: bool) -> "_Column":
        lines = [line for cell in (title, *cells) for line in cell.split("\n")]
        longest_word = max((cell_len(word) for line in lines for word in line.split()), default=0)
        most = max(map(cell_len, lines))
        least = longest_word if narrow else max(longest_word, min(most, _LEAST_SENTENCE))
        return cls(place, title, least, most, all(map(_NUMBER.fullmatch, cells)))


def print_table(
    titles: Sequence[str], rows: Sequence[Sequence[str]], *, title: str | None = None, narrow: str = ""
) -> None:
    """Print rows below a line of titles. The column `narrow` may be as narrow as its words."""
    if is_plain():
        _print_tabbed([*([(title,)] if title else []), titles, *rows])
        return
    width = line_width()
    if title:
        print_line((title, _BOLD))
    columns = [
        _Column.of(place, name, [row[place] for row in rows], narrow=name == narrow)
        for place, name in enumerate(titles)
    ]
    shown = _fitting(columns, width) if width >= NARROWEST_TABLE else []
    if not shown:
        _print_blocks(titles, rows, width)
        return
    widths = _widths(shown, width)
    _print_row([item.title for item in shown], shown, widths, style=_BOLD)
    for row in rows:
        _print_row([row[item.place] for item in shown], shown, widths)
        _print_rest(list(zip(titles, row, strict=True))[len(shown) :], width)


def _fitting(columns: Sequence[_Column], width: int) -> list[_Column]:
    """Return the first columns that fit; none where not even the first does."""
    for count in range(len(columns), 0, -1):
        if sum(item.least for item in columns[:count]) + len(_GAP) * (count - 1) <= width:
            return list(columns[:count])
    return []


def _widths(columns: Sequence[_Column], width: int) -> list[int]:
    """Return the widths: what each needs, and of the rest what it can use, shared among those that ask."""
    widths = [item.least for item in columns]
    left = width - sum(widths) - len(_GAP) * (len(columns) - 1)
    while left > 0 and (open_ := [n for n, item in enumerate(columns) if widths[n] < item.most]):
        for number in open_[:left]:
            widths[number] += 1
        left -= len(open_[:left])
    return widths


def _print_row(
    cells: Sequence[str], columns: Sequence[_Column], widths: Sequence[int], *, style: str = ""
) -> None:
    lines = [wrapped(cell, room) for cell, room in zip(cells, widths, strict=True)]
    for number in range(max(map(len, lines))):
        texts = [part[number] if number < len(part) else "" for part in lines]
        print_line((_GAP.join(map(_padded, texts, widths, (item.right for item in columns))), style))


def _padded(text: str, width: int, right: bool) -> str:
    blanks = " " * (width - cell_len(text))
    return blanks + text if right else text + blanks


def _print_rest(facts: Iterable[tuple[str, str]], width: int) -> None:
    """Print facts by their titles, indented; short ones stand beside each other."""
    line = ""
    for title, cell in facts:
        if cell in _NOTHING:
            continue
        first, *others = wrapped(f"{title}: {cell}" if title else cell, width - 2 * len(_GAP))
        longer = f"{line}{_GAP}{first}"
        if line and (others or cell_len(longer) > width):
            print_line((line, ""))
            longer = _GAP + first
        line = longer
        for other in others:
            print_line((line, ""))
            line = 2 * _GAP + other
        if others:
            print_line((line, ""))
            line = ""
    if line:
        print_line((line, ""))


def _print_blocks(titles: Sequence[str], rows: Sequence[Sequence[str]], width: int) -> None:
    """Print each row as a block: its first cell, and the others below it by their titles."""
    for first, *others in rows:
        for line in wrapped(first, width):
            print_line((line, _BOLD))
        _print_rest(zip(titles[1:], others, strict=True), width)
