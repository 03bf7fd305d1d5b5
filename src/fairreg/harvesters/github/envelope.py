# SPDX-License-Identifier: MIT
"""Envelope of one repository: the answers of GitHub that a record is made of (see `mapping`)."""

import re
from collections.abc import Iterator
from http import HTTPStatus

from fairreg.errors import AccessDenied, BadAnswer, NotFound
from fairreg.harvesters.base import Payload
from fairreg.harvesters.github.api import get, object_in
from fairreg.harvesters.github.mapping import POINTER_BYTES, model_files, raw_address
from fairreg.schemas.file_address import quoted_part, quoted_path
from fairreg.schemas.json_reader import JsonNode
from fairreg.source_row import is_ref_name
from fairreg.web import HttpClient

__all__ = ["Envelope"]

LARGEST_TEXT = 2**20
MOST_POINTERS = 50
MOST_TEXTS = 40
# GitHub's largest page; further releases are not listed.
MOST_RELEASES = 100
MOST_NAMED = 5
# The repository in an address of a release, of one of its files, or of a commit.
_PART_OF = re.compile(r"//[^/]+(?:/api/v3)?(?:/repos)?/([^/]+/[^/]+)/(?:releases|git/commits|commits?)/")


class Envelope:
    """Builder of the envelope of one repository at the release or tag `tag`, else at its newest release."""

    def __init__(self, web: HttpClient, slug: str, repository: Payload, tag: str | None) -> None:
        self._web = web
        self._slug = slug
        self._tag = tag
        self._payload: Payload = {
            "repository": repository,
            "release": None,
            "releases": [],
            "commit": None,
            "tree": None,
            "files": {},
            "pointers": {},
            "notes": [],
        }

    def build(self) -> Payload:
        """Request all parts of the envelope, with a note for each that GitHub lacks.

        Raises NotFound where there is neither a release nor a tag of that name.
        """
        release = self._payload["release"] = self._release()
        if self._tag is None:
            self._payload["releases"] = list(self._releases())
        else:
            self._payload["tag"] = self._tag
        tag = self._tag or JsonNode(release)["tag_name"].text
        branch = JsonNode(self._payload["repository"])["default_branch"].text or "HEAD"
        commit = self._commit(f"tags/{tag}" if tag else f"heads/{branch}")
        if self._tag and release is None and commit is None:
            raise self._unknown_tag(self._tag)
        if commit is not None:
            self._payload["commit"] = commit
            tree = self._tree(str(commit["sha"]))
            self._payload["tree"] = tree
            self._read_files(str(commit["sha"]), tree)
        return self._payload

    def _release(self) -> Payload | None:
        which = "latest" if self._tag is None else f"tags/{quoted_part(self._tag)}"
        try:
            found = object_in(get(self._web, f"/repos/{self._slug}/releases/{which}"))
        except NotFound:
            return None
        self._check(found)
        return found

    def _check(self, found: Payload) -> None:
        """Raise BadAnswer for a release of another repository or tag."""
        answered = JsonNode(found)["tag_name"].text
        if self._tag is not None and answered != self._tag:
            raise BadAnswer(
                f"GitHub was asked for the release {self._tag} and answered with {(answered or '')[:200]!r}.",
                hint="Nothing of the answer was used. Try again later.",
            )
        self._check_repository("release", _addresses_of_release(JsonNode(found)))

    def _check_repository(self, part: str, addresses: Iterator[str]) -> None:
        """Raise BadAnswer where an address of a part of the repository is in another one."""
        for address in addresses:
            match = _PART_OF.search(address)
            if match is not None and match[1].casefold() != self._slug.casefold():
                other = match[1][:200]
                raise BadAnswer(
                    f"GitHub was asked for a {part} of {self._slug} and answered with one of {other}.",
                    hint="Nothing of the answer was used. Try again later.",
                )

    def _releases(self) -> Iterator[Payload]:
        """Yield tag, date and files of each release, the newest first; drafts only for their authors."""
        try:
            answer = get(self._web, f"/repos/{self._slug}/releases", {"per_page": MOST_RELEASES})
        except NotFound:
            return
        for item in JsonNode(answer.json()).items():
            if item["tag_name"].text:
                kept = {name: item[name].value for name in ("tag_name", "name", "published_at")}
                flags = {name: item[name].value is True for name in ("draft", "prerelease")}
                files = [
                    {"name": file["name"].value, "size": file["size"].count}
                    for file in item["assets"].items()
                ]
                yield {**kept, **flags, "assets": files}

    def _unknown_tag(self, tag: str) -> NotFound:
        names = [str(item["tag_name"]) for item in self._releases()][:MOST_NAMED]
        known = f"Its newest releases: {', '.join(names)}." if names else "It has no releases."
        return NotFound(
            f"{self._slug} has neither a release nor a tag {tag} on GitHub.",
            hint=f"{known} Without a tag, github:{self._slug} names the newest.",
        )

    def _commit(self, ref: str) -> Payload | None:
        """Return the needed part of a commit: GitHub's answer also holds the text of every change."""
        if not is_ref_name(ref):  # of a tag or branch that GitHub stated
            raise BadAnswer(f"GitHub states {ref[:200]!r}, which is not the name of a tag or branch.")
        try:
            found = JsonNode(object_in(get(self._web, f"/repos/{self._slug}/commits/{quoted_path(ref)}")))
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
        self._check_repository("commit", (found[name].text or "" for name in ("url", "html_url")))
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
            top = JsonNode(object_in(get(self._web, f"/repos/{self._slug}/git/trees/{sha}", params)))
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
