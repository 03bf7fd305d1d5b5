# SPDX-License-Identifier: MIT
"""Memory that requests and answers take: bodies until they are answered, answers until they are sent."""

import asyncio
from collections.abc import Sequence
from http import HTTPStatus

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from fairreg.server.inference.faults import InferenceFault

__all__ = ["ALL_BYTES", "HeldBytes", "PiecewiseResponse"]

# Bodies and answers in memory, of all models together: two of the largest answers.
ALL_BYTES = 512 * 1024 * 1024
# The connection buffers a piece of an answer; others are answered between two pieces.
_PIECE_BYTES = 256 * 1024
_RETRY = {"Retry-After": "5"}
# The rest of a body that is refused is not read.
_CLOSE = {"Connection": "close"}


class HeldBytes:
    """Number of bytes that are held, at most `most`; used in one event loop."""

    def __init__(self, most: int = ALL_BYTES) -> None:
        self._most = most
        self._held = 0

    def require(self, count: int, *, body: bool = False) -> None:
        """Raise InferenceFault unless there is room for `count` bytes, of a `body` or of an answer."""
        if self._held + count > self._most:
            busy = "The server is busy with other requests."
            headers = {**_RETRY, **(_CLOSE if body else {})}
            raise InferenceFault(busy, HTTPStatus.SERVICE_UNAVAILABLE, headers)

    def add(self, count: int) -> None:
        """Count bytes that are there."""
        self._held += count

    def remove(self, count: int) -> None:
        """Count them no more."""
        self._held -= count

    def until_sent(self, response: "PiecewiseResponse") -> Response:
        """Count an answer until it is sent, or its client is gone. Raises InferenceFault."""
        self.require(response.size)
        response.held = self
        return response


class PiecewiseResponse(Response):
    """An answer that is sent in pieces: `head`, then binary data. It counts while it is sent."""

    held: HeldBytes | None = None

    def __init__(
        self, head: bytes, parts: Sequence[memoryview], headers: dict[str, str], media_type: str
    ) -> None:
        self._parts = parts
        self.size = len(head) + sum(part.nbytes for part in parts)
        super().__init__(head, headers={**headers, "Content-Length": str(self.size)}, media_type=media_type)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the answer."""
        held = self.held or HeldBytes(self.size)
        held.add(self.size)
        try:
            if self._parts or self.size > _PIECE_BYTES:
                await self._send(send)
            else:
                await super().__call__(scope, receive, send)
        finally:
            held.remove(self.size)

    async def _send(self, send: Send) -> None:
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        for part in (memoryview(self.body), *self._parts):
            for start in range(0, part.nbytes, _PIECE_BYTES):
                piece = bytes(part[start : start + _PIECE_BYTES])
                await send({"type": "http.response.body", "body": piece, "more_body": True})
                await asyncio.sleep(0)  # a client that reads fast keeps nobody waiting
        await send({"type": "http.response.body", "body": b"", "more_body": False})
