# SPDX-License-Identifier: MIT
"""Gathering of evidence about one object: record, registration, probes, files, and its training data.

The datasets that a model was trained on are assessed under their own rubric before the model: each once, and
without the datasets behind them.
"""

import json
from collections import defaultdict, deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from threading import Lock
from typing import TYPE_CHECKING

import msgspec

from fairreg.assessment.evidence import (
    DataCiteFacts,
    DatasetScore,
    Document,
    Evidence,
    FileFact,
    Probe,
    Unread,
)
from fairreg.assessment.lineage import is_closed, why_no_list
from fairreg.assessment.report import assess as judge
from fairreg.assessment.rubric import DATASETS
from fairreg.assessment.training import training_sets
from fairreg.errors import ChecksumMismatch, FairregError, IdentifierError, NotFound, RecordError
from fairreg.harvesters.datacite import registration
from fairreg.registry import Registry, Statement
from fairreg.registry.entries import as_withdrawn, tombstone_of, withdrawal_warning
from fairreg.schemas.identifiers import Identifier, IdentifierLike, RequestedIdentifier, parse
from fairreg.schemas.record import ModelRecord
from fairreg.schemas.timestamps import now
from fairreg.services.assess import file_inspection
from fairreg.services.assess.probes import ProbeResults, datacite_probe, listing, probe_all
from fairreg.services.assess.store import (
    AssessmentResult,
    dataset_score,
    newest_evidence,
    save,
    unread_dataset,
)
from fairreg.services.fetch.download import Progress, cached_copy
from fairreg.services.fetch.fetch import (
    FetchedFiles,
    download_files,
    fetch_cached,
    known_version,
    open_files,
    save_record,
)
from fairreg.services.fetch.leads import entry_identifier, follow, settled
from fairreg.services.fetch.resolve import (
    Resolution,
    SourceRecord,
    concept_note,
    resolve,
    with_registration,
)
from fairreg.services.registry.db import storing
from fairreg.settings import Settings
from fairreg.sources import CURATED, REGISTRAR, is_from_files
from fairreg.storage.cache import Cache
from fairreg.web import HttpClient, Log, RetryPolicy, no_log

if TYPE_CHECKING:
    from fairreg.services.assess.other_files import OtherFiles

__all__ = ["MAX_DOWNLOAD", "EvidenceCollector"]

# Larger records are assessed without their files; indicators about files are then `unknown`.
MAX_DOWNLOAD = 500 * 10**6
# A model may name more; those of its own record come first.
_MOST_DATASETS = 8
_TRUSTED_DAYS = 30
# Training data are secondary to the assessment: one retry each, then they are unknown.
_BRIEF = RetryPolicy(retries=1, longest_wait=5.0, connect_timeout=5.0, read_timeout=20.0)


@dataclass(frozen=True)
class _Known:
    """Facts about the object before its files are read."""

    record: ModelRecord
    datacite: DataCiteFacts | None
    probes: tuple[Probe, ...]
    fetched: FetchedFiles | None = None
    mismatched: tuple[FileFact, ...] = ()
    # Documents known without the files.
    documents: tuple[Document, ...] = ()
    added: ModelRecord | None = None
    # Files that the record leaves out; None where there are none, or none were looked for.
    others: "OtherFiles | None" = None
    # Parts of the files that were not read, beside those that the fetched files tell.
    unread: tuple[Unread, ...] = ()
    # What the payload of the source states in its own fields.
    stated: tuple[Document, ...] = ()


@dataclass
class EvidenceCollector:
    """Evidence collector of one command: its HTTP client (`web`, None offline) and its scores of datasets.

    Several threads may gather at once. `largest` is the limit of bytes to download per record, `moment` the
    time stamp of evidence instead of the time of gathering. Assessments of training data go to the registry,
    or to `training_data` if given: there whenever their score is used.
    """

    settings: Settings
    registry: Registry
    web: HttpClient | None
    log: Log = no_log
    progress: Progress | None = None
    largest: int = MAX_DOWNLOAD
    moment: str | None = None
    training_data: deque[AssessmentResult] | None = None
    _scores: dict[tuple[str, str], tuple[DatasetScore, AssessmentResult | None]] = field(default_factory=dict)
    _locks: dict[tuple[str, str], Lock] = field(default_factory=lambda: defaultdict(Lock))

    def offline(self) -> "EvidenceCollector":
        """The same collector without the network; both share the scores of datasets."""
        return replace(self, web=None)

    def gather(
        self,
        pid: str | RequestedIdentifier,
        asked: Identifier | None = None,
        *,
        statements: Sequence[Statement] | None = None,
        deep: bool = True,
    ) -> Evidence:
        """Gather the evidence about `pid`, which the user requested as `asked`; offline from `statements`.

        `deep` evidence includes the scores of the training data. Raises NotFound for an object unknown to the
        registry and to every service, Unreachable where no service responds.
        """
        request = settled(self.registry, pid)
        target = None if self.web is None else self._target(request)
        requested = asked or (target or request).require()
        if self.web is None or target is None:
            known = self._from_registry(
                request, self.registry.statements.of_entry(request) if statements is None else statements
            )
        else:
            known = self._from_network(self.web if deep else self.web.with_policy(_BRIEF), target)
        note = concept_note(requested, known.record)
        if note:
            self.log(note)
        fetched, documents = known.fetched, _documents(known)
        unread = file_inspection.all_unread(fetched, documents, known.unread)
        evidence = Evidence(
            record=known.record,
            # Where it was seen is no part of the question: the same object is assessed by itself, too.
            requested=requested.bare,
            gathered_at=self._now(),
            datacite=known.datacite,
            probes=known.probes,
            files=_files(known),
            documents=documents,
            models=file_inspection.model_facts(fetched, self.log) if fetched else (),
            added=known.added,
            downloaded=fetched is not None and all(item.role for item in unread),
            offline=self.web is None,
            unread=unread,
        )
        # Training data that only the catalogue names are no statement of the author.
        if not deep or known.record.kind == "dataset" or evidence.only_catalogue:
            return evidence
        named = [item for item in training_sets(evidence) if item not in known.record.identifiers]
        return msgspec.structs.replace(evidence, datasets=tuple(map(self._score, named[:_MOST_DATASETS])))

    def _target(self, pid: RequestedIdentifier) -> RequestedIdentifier | None:
        """Find what to request of services; None for an entry of which only the registry knows."""
        lead = follow(lambda: self.registry, pid, self.log)
        if lead.target is None:
            self.log(f"No service knows {pid}; its record in the registry is assessed.")
        return lead.target

    def _from_network(self, web: HttpClient, pid: RequestedIdentifier) -> _Known:
        resolution = resolve(
            web,
            pid,
            log=self.log,
            version_of=partial(known_version, self.registry),
            is_stored=lambda: bool(self.registry.listing.entries_for(pid)),
        )
        resolution = with_registration(web, resolution, log=self.log)
        record = resolution.record
        self.log("Probing the identifier, the landing page and the first bytes of the files")
        answers: ProbeResults = probe_all(web, record)
        # Data sets are large, and their rubric needs only the first bytes.
        data = record.kind == "dataset"
        fetched, mismatched = (None, ()) if data else self._files(web, pid, record, answers)
        others = self._others(web, resolution) if fetched else None
        listed = listing(web, record, resolution.datacite.record if resolution.datacite else None)
        with storing("The record is", self.log):
            save_record(self.registry, resolution)
            if fetched:
                from fairreg.services.fetch.metadata_files import save_metadata_files  # few commands get here

                save_metadata_files(self.registry, fetched, self.log)
        registered = resolution.datacite
        return _Known(
            record=record,
            datacite=_facts(registered.record, registered.raw) if registered else None,
            probes=(*datacite_probe(resolution), *answers.probes, *filter(None, [listed])),
            fetched=fetched,
            mismatched=mismatched,
            documents=answers.documents + _card(resolution),
            added=_added(self._statements(record.identifier)),
            others=others,
            unread=answers.unread + (others.unread if others else ()),
            stated=_stated(resolution.source),
        )

    def _others(self, web: HttpClient, resolution: Resolution) -> "OtherFiles | None":
        if resolution.source is None or not file_inspection.leaves_out(resolution.source.record):
            return None
        from fairreg.services.assess.other_files import other_files  # not offline

        return other_files(web, resolution.source, self.log)

    def _statements(self, pid: IdentifierLike) -> Sequence[Statement]:
        try:
            return _of_others(self.registry.statements.of_entry(pid))
        except FairregError:
            # An object that could not be stored is assessed all the same.
            return ()

    def _from_registry(self, pid: RequestedIdentifier, statements: Sequence[Statement]) -> _Known:
        """Statements of the sources as harvested or fetched, that of the host of the files first."""
        statements = _of_others(statements)
        ranked = sorted(statements, key=_rank)
        if not ranked:
            raise NotFound(f"{pid} is not in the registry.", hint="Assess it online once.")
        record, tombstone = ranked[0].record, tombstone_of(statements)
        if tombstone is not None:
            self.log(f"Warning: {withdrawal_warning(record.identifier, tombstone[1])}")
            record = as_withdrawn(record, tombstone[1])
        registered = next((item for item in statements if item.source == REGISTRAR.name), None)
        return _Known(
            record=record,
            datacite=_statement_facts(registered) if registered else None,
            probes=(Probe(kind="datacite", outcome="ok", when=registered.retrieved_at),)
            if registered
            else (),
            fetched=self._from_cache(pid, record),
            documents=file_inspection.card(ranked[0].source, ranked[0].payload),
            added=_added(statements),
            unread=file_inspection.BESIDE if file_inspection.leaves_out(record) else (),
            stated=file_inspection.stated_documents(ranked[0].source, ranked[0].payload),
        )

    def _from_cache(self, pid: RequestedIdentifier, record: ModelRecord) -> FetchedFiles | None:
        """The files of an earlier fetch, for a concept perhaps of another version than the assessed one."""
        cache = Cache(self.settings.cache, self.log)
        first = next((item for item in record.distributions if item.url), None)
        if first is None or record.kind == "dataset" or cached_copy(cache, first) is None:
            return None
        if is_closed(record):  # the same bytes may have come with a record that is open
            return None
        fetched = fetch_cached(cache, self.registry, pid)
        return fetched if fetched and fetched.record.identifier == record.identifier else None

    def _files(
        self, web: HttpClient, pid: RequestedIdentifier, record: ModelRecord, answers: ProbeResults
    ) -> tuple[FetchedFiles | None, tuple[FileFact, ...]]:
        """Fetch the files, if accessible and not too large; return also facts on files that differ from the
        published ones.

        Files that the host does not give are not taken from the cache either, where another record with the
        same bytes may have brought them.
        """
        if not record.distributions and why_no_list(record) is None:
            return FetchedFiles(pid.text, record, (), (), ()), ()  # there is nothing to download
        if (why := answers.withheld(record)) is not None:
            self.log(f"Assessing without the files: {why}.")
            return None, ()
        cache = Cache(self.settings.cache, self.log)
        if (stated := file_inspection.too_large(record, self.largest)) is not None:
            self.log(f"{stated}, so nothing is downloaded; to include the files, run fairreg fetch first.")
            return fetch_cached(cache, self.registry, pid), ()
        try:
            chosen = open_files(record)
            fetched = download_files(
                web, cache, pid.text, record, chosen, whole=True, log=self.log, progress=self.progress
            )
            for error in fetched.refused.values():
                self.log(f"Assessing without what is in an archive: {error.message}")
            return fetched, ()
        except ChecksumMismatch as error:
            self.log(f"Assessing without the files: {error.message}")
            return None, (FileFact(path=error.name, size=0, verified="mismatch"),)
        except FairregError as error:
            self.log(f"Assessing without the files: {error.message}")
            return None, ()

    def _score(self, dataset: Identifier) -> DatasetScore:
        """Score a dataset, once per command; an unreachable one gets a score without a value."""
        with self._locks[dataset.key]:
            if dataset.key not in self._scores:
                self._scores[dataset.key] = self._assessed(_as_pasted(dataset))
            score, made = self._scores[dataset.key]
        if made is not None and self.training_data is not None:
            self.training_data.append(made)
        return msgspec.structs.replace(score, identifier=dataset)

    def _main(self, dataset: Identifier) -> Identifier:
        """The identifier of the dataset's entry, under whichever of its names a model refers to it."""
        entry = next(iter(self.registry.listing.entries_for(dataset)), None)
        same = entry is not None and dataset.key in {item.key for item in entry.record.identifiers}
        return entry_identifier(entry) if entry is not None and same else dataset

    def _assessed(self, dataset: Identifier) -> tuple[DatasetScore, AssessmentResult | None]:
        """Return the score of a dataset and, if it is new, its assessment."""
        made = None
        try:
            evidence = newest_evidence(
                self.registry, dataset, DATASETS, days=None if self.web is None else _TRUSTED_DAYS
            )
            if evidence is None:
                self.log(f"Assessing the training data {dataset.compact}")
                evidence = self.gather(dataset.compact, self._main(dataset), deep=False)
                made = AssessmentResult(evidence, judge(evidence, DATASETS))
                if self.training_data is None:
                    with storing("The assessment of the training data is", self.log):
                        save(self.registry, [made])
        except FairregError as error:
            return unread_dataset(dataset, error, self._now(), offline=self.web is None), None
        return dataset_score(dataset, evidence), made

    def _now(self) -> str:
        return self.moment or now()


def _as_pasted(identifier: Identifier) -> Identifier:
    """The identifier as its text alone says it, without what a record calls it."""
    try:
        return parse(identifier.compact)
    except IdentifierError:
        return identifier.bare


def _card(resolution: Resolution) -> tuple[Document, ...]:
    found = resolution.source
    return file_inspection.card(found.record.provenance.source, found.raw) if found else ()


def _stated(found: SourceRecord | None) -> tuple[Document, ...]:
    return file_inspection.stated_documents(found.record.provenance.source, found.raw) if found else ()


def _files(known: _Known) -> tuple[FileFact, ...]:
    """The fetched files, and those beside them; without a download those that differ from the published."""
    fetched = file_inspection.files(known.fetched) if known.fetched else known.mismatched
    return fetched + (known.others.files if known.others else ())


def _documents(known: _Known) -> tuple[Document, ...]:
    """The documents among the fetched files and beside them; without a download those known otherwise."""
    fetched = file_inspection.documents(known.fetched) if known.fetched else known.documents
    return fetched + (known.others.documents if known.others else ()) + known.stated


def _added(statements: Sequence[Statement]) -> ModelRecord | None:
    """The packaged catalogue's record of an object that another source publishes."""
    others = any(item.source != CURATED.name for item in statements)
    return next(
        (item.record for item in statements if others and item.source == CURATED.name and not item.gone), None
    )


def _rank(statement: Statement) -> tuple[bool, ...]:
    """Sort key: hosts of files first, those among them that withdrew it after the others."""
    is_described = statement.source in {CURATED.name, REGISTRAR.name}
    return statement.source == CURATED.name, is_described, statement.gone


def _statement_facts(statement: Statement) -> DataCiteFacts | None:
    try:
        return _facts(statement.record, statement.payload) if statement.payload else None
    except (ValueError, RecordError):
        # An imported statement may have any payload; its record is read all the same.
        return None


def _of_others(statements: Iterable[Statement]) -> list[Statement]:
    """The statements of sources, without those of fairreg itself, here or elsewhere, about the files."""
    return [item for item in statements if not is_from_files(item.source)]


def _facts(record: ModelRecord, payload: bytes) -> DataCiteFacts:
    return DataCiteFacts(record, *registration(json.loads(payload)))
