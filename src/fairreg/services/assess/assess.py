# SPDX-License-Identifier: MIT
"""Assessment of an object: gather the evidence once, evaluate every indicator, store both."""

import msgspec
from msgspec.structs import replace

from fairreg.assessment.evidence import Evidence
from fairreg.assessment.report import AssessmentReport, IndicatorResult
from fairreg.assessment.report import assess as judge
from fairreg.errors import Gone, NotFound, RecordError
from fairreg.registry import Assessment, Registry
from fairreg.schemas.identifiers import RequestedIdentifier
from fairreg.services.assess.evidence_collector import MAX_DOWNLOAD, EvidenceCollector
from fairreg.services.assess.store import AssessmentResult, is_stored, newest_evidence, rescored, save
from fairreg.services.fetch.download import Progress
from fairreg.services.fetch.leads import settled
from fairreg.services.registry.db import existing, opened, storing
from fairreg.settings import Settings
from fairreg.web import HttpClient, Log, no_log

__all__ = [
    "MAX_DOWNLOAD",
    "AssessmentReport",
    "Evidence",
    "IndicatorResult",
    "assess",
    "changed_verdicts",
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
    """Score the FAIRness of `pid`; the registry stores report and evidence, search shows the score.

    `offline` uses the newest evidence that was gathered online, else the content of the registry and the
    cache. `registry` is used instead of opening that of `settings`. Raises IdentifierError, NotFound for an
    object unknown to the registry and to every service, and Unreachable where no service responds.
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
    """Assess as `assess`; return the evidence of the report, too."""
    # Imported here, because the history needs neither this nor the drafts of files.
    from fairreg.assessment.priorities import with_priorities

    without_network = offline or settings.offline
    with opened(registry, settings, log) as used:
        try:
            evidence = gather(
                settings, pid, offline=without_network, log=log, progress=progress, registry=used
            )
        except NotFound as error:
            raise _explained(used, pid, error) from error
        report = judge(evidence)
        made = AssessmentResult(evidence, report)
        # Without the network the same evidence is found each time: that is no new assessment.
        if not (without_network and is_stored(used, made)):
            with storing("The assessment is", log):
                save(used, [made])
        if note := _removed(used, evidence.record.identifier):
            log(note)
    return evidence, with_priorities(report, evidence)


def _explained(registry: Registry, pid: str | RequestedIdentifier, error: NotFound) -> NotFound:
    """Return the error, with the hint that a record was removed for good where that is why."""
    note = None if isinstance(error, Gone) else _removed(registry, pid)
    return error if note is None else NotFound(error.message, hint=note)


def _removed(registry: Registry, pid: str | RequestedIdentifier) -> str | None:
    from fairreg.services.registry.removal import removal_note  # neither the history nor a batch needs it

    return removal_note(registry, pid)


def gather(
    settings: Settings,
    pid: str | RequestedIdentifier,
    *,
    offline: bool,
    log: Log,
    progress: Progress | None = None,
    registry: Registry | None = None,
) -> Evidence:
    """Gather the evidence about `pid`. Raises as `assess`."""
    with opened(registry, settings, log) as used:
        requested = settled(used, pid)
        if offline:
            known = stored(used, requested, log)
            if known is None:
                return EvidenceCollector(settings, used, None, log).gather(requested)
            entry = next(iter(used.listing.entries_for(known.record.identifier)), None)
            if entry is not None and entry.warning:  # which may be newer than the evidence
                log(f"Warning: {entry.warning}")
            return known
        with HttpClient(settings, log=log) as web:
            return EvidenceCollector(settings, used, web, log, progress).gather(requested)


def stored(registry: Registry, pid: str | RequestedIdentifier, log: Log = no_log) -> Evidence | None:
    """Return the newest stored evidence about `pid` that was gathered online, with `pid` as requested."""
    requested = settled(registry, pid)
    evidence = newest_evidence(registry, requested)
    if evidence is None:
        return None
    log(f"Scored from the evidence of {evidence.gathered_at}, without the network.")
    asked, evidence = requested.require(), rescored(registry, evidence)
    return evidence if evidence.requested.key == asked.key else replace(evidence, requested=asked.bare)


def changed_verdicts(
    registry: Registry, newer: Assessment, older: Assessment
) -> tuple[tuple[str, str, str], ...]:
    """Return the indicators whose verdict changed between two assessments: (id, before, after).

    Empty for those by different rules, and where a report cannot be read.
    """
    by_same_rules = (newer.rubric, newer.rubric_version) == (older.rubric, older.rubric_version)
    if not by_same_rules or newer.evidence_sha256 == older.evidence_sha256:
        return ()
    try:
        after, before = (_verdicts(registry.assessments.report(item)) for item in (newer, older))
    except (RecordError, msgspec.DecodeError, RecursionError):
        return ()
    return tuple(
        (number, before[number], verdict)
        for number, verdict in after.items()
        if before.get(number, verdict) != verdict
    )


class _Judged(msgspec.Struct):
    """Verdict in a stored report; other keys are left out, so that those of earlier releases are read."""

    id: str
    verdict: str


class _Part(msgspec.Struct):
    indicators: tuple[_Judged, ...]


class _Stored(msgspec.Struct):
    principles: dict[str, _Part]


def _verdicts(document: bytes) -> dict[str, str]:
    stored = msgspec.json.decode(document, type=_Stored)
    return {item.id: item.verdict for part in stored.principles.values() for item in part.indicators}


def history(
    settings: Settings, pid: str | RequestedIdentifier, *, registry: Registry | None = None
) -> tuple[Assessment, ...]:
    """Assessments of the object `pid`, newest first; without the documents."""
    with existing(registry, settings) as used:
        return used.assessments.history(RequestedIdentifier.of(pid))
