# SPDX-License-Identifier: MIT
"""Output of commands: data on standard output, messages on standard error."""

import codecs
import json
import re
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import cache
from io import TextIOWrapper
from itertools import islice
from math import isfinite
from typing import TYPE_CHECKING, Any, Protocol
from unicodedata import category

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
    "visible",
]

_SHOWN_VIOLATIONS = 10
_PIPED_WIDTH = 200
# Letters of one text for people: a long description is shown whole. JSON and documents are never cut.
_LONGEST_SHOWN = 50_000
# Characters that JSON in ASCII escapes; control characters are escaped in any JSON.
_BEYOND_ASCII = re.compile(r"[^\n -~]")
# Number of pieces of a JSON document per write.
_PIECES = 5000


@cache
def console() -> "Console":
    """The console of standard output; without a terminal, plain text in unwrapped lines.

    Text is literal: brackets in a name are not markup, and characters that the terminal lacks are escaped.
    """
    if isinstance(sys.stdout, TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")
    return _console(highlight=False, markup=False, width=None if sys.stdout.isatty() else _PIPED_WIDTH)


@cache
def _log_console() -> "Console":
    return _console(stderr=True, highlight=False, markup=False, soft_wrap=True)


def _console(**options: Any) -> "Console":
    """A console on which texts of others cannot control the terminal, wherever they stand."""
    from rich.console import Console
    from rich.text import Text

    class PlainTexts(Console):
        """A console that escapes what is not printable in every text it is given."""

        def render_str(self, text: str, **how: Any) -> Text:
            return super().render_str(visible(_bounded(text)), **how)

    return PlainTexts(**options)


def _bounded(text: str) -> str:
    """Cut a text that nobody reads in a terminal, such as a title of a million letters, and say how much."""
    if len(text) <= _LONGEST_SHOWN:
        return text
    return f"{text[:_LONGEST_SHOWN]} [... {len(text) - _LONGEST_SHOWN:,} more characters]"


def visible(text: str, *, kept: str = "\n\t") -> str:
    """Escape the characters that control a terminal or the direction of its text, but not those of `kept`."""
    if text.isprintable():
        return text
    return "".join(
        letter if letter in kept or letter.isprintable() or category(letter) == "Zs" else _named(letter)
        for letter in text
    )


def _named(letter: str) -> str:
    return letter.encode("unicode_escape", "surrogatepass").decode("ascii")


def print_json(document: Any) -> None:
    """Print one JSON document on standard output, piece by piece; in ASCII unless that is UTF-8."""
    encoder = json.JSONEncoder(indent=2, ensure_ascii=not _is_utf8(sys.stdout.encoding), allow_nan=False)
    pieces = encoder.iterencode(_finite(document))
    # A file name that is not UTF-8 contains lone surrogates, which JSON can only write escaped.
    while text := "".join(islice(pieces, _PIECES)):
        sys.stdout.write(_escaped(text))
    sys.stdout.write("\n")


def _finite(value: Any) -> Any:
    """The document with null for numbers that JSON has no word for: NaN and infinities."""
    if isinstance(value, float):
        return value if isfinite(value) else None
    if isinstance(value, dict):
        return {key: _finite(item) for key, item in value.items()}
    return [_finite(item) for item in value] if isinstance(value, list | tuple) else value


def print_document(document: str | bytes, *, json: bool) -> None:
    """Print a document of a format on standard output, unchanged; `json` in ASCII unless that is UTF-8."""
    if isinstance(document, bytes):
        sys.stdout.flush()
        sys.stdout.buffer.write(document)
        return
    if json:
        document = document if _is_utf8(sys.stdout.encoding) else _BEYOND_ASCII.sub(_as_escapes, document)
    elif isinstance(sys.stdout, TextIOWrapper):
        # The other formats are UTF-8 by definition.
        sys.stdout.reconfigure(encoding="utf-8")
    sys.stdout.write(document)


def _as_escapes(found: re.Match[str]) -> str:
    units = found[0].encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{units[start : start + 2].hex()}" for start in range(0, len(units), 2))


def _escaped(text: str) -> str:
    """Escape the lone surrogates in `text`."""
    return text.encode("utf-8", "backslashreplace").decode()


def _is_utf8(encoding: str | None) -> bool:
    return encoding is None or codecs.lookup(encoding).name == "utf-8"


def log(line: str) -> None:
    """Print a line for people on standard error."""
    text = visible(_escaped(_bounded(line)), kept="")
    with suppress(OSError):  # standard error is full: nobody can be told, and the command goes on
        if _is_plain(text) and not sys.stderr.isatty():
            sys.stderr.write(f"{text}\n")
        else:
            _log_console().print(text)


def _is_plain(text: str) -> bool:
    """Return True for a line that rich, which is slow to import, would print unchanged."""
    # Rich reads colons as delimiters of emoji names, and strips trailing blanks of a long line.
    return text.isascii() and text.isprintable() and text.count(":") < 2 and text == text.rstrip()  # noqa: PLR2004


def explain(error: FairregError) -> None:
    """Print an error: what happened, and what to do next."""
    log(f"Error: {error.message}")
    if isinstance(error, RecordError):
        for path, message in error.violations[:_SHOWN_VIOLATIONS]:
            log(f"  {path}: {message}")
    if error.hint:
        log(f"Hint: {error.hint}")


class ProgressCallback(Protocol):
    """Progress callback, in bytes of the file `name`."""

    def __call__(self, name: str, done: int, total: int | None) -> None:
        """Called as bytes arrive."""


@contextmanager
def downloading() -> Iterator[ProgressCallback]:
    """Show a progress bar per file, with rate and remaining time; silent without a terminal."""
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
    """Give a function that redraws a table on standard output until the block ends; None without a terminal.

    Standard output, because it shows intermediate data: the final table takes the same place, and standard
    error may be a file, which cursor movements would spoil.
    """
    from rich.live import Live

    if not sys.stdout.isatty() or console().is_dumb_terminal:
        yield None
        return
    with Live(console=console(), auto_refresh=False, transient=True, redirect_stderr=False) as display:
        yield lambda shown: display.update(shown, refresh=True)


@contextmanager
def counting(what: str) -> Iterator[Callable[[int, int | None], None]]:
    """Show a progress bar of a count, with rate and remaining time; silent without a terminal."""
    with counting_each(what) as report:
        yield lambda done, total: report("", done, total)


@contextmanager
def counting_each(what: str) -> Iterator[Callable[[str, int, int | None], None]]:
    """Show one progress bar per name; several threads may update them."""
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
        """Rate per second."""

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
