# SPDX-License-Identifier: MIT
"""Output of ``assess`` beside one scorecard: fairreg's additions, the history, the summary of many."""

from itertools import pairwise
from typing import TYPE_CHECKING, Any

import typer

from fairreg.cli.assess.figures import percent
from fairreg.cli.options import ready

if TYPE_CHECKING:
    from fairreg.registry import Assessment, Registry
    from fairreg.services.assess.assess import AssessmentReport
    from fairreg.services.assess.batch import BatchReport
    from fairreg.services.assess.batch_report import Mean, Means

__all__ = ["assess_many", "print_history", "print_tool_comparison"]

# Columns of a terminal from which the history names the evidence, too; --json always does.
_WITH_DIGESTS = 100
_SHOWN = 8  # verdicts that changed


def print_tool_comparison(report: "AssessmentReport") -> None:
    """Print the scores that include the additions of fairreg's catalogue."""
    from fairreg.cli.output import console

    out = console()
    out.print(f"evidence {report.evidence_digest}", style="dim")
    beside = report.with_fairreg
    if beside is None:
        return
    letters = "   ".join(f"{letter} {percent(score)}" for letter, score in beside.letters.items())
    out.print(f"with fairreg: {letters}   overall {percent(beside.overall)}", style="bold")
    out.print(f"  fairreg's catalogue adds {', '.join(beside.added)}; the scores above are the author's.")
    for item in beside.changed:
        out.print(f"  {item.id}: {item.published} -> {item.with_fairreg}")


def print_history(pid: str, *, json: bool) -> None:
    """Print the assessments of an object, newest first."""
    from fairreg.cli.output import print_versioned
    from fairreg.services.assess.assess import changed_verdicts, history

    with ready() as (chosen, registry):
        found = history(chosen, pid, registry=registry)
        if not found and not json:
            _explain_no_history(registry, pid)
        pairs = () if json else pairwise(found)
        changes = [(newer, changed_verdicts(registry, newer, older)) for newer, older in pairs]
    if json:
        print_versioned("assess-history", [_plain(item) for item in found])
    elif found:
        _history_table(found)
        _print_changes(changes)


def _explain_no_history(registry: "Registry", pid: str) -> None:
    from fairreg.cli.output import log
    from fairreg.services.registry.removal import removal_note

    log(removal_note(registry, pid) or f"{pid} has not been assessed yet. Run: fairreg assess {pid}")


def _plain(item: "Assessment") -> dict[str, Any]:
    return {
        "id": item.identifier,
        "rubric": item.rubric,
        "rubric_version": item.rubric_version,
        "assessed_at": item.assessed_at,
        "judged_at": item.judged_at,
        "offline": item.offline,
        "overall": item.overall,
        "coverage": item.coverage,
        "letters": dict(item.letters),
        "evidence_digest": f"sha256:{item.evidence_sha256}",
    }


def _history_table(found: "tuple[Assessment, ...]") -> None:
    from fairreg.assessment.report import coverage_text
    from fairreg.cli.layout.lines import line_width
    from fairreg.cli.layout.tables import print_table

    digests = line_width() >= _WITH_DIGESTS
    titles = ("Assessed (UTC)", "Rubric", "", "Overall", "Change", "F", "A", "I", "R", "Coverage")
    rows = []
    for item, before in zip(found, (*found[1:], None), strict=True):
        letters = (percent(item.letters.get(letter)) for letter in "FAIR")
        when = item.assessed_at[:19].replace("T", " ") + (" (offline)" if item.offline else "")
        scores = (percent(item.overall), _change(item, before), *letters, coverage_text(item.coverage))
        evidence = (item.evidence_sha256[:12],) if digests else ()
        rows.append((when, item.rubric, item.rubric_version, *scores, *evidence))
    print_table((*titles, "Evidence") if digests else titles, rows, narrow=titles[0])


def _print_changes(changes: "list[tuple[Assessment, tuple[tuple[str, str, str], ...]]]") -> None:
    """Print which verdicts changed, newest assessment first."""
    from fairreg.cli.output import console

    for item, changed in changes:
        if changed:
            shown = ", ".join(f"{number} {before} -> {after}" for number, before, after in changed[:_SHOWN])
            more = f" and {len(changed) - _SHOWN} more" if len(changed) > _SHOWN else ""
            console().print(f"{item.assessed_at} changed: {shown}{more}", soft_wrap=True)


def _change(item: "Assessment", before: "Assessment | None") -> str:
    if before is None or item.overall is None or before.overall is None:
        return ""
    if (item.rubric, item.rubric_version) != (before.rubric, before.rubric_version):
        return ""  # numbers by different rules are not compared
    return f"{100 * (item.overall - before.overall):+.1f}"


def assess_many(
    query: str,
    *,
    limit: int | None,
    workers: int | None,
    scheduler: str | None,
    offline: bool,
    since: str | None,
    json: bool,
) -> None:
    """Assess the results of a search (all entries for an empty one) and print a summary."""
    from fairreg.cli.output import counting, log, print_versioned
    from fairreg.services.assess.batch import assess_all

    with counting("assessing") as progress, ready() as (chosen, registry):
        report = assess_all(
            chosen,
            query=query,
            limit=limit,
            workers=workers,
            scheduler=scheduler,
            offline=offline,
            since=since,
            with_rows=json,
            progress=progress,
            log=log,
            registry=registry,
        )
    for failure in report.failures:
        log(f"Not assessed: {failure.id}: {failure.reason}")
    if json:
        print_versioned("assess-many", report.to_json())
    else:
        _summary(report)
    if report.failures:
        raise typer.Exit(1)


def _mean(mean: "Mean | None", records: int) -> str:
    """Format a mean, with the number of records behind it where that is not all."""
    if mean is None or not mean.count:
        return percent(None)
    return percent(mean.value) + (f" ({mean.count})" if mean.count < records else "")


def _summary(report: "BatchReport") -> None:
    from fairreg.assessment.report import coverage_text
    from fairreg.cli.layout.tables import print_table
    from fairreg.cli.output import console
    from fairreg.sources import CURATED

    out = console()
    out.print(
        f"{report.assessed} assessed in {report.seconds:.1f} s, {report.skipped} skipped, "
        f"{len(report.failures)} failed; {report.compared} with enough evidence for an overall score"
    )
    if report.unchanged:
        out.print(f"{report.unchanged} unchanged since they were assessed before, so not stored again")
    rows = []
    for (source, rubric), means in report.by_rubric().items():
        scores = [_mean(means.letters.get(letter), means.count) for letter in "FAIR"]
        covered = coverage_text(means.coverage.value or 0.0)
        overall = _mean(means.overall, means.count)
        rows.append((source, str(means.count), *scores, overall, covered, rubric))
    print_table(("Source", "Records", "F", "A", "I", "R", "Overall", "Coverage", "Rubric"), rows)
    if any(source == CURATED.name for source, _ in report.by_rubric()):
        out.print("catalogue: only fairreg's own entries were read, no records of the authors.")
    if any(_is_partly(means) for means in report.by_rubric().values()):
        out.print("In brackets: how many of the records have a number there.")
    _details(report)


def _is_partly(means: "Means") -> bool:
    """Tell whether a mean is over some of the records only."""
    return any(0 < mean.count < means.count for mean in (*means.letters.values(), means.overall))


def _details(report: "BatchReport") -> None:
    """Print the lowest scores, and the indicators that fail most often by their titles."""
    from fairreg.assessment.rubric import DATASETS, MODELS, indicators
    from fairreg.cli.output import console

    out = console()
    if lowest := report.lowest():
        out.print("Lowest overall scores:")
    for name, score in lowest:
        out.print(f"  {percent(score):>5}  {name}", markup=False, soft_wrap=True)
    titles = {(item.name, one.id): one.title for item in (MODELS, DATASETS) for one in indicators(item)}
    out.print("Most frequent failures:" if report.commonest() else "Most frequent failures: none")
    for rubric, number, count in report.commonest():
        out.print(f"  {count:>5}  {number:<6}  {titles[rubric, number]}", markup=False, soft_wrap=True)
