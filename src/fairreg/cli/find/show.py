# SPDX-License-Identifier: MIT
"""``show``: one record in any of its views."""

from enum import StrEnum
from typing import Annotated

import typer

from fairreg.cli.options import Pid, ready

__all__ = ["Format", "register"]


class Format(StrEnum):
    """Views of a record."""

    TEXT = "text"
    JSON = "json"
    JSONLD = "jsonld"
    TURTLE = "turtle"
    BIBTEX = "bibtex"


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(epilog="Example: fairreg show 10.5281/zenodo.7305227 --format turtle")(show)


def show(
    pid: Pid,
    format: Annotated[Format, typer.Option("--format", "-f", help="Which view.")] = Format.TEXT,
) -> None:
    """Show one record: from the registry, else from its source."""
    from fairreg.cli.output import print_json, print_utf8, talk
    from fairreg.schemas.identifiers import RequestedIdentifier
    from fairreg.services.fetch.show import explain
    from fairreg.services.fetch.show import show as find

    requested = RequestedIdentifier(pid)
    with ready() as (chosen, registry):
        record = find(chosen, requested, registry=registry, talk=talk)
        known = explain(chosen, requested, registry=registry) if format is Format.TEXT else None
    if format is Format.JSON:
        print_json(record.to_json())
    elif format is Format.JSONLD:
        print_json(record.to_jsonld())
    elif format is Format.TURTLE:
        from fairreg.schemas.jsonld import to_turtle

        print_utf8(to_turtle(record))
    elif format is Format.BIBTEX:
        from fairreg.formats.bibtex import to_bibtex

        print_utf8(to_bibtex(record))
    else:
        from fairreg.cli.cards import lineage_card, record_card

        record_card(record)
        if known is not None:
            lineage_card(known)
