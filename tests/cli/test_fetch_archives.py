# SPDX-License-Identifier: MIT
"""Archives of a record: what is refused, skipped or not opened is said, and spoils nothing else."""

import io
import tarfile

import numpy as np
import pytest

import fairreg
from fairreg.registry import Registry
from fairreg.services.registry.shared_engine import close
from support import hbb
from support.networks import SMALL, random_tensors
from support.small_graphs import identity, tensor
from support.weight_files import Files
from support.zenodo_files import packed

pytestmark = pytest.mark.engines("sqlite")

GRAPH = identity(tensor("x"), tensor("y"))
APPLE_DOUBLE = b"\0\5\x16\7\0\2\0\0Mac OS X        " + bytes(40)
SEVEN_ZIP = b"7z\xbc\xaf\x27\x1c" + bytes(40)


def tarred(members, links=()):
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz") as archive:
        for name, content in members.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
        for name, target in links:
            member = tarfile.TarInfo(name)
            member.type, member.linkname = tarfile.SYMTYPE, target
            archive.addfile(member)
    return out.getvalue()


BAD = {
    "outside": packed({"../x": b"1"}),
    "bomb": tarred({"zeros": bytes(80 * 2**20)}),
    "damaged": packed({"a": bytes(range(256))})[:200],
}
SAID = {"outside": "leads outside its folder", "bomb": "bomb", "damaged": "cannot be unpacked"}


@pytest.mark.parametrize("kind", BAD)
def test_one_bad_archive_is_named_and_the_other_files_are_there(fetch, tmp_path, settings, kind):
    suffix = "tar.gz" if kind == "bomb" else "zip"
    files = {"notes.txt": b"1", f"bad.{suffix}": BAD[kind], "good.zip": packed({"model.onnx": GRAPH})}
    result = fetch(files, "--json", "--output", tmp_path / "out")
    assert result.code == 3
    assert {path.name: path.read_bytes() for path in (tmp_path / "out").iterdir()} == files
    document = result.json
    assert [file["verified"] for file in document["files"]] == [True] * 3
    ((archive, folder),) = [(item["archive"], item["path"]) for item in document["folders"]]
    assert archive == "good.zip"
    assert (settings.cache / "extracted" / folder / "model.onnx").read_bytes() == GRAPH
    (unopened,) = document["unopened"]
    assert unopened["name"] == f"bad.{suffix}"
    assert SAID[kind] in unopened["reason"]
    assert f"Error: {unopened['reason']}" in result.err
    assert "The other files are fetched and verified." in result.err
    assert [path.name for path in (settings.cache / "extracted").iterdir() if path.is_dir()] == [
        folder.rpartition("/")[2]
    ]


def test_the_record_of_a_bad_archive_among_others_is_kept_without_fingerprints(fetch, settings):
    fetch({"bad.zip": BAD["outside"], "a.pth": Files().legacy(random_tensors(SMALL))})
    with Registry(settings=settings) as registry:
        assert "zenodo" in registry.entry_for(hbb.DOI).sources
        assert "fairreg" not in registry.entry_for(hbb.DOI).sources


def test_two_bad_archives_are_both_named(fetch):
    result = fetch({"one.zip": BAD["outside"], "two.zip": BAD["damaged"]})
    assert result.code == 3
    assert all(f"{name}.zip" in result.err for name in ("one", "two"))
    assert "The other files" not in result.err


def test_a_model_beside_a_bad_archive_has_to_be_chosen(fetch, cli, tmp_path):
    np.savez(tmp_path / "x.npz", x=np.ones(2, np.float32))
    files = {"bad.zip": BAD["outside"], "model.onnx": GRAPH}
    assert fetch(files).code == 3
    refused = cli("run", hbb.DOI, "--input", tmp_path / "x.npz")
    assert refused.code == 3
    assert "leads outside its folder" in refused.err
    assert "--file NAME: model.onnx" in refused.err
    chosen = cli("run", hbb.DOI, "--file", "model.onnx", "--input", tmp_path / "x.npz")
    assert chosen.code == 0, chosen.err


def test_a_member_of_a_bad_archive_that_is_asked_for_is_refused(fetch):
    result = fetch({"bad.zip": BAD["outside"], "good.zip": packed({"a.onnx": GRAPH})}, "--file", "b.onnx")
    assert result.code == 3
    assert "leads outside its folder" in result.err


def test_assess_judges_the_other_files_and_names_the_bad_archive(fetch, cli):
    fetch({"bad.zip": BAD["outside"], "model.onnx": GRAPH})
    result = cli("assess", hbb.DOI, "--json")
    assert result.code == 0, result.err
    assert "Assessing without what is in an archive: Refused to unpack bad.zip: '../x' leads" in result.err


def test_inspect_looks_into_the_other_files_and_names_the_bad_archive(fetch, cli):
    fetch({"bad.zip": BAD["outside"], "model.onnx": GRAPH, "more.7z": SEVEN_ZIP})
    result = cli("inspect", hbb.DOI, "--json")
    assert result.code == 0, result.err
    assert [item["name"] for item in result.json["files"]] == ["model.onnx"]
    assert "leads outside its folder" in result.err
    assert "more.7z was not opened: it is a 7z archive." in result.err


def test_a_link_is_skipped_with_a_warning_and_the_model_is_found(fetch):
    content = tarred({"p/model.onnx": GRAPH}, [("p/latest.onnx", "model.onnx"), ("p/out", "/etc/passwd")])
    result = fetch({"p.tar.gz": content}, "--json")
    assert result.code == 0, result.err
    assert [item["name"] for item in result.json["weight_files"]] == ["p/model.onnx"]
    assert result.json["unopened"] == []
    assert (
        "Warning: p.tar.gz: 2 members were skipped, such as 'p/latest.onnx', which is a link." in result.err
    )


@pytest.mark.parametrize(
    "files",
    [
        {"._model.onnx": APPLE_DOUBLE, "model.onnx": GRAPH},
        {"a.zip": packed({"model.onnx": GRAPH, "__MACOSX/._model.onnx": APPLE_DOUBLE})},
        {"a.tar.gz": tarred({"a/model.onnx": GRAPH, "a/._model.onnx": APPLE_DOUBLE})},
        {"model.onnx": GRAPH, "._model.onnx": GRAPH},  # by its name, whatever it holds
        {"model.onnx": GRAPH, "._all.zip": APPLE_DOUBLE, "._b.7z": APPLE_DOUBLE},
    ],
)
def test_side_files_of_macos_are_no_models(fetch, files):
    result = fetch(files)
    assert result.code == 0
    assert "1 model file: model.onnx" in result.out
    assert "Warning" not in result.err


def test_side_files_of_macos_are_not_among_the_models_to_choose_from(fetch, cli, tmp_path):
    fetch({"._a.onnx": APPLE_DOUBLE, "a.onnx": GRAPH, "b.zip": packed({"__MACOSX/._a.onnx": APPLE_DOUBLE})})
    np.savez(tmp_path / "x.npz", x=np.ones(2, np.float32))
    result = cli("run", hbb.DOI, "--input", tmp_path / "x.npz")
    assert result.code == 0, result.err


def test_a_side_file_of_macos_that_is_given_is_said_to_be_one(cli, tmp_path):
    path = tmp_path / "._model.onnx"
    path.write_bytes(APPLE_DOUBLE)
    assert "side file of macOS" in cli("inspect", path).out
    np.savez(tmp_path / "x.npz", x=np.ones(2, np.float32))
    result = cli("run", path, "--input", tmp_path / "x.npz")
    assert result.code == 1
    assert "._model.onnx is a side file of macOS, not a model." in result.err


@pytest.mark.sliced(2)
@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("model.7z", SEVEN_ZIP, "a 7z archive"),
        ("model.rar", b"Rar!\x1a\x07\x01\0" + bytes(40), "a RAR archive"),
        ("model.tar.zst", b"\x28\xb5\x2f\xfd" + bytes(40), "compressed with Zstandard"),
        ("model.onnx.gz", b"\x1f\x8b\x08" + bytes(40), "compressed with gzip"),
        ("all.zip", packed({"inner.7z": SEVEN_ZIP, "b": b"1"}), "an archive inside an archive"),
        ("all.zip", packed({"inner.zip": packed({"a.onnx": GRAPH})}), "an archive inside an archive"),
    ],
)
def test_a_packed_file_that_stays_closed_is_named(fetch, name, content, words):
    result = fetch({name: content, "model.onnx": GRAPH}, "--json")
    assert result.code == 0
    (unopened,) = result.json["unopened"]
    assert unopened["reason"] == words
    assert f"Warning: {unopened['name']} was not opened: it is {words}." in result.err
    assert [item["name"] for item in result.json["weight_files"]] == ["model.onnx"]


def test_packed_files_of_one_kind_are_all_named(fetch):
    files = {"a.7z": SEVEN_ZIP, "b.rar": b"Rar!\x1a\x07\x00", "c.7z": SEVEN_ZIP + b"2"}
    said = fetch(files).err
    assert "Warning: a.7z, c.7z were not opened: each is a 7z archive." in said
    assert "Warning: b.rar was not opened: it is a RAR archive." in said


def test_many_packed_files_are_one_sentence(fetch):
    files = {f"events{number}.csv.gz": b"\x1f\x8b\x08" + bytes([number]) for number in range(30)}
    result = fetch(files)
    said = [line for line in result.err.splitlines() if "not opened" in line]
    assert len(said) == 1
    assert "events0.csv.gz, " in said[0]
    assert "and 22 more were not opened: each is compressed with gzip." in said[0]


@pytest.mark.parametrize(
    ("names", "words"),
    [
        (["a.pth"], "1 weight file: a.pth"),
        (["a.pth", "model.onnx"], "2 weight files, such as a.pth"),
        (["model.onnx", "other.onnx"], "2 model files, such as model.onnx"),
    ],
)
def test_graphs_are_called_models_and_others_weights(fetch, names, words):
    weights = Files().legacy(random_tensors(SMALL))
    assert words in fetch({name: weights if name == "a.pth" else GRAPH for name in names}).out


def test_the_python_api_gives_the_refused_archives_with_their_errors(
    httpserver, settings, monkeypatch, fetch
):
    fetch({"bad.zip": BAD["outside"], "model.onnx": GRAPH})  # sets the services for the API, too
    fetched = fairreg.fetch(hbb.DOI)
    close()
    assert [path.name for path in fetched.models] == ["model.onnx"]
    ((path, error),) = fetched.refused.items()
    assert (path.name, error.exit_code) == ("bad.zip", 3)


def test_a_chosen_member_runs_although_another_archive_is_refused(fetch, cli, tmp_path):
    np.savez(tmp_path / "in.npz", x=np.ones(2, np.float32))
    files = {
        "evil.zip": BAD["outside"],
        "extra.zip": packed({"in/net.onnx": GRAPH, "in/b.onnx": GRAPH}),
    }
    assert fetch(files).code == 3
    refused = cli("run", hbb.DOI, "--input", tmp_path / "in.npz")
    assert refused.code == 3
    assert "--file NAME: in/b.onnx, in/net.onnx" in refused.err
    chosen = cli("run", hbb.DOI, "--input", tmp_path / "in.npz", "--file", "in/net.onnx")
    assert chosen.code == 0, chosen.err
    assert "leads outside its folder" in chosen.err
    assert "The model that ran is net.onnx." in chosen.err


@pytest.mark.parametrize("command", ["fetch", "inspect"])
def test_a_pattern_that_nothing_matches_is_named_beside_a_refused_archive(fetch, cli, command):
    files = {"evil.zip": BAD["outside"], "extra.zip": packed({"in/net.onnx": GRAPH})}
    fetch(files)
    result = cli(command, hbb.DOI, "--file", "nothing*")
    assert result.code == 3
    assert "leads outside its folder" in result.err
    assert "No file matches nothing*, and no file inside extra.zip does." in result.err
