# SPDX-License-Identifier: MIT
import hashlib
import json
import math
import re

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from assessment.samples import BARE, DATASET, HBB, replaced, with_record
from fairreg.assessment import rubric
from fairreg.assessment.base import Finding, Verdict
from fairreg.assessment.evidence import DatasetScore, Evidence
from fairreg.assessment.report import assess, coverage_text, no_overall, not_enough, why_no_overall
from fairreg.schemas.identifiers import Identifier
from fairreg.schemas.record import Distribution, ModelRecord, Provenance, Relation
from support.examples import examples
from support.records import records

REPORT = assess(HBB)
READ_ME = Distribution(name="README.md", url="https://opendata.cern.ch/x/README.md", size=100)
UNKNOWN = Finding(Verdict.UNKNOWN, "It was not read.")
ALL = [item for found in REPORT.principles.values() for item in found.indicators]
DATA = [item for found in assess(DATASET).principles.values() for item in found.indicators]
GIVEN = [(HBB, rubric.MODELS, item) for item in ALL if item.verdict in {"pass", "partial"}]
GIVEN += [(DATASET, rubric.DATASETS, item) for item in DATA if item.verdict in {"pass", "partial"}]


def test_the_document_has_the_fixed_keys():
    plain = json.loads(json.dumps(REPORT.to_json()))
    assert list(plain) == [
        "id",
        "rubric",
        "rubric_version",
        "overall",
        "interval",
        "coverage",
        "letters",
        "letter_intervals",
        "letter_coverage",
        "principles",
        "badge",
        "assessed_at",
        "evidence_digest",
        "equal_weights",
        "with_fairreg",
        "do_first",
        "undecided",
        "notice",
    ]
    assert list(plain["letters"]) == ["F", "A", "I", "R"]
    assert tuple(plain["principles"]) == rubric.PRINCIPLES
    first = plain["principles"]["F1"]
    assert set(first) == {"score", "interval", "coverage", "maturity", "indicators"}
    assert {"id", "weight", "verdict", "reason", "evidence", "remedy"} <= set(first["indicators"][0])
    assert set(first["indicators"][0]["rule"]) == {"pass", "partial", "fail"}


def test_the_published_interaction_network_scores_as_by_hand():
    """Hand-scored from the rubric before any code: F 79, A 91, I 75, R 62, overall 76 %."""
    percent = {letter: 100 * score for letter, score in REPORT.letters.items()}
    assert percent == pytest.approx({"F": 79, "A": 91, "I": 75, "R": 62}, abs=1)
    assert REPORT.overall == pytest.approx(0.76, abs=0.005)
    assert REPORT.badge.awarded
    assert REPORT.badge.label == "FAIR 76 %"


def test_a_dataset_gets_its_own_rubric_and_its_score_is_the_mean_of_its_checks():
    report = assess(DATASET)
    assert (report.rubric, report.rubric_version) == ("fair-datasets", "2.0")
    assert list(report.principles) == list(rubric.DATASETS.principles)
    points = [item.weight * item.verdict.points for item in DATA]
    assert sum(item.weight for item in DATA) == 28
    assert report.overall == pytest.approx(sum(points) / 28)
    assert report.equal_weights == pytest.approx(sum(item.verdict.points for item in DATA) / 16)
    assert REPORT.equal_weights is None
    assert report.letters["I"] == pytest.approx(sum(points[9:13]) / 6)
    assert msgspec.json.decode(msgspec.json.encode(report), type=type(report)) == report


def test_with_equal_weights_there_is_a_score_only_where_there_is_an_overall_one():
    bare = with_record(DATASET, outputs=(), inputs=(), distributions=(*DATASET.record.distributions, READ_ME))
    for found in (DATASET, bare, replaced(DATASET, probes=(), datacite=None)):
        report = assess(found)
        assert (report.equal_weights is None) == (report.overall is None)
    assert assess(bare).overall is None


def test_what_fairreg_adds_is_a_second_score_and_never_the_authors():
    trained_on = Relation(type="trained_on", target=Identifier("doi", "10.7483/opendata.cms.jgjx.ms7q"))
    inputs, outputs = HBB.models[0].inputs, HBB.models[0].outputs
    added = msgspec.structs.replace(
        HBB.record,
        relations=(trained_on, *HBB.record.relations),
        inputs=inputs,
        outputs=outputs,
        name="Another name",
        license="GPL-3.0-only",
    )
    report = assess(replaced(HBB, added=added))
    beside = report.with_fairreg
    assert (report.overall, report.letters) == (REPORT.overall, REPORT.letters)
    assert report.principles == REPORT.principles
    assert set(beside.added) == {"inputs", "outputs", "relations"}
    assert beside.overall > report.overall
    assert {item.id for item in beside.changed} == {"I1-2", "I2-1"}
    assert report.to_json()["with_fairreg"]["changed"][0]["with_fairreg"] == "pass"


def test_a_catalogue_entry_that_adds_nothing_shows_no_second_score():
    assert assess(replaced(HBB, added=HBB.record)).with_fairreg is None
    assert REPORT.with_fairreg is None


def test_the_digest_of_the_evidence_is_that_of_its_document_and_changes_with_it():
    stored = msgspec.json.encode(HBB)
    assert REPORT.evidence_digest == "sha256:" + hashlib.sha256(stored).hexdigest()
    assert assess(replaced(HBB, offline=True)).evidence_digest != REPORT.evidence_digest


def test_stored_evidence_gives_the_same_report_again():
    stored = msgspec.json.encode(HBB)
    again = msgspec.json.decode(stored, type=Evidence)
    assert again == HBB
    assert assess(again) == REPORT


@settings(
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    max_examples=examples(60),
)
@given(records)
def test_any_record_can_be_assessed_before_anything_else_is_gathered(record):
    report = assess(replaced(BARE, record=record))
    assert report.overall is None or 0 <= report.overall <= 1
    assert msgspec.json.decode(msgspec.json.encode(report), type=type(report)) == report


def test_without_a_download_no_file_is_held_against_the_model():
    unread = replaced(HBB, downloaded=False, files=(), documents=(), models=())
    verdicts = {
        item.id: item.verdict for found in assess(unread).principles.values() for item in found.indicators
    }
    by_files = ("I1-1", "I1-3", "I1-4", "R1-2", "R1-3", "R1-4", "R1.2-1", "R2-1", "R2-3", "R3-2", "R3-3")
    assert {verdicts[number] for number in by_files} == {Verdict.UNKNOWN}


def test_offline_nothing_is_held_against_the_model_that_only_the_network_tells():
    offline = replaced(HBB, probes=(), datacite=None, offline=True)
    report = assess(offline)
    failing = {
        item.id for found in report.principles.values() for item in found.indicators if item.verdict == "fail"
    }
    assert failing <= {
        item.id for found in REPORT.principles.values() for item in found.indicators if item.verdict == "fail"
    }
    assert report.coverage < REPORT.coverage
    assert any("(offline)" in item.reason for item in report.principles["F1"].indicators)


def test_no_badge_when_an_essential_indicator_fails_or_too_little_is_known():
    assert not assess(with_record(HBB, distributions=(), license=None)).badge.awarded
    silent = replaced(HBB, downloaded=False, files=(), documents=(), models=())
    assert assess(silent).badge is None


def test_what_is_known_too_little_of_has_an_interval_and_no_number():
    report = assess(replaced(HBB, downloaded=False, files=(), documents=(), models=()))
    assert report.overall is None
    for letter in "IR":
        low, high = report.letter_intervals[letter]
        assert report.letter_coverage[letter] < 0.8
        assert report.letters[letter] is None
        assert low < high
    assert report.letters["F"] is not None
    assert re.fullmatch(r"not enough evidence: \d+ of \d+ indicators unknown", not_enough(report, "I"))
    assert re.search(r"\bI for \d+ % \(unknown: I\d", why_no_overall(report))
    assert not_enough(report, "F") is None
    assert why_no_overall(assess(HBB)) is None


def test_a_missing_overall_score_names_the_letter_its_coverage_and_what_is_unknown():
    hidden = replaced(HBB, models=(), datasets=(DatasetScore(identifier=Identifier("doi", "10.1/x")),))
    report = assess(hidden)
    unknown = [i.id for part in report.principles.values() for i in part.indicators if i.verdict == "unknown"]
    lacking = [letter for letter, score in report.letters.items() if score is None]
    assert lacking == ["I"], unknown
    covered, (low, high) = coverage_text(report.letter_coverage["I"]), report.interval
    assert no_overall(report) == (
        f"No overall score: I has verdicts for {covered} of its weight and needs 80 % "
        f"(unknown: {', '.join(name for name in unknown if name[0] == 'I')}). "
        f"It lies between {math.floor(100 * low)} and {math.ceil(100 * high)} %."
    )


def test_hiding_what_a_model_has_raises_no_score():
    """Each part of the evidence taken away: no letter's number, nor its lower end, is above what it was."""
    hidden = {"files": (), "documents": (), "models": (), "downloaded": False, "probes": (), "datasets": ()}
    for name, empty in hidden.items():
        report = assess(replaced(HBB, **{name: empty}))
        for letter, (low, _) in report.letter_intervals.items():
            assert low <= REPORT.letter_intervals[letter][0] + 1e-9, (name, letter)


@settings(suppress_health_check=[HealthCheck.too_slow], max_examples=examples(40), deadline=None)
@given(st.sets(st.sampled_from([item.id for item in ALL])))
def test_a_number_lies_in_its_interval_and_rests_on_four_fifths_of_the_weight(hidden):
    scored = [(item, item.assess(HBB)) for item in rubric.indicators(rubric.MODELS)]
    dimmed = [(item, UNKNOWN if item.id in hidden else found) for item, found in scored]
    whole, letters = rubric.MODELS.overall(dimmed), rubric.MODELS.letters(dimmed)
    for part in (whole, *letters.values()):
        low, high = part.interval
        assert 0 <= low <= high <= 1
        assert part.value is None or low - 1e-9 <= part.value <= high + 1e-9
    for letter, part in letters.items():
        before = rubric.MODELS.letters(scored)[letter]
        assert part.interval[0] <= before.interval[0] + 1e-9
        assert part.interval[1] >= before.interval[1] - 1e-9
        assert (part.value is None) == (part.coverage < 0.8)
    assert (whole.value is None) == any(part.value is None for part in letters.values())


@pytest.mark.parametrize(("evidence", "rules", "item"), GIVEN, ids=[item.id for _, _, item in GIVEN])
def test_a_verdict_rests_on_what_it_cites(evidence, rules, item):
    """Without what it cites, and what it then cites instead, and so on, an indicator gives fewer points."""
    indicator = next(one for one in rubric.indicators(rules) if one.id == item.id)
    found = indicator.assess(evidence)
    while found.verdict == item.verdict:
        before = evidence
        for citation in found.evidence:
            evidence = without(evidence, citation)
        assert evidence != before, "it cites nothing that could be taken away"
        found = indicator.assess(evidence)
    assert (found.verdict.points or 0) < item.verdict.points


def without(evidence, citation):
    """The evidence as if what is cited had never been published or found."""
    lists = {"probe": ("probes", "kind"), "file": ("files", "path"), "document": ("documents", "path")}
    lists |= {"model": ("models", "file")}
    if citation.source in lists:
        field, key = lists[citation.source]
        kept = tuple(item for item in getattr(evidence, field) if getattr(item, key) != citation.what)
        return replaced(evidence, **{field: kept})
    if citation.source == "dataset":
        return replaced(evidence, datasets=())
    return _unpublished(evidence, citation.what) if citation.source != "policy" else evidence


def _unpublished(evidence, field):
    datacite = evidence.datacite
    empty = {"state": "", "types": (), "url": None, "contributors": ()}
    if field in empty and datacite is not None:
        return replaced(evidence, datacite=msgspec.structs.replace(datacite, **{field: empty[field]}))
    changed = replaced(evidence, record=_emptied(evidence.record, field))
    if datacite is None:
        return changed
    registered = msgspec.structs.replace(datacite, record=_emptied(datacite.record, field))
    return replaced(changed, datacite=registered)


def _emptied(record, field):
    if field == "provenance":
        return msgspec.structs.replace(record, provenance=Provenance(source="file", source_id="a"))
    default = next(item for item in msgspec.structs.fields(ModelRecord) if item.name == field).default
    return record if default is msgspec.NODEFAULT else msgspec.structs.replace(record, **{field: default})
