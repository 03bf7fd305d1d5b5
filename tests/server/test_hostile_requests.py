# SPDX-License-Identifier: MIT
"""Hostile requests: none gets a 500, memory stays bounded, and those who wait are cut."""

import resource
import socket
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import pytest
import requests

from fairreg.server.app import application
from fairreg.server.protocol import TimedConnection
from fairreg.server.site import Site
from fairreg.settings import Settings
from support.hostile_requests import hostile_requests, status_after
from support.serving import serving

pytestmark = pytest.mark.engines("sqlite")
ALLOWED_GROWTH = 64 * 1024 * 1024


@dataclass
class Target:
    """A server that is attacked, and the patterns of its routes."""

    url: str
    routes: tuple[str, ...]

    @property
    def address(self) -> tuple[str, int]:
        host, port = self.url.removeprefix("http://").split(":")
        return host, int(port)


@pytest.fixture(scope="module")
def target(tmp_path_factory) -> Iterator[Target]:
    home = tmp_path_factory.mktemp("hostile")
    settings = Settings(home, f"sqlite:///{home}/registry.sqlite")
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(TimedConnection, "seconds", 1.0)
        with serving(settings) as url:
            routes = application(Site(settings, url)).routes
            paths = (getattr(route, "path", "/") or "/" for route in routes)
            yield Target(
                url, (*(path.replace(":path}", "}") for path in paths), "/", "/{a}", "*", "http://x/")
            )


def memory() -> int:
    """Bytes that the process holds now."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize()


def attack(target: Target, count: int, seed: int) -> Counter[int | None]:
    """How often each status was the answer to so many requests."""
    found: Counter[int | None] = Counter()
    for request in islice(hostile_requests(target.routes, seed), count):
        status = status_after(target.address, request)
        found[status] += 1
        assert status is None or status < 500 or status == 503, (status, request[:400])
    return found


def test_no_hostile_request_is_a_fault_of_the_server(target, caplog):
    before = time.process_time()
    found = attack(target, 2000, seed=20)
    assert time.process_time() - before < 5
    assert sum(found.values()) == 2000
    assert {200, 400, 404, 405} <= found.keys()
    assert not [record for record in caplog.records if record.levelname == "ERROR"]
    assert requests.get(f"{target.url}/healthz", timeout=60).status_code == 200


def test_those_who_begin_and_wait_are_cut_and_others_are_answered_meanwhile(target):
    slow = [socket.create_connection(target.address, timeout=60) for _ in range(100)]
    for number, connection in enumerate(slow):
        connection.sendall(b"GET /healthz HTTP/1.1\r\nHost: a\r\nX: "[: number % 40 or None])
    assert requests.get(f"{target.url}/healthz", timeout=60).status_code == 200
    for connection in slow:
        assert b"200" not in connection.recv(1024)[:16]  # 408 or nothing, and the end
        connection.close()


@pytest.mark.long
def test_fifty_thousand_hostile_requests_leave_memory_as_it_was(target):
    attack(target, 5_000, seed=1)
    before = memory()
    for seed in range(2, 11):
        attack(target, 5_000, seed)
    assert memory() - before < ALLOWED_GROWTH
