# SPDX-License-Identifier: MIT
"""``search``, ``show`` and ``sources``: what the registry knows."""

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from fairreg.cli.options import Json, Limit, Pid, ready

if TYPE_CHECKING:
    from fairreg.services.search import SearchReport

__all__ = ["Format", "register"]


class Format(StrEnum):
    """Views of a record."""

    TEXT = "text"
    JSON = "json"
    JSONLD = "jsonld"
    TURTLE = "turtle"
    BIBTEX = "bibtex"


class Kind(StrEnum):
    """Kinds of records."""

    MODEL = "model"
    DATASET = "dataset"
    SOFTWARE = "software"


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command(epilog='Example: fairreg search "H→bb" --kind model --runnable')(search)
    app.command(epilog="Example: fairreg show 10.5281/zenodo.7305227 --format turtle")(show)
    app.command(epilog="Example: fairreg sources --json")(sources)


def search(
    query: Annotated[str, typer.Argument(help="Words, a formula such as H→bb, or an identifier.")],
    source: Annotated[list[str] | None, typer.Option(help="Only from this source; may be repeated.")] = None,
    task: Annotated[str | None, typer.Option(help="Only with this task.")] = None,
    framework: Annotated[str | None, typer.Option(help="Only for this framework.")] = None,
    license: Annotated[str | None, typer.Option(help="Only under this SPDX licence.")] = None,
    kind: Annotated[Kind | None, typer.Option(help="Only of this kind.")] = None,
    runnable: Annotated[bool, typer.Option("--runnable", help="Only what fairreg can run.")] = False,
    limit: Limit = 20,
    json: Json = False,
) -> None:
    """Search the registry; works offline and on first use from the packaged catalogue."""
    from fairreg.cli.output import print_json, talk
    from fairreg.services.search import search as find

    filters = {"source": source, "task": task, "framework": framework, "license": license, "kind": kind}
    report = find(ready(), query, limit=limit, runnable=runnable or None, **filters)
    for warning in report.warnings:
        talk(f"Warning: {warning}")
    if json:
        print_json(report.to_json())
    else:
        _print_results(report)


def _print_results(report: "SearchReport") -> None:
    from rich.table import Table

    from fairreg.cli.output import console, talk

    if not report.results:
        talk(
            "Nothing found. Try fewer or other words, or harvest a source: fairreg harvest zenodo --query ..."
        )
        return
    table = Table(box=None, pad_edge=False, header_style="bold")
    for title in ("Name", "Kind", "Year", "Identifier", "Task"):
        # An identifier is there to be copied, so it is never broken over two lines.
        table.add_column(title, overflow="fold", no_wrap=title == "Identifier")
    for row in report.results:
        table.add_row(row.name, row.kind, str(row.year or ""), row.doi or row.id, "; ".join(row.task))
    console().print(table)
    if report.total > len(report.results):
        talk(f"{len(report.results)} of {report.total}; --limit shows more.")


def show(
    pid: Pid,
    format: Annotated[Format, typer.Option("--format", "-f", help="Which view.")] = Format.TEXT,
) -> None:
    """Show one record: from the registry, else from its source."""
    from fairreg.cli.output import print_json, print_utf8, talk
    from fairreg.services.show import show as find

    record = find(ready(), pid, talk=talk)
    if format is Format.JSON:
        print_json(record.to_json())
    elif format is Format.JSONLD:
        print_json(record.to_jsonld())
    elif format is Format.TURTLE:
        from fairreg.schemas.jsonld import to_turtle

        print_utf8(to_turtle(record))
    elif format is Format.BIBTEX:
        from fairreg.schemas.bibtex import to_bibtex

        print_utf8(to_bibtex(record))
    else:
        from fairreg.cli.cards import record_card

        record_card(record)


def sources(json: Json = False) -> None:
    """List the sources that can be harvested, where they are and how many records came from each."""
    from rich.table import Table

    from fairreg.cli.output import console, print_json
    from fairreg.services.sources import sources as find

    found = find(ready())
    if json:
        print_json([item.to_json() for item in found])
        return
    table = Table(box=None, pad_edge=False, header_style="bold")
    for title in ("Source", "Address", "Records", "Last harvest"):
        table.add_column(title)
    for item in found:
        table.add_row(item.name, item.url, str(item.records), item.last_harvest or "never")
    console().print(table)
