# SPDX-License-Identifier: MIT
"""``hbb explain``: explanations of a Hbb interaction network."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from fairreg.cli.options import Choices, CommandList, Commands, Json

if TYPE_CHECKING:
    from fairreg.models.hbb_in.workflows.explain.analysis import Analysis, Cell, Table

__all__ = ["app"]

_ROWS, _COLUMNS, _WIDTH = 50, 14, 60  # largest table, and widest cells, shown in a terminal

app = Commands(
    cls=CommandList,
    no_args_is_help=True,
    help="Explain a network by masking, relevance and activity.",
)

# Those of `fairreg.models.hbb_in.explain.relevance`, which would import NumPy for a help.
RULES = Choices(lambda: ("gamma", "0", "epsilon"))
STARTS = Choices(lambda: ("logit", "difference"))

Weights = Annotated[
    Path | None,
    typer.Argument(
        exists=True,
        dir_okay=False,
        readable=True,
        metavar="FILE",
        help="Weight file.",
        show_default="reference weights",
    ),
]
Sample = Annotated[
    Path | None,
    typer.Option(
        exists=True,
        dir_okay=False,
        metavar="FILE",
        help="Labelled jets: .h5, .root or .npz.",
        show_default="packaged jets",
    ),
]
Jets = Annotated[
    int, typer.Option(min=2, metavar="N", help="Maximum number of jets, evenly spaced in the sample.")
]
Output = Annotated[
    Path | None,
    typer.Option(
        "--output",
        "-o",
        file_okay=False,
        metavar="FOLDER",
        help="Folder for figures (PNG and PDF; extra plot), tables (CSV) and document (JSON).",
        show_default=False,
    ),
]
Report = Annotated[
    Path | None,
    typer.Option(
        "--report",
        dir_okay=False,
        metavar="FILE",
        help="HTML file with all analyses in --output.",
        show_default=False,
    ),
]
BatchSize = Annotated[
    int, typer.Option(min=1, metavar="N", help="Batch size; it does not change the figures.")
]


@app.command(epilog="Example: fairreg hbb explain mask --sample test.h5 --output why --report why.html")
def mask(
    weights: Weights = None,
    sample: Sample = None,
    jets: Jets = 24_000,
    thresholds: Annotated[
        str,
        typer.Option(
            metavar="NUMBERS", help="Thresholds on the change of the AUC in per cent, separated by commas."
        ),
    ] = "0.001,0.005,0.01,0.05,1",
    bootstraps: Annotated[
        int, typer.Option(min=0, metavar="N", help="Number of bootstrap replicas for uncertainties.")
    ] = 200,
    seed: Annotated[int, typer.Option(min=0, metavar="SEED", help="Seed of the bootstrap.")] = 1,
    batch_size: BatchSize = 128,
    threads: Annotated[
        int | None,
        typer.Option(
            min=1, metavar="N", help="Number of threads of the engine.", show_default="the engine's choice"
        ),
    ] = None,
    output: Output = None,
    report: Report = None,
    json: Json = False,
) -> None:
    """Mask features, tracks and vertices (Figure 5, Table 9).

    Measures the change of AUC and fidelity.
    """
    from fairreg.cli.output import counting
    from fairreg.models.hbb_in.workflows.explain.mask import mask as analyse

    _check(output, report)
    limits = _numbers(thresholds)
    with counting("masked jets") as progress:
        found = analyse(
            weights,
            sample,
            jets=jets,
            thresholds=limits,
            bootstraps=bootstraps,
            seed=seed,
            batch_size=batch_size,
            threads=threads,
            progress=progress,
        )
    _give(found, output, report, json=json)


Rule = Annotated[
    str,
    typer.Option(parser=RULES, autocompletion=RULES.complete, metavar="RULE", help="Rule of propagation."),
]


@app.command(
    epilog="Example: fairreg hbb explain lrp --sample test.h5 --output why --integrated-gradients 50"
)
def lrp(
    weights: Weights = None,
    sample: Sample = None,
    jets: Jets = 24_000,
    rule: Rule = "gamma",
    gamma: Annotated[
        float,
        typer.Option(min=0, metavar="NUMBER", help="Weight of positive contributions in the rule gamma."),
    ] = 2.0,
    epsilon: Annotated[
        float, typer.Option(min=0, metavar="NUMBER", help="Addend to denominators in the rule epsilon.")
    ] = 0.01,
    start: Annotated[
        str,
        typer.Option(
            parser=STARTS,
            autocompletion=STARTS.complete,
            metavar="START",
            help="Explain the logit of the true class, or its difference to the other one.",
        ),
    ] = "logit",
    biases: Annotated[
        bool,
        typer.Option(
            "--biases/--no-biases",
            help="Give biases their share of the relevance; the published code does not.",
        ),
    ] = True,
    integrated_gradients: Annotated[
        int,
        typer.Option(
            min=0, metavar="N", help="Number of jets to compare with integrated gradients (extra explain)."
        ),
    ] = 0,
    batch_size: BatchSize = 128,
    output: Output = None,
    report: Report = None,
    json: Json = False,
) -> None:
    """Propagate relevance back to the inputs (LRP; Figures 6 and 7)."""
    from fairreg.cli.output import counting_each
    from fairreg.models.hbb_in.explain.relevance import PropagationRule
    from fairreg.models.hbb_in.workflows.explain.lrp import lrp as analyse

    _check(output, report)
    chosen = PropagationRule(rule, gamma, epsilon, biases, start)
    with counting_each("jets,") as progress:
        found = analyse(
            weights,
            sample,
            jets=jets,
            rule=chosen,
            integrated_gradients=integrated_gradients,
            batch_size=batch_size,
            progress=progress,
        )
    _give(found, output, report, json=json)


@app.command(epilog="Example: fairreg hbb explain activity --no-padding --output why --report why.html")
def activity(
    weights: Weights = None,
    sample: Sample = None,
    jets: Jets = 24_000,
    padding: Annotated[
        bool, typer.Option("--padding/--no-padding", help="Count padded slots, as the paper does.")
    ] = True,
    threshold: Annotated[
        float,
        typer.Option(
            min=0, max=1, metavar="NUMBER", help="Relative activity below which a node is inactive."
        ),
    ] = 0.2,
    batch_size: BatchSize = 128,
    output: Output = None,
    report: Report = None,
    json: Json = False,
) -> None:
    """Measure neural activity and sparsity (Figures 8 and 9)."""
    from fairreg.cli.output import counting
    from fairreg.models.hbb_in.workflows.explain.activity import activity as analyse

    _check(output, report)
    with counting("jets") as progress:
        found = analyse(
            weights,
            sample,
            jets=jets,
            padding=padding,
            threshold=threshold,
            batch_size=batch_size,
            progress=progress,
        )
    _give(found, output, report, json=json)


# Options of `reoptimise`.
_Training = Annotated[
    Path,
    typer.Argument(
        exists=True,
        dir_okay=False,
        metavar="FILE",
        help="Prepared jets (HDF5) to train on.",
        show_default=False,
    ),
]
_Output = Annotated[
    Path,
    typer.Option(
        "--output",
        "-o",
        file_okay=False,
        metavar="FOLDER",
        help="Folder for all results.",
        show_default=False,
    ),
]
_Weights = Annotated[
    Path | None,
    typer.Option(
        exists=True, dir_okay=False, metavar="FILE", help="Weight file.", show_default="reference weights"
    ),
]
_TrainingJets = Annotated[
    int, typer.Option(min=2, metavar="N", help="Maximum number of jets for the training.")
]
_MaskJets = Annotated[
    int, typer.Option(min=2, metavar="N", help="Number of these jets for choosing the features.")
]
_DropTracks = Annotated[int, typer.Option(min=0, metavar="N", help="Number of track features to leave out.")]
_DropVertices = Annotated[
    int, typer.Option(min=0, metavar="N", help="Number of vertex features to leave out.")
]
_DropFeature = Annotated[
    list[str],
    typer.Option(
        metavar="NAME", help="Feature to leave out in any case; may be repeated.", show_default=False
    ),
]
_Epochs = Annotated[int, typer.Option(min=1, metavar="N", help="Number of epochs of each training.")]
_LearningRate = Annotated[
    float,
    typer.Option(metavar="RATE", help="Largest learning rate of Adam, in one cycle over all epochs."),
]
_Seed = Annotated[int, typer.Option(min=0, metavar="SEED", help="Seed of the trainings.")]
_Threads = Annotated[int, typer.Option(min=1, metavar="N", help="Number of threads of the trainings.")]


@app.command(
    epilog="Example: fairreg hbb explain reoptimise train.h5 --sample test.h5 --output smaller --epochs 3"
)
def reoptimise(
    training: _Training,
    output: _Output,
    weights: _Weights = None,
    sample: Sample = None,
    jets: Jets = 24_000,
    training_jets: _TrainingJets = 40_000,
    mask_jets: _MaskJets = 10_000,
    drop_tracks: _DropTracks = 12,
    drop_vertices: _DropVertices = 5,
    drop_feature: _DropFeature = [],  # noqa: B006  typer copies it
    epochs: _Epochs = 6,
    learning_rate: _LearningRate = 3e-3,
    seed: _Seed = 0,
    threads: _Threads = 1,
    report: Report = None,
    json: Json = False,
) -> None:
    """Train smaller networks on fewer features (Table 10).

    Compares them with the explained network. Ctrl-C keeps finished epochs: repeat the command to resume.
    Needs the extra torch.
    """
    from fairreg.cli.output import counting_each, log
    from fairreg.models.hbb_in.training.setup import Setup
    from fairreg.models.hbb_in.workflows.explain.reoptimise import ReoptimisationCallbacks, ReoptimisationPlan
    from fairreg.models.hbb_in.workflows.explain.reoptimise import reoptimise as analyse

    setup = Setup(epochs=epochs, patience=epochs, learning_rate=learning_rate, schedule="onecycle", seed=seed)
    plan = ReoptimisationPlan(
        training_jets, mask_jets, jets, (drop_tracks, drop_vertices), tuple(drop_feature), setup
    )
    with counting_each("jets,") as progress:
        watch = ReoptimisationCallbacks(
            progress,
            lambda name, epoch: log(
                f"{name}: epoch {epoch.epoch}, AUC {epoch.roc_auc:.4f}, {epoch.seconds:.0f} s"
            ),
        )
        found = analyse(
            training, output, weights=weights, test=sample, plan=plan, threads=threads, watch=watch
        )
    _give(found, output, report, json=json)


def _check(output: Path | None, report: Path | None) -> None:
    if report is not None and output is None:
        raise typer.BadParameter("--report needs --output, the folder of the analyses to report on.")


def _numbers(text: str) -> tuple[float, ...]:
    try:
        return tuple(sorted({float(part) for part in text.split(",")}))
    except ValueError as error:
        raise typer.BadParameter(f"{text!r} is not a list of numbers separated by commas.") from error


def _give(found: "Analysis", output: Path | None, report: Path | None, *, json: bool) -> None:
    """Write the requested files, then print."""
    from fairreg.cli.output import log, print_versioned

    if output is not None:
        found = found.write(output)
    if report is not None and output is not None:
        from fairreg.models.hbb_in.workflows.explain.report import write_report

        write_report(output, report)
    for warning in found.warnings:
        log(f"Warning: {warning}")
    if json:
        print_versioned("hbb-explain", found.to_json())
    else:
        _print(found, report)


def _print(found: "Analysis", report: Path | None) -> None:
    from fairreg.cli.output import console

    show, model, jets = console().print, found.model.to_json(), found.jets
    show(f"{found.title}: {model['file']} ({model['parameters']:,} parameters, {model['fingerprint']})")
    show(f"{len(jets)} jets of {jets.source}, without {jets.unlabelled} unlabelled ones")
    for name, value in found.facts.items():
        show(f"{name.replace('_', ' ')}: {_cell(value)}")
    for table in found.tables:
        if _fits(table):
            show("")
            _print_table(table)
    for path in (*found.files, *((report,) if report else ())):
        show(f"written: {path}")


def _fits(table: "Table") -> bool:
    """Tell whether a table is small enough for the terminal."""
    widest = max((len(str(cell)) for row in table.rows for cell in row), default=0)
    return len(table.rows) <= _ROWS and len(table.columns) <= _COLUMNS and widest <= _WIDTH


def _print_table(table: "Table") -> None:
    from fairreg.cli.layout.tables import print_table

    titles = [name.replace("_", " ") for name in table.columns]
    print_table(titles, [tuple(map(_cell, row)) for row in table.rows], title=table.title)


def _cell(value: "Cell") -> str:
    return "" if value is None else f"{value:.5g}" if isinstance(value, float) else str(value)
