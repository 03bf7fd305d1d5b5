# SPDX-License-Identifier: MIT
"""Reading of the metadata files that travel with a model, and the role of each small file in an archive.

CITATION.cff 1.2, CodeMeta 2 and 3, .zenodo.json and the YAML front matter of model cards all become one
typed `Stated`; a file that does not parse, or does not have what its format requires, is not `valid`.
"""

import json
import re
from collections.abc import Callable, Iterator
from functools import lru_cache
from pathlib import PurePosixPath
from typing import Any

import msgspec
import yaml

from fairreg.assessment.content.licences import classify
from fairreg.assessment.evidence import Document, Evidence, Role
from fairreg.schemas.identifiers import normalise_doi, normalise_orcid

__all__ = ["Stated", "front_matter", "parsed", "role_of", "stated_in"]

_ROLES: tuple[tuple[str, Role], ...] = (
    (r"(^|/)(licen[cs]e|copying)(\.\w+)?$", "license"),
    (r"(^|/)citation\.cff$", "citation"),
    (r"(^|/)codemeta\.json$", "codemeta"),
    (r"(^|/)\.zenodo\.json$", "zenodo_json"),
    (r"(^|/)(model[_-]?card)[^/]*\.(md|rst|txt|ya?ml)$", "model_card"),
    (r"(^|/)readme(\.\w+)?$", "readme"),
    (r"(^|/)(ro-crate-metadata\.json|[^/]*prov\.(json|jsonld)|[^/]*\.provn)$", "provenance"),
    (r"(^|/)(mlmodel|rdf\.ya?ml|bioimageio\.ya?ml|[^/]*fair4ml[^/]*\.json(ld)?)$", "standard"),
    (r"(^|/)(requirements[^/]*\.txt|environment[^/]*\.ya?ml|pyproject\.toml|pylock\.toml)$", "requirements"),
    (r"(^|/)((poetry|uv|pdm|pixi|pipfile)\.lock|conda-lock\.yml)$", "requirements"),
    (r"(^|/)(dockerfile|containerfile)([.-][^/]*)?$", "dockerfile"),
    (r"(^|/)(makefile|snakefile)$", "makefile"),
    (
        r"(^|/)(\.github/workflows/[^/]+|\.gitlab-ci\.yml|\.travis\.yml|azure-pipelines\.yml|jenkinsfile)$",
        "ci",
    ),
    (r"(^|/)(definitions|[^/]*features|signature|preprocessor_config)\.(ya?ml|json|csv)$", "definitions"),
    (r"(metadata|hyper\w*|h?params|training_args|(^|/)config)[^/]*\.(json|ya?ml)$", "hyperparameters"),
    (r"\.ipynb$", "notebook"),
    (r"(^|/)docs?/.*\.(md|rst|txt)$", "docs"),
    (r"\.py$", "code"),
)
_LONGEST = 65_536  # characters; metadata files are far smaller, and YAML is slow to read
_NOT_THE_MODELS = re.compile(
    r"(^|/)(docs?|tests?)/[^/]*requirements|requirements[^/]*(dev|test|doc|lint)", re.IGNORECASE
)


class Stated(msgspec.Struct, frozen=True):
    """What one metadata file says about its model. `publications` are DOIs or arXiv numbers."""

    document: Document
    valid: bool
    dois: tuple[str, ...] = ()
    license: str | None = None
    orcids: tuple[str, ...] = ()
    publications: tuple[str, ...] = ()
    repository: str | None = None
    commit: str | None = None
    structured: tuple[str, ...] = ()


class _PlainLoader(yaml.BaseLoader):
    """Text, lists and mappings only: no tags, and no aliases, which could grow without end."""

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        if self.check_event(yaml.AliasEvent):
            raise yaml.YAMLError("aliases are not read")
        return super().compose_node(parent, index)


def role_of(path: str) -> Role | None:
    """Role of a file by its path, which may start with the archive's top folder; None for any other file.

    Requirements of documentation and tests are not those of the model.
    """
    if _NOT_THE_MODELS.search(path):
        return None
    return next((role for pattern, role in _ROLES if re.search(pattern, path, re.IGNORECASE)), None)


def stated_in(evidence: Evidence) -> tuple[Stated, ...]:
    """What the metadata files and card front matters of the evidence say, one entry a file."""
    cards = tuple(card for card in evidence.of_role("model_card", "readme") if front_matter(card.text))
    read = evidence.of_role("citation", "codemeta", "zenodo_json") + cards
    return tuple(_read(document) for document in read)


@lru_cache(maxsize=256)
def _read(document: Document) -> Stated:
    return _READERS.get(document.role, _card)(document)


@lru_cache(maxsize=64)
def front_matter(text: str) -> str | None:
    """The YAML block between ``---`` lines at the top of a model card."""
    match = re.match(r"\A---\s*\n(.*?)\n---\s*(?:\n|\Z)", text, re.DOTALL)
    return match[1] if match else None


@lru_cache(maxsize=256)
def parsed(document: Document) -> Any:
    """A JSON or YAML document as plain values, None where it does not parse or is far too long; read-only."""
    if len(document.text) > _LONGEST:
        return None
    try:
        if PurePosixPath(document.path).suffix.lower() in {".json", ".jsonld", ".ipynb"}:
            return json.loads(document.text)
        return yaml.load(document.text, Loader=_PlainLoader)  # noqa: S506 - builds nothing but text
    except (ValueError, yaml.YAMLError, RecursionError):
        return None


def _table(value: object) -> dict[str, Any]:
    return {str(key): item for key, item in value.items()} if isinstance(value, dict) else {}


def _listed(value: object) -> list[Any]:
    return list(value) if isinstance(value, list | tuple) else [] if value is None else [value]


def _cff(document: Document) -> Stated:
    stated = _table(parsed(document))
    ids = [stated.get("doi"), *(_table(item).get("value") for item in _listed(stated.get("identifiers")))]
    preferred = _table(stated.get("preferred-citation"))
    return Stated(
        document,
        valid=all(stated.get(key) for key in ("cff-version", "message", "title", "authors")),
        dois=_dois(ids),
        license=_first(stated.get("license")),
        orcids=_orcids(_table(author).get("orcid") for author in _listed(stated.get("authors"))),
        publications=_dois([preferred.get("doi")]),
        repository=_first(stated.get("repository-code")),
        commit=_first(stated.get("commit")),
    )


def _codemeta(document: Document) -> Stated:
    stated = _table(parsed(document))
    authors = [_table(author) for author in _listed(stated.get("author"))]
    references = [_reference(item) for item in _listed(stated.get("referencePublication"))]
    return Stated(
        document,
        valid="codemeta" in str(stated.get("@context", "")).lower() and bool(stated.get("name")),
        dois=_dois([_reference(item) for item in _listed(stated.get("identifier"))] + [stated.get("@id")]),
        license=_licence_of_url(_first(stated.get("license"))),
        orcids=_orcids(author.get("@id") or author.get("id") for author in authors),
        publications=_dois(references),
        repository=_first(stated.get("codeRepository")),
    )


def _zenodo(document: Document) -> Stated:
    stated = _table(parsed(document))
    licence = stated.get("license")
    return Stated(
        document,
        valid=bool(stated),
        dois=_dois([stated.get("doi")]),
        license=_first(_table(licence).get("id") or licence),
        orcids=_orcids(_table(creator).get("orcid") for creator in _listed(stated.get("creators"))),
    )


def _card(document: Document) -> Stated:
    block = Document(role="model_card", path="front-matter.yml", text=front_matter(document.text) or "")
    stated = _table(parsed(block))
    known = (
        "license",
        "pipeline_tag",
        "library_name",
        "datasets",
        "base_model",
        "metrics",
        "tags",
        "model-index",
    )
    return Stated(
        document,
        valid=any(stated.get(key) for key in known),
        dois=_dois([stated.get("doi")]),
        license=_first(stated.get("license")),
        publications=tuple(
            str(item) for item in _listed(stated.get("arxiv")) if isinstance(item, str | float)
        ),
        structured=tuple(key for key in known if stated.get(key)),
    )


_READERS: dict[Role, Callable[[Document], Stated]] = {
    "citation": _cff,
    "codemeta": _codemeta,
    "zenodo_json": _zenodo,
}


def _first(value: object) -> str | None:
    return next((str(item) for item in _listed(value) if item and isinstance(item, str | int | float)), None)


def _reference(item: object) -> object:
    table = _table(item)
    return (table.get("@id") or table.get("value") or table.get("identifier")) if table else item


def _dois(values: object) -> tuple[str, ...]:
    found = (normalise_doi(value) for value in _listed(values) if isinstance(value, str) and value.strip())
    return tuple(dict.fromkeys(doi for doi in found if doi))


def _orcids(values: Iterator[Any]) -> tuple[str, ...]:
    found = (normalise_orcid(value) for value in values if isinstance(value, str))
    return tuple(dict.fromkeys(orcid for orcid in found if orcid))


def _licence_of_url(text: str | None) -> str | None:
    match = re.search(r"spdx\.org/licenses/([\w.+-]+?)(?:\.html|\.json)?$", text or "")
    return match[1] if match else (classify(text or "") or text)
