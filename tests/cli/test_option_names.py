# SPDX-License-Identifier: MIT
"""An option of one name means the same in every command, in the same words."""

import json
from typing import Any

import pytest

from cli.test_choices import PARAMS
from cli.test_help import LEAVES
from support import hbb

pytestmark = pytest.mark.engines("sqlite")

OPTIONS = [(words, item) for words, item in PARAMS if item.param_type_name == "option"]
# Options that are called otherwise elsewhere, or mean more than one thing: the one name that is meant.
OTHER_NAMES = {
    "--out": "--output",
    "--max": "--limit",
    "--top": "--limit",
    "--after": "--since",
    "--parallel": "--jobs or --workers",
    "--processes": "--workers",
    "--licence": "--license",
    "--author-name": "--author",
}
# Per option, the one word for its value; those with several state why.
SEVERAL = {
    "--output": "a file, a folder, or either",
    "--sample": "an input that is read, and one that is written",
    "--weights": "a choice of fetch, a file of the network",
    "--batch-size": "run takes `whole`, the network a number",
    "--format": "formats of plugins, or a few of the command",
    "--query": "words for the registry, or the query language of a source",
    "--to": "services of plugins, or a few of the command",
}


def of(name: str) -> list[tuple[str, Any]]:
    return [(words, item) for words, item in OPTIONS if name in item.opts]


NAMES = sorted({name for _, item in OPTIONS for name in item.opts if name.startswith("--")})


@pytest.mark.parametrize("name", NAMES)
def test_the_value_of_an_option_has_one_name(name: str) -> None:
    called = {item.metavar for _, item in of(name)}
    assert (len(called) > 1) == (name in SEVERAL), called
    assert name not in OTHER_NAMES


@pytest.mark.parametrize(
    ("words", "item"), [(words, item) for words, item in OPTIONS if "--since" in item.opts]
)
def test_a_time_is_read_in_one_form(cli: Any, words: str, item: Any) -> None:
    assert item.metavar == "TIME"
    assert "day or UTC time (2026-11-30, 2026-11-30T12:00:00Z)" in item.help
    chosen = ("--all",) if words == "assess" else ("zenodo",)
    for text in ("yesterday", "30.11.2026", "2026-13-45", "2026-02-30T00:00:00Z", "2026-11-30T12:00"):
        refused = cli(*words.split(), *chosen, "--since", text)
        assert refused.code == 2
        assert f"--since is {text!r}, which is not a day or a time in UTC." in refused.err
        assert "Write 2026-11-30 or 2026-11-30T12:00:00Z." in refused.err


def test_a_number_at_a_time_is_of_transfers_and_workers_compute() -> None:
    for words, item in of("--jobs"):
        assert item.help.startswith("Number of "), words
        assert "at a time" in item.help
        assert (item.metavar, item.type.min) == ("N", 1)
    for words, item in of("--workers"):
        assert item.help.split(":")[-1].strip().startswith(("Number of processes", "number of threads")), (
            words
        )
        assert (item.metavar, item.type.min) == ("N", 1)
    assert {words for words, _ in of("--jobs")} == {"fetch", "publish", "harvest"}  # those that transfer


def test_a_limit_is_a_maximum_number() -> None:
    for words, item in of("--limit"):
        assert "aximum number of" in item.help, words
        assert (item.metavar, item.type.min) == ("N", 1)


def test_json_is_one_document_wherever_there_is_something_to_read() -> None:
    without = {words for words in LEAVES if words not in {command for command, _ in of("--json")}}
    assert without == {"serve", "mcp", "export"}  # they answer others, or write a file of JSON Lines


def test_json_of_show_and_cite_is_one_document(cli: Any) -> None:
    shown, cited = cli("show", hbb.DOI, "--json"), cli("cite", hbb.DOI, "--json")
    assert shown.json == json.loads(cli("show", hbb.DOI, "--format", "json").out)
    assert cited.json == json.loads(cli("cite", hbb.DOI, "--format", "csl").out)
    for command in ("show", "cite"):
        refused = cli(command, hbb.DOI, "--json", "--format", "ris")
        assert refused.code == 2
        assert "--json and --format ris contradict each other" in refused.err
        assert "the same as --format" in " ".join(cli(command, "--help").out.split())
