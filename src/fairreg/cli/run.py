# SPDX-License-Identifier: MIT
"""``run``: a model on the user's own input."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from fairreg.cli.options import Json, settings

if TYPE_CHECKING:
    from fairreg.services.predict import Prediction

__all__ = ["register"]


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(epilog="Example: fairreg run model.onnx --input events.npz --output scores.npz")(run)


def run(
    model: Annotated[
        str, typer.Argument(metavar="PID|FILE", help="An identifier, or a model file.", show_default=False)
    ],
    input: Annotated[
        Path,
        typer.Option("--input", help="Arrays by input name (.npz); for jets also .h5 or .root."),
    ],
    output: Annotated[
        Path | None, typer.Option("--output", help="Keep the outputs in this .npz or .npy file.")
    ] = None,
    runtime: Annotated[str | None, typer.Option(help="Engine: onnx (default) or torch.")] = None,
    file: Annotated[
        list[str] | None, typer.Option(help="Of an identifier's files only those that match.")
    ] = None,
    json: Json = False,
) -> None:
    """Run a model on a file of inputs; its own signature is checked against them."""
    from fairreg.cli.output import counting, downloading, print_json, talk
    from fairreg.services.predict import open_model, predict
    from fairreg.services.run import check_runtime

    if runtime:
        check_runtime(runtime)
    with downloading() as received:
        opened = open_model(
            settings(), model, runtime=runtime, patterns=file or (), talk=talk, progress=received
        )
    with counting("Running") as progress:
        prediction = predict(opened, input, output=output, progress=progress)
    for warning in prediction.warnings:
        talk(f"Warning: {warning}")
    if json:
        print_json(prediction.to_json())
        return
    _print(prediction)
    if output is not None:
        talk(f"The outputs are in {output}.")


def _print(prediction: "Prediction") -> None:
    from fairreg.cli.output import console

    out = console()
    rate = prediction.items / prediction.seconds if prediction.seconds else float("inf")
    out.print(f"{prediction.model} on {prediction.runner.name} ({prediction.runner.device})", markup=False)
    out.print(f"  {prediction.items} items of {prediction.source}, {rate:.0f} a second", markup=False)
    for name, array in prediction.outputs.items():
        shape = ", ".join(map(str, array.shape))
        spread = (
            f", {array.min():.4g} to {array.max():.4g}" if array.size and array.dtype.kind in "fiu" else ""
        )
        out.print(f"  {name}: {array.dtype} ({shape}){spread}", markup=False)
    for name, value in prediction.metrics.items():
        out.print(f"  {name}: {value:.4f}", markup=False)
