# SPDX-License-Identifier: MIT
"""Documents of ``hbb simulate``, ``prepare``, ``train`` and ``evaluate``."""

from typing import Literal

from fairreg.schemas.documents.base import DocumentPart

__all__ = ["EvaluateDocument", "PrepareDocument", "SimulateDocument", "TrainDocument", "WeightsOfHbb"]


class SimulateDocument(DocumentPart, frozen=True):
    """Generated sample of jets."""

    files: list[str]
    """ROOT files, in order."""
    record: str
    """File with the record of the sample."""
    skipped: int
    """Number of files that existed before."""
    generator_version: str
    """Version of the generator; another one gives other jets for the same seed."""
    seed: int
    """Seed."""
    jets: int
    """Number of jets."""
    signal_jets: int
    """Number of H->bb jets among them."""
    jets_per_file: int
    """Number of jets per file."""
    software: dict[str, str]
    """Version of each package that determines the jets."""


class PrepareDocument(DocumentPart, frozen=True):
    """Prepared jets."""

    path: str
    """Written HDF5 file."""
    files: list[str]
    """Ntuples that were read."""
    jets: int
    """Number of written jets."""
    qcd: int
    """Number of QCD jets."""
    hbb: int
    """Number of H->bb jets."""
    neither: int
    """Number of jets that are neither."""
    spectators: list[str]
    """Names of the spectator variables that all ntuples have."""


class EstimateOfFigure(DocumentPart, frozen=True):
    """A figure with its uncertainty."""

    value: float | None
    """Value; null where the sample does not determine it."""
    uncertainty: float | None
    """One standard deviation; null where the sample does not determine it."""


class BackgroundRejection(DocumentPart, frozen=True):
    """Inverse of the background efficiency at a signal efficiency."""

    efficiency: float
    """Signal efficiency, 0 to 1."""
    threshold: float | None
    """Score above which the signal has this efficiency; null where it is not a finite number."""
    value: float | None
    """Rejection; null where no background jet passes."""
    uncertainty: float | None
    """One standard deviation; null where the sample does not determine it."""


class FiguresOfTagging(DocumentPart, frozen=True):
    """Figures of one set of scores."""

    roc_auc: EstimateOfFigure
    """Area under the ROC curve, 0 to 1."""
    accuracy: EstimateOfFigure
    """Fraction of jets on the right side of 0.5."""
    rejections: list[BackgroundRejection]
    """Background rejections; empty without both classes."""
    signal: int
    """Number of H->bb jets."""
    background: int
    """Number of QCD jets."""


class WeightsOfHbb(DocumentPart, frozen=True):
    """A weight file."""

    file: str
    """File."""
    fingerprint: str
    """Fingerprint of the weights, the same in every file format."""


class JetsOfFiles(DocumentPart, frozen=True):
    """Jets of an evaluation."""

    source: list[str]
    """Files, or "packaged"."""
    items: int
    """Number of jets."""


class SpeedOfEvaluation(DocumentPart, frozen=True):
    """Speed of an evaluation."""

    items_per_second: float | None
    """Jets per second; null where the run was too short to measure."""
    batch_size: int
    """Jets per batch."""


class FiguresOfWeights(DocumentPart, frozen=True):
    """Figures of a weight file on prepared jets."""

    weights: WeightsOfHbb
    """Weights."""
    input: JetsOfFiles
    """Jets."""
    unlabelled: int
    """Number of jets that are neither QCD nor H->bb; they enter only the timing."""
    weighted: bool
    """True if every jet counts by its event weight."""
    metrics: FiguresOfTagging
    """Figures."""
    runtime: str
    """Runtime, as --runtime names it."""
    device: str
    """Device: cpu, or cuda:N."""
    timing: SpeedOfEvaluation
    """Speed."""


class EvaluateDocument(FiguresOfWeights, frozen=True):
    """Tagging performance of a weight file."""


class SetupOfTraining(DocumentPart, frozen=True):
    """Settings of a training."""

    hidden: int
    """Number of hidden units."""
    d_e: int
    """Dimension of the edge representation."""
    d_o: int
    """Dimension of the node representation."""
    dropped: list[str]
    """Features that are left out."""
    epochs: int
    """Maximum number of epochs."""
    patience: int
    """Early-stopping patience, in epochs."""
    batch_size: int
    """Jets per batch."""
    learning_rate: float
    """Learning rate at the start."""
    schedule: str
    """Schedule of the learning rate."""
    standardise: bool
    """True if the features are standardised."""
    seed: int
    """Seed."""


class PlanOfTraining(DocumentPart, frozen=True):
    """Choice of the validation jets, and number of repetitions."""

    method: str
    """Choice of the validation jets: kfold, files or jets."""
    folds: int
    """Number of folds, of kfold."""
    validation_files: int
    """Number of validation files, of files."""
    validation_fraction: float
    """Fraction of validation jets, of jets."""
    repetitions: int
    """Number of trainings with different seeds."""
    references: list[float | None]
    """Accuracy and ROC AUC to compare with; null where none is given."""


class JetsOfTraining(DocumentPart, frozen=True):
    """Jets of a training."""

    items: int
    """Number of jets."""
    unlabelled: int
    """Number of jets that are neither QCD nor H->bb and were left out."""


class EpochOfTraining(DocumentPart, frozen=True):
    """Figures of one epoch."""

    epoch: int
    """Number, from 1."""
    training_loss: float | None
    """Mean loss per training jet; null where it is not a finite number."""
    validation_loss: float | None
    """Mean loss per validation jet; null where it is not a finite number."""
    accuracy: float
    """Accuracy on the validation jets, 0 to 1."""
    roc_auc: float | None
    """ROC AUC on the validation jets, 0 to 1; null where they lack a class."""
    learning_rate: float
    """Learning rate."""
    seconds: float
    """Duration of the training, in seconds."""
    validation_seconds: float
    """Duration of the validation, in seconds."""


class RoundOfTraining(DocumentPart, frozen=True):
    """One training."""

    name: str
    """Name."""
    folder: str
    """Folder of its files."""
    seed: int
    """Seed."""
    training_jets: int
    """Number of training jets."""
    validation_jets: int
    """Number of validation jets."""
    epochs: int
    """Number of epochs."""
    ended: Literal["no improvement", "all epochs", "time limit", "interrupted"]
    """Reason of the end."""
    best: EpochOfTraining
    """Epoch with the lowest validation loss, whose weights are kept."""
    validation: FiguresOfTagging
    """Figures on the validation jets."""
    test: FiguresOfWeights | None
    """Figures on the test sample; null without --test."""


class SummaryOfRounds(DocumentPart, frozen=True):
    """A figure over all rounds."""

    mean: float | None
    """Mean; null where it is not a finite number."""
    deviation: float | None
    """Standard deviation; null for a single round."""
    reference: float | None
    """Value to compare with; null where none is given."""
    p_value: float | None
    """Probability of a value not below the reference; null without one, or without a spread."""


class TrainDocument(DocumentPart, frozen=True):
    """Training of one network, or of several."""

    output: str
    """Folder of the files."""
    setup: SetupOfTraining
    """Settings."""
    plan: PlanOfTraining
    """Plan."""
    device: str
    """Device: cpu, or cuda:N."""
    input: JetsOfTraining
    """Jets."""
    rounds: list[RoundOfTraining]
    """Trainings."""
    accuracy: SummaryOfRounds
    """Validation accuracy over the rounds."""
    roc_auc: SummaryOfRounds
    """Validation ROC AUC over the rounds."""
    warnings: list[str]
    """Sentences for the user."""
