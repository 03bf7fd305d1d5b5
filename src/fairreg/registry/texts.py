# SPDX-License-Identifier: MIT
"""What texts every kind of database keeps, so that no record can be kept on one of them only."""

import re

import msgspec

from fairreg.errors import RecordError
from fairreg.schemas.record import ModelRecord

__all__ = ["json_of", "keepable"]

# NUL as JSON writes it; a backslash that stands for itself comes in twos.
_NUL = re.compile(rb"(?<!\\)(?:\\\\)*\\u0000")


def json_of(record: ModelRecord) -> bytes:
    """The record as it is kept.

    RecordError for text that is no Unicode, and for NUL, which PostgreSQL takes in no text.
    """
    try:
        encoded = msgspec.json.encode(record)
    except UnicodeEncodeError as error:
        raise RecordError(f"{record.name!r} holds text that is no Unicode: {error.reason}.") from error
    if b"u0000" in encoded and _NUL.search(encoded):
        raise RecordError(
            f"{record.name!r} holds a NUL character, which is no text.", hint="Take it out and try again."
        )
    return encoded


def keepable(text: str) -> str:
    """`text` without what no database keeps: NUL, and halves of surrogate pairs, which become ``?``."""
    return text.replace("\0", "").encode("utf-8", "replace").decode()
