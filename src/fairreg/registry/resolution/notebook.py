# SPDX-License-Identifier: MIT
"""A lineage as a notebook shows it."""

from collections.abc import Sequence

from fairreg.registry.entries import Entry
from fairreg.registry.resolution.lineage import LinkEvidence
from fairreg.registry.resolution.report import LineageReport, SourceLink
from fairreg.schemas.notebook.markup import card, folded, link, table
from fairreg.schemas.text import counted

__all__ = ["lineage_view"]


def lineage_view(lineage: LineageReport) -> str:
    """Return the records of one model, the sources that state them, and the evidence that links these."""
    records = ("record", "version|", "identifier", "sources", "withdrawn|")
    sources = ("source|", "number there", "name", "version|")
    links = ("matched by|", "value", "evidence")
    return card(
        lineage.entry.record.name,
        (lineage.entry.identifier, counted(len(lineage.entries), "record")),
        table(records, lineage.entries, "records", row=_entry, caption="Records"),
        table(sources, lineage.sources, "source records", row=_source, caption="Sources"),
        table(links, lineage.links, "links", row=_link, caption="Links"),
    )


def _entry(entry: Entry) -> Sequence[object]:
    record = entry.record
    identifier = link(record.doi or entry.identifier, record.doi_url)
    return record.name, record.version, identifier, ", ".join(entry.sources), "yes" if entry.gone else ""


def _source(item: SourceLink) -> Sequence[object]:
    return item.source, link(item.source_id, item.url), item.name, item.version


def _link(item: LinkEvidence) -> Sequence[object]:
    return item.how, item.value, folded(item.evidence, "sentences")
