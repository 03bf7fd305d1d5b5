# SPDX-License-Identifier: MIT
"""Cache of answers with an ETag, so that a service can reply "not modified" instead of sending them again.

One file per answer, written atomically. The cache is optional: disk errors on writing are ignored, and an
unreadable file counts as missing. Request headers are never written.
"""

import contextlib
import hashlib
import json
import os
import re
import time
from base64 import b64decode, b64encode
from http import HTTPStatus
from pathlib import Path
from typing import Any

from fairreg.web.responses import Response

__all__ = ["HttpCache"]

MAX_RESPONSES = 2_000
MAX_BYTES = 256 * 2**20
MAX_BODY_BYTES = 8 * 2**20
# Names of the files here, answers and drafts of them: no other file is counted or removed.
_OWN_NAME = re.compile(r"\.?[0-9a-f]{64}\.json(\.[0-9a-f]+\.part)?")
# Age of a draft that nobody writes any more: its few megabytes are in memory before it is made.
_DRAFT_SECONDS = 3600
# Headers needed by readers of an answer.
_HEADERS = ("etag", "last-modified", "link", "content-type")
# Sent back as If-None-Match: no character of it may end the header or be beyond Latin-1. Quotes are the rule
# (RFC 9110, section 8.8.3), and some servers leave them out.
_ENTITY_TAG = re.compile("[!-~\x80-\xff ]+")


class HttpCache:
    """Cached answers in `folder`, created with the first one; new ones replace the oldest."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def find(self, key: str) -> Response | None:
        """Return the cached answer for `key`, which has an ETag; None if it is missing or damaged."""
        try:
            path = self._path(key)
            entry: Any = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else None
            body = b64decode(entry["body"], validate=True)
            headers = {str(name): str(value) for name, value in entry["headers"].items()}
            whole = entry["sha256"] == hashlib.sha256(body).hexdigest()
            url = str(entry["url"])
        except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
            return None
        usable = whole and _ENTITY_TAG.fullmatch(headers.get("etag", ""))
        return Response(url, HTTPStatus.OK, headers, body) if usable else None

    def store(self, key: str, response: Response) -> None:
        """Store a complete answer if it has an ETag and is not too large."""
        if response.status != HTTPStatus.OK or not _ENTITY_TAG.fullmatch(response.headers.get("etag", "")):
            return
        if len(response.body) > MAX_BODY_BYTES:
            return
        entry = {
            "url": response.url,
            "headers": {name: response.headers[name] for name in _HEADERS if name in response.headers},
            "sha256": hashlib.sha256(response.body).hexdigest(),
            "body": b64encode(response.body).decode("ascii"),
        }
        with contextlib.suppress(OSError):
            self._write(self._path(key), json.dumps(entry))
            self._evict()

    def size(self) -> tuple[int, int]:
        """Number of cached answers, and their bytes on disk."""
        sizes = [stat.st_size for path, stat in self._files() if path.endswith(".json")]
        return len(sizes), sum(sizes)

    def clear(self) -> int:
        """Remove all answers; return the freed bytes. Raises OSError for files that cannot be removed."""
        freed = 0
        for path, stat in self._files():
            Path(path).unlink(missing_ok=True)
            freed += stat.st_size
        return freed

    def _files(self) -> list[tuple[str, os.stat_result]]:
        try:
            with os.scandir(self._folder) as entries:
                own = (entry for entry in entries if _OWN_NAME.fullmatch(entry.name))
                return [(item.path, item.stat()) for item in own if item.is_file(follow_symlinks=False)]
        except (FileNotFoundError, NotADirectoryError):
            return []

    def _path(self, key: str) -> Path:
        # The key may contain a token: only its digest is written to disk.
        return self._folder / f"{hashlib.sha256(key.encode('utf-8', 'surrogatepass')).hexdigest()}.json"

    def _write(self, path: Path, text: str) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        draft = path.with_name(f".{path.name}.{os.urandom(6).hex()}.part")
        try:
            with draft.open("x", encoding="utf-8") as out:
                out.write(text)
            draft.replace(path)
        except BaseException:
            draft.unlink(missing_ok=True)
            raise

    def _evict(self) -> None:
        """Remove the oldest answers until a tenth is free, once their number or total size is too large."""
        files = self._files()
        for path, stat in files:
            if path.endswith(".part") and time.time() - stat.st_mtime > _DRAFT_SECONDS:
                Path(path).unlink(missing_ok=True)  # of a process that was killed
        count, size = len(files), sum(stat.st_size for _, stat in files)
        if count <= MAX_RESPONSES and size <= MAX_BYTES:
            return
        for path, stat in sorted(files, key=lambda item: item[1].st_mtime):
            if count <= MAX_RESPONSES * 0.9 and size <= MAX_BYTES * 0.9:
                return
            Path(path).unlink(missing_ok=True)
            count, size = count - 1, size - stat.st_size
