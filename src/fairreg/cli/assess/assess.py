# SPDX-License-Identifier: MIT
"""``assess``: score the FAIRness of one or many models or datasets, with the evidence for each verdict."""

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from fairreg.cli.options import (
    TIME,
    CommandGroup,
    Json,
    Scheduler,
    a_score,
    a_time,
    propose_identifiers,
    ready,
)

if TYPE_CHECKING:
    from fairreg.errors import UsageError
    from fairreg.services.assess.assess import AssessmentReport, Evidence

__all__ = ["register"]

_Workers = Annotated[
    int | None,
    typer.Option(
        min=1,
        max=32,
        metavar="N",
        help="With --all, --query: number of threads; with --offline, of processes (extra dask).",
        show_default="4 online, 1 offline",
    ),
]
_Since = Annotated[
    str | None,
    typer.Option(
        parser=a_time,
        metavar="TIME",
        help=f"With --all, --query: skip entries assessed since this {TIME}.",
    ),
]
_Html = Annotated[
    Path | None,
    typer.Option(
        "--html",
        dir_okay=False,
        metavar="FILE",
        help="Write the report as one web page; an existing file is replaced.",
    ),
]
_Badge = Annotated[
    Path | None,
    typer.Option(
        "--badge",
        dir_okay=False,
        metavar="FILE",
        help="Write a badge with the score (SVG); an existing file is replaced.",
    ),
]
_JsonLd = Annotated[
    Path | None,
    typer.Option(
        "--jsonld",
        dir_okay=False,
        metavar="FILE",
        help="Write the report as linked data (JSON-LD); an existing file is replaced.",
    ),
]
_Fix = Annotated[
    Path | None,
    typer.Option(
        "--fix",
        file_okay=False,
        metavar="FOLDER",
        help="Draft metadata files, to complete and publish, into this folder.",
    ),
]
_WITH_MANY = "--offline, --limit, --workers, --scheduler, --since and --json"


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(
        rich_help_panel=CommandGroup.JUDGE,
        epilog="Example: fairreg assess 10.5281/zenodo.7305227 --min-score 0.7",
    )(assess)


# Options of `assess`.
_Pid = Annotated[
    str | None,
    typer.Argument(
        autocompletion=propose_identifiers,
        metavar="PID",
        help="A DOI, a URL, or any id that fairreg prints.",
        show_default=False,
    ),
]
_Offline = Annotated[
    bool, typer.Option("--offline", help="Score from stored evidence or the registry; make no requests.")
]
_MinScore = Annotated[
    float | None,
    typer.Option(
        callback=a_score,
        metavar="SCORE",
        help="Exit with code 5 if the overall score (0 to 1) is lower, or unknown.",
    ),
]
_Force = Annotated[bool, typer.Option("--force", help="With --fix: replace existing files.")]
_Brief = Annotated[bool, typer.Option("--brief", help="Show only indicators with points missing or unknown.")]
_Compare = Annotated[
    bool, typer.Option("--compare", help="Also show the verdicts under the metrics of other tools.")
]
_History = Annotated[bool, typer.Option("--history", help="Show the scores of earlier assessments.")]
_Every = Annotated[bool, typer.Option("--all", help="Assess all entries of the registry.")]
_Query = Annotated[
    str | None, typer.Option(metavar="WORDS", help="Assess the results of this search of the registry.")
]
_Limit = Annotated[
    int | None, typer.Option(min=1, metavar="N", help="With --all, --query: maximum number of entries.")
]


def assess(
    pid: _Pid = None,
    offline: _Offline = False,
    min_score: _MinScore = None,
    json: Json = False,
    html: _Html = None,
    badge: _Badge = None,
    jsonld: _JsonLd = None,
    fix: _Fix = None,
    force: _Force = False,
    brief: _Brief = False,
    compare: _Compare = False,
    history: _History = False,
    every: _Every = False,
    query: _Query = None,
    limit: _Limit = None,
    workers: _Workers = None,
    scheduler: Scheduler = None,
    since: _Since = None,
) -> None:
    """Score the FAIRness of a model or dataset, with the evidence.

    The rubric for models has the principles F1-R3 of Duarte et al. 2023, that for datasets follows Chen et
    al. 2022. --all and --query assess many entries and print a summary; repeat the command to resume. They
    end with 1 where some could not be assessed.
    """
    from fairreg.cli.assess.batch import assess_many, print_history

    shown = _given(min_score, html, badge, jsonld, fix, force, brief, compare)
    _check_choice(every, query, single=shown or _given(pid, history), many=_given(limit, since, scheduler))
    _refuse(history and shown, "--history can be combined only with --json.")
    _refuse(force and fix is None, "--force needs --fix.")
    _refuse(_meet(html, badge, jsonld), "--html, --badge and --jsonld need different files.")
    if every or query is not None:
        assess_many(
            query or "",
            limit=limit,
            workers=workers,
            scheduler=scheduler,
            offline=offline,
            since=since,
            json=json,
        )
    elif pid is None:
        raise typer.BadParameter("Give an identifier, --all or --query.")
    elif _is_here(pid):
        raise _local(pid)
    elif history:
        print_history(pid, json=json)
    else:
        evidence, report = _examined(pid, offline=offline, json=json, brief=brief, compare=compare)
        if html or badge or jsonld:
            _write_files(evidence, report, html, badge, jsonld)
        _fix(evidence, report, fix, force=force)
        _require(report, min_score)


def _check_choice(every: bool, query: str | None, *, single: bool, many: bool) -> None:
    """Raise BadParameter if options for one object and for many are mixed."""
    if every or query is not None:
        _refuse(single, f"--all and --query can be combined only with {_WITH_MANY}.")
        _refuse(every and query is not None, "--all and --query exclude each other.")
        _refuse(query is not None and not query.strip(), "--query needs words; use --all for all entries.")
    else:
        _refuse(many, "--limit, --since and --scheduler need --all or --query.")


def _is_here(pid: str) -> bool:
    """Tell whether a text names a file or folder on this machine, and is no DOI, address or prefixed id."""
    return ":" not in pid and not pid.startswith("10.") and os.path.lexists(pid)


def _local(pid: str) -> "UsageError":
    from fairreg.errors import UsageError

    what = "a folder" if Path(pid).is_dir() else "a file"
    return UsageError(
        f"{pid} is {what} here; assess reads published records, inspect describes a local file.",
        hint="For a published object of this name give its address, or an id such as huggingface:org/name.",
    )


def _refuse(nonsense: bool, sentence: str) -> None:
    if nonsense:
        raise typer.BadParameter(sentence)


def _given(*options: object) -> bool:
    return any(option is not None and option is not False for option in options)


def _meet(*files: Path | None) -> bool:
    given = [file.resolve() for file in files if file is not None]
    return len(set(given)) < len(given)


def _examined(
    pid: str, *, offline: bool, json: bool, brief: bool, compare: bool
) -> "tuple[Evidence, AssessmentReport]":
    """Assess and print."""
    from fairreg.cli.assess.batch import print_tool_comparison
    from fairreg.cli.output import downloading, log, print_versioned
    from fairreg.errors import Unreachable
    from fairreg.services.assess.assess import examine

    with downloading() as progress, ready() as (chosen, registry):
        try:
            evidence, report = examine(
                chosen, pid, offline=offline, log=log, progress=progress, registry=registry
            )
        except Unreachable as error:
            if registry.listing.entries_for(pid):  # else nothing of it is stored
                known = "--offline scores what is stored of it, without the network."
                error.hint = f"{error.hint} {known}" if error.hint else known
            raise
    if json:
        print_versioned("assess", report.to_json())
        return evidence, report
    from fairreg.cli.assess.scorecard import print_comparison, print_report

    print_report(report, brief=brief)
    print_tool_comparison(report)
    if compare:
        print_comparison(report)
    return evidence, report


def _fix(evidence: "Evidence", report: "AssessmentReport", folder: Path | None, *, force: bool) -> None:
    if folder is None:
        return
    from fairreg.cli.assess.scorecard import fixed_lines
    from fairreg.cli.output import log
    from fairreg.services.assess.outputs import fix

    if report.notice:
        log("No file is drafted, because the record of the author was not read.")
        return
    for line in fixed_lines(fix(evidence, report, folder, force=force)):
        log(line)


def _require(report: "AssessmentReport", least: float | None) -> None:
    from fairreg.assessment.priorities import advice
    from fairreg.assessment.report import lies, why_no_overall
    from fairreg.errors import BelowThreshold
    from fairreg.rubrics import reaches

    if least is None:
        return
    if report.overall is None:
        raise BelowThreshold(
            f"There is no overall score to compare with {least:g}: {why_no_overall(report)}. {lies(report)}",
            hint=advice(report) or None,
        )
    if not reaches(report.overall, least):
        raise BelowThreshold(f"The overall score is {report.overall:.4f}, below {least:g}.")


def _write_files(
    evidence: "Evidence",
    report: "AssessmentReport",
    html: Path | None,
    badge: Path | None,
    jsonld: Path | None,
) -> None:
    from fairreg.cli.output import log
    from fairreg.services.assess.outputs import write_badge, write_html, write_jsonld

    if html is not None:
        write_html(report, html, name=evidence.record.name)
    if badge is not None:
        write_badge(report, badge)
    if jsonld is not None:
        write_jsonld(report, jsonld)
    for file in (html, badge, jsonld):
        if file is not None:
            log(f"wrote {file}")
