# SPDX-License-Identifier: MIT
"""``run``: run a model on the user's input."""

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from fairreg.cli.options import (
    RUNTIMES,
    CommandGroup,
    DeviceName,
    FileOfRecord,
    Json,
    Scheduler,
    propose_identifiers,
    settings,
)

if TYPE_CHECKING:
    from fairreg.services.parallel.base import ExecutionTarget
    from fairreg.services.run.batch import ManyRuns
    from fairreg.services.run.loaded_model import BatchSize, LoadedModel
    from fairreg.services.run.predict import Prediction

__all__ = ["register"]


Inputs = Annotated[
    list[str] | None,
    typer.Option(
        "--input",
        metavar="FILE|FOLDER",
        help="Arrays by input name (.npz, .h5), or a single one (.npy); jets: .root too. May be repeated, "
        "a folder or a pattern.",
        show_default="the test vectors beside the model",
    ),
]
Output = Annotated[
    Path | None,
    typer.Option(
        "--output",
        "-o",
        metavar="PATH",
        help="Output file (.npz, .npy), replaced if it exists, or folder for several inputs.",
    ),
]
_MOST_COLUMNS = 10  # whose names are printed
Rows = Annotated[
    str | None,
    typer.Option(
        "--batch-size",
        metavar="N|whole",
        help="Rows computed at once; by default all, or 128 where they are known to be independent.",
    ),
]
Workers = Annotated[
    int | None,
    typer.Option(min=1, max=64, metavar="N", help="Number of processes that share the work (extra dask)."),
]


# The first line keeps click from joining the others.
_EXAMPLES = """\b
Example: fairreg run model.onnx --input events.npz --output scores.npz
         fairreg run model.onnx
"""


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(rich_help_panel=CommandGroup.GET, epilog=_EXAMPLES)(run)


def run(
    model: Annotated[
        str,
        typer.Argument(
            autocompletion=propose_identifiers,
            metavar="PID|FILE",
            help="An identifier or a model file.",
            show_default=False,
        ),
    ],
    input: Inputs = None,
    output: Output = None,
    runtime: Annotated[
        str | None,
        typer.Option(
            parser=RUNTIMES,
            autocompletion=RUNTIMES.complete,
            metavar="RUNTIME",
            help="Engine: onnx or tensorrt, torch for networks that fairreg knows, fused for the Hbb "
            "network, or that of the file's format.",
            show_default="that of the file's format, else onnx",
        ),
    ] = None,
    file: FileOfRecord = None,
    batch_size: Rows = None,
    workers: Workers = None,
    scheduler: Scheduler = None,
    device: DeviceName = None,
    json: Json = False,
) -> None:
    """Run a model on your input files.

    The inputs are checked against the signature of the model. With several inputs or workers, outputs in the
    folder --output that are still valid are not computed again. Without --input the model runs on the test
    vectors that are published with it, and its outputs are compared with those of its authors; a difference
    beyond the tolerance is an error.
    """
    from fairreg.cli.output import downloading, log
    from fairreg.services.parallel.base import ExecutionTarget
    from fairreg.services.run.demonstrate import check_runtime
    from fairreg.services.run.input_files import is_one_run
    from fairreg.services.run.loaded_model import open_model

    where = ExecutionTarget(workers, scheduler)
    if not input:
        if output is not None or not where.in_process:
            raise typer.BadParameter("--output, --workers and --scheduler need --input.")
        check_runtime(runtime, device)
        _run_on_vectors(model, runtime, device, file or [], _batch_size(batch_size), json=json)
        return
    many = not is_one_run(input, output, where)
    check_runtime(runtime, device)
    with downloading() as received:
        opened = open_model(
            settings(),
            model,
            runtime=runtime,
            device=device,
            patterns=file or (),
            batch_size=_batch_size(batch_size),
            log=log,
            progress=received,
        )
    _warn(opened.warnings)
    if many:
        _run_many(opened, input, output, where, json=json)
    else:
        _run_one(opened, Path(input[0]), output, json=json)


def _batch_size(text: str | None) -> "BatchSize":
    from fairreg.services.run.loaded_model import WHOLE

    if text is None:
        return None
    if text == WHOLE:
        return WHOLE
    if not text.isdecimal() or not int(text):
        raise typer.BadParameter(
            f"{text!r} is neither a number of rows nor 'whole'.", param_hint="--batch-size"
        )
    return int(text)


def _run_on_vectors(
    model: str,
    runtime: str | None,
    device: str | None,
    patterns: list[str],
    batch_size: "BatchSize",
    *,
    json: bool,
) -> None:
    from fairreg.cli.cards import vectors_card
    from fairreg.cli.output import downloading, log, print_versioned
    from fairreg.services.run.vectors.trial import run_model

    with downloading() as received:
        report = run_model(
            settings(),
            model,
            runtime=runtime,
            device=device,
            patterns=patterns,
            batch_size=batch_size,
            log=log,
            progress=received,
        )
    _warn(report.warnings)
    if json:
        print_versioned("run", report.to_run_json())
    else:
        vectors_card(report)
    if report.check.fault is not None:
        raise report.check.fault


def _run_one(opened: "LoadedModel", source: Path, output: Path | None, *, json: bool) -> None:
    from fairreg.cli.output import counting, log, print_versioned
    from fairreg.services.run.predict import predict

    with counting("Running") as progress:
        prediction = predict(opened, source, output=output, progress=progress)
    _warn(prediction.warnings[len(opened.warnings) :])
    if json:
        print_versioned("run", prediction.to_json())
        return
    _print(prediction)
    if output is not None:
        log(f"The outputs are in {output}.")


def _run_many(
    opened: "LoadedModel", given: list[str], output: Path | None, where: "ExecutionTarget", *, json: bool
) -> None:
    from fairreg.cli.output import counting, explain, log, print_versioned
    from fairreg.services.run.batch import run_many
    from fairreg.services.run.input_files import input_files

    with counting("Running") as progress:
        report = run_many(
            settings(), opened, input_files(given), output=output, where=where, progress=progress, log=log
        )
    _warn(report.opened.warnings[len(opened.warnings) :])
    if json:
        print_versioned("run-many", report.to_json())
    else:
        _print_many(report)
    for path, error in report.failures.items():
        log(f"{path} failed:")
        explain(error)
    if report.failures:
        raise typer.Exit(next(iter(report.failures.values())).exit_code)


def _warn(warnings: Iterable[str]) -> None:
    from fairreg.cli.output import log

    for warning in warnings:
        log(f"Warning: {warning}")


def _print_many(report: "ManyRuns") -> None:
    from fairreg.cli.output import console
    from fairreg.schemas.text import counted

    out = console()
    rate = report.computed / report.seconds if report.seconds else float("inf")
    runner = report.opened.runner
    out.print(f"{report.opened.title} on {runner.name} ({runner.device}), {runner.batching}", markup=False)
    out.print(f"  weights: {report.opened.path.name} ({report.opened.origin})", markup=False)
    for item in report.files.values():
        figures = "".join(f", {name} {value:.4f}" for name, value in item.metrics.items())
        place = f" -> {item.output}" if item.output else ""
        skipped = " (existing)" if item.skipped else ""
        out.print(f"  {item.source}: {counted(item.items, 'item')}{figures}{place}{skipped}", markup=False)
    out.print(
        f"  {counted(report.computed, 'item')} run in {report.seconds:.1f} s, {rate:.0f} per second",
        markup=False,
    )


def _print(prediction: "Prediction") -> None:
    from fairreg.cli.output import console
    from fairreg.schemas.text import counted

    out = console()
    rate = prediction.items / prediction.seconds if prediction.seconds else float("inf")
    out.print(f"{prediction.model} on {prediction.runner.name} ({prediction.runner.device})", markup=False)
    out.print(f"  weights: {prediction.path.name} ({prediction.origin})", markup=False)
    out.print(
        f"  {counted(prediction.items, 'item')} of {prediction.source}, {rate:.0f} per second", markup=False
    )
    out.print(f"  computed {prediction.batching}", markup=False)
    for name, array in prediction.outputs.items():
        shape = ", ".join(map(str, array.shape))
        spread = _spread(array)
        columns = _columns(prediction, name)
        out.print(f"  {name}: {array.dtype} ({shape}){spread}{columns}", markup=False)
    for name, value in prediction.metrics.items():
        out.print(f"  {name}: {value:.4f}", markup=False)


def _spread(array: Any) -> str:
    """The range of the finite numbers of an output, and how many others it has."""
    import numpy as np

    if not array.size or array.dtype.kind not in "fiu":
        return ""
    finite = array[np.isfinite(array)]
    others = array.size - finite.size
    span = f", {finite.min():.4g} to {finite.max():.4g}" if finite.size else ""
    return f"{span}, {others} not finite" if others else span


def _columns(prediction: "Prediction", output: str) -> str:
    """The classes of an output in the order of its columns, where the signature names a few."""
    from fairreg.schemas.text import one_line

    found = (item.features for item in prediction.runner.outputs if item.name == output)
    names = [one_line(feature.name) for feature in next(found, ())]
    return f"; columns {', '.join(names)}" if 0 < len(names) <= _MOST_COLUMNS else ""
