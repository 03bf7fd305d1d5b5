# SPDX-License-Identifier: MIT
"""Figures of merit are those of their definitions, and their uncertainties cover what they say."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fairreg.models.hbb_in.evaluate import roc_auc
from fairreg.models.hbb_in.metrics import EFFICIENCIES, roc_curve, tagging_metrics

scored = st.lists(st.tuples(st.booleans(), st.integers(-3, 3), st.floats(0.1, 5)), min_size=2, max_size=30)


def tagger(random, signal=400, background=600):
    """Normally distributed scores, those of the signal one higher: the area is 0.760."""
    positive = np.arange(signal + background) < signal
    return positive, random.normal(size=len(positive)) + positive


@given(scored)
def test_the_area_is_the_chance_that_a_signal_jet_scores_higher(jets):
    positive, scores, weights = (np.array(column) for column in zip(*jets, strict=True))
    found = tagging_metrics(positive, scores, weights).roc_auc
    pairs = [
        (weights[i] * weights[j], 0.5 * (scores[i] == scores[j]) + (scores[i] > scores[j]))
        for i in np.flatnonzero(positive)
        for j in np.flatnonzero(~positive)
    ]
    if not pairs:
        assert (found.value, found.uncertainty) == (None, None)
    else:
        share = sum(weight * won for weight, won in pairs) / sum(weight for weight, _ in pairs)
        assert found.value == pytest.approx(share, abs=1e-12)
        assert tagging_metrics(positive, scores).roc_auc.value == pytest.approx(
            roc_auc(positive, scores), abs=1e-12
        )


def test_the_uncertainty_of_the_area_is_delongs():
    """Their estimator, written out: variances of the placements over the numbers of jets."""
    positive, scores = tagger(np.random.default_rng(1), 30, 40)
    won = scores[positive][:, None] > scores[~positive]
    expected = won.mean(axis=1).var(ddof=1) / 30 + won.mean(axis=0).var(ddof=1) / 40
    assert tagging_metrics(positive, scores).roc_auc.uncertainty == pytest.approx(
        np.sqrt(expected), rel=1e-12
    )


def test_equal_weights_change_nothing():
    positive, scores = tagger(np.random.default_rng(2))
    plain, weighted = (tagging_metrics(positive, scores, weights) for weights in (None, np.full(1000, 2.5)))
    for one, other in ((plain.roc_auc, weighted.roc_auc), (plain.accuracy, weighted.accuracy)):
        assert (one.value, one.uncertainty) == pytest.approx((other.value, other.uncertainty), rel=1e-12)
    for one, other in zip(plain.rejections, weighted.rejections, strict=True):
        assert (one.value, one.uncertainty) == pytest.approx((other.value, other.uncertainty), rel=1e-9)


def test_a_jet_of_weight_two_counts_as_two_jets():
    positive, scores = tagger(np.random.default_rng(3), 40, 60)
    weights = np.where(np.arange(100) % 3, 1.0, 2.0)
    twice = np.repeat(np.arange(100), weights.astype(int))
    found, expected = (
        tagging_metrics(positive, scores, weights),
        tagging_metrics(positive[twice], scores[twice]),
    )
    assert found.roc_auc.value == pytest.approx(expected.roc_auc.value, rel=1e-12)
    assert found.accuracy.value == pytest.approx(expected.accuracy.value, rel=1e-12)
    assert [item.value for item in found.rejections] == pytest.approx(
        [item.value for item in expected.rejections], rel=1e-9
    )


def test_rejection_is_one_over_the_background_above_the_signals_quantile():
    positive, scores = tagger(np.random.default_rng(4))
    for found, efficiency in zip(tagging_metrics(positive, scores).rejections, EFFICIENCIES, strict=True):
        threshold = np.sort(scores[positive])[::-1][round(400 * efficiency) - 1]
        assert (found.efficiency, found.threshold) == (efficiency, threshold)
        assert found.value == pytest.approx(600 / (scores[~positive] >= threshold).sum(), rel=1e-12)


def test_a_background_that_never_passes_has_no_rejection():
    positive = np.array([True, True, False, False])
    found = tagging_metrics(positive, np.array([0.8, 0.9, 0.1, 0.2]))
    assert [item.value for item in found.rejections] == [None] * 3
    assert (found.roc_auc.value, found.accuracy.value) == (1.0, 1.0)


def test_uncertainties_cover_the_truth_as_often_as_one_standard_deviation_should():
    """Of 400 samples 68 % do, with a deviation of 2.3 %: the bounds are three and a half deviations away."""
    random = np.random.default_rng(5)
    large = tagging_metrics(*tagger(random, 400_000, 400_000))
    truths = [large.roc_auc, *large.rejections]
    pulls = []
    for _ in range(400):
        found = tagging_metrics(*tagger(random))
        pulls.append(
            [
                (item.value - truth.value) / item.uncertainty
                for item, truth in zip((found.roc_auc, *found.rejections), truths, strict=True)
            ]
        )
    covered = (np.abs(pulls) < 1).mean(axis=0)
    assert ((covered > 0.60) & (covered < 0.76)).all(), covered


def test_the_uncertainty_of_the_accuracy_is_binomial():
    positive = np.array([True] * 50 + [False] * 50)
    found = tagging_metrics(positive, np.concatenate([np.full(80, 0.9), np.full(20, 0.1)]))
    assert found.accuracy.value == 0.7
    assert found.accuracy.uncertainty == pytest.approx(np.sqrt(0.7 * 0.3 / 100))


@given(scored)
def test_figures_do_not_depend_on_the_order_of_the_jets(jets):
    positive, scores, _ = (np.array(column) for column in zip(*jets, strict=True))
    backwards = tagging_metrics(positive[::-1], scores[::-1])
    assert backwards.roc_auc == tagging_metrics(positive, scores).roc_auc
    assert backwards.rejections == tagging_metrics(positive, scores).rejections


def test_the_area_under_the_curve_is_the_area():
    positive, scores = tagger(np.random.default_rng(6))
    background, signal = roc_curve(positive, np.round(scores, 1))
    assert (background[0], signal[0], background[-1], signal[-1]) == (0, 0, 1, 1)
    area = np.trapezoid(signal, background)
    assert area == pytest.approx(roc_auc(positive, np.round(scores, 1)), rel=1e-12)


def test_the_area_is_that_of_scikit_learn():
    sklearn = pytest.importorskip("sklearn.metrics")
    positive, scores = tagger(np.random.default_rng(7))
    weights = np.random.default_rng(8).exponential(size=1000)
    assert tagging_metrics(positive, scores, weights).roc_auc.value == pytest.approx(
        sklearn.roc_auc_score(positive, scores, sample_weight=weights), rel=1e-9
    )
