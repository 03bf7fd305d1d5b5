# SPDX-License-Identifier: MIT
"""The application: the routes of all parts, and what every answer passes through."""

from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from http import HTTPStatus
from importlib import import_module

from starlette.applications import Starlette
from starlette.responses import RedirectResponse
from starlette.routing import BaseRoute, Match, Mount, Route
from starlette.types import ASGIApp, Receive, Scope, Send

from fairreg.server.middleware.headers import CommonHeaders
from fairreg.server.middleware.limits import ANSWER_SECONDS, BODY_SECONDS, RequestLimits
from fairreg.server.middleware.log import ROUTE, AccessLog, Line, Metrics
from fairreg.server.middleware.rates import NO_PROXIES, Proxies, Rates
from fairreg.server.middleware.representation import Representations
from fairreg.server.middleware.target import OriginForms
from fairreg.server.pages.errors import PagesOfErrors
from fairreg.server.pages.paths import local
from fairreg.server.problems import handlers
from fairreg.server.site import Site

__all__ = ["PARTS", "Policy", "application"]

# Packages that serve something, in the order in which their routes are tried.
PARTS: tuple[str, ...] = ("operations", "records", "api", "oai", "inference", "mcp", "pages")
# Paths whose requests may be longer, in bytes, or take longer, in seconds: the arrays of an inference, which
# has smaller limits of its own, with refusals in the form of its protocol.
_BODIES = {"/v2/": 128 * 1024 * 1024}
_SECONDS = {"/v2/": 420.0}


@dataclass(frozen=True)
class Policy:
    """Rules for visitors: requests per second of each (0: any number), believed proxies, the access log."""

    rate: float = 0
    proxies: Proxies = NO_PROXIES
    access_log: Line | None = None
    answer_seconds: float = ANSWER_SECONDS
    body_seconds: float = BODY_SECONDS


class _Application(Starlette):
    """Starlette inside what every answer passes through, those of its own error pages included."""

    policy: Policy

    def build_middleware_stack(self) -> ASGIApp:
        policy = self.policy
        limited = RequestLimits(
            super().build_middleware_stack(),
            bodies=_BODIES,
            seconds=_SECONDS,
            answer_seconds=policy.answer_seconds,
            body_seconds=policy.body_seconds,
        )
        rated = Rates(limited, rate=policy.rate, proxies=policy.proxies)
        complete = CommonHeaders(Representations(PagesOfErrors(rated)), routes=self.routes)
        return OriginForms(AccessLog(complete, metrics=self.state.metrics, line=policy.access_log))


def application(site: Site, policy: Policy | None = None) -> Starlette:
    """Return the application of a site; its registry must be ready."""
    app = _Application(routes=_routes(site), exception_handlers=handlers(), lifespan=_lifespan)
    app.router.redirect_slashes = False  # it would lead to the host that the header Host names
    app.router.default = _Unslashed(app.router.default, app.routes, site)
    app.policy = policy or Policy()
    app.state.site = site
    app.state.metrics = Metrics()
    return app


@asynccontextmanager
async def _lifespan(app: Starlette) -> AsyncIterator[None]:
    """Enter the context manager `lifespan` of each part that has one, while the application runs."""
    async with AsyncExitStack() as stack:
        for part in PARTS:
            lifespan = getattr(import_module(f"fairreg.server.{part}"), "lifespan", None)
            if lifespan is not None:
                await stack.enter_async_context(lifespan(app))
        yield


def _routes(site: Site) -> list[BaseRoute]:
    found: list[BaseRoute] = []
    for part in PARTS:
        of_part: Sequence[BaseRoute] = import_module(f"fairreg.server.{part}").routes(site)
        found += of_part
    for route in found:
        if isinstance(route, Route | Mount):
            route.app = _Named(route.app, route.path)
    return found


class _Unslashed:
    """Leads from an address with a slash at its end to the one without, where only that is there."""

    def __init__(self, app: ASGIApp, routes: Sequence[BaseRoute], site: Site) -> None:
        self._app, self._routes, self._site = app, routes, site

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        found = self._address(scope) if scope["type"] == "http" else None
        answer = self._app if found is None else RedirectResponse(found, HTTPStatus.TEMPORARY_REDIRECT)
        await answer(scope, receive, send)

    def _address(self, scope: Scope) -> str | None:
        """Return the path and the query, without a host: it is right under every name of the server."""
        path = scope["path"].rstrip("/")
        shorter = {**scope, "path": path}
        if path == scope["path"] or not any(
            route.matches(shorter)[0] == Match.FULL for route in self._routes
        ):
            return None
        sent = scope["raw_path"].decode("ascii", "replace")  # in which %3F is no "?"
        if not sent.endswith("/"):
            return None  # its last slash is a part of a name
        found, query = local(self._site, sent.rstrip("/")), scope["query_string"].decode("latin-1")
        return f"{found}?{query}" if query else found


class _Named:
    """Puts the pattern of a route into the scope of its requests, for the log and the counts."""

    def __init__(self, app: ASGIApp, pattern: str) -> None:
        self._app = app
        self._pattern = pattern

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        scope[ROUTE] = self._pattern
        await self._app(scope, receive, send)
