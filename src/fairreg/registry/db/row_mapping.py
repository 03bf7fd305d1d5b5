# SPDX-License-Identifier: MIT
"""Map a ModelRecord to and from the values of the registry's rows. Pure: no connection is needed."""

import hashlib
import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import msgspec
from msgspec.structs import replace
from sqlalchemy import RowMapping

from fairreg.errors import DamagedRecord, RecordError
from fairreg.registry.db.tables import LEADING, LONGEST_KEY, LONGEST_SORT_NAME
from fairreg.registry.entries import Entry, Statement
from fairreg.schemas.identifiers import Identifier
from fairreg.schemas.record import ModelRecord
from fairreg.schemas.runs import is_runnable
from fairreg.sources import is_from_files, schemes

__all__ = [
    "StoredJson",
    "author_values",
    "entry_from",
    "entry_values",
    "facet_values",
    "identifier_values",
    "merged_value",
    "number_or_none",
    "payload_from",
    "payload_values",
    "progress_from",
    "record_of",
    "sort_name",
    "statement_from",
    "statement_name",
    "statement_record",
    "stored_record",
    "text_values",
    "training_data",
    "unpacked",
]

_RANKED = sorted(
    (scheme for scheme in schemes() if scheme.page_rank is not None), key=lambda scheme: scheme.page_rank or 0
)
# Ordered by how well the page serves as a link for a reader; a paper's page is the last resort.
_PAGES = (
    *(scheme.name for scheme in _RANKED if scheme.names != "paper"),
    "url",
    *(scheme.name for scheme in _RANKED if scheme.names == "paper"),
    "concept_doi",
    "paper_doi",
)


def entry_values(record: ModelRecord) -> dict[str, Any]:
    """Return the `entries` row of a merged record, without the record itself, tombstone and score."""
    return {
        "identifier": record.identifier,
        "kind": record.kind,
        "name": record.name,
        "description": record.description,
        "license": record.license,
        "dated": record.date_published or record.date_created or "",
        "year": record.year,
        "doi": record.doi,
        "url": page_of(record),
        "runnable": is_runnable(record),
        "sort_name": sort_name(record),
    }


def sort_name(record: ModelRecord) -> str:
    """Return the beginning of the name by which entries are sorted: without case and diacritics."""
    from fairreg.registry.text.normalization import fold  # needed for writing and sorting only

    return (fold(record.name) or record.name)[:LONGEST_SORT_NAME]


def merged_value(record: ModelRecord, statements: Sequence[ModelRecord]) -> msgspec.Raw | None:
    """Return the record that `entries` stores: None where it equals that of its only statement.

    Encoded for a JSON column without a detour over Python objects. Raises RecordError.
    """
    from fairreg.registry.db.text_limits import json_of  # needed for writing only

    return None if [record] == list(statements) else msgspec.Raw(json_of(record))


def page_of(record: ModelRecord) -> str | None:
    """Return the address of the page for readers."""
    for scheme in _PAGES:
        for identifier in record.identifiers:
            if identifier.scheme == scheme and identifier.url:
                return identifier.url
    return record.provenance.url


def facet_values(record: ModelRecord, sources: Iterable[str]) -> list[dict[str, str]]:
    """Return the rows of `facets`: each filter value of an entry once, without fairreg as a source.

    A creator is counted as ``author``, and found by further keys as ``author_key``.
    """
    from fairreg.registry.text.normalization import fold  # needed for writing only

    named: Mapping[str, Iterable[str]] = {
        "source": [source for source in sources if not is_from_files(source)],
        "task": record.ml_task,
        "framework": record.frameworks,
    }
    rows = {(name, fold(value)): value for name, values in named.items() for value in values}
    rows |= {("trained_on", key): value for key, value in training_data(record).items()}
    for key, value in author_values(record).items():
        rows["author" if value else "author_key", key] = value
    return [{"name": name, "key": key, "value": value} for (name, key), value in rows.items() if key]


def author_values(record: ModelRecord) -> dict[str, str]:
    """Return the keys of all creators: their ORCIDs, and their names by each word.

    The name stands beside the first key of each creator, by which it is counted; beside the others nothing.
    """
    from fairreg.registry.text.normalization import author_keys

    found: dict[str, str] = {}
    for creator in record.creators:
        first, *others = author_keys(creator.name) or [""]
        found |= dict.fromkeys((key for key in (*others, creator.orcid or "") if key not in found), "")
        found[first] = found.get(first) or creator.name
    return found


def training_data(record: ModelRecord) -> dict[str, str]:
    """Return the keys of what a model was trained on, each with its identifier; unless it is too long."""
    targets = ((":".join(item.key), item.compact) for item in record.related("trained_on"))
    return {key: shown for key, shown in targets if len(key.encode("utf-8", "replace")) <= LONGEST_KEY}


def identifier_values(record: ModelRecord) -> list[dict[str, Any]]:
    """Return the rows of `identifiers`: all of the record's, and its place at its source."""
    return [
        {
            "scheme": item.scheme,
            "value": item.value,
            "family": item.key[0],
            "key": item.key[1],
            "evidence": item.evidence,
        }
        for item in dict.fromkeys((*record.identifiers, _at_source(record)))
    ]


def _at_source(record: ModelRecord) -> Identifier:
    return Identifier(record.provenance.source, record.provenance.source_id)


def text_values(record: ModelRecord) -> tuple[dict[str, str], frozenset[str]]:
    """Return the row of `entry_texts` for full-text search, and the words for spelling correction.

    Normalised as by `normalization.indexed`, then stemmed.
    """
    from fairreg.registry.text.normalization import indexed  # needed for writing only
    from fairreg.registry.text.stemming import stemmed

    subjects = (
        *record.keywords,
        *record.ml_task,
        *record.model_category,
        *record.frameworks,
        *record.formats,
    )
    spelled = {
        "name": indexed(record.name),
        "alternate_names": indexed(*record.alternate_names),
        "subjects": indexed(*subjects),
        "creators": indexed(*(creator.name for creator in record.creators)),
        "description": indexed(record.description or "", record.intended_use or ""),
        "identifiers": indexed(*(item.value for item in record.identifiers)),
    }
    known = {
        word
        for name in _MENDING
        for word in spelled[name].split()
        if _SHORTEST_MENDED <= len(word) <= _LONGEST_MENDED and word.isalpha()
    }
    row = {name: stemmed(words[:_LONGEST_TEXT]) for name, words in spelled.items()}
    return {"leading": row["name"][:LEADING], **row}, frozenset(known)


# Columns whose words are spelled carefully enough to correct others.
_MENDING = ("name", "alternate_names", "subjects", "creators")
# PostgreSQL's full-text search accepts one megabyte of text per entry.
_LONGEST_TEXT = 100_000
# Shorter words resemble too many others.
_SHORTEST_MENDED, _LONGEST_MENDED = 4, 24


def payload_values(payload: bytes, media_type: str | None) -> dict[str, Any]:
    """Return the columns of a `statements` row that keep the payload byte for byte."""
    return {
        "payload": zlib.compress(payload, 6),
        "payload_sha256": hashlib.sha256(payload).hexdigest(),
        "media_type": media_type,
    }


def same_content(one: ModelRecord, other: ModelRecord) -> bool:
    """Tell whether two records have the same content, ignoring when and from which bytes they were read."""

    def timeless(record: ModelRecord) -> ModelRecord:
        return replace(record, provenance=replace(record.provenance, retrieved=None, payload_sha256=None))

    return timeless(one) == timeless(other)


_DAMAGED = "Find it with `fairreg db check`, then harvest or add it again."


_Kind = TypeVar("_Kind")


@dataclass(frozen=True, slots=True)
class StoredJson:
    """The value of a JSON column, still as text, so that a damaged one spoils no other row of a query.

    A column gives nothing else: whoever wants the value reads it, and there learns where it is damaged.
    """

    text: str | bytes

    def read(self, kind: type[_Kind]) -> _Kind:
        """Return the value as `kind`; RecordError for text that is no JSON, or not of this kind."""
        try:
            return msgspec.json.decode(self.text, type=kind)
        except msgspec.ValidationError as error:
            raise RecordError(f"Not a valid record: {error}") from error
        except (msgspec.DecodeError, UnicodeError, TypeError) as error:
            raise RecordError(f"The registry holds a damaged record: {error}.", hint=_DAMAGED) from error
        except RecursionError as error:
            raise RecordError(
                "The registry holds a damaged record: JSON is nested too deeply.", hint=_DAMAGED
            ) from error


def stored_record(stored: StoredJson | None) -> ModelRecord | None:
    """Return the record of a column, None where it is damaged and only a new one can take its place."""
    try:
        return None if stored is None else stored.read(ModelRecord)
    except RecordError:
        return None


def record_of(stored: StoredJson | None, whose: str) -> ModelRecord:
    """Return the record of a column; DamagedRecord, which says whose it is, where it is damaged."""
    if stored is None:
        raise DamagedRecord(whose, "No statement of it is stored.", hint=_DAMAGED)
    try:
        return stored.read(ModelRecord)
    except RecordError as error:
        raise DamagedRecord(whose, error.message, hint=_DAMAGED) from error


def statement_record(row: Any) -> ModelRecord:
    """Return the record of a `statements` row, of which source and its id are known; DamagedRecord."""
    return record_of(row.record, statement_name(row.source, row.source_id))


def statement_name(source: str, source_id: str) -> str:
    """Name a statement in a sentence."""
    return f"The statement of {source} on {source_id}"


def progress_from(row: RowMapping) -> tuple[Any, dict[str, int]] | None:
    """Return cursor and counts of a harvest whose JSON is given as text, None where one is damaged."""
    try:
        cursor, counts = (msgspec.json.decode(row[name] or "null") for name in ("cursor", "counts"))
    except (msgspec.DecodeError, RecursionError):
        return None
    if not isinstance(counts, dict) or not all(type(count) is int for count in counts.values()):
        return None
    return cursor, counts


def unpacked(packed: bytes | None, whose: str) -> bytes:
    """Return the bytes of a column that zlib packed; DamagedRecord, which says `whose` they are."""
    try:
        return zlib.decompress(packed or b"")
    except (zlib.error, TypeError) as error:
        raise DamagedRecord(whose, f"It cannot be unpacked: {error}.", hint=_DAMAGED) from error


def number_or_none(stored: Any) -> Any:
    """Return the number of a column, None for anything else, which SQLite may hold after an edit by hand."""
    return stored if isinstance(stored, int | float) else None


def payload_from(stored: bytes | None, whose: str) -> bytes | None:
    """Return the payload that `payload_values` packed; DamagedRecord where it is damaged."""
    return None if stored is None else unpacked(stored, f"The payload of {whose[0].lower()}{whose[1:]}")


def statement_from(row: Mapping[Any, Any]) -> Statement:
    """Return a `statements` row as a statement; DamagedRecord where record or payload does not decode."""
    whose = statement_name(row["source"], row["source_id"])
    return Statement(
        source=row["source"],
        source_id=row["source_id"],
        record=record_of(row["record"], whose),
        retrieved_at=row["retrieved_at"],
        payload=payload_from(row["payload"], whose),
        payload_sha256=row["payload_sha256"],
        media_type=row["media_type"],
        gone_at=row["gone_at"],
        gone_reason=row["gone_reason"],
    )


def entry_from(row: RowMapping, sources: tuple[str, ...], matched: Identifier | None = None) -> Entry:
    """Return an `entries` row as an entry; RecordError where the stored record does not decode."""
    return Entry(
        identifier=row["identifier"],
        record=record_of(row["record"], f"The stored record of {row['identifier']}"),
        sources=sources,
        runnable=row["runnable"],
        fair_score=number_or_none(row["fair_score"]),
        url=row["url"],
        gone_at=row["gone_at"],
        gone_reason=row["gone_reason"],
        matched=matched,
    )
