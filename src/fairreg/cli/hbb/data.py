# SPDX-License-Identifier: MIT
"""``hbb simulate`` and ``hbb prepare``: jets to train and to judge on."""

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
    output: Annotated[Path, typer.Option("--output", help="Folder of the sample.", show_default=False)],
    jets: Annotated[int, typer.Option(min=1, help="How many jets.")] = 4000,
    signal_jets: Annotated[
        int | None, typer.Option(min=0, help="How many of them are H->bb jets.", show_default="half")
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="The same seed gives the same bytes.")] = 1,
    jets_per_file: Annotated[int, typer.Option(min=2, help="How many jets a file.")] = 2000,
    workers: Annotated[int, typer.Option(min=1, help="How many processes.")] = 1,
    json: Json = False,
) -> None:
    """Generate an open sample of H->bb and QCD jets as ROOT files; goes on where it was interrupted."""
    from fairreg.cli.output import counting, log, print_json
    from fairreg.models.hbb_in.workflows.simulate import SimulationPlan
    from fairreg.models.hbb_in.workflows.simulate import simulate as make

    plan = SimulationPlan(seed, jets, jets // 2 if signal_jets is None else signal_jets, jets_per_file)
    with counting("jets") as progress:
        made = make(plan, output, workers=workers, progress=progress)
    if json:
        print_json(
            {
                "files": [str(path) for path in made.files],
                "record": str(made.record),
                "skipped": made.skipped,
                **plan.identity(),
            }
        )
    else:
        log(f"{plan.jets} jets in {len(made.files)} files in {output}, {made.skipped} of which were there.")


def prepare(
    files: Annotated[
        list[str],
        typer.Argument(help="Ntuples: files, patterns in quotes, or root:// addresses.", show_default=False),
    ],
    output: Annotated[Path, typer.Option("--output", help="HDF5 file to write.", show_default=False)],
    drop_neither: Annotated[
        bool, typer.Option("--drop-neither", help="Leave out jets that are neither QCD nor H->bb.")
    ] = False,
    json: Json = False,
) -> None:
    """Turn ntuples of the CMS open simulation, or of `hbb simulate`, into padded arrays with labels."""
    from fairreg.cli.output import counting, log, print_json
    from fairreg.models.hbb_in.workflows.prepare import prepare as make

    with counting("jets") as progress:
        made = make(files, output, drop_neither=drop_neither, progress=progress)
    if json:
        print_json({**asdict(made), "path": str(made.path)})
    else:
        log(
            f"{made.jets} jets in {output}: {made.qcd} QCD, {made.hbb} H->bb, "
            f"{made.neither} neither{' (left out)' if drop_neither else ''}."
        )
