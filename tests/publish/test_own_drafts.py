# SPDX-License-Identifier: MIT
"""A draft belongs to the folder that it was made from: a copied state does not take it over."""

import shutil

import pytest

from fairreg.errors import UsageError


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


def test_a_copy_without_the_notes_makes_a_draft_of_its_own(run, stand, folder, tmp_path):
    run(draft=True)
    shutil.copytree(folder, tmp_path / "copy", ignore=shutil.ignore_patterns(".fairreg"))
    run(place=tmp_path / "copy", draft=True)
    assert len(stand.records) == 2


def test_a_copied_state_of_a_publication_changes_nothing_at_the_service(run, stand, folder, tmp_path):
    first = run()
    shutil.copytree(folder, tmp_path / "copy")
    asked = len(stand.asked)
    found = run(place=tmp_path / "copy")
    assert (found.deposit, found.is_new) == (first.deposit, False)
    assert len(stand.asked) == asked
    assert "from another folder" in run.talk[-1]
