# SPDX-License-Identifier: MIT
"""The origin of weights is said with evidence: their fingerprint, or the record that was fetched."""

from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from fairreg.models import hbb_in
from fairreg.runners.weights import fingerprint
from support import hbb

pytestmark = pytest.mark.engines("sqlite")  # nothing here is about what the registry knows

RECORD = "catalogue:fairreg-hbb-reference-1"


@pytest.fixture
def jets(tmp_path: Path) -> Path:
    found = hbb_in.sample()
    some = slice(None, None, len(found) // 20)
    np.savez(tmp_path / "jets.npz", tracks=found.tracks[some], vertices=found.vertices[some])
    return tmp_path / "jets.npz"


def weights(result) -> dict:
    assert result.code == 0, result.err
    return result.json["weights"]


def test_weights_of_the_user_are_local(cli, tmp_path, jets):
    changed = {name: array * np.float32(1.01) for name, array in load_file(hbb_in.REFERENCE).items()}
    save_file(changed, tmp_path / "mine.safetensors")
    said = weights(cli("run", tmp_path / "mine.safetensors", "--input", jets, "--json"))
    assert (said["origin"], said["identifier"]) == ("local", None)
    card = cli("run", tmp_path / "mine.safetensors", "--input", jets).out
    assert "mine.safetensors (local)" in card
    assert "published" not in card


def test_a_graph_of_the_user_is_local_also_in_several_runs(cli, affine, tmp_path):
    folder = tmp_path / "in"
    folder.mkdir()
    for name in "ab":
        np.savez(folder / f"{name}.npz", x=np.ones((4, 3), np.float32))
    said = weights(cli("run", affine, "--input", folder / "a.npz", "--json"))
    assert (said["origin"], said["file"]) == ("local", "affine.onnx")
    assert weights(cli("run", affine, "--input", folder, "--json")) == said
    out = cli("run", affine, "--input", folder).out
    assert "affine.onnx (local)" in out
    assert "published" not in out


@pytest.mark.parametrize("suffix", [".safetensors", ".onnx"])
def test_a_copy_of_the_packaged_weights_is_known_by_its_fingerprint(cli, tmp_path, jets, suffix):
    copy = tmp_path / f"copy{suffix}"
    copy.write_bytes(hbb_in.REFERENCE.with_suffix(suffix).read_bytes())
    said = weights(cli("run", copy, "--input", jets, "--json"))
    assert (said["origin"], said["identifier"]) == ("reference", RECORD)
    assert "fingerprint" in said["evidence"]


def test_published_weights_are_known_by_their_fingerprint(cli, tagger, jets, monkeypatch):
    known = {fingerprint(tagger): "gnn_some_best.pth"}
    monkeypatch.setattr(hbb_in, "published_names", lambda: known)
    said = weights(cli("run", tagger, "--input", jets, "--json"))
    assert (said["origin"], said["identifier"]) == ("published", f"doi:{hbb.DOI}")


def test_what_was_fetched_is_published_in_its_record(cli, httpserver, tagger, jets):
    hbb.serve(httpserver, hbb.archive({"net.onnx": tagger.read_bytes()}))
    said = weights(cli("run", hbb.DOI, "--input", jets, "--json"))
    assert (said["origin"], said["identifier"]) == ("published", f"doi:{hbb.DOI}")
    assert said["evidence"] == f"The file was fetched from doi:{hbb.DOI}."
    shown = cli("fetch", hbb.DOI, "--run", "--json").json["run"]["weights"]
    assert {name: shown[name] for name in ("origin", "identifier", "evidence")} == {
        name: said[name] for name in ("origin", "identifier", "evidence")
    }
    assert f"(published, from doi:{hbb.DOI})" in cli("fetch", hbb.DOI, "--run").out


def test_a_graph_that_was_fetched_is_published_in_its_record(cli, httpserver, affine, tmp_path):
    hbb.serve(httpserver, hbb.archive({"affine.onnx": affine.read_bytes()}))
    np.savez(tmp_path / "x.npz", x=np.ones((4, 3), np.float32))
    said = weights(cli("run", hbb.DOI, "--input", tmp_path / "x.npz", "--json"))
    assert (said["origin"], said["identifier"]) == ("published", f"doi:{hbb.DOI}")


def test_packaged_weights_stay_reference_weights_in_any_record(cli, httpserver, jets):
    hbb.serve(httpserver, hbb.archive({"net.safetensors": hbb_in.REFERENCE.read_bytes()}))
    assert weights(cli("run", hbb.DOI, "--input", jets, "--json"))["origin"] == "reference"


@pytest.mark.parametrize(
    "spelling", [RECORD, fingerprint(hbb_in.REFERENCE), f"fingerprint: {fingerprint(hbb_in.REFERENCE)}"]
)
def test_the_packaged_weights_run_by_their_identifier_without_a_network(cli, jets, monkeypatch, spelling):
    monkeypatch.setenv("FAIRREG_OFFLINE", "1")
    said = weights(cli("run", spelling, "--input", jets, "--json"))
    assert (said["origin"], said["identifier"]) == ("reference", RECORD)
    assert said["fingerprint"] == fingerprint(hbb_in.REFERENCE)


def test_the_packaged_weights_are_no_stand_in_for_themselves(cli, monkeypatch):
    monkeypatch.setenv("FAIRREG_OFFLINE", "1")
    result = cli("fetch", RECORD, "--run", "--weights", "reference", "--json")
    assert "NOT THE PUBLISHED" not in result.err
    assert [file["verified"] for file in result.json["files"]] == [True, True]


def test_packaged_files_can_be_copied_and_chosen(cli, tmp_path, monkeypatch):
    monkeypatch.setenv("FAIRREG_OFFLINE", "1")
    result = cli("fetch", RECORD, "--file", "*.onnx", "--output", tmp_path / "out")
    assert result.code == 0, result.err
    assert "reference.onnx: in fairreg, verified" in result.err
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["reference.onnx"]


def test_a_packaged_file_that_was_changed_is_refused(cli, tmp_path, monkeypatch):
    folder = tmp_path / "weights"
    folder.mkdir()
    changed = folder / hbb_in.REFERENCE.name
    save_file({name: array + 1 for name, array in load_file(hbb_in.REFERENCE).items()}, changed)
    monkeypatch.setattr(hbb_in, "REFERENCE", changed)
    monkeypatch.setattr(hbb_in, "_reference_fingerprint", lambda: fingerprint(changed))
    result = cli("fetch", RECORD)
    assert result.code == 3
    assert "reference.safetensors of this installation is not the file that was released" in result.err
