# SPDX-License-Identifier: MIT
"""CITATION.cff, Citation File Format 1.2.0 (https://github.com/citation-file-format/citation-file-format).

Files of other versions are read as well; what 1.2.0 does not have is among the members that were left out.
"""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from importlib.resources import files
from typing import Any

from fairreg.formats.base import Reading
from fairreg.formats.creator_names import is_group, name_parts
from fairreg.formats.file_facts import (
    AsWritten,
    FileFacts,
    cited,
    creator,
    creators,
    doi_identifiers,
    dois_as_written,
    first_as_written,
    keywords,
    licence,
    listed_as_written,
    object_as_written,
    orcids_as_written,
    prose,
    read_object,
    swhids,
)
from fairreg.formats.plain_yaml import load_yaml, recovered_mapping, typed_yaml, yaml_text
from fairreg.formats.related import repository_of
from fairreg.schemas.datacite_terms import identifier_of
from fairreg.schemas.identifiers import (
    Identifier,
    minted_doi,
    normalise_doi,
    normalise_orcid,
    template_fault,
)
from fairreg.schemas.json_reader import JsonNode
from fairreg.schemas.json_values import TrackedObject, tracked
from fairreg.schemas.jsonld_terms import ORCID, SPDX
from fairreg.schemas.licenses import is_listed, spdx, with_address
from fairreg.schemas.record import Creator, ModelRecord
from fairreg.sources import ARXIV, DOI, SWHID

__all__ = [
    "FILE_NAME",
    "KEEPS",
    "MEDIA_TYPES",
    "NAME",
    "NARROWS",
    "OF_THE_VERSION",
    "document",
    "is_valid",
    "read",
    "require_expressible",
    "text_of",
    "violations",
    "write",
]

NAME = "cff"
FILE_NAME = "CITATION.cff"
MEDIA_TYPES = ("application/vnd.cff+yaml",)
KEEPS = frozenset({"name", "description", "version"})
NARROWS: Mapping[str, str] = {
    "kind": "software or dataset: a model is software",
    "identifiers": "DOIs of this and of all versions, SWHIDs, and the address of the repository",
    "creators": "names as Family, Given; affiliations of persons only; equal ones once",
    "license": "SPDX identifiers joined by OR, no other expression",
    "license_stated": "the address of one licence without an SPDX identifier",
    "keywords": "each once",
    "date_published": "a complete date only",
    "relations": "the repository of the source code",
}
# Facts about one version of an object, which must not be copied from another version's file.
OF_THE_VERSION = ("doi", "version", "date-released")
# The schema's own patterns (citation-file-format 1.2.0, schema.json: definitions doi and date).
_DOI = re.compile(r"10\.\d{4,9}(?:\.\d+)?/[A-Za-z0-9:/_;\-.()\[\]\\]+")
_SWHID = re.compile(r"swh:1:(?:snp|rel|rev|dir|cnt):[0-9a-f]{40}")
_ADDRESS = re.compile(r"https?://[^\s<>\"(){}|\\^`\x00-\x20]+")
_SEVERAL = re.compile(r"; |, contradicted by ")
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
_ALL_VERSIONS = "Concept DOI: it stands for all versions"
_ARXIV_NUMBER = re.compile(
    r"(?:arxiv\.org/(?:abs|pdf)/|arxiv:\s?|^)(\d{4}\.\d{4,5}"
    r"|[a-z-]+/\d{7})(?:v\d+)?(?:\.pdf)?$",
    re.IGNORECASE,
)
_FIRST = ("cff-version", "message", "title", "type", "authors", "abstract", "version", "doi")
_REQUIRED = ("cff-version", "message", "title", "authors")
# Schemes besides DOI and SWHID by which a file identifies its own object.
_IDENTIFYING = frozenset({ARXIV.name, "ark", "handle", "hdl", "ascl", "urn"})
_CONCEPT = re.compile(r"\bconcept\b|\ball (?:the )?versions\b", re.IGNORECASE)
_PAPERS = re.compile(r"article|conference-paper|proceedings|thesis|report|book|unpublished|manual|pamphlet")


def write(record: ModelRecord) -> str:
    """Return the file's text. Raises Inexpressible without the authors that the format requires."""
    require_expressible(record)
    return text_of(document(record))


def require_expressible(record: ModelRecord) -> None:
    """Raise Inexpressible for a record without the authors that the format requires."""
    from fairreg.formats.requirements import require  # not needed to read the file

    require(record, "CITATION.cff", ("name", "creators"))


def text_of(stated: Mapping[str, Any]) -> str:
    """Return the YAML of a file's members, the most informative first; empty ones are left out."""
    return yaml_text({key: stated[key] for key in _FIRST if key in stated} | dict(stated))


def document(record: ModelRecord) -> dict[str, Any]:
    """Return the file's members, empty ones included."""
    day = record.date_published or ""
    return {
        "cff-version": "1.2.0",
        "doi": record.doi if record.doi and _DOI.fullmatch(record.doi) else None,
        "version": record.version,
        "date-released": day if _DAY.fullmatch(day) else None,
        "message": _message(record),
        "title": record.name,
        "type": "dataset" if record.kind == "dataset" else "software",
        # The schema refuses a list with two equal authors.
        "authors": list({tuple(item.items()): item for item in map(_author, record.creators)}.values()),
        "abstract": record.description,
        "license": _alternatives(record.license),
        "license-url": _address_of(record),
        "identifiers": _other_names(record),
        "keywords": list(dict.fromkeys(record.keywords)),
        "repository-code": repository_of(record),
    }


def _alternatives(expression: str | None) -> str | list[str] | None:
    """Return an identifier of the schema, or a list of those that OR joins, as the format reads a list."""
    found = (expression or "").split(" OR ")
    if not set(found) <= _licences():
        return None
    return found if len(found) > 1 else found[0]


def _message(record: ModelRecord) -> str:
    how = " by the DOI of the version that you used" if record.doi else ""
    return f"If you use this {record.kind}, please cite it{how}."


def is_valid(text: str) -> bool:
    """Tell whether the text of a file meets the schema of Citation File Format 1.2.0."""
    from jsonschema import Draft7Validator

    return bool(Draft7Validator(_schema()).is_valid(typed_yaml(text)))


def violations(text: str) -> list[tuple[str, str]]:
    """List where a file does not meet the schema of 1.2.0, and DOIs that are templates: JSON path, fault.

    The fault of a value that fairreg reads in another spelling says what to write.
    """
    from jsonschema import Draft7Validator

    parsed = typed_yaml(text)
    errors = sorted(Draft7Validator(_schema()).iter_errors(parsed), key=lambda error: error.json_path)
    found = [
        (error.json_path, error.message[:_LONGEST_FAULT] + _advice(error.json_path, error.instance))
        for error in errors[:_MOST_FAULTS]
    ]
    if not isinstance(parsed, dict):
        return found
    listed = [item for item in listed_as_written(parsed.get("identifiers")) if isinstance(item, dict)]
    stated = [("$.doi", parsed.get("doi"))]
    stated += [(f"$.identifiers[{number}].value", item.get("value")) for number, item in enumerate(listed)]
    faults = [(path, template_fault(text)) for path, text in stated if isinstance(text, str)]
    return found + [(path, fault.message) for path, fault in faults if fault is not None]


_MOST_FAULTS, _LONGEST_FAULT = 100, 200


def _advice(path: str, value: object) -> str:
    """Say what to write for a value that is refused only for its spelling, empty for any other."""
    members = list(_spelled(path, value))
    better = [written for given, written in members if written and written != given]
    return f"; write {', '.join(better)}" if better else ""


def _spelled(path: str, value: object) -> Iterator[tuple[str, str | None]]:
    """Yield the DOIs, ORCIDs and licences at a path, each with its spelling in this format if it has one."""
    name = re.sub(r"\[\d+\]$", "", path).rpartition(".")[2]
    if isinstance(value, dict):
        if name == "identifiers" and value.get("type") == "doi":
            yield from _spelled("$.doi", value.get("value"))
        for key in _SPELLED:
            yield from _spelled(f"{path}.{key}", value.get(key))
    elif isinstance(value, list):
        yield from (pair for item in value if isinstance(item, str) for pair in _spelled(path, item))
    elif isinstance(value, str) and name in _SPELLED:
        yield value, _SPELLED[name](value)


def _written_doi(text: str) -> str | None:
    doi = normalise_doi(text)
    return doi if doi and _DOI.fullmatch(doi) else None


def _written_orcid(text: str) -> str | None:
    orcid = normalise_orcid(text)
    return f"{ORCID}{orcid}" if orcid else None


def _written_licence(text: str) -> str | None:
    known = spdx(text)
    return known if known in _licences() else None


_SPELLED: Mapping[str, Callable[[str], str | None]] = {
    "doi": _written_doi,
    "orcid": _written_orcid,
    "license": _written_licence,
}


@cache
def _schema() -> dict[str, Any]:
    packaged = files("fairreg.formats").joinpath("cff-1.2.0.schema.json").read_text(encoding="utf-8")
    schema: dict[str, Any] = json.loads(packaged)
    return schema


@cache
def _licences() -> frozenset[str]:
    """Return the identifiers that the schema of 1.2.0 lists; SPDX has more today."""
    return frozenset(_schema()["definitions"]["license-enum"]["enum"])


def _address_of(record: ModelRecord) -> str | None:
    """Return the address of a licence that the schema does not list, in SPDX's list or as it is stated."""
    if record.license:
        newer = is_listed(record.license) and record.license not in _licences()
        return f"{SPDX}{record.license}.html" if newer else None
    stated = record.license_stated or ""
    addresses = _ADDRESS.findall(stated)
    # The address of one among several licences, or of a known one, would say less than what is stated.
    alone = len(addresses) == 1 and not _SEVERAL.search(stated) and spdx(addresses[0]) is None
    return addresses[0] if alone else None


def _other_names(record: ModelRecord) -> list[dict[str, str]]:
    """Return the identifiers beside the DOI of this version that the format has a type for."""
    concept = {"type": "doi", "value": record.concept_doi or "", "description": _ALL_VERSIONS}
    archived = (item.value for item in record.identifiers if item.scheme == SWHID.name)
    names = [concept] if _DOI.fullmatch(concept["value"]) else []
    return names + [{"type": "swh", "value": item} for item in archived if _SWHID.fullmatch(item)]


def _author(item: Creator) -> dict[str, str]:
    orcid = f"{ORCID}{item.orcid}" if item.orcid else ""
    if is_group(item):
        named = {"name": item.name, "orcid": orcid}
    else:
        family, given, suffix = name_parts(item)
        named = {"family-names": family, "given-names": given, "name-suffix": suffix, "orcid": orcid}
        named["affiliation"] = item.affiliation or ""
    return {key: value for key, value in named.items() if value}


def read(document: str | bytes, *, name: str = FILE_NAME) -> Reading[FileFacts]:
    """Read the file into typed facts."""
    return read_object(
        document, _facts, name=name, role="citation", load=_load, recover=_recover, language="YAML"
    )


def _load(text: str) -> Any:
    return tracked(load_yaml(text))


def _recover(text: str) -> tuple[TrackedObject, tuple[str, ...]]:
    members, lost = recovered_mapping(text)
    return TrackedObject(tracked(members)), lost


def _facts(name: str, top: JsonNode) -> FileFacts:
    preferred = top["preferred-citation"]
    found = FileFacts(
        name,
        "citation",
        title=top["title"].title,
        abstract=prose(top["abstract"]),
        version=top["version"].text,
        released=top["date-released"].date,
        type=top["type"].text,
        **_licence(top),
        repository=top["repository-code"].address,
        creators=creators(top["authors"], _creator),
        keywords=keywords(top["keywords"]),
        identifiers=tuple(_identifiers(name, top)),
        relations=(
            *cited(_dois_of(preferred), "cites"),
            *cited(_dois_of(top["references"]), "references"),
            *cited(_other_objects(top), "related_to"),
        ),
        as_written=_as_written(top.value),
    )
    _leave_invalid(top)
    return found


def _leave_invalid(top: JsonNode) -> None:
    """Count a date that no calendar has and an ORCID with a wrong checksum as not read."""
    if top["date-released"].date is None:
        top.value.asked.discard("date-released")
    for author in top["authors"].items():
        if isinstance(author.value, TrackedObject) and not normalise_orcid(author["orcid"].text or ""):
            author.value.asked.discard("orcid")


def _publications(preferred: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the DOI of the preferred citation, else DOIs and arXiv numbers that it lists or leads to."""
    listed = [
        object_as_written(item).get("value") for item in listed_as_written(preferred.get("identifiers"))
    ]
    named = [item for item in (*listed, preferred.get("url")) if isinstance(item, str)]
    numbers = [hit[1] for item in named if (hit := _ARXIV_NUMBER.search(item))]
    return dois_as_written([preferred.get("doi")]) or (*dois_as_written(named), *dict.fromkeys(numbers))


def _as_written(stated: dict[str, Any]) -> AsWritten:
    listed = [object_as_written(item) for item in listed_as_written(stated.get("identifiers"))]
    authors = [object_as_written(item) for item in listed_as_written(stated.get("authors"))]
    required = [stated.get(key) for key in _REQUIRED]
    return AsWritten(
        complete=all(required),
        dois=dois_as_written([stated.get("doi"), *(item.get("value") for item in listed)]),
        # Several are alternatives.
        license=" OR ".join(
            item for item in listed_as_written(stated.get("license")) if isinstance(item, str)
        )
        or spdx(first_as_written(stated.get("license-url"))),
        orcids=orcids_as_written(author.get("orcid") for author in authors),
        publications=_publications(object_as_written(stated.get("preferred-citation"))),
        repository=first_as_written(stated.get("repository-code")),
        commit=first_as_written(stated.get("commit")),
    )


def _licence(top: JsonNode) -> dict[str, Any]:
    """Return the licence, several as alternatives (CFF 1.2), else that of ``license-url``."""
    address = top["license-url"].text
    found = licence(*top["license"].items(), any_of=True)
    if found["license"] or address is None:
        return found
    stated = found["license_stated"]
    known = None if stated else spdx(address)
    told = f"{stated} ({address})" if stated else with_address(address)
    return {"license": known, "license_stated": None if known else told}


def _identifiers(name: str, top: JsonNode) -> Iterator[Identifier]:
    for item in top["identifiers"].items():
        value, described = item["value"].text or "", item["description"].text or ""
        kind = item["type"].text
        concept = bool(_CONCEPT.search(described))
        stated = identifier_of(value)
        doi = normalise_doi(value) or _doi_of(stated)
        if doi or kind == "doi":
            yield from doi_identifiers(doi or value, f"{name}: identifiers", concept=concept)
        elif kind == "swh" or "swh:1:" in value:
            yield from swhids(value, name)
        elif stated and stated.scheme in _IDENTIFYING:
            yield Identifier(stated.scheme, stated.value, f"{name}: identifiers")
    yield from doi_identifiers(top["doi"].text, f"{name}: doi")
    preferred = top["preferred-citation"]
    paper = preferred["journal"].stated or _PAPERS.search(preferred["type"].text or "")
    for cited_doi in _dois_of(preferred):
        yield Identifier(
            "paper_doi" if paper else "related_doi", cited_doi.value, f"{name}: preferred-citation"
        )


def _doi_of(found: Identifier | None) -> str | None:
    """Return the DOI that an address stands for, also that of a record's page."""
    if found is None:
        return None
    return found.value if found.scheme == DOI.name else minted_doi(found)


def _other_objects(top: JsonNode) -> list[Identifier]:
    """Return the records of other services among the identifiers: to name one does not make it the same."""
    stated = (identifier_of(item["value"].text) for item in top["identifiers"].items())
    known = {*_IDENTIFYING, DOI.name, SWHID.name, "other"}
    return [found for found in stated if found and found.scheme not in known and minted_doi(found) is None]


def _dois_of(node: JsonNode) -> list[Identifier]:
    found = (normalise_doi(item["doi"].text or "") for item in node.items() if item.is_object)
    return [Identifier("doi", doi) for doi in found if doi]


def _creator(item: JsonNode) -> Creator | None:
    family = " ".join(part for part in (item["name-particle"].text, item["family-names"].text) if part)
    name_parts = (family, item["given-names"].text, item["name-suffix"].text)
    person = ", ".join(part for part in name_parts if part) or item["alias"].text
    entity = item["name"].text
    name, affiliation = entity or person or item.text, item["affiliation"].text
    return creator(name, item["orcid"].text, affiliation, person=not entity)
