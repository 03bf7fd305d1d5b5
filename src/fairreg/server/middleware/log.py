# SPDX-License-Identifier: MIT
"""Counts and times of answers, and the access log: one JSON object a line, without addresses and queries."""

import json
import sys
import threading
import time
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Callable, Iterator
from http import HTTPStatus

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from fairreg.schemas.timestamps import now_precisely

__all__ = ["BUCKETS", "OTHER", "ROUTE", "AccessLog", "Metrics", "to_stderr"]

# Key of the pattern of the route in the scope of a request; the pattern of a request without a route.
ROUTE = "fairreg.route"
OTHER = "none"
METHODS = frozenset({"GET", "HEAD", "POST", "OPTIONS", "PUT", "PATCH", "DELETE"})
# Upper bounds of the histogram, in seconds.
BUCKETS = (0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0, 30.0)

Line = Callable[[str], None]


def to_stderr(line: str) -> None:
    """Print a line of the access log."""
    sys.stderr.write(f"{line}\n")
    sys.stderr.flush()


class Metrics:
    """Numbers of answers by method, route and status, and their times by route, since the start."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._answers: dict[tuple[str, str, int], int] = defaultdict(int)
        self._times: dict[str, list[int]] = defaultdict(lambda: [0] * (len(BUCKETS) + 1))
        self._sums: dict[str, float] = defaultdict(float)

    def add(self, method: str, route: str, status: int, seconds: float) -> None:
        """Count an answer."""
        with self._lock:
            self._answers[method, route, status] += 1
            self._times[route][bisect_left(BUCKETS, seconds)] += 1
            self._sums[route] += seconds

    def lines(self) -> Iterator[str]:
        """Yield the lines in the text format of Prometheus, version 0.0.4."""
        with self._lock:
            answers, sums = dict(self._answers), dict(self._sums)
            times = {route: list(counts) for route, counts in self._times.items()}
        yield "# HELP fairreg_requests_total Answers by method, route and status."
        yield "# TYPE fairreg_requests_total counter"
        for (method, route, status), count in sorted(answers.items()):
            yield f'fairreg_requests_total{{method="{method}",route="{route}",status="{status}"}} {count}'
        yield "# HELP fairreg_request_seconds Time until the end of an answer, by route."
        yield "# TYPE fairreg_request_seconds histogram"
        for route, counts in sorted(times.items()):
            total = 0
            for bound, count in zip((*map(str, BUCKETS), "+Inf"), counts, strict=True):
                total += count
                yield f'fairreg_request_seconds_bucket{{route="{route}",le="{bound}"}} {total}'
            yield f'fairreg_request_seconds_sum{{route="{route}"}} {sums[route]:.6f}'
            yield f'fairreg_request_seconds_count{{route="{route}"}} {total}'


class AccessLog:
    """Measures each answer. `line` prints the access log; None: there is none."""

    def __init__(self, app: ASGIApp, *, metrics: Metrics, line: Line | None) -> None:
        self._app = app
        self._metrics = metrics
        self._line = line

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, and note its answer."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        begun, status, size = time.perf_counter(), int(HTTPStatus.INTERNAL_SERVER_ERROR), 0

        async def measured(message: Message) -> None:
            nonlocal status, size
            if message["type"] == "http.response.start":
                status = message["status"]
            elif scope["method"] != "HEAD":
                size += len(message.get("body", b""))
            await send(message)

        try:
            await self._app(scope, receive, measured)
        finally:
            method = scope["method"] if scope["method"] in METHODS else "OTHER"
            self._note(method, scope.get(ROUTE, OTHER), status, time.perf_counter() - begun, size)

    def _note(self, method: str, route: str, status: int, seconds: float, size: int) -> None:
        self._metrics.add(method, route, status, seconds)
        if self._line is not None:
            facts = {"time": now_precisely(), "method": method, "route": route, "status": status}
            self._line(json.dumps(facts | {"ms": round(1000 * seconds, 1), "bytes": size}))
