# SPDX-License-Identifier: MIT
"""Texts of others do not control the terminal: no escape, no direction, no forged line."""

import pytest
from rich.table import Table

from fairreg.cli import output
from fairreg.errors import FairregError

FORGED = "net\x1b[31m\r\nFAKE: verdict runs \u202egnp.exe\u2066 \x07\x9b"


@pytest.fixture(autouse=True)
def fresh():
    output.console.cache_clear()
    output._log_console.cache_clear()


def harmless(text):
    return [letter for letter in text if letter != "\n" and not letter.isprintable()] == []


def test_an_error_is_one_line_whatever_names_it_quotes(capsys):
    output.explain(FairregError(f"{FORGED} is damaged.", hint=f"Ask for {FORGED}."))
    said = capsys.readouterr().err
    assert harmless(said)
    assert said.count("\n") == 2
    assert "\\x1b[31m" in said


def test_tables_and_lines_on_standard_output_are_plain_too(capsys):
    table = Table("name")
    table.add_row(FORGED)
    output.console().print(table)
    output.console().print(f"  {FORGED}", soft_wrap=True)
    said = capsys.readouterr().out
    assert harmless(said)
    assert "\\u202e" in said


@pytest.mark.parametrize("text", ["Σ pT of H→bb̄", "naïve\u00a0model", "模型 🙂", "a\tb\nc"])
def test_letters_of_any_script_stay(text):
    assert output.visible(text) == text


def test_a_surrogate_of_a_file_name_is_escaped(capsys):
    output.log("net\udcff.pt was read.")
    assert "\\udcff" in capsys.readouterr().err
