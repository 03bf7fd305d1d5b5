# SPDX-License-Identifier: MIT
"""``sources``: the sources, their state, the check of their answers, and rejected payloads."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from fairreg.cli.options import CommandGroup, Json, ready
from fairreg.errors import FairregError, Unreachable, UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fairreg.services.check.check import SourceCheck
    from fairreg.services.sources import RejectedPayloadRow, SourceState
    from fairreg.settings import Settings

__all__ = ["register"]


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(
        rich_help_panel=CommandGroup.FIND, epilog="Example: fairreg sources --check --record answers"
    )(sources)


def sources(
    check: Annotated[
        bool,
        typer.Option(
            "--check", help="Request one known record from each source and compare it with what is expected."
        ),
    ] = False,
    record: Annotated[
        Path | None,
        typer.Option(
            metavar="FOLDER",
            help="With --check: save the answers, without tokens and addresses of people, and a report.",
            show_default=False,
        ),
    ] = None,
    refused: Annotated[
        bool, typer.Option("--refused", help="List rejected payloads with the reason.")
    ] = False,
    json: Json = False,
) -> None:
    """List the sources with their state, records and limits.

    With --check the exit code is 1 if an answer changed, 4 if a source could not be reached.
    """
    from fairreg.cli.output import print_versioned
    from fairreg.services import sources as service

    if record is not None and not check:
        raise UsageError("--record saves what --check receives.", hint="Add --check.")
    if refused and check:
        raise UsageError(
            "--refused lists what was rejected; --check asks the sources.", hint="Give one of them."
        )
    if refused:
        with ready() as (chosen, registry):
            bad = service.rejected(chosen, registry=registry)
        print_versioned("sources-refused", [item.to_json() for item in bad]) if json else _print_refused(bad)
        return
    with ready() as (chosen, registry):
        found = service.sources(chosen, check=check, record=record, on_done=_say, registry=registry)
    checks = [item.check for item in found if item.check is not None]
    if json:
        print_versioned("sources", [item.to_json() for item in found])
    elif check:
        _print_checks(checks)
    else:
        _print_sources(found)
    if record is not None:
        _say_recorded(record)
    _raise_if_changed(checks, record, chosen)


def _say(check: "SourceCheck") -> None:
    from fairreg.cli.output import log
    from fairreg.schemas.text import counted

    if check.status != "not checked":
        log(f"{check.name}: {check.status} ({counted(check.answers, 'answer')}, {check.seconds:.1f} s)")


def _say_recorded(folder: Path) -> None:
    from fairreg.cli.output import log

    log(f"The report and the answers are in {folder}.")
    log("Look through them; docs/service-check.md says where to send them.")


def _raise_if_changed(checks: "Sequence[SourceCheck]", record: Path | None, chosen: "Settings") -> None:
    """Raise the error for changed answers, else for sources that were not reached."""
    changed = [item.name for item in checks if item.status == "changed"]
    silent = [item.name for item in checks if item.status == "unreachable"]
    if changed:
        hint = "docs/service-check.md says what it means" + (
            "." if record else ", and what to send us: repeat it with --record FOLDER."
        )
        raise FairregError(f"Not as expected: {', '.join(changed)}.", hint=hint)
    if silent:
        hint = chosen.online_hint if chosen.offline else "Check the connection and try again."
        raise Unreachable(f"Could not be reached: {', '.join(silent)}.", hint=hint)


def _print_checks(checks: "Sequence[SourceCheck]") -> None:
    from fairreg.cli.layout.tables import print_table

    rows = []
    for item in checks:
        lines = [difference.sentence for difference in item.differences]
        lines = [item.message] if item.message else lines
        rows.append((item.name, item.status, item.asked or "-", "\n".join(lines) or "-"))
    print_table(("Source", "Result", "Known record", "Differences"), rows)


def _print_sources(found: "list[SourceState]") -> None:
    from fairreg.cli.layout.tables import print_table

    words = {True: "yes", False: "no", None: "-"}
    titles = (
        "Source",
        "Enabled",
        "Live",
        "Token",
        "Records",
        "Rejected",
        "Last harvest",
        "Limits",
        "Metadata",
    )
    rows = [
        (
            *(item.name, words[item.enabled], words[item.live], words[item.token]),
            *(str(item.records), str(item.refused), item.last_harvest or "never"),
            *(item.limits, _terms(item)),
        )
        for item in found
    ]
    print_table(titles, rows)


def _terms(state: "SourceState") -> str:
    """Licence or terms of the metadata, with the page that states them or where to look."""
    terms = state.terms
    if terms is None:
        return "not stated"
    name = terms.license or ("terms" if terms.date else "not stated")
    return f"{name}: {terms.url}"


def _print_refused(found: "list[RejectedPayloadRow]") -> None:
    from fairreg.cli.output import console, log

    for item in found:
        where = f" at {item.path}" if item.path else ""
        digest = (item.payload_sha256 or "")[:12]
        console().print(f"{item.source} {item.refused_at} {digest}{where}: {item.reason}", markup=False)
    if not found:
        log("There are no rejected payloads.")
