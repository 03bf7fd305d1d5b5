# SPDX-License-Identifier: MIT
"""``/api/changes``: what changed, was withdrawn or departed, in order; its cursor survives changes."""

import base64
import binascii
import re
from typing import cast, get_args

from starlette.requests import Request
from starlette.responses import Response

from fairreg.errors import UsageError
from fairreg.registry.changes import Change, ChangeFilters
from fairreg.schemas.record import Kind
from fairreg.schemas.timestamps import beginning_of
from fairreg.server.api.answers import address, document, next_link, require_known
from fairreg.server.api.documents import ApiChanges, EntryChange
from fairreg.server.api.records import record_api_url
from fairreg.server.query import SearchQuery, single
from fairreg.server.site import Site, site_of

__all__ = ["CHANGE_PARAMETERS", "LIMIT", "changes_answer", "cursor_of", "place_of"]

CHANGE_PARAMETERS = ("since", "until", "kind", "source", "cursor", "limit")
LIMIT = 100
_DAY = len("2000-01-01")
_PLACE = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}(?:Z|\+00:00)) (-?\d{1,18})", re.ASCII)
_LONGEST = 128
Place = tuple[str, int]


async def changes_answer(request: Request) -> Response:
    """Answer with a page of changes."""
    require_known(request, CHANGE_PARAMETERS, ("kind", "limit"))
    site = site_of(request)
    asked = {name: single(name, request.query_params) for name in CHANGE_PARAMETERS}
    limit = SearchQuery.of({"limit": asked["limit"] or str(LIMIT)}).limit
    after = place_of(asked["cursor"]) if asked["cursor"] else None
    since, until = asked["since"], asked["until"]
    _require_times(since, until)
    filters = _filters(asked["kind"], asked["source"])
    # One more than asked for tells whether there is a next page.
    found = await site.read(lambda registry: registry.changes.page(since, until, after, limit + 1, **filters))
    page, more = found[:limit], len(found) > limit
    cursor = cursor_of(page[-1].place) if page else asked["cursor"]
    kept = [(name, value) for name, value in asked.items() if value and name != "cursor"]
    following = [*kept, ("cursor", cursor or "")]
    url = address(site.url("/api/changes"), following) if more else None
    answer = ApiChanges(changes=[_change(site, item) for item in page], cursor=cursor, next=url)
    return document(answer, headers=next_link(url))


def _require_times(since: str | None, until: str | None) -> None:
    """Raise UsageError for another form, a day that no calendar has, and an end before the beginning."""
    for name, text in (("since", since), ("until", until)):
        if text:
            beginning_of(text, name)
    if since and until and since[:_DAY] > until[:_DAY]:
        raise UsageError("until is before since.", hint="Exchange the two.")


def _filters(kind: str | None, source: str | None) -> ChangeFilters:
    found: ChangeFilters = {}
    if kind:
        if kind not in get_args(Kind):
            raise UsageError(f"kind is {kind[:40]!r}; it takes one of {', '.join(get_args(Kind))}.")
        found["kind"] = cast("Kind", kind)
    if source:
        found["source"] = source
    return found


def _change(site: Site, item: Change) -> EntryChange:
    return EntryChange(
        identifier=item.identifier,
        changed_at=item.changed_at,
        gone=item.entry is None or item.entry.gone,
        departed=item.departed,
        kind=cast("Kind | None", item.kind),
        sources=list(item.sources),
        url=record_api_url(site, item.identifier),
    )


def cursor_of(place: Place) -> str:
    """Return a place in the order of changes as a text for addresses."""
    return base64.urlsafe_b64encode("{} {}".format(*place).encode()).decode().rstrip("=")


def place_of(cursor: str) -> Place:
    """Inverse of `cursor_of`. Raises UsageError."""
    padded = cursor[:_LONGEST] + "=" * (-len(cursor[:_LONGEST]) % 4)
    try:
        text = base64.b64decode(padded, altchars=b"-_", validate=True).decode("ascii")
    except (binascii.Error, ValueError):
        text = ""
    found = _PLACE.fullmatch(text)
    if found is None:
        raise UsageError(
            "cursor is not one that this server gave.", hint="Begin again without it, or with since."
        )
    return found[1], int(found[2])
