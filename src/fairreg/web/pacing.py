# SPDX-License-Identifier: MIT
"""Pace of requests: time slots per service, slowed and hastened by the limits that its answers state.

Read are X-RateLimit-Remaining with X-RateLimit-Reset (GitHub, Zenodo: an epoch time; others: seconds), and
RateLimit-Remaining with RateLimit-Reset and RateLimit of draft-ietf-httpapi-ratelimit-headers (seconds).
"""

import re
import time
from collections.abc import Mapping
from threading import Lock
from typing import NamedTuple

__all__ = ["RateLimiter", "StatedLimit", "stated_limit"]

# A burst of a few requests is within every published limit; only longer runs are slowed down.
BURST = 5
_EPOCH = 1e9  # larger than any number of seconds to wait, smaller than today's time
_MILLISECONDS = 1e11  # larger than any time in seconds for the next three thousand years
_LONGEST_NUMBER = len("1507651200000")
# The field of draft 8 and later, `"default";r=50;t=30`, and that of draft 7, `remaining=50, reset=30`.
_ITEM = re.compile(r"r=(\d{1,13})\s*;\s*t=(\d{1,13})")
_MEMBERS = re.compile(r"remaining=(\d{1,13})\b.*?\breset=(\d{1,13})")


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
        remaining, reset = (_number(headers.get(f"{name}-{part}", "")) for part in ("Remaining", "Reset"))
        if remaining is not None and reset is not None:
            found.append(StatedLimit(remaining, _seconds_until(reset)))
    return min(found, key=lambda item: item.remaining / (item.seconds or 1), default=None)


def _number(text: str) -> int | None:
    plain = text.strip()
    return int(plain) if plain.isascii() and plain.isdigit() and len(plain) <= _LONGEST_NUMBER else None


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
