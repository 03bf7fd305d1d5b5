# SPDX-License-Identifier: MIT
"""``harvest``: copy records of sources into the registry."""

from collections.abc import Iterable, Sequence
from datetime import date
from typing import TYPE_CHECKING, Annotated

import typer

from fairreg.cli.options import SOURCES, TIME, Choices, CommandGroup, Json, Scheduler, a_time, ready, settings

if TYPE_CHECKING:
    from fairreg.errors import FairregError
    from fairreg.registry import Registry
    from fairreg.services.harvest.collections import HarvestPlan
    from fairreg.services.harvest.harvest import HarvestReport
    from fairreg.services.parallel.base import ExecutionTarget
    from fairreg.settings import Settings

__all__ = ["register"]

_LONGEST_LABEL = 80
_DAY = len("2026-11-30")


def _collections() -> Iterable[str]:
    """Return the names of the packaged collections and, where the settings can be read, of the user's."""
    from fairreg.collections import collection_names
    from fairreg.errors import FairregError
    from fairreg.settings import Settings

    try:
        home = Settings.from_environment().home
    except FairregError:  # a help is printed whatever the settings are; a harvest says what is wrong
        home = None
    return collection_names(home)


_SOURCES = Choices(SOURCES.names, form="URL")
_COLLECTIONS = Choices(_collections, form="NAME")
_Sources = Annotated[
    list[str] | None,
    typer.Argument(
        parser=_SOURCES,
        autocompletion=_SOURCES.complete,
        metavar="SOURCE...",
        help="Sources to harvest (see fairreg sources), or addresses of other registries. "
        "Those in FAIRREG_DISABLE only if named here.",
        show_default="all enabled ones but zenodo_oai, a double of zenodo; and FAIRREG_PEERS",
    ),
]
_Query = Annotated[
    str | None, typer.Option(metavar="QUERY", help="Query in the query language of the source.")
]
_Peers = Annotated[
    bool, typer.Option("--peers", help="Harvest the registries in FAIRREG_PEERS and no other source.")
]
_Name = Annotated[
    str | None,
    typer.Option(
        "--collection",
        parser=_COLLECTIONS,
        autocompletion=_COLLECTIONS.complete,
        metavar="NAME",
        help="Send the queries of a named collection, packaged or your own; SOURCE restricts them.",
    ),
]
_List = Annotated[bool, typer.Option("--collections", help="List the collections and exit.")]
_DryRun = Annotated[
    bool,
    typer.Option("--dry-run", help="Show the queries of the collection with their reasons; send nothing."),
]
_Since = Annotated[
    str | None,
    typer.Option(
        parser=a_time,
        metavar="TIME",
        help=f"Only records changed since this {TIME}; sources know days, so a time means its day.",
    ),
]
_Limit = Annotated[
    int | None,
    typer.Option(
        min=1, metavar="N", help="Maximum number of records per source; of a collection, per query."
    ),
]
_Jobs = Annotated[
    int | None,
    typer.Option(
        min=1, max=64, metavar="N", help="Number of sources or queries at a time.", show_default="all"
    ),
]
_Workers = Annotated[
    int | None,
    typer.Option(min=1, max=64, metavar="N", help="Number of processes that share the sources (extra dask)."),
]


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(
        rich_help_panel=CommandGroup.KEEP,
        epilog='\b\nExample: fairreg harvest zenodo datacite --query "jet tagging" --limit 100\n'
        "         FAIRREG_PEERS=https://models.example.org fairreg harvest --peers\n",
    )(harvest)


def harvest(
    source: _Sources = None,
    query: _Query = None,
    peers: _Peers = False,
    collection: _Name = None,
    collections: _List = False,
    dry_run: _DryRun = False,
    since: _Since = None,
    limit: _Limit = None,
    jobs: _Jobs = None,
    workers: _Workers = None,
    scheduler: Scheduler = None,
    json: Json = False,
) -> None:
    """Harvest sources into the registry, several at once.

    Repeat the command to resume an interrupted harvest.
    """
    from fairreg.services.parallel.base import ExecutionTarget

    where = ExecutionTarget(workers, scheduler)
    _refuse_contradictions(query, collection, dry_run=dry_run)
    if peers:
        source = _peers(source, collection)
    day = date.fromisoformat(since[:_DAY]) if since else None
    if collections:
        _print_collections(settings(), json=json)
    elif collection is not None:
        _of_collection(collection, source or [], where, day, limit, jobs, dry_run=dry_run, json=json)
    else:
        _of_sources(source, query or "", where, day, limit, jobs, json=json)


def _refuse_contradictions(query: str | None, collection: str | None, *, dry_run: bool) -> None:
    if query is not None and collection is not None:
        raise typer.BadParameter("A collection has its own queries: give --query or --collection, not both.")
    if dry_run and collection is None:
        raise typer.BadParameter("--dry-run shows the queries of a collection: give --collection NAME.")


def _peers(source: list[str] | None, collection: str | None) -> list[str]:
    """Return the registries in FAIRREG_PEERS; UsageError without any."""
    from fairreg.errors import UsageError

    if source or collection is not None:
        raise typer.BadParameter("--peers harvests the registries in FAIRREG_PEERS, without other sources.")
    if not (urls := settings().peers):
        raise UsageError(
            "FAIRREG_PEERS names no registry.",
            hint="Set it, or name the address: fairreg harvest https://models.example.org",
        )
    return list(urls)


def _of_sources(
    source: list[str] | None,
    query: str,
    where: "ExecutionTarget",
    day: date | None,
    limit: int | None,
    jobs: int | None,
    *,
    json: bool,
) -> None:
    from fairreg.cli.output import counting_each, log
    from fairreg.services.harvest.parallel import harvest_all

    with ready() as (chosen, registry), counting_each("Harvesting") as progress:
        reports, faults = harvest_all(
            chosen,
            source or _every_source(chosen, registry, query=query, day=day),
            where,
            query=query,
            since=day,
            limit=limit,
            jobs=jobs,
            progress=progress,
            log=log,
            registry=registry,
        )
    if faults and not reports[1:]:
        raise faults[0]
    _finish(reports, faults, [report.source for report in reports], json=json)


def _of_collection(
    name: str,
    source: list[str],
    where: "ExecutionTarget",
    day: date | None,
    limit: int | None,
    jobs: int | None,
    *,
    dry_run: bool,
    json: bool,
) -> None:
    from fairreg.cli.output import counting_each, log, print_versioned
    from fairreg.services.harvest.collections import harvest_collection, plan

    planned = plan(settings(), name, source, limit=limit)
    if dry_run:
        print_versioned("harvest-dry-run", planned.to_json()) if json else _print_plan(planned)
        return
    if planned.collection.file is not None:
        log(f"{name}: {planned.origin}")
    with ready() as (chosen, registry), counting_each("Harvesting") as progress:
        reports, faults = harvest_collection(
            chosen, planned, where, since=day, jobs=jobs, progress=progress, log=log, registry=registry
        )
    _finish(reports, faults, [_short(report.label) for report in reports], json=json)


def _finish(
    reports: Sequence["HarvestReport"],
    faults: Sequence["FairregError"],
    labels: Sequence[str],
    *,
    json: bool,
) -> None:
    """Print the reports and errors, and exit with the code of the first error."""
    from fairreg.cli.output import explain, print_versioned

    if json:
        print_versioned("harvest", [report.to_json() for report in reports])
    else:
        for label, report in zip(labels, reports, strict=True):
            _print(label, report)
    for fault in {fault.message: fault for fault in faults}.values():  # many queries, one reason
        explain(fault)
    if any(report.fault for report in reports):
        raise typer.Exit(faults[0].exit_code if faults else 1)


def _short(label: str) -> str:
    """Cut a long query; rows are in the order that `--dry-run` shows."""
    return label if len(label) <= _LONGEST_LABEL else f"{label[: _LONGEST_LABEL - 3]}..."


def _every_source(chosen: "Settings", registry: "Registry", *, query: str, day: date | None) -> list[str]:
    """Return the sources that a harvest without names takes; say which it skips, and why."""
    from fairreg import harvesters
    from fairreg.cli.output import log
    from fairreg.services.sources import sources

    taken = []
    for state in sources(chosen, registry=registry):
        if harvesters.is_peer(state.name):
            continue
        item = harvesters.get(state.name)
        if not state.enabled or not item.harvestable:
            continue
        if item.double_of is not None:
            log(f"{item.title} was skipped: it has the records of {item.double_of} again, without files.")
            log(f"  Harvest it with: fairreg harvest {item.name}")
        elif item.required_query and not (query.strip() or day):
            log(f"{item.title} was skipped: its search needs a query.")
            log(f"  Harvest it with: fairreg harvest {item.name} --query {item.required_query}")
        else:
            taken.append(item.name)
    for url in chosen.peers:
        if query.strip():
            log(f"{url} was skipped: the query of another registry is a set of its OAI-PMH.")
        else:
            taken.append(url)
    return taken


def _print(label: str, report: "HarvestReport") -> None:
    from fairreg.cli.output import console, log_rejected

    numbers = f"{report.new} new, {report.changed} changed, {report.unchanged} unchanged, {report.gone} gone"
    numbers += f", {report.forgotten} forgotten" if report.forgotten else ""
    broken = f", stopped early: {report.fault}" if report.fault else ""
    line = f"{label}: {numbers}, {len(report.refused)} rejected ({report.seconds:.0f} s){broken}"
    if report.finished_before:
        line = f"{label}: finished before the run was stopped"
    console().print(line, markup=False, soft_wrap=True)
    log_rejected([item.reason for item in report.refused])


def _print_plan(planned: "HarvestPlan") -> None:
    from fairreg.cli.output import console

    known, out = planned.collection, console()
    out.print(f"{known.name}: {known.title} ({planned.origin})", markup=False, soft_wrap=True)
    if known.description:
        out.print(known.description, markup=False, soft_wrap=True)
    for item in planned.queries:
        limit = f"at most {item.limit}" if item.limit else "no limit"
        out.print(f"{item.source}: {item.query or 'all records'} ({limit})", markup=False, soft_wrap=True)
        out.print(f"  {item.reason}", markup=False, soft_wrap=True)
        if item.skipped:
            out.print(f"  Skipped: {item.skipped}.", markup=False, soft_wrap=True)


def _print_collections(chosen: "Settings", *, json: bool) -> None:
    from dataclasses import asdict

    from fairreg.cli.output import console, print_versioned
    from fairreg.schemas.text import counted
    from fairreg.services.harvest.collections import all_collections

    found = all_collections(chosen)
    if json:
        print_versioned("harvest-collections", [asdict(item) for item in found])
        return
    for item in found:
        place = f" ({item.file})" if item.file else ""
        held = f"{item.title}, {counted(item.queries, 'query', 'queries')}{place}"
        said = f"cannot be used: {item.fault}" if item.fault else held
        console().print(f"{item.name}: {said}", markup=False, soft_wrap=True)
