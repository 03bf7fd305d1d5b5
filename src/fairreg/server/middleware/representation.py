# SPDX-License-Identifier: MIT
"""Representations: compression with gzip, strong entity tags, and the conditions of requests (RFC 9110).

Only answers that are one piece; of those that are sent piece by piece, the ones with a tag are compared.
"""

import asyncio
import gzip
import hashlib
from http import HTTPStatus

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from fairreg.server.middleware.conditions import verdict
from fairreg.server.problems import problem

__all__ = ["Representations"]

_LEAST = 1024
# Longer bodies are compressed in a thread, so that others are answered meanwhile.
_LONG = 64 * 1024
_LEVEL = 3  # half the time of the usual 6, for a tenth more bytes
_COMPRESSIBLE = (
    "text/",
    "image/svg+xml",
    "application/javascript",
    "application/xml",
    "application/json",
    "application/linkset",
)
_STRUCTURED = ("+json", "+xml", "turtle", "yaml")
_FAILED = "The answer is not the one that If-Match or If-Unmodified-Since asks for."
_SENT_ALONE = frozenset({b"content-length", b"content-type", b"content-encoding"})


class Representations:
    """Compresses, tags and compares complete answers."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, and change its answer."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        await self._app(scope, receive, _Answer(scope, send).take)


class _Answer:
    def __init__(self, scope: Scope, send: Send) -> None:
        self._asked = Headers(scope=scope)
        self._reads = scope["method"] in {"GET", "HEAD"}
        self._send = send
        self._start: Message | None = None
        self._done = False

    async def take(self, message: Message) -> None:
        """Hold the beginning of an answer until its first piece is there."""
        if message["type"] == "http.response.start" and not _is_stream(message):
            self._start = message
            return
        start, self._start = self._start, None
        if start is not None and message["type"] == "http.response.body" and not message.get("more_body"):
            await self._finish(start, message.get("body", b""))
            return
        instead = None if start is None else self._instead_of_pieces(start)
        if instead is not None:
            self._done = True
            await self._send_whole(*instead)
        elif not self._done:
            if start is not None:
                await self._send(start)
            await self._send(message)

    def _instead_of_pieces(self, start: Message) -> tuple[Message, bytes] | None:
        """Complete the headers of an answer in pieces; return what the conditions give in its place."""
        headers = MutableHeaders(scope=start)
        if not (self._reads and start["status"] == HTTPStatus.OK and "etag" in headers):
            return None
        headers.setdefault("Cache-Control", "no-cache")
        return _instead(start, verdict(self._asked, headers))

    async def _send_whole(self, start: Message, body: bytes) -> None:
        await self._send(start)
        await self._send({"type": "http.response.body", "body": body})

    async def _finish(self, start: Message, body: bytes) -> None:
        headers = MutableHeaders(scope=start)
        found = self._reads and start["status"] == HTTPStatus.OK
        kept = found and "no-store" not in headers.get("cache-control", "")
        if kept and "etag" not in headers:
            headers["ETag"] = f'"{hashlib.blake2b(body, digest_size=16).hexdigest()}"'
        if kept:
            headers.setdefault("Cache-Control", "no-cache")  # kept, and compared before each use
        if _may_be_compressed(headers, body):
            headers.add_vary_header("Accept-Encoding")
            if _takes_gzip(", ".join(self._asked.getlist("accept-encoding"))):
                body = await _compressed(body)
                headers["Content-Encoding"] = "gzip"
                headers["Content-Length"] = str(len(body))
                if "etag" in headers:
                    headers["ETag"] = _tag_of_compressed(headers["etag"])
        instead = _instead(start, verdict(self._asked, headers)) if kept else None
        await self._send_whole(*(instead or (start, body)))


def _instead(start: Message, status: HTTPStatus | None) -> tuple[Message, bytes] | None:
    """Return the answer that conditions give in the place of one: none, 304 or a problem."""
    if status is None:
        return None
    left = [item for item in start["headers"] if item[0] not in _SENT_ALONE]
    if status == HTTPStatus.NOT_MODIFIED:
        return {**start, "status": status, "headers": left}, b""
    told = problem(status, _FAILED, hint="Ask without the condition for the present answer.")
    return {**start, "status": status, "headers": [*left, *told.raw_headers]}, bytes(told.body)


def _is_stream(start: Message) -> bool:
    """Tell whether it begins a stream of events, of which the first may be late."""
    return Headers(scope=start).get("content-type", "").startswith("text/event-stream")


def _may_be_compressed(headers: Headers, body: bytes) -> bool:
    kind = headers.get("content-type", "").partition(";")[0].strip()
    text = kind.startswith(_COMPRESSIBLE) or kind.endswith(_STRUCTURED)
    return text and len(body) >= _LEAST and "content-encoding" not in headers


async def _compressed(body: bytes) -> bytes:
    # Without the time of the compression, equal bodies have equal bytes.
    if len(body) < _LONG:
        return gzip.compress(body, _LEVEL, mtime=0)
    return await asyncio.to_thread(gzip.compress, body, _LEVEL, mtime=0)


def _tag_of_compressed(tag: str) -> str:
    """Return the tag of the same content as other bytes: a strong one names bytes."""
    return tag if tag.startswith("W/") else f'{tag[:-1]}-gzip"'


def _takes_gzip(accepted: str) -> bool:
    """Tell whether a client accepts gzip: by name or by *, and not with the weight 0."""
    weights = {}
    for part in accepted.lower().split(","):
        coding, _, parameters = part.partition(";")
        weight = parameters.replace(" ", "").removeprefix("q=")
        weights[coding.strip()] = weight.strip("0.") != "" or not weight
    return weights.get("gzip", weights.get("*", False))
