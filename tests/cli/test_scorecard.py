# SPDX-License-Identifier: MIT
"""The scorecard at a terminal: bars with and without a number, and lines that stay legible at 80 columns."""

import re

import pytest
from msgspec.structs import replace

from assessment.samples import BARE, HBB, VERSION_DOI, advised, replaced, with_record
from fairreg.cli.assess.figures import bar as drawn
from fairreg.cli.assess.first_steps import _print_beside
from fairreg.cli.assess.scorecard import print_report
from fairreg.registry import catalogue

OFFLINE = replaced(HBB, downloaded=False, files=(), documents=(), models=(), probes=(), offline=True)
LETTER = r"(?m)^{}\s+[#.]+\s+(\d+ %|\?).*\d+ %"


def printed(capsys, evidence):
    print_report(advised(evidence))
    return capsys.readouterr().out


@pytest.mark.parametrize(
    ("score", "interval", "bar"),
    [
        (0.5, (0.5, 0.5), "##########.........."),
        (0.5, (0.4, 0.6), "##########.........."),
        (None, (0.25, 0.5), "#####=====.........."),
        (None, (0.0, 1.0), "===================="),
        (None, (0.0, 0.0), "...................."),
        (None, (0.01, 0.02), "...................."),
        (None, None, "...................."),
    ],
)
def test_a_bar_without_a_number_shows_what_is_known_and_what_is_possible(score, interval, bar):
    assert drawn(score, interval, "=") == bar


def test_the_legend_of_the_bars_stands_once_and_only_where_a_principle_has_no_number(capsys):
    text = printed(capsys, OFFLINE)
    assert text.count("Bars without a number") == 1
    assert re.search(r"(?m)^ +A1 .* #*=+\.* \d+-\d+ %", text)
    assert "Bars without a number" not in printed(capsys, HBB)


def test_letters_have_bars_of_two_signs_with_the_interval_beside(capsys):
    for evidence in (OFFLINE, BARE, HBB):
        text = printed(capsys, evidence)
        for letter in "FAIR":
            assert re.search(LETTER.format(letter), text), letter


def test_a_letter_without_a_number_is_drawn_up_to_the_least_score(capsys):
    report = replace(advised(OFFLINE), do_first=(), undecided=())
    letter = next(name for name, score in report.letters.items() if score is None)
    low, _ = report.letter_intervals[letter]
    bar = re.search(rf"(?m)^{letter}  ([#.]+)", printed(capsys, OFFLINE))[1]
    assert bar.count("#") == round(20 * low)


def test_a_principle_of_which_nothing_is_known_is_one_line(capsys):
    evidence = replaced(BARE, offline=True)
    report = advised(evidence)
    print_report(report, brief=True)
    brief = capsys.readouterr().out
    unread = [
        n for n, part in report.principles.items() if {i.verdict for i in part.indicators} == {"unknown"}
    ]
    assert unread
    for name in unread:
        line = re.search(rf"(?m)^ +{re.escape(name)} .*$", brief)[0]
        assert re.search(r"all \d are unknown|its indicator is unknown", line)
        assert f"{name}-1" not in brief.split("What is unknown")[-1].split("Indicator")[-1]
    print_report(report)
    assert (
        "are unknown" not in capsys.readouterr().out.split("Indicator")[-1]
    )  # the full one names the reasons


def test_of_a_catalogue_entry_alone_the_card_says_once_that_nothing_was_read(capsys):
    entry = next(item for item in catalogue.records() if item.doi == VERSION_DOI)
    out = printed(capsys, replaced(BARE, record=entry, offline=True))
    told = "No overall score: nothing of the published record was read; fairreg gives a number only where at"
    assert told in " ".join(out.split())
    assert "Assess again without --offline." in out
    assert "49 unknown" not in out
    assert len(out.splitlines()) < 60


def test_what_to_do_first_hangs_below_its_number_at_80_columns(capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    _print_beside("1.", "R2-1 " + "words of a remedy " * 12)
    first, *others = capsys.readouterr().out.splitlines()
    assert first.startswith("  1. R2-1")
    assert others
    assert all(line.startswith("     ") and line[5] != " " for line in others)
    assert all(len(line) <= 80 and line == line.rstrip() for line in (first, *others))


def test_the_badge_line_says_that_it_is_the_badge(capsys):
    assert re.search(r"(?m)^Badge: FAIR \d+ %\. No essential indicator fails", printed(capsys, HBB))
    poor = with_record(HBB, license=None, distributions=())
    assert re.search(
        r"(?m)^No badge\. Essential indicators fail\. For a badge: [A-Z][\d.]+-\d \([A-Z]",
        printed(capsys, poor),
    )
