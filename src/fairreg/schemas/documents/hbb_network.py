# SPDX-License-Identifier: MIT
"""Documents of ``hbb export``, ``benchmark`` and ``explain``."""

from typing import Literal

from msgspec import UNSET, UnsetType

from fairreg.schemas.documents.base import DocumentPart, Scalar
from fairreg.schemas.documents.hbb_training import WeightsOfHbb

__all__ = ["BenchmarkDocument", "ExplainDocument", "ExportDocument"]


class ExportedFile(DocumentPart, frozen=True):
    """Written file."""

    path: str
    """Path."""
    format: str
    """Format, as --format names it."""
    size: int
    """Size in bytes."""
    sha256: str
    """SHA-256 in hexadecimal digits."""
    fingerprint: str
    """Fingerprint of its weights."""
    max_difference: float
    """Largest difference in probability to the definition in float64."""
    checked_jets: int
    """Number of jets of this comparison."""


class ExportDocument(DocumentPart, frozen=True):
    """Weights in other formats."""

    weights: WeightsOfHbb
    """Source."""
    files: list[ExportedFile]
    """Written files."""


class JetsOfBenchmark(DocumentPart, frozen=True):
    """Jets of a benchmark."""

    source: str
    """File, or name of the packaged sample."""
    items: int
    """Number of jets."""
    mean_tracks: float
    """Mean number of tracks per jet."""


class PlanOfBenchmark(DocumentPart, frozen=True):
    """Plan of a benchmark: sizes, repetitions and durations."""

    batch_sizes: list[int]
    """Jets per batch."""
    repetitions: int
    """Number of timing runs per batch size."""
    seconds: float
    """Minimum duration of each run, in seconds."""
    compared: int
    """Number of jets that the definition in float64 predicts, too."""


class MachineOfBenchmark(DocumentPart, frozen=True):
    """Machine of a benchmark."""

    processor: str
    """Name of the processor."""
    processors: int
    """Number of processors that may be used."""
    memory_bytes: int | None
    """Memory in bytes; null where the system does not say."""
    gpus: list[str]
    """Name, memory and driver of each NVIDIA GPU."""
    system: str
    """Operating system."""
    python: str
    """Version of Python."""
    versions: dict[str, str]
    """Versions of the engines."""
    threads: int | None
    """Number of threads of each engine; null for the engine's choice."""


class AgreementOfRuntime(DocumentPart, frozen=True):
    """Agreement of probabilities with those of the definition in float64."""

    jets: int
    """Number of jets."""
    max_difference: float | None
    """Largest absolute difference; null where it is not a finite number."""
    fidelity: float | None
    """1 - mean |p_1 - p_2| of the H->bb class; null where it is not a finite number."""
    roc_auc_difference: float | None
    """Difference in ROC AUC; null where the jets lack a class."""


class SeriesOfRuntime(DocumentPart, frozen=True):
    """Timing runs at one batch size."""

    batch_size: int
    """Jets per batch."""
    jets_per_second: list[float]
    """Rate of each run, in jets per second."""
    gpu_utilisation: float | None
    """GPU utilisation in percent; null where it was not measured."""
    max_difference: float | None
    """Largest difference of the first batch to the definition; null where it was not compared."""
    seconds_per_batch: float
    """Median over the runs, in seconds."""


class RuntimeOfBenchmark(DocumentPart, frozen=True):
    """Results of one runtime."""

    name: str
    """Name."""
    title: str
    """Name for people."""
    loads: bool
    """True if it loads the network."""
    runs: bool
    """True if it runs the network."""
    agrees: bool | None
    """True if it agrees with the definition; null where this was not compared."""
    message: str
    """Reason why it does not load or run; empty where it does."""
    device: str
    """Device; empty where it does not load."""
    precision: str
    """Precision of its arithmetic; empty where it does not load."""
    jets: int
    """Number of jets that it predicted."""
    accuracy: float | None
    """Accuracy, 0 to 1; null where it was not measured."""
    roc_auc: float | None
    """ROC AUC, 0 to 1; null where it was not measured, and where the jets lack a class."""
    agreement: AgreementOfRuntime | None
    """Agreement; null where this was not compared."""
    series: list[SeriesOfRuntime]
    """Timing by batch size."""
    failures: dict[str, str]
    """Reason by batch size, where it does not run only then."""
    verdict: Literal["cannot load", "does not run", "runs", "agrees", "differs"]
    """Verdict."""


class BenchmarkDocument(DocumentPart, frozen=True):
    """The network on every available runtime."""

    weights: WeightsOfHbb
    """Weights."""
    input: JetsOfBenchmark
    """Jets."""
    plan: PlanOfBenchmark
    """Plan."""
    machine: MachineOfBenchmark
    """Machine."""
    runtimes: list[RuntimeOfBenchmark]
    """Results."""
    interrupted: bool
    """True if Ctrl-C ended the measurement."""
    warnings: list[str]
    """Sentences for the user."""


class ExplainedNetwork(DocumentPart, frozen=True):
    """Network that is explained."""

    file: str
    """Name of the weight file."""
    fingerprint: str
    """Fingerprint of the weights."""
    published_name: str | None
    """Name of these weights in their record; null where they are not published."""
    reference: bool
    """True for the weights that fairreg packages."""
    parameters: int
    """Number of parameters."""
    hidden: int
    """Number of hidden units."""
    d_e: int
    """Dimension of the edge representation."""
    d_o: int
    """Dimension of the node representation."""
    dropped_features: list[str]
    """Features that it does not take."""
    widths: dict[str, int] | UnsetType = UNSET
    """Number of outputs of the layers where it differs from these; absent where none does."""


class ExplainedJets(DocumentPart, frozen=True):
    """Jets that it is explained with."""

    source: str
    """File, or name of the packaged sample."""
    items: int
    """Number of jets."""
    QCD: int
    """Number of QCD jets."""
    Hbb: int
    """Number of H->bb jets."""
    unlabelled: int
    """Number of jets that are neither and were left out."""


class TableOfAnalysis(DocumentPart, frozen=True):
    """Table of numbers."""

    name: str
    """Name; its CSV file has it, too."""
    title: str
    """Title."""
    columns: list[str]
    """Names of the columns."""
    rows: list[list[str | int | float | None]]
    """Rows; null for a number that is not known or not finite."""


class FigureOfAnalysis(DocumentPart, frozen=True):
    """Figure."""

    name: str
    """Name; its files have it, too."""
    caption: str
    """Caption."""


class ExplainDocument(DocumentPart, frozen=True):
    """Analysis of a network."""

    analysis: Literal["mask", "lrp", "activity", "reoptimise"]
    """Name of the analysis."""
    title: str
    """Title."""
    model: ExplainedNetwork
    """Network."""
    input: ExplainedJets
    """Jets."""
    facts: dict[str, Scalar]
    """Settings and single numbers by name; null for a number that is not known."""
    tables: list[TableOfAnalysis]
    """Tables."""
    figures: list[FigureOfAnalysis]
    """Figures."""
    versions: dict[str, str]
    """Versions of the packages that computed it."""
    warnings: list[str]
    """Sentences for the user."""
