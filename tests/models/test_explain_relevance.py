# SPDX-License-Identifier: MIT
"""Relevances are those of the equations, conserve what is explained, and depend on nothing else."""

from itertools import product

import numpy as np
import pytest

from fairreg.errors import UsageError
from fairreg.models.hbb_in.explain.averages import average, joined, summary
from fairreg.models.hbb_in.explain.passes import Network, groups
from fairreg.models.hbb_in.explain.relevance import RULES, STARTS, PropagationRule, relevances
from fairreg.models.hbb_in.network import Hyperparameters
from support.networks import definition, random_jets, random_tensors
from support.relevance import SlowRelevance

SIZES = Hyperparameters(track_features=4, vertex_features=3, hidden=5, d_e=3, d_o=4, n_tracks=7, n_vertices=3)
TENSORS = random_tensors(SIZES, seed=3)
TRACKS, VERTICES = random_jets(12, SIZES, seed=4)
CLASSES = np.arange(12) % 2


def unbiased(tensors):
    return {name: array * (not name.endswith(".bias")) for name, array in tensors.items()}


def probabilities(tensors, tracks, vertices):
    network, found = Network(tensors), np.empty((len(tracks), 2))
    for group in groups(tracks, vertices):
        found[group.jets] = network.forward(group).logits
    exponentials = np.exp(found - found.max(axis=1, keepdims=True))
    return exponentials / exponentials.sum(axis=1, keepdims=True)


def test_the_way_forward_is_the_definition(small_sizes):
    tensors = random_tensors(small_sizes)
    jets = random_jets(7, small_sizes)
    np.testing.assert_allclose(probabilities(tensors, *jets), definition(tensors, *jets), atol=1e-12)


@pytest.mark.parametrize(("name", "biases", "start"), list(product(RULES, (True, False), STARTS)))
def test_relevances_are_those_of_the_equations_edge_by_edge(name, biases, start):
    found = relevances(TENSORS, TRACKS, VERTICES, CLASSES, PropagationRule(name, biases=biases, start=start))
    for jet in range(0, 12, 3):
        slow = SlowRelevance(TENSORS, name, biases=biases)
        chosen = np.eye(2)[CLASSES[jet]]
        chosen = chosen - chosen[::-1] if start == "difference" else chosen
        rows = (array[jet].T.astype(np.float64) for array in (TRACKS, VERTICES))
        tracks, vertices, outcome = slow.explain(*rows, chosen)
        size = max(np.abs(tracks).max(), np.abs(vertices).max(), abs(outcome))
        np.testing.assert_allclose(found.tracks[jet], tracks.T, atol=1e-10 * size, rtol=0)
        np.testing.assert_allclose(found.vertices[jet], vertices.T, atol=1e-10 * size, rtol=0)
        assert found.biases[jet] == pytest.approx(slow.share, abs=1e-10 * size)
        assert found.start[jet] == pytest.approx(outcome, abs=1e-12)


@pytest.mark.parametrize("biases", [True, False])
def test_without_biases_the_relevances_of_lrp_0_add_up_to_the_logit(biases):
    found = relevances(unbiased(TENSORS), TRACKS, VERTICES, CLASSES, PropagationRule("0", biases=biases))
    total = found.tracks.sum((1, 2)) + found.vertices.sum((1, 2))
    np.testing.assert_allclose(total, found.start, rtol=1e-6)
    assert not found.biases.any()


@pytest.mark.parametrize("name", ["0", "gamma"])
def test_relevances_and_the_share_of_the_biases_add_up_to_what_is_explained(name):
    found = relevances(TENSORS, TRACKS, VERTICES, CLASSES, PropagationRule(name))
    np.testing.assert_allclose(found.lost, 0, atol=1e-9 * np.abs(found.start).max())
    assert found.biases.any()


def test_lrp_epsilon_loses_the_more_the_larger_epsilon_is():
    lost = [
        np.abs(
            relevances(TENSORS, TRACKS, VERTICES, CLASSES, PropagationRule("epsilon", epsilon=epsilon)).lost
        ).sum()
        for epsilon in (0.0, 1e-6, 1e-2)
    ]
    assert lost[0] < 1e-9 < lost[1] < lost[2]


def test_gamma_0_is_lrp_0():
    one, other = (
        relevances(TENSORS, TRACKS, VERTICES, CLASSES, rule)
        for rule in (PropagationRule("0"), PropagationRule("gamma", gamma=0))
    )
    np.testing.assert_allclose(one.tracks, other.tracks, atol=1e-14)


def test_lrp_0_is_the_gradient_times_the_input():
    found = relevances(TENSORS, TRACKS, VERTICES, CLASSES, PropagationRule("0"))
    step = 1e-6
    for feature in range(SIZES.track_features):
        ends = []
        for sign in (1, -1):
            tracks = TRACKS.astype(np.float64)
            tracks[:, feature] *= 1 + sign * step
            ends.append(relevances(TENSORS, tracks, VERTICES, CLASSES, PropagationRule("0")).start)
        slope = (ends[0] - ends[1]) / (2 * step)
        np.testing.assert_allclose(found.tracks[:, feature].sum(1), slope, atol=1e-6)


@pytest.mark.parametrize("size", [1, 7, 128])
def test_the_size_of_a_batch_changes_nothing(size):
    jets = (TRACKS, VERTICES, CLASSES)
    whole = relevances(TENSORS, *jets)
    parts = [
        relevances(TENSORS, *(array[first : first + size] for array in jets)) for first in range(0, 12, size)
    ]
    np.testing.assert_allclose(np.concatenate([part.tracks for part in parts]), whole.tracks, atol=1e-12)
    one, other = (average(joined([summary(part) for part in found])) for found in (parts, [whole]))
    np.testing.assert_allclose(one.track_features, other.track_features, atol=1e-12)
    np.testing.assert_allclose(one.vertices, other.vertices, atol=1e-12)


def test_relevances_follow_tracks_and_vertices_to_whichever_slots_they_are_in():
    random = np.random.default_rng(5)
    orders = random.permutation(SIZES.n_tracks), random.permutation(SIZES.n_vertices)
    before = relevances(TENSORS, TRACKS, VERTICES, CLASSES)
    after = relevances(TENSORS, TRACKS[:, :, orders[0]], VERTICES[:, :, orders[1]], CLASSES)
    np.testing.assert_allclose(after.tracks, before.tracks[:, :, orders[0]], atol=1e-12)
    np.testing.assert_allclose(after.vertices, before.vertices[:, :, orders[1]], atol=1e-12)
    np.testing.assert_allclose(after.biases, before.biases, atol=1e-12)


def test_padding_has_no_relevance():
    found = relevances(TENSORS, TRACKS, VERTICES, CLASSES)
    padding = ~np.any(TRACKS != 0, axis=1)
    assert padding.any()
    assert not found.tracks.transpose(0, 2, 1)[padding].any()


@pytest.mark.parametrize(("name", "biases"), list(product(RULES, (True, False))))
def test_nothing_vanishing_makes_anything_infinite(name, biases):
    silent = {key: np.zeros_like(array) for key, array in TENSORS.items()}
    rule = PropagationRule(name, epsilon=0.0, biases=biases)
    for tensors, tracks, vertices in (
        (silent, TRACKS, VERTICES),
        (TENSORS, np.zeros_like(TRACKS), np.zeros_like(VERTICES)),
    ):
        found = relevances(tensors, tracks, vertices, CLASSES, rule)
        assert all(np.isfinite(part).all() for part in (found.tracks, found.vertices, found.biases))
        assert not found.tracks.any()


def test_the_jets_stay_as_they_are():
    before = TRACKS.copy(), VERTICES.copy()
    relevances(TENSORS, TRACKS, VERTICES, CLASSES)
    assert np.array_equal(TRACKS, before[0])
    assert np.array_equal(VERTICES, before[1])


def test_what_is_explained_is_the_logit_of_the_class_or_its_difference_to_the_other():
    starts = [relevances(TENSORS, TRACKS, VERTICES, np.full(12, c)).start for c in (0, 1)]
    found = relevances(TENSORS, TRACKS, VERTICES, CLASSES, PropagationRule(start="difference")).start
    np.testing.assert_allclose(found, np.where(CLASSES == 1, 1, -1) * (starts[1] - starts[0]))


@pytest.mark.parametrize(
    "options", [{"name": "alpha"}, {"start": "end"}, {"gamma": -1.0}, {"epsilon": float("nan")}]
)
def test_a_rule_that_cannot_be_meant_is_refused(options):
    with pytest.raises(UsageError):
        PropagationRule(**options)


def test_a_share_is_a_ratio_of_means_and_none_where_nothing_is_explained():
    found = relevances(TENSORS, TRACKS, VERTICES, CLASSES)
    averages = average(summary(found))
    np.testing.assert_allclose(
        averages.share(averages.track_features)[0], found.tracks.sum(2).mean(0) / found.start.mean()
    )
    silent = {key: np.zeros_like(array) for key, array in TENSORS.items()}
    nothing = average(summary(relevances(silent, TRACKS, VERTICES, CLASSES)))
    assert np.isnan(nothing.share(nothing.tracks)).all()
    assert nothing.lost == 0
