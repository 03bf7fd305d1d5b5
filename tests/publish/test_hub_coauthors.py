# SPDX-License-Identifier: MIT
"""Commits of a co-author in a repository: neither overwritten unasked nor folded into another's."""

import pytest

from fairreg.errors import FairregError, Unreachable
from support.publishing import requests

TRAIN = "src/toy/train.py"


def only(hub):
    (repository,) = hub.repositories.values()
    return repository


@pytest.fixture
def corrected(push, hub):
    """The draft, in which a co-author corrected the training."""
    push(draft=True)
    repository = only(hub)
    repository.commit({**repository.files, TRAIN: b"corrected"})
    return repository


def test_a_file_that_a_coauthor_changed_stops_each_command(push, corrected):
    head = corrected.head
    for _ in range(3):
        with pytest.raises(
            FairregError, match=r"since the last command \(commit \w+\): src/toy/train\.py\."
        ) as caught:
            push()
        assert "--take-over" in caught.value.hint
    assert corrected.head == head
    assert corrected.private


def test_a_change_that_was_taken_over_into_the_folder_goes_on(push, corrected, folder):
    (folder / TRAIN).write_text("corrected")
    push(draft=True)
    assert corrected.files[TRAIN] == b"corrected"


def test_a_change_that_a_command_named_is_overwritten_if_the_user_says_so(push, corrected, folder):
    with pytest.raises(FairregError, match=r": src/toy/train\.py\."):
        push(take_over=True)  # nobody has read of it yet
    push(take_over=True, draft=True)
    assert corrected.files[TRAIN] == (folder / TRAIN).read_bytes()


def test_commits_of_another_author_are_folded_only_if_the_user_says_so(push, corrected, folder):
    (folder / TRAIN).write_text("corrected")
    push(draft=True)
    before = list(corrected.commits)
    for _ in range(2):
        with pytest.raises(FairregError, match="some commits are of colleague") as caught:
            push()
        assert "--take-over" in caught.value.hint
    assert list(corrected.commits) == before
    assert corrected.private
    push(take_over=True)
    assert list(corrected.commits) == [corrected.head]
    assert not corrected.private


def test_a_file_that_a_coauthor_removed_is_not_put_back_unasked(push, hub, folder):
    (folder / "patients.csv").write_text("Ann\n")
    push(draft=True)
    only(hub).commit({name: kept for name, kept in only(hub).files.items() if name != "patients.csv"})
    for _ in range(2):
        with pytest.raises(FairregError, match=r": patients\.csv\."):
            push()


def test_a_change_on_the_pages_of_a_published_repository_is_not_overwritten(push, hub, folder):
    push()
    repository = only(hub)
    repository.commit({**repository.files, "README.md": b"# Edited"})
    (folder / "LICENSE").write_text("another")
    for _ in range(2):
        with pytest.raises(FairregError, match=r": README\.md\."):
            push(version_of="lab/toy")
    assert repository.files["README.md"] == b"# Edited"


def test_a_repository_of_somebody_else_is_not_ours_because_our_request_failed(push, hub, folder):
    hub.before = lambda _method, path: (500, {}) if path.endswith("/repos/create") else None
    with pytest.raises(Unreachable):
        push()
    hub.before = lambda _method, _path: None
    theirs = hub.create("lab/toy", private=True, files={"thesis.txt": b"their only copy"})
    theirs.commit({".gitattributes": theirs.files[".gitattributes"]})
    with pytest.raises(FairregError, match=r"An earlier commit of lab/toy holds thesis\.txt"):
        push(version_of="lab/toy")
    assert any(files.get("thesis.txt") for files in theirs.commits.values())
    assert theirs.private


def test_a_repository_that_appears_during_the_request_is_not_taken(push, hub):
    def before(_method, path):
        if path.endswith("/repos/create") and not hub.repositories:
            hub.create("lab/toy", private=True, files={"thesis.txt": b"theirs"})

    hub.before = before
    with pytest.raises(FairregError, match="with files at Hugging Face already"):
        push()
    assert set(only(hub).files) == {".gitattributes", "thesis.txt"}


def test_a_file_gone_from_the_folder_leaves_a_new_version(push, run, hub, folder):
    (folder / "patients.csv").write_text("Ann\n")
    push()
    first = only(hub)
    first.commit({**first.files, "notes.md": b"by hand"})
    (folder / "patients.csv").unlink()
    with pytest.raises(FairregError, match="was changed"):  # by hand
        push(version_of="lab/toy")
    push(version_of="lab/toy", yes=False)
    assert any("patients.csv is not in the folder any more, and is removed" in line for line in run.talk)
    assert "patients.csv" in first.files
    push(version_of="lab/toy")
    assert "patients.csv" not in first.files
    assert "notes.md" in first.files
    assert not requests(hub, "super-squash")
