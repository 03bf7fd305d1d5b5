# SPDX-License-Identifier: MIT
"""Correlations are of real objects only; two methods of attribution are compared by their rankings."""

import numpy as np
import pytest

from fairreg.errors import MissingEngine
from fairreg.models.hbb_in.explain import integrated
from fairreg.models.hbb_in.explain.correlations import correlations, real, strongest
from fairreg.models.hbb_in.explain.relevance import PropagationRule, relevances
from fairreg.models.hbb_in.network import Hyperparameters
from support.networks import random_jets, random_tensors

SIZES = Hyperparameters(track_features=4, vertex_features=3, hidden=5, d_e=3, d_o=4, n_tracks=7, n_vertices=3)


def test_correlations_are_pearsons_and_unknown_of_a_constant():
    rows = np.random.default_rng(1).normal(size=(50, 4))
    rows[:, 1] = -3 * rows[:, 0] + 0.5 * rows[:, 1]
    rows[:, 3] = 7
    found = correlations(rows)
    np.testing.assert_allclose(found[:3, :3], np.corrcoef(rows[:, :3].T))
    assert np.isnan(found[3]).all()
    assert strongest(found, 1)[0][:2] == (0, 1)
    assert len(strongest(found, 10)) == 3


def test_padding_is_no_object():
    objects = np.zeros((2, 3, 4))
    objects[0, :, 2], objects[1, 1, 0] = [1, 2, 3], 5
    np.testing.assert_array_equal(real(objects), [[1, 2, 3], [0, 5, 0]])
    assert np.isnan(correlations(real(np.zeros((2, 3, 4))))).all()


def test_the_rank_correlation_is_that_of_the_order():
    assert integrated.rank_correlation(np.array([1, 2, 30]), np.array([0.1, 0.2, 0.21])) == pytest.approx(1)
    assert integrated.rank_correlation(np.array([1, 2, 3]), np.array([3, 2, 1])) == pytest.approx(-1)


def test_integrated_gradients_say_how_to_get_captum(monkeypatch):
    monkeypatch.setattr(integrated.torch, "require", lambda: None)
    monkeypatch.setattr(integrated, "find_spec", lambda _name: None)
    with pytest.raises(MissingEngine, match="Captum") as error:
        integrated.require()
    assert "fairreg[explain]" in error.value.hint


@pytest.fixture
def captum():
    pytest.importorskip("torch")
    pytest.importorskip("captum")


def test_in_a_linear_network_both_methods_give_the_same(captum):
    tensors = {
        name: np.abs(array) * (not name.endswith(".bias")) for name, array in random_tensors(SIZES).items()
    }
    tracks, vertices = (np.abs(array) for array in random_jets(5, SIZES))
    classes = np.arange(5) % 2
    ours = relevances(tensors, tracks, vertices, classes, PropagationRule("0"))
    other = integrated.integrated_gradients(tensors, tracks, vertices, classes, PropagationRule("0"))
    np.testing.assert_allclose(other.tracks, ours.tracks, rtol=1e-8, atol=1e-12)
    np.testing.assert_allclose(other.vertices, ours.vertices, rtol=1e-8, atol=1e-12)
    np.testing.assert_allclose(other.start, ours.start)


def test_integrated_gradients_add_up_to_the_change_from_an_empty_jet(captum):
    tensors = random_tensors(SIZES, seed=2)
    jets = random_jets(6, SIZES)
    done = []
    found = integrated.integrated_gradients(
        tensors, *jets, np.arange(6) % 2, PropagationRule(start="difference"), progress=done.append
    )
    np.testing.assert_allclose(found.lost, 0, atol=0.01 * np.abs(found.start).max())
    assert sum(done) == 6
