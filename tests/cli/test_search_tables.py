# SPDX-License-Identifier: MIT
"""The table of `search` at any width: no word is split, identifiers are whole, columns go by priority."""

import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from rich.cells import cell_len

from fairreg.cli import output
from fairreg.cli.search_table import lines_of
from fairreg.services.search.report import SearchReport, SearchRow

pytestmark = pytest.mark.engines("sqlite")

# Results of these searches over the packaged catalogue, one file per width. After a change that is meant:
# `pytest tests/cli/test_search_tables.py -k golden` says what differs; write the new file and read it.
GOLDEN = Path(__file__).parent / "search_tables"
SEARCHES = (
    ("jets", "--limit", "15"),
    ("Hbb", "--limit", "5"),
    ("", "--kind", "dataset", "--limit", "5"),
    ("jets", "--sort", "year", "--limit", "5"),
)
WIDTHS = (40, 48, 59, 60, 66, 72, 80, 90, 100, 120, 132, 160, 200)


def row(name: str = "Net", **fields: Any) -> SearchRow:
    values: dict[str, Any] = {
        "id": f"github:lab/{len(name)}",
        "kind": "model",
        "sources": ("catalogue",),
        "doi": None,
        "license": "MIT",
        "task": ("jet tagging",),
        "frameworks": (),
        "year": 2024,
        "score": 1.0,
        "runnable": True,
        "runs": "may run: ONNX",
        "fair_score": None,
        "url": None,
    }
    return SearchRow(name=name, **(values | fields))


@pytest.mark.parametrize("width", [40, 60, 80, 120])
def test_tables_are_those_of_the_golden_files(cli, monkeypatch, width):
    monkeypatch.setenv("COLUMNS", str(width))
    shown = [f"$ fairreg search {shlex.join(words)}\n{cli('search', *words).out}" for words in SEARCHES]
    assert "\n".join(shown) == (GOLDEN / f"{width}.txt").read_text("utf-8")


@pytest.mark.sliced(5)
@pytest.mark.parametrize("width", WIDTHS)
def test_lines_fit_and_identifiers_are_whole(cli, monkeypatch, width):
    monkeypatch.setenv("COLUMNS", str(width))
    rows = cli("search", "", "--limit", "200", "--json").json["results"]
    assert len(rows) > 100
    lines = cli("search", "", "--limit", "200").out.splitlines()
    assert all(line == line.rstrip() for line in lines)
    identifiers = {item["doi"] or item["id"] for item in rows}
    assert {line.split()[0] for line in lines if cell_len(line) > width} <= identifiers
    assert [item for item in identifiers if not any(item in line.split() for line in lines)] == []


@pytest.mark.sliced(5)
@pytest.mark.parametrize("width", WIDTHS)
def test_no_word_of_a_name_is_split(cli, monkeypatch, width):
    monkeypatch.setenv("COLUMNS", str(width))
    names = [item["name"] for item in cli("search", "", "--limit", "200", "--json").json["results"]]
    lines = cli("search", "", "--limit", "200").out.splitlines()[width >= 60 :]
    shown = [line for line in lines if not line.startswith(" ")]
    assert len(shown) == len(names)
    for name, line in zip(names, shown, strict=True):
        kept = line.partition("…")[0]
        assert line.startswith(name) or (name.startswith(kept) and name[len(kept)] in " ,;:(")


def test_without_a_terminal_and_without_columns_lines_have_80(cli, monkeypatch):
    monkeypatch.delenv("COLUMNS", raising=False)
    assert cli("search", "jets").out == cli_at(cli, monkeypatch, "80", "search", "jets")
    assert cli("search", "jets").out == cli_at(cli, monkeypatch, "nonsense", "search", "jets")


def cli_at(cli, monkeypatch, width, *words):
    with monkeypatch.context() as patched:
        patched.setenv("COLUMNS", width)
        return cli(*words).out


def test_licence_and_what_runs_come_before_a_source_that_is_always_the_same():
    rows = [row("A network for the tagging of boosted jets", task=("jet tagging",)), row("Other")]
    shown = [lines_of(rows, width)[0].split() for width in (60, 70, 80, 200)]
    assert shown[0] == ["Name", "Identifier", "Licence", "Runs"]
    assert "Sources" not in shown[1] + shown[2]
    assert shown[3] == ["Name", "Kind", "Year", "Identifier", "Licence", "Runs", "Task", "Sources"]


def test_sources_that_differ_come_before_the_task():
    rows = [row("Net"), row("Other", sources=("zenodo", "github"))]
    narrow, wide = (lines_of(rows, width)[0].split() for width in (64, 100))
    assert narrow == ["Name", "Year", "Identifier", "Licence", "Runs", "Sources"]
    assert wide == ["Name", "Kind", "Year", "Identifier", "Licence", "Runs", "Sources", "Task"]


def test_a_column_that_says_nothing_is_left_out():
    header = lines_of([row(license=None, runs=None, task=(), year=None)], 120)[0]
    assert header.split() == ["Name", "Kind", "Identifier", "Sources"]


def test_the_second_line_of_a_narrow_terminal_has_the_facts_that_fit():
    assert lines_of([row("Net")], 59) == ["Net", "  github:lab/3  MIT  may run  2024  model"]
    assert lines_of([row("Net")], 30) == ["Net", "  github:lab/3  MIT  may run"]


def test_an_identifier_that_is_longer_than_the_terminal_stays_whole():
    long = "huggingface:somebody/" + "x" * 60
    for width in (40, 80):
        assert f"  {long}" in lines_of([row(id=long), row("Other")], width)


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("Interaction network for boosted Higgs bosons", "Interaction network for…"),
        ("HiggsToBBNtupleProducerTool of the CMS collaboration", "HiggsToBBNtupleProducerTool…"),
        ("x" * 80, "x" * 32 + "…"),
        ("模型" * 40, "模型" * 8 + "…"),
        ("CMS ParticleNetFromMiniAODAK8 of 2022", "CMS ParticleNetFromMiniAODAK8…"),
        ("Net 模型模型模型模型模型模型模型模型", "Net…"),
    ],
)
def test_a_name_that_is_cut_ends_in_an_ellipsis(name, shown):
    line = lines_of([row(name, id=f"github:{'y' * 23}")], 60)[1]
    assert line.split("  ")[0] == shown
    assert cell_len(line) <= 60


def test_columns_stand_below_each_other_whatever_the_script():
    rows = [row("模型"), row("Ångström e\u0301"), row("🙂 net"), row("plain")]
    lines = lines_of(rows, 100)
    assert len({cell_len(line[: line.index("github:")]) for line in lines[1:]}) == 1


def test_texts_of_others_do_not_control_the_table():
    rows = [row("net\x1b[31m\r\nFAKE", task=("\u202eksat",), license="\x07", sources=("a\x9bb",))]
    assert all(line.isprintable() for width in WIDTHS for line in lines_of(rows, width))


def test_what_a_terminal_lacks_is_written_in_what_it_has(monkeypatch):
    console = output._console(highlight=False, markup=False, width=80)
    monkeypatch.setattr(type(console), "encoding", "ascii")
    monkeypatch.setattr(output, "console", lambda: console)
    (_, line) = lines_of([row("H→bb " + "tagger " * 20, id=f"github:{'y' * 23}")], 60)
    assert line.isascii()
    assert line.startswith("H\\u2192bb tagger tagger...  ")


@pytest.mark.parametrize(
    ("runs", "runnable", "word"),
    [
        ("runs", True, "runs"),
        ("may run: ONNX", True, "may run"),
        ("may run: ONNX", False, "if open"),
        ("needs the author's code", False, "needs code"),
    ],
)
def test_what_runs_is_said_in_few_words(runs, runnable, word):
    assert f"  {word}  " in lines_of([row(runs=runs, runnable=runnable)], 120)[1]


def test_nothing_has_no_lines():
    assert lines_of(SearchReport(query="", total=0).results, 80) == []


@pytest.mark.skipif(sys.platform != "linux", reason="the shell of Linux")
def test_a_reader_of_the_first_line_ends_the_command_quietly(environment):
    program = f"{sys.executable} -c 'from fairreg.cli.app import main; main()'"
    done = subprocess.run(
        ["bash", "-c", f"{program} search '' --limit 200 | head -1"],
        env={**environment, "COLUMNS": "80"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout.startswith("Name ")
    assert "Error" not in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("width", [50, 60, 80])
def test_results_in_the_order_of_a_fact_show_it(width):
    rows = [
        row(name=f"A long name of a network number {n}", year=2020 + n, fair_score=n / 10) for n in (1, 2)
    ]
    for sort, facts in (("year", ("2021", "2022")), ("fair", ("10%", "20%"))):
        lines = lines_of(rows, width, [sort])
        assert [fact for fact in facts if any(fact in line for line in lines)] == list(facts)
    assert not any("10%" in line for line in lines_of(rows, 120))


def test_kinds_that_differ_stand_in_a_table_of_80_columns():
    rows = [
        row(name="A network with a long name", doi="10.5281/zenodo.1234567", kind=kind)
        for kind in ("model", "dataset")
    ]
    assert "Kind" in lines_of(rows, 80)[0].split()
