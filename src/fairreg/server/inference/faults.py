# SPDX-License-Identifier: MIT
"""Errors of the Open Inference Protocol: a JSON object with the one member ``error``."""

import logging
from collections.abc import Awaitable, Callable, Mapping
from http import HTTPStatus

from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.types import Receive, Scope, Send

from fairreg.errors import FairregError, ModelError
from fairreg.schemas.text import one_line, undirected
from fairreg.server.problems import status_of

__all__ = ["Guarded", "InferenceFault"]

_LOG = logging.getLogger(__name__)
_LONGEST = 2000
_FOREIGN = "This is a fault of the server; it is in its log."
_MEMORY = "The request needs more memory than the server has. Send fewer rows at a time."
_RETRY = {"Retry-After": "5"}


class InferenceFault(Exception):
    """A request that is not answered: one sentence, status of HTTP, further headers."""

    def __init__(
        self,
        message: str,
        status: int = HTTPStatus.BAD_REQUEST,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.message, self.status, self.headers = message, status, headers


class Guarded:
    """A handler for the stated methods, as an ASGI application whose errors have the protocol's form."""

    def __init__(self, handler: Callable[[Request], Awaitable[Response]], *methods: str) -> None:
        self._handler = handler
        self._methods = methods

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        request = Request(scope, receive)
        try:
            response = await self._response(request)
        except Exception as error:  # noqa: BLE001  the last handler before the client
            response = _answer(_explained(error))
        await response(scope, receive, send)

    async def _response(self, request: Request) -> Response:
        if request.method in self._methods:
            return await self._handler(request)
        allowed = ", ".join(sorted({*self._methods, "OPTIONS"}))
        if request.method == "OPTIONS":
            return Response(status_code=HTTPStatus.NO_CONTENT, headers={"Allow": allowed})
        raise InferenceFault(
            f"This address takes {allowed} only.", HTTPStatus.METHOD_NOT_ALLOWED, {"Allow": allowed}
        )


def _explained(error: Exception) -> InferenceFault:
    match error:
        case InferenceFault():
            found = error
        case ModelError():  # its hint speaks of files and commands, which a client does not have
            found = InferenceFault(error.message)
        case FairregError():
            found = InferenceFault(error.message, status_of(error))
        case HTTPException():
            found = InferenceFault(error.detail, error.status_code, error.headers)
        case ClientDisconnect():
            found = InferenceFault("The client closed the connection.")
        case MemoryError():
            found = InferenceFault(_MEMORY, HTTPStatus.SERVICE_UNAVAILABLE, _RETRY)
        case _:
            _LOG.error("An inference failed.", exc_info=error)
            found = InferenceFault(_FOREIGN, HTTPStatus.INTERNAL_SERVER_ERROR)
    return found


def _answer(fault: InferenceFault) -> Response:
    text = one_line(undirected(fault.message))
    if len(text) > _LONGEST:
        text = f"{text[:_LONGEST]}..."
    headers = {"Cache-Control": "no-store", **(fault.headers or {})}
    return JSONResponse({"error": text}, int(fault.status), headers)
