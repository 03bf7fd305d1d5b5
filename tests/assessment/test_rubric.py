# SPDX-License-Identifier: MIT
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fairreg.assessment import rubric
from fairreg.assessment.base import Finding, Indicator, Rule, Verdict
from fairreg.errors import FairregError
from fairreg.rubrics import reaches

RULE = Rule(passes="p", fails="f")


def made(number, weight=1):
    return Indicator(number, weight, "title", RULE, (), lambda _: Finding(Verdict.UNKNOWN, "because"))


scored = st.lists(
    st.builds(
        lambda weight, verdict: (made("F1-1", weight), Finding(verdict, "because")),
        st.sampled_from([1, 2, 3]),
        st.sampled_from(Verdict),
    ),
    max_size=8,
)
SILENT = [Verdict.UNKNOWN, Verdict.NOT_APPLICABLE]


@given(scored)
def test_a_score_lies_between_0_and_1(found):
    score = rubric.weighted_mean(found)
    assert score is None or 0 <= score <= 1


@given(scored, st.sampled_from(SILENT), st.sampled_from([1, 2, 3]))
def test_unknown_and_not_applicable_leave_the_denominator(found, verdict, weight):
    silent = (made("F1-2", weight), Finding(verdict, "because"))
    assert rubric.weighted_mean([*found, silent]) == rubric.weighted_mean(found)


@given(scored)
def test_nothing_has_a_score_only_where_nothing_has_a_verdict(found):
    silent = all(item.verdict in SILENT for _, item in found)
    assert (rubric.weighted_mean(found) is None) == silent


@given(scored, st.sampled_from([1, 2, 3]))
def test_a_pass_never_lowers_a_score_and_a_fail_never_raises_it(found, weight):
    before = rubric.weighted_mean(found)
    if before is not None:
        better = rubric.weighted_mean([*found, (made("F1-2", weight), Finding(Verdict.PASS, ""))])
        worse = rubric.weighted_mean([*found, (made("F1-2", weight), Finding(Verdict.FAIL, ""))])
        assert worse <= before + 1e-12
        assert better >= before - 1e-12


@given(scored)
def test_coverage_is_the_share_of_the_applicable_weight_that_has_a_verdict(found):
    weights = {
        verdict: sum(item.weight for item, one in found if one.verdict == verdict) for verdict in Verdict
    }
    decided = weights[Verdict.PASS] + weights[Verdict.PARTIAL] + weights[Verdict.FAIL]
    total = decided + weights[Verdict.UNKNOWN]
    assert rubric.coverage(found) == (decided / total if total else 0)


def test_weights_count():
    found = [(made("F1-1", 3), Finding(Verdict.PASS, "")), (made("F1-2", 1), Finding(Verdict.PARTIAL, ""))]
    assert rubric.weighted_mean(found) == pytest.approx(3.5 / 4)


def test_principles_without_a_verdict_leave_the_mean():
    assert rubric.mean([1.0, None, 0.5]) == 0.75
    assert rubric.mean([None, None]) is None


@pytest.mark.parametrize(
    ("score", "level"),
    [(None, None), (0.0, 0), (0.24, 0), (0.25, 1), (0.49, 1), (0.5, 2), (0.74, 2), (0.75, 3), (1.0, 3)],
)
def test_maturity(score, level):
    assert rubric.maturity(score) == level


def test_indicators_are_put_in_the_order_of_the_principles():
    names = [item.id for item in rubric.checked([made("A1.1-1"), made("A1-2"), made("F4-1"), made("A1-1")])]
    assert names == ["F4-1", "A1-1", "A1-2", "A1.1-1"]


@pytest.mark.parametrize(
    "found",
    [[made("F1-1"), made("F1-1")], [made("Z1-1")], [made("F1-1", 4)]],
    ids=["twice", "principle", "weight"],
)
def test_a_rubric_that_does_not_hold_together_is_refused(found):
    with pytest.raises(FairregError, match=found[0].id):
        rubric.checked(found)


@pytest.mark.parametrize("least", [0.1, 0.25, 0.5, 0.7, 0.75])
def test_a_mean_that_is_exactly_the_threshold_reaches_it(least):
    missed = math.nextafter(math.nextafter(least, 0), 0)  # as a mean of thirds may come out
    assert reaches(missed, least)
    assert not reaches(least - 1e-6, least)
    assert rubric.maturity(missed) == rubric.maturity(least)
