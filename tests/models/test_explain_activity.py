# SPDX-License-Identifier: MIT
"""Relative neural activity is what a loop over all edges gives, however the jets are handed over."""

import numpy as np
import pytest

from fairreg.models.hbb_in.explain.activity import relative_activity, sparsity
from fairreg.models.hbb_in.explain.passes import LAYERS
from fairreg.models.hbb_in.network import Hyperparameters
from support.networks import PAPER, random_jets, random_tensors
from support.relevance import SlowRelevance

SIZES = Hyperparameters(track_features=4, vertex_features=3, hidden=5, d_e=3, d_o=4, n_tracks=6, n_vertices=3)
TENSORS = random_tensors(SIZES, seed=3)
TRACKS, VERTICES = random_jets(9, SIZES, seed=4)
CLASSES = np.arange(9) % 2


def looped(padding):
    """Sums of all activations by layer and class, edge by edge."""
    network = SlowRelevance(TENSORS)
    sums = {layer: np.zeros((2, len(TENSORS[f"{layer}.bias"]))) for layer in LAYERS}

    def add(layers, values, number, counts):
        if padding or counts:
            for layer, activations in zip(layers, values[1:], strict=True):
                sums[layer][number] += activations

    for jet, number in enumerate(CLASSES):
        x, y = (array[jet].T.astype(np.float64) for array in (TRACKS, VERTICES))
        for i in range(len(x)):
            totals = np.zeros((2, SIZES.d_e))
            for kind, others, layers in ((0, x, LAYERS[:3]), (1, y, LAYERS[3:6])):
                for j in range(len(others)):
                    if kind == 0 and i == j:
                        continue
                    values = network.perceptron(layers, np.concatenate((x[i], others[j])))
                    add(layers, values, number, x[i].any() and others[j].any())
                    totals[kind] += values[-1]
            values = network.perceptron(LAYERS[6:], np.concatenate((x[i], *totals)))
            add(LAYERS[6:], values, number, x[i].any())
    return sums


@pytest.mark.parametrize("padding", [True, False])
def test_the_activity_is_the_sum_over_all_edges_pairs_and_tracks(padding):
    found = relative_activity(TENSORS, TRACKS, VERTICES, CLASSES, padding=padding)
    for layer, sums in looped(padding).items():
        np.testing.assert_allclose(found.sums[layer], sums, rtol=1e-12, atol=1e-12)
        largest = sums.max(axis=1, keepdims=True)
        np.testing.assert_allclose(found.rna[layer], sums / largest, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("size", [1, 7, 128])
def test_the_size_of_a_batch_changes_nothing(size):
    whole = relative_activity(TENSORS, TRACKS, VERTICES, CLASSES)
    parts = [
        relative_activity(TENSORS, *(array[first : first + size] for array in (TRACKS, VERTICES, CLASSES)))
        for first in range(0, 9, size)
    ]
    total = parts[0]
    for part in parts[1:]:
        total = total + part
    for layer in LAYERS:
        np.testing.assert_allclose(total.rna[layer], whole.rna[layer], atol=1e-12)
        np.testing.assert_array_equal(total.firings[layer], whole.firings[layer])


@pytest.mark.parametrize("padding", [True, False])
def test_it_does_not_matter_where_the_padding_is(padding):
    order = np.random.default_rng(1).permutation(SIZES.n_tracks)
    one, other = (
        relative_activity(TENSORS, tracks, VERTICES, CLASSES, padding=padding)
        for tracks in (TRACKS, TRACKS[:, :, order])
    )
    for layer in LAYERS:
        np.testing.assert_allclose(one.rna[layer], other.rna[layer], atol=1e-12)


def test_a_silent_layer_has_no_activity_and_is_named():
    tensors = TENSORS | {"fo2.bias": np.full(5, -1e9, np.float32)}
    found = relative_activity(tensors, TRACKS, VERTICES, CLASSES)
    assert not found.rna["fo2"].any()
    assert ("fo2", "QCD") in found.silent
    assert ("fo2", "Hbb") in found.silent
    assert ("fr1", "QCD") not in found.silent


def test_the_papers_baseline_has_424_nodes():
    jets = random_jets(2, PAPER)
    assert relative_activity(random_tensors(PAPER), *jets, np.array([0, 1])).nodes == 424


def test_sparsity_is_the_part_of_all_nodes_below_the_threshold():
    relative = {"one": np.array([[1.0, 0.1, 0.2], [1.0, 0.3, 0.3]]), "two": np.array([[0.0], [1.0]])}
    np.testing.assert_allclose(sparsity(relative), [0.5, 0.0])
    np.testing.assert_allclose(sparsity(relative, threshold=0.25), [0.75, 0.0])
