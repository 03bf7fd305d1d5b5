# SPDX-License-Identifier: MIT
"""Inputs and outputs of AresGW: signature and files."""

from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from fairreg.errors import ModelError
from fairreg.models.aresgw.architecture import CLASSES, DETECTORS, INPUT, OUTPUT, SAMPLES
from fairreg.models.aresgw.whitening import segment_count, whitened
from fairreg.models.base import Inputs
from fairreg.models.common.array_files import count_rows, opened, read_named
from fairreg.schemas.record import Feature, Tensor
from fairreg.storage.arrays import Rows

__all__ = ["STRAIN", "count", "read", "signature"]

Array = NDArray[Any]
STRAIN = "strain"
_LABELS = "labels"
_SLICE_AXES = 3
_DESCRIPTION = (
    "1 s of strain of both detectors at 2048 Hz, whitened by the spectrum of a longer slice around it as in "
    "modules/whiten.py of the authors; dimensionless, white noise has a standard deviation of about 28"
)


def signature() -> tuple[tuple[Tensor, ...], tuple[Tensor, ...]]:
    """Inputs and outputs of every network of the model."""
    detectors = tuple(Feature(name=name, unit="1", description=f"LIGO {name}") for name in DETECTORS)
    segments = Tensor(
        name=INPUT,
        dtype="float32",
        shape=("segments", len(DETECTORS), SAMPLES),
        features=detectors,
        description=_DESCRIPTION,
    )
    found = Tensor(
        name=OUTPUT,
        dtype="float32",
        shape=("segments", len(CLASSES)),
        features=tuple(Feature(name=name) for name in CLASSES),
        description="probability that a binary black hole merges in the segment, and that it is noise",
    )
    return (segments,), (found,)


def read(path: Path, start: int = 0, stop: int | None = None) -> Inputs:
    """Read segments `start` to before `stop` of a .npz or HDF5 file.

    It has `whitened_strain` (n, 2, 2048), or `strain` (slices, 2, samples), of which each slice is whitened
    and gives as many segments as `segment_count` says. An array `labels` (n, 2), one 1 per row, says of each
    segment whether it is signal or noise. Raises ModelError, MissingEngine for HDF5 without h5py.
    """
    shape = _slices(path)
    if shape is None:
        found = read_named(path, (INPUT, STRAIN), start, stop, alone=INPUT)
        return Inputs({INPUT: found.arrays[INPUT]}, found.labels)
    return _of_strain(path, shape, start, stop)


def _of_strain(path: Path, shape: tuple[int, ...], start: int, stop: int | None) -> Inputs:
    """Whiten the slices that segments `start` to before `stop` are cut from."""
    each = max(1, segment_count(shape[2]))  # slices that are too short are refused by `whitened`
    total = shape[0] * each
    first, last = min(start, total), total if stop is None else min(stop, total)
    before = first // each
    slices = read_named(path, (STRAIN,), before, -(-last // each), beside=(INPUT,)).arrays[STRAIN]
    segments = whitened(slices, before)[first - before * each : last - before * each]
    return Inputs({INPUT: segments}, _labels(path, first, last, total))


def count(path: Path) -> int | None:
    """Number of segments in the file. Raises as `read`."""
    shape = _slices(path)
    return count_rows(path) if shape is None else shape[0] * segment_count(shape[2])


def _slices(path: Path) -> tuple[int, ...] | None:
    """Shape of the slices of strain in a file; None where it has none, or whitened segments."""
    with opened(path) as content:
        if not isinstance(content, Rows) or INPUT in content or STRAIN not in content:
            return None
        shape, dtype = content.kind(STRAIN) or (content[STRAIN].shape, content[STRAIN].dtype)
    if len(shape) != _SLICE_AXES or shape[1] != len(DETECTORS) or dtype.kind != "f":
        raise ModelError(
            f"The array {STRAIN!r} of {path.name} has shape {shape} and element type {dtype}.",
            hint="Save slices of strain as floating-point numbers (slices, 2, samples), H1 before L1.",
        )
    return shape


def _labels(path: Path, start: int, stop: int, total: int) -> Array | None:
    """Labels of segments of strain."""
    with opened(path, start, stop) as content:
        if not isinstance(content, Rows) or _LABELS not in content:
            return None
        kind = content.kind(_LABELS)
        if kind is not None and kind[0][:1] != (total,):
            raise ModelError(
                f"{_LABELS} in {path.name} has shape {kind[0]}, but the strain gives {total} segments.",
                hint="Label every segment, or leave the labels out.",
            )
        return content[_LABELS]
