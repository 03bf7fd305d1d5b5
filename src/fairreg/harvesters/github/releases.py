# SPDX-License-Identifier: MIT
"""Releases of a repository: their names, files and dates, and their place in it (docs.github.com/rest).

A record is that of the repository, at its newest release, or that of one release, which was asked for by its
tag. A release is called by its tag, as tags are in ``pip install git+https://github.com/owner/name@tag``.
"""

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from fairreg.formats.contents import file_format, media_type
from fairreg.schemas.identifiers import Identifier
from fairreg.schemas.json_reader import JsonNode
from fairreg.schemas.record import Distribution, FieldOrigin, Relation
from fairreg.schemas.text import counted
from fairreg.source_row import is_tag

if TYPE_CHECKING:
    from fairreg.formats.file_facts import FileFacts

__all__ = [
    "asset_of",
    "modified_at",
    "name_of",
    "release_notes",
    "release_relations",
    "source_id_of",
    "tag_of",
    "version_of",
]

_MOST_NAMED = 10


def tag_of(top: JsonNode) -> str | None:
    """Return the tag that the record is of, None for the newest commit."""
    return top["tag"].text or top.at("release", "tag_name").text


def name_of(top: JsonNode, slug: str) -> Identifier:
    """Return the identifier of a repository, or of its release that was asked for."""
    tag = top["tag"].text
    return Identifier("github", f"{slug}@{tag}" if tag else slug)


def source_id_of(top: JsonNode, number: int) -> str:
    """Return GitHub's number of the repository, which survives renaming, with the tag that was asked for."""
    tag = top["tag"].text
    return f"{number}@{tag}" if tag else str(number)


def modified_at(top: JsonNode, repo: JsonNode) -> str | None:
    """Return the date of the last change: of a release, the date of its commit."""
    if top["tag"].text:
        return top.at("commit", "date").date
    return repo["pushed_at"].date or repo["updated_at"].date


def release_relations(top: JsonNode, slug: str) -> Iterator[Relation]:
    """Yield that a release is a version of the repository, and that this has other releases."""
    if top["tag"].text:
        yield Relation(type="is_version_of", target=Identifier("github", slug), target_kind="Software")
    for item in _others(top):
        yield Relation(type="has_version", target=Identifier("github", f"{slug}@{item['tag_name'].text}"))


def release_notes(top: JsonNode, slug: str) -> Iterator[str]:
    """Yield what kind of release it is, and which others there are."""
    tag, release = top["tag"].text, top["release"]
    if tag and not release.is_object:
        yield f"The tag {tag} has no release: the files are those of its commit."
    if release["draft"].value is True:
        yield f"{tag_of(top)} is a draft of a release, which only its authors see."
    elif release["prerelease"].value is True:
        yield f"{tag_of(top)} is a pre-release."
    others = list(_others(top))
    if others:
        more = f", and {len(others) - _MOST_NAMED} more" if len(others) > _MOST_NAMED else ""
        told = "; ".join(_described(item) for item in others[:_MOST_NAMED])
        yield f"Other releases, each by github:{slug}@TAG: {told}{more}."


def _others(top: JsonNode) -> Iterator[JsonNode]:
    current = tag_of(top)
    for item in top["releases"].items():
        tag = item["tag_name"].text
        if tag and tag != current and is_tag(tag):  # each is printed as an identifier to ask for
            yield item


def _described(item: JsonNode) -> str:
    """Return tag, kind, day and number of files of a release in the list."""
    files = sum(1 for file in item["assets"].items() if file["name"].file_name)
    parts = (
        "draft" if item["draft"].value is True else "",
        "pre-release" if item["prerelease"].value is True else "",
        (item["published_at"].date or "")[:10],
        counted(files, "file") if files else "",
    )
    told = ", ".join(part for part in parts if part)
    return f"{item['tag_name'].text} ({told})" if told else str(item["tag_name"].text)


def version_of(top: JsonNode, facts: "tuple[FileFacts, ...]") -> tuple[str | None, tuple[FieldOrigin, ...]]:
    """Return the tag, else the commit, else the version that a file states, with its origin."""
    tag, commit = tag_of(top), top.at("commit", "sha").text
    if tag:
        return tag, ()
    if commit:
        where = top.at("commit", "ref").text or "its default branch"
        none = "no final release" if any(top["releases"].items()) else "no release"
        return commit, (FieldOrigin("version", "inferred", f"{none}; the newest commit of {where}"),)
    fact = next((fact for fact in facts if fact.version), None)
    return (fact.version, (FieldOrigin("version", "stated", fact.file),)) if fact else (None, ())


def asset_of(asset: JsonNode, name: str, address: str | None) -> Distribution:
    """Return a file of a release, with the digest that GitHub states for newer ones."""
    digest = (asset["digest"].text or "").lower()
    return Distribution(
        name=name,
        url=address,
        size=asset["size"].count,
        checksums=(digest,) if re.fullmatch(r"sha(?:256|512):[0-9a-f]{64,128}", digest) else (),
        media_type=asset["content_type"].text or media_type(name),
        format=file_format(name),
    )
