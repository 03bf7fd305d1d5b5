# SPDX-License-Identifier: MIT
"""Results of a search."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from fairreg.registry.entries import Entry, newest_key
from fairreg.schemas.record import ModelRecord

if TYPE_CHECKING:
    from fairreg.registry.search.facets import Facets
    from fairreg.registry.search.ranking import ScoredDocument

__all__ = ["Correction", "SearchHit", "SearchResults", "UnheldValue"]


@dataclass(frozen=True)
class SearchHit:
    """A model found, with a score in 0..1 that never rises with the rank.

    `entry` represents it; `lineage_members` are all entries of its lineage, `entry` among them. `scored`
    explains the score of a search by words.
    """

    entry: Entry
    score: float
    lineage_members: tuple[Entry, ...] = ()
    scored: "ScoredDocument | None" = None

    @property
    def record(self) -> ModelRecord:
        """Merged record of the entry."""
        return self.entry.record

    @property
    def sources(self) -> tuple[str, ...]:
        """Sources of all its versions."""
        return tuple(
            sorted({name for entry in (self.entry, *self.lineage_members) for name in entry.sources})
        )

    @property
    def versions(self) -> tuple[Entry, ...]:
        """Entries under its concept DOI, newest first; none without a concept DOI."""
        concept = self.record.concept_doi
        held = [entry for entry in self.lineage_members if concept and entry.record.concept_doi == concept]
        return tuple(sorted(held, key=newest_key, reverse=True))

    @property
    def gone(self) -> bool:
        """True once the source that held the files withdrew them."""
        return self.entry.gone


@dataclass(frozen=True)
class Correction:
    """A typed word, and the word that was searched for instead."""

    asked: str
    used: str


@dataclass(frozen=True)
class UnheldValue:
    """A value of a filter that no entry has: similar ones and the most frequent ones that there are."""

    name: str
    asked: str
    similar: tuple[str, ...] = ()
    frequent: tuple[str, ...] = ()


@dataclass(frozen=True)
class SearchResults:
    """The best hits first; `total` includes those beyond the limit.

    Not `complete`: more entries hold the common words of the query than were compared. `corrections` are
    words that no entry holds, with their replacements. `facets` count the compared entries, `unheld` are the
    values of filters that no entry has. `damaged` are the identifiers of entries whose stored record does not
    decode: of hits that are left out, `left_out` of them, or of other versions of a hit. `by_terms` are tasks
    asked for whose words no entry has, with the texts that were found in their place by the vocabulary.
    """

    query: str
    total: int
    hits: tuple[SearchHit, ...] = ()
    complete: bool = True
    corrections: tuple[Correction, ...] = ()
    facets: "Facets | None" = None
    unheld: tuple[UnheldValue, ...] = ()
    damaged: tuple[str, ...] = ()
    left_out: int = 0
    by_terms: tuple[UnheldValue, ...] = ()

    @property
    def listed(self) -> int:
        """Number of results in this part of the list, those left out included."""
        return len(self.hits) + self.left_out
