# SPDX-License-Identifier: MIT
"""``fairreg inspect``: what a file is, whether it runs here, and where the same weights are published."""

import json
import os
import pickle
import struct
import zipfile
from pathlib import Path

import h5py
import numpy as np
import pytest

from fairreg.errors import MissingEngine
from fairreg.models import hbb_in
from support import hbb
from support.networks import SMALL, random_tensors
from support.side_file_graphs import save_external
from support.weight_files import Files

pytestmark = pytest.mark.engines("sqlite")  # what the registry knows is tested with fetch

UNKNOWN = {f"mod.layer{number}.weight": np.ones((2, 3), np.float32) for number in range(12)}


def inspected(cli, *words):
    result = cli("inspect", *words, "--json")
    assert result.code == 0, result.err
    (found,) = result.json["files"]
    return found


def test_an_onnx_model_is_described_with_its_signature_and_how_it_runs(cli, affine):
    found = inspected(cli, affine)
    assert (found["format"], found["runs"]["verdict"], found["runs"]["runtime"]) == ("onnx", "runs", "onnx")
    assert found["onnx"]["opsets"] == {"ai.onnx": 17}
    assert found["onnx"]["operators"] == {"Mul": 1, "Add": 1}
    assert found["inputs"] == [
        {"name": "x", "dtype": "float32", "shape": ["N", 3], "description": None, "features": []}
    ]
    assert [item["name"] for item in found["outputs"]] == ["y"]
    assert "the graph computes each row by itself" in found["runs"]["computed"]
    assert found["tensors"]["parameters"] == 4
    assert found["sha256"] == found["content_digest"]


def test_a_network_that_fairreg_knows_is_named_with_its_sizes(cli, tagger):
    found = inspected(cli, tagger)
    assert found["architecture"]["title"] == hbb_in.TITLE
    assert found["architecture"]["hyperparameters"]["hidden"] == 8
    assert found["fingerprint"].startswith("sha256:")
    text = cli("inspect", tagger).out
    assert "architecture: Hbb interaction network (track_features 30," in text
    assert "verdict: runs, on onnx" in text


def test_weights_of_an_unknown_network_are_counted_and_need_its_code(cli, tmp_path):
    (tmp_path / "net").write_bytes(Files().legacy(UNKNOWN))
    found = inspected(cli, tmp_path / "net")
    assert found["description"] == "a PyTorch file (legacy format, before 1.6)"
    assert (found["tensors"]["count"], found["tensors"]["parameters"]) == (12, 72)
    assert found["tensors"]["types"] == {"float32": 72}
    assert found["tensors"]["first"][0] == {"name": "mod.layer0.weight", "shape": [2, 3], "dtype": "float32"}
    assert found["architecture"] is None
    assert found["runs"]["verdict"] == "needs the author's code"
    assert "no network" in found["runs"]["reason"]
    text = cli("inspect", tmp_path / "net").out
    assert "architecture: not recognised" in text
    assert "same weights: in no record of the registry" in text


def test_the_models_of_a_checkpoint_have_a_fingerprint_each(cli, tmp_path):
    names = [f"{net}.{name}" for net in ("one", "two") for name in ("a.weight", "b.weight")]
    tensors = {name: np.full((2, 2), value, np.float32) for value, name in enumerate(names)}

    def build(op, pieces):
        nets = {net: {name[4:]: pieces[name] for name in names if name[:3] == net} for net in ("one", "two")}
        return op.mapping({f"{net}_state_dict": op.mapping(parts) for net, parts in nets.items()})

    (tmp_path / "gan.pt").write_bytes(Files().checkpoint(tensors, build))
    found = inspected(cli, tmp_path / "gan.pt")
    assert [item["place"] for item in found["models"]] == ["", "one_state_dict", "two_state_dict"]
    assert len({item["fingerprint"] for item in found["models"]}) == 3


def test_packaged_weights_are_known_by_their_fingerprint(cli):
    found = inspected(cli, hbb_in.REFERENCE)
    assert [item["id"] for item in found["published"]] == [hbb_in.REFERENCE_RECORD.compact]
    assert f"this file is {hbb_in.REFERENCE_RECORD.compact}" in cli("inspect", hbb_in.REFERENCE).out


def test_a_copy_under_another_name_and_format_leads_to_its_record(cli, httpserver, tmp_path):
    tensors = random_tensors(SMALL)
    hbb.serve(httpserver, hbb.archive({"models/best.pth": Files().legacy(tensors)}))
    assert cli("fetch", hbb.DOI).code == 0
    (tmp_path / "renamed.bin").write_bytes(Files().safetensors(tensors))
    found = inspected(cli, tmp_path / "renamed.bin")
    assert [item["id"] for item in found["published"]] == [f"doi:{hbb.DOI}"]
    assert "models/best.pth" in found["published"][0]["evidence"]


def test_each_model_file_of_a_record_is_described(cli, httpserver):
    members = {
        "models/best.pth": Files().legacy(random_tensors(SMALL)),
        "models/forest.joblib": pickle.dumps(Trap()),
        "models/notes.txt": b"words",
    }
    hbb.serve(httpserver, hbb.archive(members))
    result = cli("inspect", hbb.DOI, "--json")
    assert result.code == 0, result.err
    document = result.json
    assert document["id"] == f"doi:{hbb.DOI}"
    verdicts = {item["name"].rpartition("/")[2]: item["runs"]["verdict"] for item in document["files"]}
    assert verdicts == {"best.pth": "runs", "forest.joblib": "needs the author's code"}
    assert document["files"][0]["published"][0]["id"] == f"doi:{hbb.DOI}"


class Trap:
    """An object whose unpickling would end the tests."""

    def __reduce__(self):
        return os.abort, ()


def test_a_pickle_is_named_and_never_opened(cli, tmp_path):
    (tmp_path / "forest.joblib").write_bytes(pickle.dumps(Trap()))
    found = inspected(cli, tmp_path / "forest.joblib")
    assert found["states"] == {"first class": f"{os.abort.__module__}.abort"}
    assert found["runs"]["verdict"] == "needs the author's code"
    assert "never opens one" in found["runs"]["reason"]


def test_a_weight_file_that_names_code_is_described_and_refused_with_3(cli, tmp_path):
    evil = tmp_path / "evil.pt"
    evil.write_bytes(Files().zipped({}, state_dict=pickle.dumps(Trap(), 2)))
    result = cli("inspect", evil, "--json")
    assert result.code == 3
    assert json.loads(result.out)["files"][0]["runs"]["verdict"] == "refused for safety"
    assert "names" in result.err


def test_an_onnx_model_without_its_engine_may_run(cli, affine, monkeypatch):
    def missing(*_arguments):
        raise MissingEngine("onnxruntime", "onnx")

    monkeypatch.setattr("fairreg.services.inspect.runnable.open_recognised", missing)
    found = inspected(cli, affine)
    assert (found["runs"]["verdict"], found["runs"]["reason"]) == (
        "may run: ONNX",
        "onnxruntime is not installed.",
    )
    assert found["inputs"] == [
        {"name": "x", "dtype": "float32", "shape": ["N", 3], "description": None, "features": []}
    ]


def test_a_tensorrt_plan_is_not_loaded(cli, tmp_path):
    (tmp_path / "net.plan").write_bytes(b"ftrt" + bytes(99))
    runs = inspected(cli, tmp_path / "net.plan")["runs"]
    assert runs["verdict"] == "may run: TensorRT"
    assert "fits only the GPU and the version" in runs["reason"]


def test_a_program_is_described_and_does_not_run(cli, tmp_path):
    with zipfile.ZipFile(tmp_path / "net.pt", "w") as file:
        for name in ("net/data.pkl", "net/constants.pkl", "net/code/__torch__.py"):
            file.writestr(name, b"x")
    found = inspected(cli, tmp_path / "net.pt")
    assert found["description"].startswith("a TorchScript program")
    assert (found["runs"]["verdict"], found["tensors"]) == ("does not run here", None)


def test_side_files_are_listed_and_count_in_the_digest(cli, tmp_path):
    save_external(tmp_path / "m.onnx")
    found = inspected(cli, tmp_path / "m.onnx")
    assert found["side_files"] == ["m.onnx.data"]
    assert found["content_digest"] != found["sha256"]


def test_keras_weights_are_counted_by_their_headers(cli, tmp_path):
    with h5py.File(tmp_path / "net.weights.h5", "w") as file:
        file.attrs["layer_names"] = [b"dense"]
        file["dense/kernel"] = np.ones((3, 4), np.float32)
    found = inspected(cli, tmp_path / "net.weights.h5")
    assert (found["framework"], found["tensors"]["parameters"]) == ("Keras", 12)
    assert found["runs"]["verdict"] == "does not run here"
    assert "without its architecture" in found["runs"]["reason"]


def test_a_format_that_its_own_program_dropped_says_how_to_get_a_newer_one(cli, tmp_path):
    parameters = struct.pack("<fIiiiII", 0.5, 16, 0, 1, 0, 1, 5).ljust(136, b"\0")
    texts = b"".join(struct.pack("<Q", len(text)) + text for text in (b"binary:logistic", b"gbtree"))
    (tmp_path / "old.model").write_bytes(parameters + texts + bytes(99))
    runs = inspected(cli, tmp_path / "old.model")["runs"]
    assert runs["verdict"] == "does not run here"
    assert "new versions of XGBoost no longer read" in runs["reason"]
    assert runs["hint"].startswith("Load it with XGBoost 1.5, and save it as JSON")


def test_claims_beyond_the_file_are_a_fault(cli, tmp_path):
    with h5py.File(tmp_path / "net.h5", "w") as file:
        file.attrs["keras_version"] = "2.4.0"
        file.create_dataset("dense/kernel", shape=(1 << 40,), dtype="f4")
    (fault,) = inspected(cli, tmp_path / "net.h5")["faults"]
    assert "claim 1099511627776 numbers" in fault


@pytest.mark.parametrize("content", [b"", b"words", b"\x00\x01\x02", b'{"epochs": 3}'])
def test_a_file_that_is_no_model_is_said_to_be_none(cli, tmp_path, content):
    (tmp_path / "file").write_bytes(content)
    assert inspected(cli, tmp_path / "file")["runs"]["verdict"] == "is not a model"


def test_names_in_a_file_cannot_control_the_terminal(cli, tmp_path):
    (tmp_path / "net.pth").write_bytes(Files().zipped({"a\x1b[31m\u202eb": np.ones(2, np.float32)}))
    out = cli("inspect", tmp_path / "net.pth").out
    assert "\x1b" not in out
    assert "\u202e" not in out


def test_a_registry_that_cannot_be_opened_is_a_warning(cli, tagger, monkeypatch):
    monkeypatch.setenv("FAIRREG_DATABASE_URL", "sqlite:////proc/none/registry.sqlite")
    result = cli("inspect", tagger, "--json")
    assert result.code == 0, result.err
    assert result.json["warnings"][0].startswith("The registry was not searched for the same weights")


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("missing.pt",), 1, "There is no file missing.pt."),
        (("./",), 1, "is a folder"),
    ],
)
def test_what_is_not_there_is_said(cli, tmp_path, monkeypatch, words, code, said):
    monkeypatch.chdir(tmp_path)
    result = cli("inspect", *words)
    assert (result.code, said in result.err) == (code, True)


def test_file_chooses_only_among_the_files_of_a_record(cli, affine):
    result = cli("inspect", affine, "--file", "*.onnx")
    assert result.code == 2
    assert "--file chooses among the files of a record" in result.err


def test_a_sample_of_a_recognised_network_shows_what_to_fill_in(cli, tmp_path):
    network = tmp_path / "net.safetensors"
    network.write_bytes(hbb_in.REFERENCE.read_bytes())
    result = cli("inspect", network, "--sample", tmp_path / "sample.npz")
    assert result.code == 0, result.err
    assert "in order: track_ptrel" in result.out
    run = cli("run", network, "--input", tmp_path / "sample.npz", "--json")
    assert run.code == 0, run.err
    assert f"{run.json['input']['items']} items of the sample" in result.err
    again = cli("inspect", network, "--sample", tmp_path / "sample.npz")
    assert (again.code, "exists" in again.err) == (2, True)


def test_without_a_recognised_network_there_is_no_sample(cli, tmp_path):
    (tmp_path / "notes.txt").write_text("words")
    result = cli("inspect", tmp_path / "notes.txt", "--sample", tmp_path / "sample.npz")
    assert result.code == 1
    assert "no sample" in result.err


@pytest.mark.engines("sqlite")
@pytest.mark.parametrize("typed", ["affine.onx", "afine.onnx", "./affin", "affin", "models/affin", "nowhere"])
@pytest.mark.parametrize("command", ["inspect", "run", "convert"])
def test_a_mistyped_path_is_no_unknown_identifier(cli, affine, tmp_path, monkeypatch, command, typed):
    monkeypatch.chdir(affine.parent)
    (affine.parent / "models").mkdir(exist_ok=True)
    for name in ("affine", "models/affine"):
        Path(name).write_bytes(affine.read_bytes())
    np.savez("x.npz", x=np.ones((2, 3), np.float32))
    more = {"run": ("--input", "x.npz"), "convert": ("--to", "onnx")}
    result = cli(command, typed, *more.get(command, ()))
    assert result.code in {1, 2}
    assert f"There is no file {typed}" in result.err
    assert ("similar name is" in result.err) is (typed != "nowhere")


@pytest.mark.parametrize("command", ["validate", "add", "import"])
def test_a_mistyped_record_file_comes_with_a_near_name(cli, tmp_path, monkeypatch, command):
    monkeypatch.chdir(tmp_path)
    Path("model.jsonld").write_text("{}")
    result = cli(command, "modell.jsonld")
    assert result.code == 2
    assert "File 'modell.jsonld' does not exist. Is it model.jsonld?" in " ".join(result.err.split())
    assert "does not exist" in cli(command, "other").err
