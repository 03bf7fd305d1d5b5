# SPDX-License-Identifier: MIT
"""Documents of ``run``, and of the run of ``fetch --run``."""

from typing import Literal

from fairreg.schemas.documents.base import DocumentPart

__all__ = ["RunDocument", "RunManyDocument", "SampleRun"]


class WeightsUsed(DocumentPart, frozen=True):
    """Weights of a run and where they are from."""

    origin: Literal["local", "published", "reference"]
    """Origin: a file of the user, the weights of a record, or those that fairreg packages."""
    identifier: str | None
    """Record that they are from; null for a local file."""
    evidence: str
    """Reason for the origin, in a sentence."""
    file: str
    """Name of the weight file."""
    sha256: str
    """SHA-256 of the content, side files included, in hexadecimal digits."""
    fingerprint: str | None
    """Fingerprint of the weights, the same in every file format; null where the format has none."""
    parameters: int | None
    """Number of parameters; null where the tensors of the format are not read."""


class InputOfRun(DocumentPart, frozen=True):
    """Input of a run."""

    source: str
    """File, or name of the packaged sample."""
    items: int
    """Number of items, such as jets."""


class InputsOfRuns(DocumentPart, frozen=True):
    """Inputs of runs on several files."""

    source: list[str]
    """Files, without those that failed."""
    items: int
    """Number of items of all files together."""


class BatchingOfRun(DocumentPart, frozen=True):
    """Cutting of the input along its first axis."""

    size: int | None
    """Rows per batch; null where all were computed at once."""
    reason: Literal["unknown", "requested", "stated", "proven", "fixed"]
    """Reason, as docs/running.md explains it; "unknown": nothing is known of the rows."""
    batches: int
    """Number of batches."""


class TimingOfRun(DocumentPart, frozen=True):
    """Speed of a run."""

    items_per_second: float | None
    """Items per second; null where the run was too short to measure."""
    batch_size: int | None
    """Rows per batch; null where all were computed at once."""


class TimingOfRuns(TimingOfRun, frozen=True):
    """Speed of runs on several files."""

    workers: int
    """Number of workers."""


class OutputOfRun(DocumentPart, frozen=True):
    """One output of the model."""

    name: str
    """Name."""
    dtype: str
    """Type of the elements, as NumPy names it; "string" for text."""
    shape: list[int]
    """Shape."""


class FileOfRun(DocumentPart, frozen=True):
    """Run on one input."""

    source: str
    """Input file."""
    items: int
    """Number of items."""
    metrics: dict[str, float | None]
    """Figures by name, such as roc_auc, for labelled inputs; null for one that is not a finite number."""
    output: str | None
    """File of the outputs; null without --output."""
    sha256: str | None
    """SHA-256 of the file of the outputs, in hexadecimal digits; null without --output."""
    outputs: list[OutputOfRun]
    """Outputs of the model."""
    skipped: bool
    """True if its output was there already and still valid."""


class FailedInput(DocumentPart, frozen=True):
    """Input that could not be run."""

    source: str
    """Input file."""
    reason: str
    """Reason in a sentence."""


class EngineOfRun(DocumentPart, frozen=True):
    """Model of a run and what computed it."""

    model: str
    """Name of the network, or of the file."""
    weights: WeightsUsed
    """Weights."""
    runtime: str
    """Runtime, as --runtime names it."""
    engine: str | None
    """Engine with its version; null where the runtime does not state it."""
    converted_from: str | None
    """Program of the model where it was converted to ONNX; null where it was not."""
    device: str
    """Device: cpu, or cuda:N."""
    batching: BatchingOfRun
    """Cutting of the input."""
    warnings: list[str]
    """Sentences for the user, such as that the weights are not the published ones."""


class SampleRun(EngineOfRun, frozen=True):
    """Run of a model on its packaged sample."""

    input: InputOfRun
    """Sample."""
    metrics: dict[str, float | None]
    """Figures by name, such as roc_auc; null for one that is not a finite number."""
    timing: TimingOfRun
    """Speed."""


class RunDocument(SampleRun, frozen=True):
    """Run of a model on one input file."""

    files: list[FileOfRun]
    """The input, with the keys that it has among several."""
    failures: list[FailedInput]
    """Inputs that could not be run; always empty here."""


class RunManyDocument(EngineOfRun, frozen=True):
    """Run of a model on several input files, or with workers."""

    input: InputsOfRuns
    """Inputs."""
    files: list[FileOfRun]
    """Inputs that were run, in the order given."""
    failures: list[FailedInput]
    """Inputs that could not be run."""
    timing: TimingOfRuns
    """Speed."""
