# SPDX-License-Identifier: MIT
"""A local stand-in for all services at once, each of which can be given a fault.

Everything served is hand-written after the documented shapes. Each service lives under a path of its own
name; ``services.faults["zenodo"] = "slow"`` breaks one of them from then on.
"""

import json
import socket
import struct
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from fairreg.settings import SERVICES
from harvesters.zenodo_payloads import page as zenodo_page
from harvesters.zenodo_payloads import record as zenodo_record
from support import hbb

__all__ = ["FAULTS", "SLOW_SECONDS", "Services"]

FAULTS = ("slow", "429", "500", "malformed", "html", "other", "endless", "duplicated", "changing", "reset")
SLOW_SECONDS = 30
_TOTAL = 1_000_000


class Services:
    """The server. `asked` are the requests: (service, path with query, headers)."""

    def __init__(self) -> None:
        self.faults: dict[str, str] = {}
        self.asked: list[tuple[str, str, dict[str, str]]] = []
        self.released = threading.Event()
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                outer.answer(self)

            def do_POST(self) -> None:
                outer.answer(self)

            def log_message(self, *_: object) -> None:
                """Keep quiet."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._server.block_on_close = False
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)
        self._thread.start()

    def url(self, name: str) -> str:
        """Base URL of a service."""
        return f"http://127.0.0.1:{self._server.server_address[1]}/{name}"

    def environment(self) -> dict[str, str]:
        """The variables that lead fairreg here."""
        return {row[4]: self.url(row[0]) for row in SERVICES}

    def close(self) -> None:
        """Let the slow ones go and stop."""
        self.released.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def answer(self, request: BaseHTTPRequestHandler) -> None:
        """Answer as the service would, or as its fault has it."""
        length = int(request.headers.get("Content-Length") or 0)
        request.rfile.read(length)
        name, path = request.path.lstrip("/").partition("/")[::2]
        self.asked.append((name, path, dict(request.headers)))
        fault = self.faults.get(name, "")
        if fault == "slow":
            self.released.wait(SLOW_SECONDS)
        elif fault == "reset":
            _reset(request.connection)
            return
        status, headers, body = _RUDE[fault] if fault in _RUDE else self._polite(name, path, fault)
        try:
            _send(request, status, headers, body)
        except OSError:
            request.close_connection = True  # whoever asked has left

    def _polite(self, name: str, path: str, fault: str) -> tuple[int, dict[str, str], bytes]:
        parts = urlsplit(path)
        asked = {key: values[-1] for key, values in parse_qs(parts.query).items()}
        document = _ANSWERS.get((name, parts.path), _nothing)(asked, fault)
        status = 404 if document is None else 200
        body = {"message": "Not Found"} if document is None else document
        return status, {"Content-Type": "application/json"}, json.dumps(body).encode()


_RUDE = {
    "429": (429, {"Retry-After": "3600"}, b'{"message": "Too many requests"}'),
    "500": (500, {}, b"Internal Server Error"),
    "malformed": (200, {"Content-Type": "application/json"}, b'{"hits": {"hits": [{"id": '),
    "html": (200, {"Content-Type": "text/html"}, b"<html>Please log in</html>"),
    "other": (200, {"Content-Type": "application/json"}, b'[[1, "two"], null, {"id": {}}]'),
}


def _reset(connection: socket.socket) -> None:
    """Close so that the other side sees a reset and no end."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


def _send(request: BaseHTTPRequestHandler, status: int, headers: dict[str, str], body: bytes) -> None:
    request.send_response(status)
    for key, value in headers.items():
        request.send_header(key, value)
    request.send_header("Content-Length", str(len(body)))
    request.end_headers()
    request.wfile.write(body)


def _nothing(_asked: dict[str, str], _fault: str) -> None:
    return None


def _numbers(first: int, number: int, size: int, fault: str) -> tuple[list[int], int]:
    """Which records are on a page, and how many there are said to be."""
    if fault == "endless":
        return [first + size * number + index for index in range(size)], _TOTAL
    if fault == "duplicated":
        return [first] * size, _TOTAL
    if fault == "changing":
        return ([first] if number < 3 else []), 3 * size
    return ([first, first + 1] if number == 1 else []), 2


def _zenodo(asked: dict[str, str], fault: str) -> Any:
    number, size = int(asked.get("page", 1)), int(asked.get("size", 10))
    numbers, total = _numbers(1000, number, size, fault)
    hits = [zenodo_hit(item) for item in numbers]
    if fault == "changing":
        for hit in hits:
            hit["metadata"]["title"] = f"Tagger as of page {number}"
        hits *= size
    return zenodo_page(hits, total)


def zenodo_hit(number: int) -> dict[str, Any]:
    """A record that shares nothing with the others but its words."""
    hit: dict[str, Any] = zenodo_record(number)
    hit["conceptrecid"] = str(number + 500_000)
    hit["conceptdoi"] = f"10.5281/zenodo.{number + 500_000}"
    hit["metadata"]["related_identifiers"] = []
    hit["metadata"]["alternate_identifiers"] = []
    hit["metadata"]["relations"] = {}
    hit.pop("swh", None)
    return hit


def _datacite(asked: dict[str, str], fault: str) -> Any:
    number, size = int(asked.get("page[number]", 1)), int(asked.get("page[size]", 25))
    numbers, total = _numbers(2000, number, size, fault)
    onward = f"https://api.datacite.org/dois?page[number]={number + 1}" if total > 2 else None
    documents = [hbb.registration(f"10.5281/zenodo.{item}", relations=[])["data"] for item in numbers]
    for item in documents:
        item["attributes"]["titles"] = [{"title": f"Tagger as of page {number}"}]
        item["attributes"]["relatedIdentifiers"] = []
    return {"data": documents, "meta": {"total": total}, "links": {"next": onward} if onward else {}}


def _hub(_asked: dict[str, str], _fault: str) -> Any:
    return [
        {
            "_id": "0" * 24,
            "id": "jmgduarte/hbb_interaction_network",
            "modelId": "jmgduarte/hbb_interaction_network",
            "sha": "0" * 40,
            "private": False,
            "gated": False,
            "tags": [],
            "siblings": [{"rfilename": ".gitattributes"}],
        }
    ]


def _github(_asked: dict[str, str], _fault: str) -> Any:
    return {"total_count": 0, "incomplete_results": False, "items": []}


def _globus(_asked: dict[str, str], _fault: str) -> Any:
    head = {"@datatype": "GSearchResult", "@version": "2017-09-01", "has_next_page": False}
    return {**head, "count": 0, "total": 0, "offset": 0, "gmeta": []}


def _cern(_asked: dict[str, str], _fault: str) -> Any:
    return {"hits": {"hits": [], "total": 0}}


_INDEX = "847c9105-18a0-4ffb-8a71-03dd76dfcc9d"
_ANSWERS: dict[tuple[str, str], Callable[[dict[str, str], str], Any]] = {
    ("zenodo", "api/records"): _zenodo,
    ("datacite", "dois"): _datacite,
    ("huggingface", "api/models"): _hub,
    ("github", "search/repositories"): _github,
    ("globus", f"v1/index/{_INDEX}/search"): _globus,
    ("cernopendata", "api/records"): _cern,
    ("cernopendata", "api/records/"): _cern,
}
