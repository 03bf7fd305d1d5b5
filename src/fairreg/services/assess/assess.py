# SPDX-License-Identifier: MIT
"""Assessing an object: gather the evidence once, ask every indicator, keep both."""

from msgspec.structs import replace

from fairreg.assessment.evidence import Evidence
from fairreg.assessment.report import COVERAGE_FOR_BADGE, IndicatorResult, Report
from fairreg.assessment.report import assess as judge
from fairreg.registry import Assessment, Registry
from fairreg.schemas.identifiers import parse
from fairreg.services.assess.evidence_collector import MAX_DOWNLOAD, Visit
from fairreg.services.assess.store import Made, keep, newest_evidence
from fairreg.services.fetch.download import Progress
from fairreg.services.registry import db
from fairreg.settings import Settings
from fairreg.web import Talk, Web, silent

__all__ = [
    "COVERAGE_FOR_BADGE",
    "MAX_DOWNLOAD",
    "Evidence",
    "IndicatorResult",
    "Report",
    "assess",
    "examine",
    "gather",
    "history",
    "stored",
]


def assess(
    settings: Settings,
    pid: str,
    *,
    offline: bool = False,
    talk: Talk = silent,
    progress: Progress | None = None,
) -> Report:
    """Score the FAIRness of what `pid` names; the registry keeps report and evidence, search shows the score.

    `offline` judges the newest evidence that was gathered online, else what the registry and the cache hold.
    Raises IdentifierError, NotFound for what neither the registry nor a service knows, and Unreachable where
    nothing could be asked.
    """
    return examine(settings, pid, offline=offline, talk=talk, progress=progress)[1]


def examine(
    settings: Settings,
    pid: str,
    *,
    offline: bool = False,
    talk: Talk = silent,
    progress: Progress | None = None,
) -> tuple[Evidence, Report]:
    """As `assess`, with the evidence that the report rests on."""
    evidence = gather(settings, pid, offline=offline or settings.offline, talk=talk, progress=progress)
    report = judge(evidence)
    with Registry(settings=settings) as registry:
        keep(registry, [Made(evidence, report)])
    return evidence, report


def gather(
    settings: Settings, pid: str, *, offline: bool, talk: Talk, progress: Progress | None = None
) -> Evidence:
    """The evidence about `pid`. Raises as `assess`."""
    db.ensure(settings, talk)
    with Registry(settings=settings) as registry:
        if offline:
            return stored(registry, pid, talk) or Visit(settings, registry, None, talk).gather(pid)
        with Web(settings, talk=talk) as web:
            return Visit(settings, registry, web, talk, progress).gather(pid)


def stored(registry: Registry, pid: str, talk: Talk = silent) -> Evidence | None:
    """The newest evidence about `pid` that was gathered online, as an answer to having asked for `pid`."""
    evidence = newest_evidence(registry, pid)
    if evidence is None:
        return None
    talk(f"Judged by the evidence of {evidence.gathered_at}, without the network.")
    asked = parse(pid)
    return evidence if evidence.requested.key == asked.key else replace(evidence, requested=asked)


def history(settings: Settings, pid: str) -> tuple[Assessment, ...]:
    """How what `pid` names was assessed, the newest first; without the documents."""
    with Registry(settings=settings) as registry:
        return registry.assessments(pid)
