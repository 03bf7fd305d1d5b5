# SPDX-License-Identifier: MIT
"""Find the entries that hold phrases: the one part of search that differs by database.

A phrase is a tuple of stemmed words as `normalization` spells them, letters and digits only, so it cannot
hold an operator. Each query reads at most its `limit` of an index, however common a word is.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import reduce
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    Text,
    column,
    func,
    literal,
    literal_column,
    select,
    table,
)

from fairreg.errors import RegistryError
from fairreg.registry.db.tables import FULL_TEXT, LEADING, NAME_TEXT, WORD_INDEX, entries, entry_texts, words

__all__ = ["Phrase", "PostingList", "match", "prefix_match", "similar_words"]

Phrase = tuple[str, ...]
# Any phrase of a group may match, but every group must.
PhraseGroups = Sequence[Sequence[Phrase]]
Conditions = Sequence[ColumnElement[bool]]

_TRIGRAM = 3


@dataclass(frozen=True)
class PostingList:
    """Keys of entries in the order found; not `complete` where the limit cut them off."""

    keys: tuple[int, ...]
    complete: bool


def match(
    connection: Connection,
    phrase_groups: PhraseGroups,
    *,
    limit: int,
    conditions: Conditions = (),
    names: bool = False,
) -> PostingList:
    """Return at most `limit` entries that meet the `conditions` and match every group, in any column.

    `names`: match only in the name or the alternate names.
    """
    query = _ENGINES[_dialect(connection)](phrase_groups, NAME_TEXT if names else FULL_TEXT)
    if conditions:
        key = query.selected_columns[0]
        query = query.join(entries, entries.c.id == key).where(*conditions)
    keys = tuple(connection.scalars(query.limit(limit)).all())
    return PostingList(keys, len(keys) < limit)


def prefix_match(
    connection: Connection, phrase: Phrase, *, limit: int, conditions: Conditions = ()
) -> tuple[int, ...]:
    """Return at most `limit` entries whose name begins with the phrase, the shortest name first."""
    start = " ".join(phrase)[:LEADING]
    query = select(entry_texts.c.entry_id).where(
        entry_texts.c.leading >= start,
        entry_texts.c.leading < f"{start}!",  # the character after the blank
    )
    if conditions:
        query = query.join(entries, entries.c.id == entry_texts.c.entry_id).where(*conditions)
    return tuple(connection.scalars(query.order_by(entry_texts.c.leading).limit(limit)).all())


def similar_words(connection: Connection, word: str, *, limit: int) -> tuple[str, ...]:
    """Return at most `limit` words of the registry's texts that share a trigram with `word`."""
    if len(word) < _TRIGRAM:
        return ()
    if _dialect(connection) == "postgresql":
        near = words.c.word.op("%", is_comparison=True)(literal(word, Text))
        best = func.similarity(words.c.word, word).desc()
        return tuple(connection.scalars(select(words.c.word).where(near).order_by(best).limit(limit)).all())
    parts = " OR ".join(f'"{word[at : at + _TRIGRAM]}"' for at in range(len(word) - _TRIGRAM + 1))
    index = table(WORD_INDEX, column("word", Text), column("rank"))
    matched = literal_column(WORD_INDEX).op("MATCH")(parts)
    found = select(index.c.word).where(matched).order_by(index.c.rank)
    return tuple(connection.scalars(found.limit(limit)).all())


def _dialect(connection: Connection) -> str:
    name = connection.dialect.name
    if name not in _ENGINES:
        raise RegistryError(f"Search does not work on {name}.", hint="Use SQLite or PostgreSQL.")
    return name


def _in_sqlite(phrase_groups: PhraseGroups, where: str) -> Select[Any]:
    """Match with FTS5's query syntax: phrases in quotes."""
    groups = (" OR ".join('"' + " ".join(phrase) + '"' for phrase in group) for group in phrase_groups)
    asked = " AND ".join(f"({group})" for group in groups)
    index = table(where, column("rowid"))
    return select(index.c.rowid).where(literal_column(where).op("MATCH")(asked))


def _in_postgresql(phrase_groups: PhraseGroups, where: str) -> Select[Any]:
    """Match with `phraseto_tsquery`, which parses like `to_tsvector`; ``||`` is *or*, ``&&`` is *and*."""
    asked = _joined("&&", (_joined("||", map(_tsquery, group)) for group in phrase_groups))
    held = literal_column(f"entry_texts.{_VECTORS[where]}").op("@@")(asked)
    return select(entry_texts.c.entry_id).where(held)


def _tsquery(phrase: Phrase) -> ColumnElement[Any]:
    return func.phraseto_tsquery(literal_column("'simple'"), " ".join(phrase))


def _joined(operator: str, parts: Iterable[ColumnElement[Any]]) -> ColumnElement[Any]:
    return reduce(lambda one, other: one.op(operator)(other).self_group(), parts)


# Generated columns with the contents of SQLite's full-text tables.
_VECTORS = {FULL_TEXT: "text_vector", NAME_TEXT: "name_vector"}
_ENGINES = {"sqlite": _in_sqlite, "postgresql": _in_postgresql}
