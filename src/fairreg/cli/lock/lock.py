# SPDX-License-Identifier: MIT
"""``lock``: models pinned to bytes, metadata and scores in a file."""

from pathlib import Path
from typing import Annotated

import typer

from fairreg.cli.options import CommandGroup, Json, propose_identifiers, settings

__all__ = ["register"]


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(
        rich_help_panel=CommandGroup.GET,
        epilog="Example: fairreg lock 10.5281/zenodo.7305227 --output fairreg.lock",
    )(lock)


def lock(
    pids: Annotated[
        list[str],
        typer.Argument(
            autocompletion=propose_identifiers,
            metavar="PID...",
            help="Identifiers of the models to pin.",
            show_default=False,
        ),
    ],
    output: Annotated[
        Path, typer.Option("--output", "-o", metavar="FILE", help="Lock file; an earlier lock is replaced.")
    ] = Path("fairreg.lock"),
    json: Json = False,
) -> None:
    """Pin models to the bytes of their files, their metadata and their scores.

    Every file that a fetch of the record brings is downloaded and hashed, and the record is assessed. A DOI
    of all versions is pinned to its newest version. fairreg verify says later what has changed.
    """
    from shlex import quote

    from fairreg.cli.output import console, downloading, log, print_versioned
    from fairreg.schemas.text import counted
    from fairreg.services.lock.lock import lock as pin
    from fairreg.services.lock.lock_file import check_target, document_of, write_lock

    check_target(output)
    with downloading() as received:
        made = pin(settings(), pids, log=log, progress=received)
    write_lock(made, output)
    if json:
        document = document_of(made)
        del document["schema_version"]
        print_versioned("lock", document)
        return
    for model in made.models:
        named = f"{model.metadata.get('name', '')} ({model.identifier})".strip()
        facts = ", ".join(
            (
                counted(len(model.files), "file"),
                counted(len(model.metadata), "field"),
                counted(len(model.scores.verdicts), "verdict"),
            )
        )
        console().print(f"{named}: {facts}", soft_wrap=True)
    if output.is_file():  # and neither /dev/null nor a pipe
        log(f"Locked in {output}. Check it with: fairreg verify {quote(str(output))}")
