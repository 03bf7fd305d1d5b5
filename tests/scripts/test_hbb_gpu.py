# SPDX-License-Identifier: MIT
"""The benchmark for GPUs, in short on the CPU: it ends with a document whatever is missing or fails."""

import importlib.util
import json
import sys
from pathlib import Path

import pytest

from fairreg.models.hbb_in.network import onnx_bytes
from support.networks import SMALL, random_tensors

SCRIPT = Path(__file__).parents[2] / "benchmarks/hbb_gpu.py"


@pytest.fixture
def benchmark(tmp_path, monkeypatch):
    """Run the script with these arguments on a small network; return exit code and document."""
    spec = importlib.util.spec_from_file_location("hbb_gpu", SCRIPT)
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    (tmp_path / "net.onnx").write_bytes(onnx_bytes(random_tensors(SMALL)))
    monkeypatch.setattr(script.signal, "signal", lambda *_: None)

    def run(*words):
        short = ["--jets", 6, "--compared", 4, "--repetitions", 2, "--seconds", 0, "--batch-sizes", "1,8"]
        given = ["--weights", tmp_path / "net.onnx", "--output", tmp_path / "out", *short, *words]
        monkeypatch.setattr(sys, "argv", ["hbb_gpu.py", *map(str, given)])
        code = script.main()
        return code, json.loads((tmp_path / "out/hbb_gpu.json").read_text())

    run.script = script
    return run


def test_every_runtime_and_precision_is_a_row_that_agrees_or_has_its_reason(benchmark, capsys):
    code, document = benchmark("--device", "cpu")
    rows = {row["name"]: row for row in document["runtimes"]}
    assert code == 0
    assert len(rows) == 3 * 3 + 1
    assert rows["onnx-float32"]["verdict"] == "agrees"
    assert [item["batch_size"] for item in rows["onnx-float32"]["series"]] == [1, 8]
    assert all(item["max_difference"] <= 1e-5 for item in rows["onnx-float32"]["series"])
    assert all(row["series"] or row["message"] for row in rows.values())
    assert document["complete"]
    assert not document["interrupted"]
    assert document["packing_jets_per_second"].keys() == {"1", "8"}
    assert "onnxruntime, float32: agrees" in capsys.readouterr().out


def test_without_the_device_there_is_a_document_with_the_reasons(benchmark, monkeypatch):
    monkeypatch.setattr(benchmark.script.devices, "_counted", lambda: (0, "No driver."))
    code, document = benchmark("--runtimes", "onnx")
    assert code == 1
    assert {row["verdict"] for row in document["runtimes"]} == {"cannot load"}
    assert "No driver." in document["runtimes"][0]["message"]
    assert "onnx-float32-few" in {row["name"] for row in document["runtimes"]}
    assert document["figures"] == []


def test_when_the_time_is_up_what_was_not_measured_says_so(benchmark):
    code, document = benchmark("--device", "cpu", "--minutes", 0, "--runtimes", "onnx")
    assert (code, document["complete"]) == (1, False)
    assert all("time was up" in row["message"] for row in document["runtimes"])


def test_an_interruption_keeps_what_was_measured(benchmark, monkeypatch):
    script = benchmark.script

    class Stopped(script.Benchmark):
        def _observe(self, on_gpu):
            raise KeyboardInterrupt

    monkeypatch.setattr(script, "Benchmark", Stopped)
    code, document = benchmark("--device", "cpu", "--runtimes", "onnx", "--precisions", "float32")
    assert (code, document["interrupted"], document["complete"]) == (130, True, False)
    assert len(document["runtimes"][0]["series"]) == 2
