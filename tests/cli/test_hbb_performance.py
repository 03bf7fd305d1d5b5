# SPDX-License-Identifier: MIT
"""``fairreg hbb export`` and ``fairreg hbb benchmark`` with tiny networks on toy jets."""

import json

import numpy as np
import onnx
import pytest

from fairreg.models import hbb_in
from fairreg.models.hbb_in.network import Hyperparameters, onnx_bytes
from fairreg.models.hbb_in.pairwise import pairwise_bytes
from fairreg.runners.weights import fingerprint, fingerprint_of
from support.networks import random_tensors
from support.toy import toy_jets, write_prepared

pytestmark = pytest.mark.engines("sqlite")  # nothing here opens a registry

SIZES = Hyperparameters(track_features=30, vertex_features=14, hidden=6, d_e=4, d_o=4)
TENSORS = random_tensors(SIZES)
QUICK = [
    "--batch-sizes", "1,4", "--repetitions", 2, "--seconds", 0, "--jets", 8, "--compared", 4, "--threads", 1
]  # fmt: skip


@pytest.fixture
def weights(tmp_path):
    (tmp_path / "net.onnx").write_bytes(onnx_bytes(TENSORS))
    return tmp_path / "net.onnx"


def test_an_export_says_the_fingerprint_and_how_far_it_is_from_the_definition(cli, weights, tmp_path):
    done = cli("hbb", "export", weights, "--output", tmp_path / "out.onnx")
    assert done.code == 0, done.err
    assert f"{fingerprint_of(TENSORS)} (same as the weights)" in done.out
    assert "max |dp|" in done.out
    assert fingerprint(tmp_path / "out.onnx") == fingerprint_of(TENSORS)


def test_an_export_to_a_folder_in_two_formats_is_one_document(cli, weights, tmp_path):
    done = cli(
        "hbb", "export", weights, "-o", tmp_path / "o", "--format", "onnx", "--format", "pairwise", "--json"
    )
    assert done.json["weights"] == {"file": str(weights), "fingerprint": fingerprint_of(TENSORS)}
    assert [item["path"] for item in done.json["files"]] == [
        str(tmp_path / "o" / name) for name in ("net.onnx", "net-pairwise.onnx")
    ]
    assert all(item["max_difference"] < 1e-5 for item in done.json["files"])


@pytest.mark.parametrize(
    ("command", "code"),
    [
        (["export", "WEIGHTS", "--output", "x.plan"], 2),
        (["export", "JUNK", "--output", "x.onnx"], 1),
        (["benchmark", "--weights", "JUNK"], 1),
        (["benchmark", "--weights", "WEIGHTS", "--sample", "JUNK"], 1),
        (["benchmark", "--weights", "WEIGHTS", "--seconds", "1e9"], 2),
    ],
)
def test_what_cannot_be_done_is_one_sentence(cli, weights, tmp_path, monkeypatch, command, code):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "junk.npz").write_bytes(b"junk")
    places = {"WEIGHTS": weights, "JUNK": tmp_path / "junk.npz"}
    done = cli("hbb", *(places.get(word, word) for word in command))
    assert done.code == code
    assert done.err.startswith("Error: ")
    assert "Traceback" not in done.err


def test_batch_sizes_that_are_no_numbers_are_wrong_usage(cli, weights):
    done = cli("hbb", "benchmark", "--weights", weights, "--batch-sizes", "1,many")
    assert done.code == 2
    assert "not a list of numbers" in done.err


def test_a_benchmark_prints_the_papers_table_and_writes_figure_and_document(cli, weights, tmp_path):
    pytest.importorskip("matplotlib")
    done = cli("hbb", "benchmark", "--weights", weights, *QUICK, "--output", tmp_path / "o")
    assert done.code == 0, done.err
    for words in ("Accuracy", "Time/batch of 4 [s]", "AUC", "onnxruntime, packed", "agrees", "Throughput"):
        assert words in done.out
    assert (tmp_path / "o/throughput.png").read_bytes().startswith(b"\x89PNG")
    document = json.loads((tmp_path / "o/benchmark.json").read_text())
    assert document["weights"]["fingerprint"] == fingerprint_of(TENSORS)
    assert document["input"]["items"] == 8
    first = document["runtimes"][0]
    assert [item["batch_size"] for item in first["series"]] == [1, 4]
    assert all(len(item["jets_per_second"]) == 2 for item in first["series"])


def test_a_sample_of_prepared_jets_is_read_only_as_far_as_asked(cli, weights, tmp_path):
    pytest.importorskip("h5py")
    jets = toy_jets(20, 3)
    write_prepared(tmp_path / "x.h5", jets)
    done = cli("hbb", "benchmark", "--weights", weights, "--sample", tmp_path / "x.h5", *QUICK, "--json")
    assert done.code == 0, done.err
    assert done.json["input"]["source"] == "x.h5"
    scores = hbb_in.load(weights).predict(jets.tracks[:8], jets.vertices[:8])[:, 1]
    expected = np.mean((scores > 0.5) == jets.labels[:8, 1])
    assert done.json["runtimes"][0]["accuracy"] == pytest.approx(expected)


def test_files_of_others_agree_differ_or_do_not_load_each_with_its_reason(cli, weights, tmp_path):
    names = ("same.onnx", "other.onnx", "beside.onnx", "outside.onnx")
    same, other, beside, outside = (tmp_path / name for name in names)
    same.write_bytes(pairwise_bytes(TENSORS))
    other.write_bytes(pairwise_bytes(random_tensors(SIZES, seed=9)))
    model = onnx.load(same)
    onnx.save(model, beside, save_as_external_data=True, size_threshold=0, location="weights.bin")
    outside.write_bytes(beside.read_bytes().replace(b"weights.bin", b"../else.bin"))
    published = [word for path in (same, other, beside, outside) for word in ("--published", path)]
    done = cli("hbb", "benchmark", "--weights", weights, *published, *QUICK, "--json")
    assert done.code == 0, done.err
    rows = {row["name"]: row for row in done.json["runtimes"]}
    assert rows[f"onnx:{same}"]["verdict"] == "agrees"
    assert rows[f"onnx:{beside}"]["verdict"] == "agrees"
    assert rows[f"onnx:{other}"]["verdict"] == "differs"
    assert fingerprint(other) in rows[f"onnx:{other}"]["message"]
    assert (rows[f"onnx:{outside}"]["verdict"], rows[f"onnx:{outside}"]["series"]) == ("cannot load", [])
    assert "not a file in its folder" in rows[f"onnx:{outside}"]["message"]


def test_the_weights_of_a_file_of_others_are_taken_where_no_weights_are_named(cli, weights):
    done = cli("hbb", "benchmark", "--published", weights, *QUICK, "--json")
    assert done.json["weights"] == {"file": "net.onnx", "fingerprint": fingerprint_of(TENSORS)}
    assert done.json["runtimes"][3]["verdict"] == "agrees"


def test_without_any_weights_it_says_how_to_name_some(cli, monkeypatch):
    monkeypatch.setattr(hbb_in, "reference", lambda _identifier: None)
    done = cli("hbb", "benchmark", *QUICK)
    assert done.code == 2
    assert "--weights" in done.err


def test_an_interrupted_benchmark_prints_what_it_has_and_ends_as_interrupted(cli, weights, monkeypatch):
    from fairreg.models.hbb_in.benchmark.measurement import Benchmark

    measure = Benchmark._measure

    def interrupted(self, row, *rest):
        measure(self, row, *rest)
        raise KeyboardInterrupt

    monkeypatch.setattr(Benchmark, "_measure", interrupted)
    done = cli("hbb", "benchmark", "--weights", weights, *QUICK, "--json")
    assert done.code == 130
    assert done.json["interrupted"] is True
    assert len(done.json["runtimes"][0]["series"][0]["jets_per_second"]) == 1


@pytest.mark.parametrize("command", ["export", "benchmark"])
def test_the_help_has_an_example(cli, command):
    assert f"Example: fairreg hbb {command}" in " ".join(cli("hbb", command, "--help").out.split())
