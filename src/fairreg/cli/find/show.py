# SPDX-License-Identifier: MIT
"""``show``: one record in any of its formats."""

from typing import Annotated

import typer

from fairreg.cli.options import Choices, CommandGroup, Pid, one_form, ready

__all__ = ["register"]

_TEXT, _JSON = "text", "json"


def _views() -> list[str]:
    from fairreg import formats

    return [_TEXT, *formats.names()]


_FORMATS = Choices(_views, closed=True)


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(
        rich_help_panel=CommandGroup.FIND,
        epilog="Example: fairreg show 10.5281/zenodo.7305227 --format turtle",
    )(show)


def show(
    pid: Pid,
    format: Annotated[
        str | None,
        typer.Option(
            "--format",
            "-f",
            help="Output format: text for people, or one for other tools.",
            parser=_FORMATS,
            metavar="FORMAT",
            autocompletion=_FORMATS.complete,
            show_default=_TEXT,
        ),
    ] = None,
    json: Annotated[
        bool,
        typer.Option("--json", help="Print one JSON document and nothing else; the same as --format json."),
    ] = False,
    every: Annotated[
        bool, typer.Option("--all", help="Show long lists whole: files, authors, fingerprints, relations.")
    ] = False,
) -> None:
    """Show one record, from the registry or else from its source.

    For people, long lists are folded and lines are as wide as the terminal.
    """
    from fairreg.cli.output import log, print_document
    from fairreg.schemas.identifiers import RequestedIdentifier
    from fairreg.services.fetch.show import explain
    from fairreg.services.fetch.show import show as find

    asked = one_form(format, _JSON, json=json, usual=_TEXT)
    requested = RequestedIdentifier(pid)
    with ready() as (chosen, registry):
        record = find(chosen, requested, registry=registry, log=log)
        known = explain(chosen, requested, registry=registry) if asked == _TEXT else None
    if asked != _TEXT:
        from fairreg import formats

        view = formats.get(asked)
        print_document(view.write(record), media_type=view.MEDIA_TYPES[0])
        return
    from fairreg.cli.cards import lineage_card, record_card

    advice = None
    if record.access is not None and record.access.level == "gated":
        from fairreg.services.fetch.files.access import access_advice

        advice = access_advice(record, chosen)
    record_card(record, advice, whole=every)
    if known is not None:
        lineage_card(known, whole=every)
