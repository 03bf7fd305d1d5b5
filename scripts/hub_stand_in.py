# SPDX-License-Identifier: MIT
"""A local stand-in for the Hugging Face Hub: repositories, large files, commits, tags, settings, reading.

    python scripts/hub_stand_in.py

It prints the settings that lead fairreg to it, and serves until it is interrupted; nothing is kept. The
shapes are those that huggingface_hub 2.4.0 sends and reads (`hf_api`, `_commit_api`, `lfs`), with files in
Git LFS: Xet is switched off by the settings. Repositories that are private answer to the token only.
"""

import base64
import hashlib
import json
import re
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http import HTTPStatus
from http.server import ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import yaml
from hub_shapes import Repository, blob, info, log_entry, references
from stand_in_http import StandInHandler, handler_for

TOKEN = "hf_token_of_the_stand_in"
OWNER = "lab"
_PART = 64 * 1024  # larger files come in parts
_LARGE = (".onnx", ".safetensors", ".pt", ".bin")
# What a test makes of a request: None, a status with a document and perhaps headers, or "reset".
Fault = Callable[[str, str], tuple[Any, ...] | str | None]


class Refused(Exception):
    """An answer other than success; `code` is what the Hub puts into X-Error-Code."""

    def __init__(self, status: int, message: str, code: str = "") -> None:
        super().__init__(message)
        self.status, self.message, self.code = status, message, code


class HubStandIn:
    """The server. `asked` are its requests, `repositories` by name, `contents` the bytes in LFS by SHA-256.

    `before` and `after` are asked with method and path of each request that changes something, before it is
    carried out and after that: they return a fault or None. So is `reading` with each request that reads.
    """

    def __init__(self, *, token: str = TOKEN) -> None:
        self.token = token
        self.asked: list[tuple[str, str]] = []
        self.authorizations: dict[str, str] = {}
        self.repositories: dict[str, Repository] = {}
        self.contents: dict[str, bytes] = {}
        self.parts: dict[str, dict[int, bytes]] = {}
        self.before: Fault = lambda _method, _path: None
        self.after: Fault = lambda _method, _path: None
        self.reading: Fault = lambda _method, _path: None
        self.lock = threading.RLock()
        self._server = _Server(("127.0.0.1", 0), handler_for(self, _Handler))
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    @property
    def base(self) -> str:
        """Address of the server."""
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    @property
    def settings(self) -> dict[str, str]:
        """Variables that lead fairreg to it."""
        return {"HF_ENDPOINT": self.base, "HF_TOKEN": self.token, "HF_HUB_DISABLE_XET": "1"}

    def close(self) -> None:
        """Stop the server."""
        self._server.shutdown()
        self._server.server_close()

    def create(self, name: str, *, private: bool, files: dict[str, bytes] | None = None) -> Repository:
        """Make a repository, which begins with .gitattributes as at the Hub."""
        made = Repository(name, private)
        first = {".gitattributes": b"*.onnx filter=lfs diff=lfs merge=lfs -text\n", **(files or {})}
        made.commit(first, author="system", message="initial commit")
        self.repositories[name] = made
        return made


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Keep quiet over clients that are gone."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


@contextmanager
def served(**options: Any) -> Iterator[HubStandIn]:
    """Context manager: a server that is stopped at the end."""
    server = HubStandIn(**options)
    try:
        yield server
    finally:
        server.close()


class _Handler(StandInHandler):
    server_of: HubStandIn

    def _answer(self) -> None:
        stand, path = self.server_of, unquote(urlsplit(self.path).path)
        try:
            body = self._body()
        except (ConnectionError, ValueError):
            self.close_connection = True
            return
        changes = self.command not in {"GET", "HEAD"} or path == "/api/whoami-v2"
        with stand.lock:
            stand.asked.append((self.command, path))
            stand.authorizations[path] = self.headers.get("Authorization") or ""
            fault = (stand.before if changes else stand.reading)(self.command, path)
            if fault is None:
                answer = self._carried_out(path, body)
                fault = stand.after(self.command, path) if changes else None
        if fault == "reset":
            self.close_connection = True
            self.connection.close()
        elif isinstance(fault, tuple):
            self._json(*fault)
        else:
            answer()

    def _carried_out(self, path: str, body: bytes) -> Callable[[], None]:
        try:
            return self._routed(path, body)
        except Refused as refusal:
            status, message = refusal.status, refusal.message
            headers = {"X-Error-Code": refusal.code, "X-Error-Message": message}
            return lambda: self._json(status, {"error": message}, headers)

    def _routed(self, path: str, body: bytes) -> Callable[[], None]:
        if self.command in {"GET", "HEAD"}:
            return self._read(path)
        found = re.fullmatch(r"/lfs/([0-9a-f]{64})(?:/(\d+|complete))?", path)
        if found:  # the store of objects gets no token
            return self._store(found[1], found[2], body)
        self._require_token()
        document = [json.loads(line) for line in body.splitlines() if line.strip()]
        if path == "/api/repos/create":
            return self._create(document[0])
        if path == "/api/validate-yaml":
            return self._validate(document[0]["content"])
        found = re.fullmatch(r"/([^/]+/[^/]+)\.git/info/lfs/objects/batch", path)
        if found:
            return self._batch(document[0]["objects"])
        found = re.fullmatch(
            r"/api/models/([^/]+/[^/]+)/(preupload|commit|tag|settings|super-squash)(?:/(.+))?", path
        )
        repository = self.server_of.repositories.get(found[1]) if found else None
        if found is None or repository is None:
            raise Refused(404, "Repository not found", "RepoNotFound")
        steps: dict[str, Callable[[Repository, str, list[Any]], Callable[[], None]]] = {
            "preupload": self._preupload,
            "commit": self._commit,
            "tag": self._tag,
            "settings": self._settings,
            "super-squash": self._squash,
        }
        return steps[found[2]](repository, found[3] or "main", document)

    def _require_token(self) -> None:
        if self.headers.get("Authorization") != f"Bearer {self.server_of.token}":
            raise Refused(401, "Invalid credentials in Authorization header")

    def _read(self, path: str) -> Callable[[], None]:
        if path == "/api/whoami-v2":
            self._require_token()
            return lambda: self._json(200, {"type": "user", "name": OWNER, "orgs": []})
        if path == "/api/models":
            return self._search()
        found = re.fullmatch(r"/api/models/([^/]+/[^/]+)(?:/revision/(.+))?", path)
        if found:
            repository = self._visible(found[1])
            commit = repository.at(found[2] or "main")
            if commit is None:
                raise Refused(404, f"Invalid rev id: {found[2]}", "RevisionNotFound")
            return lambda: self._json(200, info(repository, commit))
        found = re.fullmatch(r"/api/models/([^/]+/[^/]+)/(commits/.+|refs)", path)
        if found:
            return self._versions(self._visible(found[1]), found[2])
        found = re.fullmatch(r"/([^/]+/[^/]+)/(?:resolve|raw)/([^/]+)/(.+)", path)
        if found:
            repository = self._visible(found[1])
            files = repository.commits.get(repository.at(found[2]) or "", {})
            if found[3] not in files:
                raise Refused(404, "Entry not found", "EntryNotFound")
            content = files[found[3]]
            return lambda: self._send(200, "application/octet-stream", content)
        found = re.fullmatch(r"/([^/]+/[^/]+)", path)
        if found:
            page = f"<html><title>{self._visible(found[1]).name}</title></html>"
            return lambda: self._send(200, "text/html", page.encode())
        raise Refused(404, "Not found")

    def _versions(self, repository: Repository, wanted: str) -> Callable[[], None]:
        """Answer about the commits before a revision, or about what leads to commits."""
        if wanted == "refs":
            document = {"converts": [], "pullRequests": [], **references(repository)}
            return lambda: self._json(200, document)
        commit = repository.at(wanted.partition("/")[2])
        if commit is None:
            raise Refused(404, "Invalid rev id", "RevisionNotFound")
        return lambda: self._json(200, [log_entry(repository, item) for item in repository.history(commit)])

    def _visible(self, name: str) -> Repository:
        found = self.server_of.repositories.get(name)
        known = self.headers.get("Authorization") == f"Bearer {self.server_of.token}"
        if found is None or (found.private and not known):
            raise Refused(404, "Repository not found", "RepoNotFound")
        return found

    def _search(self) -> Callable[[], None]:
        asked = parse_qs(urlsplit(self.path).query).get("search", [""])[0].lower().split()
        public = [item for item in self.server_of.repositories.values() if not item.private]
        hits = [item for item in public if all(word in item.name.lower() for word in asked)]
        return lambda: self._json(200, [info(item, item.head) for item in hits])

    def _create(self, wanted: dict[str, Any]) -> Callable[[], None]:
        name = f"{wanted.get('organization') or OWNER}/{wanted['name']}"
        url = f"https://huggingface.co/{name}"
        if name in self.server_of.repositories:
            return lambda: self._json(409, {"error": "You already created this model repo", "url": url})
        if name.partition("/")[0] != OWNER:
            raise Refused(403, f"You don't have the rights to create a model under the namespace {name}")
        private = wanted.get("visibility") == "private" or wanted.get("private") is True
        self.server_of.create(name, private=private)
        return lambda: self._json(200, {"url": url, "name": name})

    def _validate(self, text: str) -> Callable[[], None]:
        front = re.match(r"---\n(.*?)\n---", text, re.DOTALL)
        try:
            fields = yaml.safe_load(front[1]) if front else None
        except yaml.YAMLError:
            return lambda: self._json(400, {"errors": [{"message": "YAML is not valid"}], "warnings": []})
        stated = fields.get("license") if isinstance(fields, dict) else None
        if isinstance(stated, str) and "-or-later" in stated:  # of no word in the Hub's list
            fault = '"license" must be one of [apache-2.0, mit, gpl-3.0, other, array]'
            return lambda: self._json(400, {"errors": [{"message": fault}], "warnings": []})
        told = (
            [] if isinstance(fields, dict) else [{"message": "empty or missing yaml metadata in repo card"}]
        )
        return lambda: self._json(200, {"errors": [], "warnings": told})

    def _preupload(self, repository: Repository, _revision: str, document: list[Any]) -> Callable[[], None]:
        modes = []
        for item in document[0]["files"]:
            name, stored = item["path"], repository.files.get(item["path"])
            oid = None if stored is None else blob(repository, name, stored)
            mode = "lfs" if name.endswith(_LARGE) else "regular"
            modes.append({"path": name, "uploadMode": mode, "shouldIgnore": False, "oid": oid})
        return lambda: self._json(200, {"files": modes})

    def _batch(self, objects: list[dict[str, Any]]) -> Callable[[], None]:
        told = []
        for item in objects:
            oid, size = item["oid"], item["size"]
            address = f"{self.server_of.base}/lfs/{oid}"
            upload: dict[str, Any] = {"href": address}
            if size > _PART:
                count = -(-size // _PART)
                parts = {str(number): f"{address}/{number}" for number in range(1, count + 1)}
                upload = {"href": f"{address}/complete", "header": {"chunk_size": str(_PART), **parts}}
            actions = {} if oid in self.server_of.contents else {"actions": {"upload": upload}}
            told.append({"oid": oid, "size": size, **actions})
        return lambda: self._json(200, {"transfer": "basic", "objects": told})

    def _store(self, oid: str, part: str | None, body: bytes) -> Callable[[], None]:
        stand = self.server_of
        if part == "complete":
            pieces = stand.parts.get(oid, {})
            body = b"".join(pieces[number] for number in sorted(pieces))
        elif part is not None:
            stand.parts.setdefault(oid, {})[int(part)] = body
            return lambda: self._send(200, "text/plain", b"", {"ETag": f'"{part}"'})
        if hashlib.sha256(body).hexdigest() != oid:
            raise Refused(400, "The content is not that of the announced SHA-256")
        stand.contents[oid] = body
        return lambda: self._json(200, {})

    def _commit(self, repository: Repository, _revision: str, document: list[Any]) -> Callable[[], None]:
        parent = document[0]["value"].get("parentCommit")
        if parent is not None and parent != repository.head:
            raise Refused(412, "A commit has happened since. Please refresh and try again.")
        files = dict(repository.files)
        for item in document[1:]:
            value = item["value"]
            if item["key"] == "file":
                files[value["path"]] = base64.b64decode(value["content"])
            elif item["key"] == "lfsFile":
                if value["oid"] not in self.server_of.contents:
                    raise Refused(400, f"LFS pointer of {value['path']} points to no file")
                files[value["path"]] = self.server_of.contents[value["oid"]]
                repository.large.add(value["path"])
            else:
                del files[value["path"]]
        said = document[0]["value"]
        message = f"{said.get('summary')}\n{said.get('description')}"
        made = repository.commit(files, author=OWNER, message=message)
        url = f"https://huggingface.co/{repository.name}/commit/{made}"
        return lambda: self._json(200, {"success": True, "commitOid": made, "commitUrl": url})

    def _squash(self, repository: Repository, _revision: str, document: list[Any]) -> Callable[[], None]:
        repository.squash(author=OWNER, message=document[0].get("message") or "Squash")
        return lambda: self._json(200, {})

    def _tag(self, repository: Repository, revision: str, document: list[Any]) -> Callable[[], None]:
        if self.command == "DELETE":
            del repository.tags[revision]
            return lambda: self._json(200, {})
        tag, commit = document[0]["tag"], repository.at(revision)
        if tag in repository.tags:
            raise Refused(409, f"Tag {tag} already exists")
        if commit is None:
            raise Refused(404, f"Invalid rev id: {revision}", "RevisionNotFound")
        repository.tags[tag] = commit
        return lambda: self._json(200, {})

    def _settings(self, repository: Repository, _revision: str, document: list[Any]) -> Callable[[], None]:
        wanted = document[0]
        repository.private = wanted.get("visibility") == "private" or wanted.get("private") is True
        return lambda: self._json(200, {})

    def _json(self, status: int, document: Any, headers: dict[str, str] | None = None) -> None:
        self._send(status, "application/json", json.dumps(document).encode(), headers)

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
            print(f"export {name}={value}", flush=True)
        try:
            threading.Event().wait()
        except KeyboardInterrupt:
            return


if __name__ == "__main__":
    main()
