# SPDX-License-Identifier: MIT
"""A draft belongs to the folder that it was made from: a copied state does not take it over."""

import shutil
import subprocess

import pytest

from fairreg.errors import FairregError, Unreachable, UsageError
from fairreg.publish.base import Deposit
from fairreg.services.publish.state import PublishingState
from support.publishing import model_folder, raise_version


def files_of(stand):
    (record,) = stand.records.values()
    return sorted(record.files)


def test_the_copy_of_a_folder_does_not_take_its_draft_over(run, stand, folder, tmp_path):
    run(draft=True)
    before, copy = files_of(stand), tmp_path / "copy"
    shutil.copytree(folder, copy)
    (copy / "src" / "toy" / "train.py").unlink()
    for wishes in ({"draft": True}, {"reserve_only": True}, {}):
        with pytest.raises(UsageError, match="not made from this folder") as refused:
            run(place=copy, **wishes)
        assert "--take-over" in refused.value.hint
    assert files_of(stand) == before
    assert run(draft=True).deposit.status == "draft"


def test_a_moved_folder_goes_on_when_told_to_and_then_unasked(run, stand, folder, tmp_path):
    first = run(reserve_only=True)
    moved = folder.rename(tmp_path / "moved")
    assert run(place=moved, take_over=True, draft=True).deposit.id == first.deposit.id
    assert run(place=moved).deposit.status == "published"
    assert len(stand.records) == 1


def edit_as_coauthor(record):
    record.document["metadata"]["title"] = "Corrected"
    person = {"type": "personal", "family_name": "Curie"}
    record.document["metadata"]["creators"].append({"person_or_org": person})
    record.files["LICENSE"].content = b"corrected"


@pytest.mark.parametrize("notes", [True, False])
def test_what_a_coauthor_changed_is_named_by_the_command_that_takes_a_draft_over(
    run, stand, folder, tmp_path, notes
):
    """In a moved folder and in a clone: that a draft is mine does not say that it is to be overwritten."""
    run(draft=True)
    (record,) = stand.records.values()
    edit_as_coauthor(record)
    place = folder.rename(tmp_path / "elsewhere")
    if not notes:
        shutil.rmtree(place / ".fairreg")
    with pytest.raises(FairregError, match="LICENSE in the draft is neither") as caught:
        run(place=place, take_over=True)
    assert "metadata.title, metadata.creators" in caught.value.message
    assert "is this folder's from now on" in "\n".join(run.talk)
    assert record.files["LICENSE"].content == b"corrected"
    assert record.document["metadata"]["title"] == "Corrected"
    assert run(place=place, take_over=True).deposit.status == "published"
    assert "LICENSE in the draft is of somebody else; it is replaced" in "\n".join(run.talk)
    assert "changed metadata.title, metadata.creators in the draft; it is replaced" in "\n".join(run.talk)


def test_fields_that_a_coauthor_changed_stop_the_command_that_takes_a_draft_over(
    run, stand, folder, tmp_path
):
    run(draft=True)
    (record,) = stand.records.values()
    record.document["metadata"]["title"] = "Corrected"
    report = run(place=folder.rename(tmp_path / "moved"), take_over=True)
    assert [item.field for item in report.faults] == ["metadata.title"]
    assert not record.published
    assert record.document["metadata"]["title"] == "Corrected"


def test_a_coauthors_commits_stop_the_command_that_takes_a_repository_over(push, hub, folder, tmp_path):
    """Also where the folder's notes say that they were named, to somebody else perhaps."""
    push(draft=True)
    (repository,) = hub.repositories.values()
    repository.commit({**repository.files, "LICENSE": b"corrected"})
    with pytest.raises(FairregError, match="since the last command"):
        push(draft=True)
    moved = folder.rename(tmp_path / "moved")
    with pytest.raises(FairregError, match=r"since the last command .*: LICENSE"):
        push(place=moved, take_over=True, draft=True)
    assert repository.files["LICENSE"] == b"corrected"
    push(place=moved, take_over=True, draft=True)
    assert repository.files["LICENSE"] == (moved / "LICENSE").read_bytes()


def test_a_copy_without_notes_and_reserved_doi_makes_a_draft_of_its_own(run, stand, folder, tmp_path):
    shutil.copytree(folder, tmp_path / "copy")
    doi = run(draft=True).deposit.identifier[4:]
    assert run(place=tmp_path / "copy", draft=True).deposit.identifier[4:] != doi
    assert len(stand.records) == 2


def test_a_copied_state_of_a_publication_changes_nothing_at_the_service(run, stand, folder, tmp_path):
    first = run()
    shutil.copytree(folder, tmp_path / "copy")
    asked = len(stand.asked)
    found = run(place=tmp_path / "copy")
    assert (found.deposit, found.is_new) == (first.deposit, False)
    assert len(stand.asked) == asked
    assert "from another folder" in run.talk[-1]


def state_of(folder, to, url, **stated):
    """Write the notes of a folder as they would come with it."""
    PublishingState.read(folder).save(Deposit(to, url, stated.pop("id", ""), **stated))


@pytest.fixture
def gift(tmp_path):
    """A folder of somebody else."""
    (tmp_path / "gift").mkdir()
    return model_folder(tmp_path / "gift")


def test_a_version_that_only_the_notes_of_a_folder_ask_for_is_not_made(run, stand, gift):
    mine = run()
    details = {"version_of": mine.deposit.identifier}
    state_of(gift, "zenodo", f"{stand.base}/zenodo", details=details)
    for wishes in ({}, {"version_of": mine.deposit.identifier}):
        with pytest.raises(UsageError, match="a request for a draft at Zenodo, which was not made from"):
            run(place=gift, **wishes)
    assert len(stand.records) == 1


def test_the_copy_of_a_folder_does_not_repeat_its_unanswered_request(run, stand, folder, tmp_path):
    first = run()
    raise_version(folder)
    stand.before = lambda _method, path: "reset" if path.endswith("/versions") else None
    with pytest.raises(Unreachable):
        run(version_of=first.deposit.identifier)
    stand.before = lambda _method, _path: None
    shutil.copytree(folder, tmp_path / "copy")
    with pytest.raises(UsageError, match="not made from this folder") as refused:
        run(place=tmp_path / "copy")
    assert "--take-over" in refused.value.hint
    assert len(stand.records) == 1
    assert run().deposit.concept == first.deposit.concept  # where it was made it is


def test_a_doi_that_only_the_notes_of_a_folder_call_its_own_is_not_replaced(run, stand, gift):
    paper = "10.1103/PhysRevD.1"
    text = (gift / "CITATION.cff").read_text()
    (gift / "CITATION.cff").write_text(f"{text}doi: {paper}\n")
    url = f"{stand.base}/zenodo"
    state_of(gift, "zenodo", url, id="1", status="discarded", identifier=f"doi:{paper}")
    run(place=gift, draft=True)
    assert f"doi: {paper}\n" in (gift / "CITATION.cff").read_text()


def test_a_publication_that_only_the_notes_of_a_folder_name_is_not_linked(run, stand, hub, gift):
    url = hub.settings["HF_ENDPOINT"]
    state_of(gift, "huggingface", url, id="a/b", status="published", identifier="huggingface:a/b")
    run(place=gift, environment=hub.settings)
    (record,) = stand.records.values()
    named = [item["identifier"] for item in record.document["metadata"]["related_identifiers"]]
    assert not [item for item in named if item.endswith("a/b")]


@pytest.mark.parametrize("take_over", [False, True])
def test_the_history_of_a_repository_is_kept_where_only_the_notes_say_that_it_was_made_here(
    push, hub, gift, take_over
):
    private = hub.create("lab/priv", private=True, files={"old.txt": b"1"})
    private.commit({".gitattributes": b""})
    details = {"asked": "lab/priv", "made": "yes"}
    state_of(gift, "huggingface", hub.settings["HF_ENDPOINT"], details=details)
    with pytest.raises(FairregError, match="holds old.txt" if take_over else "not made from this folder"):
        push(place=gift, repository=None, take_over=take_over)
    assert private.private
    assert len(private.commits) == (3 if take_over else 2)


def test_a_copy_of_a_published_folder_may_become_another_model(run, folder, tmp_path):
    run()
    place = shutil.copytree(folder, tmp_path / "copy")
    for changed in (place, folder):
        (changed / "LICENSE").write_text("MIT License\n\nCopyright (c) 2026 Ada Rossi\n")
    hints = []
    for changed in (place, folder):
        with pytest.raises(UsageError, match="have changed since") as caught:
            run(place=changed)
        hints.append(
            "remove" in caught.value.hint and "publish.json and the DOI in its files" in caught.value.hint
        )
    assert hints == [True, False]


def test_git_does_not_take_the_notes_into_a_clone(run, folder):
    shutil.rmtree(folder / ".git")
    git = ("git", "-C", str(folder))
    subprocess.run([*git, "init", "--quiet"], check=True)
    run(reserve_only=True)
    assert (folder / ".fairreg" / "publish.json").is_file()
    subprocess.run([*git, "add", "--all"], check=True)
    listed = subprocess.run([*git, "ls-files"], check=True, capture_output=True, text=True).stdout.split()
    assert "CITATION.cff" in listed
    assert not [name for name in listed if name.startswith(".fairreg")]
