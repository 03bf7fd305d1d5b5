# SPDX-License-Identifier: MIT
"""Results of runs as a notebook shows them."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from math import isfinite
from pathlib import Path
from typing import Any

import numpy as np

from fairreg.errors import FairregError
from fairreg.runners import Runner
from fairreg.schemas.notebook.markup import Html, Row, card, element, facts, notes, table
from fairreg.schemas.notebook.one_line import named
from fairreg.schemas.notebook.tensors import shape_text
from fairreg.schemas.text import counted
from fairreg.services.run.batch import FileRun, ManyRuns
from fairreg.services.run.demonstrate import RunReport
from fairreg.services.run.origin import WeightsOrigin
from fairreg.services.run.predict import Array, Prediction
from fairreg.services.run.vectors.compare import OutputCheck
from fairreg.services.run.vectors.report import VectorCheck, VectorRun

__all__ = ["demonstration_view", "many_view", "outputs_text", "prediction_view", "vectors_view"]

_OUTPUTS = 3
_OUTPUT_COLUMNS = ("output", "type|", "shape|", "least#", "greatest#", "not finite#")


def outputs_text(outputs: Mapping[str, Array]) -> str:
    """Return the outputs on one line: ``probabilities float32 (100, 2)``."""
    shown = [
        f"{named(name)} {array.dtype} {shape_text(array.shape)}"
        for name, array in list(outputs.items())[:_OUTPUTS]
    ]
    return ", ".join(shown + [f"{len(outputs) - _OUTPUTS} more"] * (len(outputs) > _OUTPUTS)) or "nothing"


def prediction_view(made: Prediction) -> str:
    """Return the outputs of a run with their ranges, and what computed them."""
    return card(
        made.model,
        (*_place(made.runner), _speed(made.items, made.seconds)),
        notes(made.warnings),
        table(_OUTPUT_COLUMNS, list(made.outputs.items()), "outputs", row=_output),
        facts(
            (
                *_metrics(made.metrics),
                ("input", f"{counted(made.items, 'item')} of {made.source}"),
                ("weights", _weights(made.path.name, made.origin)),
                ("fingerprint", made.fingerprint and element("code", made.fingerprint)),
                ("computed", str(made.batching)),
                ("converted from", made.converted_from),
                ("written to", made.output and _path(made.output)),
            )
        ),
    )


def _place(runner: Runner) -> tuple[str, str]:
    return runner.engine or runner.name, runner.device


def _speed(items: int, seconds: float) -> str:
    return f"{items / seconds:,.0f} per second" if seconds else counted(items, "item")


def _path(path: Path) -> Html:
    return element("code", str(path))


def _weights(name: str, origin: WeightsOrigin) -> str:
    return f"{name} ({origin})"


def _output(one: tuple[str, Array]) -> Sequence[object]:
    name, array = one
    return name, str(array.dtype), shape_text(array.shape), *_range(array)


def _range(array: Array) -> Sequence[str]:
    """Return the least and the greatest finite number, and how many others there are."""
    if not array.size or array.dtype.kind not in "fiu":
        return "", "", ""
    finite = array[np.isfinite(array)]
    others = array.size - finite.size
    ends = (f"{finite.min():.4g}", f"{finite.max():.4g}") if finite.size else ("", "")
    return *ends, f"{others:,}" if others else ""


def _metrics(metrics: Mapping[str, float]) -> Iterator[Row]:
    for name, value in metrics.items():
        yield name.replace("_", " "), f"{value:.4f}"


def vectors_view(made: VectorRun) -> str:
    """Return what the comparison with the published outputs says, output by output."""
    return card(
        made.opened.title,
        (*_place(made.opened.runner), _speed(made.check.items, made.check.seconds)),
        notes(made.warnings),
        _check(made.check),
        facts((("weights", _weights(made.file, made.opened.origin)), ("computed", str(made.batching)))),
    )


def _check(check: VectorCheck) -> Html:
    rows = (("verdict", check.verdict), ("test vectors", f"{check.items:,} of {check.source}"))
    compared = table(("output", "agrees|", "largest difference#"), check.checks, "outputs", row=_compared)
    return element("div", facts(rows), compared)


def _compared(item: OutputCheck) -> Sequence[object]:
    agrees = "no" if not item.agrees else "yes" if item.measured else "not compared"
    difference = f"{item.max_difference:.2g}" if isfinite(item.max_difference) else "cannot be compared"
    return item.name, agrees, difference


def demonstration_view(made: RunReport) -> str:
    """Return the figures of a network on its packaged sample."""
    shown = made.demonstration
    rows: Iterable[Row] = (
        *_metrics(made.metrics),
        ("weights", _weights(made.file, made.origin)),
        ("fingerprint", element("code", made.recognition.fingerprint)),
        ("parameters", f"{made.recognition.parameter_count:,}"),
        ("input", f"{counted(shown.items, 'item')}: {shown.source}"),
    )
    speed = f"{shown.items_per_second:,.0f} per second"
    return card(
        made.recognition.title,
        (made.engine or made.runtime, made.device, speed),
        notes((*made.warnings, *shown.warnings)),
        "" if made.vectors is None else _check(made.vectors),
        facts(rows),
    )


def many_view(made: ManyRuns) -> str:
    """Return the runs by file, and the files that could not be run."""
    runner, failures = made.opened.runner, list(made.failures.items())
    files = [*made.files.values()]
    return card(
        made.opened.title,
        (*_place(runner), counted(len(files), "file"), _speed(made.computed, made.seconds)),
        notes(made.opened.warnings),
        table(("failed", "why"), failures, "files", row=_failure),
        table(("file", "items#", "figures", "written to", "remark|"), files, "files", row=_file),
    )


def _failure(one: tuple[Path, FairregError]) -> Sequence[object]:
    return str(one[0]), one[1].message


def _file(item: FileRun) -> Sequence[object]:
    figures: dict[str, Any] = {name: f"{value:.4f}" for name, value in item.metrics.items()}
    told = ", ".join(f"{name} {value}" for name, value in figures.items())
    skipped = "was there" if item.skipped else ""
    return str(item.source), f"{item.items:,}", told, item.output and _path(item.output), skipped
