# SPDX-License-Identifier: MIT
"""``link`` and ``unlink``: manual decisions on which records are of one model."""

from typing import TYPE_CHECKING, Annotated

import typer

from fairreg.cli.options import CommandGroup, Json, Pid, propose_identifiers, ready

if TYPE_CHECKING:
    from fairreg.registry import LineageReport

__all__ = ["register"]

Other = Annotated[
    str,
    typer.Argument(
        autocompletion=propose_identifiers,
        metavar="OTHER",
        help="The other identifier, in any spelling.",
        show_default=False,
    ),
]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    example = "10.5281/zenodo.7305227 10.5281/zenodo.3891869"
    app.command(rich_help_panel=CommandGroup.KEEP, epilog=f"Example: fairreg link {example}")(link)
    app.command(rich_help_panel=CommandGroup.KEEP, epilog=f"Example: fairreg unlink {example}")(unlink)


def link(pid: Pid, other: Other, json: Json = False) -> None:
    """Mark two identifiers as the same model.

    The link survives later harvests. SOURCE:ID names the statement of one source (`fairreg show` lists them).
    """
    from fairreg.cli.output import print_versioned
    from fairreg.services.registry.links import link as join

    with ready() as (chosen, registry):
        report = join(chosen, pid, other, registry=registry)
    if json:
        print_versioned("link", _document(report))
    else:
        _print(report)


def unlink(pid: Pid, other: Other, json: Json = False) -> None:
    """Mark two identifiers as different models.

    The decision survives later harvests.
    """
    from fairreg.cli.output import print_versioned
    from fairreg.services.registry.links import unlink as part

    with ready() as (chosen, registry):
        reports = part(chosen, pid, other, registry=registry)
    if json:
        print_versioned("unlink", [_document(report) for report in reports])
        return
    for report in reports:
        _print(report)


def _document(report: "LineageReport") -> dict[str, object]:
    from dataclasses import asdict

    return {
        "id": report.entry.identifier,
        "entries": [entry.identifier for entry in report.entries],
        "sources": [asdict(source) for source in report.sources],
        "bonds": [
            {
                "how": evidence.how,
                "value": evidence.value,
                "between": [":".join(statement_key) for statement_key in evidence.statement_keys],
            }
            for evidence in report.links
        ],
    }


def _print(report: "LineageReport") -> None:
    from fairreg.cli.cards import lineage_card
    from fairreg.cli.output import console

    entry = report.entry
    console().print(f"{entry.record.name} ({entry.identifier}): {', '.join(entry.sources)}", markup=False)
    lineage_card(report)
