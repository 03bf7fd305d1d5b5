# SPDX-License-Identifier: MIT
"""From a folder to a public repository at the Hub's stand-in, with every fault on the way."""

import hashlib
import json
import logging
from collections import Counter

import pytest
from hub_shapes import info

from fairreg import harvesters
from fairreg.errors import (
    AccessDenied,
    BadAnswer,
    ChecksumMismatch,
    FairregError,
    NotFound,
    Offline,
    RateLimited,
    Unreachable,
    UsageError,
)
from fairreg.publish.huggingface.faults import translated
from fairreg.services.publish.state import PublishingState
from fairreg.settings import Settings
from support.publishing import NAMES, model_folder, onnx_bytes, requests


def only(hub):
    (repository,) = hub.repositories.values()
    return repository


def test_a_folder_becomes_a_public_repository(push, hub, folder):
    report = push()
    repository = only(hub)
    assert not repository.private
    assert report.is_new
    assert report.deposit.status == "published"
    assert report.deposit.identifier == "huggingface:lab/toy"
    assert set(repository.files) == {*NAMES, ".gitattributes"}
    for name in NAMES:
        assert repository.files[name] == (folder / name).read_bytes(), name
    assert repository.large == {"models/toy.onnx"}
    assert repository.tags == {"v1.0": repository.head}
    assert {file.name: file.sha256 for file in report.files} == dict(report.deposit.files)


def test_what_is_published_is_read_back_by_the_harvester(push, hub):
    push()
    record = harvesters.get("huggingface").to_record(info(only(hub), only(hub).head))
    assert record.identifier == "huggingface:lab/toy"
    assert {item.name for item in record.distributions} >= NAMES


def test_the_page_for_a_doi_is_named(push, hub):
    assert any(f"{hub.base}/lab/toy/settings" in step for step in push().next_steps)


def test_nothing_is_public_without_a_confirmation(push, run, hub):
    report = push(yes=False)
    assert report.deposit.status == "draft"
    assert len(run.asked) == 1
    assert only(hub).private
    assert not only(hub).tags
    push()
    assert not only(hub).private


def test_a_file_in_parts_arrives_whole(push, hub, folder):
    content = bytes(range(256)) * 1000
    (folder / "models" / "large.safetensors").write_bytes(content)
    push()
    assert only(hub).files["models/large.safetensors"] == content
    assert len(requests(hub, f"/lfs/{hashlib.sha256(content).hexdigest()}/", "PUT")) == 4


def test_a_second_command_sends_nothing_again(push, hub):
    push(draft=True)
    before = Counter(hub.asked)
    push()
    sent = Counter(hub.asked) - before
    assert not [path for method, path in sent if method == "PUT" and path.startswith("/lfs/")]
    assert not [path for _, path in sent if path.endswith(("/commit/main", "/repos/create"))]


def test_a_published_folder_is_published_once(push, hub, folder):
    push()
    changes = [item for item in hub.asked if item[0] != "GET"]
    assert not push().is_new
    assert [item for item in hub.asked if item[0] != "GET"] == changes
    (folder / "LICENSE").write_text("another")
    with pytest.raises(UsageError, match="have changed since") as caught:
        push()
    assert "--new-version-of lab/toy" in caught.value.hint


def test_a_new_version_is_a_commit_with_a_tag_after_the_confirmation(push, hub, folder):
    push()
    text = (folder / "CITATION.cff").read_text()
    (folder / "CITATION.cff").write_text(text.replace("'1.0'", "'1.1'"))
    (folder / "models" / "toy.onnx").write_bytes(onnx_bytes("other"))
    first = only(hub).head
    draft = push(version_of="lab/toy", yes=False)
    assert only(hub).head == first
    assert draft.deposit.page is None
    report = push()  # goes on without the option
    assert report.deposit.status == "published"
    assert only(hub).tags == {"v1.0": first, "v1.1": only(hub).head}
    assert only(hub).files["models/toy.onnx"] == (folder / "models" / "toy.onnx").read_bytes()


def test_a_tag_of_an_earlier_commit_stays(push, run, hub, folder):
    push()
    first = only(hub).head
    (folder / "LICENSE").write_text("MIT License\n\nCopyright (c) 2026 Ada Rossi\n")
    push(version_of="lab/toy")
    assert only(hub).tags == {"v1.0": first}
    assert any("stays at its earlier commit" in line for line in run.talk)


def test_a_file_that_is_not_here_any_more_is_removed_and_others_stay(push, run, hub, folder):
    push(draft=True)
    only(hub).commit({**only(hub).files, "notes.md": b"by hand"})
    (folder / "src" / "toy" / "train.py").unlink()
    with pytest.raises(FairregError, match="was changed at Hugging Face since the last command"):
        push()
    push(draft=True)
    assert set(only(hub).files) == (NAMES - {"src/toy/train.py"}) | {".gitattributes", "notes.md"}
    assert any("also holds notes.md" in line for line in run.talk)


def test_files_of_others_are_in_the_report_where_they_would_become_public(push, hub, folder):
    push(draft=True)
    only(hub).commit({**only(hub).files, "notes.md": b"by hand"})
    assert push(yes=False).others == ("notes.md",)
    push()
    (folder / "LICENSE").write_text("another")
    assert push(version_of="lab/toy", yes=False).others == ()  # seen already


def test_what_git_ignores_is_published_where_it_was_chosen(push, hub, folder):
    (folder / ".gitignore").write_text("*.onnx\n")
    push()
    assert "models/toy.onnx" in only(hub).files


@pytest.mark.parametrize("private", [True, False])
def test_a_repository_with_files_is_not_taken_over_unasked(push, hub, private):
    made = hub.create("lab/toy", private=private, files={"README.md": b"theirs"})
    with pytest.raises(UsageError, match="with files at Hugging Face already") as caught:
        push()
    assert "--new-version-of lab/toy" in caught.value.hint
    assert made.files["README.md"] == b"theirs"


def test_an_empty_repository_is_taken(push, hub):
    hub.create("lab/toy", private=True)
    assert push().is_new


@pytest.mark.parametrize("name", ["toy", "lab/toy"])
def test_a_short_name_is_that_of_the_tokens_account(push, hub, name):
    push(repository=name, draft=True)
    push(repository=name, draft=True)
    assert set(hub.repositories) == {"lab/toy"}


@pytest.mark.parametrize(
    ("choices", "error", "words"),
    [
        ({"repository": None}, UsageError, "name a repository"),
        ({"repository": "lab/../toy"}, UsageError, "not the name of a Hub repository"),
        ({"version_of": "lab/other"}, NotFound, "has no model lab/other"),
        ({"version_of": "10.5281/zenodo.1", "repository": None}, UsageError, "name a repository"),
        (
            {"version_of": "https://github.com/lab/toy", "repository": None},
            UsageError,
            "not a repository of the Hub",
        ),
        ({"sandbox": True}, UsageError, "has no sandbox"),
        ({"environment": {"HF_TOKEN": ""}}, AccessDenied, "HF_TOKEN is not set"),
        ({"environment": {"HF_TOKEN": "hf_wrong"}}, AccessDenied, "does not accept the access token"),
        ({"environment": {"FAIRREG_OFFLINE": "1"}}, Offline, "no request was sent"),
        ({"repository": "others/toy"}, AccessDenied, "don't have the rights"),
    ],
)
def test_a_wrong_wish_changes_nothing(push, hub, choices, error, words):
    with pytest.raises(error, match=words):
        push(**choices)
    assert not hub.repositories


def test_another_name_than_that_of_the_draft_is_refused(push, hub):
    push(draft=True)
    with pytest.raises(UsageError, match="has a draft in lab/toy"):
        push(repository="lab/other")


def refused_owner(_method, path):
    words = "You don't have the rights to create a model under this namespace"
    return (403, {"error": words}) if path.endswith("/repos/create") else None


@pytest.mark.parametrize("right", ["lab/toy", "toy"])
def test_a_mistyped_owner_is_corrected_by_the_next_command(push, hub, folder, right):
    hub.before = refused_owner
    with pytest.raises(AccessDenied, match="have the rights"):
        push(repository="labb/toy")
    hub.before = lambda _method, _path: None
    assert push(repository=right).deposit.id == "lab/toy"
    assert set(hub.repositories) == {"lab/toy"}
    assert [item.id for item in PublishingState.read(folder).deposits] == ["lab/toy"]
    assert not push(repository=right).is_new


def test_a_mistyped_owner_is_corrected_by_a_new_version_of_the_right_one(push, hub):
    hub.create("lab/toy", private=False, files={"README.md": b"theirs"})
    hub.before = refused_owner
    with pytest.raises(AccessDenied):
        push(repository="labb/toy")
    hub.before = lambda _method, _path: None
    assert push(version_of="lab/toy").deposit.id == "lab/toy"


def test_a_correction_takes_no_repository_with_files_over(push, hub):
    hub.create("lab/toy", private=True, files={"README.md": b"theirs"})
    hub.before = refused_owner
    with pytest.raises(AccessDenied):
        push(repository="labb/toy")
    hub.before = lambda _method, _path: None
    with pytest.raises(UsageError, match="with files at Hugging Face already"):
        push(repository="lab/toy")


def test_a_repository_whose_answer_was_lost_does_not_give_way_to_another_name(push, hub):
    hub.after = lambda _method, path: "reset" if path.endswith("/repos/create") else None
    with pytest.raises(Unreachable):
        push(repository="lab/toy")
    hub.after = lambda _method, _path: None
    with pytest.raises(UsageError, match="has a draft in lab/toy"):
        push(repository="lab/other")
    assert push(repository="lab/toy").is_new


STEPS = [
    "/repos/create",
    "/validate-yaml",
    "/preupload/",
    "/objects/batch",
    "/lfs/",
    "/commit/",
    "/tag/",
    "/settings",
]
FAULTS = [
    (401, AccessDenied, "does not accept the access token"),
    (403, AccessDenied, "does not allow this"),
    (413, FairregError, "larger than the service takes"),
    (429, RateLimited, "asks to wait"),
    (500, Unreachable, "has a fault of its own"),
    ("reset", Unreachable, "could not be reached"),
]


@pytest.mark.sliced(17)
@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize(("status", "error", "words"), FAULTS)
def test_a_fault_keeps_the_draft_and_the_same_command_goes_on(push, hub, step, status, error, words):
    answer = status if status == "reset" else (status, {"error": "No."})
    hub.before = lambda _method, path: answer if step in path else None
    with pytest.raises(error, match=words) as caught:
        push()
    assert "\n" not in caught.value.message
    assert hub.token not in f"{caught.value.message} {caught.value.hint}"
    assert all(item.private for item in hub.repositories.values())
    hub.before = lambda _method, _path: None
    assert push().deposit.status == "published"
    assert only(hub).tags == {"v1.0": only(hub).head}
    assert len(only(hub).commits) == 2


@pytest.mark.parametrize("step", ["/preupload/", "/lfs/", "/commit/", "/settings"])
def test_a_wait_that_the_hub_asks_for_is_kept_and_said(push, run, hub, step):
    asked = []

    def before(_method, path):
        if step in path and not asked:
            asked.append(path)
            return 429, {"error": "Slow down."}, {"Retry-After": "2"}
        return None

    hub.before = before
    assert push(retries=1).deposit.status == "published"
    assert asked
    if step in {"/preupload/", "/lfs/"}:  # the client itself waits
        assert any("Rate limited. Waiting 3.0s" in line for line in run.talk)


def test_a_wait_is_said_after_a_search_of_the_hub_by_the_same_process(push, run, hub):
    logger = logging.getLogger("huggingface_hub.utils._http")
    before = logger.level
    logger.setLevel(logging.ERROR)  # as the harvester does
    try:
        waits = iter([(429, {"error": "Slow down."}, {"Retry-After": "2"})])
        hub.before = lambda _method, path: next(waits, None) if "/preupload/" in path else None
        push(retries=1)
        assert logger.level == logging.ERROR
    finally:
        logger.setLevel(before)
    assert any("Rate limited. Waiting 3.0s" in line for line in run.talk)


def test_a_file_whose_commit_was_not_answered_is_taken_back(push, hub, folder):
    (folder / "private.txt").write_text("x")
    hub.after = lambda _method, path: "reset" if "/commit/" in path else None
    with pytest.raises(Unreachable):
        push(draft=True)
    hub.after = lambda _method, _path: None
    assert "private.txt" in only(hub).files
    push(exclude=("private.txt",))  # the commit is known by its mark, and not taken for somebody else's
    assert "private.txt" not in only(hub).files


@pytest.mark.sliced(3)
@pytest.mark.parametrize("step", STEPS)
def test_an_answer_that_is_lost_repeats_nothing(push, hub, step):
    lost = []

    def after(_method, path):
        if step in path and not lost:
            lost.append(path)
            return "reset"
        return None

    hub.after = after
    try:
        push()
    except Unreachable:
        push()
    assert lost
    assert not only(hub).private
    assert len(only(hub).commits) == 2
    assert only(hub).tags == {"v1.0": only(hub).head}


@pytest.mark.parametrize("status", [409, 412])
def test_a_change_by_somebody_else_is_not_overwritten(push, hub, status):
    hub.before = lambda _method, path: (
        (status, {"error": "A commit happened"}) if "/commit/" in path else None
    )
    with pytest.raises(FairregError, match="was changed at Hugging Face by somebody else"):
        push()
    assert len(only(hub).commits) == 1


def test_a_commit_between_look_and_commit_is_refused_by_its_parent(push, hub):
    def before(_method, path):
        if "/commit/" in path and len(only(hub).commits) == 1:
            only(hub).commit({"README.md": b"theirs"})

    hub.before = before
    with pytest.raises(FairregError, match=r"somebody else meanwhile.*HTTP 412"):
        push()
    assert only(hub).files == {"README.md": b"theirs"}


def test_a_file_that_arrived_otherwise_is_not_published(push, hub):
    def before(_method, path):
        if "/commit/" in path:
            hub.contents = dict.fromkeys(hub.contents, b"damaged")

    hub.before = before
    with pytest.raises(ChecksumMismatch, match=r"models/toy\.onnx arrived changed"):
        push()
    assert only(hub).private


def test_an_invalid_card_is_told_in_a_sentence(push, hub, folder):
    (folder / "README.md").write_text("---\nlicense: [\n---\n# A toy\n")
    with pytest.raises(BadAnswer, match=r"Invalid metadata in README\.md"):
        push()
    assert len(only(hub).commits) == 1


def test_a_licence_that_the_hub_has_no_word_for_is_told_with_the_way_out(push, hub, folder):
    card = (folder / "README.md").read_text()
    citation = (folder / "CITATION.cff").read_text().replace("license: MIT", "license: GPL-3.0-or-later")
    (folder / "CITATION.cff").write_text(citation)
    (folder / "LICENSE").unlink()
    (folder / "README.md").write_text(card.replace("license: mit", "license: gpl-3.0-or-later"))
    with pytest.raises(BadAnswer, match="has no word for the license") as caught:
        push()
    assert "license: other, license_name" in caught.value.hint
    assert len(caught.value.message) < 100
    other = "license: other\nlicense_name: gpl-3.0-or-later\nlicense_link: LICENSE"
    (folder / "README.md").write_text(card.replace("license: mit", other))
    assert push().record.license == "GPL-3.0-or-later"


def test_a_missing_card_is_said(push, run, hub, folder):
    (folder / "README.md").unlink()
    push(draft=True)
    assert any("the folder has none" in line for line in run.talk)


def test_a_repository_made_public_by_hand_counts_as_published(push, hub):
    push(draft=True)
    only(hub).private = False
    report = push(yes=False)
    assert report.deposit.status == "published"


def test_the_token_goes_to_the_hub_only(push, hub):
    push()
    assert all(not value for path, value in hub.authorizations.items() if path.startswith("/lfs/"))
    sent = {value for path, value in hub.authorizations.items() if not path.startswith("/lfs/")}
    assert sent == {f"Bearer {hub.token}"}


@pytest.mark.parametrize(
    ("raised", "error", "words"),
    [
        (ConnectionError("Network error: hf_planted"), Unreachable, "could not be reached (Network error:"),
        (TimeoutError(), Unreachable, "could not be reached (TimeoutError)"),
        (RuntimeError("a store\nis full"), BadAnswer, "did not take the weights: a store is full."),
        (ValueError("LFS batch API returned errors"), BadAnswer, "LFS batch API returned errors"),
        (KeyError("commitOid"), BadAnswer, "did not take the weights: 'commitOid'."),
        (TypeError(), BadAnswer, "did not take the weights: TypeError."),
    ],
)
def test_what_the_client_raises_is_one_sentence_without_the_token(raised, error, words):
    service = Settings.from_environment({"HF_TOKEN": "hf_planted"}).service("huggingface")
    with pytest.raises(error) as caught, translated(service, "the weights"):
        raise raised
    assert words in caught.value.message
    assert "\n" not in caught.value.message
    assert "planted" not in caught.value.message


def test_an_answer_that_is_no_json_is_one_sentence(push, hub):
    hub.before = lambda _method, path: (200, "no object") if path.endswith("/commit/main") else None
    with pytest.raises(BadAnswer, match="did not take lab/toy"):
        push()


def of_repository(**changed):
    shown = {"id": "lab/toy", "sha": "a" * 40, "private": True, "tags": [], "siblings": []}
    return {**shown, **changed}


@pytest.mark.parametrize(
    "answer",
    [
        [],
        "text",
        {},
        of_repository(id=7),
        of_repository(id="lab/other"),
        of_repository(sha=None),
        of_repository(sha="\x1b[31m"),
        of_repository(siblings=[{}]),
        of_repository(siblings=7),
        of_repository(siblings=[{"rfilename": "m.onnx", "lfs": 3}]),
        of_repository(createdAt="yesterday"),
        of_repository(tags=7, siblings=[{"rfilename": 7}, {"rfilename": "\x1b[31m"}]),
    ],
)
def test_an_answer_of_another_shape_is_one_sentence(push, hub, answer):
    hub.create("lab/toy", private=True)
    hub.reading = lambda _method, _path: (200, answer)
    with pytest.raises(FairregError) as caught:
        push()
    assert "\n" not in caught.value.message
    assert "\x1b" not in caught.value.message
    assert only(hub).private
    assert len(only(hub).commits) == 1


def test_without_a_word_on_its_visibility_a_repository_counts_as_public(push, hub):
    made = hub.create("lab/toy", private=True)
    hub.reading = lambda _method, _path: (200, of_repository(sha=made.head, private=None))
    push(yes=False)
    assert len(made.commits) == 1


def test_a_doi_that_the_hub_made_is_read_back_and_written_into_the_files(push, run, hub, folder):
    push()
    only(hub).doi = "10.57967/hf/4242"
    waiting = push(yes=False)
    assert waiting.deposit.identifier == "doi:10.57967/hf/4242"
    assert "doi: 10.57967/hf/4242" in (folder / "CITATION.cff").read_text()
    assert b"4242" not in only(hub).files["CITATION.cff"]
    report = push()
    assert report.deposit.status == "published"
    assert b"10.57967/hf/4242" in only(hub).files["README.md"]
    assert "Generate DOI" not in " ".join(report.next_steps)
    assert not push().is_new


def test_two_publications_name_each_other(push, deposit, stand, hub, folder):
    """The Hub first: Zenodo names it at once, and the card names the DOI with the next version."""
    push()
    report = deposit()
    (record,) = stand.records.values()
    named = record.document["metadata"]["related_identifiers"]
    assert [item["relation_type"]["id"] for item in named if item["identifier"].endswith("/lab/toy")] == [
        "isvariantformof"
    ]
    (told,) = [step for step in report.next_steps if "does not name" in step]
    assert f"--to huggingface --new-version-of {'lab/toy'}" in told
    done = push(version_of="lab/toy")
    assert record.doi.encode() in only(hub).files["README.md"]
    assert not [step for step in done.next_steps if "does not name" in step]


def test_with_the_doi_reserved_first_both_name_each_other_at_once(push, deposit, stand, hub):
    deposit(reserve_only=True)
    push()
    report = deposit()
    (record,) = stand.published()
    assert related(record, "/lab/toy") == ["isidenticalto"]
    assert record.doi.encode() in only(hub).files["README.md"]
    assert not [step for step in report.next_steps if "does not name" in step]


def test_a_published_record_gets_the_link_after_a_confirmation(push, deposit, stand, hub, folder):
    deposit()
    (record,) = stand.records.values()
    report = push()
    assert record.doi.encode() in only(hub).files["README.md"]
    (told,) = [step for step in report.next_steps if "does not name" in step]
    assert f"fairreg publish {folder} --to zenodo" in told
    assert deposit(yes=False).deposit.status == "published"
    assert not related(record, "/lab/toy")
    before = record.doi
    deposit()
    assert related(record, "/lab/toy") == ["isidenticalto"]
    assert record.doi == before
    assert record.document["metadata"]["title"] == "A toy tagger"
    asked = len(stand.asked)
    deposit()
    assert len(stand.asked) == asked


@pytest.mark.sliced(3)
@pytest.mark.parametrize(
    ("change", "named"),
    [
        (lambda it: it["metadata"].update(title="UNFINISHED"), "title"),
        (lambda it: it["metadata"]["creators"].pop(), "creators"),
        (lambda it: it.update(access={"record": "public", "files": "restricted"}), "access"),
        (lambda it: it["custom_fields"].update({"code:developmentStatus": {"id": "wip"}}), "code:"),
        (lambda it: it["metadata"]["related_identifiers"].pop(), "related_identifiers"),
        (
            lambda it: it["metadata"]["related_identifiers"].append(
                {"identifier": "10.1/x", "scheme": "doi", "relation_type": {"id": "cites"}}
            ),
            "related_identifiers",
        ),
        (lambda it: it.update(files={"entries": {"new.bin": {"checksum": "md5:0"}}}), "files"),
    ],
)
def test_a_link_does_not_publish_edits_that_somebody_began(push, deposit, stand, hub, change, named):
    deposit()
    push()
    (record,) = stand.records.values()
    before = json.dumps(record.document)
    record.edited = json.loads(before)
    change(record.edited)
    begun = json.dumps(record.edited)
    with pytest.raises(FairregError, match="edits that are not published") as caught:
        deposit()
    assert named in caught.value.message
    assert (json.dumps(record.document), json.dumps(record.edited)) == (before, begun)
    record.edited = None
    deposit()
    assert related(record, "/lab/toy") == ["isidenticalto"]


@pytest.mark.parametrize("choice", ["draft", "reserve_only"])
def test_no_link_is_added_by_a_command_that_publishes_nothing(push, deposit, stand, hub, choice):
    deposit()
    push()
    before = len(stand.asked)
    deposit(**{choice: True})
    assert len(stand.asked) == before


@pytest.mark.sliced(2)
@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("method", ["POST", "PUT"])
def test_a_link_that_fails_is_made_by_the_same_command(push, deposit, stand, when, method):
    deposit()
    push()
    (record,) = stand.records.values()
    setattr(stand, when, lambda kind, _path: "reset" if kind == method else None)
    with pytest.raises(Unreachable):
        deposit()
    setattr(stand, when, lambda _method, _path: None)
    deposit()
    assert related(record, "/lab/toy") == ["isidenticalto"]
    assert len(stand.published()) == 1


def related(record, end):
    named = record.document["metadata"].get("related_identifiers", [])
    return [item["relation_type"]["id"] for item in named if item["identifier"].endswith(end)]


def test_a_doi_of_the_hub_does_not_replace_another_one(push, deposit, run, stand, hub, folder):
    deposit()
    push()
    (record,) = stand.records.values()
    only(hub).doi = "10.57967/hf/4242"
    push()
    assert f"doi: {record.doi}" in (folder / "CITATION.cff").read_text()
    assert any(f"The files carry {record.doi}" in line for line in run.talk)


def test_a_doi_of_the_hub_takes_no_other_changes_along(push, hub, folder):
    push()
    only(hub).doi = "10.57967/hf/4242"
    (folder / "LICENSE").write_text("another")
    with pytest.raises(UsageError, match="have changed since"):
        push()
    assert "4242" not in (folder / "CITATION.cff").read_text()


def test_without_the_hub_a_published_folder_is_known(push, run, hub):
    push()
    assert push(environment={"FAIRREG_OFFLINE": "1"}).deposit.status == "published"
    assert any("was not asked for a later identifier" in line for line in run.talk)


def test_a_repository_that_the_files_name_is_used_and_linked(push, deposit, stand, hub, folder):
    path = folder / "fair4ml.jsonld"
    stated = {**json.loads(path.read_text()), "sameAs": "https://huggingface.co/lab/named"}
    path.write_text(json.dumps(stated))
    push(repository=None, draft=True)
    assert set(hub.repositories) == {"lab/named"}
    deposit()
    (record,) = stand.records.values()
    assert related(record, "/lab/named") == ["isvariantformof"]


def test_a_second_folder_of_the_same_name_is_refused(push, hub, tmp_path):
    push()
    (tmp_path / "other").mkdir()
    with pytest.raises(UsageError, match="with files at Hugging Face already"):
        push(place=model_folder(tmp_path / "other"))
