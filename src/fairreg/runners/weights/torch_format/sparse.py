# SPDX-License-Identifier: MIT
"""Sparse tensors of PyTorch files, as the dense arrays that they stand for.

Source of the layouts: https://pytorch.org/docs/stable/sparse.html. COO lists the coordinates of each value;
the compressed ones (CSR, CSC, and BSR and BSC with blocks as values) have per row or column the place where
its values begin.
"""

from dataclasses import dataclass
from math import prod

import numpy as np

from fairreg.errors import ModelError
from fairreg.runners.weights.tensors import BFLOAT16, Array, Tensors
from fairreg.runners.weights.torch_format.descriptions import PART_OVERHEAD, Lazy, StorageData

__all__ = ["COMPRESSED", "CompressedTensor", "CoordinateTensor"]

_MINUS_ZERO, _NOT_SIGN, _INFINITY, _NAN = 0x8000, 0x7FFF, 0x7F80, 0x7FC0  # bits of bfloat16

# Layouts: whether columns are compressed, whether the values are blocks.
COMPRESSED = {
    "torch.sparse_csr": (False, False),
    "torch.sparse_csc": (True, False),
    "torch.sparse_bsr": (False, True),
    "torch.sparse_bsc": (True, True),
}


@dataclass(frozen=True, eq=False, slots=True)
class CoordinateTensor(Lazy):
    """COO: `indices` of shape (sparse axes, n), `values` of shape (n, dense axes...); repeats add up."""

    indices: Lazy
    values: Lazy
    shape: tuple[int, ...]

    def arrays(self, data: StorageData) -> Tensors:
        """Make the arrays, as `Lazy.arrays`. Raises ModelError."""
        indices, values = self.indices.array(data), self.values.array(data)
        _require(indices.ndim == 2 and indices.dtype.kind == "i")  # noqa: PLR2004
        sparse, count = indices.shape
        _require(values.shape == (count, *self.shape[sparse:]) and sparse <= len(self.shape))
        dense = _zeros(self.shape, values, data)
        _put(dense, tuple(indices), values)
        dense.flags.writeable = False
        return {"": dense}


@dataclass(frozen=True, eq=False, slots=True)
class CompressedTensor(Lazy):
    """CSR, CSC, BSR or BSC, a key of COMPRESSED, with optional batch axes in front and dense ones behind.

    `starts` has the shape (batch..., rows + 1), `places` (batch..., n) and `values` (batch..., n, block,
    dense...).
    """

    layout: str
    starts: Lazy
    places: Lazy
    values: Lazy
    shape: tuple[int, ...]

    def arrays(self, data: StorageData) -> Tensors:
        """Make the arrays, as `Lazy.arrays`. Raises ModelError."""
        starts, places, values = (part.array(data) for part in (self.starts, self.places, self.values))
        batch = starts.ndim - 1
        _require(0 <= batch <= len(self.shape) - 2 and {starts.dtype.kind, places.dtype.kind} == {"i"})
        front = self.shape[:batch]
        fits = [part.shape[:batch] == front for part in (starts, places, values)]
        _require(all(fits) and places.ndim == batch + 1 and values.ndim > batch)
        _require(values.shape[batch] == places.shape[batch])
        dense = _zeros(self.shape, values, data)
        data.charge(PART_OVERHEAD * prod(front))
        for index in np.ndindex(*front):
            self._fill(dense[index], starts[index], places[index], values[index])
        dense.flags.writeable = False
        return {"": dense}

    def _fill(self, dense: Array, starts: Array, places: Array, values: Array) -> None:
        """Write the values of one matrix, of shape (rows, columns, dense axes...)."""
        by_column, blocked = COMPRESSED[self.layout]
        if not blocked:
            values = values[:, None, None]
        _require(values.ndim == 1 + dense.ndim and min(values.shape[1:3]) > 0)
        (height, width), (rows, columns) = values.shape[1:3], dense.shape[:2]
        _require(rows % height == 0 and columns % width == 0)
        steps = np.diff(starts)
        _require(len(starts) == 1 + (columns // width if by_column else rows // height))
        _require(int(starts[0]) == 0 and bool((steps >= 0).all()) and int(starts[-1]) == len(places))
        _require(values.shape[3:] == dense.shape[2:])
        compressed = np.repeat(np.arange(len(steps)), steps)
        indices = (places, compressed) if by_column else (compressed, places)
        shape = (rows // height, height, columns // width, width, *dense.shape[2:])
        _put(dense.reshape(shape).swapaxes(1, 2), indices, values)


def _require(fits: bool) -> None:
    if not fits:
        raise ModelError("the parts of a sparse tensor do not fit each other")


def _zeros(shape: tuple[int, ...], values: Array, data: StorageData) -> Array:
    data.charge(prod(shape) * values.itemsize)
    return np.zeros(shape, values.dtype)


def _put(dense: Array, indices: tuple[Array, ...], values: Array) -> None:
    """Add `values` to `dense` in place at `indices`; types that numpy lacks can only be written once."""
    for index, size in zip(indices, dense.shape, strict=False):
        _require(not index.size or bool(index.min() >= 0 and index.max() < size))
    if not indices:  # no sparse axis: the values are added up
        dense, indices = dense[None], (np.zeros(len(values), np.intp),)
    if values.dtype.names is None:
        np.add.at(dense, indices, values)
        return
    flat = np.ravel_multi_index(indices, dense.shape[: len(indices)]) if values.size else ()
    if len(np.unique(flat)) != len(flat):
        raise ModelError(f"a sparse tensor of the element type {values.dtype.names[0]} repeats a coordinate")
    dense[indices] = _added_to_zero(values) if values.dtype == BFLOAT16 else values


def _added_to_zero(values: Array) -> Array:
    """The bfloat16 numbers as torch has them after an addition to 0: without -0 and with one NaN."""
    bits = values["bfloat16"].copy()
    bits[bits == _MINUS_ZERO] = 0
    bits[bits & _NOT_SIGN > _INFINITY] = _NAN
    return bits.view(BFLOAT16)
