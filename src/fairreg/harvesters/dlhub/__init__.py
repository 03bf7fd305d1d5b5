# SPDX-License-Identifier: MIT
"""DLHub, the Data and Learning Hub for Science: its servables are documents of an index of Globus Search.

The service is dormant (its last SDK is of 2023), so `split` reads saved dumps of the index as well. The index
is queried without a login, as DLHub's own client does (dlhub_sdk 2.1.0, which is not needed here; publishing
runs in an environment of its own). DOIs of DLHub's prefix 10.26311 are DataCite's: `datacite` serves them.
"""

import re
from collections.abc import Iterator
from contextlib import closing
from datetime import date
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, ClassVar
from urllib.parse import parse_qsl, urlencode

from fairreg.errors import (
    AccessDenied,
    BadAnswer,
    FairregError,
    MissingEngine,
    NotFound,
    Offline,
    RateLimited,
    Unreachable,
    UsageError,
)
from fairreg.harvesters.base import FetchedPayload, Harvester, Hit, HitPage, Payload, payloads_of
from fairreg.harvesters.common.paging import is_last, within
from fairreg.harvesters.dlhub.mapping import published_at, record_of, shorthand_name
from fairreg.schemas.identifiers import Identifier
from fairreg.schemas.json_reader import JsonNode, canonical
from fairreg.schemas.record import ModelRecord
from fairreg.web import HttpClient, Response, RetryPolicy
from fairreg.web.listings import payload_of

if TYPE_CHECKING:
    import globus_sdk

__all__ = ["HARVESTER", "DLHubHarvester"]

# The index `dlhub` (mdf_toolbox, globus_search; the SDK resolves the name to it).
INDEX = "847c9105-18a0-4ffb-8a71-03dd76dfcc9d"
PATH = f"/v1/index/{INDEX}/search"
# Globus Search returns no hit beyond this one (offset + limit).
WINDOW = 10_000
RETRIES = 2
TIMEOUT = 30.0
_LONGEST_WAIT = 60.0
_LONGEST_SLEEP = 10.0
_SERVABLES = "(dlhub.type:servable)"
_SORT = [
    {"field_name": "dlhub.owner", "order": "asc"},
    {"field_name": "dlhub.name", "order": "desc"},
    {"field_name": "dlhub.publication_date", "order": "desc"},
]


class DLHubHarvester(Harvester):
    """DLHub's index in Globus Search, through `globus_sdk` (extra ``dlhub``)."""

    name: ClassVar[str] = "dlhub"
    engine: ClassVar[str | None] = "globus_sdk"
    guest_page_limit: ClassVar[int] = 100

    def handles(self, identifier: Identifier) -> bool:
        """Names ``owner/name``."""
        return identifier.scheme == "dlhub" and "/" in identifier.value

    def fetch(self, web: HttpClient, identifier: Identifier) -> FetchedPayload:
        """The newest document of a servable. Raises NotFound, UsageError, MissingEngine."""
        if not self.handles(identifier):
            raise UsageError(f"DLHub has no {identifier.scheme} identifiers.", hint="Give dlhub:owner/name.")
        quoted = identifier.value.replace("\\", "").replace('"', "")
        asked = {"q": f'dlhub.shorthand_name:"{quoted}"', "advanced": True, "limit": self.guest_page_limit}
        answer = _ask(web, asked)
        same = [
            item
            for item in self.split(answer)
            if (shorthand_name(item) or "").casefold() == identifier.value.casefold()
        ]
        if not same:
            raise NotFound(f"DLHub has no servable {identifier.value}.", hint="Check owner and name.")
        newest = max(same, key=lambda item: published_at(item) or "")
        return FetchedPayload(newest, canonical(newest), web.settings.service("globus").url + PATH)

    def search(
        self,
        web: HttpClient,
        query: str,
        *,
        since: date | None = None,
        cursor: str | None = None,
        limit: int | None = None,
        page_size: int | None = None,
    ) -> Iterator[HitPage]:
        """Yield pages of servables, all of them for an empty query.

        Raises MissingEngine, and errors as `HttpClient` does.

        The index stores publication dates as text, so `since` filters its answers.
        """
        offset, size = _read_cursor(cursor, min(page_size or self.guest_page_limit, limit or WINDOW))
        yield from within(self._pages(web.asking("search"), query, offset, size, since), limit)

    def to_record(self, payload: Payload) -> ModelRecord:
        """The record of a servable's document. Raises RecordError with the JSON path."""
        return record_of(payload)

    def stated_files(self, payload: Payload) -> dict[str, str]:
        """Return the Python packages that a servable depends on, with their versions."""
        packages = JsonNode(payload).at("dlhub", "dependencies", "python")
        lines = (f"{name}=={version}" if version else name for name, version in _versions(packages))
        text = "\n".join(lines)
        return {"requirements.txt": text} if text else {}

    def split(self, page: object) -> Iterator[Payload]:
        """The documents of a saved dump: an answer of Globus Search, one of its results, or their list.

        Both schemas of the answer are read: ``content`` (2017-09-01) and ``entries`` (2019-08-27).
        """
        top = JsonNode(page)
        for result in payloads_of(top["gmeta"] if isinstance(top["gmeta"].value, list) else top):
            node = JsonNode(result)
            entries = [entry["content"] for entry in node["entries"].items() if entry.is_object]
            contents = entries or list(node["content"].items())
            yield from (payload_of(item.value) for item in contents or [node])

    def recognises(self, page: object) -> bool:
        """Tell whether a document has DLHub's blocks: ``datacite`` beside ``dlhub`` or ``servable``."""
        blocks = (JsonNode(payload) for payload in self.split(page))
        return any(
            top["datacite"].is_object and (top["dlhub"].is_object or top["servable"].is_object)
            for top in blocks
        )

    def _pages(
        self, web: HttpClient, query: str, offset: int, size: int, since: date | None
    ) -> Iterator[HitPage]:
        while True:
            answer = JsonNode(_ask(web, {**_question(query), "offset": offset, "limit": size}))
            page = self._read(answer, offset, size, since)
            yield page
            if page.cursor is None:
                return
            offset += size

    def _read(self, answer: JsonNode, offset: int, size: int, since: date | None) -> HitPage:
        if not isinstance(answer["gmeta"].value, list):
            raise BadAnswer("Globus Search did not answer with a search page.", hint="Try again later.")
        first = since.isoformat() if since else ""
        listed = self.split(answer.value)
        hits = tuple(Hit.of(item) for item in listed if (published_at(item) or "9") >= first)
        total, end = answer["total"].count, offset + size
        last = is_last(answer["gmeta"].value, size, reached=end, total=total)
        if not last and end + size > WINDOW:
            note = f"Globus Search shows the first {WINDOW:,} of {total or 'more'} hits; narrow the query."
            return HitPage(hits, None, total, note)
        return HitPage(hits, None if last else urlencode({"offset": end, "size": size}), total)


def _versions(packages: JsonNode) -> Iterator[tuple[str, str | None]]:
    """Yield name and exact version of each package; None for a version that floats."""
    for name, node in packages.members():
        stated = (node.text or "").removeprefix("==")
        yield name, stated if re.fullmatch(r"\d[\w.!+]*", stated) else None


def _question(query: str) -> dict[str, Any]:
    if query.strip():
        return {"q": query}
    return {"q": _SERVABLES, "advanced": True, "sort": _SORT}


def _read_cursor(cursor: str | None, size: int) -> tuple[int, int]:
    if cursor is None:
        return 0, size
    fields = JsonNode(dict(parse_qsl(cursor)))
    offset, kept = fields["offset"].count, fields["size"].count
    if offset is None or not kept or offset + kept > WINDOW:
        raise UsageError(f"{cursor!r} is not a position in a DLHub search.", hint="Start the harvest again.")
    return offset, kept


def _ask(web: HttpClient, question: dict[str, Any]) -> Any:
    """Globus Search's answer to `question`, as JSON."""
    if web.settings.offline:
        raise Offline(
            "Offline mode is on, so no request was sent to Globus Search.", hint=web.settings.online_hint
        )
    try:
        import globus_sdk
    except ImportError as error:
        raise MissingEngine("globus_sdk", "dlhub") from error
    service = web.settings.service("globus")
    web.pace(service.url + PATH)
    client = _client(service.url, web.policy)
    with closing(client.transport.session):
        try:
            # The SDK's method for searches would follow redirects to any host.
            headers = {"Authorization": service.authorization} if service.authorization else None
            answer = client.request("POST", PATH, data=question, headers=headers, allow_redirects=False)
        except globus_sdk.GlobusAPIError as error:
            raise _refusal(error) from error
        except globus_sdk.NetworkError as error:
            raise Unreachable(
                "Globus Search could not be reached.", hint="Check the connection and try again."
            ) from error
    headers = {name.lower(): value for name, value in answer.headers.items()}
    response = Response(service.url + PATH, answer.http_status, headers, answer.binary_content)
    web.observe(response)
    found = response.listing()
    if not isinstance(found, dict):
        raise BadAnswer("Globus Search answered with something other than JSON.", hint="Try again later.")
    return found


def _client(url: str, retry_policy: RetryPolicy) -> "globus_sdk.SearchClient":
    """Return a client without a login, with retries limited by `retry_policy`."""
    import globus_sdk

    client = globus_sdk.SearchClient(
        # Passed explicitly: the SDK would read the environment.
        environment="production",
        base_url=url,
        app_name="fairreg",
        authorizer=globus_sdk.NullAuthorizer(),
    )
    client.transport.http_timeout = min(TIMEOUT, retry_policy.read_timeout)
    # Version 3 keeps the number of retries and their longest wait in the transport, version 4 in the client.
    policy: Any = getattr(client, "retry_config", client.transport)
    policy.max_retries = min(RETRIES, retry_policy.retries)
    policy.max_sleep = min(_LONGEST_SLEEP, retry_policy.longest_wait)
    return client


def _refusal(error: "globus_sdk.GlobusAPIError") -> FairregError:
    """Translate an HTTP error of Globus Search to the same errors as `HttpClient`."""
    status, said = error.http_status, " ".join((error.message or "").split())[:300]
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        return RateLimited(
            "Globus Search asks to wait before the next request.",
            retry_after=_LONGEST_WAIT,
            hint="Try again later.",
        )
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return Unreachable(f"Globus Search has a fault of its own (HTTP {status}).", hint="Try again later.")
    if status in {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}:
        return AccessDenied("Globus Search refused access to DLHub's index.")
    if status == HTTPStatus.NOT_FOUND:
        return NotFound(
            "DLHub's index no longer exists.",
            hint="Add saved dumps of it instead.",
        )
    return BadAnswer(f"Globus Search rejected the request (HTTP {status}: {said}).", status=status)


HARVESTER = DLHubHarvester()
