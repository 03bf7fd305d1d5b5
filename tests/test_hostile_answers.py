# SPDX-License-Identifier: MIT
"""Whatever a server sends, the client returns an answer or raises an error of fairreg."""

import contextlib
import socket
from collections.abc import Iterator
from pathlib import Path
from threading import Thread

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from fairreg.errors import FairregError
from fairreg.settings import Settings
from fairreg.web import HttpClient, RetryPolicy
from support.examples import examples

STATUS = [b"HTTP/1.1 %d X\r\n" % code for code in (200, 206, 302, 304, 401, 404, 410, 429, 503, 999)]
PIECES = [
    b"", b"HTTP/9.9 200\r\n", b"HTTP/1.1 100 Continue\r\n\r\n" * 20, b"\r\n", b"\r\n\r\n", b"\x00",
    b"X\r\n" * 200, b"Location: http://[::1\r\n", b"Location: \xff\xfe\r\n", b"Location: //\x00\r\n",
    b"Location:\r\n", b"Location: http://\xc2\x9b31m\xe2\x80\xae.invalid/\r\n", b"Content-Length: x\r\n",
    b"Content-Length: -5\r\n", b"Content-Length: 5\r\n", b"Content-Length: 99999999999999999999\r\n",
    b"Transfer-Encoding: chunked\r\n", b"Content-Encoding: gzip\r\n",
    b"Content-Encoding: br, zstd, deflate\r\n", b"Content-Type: \xff\r\n", b"Retry-After: \xb2\r\n",
    b"Retry-After: 99999999999999999999999999\r\n", b"X-RateLimit-Remaining: 0\r\n",
    b"X-RateLimit-Reset: 99\r\n", b"ETag: \x80\r\n", b"Link: <\x1b>; rel=next\r\n", b": novalue\r\n",
    b"X: " + b"y" * 70_000 + b"\r\n", b"Set-Cookie: a=\xff; domain=..\r\n", b"{}", b"[[[[", b"zz\r\n",
    b"\x1f\x8b", b"5\r\nhello\r\n0\r\n\r\n", b'{"message": "\x1b[31m\xc2\x9b", "errors": [[]]}',
    b'{"tombstone": {"note": {}}}',
]  # fmt: skip
ANSWERS = st.builds(
    lambda status, pieces: status + b"".join(pieces),
    st.sampled_from([*STATUS, b""]),
    st.lists(st.sampled_from(PIECES), max_size=6),
)


class RawServer:
    """A server that sends `answer` to everybody and closes the connection."""

    def __init__(self) -> None:
        self.answer = b""
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port = self._socket.getsockname()[1]
        Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                asked, _ = self._socket.accept()
                with asked, contextlib.suppress(OSError):
                    asked.recv(65536)
                    asked.sendall(self.answer)

    def close(self) -> None:
        """Serve nobody any more."""
        self._socket.close()


@pytest.fixture(scope="module")
def server() -> Iterator[RawServer]:
    """One raw server for all answers."""
    found = RawServer()
    yield found
    found.close()


@settings(max_examples=examples(300), suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(answer=ANSWERS)
@example(answer=b"HTTP/1.1 302 X\r\nLocation: http://[\r\n\r\n")
def test_any_answer_is_read_or_refused(server: RawServer, tmp_path: Path, answer: bytes) -> None:
    server.answer = answer
    own = {"FAIRREG_HOME": str(tmp_path), "FAIRREG_ZENODO_URL": f"http://127.0.0.1:{server.port}"}
    policy = RetryPolicy(retries=0, read_timeout=5, body_seconds=5)
    with HttpClient(Settings.from_environment(own), patience=policy, sleep=lambda _: None) as web:
        with contextlib.suppress(FairregError):
            web.get("https://zenodo.org/x", use_cache=True).json()
        with contextlib.suppress(FairregError):
            web.location("https://zenodo.org/x")
        with contextlib.suppress(FairregError), web.stream("https://zenodo.org/x") as (_, chunks):
            for _ in chunks:
                pass
