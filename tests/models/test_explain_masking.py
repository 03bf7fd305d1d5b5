# SPDX-License-Identifier: MIT
"""Masks do what they say, what they change is what the definition says, and uncertainties are honest."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fairreg.errors import UsageError
from fairreg.models.hbb_in.evaluate import roc_auc
from fairreg.models.hbb_in.explain.energy_order import by_energy
from fairreg.models.hbb_in.explain.masking import (
    Effect,
    Mask,
    MaskingStudy,
    below,
    feature_masks,
    fidelity,
    object_masks,
)
from fairreg.models.hbb_in.explain.reoptimisation import least
from fairreg.models.hbb_in.explain.resampling import bootstrap, replicas
from fairreg.models.hbb_in.features import TRACK_FEATURES, VERTEX_FEATURES
from fairreg.models.hbb_in.inputs import ALL_FEATURES, FeatureSelection
from fairreg.models.hbb_in.metrics import Estimate, tagging_metrics
from fairreg.models.hbb_in.network import Hyperparameters
from fairreg.models.hbb_in.runner import build
from support.examples import examples
from support.networks import definition, random_tensors
from support.toy import toy_jets

SIZES = Hyperparameters(track_features=30, vertex_features=14, hidden=4, d_e=3, d_o=3)
JETS = toy_jets(14, 3)
POSITIVE = JETS.labels[:, 1].astype(bool)
ENERGY = [item.name for item in TRACK_FEATURES].index("track_erel")


def masking(tensors, **options):
    runner = build(tensors, selection=ALL_FEATURES)
    return MaskingStudy(
        lambda tracks, vertices: runner.predict(tracks, vertices)[:, 1],
        (JETS.tracks, JETS.vertices),
        POSITIVE,
        **options,
    )


def effect(name, mask, drop, kept=1.0):
    return Effect(name, mask, 0.9, Estimate(drop, 0.0), Estimate(kept, 0.0))


@pytest.mark.parametrize("name", ["trackBTag_EtaRel", "sv_pt", "first 5 tracks", "last 4 vertices"])
def test_the_effect_of_a_mask_is_that_of_zeros_in_the_definition(name):
    tensors = random_tensors(SIZES, seed=6)
    mask = {**feature_masks(ALL_FEATURES), **object_masks()}[name]
    found = masking(tensors).effect(name, mask)
    tracks, vertices = JETS.tracks.copy(), JETS.vertices.copy()
    for target, features in ((tracks, TRACK_FEATURES), (vertices, VERTEX_FEATURES)):
        target[:, [item.name == name for item in features]] = 0
    if name == "first 5 tracks":
        tracks[:, :, :5] = 0
    if name == "last 4 vertices":
        vertices[:, :, 1:] = 0
    before = definition(tensors, JETS.tracks, JETS.vertices)[:, 1]
    after = definition(tensors, tracks, vertices)[:, 1]
    assert found.roc_auc == pytest.approx(roc_auc(POSITIVE, after))
    assert found.drop.value == pytest.approx(roc_auc(POSITIVE, before) - roc_auc(POSITIVE, after))
    assert found.fidelity.value == pytest.approx(1 - np.abs(before - after).mean(), abs=1e-6)


def test_masking_leaves_the_jets_as_they_are():
    before = JETS.tracks.copy(), JETS.vertices.copy()
    found = masking(random_tensors(SIZES))
    for name, mask in {**feature_masks(ALL_FEATURES), **object_masks()}.items():
        found.effect(name, mask)
    assert np.array_equal(JETS.tracks, before[0])
    assert np.array_equal(JETS.vertices, before[1])


def test_a_mask_of_nothing_changes_nothing_without_any_doubt():
    found = masking(random_tensors(SIZES)).effect("nothing", Mask())
    assert (found.drop, found.fidelity) == (Estimate(0.0, 0.0), Estimate(1.0, 0.0))


def test_without_bootstraps_there_is_no_uncertainty():
    found = masking(random_tensors(SIZES), samples=0)
    assert found.baseline.uncertainty is None
    assert found.effect("x", Mask(tracks=(1,))).drop.uncertainty is None


def test_there_is_a_mask_for_every_feature_that_the_network_takes():
    assert len(feature_masks(ALL_FEATURES)) == 44
    assert list(feature_masks(FeatureSelection((1, 5), (2,)))) == ["track_erel", "track_drminsv", "sv_phirel"]


def test_the_first_tracks_are_the_most_energetic_and_the_last_slots_are_empty():
    tracks, vertices = by_energy(JETS.tracks[:, :, ::-1], JETS.vertices)
    real = np.any(tracks != 0, axis=1)
    assert (np.diff(real.astype(int), axis=1) <= 0).all()
    assert (np.diff(np.where(real, tracks[:, ENERGY], 0), axis=1) <= 0).all()
    assert real.sum() == np.any(JETS.tracks != 0, axis=1).sum()
    masked, _ = object_masks()["first 1 tracks"].apply(tracks, vertices)
    np.testing.assert_array_equal(masked[:, :, 1:], tracks[:, :, 1:])
    assert not masked[:, :, 0].any()


def test_what_is_below_a_threshold_changes_the_auc_by_less_in_either_direction():
    effects = [
        effect("a", Mask(tracks=(0,)), 0.00004),
        effect("b", Mask(tracks=(1,)), -0.5),
        effect("c", Mask(vertices=(2,)), -0.00009),
        effect("d", Mask(vertices=(3,)), 0.0001),
    ]
    assert below(effects, 0.01) == Mask(tracks=(0,), vertices=(2,))
    assert below(effects, 0.005).names == ("track_ptrel",)


def test_the_features_to_leave_out_are_those_of_least_effect():
    effects = [
        effect("a", Mask(tracks=(0,)), 0.2),
        effect("b", Mask(tracks=(1,)), -0.1),
        effect("c", Mask(tracks=(2,)), 0.0, kept=0.9),
        effect("d", Mask(tracks=(3,)), 0.0, kept=0.99),
        effect("e", Mask(vertices=(0,)), 0.0),
        effect("f", Mask(vertices=(1,)), 0.1),
    ]
    assert least(effects, 3, 1) == ("d", "c", "b", "e")
    with pytest.raises(UsageError):
        least(effects, 4, 1)


def test_fidelity_is_one_less_the_mean_distance_of_the_scores():
    found = fidelity(np.array([0.1, 0.5, 0.9]), np.array([0.2, 0.5, 0.7]))
    assert found.value == pytest.approx(0.9)
    assert found.uncertainty == pytest.approx(0.1 / np.sqrt(3))


@settings(max_examples=examples(50))
@given(
    st.lists(st.tuples(st.booleans(), st.integers(0, 4), st.integers(0, 3)), min_size=2, max_size=30).filter(
        lambda rows: {row[0] for row in rows if row[2]} == {True, False}
    )
)
def test_the_area_of_a_replica_is_that_of_the_jets_repeated(rows):
    positive, scores, times = (np.array(column) for column in zip(*rows, strict=True))
    expected = roc_auc(np.repeat(positive, times), np.repeat(scores, times))
    found = bootstrap(positive, scores / 7)(times[np.newaxis].astype(float))
    assert found[0] == pytest.approx(expected)


def test_replicas_keep_the_numbers_of_both_classes_and_depend_on_the_seed_only():
    drawn = replicas(POSITIVE, 20, seed=5)
    assert (drawn[:, POSITIVE].sum(axis=1) == POSITIVE.sum()).all()
    assert (drawn[:, ~POSITIVE].sum(axis=1) == (~POSITIVE).sum()).all()
    assert np.array_equal(drawn, replicas(POSITIVE, 20, seed=5))
    assert not np.array_equal(drawn, replicas(POSITIVE, 20, seed=6))


def test_the_bootstrap_agrees_with_the_other_estimate_of_the_uncertainty():
    random = np.random.default_rng(2)
    positive = np.arange(2000) % 2 == 1
    scores = random.normal(size=2000) + 1.2 * positive
    spread = bootstrap(positive, scores)(replicas(positive, 1000, seed=1)).std()
    assert spread == pytest.approx(tagging_metrics(positive, scores).roc_auc.uncertainty, rel=0.1)
