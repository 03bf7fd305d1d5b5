# SPDX-License-Identifier: MIT
"""A project of `fairreg new` after its publication: its facts and its files say the same."""

import json
from shutil import copytree

import pytest

from fairreg.schemas.identifiers import Identifier
from fairreg.services.new.metadata import refresh
from fairreg.services.publish.identifier import writing
from support.projects import content, new
from support.publishing import onnx_bytes

ANSWERS = {
    "author_given": "Josiah",
    "author_family": "Carberry",
    "repository": "https://github.com/lab/tagger",
    "publication": "10.5072/paper",
    "license": "MIT",
}


@pytest.fixture(scope="session")
def fresh(tmp_path_factory):
    """A project with a model of its own, whose metadata are those of its facts."""
    place = tmp_path_factory.mktemp("project")
    (place / "weights").mkdir()
    (place / "weights" / "net.onnx").write_bytes(onnx_bytes())
    new(place / "p", place / "weights", **ANSWERS)
    refresh(place / "p")
    return place / "p"


@pytest.fixture
def project(fresh, tmp_path):
    return copytree(fresh, tmp_path / "p")


def differing(before, folder):
    after = content(folder)
    return {name for name in before.keys() | after.keys() if before.get(name) != after.get(name)}


def test_a_refresh_changes_no_file_that_was_published(run, stand, project):
    report = run(place=project)
    assert not [note for note in report.notes if "--refresh" in note]
    published = content(project)
    refresh(project)
    assert differing(published, project) == set()
    (record,) = stand.records.values()
    assert all(published[name] == item.content for name, item in record.files.items())
    assert run(place=project).deposit.identifier == f"doi:{record.doi}"  # and it may be published as it is


def test_each_file_of_the_project_has_the_doi_in_its_place(run, stand, project):
    run(place=project)
    doi = next(iter(stand.records.values())).doi
    readme = (project / "README.md").read_text("utf-8")
    assert readme.count(f"doi: {doi}\n") == 1
    cited = readme.partition("<!-- facts: citation -->")[2].partition("<!-- end of facts -->")[0]
    assert f"Please cite this version of the model as [https://doi.org/{doi}]" in cited
    related = json.loads((project / ".zenodo.json").read_text("utf-8"))["related_identifiers"]
    assert {"identifier": doi, "relation": "isIdenticalTo"} in related
    assert json.loads((project / "codemeta.json").read_text("utf-8"))["@id"] == f"https://doi.org/{doi}"
    assert f'doi = "{doi}"' in (project / "facts.toml").read_text("utf-8")


def test_a_file_that_is_otherwise_by_hand_keeps_that_and_is_named(run, stand, project):
    readme = project / "README.md"
    readme.write_text(
        readme.read_text("utf-8").replace("license: mit\n", "license: mit\nextra: kept\n"), "utf-8"
    )
    report = run(place=project)
    text, doi = readme.read_text("utf-8"), next(iter(stand.records.values())).doi
    assert "extra: kept\n" in text
    assert f"\ndoi: {doi}\n" in text
    assert f"Please cite this version of the model as [https://doi.org/{doi}]" in text
    (note,) = (item for item in report.notes if "--refresh" in item)
    assert "README.md would have another content" in note


def test_facts_that_are_not_published_have_the_doi_as_well(run, project):
    report = run(place=project, exclude=("facts.toml",))
    assert "facts.toml" not in report.carrying
    published = content(project)
    refresh(project)
    assert differing(published, project) == set()


def test_a_command_that_was_killed_between_two_files_gives_the_same(project, tmp_path, monkeypatch):
    doi, original = Identifier("doi", "10.5281/zenodo.42"), writing.replacing
    names = tuple(sorted(content(project)))
    writes = []

    def allowing(most):
        def replacing(path):
            writes.append(path)
            if len(writes) > most:
                raise KeyboardInterrupt
            return original(path)

        writes.clear()
        monkeypatch.setattr(writing, "replacing", replacing)

    allowing(100)
    twin = copytree(project, tmp_path / "twin")
    writing.write_into(twin, names, doi)
    count = len(writes)
    assert count > 5
    for most in range(1, count):
        place = copytree(project, tmp_path / f"killed-{most}")
        allowing(most)
        with pytest.raises(KeyboardInterrupt):
            writing.write_into(place, names, doi)
        allowing(100)
        assert not writing.write_into(place, names, doi).notes
        assert content(place) == content(twin), most


@pytest.mark.parametrize("repository", ["", "https://github.com/lab/tagger"])
def test_the_doi_of_a_paper_or_of_all_versions_is_not_that_of_the_model(run, stand, tmp_path, repository):
    (tmp_path / "weights").mkdir()
    (tmp_path / "weights" / "net.onnx").write_bytes(onnx_bytes())
    place = tmp_path / "p"
    new(place, tmp_path / "weights", **ANSWERS | {"repository": repository})
    facts = (place / "facts.toml").read_text("utf-8")
    (place / "facts.toml").write_text(
        facts.replace("version =", 'concept_doi = "10.5281/zenodo.7"\nversion =', 1)
    )
    refresh(place)
    called = json.loads((place / "fair4ml.jsonld").read_text("utf-8"))
    own = {called["@id"], called["recordIdentifier"], called["provenance"]["sourceId"]}
    assert not [text for text in own if "10.5072/paper" in text or "zenodo.7" in text]
    run(place=place)
    (record,) = stand.records.values()
    called = json.loads(record.files["fair4ml.jsonld"].content)
    assert called["@id"] == f"https://doi.org/{record.doi}"
    assert {called["recordIdentifier"], called["provenance"]["sourceId"]} == {f"doi:{record.doi}"}


def test_a_record_names_other_identical_objects_and_not_itself(run, stand, folder):
    stated = {"identifier": "10.57967/hf/12", "relation": "isIdenticalTo"}
    (folder / ".zenodo.json").write_text(
        json.dumps({"title": "A toy tagger", "related_identifiers": [stated]})
    )
    run()
    (record,) = stand.records.values()
    own = json.loads((folder / ".zenodo.json").read_text("utf-8"))["related_identifiers"]
    assert [item["identifier"] for item in own] == [record.doi, "10.57967/hf/12"]
    related = record.document["metadata"]["related_identifiers"]
    identical = [item["identifier"] for item in related if item["relation_type"]["id"] == "isidenticalto"]
    assert identical == ["10.57967/hf/12"]


def test_a_later_link_does_not_name_the_record_itself(deposit, push, stand, folder):
    deposit()
    push()
    deposit()
    (record,) = stand.records.values()
    related = record.document["metadata"]["related_identifiers"]
    identical = [item["identifier"] for item in related if item["relation_type"]["id"] == "isidenticalto"]
    assert len(identical) == 1
    assert identical[0].endswith("/lab/toy")
