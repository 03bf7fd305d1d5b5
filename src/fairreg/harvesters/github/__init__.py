# SPDX-License-Identifier: MIT
"""GitHub: repositories and their releases, metadata files and model files (https://docs.github.com/rest).

Text files and model files come from GitHub's file hosts, which do not count against the limit of its API (60
requests per hour for a guest). Unchanged answers come as 304 and do not count either.
"""

from collections.abc import Iterator
from datetime import date
from http import HTTPStatus
from typing import ClassVar
from urllib.parse import parse_qsl

from fairreg.errors import BadAnswer, UsageError
from fairreg.harvesters.base import FetchedPayload, Harvester, Hit, HitPage, Payload, payloads_of
from fairreg.harvesters.common.paging import is_last, within
from fairreg.harvesters.github.api import get, object_in
from fairreg.harvesters.github.envelope import Envelope
from fairreg.harvesters.github.mapping import files_of_tree, is_slug, record_of, repository_of
from fairreg.schemas.identifiers import Identifier
from fairreg.schemas.json_reader import JsonNode, canonical, violation
from fairreg.schemas.record import Distribution, ModelRecord
from fairreg.source_row import is_tag
from fairreg.web import HttpClient

__all__ = ["HARVESTER", "GitHubHarvester"]

# A search returns no hit beyond this one.
WINDOW = 1000
# https://docs.github.com/rest/search/search#limitations-on-query-length
_LONGEST_QUERY = 256


class GitHubHarvester(Harvester):
    """GitHub's REST API. A record describes the release of a tag, the newest one, or the newest commit."""

    name: ClassVar[str] = "github"
    guest_page_limit: ClassVar[int] = 100
    required_query: ClassVar[str | None] = "topic:jet-tagging"

    def handles(self, identifier: Identifier) -> bool:
        """Repositories by ``owner/name``, their releases by ``owner/name@tag``."""
        slug, at, tag = identifier.value.partition("@")
        return identifier.scheme == "github" and is_slug(slug) and (not at or is_tag(tag))

    def query_fault(self, query: str) -> str | None:
        """Return why GitHub would refuse a query."""
        if len(query) > _LONGEST_QUERY:
            return f"GitHub takes at most {_LONGEST_QUERY} characters per query"
        return super().query_fault(query)

    def fetch(self, web: HttpClient, identifier: Identifier) -> FetchedPayload:
        """Fetch the repository, its newest release or that of a tag, and its metadata files, as one envelope.

        A renamed repository is found under its new name. Raises NotFound (also for a private one, for which
        GitHub answers the same, and for an unknown tag), Gone for one blocked for legal reasons, RateLimited,
        AccessDenied.
        """
        if not self.handles(identifier):
            raise UsageError(f"GitHub has no {identifier.compact}.", hint="Give github:owner/name.")
        asked, _, tag = identifier.value.partition("@")
        answer = get(web, f"/repos/{asked}")
        repository = object_in(answer)
        slug = JsonNode(repository)["full_name"].text
        if slug is None or not is_slug(slug):
            raise violation(JsonNode(repository)["full_name"], "is missing", source=self.title)
        payload = Envelope(web, slug, repository, tag or None).build()
        if slug.casefold() != asked.casefold():
            payload["asked"] = asked
        return FetchedPayload(payload, canonical(payload), answer.url)

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
        """Pages of repositories, best match first; `since` keeps those with a commit from that day on.

        The query may use GitHub's qualifiers (``topic:jet-tagging``). GitHub returns 1000 hits at most.
        """
        asked = " ".join(part for part in (query, f"pushed:>={since.isoformat()}" if since else "") if part)
        if not asked:
            raise UsageError(
                "GitHub search needs a query.", hint=f'Give a query, such as "{self.required_query}".'
            )
        size = max(1, min(page_size or self.guest_page_limit, self.guest_page_limit, limit or WINDOW))
        number, size = _read_cursor(cursor, size)
        yield from within(self._pages(web, asked, number, size), limit)

    def to_record(self, payload: Payload) -> ModelRecord:
        """The record of an envelope, or of GitHub's answer for one repository. Raises RecordError."""
        return record_of(payload)

    def other_files(self, web: HttpClient, payload: Payload) -> tuple[Distribution, ...]:
        """Return all files of the commit that the record describes, model files as well."""
        top = JsonNode(payload)
        slug, sha = repository_of(top)["full_name"].text, top.at("commit", "sha").text
        if slug is None or sha is None or not is_slug(slug):
            return ()
        tree = JsonNode(object_in(get(web, f"/repos/{slug}/git/trees/{sha}", {"recursive": 1})))
        if tree["truncated"].value is True:  # above 100,000 entries or 7 MB
            raise BadAnswer(f"GitHub lists only a part of the files of {slug}.")
        return tuple(files_of_tree(tree, slug, sha))

    def split(self, page: object) -> Iterator[Payload]:
        """The repositories of a search page or list, those that a code search hit, or the one itself."""
        top = JsonNode(page)
        items = top["items"] if isinstance(top["items"].value, list) else top
        for payload in payloads_of(items):
            item = JsonNode(payload)
            node = repository_of(item) if item["path"].stated else item
            yield node.value if node.is_object else payload

    def _pages(self, web: HttpClient, asked: str, number: int, size: int) -> Iterator[HitPage]:
        while True:
            page = self._page(web, asked, number, size)
            yield page
            if page.cursor is None:
                return
            number += 1

    def _page(self, web: HttpClient, asked: str, number: int, size: int) -> HitPage:
        if number * size > WINDOW:
            raise UsageError(
                f"GitHub shows only the first {WINDOW:,} hits of a search.",
                hint="Narrow the query or give a later --since date.",
            )
        try:
            asking: dict[str, str | int] = {"q": asked, "per_page": size, "page": number}
            # Not cached: hits carry scores and stars, so that a page is hardly ever the same again.
            answer = get(web.asking("search"), "/search/repositories", asking, use_cache=False)
        except BadAnswer as error:
            if error.status != HTTPStatus.UNPROCESSABLE_ENTITY:
                raise
            raise UsageError(f"GitHub rejected the query {asked!r}. {error.message}") from error
        return self._read(JsonNode(answer.listing()), number, size)

    def _read(self, top: JsonNode, number: int, size: int) -> HitPage:
        if not isinstance(top["items"].value, list):
            raise BadAnswer("GitHub did not answer with a search page.", hint="Try again later.")
        hits = tuple(map(Hit.of, self.split(top.value)))
        total = top["total_count"].count
        last = is_last(top["items"].value, size, reached=number * size, total=total)
        beyond = not last and (number + 1) * size > WINDOW
        notes = []
        if top["incomplete_results"].value is True:
            notes.append("GitHub ran out of time for this search, so hits may be missing.")
        if beyond:
            notes.append(f"GitHub shows the first {WINDOW:,} of {total or 'more'} hits; narrow the query.")
        onward = None if last or beyond else f"page={number + 1}&size={size}"
        return HitPage(hits, onward, total, " ".join(notes) or None)


def _read_cursor(cursor: str | None, size: int) -> tuple[int, int]:
    if cursor is None:
        return 1, size
    fields = JsonNode(dict(parse_qsl(cursor)))
    page, kept = fields["page"].count, fields["size"].count
    if not page or not kept:
        raise UsageError(f"{cursor!r} is not a position in a GitHub search.", hint="Start the harvest again.")
    return page, kept


HARVESTER = GitHubHarvester()
