# SPDX-License-Identifier: MIT
"""What huggingface_hub has on this machine is not downloaded again."""

import hashlib
from pathlib import Path

import huggingface_hub.constants
import pytest

from fairreg.schemas.record import Distribution
from fairreg.services.fetch.hub_cache import hub_copy

COMMIT = "1" * 40
CONTENT = b"weights of a tagger"


@pytest.fixture
def hub_folder(tmp_path, monkeypatch):
    """A cache in huggingface_hub's layout, and a function that puts a file into it."""
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_CACHE", str(tmp_path / "hub"))

    def put(name, content):
        path = tmp_path / "hub" / "models--lab--tagger" / "snapshots" / COMMIT / name
        path.parent.mkdir(parents=True)
        path.write_bytes(content)

    return put


@pytest.fixture
def serve(httpserver):
    """The repository, written by hand after the documented shape; its file only where `content` is given."""

    def repository(content=None):
        lfs = {"sha256": hashlib.sha256(CONTENT).hexdigest(), "size": len(CONTENT)}
        file = {"rfilename": "sub/model.bin", "size": len(CONTENT), "lfs": lfs}
        info = {"id": "lab/tagger", "modelId": "lab/tagger", "sha": COMMIT, "private": False, "gated": False}
        httpserver.expect_request("/huggingface/api/models/lab/tagger").respond_with_json(
            {**info, "tags": [], "siblings": [file]}
        )
        if content is not None:
            address = f"/huggingface/lab/tagger/resolve/{COMMIT}/sub/model.bin"
            httpserver.expect_request(address).respond_with_data(content)

    return repository


def test_a_file_in_the_cache_of_huggingface_hub_is_taken_and_verified(cli, hub_folder, serve):
    serve()
    hub_folder("sub/model.bin", CONTENT)
    document = cli("fetch", "huggingface:lab/tagger", "--json").json
    (file,) = document["files"]
    assert file["verified"]
    assert file["checksum"] == f"sha256:{hashlib.sha256(CONTENT).hexdigest()}"
    assert Path(file["path"]).read_bytes() == CONTENT


def test_a_file_that_was_changed_there_is_downloaded_instead(cli, hub_folder, serve):
    serve(CONTENT)
    hub_folder("sub/model.bin", b"weights of a forger")
    (file,) = cli("fetch", "huggingface:lab/tagger", "--json").json["files"]
    assert Path(file["path"]).read_bytes() == CONTENT


@pytest.mark.parametrize("inside", [True, False])
def test_a_name_there_is_a_link_which_may_not_lead_out(hub_folder, tmp_path, inside):
    hub_folder("sub/model.bin", CONTENT)
    (path,) = (tmp_path / "hub").rglob("model.bin")
    target = (tmp_path / "hub" if inside else tmp_path) / "blob"
    path.replace(target)
    path.symlink_to(target)
    address = f"https://huggingface.co/lab/tagger/resolve/{COMMIT}/sub/model.bin"
    assert hub_copy(Distribution(name="sub/model.bin", url=address)) == (path if inside else None)
