# SPDX-License-Identifier: MIT
"""A local stand-in for all services at once, each of which can be given a fault.

Everything served is hand-written after the documented shapes. Each service lives under a path of its own
name; ``services.faults["zenodo"] = "slow"`` breaks one of them from then on. With ``services.echo`` set each
sends back the access token that it got: ``"records"`` in its records, a status in the text of that refusal.
With ``services.strict`` a query that the service would not understand gets its refusal.
"""

import json
import socket
import socketserver
import struct
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from queue import SimpleQueue
from typing import Any, NamedTuple
from urllib.parse import parse_qs, urlsplit

from fairreg.sources import BUILT_IN
from harvesters.zenodo_payloads import page as zenodo_page
from harvesters.zenodo_payloads import record as zenodo_record
from support import hbb, known_services, query_syntax

__all__ = ["FAULTS", "RUDE", "STRANGE", "Services", "page_of"]

# "slow" says nothing before the server closes, "other" is JSON of another kind, "tls" a base URL of https at
# a port that speaks plain HTTP.
RUDE = ("slow", "429", "429 without Retry-After", "500", "malformed", "html", "other", "reset", "tls")
# "garbage" is a page of what is no record.
STRANGE = ("endless", "duplicated", "changing", "garbage")
FAULTS = RUDE + STRANGE
CONTENT = b"the bytes of a file"
_TOTAL = 1_000_000
_INDEX = "847c9105-18a0-4ffb-8a71-03dd76dfcc9d"  # of DLHub, in Globus Search


class Asked(NamedTuple):
    """A request: its fields (query or JSON body), the fault of the service, what it says of its records."""

    fields: dict[str, str]
    fault: str
    words: str


class Services:
    """The server. `asked` are the requests: (service, path with query, headers).

    `silent` gets the name of a slow service with each request that it leaves unanswered. A `strict` server
    rejects queries that the services would not understand.
    """

    def __init__(self, *, strict: bool = False) -> None:
        self.faults: dict[str, str] = {}
        self.echo = ""
        self.strict = strict
        self.asked: list[tuple[str, str, dict[str, str]]] = []
        self.silent: SimpleQueue[str] = SimpleQueue()
        self._released = threading.Event()
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                outer.answer(self)

            def do_POST(self) -> None:
                outer.answer(self)

            def log_message(self, *_: object) -> None:
                """Keep quiet."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._deaf = socketserver.ThreadingTCPServer(("127.0.0.1", 0), _PlainHTTP)
        self._threads = [_serving(server) for server in (self._server, self._deaf)]

    def url(self, name: str) -> str:
        """Base URL of a service."""
        if self.faults.get(name) == "tls":
            return f"https://127.0.0.1:{self._deaf.server_address[1]}/{name}"
        return f"http://127.0.0.1:{self._server.server_address[1]}/{name}"

    def environment(self) -> dict[str, str]:
        """The variables that lead fairreg here; the fault "tls" has to be set before."""
        return {row.url_variable: self.url(row.name) for row in BUILT_IN if row.url}

    def close(self) -> None:
        """Let the slow ones go and stop."""
        self._released.set()
        for server, thread in zip((self._server, self._deaf), self._threads, strict=True):
            server.shutdown()
            server.server_close()
            thread.join()

    def answer(self, request: BaseHTTPRequestHandler) -> None:
        """Answer as the service would, or as its fault has it."""
        body = request.rfile.read(int(request.headers.get("Content-Length") or 0))
        name, path = request.path.lstrip("/").partition("/")[::2]
        self.asked.append((name, path, dict(request.headers)))
        fault = self.faults.get(name, "")
        if fault == "slow":
            self.silent.put(name)
            self._released.wait()
        elif fault == "reset":
            _reset(request.connection)
            return
        said = f"You sent {request.headers.get('Authorization')}"
        words = said if self.echo == "records" else "Tags jets."
        if fault in _REFUSALS:
            answer = _REFUSALS[fault]
        elif self.echo.isdigit():
            answer = _echo(int(self.echo), said)
        else:
            answer = (_misunderstood(name, path, body) if self.strict else None) or _polite(
                name, path, body, fault, words
            )
        try:
            _send(request, *answer)
        except OSError:
            request.close_connection = True  # whoever asked has left


class _PlainHTTP(socketserver.BaseRequestHandler):
    """What a web server without TLS says to a handshake."""

    def handle(self) -> None:
        self.request.recv(4096)
        self.request.sendall(b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n")


_REFUSALS = {
    "429": (429, {"Retry-After": "3600"}, b'{"message": "Too many requests"}'),
    "429 without Retry-After": (429, {}, b'{"message": "Too many requests"}'),
    "500": (500, {}, b"Internal Server Error"),
    "malformed": (200, {"Content-Type": "application/json"}, b'{"hits": {"hits": [{"id": '),
    "html": (200, {"Content-Type": "text/html"}, b"<html>Please log in</html>"),
    "other": (200, {"Content-Type": "application/json"}, b'{"unexpected": [[1, "two"], null]}'),
}
Answered = tuple[int, dict[str, str], bytes]


def _serving(server: socketserver.ThreadingTCPServer) -> threading.Thread:
    server.daemon_threads = True
    server.block_on_close = False
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    return thread


def _echo(status: int, said: str) -> Answered:
    """A refusal, or a redirect, that repeats what was sent in every place that some client reads."""
    document = {
        "message": said,
        "error": {"code": "372", "message": said},
        "errors": [{"field": said, "messages": [said], "title": said}],
        "tombstone": {"note": said},
    }
    headers = {"X-Error-Message": said, "ETag": f'"{said}"', "Content-Type": "application/json"}
    if 300 <= status < 400:
        headers["Location"] = f"ftp://127.0.0.1/?{said.rpartition(' ')[2]}"
    return status, headers, json.dumps(document).encode()


def _polite(name: str, path: str, body: bytes, fault: str, words: str) -> Answered:
    parts = urlsplit(path)
    fields = {key: values[-1] for key, values in parse_qs(parts.query).items()}
    if body:
        fields |= {key: str(value) for key, value in json.loads(body).items()}
    path = parts.path.partition(f"{_FLOWS}/list/")[0] or f"{_FLOWS}/list"  # a tag and a page may follow
    answer = _ANSWERS.get((name, path)) or _PREFIXES.get((name, path.rpartition("/")[0]), _nothing)
    document = answer(Asked(fields, fault, words))
    if document is None:
        return 404, {"Content-Type": "application/json"}, b'{"message": "Not Found"}'
    if isinstance(document, bytes):
        return 200, {"Content-Type": "application/octet-stream"}, document
    headers = {"Content-Type": "application/json", "ETag": '"1"', **known_services.HEADERS.get(name, {})}
    if fault == "garbage":
        document = _spoiled(document)
    elif isinstance(document, list) and fault:
        onward = int(fields.get("cursor", 1)) + 1
        headers["Link"] = f'<https://huggingface.co/api/models?cursor={onward}>; rel="next"'
    return 200, headers, json.dumps(document).encode()


# Source of each search, and the parameter with its query.
_QUERIES = {
    ("zenodo", "api/records"): ("zenodo", "q"),
    ("zenodo", "oai2d"): ("zenodo_oai", "set"),
    ("datacite", "dois"): ("datacite", "query"),
    ("cernopendata", "api/records"): ("cernopendata", "q"),
    ("cernopendata", "api/records/"): ("cernopendata", "q"),
    ("github", "search/repositories"): ("github", "q"),
    ("huggingface", "api/models"): ("huggingface", "search"),
    ("globus", f"v1/index/{_INDEX}/search"): ("dlhub", "q"),
}


def _misunderstood(name: str, path: str, body: bytes) -> Answered | None:
    """The refusal of a query, None for one that the service understands."""
    parts = urlsplit(path)
    source, field = _QUERIES.get((name, parts.path), ("", ""))
    values = parse_qs(parts.query).get(field, [])
    if body and field:
        question = json.loads(body)
        values = [] if question.get("advanced") else [question[field]]
    try:
        for value in values:
            query_syntax.parse(source, value)
    except query_syntax.BadQuery as error:
        said = json.dumps({"message": f"{value!r}: {error}"}).encode()
        return 400, {"Content-Type": "application/json"}, said
    return None


def _spoiled(document: Any) -> Any:
    """`document` with things that are no records in the place of its lists."""
    if isinstance(document, dict):
        return {key: _spoiled(value) for key, value in document.items()}
    return [None, 7, {"id": {}}] if isinstance(document, list) else document


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


def page_of(service: str) -> Any:
    """A page of two records in the shape of a service, but for OpenML's, whose pages name records only."""
    answer = next(found for (name, _), found in _ANSWERS.items() if name == service)
    return answer(Asked({"page[number]": "1"}, "", "Tags jets."))


def _nothing(_asked: Asked) -> None:
    return None


class Listed(NamedTuple):
    """What is on a page: numbers of records, a title that may change, and how many there are said to be."""

    numbers: list[int]
    title: str
    total: int


def _listed(asked: Asked, first: int, number: int, size: int) -> Listed:
    """Two records on the first page, or as the fault has it; `number` counts from 1."""
    if asked.fault == "endless":
        return Listed([first + size * number + index for index in range(size)], "Tagger", _TOTAL)
    if asked.fault == "duplicated":
        return Listed([first] * size, "Tagger", _TOTAL)
    if asked.fault == "changing":
        return Listed([first] * size if number < 3 else [], f"Tagger as of page {number}", 3 * size)
    return Listed([first, first + 1] if number == 1 else [], "Tagger", 2)


def _paged(asked: Asked, first: int, page: str, size: str) -> Listed:
    return _listed(asked, first, int(asked.fields.get(page, 1)), int(asked.fields.get(size, 10)))


def _zenodo(asked: Asked) -> Any:
    numbers, title, total = _paged(asked, 1000, "page", "size")
    hits = [zenodo_hit(number) for number in numbers]
    for hit in hits:
        hit["metadata"] |= {"description": asked.words}
        if asked.fault == "changing":
            hit["metadata"]["title"] = title
    return zenodo_page(hits, total)


def _zenodo_record(asked: Asked) -> Any:
    hit = zenodo_hit(1000)
    hit["metadata"]["description"] = asked.words
    link = "https://zenodo.org/api/records/1000/files/tagger.bin/content"
    hit["files"] = [{"id": "f", "key": "tagger.bin", "size": len(CONTENT), "links": {"self": link}}]
    return hit


def zenodo_hit(number: int) -> dict[str, Any]:
    """A record that shares nothing with the others but its words."""
    hit: dict[str, Any] = zenodo_record(number)
    hit["metadata"]["related_identifiers"] = []
    hit["metadata"]["alternate_identifiers"] = []
    hit["metadata"]["relations"] = {}
    hit.pop("swh", None)
    return hit


def _oai(asked: Asked) -> bytes:
    resource = (
        '<resource xmlns="http://datacite.org/schema/kernel-4">'
        '<identifier identifierType="DOI">10.5281/zenodo.1500</identifier>'
        "<titles><title>Tagger</title></titles>"
        f'<descriptions><description descriptionType="Abstract">{asked.words}</description></descriptions>'
        "</resource>"
    )
    return (
        '<OAI-PMH xmlns="http://www.openarchives.org/OAI/2.0/"><ListRecords><record><header>'
        "<identifier>oai:zenodo.org:1500</identifier><datestamp>2024-01-02T03:04:05Z</datestamp></header>"
        f"<metadata><oai_datacite><payload>{resource}</payload></oai_datacite></metadata></record>"
        "</ListRecords></OAI-PMH>"
    ).encode()


def _datacite(asked: Asked) -> Any:
    kind = "cursor" if "page[cursor]" in asked.fields else "number"
    numbers, title, total = _paged(asked, 2000, f"page[{kind}]", "page[size]")
    onward = f"https://api.datacite.org/dois?page[{kind}]={int(asked.fields[f'page[{kind}]']) + 1}"
    documents = [hbb.registration(f"10.5281/zenodo.{number}", relations=[])["data"] for number in numbers]
    for item in documents:
        item["attributes"] |= {
            "titles": [{"title": title}],
            "relatedIdentifiers": [],
            "descriptions": [{"description": asked.words, "descriptionType": "Abstract"}],
        }
    return {"data": documents, "meta": {"total": total}, "links": {"next": onward} if total > 2 else {}}


def _hub(asked: Asked) -> Any:
    numbers, title, _ = _paged(asked, 3000, "cursor", "limit")
    return [hub_info(number, title) | {"cardData": {"model_name": asked.words}} for number in numbers]


def hub_info(number: int, title: str = "Tagger") -> dict[str, Any]:
    """A model of the Hub without a card."""
    return {
        "_id": f"{number:024}",
        "id": f"lab/tagger-{number}",
        "modelId": f"lab/tagger-{number}",
        "sha": "0" * 40,
        "private": False,
        "gated": False,
        "tags": [title],
        "siblings": [{"rfilename": ".gitattributes"}],
    }


def _github(asked: Asked) -> Any:
    numbers, title, total = _paged(asked, 4000, "page", "per_page")
    items = [_repository(number, f"{title}. {asked.words}") for number in numbers]
    return {"total_count": total, "incomplete_results": False, "items": items}


def _repository(number: int, description: str) -> dict[str, Any]:
    return {
        "id": number,
        "name": f"tagger-{number}",
        "full_name": f"lab/tagger-{number}",
        "private": False,
        "owner": {"login": "lab", "id": 7, "type": "Organization"},
        "html_url": f"https://github.com/lab/tagger-{number}",
        "description": description,
        "fork": False,
        "default_branch": "main",
    }


def _globus(asked: Asked) -> Any:
    offset, size = int(asked.fields.get("offset", 0)), int(asked.fields.get("limit", 10))
    numbers, title, total = _listed(asked, 5000, offset // size + 1, size)
    results = [
        {
            "@datatype": "GMetaResult",
            "subject": f"lab/tagger_{number}",
            "content": [
                {
                    "datacite": {
                        "titles": [{"title": title}],
                        "descriptions": [{"description": asked.words, "descriptionType": "Abstract"}],
                    },
                    "dlhub": {
                        "name": f"tagger_{number}",
                        "owner": "lab",
                        "shorthand_name": f"lab/tagger_{number}",
                        "type": "servable",
                    },
                    "servable": {"type": "Keras Model"},
                }
            ],
        }
        for number in numbers
    ]
    head = {"@datatype": "GSearchResult", "@version": "2017-09-01", "has_next_page": False}
    return {**head, "count": len(results), "total": total, "offset": offset, "gmeta": results}


def _cern(asked: Asked) -> Any:
    numbers, title, total = _paged(asked, 6000, "page", "size")
    hits = [
        {
            "id": number,
            "metadata": {
                "recid": str(number),
                "title": title,
                "abstract": {"description": asked.words},
                "type": {"primary": "Software"},
            },
        }
        for number in numbers
    ]
    return {"hits": {"hits": hits, "total": total}}


def _flows(_asked: Asked) -> Any:
    return {"flows": {"flow": [{"id": "7000", "name": "f", "version": 1, "uploader": 1}]}}


def _flow(asked: Asked) -> Any:
    return {"flow": {"id": "7000", "name": "Tagger", "uploader": "1", "description": asked.words}}


_FLOWS = "api/v1/json/flow"
_ANSWERS: dict[tuple[str, str], Callable[[Asked], Any]] = {
    ("zenodo", "api/records"): _zenodo,
    ("zenodo", "api/records/1000"): _zenodo_record,
    ("zenodo", "api/records/1000/files/tagger.bin/content"): lambda _asked: CONTENT,
    ("zenodo", "api/records/7834392"): lambda _asked: known_services.payloads()["zenodo"],
    ("zenodo", "oai2d"): _oai,
    ("openml", f"{_FLOWS}/list"): _flows,
    ("datacite", "dois"): _datacite,
    ("huggingface", "api/models"): _hub,
    ("github", "search/repositories"): _github,
    ("github", "repos/lab/tagger-4000"): lambda asked: _repository(4000, asked.words),
    ("globus", f"v1/index/{_INDEX}/search"): _globus,
    ("cernopendata", "api/records"): _cern,
    ("cernopendata", "api/records/"): _cern,
}
# By all but the last part of the path.
_PREFIXES: dict[tuple[str, str], Callable[[Asked], Any]] = {
    ("openml", _FLOWS): _flow,
}
