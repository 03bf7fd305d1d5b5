# SPDX-License-Identifier: MIT
"""Threads that read the registry, wait for other ones or run a model, each with a queue of limited length.

They are daemons: a call that takes longer than the server lives is left behind, and holds no process.
"""

import asyncio
import threading
from collections import Counter, deque
from collections.abc import Callable
from concurrent.futures import Future
from contextvars import ContextVar
from typing import Any, TypeVar

from fairreg.errors import Overloaded

__all__ = ["CLIENT", "LIVE_QUEUE", "LIVE_THREADS", "QUEUE", "THREADS", "QueuedThreads"]

Answer = TypeVar("Answer")
# Threads that read the registry at a time, and requests that may wait for one. Python runs one of them at a
# time, so that more make each answer later and none earlier; the second is there beside a long answer.
THREADS = 2
QUEUE = 64
# The same of live searches, each of which waits some seconds for other registries.
LIVE_THREADS = 4
LIVE_QUEUE = 8
# The client of a request, as `middleware.rates` counts it.
CLIENT: ContextVar[str] = ContextVar("client", default="")


class _Call:
    """A call of a client; its outcome is in `future`."""

    def __init__(self, work: Callable[[], Any], client: str) -> None:
        self._work = work
        self.client = client
        self.future: Future[Any] = Future()

    def begins(self) -> bool:
        """Tell whether nobody gave it up; from now on nobody can."""
        return not self.future.cancelled() and self.future.set_running_or_notify_cancel()

    def outcome(self) -> Callable[[], None]:
        """Do the work; return what tells those who wait for it."""
        try:
            found = self._work()
        except BaseException as error:  # noqa: BLE001  # for the caller, whatever it is
            fault = error
            return lambda: self.future.set_exception(fault)
        return lambda: self.future.set_result(found)


class QueuedThreads:
    """A pool of threads, of which one client may have a share, as of the places to wait for one.

    A request that is given up leaves the queue; one that has begun keeps its thread, and counts for its
    client until it ends. So a client whose requests take long leaves threads to the others.
    """

    def __init__(
        self, threads: int = THREADS, queue: int = QUEUE, name: str = "read", share: float = 0.5
    ) -> None:
        self._name = name
        self._threads = threads
        self._most = threads + queue
        self._of_one = max(1, int(threads * share))
        self._most_of_one = int(self._most * share)
        self._changed = threading.Condition()
        self._waiting: deque[_Call] = deque()
        self._running: Counter[str] = Counter()
        self._begun = 0
        self._closed = False

    @property
    def accepted(self) -> int:
        """Number of calls that run or wait."""
        return len(self._waiting) + self._running.total()

    async def run(self, work: Callable[[], Answer]) -> Answer:
        """Call `work` in a thread. Raises what it raises, and Overloaded."""
        answer: Answer = await asyncio.wrap_future(self.submit(work))
        return answer

    def submit(self, work: Callable[[], Answer]) -> "Future[Answer]":
        """Queue a call of `work`, which is not begun if its future is cancelled before. Raises Overloaded."""
        call = _Call(work, CLIENT.get())
        with self._changed:
            if self._closed or self.accepted >= self._most or self._of(call.client) >= self._most_of_one:
                raise Overloaded("The server is busy.", hint="Ask again in a few seconds.")
            self._waiting.append(call)
            if self._begun < min(self._threads, self.accepted):
                name = f"{self._name}-{self._begun}"
                threading.Thread(target=self._serve, name=name, daemon=True).start()
                self._begun += 1
            self._changed.notify()
        call.future.add_done_callback(lambda _future: self._forget(call))
        return call.future

    def _of(self, client: str) -> int:
        """Return the number of a client's calls that run or wait."""
        return self._running[client] + sum(call.client == client for call in self._waiting)

    def close(self) -> None:
        """End the threads that have nothing to do, and the others after what they are at."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def _forget(self, call: _Call) -> None:
        """Take a call that was given up out of the queue."""
        with self._changed:
            if call in self._waiting:
                self._waiting.remove(call)

    def _serve(self) -> None:
        while (call := self._next()) is not None:
            tell = call.outcome()
            with self._changed:
                self._running[call.client] -= 1
                self._running += Counter()  # forgets those at 0
                self._changed.notify_all()
            tell()
            del call, tell

    def _next(self) -> _Call | None:
        """Wait for a call that may begin; None at the end."""
        with self._changed:
            while True:
                for call in self._waiting:
                    if self._running[call.client] < self._of_one and call.begins():
                        self._waiting.remove(call)
                        self._running[call.client] += 1
                        return call
                if self._closed:
                    return None
                self._changed.wait()
