# SPDX-License-Identifier: MIT
"""Document of ``publish``."""

from typing import Literal

from fairreg.schemas.documents.base import DocumentPart

__all__ = ["PublishDocument"]


class PublishedFile(DocumentPart, frozen=True):
    """File of a deposit."""

    name: str
    """Path in the folder and name at the service."""
    size: int
    """Size in bytes."""
    md5: str
    """MD5 of the file here, in hexadecimal digits."""
    sha256: str
    """SHA-256 of the file here, in hexadecimal digits."""
    verified: bool
    """True if the service has it, with the digest that it computed itself."""


class LeftOutItem(DocumentPart, frozen=True):
    """File or folder that is not published."""

    name: str
    """Path in the folder; that of a folder ends with a slash."""
    reason: str
    """Reason in words."""


class RefusedField(DocumentPart, frozen=True):
    """Field of the metadata that the service refuses."""

    field: str
    """Path of the field in the metadata of the service."""
    message: str
    """Message of the service."""
    record_field: str | None
    """Field of the record that it was made of; null where it is of none."""


class PublishDocument(DocumentPart, frozen=True):
    """Deposit of a folder: a draft, or published."""

    to: str
    """Name of the publisher, such as zenodo."""
    service: str
    """Name of the service for people."""
    url: str
    """Base URL of the service."""
    status: Literal["draft", "published"]
    """Whether it is public."""
    id: str
    """Id of the deposit at the service."""
    page: str | None
    """Page of the deposit for people; null where the service states none."""
    identifier: str | None
    """Identifier, SCHEME:VALUE: reserved for a draft; null where there is none yet."""
    doi: str | None
    """DOI of this version; null where it has none."""
    concept_doi: str | None
    """DOI of all versions together; null where it has none yet."""
    name: str
    """Title."""
    kind: Literal["model", "dataset", "software"]
    """Kind of object."""
    version: str | None
    """Version as the files state it; null where they state none."""
    license: str | None
    """Licence as an SPDX expression, else in words; null where none is stated."""
    access: str
    """Access to the files: public, restricted, gated, closed, or embargoed until a day."""
    creators: list[str]
    """Names of the creators."""
    files: list[PublishedFile]
    """Files of the deposit."""
    other_files: list[str]
    """Files that somebody else put into the draft, and that become public with it."""
    left_out: list[LeftOutItem]
    """Files and folders here that are not published."""
    carrying_identifier: list[str]
    """Files here that carry the identifier."""
    notes: list[str]
    """Sentences on contradictions and faults of the files."""
    faults: list[RefusedField]
    """Fields that the service refuses or the files leave unclear: with any the draft is not published."""
    next_steps: list[str]
    """Sentences on the score, on what is missing, and on what to do next."""
