# SPDX-License-Identifier: MIT
"""fairreg's scores of the judged records against the scores by hand, which were written before."""

import compare_hand_scores as script
import pytest

HAND = script.hand()
GROUPS, FAR_LETTERS = script.explanations()


@pytest.fixture(scope="module")
def measured():
    with pytest.MonkeyPatch.context() as patch:
        # Retries after the refusals of unreachable datasets need no rest here.
        patch.setattr("fairreg.web.client.HttpClient.rest", lambda *_: None)
        return script.measured()


def test_every_letter_is_close_to_the_one_by_hand_unless_it_is_a_named_exception(measured):
    far = {
        (name, letter)
        for name, judgement in HAND.items()
        for letter in script.LETTERS
        if not script.agrees(judgement.scores[letter], measured[name].scores[letter])
    }
    assert far == set(FAR_LETTERS)


def test_the_records_are_in_the_order_of_the_hand(measured):
    assert script.spearman(HAND, measured) >= 0.9


def test_each_verdict_that_differs_is_explained_once_and_nothing_else_is(measured):
    explained = [(group["indicator"], number) for group in GROUPS for number in group["records"]]
    differing = {
        (item.indicator, name[:2]) for name in HAND for item in script.differences(HAND[name], measured[name])
    }
    assert len(explained) == len(set(explained))
    assert set(explained) == differing


def test_the_page_is_what_the_script_writes(measured):
    assert script.page(HAND, measured) == script.PAGE.read_text(encoding="utf-8")


def test_the_hand_scores_follow_from_the_hand_verdicts():
    from fairreg.assessment import rubric
    from fairreg.assessment.base import Finding, Verdict

    for name, judgement in HAND.items():
        rules = rubric.DATASETS if len(judgement.verdicts) == 16 else rubric.MODELS
        scored = [
            (item, Finding(Verdict(judgement.verdicts[item.id][0]), "by hand"))
            for item in rubric.indicators(rules)
        ]
        for letter, found in rules.letters(scored).items():
            stated = judgement.scores[letter]
            assert (found.value is None) == (stated.value is None), (name, letter)
            assert found.value is None or abs(100 * found.value - stated.value) <= 1, (name, letter)


@pytest.mark.parametrize(
    ("one", "other", "right"),
    [
        (script.Score(50, 50, 50, 1), script.Score(58, 58, 58, 1), True),
        (script.Score(50, 50, 50, 1), script.Score(58.1, 58, 58, 1), False),
        (script.Score(None, 40, 60, 0.5), script.Score(58, 58, 58, 1), True),
        (script.Score(None, 40, 60, 0.5), script.Score(70, 70, 70, 1), False),
        (script.Score(None, 40, 60, 0.5), script.Score(None, 0, 10, 0.5), True),
    ],
)
def test_closeness_of_scores_with_and_without_a_number(one, other, right):
    assert script.agrees(one, other) is right
    assert script.agrees(other, one) is right


def test_equal_scores_share_their_rank():
    assert script._ranks([3.0, 1.0, 3.0]) == [2.5, 1.0, 2.5]
