# SPDX-License-Identifier: MIT
"""The explanations take every published weight file, with the features that it keeps."""

import json

import numpy as np
import pytest

from fairreg.errors import ModelError
from fairreg.models.hbb_in.explain.relevance import PropagationRule
from fairreg.models.hbb_in.features import TRACK_FEATURES, VERTEX_FEATURES
from fairreg.models.hbb_in.workflows.explain.activity import activity
from fairreg.models.hbb_in.workflows.explain.lrp import lrp
from fairreg.models.hbb_in.workflows.explain.mask import mask
from fairreg.models.hbb_in.workflows.explain.subject import read_model
from support.toy import toy_jets

pytestmark = pytest.mark.shared

ABLATED = "psvfeaturesdropped_001_noTrackQ"
TABLE_10 = {
    "baseline": ((0, 0), (60, 20, 24), 25554),
    f"{ABLATED}_hidden32_De16_Do16": ((12, 5), (32, 16, 16), 8498),
    f"{ABLATED}_hidden32_De8_Do8": ((12, 5), (32, 8, 8), 7178),
    f"{ABLATED}_hidden16_De8_Do8": ((12, 5), (16, 8, 8), 2842),
}


@pytest.fixture
def few(tmp_path):
    jets = toy_jets(4, 5)
    np.savez(tmp_path / "few.npz", tracks=jets.tracks, vertices=jets.vertices, labels=jets.labels)
    return tmp_path / "few.npz"


@pytest.mark.parametrize("name", TABLE_10)
def test_the_networks_of_table_10_have_its_parameters_and_lack_its_features(published, name):
    found = read_model(published / f"trained_models/gnn_{name}_best.pth")
    dropped, shape, parameters = TABLE_10[name]
    assert found.sizes.parameter_count == parameters
    assert (found.sizes.hidden, found.sizes.d_e, found.sizes.d_o) == shape
    assert (30 - len(found.names[0]), 14 - len(found.names[1])) == dropped
    if any(dropped):
        assert {"track_quality", "sv_ptrel", "sv_erel"} <= set(found.dropped)


def test_the_dropped_features_of_every_file_are_those_of_its_metadata(published):
    checked = 0
    for path in sorted((published / "model_dicts").glob("*.json")):
        weights = published / "trained_models" / path.name.replace("_model_metadata.json", "_best.pth")
        document = json.loads(path.read_text())
        expected = [
            features[int(index)].name
            for features, key in ((TRACK_FEATURES, "drop_pfeatures"), (VERTEX_FEATURES, "drop_svfeatures"))
            for index in document[key].split(",")
            if index
        ]
        assert list(read_model(weights).dropped) == expected
        checked += 1
    assert checked == 30


def test_the_baseline_has_424_nodes(published, few):
    found = activity(published / "trained_models/gnn_baseline_best.pth", few)
    assert found.facts["nodes"] == 424
    assert found.model.to_json()["published_name"] == "gnn_baseline_best.pth"


@pytest.mark.parametrize("every", [8, pytest.param(1, marks=pytest.mark.long)])
def test_everything_runs_on_every_published_file(published, few, every):
    paths = sorted([*(published / "trained_models").glob("*.pth"), *published.rglob("*.onnx")])
    assert len(paths) == 33
    for path in paths[::every]:
        names = read_model(path).names
        masked = mask(path, few, bootstraps=2, thresholds=(0.05,))
        assert [row[0] for row in masked.tables[0].rows] == [*names[0], *names[1]]
        relevant = lrp(path, few, rule=PropagationRule("0"))
        assert relevant.facts["largest_relative_loss"] < 1e-6
        sparse = activity(path, few, padding=False)
        assert all(0 <= value <= 1 for row in sparse.tables[0].rows for value in row[1:])


def test_weights_without_a_word_on_their_features_are_refused(published, tmp_path):
    path = tmp_path / "network.pth"
    path.write_bytes((published / f"trained_models/gnn_{ABLATED}_best.pth").read_bytes())
    with pytest.raises(ModelError, match="are unknown: 18") as error:
        read_model(path)
    assert "model_metadata.json" in error.value.hint
