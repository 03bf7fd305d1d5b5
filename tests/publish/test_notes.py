# SPDX-License-Identifier: MIT
"""Notes before and beside the question: creators whom nobody named, a publisher whom no file states."""

import shlex
from pathlib import Path

import pytest

from fairreg.services.publish.project import read_project, version_files
from support.projects import new


def notes_of(folder: Path) -> list[str]:
    names = ("CITATION.cff", "facts.toml", "fair4ml.jsonld")
    return [note for note in read_project(folder, names).before_doi if "No author was named" in note]


@pytest.mark.parametrize(
    ("answers", "is_told"),
    [
        ({}, True),
        ({"author_family": "Noether"}, False),
        ({"more_authors": [{"name": "The other developers"}]}, False),
    ],
)
def test_creators_whom_nobody_named_are_told(tmp_path, answers, is_told):
    new(tmp_path / "toy", **answers)
    assert bool(notes_of(tmp_path / "toy")) == is_told


def test_creators_whom_nobody_named_are_told_under_another_name_of_the_model(tmp_path):
    folder = tmp_path / "toy"
    new(folder)
    facts = (folder / "facts.toml").read_text("utf-8")
    (folder / "facts.toml").write_text(facts.replace('name = "toy"', 'name = "Tagger"', 1), "utf-8")
    assert len(notes_of(folder)) == 1


def test_creators_whom_nobody_named_are_told_before_a_doi_is_reserved(run, tmp_path):
    new(tmp_path / "project")
    report = run(place=tmp_path / "project", reserve_only=True)
    (told,) = [line for line in run.talk if "No author was named" in line]
    written = next(line for line in run.talk if "was written into" in line)
    assert run.talk.index(told) < run.talk.index(written)
    assert told in report.to_json()["notes"]


def test_command_that_a_note_names_has_its_folder(run, tmp_path):
    place = tmp_path / "a project"
    new(place)
    run(place=place, reserve_only=True)
    (told,) = {line for line in run.talk if "No author was named" in line}
    command = shlex.split(told.partition("then fairreg ")[2].removesuffix("."))
    assert command == ["new", str(place), "--refresh"]
    assert version_files(place, ("facts.toml",)) == f"facts.toml (then fairreg new '{place}' --refresh)"


def test_a_missing_licence_is_told_before_a_doi_is_reserved(run, tmp_path):
    place = tmp_path / "project"
    new(place, license="", author_family="Noether")
    run(place=place, reserve_only=True)
    (told,) = [line for line in run.talk if "No file states a licence" in line]
    written = next(line for line in run.talk if "was written into" in line)
    assert run.talk.index(told) < run.talk.index(written)


def test_a_publisher_whom_no_file_states_is_in_the_notes(run):
    (told,) = [note for note in run(draft=True).to_json()["notes"] if "publisher" in note]
    assert told.startswith(
        "No file states a publisher, so it is Zenodo. To name another one, state publisher"
    )
