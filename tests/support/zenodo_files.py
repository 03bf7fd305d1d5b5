# SPDX-License-Identifier: MIT
"""A record of Zenodo with files of any names; written by hand after the documented shape."""

import hashlib
import io
import re
import zipfile
from collections.abc import Iterable, Mapping
from urllib.parse import quote, unquote, urlsplit

from werkzeug import Request, Response

from support import hbb

__all__ = ["RECORD", "packed", "raw_link", "serve", "strict_link"]

RECORD = "/zenodo/api/records/7305227"
_FILES = f"https://zenodo.org{RECORD.removeprefix('/zenodo')}/files/"


def raw_link(name: str) -> str:
    """The address of a file with its name as it is."""
    return f"{_FILES}{name}/content"


def strict_link(name: str) -> str:
    """The address of a file with every reserved character of its name quoted."""
    return f"{_FILES}{quote(name, safe='')}/content"


def packed(members: Mapping[str, bytes]) -> bytes:
    """A zip archive with these members."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return out.getvalue()


def serve(httpserver, files: Iterable[tuple[str, bytes]], *, link=strict_link) -> str:
    """Serve the files; return the DOI. Files of one name are told apart by their MD5 in the query."""
    listed = list(files)
    document = hbb.record(b"")
    document["files"] = [_entry(name, content, link(name), listed) for name, content in listed]
    httpserver.expect_request(RECORD).respond_with_json(document)
    httpserver.expect_request(re.compile(f"{RECORD}/files/.*")).respond_with_handler(
        lambda request: _answer(request, listed)
    )
    hbb.serve(httpserver, b"")
    return hbb.DOI


def _md5(content: bytes) -> str:
    return hashlib.md5(content).hexdigest()


def _entry(name: str, content: bytes, address: str, listed: list[tuple[str, bytes]]) -> dict:
    twice = sum(name == other for other, _ in listed) > 1
    return {
        "key": name,
        "size": len(content),
        "checksum": f"md5:{_md5(content)}",
        "links": {"self": address + (f"?version={_md5(content)}" if twice else "")},
    }


def _answer(request: Request, listed: list[tuple[str, bytes]]) -> Response:
    """Read the name from the request line itself, as some servers do."""
    asked = urlsplit(request.environ["REQUEST_URI"])
    name = unquote(asked.path.removeprefix(f"{RECORD}/files/").removesuffix("/content"))
    for own, content in listed:
        if own == name and asked.query in {"", f"version={_md5(content)}"}:
            return Response(content, mimetype="application/octet-stream")
    return Response(status=404)
