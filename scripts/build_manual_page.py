# SPDX-License-Identifier: MIT
r"""Write man/fairreg.1, the manual page that a wheel installs as share/man/man1/fairreg.1.

    python scripts/build_manual_page.py [--check]

It is made of the command line itself (`command_tree.py`). The page is plain ASCII for the macros of man(7): a
hyphen is written as ``\-``, so that what is copied from a terminal can be typed, and characters beyond ASCII
as their code points, so that no program has to guess an encoding. `--check` writes nothing and exits with 1
if the page is not up to date.
"""

import re
import sys
import tomllib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from command_tree import EXIT_CODES, PROGRAM, Command, Parameter, tree, walked

from fairreg.cli.options import CommandGroup
from fairreg.settings import options as settings

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "man" / "fairreg.1"
# Characters that the formatter takes for its own, or prints as typographic ones.
ESCAPED = {"\\": r"\e", "-": r"\-", "'": r"\(aq", "`": r"\(ga", '"': r"\(dq", "^": r"\(ha", "~": r"\(ti"}
_FILES = (
    ("config.toml", "Settings, in the data folder unless FAIRREG_CONFIG names another file."),
    ("registry.sqlite", "The registry, in the data folder unless FAIRREG_DATABASE_URL names a database."),
    ("cache/", "Downloaded files by the digest of their bytes, in the data folder."),
    ("answers/", "Answers of services that may be asked for again, in the data folder."),
    ("fairreg.lock", "What fairreg lock pins models to, in the working directory."),
)


def main() -> int:
    text = page()
    if "--check" in sys.argv[1:]:
        return int(not PAGE.is_file() or PAGE.read_text("utf-8") != text)
    PAGE.parent.mkdir(exist_ok=True)
    PAGE.write_text(text, encoding="ascii", newline="\n")
    return 0


def page() -> str:
    """Return the text of the page."""
    return (
        "\n".join(_lines(tree(), tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]))
        + "\n"
    )


def _lines(program: Command, project: dict[str, Any]) -> Iterator[str]:
    first, *others = program.paragraphs
    yield r".\" SPDX-License-Identifier: MIT"
    yield r".\" Written by scripts/build_manual_page.py from the command line itself; change it there."
    yield f'.TH {PROGRAM.upper()} 1 "" "{PROGRAM} {roff(project["version"])}" "User Commands"'
    yield from (".ad l", ".nh", ".nr HY 0")  # no blanks to fill a line, no hyphens in names
    yield from (".SH NAME", rf"{PROGRAM} \- {roff(first[0].lower() + first[1:].rstrip('.'))}")
    yield from (".SH SYNOPSIS", *_usage(program))
    yield ".SH DESCRIPTION"
    yield from _paragraphs(
        [*others, "A command prints data on standard output and everything else on standard error."]
    )
    yield from (".SH OPTIONS", *_parameters(program.options))
    for group in CommandGroup:
        yield f".SH {roff(group.upper())}"
        for command in program.commands:
            if command.group == group:
                for item in walked(command):
                    yield from _command(item)
    yield from (".SH EXIT STATUS", *_list((str(code), text) for code, text in EXIT_CODES.items()))
    yield ".SH ENVIRONMENT"
    yield from _list((item.variable, f"{item.meaning[0].upper()}{item.meaning[1:]}.") for item in settings())
    yield ".SH FILES"
    yield from _paragraphs(["fairreg doctor prints where the data folder is."])
    yield from _list(_FILES)
    yield from (".SH SEE ALSO", *_paragraphs([project["urls"]["Documentation"]]))


def _command(command: Command) -> Iterator[str]:
    """Yield the part on a command; sub-commands have parts of their own."""
    yield f".SS {_bold(command.name)}"
    yield from _paragraphs(command.paragraphs)
    yield from (".PP", *_usage(command))
    yield from _parameters(
        (*command.arguments, *(item for item in command.options if "--help" not in item.names))
    )
    if command.examples:
        yield from (".PP", "For example:", ".PP", ".RS", ".EX")
        yield from map(roff, command.examples)
        yield from (".EE", ".RE")


def _usage(command: Command) -> Iterator[str]:
    yield f"{_bold(command.name)}{roff(command.usage.removeprefix(command.name))}"


def _parameters(items: Iterable[Parameter]) -> Iterator[str]:
    for item in items:
        names = ", ".join(map(_bold, item.names))
        value = rf"\fI{roff(item.value)}\fP" if item.value else ""
        yield from (".TP", f"{names} {value}".strip(), *_text(" ".join(_meaning(item))))


def _meaning(item: Parameter) -> Iterator[str]:
    """Yield sentences on a parameter: its help, values, limits and default."""
    yield item.help
    if item.choices and not item.value.startswith("<"):
        yield f"One of {', '.join(item.choices)}."
    if item.limits:
        yield f"{'from ' * (' to ' in item.limits)}{item.limits}.".capitalize()
    if item.repeated and "repeated" not in item.help:
        yield "May be repeated."
    if item.default:
        yield f"Default: {item.default}."
    if item.required and item.names:
        yield "Required."


def _list(items: Iterable[tuple[str, str]]) -> Iterator[str]:
    for name, text in items:
        yield from (".TP", _bold(name), *_text(text))


def _paragraphs(texts: Iterable[str]) -> Iterator[str]:
    for text in texts:
        yield from (".PP", *_text(text))


def _text(text: str) -> Iterator[str]:
    """Yield a text a sentence a line, as the formatter wants it to space them."""
    yield from map(roff, re.split(r"(?<=[.:;]) (?=[A-Z-])", text.replace("`", "")))


def _bold(text: str) -> str:
    return rf"\fB{roff(text)}\fP"


def roff(text: str) -> str:
    r"""Return a text as a line for the formatter: no character is taken for a request or an escape.

    >>> roff(".lock: --output, C:\\models")
    '\\&.lock: \\-\\-output, C:\\emodels'
    """
    plain = "".join(ESCAPED.get(sign) or _ascii(sign) for sign in text)
    return rf"\&{plain}" if plain.startswith((".", "'")) else plain


def _ascii(sign: str) -> str:
    return sign if sign.isascii() else rf"\[u{ord(sign):04X}]"


if __name__ == "__main__":
    raise SystemExit(main())
