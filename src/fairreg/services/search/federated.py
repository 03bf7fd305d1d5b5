# SPDX-License-Identifier: MIT
"""Live search: queries all sources at once, and fuses results within the deadline with the local ranking.

Rankings are fused by reciprocal rank fusion with k = 60 (Cormack, Clarke and Büttcher, SIGIR 2009,
https://doi.org/10.1145/1571941.1572114): a model gains 1 / (k + rank) from each ranking that contains it.
"""

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from importlib.util import find_spec
from queue import Empty, SimpleQueue
from threading import Event, Lock, Thread
from typing import Any
from weakref import WeakSet

from fairreg import harvesters
from fairreg.errors import FairregError, Offline, RecordError, Unreachable, UsageError
from fairreg.harvesters import Harvester
from fairreg.registry import Registry
from fairreg.registry.resolution.grouping import statement_key_of
from fairreg.registry.search.filters import Filters
from fairreg.registry.search.sorting import require_sort
from fairreg.services.enabled_sources import enabled
from fairreg.services.harvest.harvest import (
    PLUGIN_FAULTS,
    HarvesterFault,
    refusal_of,
    submission_of,
    withdrawal_of,
)
from fairreg.services.registry.db import existing
from fairreg.services.search.fused_ranking import FusedRanking, SourceQuery
from fairreg.services.search.report import (
    DEADLINE,
    AnswerCallback,
    Page,
    SearchReport,
    SourceAnswer,
    UpdateCallback,
)
from fairreg.settings import Settings
from fairreg.web import HttpClient, RetryPolicy

__all__ = ["SourceQuery", "has_late_threads", "late_threads", "query_peers", "query_sources", "search_live"]

_LIMIT = 20
# Most pages of one source, against sources that never end.
_MOST_PAGES = 10
_GRACE_SECONDS = 0.2
_NO_SOURCE = "No source was queried: none of those named has a search, or all are disabled (FAIRREG_DISABLE)."


# Called with a source that is done.
DoneCallback = Callable[[SourceQuery], None]


def search_live(
    settings: Settings,
    query: str,
    *,
    save: bool = False,
    deadline: float = DEADLINE,
    on_answer: AnswerCallback = lambda _name, _answer: None,
    on_update: UpdateCallback | None = None,
    page: Page = Page(),  # noqa: B008  # immutable
    sort: str = "relevance",
    registry: Registry | None = None,
    **filters: Any,
) -> SearchReport:
    """Search the registry and every source for `query`; see `fairreg.services.search.search.search`."""
    if not query.strip():
        raise UsageError("A live search needs a query.", hint="Add search words.")
    require_sort(sort)
    chosen = _chosen(settings, Filters.of(**filters).asked.get("source", ()))
    with existing(registry, settings) as used:
        used.listing.filters(**filters)  # refuses what has no meaning before anybody is asked
        wanted = (page.limit or _LIMIT) + page.offset
        asking = _FederatedQuery(_Terms(settings, query, wanted, deadline), chosen)
        ranking = FusedRanking.of(used, query, page, sort, **filters)
        answers = asking.wait(_update_callback(ranking, on_answer, on_update, [item.name for item in chosen]))
        if save:
            _save(used, answers)
        report = ranking.report(answers)
    return report if chosen else replace(report, warnings=(_NO_SOURCE, *report.warnings))


def _update_callback(
    ranking: FusedRanking, on_answer: AnswerCallback, on_update: UpdateCallback | None, names: Sequence[str]
) -> DoneCallback:
    """Return a callback for finished sources that reports their answer and the updated ranking."""
    came: list[SourceQuery] = []

    def tell(asked: SourceQuery) -> None:
        if asked.answer is not None:
            on_answer(asked.name, asked.answer)
        came.append(asked)
        show()

    def show() -> None:
        if on_update is not None:
            told = {item.name for item in came}
            on_update(ranking.report(came), tuple(name for name in names if name not in told))

    show()
    return tell


def query_sources(
    settings: Settings,
    query: str,
    sources: Iterable[Harvester],
    *,
    limit: int = _LIMIT,
    deadline: float = DEADLINE,
    on_answer: AnswerCallback = lambda _name, _answer: None,
) -> list[SourceQuery]:
    """Query the sources at once; return their results so far after at most `deadline` seconds."""
    asking = _FederatedQuery(_Terms(settings, query, limit, deadline), sources)
    return asking.wait(lambda asked: on_answer(asked.name, asked.answer) if asked.answer else None)


def query_peers(
    settings: Settings, query: str, *, limit: int = _LIMIT, deadline: float = DEADLINE
) -> list[SourceQuery]:
    """Query the other registries of the settings, and no source; `FusedRanking` takes their answers.

    The registry is not needed meanwhile: a server holds no view of its database while it waits for others.
    """
    return query_sources(settings, query, map(harvesters.get, settings.peers), limit=limit, deadline=deadline)


def has_late_threads() -> bool:
    """Tell whether an abandoned thread still waits for its source.

    If that source's harvester started its own pool, the standard library waits at exit for the pool's
    workers, daemons or not, although their results are no longer needed.
    """
    return late_threads() > 0


def late_threads() -> int:
    """Return the number of abandoned threads of this process that still wait for their source."""
    with _late_lock:
        return sum(thread.is_alive() for thread in _late_threads)


_late_threads: WeakSet[Thread] = WeakSet()
_late_lock = Lock()


def _chosen(settings: Settings, names: Sequence[str]) -> list[Harvester]:
    """The searchable sources among those named, else all enabled ones and the other registries."""
    wanted = {name.casefold() for name in names}
    able = (
        [item for item in harvesters.all_harvesters() if item.name in wanted] if names else enabled(settings)
    )
    # Peers are asked for what any source said, so that a choice of sources leaves them out.
    peers = [] if names else map(harvesters.get, settings.peers)
    return [*(harvester for harvester in able if harvester.searchable), *peers]


class _FederatedQuery:
    """Running queries. A late thread is abandoned: a daemon, whose answers are never read."""

    def __init__(self, terms: "_Terms", sources: Iterable[Harvester]) -> None:
        self._begun = time.monotonic()
        self._deadline = terms.deadline
        self._done: SimpleQueue[_SourceThread] = SimpleQueue()
        self._questions = [_SourceThread(terms, harvester, self._done) for harvester in sources]
        for question in self._questions:
            question.start()

    def wait(self, on_done: DoneCallback) -> list[SourceQuery]:
        """Collect the answers until the deadline, and cancel the remaining queries."""
        waiting = {question.query.name: question for question in self._questions}
        answers: list[SourceQuery] = []
        while waiting:
            left = self._begun + self._deadline - time.monotonic()
            try:
                question = self._done.get(timeout=max(0.0, left))
            except Empty:
                break
            if waiting.pop(question.query.name, None) is not None:
                answers.append(question.query)
                on_done(question.query)
        # All are cancelled before the first callback, which takes time.
        late = [question.cancel() for question in waiting.values()]
        for asked in late:
            on_done(asked)
        return sorted([*answers, *late], key=lambda asked: asked.name)


@dataclass(frozen=True)
class _Terms:
    """Query, limit and deadline (in seconds), the same for every source."""

    settings: Settings
    query: str
    limit: int
    deadline: float


class _SourceThread:
    """One source and the thread that queries it."""

    def __init__(self, terms: _Terms, harvester: Harvester, done: "SimpleQueue[_SourceThread]") -> None:
        self.query = SourceQuery(harvester)
        self._terms = terms
        self._done = done
        self._cancelled = Event()
        self._thread: Thread | None = None
        self._fault: BaseException | None = None
        self._begun = time.monotonic()
        self._web = HttpClient(terms.settings, patience=_retry_policy(terms.deadline), sleep=self._sleep)

    def start(self) -> None:
        """Start the query, unless it cannot succeed (offline mode, missing engine)."""
        engine = self.query.harvester.engine
        if self._terms.settings.offline:
            self._finish("offline", "Offline mode is on.")
        elif engine and find_spec(engine) is None:
            self._finish("error", f"{self.query.harvester.title} needs {engine}, which is not installed.")
        else:
            self._thread = Thread(target=self._run, name=f"live {self.query.name}", daemon=True)
            self._thread.start()

    def cancel(self) -> SourceQuery:
        """Cancel: return the results so far, with an answer that the thread can no longer change."""
        self._cancelled.set()
        if self._thread is not None:
            with _late_lock:
                _late_threads.add(self._thread)
        came = list(self.query.found)
        what = f"{len(came)} results until then" if came else "no results until then"
        message = f"No complete answer after {self._terms.deadline:g} s; {what}."
        late = SourceAnswer("timeout", len(came), self._seconds(), message)
        # The thread may be inside a request, so only another thread can close its connections at once.
        Thread(target=self._web.close, daemon=True).start()
        return SourceQuery(self.query.harvester, came, list(self.query.refused), late)

    def _run(self) -> None:
        asked = self.query
        try:
            for page in self._pages():
                for hit in page.hits:
                    self._take(hit)
            if self._fault is not None:
                raise self._fault  # the other items of the source were taken
            self._finish("ok", None)
        except Offline as error:
            self._finish("offline", error.message)
        except FairregError as error:
            self._finish("error", error.message)
        except PLUGIN_FAULTS as error:
            self._finish("error", f"{asked.harvester.title}'s harvester failed ({type(error).__name__}).")
        finally:
            if asked.answer is None:
                self._finish("error", f"{asked.harvester.title}'s harvester ended without an answer.")
            self._web.close()

    def _pages(self) -> Iterator[Any]:
        """Yield at most `_MOST_PAGES` pages, until there are enough results or the deadline has passed."""
        harvester, limit = self.query.harvester, self._terms.limit
        size = min(limit, harvester.page_limit(token=False))
        pages = harvester.search(self._web, self._terms.query, limit=limit, page_size=size)
        for number, page in enumerate(pages, 1):
            yield page
            enough = len(self.query.found) >= limit or number >= _MOST_PAGES
            if enough or page.cursor is None or self._cancelled.is_set():
                return

    def _take(self, hit: Any) -> None:
        """Map a payload to a record; repeated payloads add nothing."""
        asked = self.query
        if len(asked.found) >= self._terms.limit:
            return
        try:
            if withdrawal_of(asked.harvester, hit) is not None:
                return
            item = submission_of(asked.harvester, hit)
        except RecordError as error:
            self._fault = self._fault or (error.__cause__ if isinstance(error, HarvesterFault) else None)
            asked.refused.append(refusal_of(asked.harvester, hit, error))
            return
        if statement_key_of(item.record) not in asked.ranking:
            asked.found.append(item)

    def _finish(self, status: Any, message: str | None) -> None:
        if message is None and self.query.refused:
            bad = len(self.query.refused)
            message = "1 payload was not a record." if bad == 1 else f"{bad} payloads were not records."
        self.query.answer = SourceAnswer(status, len(self.query.found), self._seconds(), message)
        self._done.put(self)

    def _seconds(self) -> float:
        return round(time.monotonic() - self._begun, 3)

    def _sleep(self, seconds: float) -> None:
        """Wait before another attempt; an abandoned thread makes none."""
        if self._cancelled.wait(seconds):
            raise Unreachable(f"{self.query.harvester.title} did not answer in time.")


def _retry_policy(deadline: float) -> RetryPolicy:
    """Allow one more attempt if time permits; a request to wait longer ends the query."""
    wait = min(1.0, deadline / 4)
    whole = deadline + _GRACE_SECONDS
    return RetryPolicy(
        retries=1,
        first_wait=min(0.3, wait),
        longest_wait=wait,
        connect_timeout=whole,
        read_timeout=whole,
        body_seconds=whole,  # a body that trickles in keeps no abandoned thread
    )


def _save(registry: Registry, answers: Sequence[SourceQuery]) -> None:
    """Store the results, one transaction per source; those of another registry are merged, no statements."""
    for asked in answers:
        if not harvesters.is_peer(asked.name):
            registry.put_many(asked.found, rejected=asked.refused)
