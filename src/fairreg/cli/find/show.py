# SPDX-License-Identifier: MIT
"""``show``: one record in any of its formats."""

from typing import Annotated, Any

import typer
from typer.core import TyperCommand

from fairreg.cli.options import CommandGroup, Pid, ready

__all__ = ["register"]

_TEXT = "text"


class _Command(TyperCommand):
    """Command that lists the formats only in its help, because finding those of plugins is slow."""

    def format_options(self, ctx: Any, formatter: Any) -> None:
        for param in self.params:
            if param.name == "format":
                param.metavar = f"<{'|'.join(_views())}>"
        super().format_options(ctx, formatter)


def _views() -> list[str]:
    from fairreg import formats

    return [_TEXT, *formats.names()]


def _view(name: str) -> str:
    if name != _TEXT and name not in _views():
        raise typer.BadParameter(f"{name!r} is not one of {', '.join(_views())}.")
    return name


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(
        rich_help_panel=CommandGroup.FIND,
        cls=_Command,
        epilog="Example: fairreg show 10.5281/zenodo.7305227 --format turtle",
    )(show)


def show(
    pid: Pid,
    format: Annotated[
        str,
        typer.Option(
            "--format",
            "-f",
            help="Output format: text for people, or one for other tools.",
            parser=_view,
            metavar="FORMAT",
            autocompletion=_views,
        ),
    ] = _TEXT,
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

    requested = RequestedIdentifier(pid)
    with ready() as (chosen, registry):
        record = find(chosen, requested, registry=registry, log=log)
        known = explain(chosen, requested, registry=registry) if format == _TEXT else None
    if format != _TEXT:
        from fairreg import formats

        view = formats.get(format)
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
