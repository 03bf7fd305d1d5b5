# SPDX-License-Identifier: MIT
"""Assessing an object: gather the evidence once, ask every indicator, keep both."""

from msgspec.structs import replace

from fairreg.assessment.evidence import Evidence
from fairreg.assessment.report import COVERAGE_FOR_BADGE, AssessmentReport, IndicatorResult
from fairreg.assessment.report import assess as judge
from fairreg.registry import Assessment, Registry
from fairreg.schemas.identifiers import RequestedIdentifier
from fairreg.services.assess.evidence_collector import MAX_DOWNLOAD, EvidenceCollector
from fairreg.services.assess.store import AssessmentResult, newest_evidence, save
from fairreg.services.fetch.download import Progress
from fairreg.services.registry.db import existing, opened
from fairreg.settings import Settings
from fairreg.web import HttpClient, Log, no_log

__all__ = [
    "COVERAGE_FOR_BADGE",
    "MAX_DOWNLOAD",
    "AssessmentReport",
    "Evidence",
    "IndicatorResult",
    "assess",
    "examine",
    "gather",
    "history",
    "stored",
]


def assess(
    settings: Settings,
    pid: str | RequestedIdentifier,
    *,
    offline: bool = False,
    log: Log = no_log,
    progress: Progress | None = None,
    registry: Registry | None = None,
) -> AssessmentReport:
    """Score the FAIRness of what `pid` names; the registry keeps report and evidence, search shows the score.

    `offline` judges the newest evidence that was gathered online, else what the registry and the cache hold.
    `registry` is used instead of opening that of `settings`. Raises IdentifierError, NotFound for what
    neither the registry nor a service knows, and Unreachable where nothing could be asked.
    """
    return examine(settings, pid, offline=offline, log=log, progress=progress, registry=registry)[1]


def examine(
    settings: Settings,
    pid: str | RequestedIdentifier,
    *,
    offline: bool = False,
    log: Log = no_log,
    progress: Progress | None = None,
    registry: Registry | None = None,
) -> tuple[Evidence, AssessmentReport]:
    """As `assess`, with the evidence that the report rests on."""
    without_network = offline or settings.offline
    with opened(registry, settings, log) as used:
        evidence = gather(settings, pid, offline=without_network, log=log, progress=progress, registry=used)
        report = judge(evidence)
        save(used, [AssessmentResult(evidence, report)])
    return evidence, report


def gather(
    settings: Settings,
    pid: str | RequestedIdentifier,
    *,
    offline: bool,
    log: Log,
    progress: Progress | None = None,
    registry: Registry | None = None,
) -> Evidence:
    """The evidence about `pid`. Raises as `assess`."""
    requested = RequestedIdentifier.of(pid)
    with opened(registry, settings, log) as used:
        if offline:
            known = stored(used, requested, log)
            return known or EvidenceCollector(settings, used, None, log).gather(requested)
        with HttpClient(settings, log=log) as web:
            return EvidenceCollector(settings, used, web, log, progress).gather(requested)


def stored(registry: Registry, pid: str | RequestedIdentifier, log: Log = no_log) -> Evidence | None:
    """The newest evidence about `pid` that was gathered online, as an answer to having asked for `pid`."""
    requested = RequestedIdentifier.of(pid)
    evidence = newest_evidence(registry, requested)
    if evidence is None:
        return None
    log(f"Judged by the evidence of {evidence.gathered_at}, without the network.")
    asked = requested.require()
    return evidence if evidence.requested.key == asked.key else replace(evidence, requested=asked)


def history(
    settings: Settings, pid: str | RequestedIdentifier, *, registry: Registry | None = None
) -> tuple[Assessment, ...]:
    """How what `pid` names was assessed, the newest first; without the documents."""
    with existing(registry, settings) as used:
        return used.assessments(RequestedIdentifier.of(pid))
