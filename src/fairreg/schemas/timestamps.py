# SPDX-License-Identifier: MIT
"""The current time, as records, evidence and the registry write it, and the times that people ask for."""

import re
from datetime import UTC, datetime

from fairreg.errors import UsageError

__all__ = ["beginning_of", "now", "now_precisely"]

# As people write it, and as the registry does.
_ASKED = re.compile(r"(\d{4}-\d\d-\d\d(?:T\d\d:\d\d:\d\d(?:\.\d{1,6})?)?)(?:Z|\+00:00)?", re.ASCII)
_LONGEST = 40


def now() -> str:
    """Return the current time as ISO 8601 in UTC, to the second."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def now_precisely() -> str:
    """Return the current time as ISO 8601 in UTC, to the microsecond: always 32 characters."""
    return datetime.now(UTC).isoformat(timespec="microseconds")


def beginning_of(text: str, name: str) -> str:
    """Return a day or a time in UTC as the beginning of every ISO 8601 time in it.

    Raises UsageError, which calls it `name`, for a text in another form, and for a day that no calendar has.

    >>> beginning_of("2026-11-30", "since"), beginning_of("2026-11-30T12:00:00Z", "since")
    ('2026-11-30', '2026-11-30T12:00:00')
    """
    found = _ASKED.fullmatch(text)
    try:
        valid = found is not None and bool(datetime.fromisoformat(found[1]))
    except ValueError:
        valid = False
    if found is None or not valid:
        raise UsageError(
            f"{name} is {text[:_LONGEST]!r}, which is not a day or a time in UTC.",
            hint="Write 2026-11-30 or 2026-11-30T12:00:00Z.",
        )
    return found[1]
