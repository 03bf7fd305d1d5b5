# SPDX-License-Identifier: MIT
"""Threads that read the registry or wait for other ones, with a queue of limited length before them."""

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

from fairreg.errors import Overloaded

__all__ = ["LIVE_QUEUE", "LIVE_THREADS", "QUEUE", "THREADS", "ReadingThreads"]

Answer = TypeVar("Answer")
# Threads that read the registry at a time, and requests that may wait for one.
THREADS = 8
QUEUE = 64
# The same of live searches, each of which waits some seconds for other registries.
LIVE_THREADS = 4
LIVE_QUEUE = 8


class ReadingThreads:
    """A pool of threads. A request that is given up leaves the queue; one that has begun keeps its thread."""

    def __init__(self, threads: int = THREADS, queue: int = QUEUE, name: str = "read") -> None:
        self._most = threads + queue
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix=name)
        self._lock = threading.Lock()
        self._accepted = 0

    @property
    def accepted(self) -> int:
        """Number of calls that run or wait."""
        return self._accepted

    async def run(self, work: Callable[[], Answer]) -> Answer:
        """Call `work` in a thread. Raises what it raises, and Overloaded."""
        with self._lock:
            if self._accepted >= self._most:
                raise Overloaded("The server is busy.", hint="Ask again in a few seconds.")
            self._accepted += 1
        try:
            call = self._pool.submit(work)
        except BaseException:
            self._leave()
            raise
        call.add_done_callback(self._leave)
        return await asyncio.wrap_future(call)

    def _leave(self, _call: "Future[Answer] | None" = None) -> None:
        with self._lock:
            self._accepted -= 1
