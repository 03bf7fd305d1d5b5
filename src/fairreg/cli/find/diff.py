# SPDX-License-Identifier: MIT
"""``diff``: two records or files compared."""

from typing import Annotated

import typer

from fairreg.cli.options import CommandGroup, Json, propose_identifiers, settings

__all__ = ["register"]

_SIDE = "A DOI or another identifier, a model file, or a file with a record (JSON, JSON-LD)."
First = Annotated[
    str,
    typer.Argument(autocompletion=propose_identifiers, metavar="PID|FILE", help=_SIDE, show_default=False),
]
Second = Annotated[
    str,
    typer.Argument(
        autocompletion=propose_identifiers,
        metavar="PID|FILE",
        help="The same, to compare with.",
        show_default=False,
    ),
]


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(
        rich_help_panel=CommandGroup.JUDGE, epilog="Example: fairreg diff 10.5281/zenodo.7305227 model.onnx"
    )(diff)


def diff(first: First, second: Second, json: Json = False) -> None:
    """Compare two models: metadata, files, weights and scores.

    The files of a record are fetched. Weights are the same, retrained (the same architecture with other
    numbers) or of another architecture. Scores are those of stored assessments. The exit code is 0 whether or
    not they differ.
    """
    from fairreg.cli.output import downloading, log, print_versioned
    from fairreg.services.diff.diff import diff as compare

    with downloading() as received:
        report = compare(settings(), first, second, log=log, progress=received)
    if json:
        print_versioned("diff", report.to_json())
        return
    from fairreg.cli.find.differences import print_diff

    print_diff(report)
