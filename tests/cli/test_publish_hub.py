# SPDX-License-Identifier: MIT
"""``fairreg publish --to huggingface`` as a user runs it, and the same command again after a kill."""

import io
import os
import subprocess
import sys

import pytest
from hub_stand_in import served

from fairreg.services.publish.state import PublishingState
from fairreg.settings import VARIABLES
from support.killing import MAIN, killed_at
from support.publishing import CITATION, model_folder, onnx_bytes

pytestmark = pytest.mark.engines("sqlite")


@pytest.fixture
def hub():
    with served() as server:
        yield server


@pytest.fixture
def publish(cli, hub, monkeypatch, tmp_path):
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_DISABLE_XET", True)
    monkeypatch.setattr("sys.stdin", io.StringIO())
    for name, value in hub.settings.items():
        monkeypatch.setenv(name, value)
    (tmp_path / "toy").mkdir()
    folder = model_folder(tmp_path / "toy")
    return lambda *more: cli("publish", folder, "--to", "huggingface", *more)


def only(hub):
    (repository,) = hub.repositories.values()
    return repository


def test_a_draft_is_private_and_shown(publish, hub):
    result = publish("--repository", "lab/toy")
    assert result.code == 0
    assert only(hub).private
    assert f"The draft is kept, and not public: {hub.base}/lab/toy" in result.err
    assert "models/toy.onnx" in result.out


def test_yes_publishes_and_json_is_one_document(publish, hub):
    result = publish("--repository", "lab/toy", "--yes", "--no-assess", "--json")
    assert (result.code, result.document) == (0, "publish")
    assert (result.json["status"], result.json["identifier"]) == ("published", "huggingface:lab/toy")
    assert all(item["verified"] for item in result.json["files"])
    assert any(f"{hub.base}/lab/toy/settings" in step for step in result.json["next_steps"])
    assert not only(hub).private


def test_a_publication_at_the_hub_is_assessed_and_found(publish, cli, hub):
    result = publish("--repository", "lab/toy", "--yes")
    assert result.code == 0
    assert "FAIR score: " in result.err
    assert "Missing, " in result.err
    assert "huggingface:lab/toy" in cli("search", "toy").out
    fetched = cli("fetch", "huggingface:lab/toy", "--file", "models/toy.onnx", "--json")
    assert [item["verified"] for item in fetched.json["files"]] == [True]


def test_without_a_name_the_option_is_named(publish, hub):
    result = publish()
    assert result.code == 2
    assert "--repository owner/name" in result.err
    assert not hub.asked


# --- kills --------------------------------------------------------------------------------------------------


@pytest.fixture
def killed(hub, tmp_path):
    """Kill the command at a request; then the same command ends: one commit, one tag, and it is public."""
    kept = {name: value for name, value in os.environ.items() if name not in VARIABLES}
    own = {"FAIRREG_HOME": str(tmp_path / "home"), "OMP_NUM_THREADS": "1"}
    environment = {**kept, **hub.settings, **own}

    def run(number, when):
        hub.repositories.clear()
        place = tmp_path / f"toy{number}"
        place.mkdir()
        (place / "CITATION.cff").write_text(CITATION)
        (place / "README.md").write_text("---\nlicense: mit\n---\n# A toy tagger\n")
        (place / "toy.onnx").write_bytes(onnx_bytes(f"toy{number}"))
        options = ("--to", "huggingface", "--repository", "toy", "--yes", "--no-assess")
        words = [sys.executable, "-c", MAIN, "publish", str(place), *options]
        found = killed_at(hub, words, environment, number, when)
        state = PublishingState.read(place).deposits
        done = subprocess.run(
            words, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        assert not only(hub).private
        assert len(only(hub).commits) == 2
        assert only(hub).tags == {"v1.0": only(hub).head}
        assert only(hub).files["toy.onnx"] == (place / "toy.onnx").read_bytes()
        assert [item.status for item in PublishingState.read(place).deposits] == ["published"]
        return found, state

    return run


def test_a_command_killed_after_its_commit_goes_on(killed):
    # After the account, the repository, two upload modes, the batch, the content and the card.
    found, state = killed(6, "after")
    assert found
    assert [item.status for item in state] == ["draft"]


@pytest.mark.long
@pytest.mark.parametrize("when", ["before", "after"])
def test_a_command_killed_at_any_request_goes_on(killed, when):
    for number in range(50):
        if not killed(number, when)[0]:
            break
    assert 7 <= number < 30
