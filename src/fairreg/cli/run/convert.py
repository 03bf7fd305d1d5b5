# SPDX-License-Identifier: MIT
"""``convert``: a model in the form that another program takes."""

from collections.abc import Iterable, Sequence
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from fairreg.cli.options import CommandGroup, FileOfRecord, Json, propose_identifiers, settings
from fairreg.errors import UsageError

if TYPE_CHECKING:
    from fairreg.services.convert.onnx import OnnxConversion
    from fairreg.services.convert.triton import TritonConversion

__all__ = ["register"]


class ConversionTarget(StrEnum):
    """Choice of the form to convert to."""

    ONNX = "onnx"
    TRITON = "triton"


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(
        rich_help_panel=CommandGroup.GET,
        epilog="Example: fairreg convert model.ubj --to onnx --output model.onnx",
    )(convert)


def convert(
    model: Annotated[
        str,
        typer.Argument(
            autocompletion=propose_identifiers,
            metavar="PID|FILE",
            help="An identifier or a model file.",
            show_default=False,
        ),
    ],
    to: Annotated[
        ConversionTarget,
        typer.Option("--to", help="Format to convert to.", show_default=False),
    ],
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            metavar="PATH",
            help="The ONNX file, or the folder of Triton's model repository.",
            show_default="NAME.onnx here",
        ),
    ] = None,
    name: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="Name of the model in Triton.", show_default="from the file"),
    ] = None,
    file: FileOfRecord = None,
    json: Json = False,
) -> None:
    """Convert a model to ONNX, or to a model repository of Triton Inference Server.

    The written model is loaded before it is moved into place. Its outputs are compared with those of its
    source where an engine for it is installed; the report says with what, on which inputs and how closely
    they agree, or that they were not compared. A Triton folder gets NAME/config.pbtxt and NAME/1/model.onnx.
    """
    if to is ConversionTarget.ONNX:
        if name is not None:
            raise UsageError("--name is for Triton.", hint="Name the ONNX file with --output.")
        _to_onnx(model, output, file or (), json=json)
        return
    if output is None:
        raise UsageError("--to triton needs a folder.", hint="Name it with --output FOLDER.")
    _to_triton(model, output, name, file or (), json=json)


def _to_onnx(model: str, output: Path | None, patterns: Sequence[str], *, json: bool) -> None:
    from fairreg.cli.output import downloading, log, print_versioned
    from fairreg.services.convert.onnx import convert as write

    with downloading() as received:
        done = write(settings(), model, output, patterns=patterns, log=log, progress=received)
    _warn(done.warnings)
    if json:
        print_versioned("convert-onnx", done.to_json())
    else:
        _print_onnx(done)
    if done.existing:
        log(f"{done.output} was there already, with the same content.")


def _to_triton(model: str, output: Path, name: str | None, patterns: Sequence[str], *, json: bool) -> None:
    from fairreg.cli.output import downloading, log, print_versioned
    from fairreg.services.convert.triton import convert as write

    with downloading() as received:
        done = write(settings(), model, output, name=name, patterns=patterns, log=log, progress=received)
    _warn(done.warnings)
    if json:
        print_versioned("convert-triton", done.to_json())
    else:
        _print_triton(done)
    if done.existing:
        log(f"{done.folder} was there already, with the same files.")


def _warn(warnings: Iterable[str]) -> None:
    from fairreg.cli.output import log

    for warning in warnings:
        log(f"Warning: {warning}")


def _print_onnx(done: "OnnxConversion") -> None:
    from fairreg.cli.cards import size_text
    from fairreg.cli.output import console

    show = console().print
    show(f"{done.chosen.path.name} ({done.original}) as {done.output}", soft_wrap=True, markup=False)
    show(f"  {size_text(done.size)}, sha256:{done.sha256}", soft_wrap=True)
    show(f"  operator set {done.opset}")
    if done.compared_with is None:
        show(f"  {done.reason}", soft_wrap=True, markup=False)
    for item in done.agreement:
        if item.max_difference is None:
            show(f"  not compared on {item.inputs}: {item.reason}", soft_wrap=True, markup=False)
        else:
            figure = f"{item.max_difference:.1e}"
            show(f"  largest difference to {done.compared_with}: {figure} on {item.inputs}", markup=False)


def _print_triton(done: "TritonConversion") -> None:
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
