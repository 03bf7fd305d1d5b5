# SPDX-License-Identifier: MIT
"""Assessing a model: gather the evidence once, then ask every indicator."""

import json
from dataclasses import dataclass
from functools import partial

import msgspec

from fairreg.assessment.evidence import DataCiteFacts, Evidence, FileFact, Probe
from fairreg.assessment.report import COVERAGE_FOR_BADGE, IndicatorResult, Report
from fairreg.assessment.report import assess as judge
from fairreg.errors import ChecksumMismatch, FairregError, NotFound, RecordError
from fairreg.harvesters.datacite import registration
from fairreg.registry import Registry, Statement
from fairreg.registry.linking import OWN
from fairreg.schemas.identifiers import parse
from fairreg.schemas.moment import now
from fairreg.schemas.record import ModelRecord
from fairreg.services import inspecting
from fairreg.services.download import Progress
from fairreg.services.fetch import Fetched, bring, fetch_cached, known_version, open_files, remember
from fairreg.services.probing import probe_all
from fairreg.services.resolve import Resolution, concept_note, resolve
from fairreg.settings import Settings
from fairreg.storage.cache import Cache
from fairreg.web import Talk, Web, silent

__all__ = ["MAX_DOWNLOAD", "IndicatorResult", "Report", "assess", "gather"]

# Larger records are assessed without their files, which then are `unknown`.
MAX_DOWNLOAD = 500 * 10**6


@dataclass(frozen=True)
class _Known:
    """What is known of the object before its files are looked into."""

    record: ModelRecord
    datacite: DataCiteFacts | None
    probes: tuple[Probe, ...]
    fetched: Fetched | None
    mismatched: tuple[FileFact, ...] = ()


def assess(
    settings: Settings,
    pid: str,
    *,
    offline: bool = False,
    talk: Talk = silent,
    progress: Progress | None = None,
) -> Report:
    """Score the FAIRness of what `pid` names; the score goes into the registry for search to show.

    `offline` decides from what the registry and the cache hold. Raises IdentifierError, NotFound for what
    neither the registry nor a service knows, and Unreachable where nothing could be asked.
    """
    evidence = gather(settings, pid, offline=offline or settings.offline, talk=talk, progress=progress)
    report = judge(evidence)
    _remember_score(settings, evidence, report)
    return report


def gather(
    settings: Settings, pid: str, *, offline: bool, talk: Talk, progress: Progress | None = None
) -> Evidence:
    """The evidence about `pid`: record, registration, probes and files. Raises as `assess`."""
    known = _from_registry(settings, pid) if offline else _from_network(settings, pid, talk, progress)
    note = concept_note(parse(pid), known.record)
    if note:
        talk(note)
    fetched = known.fetched
    return Evidence(
        record=known.record,
        requested=parse(pid),
        gathered_at=now(),
        datacite=known.datacite,
        probes=known.probes,
        files=inspecting.files(fetched) if fetched else known.mismatched,
        documents=inspecting.documents(fetched) if fetched else (),
        models=inspecting.model_facts(fetched) if fetched else (),
        downloaded=fetched is not None,
        offline=offline,
    )


def _from_network(settings: Settings, pid: str, talk: Talk, progress: Progress | None) -> _Known:
    with Web(settings, talk=talk) as web:
        resolution = resolve(web, pid, talk=talk, version_of=partial(known_version, settings))
        record = resolution.record
        talk("Probing the identifier, the landing page and the first bytes of the files")
        probes = (*_datacite_probe(resolution), *probe_all(web, record))
        fetched, mismatched = _files(settings, web, pid, record, talk=talk, progress=progress)
    remember(settings, resolution, talk)
    registered = resolution.datacite
    facts = _facts(registered.record, registered.raw) if registered else None
    return _Known(record, facts, probes, fetched, mismatched)


def _datacite_probe(resolution: Resolution) -> list[Probe]:
    outcomes = {"found": "ok", "absent": "absent", "unreachable": "failed"}
    return [
        msgspec.convert({"kind": "datacite", "outcome": outcomes[step.outcome], "detail": step.detail}, Probe)
        for step in resolution.steps
        if step.service == "datacite"
    ]


def _from_registry(settings: Settings, pid: str) -> _Known:
    """What the sources said when they were harvested or fetched: the host of the files first."""
    with Registry(settings=settings) as registry:
        said = [item for item in registry.statements(pid) if item.source != OWN]
    ranked = sorted(said, key=lambda item: (item.source == "catalogue", item.source == "datacite"))
    if not ranked:
        raise NotFound(f"The registry holds nothing about {pid}.", hint="Assess it online once.")
    registered = next((item for item in said if item.source == "datacite"), None)
    facts = _statement_facts(registered) if registered else None
    probes = (Probe(kind="datacite", outcome="ok", when=registered.retrieved_at),) if registered else ()
    fetched = fetch_cached(settings, pid)
    # A concept's files may be those of another version than the record that is judged.
    same = fetched is not None and fetched.record.identifier == ranked[0].record.identifier
    return _Known(ranked[0].record, facts, probes, fetched if same else None)


def _statement_facts(statement: Statement) -> DataCiteFacts | None:
    try:
        return _facts(statement.record, statement.payload) if statement.payload else None
    except (ValueError, RecordError):
        # An imported statement may have any payload; its record is read all the same.
        return None


def _facts(record: ModelRecord, payload: bytes) -> DataCiteFacts:
    state, types, url = registration(json.loads(payload))
    return DataCiteFacts(record=record, state=state, types=types, url=url)


def _files(
    settings: Settings, web: Web, pid: str, record: ModelRecord, *, talk: Talk, progress: Progress | None
) -> tuple[Fetched | None, tuple[FileFact, ...]]:
    """The files, where they can be had and are not too large, and those that are not the published ones."""
    sizes = [item.size for item in record.distributions]
    size = sum(item or 0 for item in sizes)
    if size > MAX_DOWNLOAD or None in sizes:
        stated = f"The files have {size / 1e9:.1f} GB" if None not in sizes else "A file has no stated size"
        talk(f"{stated}, so nothing is downloaded; fairreg fetch brings them.")
        return fetch_cached(settings, pid), ()
    try:
        chosen = open_files(record)
        return bring(web, Cache(settings.cache), pid, record, chosen, talk=talk, progress=progress), ()
    except ChecksumMismatch as error:
        talk(f"Assessed without the files: {error.message}")
        return None, (FileFact(path=error.name, size=0, verified="mismatch"),)
    except FairregError as error:
        talk(f"Assessed without the files: {error.message}")
        return None, ()


def _remember_score(settings: Settings, evidence: Evidence, report: Report) -> None:
    """Keep a score that rests on enough of the rubric to be compared with others."""
    if report.overall is None or report.coverage < COVERAGE_FOR_BADGE:
        return
    with Registry(settings=settings) as registry:
        registry.remember_score(evidence.record.identifier, report.overall)
