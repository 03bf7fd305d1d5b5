# SPDX-License-Identifier: MIT
"""Running of a loaded model on test vectors."""

from collections.abc import Iterable, Mapping
from time import perf_counter
from typing import Any

from fairreg.errors import ModelError
from fairreg.runners import Runner
from fairreg.schemas.record import Tensor
from fairreg.services.run.loaded_model import LoadedModel
from fairreg.services.run.outputs import described
from fairreg.services.run.predict import count_items
from fairreg.services.run.vectors.base import (
    Array,
    NamedOrOrdered,
    Tolerance,
    VectorFiles,
    VectorSet,
    unusable,
)
from fairreg.services.run.vectors.compare import OutputCheck, check_output
from fairreg.services.run.vectors.report import SetCheck, VectorCheck, VectorRun

__all__ = ["check_vectors", "compared", "inputs_of", "run_loaded"]


def run_loaded(opened: LoadedModel, file: str, sets: Iterable[VectorFiles]) -> VectorRun:
    """Run a loaded model, called `file` in its record, on sets of vectors. Raises as `check_vectors`."""
    return VectorRun(opened, file, check_vectors(opened.runner, sets), opened.runner.batching)


def check_vectors(runner: Runner, sets: Iterable[VectorFiles]) -> VectorCheck:
    """Run a model on every set and compare the outputs with the published ones.

    Raises ModelError for vectors that cannot be read or do not fit the model, and the errors of its runner.
    """
    checked, seconds = [], 0.0
    for found in sets:
        given = found.read()
        inputs = inputs_of(runner, given, found)
        begun = perf_counter()
        outputs = _run(runner, inputs, found)
        seconds += perf_counter() - begun
        checks = compared(runner.outputs, given, outputs, found)
        shown = tuple(described(outputs))
        told = tuple(item for item in checks if item.measured or not item.agrees)
        note = given.note or _unmeasured(given, checks)
        loose = tuple(item.name for item in checks if item.agrees and item.loose)
        checked.append(SetCheck(found.layout, found.files, count_items(inputs), shown, told, note, loose))
    return VectorCheck(tuple(checked), seconds)


def _unmeasured(given: VectorSet, checks: tuple[OutputCheck, ...]) -> str | None:
    """Return a sentence on published outputs whose agreement would say nothing, None without any."""
    if given.outputs is not None and not checks:
        return "The published outputs are empty: the model ran, and its outputs are not compared."
    names = ", ".join(repr(item.name) for item in checks if item.agrees and not item.measured)
    why = "there are no numbers to compare, or the tolerance is as wide as they are apart"
    return f"The published outputs {names} are not compared: {why}." if names else None


def inputs_of(runner: Runner, given: VectorSet, found: VectorFiles) -> dict[str, Array]:
    """The inputs of a set by name. Raises ModelError where their number is not that of the model's inputs.

    Whole numbers in a text file stand for an input of floating-point numbers, too: JSON tells no types.
    """
    inputs = _by_name(given.inputs, runner.inputs, "input", found)
    kinds = {item.name: item.dtype for item in runner.inputs}
    is_text = any(name.endswith(".json") for name in found.files[:2])
    floats = {name for name, kind in kinds.items() if kind.startswith("float")} if is_text else set()
    return {
        name: array.astype(float) if name in floats and array.dtype.kind in "iu" else array
        for name, array in inputs.items()
    }


def _run(runner: Runner, inputs: Mapping[str, Array], found: VectorFiles) -> dict[str, Array]:
    try:
        return runner.run(inputs)
    except ModelError as error:
        message = f"The model does not run on the test vectors in {found.files[0]}: {error.message}"
        raise ModelError(message, hint=error.hint) from error


def compared(
    tensors: tuple[Tensor, ...], given: VectorSet, outputs: Mapping[str, Array], found: VectorFiles
) -> tuple[OutputCheck, ...]:
    """Compare outputs with those of a set, none where it has none. Raises ModelError for other names."""
    if given.outputs is None:
        return ()
    expected = _by_name(given.outputs, tensors, "output", found)
    if unknown := [name for name in expected if name not in outputs]:
        names = ", ".join(map(repr, outputs))
        raise unusable(found.files[0], f"they state an output {unknown[0]!r}, and the model gives {names}")
    limits = _tolerances(given.tolerances, list(expected))
    return tuple(check_output(name, expected[name], outputs[name], limits.get(name)) for name in expected)


def _tolerances(given: NamedOrOrdered, outputs: list[str]) -> dict[str, Tolerance]:
    """Tolerances by output; one alone holds for all."""
    if isinstance(given, Mapping):
        return dict(given)
    listed = given * len(outputs) if len(given) == 1 else given
    return dict(zip(outputs, listed, strict=False))


def _by_name(
    values: NamedOrOrdered, tensors: tuple[Tensor, ...], side: str, found: VectorFiles
) -> dict[str, Any]:
    """Values by the names of the model's inputs or outputs."""
    if isinstance(values, Mapping):
        return dict(values)
    if len(values) != len(tensors):
        names = ", ".join(repr(item.name) for item in tensors) or "none"
        what = f"they have {len(values)} {side}s without names, and the model has the {side}s {names}"
        raise unusable(found.files[0], what)
    return {item.name: value for item, value in zip(tensors, values, strict=True)}
