# SPDX-License-Identifier: MIT
"""HTTP of the local stand-ins for services that take what is published: one answer for every method."""

from http.server import BaseHTTPRequestHandler
from typing import Any

__all__ = ["StandInHandler", "handler_for"]


class StandInHandler(BaseHTTPRequestHandler):
    """Handler of one stand-in, `server_of`; a subclass says in `_answer` how it answers."""

    server_of: Any
    protocol_version = "HTTP/1.1"
    wbufsize = -1  # head and body in one packet

    def do_GET(self) -> None:
        self._answer()

    def do_HEAD(self) -> None:
        self._answer()

    def do_POST(self) -> None:
        self._answer()

    def do_PUT(self) -> None:
        self._answer()

    def do_DELETE(self) -> None:
        self._answer()

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class names it so
        """Keep quiet."""

    def _answer(self) -> None:
        raise NotImplementedError

    def _body(self) -> bytes:
        """Read the body, whole or in chunks; ConnectionError where the client is gone: nothing is stored."""
        if self.headers.get("Transfer-Encoding") == "chunked":
            return b"".join(iter(self._chunk, b""))
        size = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(size)
        if len(body) < size:
            raise ConnectionError
        return body

    def _chunk(self) -> bytes:
        size = int(self.rfile.readline(), 16)
        chunk = self.rfile.read(size)
        self.rfile.readline()
        return chunk


def handler_for(stand: Any, kind: type[StandInHandler]) -> type[StandInHandler]:
    """Return the class of handlers of this stand-in."""
    return type("Handler", (kind,), {"server_of": stand})
