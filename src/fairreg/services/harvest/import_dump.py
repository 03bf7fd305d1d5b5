# SPDX-License-Identifier: MIT
"""Saved dumps of a source: stored responses of a service become records without new requests.

A dump is one JSON document, JSON lines, or another format that the source's `split` reads (OAI-PMH's XML).
Its source is recognised by the harvesters where possible; else the user names it.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path

from fairreg import harvesters
from fairreg.errors import RecordError
from fairreg.harvesters import Harvester, Hit
from fairreg.harvesters.base import Payload
from fairreg.registry import Registry, RejectedPayload, Submission
from fairreg.schemas.validation import parse_json
from fairreg.services.harvest.harvest import (
    HarvestReport,
    Refusal,
    refusal_of,
    store_withdrawal,
    submission_of,
    withdrawal_of,
)
from fairreg.services.registry.db import existing
from fairreg.settings import Settings
from fairreg.web import Log, no_log
from fairreg.web.listings import damage_of, damaged_payload, parse_listing, payload_of

__all__ = ["import_dump"]

_BATCH = 500


def import_dump(
    settings: Settings,
    file: Path,
    source: str | None = None,
    *,
    progress: Callable[[int, int | None], None] | None = None,
    log: Log = no_log,
    registry: Registry | None = None,
) -> HarvestReport:
    """Import the records of a saved dump into the registry, as a harvest of its source would.

    Each record keeps its payload, other payloads are rejected and stored with the reason, and of several
    documents of one record the newest counts. Importing twice changes nothing. `registry` is used instead of
    opening that of `settings`. Raises RecordError for a file that is not a dump of `source`, and UsageError
    for an unknown source.
    """
    begun = time.monotonic()
    chosen = harvesters.get(source) if source is not None else None
    pages = _pages(file.name, file.read_bytes(), plain=chosen is not None)
    if not any(pages):
        raise RecordError(f"{file.name} is empty.", hint="Save the response of a source to a search.")
    harvester = chosen or _whose(file.name, pages)
    read = _Reading(harvester)
    for page in pages:
        for payload in [page] if isinstance(page, dict) and damage_of(page) else harvester.split(page):
            read.take(payload)
    read.require_some(file.name, sure=chosen is None)
    with existing(registry, settings) as used:
        read.store(used, progress, log)
    read.report.seconds = time.monotonic() - begun
    return read.report


def _pages(name: str, content: bytes, *, plain: bool) -> list[object]:
    """The JSON documents in the file; with `plain` also XML, unparsed. Raises RecordError."""
    try:
        return [parse_json(content, name=name)]
    except RecordError as error:
        if content.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<"):
            if plain:
                return [content]
            raise _web_page(name) from error
        listed = _json_lines(name, content)
        if listed is None:
            listed = _damaged_page(content)
        if listed is None:
            raise RecordError(error.message, hint="If the file is truncated, save the dump again.") from error
        return listed


def _json_lines(name: str, content: bytes) -> list[object] | None:
    """The document of each line, a damaged payload for one that is none; None for a file of other lines.

    Raises RecordError for a last line that was cut.
    """
    found: list[object] = []
    lines = [(number, line) for number, line in enumerate(content.splitlines(), 1) if line.strip()]
    for number, line in lines:
        try:
            value = parse_json(line, name=f"{name} line {number}")
            # A page of items is taken apart later; no source takes anything else apart.
            found.append(value if value and isinstance(value, dict | list) else payload_of(value))
        except RecordError as error:
            if any(found) and number == lines[-1][0] and not content.endswith(b"\n"):
                raise RecordError(
                    error.message, hint="If the file is truncated, save the dump again; nothing was imported."
                ) from error
            found.append(_damaged_line(number, line, error))
    bad = sum(damage_of(item) is not None for item in found)
    return found if not found or bad < len(found) - bad else None


def _damaged_line(number: int, line: bytes, error: RecordError) -> object:
    """Return the page in a line of which single items are damaged, else a damaged payload for the line."""
    (page,) = _damaged_page(line) or [None]
    if page:
        return page
    return damaged_payload(
        error.message.rstrip("."), line.decode("utf-8", "backslashreplace"), f"line {number}"
    )


def _damaged_page(content: bytes) -> list[object] | None:
    """Return a page of which single items are damaged; None where it is damaged as a whole."""
    try:
        return [parse_listing(content)]
    except ValueError:
        return None


def _web_page(name: str) -> RecordError:
    return RecordError(
        f"{name} contains HTML or XML, not a JSON dump.",
        hint="Save the service's JSON response, or name the source of the XML with --source.",
    )


def _whose(name: str, pages: Sequence[object]) -> Harvester:
    """The one source that recognises the pages. Raises RecordError."""
    able = [item for item in harvesters.all_harvesters() if any(item.recognises(page) for page in pages)]
    if len(able) == 1:
        return able[0]
    raise RecordError(
        f"{name} is neither an export of fairreg nor a dump of a recognised source.",
        hint=f"Name its source with --source NAME; sources are {', '.join(harvesters.names())}.",
    )


@dataclass
class _Reading:
    """Records read from a dump, by the source's id of each record."""

    harvester: Harvester
    kept: dict[str, Submission] = field(default_factory=dict)
    gone: dict[str, tuple[str, Hit]] = field(default_factory=dict)
    bad: dict[str, RejectedPayload] = field(default_factory=dict)
    older: int = 0

    def __post_init__(self) -> None:
        self.report = HarvestReport(self.harvester.name)

    def take(self, payload: Payload) -> None:
        """Read one document."""
        hit = Hit.of(payload)
        try:
            withdrawn = withdrawal_of(self.harvester, hit)
            if withdrawn is None:
                self._keep(submission_of(self.harvester, hit))
            else:
                source_id, reason = withdrawn
                self.gone[source_id] = (reason, hit)
        except RecordError as error:
            self.bad[sha256(hit.raw).hexdigest()] = refusal_of(self.harvester, hit, error)

    def _keep(self, item: Submission) -> None:
        key = item.record.provenance.source_id
        known = self.kept.get(key)
        if known is None or _dated(known) <= _dated(item):
            self.kept[key] = item
        self.older += known is not None

    def require_some(self, name: str, *, sure: bool) -> None:
        """Raise RecordError for a dump without a record, unless its source is `sure`."""
        if self.kept or self.gone or (sure and self.bad):
            return
        title = self.harvester.title
        why = next((f" {item.reason}" for item in self.bad.values()), "")
        raise RecordError(
            f"{name} contains no record of {title}.{why}",
            hint=f"Save the response of {title} to a search, or name the source of the dump with --source.",
        )

    def store(self, registry: Registry, progress: Callable[[int, int | None], None] | None, log: Log) -> None:
        """Store all records in the registry, one transaction per batch, and fill the report."""
        listed, report = list(self.kept.values()), self.report
        registry.put_many([], rejected=self.bad.values())
        report.refused = [Refusal(item.reason, item.path, key) for key, item in self.bad.items()]
        for start in range(0, len(listed), _BATCH):
            for result in registry.put_many(listed[start : start + _BATCH]):
                setattr(report, result.outcome, getattr(report, result.outcome) + 1)
            if progress is not None:
                progress(min(start + _BATCH, len(listed)), len(listed))
        for source_id, (reason, hit) in self.gone.items():
            report.gone += 1
            store_withdrawal(registry, self.harvester, hit, (source_id, reason))
        if self.older:
            log(f"Skipped {self.older} documents that the file also contains in a newer version.")


def _dated(item: Submission) -> str:
    record = item.record
    return record.date_modified or record.date_published or record.date_created or ""
