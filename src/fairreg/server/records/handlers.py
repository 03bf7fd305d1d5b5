# SPDX-License-Identifier: MIT
"""Answers below ``/records/``: a record in the representation that is asked for, and what belongs to it."""

import json
from collections.abc import Callable, Sequence
from typing import Any
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from fairreg import formats
from fairreg.assessment.rendering.badge import badge_svg
from fairreg.assessment.report import why_no_overall
from fairreg.errors import RecordError
from fairreg.formats import schema_org
from fairreg.formats.base import is_json, json_text
from fairreg.registry import Entry, Registry
from fairreg.schemas.text import undirected
from fairreg.server.parts import FOLDER, is_escaped, split
from fairreg.server.problems import problem
from fairreg.server.records.bounds import require_short
from fairreg.server.records.head import head, schema_org_node
from fairreg.server.records.linkset import as_json, as_text, linkset
from fairreg.server.records.lookup import find
from fairreg.server.records.negotiation import ranked
from fairreg.server.records.packaged_files import packaged_file
from fairreg.server.records.related import related_document
from fairreg.server.records.representations import (
    LINKSETS,
    PAGE,
    Representation,
    describing,
    every,
    linksets,
)
from fairreg.server.records.resolve import not_found
from fairreg.server.records.signposting import signposts
from fairreg.server.records.weblinks import WebLink, header
from fairreg.server.site import Site, site_of
from fairreg.services.assess.shown import shown_report

__all__ = ["record"]

_JSON = Representation("json", ("application/json",))
_OF_TERMINALS = "text"  # a name that no format may have


async def record(request: Request) -> Response:
    """Answer a record, or a part of it; another spelling of its identifier is redirected (302)."""
    site, path = site_of(request), request.path_params["path"]
    return await site.read(lambda registry: _Answer(site, registry, request).of(path))


class _Answer:
    """The answer to one request, made in a thread that may read the registry."""

    def __init__(self, site: Site, registry: Registry, request: Request) -> None:
        self.site, self.registry, self.request = site, registry, request
        wanted = request.query_params.get("format")
        self.wanted = None if wanted is None else wanted.lower()  # as the names of all formats are
        self.part = ""

    def of(self, path: str) -> Response:
        """Return the answer for the path after ``/records/``."""
        sent = self.request.scope["raw_path"].decode("latin-1")
        found = find(self.registry, path, whole=is_escaped(sent, split(path)[1]))
        if found is None:
            return not_found(self.site, self.registry, path)
        if not found.exact:
            return self._moved(found.entry, found.part)
        parts: dict[str, Callable[[Entry], Response]] = {
            "": self._record,
            "linkset": self._linkset,
            "assessment": self._assessment,
            "badge.svg": self._badge,
            "related": self._related,
        }
        self.part = found.part
        folder, slash, name = found.part.partition("/")
        if slash and folder == FOLDER:
            return self._file(found.entry, name)
        return parts[found.part](found.entry)

    def _moved(self, entry: Entry, part: str) -> Response:
        """Redirect to the entry's own address. What an identifier means may change with a harvest: 302."""
        address = self.site.record_url(entry.identifier) + (f"/{quote(part)}" if part else "")
        query = quote(self.request.url.query, safe="=&%+:/?")
        return RedirectResponse(f"{address}?{query}" if query else address, status_code=302)

    def _record(self, entry: Entry) -> Response:
        fault: RecordError | None = None
        for item, media_type in self._candidates(every()):
            try:
                answer = self._written(entry, item, media_type)
            except RecordError as error:
                if item is PAGE:  # of which none is refused: something stored is damaged
                    raise
                fault = fault or error
            else:
                return self._with_links(entry, item, answer)
        listed = (PAGE, *describing(entry.present_record), *LINKSETS)
        return self._none(entry, listed, fault)

    def _written(self, entry: Entry, item: Representation, media_type: str) -> Response:
        """Return the record in one representation. Raises RecordError where its format cannot hold it."""
        if item is PAGE:
            from fairreg.server.pages.record import record_page  # programs need no templates

            address = self.site.record_url(entry.identifier)
            text = record_page(self.site, self.registry, entry, head(self.site, entry, address))
            return Response(text, media_type=media_type)
        if item in LINKSETS:
            return self._links_of(entry, item, media_type)
        require_short(entry.present_record, item.name)
        if item.name == schema_org.NAME:
            return Response(json_text(schema_org_node(self.site, entry)), media_type=media_type)
        view = formats.get(item.name)
        answer = Response(_encoded(view.write(entry.present_record)), media_type=media_type)
        if name := getattr(view, "FILE_NAME", None):
            answer.headers["Content-Disposition"] = f'inline; filename="{name}"'
        return answer

    def _with_links(self, entry: Entry, item: Representation, answer: Response) -> Response:
        """Add typed links and what caches need. A withdrawn record is gone (410), and its metadata stays."""
        page = self.site.record_url(entry.identifier)
        if item is PAGE:
            links = list(signposts(self.site, entry, describing(entry.present_record)))
        else:
            links = [*linksets(self.site, entry), WebLink("describes", page, PAGE.plain_type)]
        if item.profile and item is not PAGE:
            links.append(WebLink("profile", item.profile))
        answer.headers["Link"] = header(links)
        answer.headers["Content-Location"] = item.url(self.site, entry)
        self._vary(answer)
        answer.status_code = 410 if entry.gone else 200
        return answer

    def _linkset(self, entry: Entry) -> Response:
        for item, media_type in self._candidates(LINKSETS):
            answer = self._links_of(entry, item, media_type)
            self._vary(answer)
            return answer
        return self._none(entry, LINKSETS)

    def _links_of(self, entry: Entry, item: Representation, media_type: str) -> Response:
        links = linkset(self.site, entry)
        text = as_json(links) if is_json(item.media_types[0]) else as_text(links)
        return Response(text, media_type=media_type)

    def _assessment(self, entry: Entry) -> Response:
        """Answer the stored assessment; 404 where there is none, as nothing is assessed for a visitor."""
        report = shown_report(self.registry, entry)
        chosen = self._chosen()
        if chosen is PAGE:
            from fairreg.server.pages.assessment import assessment_page

            text = assessment_page(self.site, self.registry, entry)
            answer = Response(text, status_code=404 if report is None else 200, media_type="text/html")
        elif chosen is None:
            return self._none(entry, (PAGE, _JSON))
        elif report is None:
            answer = self._not_assessed(entry)
        else:
            answer = _json(report.to_json())
        self._vary(answer)
        return answer

    def _not_assessed(self, entry: Entry) -> Response:
        return problem(
            404,
            f"{entry.identifier} has not been assessed here.",
            hint=f"The keepers of this registry can run: fairreg assess {entry.identifier}",
        )

    def _badge(self, entry: Entry) -> Response:
        """Answer the badge; 404 without an overall score, which a badge would stand for."""
        report = shown_report(self.registry, entry)
        if report is None:
            return self._not_assessed(entry)
        if report.overall is None:
            why = why_no_overall(report) or "no indicator applies"
            return problem(404, f"{entry.identifier} has no overall score, so that it has no badge: {why}.")
        return Response(badge_svg(report), media_type="image/svg+xml")

    def _file(self, entry: Entry, name: str) -> Response:
        """Answer a file that fairreg itself contains; 404 for those of others, which lie elsewhere."""
        answer = packaged_file(self.site, entry, name)
        if answer is None:
            return problem(404, "This server holds no such file.", hint="The record says where it is.")
        return answer

    def _related(self, entry: Entry) -> Response:
        chosen = self._chosen()
        if chosen is None:
            return self._none(entry, (PAGE, _JSON))
        if chosen is PAGE:
            from fairreg.server.pages.related import related_page

            answer = Response(related_page(self.site, self.registry, entry), media_type="text/html")
        else:
            answer = _json(related_document(self.site, self.registry, entry))
        self._vary(answer)
        return answer

    def _chosen(self) -> Representation | None:
        """Return the page or JSON, whichever is asked for; None where neither is."""
        return next((item for item, _ in self._candidates((PAGE, _JSON))), None)

    def _candidates(self, listed: Sequence[Representation]) -> list[tuple[Representation, str]]:
        """Return the representations to try with the media type to announce, best first."""
        named = {item.name: item for item in listed}
        if self.wanted is not None:
            found = named.get(self.wanted)
            return [] if found is None else [(found, found.media_types[0])]
        # Several headers of the name are one list (RFC 9110, section 5.3).
        accept = ", ".join(self.request.headers.getlist("accept"))
        best = ranked([item.variant for item in listed], accept)
        return [(named[variant.name], media_type) for variant, media_type in best]

    def _none(
        self, entry: Entry, listed: Sequence[Representation], fault: RecordError | None = None
    ) -> Response:
        """Return 406 with the representations that there are, each with its address."""
        address = f"{self.request.url.path}?format="
        available = [
            {"format": item.name, "type": item.media_types[0], "href": self._address(item, entry)}
            for item in listed
        ]
        named = self.wanted is not None
        asked = f"as {undirected(self.wanted or '')[:100]!r}" if named else "in a type that is accepted"
        detail = fault.message if fault else f"{entry.identifier} is not available {asked}."
        hint = f"Take one of those in `available`, such as {address}{listed[0].name}."
        if self.wanted == _OF_TERMINALS:
            hint = f"Only `fairreg show` writes it, for terminals. {hint}"
        answer = problem(406, detail, hint=hint, available=available)
        self._vary(answer)
        return answer

    def _address(self, item: Representation, entry: Entry) -> str:
        """Return the address of a representation of what was asked for."""
        if self.part in {"", "linkset"}:
            return item.url(self.site, entry)
        return f"{self.site.record_url(entry.identifier)}/{self.part}?format={item.name}"

    def _vary(self, answer: Response) -> None:
        """Tell caches that the answer follows the header, unless the address alone decides."""
        if self.wanted is None:
            answer.headers["Vary"] = "Accept"


def _encoded(document: str | bytes) -> bytes:
    # The name of a file may hold lone surrogates, which UTF-8 has not.
    return document if isinstance(document, bytes) else document.encode("utf-8", "backslashreplace")


def _json(document: Any) -> Response:
    text = json.dumps(document, ensure_ascii=False, indent=2) + "\n"
    return Response(_encoded(text), media_type="application/json")
