# SPDX-License-Identifier: MIT
"""The remedies to do first: their gains are those of the rubric, their order is by gain over effort."""

from itertools import pairwise

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from assessment.samples import BARE, HBB, advised, replaced
from fairreg.assessment import priorities, rubric
from fairreg.assessment.base import Finding, Indicator, Rule, Verdict
from fairreg.assessment.priorities import EFFORTS, MOST, effort_text, first_steps, heading
from fairreg.assessment.remedies.drafts import drafts
from fairreg.assessment.remedies.facts import Facts
from fairreg.assessment.rendering.html import to_html
from support.examples import examples
from support.records import records

MISSING = (Verdict.PARTIAL, Verdict.FAIL)
RULES = {rubric.MODELS.name: rubric.MODELS, rubric.DATASETS.name: rubric.DATASETS}


def found(verdict):
    return Finding(verdict, "because", remedy="do it" if verdict in MISSING else None)


@st.composite
def verdicts(draw):
    """A rubric, and a verdict of each of its indicators or of some."""
    rules = draw(st.sampled_from(tuple(RULES.values())))
    asked = [item for item in rubric.indicators(rules) if draw(st.integers(0, 9))]
    chosen = draw(st.lists(st.sampled_from(tuple(Verdict)), min_size=len(asked), max_size=len(asked)))
    return rules, [(item, found(verdict)) for item, verdict in zip(asked, chosen, strict=True)]


def score(rules, scored, of):
    whole = rules.overall(scored)
    return whole.value if of == "overall" else whole.interval[0]


def passed(scored, number):
    return [(item, found(Verdict.PASS) if item.id == number else one) for item, one in scored]


@settings(max_examples=examples(100))
@given(verdicts(), st.sets(st.sampled_from([item.id for item in rubric.indicators()])))
def test_the_gain_is_what_the_score_rises_by_if_the_indicator_passes(given_verdicts, drafted):
    rules, scored = given_verdicts
    steps = first_steps(rules, scored, dict.fromkeys(drafted, "FILE"))
    for step in steps:
        before, after = score(rules, scored, step.of), score(rules, passed(scored, step.id), step.of)
        assert step.gain == pytest.approx(after - before, abs=1e-12)
        assert step.reaches == pytest.approx(after, abs=1e-12)
        assert step.gain > 0


@settings(max_examples=examples(100))
@given(verdicts(), st.sets(st.sampled_from([item.id for item in rubric.indicators()])))
def test_at_most_five_steps_best_first_and_ties_in_the_order_of_the_rubric(given_verdicts, drafted):
    rules, scored = given_verdicts
    files = dict.fromkeys(drafted, "FILE")
    steps, missing = first_steps(rules, scored, files), [i.id for i, one in scored if one.verdict in MISSING]
    assert len(steps) == min(MOST, len(missing))
    worth = [round(step.gain / EFFORTS[step.effort], 12) for step in steps]
    assert worth == sorted(worth, reverse=True)
    places = [missing.index(step.id) for step in steps]
    for one, other in pairwise(zip(worth, places, strict=True)):
        assert one[0] > other[0] or one[1] < other[1]
    assert steps == first_steps(rules, scored, files)
    assert {step.id for step in steps} <= set(missing)
    assert all((step.effort == "file") == (step.id in files) == (step.file is not None) for step in steps)


@settings(max_examples=examples(50))
@given(verdicts())
def test_nothing_is_to_do_where_no_points_are_missing(given_verdicts):
    rules, scored = given_verdicts
    settled = [(item, one) for item, one in scored if one.verdict not in MISSING]
    assert first_steps(rules, settled, {}) == ()


def test_what_is_unknown_is_no_remedy_and_it_is_said_how_it_becomes_known():
    report = advised(replaced(BARE, offline=True))
    unknown = {i.id for part in report.principles.values() for i in part.indicators if i.verdict == "unknown"}
    assert unknown
    assert not unknown & {step.id for step in report.do_first}
    (offline,) = report.undecided
    assert set(offline.ids) == unknown
    assert offline.how == "Assess again without --offline."


def made(number):
    return Indicator(number, 1, "title", Rule("p", "f"), (), lambda _: Finding(Verdict.UNKNOWN, ""))


def test_the_named_file_is_one_that_fix_writes_for_the_indicator():
    report = advised(HBB)
    written = {item.name: item.serves for item in drafts(report, Facts(HBB, {"numpy": "2"}))}
    named = [step for step in report.do_first if step.file]
    assert named
    assert all(step.id in written[step.file] for step in named)


def test_of_several_files_the_one_is_named_that_would_bring_the_indicator_furthest():
    """A CITATION.cff is a generic standard, which is partial already; a model card is one of the field."""
    files = priorities._files(HBB, [(item, item.assess(HBB)) for item in rubric.indicators()])
    assert files["R3-1"] in {"MODEL_CARD.md", "fair4ml.jsonld"}
    assert files["I2-3"] == "CITATION.cff"
    assert "R2-1" not in files  # a file of the author has open versions, which another file cannot pin
    assert "A1-1" not in files


@settings(max_examples=examples(50), suppress_health_check=list(HealthCheck))
@given(records, st.sampled_from([HBB, BARE]))
def test_any_record_has_its_steps_and_its_page(record, evidence):
    report = advised(replaced(evidence, record=record))
    assert len(report.do_first) <= MOST
    assert all(step.gain > 0 and step.remedy for step in report.do_first)
    assert "Principles" in to_html(report, name=record.name)


def test_indicators_with_a_field_at_the_host_exist():
    known = {item.id for rules in RULES.values() for item in rubric.indicators(rules)}
    assert known >= priorities._FIELDS


def test_where_too_much_is_unknown_the_gain_is_that_of_the_least_score():
    report = advised(BARE)
    assert report.overall is None
    assert {step.of for step in report.do_first} == {"least"}
    assert {step.of for step in advised(HBB).do_first} == {"overall"}


def test_the_document_names_the_steps():
    step = advised(HBB).to_json()["do_first"][0]
    assert set(step) == {"id", "title", "verdict", "gain", "reaches", "of", "effort", "file", "remedy"}


def test_the_heading_counts():
    steps = advised(HBB).do_first
    assert heading(steps) == "Do these five first"
    assert heading(steps[:1]) == "Do this first"
    assert heading(()) == "What is unknown"


def test_what_a_step_needs_is_said():
    step = advised(HBB).do_first[0]
    assert "--fix drafts MODEL_CARD.md" in effort_text(step)
    assert "field" in effort_text(msgspec.structs.replace(step, file=None, effort="field"))
    assert "New work" in effort_text(msgspec.structs.replace(step, file=None, effort="work"))
