# SPDX-License-Identifier: MIT
"""Lines of a given width. A longer word, such as an address, keeps a line for itself, to be copied."""

import sys
from collections.abc import Iterable, Iterator
from shutil import get_terminal_size

from rich.cells import cell_len
from rich.text import Text

from fairreg.cli.options import is_plain
from fairreg.cli.output import console, in_one_line

__all__ = [
    "NARROWEST",
    "NARROWEST_TABLE",
    "Piece",
    "folded",
    "hanging",
    "line_width",
    "print_hanging",
    "print_line",
    "print_text",
    "wrapped",
]

# Columns of a terminal from which facts stand in columns; below it they stand below each other.
NARROWEST_TABLE = 60
# Width for which a narrower terminal is laid out.
NARROWEST = 20
_HANGING = 3
# Text of a line, with its style.
Piece = tuple[str, str]


def line_width(*, piped: int | None = None) -> int:
    """Return the columns of the terminal; without one those that COLUMNS states, else `piped` or many."""
    if is_plain():
        return console().width
    if sys.stdout.isatty():
        return max(console().width, NARROWEST)
    return max(get_terminal_size((piped or console().width, 0)).columns, NARROWEST)


def wrapped(text: str, width: int) -> list[str]:
    """Return a text in lines of at most `width` columns, as a terminal shows it; its own lines stay lines.

    >>> wrapped("Interaction network for boosted Higgs bosons", 20)
    ['Interaction network', 'for boosted Higgs', 'bosons']
    """
    return [line for part in text.split("\n") for line in _wrapped(in_one_line(part), width)]


def _wrapped(text: str, width: int) -> Iterator[str]:
    if cell_len(text) <= width:
        yield text.rstrip()
        return
    indent = " " * (len(text) - len(text.lstrip()))
    line = indent
    for word in _words(text, width):
        longer = f"{line} {word}" if line.strip() else line + word
        if line.strip() and cell_len(longer) > width:
            yield line
            longer = indent + word
        line = longer
    yield line.rstrip()


def _words(text: str, width: int) -> Iterator[str]:
    """Yield the words; a long one in a script that is written without blanks is cut between its letters."""
    for word in text.split():
        if cell_len(word) <= width or cell_len(word) == len(word):
            yield word
            continue
        part = ""
        for letter in word:
            if part and cell_len(part + letter) > width:
                yield part
                part = ""
            part += letter
        yield part


def hanging(text: str, width: int) -> Iterator[str]:
    """Yield a text in lines of at most `width` columns; those that go on are indented by two more."""
    for part in text.split("\n"):
        indent = " " * (len(part) - len(part.lstrip(" ")) + 2)
        first, *others = wrapped(part, width)
        yield first
        if others:
            yield from (
                indent + line for line in wrapped(" ".join(map(str.strip, others)), width - len(indent))
            )


def folded(items: Iterable[str], most: int | None, *, of: str = "") -> list[str]:
    """Return the first `most` of many items, with the number of others (`of` what) and how to see them."""
    every = list(items)
    if most is None or len(every) <= most + 1:  # one line instead of an item would save nothing
        return every
    return [*every[:most], f"and {len(every) - most} more{f' of {of}' if of else ''}: --all"]


def print_line(*pieces: Piece) -> None:
    """Print one line in pieces of different styles; a terminal that is narrower wraps it itself."""
    line = Text()
    for text, style in pieces:
        line.append(text, style)
    line.rstrip()
    console().print(line, soft_wrap=True)


def print_text(text: str, *, style: str = "") -> None:
    """Print a text in lines of the terminal's width."""
    for line in wrapped(text, line_width()):
        print_line((line, style))


def print_hanging(*parts: str) -> None:
    """Print parts beside each other as far as they fit; those that do not stand below, indented."""
    width, indent = line_width(), " " * _HANGING
    line, *others = parts
    for part in others:
        longer = f"{line}{indent}{part}"
        if cell_len(longer) <= width:
            line = longer
            continue
        print_line((line, ""))
        *whole, line = [indent + item for item in wrapped(part, width - _HANGING)]
        for item in whole:
            print_line((item, ""))
    print_line((line, ""))
