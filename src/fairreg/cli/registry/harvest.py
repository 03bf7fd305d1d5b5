# SPDX-License-Identifier: MIT
"""``harvest``: records of a source into the registry."""

from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import typer

from fairreg.cli.options import Json, Scheduler, ready

if TYPE_CHECKING:
    from fairreg.registry import Registry
    from fairreg.services.harvest.harvest import HarvestReport
    from fairreg.settings import Settings

__all__ = ["register"]


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(epilog='Example: fairreg harvest zenodo datacite --query "jet tagging" --limit 100')(harvest)


def harvest(
    source: Annotated[
        list[str] | None,
        typer.Argument(
            help="Which sources; see fairreg sources. One that FAIRREG_DISABLE names has to be named here.",
            show_default="all that are enabled",
        ),
    ] = None,
    query: Annotated[str, typer.Option(help="What to harvest, in the source's query language.")] = "",
    since: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="Only what changed since this day.")
    ] = None,
    limit: Annotated[int | None, typer.Option(min=1, help="At most this many records a source.")] = None,
    workers: Annotated[
        int | None,
        typer.Option(min=1, max=64, help="Share the sources among so many processes (dask)."),
    ] = None,
    scheduler: Scheduler = None,
    json: Json = False,
) -> None:
    """Harvest sources into the registry, several at once. Stopped, the same command goes on from there."""
    from fairreg.cli.output import counting_each, explain, log, print_json
    from fairreg.services.harvest.parallel import harvest_all
    from fairreg.services.parallel.base import ExecutionTarget

    where = ExecutionTarget(workers, scheduler)
    day = since.date() if since else None
    with ready() as (chosen, registry), counting_each("Harvesting") as progress:
        reports, faults = harvest_all(
            chosen,
            source or _every_source(chosen, registry),
            where,
            query=query,
            since=day,
            limit=limit,
            progress=progress,
            log=log,
            registry=registry,
        )
    if faults and not reports[1:]:
        raise faults[0]
    if json:
        print_json([report.to_json() for report in reports])
    else:
        for report in reports:
            _print(report)
    for fault in faults:
        explain(fault)
    if any(report.fault for report in reports):
        raise typer.Exit(faults[0].exit_code if faults else 1)


def _every_source(chosen: "Settings", registry: "Registry") -> list[str]:
    from fairreg.services.sources import sources

    return [item.name for item in sources(chosen, registry=registry) if item.enabled and item.live]


def _print(report: "HarvestReport") -> None:
    from fairreg.cli.output import console, log

    numbers = f"{report.new} new, {report.changed} changed, {report.unchanged} unchanged, {report.gone} gone"
    broken = f", broke off: {report.fault}" if report.fault else ""
    line = f"{report.source}: {numbers}, {len(report.refused)} refused ({report.seconds:.0f} s){broken}"
    console().print(line, markup=False)
    for refused in report.refused:
        log(f"  refused: {refused.reason}")
    if report.refused:
        log("  fairreg sources --refused lists all that were set aside.")
