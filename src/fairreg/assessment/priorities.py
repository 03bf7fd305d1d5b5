# SPDX-License-Identifier: MIT
"""What to do first: the few remedies with the largest gain for the least work.

The gain of a remedy is what the overall score would rise by if its indicator passed, by the rubric's own
means. Where the overall score has no number, it is the rise of the least one, with all unknown verdicts
counted as fails. Remedies are ordered by gain over effort; equal ones by the rubric.
"""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import PurePosixPath
from types import MappingProxyType

from msgspec.structs import replace

from fairreg.assessment import rubric
from fairreg.assessment.base import Finding, Indicator, Verdict
from fairreg.assessment.content.documents import role_of
from fairreg.assessment.evidence import Document, Evidence
from fairreg.assessment.remedies.base import Draft
from fairreg.assessment.remedies.drafts import drafts_for
from fairreg.assessment.remedies.facts import Facts
from fairreg.assessment.remedies.requirements import engine_versions
from fairreg.assessment.report import AssessmentReport, Effort, FirstStep
from fairreg.assessment.rubric import IndicatorScore, Rubric
from fairreg.assessment.unknowns import undecided

__all__ = [
    "EFFORTS",
    "MOST",
    "effort_text",
    "first_steps",
    "heading",
    "points",
    "with_priorities",
]

MOST = 5
# Relative work: a file that `--fix` drafts, a field in the form of the host, anything else.
EFFORTS: Mapping[Effort, int] = MappingProxyType({"file": 1, "field": 2, "work": 4})
# Indicators, of models and of datasets, that pass by filling in a field where the object is published.
_FIELDS = frozenset(
    {
        *("F2-1", "F2-2", "F2-4", "F3-1", "A1-3", "A1.2-2", "I2-1", "I2-3", "I2-4", "R1.1-1", "R2-2"),
        *("F2b", "F3", "A1.2", "I3", "R1.1", "R1.2"),
    }
)
_MISSING = (Verdict.PARTIAL, Verdict.FAIL)
_PASSED = Finding(Verdict.PASS, "")


def with_priorities(report: AssessmentReport, evidence: Evidence) -> AssessmentReport:
    """Return the report of this evidence with what to do first, and how what is unknown becomes known."""
    rules = rubric.DATASETS if report.rubric == rubric.DATASETS.name else rubric.MODELS
    found = {item.id: item for part in report.principles.values() for item in part.indicators}
    scored = [
        (item, Finding(told.verdict, told.reason, told.evidence, told.remedy))
        for item in rubric.indicators(rules)
        if (told := found.get(item.id)) is not None
    ]
    files = _files(evidence, scored)
    return replace(report, do_first=first_steps(rules, scored, files), undecided=undecided(evidence, scored))


def _files(evidence: Evidence, scored: Sequence[IndicatorScore]) -> dict[str, str]:
    """Return, by indicator with points missing, the drafted file that would bring it furthest."""
    missing = [item for item, found in scored if found.remedy]
    offered = drafts_for({item.id for item in missing}, Facts(evidence, engine_versions()))
    published = {draft.name: _published(evidence, draft) for draft in offered}
    found: dict[str, str] = {}
    for item in missing:
        serving = [draft.name for draft in offered if item.id in draft.serves]
        if serving:  # the first one of several that are as good
            found[item.id] = max(serving, key=lambda name: item.assess(published[name]).verdict.points or 0.0)
    return found


def _published(evidence: Evidence, draft: Draft) -> Evidence:
    """Return the evidence as if the draft lay among the published files, in the place of one of its name."""
    role = role_of(draft.name)
    if role is None:
        return evidence
    others = [item for item in evidence.documents if PurePosixPath(item.path).name != draft.name]
    return replace(evidence, documents=(*others, Document(role=role, path=draft.name, text=draft.text)))


def first_steps(
    rules: Rubric, scored: Sequence[IndicatorScore], files: Mapping[str, str]
) -> tuple[FirstStep, ...]:
    """Return at most five remedies, best first; none where no points are missing.

    `files` maps indicators to the files that `--fix` drafts for them.
    """
    numbered = rules.overall(scored).value is not None
    found = [
        FirstStep(
            id=item.id,
            title=item.title,
            verdict=verdict.verdict,
            gain=gain,
            reaches=reaches,
            of="overall" if numbered else "least",
            effort=_effort(item.id, files),
            file=files.get(item.id),
            remedy=verdict.remedy,
        )
        for item, verdict, gain, reaches in _gains(rules, scored, None if numbered else 0.0)
        if verdict.remedy
    ]
    return tuple(sorted(found, key=_worth, reverse=True)[:MOST])  # a stable sort, so ties keep their order


def _worth(step: FirstStep) -> float:
    # Rounded, because equal gains differ by their last bits.
    return round(step.gain / EFFORTS[step.effort], 12)


def _effort(number: str, files: Mapping[str, str]) -> Effort:
    if number in files:
        return "file"
    return "field" if number in _FIELDS else "work"


def _gains(
    rules: Rubric, scored: Sequence[IndicatorScore], unknown: float | None
) -> Iterator[tuple[Indicator, Finding, float, float]]:
    """Yield each indicator with points missing, its finding, the rise of the score, and the score reached."""
    parts = [list(scored)] if rules.pooled else [rubric.within(scored, name) for name in rules.principles]
    means = [rubric.weighted_mean(part, unknown) for part in parts]
    before = rubric.mean(means) or 0.0
    for number, part in enumerate(parts):
        for place, (item, found) in enumerate(part):
            if found.verdict in _MISSING:
                passed = [*part[:place], (item, _PASSED), *part[place + 1 :]]
                raised = [*means[:number], rubric.weighted_mean(passed, unknown), *means[number + 1 :]]
                after = rubric.mean(raised) or 0.0
                yield item, found, after - before, after


def heading(steps: Sequence[FirstStep]) -> str:
    """Return the heading over the steps, or over what is unknown where there is none."""
    if not steps:
        return "What is unknown"
    return "Do this first" if len(steps) == 1 else f"Do these {_COUNTS[len(steps)]} first"


_COUNTS = {2: "two", 3: "three", 4: "four", 5: "five"}


def points(gain: float) -> str:
    """Format a gain of 0..1 in points of a hundred.

    >>> points(0.0215), points(0.0001)
    ('2.2', 'less than 0.1')
    """
    return f"{100 * gain:.1f}" if gain >= _LEAST_SHOWN else "less than 0.1"


_LEAST_SHOWN = 0.0005  # what is less would be 0.0


def effort_text(step: FirstStep) -> str:
    """Return what a step needs, in words."""
    if step.file:
        return f"--fix drafts {step.file}: complete it and publish it with the files."
    if step.effort == "field":
        return "A field to fill in where it is published."
    return "New work on the files or at the host."
