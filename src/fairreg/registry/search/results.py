# SPDX-License-Identifier: MIT
"""Results of a search."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from fairreg.registry.entries import Entry, newest_key
from fairreg.schemas.record import ModelRecord

if TYPE_CHECKING:
    from fairreg.registry.search.facets import Facets
    from fairreg.registry.search.ranking import ScoredDocument

__all__ = ["Correction", "SearchHit", "SearchResults"]


@dataclass(frozen=True)
class SearchHit:
    """A model found, with a score in 0..1 that never rises with the rank.

    `entry` stands for it; `lineage_members` are all entries of its lineage, `entry` among them. `scored` says
    what its score is made of, where it was found by words.
    """

    entry: Entry
    score: float
    lineage_members: tuple[Entry, ...] = ()
    scored: "ScoredDocument | None" = None

    @property
    def record(self) -> ModelRecord:
        """The entry's merged record."""
        return self.entry.record

    @property
    def sources(self) -> tuple[str, ...]:
        """The sources that speak of it, in any of its versions."""
        return tuple(
            sorted({name for entry in (self.entry, *self.lineage_members) for name in entry.sources})
        )

    @property
    def versions(self) -> tuple[Entry, ...]:
        """The entries under its concept DOI, the newest first; none without a concept DOI."""
        concept = self.record.concept_doi
        held = [entry for entry in self.lineage_members if concept and entry.record.concept_doi == concept]
        return tuple(sorted(held, key=newest_key, reverse=True))

    @property
    def gone(self) -> bool:
        """Whether the source that held the files withdrew them."""
        return self.entry.gone


@dataclass(frozen=True)
class Correction:
    """A word as it was typed, and the word that was searched for instead."""

    asked: str
    used: str


@dataclass(frozen=True)
class SearchResults:
    """The best hits first; `total` counts those beyond the limit too.

    Not `complete`: more entries hold the common words of the question than were compared. `corrections` are
    words that no entry holds, with those that were searched for instead. `facets` count what was compared.
    """

    query: str
    total: int
    hits: tuple[SearchHit, ...] = ()
    complete: bool = True
    corrections: tuple[Correction, ...] = ()
    facets: "Facets | None" = None
