# SPDX-License-Identifier: MIT
"""Documents of ``validate``, ``add``, ``import``, ``db`` and ``cache``."""

from typing import Any, Literal

from msgspec import UNSET, UnsetType

from fairreg.schemas.documents.base import DocumentPart

__all__ = [
    "AddDocument",
    "CacheDocument",
    "CacheVerificationDocument",
    "CachedRecordItem",
    "CheckedRegistryDocument",
    "ClearedCacheDocument",
    "ForgetDocument",
    "ForgottenItem",
    "ImportDocument",
    "ReadmittedDocument",
    "RegistryDocument",
    "RemovedFromCacheDocument",
    "ValidateDocument",
]


class DocumentFault(DocumentPart, frozen=True):
    """Fault of a file."""

    path: str
    """JSON path of the fault, $ for the whole file."""
    message: str
    """What is wrong there."""


class OtherRecordOfFile(DocumentPart, frozen=True):
    """Further record in a file, which was not read."""

    identifier: str | None
    """Identifier; null where it has none."""
    name: str | None
    """Title; null where it has none."""


class ValidateDocument(DocumentPart, frozen=True):
    """Verdict on a file."""

    file: str
    """File as given."""
    valid: bool
    """True if no fault was found."""
    violations: list[DocumentFault]
    """Faults."""
    not_read: list[str]
    """Names of the properties that were not read."""
    id: str | None
    """Identifier of the record; null where it is not valid, and for a CITATION.cff."""
    others: list[OtherRecordOfFile]
    """Further records in the file."""


class AddDocument(DocumentPart, frozen=True):
    """Record that was added."""

    id: str
    """Identifier of the record."""
    outcome: Literal["new", "changed", "unchanged", "forgotten"]
    """Result."""
    not_read: list[str]
    """Names of the properties that were not read."""
    others: list[OtherRecordOfFile]
    """Further records in the file, which were not added."""


class ImportDocument(DocumentPart, frozen=True):
    """Numbers of what an export brought."""

    new: int
    """Number of new statements."""
    changed: int
    """Number of changed statements."""
    unchanged: int
    """Number of unchanged statements."""
    forgotten: int | UnsetType = UNSET
    """Number of statements of records that were removed for good here; absent where there are none."""
    verdicts: int | UnsetType = UNSET
    """Number of manual links in the file; absent where there are none."""
    refused: int | UnsetType = UNSET
    """Number of rejected payloads in the file; absent where there are none."""
    assessments: int | UnsetType = UNSET
    """Number of assessments in the file; absent where there are none."""


class StateOfHarvest(DocumentPart, frozen=True):
    """State of the last harvest of a source with a query."""

    source: str
    """Name of the source."""
    query: str
    """Query in the language of the source; empty for all records."""
    cursor: Any
    """Place to resume at, in the source's own form; null where there is nothing to resume."""
    counts: dict[str, int]
    """Number of records by result."""
    finished: bool
    """True if it reached the end."""
    started_at: str | None
    """Time of its start (ISO 8601); null where it is not known."""
    updated_at: str | None
    """Time of its last page (ISO 8601); null where it is not known."""
    finished_at: str | None
    """Time of its end (ISO 8601); null before."""


class RegistryDocument(DocumentPart, frozen=True):
    """Content of the registry."""

    place: str
    """File or address of the database, without its password."""
    revision: str
    """Number of the database schema."""
    entries: int
    """Number of entries: objects at one version."""
    gone: int
    """Number of entries that their sources withdrew."""
    runnable: int
    """Number of entries that run, or may run, here."""
    kinds: dict[str, int]
    """Number of entries by kind."""
    sources: dict[str, int]
    """Number of statements by source."""
    harvests: list[StateOfHarvest]
    """States of harvests."""


class CheckedRegistryDocument(DocumentPart, frozen=True):
    """Result of the check of the registry."""

    place: str
    """File or address of the database, without its password."""
    entries: int
    """Number of entries: objects at one version."""
    statements: int
    """Number of statements of sources."""
    problems: list[str]
    """Faults in sentences; empty in a sound registry."""
    unchecked: list[str]
    """Sentences on what was not checked."""
    sound: bool
    """True if no fault was found."""


class RemovedRecord(DocumentPart, frozen=True):
    """Record that was removed, or would be."""

    identifier: str
    """Identifier."""
    name: str
    """Title."""
    statements: int
    """Number of its statements."""
    assessments: int
    """Number of its assessments."""
    links: int
    """Number of its manual links."""


class ForgetDocument(DocumentPart, frozen=True):
    """Records that were removed for good."""

    dry_run: bool
    """True if nothing was removed."""
    removed: list[RemovedRecord]
    """Records."""


class ReadmittedDocument(DocumentPart, frozen=True):
    """Records that the next harvest may store again."""

    readmitted: list[str]
    """Identifiers."""


class ForgottenItem(DocumentPart, frozen=True):
    """One record that was removed for good."""

    identifier: str
    """Identifier."""
    marks: list[str]
    """Identifiers by which later harvests recognise it."""
    forgotten_at: str
    """Time of the removal (ISO 8601)."""


class CacheDocument(DocumentPart, frozen=True):
    """Content of the cache."""

    folder: str
    """Folder."""
    files: int
    """Number of downloaded files."""
    size: int
    """Their size in bytes."""
    partial: int
    """Number of unfinished downloads."""
    extracted: int
    """Number of unpacked archives."""
    extracted_size: int
    """Their size in bytes."""
    answers: int
    """Number of cached responses of services."""
    answers_size: int
    """Their size in bytes."""


class CacheVerificationDocument(DocumentPart, frozen=True):
    """Files whose content is no longer that of their download."""

    files: int
    """Number of downloaded files."""
    extracted: int
    """Number of unpacked archives."""
    changed: list[str]
    """Paths of changed files and archives."""


class FileInCacheItem(DocumentPart, frozen=True):
    """File of a record in the cache."""

    name: str
    """Name as published."""
    sha256: str
    """Digest of its bytes."""
    size: int
    """Size in bytes; 0 where it is missing."""
    state: Literal["there", "missing", "intact", "changed"]
    """Outcome of --verify; there: it was not hashed."""


class CachedRecordItem(DocumentPart, frozen=True):
    """Files of a record in the cache, or a file without a record."""

    identifier: str | None
    """Identifier of the record; null for a file of which the cache knows no record."""
    name: str
    """Title of the record, or name of the file."""
    files: list[FileInCacheItem]
    """Files."""
    size: int
    """Size in bytes, with the content of unpacked archives."""
    last_used: str
    """Time of the last use."""
    state: Literal["complete", "missing", "intact", "changed"]
    """Worst state of a file; complete: all are there, and were not hashed."""


class RemovedFromCacheDocument(DocumentPart, frozen=True):
    """Result of removing files from the cache."""

    dry_run: bool
    """True if nothing was removed."""
    removed: list[CachedRecordItem]
    """Removed records, and files without a record."""
    in_use: list[CachedRecordItem]
    """Items that stay, as another process works on their files."""
    freed: int
    """Number of freed bytes."""
    leftovers: int
    """Number of unfinished downloads, and of parts of files that are gone, that were removed."""


class ClearedCacheDocument(DocumentPart, frozen=True):
    """Result of emptying the cache."""

    freed: int
    """Number of freed bytes."""
