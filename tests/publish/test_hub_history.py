# SPDX-License-Identifier: MIT
"""What a repository held while it was private stays unseen once everybody can read its history."""

import pytest

from fairreg.errors import FairregError, Unreachable
from support.publishing import onnx_bytes


def only(hub):
    (repository,) = hub.repositories.values()
    return repository


def reachable(repository):
    """The files of all commits that the branch or a tag leads to."""
    places = [repository.head, *repository.tags.values()]
    commits = {commit for place in places for commit in repository.history(place)}
    return [repository.commits[commit] for commit in commits]


@pytest.fixture
def leave_out(folder):
    """Take a file out of what is published, in one of the ways that a user has."""

    def call(way):
        if way == "removed":
            (folder / "patients.csv").unlink()
        if way == "replaced":
            (folder / "patients.csv").write_text("none\n")
        return {"exclude": ("patients.csv",)} if way == "excluded" else {}

    return call


@pytest.mark.parametrize("way", ["removed", "replaced", "excluded"])
def test_a_file_taken_out_of_a_draft_is_in_no_public_commit(push, run, hub, folder, leave_out, way):
    (folder / "patients.csv").write_text("Ann,1970\n")
    push(draft=True)
    report = push(**leave_out(way))
    repository = only(hub)
    assert not repository.private
    assert all(files.get("patients.csv") in {None, b"none\n"} for files in reachable(repository))
    assert repository.tags == {"v1.0": repository.head}
    assert report.deposit.status == "published"
    assert any("were folded into one: patients.csv" in line for line in run.talk)
    assert not push(**({"exclude": ("patients.csv",)} if way == "excluded" else {})).is_new


def test_weights_that_were_replaced_in_a_draft_are_in_no_public_commit(push, hub, folder):
    push(draft=True)
    (folder / "models" / "toy.onnx").write_bytes(onnx_bytes("other"))
    push()
    assert {files["models/toy.onnx"] for files in reachable(only(hub)) if "models/toy.onnx" in files} == {
        (folder / "models" / "toy.onnx").read_bytes()
    }


def test_the_tag_of_a_publication_that_failed_leads_to_no_earlier_state(push, hub, folder):
    (folder / "patients.csv").write_text("Ann,1970\n")
    hub.before = lambda _method, path: (500, {}) if path.endswith("/settings") else None
    with pytest.raises(Unreachable):
        push()
    hub.before = lambda _method, _path: None
    (folder / "patients.csv").unlink()
    push()
    assert not any("patients.csv" in files for files in reachable(only(hub)))
    assert only(hub).tags == {"v1.0": only(hub).head}


@pytest.mark.sliced(2)
@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("step", ["/super-squash/", "/tag/", "/settings"])
def test_a_fault_on_the_way_keeps_it_private_and_the_same_command_goes_on(push, hub, folder, when, step):
    (folder / "patients.csv").write_text("Ann,1970\n")
    push(draft=True)
    (folder / "patients.csv").unlink()
    broken = []

    def fault(_method, path):
        if step in path and not broken:
            broken.append(path)
            return "reset"
        return None

    setattr(hub, when, fault)
    with pytest.raises(Unreachable):
        push()
    assert push().deposit.status == "published"
    assert not any("patients.csv" in files for files in reachable(only(hub)))
    assert only(hub).tags == {"v1.0": only(hub).head}


def test_another_tag_with_an_earlier_state_keeps_the_repository_private(push, hub, folder):
    (folder / "patients.csv").write_text("Ann,1970\n")
    push(draft=True)
    only(hub).tags["first"] = only(hub).head
    (folder / "patients.csv").unlink()
    with pytest.raises(FairregError, match=r"The tag first of lab/toy holds patients\.csv"):
        push()
    assert only(hub).private
    del only(hub).tags["first"]
    push()
    assert not any("patients.csv" in files for files in reachable(only(hub)))


def test_the_history_of_a_repository_that_was_there_is_neither_shown_nor_folded(push, hub):
    made = hub.create("lab/toy", private=True, files={"README.md": b"theirs", "patients.csv": b"Ann"})
    made.commit({**made.files, "patients.csv": b"none"})
    with pytest.raises(FairregError, match="An earlier commit of lab/toy holds") as caught:
        push(version_of="lab/toy")
    assert "lab/toy/settings" in caught.value.hint
    assert made.private
    assert len(made.commits) == 3  # ours on top of theirs


def test_an_empty_repository_that_was_made_by_hand_is_folded_as_well(push, hub, folder):
    hub.create("lab/toy", private=True)
    (folder / "patients.csv").write_text("Ann,1970\n")
    push(draft=True)
    (folder / "patients.csv").unlink()
    push()
    assert not any("patients.csv" in files for files in reachable(only(hub)))


def test_versions_that_were_public_are_never_folded(push, hub, folder):
    push()
    first = only(hub).head
    only(hub).private = True
    (folder / "LICENSE").write_text("MIT License\n\nCopyright (c) 2026 Ada Rossi\n")
    with pytest.raises(FairregError, match="holds LICENSE"):
        push(version_of="lab/toy")
    assert first in only(hub).commits
    only(hub).private = False
    assert push().deposit.status == "published"


def test_a_draft_without_changes_keeps_its_commits(push, hub):
    push(draft=True)
    commits = list(only(hub).commits)
    push()
    assert list(only(hub).commits) == commits
