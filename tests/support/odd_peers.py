# SPDX-License-Identifier: MIT
"""Stand-in for another registry that says what a test wants, once the test lets it."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import unquote

__all__ = ["OddPeer", "odd_peer"]


class OddPeer:
    """Answers of the paths in `answers`, else no results; nothing is answered while `gate` is clear."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.gate = threading.Event()
        self.gate.set()
        self.answers: dict[str, Any] = {}
        self.asked: list[str] = []


@contextmanager
def odd_peer() -> Iterator[OddPeer]:
    """Run one."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            peer.asked.append(self.path)
            peer.gate.wait()
            found = peer.answers.get(unquote(self.path.partition("?")[0]), {"results": []})
            status, said = found if isinstance(found, tuple) else (200, found)
            body = json.dumps(said).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
            """Say nothing."""

        def handle(self) -> None:
            try:
                super().handle()
            except ConnectionError:
                return  # the one who asked did not wait

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    peer = OddPeer(f"http://127.0.0.1:{server.server_port}")
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield peer
    finally:
        peer.gate.set()
        server.shutdown()
        thread.join()
        server.server_close()
