# SPDX-License-Identifier: MIT
"""Help of every command: in a group, in whole sentences, with an example and options of the same names."""

from collections.abc import Iterator
from typing import Any

import pytest
import typer

from fairreg.cli.app import command_line
from fairreg.cli.options import CommandGroup

pytestmark = pytest.mark.engines("sqlite")  # nothing here opens a registry


def walked(command: Any, words: tuple[str, ...] = ()) -> Iterator[tuple[str, Any]]:
    for name, item in getattr(command, "commands", {}).items():
        yield from walked(item, (*words, name))
    yield " ".join(words), command


EVERY = dict(walked(typer.main.get_command(command_line())))
LEAVES = {words: item for words, item in EVERY.items() if not hasattr(item, "commands")}


def test_the_help_lists_every_command_in_a_group(cli: Any) -> None:
    out = cli("--help").out
    sections = [
        line.removesuffix(":") for line in out.splitlines() if line and line[0] != " " and line[-1] == ":"
    ]
    assert [name for name in sections if name != "Options"] == list(CommandGroup)
    for words in EVERY:
        if words and " " not in words:
            assert f"\n  {words} " in out


@pytest.mark.parametrize("words", [words for words, item in EVERY.items() if hasattr(item, "commands")])
def test_no_sentence_of_a_list_of_commands_is_cut(cli: Any, words: str) -> None:
    out = cli(*words.split(), "--help").out
    assert "..." not in out.replace("[ARGS]...", "")
    for item in EVERY[words].commands.values():
        assert " ".join(item.get_short_help_str(1000).split()) in " ".join(out.split())


@pytest.mark.parametrize("words", LEAVES)
def test_every_command_has_an_example_of_itself(words: str) -> None:
    assert "Example" in LEAVES[words].epilog
    assert f"fairreg {words}" in LEAVES[words].epilog


@pytest.mark.parametrize("words", LEAVES)
def test_options_have_the_same_short_names_everywhere(words: str) -> None:
    short = {"-o": "--output", "-f": "--format", "-y": "--yes", "-v": "--verbose"}
    for item in LEAVES[words].params:
        for letter, name in short.items():
            assert letter not in item.opts or name in item.opts
        assert "--output" not in item.opts or "-o" in item.opts
        assert item.param_type_name != "option" or item.help or "--help" in item.opts
