# SPDX-License-Identifier: MIT
"""Headers of all answers: security, CORS for reads, Allow. Answers OPTIONS."""

from collections.abc import Sequence
from http import HTTPStatus

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import Response
from starlette.routing import BaseRoute, Match, Mount, Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from fairreg.server.problems import problem

__all__ = ["CommonHeaders"]

_SECURITY = {
    "Content-Security-Policy": (
        "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; object-src 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
}
_READS = frozenset({"GET", "HEAD"})
# Routes with rules of their own about who may ask.
_OWN_RULES = ("/mcp", "/v2/")
_EXPOSED = "Content-Location, ETag, Link, Location, Retry-After"
_ASKED = "Accept, Accept-Language, If-Match, If-None-Match"
_DAY = "86400"


class CommonHeaders:
    """Adds the headers that an answer does not have already."""

    def __init__(self, app: ASGIApp, *, routes: Sequence[BaseRoute]) -> None:
        self._app = app
        self._routes = routes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on; one with OPTIONS is answered here, unless its route takes OPTIONS."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def completed(message: Message) -> None:
            if message["type"] == "http.response.start":
                _complete(scope, message)
            await send(message)

        allowed = self._allowed(scope) if scope["method"] == "OPTIONS" else None
        if allowed is None or "OPTIONS" in allowed:
            await self._app(scope, receive, completed)
        else:
            await _options(scope, allowed)(scope, receive, completed)

    def _allowed(self, scope: Scope) -> set[str] | None:
        """Return the methods of a path, empty where nothing is there; None where a part decides itself."""
        found: set[str] = set()
        for route in self._routes:
            if route.matches({**scope, "method": "GET"})[0] == Match.NONE:
                continue
            if isinstance(route, Mount) or not isinstance(route, Route) or route.methods is None:
                return None
            found |= route.methods
        return found


def _options(scope: Scope, allowed: set[str]) -> Response:
    if not allowed:
        return problem(404)
    listed = ", ".join(sorted({*allowed, "OPTIONS"}))
    headers = {"Allow": listed}
    if "access-control-request-method" in Headers(scope=scope):
        reads = ", ".join(sorted(allowed & _READS))
        headers |= {
            "Access-Control-Allow-Methods": reads,
            "Access-Control-Allow-Headers": _ASKED,
            "Access-Control-Max-Age": _DAY,
        }
    return Response(status_code=204, headers=headers)


def _complete(scope: Scope, message: Message) -> None:
    headers = MutableHeaders(scope=message)
    for name, value in _SECURITY.items():
        headers.setdefault(name, value)
    if scope["method"] in {*_READS, "OPTIONS"} and not scope["path"].startswith(_OWN_RULES):
        headers.setdefault("Access-Control-Allow-Origin", "*")
        headers.setdefault("Access-Control-Expose-Headers", _EXPOSED)
    if message["status"] == HTTPStatus.METHOD_NOT_ALLOWED and "allow" in headers:
        listed = {part.strip() for part in headers["allow"].split(",")}
        headers["Allow"] = ", ".join(sorted({*listed, "OPTIONS"}))
