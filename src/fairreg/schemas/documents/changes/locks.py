# SPDX-License-Identifier: MIT
"""Document of ``lock``, which is the lock file itself: both verbs write and read it by these types."""

from typing import Annotated, Any, Literal

from msgspec import Meta

from fairreg.schemas.documents.base import DocumentPart
from fairreg.schemas.text import counted

__all__ = ["LockDocument", "LockedFile", "LockedModel", "LockedScores", "LockedWeights"]

Filled = Annotated[str, Meta(min_length=1)]
Sha256 = Annotated[str, Meta(pattern=r"^[0-9a-f]{64}$")]
Digest = Annotated[str, Meta(pattern=r"^sha256:[0-9a-f]{64}$")]
Natural = Annotated[int, Meta(ge=0)]
Day = Annotated[str, Meta(pattern=r"^\d{4}-\d{2}-\d{2}$")]
Share = Annotated[float, Meta(ge=0, le=1)]
LockedVerdict = Literal["pass", "partial", "fail", "not_applicable", "unknown"]


class LockedFile(DocumentPart, frozen=True):
    """Published file, by its bytes."""

    name: Filled
    """Name in the record."""
    size: Natural
    """Size in bytes."""
    sha256: Sha256
    """SHA-256 of the bytes in hexadecimal digits, computed when the lock was made."""


class LockedWeights(DocumentPart, frozen=True):
    """Weights in a file, or in a member of an archive."""

    name: Filled
    """Name in the record or the archive."""
    format: str
    """Format by its content, such as onnx, safetensors or zip_torch."""
    sha256: Sha256
    """SHA-256 of the file together with its side files."""
    fingerprint: Digest | None
    """Fingerprint of the weights; null where the tensors cannot be read."""
    shapes: Digest | None
    """Digest of the shapes of the tensors; null where they cannot be read."""
    operators: Digest | None
    """Digest of the operators of an ONNX graph; null for other files."""
    tensors: Natural | None
    """Number of tensors; null where they cannot be read."""
    parameters: Natural | None
    """Number of their elements; null where they cannot be read."""


class LockedScores(DocumentPart, frozen=True):
    """Scores of an assessment that was made with the lock."""

    rubric: Filled
    """Name of the rubric."""
    rubric_version: Filled
    """Its version."""
    overall: Share | None
    """Overall score, 0 to 1; null where too much is unknown."""
    letters: dict[str, Share | None]
    """Score of each letter of FAIR, 0 to 1; null where too much is unknown."""
    verdicts: dict[str, LockedVerdict]
    """Verdict of each indicator by its number."""


class LockedModel(DocumentPart, frozen=True):
    """Model, pinned to one version."""

    identifier: Filled
    """Identifier of the record: that of the version, where a DOI of all versions was asked for."""
    asked: list[str]
    """Identifiers that were asked for, where they are others; sorted."""
    concept_doi: str | None
    """DOI of all versions together; null where it has none."""
    source: Filled
    """Source that publishes it."""
    files: list[LockedFile]
    """Files of the record that can be fetched; sorted by name."""
    weights: list[LockedWeights]
    """Weights in these files; sorted by name."""
    metadata_sha256: Sha256
    """SHA-256 of the metadata: of their JSON with sorted keys, without blanks, in UTF-8."""
    metadata: dict[str, Any]
    """Metadata that the source states, by field of the record; lists whose order means nothing are sorted."""
    scores: LockedScores
    """Scores."""


class LockDocument(DocumentPart, frozen=True):
    """Models pinned to their bytes, metadata and scores."""

    fairreg: Filled
    """Version of fairreg that made the lock."""
    locked: Day
    """Day on which it was made (UTC)."""
    fingerprint_rule: Natural
    """Rule of the fingerprints (docs/fingerprints.md)."""
    models: Annotated[list[LockedModel], Meta(min_length=1)]
    """Models; sorted by identifier."""

    def __repr__(self) -> str:
        from fairreg.schemas.notebook.one_line import named, represented

        first = named(self.models[0].identifier) if self.models else None
        return represented(self, f"{counted(len(self.models), 'model')} on {named(self.locked[:10])}:", first)

    def _repr_html_(self) -> str:
        """View in a notebook."""
        from fairreg.schemas.notebook.lock import lock_view

        return lock_view(self)
