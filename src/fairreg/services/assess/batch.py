# SPDX-License-Identifier: MIT
"""Assessment of many entries of the registry: concurrent, resumable, with failures kept separate.

`batch_task` is the task, in any process; this process distributes the portions and is the only one that
writes, in the order of the entries. Online the work is mostly waiting, and threads of this process do it at
one pace per service; offline it is computing, for which `workers` are processes. Memory does not grow with
the number of entries. A run that stopped early resumes when it is requested again.
"""

import hashlib
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from itertools import islice

from fairreg.errors import FairregError, MissingEngine, RegistryNotWritable
from fairreg.registry import Assessment, Registry
from fairreg.schemas.timestamps import now
from fairreg.services.assess.batch_report import BatchReport, BatchRow, Failure
from fairreg.services.assess.batch_task import MAX_DOWNLOAD, AssessedEntry, AssessmentTask, BatchOutcome
from fairreg.services.parallel.base import Engine, ExecutionTarget, TaskResult, chunked, threads
from fairreg.services.parallel.engines import open_engine, require_shared_registry
from fairreg.services.registry.db import opened
from fairreg.settings import Settings
from fairreg.web import Log, no_log

__all__ = ["THREADS", "BatchReport", "BatchRow", "Failure", "assess_all"]

# Concurrent requests unless the user sets their number.
THREADS = 4
# Assessments per transaction.
_BATCH = 50
# Entries per task: without the network one costs a few milliseconds.
_PORTION = 50
# Records that a message names.
_NAMED = 3


def assess_all(
    settings: Settings,
    *,
    query: str = "",
    limit: int | None = None,
    workers: int | None = None,
    scheduler: str | None = None,
    offline: bool = False,
    since: str | None = None,
    with_rows: bool = True,
    progress: Callable[[int, int | None], None] = lambda _done, _total: None,
    log: Log = no_log,
    registry: Registry | None = None,
) -> BatchReport:
    """Assess the entries that match `query` (by default all), at most `limit`, several at a time.

    `workers` are threads online and processes offline; `scheduler` is the address of a Dask cluster. Entries
    assessed at or after `since`, an ISO 8601 date or time, are skipped; without it those that an earlier,
    unfinished run of the same query assessed. `registry` is used instead of opening that of `settings`.
    Raises RegistryError, UsageError and Unreachable for the scheduler, and FairregError where every record
    failed.
    """
    where = ExecutionTarget(workers, scheduler)
    report = BatchReport(query, offline or settings.offline, with_rows)
    begun = time.monotonic()
    with (
        opened(registry, settings, log) as used,
        _engine(where, offline=report.offline, log=log) as engine,
    ):
        require_shared_registry(engine, settings)
        _Run(settings, used, engine, report, progress, log).all(limit, since)
    report.seconds = time.monotonic() - begun
    if report.failures and not report.assessed and not report.skipped:
        first = next(iter(report.failures))
        raise FairregError(
            f"None of the {len(report.failures)} records could be assessed; {first.id}: {first.reason}",
            hint="Run fairreg assess on one of them for details.",
        )
    return report


def _engine(where: ExecutionTarget, *, offline: bool, log: Log) -> AbstractContextManager[Engine]:
    """Open the engine; offline `workers` without Dask fall back to this process, with the same results."""
    if where.scheduler is not None:
        return open_engine(where, log)
    if not offline:
        return threads(where.workers or THREADS)
    if where.workers is not None:
        from fairreg.services.parallel.dask import require

        try:
            require()
            return open_engine(where, log)
        except MissingEngine as error:
            log(f"Running in one process: {error.message} {error.hint}")
    # Without the network the work is pure Python: threads would only contend for the interpreter.
    return threads(1)


@dataclass
class _Run:
    settings: Settings
    registry: Registry
    engine: Engine
    report: BatchReport
    progress: Callable[[int, int | None], None]
    log: Log
    _made: list[Assessment] = field(default_factory=list)
    # Digests of assessed training data, which several models may share.
    _aside: set[str] = field(default_factory=set)
    _not_stored: bool = False
    # Records whose files were left out: their number, and the first ones.
    _large: int = 0
    _first_large: list[str] = field(default_factory=list)

    def all(self, limit: int | None, since: str | None) -> None:
        """Assess the remaining entries; a note in the registry keeps the start time until all are done."""
        name, begun = _note_name(self.report, f"{limit}"), now()
        unfinished = self.registry.upkeep.get_property(name) or None
        self.report.resumed = since is None and unfinished is not None
        if self.report.resumed:
            self.log(f"Resuming the run of {unfinished}: entries that it assessed are skipped.")
        judging = self._task(since or unfinished, begun)
        total, names = self._chosen(limit)
        self._store(lambda: self.registry.upkeep.set_property(name, unfinished or begun))
        try:
            with judging.shared(self.registry):
                for done, outcome in enumerate(self._outcomes(judging, names), 1):
                    self._take(outcome)
                    self.progress(done, total)
        finally:
            self._write()
        self._store(lambda: self.registry.upkeep.set_property(name, ""))
        self._log_large()

    def _task(self, moment: str | None, begun: str) -> AssessmentTask:
        # Entries assessed offline are still to be assessed by an online run.
        window = self.registry.assessments.window(moment, online=not self.report.offline) if moment else None
        return AssessmentTask(self.settings, self.report.offline, window, begun, self.engine.workers)

    def _chosen(self, limit: int | None) -> tuple[int, Iterable[str]]:
        if self.report.query:
            hits = self.registry.search(self.report.query, limit=limit).hits
            names = [hit.entry.identifier for hit in hits]
            return len(names), names
        total = self.registry.listing.count()
        return min(total, limit or total), islice(self.registry.listing.identifiers(), limit)

    def _outcomes(
        self, judging: AssessmentTask, names: Iterable[str]
    ) -> Iterator[AssessedEntry | Failure | None]:
        """Yield the outcome for each name, in order; a portion that fails as a whole is tried one by one."""
        size = _PORTION if self.report.offline else 1
        for done in self.engine.map(judging, chunked(names, size)):
            if done.fault is None or len(done.task) == 1:
                yield from self._of(done)
            else:
                for single in self.engine.map(judging, chunked(done.task, 1)):
                    yield from self._of(single)

    def _of(
        self, done: TaskResult[tuple[str, ...], BatchOutcome]
    ) -> Iterable[AssessedEntry | Failure | None]:
        if done.result is None:
            return [Failure(done.task[0], _failure_text(done.fault))]
        fresh = [item for item in done.result.training_data if item.evidence_sha256 not in self._aside]
        self._made += fresh
        self._aside.update(item.evidence_sha256 for item in fresh)
        return done.result.outcomes

    def _take(self, outcome: AssessedEntry | Failure | None) -> None:
        """Store an outcome; a fault of any kind concerns its record only, and is reported at the end."""
        self.report.chosen += 1
        if outcome is None:
            self.report.skipped += 1
        elif isinstance(outcome, Failure):
            self.report.failures.append(outcome)
        else:
            self.report.add(outcome.row)
            if outcome.too_large:
                self._large += 1
                self._first_large = [*self._first_large, outcome.row.id][:_NAMED]
            if outcome.assessment is None:
                self.report.unchanged += 1
                return
            self._made.append(outcome.assessment)
            if len(self._made) >= _BATCH:
                self._write()

    def _log_large(self) -> None:
        """Name records whose files were left out: assessed one by one, their scores may differ."""
        if not self._large:
            return
        more = f" and {self._large - _NAMED} more" if self._large > _NAMED else ""
        self.log(
            f"Not downloaded, being more than {MAX_DOWNLOAD // 10**6} MB or of no stated size: the files of "
            f"{', '.join(self._first_large)}{more}. A fuller assessment that is stored stays; "
            f"run fairreg assess {self._first_large[0]} to include the files."
        )

    def _write(self) -> None:
        made, self._made = self._made, []
        self._store(lambda: self.registry.assessments.save(made))

    def _store(self, write: Callable[[], None]) -> None:
        """Write to the registry; one that cannot be written is logged once, and the scores are reported."""
        if self._not_stored:
            return
        try:
            write()
        except RegistryNotWritable as error:
            self._not_stored = True
            self.log(f"The assessments are not stored: {error.message}")


def _failure_text(fault: BaseException | None) -> str:
    if isinstance(fault, FairregError):
        return fault.message
    return f"an internal error ({type(fault).__name__}: {fault})"


def _note_name(report: BatchReport, limit: str) -> str:
    """Name of the note of a run, the same for the same query."""
    words = "\0".join((report.query, limit, "offline" if report.offline else "online"))
    return f"assess:{hashlib.sha256(words.encode('utf-8', 'replace')).hexdigest()[:32]}"
