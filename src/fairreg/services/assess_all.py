# SPDX-License-Identifier: MIT
"""Assessing many entries of the registry: in parallel, resumable, and none stops the others.

All workers ask through one `Web`, which keeps to the pace of each service. A run that was cut off goes on
where it stopped when the same is asked for again.
"""

import hashlib
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import nullcontext
from dataclasses import asdict, dataclass, field
from functools import partial
from itertools import islice
from multiprocessing.pool import ThreadPool
from queue import SimpleQueue
from typing import Any

from fairreg.assessment.report import COVERAGE_FOR_BADGE
from fairreg.assessment.report import assess as judge
from fairreg.errors import FairregError, IdentifierError
from fairreg.registry import Entry, Registry, Statement, subject
from fairreg.schemas.identifiers import Identifier, parse
from fairreg.schemas.moment import now
from fairreg.services import db
from fairreg.services.assess import stored
from fairreg.services.gathering import Visit
from fairreg.services.keeping import Made, keep
from fairreg.settings import Settings
from fairreg.web import Talk, Web, silent

__all__ = ["BatchReport", "BatchRow", "Failure", "assess_all"]

# Of many records only small files are downloaded; fairreg fetch brings more, and they are then read.
_MAX_DOWNLOAD = 20 * 10**6
_BATCH = 50
_PAGE = 200
_AHEAD = 4
_SHOWN = 10

# An entry, and what its sources say where that was read already.
Work = tuple[Entry, Sequence[Statement] | None]
Outcome = Made | BaseException


@dataclass(frozen=True)
class BatchRow:
    """One record's scores; `failed` are the indicators that fail."""

    id: str
    name: str
    source: str
    rubric: str
    overall: float | None
    coverage: float
    letters: dict[str, float | None]
    failed: tuple[str, ...]


@dataclass(frozen=True)
class Failure:
    """A record that could not be assessed, and why."""

    id: str
    reason: str


@dataclass
class BatchReport:
    """What a run did. `skipped` were assessed before, `resumed`: by an earlier part of this run."""

    query: str
    offline: bool
    chosen: int = 0
    skipped: int = 0
    resumed: bool = False
    rows: list[BatchRow] = field(default_factory=list)
    failures: list[Failure] = field(default_factory=list)
    seconds: float = 0.0

    @property
    def compared(self) -> int:
        """How many have a score that rests on enough of the rubric for search to show it."""
        return sum(row.overall is not None and row.coverage >= COVERAGE_FOR_BADGE for row in self.rows)

    def by_source(self) -> dict[str, dict[str, Any]]:
        """For each source how many were assessed, and the means of coverage, overall score and letters."""
        sorted_rows: dict[str, list[BatchRow]] = defaultdict(list)
        for row in self.rows:
            sorted_rows[row.source].append(row)
        return {name: _means(rows) for name, rows in sorted(sorted_rows.items())}

    def commonest(self) -> list[tuple[str, str, int]]:
        """(rubric, indicator, how many fail it) of the indicators that fail most often."""
        counts = Counter((row.rubric, number) for row in self.rows for number in row.failed)
        ranked = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
        return [(rubric, number, count) for (rubric, number), count in ranked[:_SHOWN]]

    def to_json(self) -> dict[str, Any]:
        """The document of ``fairreg assess --all --json``."""
        failing = [dict(zip(("rubric", "id", "count"), item, strict=True)) for item in self.commonest()]
        return {
            **asdict(self),
            "assessed": len(self.rows),
            "compared": self.compared,
            "by_source": self.by_source(),
            "commonest_failures": failing,
        }


def assess_all(
    settings: Settings,
    *,
    query: str = "",
    limit: int | None = None,
    workers: int = 4,
    offline: bool = False,
    since: str | None = None,
    progress: Callable[[int, int | None], None] = lambda _done, _total: None,
    talk: Talk = silent,
) -> BatchReport:
    """Assess the entries that answer `query` (all of them without), at most `limit`, with `workers` threads.

    What was assessed at or after `since`, an ISO 8601 date or time, is skipped; without it what an earlier
    run of the same question did that was cut off. Raises RegistryError, and FairregError where every record
    failed.
    """
    db.ensure(settings, talk)
    report = BatchReport(query, offline or settings.offline)
    begun = time.monotonic()
    with (
        Registry(settings=settings) as registry,
        nullcontext() if report.offline else Web(settings) as web,
    ):
        visit = Visit(settings, registry, web, largest=_MAX_DOWNLOAD)
        run = _Run(registry, visit, report, progress, talk)
        # Without the network the interpreter has all the work, and threads would only stand in its way.
        run.all(_chosen(registry, query, limit), since, f"{limit}", 1 if report.offline else workers)
    report.seconds = time.monotonic() - begun
    if report.failures and not report.rows and not report.skipped:
        first = report.failures[0]
        raise FairregError(
            f"None of the {len(report.failures)} records could be assessed; {first.id}: {first.reason}",
            hint="fairreg assess says more of a single one.",
        )
    return report


def _chosen(registry: Registry, query: str, limit: int | None) -> list[Entry]:
    if query:
        return [hit.entry for hit in registry.search(query, limit=limit).hits]
    return list(islice(registry.entries(), limit))


@dataclass
class _Run:
    registry: Registry
    visit: Visit
    report: BatchReport
    progress: Callable[[int, int | None], None]
    talk: Talk
    _online: tuple[frozenset[str], frozenset[tuple[str, str]]] = (frozenset(), frozenset())
    _made: list[Made] = field(default_factory=list)

    def all(self, entries: list[Entry], since: str | None, limit: str, workers: int) -> None:
        """Assess what is left of `entries`; until that is done a note in the registry says when it began."""
        name = _note_name(self.report, limit)
        unfinished = self.registry.note(name) or None
        moment = since or unfinished
        self.report.resumed = since is None and unfinished is not None
        left = self._left(entries, moment)
        self.report.chosen, self.report.skipped = len(entries), len(entries) - len(left)
        if self.report.resumed:
            self.talk(f"Going on with the run of {moment}: {self.report.skipped} were assessed by it.")
        self.registry.leave_note(name, unfinished or now())
        self._online = self.registry.assessed_since("", online=True)
        try:
            work = self._work(left)
            for done, (entry, outcome) in enumerate(_in_parallel(self._assess, work, workers), 1):
                self._take(entry, outcome)
                self.progress(done, len(left))
        finally:
            self._write()
        self.registry.leave_note(name, "")

    def _left(self, entries: list[Entry], moment: str | None) -> list[Entry]:
        if moment is None:
            return entries
        # What was judged without the network leaves a run with it still to do.
        names, subjects = self.registry.assessed_since(moment, online=self.visit.web is not None)
        return [
            item for item in entries if item.identifier not in names and subject(item.record) not in subjects
        ]

    def _work(self, entries: list[Entry]) -> Iterator[Work]:
        """The entries with what is said of them, read a page at a time where that is what is judged."""
        if self.visit.web is not None:
            yield from ((entry, None) for entry in entries)
            return
        for start in range(0, len(entries), _PAGE):
            page = entries[start : start + _PAGE]
            said = self.registry.statements_of(page)
            yield from ((entry, said[entry.identifier]) for entry in page)

    def _assess(self, work: Work) -> Made:
        entry, said = work
        asked = _asked(entry)
        if self.visit.web is None:
            evidence = self._stored(entry) or self.visit.gather(entry.identifier, asked, said=said)
        elif asked.url is None:
            evidence = self.visit.offline().gather(entry.identifier, asked)
        else:
            evidence = self.visit.gather(asked.url, asked)
        return Made(evidence, judge(evidence), entry.identifier)

    def _stored(self, entry: Entry) -> Any:
        names, subjects = self._online
        known = entry.identifier in names or subject(entry.record) in subjects
        return stored(self.registry, entry.identifier) if known else None

    def _take(self, entry: Entry, outcome: Outcome) -> None:
        """Keep a result; a fault of any kind concerns its record only, and is said at the end."""
        if isinstance(outcome, FairregError):
            self.report.failures.append(Failure(entry.identifier, outcome.message))
            return
        if isinstance(outcome, BaseException):
            reason = f"a fault ({type(outcome).__name__}: {outcome})"
            self.report.failures.append(Failure(entry.identifier, reason))
            return
        self.report.rows.append(_row(entry, outcome))
        self._made.append(outcome)
        if len(self._made) >= _BATCH:
            self._write()

    def _write(self) -> None:
        keep(self.registry, self._made)
        self._made = []


def _note_name(report: BatchReport, limit: str) -> str:
    """The same for the same question."""
    words = "\0".join((report.query, limit, "offline" if report.offline else "online"))
    return f"assess:{hashlib.sha256(words.encode('utf-8', 'replace')).hexdigest()[:32]}"


def _asked(entry: Entry) -> Identifier:
    """The entry's own identifier, else one of its record; the registry's own names are no identifiers."""
    own = [item for item in entry.record.identifiers if item.compact == entry.identifier]
    try:
        return own[0] if own else parse(entry.identifier)
    except IdentifierError:
        scheme, _, value = entry.identifier.partition(":")
        return Identifier(scheme, value or entry.identifier)


def _in_parallel(
    assess: Callable[[Work], Made], waiting: Iterator[Work], workers: int
) -> Iterator[tuple[Entry, Outcome]]:
    """Each entry with its result or fault as it comes; no more are begun than are soon needed.

    The threads are daemons, so that who interrupts the run need not wait for the services that it asked.
    """
    done: SimpleQueue[tuple[Entry, Outcome]] = SimpleQueue()
    pool, running = ThreadPool(workers), 0
    try:
        while True:
            for work in islice(waiting, workers * _AHEAD - running):
                tell = partial(_tell, done, work[0])
                pool.apply_async(assess, (work,), callback=tell, error_callback=tell)
                running += 1
            if not running:
                return
            yield done.get()
            running -= 1
    finally:
        pool.terminate()


def _tell(done: "SimpleQueue[tuple[Entry, Outcome]]", entry: Entry, outcome: Outcome) -> None:
    done.put((entry, outcome))


def _row(entry: Entry, made: Made) -> BatchRow:
    report = made.report
    items = (item for part in report.principles.values() for item in part.indicators)
    return BatchRow(
        id=entry.identifier,
        name=entry.record.name,
        source=made.evidence.record.provenance.source,
        rubric=report.rubric,
        overall=report.overall,
        coverage=report.coverage,
        letters=report.letters,
        failed=tuple(item.id for item in items if item.verdict == "fail"),
    )


def _means(rows: Sequence[BatchRow]) -> dict[str, Any]:
    letters = {letter: _mean(row.letters[letter] for row in rows) for letter in rows[0].letters}
    overall, coverage = _mean(row.overall for row in rows), _mean(row.coverage for row in rows)
    return {"count": len(rows), "overall": overall, "coverage": coverage, "letters": letters}


def _mean(values: Iterable[float | None]) -> float | None:
    present = [value for value in values if value is not None]
    return sum(present) / len(present) if present else None
