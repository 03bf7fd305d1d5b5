# SPDX-License-Identifier: MIT
"""From a folder to a published record at the stand-in, with every fault on the way."""

import hashlib
import json
from collections import Counter

import onnx
import pytest

from fairreg import harvesters
from fairreg.errors import (
    AccessDenied,
    ChecksumMismatch,
    FairregError,
    NotFound,
    RateLimited,
    SecurityRefusal,
    Unreachable,
    UsageError,
)
from fairreg.publish import get
from fairreg.publish.base import Deposit
from fairreg.publish.zenodo.transfer import PartSizes
from fairreg.services.publish.state import PublishingState
from support.publishing import NAMES, model_folder, onnx_bytes, raise_version, requests


def only(stand):
    (record,) = stand.records.values()
    return record


def test_a_folder_becomes_a_published_record(run, stand, folder):
    report = run()
    record = only(stand)
    assert record.published
    assert report.is_new
    assert report.deposit.status == "published"
    assert report.deposit.identifier == f"doi:{record.doi}"
    assert report.deposit.concept == f"doi:10.5281/zenodo.{record.parent}"
    assert set(record.files) == NAMES
    for name, stored in record.files.items():
        assert stored.content == (folder / name).read_bytes(), name
    assert {file.name: file.sha256 for file in report.files} == dict(report.deposit.files)


def test_the_doi_stands_in_every_file_that_has_a_place_for_it(run, stand):
    report = run()
    doi, files = only(stand).doi, only(stand).files
    assert set(report.carrying) == NAMES - {"LICENSE", "src/toy/train.py"}
    for name in report.carrying:
        assert doi.encode() in files[name].content, name
    model = onnx.load_from_string(files["models/toy.onnx"].content)
    assert {item.key: item.value for item in model.metadata_props} == {"name": "relu", "doi": doi}
    stated = json.loads(files["fair4ml.jsonld"].content)["distribution"][0]
    assert stated["sha256"] == hashlib.sha256(files["models/toy.onnx"].content).hexdigest()
    assert stated["contentSize"] == len(files["models/toy.onnx"].content)


def test_the_metadata_are_those_of_the_files(run, stand):
    run()
    meta = only(stand).document["metadata"]
    assert meta["resource_type"] == {"id": "model"}
    assert meta["title"] == "A toy tagger"
    assert meta["publication_date"] == "2026-11-02"
    assert meta["description"] == "<p>A tagger of toy jets, &lt; 1 kB.</p><p>It is small.</p>"
    (creator,) = meta["creators"]
    assert creator["person_or_org"]["identifiers"] == [
        {"scheme": "orcid", "identifier": "0000-0002-1825-0097"}
    ]
    assert meta["rights"] == [{"id": "mit"}]
    relations = {(item["identifier"], item["relation_type"]["id"]) for item in meta["related_identifiers"]}
    assert relations == {
        ("https://github.com/lab/toy-tagger", "issupplementto"),
        ("10.5281/zenodo.1000", "isderivedfrom"),
    }


def test_what_is_published_is_read_back_by_the_harvester(run, stand):
    report = run()
    payload = stand_payload(stand, only(stand).id)
    record = harvesters.get("zenodo").to_record(payload)
    assert record.doi == only(stand).doi
    assert record.kind == "model"
    assert record.name == report.record.name
    assert record.license == "MIT"
    assert record.creators[0].orcid == "0000-0002-1825-0097"
    assert record.creators[0].affiliation == "CERN"
    assert {item.name for item in record.distributions} == NAMES


def stand_payload(stand, number):
    from urllib.request import urlopen

    with urlopen(f"{stand.base}/zenodo/api/records/{number}") as answer:
        return json.loads(answer.read())


def test_secrets_caches_data_and_version_control_are_never_sent(run, stand):
    report = run()
    left_out = {item.name: item.reason for item in report.left_out}
    assert left_out[".env"] == left_out["api_token.txt"] == "may hold a secret"
    assert left_out["notes.txt"] == "holds an access token or a private key"
    assert set(left_out) == {".env", ".git/", "api_token.txt", "data/", "notes.txt", "src/__pycache__/"}


def test_the_users_own_token_in_a_file_keeps_it_here(run, stand, folder):
    (folder / "config.json").write_text(json.dumps({"key": stand.token}))
    report = run(include=("config.json", ".env"))
    assert "config.json" in {item.name for item in report.left_out}
    assert "config.json" not in only(stand).files


def test_nothing_is_public_without_a_confirmation(run, stand):
    report = run(yes=False)
    assert report.deposit.status == "draft"
    assert len(run.asked) == 1
    assert not only(stand).published
    assert not requests(stand, "actions/publish")
    run()
    assert only(stand).published


@pytest.mark.parametrize("choice", ["draft", "reserve_only"])
def test_a_draft_that_is_wanted_is_not_asked_about(run, stand, choice):
    run(**{choice: True})
    assert not run.asked
    assert not only(stand).published
    assert only(stand).doi
    assert bool(only(stand).files) == (choice == "draft")


def test_a_second_command_sends_no_file_again(run, stand):
    run(draft=True)
    sent = len(requests(stand, "/content", "PUT"))
    assert sent == len(NAMES)
    run()
    assert len(requests(stand, "/content", "PUT")) == sent
    assert len(requests(stand, "/api/records", "POST")) == len(set(requests(stand, "/api/records", "POST")))


def test_a_published_folder_is_published_once(run, stand, folder):
    run()
    before = len(stand.asked)
    report = run()
    assert not report.is_new
    assert len(stand.asked) == before
    (folder / "LICENSE").write_text("another")
    with pytest.raises(UsageError, match="have changed since") as caught:
        run()
    assert "--new-version-of 10.5281/zenodo" in caught.value.hint


@pytest.mark.parametrize("name", ["version", "concept", "number"])
def test_a_new_version_has_the_same_concept(run, stand, folder, name):
    first = run()
    given = {
        "version": first.deposit.identifier,
        "concept": first.deposit.concept,
        "number": first.deposit.id,
    }
    raise_version(folder)
    second = run(version_of=given[name])
    assert second.deposit.concept == first.deposit.concept
    assert second.deposit.identifier != first.deposit.identifier
    assert len(stand.published()) == 2
    for file in second.carrying:
        assert first.deposit.identifier[4:].encode() not in (folder / file).read_bytes(), file
    # Its draft is found again, and no third version is made by the same command.
    assert run(yes=False).is_new is False


def test_an_interrupted_new_version_goes_on_without_the_option(run, stand, folder):
    first = run()
    raise_version(folder)
    run(version_of=first.deposit.identifier, draft=True)
    run()
    assert [item.published for item in stand.records.values()] == [True, True]


def test_a_version_of_another_record_is_refused(run, stand):
    with pytest.raises(NotFound, match="has no published record"):
        run(version_of="10.5281/zenodo.77")
    with pytest.raises(NotFound, match="has no published record"):
        run(version_of="10.1000/elsewhere")
    assert not stand.records


@pytest.mark.sliced(2)
@pytest.mark.parametrize("fault", ["unknown", (403, {"message": "Permission denied."}), (409, {}), (422, {})])
def test_after_a_failed_new_version_the_plain_command_publishes_nothing(run, stand, folder, fault):
    doi = run().deposit.identifier
    before = {name: (folder / name).read_bytes() for name in ("CITATION.cff", "codemeta.json")}
    raise_version(folder)
    if fault != "unknown":
        fail_once(stand, "POST", "/versions", fault)
    with pytest.raises(FairregError):
        run(version_of="10.5281/zenodo.77" if fault == "unknown" else doi)
    for name, content in before.items():
        (folder / name).write_bytes(content)
    report = run()
    assert not report.is_new
    assert report.deposit.identifier == doi
    assert len(stand.records) == 1


@pytest.mark.parametrize("name", ["identifier", "concept"])
def test_a_new_version_that_is_asked_for_again_is_made_once(run, stand, folder, name):
    """As by a repeated job, or after an interrupt of the assessment that follows a publication."""
    first = run()
    raise_version(folder)
    second = run(version_of=getattr(first.deposit, name))
    for _ in range(2):
        again = run(version_of=getattr(first.deposit, name))
        assert (again.deposit, again.is_new) == (second.deposit, False)
    assert [item.published for item in stand.records.values()] == [True, True]


def test_a_new_version_without_any_change_is_refused(run, stand, folder):
    first = run()
    for _ in range(2):
        with pytest.raises(UsageError, match="there is no new version") as caught:
            run(version_of=first.deposit.identifier)
        raise_version(folder)
        second = run(version_of=first.deposit.identifier)
        first = second
    assert "Change the files first" in caught.value.hint
    assert len(stand.records) == 3


def test_an_unanswered_first_draft_does_not_hide_what_was_published(run, stand, folder):
    doi = run().deposit.identifier
    PublishingState.read(folder).save(Deposit("zenodo", f"{stand.base}/zenodo", "", details={"mark": "x"}))
    assert run().deposit.identifier == doi
    assert len(stand.records) == 1


def test_the_plain_command_goes_on_with_a_new_version_whose_answer_was_lost(run, stand, folder):
    first = run()
    raise_version(folder)
    fail_once(stand, "POST", "/versions", "reset", when="after")
    with pytest.raises(Unreachable):
        run(version_of=first.deposit.identifier)
    assert run().deposit.concept == first.deposit.concept
    assert [item.published for item in stand.records.values()] == [True, True]


def test_a_refused_new_version_keeps_the_mark_of_an_unanswered_first_draft(run, stand):
    fail_once(stand, "POST", "/records", "reset", when="after")
    with pytest.raises(Unreachable):
        run()
    with pytest.raises(NotFound):
        run(version_of="10.5281/zenodo.77")
    run()
    assert only(stand).published


def test_a_draft_of_one_record_does_not_become_a_version_of_another(run):
    run(draft=True)
    with pytest.raises(UsageError, match="not of a new version"):
        run(version_of="10.5281/zenodo.77")


def fail_once(stand, method, place, fault, *, when="before"):
    done = []

    def answer(kind, path):
        if kind == method and path.endswith(place) and not done:
            done.append(path)
            return fault
        return None

    setattr(stand, when, answer)


REFUSAL = {"message": "Not this time."}
FAULTS = [
    ("POST", "/records", 401, AccessDenied, "deposit:write and deposit:actions"),
    ("POST", "pids/doi", 403, AccessDenied, "deposit:write and deposit:actions"),
    ("POST", "draft/files", 409, FairregError, "reports a conflict over the draft: Not this time"),
    ("PUT", "toy.onnx/content", 413, FairregError, "larger than the service takes"),
    ("PUT", "toy.onnx/content", 429, RateLimited, "too many requests"),
    ("POST", "toy.onnx/commit", 500, Unreachable, "internal error"),
    ("PUT", "README.md/content", "reset", Unreachable, "could not be reached"),
    ("PUT", "/draft", 400, FairregError, "refuses the draft: Not this time"),
    ("POST", "actions/publish", 400, FairregError, "refuses the draft: Not this time"),
    ("POST", "actions/publish", "reset", Unreachable, "could not be reached"),
]


@pytest.mark.sliced(5)
@pytest.mark.parametrize(("method", "place", "fault", "error", "words"), FAULTS)
def test_a_fault_is_one_sentence_and_the_draft_is_kept(run, stand, method, place, fault, error, words):
    fail_once(stand, method, place, fault if fault == "reset" else (fault, REFUSAL))
    with pytest.raises(error, match=words) as caught:
        run()
    assert caught.value.message.count("\n") == 0
    assert stand.token not in str(caught.value) + str(caught.value.hint)
    assert not stand.published()
    if stand.records:
        assert "The draft is kept" in caught.value.hint
    run()
    assert only(stand).published
    assert set(only(stand).files) == NAMES


def test_a_refusal_names_the_fields_with_their_reasons(run, stand):
    errors = [
        {"field": "metadata.creators.0.person_or_org", "messages": ["Family name must be filled."]},
        {"field": "files.enabled", "messages": ["Missing uploaded files."]},
    ]
    answer = {"message": "A validation error occurred.", "errors": errors}
    fail_once(stand, "POST", "actions/publish", (400, answer))
    with pytest.raises(FairregError, match="A validation error occurred: ") as caught:
        run()
    assert "metadata.creators.0.person_or_org (from creators): Family name must be" in caught.value.message
    assert "files.enabled (from distributions): Missing uploaded files (HTTP 400)" in caught.value.message


def test_a_version_of_a_record_of_somebody_else_is_told_with_the_words_of_the_service(run, stand, folder):
    first = run()
    raise_version(folder)
    fail_once(stand, "POST", "/versions", (403, {"message": "Permission denied."}))
    with pytest.raises(AccessDenied, match="not the account's to change") as caught:
        run(version_of=first.deposit.identifier)
    assert f"a new version of record {first.deposit.id} (Permission denied)" in caught.value.message
    assert "deposit:write and deposit:actions" in caught.value.message
    assert "Ask the owner" in caught.value.hint


def test_a_missing_token_is_told_before_any_request(run, stand):
    with pytest.raises(AccessDenied, match="ZENODO_TOKEN is not set") as caught:
        run(environment={"ZENODO_TOKEN": ""})
    assert "deposit:write and deposit:actions" in caught.value.hint
    assert not stand.asked


def test_a_doi_that_was_reserved_before_is_used(run, stand):
    run(reserve_only=True)
    doi = only(stand).doi
    # As if the command had been killed before it could keep the answer.
    state = PublishingState.read(run_folder(run))
    (draft,) = state.deposits
    state.save(Deposit(draft.to, draft.url, draft.id))
    assert run().deposit.identifier == f"doi:{doi}"
    assert len(requests(stand, "pids/doi")) == 1


def run_folder(run):
    import inspect

    return inspect.signature(run).parameters["place"].default


def test_a_doi_reserved_on_the_services_pages_is_used(run, stand):
    def reserve(method, path):
        if path.endswith("/pids/doi"):
            only(stand).doi = "10.5281/zenodo.4711"

    stand.before = reserve
    assert run().deposit.identifier == "doi:10.5281/zenodo.4711"


def test_a_changed_digest_is_refused_and_sent_again(run, stand):
    def damage(method, path):
        if path.endswith("toy.onnx/commit"):
            only(stand).files["models/toy.onnx"].content += b"!"

    stand.before = damage
    with pytest.raises(ChecksumMismatch, match=r"models/toy\.onnx arrived changed") as caught:
        run()
    assert caught.value.exit_code == 3
    stand.before = lambda _method, _path: None
    run()
    assert only(stand).published


def test_refused_fields_are_named_with_the_field_of_the_record(run, stand, folder):
    (folder / "CITATION.cff").unlink()
    report = run()
    assert [(item.field, item.record_field) for item in report.faults] == [("metadata.creators", "creators")]
    assert not only(stand).published
    assert not run.asked


def test_a_file_that_is_gone_leaves_the_draft_and_one_of_others_stays(run, stand, folder):
    run(draft=True)
    (folder / "src/toy/train.py").unlink()
    stored = only(stand).files["LICENSE"]
    only(stand).files["added-by-hand.txt"] = type(stored)("added-by-hand.txt", "completed", b"x")
    run(draft=True)
    assert "src/toy/train.py" not in only(stand).files
    assert "added-by-hand.txt" in only(stand).files
    assert any("added-by-hand.txt" in line for line in run.talk)


def test_a_file_whose_answer_was_lost_is_taken_back(run, stand, folder):
    (folder / "private.txt").write_text("x")
    fail_once(stand, "POST", "private.txt/commit", "reset", when="after")
    with pytest.raises(Unreachable):
        run()
    assert only(stand).files["private.txt"].status == "completed"
    report = run(exclude=("private.txt",))
    assert set(only(stand).files) == NAMES
    assert set(report.deposit.files) == NAMES
    assert not any("private.txt" in line for line in run.talk)


def test_a_file_is_taken_back_after_a_second_interrupted_command(run, stand, folder):
    (folder / "private.txt").write_text("x")
    run(draft=True)
    (folder / "LICENSE").write_text("another")
    fail_once(stand, "PUT", "LICENSE/content", "reset")
    with pytest.raises(Unreachable):
        run(draft=True, jobs=1)
    run(exclude=("private.txt",))
    assert set(only(stand).files) == NAMES


def test_a_file_that_is_too_large_can_be_left_out(run, stand, folder):
    (folder / "big.bin").write_bytes(b"x")
    fail_once(stand, "PUT", "big.bin/content", (413, {"message": "Too large"}))
    with pytest.raises(FairregError, match="larger than the service takes"):
        run()
    run(exclude=("big.bin",))
    assert only(stand).published
    assert set(only(stand).files) == NAMES


def test_an_announced_file_of_others_does_not_block_the_draft(run, stand):
    from deposit_stand_in import StoredFile

    run(draft=True)
    only(stand).files["announced.bin"] = StoredFile("announced.bin")
    run()
    assert any("announced.bin was announced" in line for line in run.talk)
    assert only(stand).published
    assert set(only(stand).files) == NAMES


def test_a_file_that_somebody_else_put_into_a_draft_is_in_the_report(run, stand, folder):
    first = run()
    record = only(stand)
    made = stand.new({"metadata": dict(record.document["metadata"])}, of=record)
    stored = record.files["LICENSE"]
    made.files["coauthor.xlsx"] = type(stored)("coauthor.xlsx", "completed", b"x")
    raise_version(folder)
    report = run(version_of=first.deposit.identifier, yes=False)
    assert report.others == ("coauthor.xlsx",)
    assert run.asked[-1].others == ("coauthor.xlsx",)
    assert not made.published


def test_a_file_that_comes_between_question_and_publication_is_not_published(run, stand):
    run(draft=True)
    stored = only(stand).files["LICENSE"]
    seen = []

    def reading(method, path):
        if method == "GET" and path.endswith("/draft/files"):
            seen.append(path)
            if len(seen) == 3:  # upload, the report, and after the question
                only(stand).files["late.txt"] = type(stored)("late.txt", "completed", b"x")

    stand.before = reading
    with pytest.raises(FairregError, match="changed the files of the draft"):
        run()
    assert not only(stand).published


def test_a_changed_file_is_replaced_in_the_draft(run, stand, folder):
    run(draft=True)
    (folder / "LICENSE").write_text("another")
    run(draft=True)
    assert only(stand).files["LICENSE"].content == b"another"
    assert Counter(requests(stand, "LICENSE", "DELETE"))[requests(stand, "LICENSE", "DELETE")[0]] == 1


@pytest.fixture
def parts(monkeypatch):
    monkeypatch.setattr(type(get("zenodo")), "sizes", PartSizes(from_bytes=1000, bytes=400))


@pytest.fixture
def large(tmp_path):
    (tmp_path / "large").mkdir()
    return model_folder(tmp_path / "large", large=1024)


def test_a_large_file_is_sent_in_parts(run, stand, parts, large):
    run(place=large)
    stored = only(stand).files["models/large.safetensors"]
    assert {number: len(part) for number, part in stored.parts.items()} == {1: 400, 2: 400, 3: 224}
    assert stored.content == (large / "models/large.safetensors").read_bytes()


def test_a_service_without_parts_gets_one_piece(run, stand, parts, large):
    stand.multipart = False
    run(place=large)
    assert only(stand).published
    assert any("in one piece" in line for line in run.talk)


@pytest.mark.parametrize("fault", ["reset", (500, REFUSAL)])
def test_a_lost_part_is_sent_again_by_the_next_command(run, stand, parts, large, fault):
    fail_once(stand, "PUT", "content/2", fault)
    with pytest.raises(Unreachable):
        run(place=large)
    run(place=large)
    assert only(stand).published


@pytest.mark.parametrize("size", [1500, 1300, 400])
def test_a_file_in_parts_that_changed_after_an_interruption_is_announced_anew(run, stand, parts, large, size):
    fail_once(stand, "PUT", "content/2", "reset")
    with pytest.raises(Unreachable):
        run(place=large)
    (large / "models/large.safetensors").write_bytes(b"b" * size)
    run(place=large)
    assert only(stand).published
    assert only(stand).files["models/large.safetensors"].content == b"b" * size


def test_a_lost_part_is_repeated_by_itself(run, stand, parts, large):
    fail_once(stand, "PUT", "content/2", "reset")
    run(place=large, retries=1)
    assert only(stand).published


def test_parts_are_not_sent_to_an_address_without_https(run, stand, parts, large, monkeypatch):
    from deposit_stand_in import StoredFile

    entry = StoredFile.entry

    def elsewhere(self, base):
        found = entry(self, base)
        for part in found["links"].get("parts", []):
            part["url"] = "http://store.example.org/part"
        return found

    monkeypatch.setattr(StoredFile, "entry", elsewhere)
    with pytest.raises(FairregError, match="address without https"):
        run(place=large)


def test_an_interrupt_stops_the_others_and_the_same_command_goes_on(run, stand):
    sent = []

    def interrupt(name, _done, _size):
        sent.append(name)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(progress=interrupt)
    assert not stand.published()
    run()
    assert only(stand).published


def interrupted_everywhere(run, stand, model, when):
    """Break each request once, in a folder of its own each time; return the number of requests."""
    count = 0
    while True:
        place = model(count)
        seen = []

        def fault(_method, _path, seen=seen, last=count):
            seen.append(_path)
            return "reset" if len(seen) == last + 1 else None

        stand.records.clear()
        setattr(stand, when, fault)
        try:
            run(place=place)
            broken = len(seen) > count
        except Unreachable:
            broken = True
        setattr(stand, when, lambda _method, _path: None)
        run(place=place)
        (record,) = stand.records.values()
        assert record.published, seen
        assert set(record.files) == {"CITATION.cff", "toy.onnx"}, seen
        for name, stored in record.files.items():
            assert stored.content == (place / name).read_bytes()
        if not broken:
            return count
        count += 1


@pytest.fixture
def small(tmp_path):
    """Makes folders of two files."""
    from support.publishing import CITATION

    def make(number):
        place = tmp_path / f"small{number}"
        place.mkdir()
        (place / "CITATION.cff").write_text(CITATION)
        (place / "toy.onnx").write_bytes(onnx_bytes())
        return place

    return make


@pytest.mark.parametrize("when", [pytest.param("before", marks=pytest.mark.long), "after"])
def test_after_any_lost_request_the_same_command_goes_on(run, stand, small, when):
    """Before: it did not arrive; after: it was carried out, and the answer was lost, as by a kill."""
    assert interrupted_everywhere(run, stand, small, when) >= 9


def test_a_draft_that_was_discarded_is_made_anew(run, stand):
    run(draft=True)
    stand.records.clear()
    run()
    assert only(stand).published
    assert any("is not at Zenodo any more" in line for line in run.talk)


def test_what_was_published_on_the_services_pages_is_not_published_again(run, stand):
    run(draft=True)
    only(stand).published = True
    report = run()
    assert report.deposit.status == "published"
    assert not requests(stand, "actions/publish")


def test_the_token_goes_to_its_own_service_and_nowhere_else(run, stand, folder):
    run()
    assert {item for item in stand.authorizations if item} == {f"Bearer {stand.token}"}
    kept = b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())
    assert stand.token.encode() not in kept
    assert not any(stand.token in line for line in run.talk)


def test_the_sandbox_is_a_service_of_its_own(run, stand):
    variables = {
        "FAIRREG_ZENODO_SANDBOX_URL": f"{stand.base}/zenodo",
        "FAIRREG_ZENODO_URL": "http://127.0.0.1:9",
        "ZENODO_SANDBOX_TOKEN": stand.token,
        "ZENODO_TOKEN": "of-the-real-one",
    }
    report = run(sandbox=True, environment=variables)
    assert report.service == "Zenodo sandbox"
    assert "publish without --sandbox" in report.next_steps[0]


@pytest.mark.parametrize(
    "content",
    [
        b"{",
        b"[]",
        b'{"schema_version": "9.0", "changed": "", "deposits": []}',
        b'{"schema_version": "1.0", "changed": "", "deposits": [{"to": "z", "url": "u", "id": "\\u001b"}]}',
        b"[" * 100_000,
        b" " * (5 << 20),
    ],
)
def test_a_damaged_state_is_refused_before_any_request(run, stand, folder, content):
    (folder / ".fairreg").mkdir()
    (folder / ".fairreg" / "publish.json").write_bytes(content)
    with pytest.raises(FairregError, match="is not a state of fairreg"):
        run()
    assert not stand.asked


def test_a_state_that_names_no_record_of_the_service_is_refused(run, stand, folder):
    state = PublishingState.read(folder)
    state.save(Deposit("zenodo", f"{stand.base}/zenodo", "../../user/records"))
    with pytest.raises(UsageError, match="is not one of Zenodo"):
        run(take_over=True)
    with pytest.raises(UsageError, match="not made from this folder"):
        run()
    assert not stand.asked


def test_a_linked_state_is_not_followed(run, folder, tmp_path):
    (tmp_path / "elsewhere").mkdir()
    (folder / ".fairreg").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(SecurityRefusal, match="is a link"):
        run()


def test_two_commands_do_not_work_on_one_folder(run, stand, folder):
    with PublishingState.read(folder).locked(), pytest.raises(FairregError, match="Another fairreg publish"):
        run()
    assert not stand.asked
    run()


def test_unknown_services_and_folders_are_wrong_usage(run, tmp_path):
    with pytest.raises(UsageError, match="no publisher called 'nowhere'"):
        run(to="nowhere")
    with pytest.raises(UsageError, match="There is no folder"):
        run(place=tmp_path / "absent")
    with pytest.raises(UsageError, match="names its records itself"):
        run(repository="lab/toy")


@pytest.mark.parametrize("to", ["run", "push"])
def test_a_file_that_an_earlier_command_left_out_is_named(request, run, folder, to):
    publish_at = request.getfixturevalue(to)
    (folder / "private.txt").write_text("x")
    publish_at(draft=True, exclude=("private.txt",))
    assert not any("private.txt" in line for line in run.talk)
    publish_at()
    assert any("private.txt was not in the draft before, and is in it now" in line for line in run.talk)


def test_a_doi_that_was_entered_on_the_page_of_the_draft_stays(run, stand, folder):
    run(draft=True)
    (record,) = stand.records.values()
    record.doi, record.external = "10.1234/lab.7", True
    report = run()
    assert (record.published, record.doi) == (True, "10.1234/lab.7")
    assert report.deposit.identifier == "doi:10.1234/lab.7"
    assert "doi: 10.1234/lab.7" in (folder / "CITATION.cff").read_text()
    assert b"10.1234/lab.7" in record.files["CITATION.cff"].content
