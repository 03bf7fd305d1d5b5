# SPDX-License-Identifier: MIT
"""The packaged reference weights: what they are, what they reach, and when they may stand in."""

import json
from pathlib import Path

import pytest

from fairreg.models import hbb_in
from fairreg.models.hbb_in.evaluate import evaluate
from fairreg.registry import catalogue
from fairreg.runners.weights import fingerprint
from support import hbb

FINGERPRINT = "sha256:62918c25e0e6dac212751a15594f922dfdcdd6381f73705a78c51e469384da08"
FIGURES = json.loads(hbb_in.REFERENCE.with_name("figures.json").read_text("utf-8"))
LOUD = "THESE ARE NOT THE PUBLISHED WEIGHTS"


@pytest.fixture
def unreachable(monkeypatch):
    monkeypatch.setenv("FAIRREG_OFFLINE", "1")


def test_both_files_hold_the_weights_that_the_card_names():
    files = [hbb_in.REFERENCE, hbb_in.REFERENCE.with_suffix(".onnx")]
    assert {fingerprint(path) for path in files} == {FINGERPRINT}
    assert FINGERPRINT in hbb_in.REFERENCE.with_name("MODEL_CARD.md").read_text("utf-8")
    assert sum(path.stat().st_size for path in files) < 10**6


def test_the_weights_reach_what_is_said_of_them():
    value, uncertainty = FIGURES["packaged"]["roc_auc"]
    found = evaluate(hbb_in.load(hbb_in.REFERENCE), hbb_in.sample())
    assert found.roc_auc == pytest.approx(value, abs=1e-5)
    assert found.accuracy == pytest.approx(FIGURES["packaged"]["accuracy"][0], abs=1e-3)
    on_test, _ = FIGURES["test"]["roc_auc"]
    assert on_test >= 0.985
    assert FIGURES["test"]["jets"] >= 20_000
    assert abs(found.roc_auc - on_test) < 3 * uncertainty


def test_evaluate_needs_nothing_but_the_package(cli):
    document = cli("hbb", "evaluate", "--json").json
    assert document["weights"]["fingerprint"] == FINGERPRINT
    assert document["input"] == {"source": ["packaged"], "items": 2000}
    assert document["metrics"]["roc_auc"]["value"] == pytest.approx(
        FIGURES["packaged"]["roc_auc"][0], abs=1e-5
    )


@pytest.mark.sliced(2)
@pytest.mark.parametrize("pid", [hbb.DOI, f"https://doi.org/{hbb.DOI}", "10.5281/zenodo.7305173"])
def test_they_stand_in_for_weights_that_cannot_be_had_and_say_so(cli, unreachable, pid):
    result = cli("fetch", pid, "--run", "--json")
    assert result.code == 0, result.err
    assert LOUD in result.err
    document = result.json
    assert (document["requested"], document["files"]) == (pid, [])
    run = document["run"]
    assert run["weights"]["origin"] == "reference"
    assert run["weights"]["fingerprint"] == FINGERPRINT
    assert any(LOUD in warning for warning in run["warnings"])


def test_who_insists_on_the_published_weights_gets_no_others(cli, unreachable):
    result = cli("fetch", hbb.DOI, "--run", "--weights", "published", "--json")
    assert (result.code, result.out) == (4, "")
    assert LOUD not in result.err


def test_they_stand_in_for_nothing_else(cli, unreachable):
    result = cli("fetch", "10.5281/zenodo.1", "--run")
    assert (result.code, result.out) == (4, "")
    result = cli("fetch", "10.5281/zenodo.1", "--run", "--weights", "reference")
    assert (result.code, result.out) == (2, "")
    assert "no reference weights" in result.err


def test_without_run_nothing_stands_in(cli, unreachable):
    assert cli("fetch", hbb.DOI).code == 4


def test_the_catalogue_tells_them_from_the_published_model(cli):
    own = {record.provenance.source_id: record for record in catalogue.records()}
    record = own["fairreg-hbb-reference-1"]
    said = {relation.type: relation.target.value for relation in record.relations}
    assert said["is_variant_of"] == hbb.DOI
    assert own[said["trained_on"]].kind == own[said["tested_on"]].kind == "dataset"
    rows = cli("search", "Hbb interaction network", "--json").json["results"]
    published = next(row for row in rows if row["doi"] == hbb.DOI)
    assert record.identifier not in {version["id"] for version in published["versions"]}
    assert record.identifier in {row["id"] for row in rows}


def test_the_training_log_has_every_epoch():
    lines = hbb_in.REFERENCE.with_name("training-log.jsonl").read_text("utf-8").splitlines()
    assert [json.loads(line)["epoch"] for line in lines] == list(range(1, len(lines) + 1))
    assert Path(hbb_in.REFERENCE).is_file()
