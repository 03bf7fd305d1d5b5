# SPDX-License-Identifier: MIT
"""Metadata files beside a model, and the role of each small file in an archive.

CITATION.cff, CodeMeta, .zenodo.json and model cards are parsed by `fairreg.formats`; here they are read in
the file's own words, because an assessment cites them.
"""

import json
import re
from collections.abc import Callable
from dataclasses import replace
from functools import lru_cache
from pathlib import PurePosixPath
from typing import Any, NamedTuple

from fairreg.assessment.content.licences import classify
from fairreg.assessment.evidence import Document, Evidence, Role
from fairreg.formats import cff, codemeta, model_card, zenodo
from fairreg.formats.base import Reading
from fairreg.formats.file_facts import AsWritten, FileFacts
from fairreg.formats.front_matter import front_matter
from fairreg.formats.plain_yaml import YamlFault, load_yaml
from fairreg.schemas.record import is_apple_double

__all__ = [
    "LONGEST_PARSED",
    "PARSED_ROLES",
    "Stated",
    "parsed",
    "recorded_commit",
    "role_of",
    "stated_in",
    "to_rewrite",
]

_ROLES: tuple[tuple[str, Role], ...] = (
    (r"(^|/)(licen[cs]e|copying)([-_.]\w[\w+-]*(\.\d+)*)?(\.(md|rst|txt))?$", "license"),
    (r"(^|/)licenses/[\w.+-]+\.txt$", "license"),
    (r"(^|/)citation\.cff$", "citation"),
    (r"(^|/)codemeta\.json$", "codemeta"),
    (r"(^|/)\.zenodo\.json$", "zenodo_json"),
    (r"(^|/)(model[ _-]?card)[^/]*\.(md|rst|txt|ya?ml)$", "model_card"),
    (r"(^|/)readme(\.\w+)?$", "readme"),
    (
        r"(^|/)(ro-crate-metadata\.json(ld)?|([^/]*[-_.])?prov(enance)?\.(json|jsonld|ttl)|[^/]*\.provn)$",
        "provenance",
    ),
    (r"(^|/)(mlmodel|rdf\.ya?ml|bioimageio\.ya?ml|[^/]*(fair4ml|croissant)[^/]*\.json(ld)?)$", "standard"),
    (
        r"(^|/)(requirements([^/]*|/[^/]+)|(reqs?|deps|dependencies)([-_.][^/]*)?)\.(txt|lock|in)$",
        "requirements",
    ),
    (r"(^|/)((conda[-_])?env(ironment)?[^/]*|conda)\.ya?ml$", "requirements"),
    (r"(^|/)(pyproject\.toml|pylock\.toml|pixi\.toml|pipfile|setup\.cfg)$", "requirements"),
    (r"(^|/)((poetry|uv|pdm|pixi|pipfile|conda-[\w.-]+)\.lock|conda-lock\.ya?ml)$", "requirements"),
    (r"(^|/)(dockerfile|containerfile)([.-][^/]*)?$", "dockerfile"),
    (r"(^|/)(makefile|snakefile)$", "makefile"),
    (
        r"(^|/)(\.github/workflows/[^/]+|\.gitlab-ci\.yml|\.travis\.yml|azure-pipelines\.yml|jenkinsfile)$",
        "ci",
    ),
    (r"(^|/)(definitions|[^/]*features|signature|preprocessor_config)\.(ya?ml|json|csv)$", "definitions"),
    (r"(metadata|hyper\w*|h?params|training_args|(^|/)config)[^/]*\.(json|ya?ml)$", "hyperparameters"),
    (r"(^|/)(train(ing)?([_-](config|settings|options|run|log|info))?)\.(json|ya?ml)$", "hyperparameters"),
    (r"(^|/)config(s|uration)?/[^/]*train[^/]*\.(json|ya?ml)$", "hyperparameters"),
    (r"\.ipynb$", "notebook"),
    (r"(^|/)docs?/.*\.(md|rst|txt)$|(^|/)readme[-_. ][^/]*\.(md|rst|txt)$|(^|/)model\.md$", "docs"),
    (r"\.py$", "code"),
)
_ANY_ROLE = re.compile("|".join(pattern for pattern, _ in _ROLES), re.IGNORECASE)
LONGEST_PARSED = 65_536  # characters; metadata files are far smaller, and YAML is slow to read
# Roles of documents that are parsed, of which longer ones say nothing here.
PARSED_ROLES: tuple[Role, ...] = (
    "citation", "codemeta", "zenodo_json", "standard", "provenance", "definitions", "hyperparameters",
)  # fmt: skip
_DEEPEST = 8
_COMMIT_KEY = re.compile(r"(?:git|code|source)?[ _-]?(?:commit|revision|sha)(?:[ _-]?(?:hash|id|sha))?", re.I)
_COMMIT = re.compile(r"[0-9a-f]{7,40}")
_NOT_THE_MODELS = re.compile(
    r"(^|/)(docs?|tests?)/[^/]*requirements|requirements[^/]*/?[^/]*(dev|test|doc|lint)", re.IGNORECASE
)


class Stated(NamedTuple):
    """A metadata file, and its statements about the model."""

    document: Document
    facts: AsWritten


def role_of(path: str) -> Role | None:
    """Role of a file by its path, which may start with the archive's top folder; None for any other file.

    Requirements of documentation and tests are not those of the model.
    """
    if _NOT_THE_MODELS.search(path) or is_apple_double(path):
        return None
    if not _ANY_ROLE.search(path):  # most files of a large record
        return None
    return next((role for pattern, role in _ROLES if re.search(pattern, path, re.IGNORECASE)), None)


def stated_in(evidence: Evidence) -> tuple[Stated, ...]:
    """Return the facts of each metadata file and each card with front matter."""
    cards = evidence.of_role("model_card", "readme")
    read = evidence.of_role("citation", "codemeta", "zenodo_json")
    read += tuple(card for card in cards if front_matter(card.text))
    return tuple(Stated(document, _with_commit(_facts(document))) for document in read)


def _with_commit(facts: AsWritten) -> AsWritten:
    """Return the facts without a commit that is none: a placeholder, or a branch, which moves."""
    return facts if _COMMIT.fullmatch(facts.commit or "") else replace(facts, commit=None)


@lru_cache(maxsize=256)
def _facts(document: Document) -> AsWritten:
    read = _READERS.get(document.role)
    if read is None:
        return model_card.as_written(document.text)
    if len(document.text) > LONGEST_PARSED:
        return AsWritten()
    found = read(document.text).understood.as_written
    return replace(found, license=_licence_of_url(found.license)) if document.role == "codemeta" else found


_READERS: dict[Role, Callable[[str], Reading[FileFacts]]] = {
    "citation": cff.read,
    "codemeta": codemeta.read,
    "zenodo_json": zenodo.read,
}


@lru_cache(maxsize=256)
def parsed(document: Document) -> Any:
    """Return a JSON or YAML document as plain values, None if it does not parse or is too long; read-only."""
    return _values(document, lexical=False)


def recorded_commit(document: Document) -> str | None:
    """Return the commit that a file of settings or provenance states under a key of that name."""
    return _commit_in(parsed(document), _DEEPEST)


def _commit_in(value: Any, depth: int) -> str | None:
    if depth == 0 or not isinstance(value, dict | list):
        return None
    members = value.items() if isinstance(value, dict) else (("", item) for item in value)
    for key, item in members:
        if isinstance(item, str) and _COMMIT_KEY.fullmatch(str(key)) and _COMMIT.fullmatch(item):
            return item
        if found := _commit_in(item, depth - 1):
            return found
    return None


@lru_cache(maxsize=16)
def to_rewrite(document: Document) -> Any:
    """Return the values of a document as `parsed` does, those of YAML with the types that they have there."""
    return _values(document, lexical=True)


def _values(document: Document, *, lexical: bool) -> Any:
    if len(document.text) > LONGEST_PARSED:
        return None
    suffix = PurePosixPath(document.path).suffix.lower()
    if suffix in {".provn", ".ttl"}:
        return _prov(document.text)
    is_json = suffix in {".json", ".jsonld", ".ipynb"}
    try:
        return json.loads(document.text) if is_json else load_yaml(document.text, lexical=lexical)
    except YamlFault:
        return None


def _prov(text: str) -> dict[str, list[str]]:
    """Return the statements of PROV-N or Turtle by the name of their relation, empty where there are none."""
    found: dict[str, list[str]] = {}
    for line in text.splitlines():
        statement = _PROV.match(line.split("//")[0]) if "://" not in line else _PROV.match(line)
        for name in [statement[1]] if statement else _TERM_OF_PROV.findall(line.split(" #")[0]):
            found.setdefault(name, []).append(line.strip())
    return found


_PROV = re.compile(
    r"\s*(entity|activity|agent|used|was[A-Z]\w+|acted[A-Z]\w+|specializationOf|hadMember)\s?\(.*\)"
)
_TERM_OF_PROV = re.compile(r"(?<![\w#])prov:([a-z]\w+)")


def _licence_of_url(text: str | None) -> str | None:
    match = re.search(r"spdx\.org/licenses/([\w.+-]+?)(?:\.html|\.json)?$", text or "")
    return match[1] if match else (classify(text or "") or text)
