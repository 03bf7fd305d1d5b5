# SPDX-License-Identifier: MIT
"""``cite``: a record as a reference, with its training data and papers."""

from enum import StrEnum
from typing import Annotated

import typer

from fairreg.cli.options import CommandGroup, Pid, one_form, ready

__all__ = ["register"]


class CitationFormat(StrEnum):
    """Formats of citations, those of `fairreg.services.cite`."""

    TEXT = "text"
    BIBTEX = "bibtex"
    CSL = "csl"
    RIS = "ris"


# CSL is a JSON document; the others are texts.
_MEDIA_TYPES = {CitationFormat.CSL: "application/json"}


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(
        rich_help_panel=CommandGroup.FIND,
        epilog="Example: fairreg cite 10.5281/zenodo.7305227 --with-data --format bibtex",
    )(cite)


def cite(
    pid: Pid,
    with_data: Annotated[
        bool, typer.Option("--with-data", help="Cite the data that the model was trained on, too.")
    ] = False,
    with_paper: Annotated[
        bool, typer.Option("--with-paper", help="Cite the papers that describe it, too.")
    ] = False,
    format: Annotated[
        CitationFormat | None,
        typer.Option(
            "--format",
            "-f",
            help="Output format: text in the style of the APA, or one for other tools.",
            show_default=CitationFormat.TEXT,
        ),
    ] = None,
    json: Annotated[
        bool,
        typer.Option("--json", help="Print one JSON document and nothing else; the same as --format csl."),
    ] = False,
) -> None:
    """Cite one record, from the registry or else from its source.

    The citation names the DOI of this version.
    """
    from fairreg.cli.output import log, print_document
    from fairreg.schemas.identifiers import RequestedIdentifier
    from fairreg.services.cite import cite as service
    from fairreg.services.fetch.show import show

    asked = CitationFormat(one_form(format, CitationFormat.CSL, json=json, usual=CitationFormat.TEXT))
    requested = RequestedIdentifier(pid)
    with ready() as (chosen, registry):
        record = show(chosen, requested, registry=registry, log=log)
        text = service(record, format=asked, with_data=with_data, with_paper=with_paper, registry=registry)
    print_document(text, media_type=_MEDIA_TYPES.get(asked, "text/plain"))
