# SPDX-License-Identifier: MIT
"""Assessing an object: gather the evidence once, ask every indicator, keep both."""

from msgspec.structs import replace

from fairreg.assessment.evidence import Evidence
from fairreg.assessment.report import COVERAGE_FOR_BADGE, IndicatorResult, Report
from fairreg.assessment.report import assess as judge
from fairreg.registry import Assessment, Registry
from fairreg.schemas.identifiers import RequestedIdentifier
from fairreg.services.assess.evidence_collector import MAX_DOWNLOAD, Visit
from fairreg.services.assess.store import Made, keep, newest_evidence
from fairreg.services.fetch.download import Progress
from fairreg.services.registry.db import existing, opened
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
    pid: str | RequestedIdentifier,
    *,
    offline: bool = False,
    talk: Talk = silent,
    progress: Progress | None = None,
    registry: Registry | None = None,
) -> Report:
    """Score the FAIRness of what `pid` names; the registry keeps report and evidence, search shows the score.

    `offline` judges the newest evidence that was gathered online, else what the registry and the cache hold.
    `registry` is used instead of opening that of `settings`. Raises IdentifierError, NotFound for what
    neither the registry nor a service knows, and Unreachable where nothing could be asked.
    """
    return examine(settings, pid, offline=offline, talk=talk, progress=progress, registry=registry)[1]


def examine(
    settings: Settings,
    pid: str | RequestedIdentifier,
    *,
    offline: bool = False,
    talk: Talk = silent,
    progress: Progress | None = None,
    registry: Registry | None = None,
) -> tuple[Evidence, Report]:
    """As `assess`, with the evidence that the report rests on."""
    without_network = offline or settings.offline
    with opened(registry, settings, talk) as used:
        evidence = gather(settings, pid, offline=without_network, talk=talk, progress=progress, registry=used)
        report = judge(evidence)
        keep(used, [Made(evidence, report)])
    return evidence, report


def gather(
    settings: Settings,
    pid: str | RequestedIdentifier,
    *,
    offline: bool,
    talk: Talk,
    progress: Progress | None = None,
    registry: Registry | None = None,
) -> Evidence:
    """The evidence about `pid`. Raises as `assess`."""
    requested = RequestedIdentifier.of(pid)
    with opened(registry, settings, talk) as used:
        if offline:
            known = stored(used, requested, talk)
            return known or Visit(settings, used, None, talk).gather(requested)
        with Web(settings, talk=talk) as web:
            return Visit(settings, used, web, talk, progress).gather(requested)


def stored(registry: Registry, pid: str | RequestedIdentifier, talk: Talk = silent) -> Evidence | None:
    """The newest evidence about `pid` that was gathered online, as an answer to having asked for `pid`."""
    requested = RequestedIdentifier.of(pid)
    evidence = newest_evidence(registry, requested)
    if evidence is None:
        return None
    talk(f"Judged by the evidence of {evidence.gathered_at}, without the network.")
    asked = requested.require()
    return evidence if evidence.requested.key == asked.key else replace(evidence, requested=asked)


def history(
    settings: Settings, pid: str | RequestedIdentifier, *, registry: Registry | None = None
) -> tuple[Assessment, ...]:
    """How what `pid` names was assessed, the newest first; without the documents."""
    with existing(registry, settings) as used:
        return used.assessments(RequestedIdentifier.of(pid))
