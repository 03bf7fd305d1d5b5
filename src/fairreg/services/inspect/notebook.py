# SPDX-License-Identifier: MIT
"""Findings about model files as a notebook shows them."""

from collections.abc import Iterator, Sequence

from fairreg.schemas.notebook.markup import (
    Html,
    Row,
    card,
    details,
    element,
    facts,
    folded,
    html,
    joined,
    notes,
    size_text,
    table,
)
from fairreg.schemas.notebook.tensors import shape_text, signature
from fairreg.schemas.text import counted
from fairreg.services.inspect.inspect import FileInspection, InspectionReport
from fairreg.services.inspect.published import PublishedWeights

__all__ = ["inspection_view"]

_DETAILED = 40  # files with facts of their own
_FILE_COLUMNS = ("file", "size#", "format", "verdict|", "reason")
_PUBLISHED = ("record", "title", "evidence")


def inspection_view(report: InspectionReport) -> str:
    """Return the files with their verdicts, and behind a click what each of them holds."""
    chosen = [item for item in report.files if item.runs.verdict != "is not a model"]
    return card(
        report.requested,
        (report.record if report.record != report.requested else None, counted(len(report.files), "file")),
        notes(report.warnings),
        table(_FILE_COLUMNS, report.files, "files", row=_file, caption="Files"),
        joined(details(f"inside {item.name}", _inside(item)) for item in chosen[:_DETAILED]),
        html(f"{len(chosen) - _DETAILED:,} more models are not described here")
        if len(chosen) > _DETAILED
        else "",
    )


def _file(item: FileInspection) -> Sequence[object]:
    runs = item.runs
    reason = " ".join(filter(None, (runs.reason, runs.hint)))
    return item.name, size_text(item.size), item.described.words, runs.verdict, reason


def _inside(item: FileInspection) -> Html:
    return joined(
        (
            facts(_facts(item)),
            signature(item.inputs, item.outputs),
            table(_PUBLISHED, item.published, "records", row=_published, caption="Published in"),
        )
    )


def _facts(item: FileInspection) -> Iterator[Row]:
    yield from dict(item.described.facts).items()
    yield "note", item.described.note
    if item.counts is not None:
        yield "tensors", f"{counted(item.counts.tensors, 'tensor')}, {item.counts.parameters:,} elements"
        shown = [f"{name} {dtype} {shape_text(shape)}" for name, shape, dtype in item.counts.first]
        yield "first tensors", folded(shown, "tensors")
    if item.architecture is not None:
        yield "architecture", item.architecture.title
        yield "assumptions", folded(tuple(item.architecture.assumptions), "assumptions")
    if item.onnx is not None:
        operators = [f"{name} {number}" for name, number in item.onnx.operators.items()]
        yield f"{item.onnx.nodes:,} nodes", folded(operators, "operators", separator=", ")
    for model in item.models:
        yield "fingerprint" + (f" of {model.name}" if model.name else ""), element("code", model.fingerprint)
    yield "side files", folded(item.side_files, "files", separator=", ")
    yield "SHA-256", element("code", item.sha256)
    yield "faults", folded([error.message for error in item.faults], "faults")


def _published(found: PublishedWeights) -> Sequence[object]:
    return found.identifier, found.title, found.evidence
