# SPDX-License-Identifier: MIT
"""``db``: the registry's database as a whole."""

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from fairreg.cli.options import (
    CommandGroup,
    CommandList,
    Commands,
    Json,
    confirmed,
    propose_identifiers,
    settings,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fairreg.registry import Registry, RemovedEntry
    from fairreg.services.registry.db import Info

__all__ = ["GROUP", "app"]

GROUP = CommandGroup.KEEP

app = Commands(
    cls=CommandList,
    no_args_is_help=True,
    help="Create, migrate, check and describe the registry's database.",
)


@app.command(epilog="Example: FAIRREG_HOME=/data/fairreg fairreg db init")
def init(json: Json = False) -> None:
    """Create the registry with the packaged catalogue, if needed."""
    from fairreg.services.registry import db

    _print(db.init(settings()), json=json)


@app.command(epilog="Example: fairreg db upgrade")
def upgrade(json: Json = False) -> None:
    """Migrate the registry to this release's schema, catalogue, rubrics and rule of fingerprints.

    Stored evidence of assessments is scored again; assess --history shows both scores.
    """
    from fairreg.cli.output import log
    from fairreg.services.registry import db

    chosen = settings()
    _print(db.upgrade(chosen, log, afterwards=partial(_recompute, chosen.cache)), json=json)


def _recompute(cache: Path, registry: "Registry") -> None:
    """Compute scores and fingerprints of earlier rules again, and log how many."""
    from fairreg.cli.output import log
    from fairreg.services.fetch.recompute import recompute_fingerprints

    if registry.assessments.has_older():
        _rescore(registry)
    found = recompute_fingerprints(registry, cache)
    if found.records:
        log(f"Fingerprints of {found.records} records were computed again, by the rule of this release.")
    if found.not_cached:
        log(f"Fingerprints of {found.not_cached} records keep an earlier rule: their files are not cached.")


def _rescore(registry: "Registry") -> None:
    """Score stored evidence again, and log how many."""
    from fairreg.cli.output import counting, log
    from fairreg.schemas.text import counted
    from fairreg.services.assess.rescore import rescore

    with counting("scoring") as progress:
        scores = rescore(registry, progress)
    if scores.scored:
        log(f"{counted(scores.scored, 'assessment')} scored again by the rubric of this release.")
    if scores.unreadable:
        log(f"{counted(scores.unreadable, 'assessment')} not scored again: the evidence cannot be read.")


@app.command(epilog="Example: fairreg db info")
def info(json: Json = False) -> None:
    """Count the content of the registry."""
    from fairreg.services.registry import db

    _print(db.info(settings()), json=json)


@app.command(epilog="Example: fairreg db check")
def check(json: Json = False) -> None:
    """Check the integrity of the registry; exit with code 1 on faults."""
    from dataclasses import asdict

    from fairreg.cli.output import console, print_versioned
    from fairreg.services.registry.integrity import check as look

    report = look(settings())
    if json:
        print_versioned("db-check", asdict(report) | {"sound": report.sound})
    else:
        verdict = "sound" if report.sound else f"{len(report.problems)} problems"
        console().print(
            f"{report.place}: {report.entries} entries, {report.statements} statements, {verdict}"
        )
        for problem in (*report.problems, *report.unchecked):
            console().print(f"  {problem}")
    if not report.sound:
        raise typer.Exit(1)


@app.command(epilog="Example: fairreg db reindex")
def reindex(json: Json = False) -> None:
    """Write anew all that is derived from the stored records, where db check says that it differs.

    Records, assessments and manual links stay as they are, also those that are damaged.
    """
    from fairreg.services.registry import db

    _print(db.reindex(settings()), json=json)


@app.command(epilog="Example: fairreg db forget 10.5281/zenodo.7305227 --dry-run")
def forget(
    pid: Annotated[
        list[str],
        typer.Argument(
            autocompletion=propose_identifiers,
            metavar="PID...",
            help="Own identifiers of the records, in any spelling.",
            show_default=False,
        ),
    ],
    undo: Annotated[
        bool, typer.Option("--undo", help="Let harvests store the records again that were removed.")
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would be removed, and remove nothing.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask for confirmation.")] = False,
    json: Json = False,
) -> None:
    """Remove records for good, also from later harvests and imports.

    Their statements, assessments and manual links go, too. `fairreg add` of a record stores it again.
    """
    from fairreg.errors import UsageError
    from fairreg.services.registry.db import open_registry

    if undo and dry_run:
        raise UsageError("--dry-run says what would be removed; --undo removes nothing.", hint="Give one.")
    with open_registry(settings()) as registry:
        if undo:
            _print_readmitted([name for item in pid for name in registry.removals.undo(item)], json=json)
        else:
            _forget(registry, pid, dry_run=dry_run, yes=yes, json=json)


def _forget(registry: "Registry", pids: list[str], *, dry_run: bool, yes: bool, json: bool) -> None:
    import sys

    from fairreg.cli.output import log
    from fairreg.errors import RegistryError, UsageError
    from fairreg.schemas.text import counted

    found = registry.forget(pids, dry_run=True)
    if dry_run:
        _print_removed(found, dry_run=True, json=json)
        return
    if not yes and (json or not sys.stdin.isatty()):
        raise UsageError("Cannot ask for confirmation: standard input is not a terminal.", hint="Add --yes.")
    if not yes and found:
        for item in found:
            log(f"{item.identifier}: {item.name}")
        question = f"Remove {counted(len(found), 'record')} for good?"
        if not confirmed(question, interrupted="Interrupted. Nothing was removed."):
            raise typer.Abort
    # By the names that were shown: whatever else is stored meanwhile, nothing else is removed.
    removed = registry.forget([item.identifier for item in found])
    reason = registry.removals.erase()
    _print_removed(removed, dry_run=False, json=json)
    if reason is not None:
        raise RegistryError(
            f"The records are removed, but their text may still be in the registry's file: {reason}",
            hint="Repeat the command when nobody else uses the registry.",
        )


def _print_removed(removed: "Sequence[RemovedEntry]", *, dry_run: bool, json: bool) -> None:
    from dataclasses import asdict

    from fairreg.cli.output import console, log, print_versioned

    if json:
        print_versioned("db-forget", {"dry_run": dry_run, "removed": [asdict(item) for item in removed]})
        return
    verb = "would be removed" if dry_run else "removed"
    for item in removed:
        console().print(
            f"{item.identifier}: {verb} (statements: {item.statements}, assessments: {item.assessments}, "
            f"manual links: {item.links})",
            markup=False,
        )
    if not removed:
        log("Nothing is removed: all of them were removed before.")
    elif not dry_run:
        log("Downloaded files stay: fairreg cache ls lists them, fairreg cache rm removes those of a record.")


_AGAIN = "the next harvest or fetch may store it again; what the packaged catalogue has of it, any command"


def _print_readmitted(names: list[str], *, json: bool) -> None:
    from fairreg.cli.output import console, print_versioned

    if json:
        print_versioned("db-forget-undo", {"readmitted": names})
        return
    for name in names:
        console().print(f"{name}: {_AGAIN}", markup=False, soft_wrap=True)


@app.command(epilog="Example: fairreg db forgotten")
def forgotten(json: Json = False) -> None:
    """List the records that were removed for good."""
    from dataclasses import asdict

    from fairreg.cli.output import console, log, print_versioned
    from fairreg.services.registry.db import open_registry

    with open_registry(settings()) as registry:
        found = registry.removals.records()
    if json:
        print_versioned("db-forgotten", [asdict(item) for item in found])
        return
    for item in found:
        console().print(f"{item.identifier} {item.forgotten_at}: {', '.join(item.marks)}", markup=False)
    if not found:
        log("No record was removed for good.")


def _print(found: "Info", *, json: bool) -> None:
    from dataclasses import asdict

    from fairreg.cli.output import console, print_versioned

    if json:
        print_versioned("db-info", asdict(found))
        return
    out = console()
    out.print(f"{found.place} (schema {found.revision})", soft_wrap=True)
    out.print(f"  {found.entries} entries, {found.runnable} runnable, {found.gone} gone")
    for name, count in found.sources.items():
        out.print(f"  {count} from {name}")
