# SPDX-License-Identifier: MIT
"""Reading of request bodies within limits of one body and of all that is in memory."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from http import HTTPStatus

from starlette.requests import Request

from fairreg.server.inference.answer_body import HEADER_LENGTH
from fairreg.server.inference.faults import InferenceFault
from fairreg.server.inference.held_bytes import HeldBytes

__all__ = ["BODY_BYTES", "JSON_BYTES", "BodyReader", "header_length"]

BODY_BYTES = 64 * 1024 * 1024
# JSON, whose values take up to twenty times as much memory when they are read.
JSON_BYTES = 8 * 1024 * 1024
_LONGEST_NUMBER = 12  # digits
# The rest of a body that is refused is not read.
_CLOSE = {"Connection": "close"}


def header_length(request: Request) -> int | None:
    """Return the length of the JSON in a body, None where all of it is JSON. Raises InferenceFault."""
    return _number(request, HEADER_LENGTH)


class BodyReader:
    """Bodies of requests in memory. Times are limited for all requests of the server, before."""

    def __init__(self, held: HeldBytes) -> None:
        self._held = held

    @asynccontextmanager
    async def read(self, request: Request) -> AsyncIterator[bytes]:
        """Context manager: the body of a request, which counts until the end.

        What a request states is checked before anything of it is read. Raises InferenceFault.
        """
        most = _most(request)
        stated = _number(request, "content-length") or 0
        _check(request, stated, most)
        self._held.require(stated, body=True)
        taken = 0
        pieces: list[bytes] = []
        try:
            async for piece in request.stream():
                taken += len(piece)
                self._held.add(len(piece))
                if taken > most:
                    raise _too_large(most)
                self._held.require(0, body=True)
                pieces.append(piece)
            body = b"".join(pieces)
            pieces.clear()
            yield body
        finally:
            self._held.remove(taken)


def _most(request: Request) -> int:
    """Bytes that a body may have: fewer where all of it is JSON."""
    return JSON_BYTES if header_length(request) is None else BODY_BYTES


def _check(request: Request, stated: int, most: int) -> None:
    if request.headers.get("content-encoding", "identity").strip().lower() != "identity":
        raise InferenceFault(
            "Compressed requests are not taken: send the body as it is.",
            HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
            {"Accept-Encoding": "identity", **_CLOSE},
        )
    if stated > most:
        raise _too_large(most)
    length = header_length(request)
    if length is not None and length > JSON_BYTES:
        raise InferenceFault(
            f"The JSON of a request has at most {JSON_BYTES} bytes; send tensors as binary data.",
            HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
            _CLOSE,
        )


def _too_large(most: int) -> InferenceFault:
    text = f"The body of a request has at most {most} bytes."
    if most == JSON_BYTES:
        text = f"A body of JSON alone has at most {most} bytes; send tensors as binary data."
    return InferenceFault(text, HTTPStatus.REQUEST_ENTITY_TOO_LARGE, _CLOSE)


def _number(request: Request, name: str) -> int | None:
    text = request.headers.get(name)
    if text is None:
        return None
    if not (text.isascii() and text.isdecimal() and len(text) <= _LONGEST_NUMBER):
        raise InferenceFault(f"{name} is not a number of bytes.", headers=_CLOSE)
    return int(text)
