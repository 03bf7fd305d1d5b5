# SPDX-License-Identifier: MIT
"""How what is unknown becomes known: indicators without a verdict by their cause, each with its advice."""

import re
from collections.abc import Iterable, Iterator, Sequence
from shlex import quote
from typing import Literal

from fairreg.assessment.base import Finding, Verdict
from fairreg.assessment.evidence import DatasetScore, Evidence, Outcome
from fairreg.assessment.report import AssessmentReport, Undecided
from fairreg.assessment.rubric import IndicatorScore
from fairreg.assessment.training import is_current

__all__ = ["advice", "undecided"]

Cause = Literal["offline", "files", "denied", "network", "missing_data", "old_data", "data", "release"]
_CAUSES: tuple[Cause, ...] = (
    "offline",
    "files",
    "denied",
    "network",
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
    files = bool(_UNREAD_FILES.search(found.reason))
    outcomes = {outcome for outcome, _ in _requests(evidence, found)}
    if evidence.offline and not _LIMIT.search(found.reason):
        return "offline"
    if files:
        return "files"
    if "denied" in outcomes:
        return "denied"
    if "failed" in outcomes:
        return "network"
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
    access = evidence.record.access
    name = quote(evidence.record.identifier)  # to be pasted into a shell
    if access is not None and access.level != "open":
        return f"Ask the host for access, run fairreg fetch {name} with your token, then assess again."
    return f"Run fairreg fetch {name}, then assess again."
