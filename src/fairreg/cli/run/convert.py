# SPDX-License-Identifier: MIT
"""``convert``: a model in the form that another program takes."""

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from fairreg.cli.options import FileOfRecord, Json, settings

if TYPE_CHECKING:
    from fairreg.services.convert.triton import TritonConversion

__all__ = ["register"]


class ConversionTarget(StrEnum):
    """Choice of the form to convert to."""

    TRITON = "triton"


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(epilog="Example: fairreg convert model.onnx --to triton --output models")(convert)


def convert(
    model: Annotated[
        str, typer.Argument(metavar="PID|FILE", help="An identifier or a model file.", show_default=False)
    ],
    to: Annotated[  # noqa: ARG001  there is one; the user names it
        ConversionTarget,
        typer.Option("--to", help="Format to convert to.", show_default=False),
    ],
    output: Annotated[
        Path,
        typer.Option(
            "--output", "-o", metavar="FOLDER", help="Folder of the model repository.", show_default=False
        ),
    ],
    name: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="Name of the model in Triton.", show_default="from the file"),
    ] = None,
    file: FileOfRecord = None,
    json: Json = False,
) -> None:
    """Convert a model to a model repository of Triton Inference Server.

    The folder gets NAME/config.pbtxt and NAME/1/model.onnx. The written model is loaded and its outputs are
    compared with those of its source before it is moved into place.
    """
    from fairreg.cli.output import downloading, log, print_json
    from fairreg.services.convert.triton import convert as write

    with downloading() as received:
        done = write(settings(), model, output, name=name, patterns=file or (), log=log, progress=received)
    for warning in done.warnings:
        log(f"Warning: {warning}")
    if json:
        print_json(done.to_json())
    else:
        _print(done)
    if done.existing:
        log(f"{done.folder} was there already, with the same files.")


def _print(done: "TritonConversion") -> None:
    from fairreg.cli.cards import size_text
    from fairreg.cli.output import console

    show = console().print
    show(f"{done.opened.title} as {done.config.name} in {done.folder}", soft_wrap=True)
    for item in done.files:
        show(f"  {item.path} ({size_text(item.size)}, sha256:{item.sha256})", soft_wrap=True)
    show(f"  max_batch_size {done.config.max_batch_size}")
    found = done.agreement
    if found.max_difference is not None:
        show(f"  largest difference to the source: {found.max_difference:.1e} on {found.inputs}")
