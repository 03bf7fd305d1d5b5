# SPDX-License-Identifier: MIT
"""DOIs in the files of a folder without notes, as in a clone: nothing is published beside what they name."""

import json
from shutil import copytree, ignore_patterns, rmtree

import pytest
from deposit_stand_in import served

from fairreg.errors import UsageError
from support.publishing import raise_version

FILES = ("CITATION.cff", "README.md", "codemeta.json", "fair4ml.jsonld", ".zenodo.json", "models/toy.onnx")


@pytest.fixture
def clone(folder, tmp_path):
    """Clone the folder: git has no hidden notes."""

    def call():
        rmtree(tmp_path / "clone", ignore_errors=True)
        return copytree(folder, tmp_path / "clone", ignore=ignore_patterns(".fairreg"))

    return call


def content(folder):
    return {
        path: path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and ".fairreg" not in path.parts
    }


@pytest.mark.sliced(2)
@pytest.mark.parametrize("name", sorted({*FILES} - {"models/toy.onnx"}))
def test_a_clone_of_a_published_folder_is_not_published_again(run, stand, clone, name):
    """Neither by one of the files that carry the DOI alone."""
    doi = run().deposit.identifier[4:]
    place = clone()
    for other in set(FILES) - {name}:
        (place / other).unlink()
    for wishes in ({}, {"reserve_only": True}, {"take_over": True}):
        with pytest.raises(UsageError, match=f"{name} has the DOI {doi} of a published record") as caught:
            run(place=place, **wishes)
    assert f"--new-version-of {doi}" in caught.value.hint
    assert len(stand.records) == 1


def test_a_model_of_another_record_keeps_its_doi_and_is_told(run, folder, clone):
    """Such as the model that this one was fine-tuned from, or the only file of a clone that has the DOI."""
    doi = run().deposit.identifier[4:]
    place = clone()
    for other in set(FILES) - {"models/toy.onnx", "CITATION.cff"}:
        (place / other).unlink()
    citation = (place / "CITATION.cff").read_text()
    (place / "CITATION.cff").write_text(citation.replace(f"doi: {doi}\n", ""))
    report = run(place=place, yes=False)
    assert report.without == ("models/toy.onnx",)
    assert doi.encode() in (place / "models" / "toy.onnx").read_bytes()
    assert report.deposit.identifier[4:] in (place / "CITATION.cff").read_text()


def test_a_clone_of_a_folder_with_a_reserved_doi_goes_on_with_its_draft_when_told_to(run, stand, clone):
    first = run(reserve_only=True)
    place = clone()
    with pytest.raises(
        UsageError, match=r"CITATION\.cff has .* reserved for a draft at Zenodo that was not made from"
    ) as caught:
        run(place=place)
    assert "--take-over" in caught.value.hint
    report = run(place=place, take_over=True)
    assert (report.deposit.id, report.deposit.status) == (first.deposit.id, "published")
    assert run(place=place).deposit == report.deposit
    there = run()  # where it was reserved
    assert (there.deposit.status, there.deposit.files) == ("published", report.deposit.files)
    assert len(stand.records) == 1


@pytest.mark.parametrize("followed", ["concept", "identifier"])
def test_a_new_version_from_a_clone_has_no_doi_of_an_earlier_one(run, stand, folder, clone, followed):
    first = run()
    place = clone()  # the colleague's is of version 1
    raise_version(folder)
    second = run(version_of=first.deposit.identifier)
    raise_version(place)
    raise_version(place)
    third = run(place=place, version_of=getattr(second.deposit, followed))
    assert third.deposit.concept == first.deposit.concept
    assert set(third.carrying) >= set(FILES)
    assert not third.without
    made = stand.records[third.deposit.id]
    for name, stored in made.files.items():
        assert first.deposit.identifier[4:].encode() not in stored.content, name


def test_a_version_of_another_record_than_the_files_name_is_not_made(run, stand, folder, clone, tmp_path):
    doi = run().deposit.identifier[4:]
    place = clone()
    raise_version(place)
    before = content(place)
    other = copytree(folder, tmp_path / "other", ignore=ignore_patterns(".fairreg"))
    for name in FILES:
        (other / name).write_bytes((other / name).read_bytes().replace(doi.encode(), b"10.1000/gone"))
    elsewhere = run(place=other).deposit.identifier
    with pytest.raises(UsageError, match=f"has the DOI {doi} of Zenodo, which is neither reserved") as caught:
        run(place=place, version_of=elsewhere)
    assert "Take that DOI out of the files" in caught.value.hint
    assert content(place) == before
    assert len(stand.published()) == 2


def test_a_doi_of_the_service_that_nobody_can_see_stops_before_a_file_changes(run, stand, folder):
    text = (folder / "CITATION.cff").read_text()
    (folder / "CITATION.cff").write_text(f"{text}doi: 10.5281/zenodo.4711\n")
    before = content(folder)
    stand.before = lambda _method, path: (403, {"message": "No."}) if "/4711/" in path else None
    with pytest.raises(UsageError, match=r"CITATION.cff has the DOI 10\.5281/zenodo\.4711 of Zenodo"):
        run()
    assert content(folder) == before
    assert not stand.published()


def test_a_folder_with_many_dois_is_no_flood_of_requests(run, stand, folder):
    stated = {"@type": "SoftwareSourceCode", "identifier": [f"10.1000/a.{number}" for number in range(500)]}
    (folder / "codemeta.json").write_text(json.dumps(stated))
    run(reserve_only=True)
    assert len(stand.asked) < 100


def test_a_file_below_the_folder_may_be_about_another_record(run, folder):
    other = run(reserve_only=True).deposit.identifier[4:].replace("9000003", "9000777")
    (folder / "base").mkdir()
    text = (folder / "CITATION.cff").read_text()
    (folder / "base" / "CITATION.cff").write_text(text.replace("9000003", "9000777"))
    assert not run().without
    assert other in (folder / "base" / "CITATION.cff").read_text()


def test_a_citation_with_the_doi_of_another_object_is_told_apart(run, folder):
    text = (folder / "CITATION.cff").read_text()
    (folder / "CITATION.cff").write_text(f"{text}doi: 10.1103/PhysRevD.1\n")
    report = run(yes=False)
    assert report.without == ("CITATION.cff",)
    assert [note for note in report.notes if note.startswith("CITATION.cff does not carry")]


def test_the_doi_of_all_versions_may_stand_in_the_citation(run, folder, clone):
    first = run()
    citation = folder / "CITATION.cff"
    concept = first.deposit.concept[4:]
    citation.write_text(citation.read_text().replace(first.deposit.identifier[4:], concept))
    raise_version(folder)
    report = run(version_of=first.deposit.identifier)
    assert not report.without
    assert f"doi: {concept}\n" in citation.read_text()


@pytest.fixture
def trial(run):
    """Publish at a sandbox of its own; what it holds is in `records`."""

    def call(**choices):
        with served(prefix="10.5072") as other:
            variables = {
                "FAIRREG_ZENODO_SANDBOX_URL": f"{other.base}/zenodo",
                "ZENODO_SANDBOX_TOKEN": other.token,
            }
            report = run(sandbox=True, environment=variables, **choices)
        call.records = other.published()
        return report

    return call


@pytest.mark.parametrize("with_notes", [True, False])
def test_a_trial_at_the_sandbox_leaves_files_with_a_registered_doi_as_they_are(
    run, trial, folder, clone, with_notes
):
    run()
    place = folder if with_notes else clone()
    before = content(place)
    report = trial(place=place)
    assert [item.doi[:8] for item in trial.records] == ["10.5072/"]
    assert content(place) == before
    assert not report.without
    assert "stay as they are" in " ".join(run.talk)
    if with_notes:
        assert run().is_new is False  # nor have they changed since


def test_a_registered_doi_takes_the_place_of_one_of_the_sandbox(run, trial, folder):
    assert trial().deposit.identifier[4:] in (folder / "CITATION.cff").read_text()
    report = run()
    assert set(report.carrying) >= set(FILES)
    assert b"10.5072" not in b"".join(content(folder).values())
