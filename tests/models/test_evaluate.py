# SPDX-License-Identifier: MIT
"""Figures of merit are those of their definitions."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fairreg.errors import ModelError
from fairreg.models import hbb_in
from fairreg.models.hbb_in.evaluate import evaluate, roc_auc
from fairreg.models.hbb_in.inputs import Jets
from fairreg.models.hbb_in.runner import build
from support import toy

scored = st.lists(st.tuples(st.booleans(), st.integers(-3, 3)), min_size=1, max_size=30)


@given(scored)
def test_the_auc_is_the_chance_that_a_positive_scores_higher(rows):
    positive, scores = (np.array(column) for column in zip(*rows, strict=True))
    pairs = [(a > b) + (a == b) / 2 for a in scores[positive] for b in scores[~positive]]
    found = roc_auc(positive, scores)
    assert math.isclose(found, np.mean(pairs)) if pairs else math.isnan(found)


def test_jets_with_neither_label_are_counted_and_left_out(paper_sizes, make_tensors):
    jets = toy.toy_jets(6, 1)
    labels = jets.labels.copy()
    labels[4:] = 0
    runner = build(make_tensors(paper_sizes), batch_size=4)
    found = evaluate(runner, Jets(jets.tracks, jets.vertices, labels))
    scores = runner.predict(jets.tracks, jets.vertices)[:4, 1]
    assert (found.jets, found.qcd, found.hbb, found.unlabelled) == (6, 2, 2, 2)
    assert found.roc_auc == roc_auc(labels[:4, 1] == 1, scores)
    assert found.accuracy == np.mean((scores > 0.5) == (labels[:4, 1] == 1))
    assert found.batch_size == 4
    assert found.jets_per_second > 0


def test_without_labels_there_is_nothing_to_evaluate(paper_sizes, make_tensors):
    jets = toy.toy_jets(2, 1)
    with pytest.raises(ModelError, match="no labels"):
        evaluate(build(make_tensors(paper_sizes)), Jets(jets.tracks, jets.vertices))


def test_a_sample_of_one_class_has_no_auc(paper_sizes, make_tensors):
    jets = toy.toy_jets(4, 1)
    found = evaluate(
        build(make_tensors(paper_sizes)), Jets(jets.tracks[::2], jets.vertices[::2], jets.labels[::2])
    )
    assert math.isnan(found.roc_auc)
    assert 0 <= found.accuracy <= 1


@pytest.mark.long
def test_a_demonstration_names_its_sample_and_what_it_is_not(paper_sizes, make_tensors):
    runner = build(make_tensors(paper_sizes))
    found = hbb_in.demonstrate(runner)
    assert (found.source, found.items, found.batch_size) == (
        "Simulated H->bb and QCD jets for the Hbb interaction network",
        2000,
        128,
    )
    assert found.metrics == {
        "roc_auc": evaluate(runner, hbb_in.sample()).roc_auc,
        "accuracy": evaluate(runner, hbb_in.sample()).accuracy,
    }
    assert "neither CMS data nor CMS simulation" in found.warnings[0]


def test_only_a_hbb_network_is_demonstrated():
    with pytest.raises(ModelError, match="not a Hbb interaction network"):
        hbb_in.demonstrate(object())


@pytest.mark.shared
def test_the_published_baseline_tells_the_packaged_jets_apart(published):
    runner = hbb_in.load(published / "trained_models/gnn_baseline_best.pth")
    found = evaluate(runner, hbb_in.sample())
    # It was trained on another simulation: the features must mean the same here.
    assert found.roc_auc == pytest.approx(0.9887, abs=1e-3)
    assert found.accuracy == pytest.approx(0.9375, abs=2e-3)
