# SPDX-License-Identifier: MIT
"""``harvest``: copy records of sources into the registry."""

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
            metavar="SOURCE...",
            help="Sources to harvest (see fairreg sources). Those in FAIRREG_DISABLE only if named here.",
            show_default="all enabled ones",
        ),
    ] = None,
    query: Annotated[
        str, typer.Option(metavar="QUERY", help="Query in the query language of the source.")
    ] = "",
    since: Annotated[
        datetime | None,
        typer.Option(
            formats=["%Y-%m-%d"], metavar="DATE", help="Only records changed since this day (YYYY-MM-DD)."
        ),
    ] = None,
    limit: Annotated[
        int | None, typer.Option(min=1, metavar="N", help="Maximum number of records per source.")
    ] = None,
    workers: Annotated[
        int | None,
        typer.Option(
            min=1, max=64, metavar="N", help="Number of processes that share the sources (extra dask)."
        ),
    ] = None,
    scheduler: Scheduler = None,
    json: Json = False,
) -> None:
    """Harvest sources into the registry, several at once.

    Repeat the command to resume an interrupted harvest.
    """
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
    numbers += f", {report.forgotten} forgotten" if report.forgotten else ""
    broken = f", stopped early: {report.fault}" if report.fault else ""
    line = f"{report.source}: {numbers}, {len(report.refused)} rejected ({report.seconds:.0f} s){broken}"
    console().print(line, markup=False)
    for refused in report.refused:
        log(f"  rejected: {refused.reason}")
    if report.refused:
        log("  List all rejected payloads with: fairreg sources --refused")
