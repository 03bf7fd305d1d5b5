# SPDX-License-Identifier: MIT
"""A load generator: clients that ask again as soon as they are answered, and what the server holds then."""

import http.client
import os
import statistics
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

__all__ = ["Asked", "Load", "Request", "asking", "load", "used_cpu"]

SAMPLE_SECONDS = 0.25
TIMEOUT_SECONDS = 60
# Of a load that tells whether the memory grows.
LONG_SECONDS = 30
LOST = "connection lost"
TICK = os.sysconf("SC_CLK_TCK")
PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")


class Request(NamedTuple):
    """What is asked for: a path with its query, and the media types that are accepted."""

    path: str
    accept: str = "*/*"


class Asked(NamedTuple):
    """One answer: milliseconds until its end, the status or what went wrong, bytes on the wire."""

    milliseconds: float
    status: str
    size: int


@dataclass
class Load:
    """What came of a load; memory in MiB of the processes of the server, by seconds since its begin."""

    clients: int
    seconds: float
    cpu: float
    answers: list[Asked]
    memory: list[tuple[float, float]] = field(default_factory=list)

    def to_json(self) -> dict[str, Any]:
        """Its figures: times of the answers with status 200, in milliseconds."""
        times = sorted(item.milliseconds for item in self.answers if item.status == "200")
        count = max(1, len(self.answers))
        return {
            "clients": self.clients,
            "seconds": round(self.seconds, 2),
            "requests_per_second": round(len(self.answers) / self.seconds, 1),
            "p50": _percentile(times, 0.50),
            "p95": _percentile(times, 0.95),
            "p99": _percentile(times, 0.99),
            "statuses": dict(Counter(item.status for item in self.answers)),
            "server_cpu_ms": round(1000 * self.cpu / count, 2),
            "mean_bytes": round(sum(item.size for item in self.answers) / count),
        }

    def growth(self) -> dict[str, float | None]:
        """MiB before and after, and per minute: the slope of the second half, when caches are filled.

        None for a load that is too short to tell.
        """
        half = [item for item in self.memory if item[0] >= self.seconds / 2]
        long = self.seconds >= LONG_SECONDS
        slope = 60 * statistics.linear_regression(*zip(*half, strict=True)).slope if long else None
        before, after = self.memory[0][1], self.memory[-1][1]
        return {"before": round(before, 1), "after": round(after, 1), "per_minute": slope}


def _percentile(ordered: Sequence[float], share: float) -> float | None:
    """The value below which this share of sorted values lies; None without any."""
    return round(ordered[min(len(ordered) - 1, int(share * len(ordered)))], 2) if ordered else None


def load(url: str, requests: Sequence[Request], clients: int, seconds: float, server: int) -> Load:
    """Ask for the requests in turn from several clients, each beginning at another one."""
    place = urlsplit(url).netloc
    cpu, begun = used_cpu(server), time.perf_counter()
    found = Load(clients, 0.0, 0.0, [], [(0.0, _held(server))])
    with ThreadPoolExecutor(clients) as pool:
        step = max(1, len(requests) // clients)
        running = [
            pool.submit(_client, place, requests, step * number, begun + seconds) for number in range(clients)
        ]
        while not all(item.done() for item in running):
            time.sleep(min(SAMPLE_SECONDS, seconds / 8))
            found.memory.append((time.perf_counter() - begun, _held(server)))
        for item in running:
            found.answers += item.result()
    found.seconds, found.cpu = time.perf_counter() - begun, used_cpu(server) - cpu
    return found


def _client(place: str, requests: Sequence[Request], at: int, end: float) -> list[Asked]:
    answers = []
    connection = _connected(place)
    while time.perf_counter() < end:
        answers.append(_asked(connection, requests[at % len(requests)]))
        at += 1
        if answers[-1].status == LOST:
            connection.close()
    connection.close()
    return answers


def _connected(place: str) -> http.client.HTTPConnection:
    return http.client.HTTPConnection(place, timeout=TIMEOUT_SECONDS)


def _asked(connection: http.client.HTTPConnection, request: Request) -> Asked:
    begun = time.perf_counter()
    try:
        connection.request("GET", request.path, headers={"Accept": request.accept, "Accept-Encoding": "gzip"})
        with connection.getresponse() as response:
            status, size = str(response.status), len(response.read())
    except (OSError, http.client.HTTPException):
        status, size = LOST, 0
    return Asked(1000 * (time.perf_counter() - begun), status, size)


@contextmanager
def asking(url: str) -> Iterator[Callable[[Request], Asked]]:
    """What asks for one request after the other on one connection."""
    with closing(_connected(urlsplit(url).netloc)) as connection:
        yield lambda request: _asked(connection, request)


def used_cpu(process: int) -> float:
    """Seconds of CPU that a server and its workers have used; only Linux tells."""
    return sum(map(_cpu, _family(process)))


def _cpu(process: int) -> float:
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICK


def _held(process: int) -> float:
    """MiB in memory of a server and its workers, each with what it shares with others."""
    pages = (int(Path(f"/proc/{item}/statm").read_text().split()[1]) for item in _family(process))
    return sum(pages) * PAGE_BYTES / 2**20


def _family(process: int) -> list[int]:
    listed = Path(f"/proc/{process}/task/{process}/children").read_text().split()
    return [process, *map(int, listed)]
