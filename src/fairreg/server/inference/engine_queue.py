# SPDX-License-Identifier: MIT
"""A thread that runs one model, with a queue of limited length before it."""

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import CancelledError, Future
from dataclasses import dataclass
from http import HTTPStatus
from queue import SimpleQueue
from typing import Any, Generic, TypeVar

from starlette.requests import ClientDisconnect, Request

from fairreg.server.inference.faults import InferenceFault

__all__ = ["MOST_WAITING", "SECONDS", "EngineQueue"]

Answer = TypeVar("Answer")
# Requests that may wait while another one is computed.
MOST_WAITING = 16
# Time in which a request must be answered, its wait included.
SECONDS = 120.0
_RETRY = {"Retry-After": "5"}


class EngineQueue:
    """Calls one after the other, in one thread: engines use several processors for one call."""

    def __init__(self, waiting: int = MOST_WAITING, seconds: float = SECONDS) -> None:
        self._most, self._seconds = waiting + 1, seconds
        self._thread = _Thread()
        self._accepted = 0

    async def run(self, work: Callable[[], Answer], request: Request) -> Answer:
        """Call `work` for a request whose body has been read.

        One whose client leaves, or whose time is over, is not begun; one that has begun is computed to its
        end, and others wait for it. Raises InferenceFault, ClientDisconnect and what `work` raises.
        """
        if self._accepted >= self._most:
            raise _busy("has as many requests as it takes")
        loop = asyncio.get_running_loop()
        job = _Call(work)
        call = self._thread.submit(job)
        self._accepted += 1
        call.add_done_callback(lambda _call: _tell(loop, self._leave))
        answer = asyncio.wrap_future(call)
        left = asyncio.ensure_future(_left(request))
        try:
            both: set[asyncio.Future[Any]] = {answer, left}
            await asyncio.wait(both, timeout=self._seconds, return_when=asyncio.FIRST_COMPLETED)
            if answer.done():
                return answer.result()
            if left.done():
                raise ClientDisconnect
            raise _busy(f"gave no answer within {self._seconds:g} seconds")
        finally:
            left.cancel()
            if not answer.done():
                answer.cancel()  # and the call, if it waits
            job.work = None
            await asyncio.wait({left})

    def _leave(self) -> None:
        self._accepted -= 1


class _Thread:
    """A daemon: a call that takes longer than the server lives holds no process."""

    def __init__(self) -> None:
        self._calls: SimpleQueue[tuple[Future[Any], Callable[[], Any]]] = SimpleQueue()
        threading.Thread(target=self._work, name="model", daemon=True).start()

    def submit(self, job: Callable[[], Answer]) -> "Future[Answer]":
        """Call `job` after those before it, unless its future is cancelled until then."""
        call: Future[Answer] = Future()
        self._calls.put((call, job))
        return call

    def _work(self) -> None:
        while True:
            call, job = self._calls.get()
            if call.set_running_or_notify_cancel():
                try:
                    found = job()
                except BaseException as error:  # noqa: BLE001  # for those who wait, whatever it is
                    call.set_exception(error)
                else:
                    call.set_result(found)
                    del found
            del call, job  # neither arrays nor answers stay until the next call


@dataclass
class _Call(Generic[Answer]):
    """Work in the queue of a pool, which keeps what was cancelled until its turn: its body must not stay."""

    work: Callable[[], Answer] | None

    def __call__(self) -> Answer:
        if self.work is None:
            raise CancelledError
        return self.work()


def _tell(loop: asyncio.AbstractEventLoop, what: Callable[[], Any]) -> None:
    """Call `what` in the loop, from any thread; not in one that has ended."""
    if not loop.is_closed():
        loop.call_soon_threadsafe(what)


def _busy(reason: str) -> InferenceFault:
    return InferenceFault(f"The model {reason}.", HTTPStatus.SERVICE_UNAVAILABLE, _RETRY)


async def _left(request: Request) -> None:
    """Wait until the client closes the connection."""
    while (await request.receive())["type"] != "http.disconnect":
        pass
