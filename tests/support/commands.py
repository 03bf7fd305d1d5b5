# SPDX-License-Identifier: MIT
"""Command lines in documents, held against the real parser; nothing is executed."""

import re
import shlex
from collections.abc import Iterator
from functools import cache
from typing import Any

import typer
from typer.main import get_command

from fairreg.cli.app import command_line

# Typer has parts of Click inside, which have no public names: a group has commands, a usage error is what a
# bad parameter is.
UsageError = typer.BadParameter.__mro__[1]


@cache
def program() -> Any:
    """The command line."""
    return get_command(command_line())


def fault_of(line: str, *, complete: bool = True) -> str | None:
    """What the parser has against the words after `fairreg`; files need not exist.

    Unless `complete`, arguments may be missing.
    """
    words = shlex.split(line, comments=True)
    command, name = program(), "fairreg"
    if words in (["--help"], ["--version"], []):
        return None
    context = typer.Context(command, info_name=name)
    try:
        while hasattr(command, "commands"):
            if not words:
                return None
            name, command, words = command.resolve_command(context, words)
            context = typer.Context(command, info_name=name, parent=context)
        command.parse_args(context, list(words))
    except UsageError as error:
        missing = type(error).__name__ == "MissingParameter" and not complete
        if missing or re.search(r"does not exist\.?$", error.format_message()):
            return None
        return error.format_message()
    except typer.Exit:
        return None
    return None


def with_option(option: str) -> Iterator[tuple[str, ...]]:
    """The words of each command with an option of this name."""
    return _with_option(program(), option, ())


def _with_option(command: Any, option: str, words: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    if any(option in parameter.opts for parameter in command.params):
        yield words
    for name, other in getattr(command, "commands", {}).items():
        yield from _with_option(other, option, (*words, name))


@cache
def options() -> frozenset[str]:
    """Every option of every command."""
    return frozenset(_options(program()))


def _options(command: Any) -> Iterator[str]:
    for parameter in command.params:
        yield from (*parameter.opts, *parameter.secondary_opts)
    if hasattr(command, "commands"):
        for other in command.commands.values():
            yield from _options(other)
