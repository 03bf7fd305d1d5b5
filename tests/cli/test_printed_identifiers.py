# SPDX-License-Identifier: MIT
"""The output of one command is the input of the others: every identifier that is printed is understood."""

import numpy as np
import pytest

from fairreg.harvesters import github
from fairreg.registry import catalogue
from fairreg.schemas.identifiers import RequestedIdentifier
from support.spellings import spellings

pytestmark = pytest.mark.engines("sqlite")

SAMPLE = "catalogue:fairreg-hbb-simulation-1-seed-1-jets-220000-110000"
IN_A_FOLDER = "catalogue:cms-particlenetak8-general-v01"
ELSEWHERE = "url:https://gitlab.cern.ch/gnn4itkteam/acorn"
PAPER = "arxiv:2403.05618"
COMMANDS = ("show", "assess", "fetch", "run", "link")


@pytest.fixture
def offline(monkeypatch):
    monkeypatch.setenv("FAIRREG_OFFLINE", "1")


@pytest.fixture
def arrays(tmp_path):
    np.savez(tmp_path / "x.npz", x=np.ones((2, 4), np.float32))
    return tmp_path / "x.npz"


def asked(cli, command, pid, arrays):
    more = {"run": ("--input", arrays), "assess": ("--offline",), "link": ("10.1234/other",)}
    return cli(command, pid, *more.get(command, ()))


def test_every_identifier_of_the_catalogue_is_read_as_it_is_printed():
    for record in catalogue.records():
        for item in (*record.identifiers, *(relation.target for relation in record.relations)):
            if item.scheme == "other":  # only the registry knows these
                continue
            for text in (item.compact, f"{item.scheme}: {item.value}", item.url or item.compact):
                found = RequestedIdentifier(text).identifier
                assert found is not None, text
                assert found.key == item.key


@pytest.mark.sliced(11)
@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("pid", [SAMPLE, IN_A_FOLDER, ELSEWHERE, PAPER, "github:key4hep/k4MLJetTagger"])
def test_no_command_takes_a_printed_identifier_for_wrong_usage(cli, offline, arrays, command, pid):
    result = asked(cli, command, pid, arrays)
    assert result.code != 2, result.err
    assert "not an identifier" not in result.err
    if command in {"show", "assess"}:
        assert result.code == 0, result.err


def test_identifiers_that_only_a_record_states_are_understood_by_every_command(cli, offline, arrays):
    for command in COMMANDS:
        result = asked(cli, command, "other:path:ParticleNetAK8/General/V01", arrays)
        assert result.code != 2, result.err
        assert asked(cli, command, "other:path:nowhere", arrays).code != 0


def test_search_prints_what_show_takes(cli, offline):
    listed = cli("search", "jets", "--limit", "100", "--json").json["results"]
    kinds = {row["id"].partition(":")[0]: row["id"] for row in listed}
    assert len(kinds) > 2
    for pid in kinds.values():
        assert cli("show", pid, "--format", "json").json["identifier"] == pid


def test_an_entry_of_the_catalogue_leads_to_its_repository(cli, offline):
    result = cli("fetch", IN_A_FOLDER)
    assert result.code == 4
    assert "requesting it as github:cms-data/RecoBTag-Combined" in result.err


def test_the_repository_of_an_entry_is_fetched(cli, monkeypatch):
    asked_for = []

    def fetch(_self, _web, identifier):
        asked_for.append(identifier.compact)
        raise SystemExit(0)

    monkeypatch.setattr(type(github.HARVESTER), "fetch", fetch)
    assert cli("fetch", IN_A_FOLDER).code == 0
    assert asked_for == ["github:cms-data/RecoBTag-Combined"]


@pytest.mark.parametrize(
    ("pid", "said"),
    [
        (SAMPLE, "names no DOI and no repository at a service that fairreg asks"),
        (ELSEWHERE, "names no DOI and no repository at a service that fairreg asks"),
        (PAPER, "identifies a paper, to which these records in the registry refer: github:uhh-pd-ml/omnijet"),
        ("0000-0002-5076-7096", "it identifies a person"),
        ("arxiv:2101.00001", "it identifies a paper"),
        ("catalogue:nothing", "the packaged catalogue has no such entry"),
        ("swh:1:dir:" + "d" * 40, "fairreg asks no service about identifiers of the kind 'swhid'"),
    ],
)
def test_what_cannot_be_fetched_is_said_in_one_true_sentence(cli, offline, arrays, pid, said):
    for command in ("fetch", "run"):
        result = asked(cli, command, pid, arrays)
        assert result.code == 1
        assert said in result.err
        assert "harvester" not in result.err


def test_models_that_are_said_to_be_runnable_lead_to_a_source(cli, offline, arrays):
    rows = cli("search", "jets", "--runnable", "--limit", "20", "--json").json["results"]
    assert len(rows) > 3
    for row in rows:
        # Packaged weights do not fit the arrays, all others are at services.
        assert asked(cli, "run", row["id"], arrays).code == (1 if "reference" in row["id"] else 4)


def test_an_entry_without_a_service_is_assessed_from_the_registry(cli):
    result = cli("assess", SAMPLE)
    assert result.code == 0, result.err
    assert f"No service knows {SAMPLE}; its record in the registry is assessed." in result.err


def test_words_that_name_nothing_stay_wrong_usage(cli, offline, arrays):
    for command in ("show", "assess", "fetch", "run"):
        assert asked(cli, command, "foo:bar", arrays).code == 2


@pytest.mark.sliced(2)
@pytest.mark.parametrize("command", ["show", "fetch", "assess", "search"])
def test_every_spelling_of_the_docs_is_taken_by_every_command(cli, offline, arrays, command):
    for text in spellings():
        result = asked(cli, command, text, arrays)
        assert result.code in {0, 1, 4}, (text, result.err)
        assert "not an identifier" not in result.err, text


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("text", ["https://doi.org/", "10.5281/zenodo.XXXXXXX", "10.xxxx/...", "<doi>"])
def test_every_command_says_what_to_write_for_a_template(cli, offline, arrays, command, text):
    result = asked(cli, command, text, arrays)
    assert result.code == 2
    assert "the template of one" in result.err
    assert (
        "Hint: Write the DOI that the archive gave to the record, such as 10.5281/zenodo.7305227"
        in result.err
    )


@pytest.mark.parametrize("width", [40, 60, 80, 100, 140])
def test_identifiers_are_whole_and_titles_readable_at_any_width(cli, offline, monkeypatch, width):
    monkeypatch.setenv("COLUMNS", str(width))
    rows = cli("search", "jets", "--limit", "40", "--json").json["results"]
    assert max(len(row["id"]) for row in rows) > 50
    lines = cli("search", "jets", "--limit", "40").out.splitlines()
    for row in rows:
        (number,) = [at for at, line in enumerate(lines) if (row["doi"] or row["id"]) in line.split()]
        named = lines[number - 1] if lines[number].startswith(" ") else lines[number]
        shown = named.partition("…")[0].partition("  ")[0]
        assert shown == row["name"] or (row["name"].startswith(shown) and len(shown) > 10)


@pytest.mark.parametrize("pid", ["10.5281/zenodo.99999999", "github:nobody/nothing", "nobody/nothing"])
def test_every_command_tells_offline_what_it_would_have_asked(cli, offline, arrays, pid):
    for command in ("show", "fetch", "run", "inspect"):
        result = asked(cli, command, pid, arrays)
        assert (command, result.code) == (command, 4), result.err
        assert "Offline mode is on, so no request was sent to" in result.err
        assert "Hint: Unset FAIRREG_OFFLINE to allow it." in result.err
    for command in ("assess", "link"):  # both work on what the registry has
        result = asked(cli, command, pid, arrays)
        assert (command, result.code) == (command, 1), result.err
        assert "is not in the registry" in result.err
