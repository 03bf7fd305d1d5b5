# SPDX-License-Identifier: MIT
"""Text for people at any width: no word is split, no line ends in blanks, and only long lists are cut."""

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from msgspec.structs import replace
from rich.cells import cell_len

from assessment.samples import BARE, HBB, advised
from fairreg.cli import output
from fairreg.cli.assess.scorecard import print_report
from fairreg.cli.cards import record_card
from fairreg.cli.layout.lines import folded, hanging, wrapped
from fairreg.cli.layout.tables import print_table
from fairreg.registry import catalogue
from fairreg.schemas.identifiers import Identifier
from support import hbb

pytestmark = pytest.mark.engines("sqlite")

# Output of these commands over the packaged catalogue, one file per width. After a change that is meant:
# `pytest tests/cli/test_layout.py -k golden` says what differs; write the new file and read it.
GOLDEN = Path(__file__).parent / "layouts"
COMMANDS = (
    ("show", hbb.DOI),
    ("assess", hbb.DOI, "--offline", "--brief"),
    ("assess", hbb.DOI, "--history"),
    ("assess", "--all", "--offline", "--limit", "3"),
    ("sources",),
    ("harvest", "--collections"),
    ("db", "forgotten"),
)
WIDTHS = (40, 48, 60, 72, 80, 100, 120, 160, 200)
# What differs between two runs.
CHANGING = (
    # Of this year and later: the records of the packaged registry are older. A narrow cell has two lines.
    (re.compile(r"\b20(2[6-9]|[3-9]\d)-\d\d-\d\d"), "2026-01-01"),
    (re.compile(r"(?<!\d)\d\d:\d\d:\d\d(?!\d)"), "00:00:00"),
    (re.compile(r"(sha256:)?\b[0-9a-f]{64}\b"), "sha256:" + "0" * 64),
    (re.compile(r"\b[0-9a-f]{12}\b"), "0" * 12),
    (re.compile(r"\bin \d+\.\d s"), "in 0.0 s"),
)


def golden(cli, settings, words):
    text = cli(*words).out
    for place in (settings.cache, settings.home):
        text = text.replace(str(place), "HOME")
    for pattern, constant in CHANGING:
        text = pattern.sub(constant, text)
    return f"$ fairreg {shlex.join(words)}\n{text}"


@pytest.mark.parametrize("width", [40, 60, 80, 120])
def test_output_is_that_of_the_golden_files(cli, settings, monkeypatch, width):
    monkeypatch.setenv("COLUMNS", str(width))
    shown = "\n".join(golden(cli, settings, words) for words in COMMANDS)

    assert shown == (GOLDEN / f"{width}.txt").read_text("utf-8")


def long_record():
    """A record with many files, authors, fingerprints and an address that fits no line."""
    (found,) = (item for item in catalogue.records() if item.doi == hbb.DOI)
    prints = tuple(Identifier("file_fingerprint", f"sha256:{number:064x}") for number in range(32))
    people = tuple(replace(found.creators[0], name=f"Author Number{number}") for number in range(300))
    return replace(
        found,
        identifiers=(*found.identifiers, *prints),
        creators=people,
        description="Tells jets apart. " * 20 + "https://example.org/" + "a" * 150,
    )


def words_of(text):
    return re.sub(r"[:;,()]", " ", text).split()


@pytest.mark.parametrize("width", WIDTHS)
def test_a_record_is_shown_in_whole_words(capsys, monkeypatch, width):
    monkeypatch.setenv("COLUMNS", str(width))
    record_card(long_record(), whole=True)
    shown = capsys.readouterr().out
    assert all(line == line.rstrip() for line in shown.splitlines())
    long = [line for line in shown.splitlines() if cell_len(line) > width]
    assert all(len(line.split()) == 1 or line.startswith("Name") for line in long)
    monkeypatch.setenv("COLUMNS", "100000")
    record_card(long_record(), whole=True)
    assert words_of(shown) == words_of(capsys.readouterr().out)


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("evidence", [HBB, BARE], ids=["known", "bare"])
def test_a_scorecard_is_printed_in_whole_words(capsys, monkeypatch, width, evidence):
    monkeypatch.setenv("COLUMNS", str(width))
    print_report(advised(evidence))
    shown = capsys.readouterr().out
    assert all(line == line.rstrip() for line in shown.splitlines())
    assert all(len(line.split()) <= 2 for line in shown.splitlines() if cell_len(line) > width)


def test_of_long_lists_the_first_items_are_shown_with_the_option_that_shows_all(capsys):
    record_card(long_record())
    shown = capsys.readouterr().out
    assert "and 29 more of file_fingerprint: --all" in shown
    assert "Author Number9; and 290 more: --all" in " ".join(shown.split())
    assert "Number10;" not in shown
    record_card(long_record(), whole=True)
    whole = capsys.readouterr().out
    assert "--all" not in whole
    assert whole.count("file_fingerprint:") == 32


def test_one_more_than_shown_is_shown():
    assert folded("abc", 2) == ["a", "b", "c"]
    assert folded("abcd", 2) == ["a", "b", "and 2 more: --all"]
    assert folded("abcd", None) == ["a", "b", "c", "d"]


@pytest.mark.parametrize("width", WIDTHS)
def test_a_table_loses_nothing_at_any_width(capsys, monkeypatch, width):
    monkeypatch.setenv("COLUMNS", str(width))
    sentence = "a sentence of several words that needs more than one line in a narrow terminal"
    rows = [("first", "12", "https://example.org/" + "x" * 60, sentence), ("second", "7", "-", "")]
    print_table(("Name", "Count", "Address", "Said"), rows)
    shown = capsys.readouterr().out
    assert all(line == line.rstrip() for line in shown.splitlines())
    for word in ("first", "second", "12", "7", rows[0][2]):
        assert word in shown.split()
    assert " ".join(sentence.split()[-3:]) in " ".join(shown.split()) or width < 100
    assert set(sentence.split()) <= set(shown.split())


@pytest.mark.parametrize("width", WIDTHS)
def test_words_longer_than_a_line_stay_whole_and_scripts_without_blanks_are_cut(width):
    url = "https://example.org/" + "x" * 300
    assert url in wrapped(f"See {url} for more.", width)
    lines = wrapped("模型" * 200, width)
    assert "".join(lines) == "模型" * 200
    assert all(cell_len(line) <= width for line in lines)


def test_a_sentence_goes_on_below_its_indent():
    lines = list(hanging("  weights: " + "word " * 20, 40))
    assert lines[0].startswith("  weights:")
    assert all(line.startswith("    word") and len(line) <= 40 for line in lines[1:])


def test_sentences_are_wrapped_between_words_in_a_terminal_and_stay_lines_in_a_pipe(capsys):
    sentence = "nothing that stands here is split " * 4 + "https://example.org/" + "x" * 60
    output._console(force_terminal=True, color_system=None, width=40).print(sentence)
    lines = capsys.readouterr().out.splitlines()
    assert " ".join(map(str.strip, lines)) == sentence
    assert all(len(line) <= 40 or line.strip().startswith("https:") for line in lines)
    output._console(width=200).print(sentence, soft_wrap=True)
    assert capsys.readouterr().out == f"{sentence}\n"


def test_texts_of_others_do_not_control_fields_and_tables(capsys):
    record_card(replace(long_record(), version="v\x1b[31m\u202e", notes="a\r\nKind  forged"))
    print_table(("a\x07", "b"), [("\x9b31m", "c\x1b[2J")])
    shown = capsys.readouterr().out
    assert [letter for letter in shown if letter != "\n" and not letter.isprintable()] == []


@pytest.mark.skipif(sys.platform != "linux", reason="the shell of Linux")
@pytest.mark.parametrize(
    "command",
    [
        f"show {hbb.DOI}",
        f"assess {hbb.DOI} --offline",
        "sources",
        "harvest --collections",
        "search jets --format csv",
        f"cite {hbb.DOI}",
        "db init",
        "cache info",
        "--help",
        "search --help",
    ],
)
def test_a_reader_of_the_first_line_ends_every_command_quietly(environment, command):
    program = f"{sys.executable} -c 'from fairreg.cli.app import main; main()'"
    done = subprocess.run(
        ["bash", "-c", f"{program} {command} | head -1"],
        env={**environment, "COLUMNS": "40", "FAIRREG_OFFLINE": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout.count("\n") <= 1
    assert "Error" not in done.stderr
    assert "Traceback" not in done.stderr
    assert "Exception" not in done.stderr


@pytest.fixture(autouse=True)
def fresh():
    output.console.cache_clear()
