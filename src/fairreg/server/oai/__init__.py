# SPDX-License-Identifier: MIT
"""OAI-PMH 2.0 at ``/oai`` (https://www.openarchives.org/OAI/2.0/openarchivesprotocol.htm)."""

import re
from collections.abc import Sequence
from http import HTTPStatus
from typing import Final
from urllib.parse import parse_qsl
from xml.etree import ElementTree as ET

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from fairreg.errors import UsageError
from fairreg.formats.rdf_xml.names import legal
from fairreg.registry import Registry
from fairreg.schemas.timestamps import now_precisely
from fairreg.server.oai.arguments import OaiRequest, request_of
from fairreg.server.oai.faults import UNREPEATED, OaiFault
from fairreg.server.oai.identifiers import host_of
from fairreg.server.oai.verbs import Repository, answer, datestamp
from fairreg.server.problems import problem
from fairreg.server.site import Site, site_of

__all__ = ["PATH", "admin_email_of", "document_of", "routes"]

PATH: Final = "/oai"
_OAI = "http://www.openarchives.org/OAI/2.0/"
_ROOT = {
    "xmlns": _OAI,
    "xmlns:xsi": "http://www.w3.org/2001/XMLSchema-instance",
    "xsi:schemaLocation": f"{_OAI} http://www.openarchives.org/OAI/2.0/OAI-PMH.xsd",
}
_FORM = "application/x-www-form-urlencoded"
_LARGEST_BODY = 64 * 1024
# emailType of OAI-PMH.xsd
_EMAIL = re.compile(r"\S+@(?:\S+\.)+\S+")


def routes(site: Site) -> list[BaseRoute]:
    """Return the routes of this part. UsageError for an address of the keepers that is none."""
    admin_email_of(site)
    return [Route(PATH, _oai, methods=["GET", "POST"])]


def admin_email_of(site: Site) -> str:
    """Return the address of the keepers, which the protocol requires. Raises UsageError.

    Where none was given it says so: an address in ``.invalid`` reaches nobody (RFC 2606, section 2).
    """
    if site.admin_email is None:
        return f"no-reply@{host_of(site.base_url)}.invalid"
    if not _EMAIL.fullmatch(site.admin_email) or legal(site.admin_email) != site.admin_email:
        raise UsageError(
            f"{site.admin_email!r} is not an e-mail address that OAI-PMH allows.",
            hint="Give one like registry@example.org with --admin-email.",
        )
    return site.admin_email


async def _oai(request: Request) -> Response:
    """Answer a request; errors of the protocol are answers, too."""
    site = site_of(request)
    pairs = await _pairs(request)
    if isinstance(pairs, Response):
        return pairs
    content = await site.read(lambda registry: document_of(site, registry, pairs))
    return Response(content, media_type="text/xml")


async def _pairs(request: Request) -> list[tuple[str, str]] | Response:
    """Return the names and values of a request, from its query and its body; the answer to a bad body."""
    text = request.url.query
    if request.method == "POST":
        kind = request.headers.get("content-type", _FORM).partition(";")[0].strip().lower()
        if kind != _FORM:
            return problem(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, f"Arguments in a body are {_FORM}.")
        body = await _body(request)
        if body is None:
            return problem(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"A body has at most {_LARGEST_BODY} bytes.")
        text = "&".join(filter(None, (text, body.decode("ascii", "replace"))))
    # Their number is limited by the lengths of addresses and bodies; too many are an error of the protocol.
    return parse_qsl(text, keep_blank_values=True, errors="replace")


async def _body(request: Request) -> bytes | None:
    """Return the body, None for one that is too large, of which nothing more is read."""
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > _LARGEST_BODY:
            return None
    return body


def document_of(site: Site, registry: Registry, pairs: Sequence[tuple[str, str]]) -> bytes:
    """Return the whole answer; arguments are repeated in it unless they are what is wrong."""
    url = site.url(PATH)
    repository = Repository(registry, url, host_of(site.base_url), admin_email_of(site))
    asked: OaiRequest | None = None
    try:
        asked = request_of(pairs)
        found = answer(repository, asked)
    except OaiFault as fault:
        asked = None if fault.code in UNREPEATED else asked
        found = ET.Element("error", {"code": fault.code})
        found.text = fault.message
    return _envelope(url, asked, found)


def _envelope(url: str, asked: OaiRequest | None, found: ET.Element) -> bytes:
    root = ET.Element("OAI-PMH", _ROOT)
    ET.SubElement(root, "responseDate").text = datestamp(now_precisely())
    repeated = {} if asked is None else {"verb": asked.verb, **asked.arguments}
    ET.SubElement(root, "request", repeated).text = url
    root.append(found)
    # Texts may hold what XML forbids, and a parser would take CR for LF.
    text = legal(ET.tostring(root, encoding="unicode")).replace("\r", "&#13;")
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{text}\n'.encode()
