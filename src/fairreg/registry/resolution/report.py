# SPDX-License-Identifier: MIT
"""Report of a lineage: its entries, the sources that contribute to them, and the evidence that links them."""

from dataclasses import dataclass

from fairreg.registry.entries import Entry
from fairreg.registry.resolution.lineage import LinkEvidence
from fairreg.schemas.record import ModelRecord

__all__ = ["LineageReport", "SourceLink"]


@dataclass(frozen=True)
class SourceLink:
    """Contribution of one source to a lineage."""

    source: str
    source_id: str
    identifier: str
    name: str
    version: str | None
    url: str | None

    @classmethod
    def of(cls, record: ModelRecord) -> "SourceLink":
        """Return the contribution of a statement."""
        origin = record.provenance
        return cls(
            origin.source, origin.source_id, record.identifier, record.name, record.version, origin.url
        )


@dataclass(frozen=True)
class LineageReport:
    """One model: the requested entry, all entries of its lineage, the contributions of sources, the links."""

    entry: Entry
    entries: tuple[Entry, ...]
    sources: tuple[SourceLink, ...]
    links: tuple[LinkEvidence, ...]

    def links_of(self, link: SourceLink) -> tuple[LinkEvidence, ...]:
        """Return the links of a source's contribution to the others."""
        return tuple(bond for bond in self.links if (link.source, link.source_id) in bond.statement_keys)
