# SPDX-License-Identifier: MIT
"""Limits of a request: sizes of its address, headers and body, times of its body and its answer."""

import asyncio
from collections.abc import Mapping
from http import HTTPStatus
from typing import TypeVar

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from fairreg.server.problems import problem

__all__ = ["RequestLimits"]

URL_BYTES = 8 * 1024
HEADER_BYTES = 16 * 1024
BODY_BYTES = 1024 * 1024
# A body, and the taking of an answer, have some seconds and those that their bytes take at the least rate.
LEAST_BYTES_PER_SECOND = 256 * 1024
BODY_SECONDS = 20.0
ANSWER_SECONDS = 30.0
SEND_SECONDS = 30.0
_RETRY_SECONDS = "10"
_CLOSE = {"Connection": "close"}
_Limit = TypeVar("_Limit", int, float)


class RequestLimits:
    """Refuses what is too large, and gives up what takes too long.

    `bodies` and `seconds` are other limits of paths that begin with a word.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        bodies: Mapping[str, int],
        seconds: Mapping[str, float],
        answer_seconds: float = ANSWER_SECONDS,
        body_seconds: float = BODY_SECONDS,
    ) -> None:
        self._app = app
        self._bodies = bodies
        self._seconds = seconds
        self._answer_seconds = answer_seconds
        self._body_seconds = body_seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on within its limits."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        most = _by_path(scope, self._bodies, BODY_BYTES)
        refusal = _refusal(scope, most)
        if refusal is not None:
            await refusal(scope, receive, send)
            return
        seconds = _by_path(scope, self._seconds, self._answer_seconds)
        await _Exchange(receive, send, most, self._body_seconds).run(self._app, scope, seconds)


def _by_path(scope: Scope, limits: Mapping[str, _Limit], usual: _Limit) -> _Limit:
    return next((limit for start, limit in limits.items() if scope["path"].startswith(start)), usual)


def _refusal(scope: Scope, most: int) -> Response | None:
    """Return the answer to a request whose head says already that it is too large."""
    address = len(scope.get("raw_path") or b"") + len(scope["query_string"])
    if address > URL_BYTES:
        return _closing(HTTPStatus.REQUEST_URI_TOO_LONG, f"An address has at most {URL_BYTES} bytes.")
    if sum(len(name) + len(value) for name, value in scope["headers"]) > HEADER_BYTES:
        return _closing(
            HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE, f"Headers have at most {HEADER_BYTES} bytes."
        )
    stated = Headers(scope=scope).get("content-length", "")
    if stated.isdecimal() and int(stated) > most:
        return _closing(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, _too_large(most))
    return None


def _closing(status: int, detail: str) -> Response:
    return problem(status, detail, headers=_CLOSE)


def _unavailable(detail: str, headers: Mapping[str, str] | None = None) -> Response:
    return problem(
        HTTPStatus.SERVICE_UNAVAILABLE,
        detail,
        hint="Ask for less, or again later.",
        headers={"Retry-After": _RETRY_SECONDS, **(headers or {})},
    )


class _Exchange:
    """One request and its answer."""

    def __init__(self, receive: Receive, send: Send, most: int, body_seconds: float) -> None:
        self._receive = receive
        self._send = send
        self._most = most
        self._got = self._sent = 0
        self._waited = 0.0
        self._ended = False
        self._clock = asyncio.get_running_loop().time
        self._due = self._clock() + body_seconds
        self._begun = False

    async def run(self, app: ASGIApp, scope: Scope, seconds: float) -> None:
        """Answer, with 503 after `seconds` or at the end of the server; else an answer is cut off."""
        try:
            async with asyncio.timeout(seconds) as self._limit:
                await app(scope, self._read, self._write)
        except TimeoutError:
            if not self._limit.expired():
                raise
            if not self._begun:
                late = _unavailable(f"There is no answer within {seconds:g} seconds.")
                await late(scope, self._receive, self._send)
        except asyncio.CancelledError:
            # Only the end of the server cancels a request, after the time that those at work have for theirs.
            if self._begun:
                raise
            ended = _unavailable("The server ends.", _CLOSE)
            await ended(scope, self._receive, self._send)

    async def _read(self) -> Message:
        """Return the next piece of the body. HTTPException (408, 413) where it is late or too long."""
        if self._ended:
            return await self._receive()  # waits for the client to leave
        try:
            async with asyncio.timeout_at(self._due + self._got / LEAST_BYTES_PER_SECOND) as due:
                message = await self._receive()
        except TimeoutError as error:
            if not due.expired():
                raise
            status = HTTPStatus.REQUEST_TIMEOUT
            raise HTTPException(status, "The body did not arrive in time.", headers=_CLOSE) from error
        self._ended = not message.get("more_body", False)
        self._got += len(message.get("body", b""))
        if self._got > self._most:
            status = HTTPStatus.REQUEST_ENTITY_TOO_LARGE
            raise HTTPException(status, _too_large(self._most), headers=_CLOSE)
        return message

    async def _write(self, message: Message) -> None:
        """Send a piece of the answer. The client must take all pieces at the least rate."""
        self._begun, begun = True, self._clock()
        self._sent += len(message.get("body", b""))
        self._limit.reschedule(begun + SEND_SECONDS + self._sent / LEAST_BYTES_PER_SECOND - self._waited)
        await self._send(message)
        self._waited += self._clock() - begun
        self._limit.reschedule(None)


def _too_large(most: int) -> str:
    return f"The body of a request has at most {most} bytes."
