# SPDX-License-Identifier: MIT
"""``sources``: the sources, their state, and rejected payloads."""

from typing import TYPE_CHECKING, Annotated

import typer

from fairreg.cli.options import Json, ready

if TYPE_CHECKING:
    from fairreg.services.sources import RejectedPayloadRow, SourceState

__all__ = ["register"]


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(epilog="Example: fairreg sources --check")(sources)


def sources(
    check: Annotated[bool, typer.Option("--check", help="Check whether each source responds.")] = False,
    refused: Annotated[
        bool, typer.Option("--refused", help="List rejected payloads with the reason.")
    ] = False,
    json: Json = False,
) -> None:
    """List the sources with their state, records and limits."""
    from fairreg.cli.output import print_json
    from fairreg.services import sources as service

    if refused:
        with ready() as (chosen, registry):
            bad = service.rejected(chosen, registry=registry)
        print_json([item.to_json() for item in bad]) if json else _print_refused(bad)
        return
    with ready() as (chosen, registry):
        found = service.sources(chosen, check=check, registry=registry)
    print_json([item.to_json() for item in found]) if json else _print_sources(found)


def _print_sources(found: "list[SourceState]") -> None:
    from rich.table import Table

    from fairreg.cli.output import console

    table = Table(box=None, pad_edge=False, header_style="bold")
    for title in (
        "Source",
        "Enabled",
        "Live",
        "Last harvest",
        "Records",
        "Rejected",
        "Token",
        "State",
        "Limits",
    ):
        table.add_column(title, overflow="fold")
    words = {True: "yes", False: "no", None: "-"}
    for item in found:
        harvested, state = item.last_harvest or "never", item.state or "not checked (--check)"
        state = state if item.state or item.enabled else "not checked"
        counts = (str(item.records), str(item.refused))
        flags = (words[item.enabled], words[item.live])
        table.add_row(item.name, *flags, harvested, *counts, words[item.token], state, item.limits)
    console().print(table, markup=False)


def _print_refused(found: "list[RejectedPayloadRow]") -> None:
    from fairreg.cli.output import console, log

    for item in found:
        where = f" at {item.path}" if item.path else ""
        digest = (item.payload_sha256 or "")[:12]
        console().print(f"{item.source} {item.refused_at} {digest}{where}: {item.reason}", markup=False)
    if not found:
        log("There are no rejected payloads.")
