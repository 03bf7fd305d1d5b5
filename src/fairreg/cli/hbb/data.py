# SPDX-License-Identifier: MIT
"""``hbb simulate`` and ``hbb prepare``: jets for training and evaluation."""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from fairreg.cli.options import Json

__all__ = ["register"]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command(epilog="Example: fairreg hbb simulate --output jets --jets 4000 --seed 1 --workers 2")(
        simulate
    )
    app.command(epilog="Example: fairreg hbb prepare 'jets/*.root' --output jets.h5")(prepare)


def simulate(
    output: Annotated[
        Path,
        typer.Option("--output", "-o", metavar="FOLDER", help="Folder of the sample.", show_default=False),
    ],
    jets: Annotated[int, typer.Option(min=1, metavar="N", help="Number of jets.")] = 4000,
    signal_jets: Annotated[
        int | None,
        typer.Option(min=0, metavar="N", help="Number of H->bb jets among them.", show_default="half"),
    ] = None,
    seed: Annotated[
        int, typer.Option(min=0, metavar="SEED", help="Seed; same bytes on processors of one family.")
    ] = 1,
    jets_per_file: Annotated[int, typer.Option(min=2, metavar="N", help="Number of jets per file.")] = 2000,
    workers: Annotated[int, typer.Option(min=1, metavar="N", help="Number of processes.")] = 1,
    json: Json = False,
) -> None:
    """Generate an open sample of H->bb and QCD jets (ROOT files).

    Repeat the command to resume after an interruption.
    """
    from fairreg.cli.output import counting, log, print_versioned
    from fairreg.models.hbb_in.workflows.simulate import SimulationPlan
    from fairreg.models.hbb_in.workflows.simulate import simulate as make

    plan = SimulationPlan(seed, jets, jets // 2 if signal_jets is None else signal_jets, jets_per_file)
    with counting("jets") as progress:
        made = make(plan, output, workers=workers, progress=progress)
    if json:
        print_versioned(
            "hbb-simulate",
            {
                "files": [str(path) for path in made.files],
                "record": str(made.record),
                "skipped": made.skipped,
                **plan.identity(),
            },
        )
    else:
        log(f"{plan.jets} jets in {len(made.files)} files in {output}; {made.skipped} files existed already.")


def prepare(
    files: Annotated[
        list[str],
        typer.Argument(
            metavar="FILE...",
            help="Ntuples: files, patterns in quotes, or root:// addresses.",
            show_default=False,
        ),
    ],
    output: Annotated[
        Path,
        typer.Option(
            "--output",
            "-o",
            metavar="FILE",
            help="HDF5 file to write, replaced if it exists.",
            show_default=False,
        ),
    ],
    drop_neither: Annotated[
        bool, typer.Option("--drop-neither", help="Leave out jets that are neither QCD nor H->bb.")
    ] = False,
    json: Json = False,
) -> None:
    """Convert ntuples to padded arrays with labels (HDF5).

    Reads ntuples of the CMS open simulation and of `fairreg hbb simulate`.
    """
    from fairreg.cli.output import counting, log, print_versioned
    from fairreg.models.hbb_in.workflows.prepare import prepare as make

    with counting("jets") as progress:
        made = make(files, output, drop_neither=drop_neither, progress=progress)
    if json:
        print_versioned("hbb-prepare", {**asdict(made), "path": str(made.path)})
    else:
        log(
            f"{made.jets} jets in {output}: {made.qcd} QCD, {made.hbb} H->bb, "
            f"{made.neither} neither{' (left out)' if drop_neither else ''}."
        )
