# SPDX-License-Identifier: MIT
"""HTTP/1.1 connections that are closed where the headers of a request do not arrive in time.

uvicorn ends idle connections after an answer, but waits for the first request, and for the rest of one that
was begun, without end; and it answers a request after it refused its body. It also closes a connection whose
client still sends a body that was refused: the client's system then discards the answer, unread.
"""

import asyncio
from collections.abc import Callable
from typing import Any

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

__all__ = ["HEADER_SECONDS", "READER_SECONDS", "TimedConnection"]

HEADER_SECONDS = 10.0
# A client has so long to take what is ready for it; then it is cut off with what is left.
READER_SECONDS = 30.0
# So much of a refused body is read and dropped, so that its client sees the answer (RFC 9112, section 9.6).
LINGER_SECONDS = 30.0
LINGER_BYTES = 128 * 1024 * 1024
_CLOSE = (b"connection", b"close")
_TWO_LENGTHS = {b"content-length", b"transfer-encoding"}
_PROBLEM = (
    b'{"type": "about:blank", "title": "Bad Request", "status": 400, "detail": "This is not HTTP/1.1."}\n'
)
_REFUSAL = (
    b"HTTP/1.1 400 Bad Request\r\ncontent-type: application/problem+json\r\n"
    b"x-content-type-options: nosniff\r\n"
    b"content-length: %d\r\nconnection: close\r\n\r\n%b" % (len(_PROBLEM), _PROBLEM)
)


class TimedConnection(H11Protocol):
    """A connection on which no request may be incomplete for longer than `HEADER_SECONDS`, body aside."""

    _timer: asyncio.TimerHandle | None = None
    _reader_timer: asyncio.TimerHandle | None = None
    _linger_timer: asyncio.TimerHandle | None = None
    _dropped = 0
    seconds = HEADER_SECONDS
    reader_seconds = READER_SECONDS
    linger_bytes = LINGER_BYTES

    def connection_made(self, transport: Any) -> None:
        """Begin to wait for the first request."""
        super().connection_made(transport)
        self.transport = _LingeringTransport(transport, self._linger)  # type: ignore[assignment]
        self._wait()

    def data_received(self, data: bytes) -> None:
        """Stop waiting where the headers of a request are complete; drop what was refused."""
        if self._linger_timer is not None:
            self._dropped += len(data)
            if self._dropped > self.linger_bytes:
                self.transport.abort()
            return
        if not self._answering:
            self._wait()
        super().data_received(data)
        if self._answering:
            self._stop()

    def handle_events(self) -> None:
        """Read the next request; one with two lengths is the last of its connection."""
        super().handle_events()
        if self._answering:
            # Its end may be another one for a proxy before this server (RFC 9112, section 6.1).
            headers: Any = self.cycle.scope["headers"]
            if _CLOSE not in headers and {name for name, _ in headers} >= _TWO_LENGTHS:
                headers.append(_CLOSE)

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop waiting."""
        self._stop()
        self._stop_reader()
        if self._linger_timer is not None:
            self._linger_timer.cancel()
        super().connection_lost(exc)

    def pause_writing(self) -> None:
        """Begin to wait for a client that does not read."""
        super().pause_writing()
        self._wait_for_reader()

    def resume_writing(self) -> None:
        """Stop waiting for it."""
        self._stop_reader()
        super().resume_writing()

    def on_response_complete(self) -> None:
        """Go on; where this was the last answer, do not wait for its reader without end."""
        super().on_response_complete()
        if self.transport.is_closing():
            self._wait_for_reader()

    def timeout_keep_alive_handler(self) -> None:
        """Close an idle connection, in any case: a client may have left an answer unread."""
        super().timeout_keep_alive_handler()
        self._wait_for_reader()

    def send_400_response(self, msg: str) -> None:
        """Refuse what is not HTTP (`msg`), and end the connection; an answer on its way goes nowhere.

        Written as it is, because the state of the connection may not allow an answer: uvicorn's own fails
        after HEAD, and after headers whose body is wrong.
        """
        self.logger.debug(msg)
        begun = self._answering and self.cycle.response_started
        if self._answering:
            self.cycle.disconnected = True
            self.cycle.message_event.set()
        if not begun:
            self.transport.write(_REFUSAL)
        self.transport.close()
        self._wait_for_reader()

    @property
    def _answering(self) -> bool:
        return self.cycle is not None and not self.cycle.response_complete

    def _wait(self) -> None:
        if self._timer is None:
            self._timer = self.loop.call_later(self.seconds, self._give_up)

    def _stop(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _linger(self) -> bool:
        """Begin to drop the rest of a body; False where there is none, or this has begun."""
        if self._linger_timer is not None or self.conn.their_state is not h11.SEND_BODY:
            return False
        self._linger_timer = self.loop.call_later(LINGER_SECONDS, self.transport.abort)
        self.flow.resume_reading()
        return True

    def _wait_for_reader(self) -> None:
        if self._reader_timer is None:
            self._reader_timer = self.loop.call_later(self.reader_seconds, self.transport.abort)

    def _stop_reader(self) -> None:
        if self._reader_timer is not None:
            self._reader_timer.cancel()
            self._reader_timer = None

    def _give_up(self) -> None:
        self._timer = None
        if not self._answering and not self.transport.is_closing():
            self.transport.close()
            self._wait_for_reader()


class _LingeringTransport:
    """A transport that `close` ends for writing only, where `linger` says that the client still sends."""

    def __init__(self, transport: asyncio.Transport, linger: Callable[[], bool]) -> None:
        self._transport, self._linger = transport, linger
        self._lingers = False

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)

    def is_closing(self) -> bool:
        return self._lingers or self._transport.is_closing()

    def close(self) -> None:
        if self._lingers or self._transport.is_closing() or not self._linger():
            self._transport.close()
            return
        self._lingers = True
        try:
            self._transport.write_eof()  # behind what is not yet sent
        except OSError:  # the client has gone
            self._transport.abort()
