# SPDX-License-Identifier: MIT
"""``assess``: how FAIR a model is, with the evidence for each verdict."""

from typing import TYPE_CHECKING, Annotated

import typer

from fairreg.cli.options import Json, Pid, ready

if TYPE_CHECKING:
    from fairreg.services.assess import IndicatorResult, Report

__all__ = ["register"]

_COLOURS = {"pass": "green", "partial": "yellow", "fail": "red", "unknown": "dim", "not_applicable": "dim"}
_MARKS = {"pass": "+", "partial": "~", "fail": "-", "unknown": "?", "not_applicable": " "}


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(epilog="Example: fairreg assess 10.5281/zenodo.7305227 --min-score 0.7")(assess)


def assess(
    pid: Pid,
    offline: Annotated[bool, typer.Option("--offline", help="Decide from what the registry holds.")] = False,
    min_score: Annotated[
        float | None, typer.Option(min=0, max=1, help="Exit code 5 when the overall score is lower.")
    ] = None,
    json: Json = False,
) -> None:
    """Score the FAIRness of a model against the principles F1-R3 for AI models (Duarte et al. 2023)."""
    from fairreg.cli.output import downloading, print_json, talk
    from fairreg.errors import BelowThreshold
    from fairreg.services.assess import assess as judge

    with downloading() as progress:
        report = judge(ready(), pid, offline=offline, talk=talk, progress=progress)
    if json:
        print_json(report.to_json())
    else:
        _print(report)
    if min_score is not None and (report.overall is None or report.overall < min_score):
        shown = "unknown" if report.overall is None else f"{report.overall:.2f}"
        raise BelowThreshold(f"The overall score is {shown}, below {min_score:.2f}.")


def _print(report: "Report") -> None:
    from rich.table import Table

    from fairreg.cli.output import console

    out = console()
    out.print(f"FAIR assessment of {report.id}", style="bold")
    out.print(f"rubric {report.rubric} {report.rubric_version}, {report.assessed_at}")
    letters = "   ".join(f"{letter} {percent(score)}" for letter, score in report.letters.items())
    out.print(f"{letters}   overall {percent(report.overall)}   coverage {percent(report.coverage)}")
    if report.badge is not None:
        out.print(f"{report.badge.label}: {report.badge.reason}")
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("")
    table.add_column("Indicator", no_wrap=True)
    table.add_column("Score", justify="right")
    table.add_column("Verdict, evidence and next step", overflow="fold")
    for name, principle in report.principles.items():
        table.add_row("", f"[bold]{name}[/bold]", percent(principle.score), "")
        for item in principle.indicators:
            colour = _COLOURS[item.verdict]
            table.add_row(f"[{colour}]{_MARKS[item.verdict]}[/{colour}]", item.id, "", _told(item))
    out.print(table, markup=True)


def _told(item: "IndicatorResult") -> str:
    from rich.markup import escape

    colour = _COLOURS[item.verdict]
    lines = [f"[{colour}]{item.verdict}[/{colour}] {escape(f'{item.title}: {item.reason}')}"]
    lines += [
        f"  [dim]{escape(f'{cited.source} {cited.what}: {_short(cited.value)}')}[/dim]"
        for cited in item.evidence[:2]
    ]
    lines += [f"  -> {escape(item.remedy)}"] if item.remedy else []
    return "\n".join(lines)


def _short(value: str, limit: int = 100) -> str:
    flat = " ".join(value.split())
    return flat if len(flat) <= limit else flat[:limit] + "..."


def percent(score: float | None) -> str:
    """A score in 0..1 as a percentage; a question mark where there is none."""
    return "?" if score is None else f"{100 * score:.0f} %"
