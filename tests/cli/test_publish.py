# SPDX-License-Identifier: MIT
"""``fairreg publish`` as a user runs it, and the same command again after a kill."""

import hashlib
import io
import os
import random
import subprocess
import sys

import pytest
from deposit_stand_in import served

from fairreg.services.publish.state import PublishingState
from fairreg.settings import VARIABLES
from support.killing import MAIN, KilledCommand, killed_at
from support.publishing import CITATION, model_folder, onnx_bytes

pytestmark = pytest.mark.engines("sqlite")


@pytest.fixture
def stand(monkeypatch):
    with served() as server:
        yield server


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "toy").mkdir()
    return model_folder(tmp_path / "toy")


@pytest.fixture
def publish(cli, stand, monkeypatch, folder):
    for name, value in stand.settings.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr("sys.stdin", io.StringIO())
    return lambda *more: cli("publish", folder, "--to", "zenodo", *more)


def only(stand):
    (record,) = stand.records.values()
    return record


def test_without_a_terminal_the_draft_is_kept_and_shown(publish, stand):
    result = publish()
    assert result.code == 0
    assert not only(stand).published
    for words in ("A toy tagger", "Rossi, Ada", "MIT", only(stand).doi, "models/toy.onnx", "127 bytes"):
        assert words in result.out, words
    assert ["Access", "public"] in [line.split() for line in result.out.splitlines()]
    assert "Left out: .env (may hold a secret)" in result.err
    assert "The draft is kept, and not public: https://zenodo.org/uploads/" in result.err
    assert "with --yes" in result.err


def test_of_many_files_number_size_and_those_of_the_model_are_shown(publish, folder):
    for number in range(9):
        (folder / f"note{number}.md").write_text("x", "utf-8")
    result = publish("--draft")
    assert next(line for line in result.out.splitlines() if line.startswith("Files ")).split()[1] == "17"
    assert "Model files" in result.out
    assert "models/toy.onnx" in result.out
    assert "note3.md" not in result.out
    digest = hashlib.sha256((folder / "models" / "toy.onnx").read_bytes()).hexdigest()
    assert digest not in result.out
    whole = publish("--draft", "--verbose")
    assert "note3.md" in whole.out
    assert digest in whole.out


def test_yes_publishes_and_says_what_is_next(publish, stand):
    result = publish("--yes")
    assert result.code == 0
    assert only(stand).published
    assert "published" in result.out
    assert f"fairreg assess {only(stand).doi}" in result.err


def test_an_access_that_is_not_understood_is_said_and_nothing_is_published(publish, stand, folder):
    (folder / ".zenodo.json").write_text('{"access_right": "restricted",}')
    result = publish("--yes")
    assert result.code == 1
    assert "access: .zenodo.json cannot be read, and may restrict the access" in result.err
    assert not only(stand).published


def test_json_is_one_document_and_asks_nothing(publish, stand):
    result = publish("--json")
    assert (result.code, result.document) == (0, "publish")
    assert result.json["status"] == "draft"
    assert result.json["doi"] == only(stand).doi
    assert result.json["access"] == "public"
    assert all(item["verified"] for item in result.json["files"])
    assert publish("--json", "--yes").json["status"] == "published"


class Terminal:
    """Standard input of a terminal at which somebody types one line."""

    def __init__(self, line):
        self._lines = [line]

    def isatty(self):
        return True

    def readline(self):
        return self._lines.pop(0)


def add_by_hand(stand, name):
    record = only(stand)
    stored = record.files["LICENSE"]
    record.files[name] = type(stored)(name, "completed", b"theirs")


def test_files_of_somebody_else_are_listed_and_yes_alone_does_not_publish_them(publish, stand, monkeypatch):
    publish("--draft")
    add_by_hand(stand, "coauthor.xlsx")
    refused = publish("--yes")
    assert refused.code == 1
    assert "The draft also holds coauthor.xlsx, not of this folder" in refused.err
    assert not only(stand).published
    assert publish("--json").json["other_files"] == ["coauthor.xlsx"]
    monkeypatch.setattr("sys.stdin", Terminal("y\n"))
    shown = publish()
    assert "coauthor.xlsx (in the draft, not of this folder; published with it)" in " ".join(
        shown.out.split()
    )
    assert only(stand).published


def test_yes_alone_does_not_publish_a_citation_with_another_doi(publish, stand, folder, monkeypatch):
    text = (folder / "CITATION.cff").read_text("utf-8")
    (folder / "CITATION.cff").write_text(f"{text}doi: 10.1103/PhysRevD.1\n", "utf-8")
    refused = publish("--yes")
    assert refused.code == 1
    assert "CITATION.cff would be published without 10.5281/zenodo." in refused.err
    assert "it has the DOI 10.1103/physrevd.1" in refused.err
    assert not only(stand).published
    monkeypatch.setattr("sys.stdin", Terminal("y\n"))
    publish()
    assert only(stand).published


@pytest.mark.parametrize(("typed", "published"), [("y\n", True), ("n\n", False), ("\n", False)])
def test_a_terminal_is_asked_after_it_has_seen_the_draft(publish, stand, monkeypatch, typed, published):
    monkeypatch.setattr("sys.stdin", Terminal(typed))
    result = publish()
    assert result.code == 0
    assert only(stand).published is published
    assert "It cannot be undone" in result.err
    assert result.out.count("A toy tagger") == 1


@pytest.mark.parametrize(("end", "code"), [(EOFError, 0), (KeyboardInterrupt, 130)])
def test_a_question_that_is_broken_off_keeps_the_draft_and_names_it(publish, stand, monkeypatch, end, code):
    class Ended(Terminal):
        def readline(self):
            raise end

    monkeypatch.setattr("sys.stdin", Ended(""))
    result = publish()
    assert result.code == code
    assert "The draft is kept" in result.err
    assert f"https://zenodo.org/uploads/{only(stand).doi.rpartition('.')[2]}" in result.err
    assert ("so nothing became public" in result.err) == (end is KeyboardInterrupt)
    assert not only(stand).published


def test_yes_alone_publishes_nothing_without_a_licence(publish, stand, folder, monkeypatch):
    text = (folder / "CITATION.cff").read_text("utf-8")
    (folder / "CITATION.cff").write_text(text.replace("license: MIT\n", ""), "utf-8")
    card = (folder / "README.md").read_text("utf-8")
    (folder / "README.md").write_text(card.replace("license: mit\n", ""), "utf-8")
    (folder / "LICENSE").unlink()
    refused = publish("--yes")
    assert refused.code == 1
    assert "No file states a licence, so nobody may use what is published." in refused.err
    assert "--yes alone does not publish that." in refused.err
    assert not only(stand).published
    monkeypatch.setattr("sys.stdin", Terminal("y\n"))
    shown = publish()
    assert "Note: No file states a licence" in shown.err
    assert only(stand).published


def test_reserve_only_writes_the_doi_and_sends_no_file(publish, stand, folder):
    result = publish("--reserve-only")
    assert result.code == 0
    assert f"doi: {only(stand).doi}" in (folder / "CITATION.cff").read_text()
    assert not only(stand).files


def test_refused_metadata_are_told_field_by_field(publish, stand, folder):
    (folder / "CITATION.cff").unlink()
    result = publish("--yes")
    assert result.code == 1
    assert "metadata.creators (from creators): Missing data for required field" in result.err
    assert not only(stand).published


def test_a_draft_may_be_incomplete(publish, stand, folder):
    (folder / "CITATION.cff").unlink()
    result = publish("--draft")
    assert result.code == 0
    assert "Missing before the publication: metadata.creators (from creators)" in result.err


@pytest.mark.parametrize(
    ("options", "code", "words"),
    [
        (("--yes", "--draft"), 2, "Choose one"),
        (("--new-version-of", "no identifier at all"), 2, "identifier"),
        (("--repository", "lab/toy"), 2, "names its records itself"),
        (("--exclude", "*"), 2, "no files to publish"),
    ],
)
def test_wrong_usage_is_told_before_anything_is_sent(publish, stand, options, code, words):
    result = publish(*options)
    assert result.code == code
    assert words in result.err
    assert not stand.asked


def test_another_service_is_named_wrongly(cli, folder):
    result = cli("publish", folder, "--to", "nowhere")
    assert result.code == 2
    assert "zenodo" in result.err


def test_a_missing_token_names_its_variable_and_scopes(publish, monkeypatch):
    monkeypatch.delenv("ZENODO_TOKEN")
    result = publish()
    assert result.code == 1
    for words in ("ZENODO_TOKEN", "deposit:write", "deposit:actions"):
        assert words in result.err


def test_a_service_that_is_not_there_is_exit_4(publish, monkeypatch):
    monkeypatch.setenv("FAIRREG_ZENODO_URL", "http://127.0.0.1:9")
    result = publish("--yes")
    assert result.code == 4
    assert result.err.count("Error:") == 1


def test_foreign_texts_do_not_control_the_terminal(publish, stand, folder):
    text = CITATION.replace("A toy tagger", "A toy \\u202e\\x1b[31m tagger")
    (folder / "CITATION.cff").write_text(text)
    (folder / "fair4ml.jsonld").unlink()
    result = publish("--draft")
    assert result.code == 0
    assert "\x1b[31m" not in result.out + result.err
    assert "\u202e" not in result.out + result.err


def test_what_is_published_can_be_fetched_and_run(publish, cli, stand):
    publish("--yes")
    result = cli("fetch", only(stand).doi, "--file", "models/toy.onnx", "--json")
    assert result.code == 0, result.err
    (file,) = result.json["files"]
    assert (file["name"], file["verified"]) == ("models/toy.onnx", True)
    assert cli("show", only(stand).doi).code == 0


# --- kills --------------------------------------------------------------------------------------------------


@pytest.fixture
def small(tmp_path):
    """Makes folders of two files."""

    def make(name):
        place = tmp_path / name
        place.mkdir()
        (place / "CITATION.cff").write_text(CITATION)
        (place / "toy.onnx").write_bytes(onnx_bytes())
        return place

    return make


def surroundings(stand, tmp_path):
    kept = {name: value for name, value in os.environ.items() if name not in VARIABLES}
    return {**kept, **stand.settings, "FAIRREG_HOME": str(tmp_path / "home"), "OMP_NUM_THREADS": "1"}


def command(place):
    options = ("--to", "zenodo", "--jobs", "1", "--yes", "--no-assess")
    return [sys.executable, "-c", MAIN, "publish", str(place), *options]


def finished(stand, tmp_path, place):
    """The same command again: one record, each file once, and it is public because the command says so."""
    done = subprocess.run(
        command(place),
        env=surroundings(stand, tmp_path),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    record = only(stand)
    assert record.published
    assert {name: item.content for name, item in record.files.items()} == {
        name: (place / name).read_bytes() for name in ("CITATION.cff", "toy.onnx")
    }
    assert [item.status for item in PublishingState.read(place).deposits] == ["published"]


# In the usual run: the draft was made and its answer lost; a file was sent and not completed.
USUAL = [(0, "after"), (4, "after")]


@pytest.mark.parametrize(("number", "when"), USUAL)
def test_a_command_killed_at_a_request_goes_on(stand, tmp_path, small, number, when):
    place = small("toy")
    assert killed_at(stand, command(place), surroundings(stand, tmp_path), number, when)
    assert not stand.published()
    finished(stand, tmp_path, place)


@pytest.mark.long
@pytest.mark.parametrize("when", ["before", "after"])
def test_a_command_killed_at_any_request_goes_on(stand, tmp_path, small, when):
    for number in range(100):
        stand.records.clear()
        place = small(f"toy{number}")
        killed = killed_at(stand, command(place), surroundings(stand, tmp_path), number, when)
        finished(stand, tmp_path, place)
        if not killed:
            break
    assert 9 <= number < 50


@pytest.mark.long
def test_a_command_killed_at_any_moment_goes_on(stand, tmp_path, small):
    moments = random.Random(19)
    for number in range(20):
        stand.records.clear()
        place = small(f"toy{number}")
        begun = place / ".fairreg"
        running = KilledCommand(command(place)[3:], surroundings(stand, tmp_path), begun.exists)
        running.kill(moments.uniform(0, 0.5))
        finished(stand, tmp_path, place)
