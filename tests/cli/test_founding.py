# SPDX-License-Identifier: MIT
"""The founding Hbb network, 10.5281/zenodo.3891869, runs by its DOI from every form of its weights."""

import numpy as np
import pytest

from fairreg.models import hbb_in
from fairreg.models.hbb_in.pairwise import definition
from fairreg.runners.weights import fingerprint_of
from support import founding
from support.networks import TRACKS_ONLY, WITH_UNUSED

pytestmark = pytest.mark.engines("sqlite")

JETS = 40
FORMS = {
    "IN.pth": founding.weights(),
    "IN_new.pth": founding.weights(),
    "IN.onnx": founding.weights(),
    "IN_noSVs.pth": founding.weights(WITH_UNUSED),
    "IN_tracks.onnx": founding.weights(TRACKS_ONLY),
}


@pytest.fixture
def jets(tmp_path):
    """A file with packaged jets, and the jets."""
    some = hbb_in.sample()
    tracks, vertices, labels = (
        np.concatenate((array[:JETS], array[-JETS:])) for array in (some.tracks, some.vertices, some.labels)
    )
    np.savez(tmp_path / "jets.npz", tracks=tracks, vertices=vertices, labels=labels)
    return tmp_path / "jets.npz", tracks, vertices


def test_fetch_and_run_take_the_network_with_all_inputs_beside_files_that_cannot_be_read(cli, httpserver):
    founding.serve(httpserver, founding.all_forms())
    result = cli("fetch", founding.DOI, "--run", "--json")
    assert result.code == 0, result.err
    run = result.json["run"]
    assert run["weights"]["fingerprint"] == fingerprint_of(founding.weights())
    assert run["weights"]["file"] in {"IN.pth", "IN_new.pth", "IN.onnx"}
    assert run["input"]["items"] > 100
    (said,) = [line for line in run["warnings"] if "TorchScript" in line]
    assert said.startswith("IN_script.pt")
    assert f"The model that ran is {run['weights']['file']}." in said


@pytest.mark.sliced(2)
@pytest.mark.parametrize("name", FORMS)
def test_every_form_gives_the_probabilities_of_the_definition(cli, httpserver, jets, tmp_path, name):
    founding.serve(httpserver, founding.all_forms())
    path, tracks, vertices = jets
    output = tmp_path / "out.npz"
    result = cli("run", founding.DOI, "--file", name, "--input", path, "--output", output, "--json")
    assert result.code == 0, result.err
    assert result.json["weights"]["fingerprint"] == fingerprint_of(FORMS[name])
    assert 0 <= result.json["metrics"]["roc_auc"] <= 1
    expected = definition(FORMS[name])(tracks, vertices)
    assert np.ptp(expected[:, 1]) > 1e-3
    with np.load(output) as found:
        np.testing.assert_allclose(found["probabilities"], expected, rtol=0, atol=1e-6)


def test_run_by_the_doi_alone_takes_the_same_network(cli, httpserver, jets, tmp_path):
    founding.serve(httpserver, founding.all_forms())
    path, tracks, vertices = jets
    result = cli("run", founding.DOI, "--input", path, "--output", tmp_path / "out.npz", "--json")
    assert result.code == 0, result.err
    assert any("TorchScript" in line for line in result.json["warnings"])
    with np.load(tmp_path / "out.npz") as found:
        expected = definition(founding.weights())(tracks, vertices)
        np.testing.assert_allclose(found["probabilities"], expected, rtol=0, atol=1e-6)


@pytest.mark.sliced(3)
@pytest.mark.parametrize("name", ["x.npz", "x.npy", "x.h5"])
def test_a_network_of_tracks_only_takes_a_file_of_tracks_alone(cli, httpserver, jets, tmp_path, name):
    founding.serve(httpserver, founding.all_forms())
    _, tracks, _ = jets
    if name == "x.npy":
        np.save(tmp_path / name, tracks)
    elif name == "x.npz":
        np.savez(tmp_path / name, input_cpf=tracks, labels=np.eye(2)[[0, 1] * JETS])
    else:
        h5py = pytest.importorskip("h5py")
        with h5py.File(tmp_path / name, "w") as file:
            file["tracks"] = tracks
    words = ("--input", tmp_path / name, "--output", tmp_path / "out.npz", "--json")
    result = cli("run", founding.DOI, "--file", "IN_noSVs.pth", *words)
    assert result.code == 0, result.err
    assert set(result.json["metrics"]) == ({"roc_auc", "accuracy"} if name == "x.npz" else set())
    with np.load(tmp_path / "out.npz") as found:
        expected = definition(FORMS["IN_noSVs.pth"])(tracks, None)
        np.testing.assert_allclose(found["probabilities"], expected, rtol=0, atol=1e-6)
    refused = cli("run", founding.DOI, "--file", "IN.pth", *words)
    assert refused.code == 1
    assert "The model needs the input 'input_sv'." in refused.err


def test_of_tracks_only_the_demonstration_runs_on_the_packaged_jets(cli, httpserver):
    founding.serve(httpserver, founding.all_forms())
    result = cli("fetch", founding.DOI, "--run", "--file", "IN_noSVs.pth", "--json")
    assert result.code == 0, result.err
    assert result.json["run"]["weights"]["file"] == "IN_noSVs.pth"


def test_the_program_alone_is_refused_as_one(cli, httpserver):
    founding.serve(httpserver, founding.all_forms())
    result = cli("fetch", founding.DOI, "--run", "--file", "IN_script.pt")
    assert result.code == 1
    assert "it is a TorchScript program, not a state dict" in result.err
