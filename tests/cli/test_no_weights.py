# SPDX-License-Identifier: MIT
"""Files whose suffix weights may have, and whose content is none: they are in the way of no model."""

import numpy as np
import pytest

from support import hbb
from support.small_graphs import identity, tensor
from support.zenodo_files import packed

pytestmark = pytest.mark.engines("sqlite")

GRAPH = identity(tensor("x"), tensor("y"))
NO_WEIGHTS = {"notes.bin": b"Notes on the calibration.\n", "calib.bin": b"\x01\xfe\x00\x9c" * 200}


@pytest.mark.sliced(2)
@pytest.mark.parametrize("name", NO_WEIGHTS)
@pytest.mark.parametrize("is_packed", [False, True])
def test_text_and_data_named_bin_are_no_weights(fetch, cli, tmp_path, name, is_packed):
    np.savez(tmp_path / "in.npz", x=np.ones(2, np.float32))
    files = {"net.onnx": GRAPH, name: NO_WEIGHTS[name]}
    result = fetch({"all.zip": packed(files)} if is_packed else files, "--json")
    assert [item["name"] for item in result.json["weight_files"]] == ["net.onnx"]
    demonstrated = cli("fetch", hbb.DOI, "--run")
    assert "damaged" not in demonstrated.err
    assert "--file net.onnx --input FILE" in demonstrated.err
    run = cli("run", hbb.DOI, "--input", tmp_path / "in.npz")
    assert run.code == 0, run.err
    assert name not in run.err


@pytest.mark.parametrize(("name", "words"), [("notes.bin", "a text file"), ("calib.bin", "does not know")])
def test_a_bin_file_that_is_run_is_called_what_it_is(cli, tmp_path, name, words):
    (tmp_path / name).write_bytes(NO_WEIGHTS[name])
    result = cli("run", tmp_path / name, "--input", tmp_path / "in.npz")
    assert result.code == 1
    assert words in result.err
    assert "pickle" not in result.err


@pytest.mark.parametrize("start", [b"\x80\x02", b"PK\x03\x04"])
def test_a_damaged_checkpoint_stays_refused_and_its_hint_names_the_other_file(fetch, cli, start):
    fetch({"net.onnx": GRAPH, "net.ckpt": start + bytes(range(200))})
    result = cli("fetch", hbb.DOI, "--run")
    assert result.code != 0
    assert "net.ckpt" in result.err
    assert "Choose another file with --file NAME: net.onnx." in result.err


POINTER = b"version https://git-lfs.github.com/spec/v1\noid sha256:" + b"0" * 64 + b"\nsize 12345\n"


@pytest.mark.parametrize("name", ["d/net.onnx", "d/net.pt", "d/net.h5"])
def test_a_model_that_is_a_pointer_of_git_lfs_is_named(fetch, cli, tmp_path, name):
    fetched = fetch({"code.zip": packed({name: POINTER, "README.md": b"# A model"})})
    assert fetched.code == 0
    assert f"{name} was not opened: it is a pointer of Git LFS" in fetched.err
    demonstrated = cli("fetch", hbb.DOI, "--run")
    run = cli("run", hbb.DOI, "--input", tmp_path / "in.npz")
    for result in (demonstrated, run):
        assert result.code == 1
        assert "is a pointer of Git LFS" in result.err.split("Error: ")[1]
        assert "git lfs pull" in result.err


def test_a_record_without_a_model_names_the_page_on_what_runs(fetch, cli, tmp_path):
    fetch({"notes.txt": b"notes"})
    for result in (cli("fetch", hbb.DOI, "--run"), cli("run", hbb.DOI, "--input", tmp_path / "in.npz")):
        assert "docs/runnable.md" in result.err


def test_outputs_in_a_missing_folder_name_the_folder(cli, tmp_path):
    (tmp_path / "net.onnx").write_bytes(GRAPH)
    np.savez(tmp_path / "in.npz", x=np.ones(2, np.float32))
    target = tmp_path / "nodir" / "o.npz"
    result = cli("run", tmp_path / "net.onnx", "--input", tmp_path / "in.npz", "--output", target)
    assert result.code == 1
    assert f"{target} cannot be written" in result.err
    assert f"Make the folder {target.parent} first." in result.err
