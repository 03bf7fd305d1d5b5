# SPDX-License-Identifier: MIT
"""The task of assessing a portion of the registry: identifiers in, assessments out, nothing written.

It works the same in a thread of the command and in a worker process: each process opens registry and network
once, and assesses training data shared by several models once.
"""

from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Any
from uuid import uuid4

from fairreg.assessment.evidence import Evidence
from fairreg.assessment.report import assess as judge
from fairreg.errors import FairregError
from fairreg.registry import Assessment, EntrySnapshot, Registry, Window
from fairreg.services.assess.assess import stored
from fairreg.services.assess.batch_report import BatchRow, Failure
from fairreg.services.assess.evidence_collector import EvidenceCollector
from fairreg.services.assess.file_inspection import too_large
from fairreg.services.assess.store import AssessmentResult, assessment_of, is_stored
from fairreg.services.fetch.leads import entry_identifier
from fairreg.settings import Settings
from fairreg.web import HttpClient
from fairreg.web.client import RateLimiter

__all__ = ["MAX_DOWNLOAD", "AssessedEntry", "AssessmentTask", "BatchOutcome"]

# Only small files are downloaded for many records; larger ones are read where fairreg fetch brought them.
MAX_DOWNLOAD = 20 * 10**6


@dataclass(frozen=True)
class AssessedEntry:
    """One entry's row and the assessment to store; None where the registry has the same one, or a fuller.

    `too_large` are files that were not downloaded for it, because they exceed `MAX_DOWNLOAD`.
    """

    row: BatchRow
    assessment: Assessment | None
    too_large: bool = False


@dataclass(frozen=True)
class BatchOutcome:
    """The outcome for each identifier, in order, None for one already assessed in the window;
    `training_data` are assessments of the data that the models were trained on."""

    outcomes: tuple[AssessedEntry | Failure | None, ...]
    training_data: tuple[Assessment, ...]


@dataclass(eq=False)
class AssessmentTask:
    """Assesses portions of the registry of `settings`, with the network unless `offline`.

    Entries assessed in `window` are left out. `moment` is the time of evidence gathered offline: one for all,
    so that it depends only on the registry. `processes` is the number of processes that send requests at the
    same time. `run` names the run: tasks of one run are equal.
    """

    settings: Settings
    offline: bool
    window: Window | None
    moment: str
    processes: int = 1
    run: str = field(default_factory=lambda: uuid4().hex)
    _shared: EvidenceCollector | None = None

    def __call__(self, names: tuple[str, ...]) -> BatchOutcome:
        """Assess the entries of these identifiers; a fault other than a FairregError ends the portion."""
        visit = self._opened()
        found = {item.entry.identifier: item for item in visit.registry.listing.snapshots(names, self.window)}
        outcomes = tuple(self._outcome(visit, name, found.get(name)) for name in names)
        return BatchOutcome(outcomes, tuple(_taken(visit)))

    @contextmanager
    def shared(self, registry: Registry) -> Iterator[None]:
        """Context manager: one collector on the command's own `registry` for all portions of this process."""
        visit = self._collector(registry)
        with visit.web or nullcontext():
            self._shared = replace(visit, training_data=deque())
            try:
                yield
            finally:
                self._shared = None

    def _collector(self, registry: Registry) -> EvidenceCollector:
        return EvidenceCollector(
            self.settings,
            registry,
            None if self.offline else HttpClient(self.settings, limiter=RateLimiter(self.processes)),
            largest=MAX_DOWNLOAD,
            moment=self.moment if self.offline else None,
        )

    def _opened(self) -> EvidenceCollector:
        """Return the shared collector, else that of this worker."""
        if self._shared is not None:
            return self._shared
        # With its own list of assessed training data, so that a repeated portion is complete.
        return replace(_worker_collector(self), training_data=deque())

    def __hash__(self) -> int:
        return hash(self.run)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, AssessmentTask) and self.run == other.run

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_shared": None}

    def _outcome(
        self, collector: EvidenceCollector, name: str, known: EntrySnapshot | None
    ) -> AssessedEntry | Failure | None:
        if known is None:
            return Failure(name, "It was removed from the registry in the meantime.")
        if known.assessed:
            return None
        try:
            return _assessed(collector, known)
        except FairregError as error:
            return Failure(name, error.message)


@lru_cache(maxsize=1)
def _worker_collector(judging: AssessmentTask) -> EvidenceCollector:
    """Collector that a worker opens once per run, with registry, network and scores of data sets."""
    return judging._collector(Registry(settings=judging.settings))  # noqa: SLF001  the same module


def _assessed(visit: EvidenceCollector, known: EntrySnapshot) -> AssessedEntry:
    entry, asked = known.entry, entry_identifier(known.entry)
    if visit.web is None:
        evidence = stored(visit.registry, entry.identifier) if known.online else None
        evidence = evidence or visit.gather(entry.identifier, asked, statements=known.statements)
    elif asked.url is None:
        evidence = visit.offline().gather(entry.identifier, asked)
    else:
        evidence = visit.gather(entry.identifier, asked)
    large = _too_large(visit, evidence)
    fuller = _fuller(visit.registry, entry.identifier, evidence) if large else None
    made = AssessmentResult(fuller or evidence, judge(fuller or evidence), entry.identifier)
    if fuller is not None:
        return AssessedEntry(_row(known, made), None, large)
    # As for one record: without the network the same evidence is found each time.
    if (visit.web is None or evidence.offline) and is_stored(visit.registry, made):
        return AssessedEntry(_row(known, made), None)
    return AssessedEntry(_row(known, made), assessment_of(visit.registry, made), large)


def _too_large(visit: EvidenceCollector, evidence: Evidence) -> bool:
    """Tell whether files are left out that an assessment of the record by itself may download."""
    if evidence.offline or evidence.downloaded or evidence.record.kind == "dataset":
        return False
    given = not evidence.probe("file_range").withheld
    return given and too_large(evidence.record, visit.largest) is not None


def _fuller(registry: Registry, name: str, evidence: Evidence) -> Evidence | None:
    """Return the newest stored evidence if it has the files that were left out now, and they are the same."""
    known = stored(registry, name)
    same = known is not None and known.record.distributions == evidence.record.distributions
    return known if known is not None and known.downloaded and same else None


def _row(known: EntrySnapshot, made: AssessmentResult) -> BatchRow:
    report = made.report
    items = (item for part in report.principles.values() for item in part.indicators)
    return BatchRow(
        id=known.entry.identifier,
        name=known.entry.record.name,
        source=made.evidence.record.provenance.source,
        rubric=report.rubric,
        overall=report.overall,
        interval=report.interval,
        coverage=report.coverage,
        letters=report.letters,
        letter_coverage=report.letter_coverage,
        failed=tuple(item.id for item in items if item.verdict == "fail"),
    )


def _taken(visit: EvidenceCollector) -> Iterator[Assessment]:
    """Take the training data assessed so far by any thread, each once."""
    found: dict[int, AssessmentResult] = {}
    with suppress(IndexError):  # another thread may take the last one
        while visit.training_data:
            made = visit.training_data.popleft()
            found[id(made)] = made
    fresh = (made for made in found.values() if not (visit.web is None and is_stored(visit.registry, made)))
    return (assessment_of(visit.registry, made) for made in fresh)
