# SPDX-License-Identifier: MIT
"""``hbb export`` and ``hbb benchmark``: the network for other programs, and measured on every runtime."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from fairreg.cli.options import Choices, DeviceName, InputFile, Json

if TYPE_CHECKING:
    from fairreg.models.hbb_in.benchmark.results import Row
    from fairreg.models.hbb_in.workflows.benchmark import BenchmarkReport

__all__ = ["register"]

INTERRUPTED = 130
# Those of `fairreg.models.hbb_in.export`, which would import NumPy for a help.
FORMATS = Choices(lambda: ("onnx", "safetensors", "pairwise"))

Weights = Annotated[
    Path | None,
    typer.Option(
        exists=True, dir_okay=False, metavar="FILE", help="Weight file.", show_default="reference weights"
    ),
]
Sample = Annotated[
    Path | None,
    typer.Option(
        exists=True,
        dir_okay=False,
        metavar="FILE",
        help="Jets: .h5, .root or .npz.",
        show_default="packaged jets",
    ),
]
Published = Annotated[
    list[Path],
    typer.Option(
        exists=True,
        dir_okay=False,
        metavar="FILE",
        help="ONNX file from another source, run unchanged; may be repeated.",
        show_default=False,
    ),
]


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command(epilog="Example: fairreg hbb export trained/weights.safetensors --output network.onnx")(
        export
    )
    app.command(
        epilog="Example: fairreg hbb benchmark --weights network.onnx --sample test.h5 --output speed"
    )(benchmark)


def export(
    weights: InputFile,
    output: Annotated[
        Path,
        typer.Option("--output", "-o", metavar="PATH", help="Output file, or folder.", show_default=False),
    ],
    formats: Annotated[
        list[str],
        typer.Option(
            "--format",
            parser=FORMATS,
            autocompletion=FORMATS.complete,
            metavar="FORMAT",
            help="Format; pairwise is the definition as ONNX; may be repeated.",
            show_default="from the suffix; onnx for a folder",
        ),
    ] = [],  # noqa: B006  typer copies it
    json: Json = False,
) -> None:
    """Export weights as ONNX or safetensors.

    Each file is run and compared with the definition before it is moved into place.
    """
    from fairreg.cli.output import console, print_versioned
    from fairreg.models.hbb_in.workflows.export import export as write

    done = write(weights, output, formats)
    if json:
        print_versioned("hbb-export", done.to_json())
        return
    show = console().print
    for item in done.files:
        show(f"{item.path} ({item.format}, {item.size / 1e3:.0f} kB, sha256:{item.sha256})")
        same = (
            "same as the weights"
            if item.fingerprint == done.fingerprint
            else "weights were rounded to float32"
        )
        show(f"  fingerprint {item.fingerprint} ({same})")
        show(
            f"  max |dp| to the definition in float64: {item.max_difference:.1e} on {item.checked_jets} jets"
        )


# Options of `benchmark`.
_BatchSizes = Annotated[str, typer.Option(metavar="NUMBERS", help="Batch sizes, separated by commas.")]
_Repetitions = Annotated[int, typer.Option(min=1, metavar="N", help="Number of timing runs per batch size.")]
_Seconds = Annotated[
    float, typer.Option(min=0, metavar="SECONDS", help="Minimum duration of each timing run, in seconds.")
]
_Jets = Annotated[
    int, typer.Option(min=1, metavar="N", help="Maximum number of jets, from the start of the sample.")
]
_Compared = Annotated[
    int,
    typer.Option(min=0, metavar="N", help="Number of jets to compare with the definition in float64."),
]
_Threads = Annotated[
    int | None,
    typer.Option(
        min=1, metavar="N", help="Number of threads of each engine.", show_default="the engine's choice"
    ),
]
_Output = Annotated[
    Path | None,
    typer.Option(
        "--output",
        "-o",
        file_okay=False,
        metavar="FOLDER",
        help="Folder for figure (extra plot) and document.",
    ),
]


def benchmark(
    sample: Sample = None,
    weights: Weights = None,
    published: Published = [],  # noqa: B006
    batch_sizes: _BatchSizes = "1,8,32,128,512",
    repetitions: _Repetitions = 10,
    seconds: _Seconds = 0.2,
    jets: _Jets = 10_000,
    compared: _Compared = 500,
    threads: _Threads = None,
    device: DeviceName = None,
    output: _Output = None,
    json: Json = False,
) -> None:
    """Benchmark the network on every available runtime.

    Checks loading, running and agreement, and measures the throughput. Prints the paper's Table 8 and draws
    its Figure 4. Ctrl-C keeps the measurements so far.
    """
    from fairreg.cli.options import settings
    from fairreg.cli.output import counting_each, log, print_versioned
    from fairreg.models.hbb_in.benchmark.results import BenchmarkPlan
    from fairreg.models.hbb_in.workflows.benchmark import benchmark as compare
    from fairreg.services.run.demonstrate import ENGINES

    plan = BenchmarkPlan(_numbers(batch_sizes), repetitions, seconds, compared)
    with counting_each("benchmark") as progress:
        done = compare(
            weights=weights,
            sample_file=sample,
            published=published,
            plan=plan,
            jets=jets,
            threads=threads,
            device=device,
            output=output,
            engines=settings().cache / ENGINES,
            progress=progress,
        )
    for warning in done.warnings:
        log(f"Warning: {warning}")
    if json:
        print_versioned("hbb-benchmark", done.to_json())
    else:
        _print(done)
    if done.interrupted:
        raise typer.Exit(INTERRUPTED)


def _numbers(text: str) -> tuple[int, ...]:
    try:
        return tuple(sorted({int(part) for part in text.split(",")}))
    except ValueError as error:
        raise typer.BadParameter(f"{text!r} is not a list of numbers separated by commas.") from error


def _print(done: "BenchmarkReport") -> None:
    from fairreg.cli.output import console

    show, machine = console().print, done.machine
    show(f"{done.jets} jets of {done.source}, {done.mean_tracks:.1f} tracks per jet; weights {done.weights}")
    show(f"{machine['processor']}, {machine['processors']} processors; {_versions(machine['versions'])}")
    show("")
    _print_quality(done)
    for row in done.rows:
        if row.message:
            show(f"{row.title}: {row.message}")
    show("")
    show("Throughput [jets/s], median of the runs, by batch size")
    _print_rates(done)
    for path in done.files:
        show(f"written: {path}")


def _versions(found: dict[str, str]) -> str:
    return ", ".join(f"{name} {version}" for name, version in found.items() if name != "fairreg")


def _print_quality(done: "BenchmarkReport") -> None:
    """Print the columns of the paper's Table 8, and the deviation of each runtime from the definition."""
    from fairreg.cli.layout.tables import print_table

    titles = ("Framework", "Accuracy", f"Time/batch of {done.table_size} [s]", "AUC")
    rows = []
    for row in done.rows:
        series = row.at(done.table_size)
        time = "" if series is None else f"{series.seconds_per_batch:.5f}"
        figures = (_number(row.accuracy), time, _number(row.roc_auc), *_agreement(row))
        rows.append((row.title, *figures, row.verdict))
    print_table((*titles, "max |dp|", "1 - fidelity", "AUC difference", "Verdict"), rows)


def _agreement(row: "Row") -> tuple[str, str, str]:
    found = row.agreement
    if found is None:
        return "", "", ""
    change = "" if found.roc_auc_difference is None else f"{found.roc_auc_difference:+.1e}"
    return f"{found.max_difference:.1e}", f"{1 - found.fidelity:.1e}", change


def _print_rates(done: "BenchmarkReport") -> None:
    from fairreg.cli.layout.tables import print_table

    rows = []
    for row in done.rows:
        found = [row.at(size) for size in done.plan.batch_sizes]
        if row.series:
            rates = (
                "" if item is None else f"{item.batch_size / item.seconds_per_batch:,.0f}" for item in found
            )
            rows.append((row.title, *rates))
    print_table(("Framework", *(f"{size:,}" for size in done.plan.batch_sizes)), rows)


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.5f}"
