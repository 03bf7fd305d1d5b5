# SPDX-License-Identifier: MIT
"""``hbb train`` and ``hbb evaluate``: training of the Hbb interaction network, and evaluation of weights."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from fairreg.cli.options import DEVICES, RUNTIMES, Choices, DeviceName, Json

if TYPE_CHECKING:
    from fairreg.models.hbb_in.metrics import TaggingMetrics
    from fairreg.models.hbb_in.training.loop import Epoch
    from fairreg.models.hbb_in.workflows.evaluate import EvaluationReport
    from fairreg.models.hbb_in.workflows.train import TrainingReport

__all__ = ["register"]

INTERRUPTED = 130
# Those of `fairreg.models.hbb_in.training`, whose modules would import NumPy for a help.
SCHEDULES = Choices(lambda: ("constant", "cosine", "onecycle"))
SPLITS = Choices(lambda: ("kfold", "files", "jets"))

Samples = Annotated[
    list[Path],
    typer.Argument(
        exists=True,
        dir_okay=False,
        readable=True,
        metavar="FILE...",
        help="Prepared jets (HDF5).",
        show_default=False,
    ),
]
Threads = Annotated[
    int | None,
    typer.Option("--threads", min=1, metavar="N", help="Number of threads (default: the engine's choice)."),
]


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command(epilog="Example: fairreg hbb train train.h5 --output trained --schedule cosine --epochs 20")(
        train
    )
    app.command(epilog="Example: fairreg hbb evaluate trained/weights.onnx --sample test.h5 --plot roc.png")(
        evaluate
    )


# Options of `train`.
_OUTPUT = typer.Option(
    ..., "--output", "-o", file_okay=False, metavar="FOLDER", help="Folder for all results."
)
_HIDDEN = typer.Option(60, metavar="N", help="Units per hidden layer.")
_D_E = typer.Option(20, "--d-e", metavar="N", help="Dimension of the edge representation (D_E).")
_D_O = typer.Option(24, "--d-o", metavar="N", help="Dimension of the node representation (D_O).")
_DROP_FEATURE = typer.Option(
    [], metavar="NAME", help="Track or vertex feature to leave out; may be repeated."
)
_EPOCHS = typer.Option(200, metavar="N", help="Maximum number of epochs.")
_PATIENCE = typer.Option(8, metavar="N", help="Early-stopping patience, in epochs.")
_BATCH_SIZE = typer.Option(128, metavar="N", help="Batch size.")
_LEARNING_RATE = typer.Option(1e-4, metavar="RATE", help="Largest learning rate of Adam.")
_SCHEDULE = typer.Option(
    "constant",
    parser=SCHEDULES,
    autocompletion=SCHEDULES.complete,
    metavar="SCHEDULE",
    help="Schedule of the learning rate over all epochs.",
)
_RAW = typer.Option(False, "--raw", help="Train on raw features instead of standardised ones.")
_SEED = typer.Option(0, min=0, metavar="SEED", help="Seed of the first repetition and of the split.")
_SPLIT = typer.Option(
    "jets",
    parser=SPLITS,
    autocompletion=SPLITS.complete,
    metavar="SPLIT",
    help="Random split by folds of files, by files, or by events.",
)
_FOLDS = typer.Option(5, metavar="N", help="With --split kfold: number of folds.")
_VALIDATION_FILES = typer.Option(5, metavar="N", help="With --split files: number of validation files.")
_VALIDATION_FRACTION = typer.Option(
    0.1, min=0, max=1, metavar="FRACTION", help="With --split jets: fraction for validation."
)
_REPETITIONS = typer.Option(1, min=1, metavar="N", help="Number of trainings, with consecutive seeds.")
_TEST = typer.Option(
    [], exists=True, dir_okay=False, metavar="FILE", help="Test jets (HDF5); may be repeated."
)
_REFERENCE_ACCURACY = typer.Option(None, metavar="NUMBER", help="Reference accuracy for a p-value (Table 4).")
_REFERENCE_AUC = typer.Option(None, metavar="NUMBER", help="Reference AUC for a p-value (Table 4).")
_THREADS = typer.Option(
    1, min=1, metavar="N", help="Number of threads; more than one helps only on an idle machine."
)
_DEVICE = typer.Option(
    None,
    parser=DEVICES,
    autocompletion=DEVICES.complete,
    metavar="DEVICE",
    help="Device to train on; cuda:N is the GPU N, counted from 0 (default: cpu).",
)
_TIME_LIMIT = typer.Option(
    None, min=0, metavar="MINUTES", help="Time limit in minutes; the best weights until then are kept."
)


def train(
    samples: Samples,
    output: Path = _OUTPUT,
    hidden: int = _HIDDEN,
    d_e: int = _D_E,
    d_o: int = _D_O,
    drop_feature: list[str] = _DROP_FEATURE,
    epochs: int = _EPOCHS,
    patience: int = _PATIENCE,
    batch_size: int = _BATCH_SIZE,
    learning_rate: float = _LEARNING_RATE,
    schedule: str = _SCHEDULE,
    raw: bool = _RAW,
    seed: int = _SEED,
    split: str = _SPLIT,
    folds: int = _FOLDS,
    validation_files: int = _VALIDATION_FILES,
    validation_fraction: float = _VALIDATION_FRACTION,
    repetitions: int = _REPETITIONS,
    test: list[Path] = _TEST,
    reference_accuracy: float | None = _REFERENCE_ACCURACY,
    reference_auc: float | None = _REFERENCE_AUC,
    threads: int = _THREADS,
    time_limit: float | None = _TIME_LIMIT,
    device: str | None = _DEVICE,
    json: Json = False,
) -> None:
    """Train the Hbb interaction network.

    The defaults are the set-up of the paper (Duarte et al. 2023). Repeat the command to resume a training
    that stopped early. Needs the extra torch.
    """
    from fairreg.models.hbb_in.training.setup import Setup
    from fairreg.models.hbb_in.workflows.train import TrainingPlan

    setup = Setup(
        hidden=hidden,
        d_e=d_e,
        d_o=d_o,
        dropped=tuple(sorted(set(drop_feature))),
        epochs=epochs,
        patience=patience,
        batch_size=batch_size,
        learning_rate=learning_rate,
        schedule=schedule,
        standardise=not raw,
        seed=seed,
    )
    references = (reference_accuracy, reference_auc)
    plan = TrainingPlan(split, folds, validation_files, validation_fraction, repetitions, references)
    options = {"test": test, "threads": threads, "minutes": time_limit, "device": device}
    _train(samples, output, setup, plan, options, json=json)


def _train(
    samples: list[Path], output: Path, setup: Any, plan: Any, options: dict[str, Any], *, json: bool
) -> None:
    from fairreg.cli.output import counting_each, log, print_versioned
    from fairreg.models.hbb_in.workflows import train as service

    with counting_each("jets") as report:
        observer = service.TrainingObserver(report, lambda name, epoch: log(f"{name} {_epoch(epoch)}"))
        done = service.train(samples, output, setup, plan, observer=observer, **options)
    for warning in done.warnings:
        log(f"Warning: {warning}")
    if json:
        print_versioned("hbb-train", done.to_json())
    else:
        _print_report(done)
    if done.interrupted:
        raise typer.Exit(INTERRUPTED)


def _epoch(epoch: "Epoch") -> str:
    return (
        f"epoch {epoch.epoch}: loss {epoch.training_loss:.4f}, validation {epoch.validation_loss:.4f}, "
        f"AUC {epoch.roc_auc:.4f}, rate {epoch.learning_rate:.2g}, {epoch.seconds:.0f} s"
    )


def _print_report(done: "TrainingReport") -> None:
    from fairreg.cli.output import console

    show = console().print
    show(f"{done.jets} jets, {done.unlabelled} of them unlabelled and left out")
    for item in done.rounds:
        epochs = len(item.trained.history)
        show(f"{item.name}: {item.trained.ended} after {epochs} epochs; weights in {item.folder}")
        _print_figures("validation", item.validation)
        if item.test:
            _print_figures("test", item.test.figures)
    show("")
    show(done.tables)


def evaluate(
    weights: Annotated[
        Path | None,
        typer.Argument(
            exists=True,
            dir_okay=False,
            readable=True,
            metavar="FILE",
            help="Weight file (default: the reference weights).",
        ),
    ] = None,
    sample: list[Path] = typer.Option(
        [],
        exists=True,
        dir_okay=False,
        metavar="FILE",
        help="Prepared jets (HDF5; default: the packaged jets); may be repeated.",
    ),
    runtime: str = typer.Option(
        "onnx",
        parser=RUNTIMES,
        autocompletion=RUNTIMES.complete,
        metavar="RUNTIME",
        help="Engine; one that takes ONNX models or networks that fairreg knows.",
    ),
    batch_size: int = typer.Option(
        128, min=1, metavar="N", help="Batch size; it does not change the figures."
    ),
    weighted: bool = typer.Option(False, "--weighted", help="Count every jet by its event weight."),
    plot: Path | None = typer.Option(
        None, dir_okay=False, metavar="FILE", help="PNG file for the ROC curve (extra plot)."
    ),
    threads: Threads = None,
    device: DeviceName = None,
    json: Json = False,
) -> None:
    """Evaluate tagging performance and throughput.

    Prints ROC AUC, accuracy and background rejection.
    """
    from fairreg.cli.output import counting, print_versioned
    from fairreg.models.hbb_in.workflows import evaluate as service

    with counting("jets") as report:
        found = service.evaluate(
            weights,
            sample,
            runtime=runtime,
            batch_size=batch_size,
            threads=threads,
            device=device,
            weighted=weighted,
            plot=plot,
            progress=lambda done: report(done, None),
        )
    if json:
        print_versioned("hbb-evaluate", found.to_json())
    else:
        _print_evaluation(found)


def _print_evaluation(found: "EvaluationReport") -> None:
    from fairreg.cli.output import console

    console().print(f"{found.jets} jets, {found.unlabelled} of them unlabelled")
    _print_figures(found.weights.name, found.figures)
    if found.seconds:
        where = f"{found.runtime} ({found.device}), batch {found.batch_size}"
        console().print(f"  {found.jets / found.seconds:.0f} jets/s on {where}")


def _print_figures(what: str, found: "TaggingMetrics") -> None:
    from fairreg.cli.output import console

    show = console().print
    show(f"  {what}: {found.signal} H->bb and {found.background} QCD jets")
    for name, item in (("ROC AUC", found.roc_auc), ("accuracy", found.accuracy)):
        show(f"  {name}: {_plus_minus(item.value, item.uncertainty, 4)}")
    for cut in found.rejections:
        figure = _plus_minus(cut.value, cut.uncertainty, 1)
        show(f"  background rejection at {cut.efficiency:.0%} signal efficiency: {figure}")


def _plus_minus(value: float | None, uncertainty: float | None, digits: int) -> str:
    if value is None or uncertainty is None:
        return "too few jets to measure"
    return f"{value:.{digits}f} ± {uncertainty:.{digits}f}"
