# SPDX-License-Identifier: MIT
"""What other people change in a draft: it is neither replaced nor published unseen, nor made public."""

import json

import pytest
from deposit_stand_in import StoredFile

from fairreg.errors import FairregError, UsageError
from fairreg.publish.zenodo.draft_edits import part_digests
from fairreg.schemas.json_reader import JsonNode
from support.publishing import raise_version

EMBARGO = {
    "record": "public",
    "files": "restricted",
    "embargo": {"active": True, "until": "2030-01-01", "reason": "A paper."},
}
RESTRICTED = {"record": "public", "files": "restricted"}
HIDDEN = {"record": "restricted", "files": "public"}
CONTRIBUTORS = [{"person_or_org": {"type": "personal", "family_name": "Curie"}, "role": {"id": "supervisor"}}]


def newest(stand):
    return list(stand.records.values())[-1]


def state_access(folder, **stated):
    content = {"title": "A toy tagger", "upload_type": "software", **stated}
    (folder / ".zenodo.json").write_text(json.dumps(content))


@pytest.mark.parametrize("access", [EMBARGO, RESTRICTED, HIDDEN])
def test_a_draft_that_was_closed_at_the_service_is_not_opened(run, stand, access):
    run(draft=True)
    newest(stand).document["access"] = access
    for _ in range(2):
        report = run()
        assert [item.field for item in report.faults] == ["access"]
        assert "the files would open it" in report.faults[0].message
        assert newest(stand).document["access"] == access
    assert not run.asked
    assert not newest(stand).published


@pytest.mark.sliced(2)
@pytest.mark.parametrize(
    ("stated", "published"),
    [
        ({"access_right": "embargoed", "embargo_date": "2029-12-31"}, False),
        ({"access_right": "embargoed", "embargo_date": "2030-01-01"}, True),
        ({"access_right": "restricted"}, True),
        ({"access_right": "open"}, False),
    ],
)
def test_files_that_say_the_same_as_the_page_or_less_are_published(run, stand, folder, stated, published):
    run(draft=True)
    newest(stand).document["access"] = EMBARGO
    state_access(folder, **stated)
    assert (run().deposit.status == "published") is published
    if stated["access_right"] == "embargoed":
        assert newest(stand).document["access"] == EMBARGO  # with its reason


def test_an_access_that_the_files_closed_is_theirs_to_open(run, stand, folder):
    state_access(folder, access_right="restricted")
    run(draft=True)
    state_access(folder, access_right="open")
    assert run().deposit.status == "published"
    assert newest(stand).document["access"]["files"] == "public"


@pytest.mark.parametrize("inherited", [True, False])
def test_a_version_of_a_closed_record_is_not_opened_by_silence(run, stand, folder, inherited):
    first = run()
    earlier = newest(stand)
    earlier.document["access"] = RESTRICTED
    if not inherited:  # as at a service that begins every draft as public
        stand.new({**earlier.document, "access": {"record": "public", "files": "public"}}, of=earlier)
    raise_version(folder)
    report = run(version_of=first.deposit.identifier)
    assert {item.field for item in report.faults} == {"access"}
    assert not newest(stand).published
    state_access(folder, access_right="restricted")
    assert run().deposit.status == "published"
    assert newest(stand).document["access"]["files"] == "restricted"


def swap_file(record):
    record.files["LICENSE"].content = b"swapped"


def swap_title(record):
    record.document["metadata"]["title"] = "Swapped"


def swap_contributors(record):
    record.document["metadata"]["contributors"] = CONTRIBUTORS


def open_access(record):
    record.document["access"] = {"record": "public", "files": "public"}


def swap_file_of_others(record):
    record.files["coauthor.xlsx"].content = b"swapped"


@pytest.mark.sliced(2)
@pytest.mark.parametrize(
    ("change", "words"),
    [
        (swap_file, "meanwhile: LICENSE"),
        (swap_title, "meanwhile: title"),
        (swap_contributors, "meanwhile: other metadata"),
        (open_access, "meanwhile: access"),
        (swap_file_of_others, "changed the files of the draft"),
    ],
)
def test_a_draft_that_changes_while_the_question_stands_is_not_published(run, stand, folder, change, words):
    state_access(folder, access_right="restricted")
    run(draft=True)
    newest(stand).files["coauthor.xlsx"] = StoredFile("coauthor.xlsx", "completed", b"x")
    with pytest.raises(FairregError, match=words) as caught:
        run(yes=lambda: change(newest(stand)) or True)
    assert "The draft is kept" in caught.value.hint
    assert not newest(stand).published


def test_a_file_that_somebody_else_replaced_in_the_draft_stays(run, stand, folder):
    run(draft=True)
    stored = newest(stand).files["src/toy/train.py"]
    stored.content = b"corrected by a co-author"
    (folder / "LICENSE").write_text("MIT License\n\nCopyright (c) 2026 Ada Rossi\n")
    before = {name: item.content for name, item in newest(stand).files.items()}
    for _ in range(2):
        with pytest.raises(FairregError, match=r"src/toy/train\.py in the draft is neither") as caught:
            run()
        assert "--take-over" in caught.value.hint
        assert {name: item.content for name, item in newest(stand).files.items()} == before
    (folder / "src" / "toy" / "train.py").write_bytes(stored.content)
    assert run().deposit.status == "published"


def test_a_file_of_others_under_the_name_of_one_that_is_gone_here_stays(run, stand, folder):
    run(draft=True)
    newest(stand).files["src/toy/train.py"].content = b"corrected by a co-author"
    (folder / "src" / "toy" / "train.py").unlink()
    report = run(yes=False)
    assert report.others == ("src/toy/train.py",)
    assert newest(stand).files["src/toy/train.py"].content == b"corrected by a co-author"


def test_changes_of_others_are_replaced_when_told_to(run, stand, folder):
    run(draft=True)
    newest(stand).files["LICENSE"].content = b"another"
    swap_title(newest(stand))
    assert run(take_over=True).deposit.status == "published"
    assert newest(stand).files["LICENSE"].content == (folder / "LICENSE").read_bytes()
    assert newest(stand).document["metadata"]["title"] == "A toy tagger"


def test_a_field_that_somebody_else_changed_is_named_and_stays(run, stand, folder):
    run(draft=True)
    swap_title(newest(stand))
    del newest(stand).document["metadata"]["rights"]
    for _ in range(2):
        report = run()
        assert {item.field for item in report.faults} == {"metadata.title", "metadata.rights"}
        assert {item.record_field for item in report.faults} == {"name", "license"}
    assert newest(stand).document["metadata"]["title"] == "Swapped"
    newest(stand).document["metadata"]["title"] = "A toy tagger"
    newest(stand).document["metadata"]["rights"] = [{"id": "mit", "title": {"en": "MIT License"}}]
    assert run().deposit.status == "published"


def test_fields_that_the_files_do_not_have_stay_in_the_draft(run, stand):
    run(draft=True)
    metadata = newest(stand).document["metadata"]
    metadata |= {"contributors": CONTRIBUTORS, "funding": [{"funder": {"id": "00k4n6c32"}}]}
    newest(stand).document["custom_fields"]["code:developmentStatus"] = {"id": "active"}
    newest(stand).document["files"]["default_preview"] = "README.md"
    run()
    published = newest(stand)
    assert published.published
    assert published.document["metadata"]["contributors"] == CONTRIBUTORS
    assert published.document["metadata"]["funding"] == [{"funder": {"id": "00k4n6c32"}}]
    assert set(published.document["custom_fields"]) == {"code:codeRepository", "code:developmentStatus"}
    assert published.document["files"]["default_preview"] == "README.md"


@pytest.mark.parametrize("what", ["file", "title"])
def test_the_draft_of_a_version_that_a_coauthor_began_is_not_replaced(run, stand, folder, what):
    first = run()
    record = newest(stand)
    title = "Of the co-author" if what == "title" else record.document["metadata"]["title"]
    made = stand.new(
        {**record.document, "metadata": {**record.document["metadata"], "title": title}}, of=record
    )
    if what == "file":
        made.files["models/toy.onnx"] = StoredFile("models/toy.onnx", "completed", b"retrained")
    raise_version(folder)
    if what == "file":
        with pytest.raises(FairregError, match=r"models/toy\.onnx in the draft is neither"):
            run(version_of=first.deposit.identifier)
        assert made.files["models/toy.onnx"].content == b"retrained"
    else:
        report = run(version_of=first.deposit.identifier)
        assert [item.field for item in report.faults] == ["metadata.title"]
        assert made.document["metadata"]["title"] == title
    assert not made.published


def test_parts_are_the_same_however_the_service_spells_them():
    sent = {
        "metadata": {"rights": [{"id": "mit"}], "creators": [{"person_or_org": {"family_name": "Rossi"}}]}
    }
    named = {"family_name": "Rossi", "name": "Rossi", "given_name": ""}
    back = {
        "metadata": {
            "rights": [{"id": "mit", "title": {"en": "MIT License"}}],
            "creators": [{"person_or_org": named, "affiliations": []}],
            "contributors": [],
        },
        "custom_fields": {},
        "access": {"status": "metadata-only"},
    }
    assert part_digests(JsonNode(sent)) == part_digests(JsonNode(back))


@pytest.mark.parametrize("change", ["edited", "gone", "swapped at the service"])
def test_a_draft_published_by_hand_with_other_files_than_those_here_is_said(run, stand, folder, change):
    report = run(draft=True)
    newest(stand).published = True
    if change == "edited":
        (folder / "LICENSE").write_text("All rights reserved\n")
    elif change == "gone":
        (folder / "LICENSE").unlink()
    else:
        newest(stand).files["LICENSE"].content = b"swapped"
    for words in ("its files are others than those here", "its files have changed since"):
        with pytest.raises(UsageError, match=words) as caught:
            run()
    assert f"--new-version-of {report.deposit.identifier[4:]}" in caught.value.hint


def test_a_repository_made_public_by_hand_with_other_files_than_those_here_is_said(push, hub, folder):
    push(draft=True)
    (repository,) = hub.repositories.values()
    repository.private = False
    (folder / "LICENSE").write_text("All rights reserved\n")
    with pytest.raises(UsageError, match="its files are others than those here"):
        push()
