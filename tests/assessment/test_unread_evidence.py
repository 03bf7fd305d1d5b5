# SPDX-License-Identifier: MIT
"""Evidence that was not read: no verdict gets better by it, none becomes a fail, and no number appears."""

from collections.abc import Iterator
from typing import get_args

import pytest

from assessment.samples import BARE, DATASET, DATASET_RUBRIC, HBB, replaced, with_record
from assessment.test_datasets import CASES as OF_DATASETS
from assessment.test_indicators import CASES as OF_MODELS
from fairreg.assessment import rubric
from fairreg.assessment.evidence import DatasetScore, Evidence, Probe, ProbeKind, Unread
from fairreg.assessment.indicators.i2 import training_data_fair
from fairreg.assessment.report import assess
from fairreg.assessment.training import training_sets
from fairreg.schemas.identifiers import Identifier
from fairreg.schemas.record import Access, Relation

# Verdict before -> verdicts that are allowed once a part of the evidence was not read.
ALLOWED = {
    "pass": {"pass", "partial", "unknown"},
    "partial": {"partial", "unknown"},
    "fail": {"fail", "unknown"},
    "unknown": {"unknown"},
    "not_applicable": {"not_applicable", "unknown"},
}
MOVED = (
    "license", "license_stated", "publisher", "relations", "creators", "keywords", "description", "access",
    "stated_type", "date_published",
)  # fmt: skip


def without_probe(evidence: Evidence, kind: str, outcome: str) -> Evidence:
    """The evidence as if this request had had no answer."""
    others = tuple(probe for probe in evidence.probes if probe.kind != kind)
    found = replaced(evidence, probes=(*others, Probe(kind=kind, outcome=outcome, detail="503")))
    return only_named(evidence, replaced(found, datacite=None)) if kind == "datacite" else found


def only_named(before: Evidence, less: Evidence) -> Evidence:
    """The evidence without the scores of data that is no longer named."""
    lost = {item.key for item in training_sets(before)} - {item.key for item in training_sets(less)}
    return replaced(less, datasets=tuple(item for item in less.datasets if item.identifier.key not in lost))


def without_files(evidence: Evidence) -> Evidence:
    less = replaced(evidence, downloaded=False, files=(), documents=(), models=())
    return only_named(evidence, less)


def without_archives(evidence: Evidence) -> Evidence:
    """The evidence as if every archive had been refused."""
    inside = {file.path for file in evidence.files if file.archive}
    return replaced(
        evidence,
        downloaded=False,
        files=tuple(file for file in evidence.files if not file.archive),
        documents=tuple(item for item in evidence.documents if item.path not in inside),
        models=tuple(item for item in evidence.models if item.file not in inside),
        unread=(*evidence.unread, Unread(path="a.zip", reason="encrypted")),
    )


def with_nothing_of(evidence: Evidence, role: str) -> Evidence:
    """The evidence as if the documents of a role had been too large."""
    others = tuple(item for item in evidence.documents if item.role != role)
    return replaced(evidence, documents=others, unread=_noted(evidence, role, "too large"))


def with_beginnings_of(evidence: Evidence, role: str) -> Evidence:
    """The evidence as if only the beginning of the documents of a role had been read."""
    cut = tuple(
        replaced(item, text=item.text[: len(item.text) // 2]) if item.role == role else item
        for item in evidence.documents
    )
    return replaced(evidence, documents=cut, unread=_noted(evidence, role, "longer than what was read"))


def _noted(evidence: Evidence, role: str, reason: str) -> tuple[Unread, ...]:
    left_out = (Unread(path=item.path, reason=reason, role=role) for item in evidence.of_role(role))
    return (*evidence.unread, *left_out)


def broken(evidence: Evidence) -> Iterator[tuple[str, Evidence]]:
    """Yield the evidence with one of its sources broken, each in turn."""
    for kind in get_args(ProbeKind):
        if evidence.probe(kind).outcome in {"ok", "absent"} or (kind == "datacite" and evidence.datacite):
            for outcome in ("failed", "denied", "not_probed"):
                if not (kind in ABOUT_ACCESS and outcome == "denied"):
                    yield f"{kind} {outcome}", without_probe(evidence, kind, outcome)
    if evidence.downloaded:
        yield "no download", without_files(evidence)
        yield "refused archives", without_archives(evidence)
    if evidence.datasets:
        unread = tuple(replaced(item, score=None, detail="503") for item in evidence.datasets)
        yield "datasets", replaced(evidence, datasets=unread)
    for role in sorted({item.role for item in evidence.documents}):
        yield f"no {role}", with_nothing_of(evidence, role)
        yield f"half of {role}", with_beginnings_of(evidence, role)


# A refusal of these is itself what was asked for.
ABOUT_ACCESS = {"file_range", "file_access"}


def at_datacite(evidence: Evidence, *fields: str) -> Evidence:
    """The evidence as if only DataCite had these fields."""
    moved = {name: value for name in fields if (value := getattr(evidence.record, name))}
    facts = replaced(evidence.datacite, record=replaced(evidence.datacite.record, **moved))
    emptied = {name: () if isinstance(value, tuple) else None for name, value in moved.items()}
    return with_record(replaced(evidence, datacite=facts), **emptied)


def trained_on(identifier: Identifier) -> Relation:
    return Relation(type="trained_on", target=identifier, target_kind="dataset")


GOOD, BAD = Identifier("doi", "10.2222/good"), Identifier("doi", "10.2222/bad")
SCORES = tuple(
    DatasetScore(identifier=name, score=value, rubric=DATASET_RUBRIC)
    for name, value in ((GOOD, 0.9), (BAD, 0.1))
)
# The record names one of the two, and only DataCite the other.
TWO_DATASETS = replaced(
    with_record(HBB, relations=(trained_on(GOOD),)),
    datacite=replaced(HBB.datacite, record=replaced(HBB.datacite.record, relations=(trained_on(BAD),))),
    datasets=SCORES,
)
WHOLE = {
    "model": HBB,
    "two datasets": TWO_DATASETS,
    "closed at DataCite": at_datacite(with_record(DATASET, access=Access(level="closed")), "access"),
    "dataset": DATASET,
    "bare": replaced(BARE, downloaded=True),
    "model at DataCite": at_datacite(HBB, *MOVED),
    "dataset at DataCite": at_datacite(DATASET, *MOVED),
    **{f"model, {name} at DataCite": at_datacite(HBB, name) for name in MOVED},
    **{f"dataset, {name} at DataCite": at_datacite(DATASET, name) for name in MOVED},
}
INDICATORS = {
    name: {item.id: item for item in rubric.indicators(rules)}
    for name, rules in (("models", rubric.MODELS), ("datasets", rubric.DATASETS))
}
CASES = [("models", *case[::2]) for case in OF_MODELS] + [("datasets", *case[::2]) for case in OF_DATASETS]


@pytest.mark.sliced(7)
@pytest.mark.parametrize(
    ("name", "number", "evidence"), CASES, ids=[f"{n}-{i}-{k}" for k, (n, i, _) in enumerate(CASES)]
)
def test_what_was_not_read_is_unknown_never_a_fail_and_never_better(name, number, evidence):
    check = INDICATORS[name][number].assess
    before = check(evidence).verdict
    wrong = {
        how: (before, after.verdict, after.reason)
        for how, less in broken(evidence)
        if (after := check(less)).verdict not in ALLOWED[before]
    }
    assert not wrong


@pytest.mark.sliced(11)
@pytest.mark.parametrize("evidence", WHOLE.values(), ids=WHOLE)
def test_breaking_one_source_raises_no_interval_and_gives_no_number(evidence):
    report = assess(evidence)
    before = {item.id: item for part in report.principles.values() for item in part.indicators}
    for how, less in broken(evidence):
        found = assess(less)
        after = {item.id: item for part in found.principles.values() for item in part.indicators}
        wrong = {
            number: (before[number].verdict, item.verdict, item.reason)
            for number, item in after.items()
            if item.verdict not in ALLOWED[before[number].verdict]
        }
        assert not wrong, how
        assert found.interval[0] <= report.interval[0] + 1e-9, how
        for letter, interval in found.letter_intervals.items():
            assert interval[0] <= report.letter_intervals[letter][0] + 1e-9, (how, letter)
            assert found.letters[letter] is None or report.letters[letter] is not None, (how, letter)
        assert found.overall is None or report.overall is not None, how


def test_datasets_beyond_those_assessed_count_as_unread():
    names = [Identifier("doi", f"10.2222/{number}") for number in range(12)]
    named = with_record(HBB, relations=tuple(map(trained_on, names)))
    good = tuple(DatasetScore(identifier=name, score=0.8, rubric=DATASET_RUBRIC) for name in names[:8])
    found = training_data_fair.assess(replaced(named, datasets=good))
    assert found.verdict == "unknown"
    assert f"the training data {names[8].compact} was not assessed" in found.reason
