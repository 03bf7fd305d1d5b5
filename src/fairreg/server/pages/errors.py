# SPDX-License-Identifier: MIT
"""Problems as pages, for browsers: what happened, what to do next, and records that may have been meant."""

import json
from http import HTTPStatus
from typing import Any

from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from fairreg.server.pages.frame import CONTENT_SECURITY_POLICY, framed, page_response
from fairreg.server.pages.paths import record_path
from fairreg.server.pages.views.cards import Link
from fairreg.server.problems import MEDIA_TYPE
from fairreg.server.site import Site, site_of

__all__ = ["PagesOfErrors", "shown"]

_POLICY = "Content-Security-Policy"
_OF_DOCUMENT = frozenset({"content-type", "content-length"})
_TITLES = {
    400: "This address asks for what cannot be",
    404: "Not found",
    406: "No such form of this record",
    410: "Gone",
    429: "Too many requests",
    503: "Not available at the moment",
}


class PagesOfErrors:
    """Middleware: problem details become a page where a browser asked; pages get the policy of content."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, and its answer back."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        await self._app(scope, receive, _Answer(scope, receive, send).passed)


class _Answer:
    """One answer on its way to the visitor; a problem is held back until it is whole."""

    def __init__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self._request, self._receive, self._send = Request(scope), receive, send
        self._held: Message | None = None
        self._body = b""

    async def passed(self, message: Message) -> None:
        """Send a message, or a page instead."""
        if message["type"] == "http.response.start":
            headers = MutableHeaders(raw=message["headers"])
            kind = headers.get("content-type", "")
            if kind.startswith("text/html"):
                headers.setdefault(_POLICY, CONTENT_SECURITY_POLICY)
            elif kind.startswith(MEDIA_TYPE):
                # A browser gets a page here. Without a word, caches would keep what is missing for good.
                _vary(headers)
                headers.setdefault("Cache-Control", "no-cache")
                message = {**message, "headers": headers.raw}
                if _is_browser(self._request):
                    self._held = message
                    return
        elif self._held is not None:
            self._body += message.get("body", b"")
            if not message.get("more_body"):
                await self._page(self._held)
            return
        await self._send(message)

    async def _page(self, start: Message) -> None:
        headers = dict(MutableHeaders(raw=start["headers"]))
        problem = Response(self._body, start["status"], headers)
        await shown(self._request, problem)(self._request.scope, self._receive, self._send)


def shown(request: Request, problem: Response) -> Response:
    """Return the page of a problem if a browser asked, else the problem itself."""
    if not _is_browser(request) or not problem.body:
        return problem
    document = json.loads(bytes(problem.body))
    kept = {name: value for name, value in problem.headers.items() if name not in _OF_DOCUMENT}
    answer = page_response(_page(site_of(request), document), problem.status_code, kept)
    _vary(answer.headers)
    return answer


def _vary(headers: MutableHeaders) -> None:
    """Tell caches that the answer follows the header Accept, once."""
    if "accept" not in headers.get("vary", "").lower().split(", "):
        headers.add_vary_header("Accept")


def _is_browser(request: Request) -> bool:
    """Tell whether a visitor names HTML among what it accepts, and does not ask for another format."""
    wanted = request.query_params.get("format")
    return "text/html" in request.headers.get("accept", "") and wanted in {None, "", "html"}


def _page(site: Site, document: dict[str, Any]) -> str:
    status = int(document["status"])
    return framed(
        site,
        "error.html",
        title=_TITLES.get(status, HTTPStatus(status).phrase),
        status=status,
        detail=document.get("detail"),
        hint=document.get("hint"),
        similar=[
            Link(item["name"], record_path(site, item["identifier"]))
            for item in document.get("suggestions", ())
        ],
        available=[Link(item["format"], item["href"]) for item in document.get("available", ())],
    )
