# SPDX-License-Identifier: MIT
"""Typed facts of a metadata file, and the readers that its formats share.

CITATION.cff, CodeMeta, .zenodo.json and model cards hold no whole record: their content becomes `FileFacts`.
A file that does not parse has only a `fault`.

A DOI in these files names an archive of the repository, its lineage or a paper, never the repository itself.
"""

import json
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from fairreg.formats.base import Reading
from fairreg.formats.plain_yaml import YamlFault, YamlLimit
from fairreg.schemas.identifiers import Identifier, normalise_doi, normalise_orcid
from fairreg.schemas.json_reader import JsonNode
from fairreg.schemas.json_values import TrackedObject
from fairreg.schemas.licenses import all_of, spdx, with_address
from fairreg.schemas.record import Access, Creator, Relation, RelationType
from fairreg.schemas.text import plain_text, split_keywords, title

__all__ = [
    "LONGEST",
    "AsWritten",
    "FileFacts",
    "ParsedFile",
    "cited",
    "creator",
    "creators",
    "doi_identifiers",
    "dois_as_written",
    "first_as_written",
    "keywords",
    "licence",
    "listed_as_written",
    "object_as_written",
    "orcids_as_written",
    "papers",
    "parsed_object",
    "prose",
    "read_object",
    "swhids",
]

LONGEST = 2**18  # characters; metadata files are far smaller, and YAML is slow to read
_TEXT_OF_LICENCE = re.compile(r"/(?:un)?(?:licen[cs]es?|copying)(?:[-_.][^/]*)?(?:[?#].*)?$", re.IGNORECASE)
_SWHID = re.compile(r"swh:1:(?:cnt|dir|rev|rel|snp):[0-9a-f]{40}")


@dataclass(frozen=True)
class AsWritten:
    """Facts in the file's own words, for checks and citations; only DOIs and ORCIDs are normalised.

    `complete`: the file has what its format requires; `filled`: the keys describing a model that have a
    value. `publications` are DOIs or arXiv numbers.
    """

    complete: bool = False
    dois: tuple[str, ...] = ()
    license: str | None = None
    orcids: tuple[str, ...] = ()
    publications: tuple[str, ...] = ()
    repository: str | None = None
    commit: str | None = None
    filled: tuple[str, ...] = ()


@dataclass(frozen=True)
class FileFacts:
    """Content of one file. `identifiers` and `relations` carry the file's name as their evidence."""

    file: str
    role: str
    fault: str | None = None
    title: str | None = None
    abstract: str | None = None
    version: str | None = None
    publisher: str | None = None
    created: str | None = None
    released: str | None = None
    modified: str | None = None
    type: str | None = None
    license: str | None = None
    license_stated: str | None = None
    repository: str | None = None
    creators: tuple[Creator, ...] = ()
    keywords: tuple[str, ...] = ()
    identifiers: tuple[Identifier, ...] = ()
    relations: tuple[Relation, ...] = ()
    access: Access | None = None
    frameworks: tuple[str, ...] = ()
    ml_task: tuple[str, ...] = ()
    intended_use: str | None = None
    limitations: str | None = None
    usage: str | None = None
    as_written: AsWritten = field(default_factory=AsWritten)

    def record_fields(self) -> dict[str, Any]:
        """Return the known facts by the name of their record field."""
        same = (
            "version", "publisher", "license", "license_stated", "creators", "keywords", "identifiers",
            "relations", "access", "frameworks", "ml_task", "intended_use", "limitations", "usage",
        )  # fmt: skip
        found = {name: getattr(self, name) for name in same}
        found |= {"name": self.title, "description": self.abstract}
        found |= {
            "date_created": self.created,
            "date_published": self.released,
            "date_modified": self.modified,
        }
        return {name: value for name, value in found.items() if value}


def _load_json(text: str) -> Any:
    return json.loads(text, object_hook=TrackedObject)


@dataclass(frozen=True)
class ParsedFile:
    """The object in a file, None where there is none, the file's fault, and the members that are lost."""

    value: TrackedObject | None
    fault: str | None = None
    lost: tuple[str, ...] = ()


def read_object(
    document: str | bytes,
    facts: Callable[[str, JsonNode], FileFacts],
    *,
    name: str,
    role: str,
    load: Callable[[str], Any] = _load_json,
    recover: Callable[[str], tuple[TrackedObject, tuple[str, ...]]] | None = None,
    language: str = "JSON",
) -> Reading[FileFacts]:
    """Read a file that holds one object, as `parsed_object` does, into `facts`.

    Members that were not read are named.
    """
    found = parsed_object(document, name=name, load=load, recover=recover, language=language)
    if found.value is None:
        return Reading(FileFacts(name, role, fault=found.fault))
    read = facts(name, JsonNode(found.value))
    return Reading(replace(read, fault=found.fault), (*found.value.unread(), *found.lost))


def parsed_object(
    document: str | bytes,
    *,
    name: str,
    load: Callable[[str], Any] = _load_json,
    recover: Callable[[str], tuple[TrackedObject, tuple[str, ...]]] | None = None,
    language: str = "JSON",
) -> ParsedFile:
    """Parse a file that holds one object with `load`, which returns every object as a `TrackedObject`.

    `recover` does so with what can be read of a broken file, and names the members that cannot.
    """
    text = document.decode("utf-8", "replace") if isinstance(document, bytes) else document
    if len(text) > LONGEST:
        return ParsedFile(None, f"{name} is longer than {LONGEST // 1024} KiB and was not read")
    lost: tuple[str, ...] = ()
    fault = None
    try:
        value = load(text)
    except YamlLimit as error:
        return ParsedFile(None, f"{name} {error.reason}")
    except YamlFault as error:
        fault = f"{name} is not valid {language}{_where(error)}"
        value, lost = recover(text) if recover else (None, ())
        if not value:
            return ParsedFile(None, fault)
    if not isinstance(value, TrackedObject):
        return ParsedFile(None, f"{name} holds no {language} object")
    return ParsedFile(value, fault, lost)


def _where(error: Exception) -> str:
    mark = getattr(error, "problem_mark", None)
    line = error.lineno if isinstance(error, json.JSONDecodeError) else mark.line + 1 if mark else None
    return f" (line {line})" if line else ""


def doi_identifiers(text: str | None, evidence: str, *, concept: bool = False) -> Iterator[Identifier]:
    """Yield the DOI in `text` under the scheme of the object that it identifies."""
    doi = normalise_doi(text or "")
    if doi:
        joss = doi.startswith("10.21105/")
        yield Identifier("concept_doi" if concept else "paper_doi" if joss else "related_doi", doi, evidence)


def swhids(text: str, name: str) -> Iterator[Identifier]:
    """Yield each Software Heritage identifier in `text` once."""
    yield from (Identifier("swhid", value, name) for value in dict.fromkeys(_SWHID.findall(text)))


def papers(found: Iterable[Identifier], evidence: str) -> Iterator[Identifier]:
    """Yield the DOIs among `found` as DOIs of papers."""
    yield from (Identifier("paper_doi", item.value, evidence) for item in found if item.scheme == "doi")


def cited(targets: Iterable[Identifier], kind: RelationType) -> Iterator[Relation]:
    """Yield a relation to each of the targets."""
    yield from (Relation(type=kind, target=target) for target in targets)


def creators(places: JsonNode, read: Callable[[JsonNode], Creator | None]) -> tuple[Creator, ...]:
    """Return the creators in a list, each as `read` reads it."""
    return tuple(found for item in places.items() if (found := read(item)))


def creator(name: str | None, orcid: str | None, affiliation: str | None, *, person: bool) -> Creator | None:
    """Return a creator of that name, None without one; an invalid ORCID is left out."""
    called = title(name or "")
    if not called:
        return None
    kind: Any = "person" if person else "organization"
    place = title(affiliation or "")
    return Creator(name=called, orcid=normalise_orcid(orcid or ""), affiliation=place, kind=kind)


def keywords(node: JsonNode) -> tuple[str, ...]:
    """Return the keywords in a list of texts or named objects, or in one text with separators."""
    return split_keywords(text for item in node.items() if (text := item["name"].label or item.text))


def prose(node: JsonNode) -> str | None:
    """Return the text of a description."""
    return (plain_text(node.prose) or None) if node.prose else None


def licence(*places: JsonNode, any_of: bool = False) -> dict[str, Any]:
    """Return the SPDX expression, and the words of licences without one; a link to a file does not count.

    All apply, so that there is no expression beside an unknown one; of alternatives (`any_of`) one is enough.
    """
    read = [(node, spdx(node.text)) for node in places if node.text]
    each = [
        (known, None if known else with_address(node.text or ""))
        for node, known in read
        if known or node.address is None or not _TEXT_OF_LICENCE.search(node.address)
    ]
    found = sorted({known for known, _ in each if known})
    words = "; ".join(dict.fromkeys(stated for _, stated in each if stated)) or None
    expression, words = (" OR ".join(found) or None, words) if any_of else all_of(each)
    return {"license": expression, "license_stated": words}


def object_as_written(value: object) -> dict[str, Any]:
    """Return an object, empty for any other value."""
    return value if isinstance(value, dict) else {}


def listed_as_written(value: object) -> list[Any]:
    """Return the elements of a value that may be one item or a list."""
    return list(value) if isinstance(value, list | tuple) else [] if value is None else [value]


def first_as_written(value: object) -> str | None:
    """Return the first text or number of a value that may be one item or a list."""
    return next(
        (str(item) for item in listed_as_written(value) if item and isinstance(item, str | int | float)), None
    )


def dois_as_written(values: Iterable[object]) -> tuple[str, ...]:
    """Return the DOIs among texts, each once."""
    found = (normalise_doi(value) for value in values if isinstance(value, str) and value.strip())
    return tuple(dict.fromkeys(doi for doi in found if doi))


def orcids_as_written(values: Iterable[object]) -> tuple[str, ...]:
    """Return the ORCIDs among texts, each once."""
    found = (normalise_orcid(value) for value in values if isinstance(value, str))
    return tuple(dict.fromkeys(orcid for orcid in found if orcid))
