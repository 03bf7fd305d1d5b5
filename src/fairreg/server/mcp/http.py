# SPDX-License-Identifier: MIT
"""``/mcp``: streamable HTTP of the Model Context Protocol, without sessions: every request stands alone."""

from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager

from mcp import types
from mcp.server.streamable_http_manager import StreamableHTTPSessionManager
from starlette.applications import Starlette
from starlette.responses import JSONResponse
from starlette.types import Message, Receive, Scope, Send

from fairreg.server.mcp.protocol import mcp_server
from fairreg.server.origins import refusal_of
from fairreg.server.problems import problem
from fairreg.server.site import Site

__all__ = ["McpEndpoint", "running"]

_BODY_BYTES = 64 * 1024  # of a request; arguments are far shorter
_BLANKS = b" \t\r\n"
_BATCH = "Batches are not part of MCP since version 2025-06-18: send each message in a request of its own."


@asynccontextmanager
async def running(app: Starlette) -> AsyncIterator[None]:
    """Context manager: the application answers requests of the protocol meanwhile."""
    site: Site = app.state.site
    manager = StreamableHTTPSessionManager(
        mcp_server(site), json_response=True, stateless=True, max_request_body_size=_BODY_BYTES
    )
    async with manager.run():
        app.state.mcp = manager
        yield


class McpEndpoint:
    """The application at ``/mcp``; refuses what is meant for another host, or comes from another's page."""

    def __init__(self, site: Site) -> None:
        self._site = site

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        refusal = refusal_of(scope, self._site)
        if refusal is not None:
            await problem(refusal.status, refusal.detail, hint=refusal.hint)(scope, receive, send)
            return
        begun = [await receive()] if scope["method"] == "POST" else []
        if begun and begun[0].get("body", b"").lstrip(_BLANKS).startswith(b"["):
            await _refused_batch()(scope, receive, send)
            return
        manager: StreamableHTTPSessionManager = scope["app"].state.mcp
        await manager.handle_request(
            {**scope, "headers": _plain(scope["headers"])}, _again(begun, receive), send
        )


def _refused_batch() -> JSONResponse:
    """Return the error of JSON-RPC for a list of messages, which has no number of its own."""
    told = {"code": types.INVALID_REQUEST, "message": _BATCH}
    return JSONResponse({"jsonrpc": "2.0", "id": None, "error": told}, status_code=400)


def _again(begun: list[Message], receive: Receive) -> Receive:
    """Return what gives the messages that were taken, then those that follow."""

    async def given() -> Message:
        return begun.pop(0) if begun else await receive()

    return given


def _plain(headers: Iterable[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    """Return headers with the media type of the body in small letters, the same one by RFC 9110."""
    return [(name, text.lower() if name == b"content-type" else text) for name, text in headers]
