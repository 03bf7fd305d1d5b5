# SPDX-License-Identifier: MIT
"""Metadata of records in a canonical form, and what differs between two of them, field by field.

Files are compared by themselves (`files`), and where and when a record was read is no property of the model:
`distributions` and `provenance` are left out. So are fingerprints among the identifiers, which the registry
adds. Lists are sets, but for authors, inputs and outputs, whose order means something.
"""

import hashlib
import json
from collections.abc import Mapping
from typing import Any, NamedTuple

from fairreg.schemas.record import ModelRecord

__all__ = ["FieldDifference", "compare_fields", "digest_of_fields", "fields_of"]

# JSON values by field of the record.
Fields = Mapping[str, Any]

_LEFT_OUT = frozenset({"distributions", "provenance"})
_IN_ORDER = frozenset({"creators", "inputs", "outputs"})
_OF_FILES = frozenset({"fingerprint", "file_fingerprint"})


class FieldDifference(NamedTuple):
    """A field that differs: its value in the first and in the second, None where not stated.

    Of a list they are the items that only this one has. `reordered`: the same items in another order.
    """

    field: str
    first: Any
    second: Any
    reordered: bool = False

    def to_json(self) -> dict[str, Any]:
        """Plain JSON form."""
        return self._asdict()


def fields_of(record: ModelRecord) -> dict[str, Any]:
    """Return the metadata of a record by field, in the canonical form: sorted, without what is not stated."""
    stated: dict[str, Any] = {
        name: value for name, value in record.to_json().items() if name not in _LEFT_OUT
    }
    own = [item.compact for item in record.identifiers if item.scheme not in _OF_FILES]
    stated["identifiers"] = list(dict.fromkeys(own))
    # Where an identifier was seen is no property of the model either.
    stated["relations"] = [
        {**plain, "target": item.target.compact}
        for plain, item in zip(stated.get("relations", ()), record.relations, strict=True)
    ]
    return {name: _canonical(name, stated[name]) for name in sorted(stated) if stated[name] not in ("", [])}


def digest_of_fields(fields: Fields) -> str:
    """Hex SHA-256 of the fields: of their JSON with sorted keys, without blanks, in UTF-8."""
    return hashlib.sha256(_text(dict(fields)).encode("utf-8", "surrogatepass")).hexdigest()


def compare_fields(first: Fields, second: Fields) -> tuple[FieldDifference, ...]:
    """Return the fields that differ, sorted by name."""
    names = sorted(first.keys() | second.keys())
    found = (_compared(name, first.get(name), second.get(name)) for name in names)
    return tuple(item for item in found if item is not None)


def _compared(name: str, first: Any, second: Any) -> FieldDifference | None:
    if first == second:
        return None
    if not (isinstance(first, list) and isinstance(second, list)):
        return FieldDifference(name, first, second)
    gone, new = _without(first, second), _without(second, first)
    return FieldDifference(name, gone, new, reordered=not gone and not new)


def _without(items: list[Any], others: list[Any]) -> list[Any]:
    known = set(map(_text, others))
    return [item for item in items if _text(item) not in known]


def _canonical(name: str, value: Any) -> Any:
    return sorted(value, key=_text) if isinstance(value, list) and name not in _IN_ORDER else value


def _text(value: Any) -> str:
    return json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
