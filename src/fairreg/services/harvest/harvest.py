# SPDX-License-Identifier: MIT
"""Harvest a source's records into the registry: page by page, each page one transaction with its cursor.

A run that is killed, interrupted or stopped early leaves whole pages behind and resumes after the last of
them when it is requested again with the same source, query and date.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from datetime import date
from hashlib import sha256
from http import HTTPStatus

import msgspec

from fairreg import harvesters
from fairreg.addresses import peer_url
from fairreg.errors import BadAnswer, RecordError, UsageError
from fairreg.harvesters import Harvester, Hit, HitPage
from fairreg.registry.db.text_limits import storable_json
from fairreg.registry.entries import Harvest, RejectedPayload, Submission
from fairreg.registry.ingest.restore import ExportedStatement, Tombstone
from fairreg.registry.registry import Registry
from fairreg.schemas.record import public_text
from fairreg.schemas.text import counted, one_line
from fairreg.schemas.timestamps import now
from fairreg.services.fetch.resolve import stamped
from fairreg.services.registry.db import opened
from fairreg.settings import Settings
from fairreg.web import HttpClient, Log, no_log
from fairreg.web.listings import MOST_ITEMS, damage_of

__all__ = [
    "PLUGIN_FAULTS",
    "HarvestReport",
    "HarvesterFault",
    "Refusal",
    "fill_report",
    "harvest",
    "harvest_key",
    "peers_in",
    "refusal_of",
    "store_withdrawal",
    "submission_of",
    "withdrawal_of",
]

# Rejected payloads of a run that are logged one by one; all are in its report and in the registry.
_LOGGED_REFUSALS = 10
Progress = Callable[[int, int | None], None]
# Errors of a harvester plugin: one bad item, or one source, must not fail the others.
PLUGIN_FAULTS = (
    ArithmeticError,
    AssertionError,
    AttributeError,
    ImportError,
    LookupError,
    OSError,
    RuntimeError,
    TypeError,
    ValueError,
)


class HarvesterFault(RecordError):
    """An item that its harvester fails on, with an internal error."""


@dataclass(frozen=True)
class Refusal:
    """A rejected payload: `path` is the place of the fault in it, `payload_sha256` identifies it."""

    reason: str
    path: str | None = None
    payload_sha256: str | None = None


@dataclass
class HarvestReport:
    """Result of one run. `resumed`: it continued an earlier one; `seconds` is wall time.

    `limit` is the maximum number of records, None for all. `finished_before`: it was not run, because an
    earlier run of the same collection, which was stopped, had finished it.
    `fault` is the reason why it stopped early; records stored before are kept.
    """

    source: str
    query: str = ""
    since: date | None = None
    limit: int | None = None
    new: int = 0
    changed: int = 0
    unchanged: int = 0
    forgotten: int = 0
    gone: int = 0
    refused: list[Refusal] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    resumed: bool = False
    finished_before: bool = False
    seconds: float = 0.0
    fault: str | None = None

    def __repr__(self) -> str:
        from fairreg.schemas.notebook.one_line import brief, represented

        told = f"{brief(self.label)}: {self.seen:,} read, {self.new:,} new"
        return represented(self, told, self.fault and "stopped early")

    def _repr_html_(self) -> str:
        """View in a notebook."""
        from fairreg.services.harvest.notebook import harvest_view

        return harvest_view(self)

    @property
    def label(self) -> str:
        """Source and query, for display."""
        return f"{self.source} {self.query}" if self.query else self.source

    @property
    def seen(self) -> int:
        """Number of payloads read."""
        return self.new + self.changed + self.unchanged + self.forgotten + self.gone + len(self.refused)

    @property
    def counts(self) -> dict[str, int]:
        """The numbers, by name."""
        names = ("new", "changed", "unchanged", "forgotten", "gone")
        return {**{name: getattr(self, name) for name in names}, "refused": len(self.refused)}

    def to_json(self) -> dict[str, object]:
        """Plain JSON form; `since` is an ISO date or null."""
        plain: dict[str, object] = msgspec.to_builtins(self)
        return plain


def harvest(
    settings: Settings,
    source: str,
    *,
    query: str = "",
    since: date | None = None,
    limit: int | None = None,
    progress: Progress | None = None,
    log: Log = no_log,
    web: HttpClient | None = None,
    registry: Registry | None = None,
) -> HarvestReport:
    """Harvest the records of `source` for `query`, at most `limit`, changed since the day `since`.

    `progress` is called with the number of records read and the total; `log` with messages for the user. A
    payload that is not a record is rejected and stored with its reason. Harvesting twice changes nothing.
    `source` may be the base URL of another registry.
    `registry` is used instead of opening that of `settings`. Raises UsageError for an unknown source, the
    errors of `HttpClient` for one that cannot be reached.
    """
    settings, (source,) = peers_in(settings, [source])
    harvester = harvesters.get(source)
    report = HarvestReport(source, query, since, limit)
    with opened(registry, settings, log) as used:
        fill_report(report, settings, used, harvester, limit=limit, progress=progress, log=log, web=web)
    return report


def fill_report(
    report: HarvestReport,
    settings: Settings,
    registry: Registry,
    harvester: Harvester,
    *,
    limit: int | None,
    progress: Progress | None,
    log: Log,
    web: HttpClient | None = None,
) -> None:
    """Run the harvest that `report` describes; `web` is used instead of opening a client."""
    if registry.upkeep.not_writable is not None:
        raise registry.upkeep.not_writable  # before anything is requested
    begun = time.monotonic()
    try:
        with nullcontext(web) if web else HttpClient(settings, log=log) as client:
            if harvesters.is_peer(harvester.name):
                from fairreg.services.harvest.peers import PeerRun  # few harvests are of another registry

                PeerRun(registry, harvester, report, log).all_pages(client, limit, progress)
                return
            run = _Run(registry, harvester, report, log)
            run.all_pages(client, _page_size(settings, harvester), limit, progress)
    finally:
        report.seconds = time.monotonic() - begun


def peers_in(settings: Settings, sources: Sequence[str]) -> tuple[Settings, list[str]]:
    """Return the settings with the registries among the sources as peers, and the sources' proper names."""
    names = [
        peer_url(name, "The address to harvest from") if harvesters.is_peer(name) else name
        for name in sources
    ]
    return settings.with_peers(filter(harvesters.is_peer, names)), names


def harvest_key(report: HarvestReport) -> str:
    """Key of a harvest's state in the registry: the query, and the date if there is one."""
    since = report.since
    return report.query if since is None else f"{report.query} since {since.isoformat()}".strip()


def submission_of(harvester: Harvester, hit: Hit) -> Submission:
    """Build the record of a payload, with time of retrieval and digest, and the payload's bytes.

    Raises RecordError for a payload that is damaged or not a record, or that a registry cannot store.
    """
    damage = damage_of(hit.payload)
    if damage is not None:
        # Both may be words of the service.
        name, reason = one_line(damage.name or ""), one_line(damage.reason)
        item = f"{name} of {harvester.title}" if name else f"An item of {harvester.title}"
        raise RecordError(f"{item} is damaged: {reason}.", violations=(("$", reason),))
    with _internal_errors(harvester):
        record = stamped(harvester.to_record(hit.payload), hit.raw)
        storable_json(record)  # here only this record is rejected; later its whole page would fail
    return Submission(record, hit.raw, "application/json")


def withdrawal_of(harvester: Harvester, hit: Hit) -> tuple[str, str] | None:
    """Source id and reason of a tombstone, None for any other payload. Raises RecordError."""
    with _internal_errors(harvester):
        withdrawn = harvester.withdrawn(hit.payload)
    return withdrawn and (withdrawn[0], public_text(withdrawn[1]))


def store_withdrawal(registry: Registry, harvester: Harvester, hit: Hit, withdrawn: tuple[str, str]) -> bool:
    """Mark a record, given by source id and reason, as withdrawn; False where the registry has none.

    A payload that is a whole record, and says itself that it is closed, replaces what is stored.
    """
    source_id, reason = withdrawn
    if registry.statements.get(harvester.name, source_id) is None:
        return False
    said = _closed(harvester, hit, source_id)
    if said is None:
        registry.statements.withdraw(harvester.name, source_id, reason)
    else:
        registry.statements.restore([ExportedStatement(said, Tombstone(reason))])
    return True


def _closed(harvester: Harvester, hit: Hit, source_id: str) -> Submission | None:
    """The record in the payload of a withdrawn one, None for a tombstone that has little to say."""
    try:
        said = submission_of(harvester, hit)
    except RecordError:
        return None
    record = said.record
    closed = record.access is not None and record.access.level == "closed"
    return said if closed and record.provenance.source_id == source_id else None


@contextmanager
def _internal_errors(harvester: Harvester) -> Iterator[None]:
    """Turn an internal error of a harvester about one item into a RecordError."""
    try:
        yield
    except UnicodeEncodeError as error:  # a lone surrogate, which is the payload's fault
        reason = f"holds invalid Unicode: {error.reason}"
        raise RecordError(f"An item of {harvester.title} {reason}.", violations=(("$", reason),)) from error
    except PLUGIN_FAULTS as error:
        raise HarvesterFault(
            f"{harvester.title}'s harvester failed on an item ({type(error).__name__}).",
            violations=(("$", f"{type(error).__name__} in the harvester"),),
        ) from error


def refusal_of(harvester: Harvester, hit: Hit, error: RecordError) -> RejectedPayload:
    """The rejected payload with reason and place."""
    path = error.violations[0][0] if error.violations else None
    return RejectedPayload(harvester.name, hit.raw, error.message, path)


@dataclass
class _Run:
    """One run over the pages of one source."""

    registry: Registry
    harvester: Harvester
    report: HarvestReport
    log: Log
    started_at: str = field(default_factory=now)
    taken: int = 0

    def all_pages(
        self, web: HttpClient, page_size: int, limit: int | None, progress: Progress | None
    ) -> None:
        """Store every page; a run is finished only at the last page or at its limit."""
        cursor = self._resume_at()
        pages = () if self._left(limit) == 0 else self._pages(web, page_size, limit, cursor)
        try:
            for page in pages:
                self._take(page)
                if progress is not None:
                    progress(self.report.seen, page.total)
        finally:
            unsaid = len(self.report.refused) - _LOGGED_REFUSALS
            if unsaid > 0:
                self.log(f"{self.harvester.title}: rejected {counted(unsaid, 'more payload')}")
        self.registry.harvests.save(self._state(None, finished=True))

    def _left(self, limit: int | None) -> int | None:
        """Number of records to the limit, which includes those that the run stored before it stopped."""
        return None if limit is None else max(limit - self.taken, 0)

    def _resume_at(self) -> str | None:
        state = self.registry.harvests.state(self.report.source, harvest_key(self.report))
        if state is None or state.finished or not isinstance(state.cursor, str):
            return None
        self.report.resumed = True
        self.taken = state.counts.get("taken", 0)
        self.log(f"{self.harvester.title}: resuming the harvest that stopped at {state.updated_at}")
        return state.cursor

    def _pages(
        self, web: HttpClient, page_size: int, limit: int | None, cursor: str | None
    ) -> Iterator[HitPage]:
        def search(after: str | None) -> Iterator[HitPage]:
            return self.harvester.search(
                web,
                self.report.query,
                since=self.report.since,
                cursor=after,
                limit=self._left(limit),
                page_size=page_size,
            )

        pages = search(cursor)
        try:
            first = next(pages, None)
        except (UsageError, BadAnswer) as error:
            refused = isinstance(error, UsageError) or error.status == HTTPStatus.BAD_REQUEST
            if cursor is None or not refused:
                raise
            # A service may forget a cursor; without a restart the harvest would be stuck.
            self.log(f"{self.harvester.title}: cannot resume ({error.message}) Restarting.")
            self.report.resumed, self.taken = False, 0
            pages = search(None)
            first = next(pages, None)
        if first is not None:
            yield first
            yield from pages

    def _take(self, page: HitPage) -> None:
        """Store a page and its cursor in one transaction; a withdrawal, marked before, may be repeated."""
        if len(page.hits) > MOST_ITEMS:
            sent = f"{self.harvester.title} sent a page of {len(page.hits):,} items"
            raise BadAnswer(f"{sent}; at most {MOST_ITEMS:,} are read.")
        bad: list[RejectedPayload] = []
        submissions = [item for hit in page.hits if (item := self._read(hit, bad)) is not None]
        if page.note and page.note not in self.report.notes:
            self.report.notes.append(page.note)
            self.log(page.note)
        self.taken += len(page.hits)
        results = self.registry.put_many(submissions, harvest=self._state(page.cursor), rejected=bad)
        for result in results:
            setattr(self.report, result.outcome, getattr(self.report, result.outcome) + 1)

    def _read(self, hit: Hit, bad: list[RejectedPayload]) -> Submission | None:
        """The submission of a payload; None for a tombstone, and for a rejected payload, added to `bad`."""
        try:
            withdrawn = withdrawal_of(self.harvester, hit)
            if withdrawn is None:
                return submission_of(self.harvester, hit)
        except RecordError as error:
            refused = refusal_of(self.harvester, hit, error)
            bad.append(refused)
            digest = sha256(hit.raw).hexdigest()
            self.report.refused.append(Refusal(refused.reason, refused.path, digest))
            if len(self.report.refused) <= _LOGGED_REFUSALS:
                self.log(f"{self.harvester.title}: rejected a payload: {refused.reason}")
            return None
        self.report.gone += 1
        if not store_withdrawal(self.registry, self.harvester, hit, withdrawn):
            # It was withdrawn before this registry harvested it.
            source_id, reason = withdrawn
            self.log(f"{self.harvester.title}: {source_id} was withdrawn ({reason})")
        return None

    def _state(self, cursor: str | None, *, finished: bool = False) -> Harvest:
        limited = {} if self.report.limit is None else {"limit": self.report.limit}
        return Harvest(
            source=self.report.source,
            query=harvest_key(self.report),
            cursor=cursor,
            counts={**self.report.counts, "taken": self.taken, **limited},
            finished=finished,
            started_at=self.started_at,
        )


def _page_size(settings: Settings, harvester: Harvester) -> int:
    service = settings.services.get(harvester.service)
    return harvester.page_limit(token=service is not None and service.token is not None)
