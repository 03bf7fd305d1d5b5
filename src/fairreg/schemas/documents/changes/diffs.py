# SPDX-License-Identifier: MIT
"""Documents of ``diff`` and ``verify``."""

from typing import Any, Literal

from fairreg.schemas.documents.base import DocumentPart

__all__ = ["DiffDocument", "VerifyDocument"]


class ScoresOfSide(DocumentPart, frozen=True):
    """Scores of a stored assessment."""

    rubric: str
    """Name of the rubric."""
    rubric_version: str
    """Its version."""
    overall: float | None
    """Overall score, 0 to 1; null where too much is unknown."""
    letters: dict[str, float | None]
    """Score of each letter, 0 to 1; null where too much is unknown."""
    assessed_at: str | None
    """Time of the assessment (ISO 8601); null where none is known."""


class ComparedSide(DocumentPart, frozen=True):
    """Record or file that was compared."""

    requested: str
    """Identifier or path as given."""
    id: str | None
    """Identifier of the record; null for a model file."""
    name: str
    """Title of the record, or name of the file."""
    scores: ScoresOfSide | None
    """Newest stored scores; null where there are none."""


class ChangedField(DocumentPart, frozen=True):
    """Field of the metadata that differs."""

    field: str
    """Name of the field, as in `fairreg show PID --format json`."""
    first: Any
    """Value of the first; null where it is not stated; of a list the items that only the first has."""
    second: Any
    """Value of the second, as `first`."""
    reordered: bool
    """True where the items are the same in another order."""


class SideOfFile(DocumentPart, frozen=True):
    """File on one side."""

    size: int | None
    """Size in bytes; null where it is not stated."""
    digests: list[str]
    """Digests, ALGORITHM:DIGITS: SHA-256 is computed where the file was read, others are as stated."""


class ComparedFile(DocumentPart, frozen=True):
    """File, compared with its counterpart."""

    name: str
    """Name in the first record; in the second for a file that only it has."""
    status: Literal["same", "changed", "renamed", "only in first", "only in second", "not compared"]
    """Result."""
    first: SideOfFile | None
    """The file on the first side; null where it has none."""
    second: SideOfFile | None
    """The file on the second side; null where it has none."""
    other_name: str | None
    """Name on the second side where it is another one; else null."""
    reason: str | None
    """Sentence on why it was not compared, or on how it changed; null where there is nothing to add."""


class WeightsOfSide(DocumentPart, frozen=True):
    """Weights on one side."""

    name: str
    """Name in the record or the archive."""
    format: str
    """Format by its content."""
    sha256: str
    """SHA-256 of the file together with its side files."""
    fingerprint: str | None
    """Fingerprint; null where the tensors cannot be read."""
    shapes: str | None
    """Digest of the shapes of the tensors; null where they cannot be read."""
    operators: str | None
    """Digest of the operators of an ONNX graph; null for other files."""
    tensors: int | None
    """Number of tensors; null where they cannot be read."""
    parameters: int | None
    """Number of their elements; null where they cannot be read."""
    network: str | None
    """Network that was recognised; null for any other, and where a lock states the weights."""
    fault: str | None
    """Reason why the tensors cannot be read; null where they were, and where a lock states the weights."""


class ComparedWeights(DocumentPart, frozen=True):
    """Weights, compared with their counterpart."""

    status: Literal[
        "same",
        "same numbers",
        "rounded",
        "other types",
        "retrained",
        "other architecture",
        "not readable",
        "only in first",
        "only in second",
    ]
    """Result; retrained: the same architecture, other numbers; same numbers: equal ones in other types."""
    first: WeightsOfSide | None
    """Weights on the first side; null where it has none."""
    second: WeightsOfSide | None
    """Weights on the second side; null where it has none."""
    numbers: str | None
    """Clause on the numbers and their types; null where `status` says it all."""
    reason: str | None
    """Reason why they cannot be compared; null where they were."""


class ComparedVerdict(DocumentPart, frozen=True):
    """Indicator with another verdict."""

    id: str
    """Number of the indicator, such as R1.1-1."""
    title: str
    """Its title."""
    first: str | None
    """Verdict of the first; null where its rubric has no such indicator."""
    second: str | None
    """Verdict of the second; null where its rubric has no such indicator."""


class DiffDocument(DocumentPart, frozen=True):
    """Differences between two records or files."""

    first: ComparedSide
    """The first."""
    second: ComparedSide
    """The second."""
    differs: bool
    """True if a part that was compared differs."""
    metadata: list[ChangedField] | None
    """Fields that differ; null where metadata were not compared."""
    files: list[ComparedFile] | None
    """Every file; null where files were not compared."""
    weights: list[ComparedWeights] | None
    """Every file of weights; null where weights were not compared."""
    scores: list[ComparedVerdict] | None
    """Indicators with other verdicts, both of which rest on evidence; null where scores were not compared."""
    not_compared: dict[str, str]
    """Reason for each part that is null: metadata, files, weights, scores."""


class ScoresOfLock(DocumentPart, frozen=True):
    """Scores today, compared with the locked ones."""

    rubric: str
    """Rubric and version of today."""
    locked_rubric: str
    """Rubric and version of the lock."""
    overall: float | None
    """Overall score today, 0 to 1; null where too much is unknown."""
    locked_overall: float | None
    """Overall score in the lock; null where too much was unknown."""
    letters: dict[str, float | None]
    """Score of each letter today, 0 to 1; null where too much is unknown."""
    locked_letters: dict[str, float | None]
    """Score of each letter in the lock, 0 to 1; null where too much was unknown."""
    figures: list[str]
    """What is another one than in the lock although no verdict is: overall, letters, rubric."""
    changed: list[ComparedVerdict]
    """Indicators whose verdict changed."""
    newly_known: list[ComparedVerdict]
    """Indicators that were unknown when the lock was made; they are no change."""
    not_checked: list[ComparedVerdict]
    """Indicators that are unknown today, while a service did not answer."""


class VerifiedModel(DocumentPart, frozen=True):
    """Model in a lock, and what of it is as it was. `first` is the lock, `second` what is published today."""

    id: str
    """Identifier of the record."""
    name: str
    """Title in the lock."""
    as_locked: bool
    """True if all of it was checked and nothing has changed."""
    fault: str | None
    """Reason why the record could not be read today; null where it was."""
    files: list[ComparedFile]
    """Every file."""
    weights: list[ComparedWeights]
    """Weights; empty where no file has changed."""
    facts: list[ChangedField]
    """Other facts of the lock that are not those of today: weights in the same files, source, DOI, names."""
    metadata: list[ChangedField] | None
    """Fields that have changed; null where the record could not be read."""
    scores: ScoresOfLock | None
    """Scores; null where it could not be assessed."""
    notes: list[str]
    """Sentences on what was not checked, and on what else to know."""


class VerifyDocument(DocumentPart, frozen=True):
    """Models of a lock file, and what of them has changed."""

    file: str
    """Lock file as given."""
    locked: str
    """Day on which it was made (UTC)."""
    fairreg: str
    """Version of fairreg that made it."""
    as_locked: bool
    """True if everything was checked and nothing has changed."""
    exit_code: int
    """Exit code of the command: 0, or 3, 1, 4 or 5, see docs/lock.md."""
    models: list[VerifiedModel]
    """Models."""
