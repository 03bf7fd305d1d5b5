# SPDX-License-Identifier: MIT
"""A file that nothing here can run is refused with what it is, never as a damaged file of another format."""

import io
import pickle
import zipfile

import numpy as np
import pytest

import fairreg
from fairreg.errors import ModelError
from fairreg.services.run.loaded_model import open_file
from support.graphs import model
from support.side_file_graphs import save_external
from support.weight_files import Files

pytestmark = pytest.mark.engines("sqlite")


def zipped(name):
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr(name, "{}")
    return stream.getvalue()


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("net.h5", b"\x89HDF\r\n\x1a\n" + bytes(99), "is an HDF5 file"),
        ("net.keras", zipped("config.json"), "is a Keras model"),
        ("frozen.pb", b"\n\x0bsaved", "is a TensorFlow graph or SavedModel"),
        ("bdt.weights.xml", b'<?xml version="1.0"?><MethodSetup/>', "is an XML or HTML file"),
        ("trees.json", b'{"learner": {}}', "is a JSON file"),
        ("notes.txt", b"words", "is a text file"),
        ("jets.root", b"root\0\0\xf2\xd8", "is a ROOT file"),
    ],
)
def test_a_file_of_another_format_is_named(tmp_path, name, content, said):
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(ModelError) as caught:
        open_file(path, None, tmp_path)
    assert said in caught.value.message
    assert "ONNX model." not in caught.value.message
    assert "Export the model to ONNX" in caught.value.hint


@pytest.mark.parametrize("name", ["x.pt", "x.onnx", "x.safetensors", "x.bin.txt"])
def test_a_pointer_in_the_place_of_a_file_is_named_with_the_way_to_the_file(tmp_path, name):
    (tmp_path / name).write_bytes(b"version https://git-lfs.github.com/spec/v1\noid sha256:1\n")
    with pytest.raises(ModelError, match="pointer of Git LFS") as caught:
        open_file(tmp_path / name, None, tmp_path)
    assert "git lfs pull" in caught.value.hint


@pytest.mark.parametrize("kind", ["zipped", "legacy"])
def test_weights_of_an_unknown_network_are_counted_and_named(tmp_path, kind):
    path = tmp_path / "particlenet.pt"
    tensors = {f"mod.layer{number}.weight": np.ones((2, 2), np.float32) for number in range(3)}
    path.write_bytes(getattr(Files(), kind)(tensors))
    with pytest.raises(
        ModelError, match=r"3 tensors: mod.layer0.weight, mod.layer1.weight, \.\.\.\)"
    ) as caught:
        open_file(path, None, tmp_path)
    assert "no network" in caught.value.message


def test_a_side_file_leads_to_its_model(tmp_path):
    save_external(tmp_path / "m.onnx")
    with pytest.raises(ModelError, match=r"m\.onnx\.data holds tensors of m\.onnx") as caught:
        fairreg.load(tmp_path / "m.onnx.data")
    assert caught.value.hint == f"Run {tmp_path / 'm.onnx'}."


def test_a_runtime_that_was_asked_for_gives_its_own_reason(tmp_path):
    path = tmp_path / "notes.txt"
    path.write_text("words")
    with pytest.raises(ModelError, match="not a valid ONNX model"):
        open_file(path, "onnx", tmp_path)


def test_an_onnx_model_runs_under_any_name(tmp_path):
    path = tmp_path / "model"
    path.write_bytes(model("y = Relu(x)").SerializeToString())
    assert open_file(path, None, tmp_path).runner.name == "onnx"


def test_a_pickle_that_is_no_tensors_is_refused(tmp_path):
    path = tmp_path / "forest.joblib"
    path.write_bytes(pickle.dumps({"a": 1}))
    with pytest.raises(ModelError):
        open_file(path, None, tmp_path)
