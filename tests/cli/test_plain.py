# SPDX-License-Identifier: MIT
"""--plain, NO_COLOR, TERM=dumb and pipes: the same words without colour, in lines of no width."""

import os
import pty
import re
import subprocess
import sys
from typing import Any

import pytest

from cli.test_help import LEAVES
from fairreg.cli import output
from support import hbb

pytestmark = pytest.mark.engines("sqlite")

ASSESSED = ("assess", hbb.DOI, "--offline")
# Commands that print tables, fields or verdicts without the network.
COMMANDS = [
    ("search", "jets", "--facets"),
    ("search", "jets", "--explain", "--limit", "3"),
    ("show", hbb.DOI),
    ("cite", hbb.DOI),
    ASSESSED,
    (*ASSESSED, "--compare"),
    ("assess", hbb.DOI, "--history"),
    ("assess", "--all", "--offline", "--limit", "3"),
    ("sources",),
    ("harvest", "--collections"),
    ("harvest", "--collection", "hep", "--dry-run"),
    ("db", "info"),
    ("db", "check"),
    ("cache", "info"),
    ("link", hbb.DOI, "10.5281/zenodo.3891869"),
    ("diff", "{tagger}", "{affine}"),
    ("inspect", "{tagger}"),
]
BOXES = re.compile("[\u2500-\u259f\u2026\x1b]")


@pytest.fixture(autouse=True)
def fresh() -> None:
    output.console.cache_clear()


def told(cli: Any, words: tuple[str, ...], **files: Any) -> str:
    done = cli(*(word.format(**files) for word in words), "--plain")
    assert done.code in {0, 1}, done.err
    return re.sub(r"\d\d:\d\d:\d\d|\d+\.\d s|0\.\d+", "0", done.out)


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_plain_lines_are_the_same_at_any_width(
    cli: Any, monkeypatch: Any, tagger: Any, affine: Any, words: tuple[str, ...]
) -> None:
    files = {"tagger": tagger, "affine": affine}
    cli(*ASSESSED)
    told(cli, words, **files)  # what a second run says of the first, the third says, too
    monkeypatch.setenv("COLUMNS", "40")
    narrow = told(cli, words, **files)
    monkeypatch.setenv("COLUMNS", "200")
    assert BOXES.search(narrow) is None
    assert all(line == line.rstrip(" ") for line in narrow.splitlines())
    if words[-1] != "--history":  # which has one more of each run of `assess`
        assert told(cli, words, **files) == narrow


def test_every_command_that_prints_results_takes_it() -> None:
    for words, command in LEAVES.items():
        taken = [item.opts for item in command.params if "--plain" in item.opts]
        assert len(taken) == any("--json" in item.opts for item in command.params), words


def test_a_table_has_one_line_per_result_with_tabs(cli: Any) -> None:
    found = cli("search", "jets", "--limit", "5", "--json").json["results"]
    header, *rows = cli("search", "jets", "--limit", "5", "--plain").out.splitlines()
    assert header.split("\t") == ["Name", "Kind", "Year", "Identifier", "Licence", "Runs", "Sources", "Task"]
    assert [row.split("\t")[0] for row in rows] == [item["name"] for item in found]
    assert [row.split("\t")[3] for row in rows] == [item["doi"] or item["id"] for item in found]


def test_the_next_command_is_not_plain(cli: Any) -> None:
    usual = cli("search", "jets").out
    assert cli("search", "jets", "--plain").out != usual
    assert cli("search", "jets").out == usual


def test_a_scorecard_says_each_verdict_as_a_word_and_a_sign(cli: Any) -> None:
    report = cli(*ASSESSED, "--json").json
    plain = cli(*ASSESSED, "--plain").out
    signs = {"pass": "+", "partial": "~", "fail": "-", "unknown": "?"}
    judged = [item for letter in report["principles"].values() for item in letter["indicators"]]
    shown = [item for item in judged if re.search(rf"^\S?\s+{re.escape(item['id'])}\b", plain, re.M)]
    assert shown
    for item in shown:
        sign = re.escape(signs.get(item["verdict"], " "))
        assert re.search(rf"^{sign}\s+{re.escape(item['id'])}\s+\w+\s+{item['verdict']} ", plain, re.M)


def in_terminal(environment: dict[str, str], *words: str, **variables: str) -> str:
    """What a command writes into a terminal of 100 columns."""
    ours, theirs = pty.openpty()
    known = {name: text for name, text in environment.items() if name not in {"NO_COLOR", "FORCE_COLOR"}}
    process = subprocess.Popen(
        [sys.executable, "-m", "fairreg", *words],
        stdin=subprocess.DEVNULL,
        stdout=theirs,
        stderr=subprocess.DEVNULL,
        env={**known, "COLUMNS": "100", "LINES": "40", "TERM": "xterm-256color", **variables},
    )
    os.close(theirs)
    read = b""
    try:
        while part := os.read(ours, 65536):
            read += part
    except OSError:  # Linux: the end of a terminal
        pass
    os.close(ours)
    assert process.wait() == 0
    return re.sub(r"\d\d:\d\d:\d\d|[0-9a-f]{64}", "", read.decode().replace("\r\n", "\n"))


@pytest.mark.skipif(sys.platform != "linux", reason="the terminals of Linux")
def test_colour_repeats_words_and_goes_where_nobody_wants_it(cli: Any, environment: dict[str, str]) -> None:
    cli("db", "init")
    coloured = in_terminal(environment, *ASSESSED)
    assert "\x1b[32mpass" in coloured
    without = in_terminal(environment, *ASSESSED, NO_COLOR="1")
    dumb = in_terminal(environment, *ASSESSED, TERM="dumb")
    plain = in_terminal(environment, *ASSESSED, "--plain")
    assert re.search(r"\x1b\[[0-9;]*(3[0-7]|4[0-7])m", without) is None
    assert "\x1b" not in dumb + plain
    bare = re.sub(r"\x1b\[[0-9;]*m", "", coloured)
    assert bare == re.sub(r"\x1b\[[0-9;]*m", "", without)
    assert bare.split() == dumb.split()
