# SPDX-License-Identifier: MIT
"""Files that fairreg itself contains, at addresses of this server: the reference weights.

They lie on no other host, so that without these their record names files that nobody can get.
"""

import logging
import re
from functools import lru_cache
from http import HTTPStatus
from pathlib import Path
from urllib.parse import quote

from msgspec.structs import replace
from starlette.datastructures import Headers
from starlette.responses import FileResponse, MalformedRangeHeader, RangeNotSatisfiable, Response
from starlette.types import Receive, Scope, Send

from fairreg.errors import ChecksumMismatch
from fairreg.formats.contents import media_type
from fairreg.registry import Entry
from fairreg.schemas.identifiers import Identifier
from fairreg.schemas.record import ModelRecord
from fairreg.server.parts import FOLDER
from fairreg.server.problems import problem
from fairreg.server.records.representations import linksets
from fairreg.server.records.weblinks import WebLink, header
from fairreg.server.site import Site
from fairreg.services.fetch.download import Downloaded
from fairreg.sources import CURATED

__all__ = ["packaged_file", "with_addresses"]

_KNOWN = 100
_PART = "(?:[0-9]+-[0-9]*|-[0-9]+)"
_RANGE = re.compile(rf"bytes={_PART}(?:[ \t]*,[ \t]*{_PART})*", re.ASCII | re.IGNORECASE)
_LOG = logging.getLogger(__name__)


def with_addresses(site: Site, entry: Entry) -> ModelRecord:
    """Return the record as it is to be shown, in which packaged files have their addresses here."""
    record = entry.present_record
    own = _packaged(entry.identifier) if _may_be_packaged(entry) else {}
    if not own:
        return record
    page = site.record_url(entry.identifier)
    files = tuple(
        replace(item, url=f"{page}/{FOLDER}/{quote(item.name, safe='')}") if item.name in own else item
        for item in record.distributions
    )
    return replace(record, distributions=files)


def packaged_file(site: Site, entry: Entry, name: str) -> Response | None:
    """Answer a packaged file, with links back to its record; None where there is none of this name."""
    own = _packaged(entry.identifier) if _may_be_packaged(entry) else {}
    if name not in own:
        return None
    back = WebLink("collection", site.record_url(entry.identifier), "text/html")
    return _WholeOrParts(
        own[name].file.path,
        media_type=media_type(name) or "application/octet-stream",
        filename=name,
        headers={"Link": header([back, *linksets(site, entry)])},
    )


class _WholeOrParts(FileResponse):
    """A file of which parts may be asked for (RFC 9110, section 14); what is no range of bytes is ignored."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the file, or the parts that are asked for; 416 for those behind its end."""
        self.set_stat_headers(Path(self.path).stat())
        size = int(self.headers["content-length"])
        asked = Headers(scope=scope).get("range")
        if asked is not None and self._is_sent_in_parts(scope, asked):
            try:
                self._parse_range_header(asked, size)
            except RangeNotSatisfiable:
                await _beyond(size)(scope, receive, send)
                return
            except MalformedRangeHeader:
                asked = None
        else:
            asked = None
        if asked is None:
            scope = {**scope, "headers": [item for item in scope["headers"] if item[0].lower() != b"range"]}
        await super().__call__(scope, receive, send)

    def _is_sent_in_parts(self, scope: Scope, asked: str) -> bool:
        """Tell whether a header Range counts: for GET alone, and in its own syntax."""
        headers = Headers(scope=scope)
        condition = headers.get("if-range")
        same = condition is None or self._should_use_range(condition)
        known = "if-none-match" in headers or "if-modified-since" in headers
        return scope["method"] == "GET" and same and not known and _RANGE.fullmatch(asked.strip()) is not None


def _beyond(size: int) -> Response:
    status = HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE
    return problem(status, f"The file has {size} bytes.", headers={"Content-Range": f"bytes */{size}"})


def _may_be_packaged(entry: Entry) -> bool:
    """Tell whether it is one of the catalogue, with a file that has no address."""
    lacking = (item.url is None and item.path is None for item in entry.record.distributions)
    return entry.identifier.startswith(f"{CURATED.name}:") and any(lacking)


@lru_cache(_KNOWN)
def _packaged(identifier: str) -> dict[str, Downloaded]:
    """Return the files by name, none where one of them is not as it was released."""
    from fairreg.services.fetch.packaged import packaged  # loads the packages of models

    scheme, _, value = identifier.partition(":")
    try:
        found = packaged(Identifier(scheme, value))
    except ChecksumMismatch as error:
        _LOG.warning("%s It is not offered.", error.message)
        return {}
    return {item.distribution.name: item for item in found[1]} if found else {}
