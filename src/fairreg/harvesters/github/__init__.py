# SPDX-License-Identifier: MIT
"""GitHub: repositories with their newest release, metadata files and model files (https://docs.github.com/rest).

Text files and model files come from GitHub's file hosts, which do not count against the limit of its API (60
requests per hour for a guest). Unchanged answers come as 304 and do not count either.
"""

import re
from collections.abc import Iterator
from datetime import date
from http import HTTPStatus
from typing import ClassVar
from urllib.parse import parse_qsl, quote

from fairreg.errors import AccessDenied, BadAnswer, Gone, NotFound, RateLimited, UsageError
from fairreg.harvesters.base import FetchedPayload, Harvester, Hit, HitPage, Payload, payloads_of
from fairreg.harvesters.common.paging import object_of, within
from fairreg.harvesters.github.mapping import (
    POINTER_BYTES,
    is_slug,
    model_files,
    raw_address,
    record_of,
    repository_of,
)
from fairreg.schemas.identifiers import Identifier
from fairreg.schemas.json_reader import JsonNode, canonical, violation
from fairreg.schemas.record import ModelRecord
from fairreg.web import HttpClient, Response

__all__ = ["HARVESTER", "GitHubHarvester"]

API = "https://api.github.com"
ACCEPT = "application/vnd.github+json"
HEADERS = {"X-GitHub-Api-Version": "2022-11-28"}
# A search returns no hit beyond this one.
WINDOW = 1000
LARGEST_TEXT = 2**20
MOST_POINTERS = 50
MOST_TEXTS = 40
# The repository in an address of a release or of one of its files.
_RELEASE_OF = re.compile(r"//[^/]+(?:/api/v3)?(?:/repos)?/([^/]+/[^/]+)/releases/")


class GitHubHarvester(Harvester):
    """GitHub's REST API. A record describes the newest release, else the newest commit."""

    name: ClassVar[str] = "github"
    guest_page_limit: ClassVar[int] = 100
    required_query: ClassVar[str | None] = "topic:jet-tagging"

    def handles(self, identifier: Identifier) -> bool:
        """Repositories by ``owner/name``."""
        return identifier.scheme == "github" and is_slug(identifier.value)

    def fetch(self, web: HttpClient, identifier: Identifier) -> FetchedPayload:
        """Fetch the repository, its newest release, and its metadata files, as one envelope.

        A renamed repository is found under its new name. Raises NotFound (also for a private one, for which
        GitHub answers the same), Gone for one blocked for legal reasons, RateLimited, AccessDenied.
        """
        if not self.handles(identifier):
            raise UsageError(f"GitHub has no {identifier.compact}.", hint="Give github:owner/name.")
        answer = _get(web, f"/repos/{identifier.value}")
        repository = _object(answer)
        slug = JsonNode(repository)["full_name"].text
        if slug is None or not is_slug(slug):
            raise violation(JsonNode(repository)["full_name"], "is missing", source=self.title)
        payload = _Envelope(web, slug, repository).build()
        if slug.casefold() != identifier.value.casefold():
            payload["asked"] = identifier.value
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
            answer = _get(web.asking("search"), "/search/repositories", asking, use_cache=False)
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
        last = len(top["items"].value) < size or (total is not None and number * size >= total)
        beyond = not last and (number + 1) * size > WINDOW
        notes = []
        if top["incomplete_results"].value is True:
            notes.append("GitHub ran out of time for this search, so hits may be missing.")
        if beyond:
            notes.append(f"GitHub shows the first {WINDOW:,} of {total or 'more'} hits; narrow the query.")
        onward = None if last or beyond else f"page={number + 1}&size={size}"
        return HitPage(hits, onward, total, " ".join(notes) or None)


class _Envelope:
    """Builder of the envelope of one repository."""

    def __init__(self, web: HttpClient, slug: str, repository: Payload) -> None:
        self._web = web
        self._slug = slug
        self._payload: Payload = {
            "repository": repository,
            "release": None,
            "commit": None,
            "tree": None,
            "files": {},
            "pointers": {},
            "notes": [],
        }

    def build(self) -> Payload:
        """Request all parts of the envelope, with a note for each that GitHub lacks."""
        release = self._release()
        self._payload["release"] = release
        tag = JsonNode(release)["tag_name"].text
        branch = JsonNode(self._payload["repository"])["default_branch"].text or "HEAD"
        commit = self._commit(f"tags/{tag}" if tag else f"heads/{branch}")
        if commit is not None:
            self._payload["commit"] = commit
            tree = self._tree(str(commit["sha"]))
            self._payload["tree"] = tree
            self._read_files(str(commit["sha"]), tree)
        return self._payload

    def _release(self) -> Payload | None:
        try:
            found = _object(_get(self._web, f"/repos/{self._slug}/releases/latest"))
        except NotFound:
            return None
        for address in _addresses_of_release(JsonNode(found)):
            match = _RELEASE_OF.search(address)
            if match is not None and match[1].casefold() != self._slug.casefold():
                other = match[1][:200]
                raise BadAnswer(
                    f"GitHub was asked for a release of {self._slug} and answered with one of {other}.",
                    hint="Nothing of the answer was used. Try again later.",
                )
        return found

    def _commit(self, ref: str) -> Payload | None:
        """Return the needed part of a commit: GitHub's answer also holds the text of every change."""
        try:
            found = JsonNode(_object(_get(self._web, f"/repos/{self._slug}/commits/{quote(ref)}")))
        except (NotFound, BadAnswer) as error:
            status = error.status if isinstance(error, BadAnswer) else HTTPStatus.NOT_FOUND
            if status not in {HTTPStatus.NOT_FOUND, HTTPStatus.CONFLICT, HTTPStatus.UNPROCESSABLE_ENTITY}:
                raise
            empty = status == HTTPStatus.CONFLICT
            self._note("The repository is empty." if empty else f"GitHub has no commit for {ref}.")
            return None
        sha = found["sha"].text
        if sha is None or not sha.isalnum():
            raise BadAnswer(f"GitHub names no commit for {ref}.", hint="Try again later.")
        return {"sha": sha, "date": found.at("commit", "committer", "date").date, "ref": ref}

    def _tree(self, sha: str) -> Payload | None:
        """Return the relevant files at the commit; the full list may have many megabytes."""
        tree = self._entries(sha, {"recursive": 1})
        if tree is not None and tree["truncated"]:
            top = self._entries(sha, {})
            known = {entry["path"] for entry in tree["tree"]}
            tree["tree"] += [entry for entry in (top or tree)["tree"] if entry["path"] not in known]
        return tree

    def _entries(self, sha: str, params: dict[str, str | int]) -> Payload | None:
        try:
            top = JsonNode(_object(_get(self._web, f"/repos/{self._slug}/git/trees/{sha}", params)))
        except NotFound:
            self._note("GitHub does not list the files.")
            return None
        blobs = [
            item for item in top["tree"].items() if item["type"].text == "blob" and item["path"].file_name
        ]
        models = model_files(item["path"].file_name or "" for item in blobs)
        kept = [item.value for item in blobs if item["path"].file_name in models or _is_metadata(item)]
        return {"sha": top["sha"].text, "truncated": top["truncated"].value is True, "tree": kept}

    def _read_files(self, sha: str, tree: Payload | None) -> None:
        left, texts = MOST_POINTERS, 0
        models = model_files(item["path"].file_name or "" for item in JsonNode(tree)["tree"].items())
        for item in JsonNode(tree)["tree"].items():
            path, size = item["path"].file_name or "", item["size"].count or 0
            if item["mode"].text == "120000":
                continue
            if _is_metadata_file(path) and size <= LARGEST_TEXT:
                texts += 1
                if texts <= MOST_TEXTS:
                    self._read_into("files", sha, path)
            elif size < POINTER_BYTES and path in models and left:
                left -= 1
                self._read_into("pointers", sha, path)
        if texts > MOST_TEXTS:
            self._note(f"Only the first {MOST_TEXTS} of {texts} metadata files were read.")

    def _read_into(self, part: str, sha: str, path: str) -> None:
        try:
            answer = self._web.get(raw_address(self._slug, sha, path), accept="*/*", use_cache=True)
        except (NotFound, AccessDenied) as error:
            self._note(f"{path} could not be read: {error.message}")
            return
        text = answer.body[:LARGEST_TEXT].decode("utf-8", "replace")
        if part == "files" or text.startswith("version https://git-lfs"):
            self._payload[part][path] = text

    def _note(self, sentence: str) -> None:
        self._payload["notes"].append(sentence)


def _addresses_of_release(release: JsonNode) -> Iterator[str]:
    for node, name in (
        (release, "html_url"),
        (release, "url"),
        *((asset, "browser_download_url") for asset in release["assets"].items()),
    ):
        yield node[name].text or ""


def _is_metadata(item: JsonNode) -> bool:
    return _is_metadata_file(item["path"].file_name or "")


def _is_metadata_file(path: str) -> bool:
    from fairreg.formats.repository_files import is_known  # not needed to list the sources

    return is_known(path)


def _get(
    web: HttpClient, path: str, params: dict[str, str | int] | None = None, *, use_cache: bool = True
) -> Response:
    """GET from the API; a refusal carries a hint for GitHub."""
    try:
        return web.get(f"{API}{path}", params=params, accept=ACCEPT, headers=HEADERS, use_cache=use_cache)
    except RateLimited as error:
        raise RateLimited(error.message, retry_after=error.retry_after, hint=_limit_hint(error)) from error
    except AccessDenied as error:
        hint = "Check the token in GITHUB_TOKEN: it may be wrong, expired or lack this permission."
        raise AccessDenied(error.message, hint=hint) from error
    except BadAnswer as error:
        if error.status != HTTPStatus.UNAVAILABLE_FOR_LEGAL_REASONS:
            raise
        raise Gone("GitHub blocked the repository for legal reasons.", reason=error.message) from error


def _limit_hint(error: RateLimited) -> str:
    minutes = max(1, round(error.retry_after / 60))
    return f"Try again in {minutes} min. Guests have 60 requests per hour, 5000 with a GITHUB_TOKEN."


def _object(answer: Response) -> Payload:
    return object_of(answer, "GitHub", "object")


def _read_cursor(cursor: str | None, size: int) -> tuple[int, int]:
    if cursor is None:
        return 1, size
    fields = JsonNode(dict(parse_qsl(cursor)))
    page, kept = fields["page"].count, fields["size"].count
    if not page or not kept:
        raise UsageError(f"{cursor!r} is not a position in a GitHub search.", hint="Start the harvest again.")
    return page, kept


HARVESTER = GitHubHarvester()
