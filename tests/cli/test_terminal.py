# SPDX-License-Identifier: MIT
"""Texts of others do not control the terminal: no escape, no direction, no forged line."""

import json
from xml.etree import ElementTree as ET

import pytest
from rdflib import Graph
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


@pytest.mark.parametrize(
    "text",
    [
        "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645",
        "\u0915\u094d\u200d\u0937",
        "\u2764\ufe0f\u200d\U0001f525",
        "\U0001f468\u200d\U0001f52c",
    ],
)
def test_a_joiner_stays_where_a_script_needs_it(text):
    assert output.visible(text) == text
    assert output._inert(text, output._left_out) == text


@pytest.mark.parametrize(
    "text",
    [
        "jets\u200dx",
        "\u200cx",
        "a\u00e9\u200d",
        "\u200b\u0645",
        "x\ufeff",
        "a\u00adb",
        "a\u2060b",
        "\U000e0041",
        "net\ufe01\U000e0152",
        "a\u3164b",
        "a\u2800",
        "\u2764\ufe0f\ufe0f",
    ],
)
def test_letters_that_only_hide_are_shown_by_their_number(text):
    assert output.visible(text).isascii() or "\\u" in output.visible(text)
    assert "\\" in output.visible(text)


def test_colons_are_no_emoji(capsys):
    output.console().print("/data/:b:/x :smile:", soft_wrap=True)
    output.log("/data/:b:/x :smile: \u00e9")
    said = capsys.readouterr()
    assert ":b:/x :smile:" in said.out
    assert ":b:/x :smile:" in said.err


HIDDEN = "a\x1bb\x7fc\x9b31m\u202ed\u2066e\u200bf\ufeffg\u061ch"


@pytest.mark.parametrize(
    ("media_type", "read"),
    [
        ("application/json", True),
        ('application/ld+json; profile="x"', True),
        ("text/turtle", False),
        ("text/markdown", False),
    ],
)
def test_documents_have_no_controls_and_json_keeps_them_escaped(capsys, media_type, read):
    document = json.dumps({"name": HIDDEN}, ensure_ascii=False)
    output.print_document(document, media_type=media_type)
    said = capsys.readouterr().out
    assert harmless(said)
    assert not read or json.loads(said) == {"name": HIDDEN}


def test_turtle_keeps_controls_by_their_number(capsys):
    text = HIDDEN.replace("\x1b", "")
    output.print_document(f'<http://a/b> <http://a/c> "{text}" .\n', media_type="text/turtle")
    said = capsys.readouterr().out
    assert harmless(said)
    ((_, _, value),) = Graph().parse(data=said, format="turtle")
    assert str(value) == text


def test_xml_keeps_controls_by_their_number(capsys):
    text = HIDDEN.replace("\x1b", "")
    output.print_document(f"<a>{text}</a>", media_type="application/rdf+xml")
    said = capsys.readouterr().out
    assert harmless(said)
    assert ET.fromstring(said).text == text


def test_json_of_a_command_keeps_foreign_text_escaped_and_masks_secrets(capsys):
    output.print_json({"a": [HIDDEN], "url": "https://me:pw@h/?token=abc&id=1"})
    said = capsys.readouterr().out
    assert harmless(said)
    assert json.loads(said) == {"a": [HIDDEN], "url": "https://***@h/?token=***&id=1"}


def test_a_surrogate_of_a_file_name_is_escaped(capsys):
    output.log("net\udcff.pt was read.")
    assert "\\udcff" in capsys.readouterr().err
