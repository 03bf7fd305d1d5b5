# SPDX-License-Identifier: MIT
"""``--device``: where a command computes; what is not there is refused before anything is done."""

import json

import numpy as np
import pytest

from fairreg.runners import devices, torch

pytestmark = pytest.mark.engines("sqlite")  # nothing here opens a registry
NO_DRIVER = (0, "NVIDIA's driver is not installed.")


@pytest.fixture
def no_gpu(monkeypatch):
    monkeypatch.setattr(devices, "_counted", lambda: NO_DRIVER)


@pytest.fixture
def inputs(tmp_path):
    np.savez(tmp_path / "x.npz", x=np.ones((4, 3), np.float32))
    return tmp_path / "x.npz"


def commands(model, inputs):
    return [
        ["run", model, "--input", inputs],
        ["fetch", "10.5281/zenodo.7305227", "--run"],
        ["hbb", "evaluate"],
    ]


@pytest.mark.parametrize("number", range(3))
def test_a_word_that_is_no_device_is_wrong_usage(cli, affine, inputs, number):
    result = cli(*commands(affine, inputs)[number], "--device", "gpu:0")
    assert result.code == 2
    assert "There is no device 'gpu:0'" in result.err
    assert "cuda:N" in result.err


@pytest.mark.parametrize("number", range(3))
def test_a_gpu_that_is_not_there_is_an_error_with_its_reason(cli, affine, inputs, no_gpu, number):
    result = cli(*commands(affine, inputs)[number], "--device", "cuda")
    assert result.code == 1
    assert "There is no NVIDIA GPU to compute on. NVIDIA's driver is not installed." in result.err
    assert "--device cpu" in result.err


def test_the_cpu_may_be_named_and_is_in_the_document(cli, affine, inputs):
    result = cli("run", affine, "--input", inputs, "--device", "cpu", "--json")
    assert json.loads(result.out)["device"] == "cpu"


def test_a_device_without_a_run_is_wrong_usage(cli):
    result = cli("fetch", "10.5281/zenodo.7305227", "--device", "cpu")
    assert result.code == 2
    assert "need --run" in result.err


def test_a_benchmark_of_a_device_that_is_not_there_says_so_of_every_runtime(cli, no_gpu):
    plan = ["--batch-sizes", "1", "--repetitions", 1, "--seconds", 0, "--jets", 2, "--compared", 0]
    result = cli("hbb", "benchmark", *plan, "--device", "cuda:1", "--json")
    assert result.code == 0, result.err
    assert {row["verdict"] for row in result.json["runtimes"]} == {"cannot load"}


@pytest.mark.torch
@pytest.mark.skipif(not torch.available(), reason="PyTorch is not installed")
def test_a_training_names_its_device_before_it_reads_anything(cli, no_gpu, tmp_path):
    (tmp_path / "jets.h5").write_bytes(b"")
    words = ["hbb", "train", tmp_path / "jets.h5", "--output", tmp_path / "out", "--device"]
    wrong, absent = (cli(*words, device) for device in ("tpu", "cuda:1"))
    assert (wrong.code, absent.code) == (2, 1)
    assert "There is no device 'tpu'" in wrong.err
    assert (
        "CPU only" in absent.err or "There is no NVIDIA GPU" in absent.err or "There is no GPU" in absent.err
    )
