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
    """File, name of the packaged sample, or files of the test vectors."""
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


class OutputOfVectors(DocumentPart, frozen=True):
    """Comparison of one output with the published one."""

    name: str
    """Name of the output."""
    max_difference: float | None
    """Largest absolute difference; null where the arrays cannot be compared, such as for other shapes."""
    absolute_tolerance: float
    """Absolute tolerance, in the unit of the output."""
    relative_tolerance: float
    """Relative tolerance, of the expected number; it is added to the absolute one."""
    tolerance_stated: bool
    """True if the tolerance is published with the vectors; false: it is fairreg's own."""
    agrees: bool
    """True if the output is within the tolerance."""


class SetOfVectors(DocumentPart, frozen=True):
    """Run on one set of test vectors."""

    layout: str
    """Convention of its files, as docs/running.md lists them."""
    files: list[str]
    """Names of its files in the record or folder."""
    items: int
    """Number of vectors: rows of the inputs."""
    outputs: list[OutputOfVectors]
    """Compared outputs; empty where none was compared."""
    note: str | None
    """Reason why no output was compared, in a sentence; null where outputs were compared."""


class VectorsOfRun(DocumentPart, frozen=True):
    """Test vectors that are published with the model."""

    items: int
    """Number of vectors of all sets."""
    sets: list[SetOfVectors]
    """Sets."""
    max_difference: float | None
    """Difference of the output that is furthest out; null where none was compared, or that one cannot be."""
    agrees: bool | None
    """True if all compared outputs are within their tolerance; null where none was compared."""


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
    vectors: VectorsOfRun | None
    """Comparison with the test vectors that are published with the model; null where none was made."""


class SampleRun(EngineOfRun, frozen=True):
    """Run of a model on its packaged sample, or on its test vectors."""

    input: InputOfRun
    """Sample, or files of the test vectors."""
    metrics: dict[str, float | None]
    """Figures by name, such as roc_auc; null for one that is not a finite number."""
    timing: TimingOfRun
    """Speed."""


class RunDocument(SampleRun, frozen=True):
    """Run of a model on one input file, or on its test vectors."""

    files: list[FileOfRun]
    """The input, with the keys that it has among several; each set of test vectors where none was given."""
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
