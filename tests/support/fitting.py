# SPDX-License-Identifier: MIT
"""Records that a format accepts: what it requires and one lacks is taken from a complete record."""

import re

import msgspec

from fairreg.errors import RecordError
from support.full_record import FULL

__all__ = ["fitting", "written"]

_MOST = 20  # refusals of one record; a format names all that is missing at once, or file by file


def written(view, record):
    """The document, None where the format refuses the record, with the missing field and a next step."""
    try:
        return view.write(record)
    except RecordError as error:
        refusal = error
    assert any(field in refusal.message for field in FULL.__struct_fields__)
    assert refusal.hint
    return None


def fitting(view, record):
    """The record, with the fields that the format refuses replaced, and as a dataset or a model."""
    for _ in range(_MOST):
        try:
            view.write(record)
        except RecordError as error:
            named = {re.match(r"\$\.(\w+)", path)[1] for path, _ in error.violations}
            other = "model" if record.kind == "dataset" else "dataset"
            changes = {name: getattr(FULL, name) for name in named} or {"kind": other}
            record = msgspec.structs.replace(record, **changes)
        else:
            break
    return record
