# SPDX-License-Identifier: MIT
"""``fairreg hbb train`` and ``fairreg hbb evaluate`` on a few toy jets."""

import json

import numpy as np
import pytest

from fairreg.models import hbb_in
from fairreg.models.hbb_in.evaluate import roc_auc
from support import toy

pytestmark = [pytest.mark.torch, pytest.mark.engines("sqlite")]  # nothing here opens a registry
FILES = 4
TINY = ["--hidden", 6, "--d-e", 4, "--d-o", 4, "--learning-rate", 0.003, "--threads", 1]


@pytest.fixture(autouse=True)
def needs_engines():
    pytest.importorskip("torch")
    pytest.importorskip("h5py")


@pytest.fixture(scope="module")
def sample(tmp_path_factory):
    """Toy jets two an event, the events in turn in four files; the last jet is neither."""
    pytest.importorskip("h5py")
    from fairreg.models.hbb_in.jet_files import EVENT_BITS, JetWriter

    path, jets = tmp_path_factory.mktemp("sample") / "toy.h5", toy.toy_jets(160, 5)
    events = np.arange(160, dtype=np.int64) // 2
    labels = jets.labels.astype(np.float32)
    labels[-1] = 0
    names = tuple(f"toy-{index}" for index in range(FILES))
    with JetWriter(path, files=names, spectators=("fj_pt",), source="toy jets") as writer:
        writer.append(
            tracks=jets.tracks,
            vertices=jets.vertices,
            labels=labels,
            weight=np.linspace(0.5, 1.5, 160, dtype=np.float32),
            event=events + (events % FILES << EVENT_BITS),
            file=(events % FILES).astype(np.int32),
            spectators=np.ones((160, 1), np.float32),
        )
    return path


def test_a_training_writes_weights_log_figures_and_plot(cli, sample, tmp_path):
    pytest.importorskip("matplotlib")
    done = cli("hbb", "train", sample, "-o", tmp_path / "o", "--epochs", 2, "--test", sample, *TINY, "--json")
    assert done.code == 0, done.err
    assert done.document == "hbb-train"
    assert done.json == json.loads((tmp_path / "o/metrics.json").read_text())
    assert done.json["input"] == {"items": 160, "unlabelled": 1}
    (only,) = done.json["rounds"]
    assert (only["ended"], only["epochs"], only["training_jets"] + only["validation_jets"]) == (
        "all epochs",
        2,
        159,
    )
    lines = [json.loads(line) for line in (tmp_path / "o/log.jsonl").read_text().splitlines()]
    assert [line["epoch"] for line in lines] == [1, 2]
    assert only["best"] in lines
    assert (tmp_path / "o/roc.png").read_bytes().startswith(b"\x89PNG")
    assert "| This work |" in (tmp_path / "o/tables.md").read_text()
    assert "epoch 2: loss" in done.err


def test_the_written_weights_are_one_network_on_raw_features(cli, sample, tmp_path):
    assert cli("hbb", "train", sample, "-o", tmp_path, "--epochs", 1, *TINY).code == 0
    safe, graph = (tmp_path / f"weights.{suffix}" for suffix in ("safetensors", "onnx"))
    found = [hbb_in.recognise(path) for path in (safe, graph)]
    assert found[0].fingerprint == found[1].fingerprint
    from safetensors import safe_open

    with safe_open(safe, "numpy") as content:
        metadata = content.metadata()
    assert json.loads(metadata["setup"])["hidden"] == 6
    assert "folded" in metadata["inputs"]


def test_a_network_with_dropped_features_takes_all_features(cli, sample, tmp_path):
    dropped = ["--drop-feature", "track_quality", "--drop-feature", "sv_normchi2"]
    assert cli("hbb", "train", sample, "-o", tmp_path, "--epochs", 1, *TINY, *dropped).code == 0
    found = cli("hbb", "evaluate", tmp_path / "weights.onnx", "--sample", sample, "--json")
    assert found.json["input"]["items"] == 160
    runner = hbb_in.load(tmp_path / "weights.safetensors")
    assert (len(runner.kept.tracks), len(runner.kept.vertices)) == (29, 13)


def test_the_same_command_goes_on_and_another_one_is_refused(cli, sample, tmp_path):
    command = ["hbb", "train", sample, "-o", tmp_path, *TINY]
    assert cli(*command, "--epochs", 1).code == 0
    more = cli(*command, "--epochs", 2, "--json")
    assert (more.code, more.json["rounds"][0]["epochs"]) == (0, 2)
    assert "epoch 1:" not in more.err
    other = cli(*command, "--seed", 5)
    assert other.code == 2
    assert "another" in other.err


@pytest.mark.parametrize(
    ("options", "rounds"),
    [
        (["--split", "kfold", "--folds", 2], ["seed-0-fold-1", "seed-0-fold-2"]),
        (["--split", "files", "--validation-files", 1, "--repetitions", 2], ["seed-0", "seed-1"]),
    ],
)
def test_rounds_make_the_papers_tables(cli, sample, tmp_path, options, rounds):
    done = cli("hbb", "train", sample, "-o", tmp_path, "--epochs", 1, *TINY, *options, "--reference-auc", 0.9)
    assert done.code == 0, done.err
    document = json.loads((tmp_path / "metrics.json").read_text())
    assert [item["name"] for item in document["rounds"]] == rounds
    values = [item["best"]["roc_auc"] for item in document["rounds"]]
    assert document["roc_auc"]["mean"] == pytest.approx(np.mean(values))
    assert document["roc_auc"]["deviation"] == pytest.approx(np.std(values, ddof=1))
    assert 0 <= document["roc_auc"]["p_value"] <= 1
    assert "p-value (consistency)" in done.out
    for name in rounds:
        assert f"| {name} | 1 |" in done.out
        assert (tmp_path / name / "weights.onnx").is_file()


@pytest.fixture(scope="module")
def weights(tmp_path_factory, make_random_weights):
    return make_random_weights(tmp_path_factory.mktemp("weights"))


@pytest.fixture(scope="module")
def make_random_weights():
    from fairreg.models.hbb_in.network import onnx_bytes
    from support.networks import PAPER, random_tensors

    def make(folder):
        (folder / "weights.onnx").write_bytes(onnx_bytes(random_tensors(PAPER)))
        return folder / "weights.onnx"

    return make


def test_an_evaluation_leaves_out_unlabelled_jets_and_no_last_batch(cli, sample, weights):
    jets = toy.toy_jets(160, 5)
    scores = hbb_in.load(weights).predict(jets.tracks, jets.vertices)[:159, 1]
    found = cli("hbb", "evaluate", weights, "--sample", sample, "--batch-size", 7, "--json").json
    assert found["unlabelled"] == 1
    assert found["metrics"]["signal"] + found["metrics"]["background"] == 159
    assert found["metrics"]["roc_auc"]["value"] == pytest.approx(roc_auc(jets.labels[:159, 1] == 1, scores))
    assert [item["efficiency"] for item in found["metrics"]["rejections"]] == [0.3, 0.5, 0.7]


def test_figures_depend_on_neither_batch_size_nor_runtime(cli, sample, weights):
    found = [
        cli("hbb", "evaluate", weights, "--sample", sample, *options, "--json").json["metrics"]["roc_auc"]
        for options in ([], ["--batch-size", 1], ["--runtime", "torch", "--batch-size", 50])
    ]
    assert found[0]["value"] == pytest.approx(found[1]["value"], abs=1e-3)
    assert found[0]["value"] == pytest.approx(found[2]["value"], abs=1e-3)


def test_event_weights_count_when_asked_for(cli, sample, weights):
    plain, weighted = (
        cli("hbb", "evaluate", weights, "--sample", sample, *options, "--json").json
        for options in ([], ["--weighted"])
    )
    assert (plain["weighted"], weighted["weighted"]) == (False, True)
    assert plain["metrics"]["accuracy"] != weighted["metrics"]["accuracy"]


def test_an_evaluation_prints_its_figures_with_uncertainties(cli, sample, weights, tmp_path):
    pytest.importorskip("matplotlib")
    done = cli("hbb", "evaluate", weights, "--sample", sample, "--plot", tmp_path / "roc.png")
    assert done.code == 0
    assert "ROC AUC: 0." in done.out
    assert "±" in done.out
    assert (tmp_path / "roc.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize(
    ("options", "code"),
    [
        (["--schedule", "sawtooth"], 2),
        (["--drop-feature", "track_charm"], 2),
        (["--split", "years"], 2),
        (["--split", "kfold", "--folds", 9], 2),
        (["--time-limit", 1e-9], 1),
    ],
)
def test_what_cannot_be_done_is_one_sentence(cli, sample, tmp_path, options, code):
    done = cli("hbb", "train", sample, "-o", tmp_path, *TINY, *options)
    assert done.code == code
    assert done.err.startswith("Error: ")
    assert "Traceback" not in done.err


def test_a_file_of_another_kind_is_one_sentence(cli, weights, tmp_path):
    (tmp_path / "no.h5").write_bytes(b"no HDF5")
    assert cli("hbb", "evaluate", weights, "--sample", tmp_path / "no.h5").code == 1
    assert cli("hbb", "train", tmp_path / "no.h5", "-o", tmp_path / "o").code == 1


@pytest.mark.parametrize("command", ["train", "evaluate"])
def test_the_help_has_an_example(cli, command):
    assert f"Example: fairreg hbb {command}" in " ".join(cli("hbb", command, "--help").out.split())
