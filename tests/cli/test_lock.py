# SPDX-License-Identifier: MIT
"""`fairreg lock` and `fairreg verify`: what was pinned, and what of it has changed at its source."""

import json

import pytest

from fairreg.services.lock import lock as lock_service
from support.changing_records import ChangingRecord, ChangingZenodo
from support.networks import SMALL, random_tensors
from support.weight_files import Files

pytestmark = pytest.mark.engines("sqlite")


def weights(seed=1):
    return Files().legacy(random_tensors(SMALL, seed=seed))


@pytest.fixture
def record():
    """A record without a readable model: its assessment is quick."""
    return ChangingRecord(8000001, {"a.txt": b"one", "b.txt": b"two"})


@pytest.fixture
def zenodo(httpserver, record):
    return ChangingZenodo(httpserver, record, ChangingRecord(8000002, {"c.txt": b"three"}))


@pytest.fixture
def lock(tmp_path):
    return tmp_path / "fairreg.lock"


@pytest.fixture
def locked(cli, zenodo, record, lock):
    """The file with the first record locked."""
    made = cli("lock", record.doi, "--output", lock)
    assert made.code == 0, made.err
    return lock


@pytest.fixture
def verify(cli, locked):
    """Verify the lock; gives the result, and the only model in its document."""

    def run():
        found = cli("verify", locked, "--json")
        (model,) = found.json["models"]
        assert found.json["exit_code"] == found.code
        assert found.json["as_locked"] == model["as_locked"] == (found.code == 0)
        return found, model

    return run


@pytest.fixture
def another_home(monkeypatch, tmp_path):
    """Another machine: an empty home; gives a function that moves there."""

    def move():
        monkeypatch.setenv("FAIRREG_HOME", str(tmp_path / "elsewhere"))
        monkeypatch.setenv("FAIRREG_DATABASE_URL", f"sqlite:///{tmp_path}/elsewhere/registry.sqlite")

    return move


def statuses(model):
    return {item["name"]: item["status"] for item in model["files"]}


def test_one_byte_one_field_and_one_score_are_each_named_here_and_on_another_machine(
    cli, httpserver, lock, another_home
):
    record = ChangingRecord(8000001, {"tagger.pth": weights(), "README.md": b"# Tagger"})
    ChangingZenodo(httpserver, record)
    assert cli("lock", record.doi, "--output", lock).code == 0
    assert cli("verify", lock).code == 0
    content = bytearray(record.files["README.md"])
    content[-1] ^= 1
    record.files["README.md"] = bytes(content)
    record.metadata["license"] = {"id": "other-open"}  # a field, and the verdict on it
    found = cli("verify", lock, "--json")
    assert found.code == 3, found.err
    (model,) = found.json["models"]
    assert statuses(model) == {"README.md": "changed", "tagger.pth": "same"}
    assert {item["field"] for item in model["metadata"]} == {"license", "license_stated"}
    assert ("R1.1-3", "partial", "fail") in {
        (item["id"], item["first"], item["second"]) for item in model["scores"]["changed"]
    }
    told = cli("verify", lock)
    assert told.code == 3
    for words in ("~ README.md: ", "- license: MIT", "~ R1.1-3 partial -> fail", "= tagger.pth"):
        assert words in told.out
    another_home()
    there, told_there = cli("verify", lock, "--json"), cli("verify", lock)
    assert (there.code, there.json) == (found.code, found.json)
    assert (told_there.code, told_there.out) == (told.code, told.out)


def test_a_lock_has_the_same_bytes_on_another_machine_and_in_any_order(
    cli, zenodo, record, lock, tmp_path, another_home, monkeypatch
):
    monkeypatch.setattr(lock_service, "now", lambda: "2026-01-31T00:00:00+00:00")  # midnight may come between
    assert cli("lock", record.doi, "zenodo.8000002", "--output", lock).code == 0
    another_home()
    again = cli(
        "lock", "https://zenodo.org/records/8000002", record.doi, "--output", tmp_path / "2", "--json"
    )
    assert again.code == 0, again.err
    assert (tmp_path / "2").read_bytes() == lock.read_bytes()
    assert json.loads(lock.read_bytes()) == again.json
    assert str(tmp_path) not in lock.read_text("utf-8")
    assert "localhost" not in lock.read_text("utf-8")


def test_nothing_has_changed(verify):
    found, model = verify()
    assert found.code == 0, found.err
    assert statuses(model) == {"a.txt": "same", "b.txt": "same"}
    assert (model["metadata"], model["weights"], model["notes"]) == ([], [], [])
    assert model["scores"]["changed"] == []


def test_what_is_in_the_cache_is_not_downloaded_again(verify, zenodo):
    zenodo.requested.clear()
    verify()
    assert not any("/content" in path for path in zenodo.requested)


def test_a_doi_of_all_versions_is_pinned_to_its_version(cli, zenodo, record, lock):
    assert cli("lock", record.concept, record.doi, "--output", lock).code == 0
    (model,) = json.loads(lock.read_bytes())["models"]
    assert model["identifier"] == f"doi:{record.doi}"
    assert (model["asked"], model["concept_doi"]) == ([f"doi:{record.concept}"], record.concept)


def test_files_that_are_new_gone_or_renamed_are_other_bytes(cli, verify, record, lock):
    record.files = {"a.txt": b"one", "renamed.txt": b"two", "new.txt": b"4"}
    found, model = verify()
    assert found.code == 3
    assert statuses(model) == {"a.txt": "same", "b.txt": "renamed", "new.txt": "only in second"}
    assert "1 renamed, 1 only in the record, 1 same" in cli("verify", lock).out
    del record.files["renamed.txt"]
    assert statuses(verify()[1])["b.txt"] == "only in first"


def test_bytes_that_are_not_those_that_the_record_states_are_named_file_by_file(cli, verify, record):
    cli("cache", "clear", "--yes")
    record.forged = {"a.txt": b"ONE", "b.txt": b"TWO"}
    found, model = verify()
    assert found.code == 3
    assert statuses(model) == {"a.txt": "changed", "b.txt": "changed"}
    assert all("the record states" in item["reason"] for item in model["files"])


def test_a_file_without_a_published_digest_is_downloaded_again(cli, zenodo, record, lock):
    record.states_digests = False
    assert cli("lock", record.doi, "--output", lock).code == 0
    assert cli("verify", lock).code == 0
    record.files["a.txt"] = b"ONE"  # of the same size: the record is as it was
    found = cli("verify", lock, "--json")
    assert found.code == 3
    assert statuses(found.json["models"][0]) == {"a.txt": "changed", "b.txt": "same"}
    assert cli("lock", record.doi, "--output", lock).code == 0
    assert cli("verify", lock).code == 0


@pytest.mark.parametrize("field", ["metadata", "scores"])
def test_metadata_or_scores_alone_end_with_5(verify, record, field):
    record.metadata["license" if field == "scores" else "version"] = "v2" if field == "metadata" else None
    found, model = verify()
    assert found.code == 5, found.err
    assert set(statuses(model).values()) == {"same"}
    assert model["metadata"]
    assert bool(model["scores"]["changed"]) or field == "metadata"


def test_replaced_weights_are_said_to_be_retrained(cli, httpserver, lock):
    record = ChangingRecord(8000001, {"tagger.pth": weights(1)})
    ChangingZenodo(httpserver, record)
    cli("lock", record.doi, "--output", lock)
    record.files["tagger.pth"] = weights(2)
    found = cli("verify", lock, "--json")
    assert found.code == 3
    assert [item["status"] for item in found.json["models"][0]["weights"]] == ["retrained"]


def test_a_withdrawn_record_is_reported_and_the_others_are_still_checked(cli, zenodo, record, lock):
    assert cli("lock", record.doi, "zenodo.8000002", "--output", lock).code == 0
    record.withdrawn = True
    zenodo.records[8000002].metadata["version"] = "v9"
    found = cli("verify", lock, "--json")
    assert found.code == 1
    gone, other = found.json["models"]
    assert "withdrawn" in gone["fault"]
    assert gone["scores"] is None
    assert {item["reason"] for item in gone["files"]} == {"the copy in the cache is the locked file"}
    assert [item["field"] for item in other["metadata"]] == ["version"]


def test_a_source_that_does_not_answer_stops_nothing(cli, zenodo, record, lock):
    assert cli("lock", record.doi, "--output", lock).code == 0
    zenodo.down = {"zenodo"}
    found = cli("verify", lock, "--json")
    assert found.code == 4
    (model,) = found.json["models"]
    assert statuses(model) == {"a.txt": "not compared", "b.txt": "not compared"}
    assert model["notes"] == ["Metadata and scores were not compared."]


def test_offline_only_the_cache_tells_and_what_was_not_checked_is_said(cli, verify, monkeypatch):
    monkeypatch.setenv("FAIRREG_OFFLINE", "1")
    found, model = verify()
    assert found.code == 4
    assert "Offline" in model["fault"] or "offline" in model["fault"]
    assert {item["reason"] for item in model["files"]} == {"the copy in the cache is the locked file"}
    cli("cache", "clear", "--yes")
    assert {item["reason"] for item in verify()[1]["files"]} == {"no copy is in the cache"}


def test_offline_a_later_fetch_shows_that_the_file_was_replaced(cli, verify, record, monkeypatch):
    record.files["a.txt"] = b"ONE"
    assert cli("fetch", record.doi).code == 0
    cli("cache", "clear", "--yes")
    assert cli("fetch", record.doi).code == 0
    monkeypatch.setenv("FAIRREG_OFFLINE", "1")
    found, model = verify()
    assert found.code == 3
    assert statuses(model) == {"a.txt": "changed", "b.txt": "not compared"}


def test_a_verdict_that_a_silent_service_leaves_open_is_no_changed_score(verify, zenodo):
    zenodo.down = {"datacite"}
    found, model = verify()
    assert found.code == 4, found.err
    assert model["scores"]["not_checked"]
    assert model["scores"]["changed"] == []
    assert "did not answer" in " ".join(model["notes"])


def test_restricted_files_cannot_be_locked_and_are_reported_later(cli, verify, record, lock, tmp_path):
    record.metadata["access_right"] = "restricted"
    record.files = {}
    found, model = verify()
    assert found.code == 1  # nobody says that they have changed
    assert statuses(model) == {"a.txt": "not compared", "b.txt": "not compared"}
    assert all("restricted" in item["reason"] for item in model["files"])
    assert "access" in {item["field"] for item in model["metadata"]}
    made = cli("lock", record.doi, "--output", tmp_path / "other.lock")
    assert made.code == 1
    assert not (tmp_path / "other.lock").exists()


def test_a_record_without_files_has_lost_the_locked_ones(verify, record):
    record.files = {}
    found, model = verify()
    assert found.code == 3
    assert statuses(model) == {"a.txt": "only in first", "b.txt": "only in first"}


def test_every_model_that_cannot_be_locked_is_named_and_nothing_is_written(cli, zenodo, record, lock):
    lock.write_text('{"schema_version": "1.0", "models": []}', "utf-8")
    made = cli("lock", record.doi, "zenodo.8000009", "zenodo.8000008", "--output", lock)
    assert made.code == 1
    for number in ("8000008", "8000009"):
        assert f"zenodo.{number} cannot be locked: " in made.err
    assert json.loads(lock.read_bytes())["models"] == []


def test_without_its_source_a_model_is_not_locked_though_it_is_in_the_cache(cli, zenodo, record, lock):
    cli("fetch", record.doi)
    zenodo.down = {"zenodo"}
    assert cli("lock", record.doi, "--output", lock).code == 4
    assert not lock.exists()


def test_an_interrupt_leaves_the_earlier_lock(cli, locked, record, monkeypatch):
    before = locked.read_bytes()
    record.files["a.txt"] = b"ONE"

    def interrupted(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(lock_service, "assessed", interrupted)
    assert cli("lock", record.doi, "--output", locked).code == 130
    assert locked.read_bytes() == before
    assert [path.name for path in locked.parent.glob("*.part")] == []


def test_a_file_that_is_no_lock_is_not_replaced(cli, zenodo, record, tmp_path):
    mine = tmp_path / "model.onnx"
    mine.write_bytes(b"precious")
    zenodo.requested.clear()
    made = cli("lock", record.doi, "--output", mine)
    assert made.code == 2
    assert "no lock file" in made.err
    assert mine.read_bytes() == b"precious"
    assert zenodo.requested == []  # before anything is downloaded


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (lambda text: text[:-20], "not JSON"),
        (lambda text: "[]", "not a JSON object"),
        (lambda text: text.replace('"schema_version": "1.0"', '"schema_version": "2.0"'), "Upgrade fairreg"),
        (lambda text: text.replace('"schema_version": "1.0"', '"schema_version": "1.1"'), "reads up to 1.0"),
        (lambda text: text.replace('"schema_version": "1.0",', ""), "states no schema_version"),
        (lambda text: text.replace('"v0.1.1"', '"v0.1.2"'), "not those of their digest"),
        (lambda text: text.replace('"size": 3', '"size": -3', 1), "size"),
        (lambda text: text.replace('"files"', '"fires"', 1), "fires"),
    ],
    ids=["cut", "list", "newer", "newer minor", "no version", "edited", "negative size", "unknown key"],
)
def test_a_damaged_or_newer_lock_is_wrong_usage(cli, locked, damage, words):
    text = locked.read_text("utf-8")
    assert damage(text) != text
    locked.write_text(damage(text), "utf-8")
    found = cli("verify", locked)
    assert (found.code, found.out) == (2, "")
    assert words in found.err


def test_a_missing_lock_says_how_to_make_one(cli, tmp_path):
    found = cli("verify", tmp_path / "none.lock")
    assert found.code == 2
    assert "fairreg lock PID" in found.err


def test_a_folder_is_not_a_lock_file_and_the_lock_in_it_is_named(cli, tmp_path):
    empty = cli("verify", tmp_path)
    assert empty.code == 2
    assert f"{tmp_path} is a folder, not a lock file." in " ".join(empty.err.split())
    assert "Make one with fairreg lock PID." in empty.err
    (tmp_path / "fairreg.lock").write_text("{}", "utf-8")
    assert f"fairreg verify {tmp_path / 'fairreg.lock'}" in " ".join(cli("verify", tmp_path).err.split())
