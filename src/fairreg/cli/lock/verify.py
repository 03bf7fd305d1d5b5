# SPDX-License-Identifier: MIT
"""``verify``: what has changed since models were locked."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from fairreg.cli.options import CommandGroup, Json, settings

if TYPE_CHECKING:
    from fairreg.services.lock.report import ModelVerification, VerificationReport

__all__ = ["register"]

_SIDES = ("the lock", "the record")


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(rich_help_panel=CommandGroup.GET, epilog="Example: fairreg verify fairreg.lock")(verify)


def verify(
    file: Annotated[
        Path, typer.Argument(metavar="[FILE]", help="Lock file, as fairreg lock writes it.")
    ] = Path("fairreg.lock"),
    json: Json = False,
) -> None:
    """Compare what is published today with a lock file: files, metadata and scores.

    What is not in the cache is downloaded. Exit code 3: other bytes, or other files; 1: a record or a file is
    not available any more; 4: a service could not be reached; 5: only metadata or scores have changed. The
    first of these that applies.
    """
    from fairreg.cli.output import downloading, log, print_versioned
    from fairreg.services.lock.verify import verify as check

    with downloading() as received:
        report = check(settings(), file, log=log, progress=received)
    if json:
        print_versioned("verify", report.to_json())
    else:
        _print(report)
    if report.fault is not None:
        raise report.fault


def _print(report: "VerificationReport") -> None:
    from fairreg.cli.output import console
    from fairreg.schemas.text import counted

    lock, models = report.lock, counted(len(report.models), "model")
    console().print(f"{report.path} of {lock.locked}, {models}, by fairreg {lock.fairreg}", soft_wrap=True)
    for model in report.models:
        _print_model(model, lock.fairreg)


def _print_model(model: "ModelVerification", made_by: str) -> None:
    from fairreg.cli.find.differences import (
        counted_statuses,
        field_lines,
        file_lines,
        print_lines,
        print_section,
        weights_lines,
    )
    from fairreg.cli.output import console
    from fairreg.schemas.text import counted, one_line

    verdict = "as locked" if not model.codes else "not as locked"
    if model.fault is not None:
        verdict = model.fault.message
    console().print(
        f"\n{one_line(model.name)} ({model.locked.identifier}): {verdict}", style="bold", soft_wrap=True
    )
    print_section("Files", counted_statuses((item.status for item in model.files), _SIDES), apart=False)
    print_lines(file_lines(model.files))
    if model.weights:
        print_section(
            "Weights", counted_statuses((item.status for item in model.weights), _SIDES), apart=False
        )
        print_lines(weights_lines(model.weights, _SIDES))
    if model.weights_facts or model.facts:
        print_section(
            "Facts", counted(len(model.weights_facts) + len(model.facts), "other fact"), apart=False
        )
        print_lines(field_lines((*model.weights_facts, *model.facts)))
    if model.metadata is not None:
        fields = counted(len(model.metadata), "field has changed", "fields have changed")
        print_section("Metadata", fields, apart=False)
        print_lines(field_lines(model.metadata))
    _print_scores(model)
    for note in model.notes(made_by):
        console().print(note, soft_wrap=True)


def _print_scores(model: "ModelVerification") -> None:
    from fairreg.cli.find.differences import print_lines, print_section, verdict_lines

    if model.scores is not None:
        print_section("Scores", ", ".join(_summary(model)), apart=False)
        print_lines(verdict_lines(model.scores.changed))


def _summary(model: "ModelVerification") -> Iterator[str]:
    from fairreg.cli.assess.figures import percent
    from fairreg.schemas.text import counted

    scores = model.scores
    if scores is None:
        return
    yield counted(len(scores.changed), "verdict has changed", "verdicts have changed")
    before, now = percent(scores.locked.overall), percent(scores.today.overall)
    yield f"overall {now}" if before == now else f"overall {before} -> {now}"
    if letters := [name for name in scores.figures if name != "overall"]:
        yield f"others in the lock: {', '.join(letters)}"
    if scores.newly_known:
        yield f"{counted(len(scores.newly_known), 'verdict')} known only now"
