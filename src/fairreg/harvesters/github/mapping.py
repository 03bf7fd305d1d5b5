# SPDX-License-Identifier: MIT
"""Map GitHub's payload to a `ModelRecord`: the answer for one repository, or an envelope of several answers.

The envelope is what `GitHubHarvester.fetch` builds; every member but the first may be missing or null:

    repository  GET /repos/{owner}/{repo}, or one hit of /search/repositories
    release     GET /repos/{owner}/{repo}/releases/latest, or .../releases/tags/{tag}
    tag         the requested tag; the record is then that of this version
    releases    {tag_name, name, published_at, draft, prerelease, assets} of each release, the newest first
    commit      {sha, date, ref}: the commit that the release's tag or the default branch stood at
    tree        GET /repos/{owner}/{repo}/git/trees/{sha}?recursive=1, its `tree` only the files that matter:
                metadata, models and what belongs to a model in the same folder
    files       {name: text} of the metadata files at the top of the repository
    pointers    {path: text} of model files that are Git LFS pointers
    asked       the requested name, where the repository has another one today
    notes       sentences on what could not be read

The record is that of the commit: its files are addressed by commit and verified by Git's own digests, because
the bytes of GitHub's zip of a release may change.
"""

import re
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import urlsplit

from fairreg.formats.contents import Contents, file_format, media_type, read_contents
from fairreg.harvesters.common.side_files import belonging
from fairreg.harvesters.github.releases import (
    asset_of,
    modified_at,
    name_of,
    release_notes,
    release_relations,
    source_id_of,
    tag_of,
    version_of,
)
from fairreg.schemas.datacite_terms import distinct_identifiers, distinct_relations
from fairreg.schemas.file_address import file_address, quoted_path
from fairreg.schemas.identifiers import Identifier
from fairreg.schemas.json_reader import JsonNode, violation
from fairreg.schemas.licenses import spdx
from fairreg.schemas.record import (
    Access,
    Creator,
    Distribution,
    FieldOrigin,
    ModelRecord,
    Provenance,
    Relation,
)
from fairreg.schemas.text import one_line, plain_text

if TYPE_CHECKING:
    from fairreg.formats.file_facts import FileFacts

__all__ = [
    "POINTER_BYTES",
    "files_of_tree",
    "is_slug",
    "model_files",
    "raw_address",
    "record_of",
    "repository_of",
]

RAW = "https://raw.githubusercontent.com"
MEDIA = "https://media.githubusercontent.com/media"
# A Git LFS pointer is smaller than this (git-lfs, docs/spec.md).
POINTER_BYTES = 1024
MOST_FILES = 500
_SLUG = re.compile(r"[\w-]{1,39}/(?!\.{1,2}$)[\w.-]{1,100}", re.ASCII)
# Files without a suffix in a folder of weights, as torch.save makes them of a name without one.
_OF_WEIGHTS = re.compile(r"(?:^|/)(?:pre)?trained[_-]?models?/(?:[^/]+/){0,4}[^/.]+$", re.IGNORECASE)
_ASIDE = re.compile(
    r"(?:^|/)(?:tests?|testing|test[_-]?data|fixtures|docs?|third[_-]?party|node_modules)/", re.I
)
_POINTER = re.compile(
    r"version https://git-lfs\.github\.com/spec/\S+\n(?:.*\n)*?oid sha256:([0-9a-f]{64})\nsize (\d{1,18})\s*"
)
_PRECISION = {"concept_doi": 0, "paper_doi": 1, "related_doi": 2}


class _Licence(NamedTuple):
    """An SPDX expression, the stated licence without one, and its source (None: GitHub)."""

    expression: str | None
    stated: str | None
    evidence: str | None = None
    note: str | None = None


def record_of(payload: object) -> ModelRecord:
    """Map a repository's payload. Raises RecordError naming the path of a missing name or id."""
    top = JsonNode(payload)
    repo = repository_of(top)
    slug, number = _identity(repo)
    from fairreg.formats.repository_files import read_files  # not needed to list the sources

    facts = read_files(
        {name: node.value for name, node in top["files"].members() if isinstance(node.value, str)}
    )
    files = tuple(_distributions(top, repo, slug))
    contents = _contents(repo, facts, files)
    licence = _licence(repo, facts)
    version, version_origin = version_of(top, facts)
    own = name_of(top, slug)
    creators, creators_origin = _creators(repo, facts)
    origins = (*_kind_origin(contents, facts), *contents.origins, *version_origin, *creators_origin)
    origins += (FieldOrigin("license", "stated", licence.evidence),) if licence.evidence else ()
    title = _first(fact.title for fact in facts)
    name = repo["name"].text or slug.partition("/")[2]
    return ModelRecord(
        identifier=own.compact,
        kind=contents.kind,
        name=title or name,
        provenance=Provenance(
            source="github",
            source_id=source_id_of(top, number),
            url=own.url,
            origins=origins,
        ),
        description=_prose(repo["description"]) or _first(fact.abstract for fact in facts),
        alternate_names=(name,) if title and title != name else (),
        identifiers=tuple(_identifiers(top, slug, facts)),
        version=version,
        creators=creators,
        publisher="GitHub",
        stated_type=_first(fact.type for fact in facts),
        license=licence.expression,
        license_stated=licence.stated,
        keywords=_keywords(repo, facts),
        ml_task=contents.ml_task,
        frameworks=contents.frameworks,
        formats=contents.formats,
        date_created=repo["created_at"].date,
        date_published=top.at("release", "published_at").date or _first(fact.released for fact in facts),
        date_modified=modified_at(top, repo),
        distributions=files[:MOST_FILES],
        relations=distinct_relations((*release_relations(top, slug), *_relations(repo, slug, facts))),
        notes="\n".join(dict.fromkeys(_notes(top, repo, facts, licence, len(files)))) or None,
        access=_access(repo),
    )


def repository_of(top: JsonNode) -> JsonNode:
    """The repository in an envelope, or the payload itself."""
    return top["repository"] if top["repository"].is_object and not top["full_name"].stated else top


def is_slug(text: str) -> bool:
    """Tell whether `text` is ``owner/name`` as GitHub allows it."""
    return _SLUG.fullmatch(text) is not None


def model_files(paths: Iterable[str]) -> frozenset[str]:
    """The files that are models by their names, and what belongs to a model in the same folder.

    Samples for tests and documentation are left out.
    """
    listed = list(paths)
    models = [path for path in listed if _is_model(path)]
    return frozenset(models) | belonging(models, listed)


def _is_model(path: str) -> bool:
    if _ASIDE.search(path):
        return False
    if _OF_WEIGHTS.search(path):
        return True
    return read_contents("software", title="", keywords=(), file_names=[path]).kind == "model"


def raw_address(slug: str, commit: str, path: str) -> str:
    """Return the address of a file's bytes at a commit; for a file in Git LFS these are its pointer."""
    return f"{RAW}/{slug}/{quoted_path(commit)}/{quoted_path(path)}"


def _identity(repo: JsonNode) -> tuple[str, int]:
    if not repo.is_object:
        raise violation(repo, "is not a JSON object", source="GitHub")
    slug, number = repo["full_name"].text, repo["id"].count
    if slug is None or not is_slug(slug):
        what = "is missing" if slug is None else "is not owner/name"
        raise violation(repo["full_name"], what, source="GitHub")
    if number is None:
        raise violation(repo["id"], "is missing", source="GitHub")
    page = repo["html_url"].address or repo["url"].address
    host = urlsplit(page).hostname if page else None
    if host not in {"github.com", "api.github.com"}:
        what = "is missing" if host is None else f"leads to {host}, which is not GitHub"
        raise violation(repo["html_url"], what, source="GitHub")
    return slug, number


def _distributions(top: JsonNode, repo: JsonNode, slug: str) -> Iterator[Distribution]:
    closed = _access(repo).level != "open"
    commit = top.at("commit", "sha").text or tag_of(top) or repo["default_branch"].text
    blobs = dict(_blobs(top))
    models = model_files(blobs)
    for path in (path for path in blobs if path in models):
        address = raw_address(slug, commit, path) if commit and not closed else None
        yield _blob(top, blobs[path], path, address)
    for asset in top.at("release", "assets").items():
        name = asset["name"].file_name
        if name and asset["state"].text in {None, "uploaded"}:
            address = (
                None if closed else file_address(asset["browser_download_url"].value, asset["name"].value)
            )
            yield asset_of(asset, name, address)


def files_of_tree(tree: JsonNode, slug: str, sha: str) -> Iterator[Distribution]:
    """Yield every file in GitHub's answer about the tree of a commit, with its address."""
    for path, entry in _blobs(JsonNode({"tree": tree.value})):
        yield _blob(tree, entry, path, raw_address(slug, sha, path))


def _blobs(top: JsonNode) -> Iterator[tuple[str, JsonNode]]:
    """Yield path and entry of each file in the tree; links and submodules are left out."""
    for entry in top.at("tree", "tree").items():
        path = entry["path"].file_name
        blob = entry["type"].text == "blob" and entry["mode"].text != "120000"
        if blob and path and path == entry["path"].value:
            yield path, entry


def _blob(top: JsonNode, entry: JsonNode, path: str, address: str | None) -> Distribution:
    oid, size = _pointed_at(top["pointers"][path].prose)
    sha = (entry["sha"].text or "").lower()
    in_git = (f"git-blob-sha1:{sha}",) if re.fullmatch(r"[0-9a-f]{40}", sha) else ()
    return Distribution(
        name=path,
        url=address.replace(RAW, MEDIA, 1) if address and oid else address,
        size=size if oid else entry["size"].count,
        checksums=(f"sha256:{oid}",) if oid else in_git,
        media_type=media_type(path),
        format=file_format(path),
    )


def _pointed_at(text: str | None) -> tuple[str | None, int | None]:
    """Return digest and size of the file that a Git LFS pointer refers to."""
    match = _POINTER.fullmatch(text[:POINTER_BYTES]) if text else None
    return (match[1], int(match[2])) if match else (None, None)


def _topics(repo: JsonNode) -> list[str]:
    return [text for item in repo["topics"].items() if (text := item.text)]


def _contents(repo: JsonNode, facts: "tuple[FileFacts, ...]", files: tuple[Distribution, ...]) -> Contents:
    # GitHub writes "jet tagging" as jet-tagging, but "super-resolution" just so.
    words = [form for topic in _topics(repo) for form in dict.fromkeys((topic, topic.replace("-", " ")))]
    return read_contents(
        _stated_type(facts) or "software",
        title=repo["name"].text or "",
        keywords=words,
        file_names=[item.name for item in files],
    )


def _stated_type(facts: "tuple[FileFacts, ...]") -> str | None:
    stated = (fact.type for fact in facts)
    return _first(
        word for word in stated if word and word.lower().startswith(("software", "dataset", "model"))
    )


def _kind_origin(contents: Contents, facts: "tuple[FileFacts, ...]") -> Iterator[FieldOrigin]:
    if not _stated_type(facts) and all(origin.field != "kind" for origin in contents.origins):
        yield FieldOrigin("kind", "inferred", "a code repository that states no type")


def _creators(
    repo: JsonNode, facts: "tuple[FileFacts, ...]"
) -> tuple[tuple[Creator, ...], tuple[FieldOrigin, ...]]:
    for fact in facts:
        if fact.creators:
            return fact.creators, (FieldOrigin("creators", "stated", fact.file),)
    login = repo["owner"]["login"].text
    if login is None:
        return (), ()
    organisation = repo["owner"]["type"].text == "Organization"
    owner = Creator(name=login, kind="organization" if organisation else "person")
    return (owner,), (FieldOrigin("creators", "inferred", "owner of the repository"),)


def _licence(repo: JsonNode, facts: "tuple[FileFacts, ...]") -> _Licence:
    """Return GitHub's reading of the licence, else the files', with a note where they differ."""
    given = repo["license"]
    found = spdx(given["spdx_id"].text, given["key"].text)
    files = [fact for fact in facts if fact.license]
    fact = next(iter(files), None)
    if found is None and fact is not None:
        return _Licence(fact.license, None, fact.file, _differing(facts, fact.license, fact.file))
    if found is None:
        said = given["name"].text or given["spdx_id"].text or given.text
        return _Licence(None, _first(item.license_stated for item in facts) or said)
    for item in files:
        # GNU licences have the same text for "only" and "or later", so only the authors can tell.
        if item.license != found and _family(item.license) == _family(found) and item.role != "license":
            return _Licence(item.license, None, item.file, _differing(facts, item.license, item.file))
    return _Licence(found, None, None, _differing(facts, found, "GitHub"))


def _family(expression: str | None) -> str:
    return re.sub(r"-(?:only|or-later)\b", "", expression or "")


def _differing(facts: "Iterable[FileFacts]", expression: str | None, who: str) -> str | None:
    told = [(item.file, item.license or item.license_stated) for item in facts]
    others = [
        f"{file} says {stated.removeprefix(f'{file}: ')}"
        for file, stated in told
        if stated and _family(stated) != _family(expression)
    ]
    return f"The licence is {expression} by {who}, but {' and '.join(others)}." if others else None


def _identifiers(top: JsonNode, slug: str, facts: "tuple[FileFacts, ...]") -> Iterator[Identifier]:
    """Yield the repository's names, then each DOI once, with the most precise role that a file gives it."""
    found = [item for fact in facts for item in fact.identifiers]
    dois = sorted(
        (item for item in found if item.scheme in _PRECISION), key=lambda item: _PRECISION[item.scheme]
    )
    unique: dict[str, Identifier] = {}
    for item in dois:
        unique.setdefault(item.value, item)
    asked = top["asked"].text
    earlier = name_of(top, asked).value if asked and is_slug(asked) else None
    yield from distinct_identifiers(
        (
            name_of(top, slug),
            Identifier("github", earlier, "an earlier name of the repository") if earlier else None,
            *unique.values(),
            *(item for item in found if item.scheme not in _PRECISION),
        )
    )


def _relations(repo: JsonNode, slug: str, facts: "tuple[FileFacts, ...]") -> Iterator[Relation | None]:
    itself = Identifier("github", slug).key
    for fact in facts:
        yield from (item for item in fact.relations if item.target.key != itself)
    for item in (item for fact in facts for item in fact.identifiers):
        if item.scheme in {"related_doi", "concept_doi"}:
            # Zenodo archives the releases of a repository "as supplement to" it.
            archive = item.value.startswith("10.5281/zenodo.")
            target = Identifier("doi", item.value)
            yield Relation(type="is_supplemented_by" if archive else "related_to", target=target)
    parent = repo.at("parent", "full_name").text
    if parent and is_slug(parent):
        yield Relation(type="is_derived_from", target=Identifier("github", parent))


def _keywords(repo: JsonNode, facts: "tuple[FileFacts, ...]") -> tuple[str, ...]:
    words = (*_topics(repo), *(word for fact in facts for word in fact.keywords))
    unique: dict[str, str] = {}
    for word in words:
        unique.setdefault(word.casefold().replace("-", " "), word)
    return tuple(unique.values())


def _access(repo: JsonNode) -> Access:
    if repo["disabled"].value is True:
        return Access(level="closed", conditions="GitHub has disabled the repository.")
    if repo["private"].value is True or repo["visibility"].text in {"private", "internal"}:
        return Access(level="restricted", conditions="The repository is private: ask its owner for access.")
    return Access(level="open")


def _notes(
    top: JsonNode, repo: JsonNode, facts: "tuple[FileFacts, ...]", licence: _Licence, count: int
) -> Iterator[str]:
    yield from (text for item in top["notes"].items() if (text := item.text))
    yield from (f"{fact.fault}." for fact in facts if fact.fault)
    if licence.note:
        yield licence.note
    if repo["archived"].value is True:
        yield "Its owner archived the repository: it is read-only."
    if repo["fork"].value is True and not repo["parent"].is_object:
        yield "The repository is a fork of one that the source does not name here."
    if top.at("tree", "truncated").value is True:
        yield "GitHub cut the list of files off, so model files may be missing."
    if count > MOST_FILES:
        yield f"Only the first {MOST_FILES} of {count} files are listed."
    yield from release_notes(top, repo["full_name"].text or "")
    yield from _contradictions(top, repo, facts)


def _contradictions(top: JsonNode, repo: JsonNode, facts: "tuple[FileFacts, ...]") -> Iterator[str]:
    tag, slug = tag_of(top), repo["full_name"].text or ""
    for fact in facts:
        if tag and fact.version and fact.version.lstrip("vV") not in tag:
            yield f"{fact.file} states version {fact.version}, the release is {tag}."
        home = re.search(r"github\.com/([\w-]+/[\w.-]+?)(?:\.git)?/?$", fact.repository or "")
        if home and home[1].casefold() not in {slug.casefold(), (top["asked"].text or "").casefold()}:
            yield f"{fact.file} is about another repository, {home[1]}."


def _first(found: Iterable[str | None]) -> str | None:
    return next((text for text in found if text), None)


def _prose(node: JsonNode) -> str | None:
    return (one_line(plain_text(node.prose)) or None) if node.prose else None
