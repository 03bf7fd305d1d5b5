# SPDX-License-Identifier: MIT
"""Fuse rankings: live records from the sources join the results of the registry.

Pure: reciprocal rank fusion (Cormack, Clarke and Büttcher, SIGIR 2009) over lineages.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence

from fairreg.registry.db.row_mapping import page_of
from fairreg.registry.entries import Entry, representative_key
from fairreg.registry.resolution.grouping import Group, StatementKey, group, merge, statement_key_of
from fairreg.registry.resolution.lineage import Lineage, LinkOverrides, lineages
from fairreg.registry.search.filters import Filters
from fairreg.registry.search.results import SearchHit, SearchResults
from fairreg.schemas.record import ModelRecord
from fairreg.schemas.runs import is_runnable

__all__ = ["RANK_CONSTANT", "fuse"]

# k of the paper, chosen there in a pilot study.
RANK_CONSTANT = 60

RelatedEntries = tuple[tuple[Entry, tuple[ModelRecord, ...]], ...]


def fuse(
    local: SearchResults,
    live: Iterable[ModelRecord],
    *,
    related: RelatedEntries,
    rankings: Sequence[Sequence[StatementKey]],
    overrides: LinkOverrides,
    conditions: Filters,
) -> list[SearchHit]:
    """Return all results that meet the conditions, best first; a model first in every ranking scores 1.

    `live` are the records that the `rankings` of the sources name; `related` is the registry's part of local
    hits and of all that may belong together with a live record. A live record replaces the stored one.
    """
    records = {statement_key_of(record): record for _, said in related for record in said}
    records |= {statement_key_of(record): record for record in live}
    known = {statement_key_of(record): entry for entry, said in related for record in said}
    homes: dict[str, StatementKey] = {}
    for statement_key, entry in known.items():
        homes.setdefault(entry.identifier, statement_key)
    local_ranking = [homes[hit.entry.identifier] for hit in local.hits if hit.entry.identifier in homes]
    families = lineages(group(records.values(), overrides.cannot_link), overrides)
    scores = _scores(families, [local_ranking, *rankings])
    named = frozenset(local_ranking)
    chosen = named | {statement_key for ranking in rankings for statement_key in ranking}
    hits = []
    for number, score in sorted(scores.items(), key=lambda item: (-item[1], item[0])):
        hit = _hit(families[number], score, known, named=named, chosen=chosen, conditions=conditions)
        if hit is not None:
            hits.append(hit)
    return hits


def _scores(families: Sequence[Lineage], rankings: Sequence[Sequence[StatementKey]]) -> Mapping[int, float]:
    """Sum reciprocal ranks per ranked lineage, as a share of the maximum."""
    at = {
        statement_key_of(record): number
        for number, lineage in enumerate(families)
        for members in lineage.groups
        for record in members
    }
    filled = [ranking for ranking in rankings if ranking]
    sums: dict[int, float] = defaultdict(float)
    for ranking in filled:
        for rank, number in enumerate(dict.fromkeys(at[statement_key] for statement_key in ranking), 1):
            sums[number] += 1 / (RANK_CONSTANT + rank)
    most = max(1, len(filled)) / (RANK_CONSTANT + 1)
    return {number: total / most for number, total in sums.items()}


def _hit(
    lineage: Lineage,
    score: float,
    known: Mapping[StatementKey, Entry],
    *,
    named: frozenset[StatementKey],
    chosen: frozenset[StatementKey],
    conditions: Filters,
) -> SearchHit | None:
    """Return the lineage as a hit, represented by the local hit, else by the best entry under the conditions.

    None where neither the registry nor a source found an entry of it that meets them.
    """
    entries = tuple(_entry(members, known) for members in lineage.groups)
    places = [frozenset(map(statement_key_of, members)) for members in lineage.groups]
    able = [entry for entry, held in zip(entries, places, strict=True) if not named.isdisjoint(held)]
    if not able:
        meeting = [number for number, entry in enumerate(entries) if conditions.met_by(entry)]
        if all(chosen.isdisjoint(places[number]) for number in meeting):
            return None
        able = [entries[number] for number in meeting]
    return SearchHit(max(able, key=representative_key), score, entries)


def _entry(members: Group, known: Mapping[StatementKey, Entry]) -> Entry:
    """Return the merged entry, with what the registry knows of it beside its record."""
    record = merge(members)
    stored = next(_stored(members, known), None)
    return Entry(
        identifier=stored.identifier if stored else record.identifier,
        record=record,
        sources=tuple(sorted({member.provenance.source for member in members})),
        runnable=is_runnable(record),
        fair_score=stored.fair_score if stored else None,
        url=page_of(record),
        gone_at=stored.gone_at if stored else None,
        gone_reason=stored.gone_reason if stored else None,
    )


def _stored(members: Group, known: Mapping[StatementKey, Entry]) -> Iterator[Entry]:
    return (known[statement_key_of(record)] for record in members if statement_key_of(record) in known)
