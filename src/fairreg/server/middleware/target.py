# SPDX-License-Identifier: MIT
"""Addresses of requests in absolute form, ``GET http://host/path`` (RFC 9112, section 3.2.2)."""

import re
from urllib.parse import unquote

from starlette.types import ASGIApp, Receive, Scope, Send

__all__ = ["OriginForms"]

_ABSOLUTE = re.compile(rb"https?://([^/]*)(.*)", re.IGNORECASE | re.DOTALL)


class OriginForms:
    """Makes a path and the header Host of an address in absolute form; that header as it came is ignored."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on."""
        found = _ABSOLUTE.fullmatch(scope.get("raw_path") or b"") if scope["type"] == "http" else None
        if found is not None:
            path = found[2] or b"/"
            headers = [(b"host", found[1]), *(item for item in scope["headers"] if item[0] != b"host")]
            scope = {**scope, "raw_path": path, "path": unquote(path.decode("latin-1")), "headers": headers}
        await self._app(scope, receive, send)
