# SPDX-License-Identifier: MIT
"""Bounds of what is written for a visitor of a record with very long lists: no request costs minutes."""

from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from fairreg.errors import Inexpressible
from fairreg.schemas.record import ModelRecord
from fairreg.server.records.remembered import Remembered

__all__ = ["LISTED", "is_written", "require_short", "shortened_lists"]

# Items of all lists of a record (creators, files and their digests, ...) up to which a format writes it: most
# need 10 to 20 microseconds an item, the slow ones 250. JSON, which is stored, is written at any length.
MOST_ITEMS = 100_000
MOST_OF_SLOW = 10_000
# Items of each list that a page shows.
LISTED = 1_000
_SLOW = frozenset({"turtle", "cff"})
_ANY = "json"


def is_written(record: ModelRecord, name: str) -> bool:
    """Tell whether the lists of a record are short enough for a format."""
    return name == _ANY or _numbers.of(record) <= _most(name)


def require_short(record: ModelRecord, name: str) -> None:
    """Raise Inexpressible for a record whose lists are too long to be written in a format for a visitor."""
    if not is_written(record, name):
        raise Inexpressible(
            f"The record has {_numbers.of(record):,} items in its lists; {name} is written here for at most "
            f"{_most(name):,}.",
            hint=f"Take {_ANY}: fairreg add keeps it, and fairreg show writes it in any format.",
        )


def shortened_lists(record: ModelRecord) -> ModelRecord:
    """Return a record with the first items of each list, the record itself where none is longer."""
    if _numbers.of(record) <= LISTED:
        return record
    short: ModelRecord = _cut(record)
    return record if short == record else short


def _most(name: str) -> int:
    return MOST_OF_SLOW if name in _SLOW else MOST_ITEMS


def _items(value: Any) -> int:
    if isinstance(value, tuple):
        return len(value) + sum(map(_items, value))
    if isinstance(value, Struct):
        return sum(_items(getattr(value, name)) for name in value.__struct_fields__)
    return 0


_numbers: Remembered[int] = Remembered(_items)


def _cut(value: Any) -> Any:
    if isinstance(value, tuple):
        return tuple(map(_cut, value[:LISTED]))
    if isinstance(value, Struct):
        fields = {name: getattr(value, name) for name in value.__struct_fields__}
        return replace(value, **{k: _cut(v) for k, v in fields.items() if isinstance(v, tuple | Struct)})
    return value
