# SPDX-License-Identifier: MIT
"""Judge records that another registry sends: it can write any source's name into them."""

import re
from typing import Any

import msgspec
from msgspec.structs import replace

from fairreg.errors import RecordError
from fairreg.schemas.record import ModelRecord, public_text
from fairreg.schemas.runs import unrecognised
from fairreg.schemas.text import one_line, undirected, visible
from fairreg.sources import OWN_SOURCE, other_registry

__all__ = ["heard_record", "without_controls"]

_LONGEST_SOURCE = 100
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")


def heard_record(record: ModelRecord, host: str) -> ModelRecord:
    """Return a record from the registry at `host` without control characters.

    It keeps the source that first stated it, but what that registry found in files itself is not what this
    one found: it stands under that registry's name, and no network counts as recognised here. Raises
    RecordError for a source without a proper name.
    """
    record = unrecognised(_public(record))
    source = record.provenance.source
    proper = public_text(one_line(undirected(source)))
    if not source or len(source) > _LONGEST_SOURCE or proper != source:
        raise RecordError(f"{visible(proper[:_LONGEST_SOURCE])!r} is not the name of a source.")
    if public_text(record.provenance.source_id) != record.provenance.source_id:
        raise RecordError(f"A record of {source} is named by an e-mail address.")
    if source != OWN_SOURCE:
        return record
    return replace(record, provenance=replace(record.provenance, source=other_registry(host)))


def without_controls(text: str) -> str:
    """Return a text without control characters other than tabs and line breaks."""
    return _CONTROL.sub("", text)


def _public(record: ModelRecord) -> ModelRecord:
    plain = msgspec.to_builtins(record)
    if not _has_control(plain):
        return record
    try:
        return msgspec.convert(_cleaned(plain), ModelRecord)
    except msgspec.ValidationError as error:
        raise RecordError(f"A record has control characters where it may not: {error}.") from error


def _has_control(value: Any) -> bool:
    if isinstance(value, str):
        return _CONTROL.search(value) is not None
    if isinstance(value, dict):
        return any(map(_has_control, value.values()))
    return isinstance(value, list | tuple) and any(map(_has_control, value))


def _cleaned(value: Any) -> Any:
    if isinstance(value, str):
        return without_controls(value)
    if isinstance(value, dict):
        return {key: _cleaned(item) for key, item in value.items()}
    return [_cleaned(item) for item in value] if isinstance(value, list | tuple) else value
