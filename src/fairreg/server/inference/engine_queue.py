# SPDX-License-Identifier: MIT
"""A thread that runs one model, with a queue of limited length before it."""

import asyncio
from collections.abc import Callable
from http import HTTPStatus
from typing import Any, TypeVar

from starlette.requests import ClientDisconnect, Request

from fairreg.errors import Overloaded
from fairreg.server.inference.faults import InferenceFault
from fairreg.server.threads import QueuedThreads

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
        self._seconds = seconds
        self._thread = QueuedThreads(threads=1, queue=waiting, name="model", share=1)

    async def run(self, work: Callable[[], Answer], request: Request) -> Answer:
        """Call `work` for a request whose body has been read.

        One whose client leaves, or whose time is over, is not begun; one that has begun is computed to its
        end, and others wait for it. Raises InferenceFault, ClientDisconnect and what `work` raises.
        """
        try:
            answer = asyncio.wrap_future(self._thread.submit(work))
        except Overloaded as error:
            raise _busy("has as many requests as it takes") from error
        del work  # what waits in the queue is all that holds the body
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
            await asyncio.wait({left})

    def close(self) -> None:
        """End the thread, after the call that it is at."""
        self._thread.close()


def _busy(reason: str) -> InferenceFault:
    return InferenceFault(f"The model {reason}.", HTTPStatus.SERVICE_UNAVAILABLE, _RETRY)


async def _left(request: Request) -> None:
    """Wait until the client closes the connection."""
    while (await request.receive())["type"] != "http.disconnect":
        pass
