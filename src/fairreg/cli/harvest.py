# SPDX-License-Identifier: MIT
"""``harvest``: records of a source into the registry."""

from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import typer

from fairreg.cli.options import Json, ready

if TYPE_CHECKING:
    from fairreg.services.harvest import HarvestReport
    from fairreg.settings import Settings

__all__ = ["register"]


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(epilog='Example: fairreg harvest zenodo --query "jet tagging" --limit 100')(harvest)


def harvest(
    source: Annotated[
        list[str] | None, typer.Argument(help="Which sources; see fairreg sources.", show_default="all")
    ] = None,
    query: Annotated[str, typer.Option(help="What to harvest, in the source's query language.")] = "",
    since: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="Only what changed since this day.")
    ] = None,
    limit: Annotated[int | None, typer.Option(min=1, help="At most this many records a source.")] = None,
    json: Json = False,
) -> None:
    """Harvest sources into the registry. Stopped in the middle, the same command goes on from there."""
    from fairreg.cli.output import counting, print_json, talk
    from fairreg.services.harvest import harvest as run

    chosen = ready()
    reports = []
    day = since.date() if since else None
    for name in source or _every_source(chosen):
        with counting(f"Harvesting {name}") as progress:
            report = run(chosen, name, query=query, since=day, limit=limit, progress=progress, talk=talk)
        reports.append(report)
    if json:
        print_json([report.to_json() for report in reports])
        return
    for report in reports:
        _print(report)


def _every_source(chosen: "Settings") -> list[str]:
    from fairreg.services.sources import sources

    return [item.name for item in sources(chosen)]


def _print(report: "HarvestReport") -> None:
    from fairreg.cli.output import console, talk

    numbers = f"{report.new} new, {report.changed} changed, {report.unchanged} unchanged, {report.gone} gone"
    console().print(f"{report.source}: {numbers}, {len(report.refused)} refused ({report.seconds:.0f} s)")
    for refused in report.refused:
        talk(f"  refused: {refused.reason}")
