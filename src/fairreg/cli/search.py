# SPDX-License-Identifier: MIT
"""``search``: records that match a query."""

from collections.abc import Callable, Iterator
from contextlib import nullcontext
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from fairreg.cli.options import Json, Limit, a_number, a_score, ready

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.table import Table

    from fairreg.services.search.report import SearchReport, SearchRow, SourceAnswer

__all__ = ["register"]


class Kind(StrEnum):
    """Kinds of records."""

    MODEL = "model"
    DATASET = "dataset"
    SOFTWARE = "software"


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(epilog='Example: fairreg search "H→bb" --kind model --live')(search)


# Options of `search`.
_Query = Annotated[
    str, typer.Argument(metavar="WORDS", help="Words, a formula such as H→bb, or an identifier.")
]
_Source = Annotated[
    list[str] | None,
    typer.Option(
        metavar="SOURCE", help="Only this source, even if FAIRREG_DISABLE lists it; may be repeated."
    ),
]
_Task = Annotated[str | None, typer.Option(metavar="TASK", help="Only models for this task.")]
_Framework = Annotated[str | None, typer.Option(metavar="NAME", help="Only models for this framework.")]
_License = Annotated[str | None, typer.Option(metavar="LICENCE", help="Only under this SPDX licence.")]
_Kind = Annotated[Kind | None, typer.Option(help="Only records of this kind.")]
_Runnable = Annotated[bool, typer.Option("--runnable", help="Only models that run, or may run, here.")]
_MinFair = Annotated[
    float | None,
    typer.Option(
        callback=a_score,
        metavar="SCORE",
        help="Only with at least this FAIR score, 0 to 1 (see fairreg assess).",
    ),
]
_Explain = Annotated[bool, typer.Option("--explain", help="Explain the rank of each result.")]
_Facets = Annotated[
    bool, typer.Option("--facets", help="Count the results by source, kind, task, licence, year and author.")
]
_Live = Annotated[bool, typer.Option("--live", help="Also query every source; exit with code 4 if all fail.")]
_Save = Annotated[bool, typer.Option("--save", help="Store the results of --live in the registry.")]
_Deadline = Annotated[
    float,
    typer.Option(
        min=0.1,
        callback=a_number,
        metavar="SECONDS",
        help="With --live: time limit for the sources, in seconds.",
    ),
]


def search(
    query: _Query,
    source: _Source = None,
    task: _Task = None,
    framework: _Framework = None,
    license: _License = None,
    kind: _Kind = None,
    runnable: _Runnable = False,
    min_fair: _MinFair = None,
    limit: Limit = 20,
    explain: _Explain = False,
    facets: _Facets = False,
    live: _Live = False,
    save: _Save = False,
    deadline: _Deadline = 8.0,
    json: Json = False,
) -> None:
    """Search the registry for models, datasets and software.

    Works offline; the first use starts with the packaged catalogue.
    """
    from functools import partial

    from fairreg.cli.output import log, print_versioned
    from fairreg.services.search.search import search as service

    if save and not live:
        raise typer.BadParameter("--save needs --live: it stores the results of a live search.")
    with ready() as (chosen, registry):
        find = partial(
            service,
            chosen,
            query,
            registry=registry,
            limit=limit,
            source=source,
            task=task,
            framework=framework,
            license=license,
            kind=kind,
            runnable=runnable or None,
            min_fair=min_fair,
            explain=explain,
            facets=facets,
        )
        report = (
            _live_report(partial(find, live=True, save=save, deadline=deadline), shown=not json)
            if live
            else find()
        )
        note = None if min_fair is None else _threshold_note(find, query, report)
    for warning in report.warnings:
        log(f"Warning: {warning}")
    if json:
        print_versioned("search", report.to_json())
    else:
        _print_results(report, below=note is not None)
    if note:
        log(note)
    if report.all_failed:
        _require_an_answer()


def _live_report(find: "Callable[..., SearchReport]", *, shown: bool) -> "SearchReport":
    """Run a live search; in a terminal, show its results as they arrive."""
    from fairreg.cli.output import live_table, log

    with live_table() if shown else nullcontext() as display:
        if display is None:
            return find(on_answer=lambda name, answer: log(_answer_text(name, answer)))
        report = find(on_update=lambda report, waiting: display(_partial_results(report, waiting)))
    for name, answer in (report.sources or {}).items():
        log(_answer_text(name, answer))
    return report


def _partial_results(report: "SearchReport", waiting: tuple[str, ...]) -> "RenderableType":
    """The ranking so far, the answer of each source, and the sources still pending."""
    from rich.console import Group
    from rich.text import Text

    from fairreg.cli.output import visible

    lines = [_answer_text(name, answer) for name, answer in (report.sources or {}).items()]
    lines += [f"waiting for {', '.join(waiting)}"] if waiting else []
    # The table comes last, because a small window cuts off the end.
    rows = [Text(line) for line in _lines(report)] if _is_narrow(report) else [_table(report)]
    return Group(*(Text(visible(line), style="dim") for line in lines), *rows)


def _answer_text(name: str, answer: "SourceAnswer") -> str:
    """One line on the answer of a source."""
    said = f"{answer.count} found" if answer.status == "ok" else answer.status
    reason = f": {answer.message}" if answer.message else ""
    return f"{name}: {said} in {answer.seconds:.1f} s{reason}"


def _require_an_answer() -> None:
    from fairreg.cli.output import explain
    from fairreg.errors import Unreachable

    hint = "Check the connection, or leave out --live to search only the registry."
    explain(
        Unreachable(
            "All queried sources failed; the results are from the registry only.",
            hint=hint,
        )
    )
    raise typer.Exit(Unreachable.exit_code)


# Below it, a threshold may hide more than it shows.
_FEW = 5


def _threshold_note(find: "Callable[..., SearchReport]", query: str, report: "SearchReport") -> str | None:
    """Return how many entries match without the threshold, if few pass it and it leaves any out."""
    from shlex import quote

    if report.total >= _FEW:
        return None
    every, scored = (
        find(min_fair=least, limit=1, explain=False, facets=False).total for least in (None, 0.0)
    )
    if every <= report.total:
        return None
    many = "1 entry matches" if every == 1 else f"{every} entries match"
    have = "has" if scored == 1 else "have"
    told = f"Without --min-fair {many}, of which {scored or 'none'} {have} an overall score."
    if scored == every:
        return told
    which = f"--query {quote(query)}" if query.strip() else "--all"
    return f"{told} To score the rest, run: fairreg assess {which}"


def _print_results(report: "SearchReport", *, below: bool = False) -> None:
    """Print the results; `below`: a note on entries below the threshold follows."""
    from fairreg.cli.output import log

    if not report.results and below:
        log("No entry has the FAIR score that --min-fair asks for.")
        return
    if not report.results and report.unheld:
        log("Nothing found.")  # a warning says why
        return
    if not report.results:
        log(
            "Nothing found. Try fewer or other words, or harvest a source: fairreg harvest zenodo --query ..."
        )
        return
    _print_rows(report)
    if report.explanations is not None:
        _print_explanations(report)
    _print_facets(report)
    if report.total > len(report.results):
        log(f"{len(report.results)} of {report.total}; --limit shows more.")


def _print_explanations(report: "SearchReport") -> None:
    from fairreg.cli.output import console

    out = console()
    for row in report.results:
        out.print(f"\n{row.name}: score {row.score:.3f}", markup=False)
        found = (report.explanations or {}).get(row.id)
        if found is None:
            out.print("  found by its identifier, or listed by its date", markup=False)
            continue
        for part in found.terms:
            places = ", ".join(part.columns).replace("_", " ")
            made = f"rarity {part.rarity:.2f} x strength {part.strength:.2f}"
            added = f"{part.rarity * part.strength:.2f} = {made}"
            out.print(f"  {part.term}: {added}, as {part.phrase!r} in {places}", markup=False)
        for term in found.missing:
            out.print(f"  {term}: not in this record", markup=False)
        out.print(f"  relevance {found.relevance:.2f}, with weight {found.weight:.2f}", markup=False)


def _print_facets(report: "SearchReport") -> None:
    from fairreg.cli.output import console

    for name, counts in (report.facets or {}).items():
        values = ", ".join(f"{value} ({count})" for value, count in counts.items())
        console().print(f"{name}: {values}", markup=False)


# Columns of a table beside the identifiers that can be read: name, kind, year, sources, task.
_BESIDE = 70


def _is_narrow(report: "SearchReport") -> bool:
    """Tell whether the terminal is too narrow for a table in which an identifier can be copied whole."""
    from fairreg.cli.output import console

    return console().width < _BESIDE + max((len(row.doi or row.id) for row in report.results), default=0)


def _print_rows(report: "SearchReport") -> None:
    """Print the results as a table; in a narrow terminal as a list, identifiers on lines of their own."""
    from fairreg.cli.output import console

    if not _is_narrow(report):
        console().print(_table(report))
        return
    for line in _lines(report):
        # The terminal wraps what is longer, so that it can be copied as one line.
        console().print(line, soft_wrap=True)


def _lines(report: "SearchReport") -> "Iterator[str]":
    from fairreg.cli.output import visible

    for row in report.results:
        facts = (row.kind, str(row.year or ""), _sources(row), "; ".join(row.task))
        yield visible(row.name, kept="")
        yield visible(f"  {row.doi or row.id}", kept="")
        yield visible(f"  {', '.join(filter(None, facts))}", kept="")


def _sources(row: "SearchRow") -> str:
    versions = row.versions[1:]
    return " ".join(row.sources) + (f" ({len(row.versions)} versions)" if versions else "")


def _table(report: "SearchReport") -> "Table":
    from rich.table import Table

    table = Table(box=None, pad_edge=False, header_style="bold")
    for title in ("Name", "Kind", "Year", "Identifier", "Sources", "Task"):
        # Identifiers are not wrapped, so that they can be copied.
        table.add_column(title, overflow="fold", no_wrap=title == "Identifier")
    for row in report.results:
        identifier = row.doi or row.id
        table.add_row(row.name, row.kind, str(row.year or ""), identifier, _sources(row), "; ".join(row.task))
    return table
