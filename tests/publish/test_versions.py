# SPDX-License-Identifier: MIT
"""Numbers of versions: a new version of a record has one that no earlier version has."""

import json

import pytest

from fairreg.errors import UsageError
from support.publishing import raise_version


@pytest.mark.parametrize("name", ["version", "concept"])
def test_a_new_version_has_another_number_than_the_published_one(run, stand, folder, name):
    """Otherwise two records would be cited as the same version."""
    first = run()
    followed = first.deposit.identifier if name == "version" else first.deposit.concept
    (folder / "LICENSE").write_text("another")
    with pytest.raises(UsageError, match=r"has the version 1\.0 already") as caught:
        run(version_of=followed)
    assert first.deposit.identifier[4:] in caught.value.message
    assert "Raise it in CITATION.cff, codemeta.json" in caught.value.hint
    assert [item.published for item in stand.records.values()] == [True]


def test_a_number_of_a_version_between_is_compared_with_the_last_one(run, folder):
    first = run()
    raise_version(folder)
    run(version_of=first.deposit.identifier)
    (folder / "LICENSE").write_text("another")
    with pytest.raises(UsageError, match=r"has the version 1\.1 already"):
        run(version_of=first.deposit.identifier)


def test_a_draft_whose_number_was_taken_back_is_not_published(run, stand, folder):
    first = run()
    raise_version(folder)
    run(version_of=first.deposit.identifier, draft=True)
    for name in ("CITATION.cff", "codemeta.json"):
        text = (folder / name).read_text("utf-8")
        (folder / name).write_text(text.replace("1.1", "v1.0"), "utf-8")
    with pytest.raises(UsageError, match=r"has the version 1\.0 already"):
        run()
    assert [item.published for item in stand.records.values()] == [True, False]


def test_a_changed_project_is_told_where_its_version_is_raised(run, folder):
    run()
    (folder / "facts.toml").write_text('version = "1.0"\n', "utf-8")
    (folder / "pyproject.toml").write_text('[project]\nversion = "1.0"\n', "utf-8")
    with pytest.raises(UsageError) as caught:
        run()
    assert "Raise the version in facts.toml and pyproject.toml" in caught.value.hint


@pytest.mark.parametrize("is_moved", [True, False])
def test_a_new_version_with_the_day_of_an_earlier_one_is_told(run, folder, is_moved):
    first = run()
    raise_version(folder)
    if is_moved:
        text = (folder / "CITATION.cff").read_text("utf-8")
        (folder / "CITATION.cff").write_text(text.replace("2026-11-02", "2026-11-30"), "utf-8")
    run(version_of=first.deposit.identifier, draft=True)
    told = [line for line in run.talk if "the files state the day 2026-11-02" in line]
    assert len(told) == (0 if is_moved else 1)


def describe(folder, text):
    path = folder / "fair4ml.jsonld"
    path.write_text(json.dumps({**json.loads(path.read_text()), "description": text}, indent=2))


@pytest.mark.parametrize("named", ["identifier", "concept"])
def test_a_third_version_follows_the_last_one_whichever_is_named(run, stand, folder, named):
    """The draft that the service makes is that of the last version, so it is compared with that."""
    followed = getattr(run().deposit, named)
    for text in ("Second text", "Third text"):
        raise_version(folder)
        describe(folder, text)
        report = run(version_of=followed)
        assert (report.deposit.status, report.faults) == ("published", ())
    *_, last = stand.records.values()
    assert "Third text" in last.document["metadata"]["description"]
    assert len(stand.records) == 3


def test_a_version_after_a_closed_one_is_not_opened_where_an_open_one_is_named(run, stand, folder):
    first = run()
    raise_version(folder)
    run(version_of=first.deposit.identifier)
    *_, second = stand.records.values()
    second.document["access"] = {"record": "public", "files": "restricted"}
    # As at a service that begins every draft as public.
    stand.new({**second.document, "access": {"record": "public", "files": "public"}}, of=second)
    raise_version(folder)
    assert "access" in {item.field for item in run(version_of=first.deposit.identifier).faults}


def test_what_the_files_tell_of_the_published_version_stays(run, folder):
    """Its DOI with its digests, and that this version is based on it."""
    first = run().deposit
    doi, digest = first.identifier[4:], first.files["models/toy.onnx"]
    manifest = json.dumps({"versions": [{"doi": doi, "file": "toy.onnx", "sha256": digest}]})
    (folder / "manifest.json").write_text(manifest)
    path = folder / "fair4ml.jsonld"
    named = {"@id": f"https://doi.org/{doi}"}
    path.write_text(json.dumps({**json.loads(path.read_text()), **named, "isBasedOn": named}))
    raise_version(folder)
    report = run(version_of=first.identifier)
    assert (folder / "manifest.json").read_text() == manifest
    found = json.loads(path.read_text())
    assert (found["@id"][16:], found["isBasedOn"]) == (report.deposit.identifier[4:], named)
    assert any(note.startswith("manifest.json, line 1, has the earlier digest") for note in report.notes)
