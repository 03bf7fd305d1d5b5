# SPDX-License-Identifier: MIT
"""A local Hugging Face Hub: its list, repository and file API as documented and recorded.

    python tests/harvesters/hub_server.py --infos hub-models.jsonl.xz --cards hub-cards.jsonl.xz

Written by hand after the recorded answers and `huggingface/errors/error-matrix.json` of the reference data.
Lists page by a cursor in the Link header, renamed repositories answer 307 with a text body, every answer has
the RateLimit headers. `faults` maps a path to the refusals that its next requests get.
"""

import argparse
import base64
import json
import lzma
import re
import sys
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlencode, urlsplit

# Status, X-Error-Code, X-Error-Message of each case of the matrix that concerns reading.
CASES = {
    "missing file": (404, "EntryNotFound", "Entry not found"),
    "missing repo": (404, "RepoNotFound", "Repository not found"),
    "missing or private repo, anonymous": (401, None, "Invalid username or password."),
    "gated, anonymous": (401, "GatedRepo", "Access to model owner/repo is restricted. Please log in."),
    "gated, logged in": (403, "GatedRepo", "Access to model owner/repo is restricted."),
    "bad token": (401, None, "Invalid credentials in Authorization header"),
    "disabled": (403, None, "Access to this resource is disabled."),
    "forbidden": (403, None, "Forbidden"),
    "rate limit": (429, None, "We had to rate limit you"),
    "bad request": (400, None, "Invalid cursor"),
    "fault": (500, None, "Internal Error - We're working hard to fix this as soon as possible!"),
    "busy": (503, None, "Service Unavailable"),
}
# What a list answers without being asked for more.
ALWAYS = {"_id", "id", "modelId"}
FILE = re.compile(r"/(?P<repo>(?:datasets/)?[^/]+(?:/[^/]+)?)/resolve/(?P<revision>[^/]+)/(?P<file>.+)")


@dataclass
class Hub:
    """What the server holds and has heard: `requests` are (path with query, headers)."""

    infos: dict = field(default_factory=dict)
    cards: dict = field(default_factory=dict)
    datasets: dict = field(default_factory=dict)
    files: dict = field(default_factory=dict)
    pages: dict = field(default_factory=dict)
    renamed: dict = field(default_factory=dict)
    faults: dict = field(default_factory=dict)
    elsewhere: dict = field(default_factory=dict)
    requests: list = field(default_factory=list)
    remembering: bool = True

    def __post_init__(self):
        self.order = list(self.infos)

    def __enter__(self):
        handler = type("Handler", (_Handler,), {"hub": self})
        self.server = _Server(("127.0.0.1", 0), handler)
        self.thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.02})
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server.server_port}"

    def heard(self, start="/"):
        return [(path, headers) for path, headers in self.requests if path.startswith(start)]

    def listed(self, name, query):
        """Whether a model is in the list for these parameters."""
        words, author = query.get("search", [""])[0], query.get("author", [None])[0]
        owner = name.partition("/")[0] if "/" in name else None
        tags = set(self.infos[name].get("tags", []))
        return (
            words.lower() in name.lower() and author in (None, owner) and tags >= set(query.get("filter", []))
        )

    def page(self, query):
        """(infos of the page, cursor of the next) for the parameters of a list."""
        first = json.loads(base64.b64decode(query["cursor"][0]))["after"] if "cursor" in query else 0
        size = min(int(query.get("limit", ["1000"])[0]), 1000)
        names = [name for name in self.order if self.listed(name, query)]
        if query.get("sort", [""])[0] == "lastModified":
            names.sort(key=lambda name: self.infos[name].get("lastModified", ""), reverse=True)
        wanted = ALWAYS | set(query.get("expand", []))
        found = [
            {key: value for key, value in self.infos[name].items() if key in wanted}
            for name in names[first : first + size]
        ]
        after = base64.b64encode(json.dumps({"after": first + size}).encode()).decode()
        return found, after if first + size < len(names) else None


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request, client_address):
        """A client that was killed is no fault of the server's."""
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    # One segment for head and body: with two, Nagle's algorithm would wait for an acknowledgement.
    wbufsize = -1
    disable_nagle_algorithm = True
    hub: Hub

    def do_GET(self):
        if self.hub.remembering:
            self.hub.requests.append((self.path, dict(self.headers)))
        parts = urlsplit(self.path)
        path, query = unquote(parts.path), parse_qs(parts.query)
        waiting = self.hub.faults.get(path, [])
        if waiting:
            fault = waiting.pop(0)
            return fault(self) if callable(fault) else self.refuse(fault)
        if path == "/api/models":
            return self.list_models(query)
        repository = re.fullmatch(r"/api/(models|datasets)/(.+)", path)
        if repository:
            return self.repository(repository[1], repository[2], query)
        if path.lstrip("/") in self.hub.pages:
            page = self.hub.pages[path.lstrip("/")].encode()
            return self.answer(200, page, {"Content-Type": "text/html; charset=utf-8"})
        file = FILE.fullmatch(path)
        return self.file(file) if file else self.refuse("missing repo")

    def list_models(self, query):
        found, after = self.hub.page(query)
        headers = {}
        if after:
            link = urlencode({**query, "cursor": after}, doseq=True)
            headers["Link"] = f'<{self.hub.url}/api/models?{link}>; rel="next"'
        self.answer(200, json.dumps(found).encode(), headers)

    def repository(self, kind, name, query):
        if name in self.hub.renamed:
            target = f"/api/{kind}/{self.hub.renamed[name]}"
            body = f"Temporary Redirect. Redirecting to {target}".encode()
            return self.answer(307, body, {"Location": target, "Content-Type": "text/plain; charset=utf-8"})
        info = (self.hub.datasets if kind == "datasets" else self.hub.infos).get(name)
        if info is None:
            return self.refuse(
                "missing repo" if "Authorization" in self.headers else "missing or private repo, anonymous"
            )
        if "blobs" not in query:
            plain = [{"rfilename": item["rfilename"]} for item in info.get("siblings", [])]
            info = {**info, "siblings": plain}
        return self.answer(200, json.dumps(info).encode())

    def file(self, match):
        name = f"{match['repo']}/{match['file']}"
        if name in self.hub.elsewhere:
            return self.answer(302, b"Found", {"Location": self.hub.elsewhere[name]})
        body = self.hub.files.get(name)
        if body is None and match["file"] == "README.md":
            body = self.hub.cards.get(match["repo"])
        if body is None:
            return self.refuse("missing file")
        body = body.encode() if isinstance(body, str) else body
        return self.answer(200, body, {"Content-Type": "text/plain; charset=utf-8"})

    def refuse(self, case):
        status, code, message = CASES[case]
        headers = {"X-Error-Message": message, **({"X-Error-Code": code} if code else {})}
        if status == 429:
            headers["RateLimit"] = '"api";r=0;t=0'
        self.answer(status, json.dumps({"error": message}).encode(), headers)

    def answer(self, status, body, headers=None):
        sent = {
            "Content-Type": "application/json; charset=utf-8",
            "Content-Length": str(len(body)),
            "RateLimit": '"api";r=499;t=300',
            "RateLimit-Policy": '"fixed window";"api";q=500;w=300',
            **(headers or {}),
        }
        self.send_response(status)
        for name, value in sent.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        """Says nothing."""


def dump(infos, cards, limit=None):
    """(infos, cards) by name of a dump in JSON lines, xz-compressed."""
    found, texts = {}, {}
    with lzma.open(infos, "rt", encoding="utf-8") as lines:
        for line in lines:
            if limit is not None and len(found) >= limit:
                break
            info = json.loads(line)
            name = info.get("id") or info["modelId"]
            found[name] = {"id": name, **info}
    with lzma.open(cards, "rt", encoding="utf-8") as lines:
        for line in lines:
            card = json.loads(line)
            if card["id"] in found:
                coded = card.get("readme_base64")
                texts[card["id"]] = base64.b64decode(coded) if coded else card["readme"]
    return found, texts


def generated(number):
    """A made-up list for where there is no dump."""
    infos, cards = {}, {}
    for index in range(number):
        name = f"owner-{index % 97}/model-{index}"
        siblings = [{"rfilename": file} for file in (".gitattributes", "README.md", "model.safetensors")]
        tags = ["pytorch", "text-classification", "license:mit", f"arxiv:2101.{index % 9000:05}"]
        infos[name] = {
            "id": name, "modelId": name, "sha": f"{index:040x}", "lastModified": "2022-01-20T12:13:34.000Z",
            "tags": tags, "pipeline_tag": "text-classification", "library_name": "transformers",
            "private": False, "siblings": siblings,
            "config": {"architectures": ["BertForSequenceClassification"], "model_type": "bert"},
        }  # fmt: skip
        cards[name] = (
            f"---\nlicense: mit\nlanguage: en\n---\n# Model {index}\n\nTells jets apart.\n" + "Word " * 200
        )
    return infos, cards


def main():
    parser = argparse.ArgumentParser(description="Serve a local Hugging Face Hub until standard input ends.")
    parser.add_argument("--infos", type=Path)
    parser.add_argument("--cards", type=Path)
    parser.add_argument("--number", type=int, default=None)
    asked = parser.parse_args()
    known = dump(asked.infos, asked.cards, asked.number) if asked.infos else generated(asked.number or 1000)
    with Hub(*known, remembering=False) as hub:
        print(hub.url, len(hub.infos), flush=True)  # noqa: T201 - what the caller waits for
        import sys

        sys.stdin.read()


if __name__ == "__main__":
    main()
