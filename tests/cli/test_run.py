# SPDX-License-Identifier: MIT
"""``fairreg run``: any ONNX graph, and the Hbb network, on a file of inputs."""

import hashlib
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from fairreg.models import hbb_in
from fairreg.services.run.loaded_model import looks_like_path

pytestmark = pytest.mark.engines("sqlite")  # nothing here opens a registry


def _saved(path: Path, **arrays: np.ndarray) -> str:
    np.savez(path, **arrays)
    return str(path)


def test_any_onnx_model_runs_by_its_own_signature(cli: Callable, affine: Path, tmp_path: Path) -> None:
    x = np.arange(3000, dtype=np.float32).reshape(1000, 3)
    result = cli(
        "run", str(affine), "--input", _saved(tmp_path / "x.npz", x=x), "--output", str(tmp_path / "y.npz")
    )
    assert result.code == 0, result.err
    np.testing.assert_array_equal(np.load(tmp_path / "y.npz")["y"], 2 * x + 1)
    assert "y: float32 (1000, 3), 1 to 5999" in result.out


def test_a_model_with_one_input_takes_a_bare_array(cli: Callable, affine: Path, tmp_path: Path) -> None:
    np.save(tmp_path / "x.npy", np.ones((5, 3)))
    result = cli(
        "run", str(affine), "--input", str(tmp_path / "x.npy"), "--output", str(tmp_path / "y.npy"), "--json"
    )
    document = json.loads(result.out)
    assert document["input"] == {"source": str(tmp_path / "x.npy"), "items": 5}
    assert document["weights"]["file"] == "affine.onnx"
    assert document["weights"]["parameters"] == 4
    assert document["metrics"] == {}
    np.testing.assert_array_equal(np.load(tmp_path / "y.npy"), np.full((5, 3), 3, np.float32))


def test_one_input_is_told_with_the_keys_of_several(cli: Callable, affine: Path, tmp_path: Path) -> None:
    source, output = _saved(tmp_path / "x.npz", x=np.ones((5, 3), np.float32)), tmp_path / "y.npz"
    one = cli("run", str(affine), "--input", source, "--output", str(output), "--json").json
    (file,) = one["files"]
    assert (file["source"], file["items"], file["output"]) == (source, 5, str(output))
    assert file["sha256"] == hashlib.sha256(output.read_bytes()).hexdigest()
    assert file["outputs"] == [{"name": "y", "dtype": "float32", "shape": [5, 3]}]
    other = _saved(tmp_path / "z.npz", x=np.ones((2, 3), np.float32))
    words = ("--input", source, "--input", other, "--output", str(tmp_path / "many"), "--json")
    several = cli("run", str(affine), *words).json
    assert one.keys() - {"metrics"} == several.keys()
    assert [item.keys() for item in several["files"]] == [file.keys()] * 2
    assert one["weights"] == several["weights"]
    unwritten = cli("run", str(affine), "--input", source, "--json").json["files"][0]
    assert unwritten == file | {"output": None, "sha256": None}


def test_jets_with_labels_are_measured(cli: Callable, tagger: Path, tmp_path: Path) -> None:
    jets = hbb_in.sample()
    some = slice(None, None, len(jets) // 50)
    arrays = {"tracks": jets.tracks[some], "vertices": jets.vertices[some], "labels": jets.labels[some]}
    result = cli("run", str(tagger), "--input", _saved(tmp_path / "jets.npz", **arrays), "--json")
    document = json.loads(result.out)
    assert document["model"] == hbb_in.TITLE
    assert document["input"]["items"] == 50
    assert document["weights"]["fingerprint"].startswith("sha256:")
    assert 0 <= document["metrics"]["roc_auc"] <= 1


@pytest.mark.parametrize(
    ("arrays", "said"),
    [
        ({"z": np.ones((2, 3))}, "it takes 'x' of shape (N, 3), which your 'z' (2, 3) fits"),
        ({"x": np.ones((2, 4))}, "has shape (2, 4), but the model takes (N = 2, 3)"),
        ({"x": np.array([["a", "b", "c"]])}, "cannot safely become float32"),
        ({"x": np.ones((2, 3)), "more": np.ones(1)}, "no input 'more'"),
    ],
)
def test_inputs_that_do_not_fit_are_explained(
    cli: Callable, affine: Path, tmp_path: Path, arrays: dict[str, np.ndarray], said: str
) -> None:
    result = cli("run", str(affine), "--input", _saved(tmp_path / "x.npz", **arrays))
    assert result.code == 1
    assert said in result.err
    assert "Traceback" not in result.err


def test_a_file_that_is_no_arrays_is_explained(cli: Callable, affine: Path, tmp_path: Path) -> None:
    (tmp_path / "x.npz").write_text("<html>")
    result = cli("run", str(affine), "--input", str(tmp_path / "x.npz"))
    assert (result.code, result.out) == (1, "")
    assert "cannot be read as a .npz, .npy or HDF5 file" in result.err


def test_an_output_of_an_unknown_kind_is_wrong_usage_before_anything_runs(
    cli: Callable, affine: Path, tmp_path: Path
) -> None:
    source = _saved(tmp_path / "x.npz", x=np.ones((1, 3)))
    result = cli("run", str(affine), "--input", source, "--output", str(tmp_path / "y.csv"))
    assert result.code == 2
    assert list(tmp_path.glob("*y*")) == []


def test_a_missing_model_file_is_explained(cli: Callable, tmp_path: Path) -> None:
    result = cli("run", str(tmp_path / "no.onnx"), "--input", str(tmp_path / "x.npz"))
    assert result.code == 1
    assert "There is no file" in result.err


@pytest.mark.parametrize("name", ["lab/no.onnx", "lab/no.h5", "data/v1/no.npz"])
def test_a_missing_file_in_a_folder_is_not_looked_for_on_the_hub(cli: Callable, name: str) -> None:
    assert f"There is no file {name}." in cli("run", name, "--input", "x.npz").err


def test_a_file_is_nothing_to_fetch(cli: Callable, affine: Path) -> None:
    result = cli("fetch", str(affine))
    assert result.code == 2
    assert "is a file here, and fetch takes an identifier" in result.err
    assert "fairreg run FILE --input FILE" in result.err


@pytest.mark.parametrize(
    "address",
    [
        "https://zenodo.org/records/7305227/files/m.onnx",
        "https://huggingface.co/lab/net/blob/main/m.onnx",
        "huggingface.co/lab/net/blob/main/m.onnx",
        "lab/net-v1.2",
        "10.5281/m.onnx",
        "url:https://lab.org/m.onnx",
    ],
)
def test_the_address_of_a_file_in_a_record_is_no_file_name(address: str) -> None:
    assert not looks_like_path(address)


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_jets_with_a_value_that_is_no_number_are_refused(
    cli: Callable, tagger: Path, tmp_path: Path, bad: float
) -> None:
    jets = hbb_in.sample()
    tracks = jets.tracks[:5].copy()
    tracks[3, 8, 0] = bad
    source = _saved(tmp_path / "jets.npz", tracks=tracks, vertices=jets.vertices[:5])
    result = cli("run", str(tagger), "--input", source)
    assert result.code == 1
    assert "jet 3" in result.err
    assert "track_dz" in result.err
