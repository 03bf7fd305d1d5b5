# SPDX-License-Identifier: MIT
"""Scores of datasets: essential checks, missing evidence, and how a model's I2-2 uses them."""

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fairreg.assessment import rubric
from fairreg.assessment.base import Finding, Verdict
from fairreg.assessment.evidence import DatasetScore, Evidence
from fairreg.assessment.indicators.i2 import training_data_fair
from fairreg.assessment.rubric import equal_weights
from fairreg.schemas.identifiers import Identifier
from fairreg.schemas.record import Access, Feature, Tensor
from fairreg.services.assess.store import dataset_score
from support.examples import examples

from .samples import BARE, DATA_DOI, DATASET, DATASET_RUBRIC, replaced, unregistered, with_record

DATA = Identifier("doi", DATA_DOI)
CHECKS = rubric.indicators(rubric.DATASETS)
PASS, FAIL = Verdict.PASS, Verdict.FAIL
RANK = {"fail": 0, "partial": 1, "pass": 2}
LOOSE = {"license": None, "license_stated": None}
CLOSED = st.sampled_from(
    [
        Access(level="closed"),
        Access(level="restricted", conditions="private repository"),
        Access(level="restricted", conditions="not public"),
        Access(level="closed", conditions="TODO"),
    ]
)
# Facts that a dataset can lack, each as it is without it.
LACKING = {
    "description": None,
    "license": None,
    "creators": (),
    "keywords": (),
    "publisher": None,
    "formats": (),
    "relations": (),
    "outputs": (),
    "date_published": None,
}


def verdicts(evidence):
    return {item.id: item.assess(evidence).verdict for item in CHECKS}


def known(found):
    """Return the mean over the checks with a verdict."""
    pairs = [(item.weight, found[item.id].points) for item in CHECKS]
    read = [(weight, points) for weight, points in pairs if points is not None]
    return sum(weight * points for weight, points in read) / sum(weight for weight, _ in read)


def low(found):
    return sum(item.weight * (found[item.id].points or 0) for item in CHECKS) / 28


def judged(*scores):
    return training_data_fair.assess(unregistered(replaced(BARE, datasets=scores, downloaded=True)))


def score(value, **fields):
    return DatasetScore(**{"identifier": DATA, "score": value, "rubric": DATASET_RUBRIC} | fields)


def without_file(evidence):
    probes = tuple(
        msgspec.structs.replace(item, outcome="denied") if item.kind == "file_range" else item
        for item in evidence.probes
    )
    return replaced(evidence, probes=probes)


def test_six_checks_are_essential():
    assert {item.id for item in CHECKS if item.essential} == {"F1a", "F2b", "A1", "A1.2", "I1b", "R1.1"}
    assert {item.weight for item in CHECKS if not item.essential} == {1}


def test_with_equal_weights_each_check_counts_once():
    assert equal_weights([PASS] * 13 + [Verdict.PARTIAL] * 3) == pytest.approx(14.5 / 16)
    assert equal_weights([PASS] * 8 + [FAIL] * 8) == pytest.approx(0.5)
    assert equal_weights([PASS] * 12 + [Verdict.UNKNOWN] * 4) is None
    assert equal_weights([PASS] * 13 + [Verdict.UNKNOWN] * 3) == 1
    assert equal_weights([]) is None


@settings(max_examples=examples(200))
@given(
    access=CLOSED,
    lacking=st.sets(st.sampled_from(sorted(LACKING))),
    registered=st.booleans(),
    fields=st.sampled_from([(), (Tensor(name="t", dtype="mixed", features=(Feature(name="npv"),)),)]),
)
def test_a_closed_unlicensed_undescribed_dataset_stays_below_71_percent(access, lacking, registered, fields):
    facts = {name: LACKING[name] for name in lacking} | LOOSE
    facts |= {"description": None, "outputs": fields, "access": access}
    evidence = with_record(without_file(DATASET), **facts)
    if not registered:
        others = tuple(item for item in evidence.probes if item.kind != "datacite")
        evidence = unregistered(replaced(evidence, datacite=None, probes=others))
    found = verdicts(evidence)
    assert {found["A1.2"], found["R1.1"]} == {FAIL}
    assert known(found) < 0.71
    made = dataset_score(DATA, evidence)
    assert {"A1.2", "R1.1"} <= set(made.failed)
    assert judged(made).verdict != PASS


@settings(max_examples=examples(300))
@given(data=st.data(), base=st.sampled_from([DATASET, with_record(DATASET, access=Access(level="closed"))]))
def test_less_evidence_never_raises_the_low_end_nor_the_verdict_of_the_model(data, base):
    def reduced(evidence: Evidence) -> Evidence:
        gone = data.draw(st.sets(st.sampled_from([item.kind for item in DATASET.probes])))
        kept = tuple(item for item in evidence.probes if item.kind not in gone)
        datacite = evidence.datacite if data.draw(st.booleans()) else None
        lacking = data.draw(st.sets(st.sampled_from(sorted(LACKING))))
        less = replaced(evidence, probes=kept, datacite=datacite)
        return with_record(less, **{name: LACKING[name] for name in lacking})

    more = reduced(base)
    less = reduced(more)
    assert low(verdicts(less)) <= low(verdicts(more)) + 1e-9
    before, after = (judged(dataset_score(DATA, item)).verdict for item in (more, less))
    if Verdict.UNKNOWN not in {before, after}:
        assert RANK[after] <= RANK[before]


def test_a_dataset_that_fails_an_essential_check_is_partial_at_most_and_the_check_is_named():
    found = judged(score(0.97, failed=("R1.1",)))
    assert found.verdict == "partial"
    assert "R1.1" in found.reason
    assert "R1.1" in found.remedy
    assert judged(score(0.97), score(0.99, failed=("A1.2",))).verdict == "partial"
    assert judged(score(0.3, failed=("A1.2",))).verdict == "fail"


def test_a_score_of_an_older_rubric_decides_nothing_and_is_never_shown():
    stored = msgspec.json.decode(
        b'{"identifier":{"scheme":"doi","value":"10.1/x"},"score":0.91}', type=DatasetScore
    )
    for old in (stored, score(0.91, rubric="fair-datasets 0.9")):
        found = judged(old)
        assert found.verdict == "unknown"
        assert "older rubric" in found.reason
        assert "assess it again" in found.reason
        assert not any("91" in text for text in (found.reason, *(item.value for item in found.evidence)))


def test_what_was_not_read_of_a_dataset_counts_as_unknown():
    assert judged(score(0.8, coverage=0.85)).verdict == "unknown"
    assert "between 68% and 83%" in judged(score(0.8, coverage=0.85)).reason
    assert judged(score(0.95, coverage=0.85)).verdict == "pass"
    assert (
        judged(score(None, coverage=0.6, detail="only 60 % of the checks could be made")).verdict == "unknown"
    )


@pytest.mark.parametrize(
    "unread",
    [
        score(None, detail="refused", outcome="denied"),
        score(None, detail="gone", outcome="absent"),
        score(None, coverage=0.5, detail="too little was read"),
        score(0.98, rubric="fair-datasets 0.9"),
    ],
)
def test_data_whose_essential_checks_were_not_read_leave_no_pass_whatever_the_others_score(unread):
    others = (score(0.98),) * 9
    found = judged(*others, unread)
    assert found.verdict == "unknown", found.reason
    assert judged(*others).verdict == "pass"
    assert judged(*others, unread, score(0.98, failed=("R1.1",))).verdict == "partial"  # at both ends


def test_with_a_score_each_essential_check_has_a_verdict():
    for check in filter(lambda item: item.essential, CHECKS):
        silent = [(item, Finding(Verdict.UNKNOWN if item is check else PASS, "")) for item in CHECKS]
        assert rubric.DATASETS.overall(silent).value is None
