# SPDX-License-Identifier: MIT
"""The current time, as records, evidence and the registry write it."""

from datetime import UTC, datetime

__all__ = ["now", "now_precisely"]


def now() -> str:
    """Return the current time as ISO 8601 in UTC, to the second."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def now_precisely() -> str:
    """Return the current time as ISO 8601 in UTC, to the microsecond: always 32 characters."""
    return datetime.now(UTC).isoformat(timespec="microseconds")
