# SPDX-License-Identifier: MIT
"""Input files of ``fairreg run``: HDF5 as .npz, Python objects refused by name, text without pickle."""

import json
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

from fairreg.errors import ModelError
from fairreg.models import hbb_in
from fairreg.services.run.outputs import write_outputs
from support.small_graphs import zip_map

pytestmark = pytest.mark.engines("sqlite")  # nothing here opens a registry

WORDS = ["muon", "électron", "", "τ→μγ"]


@pytest.fixture
def words(tmp_path: Path) -> Path:
    """t = s, text of any number of items."""
    values = [helper.make_tensor_value_info(name, TensorProto.STRING, ["N"]) for name in "st"]
    graph = helper.make_graph([helper.make_node("Identity", ["s"], ["t"])], "words", values[:1], values[1:])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.save(model, tmp_path / "words.onnx")
    return tmp_path / "words.onnx"


@pytest.fixture
def some_jets() -> dict[str, np.ndarray]:
    jets = hbb_in.sample()
    some = slice(None, None, len(jets) // 30)
    return {"tracks": jets.tracks[some], "vertices": jets.vertices[some], "labels": jets.labels[some]}


def saved(path: Path, arrays: dict[str, np.ndarray]) -> Path:
    if path.suffix == ".npz":
        np.savez(path, **arrays)
        return path
    h5py = pytest.importorskip("h5py", reason="the extra hep is not installed")
    with h5py.File(path, "w") as file:
        for name, array in arrays.items():
            file[name] = array.tolist() if array.dtype.kind == "U" else array
    return path


def outputs(cli, model, source, folder):
    target = folder / f"{source.suffix[1:]}-out.npz"
    result = cli("run", model, "--input", source, "--output", target, "--json")
    assert result.code == 0, result.err
    with np.load(target, allow_pickle=False) as found:
        return {name: found[name] for name in found}, json.loads(result.out)


def test_hdf5_gives_what_the_same_npz_gives(cli, affine, tmp_path):
    arrays = {"x": np.random.default_rng(0).random((300, 3), np.float32)}
    found = [
        outputs(cli, affine, saved(tmp_path / f"x{suffix}", arrays), tmp_path) for suffix in (".npz", ".h5")
    ]
    np.testing.assert_array_equal(found[0][0]["y"], found[1][0]["y"])
    assert found[1][1]["input"]["items"] == 300


def test_hdf5_of_jets_gives_what_the_same_npz_gives(cli, tagger, some_jets, tmp_path):
    found = [
        outputs(cli, tagger, saved(tmp_path / f"x{suffix}", some_jets), tmp_path)
        for suffix in (".npz", ".hdf5")
    ]
    np.testing.assert_array_equal(*(item[0]["probabilities"] for item in found))
    assert found[0][1]["metrics"] == found[1][1]["metrics"] != {}


def test_hdf5_is_divided_among_workers(cli, affine, tmp_path, monkeypatch):
    monkeypatch.setattr("fairreg.services.run.shards.BATCHES", 1)
    folder = tmp_path / "in"
    folder.mkdir()
    x = np.arange(3000, dtype=np.float32).reshape(1000, 3)
    saved(folder / "x.h5", {"x": x})
    result = cli("run", affine, "--input", folder, "--output", tmp_path / "out", "--json")
    assert result.code == 0, result.err
    np.testing.assert_array_equal(np.load(tmp_path / "out/x.npz")["y"], 2 * x + 1)


@pytest.mark.parametrize("suffix", [".npz", ".h5"])
def test_text_goes_in_and_out_without_pickle(cli, words, tmp_path, suffix):
    found, _ = outputs(cli, words, saved(tmp_path / f"s{suffix}", {"s": np.array(WORDS)}), tmp_path)
    assert (found["t"].dtype.kind, found["t"].tolist()) == ("U", WORDS)


def test_python_objects_are_refused_by_the_name_of_their_array(cli, words, tagger, some_jets, tmp_path):
    objects = np.array(WORDS, dtype=object)
    np.savez(tmp_path / "o.npz", s=objects)
    np.save(tmp_path / "o.npy", objects)
    np.savez(tmp_path / "jets.npz", **some_jets | {"tracks": np.array([{}], dtype=object)})
    for model, name, said in (
        (words, "o.npz", "The array 's' of o.npz holds Python objects (pickle), which are not read."),
        (words, "o.npy", "The array of o.npy holds Python objects (pickle), which are not read."),
        (
            tagger,
            "jets.npz",
            "The array 'tracks' of jets.npz holds Python objects (pickle), which are not read.",
        ),
    ):
        result = cli("run", model, "--input", tmp_path / name)
        assert result.code == 1
        assert said in result.err
        assert ".astype(str)" in result.err


@pytest.mark.sliced(7)
@pytest.mark.parametrize(
    ("change", "said"),
    [
        (
            lambda jets: {"cpf": jets["tracks"], "sv": jets["vertices"]},
            "numpy.savez(FILE, tracks=cpf, vertices=sv)",
        ),
        (lambda jets: {"cpf": jets["tracks"], "vertices": jets["vertices"]}, "numpy.savez(FILE, tracks=cpf)"),
        (
            lambda jets: jets | {"tracks": jets["tracks"].transpose(0, 2, 1)},
            "numpy.swapaxes(tracks, 1, 2)",
        ),
        (
            lambda jets: jets | {"tracks": jets["tracks"][:, :, :45]},
            "pad it with zeros: numpy.pad(tracks, (",
        ),
        (
            lambda jets: jets | {"tracks": jets["vertices"], "vertices": jets["tracks"]},
            "Rename them, as in numpy.savez(FILE, tracks=vertices, vertices=tracks)",
        ),
        (lambda jets: {name: array[0] for name, array in jets.items()}, "tracks[numpy.newaxis]"),
        (lambda jets: jets | {"tracks": jets["tracks"].astype(int)}, "tracks.astype('float32')"),
        (lambda jets: {"labels": jets["labels"]}, "It has labels."),
        (lambda jets: jets | {"labels": jets["labels"][:, 1]}, "numpy.eye(2)[labels.astype(int)]"),
    ],
)
@pytest.mark.parametrize("suffix", [".npz", ".h5"])
def test_jets_that_do_not_fit_get_a_next_step(cli, tagger, some_jets, tmp_path, suffix, change, said):
    result = cli("run", tagger, "--input", saved(tmp_path / f"x{suffix}", change(some_jets)))
    assert result.code == 1
    assert said in result.err
    assert "Traceback" not in result.err


def test_the_classes_of_an_output_are_printed_in_the_order_of_its_columns(cli, tagger, some_jets, tmp_path):
    path = tmp_path / "trees.onnx"
    path.write_bytes(zip_map(["higgs", "qcd"]))
    np.savez(tmp_path / "two.npz", x=np.ones((3, 2), np.float32))
    assert "; columns higgs, qcd\n" in cli("run", path, "--input", tmp_path / "two.npz").out
    jets = saved(tmp_path / "jets.npz", some_jets)
    assert "; columns QCD, Hbb\n" in cli("run", tagger, "--input", jets).out


def test_outputs_that_only_pickle_could_keep_are_not_written(tmp_path):
    for value in ([{"a": 1}], ["ends in NUL\0"]):
        with pytest.raises(ModelError, match="only pickle could keep"):
            write_outputs({"t": np.array(value, dtype=object)}, tmp_path / "t.npz")
    assert list(tmp_path.iterdir()) == []
