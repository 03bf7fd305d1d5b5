# SPDX-License-Identifier: MIT
"""Check of every service with one known record: is it there, and does it answer as fairreg expects?

A canary against drift: services change their interfaces without notice. The answers are compared with the
packaged known answers (`known_answer`), place by place, and the record that comes of them as a whole.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from queue import Empty, SimpleQueue
from tempfile import TemporaryDirectory
from threading import Thread
from typing import TYPE_CHECKING, Any, Literal, cast

from fairreg import harvesters
from fairreg.errors import BadAnswer, FairregError, IdentifierError, RecordError, Unreachable
from fairreg.harvesters import Harvester
from fairreg.schemas.identifiers import parse
from fairreg.schemas.json_values import require_sound, tracked
from fairreg.services.check.comparison import (
    Difference,
    compare_facts,
    compare_headers,
    compare_shape,
    paths_read,
)
from fairreg.services.check.known_answer import KnownAnswer, known_answer, landing_answer
from fairreg.services.check.recording import Recorder, sanitised, without_mirrors
from fairreg.services.enabled_sources import enabled
from fairreg.services.harvest.harvest import PLUGIN_FAULTS
from fairreg.settings import Settings
from fairreg.sources import RESOLVER
from fairreg.storage.files import disk_faults
from fairreg.web import HttpClient, Response, RetryPolicy
from fairreg.web.client import RateLimiter

if TYPE_CHECKING:
    from fairreg.harvesters.common.peers import Peer

__all__ = ["DoneCallback", "SourceCheck", "check_sources"]

Status = Literal["as expected", "changed", "unreachable", "not compared", "not checked"]
# A service that hangs must not hold up the report on the others for long.
_POLICY = RetryPolicy(
    retries=1, longest_wait=5, connect_timeout=8, read_timeout=15, body_seconds=30, most_bytes=8 * 2**20
)
_LONGEST = 120.0  # seconds for all sources together
_DISABLE = "FAIRREG_DISABLE"
_QUERY = "model"
_MOST_DIFFERENCES = 100


@dataclass(frozen=True)
class SourceCheck:
    """Result of the check of one source.

    ``as expected``; ``changed``, with the differences; ``unreachable``; ``not compared``: it answers, but no
    answer of it is known; ``not checked``: it was not asked. `message` gives the reason.
    """

    name: str
    title: str
    status: Status
    asked: str | None = None
    message: str | None = None
    differences: tuple[Difference, ...] = ()
    answers: int = 0
    seconds: float = 0.0

    @property
    def state(self) -> str | None:
        """One phrase: ``ok``, the fault, or None where the source was not asked."""
        if self.status == "not checked":
            return None
        if self.status == "changed":
            return self.message or f"changed: {len(self.differences)} differences"
        return self.message or "ok"

    def to_json(self) -> dict[str, Any]:
        """Plain JSON form."""
        return {
            "name": self.name,
            "status": self.status,
            "asked": self.asked,
            "message": self.message,
            "differences": [item.to_json() for item in self.differences],
            "answers": self.answers,
            "seconds": self.seconds,
        }


DoneCallback = Callable[[SourceCheck], None]


def check_sources(
    settings: Settings, *, record: Path | None = None, on_done: DoneCallback = lambda _check: None
) -> list[SourceCheck]:
    """Request one known record from each enabled source and compare the answers; results by name.

    All sources are asked at the same time, as a guest would ask: no access token is sent. `on_done` is called
    as each one is finished. `record` is a folder for the sanitised answers. Raises UsageError for one in use
    or where FAIRREG_DISABLE names an unknown source, PluginError for an invalid known answer.
    """
    tasks = list(_tasks(settings))
    recorder = Recorder(record, settings) if record is not None else None
    found = []
    with _guest(settings) as asking:
        for task in _finished(tasks, asking):
            if recorder is not None and task.reason is None:
                recorder.write_source(task.name, task.payload, task.answers)
            on_done(task.result)
            found.append(task.result)
    found.sort(key=lambda item: item.name)
    if recorder is not None:
        checks = [item.to_json() for item in found]
        recorder.write_report({"fairreg": version("fairreg"), "checks": checks})
    return found


@contextmanager
def _guest(settings: Settings) -> Iterator[Settings]:
    """Context manager: the settings without tokens, and with a home that holds no earlier answers."""
    services = {name: replace(item, token=None) for name, item in settings.services.items()}
    with disk_faults("A temporary folder"), TemporaryDirectory(prefix="fairreg-check-") as home:
        yield replace(settings, home=Path(home), services=services)


@dataclass
class _Task:
    """The check of one source: its answers so far, and the result."""

    name: str
    title: str
    known: KnownAnswer | None
    harvester: Harvester | None = None
    payload: Any = None
    answers: list[Response] = field(default_factory=list)
    reason: str | None = None
    result: SourceCheck = field(init=False)

    def __post_init__(self) -> None:
        asked = self.known.ask if self.known else None
        self.result = SourceCheck(self.name, self.title, "not checked", asked, self.reason)

    def run(self, settings: Settings, limiter: RateLimiter) -> None:
        """Ask and compare; every fault of the service is in the result."""
        begun = time.monotonic()
        with HttpClient(settings, patience=_POLICY, limiter=limiter, observe=self.answers.append) as web:
            status, message, differences = self._outcome(web, settings)
        self.result = replace(
            self.result,
            status=status,
            message=message,
            differences=differences,
            answers=len(self.answers),
            seconds=round(time.monotonic() - begun, 1),
        )

    def late(self) -> "_Task":
        """Return a task that says that this one did not end in time."""
        task = _Task(self.name, self.title, self.known)
        message = f"No complete answer within {_LONGEST:g} s."
        task.result = replace(self.result, status="unreachable", message=message, seconds=_LONGEST)
        return task

    def _outcome(
        self, web: HttpClient, settings: Settings
    ) -> tuple[Status, str | None, tuple[Difference, ...]]:
        status, message, found = self._compared(web)

        # Users are asked to publish what is printed, too.
        def public(text: str) -> str:
            return sanitised(without_mirrors(text, settings.services.values()))

        return status, message and public(message), tuple(_public(item, public) for item in found)

    def _compared(self, web: HttpClient) -> tuple[Status, str | None, tuple[Difference, ...]]:
        try:
            found = tuple(_limited(self._differences(web)))
        except BadAnswer as error:
            return "changed", error.message, ()
        except Unreachable as error:
            return "unreachable", error.message, ()
        except FairregError as error:
            return "changed", error.message, ()
        except PLUGIN_FAULTS as error:
            return "changed", f"its harvester failed ({type(error).__name__})", ()
        if self.known is None:
            return "not compared", None, ()
        return ("changed" if found else "as expected"), None, found

    def _differences(self, web: HttpClient) -> Iterator[Difference]:
        if self.harvester is None:
            yield from _landing_differences(web, self.known) if self.known else ()
            return
        if self.known is not None:
            self.payload = self.harvester.fetch(web, parse(self.known.ask)).payload
            yield from _record_differences(self.harvester, self.known, self.payload)
            yield from compare_headers(self.known, self.answers[0].headers if self.answers else {})
        if self.harvester.searchable:
            yield from _search_differences(web, self.harvester)


class _PeerTask(_Task):
    """The check of another registry: whether it is one, and gives complete records and deletions."""

    def _compared(self, web: HttpClient) -> tuple[Status, str | None, tuple[Difference, ...]]:
        status, message, found = super()._compared(web)
        return "as expected" if status == "not compared" else status, message, found

    def _differences(self, web: HttpClient) -> Iterator[Difference]:
        cast("Peer", self.harvester).identify(web)
        yield from ()


def _tasks(settings: Settings) -> Iterator[_Task]:
    """Yield a task for each source; those that cannot be asked have the reason."""
    enabled(settings)  # FAIRREG_DISABLE names only known sources
    for harvester in harvesters.all_harvesters():
        known = known_answer(harvester)
        reason = None
        if settings.disabled & {harvester.name, harvester.service}:
            stated_in = settings.stated.get(_DISABLE)
            reason = f"disabled ({_DISABLE if stated_in == 'environment' else 'in the config file'})"
        elif harvester.engine is not None and find_spec(harvester.engine) is None:
            reason = f"needs {harvester.engine}, which is not installed"
        elif harvester.service not in settings.services:
            reason = "sends no requests"
        elif known is None and not harvester.searchable:
            reason = "no known record"
        yield _Task(harvester.name, harvester.title, known, harvester, reason=reason)
    yield _Task(RESOLVER.name, RESOLVER.title, landing_answer())
    for url in settings.peers:
        yield _PeerTask(url, f"fairreg at {harvesters.get(url).title}", None, harvesters.get(url))


def _finished(tasks: list[_Task], settings: Settings) -> Iterator[_Task]:
    """Run the tasks in threads of their own; yield each as it ends."""
    done: SimpleQueue[_Task] = SimpleQueue()
    limiter = RateLimiter()
    asked = [task for task in tasks if task.reason is None]
    yield from (task for task in tasks if task.reason is not None)
    for task in asked:
        # Daemons: an interrupt ends the command at once.
        Thread(target=_run, args=(task, settings, limiter, done), daemon=True).start()
    end, waiting = time.monotonic() + _LONGEST, {task.name: task for task in asked}
    while waiting:
        try:
            yield waiting.pop(done.get(timeout=max(0.0, end - time.monotonic())).name)
        except Empty:
            break
    for task in waiting.values():
        yield task.late()


def _run(task: _Task, settings: Settings, limiter: RateLimiter, done: "SimpleQueue[_Task]") -> None:
    try:
        task.run(settings, limiter)
    finally:
        done.put(task)


def _record_differences(harvester: Harvester, known: KnownAnswer, payload: Any) -> Iterator[Difference]:
    """Yield the differences of a payload: facts first, then the record, then its shape."""
    require_sound(payload)
    watched = tracked(payload)
    try:
        record, fault = harvester.to_record(watched), None
    except RecordError as error:
        record, fault = None, error
    read = paths_read(watched)
    yield from compare_facts(known, payload, read)
    if fault is not None:
        for path, words in fault.violations:
            yield Difference("record", path, found=words, read=True)
    if record is not None:
        if record.identifier != known.record:
            yield Difference("record", "the identifier of the record", known.record, record.identifier)
        stated = {item.partition(":")[0] for file in record.distributions for item in file.checksums}
        for algorithm in known.checksums:
            if algorithm not in stated:
                found = ", ".join(sorted(stated)) or "none"
                yield Difference("record", "the checksum of the files", algorithm, found)
    yield from compare_shape(known, payload, read)


def _search_differences(web: HttpClient, harvester: Harvester) -> Iterator[Difference]:
    """Yield a difference unless a search for one hit gives one that becomes a record."""
    page = next(iter(harvester.names_only().search(web, _QUERY, limit=1)), None)
    hits = () if page is None else page.hits
    if not hits:
        yield Difference("search", f"the search for {_QUERY!r}", found="no hits")
    for hit in hits:
        try:
            harvester.to_record(hit.payload)
        except RecordError as error:
            yield Difference("search", "the first hit of the search", found=error.message)


def _landing_differences(web: HttpClient, known: KnownAnswer) -> Iterator[Difference]:
    """Yield a difference unless the resolver redirects a DOI to the page of its record."""
    target = web.location(f"{RESOLVER.url}/{known.ask}")
    expected = f"the page of {known.record}"
    if target is None:
        yield Difference("fact", "the landing page", expected, "no redirect")
        return
    try:
        found = parse(target).compact
    except IdentifierError:
        found = target
    if found not in {known.record, parse(known.ask).compact}:
        yield Difference("fact", "the landing page", expected, target)


def _public(difference: Difference, public: Callable[[str], str]) -> Difference:
    """Return a difference with its texts as they may be published."""
    where, expected, found = (
        text and public(text) for text in (difference.where, difference.expected, difference.found)
    )
    return difference._replace(where=where or "", expected=expected, found=found)


def _limited(found: Iterator[Difference]) -> Iterator[Difference]:
    """Yield at most `_MOST_DIFFERENCES`, and one that counts the others."""
    more = 0
    for number, item in enumerate(found):
        if number < _MOST_DIFFERENCES:
            yield item
        else:
            more += 1
    if more:
        yield Difference("new", "further differences", found=str(more))
