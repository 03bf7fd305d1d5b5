# SPDX-License-Identifier: MIT
"""Comparison of two runners of one model on the same inputs."""

from collections.abc import Mapping
from dataclasses import dataclass
from math import inf, prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fairreg import models
from fairreg.errors import ModelError
from fairreg.models.base import Recognition
from fairreg.runners import Runner
from fairreg.schemas.record import Tensor

__all__ = ["TOLERANCE", "OutputAgreement", "agreement", "compare", "difference", "generated"]

TOLERANCE = 1e-5  # of the largest value of an output, at least of 1
_ITEMS = 32  # of a packaged sample
_FREE_LENGTH = 2  # of a free axis in generated inputs
_MAX_ELEMENTS = 2**24  # of generated inputs, over all of them

Array = NDArray[Any]


@dataclass(frozen=True)
class OutputAgreement:
    """Largest absolute difference of the outputs on `inputs`; None if not measured, with the `reason`."""

    inputs: str
    max_difference: float | None
    reason: str | None = None


def agreement(source: Runner, written: Runner, recognition: Recognition | None) -> OutputAgreement:
    """Compare the outputs of both runners on the sample of the model package, else on generated inputs.

    Raises ModelError if they differ by more than TOLERANCE, or if only `written` fails. A model that fails on
    generated inputs or that is not deterministic is not compared.
    """
    sample = _sample(source, recognition)
    if sample is not None:
        items = len(next(iter(sample.values()), ()))
        title = f"{items} items of the packaged sample"
        return compare(source, sample, source.run(sample), written.run(sample), title)
    title = "generated inputs"
    try:
        arrays = generated(source.inputs)
        expected = source.run(arrays)
    except ModelError as error:
        return OutputAgreement(title, None, error.message)
    return compare(source, arrays, expected, written.run(arrays), title)


def compare(
    source: Runner,
    arrays: Mapping[str, Array],
    expected: Mapping[str, Array],
    found: Mapping[str, Array],
    title: str,
    *,
    same_types: bool = True,
) -> OutputAgreement:
    """Compare outputs that `source` (`expected`) and the written model (`found`) gave for the same arrays.

    Without `same_types` floating-point numbers may be of different sizes. Raises ModelError if they differ by
    more than TOLERANCE although the source repeats its own.
    """
    if not same_types:
        found = {name: _typed(array, expected.get(name)) for name, array in found.items()}
    largest, agrees = _largest(expected, found)
    if agrees and not any(map(_has_content, expected.values())):
        return OutputAgreement(title, None, "The outputs have no finite number, so nothing was compared.")
    if agrees:
        return OutputAgreement(title, largest)
    itself, repeats = _largest(expected, source.run(arrays))
    if not repeats:
        reason = f"Two runs of the source differ by {itself:.1e}: the model is not deterministic."
        return OutputAgreement(title, None, reason)
    raise ModelError(
        f"The written model differs from its source by {largest:.1e} on the {title}.",
        hint="Nothing was written. Please report this with the model.",
    )


def _has_content(array: Array) -> bool:
    given = np.asarray(array)
    return bool(np.isfinite(given).any()) if given.dtype.kind in "fc" else given.size > 0


def _typed(array: Array, other: Array | None) -> Array:
    """A floating-point array in the element type of another one."""
    given = np.asarray(array)
    floats = other is not None and given.dtype.kind == np.asarray(other).dtype.kind == "f"
    return given.astype(np.asarray(other).dtype) if floats else given


def _largest(expected: Mapping[str, Array], found: Mapping[str, Array]) -> tuple[float, bool]:
    """Largest difference over all outputs, and True if each is within the tolerance."""
    if list(expected) != list(found):
        return inf, False
    pairs = [(np.asarray(expected[name]), np.asarray(found[name])) for name in expected]
    differences = [difference(first, second) for first, second in pairs]
    agrees = all(
        found <= TOLERANCE * _scale(first) for found, (first, _) in zip(differences, pairs, strict=True)
    )
    return max(differences, default=0.0), agrees


def difference(first: Array, second: Array) -> float:
    """Largest absolute difference of two arrays.

    NaN equals NaN. Infinite for arrays of other shapes or element types, with NaN at other places, or with
    other texts.
    """
    if first.shape != second.shape or first.dtype != second.dtype:
        return inf
    if first.dtype.kind not in "biuf":
        return 0.0 if np.array_equal(first, second) else inf
    wide = [array.astype(np.longdouble) for array in (first, second)]
    with np.errstate(invalid="ignore"):
        distance = np.where(wide[0] == wide[1], 0, np.abs(wide[0] - wide[1]))
    distance[np.isnan(wide[0]) & np.isnan(wide[1])] = 0
    distance[np.isnan(distance)] = inf
    return float(distance.max(initial=0))


def _scale(array: Array) -> float:
    if array.dtype.kind != "f":
        return 1.0
    finite = np.abs(array[np.isfinite(array)])
    return max(1.0, float(finite.max(initial=0)))


def _sample(source: Runner, recognition: Recognition | None) -> dict[str, Array] | None:
    """Items of the sample of the model package, None where there is none with the shapes of this network."""
    if recognition is None:
        return None
    arrays = models.sample_for(recognition)
    shapes = {tensor.name: tensor.shape for tensor in source.inputs}
    fits = shapes.keys() <= arrays.keys() and all(
        _fits(shape, arrays[name].shape) for name, shape in shapes.items()
    )
    return {name: arrays[name][:_ITEMS] for name in shapes} if fits else None


def _fits(wanted: tuple[int | str, ...], shape: tuple[int, ...]) -> bool:
    pairs = zip(wanted, shape, strict=False)
    return len(wanted) == len(shape) and all(isinstance(size, str) or size == given for size, given in pairs)


def generated(inputs: tuple[Tensor, ...], rows: int = _FREE_LENGTH) -> dict[str, Array]:
    """Normal numbers, and 0 or 1 for integers, which may be indices; the same every time.

    `rows` is the length of first axes that are free. Raises ModelError for inputs that are too large, or that
    numpy has no type for.
    """
    shapes = {tensor.name: _shape(tensor, rows) for tensor in inputs}
    elements = sum(map(prod, shapes.values()))
    if elements > _MAX_ELEMENTS:
        raise ModelError(f"The inputs of the model have at least {elements} elements.")
    random = np.random.default_rng(0)
    return {tensor.name: _values(random, tensor, shapes[tensor.name]) for tensor in inputs}


def _shape(tensor: Tensor, rows: int) -> tuple[int, ...]:
    free = (rows if axis == 0 else _FREE_LENGTH for axis in range(len(tensor.shape)))
    pairs = zip(tensor.shape, free, strict=True)
    return tuple(size if isinstance(size, int) and size >= 0 else length for size, length in pairs)


def _values(random: np.random.Generator, tensor: Tensor, shape: tuple[int, ...]) -> Array:
    if tensor.dtype == "str":
        return np.full(shape, "a")
    try:
        wanted = np.dtype(tensor.dtype)
    except TypeError as error:
        raise ModelError(f"The input {tensor.name!r} is of the type {tensor.dtype}.") from error
    if wanted.kind == "f":
        return np.asarray(random.normal(size=shape)).astype(wanted)
    return np.asarray(random.integers(0, 2, size=shape)).astype(wanted)
