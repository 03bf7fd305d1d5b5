# SPDX-License-Identifier: MIT
"""``inspect``: what a file is, whether it runs here, and where its weights are published."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from fairreg.cli.options import CommandGroup, FileOfRecord, Json, propose_identifiers, settings
from fairreg.errors import NoParameters

if TYPE_CHECKING:
    from fairreg.schemas.record import Tensor
    from fairreg.services.inspect.inspect import FileInspection

__all__ = ["register"]

_MOST_TENSORS = 20  # inputs or outputs that are printed
_MOST_FEATURES = 40  # of one of them; --json has all


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(rich_help_panel=CommandGroup.GET, epilog="Example: fairreg inspect model.pt")(inspect)


def inspect(
    model: Annotated[
        str,
        typer.Argument(
            autocompletion=propose_identifiers,
            metavar="PID|FILE",
            help="An identifier or a file.",
            show_default=False,
        ),
    ],
    file: FileOfRecord = None,
    sample: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE.npz", help="Write a sample input of the recognised network, to run or to fill in."
        ),
    ] = None,
    live: Annotated[
        bool, typer.Option("--live", help="Ask the registries in FAIRREG_PEERS for the same weights, too.")
    ] = False,
    json: Json = False,
) -> None:
    """Describe a model file, or each model file of a record.

    The format is recognised by content. Nothing in the file is executed. Records with the same weights are
    found by fingerprint in the registry.
    """
    from fairreg.cli.output import downloading, log, print_versioned
    from fairreg.schemas.text import counted
    from fairreg.services.inspect.inspect import inspect as look
    from fairreg.services.inspect.inspect import write_sample

    with downloading() as received:
        report = look(settings(), model, patterns=file or (), log=log, progress=received, live=live)
    for warning in report.warnings:
        log(f"Warning: {warning}")
    if json:
        print_versioned("inspect", report.to_json())
    else:
        for item in report.files:
            _print(item)
    if report.refusal is not None:
        raise report.refusal
    if sample is not None:
        log(f"{counted(write_sample(report, sample), 'item')} of the sample written to {sample}.")


def _print(item: "FileInspection") -> None:
    from fairreg.cli.output import console, visible

    show = console().print
    show(visible(f"{item.name}: {item.described.words}", kept=""), soft_wrap=True)
    for name, text in _lines(item):
        show(visible(f"  {name}: {text}", kept=""), soft_wrap=True)


def _lines(item: "FileInspection") -> Iterator[tuple[str, str]]:
    from fairreg.cli.cards import size_text

    said = item.described
    yield "size", f"{size_text(item.size)}, sha256:{item.sha256}"
    if said.framework:
        yield "made by", " ".join(filter(None, (said.framework, said.version)))
    for name, fact in said.facts.items():
        yield name, str(fact)
    if said.note:
        yield "note", said.note
    yield from _tensor_lines(item)
    yield from _graph_lines(item)
    if item.side_files:
        yield "side files", ", ".join(item.side_files)
    yield from _verdict_lines(item)


def _tensor_lines(item: "FileInspection") -> Iterator[tuple[str, str]]:
    counts = item.counts
    if counts is not None:
        types = ", ".join(f"{number} of {name}" for name, number in counts.types.items())
        yield "tensors", f"{counts.tensors} with {counts.parameters} elements ({types or 'none'})"
        for name, shape, dtype in counts.first:
            yield "  " + name, f"{dtype} ({', '.join(map(str, shape))})"
        if counts.tensors > len(counts.first):
            yield "  ...", f"{counts.tensors - len(counts.first)} more"
    known = item.architecture
    if known is not None:
        sizes = ", ".join(f"{name} {number}" for name, number in known.hyperparameters.items())
        yield "architecture", f"{known.title} ({sizes})"
        yield from (("assumption", text) for text in known.assumptions)
    elif counts is not None:
        yield "architecture", "not recognised"
    for model in item.models:
        place = f" ({model.name})" if model.name else ""
        yield "fingerprint" + place, model.fingerprint


def _graph_lines(item: "FileInspection") -> Iterator[tuple[str, str]]:
    graph = item.onnx
    if graph is not None:
        opsets = ", ".join(f"{name} {number}" for name, number in graph.opsets.items())
        yield "ONNX", f"opset {opsets or 'not stated'}"
        operators = ", ".join(f"{name} {number}" for name, number in graph.operators.items())
        yield "nodes", f"{graph.nodes} ({operators})"
    yield from _signature("input", item.inputs)
    yield from _signature("output", item.outputs)


def _signature(kind: str, tensors: "Iterable[Tensor]") -> Iterator[tuple[str, str]]:
    for number, tensor in enumerate(tensors):
        if number == _MOST_TENSORS:
            yield kind, "..."
            return
        shape = ", ".join(str(size) for size in tensor.shape)
        described = f": {tensor.description}" if tensor.description else ""
        yield kind, f"{tensor.name}: {tensor.dtype} ({shape}){described}"
        if tensor.features:
            names = [item.name + (f" [{item.unit}]" if item.unit else "") for item in tensor.features]
            more = len(names) - _MOST_FEATURES
            shown = ", ".join(names[:_MOST_FEATURES])
            yield "  in order", f"{shown} and {more} more" if more > 0 else shown


def _verdict_lines(item: "FileInspection") -> Iterator[tuple[str, str]]:
    for fault in item.faults:
        yield "no fingerprint" if isinstance(fault, NoParameters) else "fault", fault.message
    runs = item.runs
    opened = runs.opened
    if opened is not None:
        converted = f", converted from {opened.converted_from}" if opened.converted_from else ""
        yield "verdict", f"runs, on {opened.runner.name}{converted}, {opened.runner.batching}"
    else:
        yield "verdict", ": ".join(filter(None, (runs.verdict, runs.reason)))
        if runs.hint:
            yield "next step", runs.hint
    for found in item.published:
        title = f" ({found.title})" if found.title else ""
        yield "same weights", f"this file is {found.identifier}{title}. {found.evidence}"
        yield "to cite it", f"fairreg cite {found.identifier}"
    if item.models and not item.published:
        yield "same weights", "in no record of the registry"
