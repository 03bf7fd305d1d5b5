# SPDX-License-Identifier: MIT
"""What commands print: data on standard output, talk on standard error."""

import codecs
import json
import re
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from io import TextIOWrapper
from itertools import islice
from typing import TYPE_CHECKING, Any, Protocol

from fairreg.errors import FairregError, RecordError

if TYPE_CHECKING:
    from rich.console import Console, RenderableType

__all__ = [
    "console",
    "counting",
    "counting_each",
    "downloading",
    "explain",
    "live_table",
    "log",
    "print_document",
    "print_json",
]

_SHOWN_VIOLATIONS = 10
_PIPED_WIDTH = 200
# What JSON in ASCII writes as an escape; control characters are escaped in any JSON.
_BEYOND_ASCII = re.compile(r"[^\n -~]")
# Pieces of a JSON document that are written at once.
_PIECES = 5000


@cache
def console() -> "Console":
    """The console of standard output; without a terminal plain text in lines that nothing breaks.

    Text is taken as it is: brackets in a name are no markup, what the terminal cannot show is escaped.
    """
    from rich.console import Console

    if isinstance(sys.stdout, TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")
    return Console(highlight=False, markup=False, width=None if sys.stdout.isatty() else _PIPED_WIDTH)


@cache
def _log_console() -> "Console":
    from rich.console import Console

    return Console(stderr=True, highlight=False, markup=False, soft_wrap=True)


def print_json(document: Any) -> None:
    """One JSON document on standard output, piece by piece; in ASCII where that is not UTF-8."""
    pieces = json.JSONEncoder(indent=2, ensure_ascii=not _is_utf8(sys.stdout.encoding)).iterencode(document)
    # A file name that is no UTF-8 holds halves of surrogate pairs, which JSON can only write escaped.
    while text := "".join(islice(pieces, _PIECES)):
        sys.stdout.write(_escaped(text))
    sys.stdout.write("\n")


def print_document(document: str | bytes, *, json: bool) -> None:
    """A document of a format on standard output: as it is, but `json` in ASCII where that is not UTF-8."""
    if isinstance(document, bytes):
        sys.stdout.flush()
        sys.stdout.buffer.write(document)
        return
    if json:
        document = document if _is_utf8(sys.stdout.encoding) else _BEYOND_ASCII.sub(_as_escapes, document)
    elif isinstance(sys.stdout, TextIOWrapper):
        # The other formats are UTF-8 by their definition.
        sys.stdout.reconfigure(encoding="utf-8")
    sys.stdout.write(document)


def _as_escapes(found: re.Match[str]) -> str:
    units = found[0].encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{units[start : start + 2].hex()}" for start in range(0, len(units), 2))


def _escaped(text: str) -> str:
    """`text` with the halves of surrogate pairs in it spelled out."""
    return text.encode("utf-8", "backslashreplace").decode()


def _is_utf8(encoding: str | None) -> bool:
    return encoding is None or codecs.lookup(encoding).name == "utf-8"


def log(line: str) -> None:
    """A line for people on standard error."""
    text = _escaped(line)
    if _is_plain(text) and not sys.stderr.isatty():
        sys.stderr.write(f"{text}\n")
    else:
        _log_console().print(text)


def _is_plain(text: str) -> bool:
    """Return True for a line that rich, which takes a while to import, would print as it is."""
    # Rich takes colons for the ends of an emoji's name, and cuts blanks off the end of a long line.
    return text.isascii() and text.isprintable() and text.count(":") < 2 and text == text.rstrip()  # noqa: PLR2004


def explain(error: FairregError) -> None:
    """An error as text: what is wrong, and what to do next."""
    log(f"Error: {error.message}")
    if isinstance(error, RecordError):
        for path, message in error.violations[:_SHOWN_VIOLATIONS]:
            log(f"  {path}: {message}")
    if error.hint:
        log(f"Hint: {error.hint}")


class ProgressCallback(Protocol):
    """Progress in bytes of the file called `name`."""

    def __call__(self, name: str, done: int, total: int | None) -> None:
        """Called as bytes arrive."""


@contextmanager
def downloading() -> Iterator[ProgressCallback]:
    """A progress bar for each file, with rate and remaining time; silent without a terminal."""
    if not sys.stderr.isatty():
        yield lambda _name, _done, _total: None
        return
    from rich.progress import (
        BarColumn,
        DownloadColumn,
        Progress,
        TextColumn,
        TimeRemainingColumn,
        TransferSpeedColumn,
    )

    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        DownloadColumn(),
        TransferSpeedColumn(),
        TimeRemainingColumn(),
    )
    bar = Progress(*columns, console=_log_console(), transient=True)
    tasks: dict[str, Any] = {}
    with bar:

        def report(name: str, done: int, total: int | None) -> None:
            if name not in tasks:
                tasks[name] = bar.add_task(name.rsplit("/", 1)[-1], total=total)
            bar.update(tasks[name], completed=done, total=total)

        yield report


@contextmanager
def live_table() -> Iterator["Callable[[RenderableType], None] | None"]:
    """What each call replaces on standard output until the block ends, then it is gone; None if no terminal.

    Standard output, because it is the data under way: the final table takes the same place, and standard
    error may well be a file that cursor movements would spoil.
    """
    from rich.live import Live

    if not sys.stdout.isatty() or console().is_dumb_terminal:
        yield None
        return
    with Live(console=console(), auto_refresh=False, transient=True, redirect_stderr=False) as display:
        yield lambda shown: display.update(shown, refresh=True)


@contextmanager
def counting(what: str) -> Iterator[Callable[[int, int | None], None]]:
    """A progress bar over things counted, with rate and remaining time; silent without a terminal."""
    with counting_each(what) as report:
        yield lambda done, total: report("", done, total)


@contextmanager
def counting_each(what: str) -> Iterator[Callable[[str, int, int | None], None]]:
    """Such a bar for each name that is counted under; the bars may be moved by several threads."""
    if not sys.stderr.isatty():
        yield lambda _name, _done, _total: None
        return
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        ProgressColumn,
        Task,
        TextColumn,
        TimeRemainingColumn,
    )
    from rich.text import Text

    class Rate(ProgressColumn):
        """How many a second."""

        def render(self, task: Task) -> Text:
            return Text(f"{task.speed:.1f}/s" if task.speed else "")

    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        MofNCompleteColumn(),
        Rate(),
        TimeRemainingColumn(),
    )
    tasks: dict[str, Any] = {}
    with Progress(*columns, console=_log_console(), transient=True) as bar:

        def report(name: str, done: int, total: int | None) -> None:
            if name not in tasks:
                tasks[name] = bar.add_task(f"{what} {name}".rstrip(), total=total)
            bar.update(tasks[name], completed=done, total=total)

        yield report
