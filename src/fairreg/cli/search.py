# SPDX-License-Identifier: MIT
"""``search``: records that match a query."""

from collections.abc import Callable
from contextlib import nullcontext
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import typer

from fairreg.cli.options import (
    SOURCES,
    Choices,
    CommandGroup,
    Json,
    Limit,
    a_number,
    a_score,
    one_form,
    propose_identifiers,
    proposed,
    ready,
)

if TYPE_CHECKING:
    from fairreg.services.search.report import SearchReport

__all__ = ["register"]


class Kind(StrEnum):
    """Kinds of records."""

    MODEL = "model"
    DATASET = "dataset"
    SOFTWARE = "software"


class Sort(StrEnum):
    """Orders of results."""

    RELEVANCE = "relevance"
    YEAR = "year"
    FAIR = "fair"
    NAME = "name"


class View(StrEnum):
    """Forms of the output."""

    TABLE = "table"
    CSV = "csv"
    JSON = "json"


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(
        rich_help_panel=CommandGroup.FIND,
        epilog="Example: fairreg search jet tagging --kind model --year 2020- --sort year",
    )(search)


# Options of `search`.
_SOURCES = Choices(lambda: (*SOURCES.names(), "catalogue"), form="HOST")
_Words = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="WORDS...",
        help="Words, a formula such as H→bb, or an identifier; none to list what the filters leave.",
        show_default=False,
    ),
]
_Source = Annotated[
    list[str] | None,
    typer.Option(
        parser=_SOURCES,
        autocompletion=_SOURCES.complete,
        metavar="SOURCE",
        help="Only this source, even if FAIRREG_DISABLE lists it; HOST is that of another registry.",
    ),
]
_Task = Annotated[
    list[str] | None,
    typer.Option(
        autocompletion=proposed("tasks"),
        metavar="TASK",
        help="Only models for this task: a term of the vocabulary, or words.",
    ),
]
_Framework = Annotated[
    list[str] | None,
    typer.Option(
        autocompletion=proposed("frameworks"), metavar="NAME", help="Only models for this framework."
    ),
]
_License = Annotated[
    list[str] | None,
    typer.Option(
        autocompletion=proposed("licences"), metavar="LICENCE", help="Only under this SPDX licence."
    ),
]
_Kind = Annotated[list[Kind] | None, typer.Option(help="Only records of this kind.")]
_Author = Annotated[
    list[str] | None,
    typer.Option(metavar="NAME", help="Only by this author, in any spelling, or by this ORCID."),
]
_Year = Annotated[
    list[str] | None,
    typer.Option(metavar="Y[-Y]", help="Only of this year or these years: 2021, 2020-2023, -2019 or 2022-."),
]
_TrainedOn = Annotated[
    list[str] | None,
    typer.Option(
        autocompletion=propose_identifiers, metavar="PID", help="Only models that were trained on these data."
    ),
]
_Sort = Annotated[
    Sort, typer.Option(help="Order: by relevance, newest, best FAIR score or name first; unknown ones last.")
]
_Offset = Annotated[
    int, typer.Option(min=0, max=1_000_000, metavar="N", help="Number of results to skip first.")
]
_Format = Annotated[
    View | None,
    typer.Option("--format", "-f", help="Output format; json is the same as --json.", show_default="table"),
]
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
    words: _Words = None,
    source: _Source = None,
    task: _Task = None,
    framework: _Framework = None,
    license: _License = None,
    kind: _Kind = None,
    author: _Author = None,
    year: _Year = None,
    trained_on: _TrainedOn = None,
    runnable: _Runnable = False,
    min_fair: _MinFair = None,
    sort: _Sort = Sort.RELEVANCE,
    limit: Limit = 20,
    offset: _Offset = 0,
    explain: _Explain = False,
    facets: _Facets = False,
    live: _Live = False,
    save: _Save = False,
    deadline: _Deadline = 8.0,
    format: _Format = None,
    json: Json = False,
) -> None:
    """Search the registry for models, datasets and software.

    Works offline; the first use starts with the packaged catalogue. A filter that is given several times
    takes any of its values.
    """
    from functools import partial

    from fairreg.services.search.search import search as service

    view = _view(format, json=json, has_more=explain or facets)
    if save and not live:
        raise typer.BadParameter("--save needs --live: it stores the results of a live search.")
    filters: dict[str, Any] = {"source": source, "task": task, "framework": framework, "license": license}
    filters |= {"kind": kind, "author": author, "year": year, "trained_on": trained_on}
    filters |= {"runnable": runnable or None, "min_fair": min_fair}
    query = _query(words, filters)
    shown: dict[str, Any] = {"limit": limit, "offset": offset, "sort": sort, "explain": explain}
    with ready() as (chosen, registry):
        find = partial(service, chosen, query, registry=registry, facets=facets, **shown, **filters)
        if live:
            found = partial(find, live=True, save=save, deadline=deadline)
            report = _live_report(found, shown=view is View.TABLE)
        else:
            report = _local_report(find)
        note = None if min_fair is None else _threshold_note(find, query, report)
    _print(report, view, note, filters, sort)


def _query(words: list[str] | None, filters: dict[str, Any]) -> str:
    """Return the query; BadParameter where nothing at all is asked for."""
    if not words and not any(value not in (None, []) for value in filters.values()):
        raise typer.BadParameter('Give words to search for, or a filter such as --author; "" lists all.')
    return " ".join(words or ())


def _view(asked: View | None, *, json: bool, has_more: bool) -> View:
    """Return the form of the output; BadParameter where two were given, or one that has no place for more."""
    view = View(one_form(asked, View.JSON, json=json, usual=View.TABLE))
    if view is View.CSV and has_more:
        raise typer.BadParameter("--format csv has no place for --explain and --facets; json has.")
    return view


def _local_report(find: "Callable[[], SearchReport]") -> "SearchReport":
    """Search the registry. UsageError for a value of a filter that no record has: it was mistyped."""
    from fairreg.services.search.report import require_held

    report = find()
    require_held(report.unheld)
    return report


def _print(report: "SearchReport", view: View, note: str | None, filters: dict[str, Any], sort: Sort) -> None:
    """Print the report, with warnings and the note on standard error. Exit with 4 if all sources failed."""
    from fairreg.cli.output import log, print_versioned

    for warning in report.warnings:
        log(f"Warning: {warning}")
    if view is View.JSON:
        print_versioned("search", report.to_json())
    else:
        from fairreg.cli.search_results import print_csv, print_results

        if view is View.CSV:
            print_csv(report)
        else:
            print_results(report, filters, sort=sort, below=note is not None)
    if note:
        log(note)
    if report.all_failed:
        _require_an_answer()


def _live_report(find: "Callable[..., SearchReport]", *, shown: bool) -> "SearchReport":
    """Run a live search; in a terminal, show its results as they arrive."""
    from fairreg.cli.output import live_table, log
    from fairreg.cli.search_results import answer_text, partial_results

    with live_table() if shown else nullcontext() as display:
        if display is None:
            return find(on_answer=lambda name, answer: log(answer_text(name, answer)))
        report = find(on_update=lambda report, waiting: display(partial_results(report, waiting)))
    for name, answer in (report.sources or {}).items():
        log(answer_text(name, answer))
    return report


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
        find(min_fair=least, limit=1, offset=0, explain=False, facets=False).total for least in (None, 0.0)
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
