# SPDX-License-Identifier: MIT
"""Locks that somebody edited: each fact is compared with what is found, or contradicts another one."""

import errno
import json
import os

import pytest

from fairreg.services.diff.metadata import digest_of_fields
from support.changing_records import ChangingRecord, ChangingZenodo
from support.networks import SMALL, random_tensors
from support.weight_files import Files

pytestmark = pytest.mark.engines("sqlite")


@pytest.fixture
def record():
    return ChangingRecord(
        8000001, {"tagger.pth": Files().legacy(random_tensors(SMALL, seed=1)), "a.txt": b"one"}
    )


@pytest.fixture
def lock(cli, httpserver, record, tmp_path):
    """The lock of a record with weights, asked for by the DOI of all versions, and of another one."""
    ChangingZenodo(httpserver, record, ChangingRecord(8000002, {"c.txt": b"three"}))
    path = tmp_path / "fairreg.lock"
    assert cli("lock", record.concept, "zenodo.8000002", "--output", path).code == 0
    return path


def edited(path, change):
    document = json.loads(path.read_bytes())
    change(document["models"][0], document)
    path.write_text(json.dumps(document), "utf-8")


def of_weights(**facts):
    return lambda model, _: model["weights"][0].update(facts)


def of_model(**facts):
    return lambda model, _: model.update(facts)


def of_scores(**facts):
    return lambda model, _: model["scores"].update(facts)


def without_verdict(model, _):
    del model["scores"]["verdicts"]["F1-1"]
    model["scores"]["overall"] = 0.95


DIFFERENT = {
    "fingerprint": (of_weights(fingerprint=f"sha256:{'0' * 64}"), 3, "weights tagger.pth fingerprint"),
    "shapes": (of_weights(shapes=f"sha256:{'0' * 64}"), 3, "weights tagger.pth shapes"),
    "parameters": (of_weights(parameters=5), 3, "weights tagger.pth parameters"),
    "tensors": (of_weights(tensors=5), 3, "weights tagger.pth tensors"),
    "format": (of_weights(format="onnx"), 3, "weights tagger.pth format"),
    "name": (of_weights(name="other.onnx", format="onnx"), 3, "weights other.onnx"),
    "no weights": (of_model(weights=[]), 3, "weights tagger.pth"),
    "concept": (of_model(concept_doi="10.5281/zenodo.1"), 5, "concept_doi"),
    "no concept": (of_model(concept_doi=None), 5, "concept_doi"),
    "source": (of_model(source="huggingface"), 5, "source"),
    "asked": (of_model(asked=["doi:10.1/evil"]), 5, "asked"),
    "another asked": (of_model(asked=["zenodo:8000002"]), 5, "asked"),
    "nonsense asked": (of_model(asked=["\u202e"]), 5, "asked"),
}


@pytest.mark.parametrize("case", DIFFERENT)
def test_every_pinned_fact_is_compared_and_named_where_it_differs(cli, lock, case):
    change, code, field = DIFFERENT[case]
    edited(lock, change)
    found = cli("verify", lock, "--json")
    assert found.code == code, found.err
    model = found.json["models"][0]
    assert not model["as_locked"]
    assert field in {item["field"] for item in model["facts"]}
    assert {item["status"] for item in model["files"]} == {"same"}
    told = cli("verify", lock)
    assert told.code == code
    assert f"{field}: " in told.out


@pytest.mark.parametrize(
    ("change", "figure"),
    [
        (of_scores(rubric="another", overall=0.95), "overall"),
        (of_scores(rubric_version="1.9", overall=0.95), "overall"),
        (of_scores(rubric_version="1.9", letters=dict.fromkeys("FAIR", 1.0)), "F"),
        (of_scores(rubric="another"), "rubric"),
    ],
)
def test_scores_by_other_rules_are_compared_too(cli, lock, change, figure):
    edited(lock, change)
    found = cli("verify", lock, "--json")
    assert found.code == 5
    assert figure in found.json["models"][0]["scores"]["figures"]


def test_a_verdict_that_was_removed_is_a_change(cli, lock):
    edited(lock, without_verdict)
    found = cli("verify", lock, "--json")
    assert found.code == 5
    assert [item["id"] for item in found.json["models"][0]["scores"]["changed"]] == ["F1-1"]


def with_other_metadata(model, _):
    model["metadata"]["identifier"] = "doi:10.5281/zenodo.1"
    model["metadata_sha256"] = digest_of_fields(model["metadata"])


def twice(spelling):
    def change(model, document):
        document["models"].append({**document["models"][1], "identifier": spelling})

    return change


WRONG = {
    "overall": (of_scores(overall=0.95), "overall score"),
    "letters": (of_scores(letters=dict.fromkeys("FAIR", 1.0)), "score of the letter F"),
    "no letters": (of_scores(letters={}), "four letters"),
    "no overall": (of_scores(overall=None), "overall score"),
    "a verdict": (
        lambda model, _: model["scores"]["verdicts"].update({"F1-1": "fail"}),
        "that of its verdicts",
    ),
    "sha256 of weights": (of_weights(sha256="0" * 64), "in no file"),
    "half a fingerprint": (of_weights(fingerprint=None), "and not both"),
    "metadata of another": (with_other_metadata, "its metadata are of"),
    "no date": (lambda _, document: document.update(locked="2026-02-30"), "in no calendar"),
    "a later rule": (lambda _, document: document.update(fingerprint_rule=2**60), "Upgrade fairreg"),
    "no rule": (lambda _, document: document.update(fingerprint_rule=0), "no such rule"),
    "twice": (twice("doi:10.5281/zenodo.8000002"), "twice"),
    "twice in capitals": (twice("DOI:10.5281/ZENODO.8000002"), "twice"),
    "twice as a page": (twice("https://doi.org/10.5281/zenodo.8000002"), "twice"),
    "twice in two schemes": (twice("zenodo:8000002"), "its metadata are of"),
}


@pytest.mark.parametrize("case", WRONG)
def test_facts_that_cannot_be_or_contradict_each_other_are_no_sound_lock(cli, lock, case):
    change, words = WRONG[case]
    edited(lock, change)
    before = lock.read_bytes()
    found = cli("verify", lock)
    assert (found.code, found.out) == (2, "")
    assert words in found.err
    made = cli("lock", "zenodo.8000002", "--output", lock)
    assert made.code == 2
    assert "not replaced" in made.err
    assert lock.read_bytes() == before


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ('"files": [', '"files": [], "files": [', "'files' twice"),
        ('"identifier": ', '"identifier": "x", "identifier": ', "'identifier' twice"),
        ('"overall": ', '"overall": NaN, "x": ', "not JSON"),
    ],
)
def test_a_key_that_stands_twice_and_a_number_that_is_none_are_refused(cli, lock, old, new, words):
    lock.write_text(lock.read_text("utf-8").replace(old, new, 1), "utf-8")
    found = cli("verify", lock)
    assert (found.code, found.out) == (2, "")
    assert words in found.err


@pytest.mark.parametrize(
    "mine",
    [
        '{"schema_version": 1, "models": "my own data"}',
        '{"schema_version": "1.0", "models": [], "mine": 1}',
        '{"schema_version": "1.1", "models": []}',
        "verify --json",
    ],
)
def test_a_document_that_verify_does_not_read_is_not_replaced(cli, lock, tmp_path, mine):
    path = tmp_path / "mine.json"
    path.write_text(cli("verify", lock, "--json").out if mine == "verify --json" else mine, "utf-8")
    before = path.read_bytes()
    made = cli("lock", "zenodo.8000002", "--output", path)
    assert made.code == 2
    assert "not replaced" in made.err
    assert path.read_bytes() == before


def test_a_link_stays_and_the_lock_that_it_leads_to_is_replaced(cli, lock, tmp_path):
    link = tmp_path / "link.lock"
    link.symlink_to(lock)
    assert cli("lock", "zenodo.8000002", "--output", link).code == 0
    assert link.is_symlink()
    assert [item["identifier"] for item in json.loads(lock.read_bytes())["models"]] == [
        "doi:10.5281/zenodo.8000002"
    ]


def test_a_lock_that_is_no_file_is_not_said_to_be_checked(cli, lock):
    made = cli("lock", "zenodo.8000002", "--output", os.devnull)
    assert made.code == 0
    assert "Check it with" not in made.err


def test_a_full_disk_of_the_lock_is_not_that_of_the_home(cli, lock, monkeypatch):
    def full(*_, **__):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr("pathlib.Path.write_text", full)
    made = cli("lock", "zenodo.8000002", "--output", lock)
    assert made.code == 1
    assert "--output" in made.err
    assert "FAIRREG_HOME" not in made.err


def test_offline_the_next_step_is_to_go_online(cli, lock, monkeypatch):
    monkeypatch.setenv("FAIRREG_OFFLINE", "1")
    found = cli("verify", lock)
    assert found.code == 4
    assert "Unset FAIRREG_OFFLINE" in found.err
    assert "Try again later" not in found.err
