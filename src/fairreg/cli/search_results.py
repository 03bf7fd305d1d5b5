# SPDX-License-Identifier: MIT
"""Output of ``search``: a table for people, CSV or JSON for programs, and what there is to say about it."""

import csv
import io
import shlex
import sys
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from fairreg.cli.layout.lines import NARROWEST_TABLE, line_width
from fairreg.cli.options import is_plain
from fairreg.cli.output import console, log, print_document, visible
from fairreg.cli.search_table import lines_of, plain_lines
from fairreg.errors import without_secrets

if TYPE_CHECKING:
    from rich.console import RenderableType

    from fairreg.services.search.report import SearchReport, SearchRow, SourceAnswer

__all__ = ["answer_text", "partial_results", "print_csv", "print_results"]

# Without a terminal and COLUMNS a table has the width of the most usual one.
_PIPED_WIDTH = 80
# Columns of CSV: scripts read them by name and by place, so others come behind them.
_CSV = (
    "id", "name", "kind", "task", "license", "runs", "year", "sources", "fair_score", "doi", "url",
)  # fmt: skip


def print_csv(report: "SearchReport") -> None:
    """Print the results as CSV (RFC 4180) in UTF-8, several values of a cell separated by ``; ``.

    Values are those of the JSON document, without characters that control a terminal.
    """
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(_CSV)
    writer.writerows(_cells(row) for row in report.results)
    # As bytes, because text would lose the ends of lines that the standard demands.
    print_document(text.getvalue().encode("utf-8", "backslashreplace"), media_type="text/csv")
    log_left_out(report)


def _cells(row: "SearchRow") -> Iterator[str]:
    for name in _CSV:
        value = getattr(row, name)
        several = value if isinstance(value, tuple) else (value,)
        joined = "; ".join("" if item is None else str(item) for item in several)
        yield visible(without_secrets(joined), kept="")


def print_results(
    report: "SearchReport", filters: Mapping[str, Any], *, sort: str, below: bool = False
) -> None:
    """Print the results under the `filters`; `below`: a note on entries below the threshold follows."""
    if not report.results:
        log(_why_nothing(report, filters, below=below))
        return
    _print_rows(report, [sort, *(name for name, value in filters.items() if value is not None)])
    if report.explanations is not None:
        _print_explanations(report)
    _print_facets(report)
    log_left_out(report)


def _why_nothing(report: "SearchReport", filters: Mapping[str, Any], *, below: bool) -> str:
    if report.total:
        return f"No result after the first {report.offset}; there are {report.total}."
    told = [
        f"{_option(name, filters[name])} removed {number:,}"
        for name, number in (report.removed or {}).items()
        if number and not (below and name == "min_fair")
    ]
    if told:
        return f"No result: {', '.join(told)}."
    if below:
        return "No entry has the FAIR score that --min-fair asks for."
    if report.unheld:
        return "Nothing found."  # a warning says why
    return "Nothing found. Try fewer or other words, or harvest a source: fairreg harvest zenodo --query ..."


def _option(name: str, value: object) -> str:
    """Return the option with its values, as they were typed."""
    values = value if isinstance(value, list | tuple) else [] if value is True else [value]
    return " ".join((f"--{name.replace('_', '-')}", *(shlex.quote(visible(str(item))) for item in values)))


def log_left_out(report: "SearchReport") -> None:
    """Say how many results there are beside those printed, and how to see them."""
    first, last = report.offset, report.offset + len(report.results)
    if not report.results or (not first and last >= report.total):
        return
    if not first:
        log(f"{last} of {report.total}; --limit shows more.")
        return
    more = f"; --offset {last} shows the next" if last < report.total else ""
    log(f"{first + 1} to {last} of {report.total}{more}.")


def _print_rows(report: "SearchReport", asked: Sequence[str]) -> None:
    """Print the results; the terminal wraps lines that are too long, so that identifiers can be copied."""
    if is_plain():
        for line in plain_lines(report.results):
            sys.stdout.write(f"{line}\n")
        return
    width, out = line_width(piped=_PIPED_WIDTH), console()
    for number, line in enumerate(lines_of(report.results, width, asked)):
        is_header = number == 0 and width >= NARROWEST_TABLE
        out.print(line, style="bold" if is_header else None, soft_wrap=True)


def partial_results(report: "SearchReport", waiting: tuple[str, ...]) -> "RenderableType":
    """The ranking so far, the answer of each source, and the sources still pending."""
    from rich.console import Group
    from rich.text import Text

    lines = [answer_text(name, answer) for name, answer in (report.sources or {}).items()]
    lines += [f"waiting for {', '.join(waiting)}"] if waiting else []
    # The table comes last, because a small window cuts off the end.
    rows = map(Text, lines_of(report.results, line_width(piped=_PIPED_WIDTH)))
    return Group(*(Text(visible(line), style="dim") for line in lines), *rows)


def answer_text(name: str, answer: "SourceAnswer") -> str:
    """One line on the answer of a source."""
    said = f"{answer.count} found" if answer.status == "ok" else answer.status
    reason = f": {answer.message}" if answer.message else ""
    return f"{name}: {said} in {answer.seconds:.1f} s{reason}"


def _print_explanations(report: "SearchReport") -> None:
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
    for name, counts in (report.facets or {}).items():
        values = ", ".join(f"{value} ({count})" for value, count in counts.items())
        console().print(f"{name}: {values}", markup=False)
