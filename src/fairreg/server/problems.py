# SPDX-License-Identifier: MIT
"""Errors as answers: problem details (RFC 9457), the only place of the server that makes text of an error."""

import json
import logging
from http import HTTPStatus
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from fairreg.errors import (
    AccessDenied,
    DamagedRecord,
    FairregError,
    Gone,
    Inexpressible,
    NotFound,
    Overloaded,
    RegistryError,
    Unreachable,
    UsageError,
)
from fairreg.schemas.text import clean

__all__ = ["DAMAGED_RECORD", "MEDIA_TYPE", "handlers", "problem", "sentence", "status_of"]

MEDIA_TYPE = "application/problem+json"
# Type of the problem that something stored here is damaged; described in docs/server.md.
DAMAGED_RECORD = "https://w3id.org/fairreg/problems#damaged-record"
_OF_KEEPERS = "The keepers of this registry find the fault with `fairreg db check` on the server's machine."
_LOG = logging.getLogger(__name__)
_FAULT = "This is a fault of the server; it is in its log."
_UNREADABLE = "The registry cannot be read; the server's log says why."
# The first class that an error is of gives its status; any other FairregError is a fault of the server.
_STATUS: tuple[tuple[type[FairregError], HTTPStatus], ...] = (
    (Gone, HTTPStatus.GONE),
    (NotFound, HTTPStatus.NOT_FOUND),
    (AccessDenied, HTTPStatus.FORBIDDEN),
    (Inexpressible, HTTPStatus.NOT_ACCEPTABLE),
    (UsageError, HTTPStatus.BAD_REQUEST),
    (Overloaded, HTTPStatus.SERVICE_UNAVAILABLE),
    (RegistryError, HTTPStatus.SERVICE_UNAVAILABLE),
    (Unreachable, HTTPStatus.SERVICE_UNAVAILABLE),
)


def status_of(error: FairregError) -> HTTPStatus:
    """Return the HTTP status of an error."""
    return next(
        (status for kind, status in _STATUS if isinstance(error, kind)), HTTPStatus.INTERNAL_SERVER_ERROR
    )


def problem(status: int, detail: str | None = None, *, hint: str | None = None, **more: Any) -> Response:
    """Return problem details: `detail` is one sentence, `hint` the next step, `more` further members."""
    headers = more.pop("headers", None)
    document = {"type": "about:blank", "title": HTTPStatus(status).phrase, "status": int(status)}
    texts = {"detail": detail, "hint": hint}
    document |= {name: clean(text) for name, text in texts.items() if text}
    return Response(
        json.dumps(document | more, ensure_ascii=False) + "\n",
        status_code=int(status),
        media_type=MEDIA_TYPE,
        headers=headers,
    )


def sentence(error: Exception) -> str:
    """Return an error as a sentence and its hint, for protocols that have errors of their own.

    A fault of the server or of its registry, which may name what is on this machine, is logged and not told.
    """
    if isinstance(error, DamagedRecord):
        return f"{_of_damage(error)} {_OF_KEEPERS}"
    if isinstance(error, RegistryError):
        _LOG.error("The registry cannot be read: %s", error)
        return "The registry cannot be read at present. Ask again later."
    if not isinstance(error, FairregError):
        _LOG.error("A request failed.", exc_info=error)
        return _FAULT
    return clean(" ".join(filter(None, (error.message, error.hint))))


def _of_damage(error: DamagedRecord) -> str:
    """Log what is damaged and why; return the sentence for visitors, without the reason, which quotes it."""
    _LOG.error("%s", clean(error.message))
    return clean(f"{error.whose} is damaged, and cannot be shown.")


async def _of_fairreg(_request: Request, error: FairregError) -> Response:
    status = status_of(error)
    if isinstance(error, DamagedRecord):
        title = "Damaged record"
        return problem(status, _of_damage(error), hint=_OF_KEEPERS, type=DAMAGED_RECORD, title=title)
    headers = {"Retry-After": "5"} if status == HTTPStatus.SERVICE_UNAVAILABLE else None
    if isinstance(error, RegistryError) or status == HTTPStatus.INTERNAL_SERVER_ERROR:
        # Its message is for the keepers: it may name a path or a host.
        _LOG.error("%s", error.message)
        told = _UNREADABLE if isinstance(error, RegistryError) else _FAULT
        return problem(status, told, headers=headers)
    return problem(status, error.message, hint=error.hint, headers=headers)


async def _of_http(_request: Request, error: HTTPException) -> Response:
    detail = None if error.detail == HTTPStatus(error.status_code).phrase else error.detail
    return problem(error.status_code, detail, headers=error.headers)


async def _left(_request: Request, _error: ClientDisconnect) -> Response:
    """The client closed the connection within its request: nobody reads this."""
    return problem(HTTPStatus.BAD_REQUEST)


async def _unexpected(_request: Request, error: Exception) -> Response:
    """Log a fault of the program with its traceback; the visitor is told of none of it."""
    _LOG.error("A request failed.", exc_info=error)
    return problem(HTTPStatus.INTERNAL_SERVER_ERROR, _FAULT)


def handlers() -> dict[Any, Any]:
    """Return the handlers of exceptions for an application."""
    return {
        FairregError: _of_fairreg,
        HTTPException: _of_http,
        ClientDisconnect: _left,
        Exception: _unexpected,
    }
