# SPDX-License-Identifier: MIT
"""Results of a search as a notebook shows them, and as a table of pandas."""

from collections.abc import Iterator, Sequence
from importlib import import_module
from typing import Any

from fairreg.errors import MissingEngine
from fairreg.schemas.notebook.markup import (
    Html,
    card,
    details,
    element,
    facts,
    folded,
    html,
    joined,
    link,
    notes,
    quiet,
    table,
)
from fairreg.services.search.report import SearchReport, SearchRow

__all__ = ["COLUMNS", "data_frame", "report_view", "row_view"]

# Columns of the table for pandas: those of ``search --format csv``, and behind them the others of a row.
COLUMNS = (
    *("id", "name", "kind", "task", "license", "runs", "year", "sources", "fair_score", "doi", "url"),
    *("frameworks", "runnable", "score", "concept_doi", "gone"),
)
# Types that pandas would take for others where values are missing, or all of them.
_TYPES = {"year": "Int64", "fair_score": "float64", "score": "float64", "runnable": "bool", "gone": "bool"}
_SHOWN = 20
_TITLES = ("name", "kind|", "year#", "licence|", "runs here", "FAIR#", "source|")


def report_view(report: SearchReport) -> str:
    """Return the results as a table, with the warnings above and the answers of sources below."""
    asked = f"“{report.query}”" if report.query.strip() else "All records"
    return card(
        asked,
        (_counted(report),),
        notes(report.warnings),
        table(_TITLES, report.results, "results", row=_cells, shown=_SHOWN),
        details("answers of the sources", facts(_answers(report))),
        details("counts", facts(_facets(report))),
    )


def _counted(report: SearchReport) -> str:
    if not report.results:
        return f"none of {report.total:,} results" if report.total else "nothing found"
    last = report.offset + len(report.results)
    if report.offset:
        return f"results {report.offset + 1:,} to {last:,} of {report.total:,}"
    if last < report.total:
        return f"{last:,} of {report.total:,} results"
    return "1 result" if last == 1 else f"{last:,} results"


def _cells(row: SearchRow) -> Sequence[object]:
    withdrawn = quiet(" (withdrawn)") if row.gone else ""
    below = element("div", quiet(element("code", row.doi or row.id)))
    name = joined((link(row.name, row.url), withdrawn, below))
    score = "" if row.fair_score is None else f"{row.fair_score:.0%}".replace("%", " %")
    sources = folded(row.sources, "sources", separator=", ")
    return name, row.kind, row.year, row.license or "", row.runs, score, sources


def _answers(report: SearchReport) -> Iterator[tuple[str, str]]:
    for name, answer in (report.sources or {}).items():
        said = f"{answer.count} found" if answer.status == "ok" else answer.status
        reason = f": {answer.message}" if answer.message else ""
        yield name, f"{said} in {answer.seconds:.1f} s{reason}"


def _facets(report: SearchReport) -> Iterator[tuple[str, Html]]:
    for name, counts in (report.facets or {}).items():
        values = [f"{value} ({count:,})" for value, count in counts.items()]
        yield name, folded(values, "values", separator=", ")


def row_view(row: SearchRow) -> str:
    """Return one result: its name, and what is known of it."""
    rows = (
        ("DOI" if row.doi else "id", link(row.doi, row.url) if row.doi else html(row.id)),
        ("task", folded(row.task, "tasks", separator=", ")),
        ("frameworks", folded(row.frameworks, "frameworks", separator=", ")),
        ("runs here", row.runs),
        ("FAIR score", None if row.fair_score is None else f"{100 * row.fair_score:.0f} %"),
        ("sources", folded(row.sources, "sources", separator=", ")),
        ("versions", folded([item.version or item.id for item in row.versions], "versions", separator=", ")),
    )
    about = (row.kind, row.year, row.license or "no licence stated", "withdrawn" if row.gone else None)
    return card(row.name, about, facts(rows))


def data_frame(report: SearchReport) -> Any:
    """Return the results as a table of pandas. Raises MissingEngine without pandas."""
    try:
        pandas = import_module("pandas")
    except ImportError as error:
        raise MissingEngine("pandas", "pandas") from error
    rows = [[getattr(row, name) for name in COLUMNS] for row in report.results]
    places = pandas.RangeIndex(report.offset + 1, report.offset + 1 + len(rows), name="rank")
    found = pandas.DataFrame(rows, columns=list(COLUMNS), index=places)
    return found.astype(_TYPES)
