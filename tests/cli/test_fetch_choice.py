# SPDX-License-Identifier: MIT
"""Which files come: members of archives, exclusions, and the list before a download."""

import hashlib

import numpy as np
import pytest

import fairreg
from fairreg.errors import NotFound
from fairreg.services.registry.shared_engine import close
from support import hub, zenodo_files
from support.networks import SMALL, random_tensors
from support.side_file_graphs import X, outputs, save_external
from support.weight_files import Files
from support.zenodo_files import packed

pytestmark = pytest.mark.engines("sqlite")


@pytest.fixture
def weights():
    return Files().legacy(random_tensors(SMALL))


@pytest.fixture
def pid(httpserver, weights, tmp_path):
    """A record with a file of weights, two texts and an archive with an ONNX model in two files."""
    graph, side = save_external(tmp_path / "made" / "tagger.onnx")
    members = {
        "top/tagger.onnx": graph,
        "top/tagger.onnx.data": side,
        "top/notes.txt": b"notes",
        "x.txt": b"x",
    }
    files = [
        ("a.pth", weights),
        ("notes.txt", b"others"),
        ("README.md", b"# R"),
        ("all.zip", packed(members)),
    ]
    return zenodo_files.serve(httpserver, files)


def names(folder):
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


def downloads(httpserver):
    return [request.path for request, _ in httpserver.log if request.path.endswith("/content")]


def test_a_member_of_an_archive_is_put_there_and_not_its_archive(cli, pid, tmp_path):
    result = cli("fetch", pid, "--file", "*.onnx", "--output", tmp_path / "out", "--json")
    assert result.code == 0, result.err
    assert names(tmp_path / "out") == ["tagger.onnx", "tagger.onnx.data"]
    (weight_file,) = result.json["weight_files"]
    assert weight_file["path"] == str(tmp_path / "out" / "tagger.onnx")
    members = {item["name"]: (item["archive"], item["path"], item["size"]) for item in result.json["members"]}
    size = (tmp_path / "out" / "tagger.onnx").stat().st_size
    assert members["top/tagger.onnx"] == ("all.zip", weight_file["path"], size)
    assert [item["name"] for item in result.json["files"]] == ["all.zip"]


def test_such_a_copy_runs(cli, pid, tmp_path):
    cli("fetch", pid, "--file", "tagger.onnx", "--output", tmp_path / "out")
    np.savez(tmp_path / "x.npz", x=X)
    arguments = ["--input", tmp_path / "x.npz", "--output", tmp_path / "y.npz"]
    result = cli("run", tmp_path / "out" / "tagger.onnx", *arguments)
    assert result.code == 0, result.err
    np.testing.assert_allclose(np.load(tmp_path / "y.npz")["y"], outputs(), atol=1e-6)


def test_any_member_can_be_asked_for(cli, pid, tmp_path):
    result = cli("fetch", pid, "--file", "x.txt", "--output", tmp_path / "out")
    assert result.code == 0, result.err
    assert names(tmp_path / "out") == ["x.txt"]
    assert "(1 byte, from all.zip)" in result.out


def test_a_file_of_the_record_goes_before_members(cli, pid, tmp_path, httpserver):
    assert cli("fetch", pid, "--file", "notes.txt", "--output", tmp_path / "out").code == 0
    assert (tmp_path / "out" / "notes.txt").read_bytes() == b"others"
    assert len(downloads(httpserver)) == 1


def test_members_and_files_of_one_name_land_apart(cli, httpserver, tmp_path):
    files = [("one.zip", packed({"d/a.csv": b"1"})), ("two.zip", packed({"d/a.csv": b"2", "A.csv": b"3"}))]
    pid = zenodo_files.serve(httpserver, files)
    result = cli("fetch", pid, "--file", "*.csv", "--output", tmp_path / "out", "--json")
    assert result.code == 0, result.err
    paths = [path for path in (tmp_path / "out").rglob("*") if path.is_file()]
    assert sorted(path.read_bytes() for path in paths) == [b"1", b"2", b"3"]
    assert len({str(path).casefold() for path in paths}) == 3


def test_the_document_names_folders_and_weight_files(cli, pid, settings, weights, tmp_path):
    (tmp_path / "a.pth").write_bytes(weights)
    document = cli("fetch", pid, "--json").json
    (folder,) = document["folders"]
    assert folder["archive"] == "all.zip"
    assert folder["path"].startswith(str(settings.cache / "extracted"))
    found = {item["name"]: item for item in document["weight_files"]}
    assert set(found) == {"a.pth", "top/tagger.onnx"}
    assert found["a.pth"]["format"] == "legacy_torch"
    assert found["a.pth"]["fingerprint"] == fairreg.fingerprint(tmp_path / "a.pth")
    assert found["top/tagger.onnx"]["format"] == "onnx"
    assert found["top/tagger.onnx"]["fingerprint"] == fairreg.fingerprint(found["top/tagger.onnx"]["path"])
    assert document["members"] == []


def test_excluded_files_are_not_downloaded(cli, pid, tmp_path, httpserver):
    arguments = ["--exclude", "*.zip", "--exclude", "README*", "--output", tmp_path / "out"]
    result = cli("fetch", pid, *arguments)
    assert result.code == 0, result.err
    assert names(tmp_path / "out") == ["a.pth", "notes.txt"]
    assert len(downloads(httpserver)) == 2


def test_excluded_members_are_not_given(cli, pid, tmp_path):
    result = cli("fetch", pid, "--file", "*.onnx*", "--exclude", "*.data", "--output", tmp_path / "out")
    assert result.code == 0, result.err
    assert names(tmp_path / "out") == ["tagger.onnx"]


def test_an_excluded_side_file_does_not_come_with_its_model(cli, httpserver, tmp_path):
    graph, side = save_external(tmp_path / "made" / "tagger.onnx")
    pid = hub.serve(httpserver, "lab/tagger", {"tagger.onnx": graph, "tagger.onnx.data": side})
    assert (
        cli("fetch", pid, "--file", "*.onnx", "--exclude", "*.data", "--output", tmp_path / "out").code == 0
    )
    assert names(tmp_path / "out") == ["tagger.onnx"]


def test_patterns_that_match_nothing_are_said(cli, pid):
    result = cli("fetch", pid, "--file", "README.md", "--file", "*.h5", "--exclude", "*.none")
    assert result.code == 0, result.err
    assert "No file matches *.h5.\n" in result.err
    assert "No file matches *.none, so it excludes nothing.\n" in result.err
    result = cli("fetch", pid, "--file", "*.h5")
    assert result.code == 1
    assert "No file matches *.h5, and no file inside all.zip does." in result.err
    result = cli("fetch", pid, "--exclude", "*")
    assert result.code == 1
    assert "No file is left: * excludes each file of the record." in result.err


def test_a_dry_run_lists_and_downloads_nothing(cli, pid, weights, httpserver, settings):
    result = cli("fetch", pid, "--dry-run", "--exclude", "*.zip")
    assert result.code == 0, result.err
    md5 = hashlib.md5(b"others").hexdigest()
    assert f"  notes.txt (6 bytes; md5:{md5})" in result.out.splitlines()
    assert "3 files; " in result.out
    document = cli("fetch", pid, "--dry-run", "--json").json
    assert document["dry_run"]
    listed = {item["name"]: item for item in document["files"]}
    assert list(listed) == ["a.pth", "notes.txt", "README.md", "all.zip"]
    assert listed["a.pth"]["size"] == len(weights)
    assert listed["a.pth"]["checksums"] == [f"md5:{hashlib.md5(weights).hexdigest()}"]
    assert document["size"] == document["download_size"] == sum(item["size"] for item in document["files"])
    assert downloads(httpserver) == []
    assert not list(settings.cache.rglob("*.part"))


def test_a_dry_run_says_what_is_here_and_works_offline(cli, pid, monkeypatch):
    cli("fetch", pid, "--file", "README.md")
    monkeypatch.setenv("FAIRREG_OFFLINE", "1")
    result = cli("fetch", pid, "--dry-run", "--json")
    assert result.code == 0, result.err
    assert {item["name"]: item["cached"] for item in result.json["files"]} == {
        "a.pth": False,
        "notes.txt": False,
        "README.md": True,
        "all.zip": False,
    }
    assert "Using the record in the registry." in result.err
    assert "README.md (3 bytes; md5:" in cli("fetch", pid, "--dry-run").out
    assert "already here" in cli("fetch", pid, "--dry-run").out


def test_a_dry_run_names_the_archives_that_may_have_a_match(cli, pid, httpserver):
    result = cli("fetch", pid, "--dry-run", "--file", "*.onnx", "--json")
    assert [item["name"] for item in result.json["files"]] == ["all.zip"]
    assert result.json["unmatched"] == ["*.onnx"]
    said = cli("fetch", pid, "--dry-run", "--file", "*.onnx").err
    assert "No file of the record matches *.onnx; it may be in all.zip." in said
    said = cli("fetch", pid, "--dry-run", "--file", "*.onnx", "--file", "*.md").err
    assert "No file of the record matches *.onnx.\n" in said
    assert downloads(httpserver) == []


@pytest.mark.parametrize("option", [["--run"], ["--recipe", "Containerfile"], ["--downloader", "zenodo_get"]])
def test_a_dry_run_does_nothing_else(cli, httpserver, option):
    result = cli("fetch", "10.5281/zenodo.7305227", "--dry-run", *option)
    assert result.code == 2
    assert "--dry-run downloads nothing" in result.err
    assert httpserver.log == []


def test_the_packaged_weights_are_listed_too(cli, monkeypatch):
    monkeypatch.setenv("FAIRREG_OFFLINE", "1")
    document = cli("fetch", "catalogue:fairreg-hbb-reference-1", "--dry-run", "--json").json
    assert all(item["cached"] for item in document["files"])
    assert document["download_size"] == 0


def test_python_has_the_same_choices(cli, pid, tmp_path, httpserver):
    planned = fairreg.fetch(pid, exclude=["*.zip", "*.md"], dry_run=True)
    assert [item.distribution.name for item in planned.files] == ["a.pth", "notes.txt"]
    assert downloads(httpserver) == []
    fetched = fairreg.fetch(pid, tmp_path / "out", file="*.onnx", exclude="*.data")
    assert names(tmp_path / "out") == ["tagger.onnx"]
    assert [item.name for item in fetched.members] == ["top/tagger.onnx"]
    with pytest.raises(NotFound, match="is left"):
        fairreg.fetch(pid, exclude="*", dry_run=True)
    close()


def test_the_help_has_examples_of_each(cli):
    said = cli("fetch", "--help").out
    examples = [
        line for line in said.splitlines() if "  fairreg fetch 10." in line or "Example: fairreg" in line
    ]
    assert len(examples) == 4
    for option in ("--dry-run", "--exclude", "--file", "--output"):
        assert any(option in line for line in examples)
