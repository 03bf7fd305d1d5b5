# SPDX-License-Identifier: MIT
"""First steps of a report: the remedies with the largest gain for the least work, and ways to a verdict.

The gain of a remedy is what the overall score would rise by if its indicator passed, by the rubric's own
means. Where the overall score has no number, it is the rise of the least one, with all unknown verdicts
counted as fails. Remedies are ordered by gain over effort; equal ones by the rubric.
"""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from shlex import quote
from types import MappingProxyType
from typing import Literal

from msgspec.structs import replace

from fairreg.assessment import rubric
from fairreg.assessment.base import Finding, Indicator, Verdict
from fairreg.assessment.evidence import DatasetScore, Evidence, Outcome
from fairreg.assessment.lineage import is_closed, why_no_list
from fairreg.assessment.open_tasks import is_open
from fairreg.assessment.remedies.drafts import drafts_for
from fairreg.assessment.remedies.facts import Facts
from fairreg.assessment.remedies.requirements import engine_versions
from fairreg.assessment.report import AssessmentReport, Effort, FirstStep, Undecided
from fairreg.assessment.rubric import IndicatorScore, Rubric
from fairreg.assessment.training import is_current

__all__ = [
    "EFFORTS",
    "MOST",
    "advice",
    "effort_text",
    "first_steps",
    "heading",
    "points",
    "undecided",
    "with_priorities",
]

MOST = 5
# Relative work: a file that `--fix` drafts, a field to fill in where it is published, anything else.
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
    # What is published and waits for its author is not to be drafted again.
    waiting = {item.id for item, found in scored if found.remedy and is_open(item.id, evidence)}
    steps = first_steps(rules, scored, _files(evidence, scored, waiting), waiting)
    return replace(report, do_first=steps, undecided=undecided(evidence, scored))


def _files(
    evidence: Evidence, scored: Sequence[IndicatorScore], waiting: Collection[str] = ()
) -> dict[str, str]:
    """Return, by indicator with points missing, the drafted file that brings it to a pass once completed."""
    missing = [item for item, found in scored if found.remedy and item.id not in waiting]
    offered = drafts_for({item.id for item in missing}, Facts(evidence, engine_versions()))
    named: dict[str, str] = {}
    left = {draft.name: set(draft.serves) for draft in offered}
    while left:
        # The fewest files: first the one that brings most indicators to a pass, of equals the first.
        name = max(left, key=lambda one: len(left[one]))
        named |= dict.fromkeys(left.pop(name), name)
        left = {other: rest for other, numbers in left.items() if (rest := numbers - named.keys())}
    return named


def first_steps(
    rules: Rubric,
    scored: Sequence[IndicatorScore],
    files: Mapping[str, str],
    waiting: Collection[str] = (),
) -> tuple[FirstStep, ...]:
    """Return at most five remedies, best first; none where no points are missing.

    `files` maps indicators to the files that `--fix` drafts for them, `waiting` are those for which a
    published file has an open to-do.
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
            effort=_effort(item.id, files, waiting),
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


def _effort(number: str, files: Mapping[str, str], waiting: Collection[str]) -> Effort:
    if number in files:
        return "file"
    return "field" if number in _FIELDS or number in waiting else "work"


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


Cause = Literal[
    "offline", "files", "denied", "network", "host", "missing_data", "old_data", "data", "release"
]
_CAUSES: tuple[Cause, ...] = (
    "offline",
    "files",
    "denied",
    "network",
    "host",
    "missing_data",
    "old_data",
    "data",
    "release",
)
# What `Evidence.why_unknown` calls the request that gave no answer.
_PROBE = re.compile(r"\bprobe ([a-z_]+)\b")
_UNREAD_FILES = re.compile(r"\bnot downloaded\b")
# A limit of this release, which names itself as the reason; the network changes nothing then.
_LIMIT = re.compile(r"\bfairreg's table\b|\bthat fairreg knows\b")
_MOST = 2


def undecided(evidence: Evidence, scored: Sequence[IndicatorScore]) -> tuple[Undecided, ...]:
    """Return how the unknown indicators get a verdict, one group per cause; none where every one has."""
    unknown = [(item.id, found) for item, found in scored if found.verdict is Verdict.UNKNOWN]
    causes = [(number, found, _cause(evidence, found)) for number, found in unknown]
    groups: list[Undecided] = []
    for cause in _CAUSES:
        members = [(number, found) for number, found, other in causes if other == cause]
        if members:
            how = _advice(evidence, cause, [found for _, found in members])
            groups.append(Undecided(tuple(number for number, _ in members), how))
    return tuple(groups)


def advice(report: AssessmentReport) -> str:
    """Return the ways to a verdict of a report, best first, as one hint."""
    return " ".join(dict.fromkeys(group.how for group in report.undecided))


def _cause(evidence: Evidence, found: Finding) -> Cause:
    """Return why an indicator is unknown: what it asked for, and what came of that."""
    unlisted = (why := why_no_list(evidence.record)) is not None and why in found.reason
    files = bool(_UNREAD_FILES.search(found.reason)) or (unlisted and is_closed(evidence.record))
    outcomes = {outcome for outcome, _ in _requests(evidence, found)}
    if evidence.offline and not _LIMIT.search(found.reason):
        return "offline"
    if files:
        return "files"
    if "denied" in outcomes:
        return "denied"
    if "failed" in outcomes:
        return "network"
    if unlisted:
        return "host"
    return _cause_of_data([item for item in evidence.datasets if _cites(found, item)])


def _cause_of_data(datasets: Sequence[DatasetScore]) -> Cause:
    """Return what the scores of training data lack; the release itself where none is cited."""
    if any(item.unread for item in datasets):
        return "missing_data"
    if not all(map(is_current, datasets)):
        return "old_data"
    return "data" if datasets else "release"


def _requests(evidence: Evidence, found: Finding) -> Iterator[tuple[Outcome, str]]:
    """Yield outcome and detail of each request that a finding names or cites, those of the data included."""
    named = {*_PROBE.findall(found.reason), *(c.what for c in found.evidence if c.source == "probe")}
    for probe in evidence.probes:
        if probe.kind in named:
            yield probe.outcome, probe.detail or f"{probe.url or 'a service'} gave no answer"
    if named - {probe.kind for probe in evidence.probes}:
        yield "not_probed", ""
    for item in evidence.datasets:
        if item.unread and _cites(found, item):
            yield _outcome(evidence, item), item.detail or f"{item.identifier.compact} gave no answer"


def _outcome(evidence: Evidence, dataset: DatasetScore) -> Outcome:
    # Evidence of earlier releases names no outcome; what could not be read then was mostly not reached.
    return dataset.outcome or ("not_probed" if evidence.offline else "failed")


def _cites(found: Finding, dataset: DatasetScore) -> bool:
    return any(c.source == "dataset" and c.what == dataset.identifier.compact for c in found.evidence)


def _advice(evidence: Evidence, cause: Cause, found: Sequence[Finding]) -> str:
    if cause == "files":
        return _to_read(evidence)
    if cause == "network":
        return f"Assess again when every service answers; this time: {_details(evidence, found)}."
    if cause in {"data", "missing_data"}:
        return _about_data(evidence, found)
    return _SENTENCES[cause]


_SENTENCES: dict[Cause, str] = {
    "offline": "Assess again without --offline.",
    "denied": "The host refused the request: ask it for access, give fairreg your token, then assess again.",
    "host": (
        "Assess again when the host of the files answers; where fairreg does not know that host, "
        "assessing again decides nothing."
    ),
    "old_data": "Assess again without --offline: the training data have a score by an older rubric only.",
    "release": (
        "Assessing again decides nothing: this release of fairreg cannot measure it from what is published "
        "(the reason stands at each)."
    ),
}


def _details(evidence: Evidence, found: Iterable[Finding]) -> str:
    """Return the distinct reasons of requests that failed, at most two."""
    details = dict.fromkeys(
        detail.rstrip(".")
        for one in found
        for outcome, detail in _requests(evidence, one)
        if outcome == "failed"
    )
    told = list(details)
    more = f"; and {len(told) - _MOST} more" if len(told) > _MOST else ""
    return "; ".join(told[:_MOST]) + more


def _about_data(evidence: Evidence, found: Sequence[Finding]) -> str:
    cited = [item for item in evidence.datasets if any(_cites(one, item) for one in found)]
    missing = next((item for item in cited if item.unread), None)
    if missing is not None:
        name = missing.identifier.compact
        return f"Check whether {name} is the right identifier of the training data: no service has it."
    name = quote(next((item for item in cited if item.score is None), cited[0]).identifier.compact)
    return f"Run fairreg assess {name} to see what is not known of the training data."


def _to_read(evidence: Evidence) -> str:
    name = quote(evidence.record.identifier)  # to be pasted into a shell
    probe = evidence.probe("file_range")
    given = probe.outcome == "ok" or probe.found
    if not given and (probe.outcome == "denied" or is_closed(evidence.record)):
        return "Ask the host for access, give fairreg your token, then assess again."
    if probe.withheld:
        return f"The host does not have {probe.file or 'the file'}: assess again once its link works."
    return f"Run fairreg fetch {name}, then assess again."
