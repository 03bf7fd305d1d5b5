# SPDX-License-Identifier: MIT
"""Harvest another registry: its items over OAI-PMH, page by page, each page one transaction with its place.

A harvest that ended leaves the newest datestamp behind, from which the next one asks; one that was killed
resumes after its last page. What replaces what is in `registry.ingest.hearsay`.
"""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any, cast
from xml.etree import ElementTree as ET

from fairreg.errors import FairregError, RecordError
from fairreg.formats.rdf_xml import items
from fairreg.formats.rdf_xml.items import StatedRecord
from fairreg.harvesters import Harvester
from fairreg.harvesters.common.peers import ListPlace, Peer, PeerItem, TokenRefused
from fairreg.harvesters.common.statements import heard_record, without_controls
from fairreg.registry import (
    ExportedStatement,
    Harvest,
    HeardItem,
    Hearing,
    Registry,
    RejectedPayload,
    Submission,
    Tombstone,
)
from fairreg.registry.db.text_limits import storable_json
from fairreg.registry.ingest.hearsay import moment_of
from fairreg.schemas.text import counted, one_line, shortened, visible
from fairreg.schemas.timestamps import now, now_precisely
from fairreg.services.harvest.harvest import PLUGIN_FAULTS, HarvestReport, Progress, Refusal, harvest_key
from fairreg.sources import CURATED, OWN_SOURCE, is_registry
from fairreg.web import HttpClient, Log

__all__ = ["PeerRun"]

_LOGGED_REFUSALS = 10
_LONGEST_TIME, _LONGEST_NAME, _LONGEST_REASON = 40, 200, 1000
_MOST_KEPT = 64 * 1024  # bytes of a rejected item
_MOST_NAMED = 10
# Statements of one entry, which are compared with one another.
_MOST_STATEMENTS = 100
# Elements in one another, of which a record has a dozen: what writes them as text recurses.
_DEEPEST = 100
# Clocks of servers differ by less; a reading that is later would outlast every true one.
_SLACK = timedelta(minutes=5)


class PeerRun:
    """One run over the items of another registry."""

    def __init__(self, registry: Registry, peer: Harvester, report: HarvestReport, log: Log) -> None:
        self.registry, self.peer, self.report, self.log = registry, cast("Peer", peer), report, log
        self._started_at = now()
        self._hearing = Hearing(self.peer.name, report.query.strip(), now_precisely())
        # Whether the list is that of everything, of which what it lacks has departed.
        self._whole = False
        self._taken = 0
        # Items of the next page that a limited harvest took before.
        self._had: frozenset[str] = frozenset()
        self._complete = True
        self._left_out: dict[str, None] = {}
        self._of_catalogue = 0

    def all_pages(self, web: HttpClient, limit: int | None, progress: Progress | None) -> None:
        """Store every page, then withdraw what is there no more."""
        place = self._start(web)
        try:
            place = self._stored(web, place, limit, progress)
        except TokenRefused as error:
            self.log(f"{self.peer.host}: cannot resume ({error.message}) Restarting.")
            self.report.resumed, self._taken, self._had = False, 0, frozenset()
            # What the runs before this one found may be gone.
            self._hearing = replace(self._hearing, begun_at=now_precisely())
            place = self._stored(web, ListPlace(place.start, place.set_spec), limit, progress)
        if self._complete:  # else a later page may have what seems to have departed
            self.report.gone += self.registry.peers.drop_departed(self._hearing, whole=self._whole)
        cursor = {"from": place.next_start} if self._complete else self._cursor(place)
        self.registry.harvests.save(self._state(cursor, finished=True))
        if self._left_out:
            names = ", ".join(list(self._left_out)[:_MOST_NAMED])
            self._note(f"{self.peer.host} states what this release does not know: {names}.")
        if self._of_catalogue:
            number = counted(self._of_catalogue, "record")
            self._note(f"{number} of the catalogue of {self.peer.host} left out: each registry has its own.")

    def _note(self, words: str) -> None:
        self.report.notes.append(words)
        self.log(words)

    def _start(self, web: HttpClient) -> ListPlace:
        """Return the place to go on from: that of a run that stopped, else the newest datestamp."""
        query = self.report.query.strip()
        state = self.registry.harvests.state(self.report.source, harvest_key(self.report))
        stored = state.cursor if state is not None and isinstance(state.cursor, dict) else {}
        texts = {name: value for name, value in stored.items() if isinstance(value, str)}
        since = self.report.since.isoformat() if self.report.since else ""
        if state is None or "token" not in texts:
            place = ListPlace(since or texts.get("from", ""), query)
            self._whole = not place.start or (bool(since) and since <= self.peer.earliest(web)[:10])
            return place
        self.report.resumed = True
        self._taken = 0 if state.finished else state.counts.get("taken", 0)
        had = stored.get("had")
        self._had = frozenset(map(str, had if isinstance(had, list) else ()))
        self._whole = "whole" in texts
        self._hearing = replace(self._hearing, begun_at=texts.get("whole", self._hearing.begun_at))
        self.log(f"{self.peer.host}: resuming the harvest that stopped at {state.updated_at}")
        newest, ordered = texts.get("newest", ""), bool(stored.get("ordered"))
        return ListPlace(texts.get("from", ""), query, texts["token"], newest, ordered)

    def _stored(
        self, web: HttpClient, place: ListPlace, limit: int | None, progress: Progress | None
    ) -> ListPlace:
        """Store the pages from a place on, up to the limit; return where a later harvest begins."""
        for page, after in self.peer.pages(web.asking("search"), place):
            listed = self._within(page.items, limit)
            cut = len(listed) < len(page.items)
            self._take(listed, place if cut else after)
            if progress is not None:
                progress(self._taken, None)
            self._had = frozenset(item.name for item in listed) if cut else frozenset()
            place = place if cut else after
            if cut or (place.token and limit is not None and self._taken >= limit):
                self._complete = False
                return place
        return place

    def _within(self, items: tuple[PeerItem, ...], limit: int | None) -> tuple[PeerItem, ...]:
        """Return the items up to the limit, to which those that it had before do not count."""
        fresh = [number for number, item in enumerate(items) if item.name not in self._had]
        left = len(fresh) if limit is None else max(limit - self._taken, 0)
        return items if len(fresh) <= left else items[: fresh[left]]

    def _take(self, listed: tuple[PeerItem, ...], place: ListPlace) -> None:
        bad: list[RejectedPayload] = []
        heard = [self._heard(item, bad) for item in listed]
        self._taken += sum(item.name not in self._had for item in listed)
        harvest = self._state(self._cursor(place))
        counts = self.registry.peers.hear(self._hearing, heard, harvest=harvest, rejected=bad)
        for outcome, number in counts.items():
            setattr(self.report, outcome, getattr(self.report, outcome) + number)

    def _cursor(self, place: ListPlace) -> dict[str, Any]:
        """Return a place in the list, and what belongs to it, as it is stored."""
        stored = {"from": place.start, "token": place.token, "newest": place.newest, "ordered": place.ordered}
        stored |= {"whole": self._hearing.begun_at} if self._whole else {}
        return stored | ({"had": sorted(self._had)} if self._had else {})

    def _heard(self, item: PeerItem, bad: list[RejectedPayload]) -> HeardItem:
        """Return an item as it may be stored; a rejected one without statements, added to `bad`."""
        try:
            return HeardItem(item.name, self._statements(item))
        except FairregError as error:
            self._reject(item, error, bad)
        except PLUGIN_FAULTS as error:
            self._reject(item, RecordError(f"An item cannot be read ({type(error).__name__})."), bad)
        return HeardItem(item.name, None)

    def _statements(self, item: PeerItem) -> tuple[ExportedStatement, ...]:
        """Return the statements of an item that may be stored, none of a deleted one. Raises RecordError."""
        name = item.name[:_LONGEST_NAME]
        if not name:
            raise RecordError("An item has no identifier.")
        if item.deleted:
            return ()
        if item.metadata is None:
            raise RecordError(f"{name} has no metadata.")
        if _is_too_deep(item.metadata):
            raise RecordError(f"{name} is nested more than {_DEEPEST} elements deep.")
        if len(item.metadata.findall(items.STATEMENT)) > _MOST_STATEMENTS:
            raise RecordError(f"{name} has more than {_MOST_STATEMENTS} statements.")
        entry = items.read_element(item.metadata, name=name)
        self._left_out |= dict.fromkeys(visible(one_line(part))[:80] for part in entry.left_out[:_MOST_NAMED])
        own = [stated for stated in entry.statements if not self._is_own(stated)]
        self._of_catalogue += sum(stated.record.provenance.source == CURATED.name for stated in own)
        heard = (_heard_statement(stated, self.peer.host) for stated in own)
        return tuple(one for one in heard if one is not None)

    def _is_own(self, stated: StatedRecord) -> bool:
        """Tell whether this registry has found the same out itself: what it is told back, or needs not."""
        record = stated.record
        if not is_registry(record.provenance.source):
            return False
        known = self.registry.statements.get(OWN_SOURCE, record.provenance.source_id)
        return known is not None and known.record.identifier == record.identifier

    def _reject(self, item: PeerItem, error: FairregError, bad: list[RejectedPayload]) -> None:
        readable = None if item.metadata is None or _is_too_deep(item.metadata) else item.metadata
        stated = b"" if readable is None else ET.tostring(readable, encoding="utf-8")
        payload = stated[:_MOST_KEPT] or item.name.encode("utf-8", "replace")
        path = error.violations[0][0] if isinstance(error, RecordError) and error.violations else None
        reason = shortened(visible(one_line(without_controls(error.message))), _LONGEST_REASON)
        refused = RejectedPayload(self.peer.name, payload, reason, path)
        bad.append(refused)
        self.report.refused.append(Refusal(refused.reason, refused.path, sha256(payload).hexdigest()))
        if len(self.report.refused) <= _LOGGED_REFUSALS:
            self.log(f"{self.peer.host}: rejected an item: {refused.reason}")

    def _state(self, cursor: dict[str, Any], *, finished: bool = False) -> Harvest:
        limited = {} if self.report.limit is None else {"limit": self.report.limit}
        return Harvest(
            source=self.report.source,
            query=harvest_key(self.report),
            cursor=cursor,
            counts={**self.report.counts, "taken": self._taken, **limited},
            finished=finished,
            started_at=self._started_at,
        )


def _is_too_deep(element: ET.Element) -> bool:
    level = [element]
    for _ in range(_DEEPEST):
        level = [part for one in level for part in one]
        if not level:
            return False
    return True


def _heard_statement(stated: StatedRecord, host: str) -> ExportedStatement | None:
    """Return what a peer states as it may be stored; None for a statement of the catalogue: fairreg's own.

    RecordError for a source without a proper name, and for a time in the future.
    """
    if stated.record.provenance.source == CURATED.name:
        return None
    record = heard_record(stated.record, host)
    storable_json(record)
    for time in (stated.retrieved_at, record.provenance.retrieved, stated.withdrawn_at):
        _require_past(time or "", record.identifier)
    said = Submission(record, retrieved_at=stated.retrieved_at)
    if stated.withdrawn_at is None:
        return ExportedStatement(said)
    if moment_of(stated.withdrawn_at) == moment_of(None):
        raise RecordError(f"{record.identifier} was withdrawn at no time that is one.")
    return ExportedStatement(said, Tombstone(without_controls(stated.reason or ""), stated.withdrawn_at))


def _require_past(time: str, identifier: str) -> None:
    if len(time) > _LONGEST_TIME or without_controls(time) != time:
        raise RecordError(f"{identifier} has {one_line(time)[:_LONGEST_TIME]!r} as a time.")
    if moment_of(time) > datetime.now(UTC) + _SLACK:
        raise RecordError(f"{identifier} was read in the future, at {time}.")
