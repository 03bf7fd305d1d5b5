# SPDX-License-Identifier: MIT
"""Conditions on many keys at once, in chunks and in a form for which every database uses its index.

Also the marks of records that were removed for good, by which `ingest.forget` keeps them away.
"""

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any, TypeVar

from sqlalchemy import (
    ARRAY,
    ColumnElement,
    Connection,
    Integer,
    Text,
    and_,
    any_,
    func,
    literal,
    or_,
    select,
)

from fairreg.registry.db.tables import forgotten

if TYPE_CHECKING:
    from fairreg.schemas.record import ModelRecord

__all__ = ["barred", "chunks", "in_key_pairs", "in_values", "marked", "text_values"]

Key = tuple[str, str]

# Databases limit the number of values per statement.
_CHUNK = 300
_Item = TypeVar("_Item")


def chunks(items: Iterable[_Item]) -> Iterator[list[_Item]]:
    """Yield the items in chunks that fit into one statement."""
    listed = list(items)
    return (listed[start : start + _CHUNK] for start in range(0, len(listed), _CHUNK))


def in_values(
    connection: Connection, column: ColumnElement[int], numbers: Iterable[int]
) -> ColumnElement[bool]:
    """Return the condition that the column holds one of the numbers, any number of them: one bound value."""
    listed = list(numbers)
    if connection.dialect.name == "postgresql":
        return column == any_(literal(listed, ARRAY(Integer)))
    values = func.json_each(literal(json.dumps(listed))).table_valued("value")
    return column.in_(select(values.c.value))


def text_values(connection: Connection, texts: Iterable[str]) -> ColumnElement[str]:
    """Return a column of a table of the texts, any number of them: one bound value."""
    listed = list(texts)
    if connection.dialect.name == "postgresql":
        return func.unnest(literal(listed, ARRAY(Text))).table_valued("value").render_derived().c.value
    return func.json_each(literal(json.dumps(listed))).table_valued("value").c.value


def in_key_pairs(
    family: ColumnElement[Any], key: ColumnElement[Any], pairs: Iterable[tuple[str, str]]
) -> ColumnElement[bool]:
    """Return the condition that the columns hold one of the pairs, of which there must be at least one.

    SQLite reads the whole table for ``(family, key) IN (VALUES ...)``, but not for this.
    """
    keys: dict[str, list[str]] = defaultdict(list)
    for name, value in pairs:
        keys[name].append(value)
    return or_(*(and_(family == name, key.in_(values)) for name, values in sorted(keys.items())))


def marked(connection: Connection, keys: Iterable[Key]) -> frozenset[Key]:
    """Return those of the keys that are marks; costs one query where nothing was ever forgotten."""
    if connection.scalar(select(forgotten.c.key).limit(1)) is None:
        return frozenset()
    found: set[Key] = set()
    for chunk in chunks(sorted(set(keys))):
        query = select(forgotten.c.family, forgotten.c.key)
        held = in_key_pairs(forgotten.c.family, forgotten.c.key, chunk)
        found |= {(row.family, row.key) for row in connection.execute(query.where(held))}
    return frozenset(found)


def barred(connection: Connection, records: "Iterable[ModelRecord]") -> frozenset[int]:
    """Return the numbers of the records that carry a mark; reads none where nothing was ever forgotten."""
    keys: list[set[Key]] = []

    def listed() -> Iterator[Key]:
        from fairreg.registry.resolution.marks import mark_keys  # few registries have marks

        for record in records:
            keys.append(mark_keys(record))
            yield from keys[-1]

    held = marked(connection, listed())
    return frozenset(number for number, each in enumerate(keys) if not held.isdisjoint(each))
