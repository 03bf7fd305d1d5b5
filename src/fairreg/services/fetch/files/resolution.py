# SPDX-License-Identifier: MIT
"""The way from an identifier to its record as a notebook shows it."""

from collections.abc import Iterator, Sequence

from fairreg.schemas.notebook.markup import Row, card, facts, link, notes, table
from fairreg.services.fetch.resolve import Resolution, Step

__all__ = ["resolution_view"]


def resolution_view(resolved: Resolution) -> str:
    """Return the record that an identifier leads to, and what each service answered."""
    best = resolved.source or resolved.datacite
    return card(
        resolved.requested,
        (best.record.name if best else "not found",),
        notes([resolved.fault.message] if resolved.fault else ()),
        facts(_rows(resolved)),
        table(("service|", "outcome|", "answer"), resolved.steps, "steps", row=_step, caption="Steps"),
    )


def _rows(resolved: Resolution) -> Iterator[Row]:
    best = resolved.source or resolved.datacite
    if best is None:
        return
    record = best.record
    yield "record", link(record.doi or record.identifier, record.doi_url)
    yield "address", link(record.provenance.url, record.provenance.url)
    yield "read at", record.provenance.source
    yield "version", record.version
    yield "requested", "all versions; this is the newest" if resolved.is_concept else None
    yield "metadata", None if resolved.source else "registered ones only, without files"
    yield "withdrawn", best.withdrawn


def _step(item: Step) -> Sequence[object]:
    return item.service, item.outcome, item.detail
