# SPDX-License-Identifier: MIT
"""A local stand-in for an InvenioRDM such as Zenodo, with DataCite and doi.org: drafts, files, publication.

    python scripts/deposit_stand_in.py

It prints the settings that lead fairreg to it, and serves until it is interrupted. What is published there
can be fetched and assessed: records, files, search, registrations and pages are served in the documented
shapes. Nothing is kept when it ends. Source of the shapes: the manual of InvenioRDM
(reference/rest_api_drafts_records and file_transfer, 8064a4b), and Zenodo's own record for reading.
"""

import hashlib
import json
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from http import HTTPStatus
from http.server import ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, quote, unquote, urlsplit

import deposit_shapes as shapes
from stand_in_http import StandInHandler, handler_for

TOKEN = "token-of-the-stand-in"
_FIRST = 9_000_001
_TIME = "2026-11-30T12:00:00+00:00"
_TYPES = {"model", "software", "dataset"}
# What a test makes of a request: None, a status with a document, or "reset".
Fault = Callable[[str, str], tuple[int, Any] | str | None]


class Refused(Exception):
    """An answer other than success."""

    def __init__(self, status: int, message: str, errors: list[dict[str, Any]] | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.document = {"status": status, "message": message, **({"errors": errors} if errors else {})}


@dataclass
class StoredFile:
    """A file of a draft; `parts` of one that comes in parts, by number."""

    key: str
    status: str = "pending"
    content: bytes = b""
    transfer: dict[str, Any] = field(default_factory=lambda: {"type": "L"})
    parts: dict[int, bytes] = field(default_factory=dict)
    size: int | None = None

    def entry(self, base: str) -> dict[str, Any]:
        """Return the file as an answer shows it."""
        name = quote(self.key)
        links: dict[str, Any] = {
            "self": f"{base}/{name}",
            "content": f"{base}/{name}/content",
            "commit": f"{base}/{name}/commit",
        }
        known: dict[str, Any] = {
            "key": self.key,
            "status": self.status,
            "transfer": self.transfer,
            "links": links,
        }
        if self.status == "completed":
            digest = hashlib.md5(self.content, usedforsecurity=False).hexdigest()
            known |= {"size": len(self.content), "checksum": f"md5:{digest}"}
        elif self.transfer["type"] == "M":
            links["parts"] = [
                {"part": number, "url": f"{base}/{name}/content/{number}", "expiration": _TIME}
                for number in range(1, self.transfer["parts"] + 1)
            ]
        return known


@dataclass
class StoredRecord:
    """A draft, or the record that it became."""

    id: str
    parent: str
    index: int
    document: dict[str, Any]
    doi: str | None = None
    external: bool = False  # whether the DOI was entered on the page of the draft
    published: bool = False
    edited: dict[str, Any] | None = None
    files: dict[str, StoredFile] = field(default_factory=dict)


class DepositStandIn:
    """The server. `asked` are its requests, `records` its drafts and records by id.

    `before` and `after` are asked with method and path of each request to the API, before it is carried out
    and after that: they return a fault or None. `multipart` is False for a service without this transfer.
    """

    def __init__(self, *, token: str = TOKEN, prefix: str = "10.5281") -> None:
        self.token, self.prefix = token, prefix
        self.asked: list[tuple[str, str]] = []
        self.authorizations: list[str] = []
        self.records: dict[str, StoredRecord] = {}
        self.registered: dict[str, dict[str, Any]] = {}
        self.before: Fault = lambda _method, _path: None
        self.after: Fault = lambda _method, _path: None
        self.multipart = True
        self.lock = threading.RLock()
        self._next = _FIRST
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), handler_for(self, _Handler))
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    @property
    def base(self) -> str:
        """Address of the server."""
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    @property
    def settings(self) -> dict[str, str]:
        """Variables that lead fairreg to it."""
        return {
            "FAIRREG_ZENODO_URL": f"{self.base}/zenodo",
            "FAIRREG_DATACITE_URL": f"{self.base}/datacite",
            "FAIRREG_DOI_URL": f"{self.base}/doi",
            "ZENODO_TOKEN": self.token,
        }

    def close(self) -> None:
        """Stop the server."""
        self._server.shutdown()
        self._server.server_close()

    def register(self, doi: str, attributes: dict[str, Any]) -> None:
        """Serve another object, such as a data set or a paper, as DataCite's REST API gives it."""
        self.registered[doi.lower()] = {"data": {"id": doi, "type": "dois", "attributes": attributes}}

    def published(self) -> list[StoredRecord]:
        """Return the published records."""
        return [record for record in self.records.values() if record.published]

    def new(self, document: dict[str, Any], *, of: StoredRecord | None = None) -> StoredRecord:
        """Make a draft."""
        parent = of.parent if of is not None else self._number()
        made = StoredRecord(self._number(), parent, (of.index + 1) if of is not None else 1, document)
        self.records[made.id] = made
        return made

    def _number(self) -> str:
        self._next += 1
        return str(self._next)


@contextmanager
def served(**options: Any) -> Iterator[DepositStandIn]:
    """Run the stand-in while the block runs."""
    server = DepositStandIn(**options)
    try:
        yield server
    finally:
        server.close()


def faults_of(document: dict[str, Any]) -> list[dict[str, Any]]:
    """Return what is wrong with a draft's metadata, in the shape of InvenioRDM."""
    meta = document.get("metadata", {})
    found = [
        (f"metadata.{name}", "Missing data for required field.")
        for name in ("title", "publication_date", "creators", "publisher", "resource_type")
        if not meta.get(name)
    ]
    if meta.get("publication_date") and not re.fullmatch(r"\d{4}(-\d\d(-\d\d)?)?", meta["publication_date"]):
        found.append(("metadata.publication_date", "Please provide a valid date or interval."))
    if meta.get("resource_type") and meta["resource_type"]["id"] not in _TYPES:
        found.append(("metadata.resource_type", "Invalid value."))
    for number, item in enumerate(meta.get("creators") or []):
        who = item["person_or_org"]
        if who["type"] == "personal" and not who.get("family_name"):
            field_name = f"metadata.creators.{number}.person_or_org.family_name"
            found.append((field_name, "Family name must be filled."))
    for number, item in enumerate(meta.get("rights") or []):
        if "id" in item and item["id"] != item["id"].lower():
            found.append((f"metadata.rights.{number}", "Invalid license id."))
    return [{"field": name, "messages": [message]} for name, message in found]


class _Handler(StandInHandler):
    server_of: DepositStandIn

    def _answer(self) -> None:
        stand, path = self.server_of, unquote(urlsplit(self.path).path)
        is_write = path.startswith("/zenodo/api/") and (self.command != "GET" or "/draft" in path)
        try:
            body = self._body()
        except ConnectionError:
            self.close_connection = True
            return
        with stand.lock:
            stand.asked.append((self.command, path))
            stand.authorizations.append(self.headers.get("Authorization") or "")
            fault = stand.before(self.command, path) if is_write or "/user/" in path else None
            if fault is None:
                try:
                    answer = self._routed(path, body)
                except Refused as refusal:
                    answer = partial(self._json, refusal.status, refusal.document)
                fault = stand.after(self.command, path) if is_write else None
        if fault == "reset":
            self.close_connection = True
            self.connection.close()
        elif isinstance(fault, tuple):
            self._json(*fault)
        else:
            answer()

    def _routed(self, path: str, body: bytes) -> Callable[[], None]:
        for start, route in (
            ("/zenodo/api/", self._api),
            ("/datacite/dois/", self._datacite),
            ("/doi/", self._doi),
        ):
            if path.startswith(start):
                return route(path.removeprefix(start), body)
        found = re.fullmatch(r"/zenodo/records/(\d+)", path)
        if found and (record := self._public(found[1])):
            headers = {"Link": shapes.signposts(self._native(record))}
            return lambda: self._send(200, "text/html", shapes.page(self._native(record)).encode(), headers)
        if path == "/zenodo/oai2d":
            return lambda: self._send(200, "text/xml", b"<OAI-PMH><Identify></Identify></OAI-PMH>")
        raise Refused(404, "Not found.")

    def _api(self, path: str, body: bytes) -> Callable[[], None]:
        stand = self.server_of
        if path.rstrip("/") == "records" and self.command == "GET":
            return self._search()
        found = re.fullmatch(r"records/(\d+)(/files(?:/(.+?)/content)?|/versions/latest)?", path)
        if found and self.command in {"GET", "HEAD"}:
            return self._read(found)
        if self.headers.get("Authorization") != f"Bearer {stand.token}":
            raise Refused(401, "The server could not verify that you are authorized.")
        if path.rstrip("/") == "user/records":
            hits = [self._native(item) for item in reversed(stand.records.values())]
            return lambda: self._json(200, {"hits": {"hits": hits[:25], "total": len(hits)}})
        if path.rstrip("/") == "records":
            made = stand.new(json.loads(body))
            return lambda: self._json(201, self._with_errors(made))
        return self._of_draft(path, body)

    def _read(self, found: re.Match[str]) -> Callable[[], None]:
        record, more = self._public(found[1]), found[2] or ""
        if record is None:
            latest = [item for item in self.server_of.published() if item.parent == found[1]]
            if not latest:
                raise Refused(404, "The persistent identifier does not exist.")
            place = f"https://zenodo.org/api/records/{latest[-1].id}"
            return lambda: self._send(301, "text/plain", b"", {"Location": place})
        contents = {name: item.content for name, item in record.files.items()}
        if found[3] is not None:
            if found[3] not in contents:
                raise Refused(404, "No such file.")
            return lambda: self._bytes(contents[found[3]])
        if more == "/files":
            base = f"https://zenodo.org/api/records/{record.id}/files"
            entries = [item.entry(base) for item in record.files.values()]
            return lambda: self._json(200, {"enabled": True, "entries": entries})
        native = "vnd.inveniordm" in (self.headers.get("Accept") or "")
        shown = self._native(record) if native else shapes.legacy(self._native(record), contents)
        return lambda: self._json(200, shown)

    def _search(self) -> Callable[[], None]:
        asked = parse_qs(urlsplit(self.path).query).get("q", [""])[0].lower()
        words = set(re.findall(r"\w+", asked))
        hits = []
        for record in self.server_of.published():
            title = set(re.findall(r"\w+", record.document["metadata"]["title"].lower()))
            if (record.doi or "-").lower() in asked or (words and words <= title):
                contents = {name: item.content for name, item in record.files.items()}
                hits.append(shapes.legacy(self._native(record), contents))
        return lambda: self._json(200, {"hits": {"hits": hits, "total": len(hits)}})

    def _of_draft(self, path: str, body: bytes) -> Callable[[], None]:
        stand = self.server_of
        found = re.fullmatch(r"records/(\d+)/(versions|draft)(?:/(.+))?", path)
        record = stand.records.get(found[1]) if found else None
        if found is None or record is None:
            raise Refused(404, "The persistent identifier does not exist.")
        if found[2] == "versions":
            return self._new_version(record)
        rest = found[3] or ""
        if record.published:
            return self._edit(record, rest, body)
        if rest.startswith("files"):
            return self._files(record, rest.removeprefix("files").lstrip("/"), body)
        routes: dict[tuple[str, str], Callable[[StoredRecord, bytes], Callable[[], None]]] = {
            ("GET", ""): lambda item, _body: lambda: self._json(200, self._with_errors(item)),
            ("PUT", ""): self._update,
            ("DELETE", ""): self._discard,
            ("POST", "pids/doi"): self._reserve,
            ("POST", "actions/publish"): self._publish,
        }
        route = routes.get((self.command, rest))
        if route is None:
            raise Refused(405, "Method not allowed.")
        return route(record, body)

    def _new_version(self, record: StoredRecord) -> Callable[[], None]:
        same = [item for item in self.server_of.records.values() if item.parent == record.parent]
        draft = next((item for item in same if not item.published), None)
        if draft is None:
            # Filled from the last version, whichever was named (invenio-drafts-resources, new_version).
            document = same[-1].document
            meta = {
                key: value
                for key, value in document["metadata"].items()
                if key not in {"publication_date", "version"}
            }
            draft = self.server_of.new({**document, "metadata": meta}, of=same[-1])
        made = draft
        return lambda: self._json(201, self._with_errors(made))

    def _edit(self, record: StoredRecord, rest: str, body: bytes) -> Callable[[], None]:
        """Answer about the draft in which the metadata of a published record change."""
        if (self.command, rest) == ("POST", ""):
            record.edited = record.edited or record.document
        elif record.edited is None:
            raise Refused(404, "The draft does not exist.")
        elif (self.command, rest) == ("PUT", ""):
            record.edited = json.loads(body)
        elif (self.command, rest) == ("POST", "actions/publish"):
            record.document, record.edited = record.edited, None
        status, shown = (201 if self.command == "POST" else 200), record.edited or record.document
        return lambda: self._json(status, {**self._native(record), **shown})

    def _update(self, record: StoredRecord, body: bytes) -> Callable[[], None]:
        record.document = json.loads(body)
        if record.external:  # it belongs to the document, other than a reserved one
            record.doi = record.document.get("pids", {}).get("doi", {}).get("identifier")
            record.external = record.doi is not None
        return lambda: self._json(200, self._with_errors(record))

    def _discard(self, record: StoredRecord, _body: bytes) -> Callable[[], None]:
        del self.server_of.records[record.id]
        return lambda: self._send(204, "application/json", b"")

    def _reserve(self, record: StoredRecord, _body: bytes) -> Callable[[], None]:
        if record.doi is not None:
            errors = [{"field": "pids.doi", "messages": ["A PID already exists for type doi"]}]
            raise Refused(400, "A validation error occurred.", errors)
        record.doi = f"{self.server_of.prefix}/zenodo.{record.id}"
        return lambda: self._json(201, self._with_errors(record))

    def _publish(self, record: StoredRecord, _body: bytes) -> Callable[[], None]:
        errors = faults_of(record.document)
        pending = [name for name, item in record.files.items() if item.status != "completed"]
        if pending or not record.files:
            errors.append({"field": "files.enabled", "messages": ["Missing uploaded files."]})
        if errors:
            raise Refused(400, "A validation error occurred.", errors)
        record.published = True
        record.doi = record.doi or f"{self.server_of.prefix}/zenodo.{record.id}"
        return lambda: self._json(202, self._native(record))

    def _files(self, record: StoredRecord, rest: str, body: bytes) -> Callable[[], None]:
        base = f"/api/records/{record.id}/draft/files"
        if not rest:
            if self.command == "POST":
                self._announce(record, json.loads(body))
            entries = [item.entry(base) for item in record.files.values()]
            status = 201 if self.command == "POST" else 200
            return lambda: self._json(status, {"enabled": True, "entries": entries})
        found = re.fullmatch(r"(.+?)(/content(?:/(\d+))?|/commit)?", rest)
        stored = record.files.get(found[1]) if found else None
        if found is None or stored is None:
            raise Refused(404, "No such file.")
        if self.command == "DELETE":
            del record.files[stored.key]
            return lambda: self._send(204, "application/json", b"")
        if self.command == "PUT":
            self._store(stored, int(found[3]) if found[3] else None, body)
        elif found[2] == "/commit":
            self._commit(stored)
        return lambda: self._json(200, stored.entry(base))

    def _announce(self, record: StoredRecord, files: list[dict[str, Any]]) -> None:
        if any(item["key"] in record.files for item in files):
            raise Refused(400, "A file with this name exists already.")
        if not self.server_of.multipart and any("transfer" in item for item in files):
            raise Refused(400, "Unknown transfer type.")
        for item in files:
            made = StoredFile(item["key"], size=item.get("size"))
            made.transfer = item.get("transfer", made.transfer)
            record.files[made.key] = made

    def _store(self, stored: StoredFile, part: int | None, body: bytes) -> None:
        if stored.status == "completed":
            raise Refused(403, "The file is complete.")
        if part is None:
            stored.content = body
            return
        last = part == stored.transfer["parts"]
        if not last and len(body) != stored.transfer["part_size"]:
            raise Refused(400, "A part has another size than announced.")
        stored.parts[part] = body

    def _commit(self, stored: StoredFile) -> None:
        if stored.transfer["type"] == "M":
            stored.content = b"".join(stored.parts[number] for number in sorted(stored.parts))
            stored.transfer = {"type": "L"}
        stored.status = "completed"

    def _native(self, record: StoredRecord) -> dict[str, Any]:
        number = record.id
        concept = {"doi": {"identifier": f"{self.server_of.prefix}/zenodo.{record.parent}"}}
        parent = {"id": record.parent, "pids": concept if record.published or record.index > 1 else {}}
        doi = {"doi": {"identifier": record.doi, "provider": "external" if record.external else "datacite"}}
        doi = doi if record.doi else {}
        page = "records" if record.published else "uploads"
        base = f"https://zenodo.org/api/records/{number}"
        return {
            **record.document,
            "id": number,
            "created": _TIME,
            "updated": _TIME,
            "is_published": record.published,
            "parent": parent,
            "pids": doi,
            "versions": {"index": record.index},
            "links": {"self": base, "self_html": f"https://zenodo.org/{page}/{number}"},
        }

    def _with_errors(self, record: StoredRecord) -> dict[str, Any]:
        errors = faults_of(record.document)
        return self._native(record) | ({"errors": errors} if errors else {})

    def _public(self, number: str) -> StoredRecord | None:
        record = self.server_of.records.get(number)
        return record if record is not None and record.published else None

    def _by_doi(self, doi: str) -> StoredRecord | None:
        for record in self.server_of.published():
            concept = f"{self.server_of.prefix}/zenodo.{record.parent}"
            if doi.lower() in {record.doi, concept}:
                return record
        return None

    def _datacite(self, doi: str, _body: bytes) -> Callable[[], None]:
        record, other = self._by_doi(doi), self.server_of.registered.get(doi.lower())
        if record is None and other is None:
            raise Refused(404, "The resource you are looking for doesn't exist.")
        shown = other if record is None else shapes.datacite(self._native(record))
        return lambda: self._json(200, shown)

    def _doi(self, rest: str, _body: bytes) -> Callable[[], None]:
        if rest.startswith("ra/"):
            return lambda: self._json(200, [{"DOI": rest[3:], "RA": "DataCite"}])
        record, other = self._by_doi(rest), self.server_of.registered.get(rest.lower())
        if record is None and other is None:
            raise Refused(404, "DOI not found.")
        if "datacite" in (self.headers.get("Accept") or ""):
            document = other if record is None else shapes.datacite(self._native(record))
            return lambda: self._json(200, (document or {})["data"]["attributes"])
        if record is None:
            place = (other or {})["data"]["attributes"]["url"]
        else:
            place = f"https://zenodo.org/records/{record.id}"
        return lambda: self._send(302, "text/html", b"", {"Location": place})

    def _bytes(self, content: bytes) -> None:
        wanted = re.fullmatch(r"bytes=(\d+)-(\d*)", self.headers.get("Range") or "")
        if wanted is None:
            self._send(200, "application/octet-stream", content, {"Accept-Ranges": "bytes"})
            return
        first = int(wanted[1])
        part = content[first : int(wanted[2]) + 1 if wanted[2] else None]
        span = f"bytes {first}-{first + len(part) - 1}/{len(content)}"
        self._send(206, "application/octet-stream", part, {"Content-Range": span})

    def _json(self, status: int, document: Any) -> None:
        self._send(status, "application/json", json.dumps(document).encode())

    def _send(self, status: int, kind: str, body: bytes, headers: dict[str, str] | None = None) -> None:
        self.send_response(HTTPStatus(status))
        for name, value in {"Content-Type": kind, **(headers or {})}.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)


def main() -> None:
    """Serve until the user interrupts."""
    with served() as stand:
        for name, value in stand.settings.items():
            print(f"export {name}={value}")
        try:
            threading.Event().wait()
        except KeyboardInterrupt:
            return


if __name__ == "__main__":
    main()
