# SPDX-License-Identifier: MIT
"""Metadata files of a record, stored as a statement beside that of its repository.

Repositories keep the fields that they know; signature, results and intended use are only in the authors'
own fair4ml.jsonld, codemeta.json and model card. A file counts where it names the DOI of the record, or that
of all its versions: then without what changes from version to version. The registry merges the statement
with the others, and the repository's own words come first. Access and the list of files are left to the
repository, and so is what identifies the object, so that no file joins a record to that of somebody else.
"""

import json
from collections.abc import Iterator, Mapping
from hashlib import sha256
from itertools import islice
from typing import Any, NamedTuple

from msgspec.structs import replace

from fairreg.assessment.content.documents import LONGEST_PARSED
from fairreg.assessment.evidence import Document, Role
from fairreg.errors import RecordError
from fairreg.formats import codemeta, fair4ml, model_card
from fairreg.formats.file_facts import FileFacts
from fairreg.registry import Registry
from fairreg.registry.resolution.grouping import link_keys, merge
from fairreg.schemas.datacite_terms import distinct_identifiers, distinct_relations, identifier_of
from fairreg.schemas.identifiers import OWN_DOIS, PAPER_SCHEMES, Identifier
from fairreg.schemas.record import FieldOrigin, ModelRecord, Provenance, Relation
from fairreg.schemas.text import clean
from fairreg.schemas.timestamps import now
from fairreg.services.assess.file_inspection import located_documents
from fairreg.services.fetch.files.fetched import FetchedFiles
from fairreg.services.fetch.files.selection import open_files
from fairreg.sources import RECORD_FILES, scheme_names
from fairreg.web import Log, no_log

__all__ = ["save_metadata_files"]

# The most telling first, as for a folder that is published.
_ROLES: tuple[Role, ...] = ("standard", "codemeta", "model_card", "readme")
_MOST_FILES = 20
_OF_A_VERSION = ("version", "date_published", "date_modified")
_FIELDS = (
    *("description", "alternate_names", "creators", "license", "license_stated", "keywords", "language"),
    *("ml_task", "model_category", "frameworks", "formats", "date_created", "evaluations", "inputs"),
    *("outputs", "parameter_count", "intended_use", "limitations", "usage", "notes", *_OF_A_VERSION),
)
_BETWEEN_VERSIONS = frozenset({"is_version_of", "has_version", "is_new_version_of", "is_previous_version_of"})


class _Stated(NamedTuple):
    """Fields that a file states, the DOIs by which it names its object, and the origins that it gives."""

    fields: Mapping[str, Any]
    dois: frozenset[str]
    origins: tuple[FieldOrigin, ...] = ()


def save_metadata_files(registry: Registry, fetched: FetchedFiles, log: Log = no_log) -> None:
    """Store what the fetched files state of their record, in place of what an earlier fetch found.

    Where only some of the files were fetched, a statement that was read from further ones stays. `log` is
    told why a file about something else, or one that cannot be read, adds nothing. Raises RegistryError.
    """
    record = fetched.record
    if record.doi is None:
        return
    read = [(item, made) for item in _documents(fetched) if (made := _statement(item, record, log))]
    payload = {"files": {item.path: item.sha256 for item, _ in read}}
    known = registry.statements.get(RECORD_FILES, record.identifier)
    if known is None and not read:
        return
    if known is not None and _has_more(known.payload, payload) and not _is_whole(fetched):
        return
    raw = json.dumps(payload, sort_keys=True).encode()
    said = _merged([made for _, made in read], record, sha256(raw).hexdigest())
    registry.put(said, payload=raw, media_type="application/json")


def _documents(fetched: FetchedFiles) -> list[Document]:
    """Return the first metadata files of the record, in the order in which they count."""
    found = (item for item, _ in located_documents(fetched, _ROLES) if _is_read(item))
    return sorted(
        islice(found, _MOST_FILES), key=lambda item: (_ROLES.index(item.role), item.path.count("/"))
    )


def _is_read(document: Document) -> bool:
    name = document.path.rpartition("/")[2].lower()
    if document.role == "standard":
        return "fair4ml" in name
    return document.role == "codemeta" or name.endswith(".md")


def _has_more(known: bytes | None, payload: Mapping[str, Any]) -> bool:
    try:
        before = json.loads(known or b"{}")["files"]
    except (ValueError, KeyError, TypeError):
        return False
    return not set(before) <= set(payload["files"])


def _is_whole(fetched: FetchedFiles) -> bool:
    names = {item.distribution.name for item in fetched.files}
    return not fetched.refused and all(item.name in names for item in open_files(fetched.record))


def _merged(read: list[ModelRecord], record: ModelRecord, digest: str) -> ModelRecord:
    """Return the statement of all files, which names nothing but the record where there are none."""
    merged = merge(read) if read else _bare(record)
    own = tuple(item for item in record.identifiers if item.key in link_keys(record))
    provenance = Provenance(
        source=RECORD_FILES,
        source_id=record.identifier,
        url=record.provenance.url,
        retrieved=now(),
        payload_sha256=digest,
        origins=merged.provenance.origins,
    )
    identifiers = distinct_identifiers((*own, *merged.identifiers))
    return replace(merged, identifier=record.identifier, identifiers=identifiers, provenance=provenance)


def _bare(record: ModelRecord) -> ModelRecord:
    provenance = Provenance(source=RECORD_FILES, source_id=record.identifier)
    return ModelRecord(
        identifier=record.identifier, kind=record.kind, name=record.name, provenance=provenance
    )


def _statement(document: Document, record: ModelRecord, log: Log) -> ModelRecord | None:
    """Return what a file states of the record, None where it is about another object or cannot be read."""
    stated = _read(document, log)
    if stated is None or not stated.dois:
        return None
    left_out = _OF_A_VERSION if record.doi not in stated.dois else ()
    if left_out and stated.dois != {record.concept_doi}:
        if document.role in {"standard", "codemeta"}:
            others = ", ".join(sorted(stated.dois))
            log(f"{document.path} describes {others} and not {record.doi}: nothing of it is added.")
        return None
    given = {name: stated.fields.get(name) for name in _FIELDS if name not in left_out}
    fields = {name: value for name, value in given.items() if value not in (None, (), "")}
    fields |= _links(stated.fields, record)
    provenance = Provenance(
        source=RECORD_FILES,
        source_id=f"{_ROLES.index(document.role)} {document.path}",  # the order in which files count
        origins=tuple(_origins(fields, stated.origins, document.path)),
    )
    try:
        return ModelRecord.from_json(
            _cleaned(replace(_bare(record), provenance=provenance, **fields).to_json())
        )
    except RecordError as error:
        log(f"{document.path} adds nothing to the record: {error.message}")
        return None


def _read(document: Document, log: Log) -> _Stated | None:
    if len(document.text) > LONGEST_PARSED and document.role in {"standard", "codemeta"}:
        log(f"{document.path} is too long to be read; nothing of it is added to the record.")
        return None
    if document.role != "standard":
        reader = codemeta.read if document.role == "codemeta" else model_card.read
        return _of_facts(reader(document.text, name=document.path).understood)
    try:
        return _of_record(fair4ml.read(document.text, name=document.path).understood)
    except RecordError as error:
        log(f"{error.message.rstrip('.')}; nothing of it is added to the record.")
        return None


def _of_record(read: ModelRecord) -> _Stated:
    fields = {name: getattr(read, name) for name in (*_FIELDS, "identifiers", "relations")}
    # A file that names its version is about that one, whatever it says of all versions.
    named = (tuple(item.value for item in read.identifiers if item.scheme == scheme) for scheme in OWN_DOIS)
    dois = next(filter(None, named), ())
    return _Stated(fields, frozenset(map(str.lower, dois)), read.provenance.origins)


def _of_facts(facts: FileFacts) -> _Stated:
    code = identifier_of(facts.repository, evidence=facts.file) if facts.repository else None
    identifiers = (*facts.identifiers, *((code,) if code else ()))
    dois = frozenset(item.lower() for item in facts.as_written.dois)
    return _Stated({**facts.record_fields(), "identifiers": identifiers}, dois)


def _links(fields: Mapping[str, Any], record: ModelRecord) -> dict[str, Any]:
    """Return papers and code that a file names, and its relations to objects other than the record itself."""
    itself = {item.key for item in record.identifiers}
    able = PAPER_SCHEMES | scheme_names("code")
    named: list[Identifier] = [item for item in fields.get("identifiers", ()) if item.scheme in able]
    related: list[Relation] = [
        item
        for item in fields.get("relations", ())
        if item.type not in _BETWEEN_VERSIONS and item.target.key not in itself
    ]
    found = {
        "identifiers": distinct_identifiers(item for item in named if item.key not in itself),
        "relations": distinct_relations(related),
    }
    return {name: value for name, value in found.items() if value}


def _origins(fields: Mapping[str, Any], stated: tuple[FieldOrigin, ...], path: str) -> Iterator[FieldOrigin]:
    """Yield the file as the origin of each field, with the file's own word where it has one."""
    for name in fields:
        own = [item for item in stated if item.field == name]
        for item in own:
            yield replace(item, evidence=f"{path}: {item.evidence}" if item.evidence else path)
        if not own:
            yield FieldOrigin(name, "stated", path)


def _cleaned(value: Any) -> Any:
    """Return plain values without the characters that no record holds."""
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, list):
        return [_cleaned(item) for item in value]
    return {key: _cleaned(item) for key, item in value.items()} if isinstance(value, dict) else value
