# SPDX-License-Identifier: MIT
"""Pace of requests: time slots per service, slowed and hastened by the limits that its answers state.

Read are X-RateLimit-Remaining with X-RateLimit-Reset (GitHub, Zenodo: an epoch time; others: seconds), and
RateLimit-Remaining with RateLimit-Reset and RateLimit of draft-ietf-httpapi-ratelimit-headers (seconds).
"""

import re
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from threading import Lock
from typing import NamedTuple

__all__ = ["RateLimiter", "StatedLimit", "retry_after", "stated_limit", "whole_number"]

# A burst of a few requests is within every published limit; only longer runs are slowed down.
BURST = 5
_EPOCH = 1e9  # larger than any number of seconds to wait, smaller than today's time
_MILLISECONDS = 1e11  # larger than any time in seconds for the next three thousand years
_LONGEST_NUMBER = len("1507651200000")
_LONGEST_WAIT = len("999999999")  # digits of the seconds of thirty years
_LONGEST_SIZE = len("9223372036854775807")  # the largest file of a 64-bit system
# The field of draft 8 and later, `"default";r=50;t=30`, and that of draft 7, `remaining=50, reset=30`.
_ITEM = re.compile(r"r=(\d{1,13})\s*;\s*t=(\d{1,13})(?!\d)", re.ASCII)
_MEMBERS = re.compile(r"remaining=(\d{1,13})\b.*?\breset=(\d{1,13})(?!\d)", re.ASCII)


class StatedLimit(NamedTuple):
    """Requests that a service still takes within the next `seconds`."""

    remaining: int
    seconds: float


def stated_limit(headers: Mapping[str, str]) -> StatedLimit | None:
    """Return the strictest limit that the headers of an answer state; None without any.

    `headers` ignores the case of names, as that of requests does.
    """
    fields = headers.get("RateLimit", "")
    items = _ITEM.findall(fields) or _MEMBERS.findall(fields)
    found = [StatedLimit(int(remaining), float(seconds)) for remaining, seconds in items]
    for name in ("RateLimit", "X-RateLimit"):
        remaining, reset = (
            whole_number(headers.get(f"{name}-{part}", ""), _LONGEST_NUMBER)
            for part in ("Remaining", "Reset")
        )
        if remaining is not None and reset is not None:
            found.append(StatedLimit(remaining, _seconds_until(reset)))
    return min(found, key=lambda item: item.remaining / (item.seconds or 1), default=None)


def whole_number(text: str, most_digits: int = _LONGEST_SIZE) -> int | None:
    """Return the number that a header states, None for any other text and for more digits.

    `int` fails for superscripts, which `isdigit` accepts, and for more than 4300 digits.
    """
    plain = text.strip()
    return int(plain) if plain.isascii() and plain.isdigit() and len(plain) <= most_digits else None


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds of Retry-After, as a number or as an HTTP date (RFC 9110, section 10.2.3); None for others."""
    value = headers.get("Retry-After", "").strip()
    seconds = whole_number(value, _LONGEST_WAIT)
    if seconds is not None or value.isdigit():
        return None if seconds is None else float(seconds)
    try:
        moment = parsedate_to_datetime(value)
        # The zone -0000 gives a time without one, and HTTP dates are in UTC.
        moment = moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)
        return max(0.0, (moment - datetime.now(UTC)).total_seconds())
    except (ValueError, TypeError, OverflowError):
        return None


def _seconds_until(reset: int) -> float:
    """Seconds until a reset, and one more than until a time of day, because clocks differ."""
    if reset < _EPOCH:
        return float(reset)
    moment = reset / 1000 if reset > _MILLISECONDS else reset
    return max(0.0, moment - time.time()) + 1


class RateLimiter:
    """Next time slot of each service; shared by all clients and threads of one command.

    Each of `processes` processes that send requests at the same time takes its part of the allowed rate.
    """

    def __init__(self, processes: int = 1) -> None:
        self._lock, self._processes = Lock(), processes
        self._next: dict[str, float] = {}
        self._opens: dict[str, float] = {}
        self._stated: dict[tuple[str, str], tuple[float, float]] = {}

    def reserve(self, name: str, interval: float) -> float:
        """Take the next slot, `interval` seconds after the last one; return the seconds until then."""
        with self._lock:
            now = time.monotonic()
            slot = max(now, self._next.get(name, now))
            self._next[name] = slot + interval * self._processes
        return slot - now

    def hold(self, name: str, seconds: float) -> None:
        """Close a service for `seconds`, as it required: no thread sends it a request before."""
        with self._lock:
            self._opens[name] = max(self._opens.get(name, 0.0), time.monotonic() + seconds)

    def held(self, name: str) -> float:
        """Return the seconds until a service is open again."""
        with self._lock:
            return max(0.0, self._opens.get(name, 0.0) - time.monotonic())

    def note(self, name: str, kind: str, limit: StatedLimit) -> None:
        """Keep the limit that the answer to a request of this kind stated, until it is reset."""
        if limit.remaining:
            with self._lock:
                until = time.monotonic() + limit.seconds
                self._stated[name, kind] = (limit.seconds / limit.remaining, until)
        else:
            self.hold(name, limit.seconds)

    def interval(self, name: str, kind: str, published: float) -> float:
        """Return the seconds between two requests: `published`, or less where the service allows more.

        What it still takes is not spread over a longer time than published: limits per hour would then make
        a few requests slow. Once nothing remains, the service is held.
        """
        with self._lock:
            stated, until = self._stated.get((name, kind), (published, 0.0))
            return min(stated, published) if until > time.monotonic() else published
