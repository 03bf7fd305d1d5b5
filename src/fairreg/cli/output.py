# SPDX-License-Identifier: MIT
"""Output of commands: data on standard output, messages on standard error."""

import codecs
import json
import re
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import cache
from io import TextIOWrapper
from itertools import islice
from math import isfinite
from typing import TYPE_CHECKING, Any, Protocol
from unicodedata import category

from fairreg.cli.options import is_plain
from fairreg.errors import FairregError, RecordError, without_secrets

if TYPE_CHECKING:
    from rich.console import Console, RenderableType
    from rich.progress import Progress

__all__ = [
    "bytes_bar",
    "console",
    "counting",
    "counting_each",
    "downloading",
    "explain",
    "in_one_line",
    "live_table",
    "log",
    "log_rejected",
    "print_document",
    "print_json",
    "print_versioned",
    "visible",
]

_LISTED_REASONS, _MOST_BARS = 10, 8
_PIPED_WIDTH, _UNBOUNDED = 200, 1_000_000
# Letters of one text for people: a long description is shown whole. JSON and documents are never cut.
_LONGEST_SHOWN = 50_000
# Characters that JSON in ASCII escapes; control characters are escaped in any JSON.
_BEYOND_ASCII = re.compile(r"[^\n -~]")
# Controls of terminals, of the direction of text, and letters without width, but for joiners.
_CONTROLS = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"
    "\U000e0000-\U000e007f]|[\u200c\u200d]"
)
_JOINERS = frozenset("\u200c\u200d")
# Texts whose letters are all seen, as most are.
_COMMON = re.compile("[ -~\u00a1-\u00ac\u00ae-\u034e\u2010-\u2027\u2030-\u205e\u2070-\u27ff]*")
# Number of pieces of a JSON document per write.
_PIECES = 5000


@cache
def console() -> "Console":
    """The console of standard output; without a terminal, plain text in unwrapped lines.

    Text is literal: brackets in a name are not markup, and characters that the terminal lacks are escaped.
    """
    if isinstance(sys.stdout, TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")
    width = _UNBOUNDED if is_plain() else None if sys.stdout.isatty() else _PIPED_WIDTH
    return _console(highlight=False, markup=False, width=width)


@cache
def _log_console() -> "Console":
    return _console(stderr=True, highlight=False, markup=False, soft_wrap=True)


def _console(**options: Any) -> "Console":
    """A console on which texts of others cannot control the terminal, wherever they stand."""
    from rich.console import Console
    from rich.text import Text

    class PlainTexts(Console):
        """A console that escapes what is not printable in every text, and masks the secrets of addresses."""

        def render_str(self, text: str, **how: Any) -> Text:
            shown = visible(without_secrets(_bounded(text)))
            return super().render_str(_encodable(shown, self.encoding), **how)

        def print(self, *objects: Any, **how: Any) -> None:
            """Print; in a terminal a text is wrapped between words, in a pipe its lines stay lines."""
            if self.is_terminal and len(objects) == 1 and isinstance(objects[0], str):
                from fairreg.cli.layout.lines import hanging

                objects, how = ("\n".join(hanging(objects[0], self.width)),), {**how, "soft_wrap": True}
            super().print(*objects, **how)

    unstyled: dict[str, Any] = {"force_terminal": False, "color_system": None} if is_plain() else {}
    return PlainTexts(emoji=False, **options, **unstyled)


def _bounded(text: str) -> str:
    """Cut a text that nobody reads in a terminal, such as a title of a million letters, and say how much."""
    if len(text) <= _LONGEST_SHOWN:
        return text
    return f"{text[:_LONGEST_SHOWN]} [... {len(text) - _LONGEST_SHOWN:,} more characters]"


def visible(text: str, *, kept: str = "\n\t") -> str:
    """Escape the characters that control a terminal or the direction of its text, but not those of `kept`.

    So are those that nobody sees; a joiner or variation selector stays where it shapes what stands before it.
    """
    if text.isprintable() and _COMMON.fullmatch(text):
        return text
    from fairreg.schemas.text import holds_invisible, is_shown  # for few texts

    if text.isprintable() and not holds_invisible(text):
        return text
    pairs = zip("\0" + text, text, strict=False)
    return "".join(
        item if item in kept or (_is_printed(item) and is_shown(item, before)) else _named(item)
        for before, item in pairs
    )


def _is_printed(letter: str) -> bool:
    return letter.isprintable() or letter in _JOINERS or category(letter) == "Zs"


def _encodable(text: str, encoding: str) -> str:
    """Escape the characters that `encoding` lacks, before the width of a column is computed from them."""
    return text if text.isascii() else text.encode(encoding, "backslashreplace").decode(encoding)


def in_one_line(text: str) -> str:
    """Return a text as it is printed in one line of a table: visible, masked, in what the terminal has."""
    return _encodable(visible(without_secrets(_bounded(text)), kept=""), console().encoding)


def _named(letter: str) -> str:
    return letter.encode("unicode_escape", "surrogatepass").decode("ascii")


def print_json(document: Any) -> None:
    """Print one JSON document on standard output, piece by piece; in ASCII unless that is UTF-8.

    Controls of terminals are escaped as JSON does, and secrets of addresses masked.
    """
    encoder = json.JSONEncoder(indent=2, ensure_ascii=not _is_utf8(sys.stdout.encoding), allow_nan=False)
    pieces = encoder.iterencode(_printable(document))
    # A file name that is not UTF-8 contains lone surrogates, which JSON can only write escaped.
    while text := "".join(islice(pieces, _PIECES)):
        sys.stdout.write(_inert(_escaped(text), _as_escapes))
    sys.stdout.write("\n")


def print_versioned(name: str, document: Any) -> None:
    """Print the JSON document `name` with its ``schema_version``; a list has that in each item.

    Commands print through this function only, so that each of their documents has a version and a schema.
    """
    from fairreg.schemas import versioned

    print_json(versioned(name, document))


def _printable(value: Any) -> Any:
    """The document without secrets, and with null for numbers that JSON has no word for: NaN, infinities."""
    if isinstance(value, str):
        return without_secrets(value)
    if isinstance(value, float):
        return value if isfinite(value) else None
    if isinstance(value, dict):
        return {key: _printable(item) for key, item in value.items()}
    return [_printable(item) for item in value] if isinstance(value, list | tuple) else value


def print_document(document: str | bytes, *, media_type: str) -> None:
    """Print a document of a format on standard output; JSON in ASCII unless that is UTF-8.

    Nothing is changed but characters that control a terminal: they are escaped as in the format, or left out.
    In a terminal, characters that it lacks are escaped, too.
    """
    if isinstance(document, bytes):
        sys.stdout.flush()
        sys.stdout.buffer.write(document)
        return
    from fairreg.formats.base import is_json

    syntax = media_type.partition(";")[0].rpartition("/")[2].rpartition("+")[2]
    document = _inert(document, _as_escapes if is_json(media_type) else _ESCAPES.get(syntax, _left_out))
    if is_json(media_type):
        document = document if _is_utf8(sys.stdout.encoding) else _BEYOND_ASCII.sub(_as_escapes, document)
    elif isinstance(sys.stdout, TextIOWrapper):
        if sys.stdout.isatty():
            sys.stdout.reconfigure(errors="backslashreplace")  # a terminal shows its own encoding only
        else:
            sys.stdout.reconfigure(encoding="utf-8")  # by the definition of the other formats
    sys.stdout.write(document)


def _inert(text: str, replaced: Callable[[re.Match[str]], str]) -> str:
    """Replace the characters that control a terminal, but not joiners in the scripts that need them."""
    if _CONTROLS.search(text) is None:
        return text

    from fairreg.schemas.text import is_shown

    def replacement(found: re.Match[str]) -> str:
        before = text[found.start() - 1] if found.start() else "\0"
        return found[0] if found[0] in _JOINERS and is_shown(found[0], before) else replaced(found)

    return _CONTROLS.sub(replacement, text)


def _left_out(_found: re.Match[str]) -> str:
    return ""


def _in_turtle(found: re.Match[str]) -> str:
    return f"\\U{ord(found[0]):08X}"


def _in_xml(found: re.Match[str]) -> str:
    """Write a character by its number; XML 1.0 has none for the controls of ASCII."""
    return f"&#{ord(found[0])};" if found[0] > " " else ""


# How the languages of documents write a character by its number; from the others it is left out.
_ESCAPES = {"turtle": _in_turtle, "xml": _in_xml}


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
    text = visible(_escaped(without_secrets(_bounded(line))), kept="")
    with suppress(OSError):  # standard error is full: nobody can be told, and the command goes on
        if _is_plain(text) and not sys.stderr.isatty():
            sys.stderr.write(f"{text}\n")
        else:
            _log_console().print(text)


def log_rejected(reasons: Sequence[str]) -> None:
    """Log why payloads were rejected: the first reasons, the number of others, and how to list them all."""
    for reason in reasons[:_LISTED_REASONS]:
        log(f"  rejected: {reason}")
    if len(reasons) > _LISTED_REASONS:
        log(f"  and {len(reasons) - _LISTED_REASONS} more")
    if reasons:
        log("  List all rejected payloads with: fairreg sources --refused")


def _is_plain(text: str) -> bool:
    """Return True for a line that rich, which is slow to import, would print unchanged."""
    # Rich strips trailing blanks of a long line.
    return text.isascii() and text.isprintable() and text == text.rstrip()


def explain(error: FairregError) -> None:
    """Print an error: what happened, and what to do next."""
    listed = error.violations[: error.most_shown] if isinstance(error, RecordError) else ()
    log(f"Error: {_without_first(error.message, listed)}")
    for path, message in listed:
        log(f"  {path}: {message}")
    if error.hint and error.hint != RecordError.all_listed.format(len(listed)):
        log(f"Hint: {error.hint}")


def _without_first(said: str, listed: tuple[tuple[str, str], ...]) -> str:
    """Return a message without the violation that it ends with, if that is the first one in the list."""
    ends = [f": {path} {message.rstrip('.')}." for path, message in listed[:1]]
    return f"{said.removesuffix(ends[0])}:" if ends and said.endswith(ends[0]) else said


class ProgressCallback(Protocol):
    """Progress callback, in bytes of the file `name`."""

    def __call__(self, name: str, done: int, total: int | None) -> None:
        """Called as bytes arrive."""


@contextmanager
def downloading() -> Iterator[ProgressCallback]:
    """Show a progress bar per file, with rate and remaining time; silent without a terminal.

    Bars of complete files go when there are many, so that those under way stay in sight.
    """
    if is_plain() or not sys.stderr.isatty():
        yield lambda _name, _done, _total: None
        return
    bar = bytes_bar()
    tasks: dict[str, Any] = {}
    with bar:

        def report(name: str, done: int, total: int | None) -> None:
            if name not in tasks:
                tasks[name] = bar.add_task(visible(name.rsplit("/", 1)[-1], kept=""), total=total)
            bar.update(tasks[name], completed=done, total=total)
            if len(tasks) > _MOST_BARS and total is not None and done >= total:
                bar.remove_task(tasks.pop(name))

        yield report


def bytes_bar() -> "Progress":
    """A bar of bytes for tasks, with rate and remaining time, which goes when it is closed."""
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
    return Progress(*columns, console=_log_console(), transient=True)


@contextmanager
def live_table() -> Iterator["Callable[[RenderableType], None] | None"]:
    """Give a function that redraws a table on standard output until the block ends; None without a terminal.

    Standard output, because it shows intermediate data: the final table takes the same place, and standard
    error may be a file, which cursor movements would spoil.
    """
    from rich.live import Live

    if is_plain() or not sys.stdout.isatty() or console().is_dumb_terminal:
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
    if is_plain() or not sys.stderr.isatty():
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
