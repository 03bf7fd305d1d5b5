# SPDX-License-Identifier: MIT
"""Results of running a model on test vectors."""

from collections.abc import Mapping
from dataclasses import dataclass
from math import isfinite
from typing import Any

from fairreg.errors import ModelError
from fairreg.runners import weights
from fairreg.runners.batching import Batching
from fairreg.schemas.text import counted
from fairreg.services.run.loaded_model import LoadedModel
from fairreg.services.run.origin import weights_document
from fairreg.services.run.vectors.compare import OutputCheck

__all__ = ["SetCheck", "VectorCheck", "VectorRun"]


@dataclass(frozen=True)
class SetCheck:
    """Run on one set of vectors: `items` rows, and for each output its check.

    `checks` are empty where the outputs were not compared; `note` says why. `outputs` are names, types and
    shapes of what the model gave. `loose` are outputs that agree by a tolerance so wide that it says nothing.
    """

    layout: str
    files: tuple[str, ...]
    items: int
    outputs: tuple[Mapping[str, Any], ...]
    checks: tuple[OutputCheck, ...]
    note: str | None = None
    loose: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Plain JSON form."""
        return {
            "layout": self.layout,
            "files": list(self.files),
            "items": self.items,
            "outputs": [item.to_json() for item in self.checks],
            "note": self.note,
        }


@dataclass(frozen=True)
class VectorCheck:
    """Runs on all sets of vectors of a model."""

    sets: tuple[SetCheck, ...]
    seconds: float

    @property
    def items(self) -> int:
        """Number of vectors: rows of the inputs of all sets."""
        return sum(item.items for item in self.sets)

    @property
    def checks(self) -> tuple[OutputCheck, ...]:
        """The checks of all outputs of all sets."""
        return tuple(check for item in self.sets for check in item.checks)

    @property
    def worst(self) -> OutputCheck | None:
        """The output with the largest difference, outside its tolerance first; None without any."""
        return max(self.checks, key=lambda item: (not item.agrees, item.max_difference), default=None)

    @property
    def agrees(self) -> bool | None:
        """True if all compared outputs are within their tolerance; None where none was compared.

        None, too, where one of them has a tolerance that says nothing, and the others agree.
        """
        if not all(item.agrees for item in self.checks):
            return False
        return True if self.checks and not self.loose else None

    @property
    def loose(self) -> tuple[str, ...]:
        """The outputs whose tolerance says nothing."""
        return tuple(dict.fromkeys(name for item in self.sets for name in item.loose))

    @property
    def source(self) -> str:
        """The files of the vectors."""
        names = [name for item in self.sets for name in item.files]
        return ", ".join(names[:4]) + (f" and {len(names) - 4} more" if names[4:] else "")

    @property
    def verdict(self) -> str:
        """The result of the comparison, as a sentence."""
        worst = self.worst
        if worst is None:
            return "The model ran; its outputs were not compared."
        if worst.agrees and self.loose:
            why = f"the tolerance of {', '.join(map(repr, self.loose))} is too wide for that"
            return f"The model ran; its outputs were not compared: {why}."
        told = f"{_figure(worst.max_difference)} at most, tolerance {_allowed(worst)}"
        if worst.agrees:
            return f"The outputs are those of the authors: they differ by {told}."
        return f"The output {worst.name!r} is not that of the authors: it differs by {told}."

    @property
    def result(self) -> str:
        """The result of the comparison in a few words."""
        if self.agrees is None:
            return "the outputs were not compared"
        return f"the outputs are {'' if self.agrees else 'not '}those of the authors"

    @property
    def fault(self) -> ModelError | None:
        """The error for outputs outside their tolerance, None without any."""
        if self.agrees is not False:
            return None
        return ModelError(
            self.verdict,
            hint="The engine, its version or the vectors differ from the authors'; ask them which are right.",
        )

    def to_json(self) -> dict[str, Any]:
        """The entry ``vectors`` of the documents of runs."""
        worst = self.worst
        return {
            "items": self.items,
            "sets": [item.to_json() for item in self.sets],
            "max_difference": None if worst is None else worst.max_difference,
            "agrees": self.agrees,
        }


@dataclass(frozen=True)
class VectorRun:
    """Run of a model on the test vectors that are published beside it. `file` is its name in its record."""

    opened: LoadedModel
    file: str
    check: VectorCheck
    batching: Batching

    def __repr__(self) -> str:
        from fairreg.schemas.notebook.one_line import brief, represented

        return represented(self, f"{brief(self.opened.title)}:", self.check.result)

    def _repr_html_(self) -> str:
        """View of the run in a notebook."""
        from fairreg.services.run.notebook import vectors_view

        return vectors_view(self)

    @property
    def warnings(self) -> tuple[str, ...]:
        """Sentences about the model, and on vectors that were not compared."""
        notes = (item.note for item in self.check.sets)
        return (*self.opened.warnings, *dict.fromkeys(note for note in notes if note))

    def to_json(self) -> dict[str, Any]:
        """The document of a run, as ``fetch --run`` prints it."""
        opened, runner, check = self.opened, self.opened.runner, self.check
        digest = weights.content_digest(opened.path)
        return {
            "model": opened.title,
            "weights": weights_document(
                opened.origin, self.file, digest, opened.fingerprint, opened.parameters
            ),
            "runtime": runner.name,
            "engine": runner.engine,
            "converted_from": opened.converted_from,
            "device": runner.device,
            "input": {"source": check.source, "items": check.items},
            "batching": self.batching.to_json(*(item.items for item in check.sets)),
            "metrics": {},
            "timing": {
                "items_per_second": check.items / check.seconds if check.seconds else None,
                "batch_size": self.batching.size,
            },
            "warnings": list(self.warnings),
            "vectors": check.to_json(),
        }

    def to_run_json(self) -> dict[str, Any]:
        """The document that ``fairreg run`` prints without an input: each set is a file."""
        files: list[dict[str, Any]] = [
            {
                "source": ", ".join(item.files),
                "items": item.items,
                "metrics": {},
                "output": None,
                "sha256": None,
                "outputs": [dict(output) for output in item.outputs],
                "skipped": False,
            }
            for item in self.check.sets
        ]
        return {**self.to_json(), "files": files, "failures": []}


def _figure(value: float) -> str:
    return (
        f"{value:.2g}"
        if isfinite(value)
        else "more than a number tells (other shapes, texts or places of NaN)"
    )


def _allowed(check: OutputCheck) -> str:
    limit = check.tolerance
    parts = [f"{limit.absolute:.2g}"] if limit.absolute or not limit.relative else []
    parts += [f"{limit.relative:.2g} of the expected number"] if limit.relative else []
    own = "" if limit.stated else " (fairreg's own: none is published)"
    rare = f", but for {counted(limit.exempt, 'number')} per million" if limit.exempt else ""
    return f"{' + '.join(parts)}{rare}{own}"
