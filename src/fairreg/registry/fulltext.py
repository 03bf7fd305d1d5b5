# SPDX-License-Identifier: MIT
"""Which entries hold a phrase: the one part of search that each kind of database does in its own way.

A phrase is a tuple of words as `wording` spells them, letters and digits only, so it can hold no operator.
"""

import math
from collections.abc import Iterable, Mapping

from sqlalchemy import ColumnElement, Connection, case, func, literal_column, select, text

from fairreg.errors import RegistryError
from fairreg.registry.tables import FULL_TEXT, entry_texts

__all__ = ["beginning", "matches"]

Phrase = tuple[str, ...]

# How much a match in each column of `entry_texts` counts, in the order of the columns.
_WEIGHTS: Mapping[str, float] = {
    "name": 8.0,
    "alternate_names": 6.0,
    "subjects": 4.0,
    "creators": 1.0,
    "description": 2.0,
    "identifiers": 1.0,
}
_STEMMER: ColumnElement[str] = literal_column("'english'")


def matches(connection: Connection, phrase: Phrase, total: int) -> Iterable[tuple[int, float]]:
    """Entries among `total` that hold the phrase, each with how strongly, regardless of how rare it is."""
    if connection.dialect.name == "sqlite":
        return _sqlite_matches(connection, phrase, total)
    if connection.dialect.name == "postgresql":
        return _postgresql_matches(connection, phrase)
    raise RegistryError(
        f"Search does not work on {connection.dialect.name}.", hint="Use SQLite or PostgreSQL."
    )


def beginning(connection: Connection, phrase: Phrase) -> Iterable[int]:
    """Entries whose name begins with the phrase."""
    start = " ".join(phrase)
    named = select(entry_texts.c.entry_id).where((entry_texts.c.name + " ").startswith(f"{start} "))
    return connection.scalars(named)


def _sqlite_matches(connection: Connection, phrase: Phrase, total: int) -> list[tuple[int, float]]:
    weights = ", ".join(map(str, _WEIGHTS.values()))
    statement = text(
        f"SELECT rowid, -bm25({FULL_TEXT}, {weights}) FROM {FULL_TEXT} WHERE {FULL_TEXT} MATCH :match"  # noqa: S608  # constants only
    )
    rows = connection.execute(statement, {"match": '"' + " ".join(phrase) + '"'}).all()
    # SQLite weighs each phrase by its own rarity; taken out, so that a rare synonym cannot outweigh the word
    # that was asked for.
    rarity = max(math.log((total - len(rows) + 0.5) / (len(rows) + 0.5)), 1e-6)
    return [(int(key), float(strength) / rarity) for key, strength in rows]


def _postgresql_matches(connection: Connection, phrase: Phrase) -> list[tuple[int, float]]:
    asked = func.phraseto_tsquery(_STEMMER, " ".join(phrase))
    held = {name: func.to_tsvector(_STEMMER, entry_texts.c[name]).bool_op("@@")(asked) for name in _WEIGHTS}
    strength: ColumnElement[float] = literal_column("0.0")
    for name, weight in _WEIGHTS.items():
        strength = strength + case((held[name], weight), else_=0.0)
    found = select(entry_texts.c.entry_id, strength).where(strength > 0)
    return [(int(key), float(value)) for key, value in connection.execute(found)]
