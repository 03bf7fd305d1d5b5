# SPDX-License-Identifier: MIT
"""Networks that model packages build, fetched by identifier with the files that state their options."""

import json

import numpy as np
import pytest

from fairreg import models
from fairreg.harvesters.github.mapping import model_files
from fairreg.models.pfn.architecture import ParticleFlowSizes
from support import hub
from support.particle_flow import random_weights
from support.side_file_graphs import X, inline
from support.weight_files import Files

pytestmark = pytest.mark.engines("sqlite")

SIZES = ParticleFlowSizes(3, (9, 8), (6, 5), 2, 10)
OPTIONS = {
    "n_phiI": 10,
    "x_mode": "sum",
    "phi_nodes": "9,8",
    "f_nodes": "6,5",
    "data_type": "topdata",
    "skiplabels": "",
    "use_softmax": False,
    "use_dropout": False,
}
WEIGHTS = "model/trained_models/UQPFIN_best_topdata"
STATED = "model/trained_model_dicts/UQPFIN_topdata.json"
FILES = {
    WEIGHTS: Files().zipped(random_weights(SIZES.shapes())),
    STATED: json.dumps(OPTIONS).encode(),
    "model/trained_model_dicts/UQPFIN_jetnet.json": b"{}",
    "README.md": b"# R",
}


@pytest.mark.parametrize("chosen", [(), ("--file", WEIGHTS)])
def test_options_in_another_folder_come_with_the_weights(cli, httpserver, chosen):
    pid = hub.serve(httpserver, "lab/uqpfin", FILES)
    result = cli("fetch", pid, "--run", *chosen, "--json")
    assert result.code == 0, result.err
    listed = {item["name"] for item in result.json["files"]}
    assert listed == ({WEIGHTS, STATED} if chosen else set(FILES))
    run = result.json["run"]
    assert run["model"] == "Particle Flow Interaction Network"
    assert run["metrics"]["max_difference"] < 1e-5
    assert run["engine"].startswith("onnxruntime ")
    assert any("model/UQPFIN.py" in line for line in run["warnings"])


def test_without_them_what_is_missing_is_said_and_another_model_runs(cli, httpserver, tmp_path):
    alone = {WEIGHTS: FILES[WEIGHTS]}
    result = cli("fetch", hub.serve(httpserver, "lab/alone", alone), "--run")
    assert result.code == 1
    assert "fairreg needs UQPFIN_topdata.json" in result.err
    np.savez(tmp_path / "x.npz", x=X)
    beside = hub.serve(httpserver, "lab/beside", alone | {"other.onnx": inline().SerializeToString()})
    other = cli("run", beside, "--input", tmp_path / "x.npz", "--json")
    assert other.code == 0, other.err
    assert "UQPFIN_topdata.json" in " ".join(other.json["warnings"])
    assert other.json["weights"]["file"] == "other.onnx"


def test_recognised_weights_make_the_record_runnable(cli, httpserver):
    pid = hub.serve(httpserver, "lab/uqpfin", FILES)
    assert cli("fetch", pid).code == 0
    (row,) = cli("search", pid, "--json").json["results"]
    assert row["runs"] == "runs"
    assert "Runs here" in cli("show", pid).out


def test_files_of_weights_without_a_suffix_and_their_options_are_models_of_a_repository():
    paths = [*FILES, "model/train.py", "trained_models/x/weights", "docs/trained_models/w", "lgn/args.json"]
    paths += ["logs/best.pt", "logs/args.json", "logs/notes.txt", "mp/G.pt", "mp/args.txt"]
    assert model_files(paths) == {
        *(WEIGHTS, STATED, "model/trained_model_dicts/UQPFIN_jetnet.json", "trained_models/x/weights"),
        *("logs/best.pt", "logs/args.json", "mp/G.pt", "mp/args.txt"),
    }


@pytest.mark.parametrize("name", ["best-val-model.pt", "G_best_epoch.pt", "PFIN_best_v3", "trained-model.pt"])
def test_companions_are_paths_inside_the_repository(name):
    found = models.companions(name)
    assert {"args.json", "args.txt", "model-metadata.json"} <= set(found)
    assert all(path.count("..") <= 1 and not path.startswith("/") for path in found)
