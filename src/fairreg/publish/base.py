# SPDX-License-Identifier: MIT
"""The contract of a publisher: a class whose only instance a module of `fairreg.publish` calls `PUBLISHER`.

The verb (`fairreg.services.publish`) calls the steps in the order of this class, once per command, also
where an earlier command was interrupted: so each step goes on where it stopped, and none repeats what the
service has. A publisher talks to its own service through `job.web`, reads files, and writes none: what it
has to remember is in the deposit, which `job.save` keeps in the folder.
"""

import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import ClassVar, Literal, NamedTuple

from fairreg.errors import UsageError
from fairreg.schemas.identifiers import Identifier
from fairreg.schemas.record import ModelRecord
from fairreg.sources import source_named
from fairreg.storage.regular_file import FileStamp
from fairreg.web import HttpClient, Log

__all__ = [
    "MADE_HERE",
    "MOST_FILES",
    "VERSION_OF",
    "Deposit",
    "FieldFault",
    "LocalFile",
    "Publisher",
    "PublishingJob",
    "SameVersion",
    "UploadProgress",
    "version_tags",
]

# Detail of the draft of a new version: the compact identifier that it follows.
VERSION_OF = "version_of"
# Detail, "yes", of a place that a command of this folder made, and that held nothing of anybody before.
MADE_HERE = "made"
# Files of one record at Zenodo (help.zenodo.org, "Deposit: limits"), and at a service that states no number.
MOST_FILES = 100
# Called with the name of a file, the bytes that were sent, and its size.
UploadProgress = Callable[[str, int, int], None]
# Part of what Git takes as the name of a tag (git-check-ref-format).
_TAG = re.compile(r"[0-9A-Za-z][\w.+-]{0,60}", re.ASCII)


class SameVersion(UsageError):
    """The files state the version that a published version of the record states; the verb says where."""


class LocalFile(NamedTuple):
    """A file to publish: its `name` there, with "/" between folders, and its digests in hexadecimal.

    `stamp` is that of the file when it was read.
    """

    name: str
    path: Path
    size: int
    md5: str
    sha256: str
    stamp: FileStamp = ()

    @property
    def folder(self) -> Path:
        """The folder below which it is."""
        return self.path.parents[self.name.count("/")]


class FieldFault(NamedTuple):
    """A field that the service refuses: its name there, the message, and the field of the record if known."""

    field: str
    message: str
    record_field: str | None = None


@dataclass(frozen=True)
class Deposit:
    """Known facts of one publication, kept in the folder: texts of the service, so nothing here is trusted.

    `url` is the base URL of the service, `id` the service's own name of the deposit, empty before it gave
    one, `page` its page for people. `identifier` is the compact identifier that was reserved or given,
    `concept` that of all versions. `files` are the files that were sent, by name, with their SHA-256, which
    is empty until the service confirmed it, and `checksums` the digests by which the service may state what
    was sent, separated by spaces. `details` are for the publisher alone.
    """

    to: str
    url: str
    id: str
    status: Literal["draft", "published", "discarded"] = "draft"
    page: str | None = None
    identifier: str | None = None
    concept: str | None = None
    files: Mapping[str, str] = field(default_factory=dict)
    details: Mapping[str, str] = field(default_factory=dict)
    checksums: Mapping[str, str] = field(default_factory=dict)

    def with_file(self, file: LocalFile) -> "Deposit":
        """Return the deposit with a file that the service has, byte for byte."""
        return replace(self, files={**self.files, file.name: file.sha256})

    def with_checksum(self, name: str, stated: str) -> "Deposit":
        """Return the deposit with one more digest by which the service states a file that was sent."""
        known = self.checksums.get(name, "").split()
        return replace(self, checksums={**self.checksums, name: " ".join({*known, stated})})

    def with_details(self, **details: str) -> "Deposit":
        """Return the deposit with further details."""
        return replace(self, details={**self.details, **details})


@dataclass(frozen=True)
class PublishingJob:
    """All that a publisher may touch: the client, the record and the files, and the wishes of the user.

    `known` is the deposit of an earlier command. `version_of` names the published version, or the concept,
    that a new version follows, `published` is the last publication of the folder at the service; `repository`
    is the place at a service whose users name it. With `take_over` what other people changed in a draft is
    replaced, at the Hub once a command has named it; the verb gives it only for a draft that is the folder's.
    `save` keeps a deposit in the folder at once; several threads may call it.
    """

    web: HttpClient
    record: ModelRecord
    save: Callable[[Deposit], None]
    log: Log
    progress: UploadProgress
    files: tuple[LocalFile, ...] = ()
    known: Deposit | None = None
    sandbox: bool = False
    version_of: Identifier | None = None
    repository: str | None = None
    jobs: int = 4
    published: Deposit | None = None
    take_over: bool = False


def version_tags(version: str | None) -> tuple[str, ...]:
    """Return the names of a tag for a version, the usual one first; none for a text that Git refuses.

    >>> version_tags("1.0"), version_tags("first try")
    (('v1.0', '1.0'), ())
    """
    text = (version or "").strip()
    if not _TAG.fullmatch(text) or ".." in text or text.endswith((".", ".lock")):
        return ()
    return (f"v{text}", text) if text[0].isdigit() else (text,)


class DraftChecks:
    """Questions to a service about what is there, for those that can be asked; others answer nothing."""

    def holder(self, job: PublishingJob, doi: str) -> Deposit | None:  # noqa: ARG002
        """Return the published record, or the draft of this account, that has a DOI, as a deposit."""
        return None

    def others(self, job: PublishingJob, deposit: Deposit) -> tuple[str, ...]:  # noqa: ARG002
        """Return the files that somebody else put into the draft, and that become public with it."""
        return ()

    def seen(self, job: PublishingJob, deposit: Deposit) -> str:  # noqa: ARG002
        """Return a digest of what only others put into a draft, before the question and after it.

        Raises FairregError where the draft is not what was sent: files, metadata, access.
        """
        return ""


class Publisher(DraftChecks, ABC):
    """A service that takes models. The steps raise the errors of `HttpClient`; a draft is always kept."""

    # That of its row in `fairreg.sources`.
    name: ClassVar[str]
    # Row of the service for trials, None where there is none.
    sandbox: ClassVar[str | None] = None
    # Permissions that its tokens need, in the service's own words.
    scopes: ClassVar[tuple[str, ...]] = ()
    # Whether users choose the name of the place, `job.repository`.
    takes_repository: ClassVar[bool] = False
    # Files of one record, or repository.
    most_files: ClassVar[int] = MOST_FILES
    # Whether `link` can name other publications in metadata that are public already.
    edits_links: ClassVar[bool] = False

    @property
    def title(self) -> str:
        """Name of the service for display."""
        return source_named(self.name).title

    def service(self, *, sandbox: bool) -> str:
        """Return the name of the service that receives the requests, a key of `Settings.services`."""
        return (self.sandbox if sandbox else None) or self.name

    @abstractmethod
    def open(self, job: PublishingJob) -> Deposit:
        """Return the deposit `job.known` as the service has it now, else make a draft that is not public."""

    def reserve(self, job: PublishingJob, deposit: Deposit) -> Deposit:  # noqa: ARG002 - not all do
        """Return the deposit with the identifier that is to stand in the files before they are uploaded."""
        return deposit

    @abstractmethod
    def upload(self, job: PublishingJob, deposit: Deposit) -> Deposit:
        """Send the files that the service lacks, remove old ones, compare all digests (ChecksumMismatch)."""

    def notes(self, job: PublishingJob) -> tuple[str, ...]:  # noqa: ARG002
        """Return sentences on what the published record says and no file states."""
        return ()

    @abstractmethod
    def describe(self, job: PublishingJob, deposit: Deposit) -> tuple[FieldFault, ...]:
        """Send the metadata of the record; return what the service finds wrong with it."""

    @abstractmethod
    def publish(self, job: PublishingJob, deposit: Deposit) -> Deposit:
        """Make the draft public, and return it as published. Called only after the user's confirmation."""

    def later(self, job: PublishingJob, deposit: Deposit) -> Deposit:  # noqa: ARG002
        """Return a published deposit with the identifier that the service gave it since."""
        return deposit

    def link(self, job: PublishingJob, deposit: Deposit) -> Deposit:  # noqa: ARG002
        """Name the relations of `job.record` in published metadata; only called with `edits_links`."""
        return deposit

    def advice(self, job: PublishingJob, deposit: Deposit) -> tuple[str, ...]:  # noqa: ARG002
        """Return sentences on what only the user can do at the service after a publication."""
        return ()
