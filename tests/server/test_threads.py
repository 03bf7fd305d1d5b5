# SPDX-License-Identifier: MIT
"""Threads of a server: they end with it, and one class serves all."""

import threading

import pytest
import requests

from fairreg.server.threads import QueuedThreads
from fairreg.settings import Settings
from support.serving import serving

pytestmark = pytest.mark.engines("sqlite")


def running() -> set[threading.Thread]:
    return {item for item in threading.enumerate() if item.name.startswith(("read-", "health-", "model-"))}


def test_no_thread_of_a_server_outlives_it(tmp_path):
    before = running()
    with serving(Settings(tmp_path, f"sqlite:///{tmp_path}/registry.sqlite")) as url:
        assert requests.get(f"{url}/healthz", timeout=60).status_code == 200
        assert requests.get(f"{url}/api/sources", timeout=60).status_code == 200
        began = running() - before
        assert {item.name.partition("-")[0] for item in began} == {"read", "health"}
    for item in began:
        item.join(60)
    assert not running() - before


def test_a_closed_pool_ends_its_threads_and_takes_no_more():
    pool = QueuedThreads(threads=1, queue=0, name="closed", share=1)
    assert pool.submit(lambda: 7).result(60) == 7
    (thread,) = (item for item in threading.enumerate() if item.name == "closed-0")
    pool.close()
    thread.join(60)
    assert not thread.is_alive()
