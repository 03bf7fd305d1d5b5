# SPDX-License-Identifier: MIT
"""``fairreg hbb explain`` with tiny networks on toy jets."""

import csv
import json

import numpy as np
import pytest

from fairreg.errors import MissingEngine
from fairreg.models.hbb_in import roc_plot
from fairreg.models.hbb_in.explain import integrated
from fairreg.models.hbb_in.explain.plots import style
from fairreg.models.hbb_in.network import Hyperparameters, onnx_bytes
from fairreg.models.hbb_in.workflows.explain.subject import read_labelled
from fairreg.runners.weights import fingerprint_of
from support.networks import random_tensors
from support.toy import toy_jets, write_prepared

pytestmark = pytest.mark.engines("sqlite")  # nothing here opens a registry

SIZES = Hyperparameters(track_features=30, vertex_features=14, hidden=6, d_e=4, d_o=4)
TENSORS = random_tensors(SIZES)
COMMANDS = ("mask", "lrp", "activity")
FIGURES = {
    "mask": {"mask-roc", "mask-features", "mask-thresholds", "mask-objects"},
    "lrp": {"lrp-features", "lrp-objects", "correlations", "correlations-scatter"},
    "activity": {"activity-pattern", "activity-difference"},
}


@pytest.fixture
def weights(tmp_path):
    (tmp_path / "net.onnx").write_bytes(onnx_bytes(TENSORS))
    return tmp_path / "net.onnx"


def written(path, jets, **others):
    arrays = {"tracks": jets.tracks, "vertices": jets.vertices, "labels": jets.labels}
    np.savez(path, **{name: array for name, array in {**arrays, **others}.items() if array is not None})
    return path


@pytest.fixture
def jets(tmp_path):
    return written(tmp_path / "jets.npz", toy_jets(10, 3))


@pytest.fixture
def no_matplotlib(monkeypatch):
    def missing():
        raise MissingEngine("Matplotlib", "plot")

    monkeypatch.setattr(roc_plot, "require", missing)


@pytest.mark.parametrize("command", COMMANDS)
def test_the_document_says_which_network_which_jets_and_which_versions(cli, weights, jets, command):
    done = cli("hbb", "explain", command, weights, "--sample", jets, "--json")
    assert done.code == 0, done.err
    assert done.json["analysis"] == command
    assert done.json["model"]["fingerprint"] == fingerprint_of(TENSORS)
    assert done.json["model"]["dropped_features"] == []
    assert done.json["input"] == {"source": "jets.npz", "items": 10, "QCD": 5, "Hbb": 5, "unlabelled": 0}
    assert {"fairreg", "numpy"} <= done.json["versions"].keys()
    for table in done.json["tables"]:
        assert all(len(row) == len(table["columns"]) for row in table["rows"])


@pytest.mark.long
@pytest.mark.sliced(2)
@pytest.mark.parametrize("command", COMMANDS)
def test_figures_tables_and_document_are_in_the_folder(cli, weights, jets, tmp_path, command):
    pytest.importorskip("matplotlib")
    folder = tmp_path / "out"
    done = cli("hbb", "explain", command, weights, "--sample", jets, "--output", folder)
    assert done.code == 0, done.err
    assert {path.stem for path in folder.glob("*.png")} == FIGURES[command]
    assert all(path.read_bytes().startswith(b"\x89PNG") for path in folder.glob("*.png"))
    assert all((folder / f"{name}.pdf").read_bytes().startswith(b"%PDF") for name in FIGURES[command])
    document = json.loads((folder / f"{command}.json").read_text())
    for table in document["tables"]:
        rows = list(csv.reader((folder / f"{table['name']}.csv").read_text().splitlines()))
        assert rows[0] == table["columns"]
        assert len(rows) == 1 + len(table["rows"])
    assert f"written: {folder / f'{command}.json'}" in done.out


def test_the_report_puts_all_analyses_together_and_loads_nothing(cli, weights, jets, tmp_path, monkeypatch):
    pytest.importorskip("matplotlib")
    folder, page = tmp_path / "out", tmp_path / "pages/why.html"
    monkeypatch.setattr(style, "FORMATS", ("png",))
    for command in COMMANDS:
        done = cli("hbb", "explain", command, weights, "--sample", jets, "-o", folder, "--report", page)
        assert done.code == 0, done.err
    text = page.read_text("utf-8")
    assert text.count("data:image/png;base64,") == sum(map(len, FIGURES.values()))
    assert fingerprint_of(TENSORS) in text
    for word in ("Layer-wise relevance propagation", "jets.npz", "numpy", "trackBTag_EtaRel"):
        assert word in text
    for word in ("<script", "http://", "https://", 'src="/', "@import"):
        assert word not in text


def test_what_comes_from_a_document_is_text_in_the_report(cli, weights, jets, tmp_path, no_matplotlib):
    folder, page = tmp_path / "out", tmp_path / "why.html"
    hostile = weights.with_name("<img src=x>.onnx")
    hostile.write_bytes(weights.read_bytes())
    done = cli("hbb", "explain", "activity", hostile, "--sample", jets, "-o", folder, "--report", page)
    assert done.code == 0, done.err
    assert "<img src=x>" not in page.read_text("utf-8")
    assert "&lt;img src=x&gt;" in page.read_text("utf-8")


def test_a_report_on_two_networks_says_so(cli, weights, jets, tmp_path, no_matplotlib):
    folder, page = tmp_path / "out", tmp_path / "why.html"
    other = tmp_path / "other.onnx"
    other.write_bytes(onnx_bytes(random_tensors(SIZES, seed=8)))
    cli("hbb", "explain", "lrp", other, "--sample", jets, "-o", folder)
    cli("hbb", "explain", "activity", weights, "--sample", jets, "-o", folder, "--report", page)
    assert "not all of the same network" in page.read_text("utf-8")


@pytest.mark.parametrize("content", ["{", "[]", '{"model": {}}'])
def test_a_damaged_document_is_said_in_one_sentence(cli, weights, jets, tmp_path, no_matplotlib, content):
    folder = tmp_path / "out"
    folder.mkdir()
    (folder / "mask.json").write_text(content)
    done = cli(
        "hbb", "explain", "activity", weights, "--sample", jets, "-o", folder, "--report", tmp_path / "x.html"
    )
    assert done.code == 1
    assert done.err.startswith("Error: ")
    assert not (tmp_path / "x.html").exists()


def test_without_matplotlib_there_are_numbers_and_a_warning(cli, weights, jets, tmp_path, no_matplotlib):
    folder, page = tmp_path / "out", tmp_path / "why.html"
    done = cli("hbb", "explain", "activity", weights, "--sample", jets, "-o", folder, "--report", page)
    assert done.code == 0
    assert "The figures were not drawn" in done.err
    assert not list(folder.glob("*.png"))
    assert json.loads((folder / "activity.json").read_text())["figures"] == []
    assert "The figures were not drawn" in page.read_text("utf-8")


def test_the_printed_tables_are_for_people(cli, weights, jets):
    done = cli(
        "hbb", "explain", "mask", weights, "--sample", jets, "--bootstraps", 0, "--thresholds", "0.1,1"
    )
    for words in ("roc auc", "Each feature masked alone", "track_quality", "10 jets of jets.npz"):
        assert words in done.out


def test_the_batch_size_changes_no_figure(cli, weights, jets):
    for command, table in (("lrp", 1), ("activity", 1), ("mask", 0)):
        found = [
            cli("hbb", "explain", command, weights, "--sample", jets, "--batch-size", size, "--json").json
            for size in (1, 7, 128)
        ]
        rows = [[row[1:] for row in one["tables"][table]["rows"]] for one in found]
        numbers = [[[c for c in row if isinstance(c, float)] for row in one] for one in rows]
        for other in numbers[1:]:
            for one_row, other_row in zip(numbers[0], other, strict=True):
                assert one_row == pytest.approx(other_row, abs=1e-6)


def test_jets_that_are_neither_are_left_out_and_counted(cli, weights, tmp_path):
    sample = toy_jets(10, 3)
    labels = sample.labels.copy()
    labels[:3] = 0
    path = written(tmp_path / "some.npz", sample, labels=labels)
    done = cli("hbb", "explain", "activity", weights, "--sample", path, "--json")
    assert done.json["input"] == {"source": "some.npz", "items": 7, "QCD": 3, "Hbb": 4, "unlabelled": 3}


def test_few_jets_are_taken_at_even_distances(tmp_path):
    sample = toy_jets(10, 3)
    order = np.argsort(sample.labels[:, 1], kind="stable")  # a file that is sorted by class
    path = tmp_path / "x.npz"
    np.savez(path, tracks=sample.tracks[order], vertices=sample.vertices[order], labels=sample.labels[order])
    assert read_labelled(path, 4).classes.tolist() == [0, 0, 1, 1]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"labels": None}, "no labels"),
        ({"labels": np.array([[1, 0]] * 10, np.int8)}, "lack a class"),
        ({"tracks": np.ones((10, 18, 60), np.float32)}, "all 30 and 14 are needed"),
    ],
)
def test_jets_that_cannot_be_used_are_refused_in_one_sentence(cli, weights, tmp_path, change, words):
    path = written(tmp_path / "bad.npz", toy_jets(10, 3), **change)
    done = cli("hbb", "explain", "lrp", weights, "--sample", path)
    assert (done.code, done.out) == (1, "")
    assert done.err.startswith("Error: ")
    assert words in done.err


@pytest.mark.parametrize(
    "wrong",
    [
        ["mask", "--thresholds", "1,many"],
        ["mask", "--report", "x.html"],
        ["lrp", "--rule", "alpha-beta"],
        ["lrp", "--start", "end"],
        ["activity", "--threshold", "2"],
        ["activity", "--jets", "1"],
    ],
)
def test_wrong_usage_is_told_from_failure(cli, weights, jets, tmp_path, monkeypatch, wrong):
    monkeypatch.chdir(tmp_path)
    assert cli("hbb", "explain", wrong[0], weights, "--sample", jets, *wrong[1:]).code == 2


def test_without_biases_the_share_of_the_biases_is_nothing_and_there_is_a_warning(cli, weights, jets):
    done = cli("hbb", "explain", "lrp", weights, "--sample", jets, "--no-biases", "--json")
    assert "denominators vanish" in done.err
    totals = done.json["tables"][0]
    assert [row[totals["columns"].index("biases_share")] for row in totals["rows"]] == [0, 0]


def test_the_rankings_of_two_methods_are_compared(cli, weights, jets, monkeypatch):
    pytest.importorskip("torch")
    pytest.importorskip("captum")
    monkeypatch.setattr(integrated, "_STEPS", 8)
    done = cli("hbb", "explain", "lrp", weights, "--sample", jets, "--integrated-gradients", 4, "--json")
    assert done.code == 0, done.err
    check = next(table for table in done.json["tables"] if table["name"] == "lrp-check")
    assert all(-1 <= row[2] <= 1 for row in check["rows"])


@pytest.mark.parametrize("command", [*COMMANDS, "reoptimise"])
def test_the_help_has_an_example(cli, command):
    text = " ".join(cli("hbb", "explain", command, "--help").out.split())
    assert f"Example: fairreg hbb explain {command}" in text


@pytest.fixture
def prepared(tmp_path):
    pytest.importorskip("torch")
    pytest.importorskip("safetensors")
    pytest.importorskip("h5py")
    write_prepared(tmp_path / "x.h5", toy_jets(200, 3))
    return tmp_path / "x.h5"


@pytest.mark.long
def test_smaller_networks_are_trained_without_the_least_features_and_compared(cli, weights, jets, prepared):
    folder = prepared.parent / "smaller"
    options = [
        "--weights", weights, "--sample", jets, "--training-jets", 150, "--mask-jets", 20, "--epochs", 1,
        "--drop-feature", "track_quality", "-o", folder, "--report", folder / "why.html", "--json",
    ]  # fmt: skip
    done = cli("hbb", "explain", "reoptimise", prepared, *options)
    assert done.code == 0, done.err
    table = done.json["tables"][0]
    rows = [dict(zip(table["columns"], row, strict=True)) for row in table["rows"]]
    assert [row["network"] for row in rows] == [
        "explained",
        "same shape",
        "32, 16, 16",
        "32, 8, 8",
        "16, 8, 8",
    ]
    assert (rows[0]["fidelity"], rows[0]["epochs"]) == (1, None)
    assert rows[1]["parameters"] == 25554
    facts = done.json["facts"]
    assert (facts["training_jets"], facts["mask_jets"], facts["epochs"]) == (150, 20, 1)
    dropped = facts["dropped_features"].split()
    assert "track_quality" in dropped
    assert {(row["tracks_dropped"] + row["vertices_dropped"]) for row in rows[2:]} == {len(dropped)}
    if len(dropped) == 17:
        assert [row["parameters"] for row in rows[2:]] == [8498, 7178, 2842]
    assert all(0 <= row["sparsity"] <= 1 and row["jets_per_second"] > 0 for row in rows)
    again = cli("hbb", "explain", "reoptimise", prepared, *options)
    assert again.json["tables"][0]["rows"][2][:12] == table["rows"][2][:12]


def test_too_many_dropped_features_are_wrong_usage(cli, weights, jets, prepared):
    done = cli(
        "hbb", "explain", "reoptimise", prepared, "--weights", weights, "--sample", jets,
        "--drop-tracks", 30, "-o", prepared.parent / "x",
    )  # fmt: skip
    assert done.code == 2
    assert "cannot be left out" in done.err


def test_ctrl_c_in_a_training_ends_as_interrupted(cli, weights, jets, prepared, monkeypatch):
    from fairreg.models.hbb_in.workflows.explain import reoptimise

    def interrupted(*_arguments, **_options):
        raise KeyboardInterrupt

    monkeypatch.setattr(reoptimise, "train", interrupted)
    folder = prepared.parent / "x"
    done = cli(
        "hbb", "explain", "reoptimise", prepared, "--weights", weights, "--sample", jets, "-o", folder
    )  # fmt: skip
    assert done.code == 130
    assert "repeat the command to resume" in done.err
    assert not (folder / "reoptimise.json").exists()
