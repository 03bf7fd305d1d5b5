# SPDX-License-Identifier: MIT
"""Documents of ``fetch``."""

from typing import Literal

from fairreg.schemas.documents.base import DocumentPart
from fairreg.schemas.documents.runs import SampleRun

__all__ = ["FetchDocument", "FetchPlanDocument"]


class RequestedRecord(DocumentPart, frozen=True):
    """Record that an identifier leads to."""

    requested: str
    """Identifier as given."""
    id: str
    """Identifier of the record."""
    doi: str | None
    """DOI of this version; null where it has none."""
    concept_doi: str | None
    """DOI of all versions together; null where it has none."""
    version: str | None
    """Version as its author names it; null where none is stated."""


class FetchedFile(DocumentPart, frozen=True):
    """File of a record that was fetched."""

    name: str
    """Name in the record."""
    path: str
    """Path here: in the folder --output, else in the cache."""
    size: int
    """Size in bytes."""
    checksum: str
    """Checksum, ALGORITHM:DIGITS: the published one, or the computed SHA-256 where none is published."""
    verified: bool
    """True if it agrees with a published checksum."""
    checked_for: Literal["identity", "transmission errors"] | None
    """What it excludes: another file, or damage by accident only; null where it was not verified."""
    unknown_checksums: list[str]
    """Published checksums of algorithms that fairreg does not know."""


class UnpackedFolder(DocumentPart, frozen=True):
    """Archive that was unpacked."""

    archive: str
    """Name of the archive in the record."""
    path: str
    """Folder with its content."""


class FetchedMember(DocumentPart, frozen=True):
    """File in an archive that --file chose."""

    name: str
    """Name in the archive."""
    archive: str
    """Name of the archive in the record."""
    path: str
    """Path here."""
    size: int
    """Size in bytes."""


class FetchedWeights(DocumentPart, frozen=True):
    """File of weights, or of a model with them."""

    name: str
    """Name in the record or the archive."""
    path: str
    """Path here."""
    format: str
    """Format by its content, such as onnx, safetensors or zip_torch."""
    fingerprint: str | None
    """Fingerprint of the weights; null where the format has none or the file cannot be read."""


class UnopenedItem(DocumentPart, frozen=True):
    """File that was not looked into."""

    name: str
    """Name in the record or the archive."""
    reason: str
    """Reason."""


class CodeOfRecipe(DocumentPart, frozen=True):
    """Place of the authors' code."""

    repository: str | None
    """Address of the Git repository; null where none is named."""
    commit: str | None
    """Commit, 40 hexadecimal digits; null where none is stated."""
    archives: list[str]
    """Archives of the record with code."""


class WeightsOfRecipe(DocumentPart, frozen=True):
    """Weight file that a recipe needs."""

    name: str
    """Name."""
    words: str
    """Format in words."""
    sha256: str
    """SHA-256 in hexadecimal digits."""


class EnvironmentOfRecipe(DocumentPart, frozen=True):
    """File that describes an environment."""

    name: str
    """Name."""
    archive: str | None
    """Archive that it is in; null for a file of the record itself."""


class CommandOfRecipe(DocumentPart, frozen=True):
    """Command that the authors document."""

    file: str
    """Document with the command."""
    line: str
    """Command line."""


class RecipeOfModel(DocumentPart, frozen=True):
    """Recipe to run a model with its authors' code, as the record and its files say."""

    path: str
    """Containerfile that was written."""
    record: str
    """Identifier of the record."""
    name: str
    """Title of the record."""
    code: CodeOfRecipe
    """Code."""
    weights: list[WeightsOfRecipe]
    """Weight files."""
    environments: list[EnvironmentOfRecipe]
    """Descriptions of environments."""
    containers: list[str]
    """Container files of the authors."""
    images: list[str]
    """Base images of these."""
    python: str | None
    """Version of Python that an environment states, such as 3.9; null where none does."""
    commands: list[CommandOfRecipe]
    """Documented commands."""
    missing: list[str]
    """Sentences on what was not found."""


class FetchDocument(RequestedRecord, frozen=True):
    """Fetched files of a record, and the run where one was requested."""

    files: list[FetchedFile]
    """Files of the record."""
    folders: list[UnpackedFolder]
    """Archives that were unpacked."""
    members: list[FetchedMember]
    """Files inside archives that --file chose."""
    weight_files: list[FetchedWeights]
    """Files of weights or models, those in archives included."""
    unopened: list[UnopenedItem]
    """Packed files that were not looked into: refused archives, and kinds that fairreg does not open."""
    run: SampleRun | None
    """Run on the packaged sample or the test vectors; null without --run."""
    recipe: RecipeOfModel | None
    """Recipe; null where none was written."""


class FileToFetch(DocumentPart, frozen=True):
    """File of a record that would be fetched."""

    name: str
    """Name in the record."""
    size: int | None
    """Size in bytes; null where none is stated."""
    checksums: list[str]
    """Published checksums, ALGORITHM:DIGITS."""
    url: str | None
    """Address; null for a file that is packaged with fairreg."""
    cached: bool
    """True if it is here already."""


class FetchPlanDocument(RequestedRecord, frozen=True):
    """Files that a fetch would bring; nothing was downloaded."""

    dry_run: Literal[True]
    """Always true."""
    files: list[FileToFetch]
    """Files."""
    size: int | None
    """Size of all files in bytes; null where a size is not stated."""
    download_size: int | None
    """Size in bytes of the files that are not here; null where a size is not stated."""
    unmatched: list[str]
    """Patterns that no file of the record matches; members of its archives may."""
