# SPDX-License-Identifier: MIT
"""Report of a lineage: its entries, the sources that contribute to them, and the evidence that links them."""

from dataclasses import dataclass

from fairreg.registry.entries import Entry
from fairreg.registry.resolution.lineage import LinkEvidence
from fairreg.schemas.record import ModelRecord
from fairreg.schemas.text import counted

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

    def __repr__(self) -> str:
        from fairreg.schemas.notebook.one_line import named, represented

        return represented(
            self,
            f"{named(self.entry.identifier)}:",
            f"{counted(len(self.entries), 'record')} from {counted(len(self.sources), 'source record')}",
        )

    def _repr_html_(self) -> str:
        """View in a notebook."""
        from fairreg.registry.resolution.notebook import lineage_view

        return lineage_view(self)

    def links_of(self, link: SourceLink) -> tuple[LinkEvidence, ...]:
        """Return the links of a source's contribution to the others."""
        return tuple(bond for bond in self.links if (link.source, link.source_id) in bond.statement_keys)
