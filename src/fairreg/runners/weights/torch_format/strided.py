# SPDX-License-Identifier: MIT
"""Tensors that are views of one storage: the usual ones, quantised ones and lists of them in one buffer.

Source of the meaning of all fields: the ``_rebuild_*`` functions of ``torch/_utils.py``, PyTorch 2.13.
"""

from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np

from fairreg.errors import ModelError
from fairreg.runners.weights.tensors import DTYPES, Array, Tensors, contiguous, view
from fairreg.runners.weights.torch_format.descriptions import PART_OVERHEAD, Lazy, Storage, StorageData

__all__ = ["JaggedTensor", "NestedTensor", "QuantizedTensor", "StridedTensor", "UnsetTensor"]

# Bits that negate a number, for the types that numpy lacks and torch can negate.
_SIGNS = {"bfloat16": 0x8000, "complex32": 0x8000}
# Quantised types: the type of the stored integers, and how many of them share one.
_QUANTIZED = {
    "qint8": ("int8", 1),
    "quint8": ("uint8", 1),
    "qint32": ("int32", 1),
    "quint4x2": ("uint8", 2),
    "quint2x4": ("uint8", 4),
}
_BITS = 8


@dataclass(frozen=True, eq=False, slots=True)
class StridedTensor(Lazy):
    """View of `storage` with elements of `dtype`; `offset` and `strides` count elements.

    `conjugated` and `negated` are torch's lazy views: the values are those of the storage after that.
    """

    storage: Storage
    dtype: str
    offset: int
    shape: tuple[int, ...]
    strides: tuple[int, ...]
    conjugated: bool = False
    negated: bool = False

    def arrays(self, data: StorageData) -> Tensors:
        """Make the arrays, as `Lazy.arrays`. Raises ModelError."""
        array = self._stored(data)
        if self.conjugated:
            array = _conjugated(array, self.dtype)
        if self.negated:
            array = _negated(array, self.dtype)
        array.flags.writeable = False
        return {"": array}

    def _stored(self, data: StorageData) -> Array:
        dtype = DTYPES.get(self.dtype)
        if dtype is None:
            raise ModelError(f"a tensor has the element type {self.dtype}, which is not known to fairreg")
        content = data.bytes_of(self.storage)
        data.charge(prod(self.shape) * dtype.itemsize)
        stored = dtype.newbyteorder(">") if data.big_endian else dtype
        array = view(content, stored, self.offset, self.shape, self.strides)
        return array.astype(dtype) if data.big_endian else array


def _conjugated(array: Array, dtype: str) -> Array:
    if dtype != "complex32":
        return np.asarray(np.conj(array))
    parts = array[dtype].copy()
    parts[..., 1] ^= _SIGNS[dtype]
    return parts.view(array.dtype).reshape(array.shape)


def _negated(array: Array, dtype: str) -> Array:
    if array.dtype.names is None:
        return np.asarray(np.negative(array))
    if dtype not in _SIGNS:
        raise ModelError(f"a tensor of the element type {dtype} is negated, which has no meaning")
    bits = np.ascontiguousarray(array[dtype]) ^ np.uint16(_SIGNS[dtype])
    return bits.view(array.dtype).reshape(array.shape)


class UnsetTensor(Lazy):
    """A tensor of very old files: empty, until an instruction after its creation sets it, once."""

    __slots__ = ("_set", "dtype")

    def __init__(self, dtype: str) -> None:
        self._set: Lazy | None = None
        self.dtype = dtype

    def become(self, tensor: Lazy) -> None:
        """Set the tensor. Raises ModelError the second time."""
        if self._set is not None:
            raise ModelError("a tensor is set twice")
        self._set = tensor

    def arrays(self, data: StorageData) -> Tensors:
        """Make the arrays, as `Lazy.arrays`. Raises ModelError."""
        if self._set is not None:
            return self._set.arrays(data)
        empty = np.zeros(0, DTYPES[self.dtype])
        empty.flags.writeable = False
        return {"": empty}


@dataclass(frozen=True, eq=False, slots=True)
class QuantizedTensor(Lazy):
    """Integers with scale and zero point; its array is what they stand for, in float32.

    `scales` and `zero_points` are one number, or one per index of `axis`. The values are those that
    ``torch.Tensor.dequantize`` computes, to the bit: (integer - zero point) * scale, the difference in 32-bit
    integers for one scale and in float32 for channels, the product in float32 or in float64 for channels.
    """

    integers: StridedTensor
    scales: Any
    zero_points: Any
    axis: int | None

    @property
    def shape(self) -> tuple[int, ...]:
        """Sizes of the array."""
        return self.integers.shape

    def arrays(self, data: StorageData) -> Tensors:
        """Make the arrays, as `Lazy.arrays`. Raises ModelError."""
        data.charge(prod(self.integers.shape) * 4)
        integers = self._integers(data)
        scales, zeros = (self._parameter(each, data) for each in (self.scales, self.zero_points))
        with np.errstate(all="ignore"):
            if self.axis is None:
                difference = integers.astype("<i4") - zeros.astype("<i4")
                values = difference.astype("<f4") * scales.astype("<f4")
            else:
                difference = integers.astype("<f4") - zeros.astype("<f4")
                values = difference.astype("<f8") * scales.astype("<f8")
            array = np.asarray(values.astype("<f4"))
        array.flags.writeable = False
        return {"": array}

    def _integers(self, data: StorageData) -> Array:
        tensor = self.integers
        if tensor.dtype not in _QUANTIZED:
            raise ModelError(f"a quantised tensor has the element type {tensor.dtype}, which is not known")
        name, packed = _QUANTIZED[tensor.dtype]
        if packed > 1:
            return _unpacked(tensor, packed, data)
        plain = StridedTensor(tensor.storage, name, tensor.offset, tensor.shape, tensor.strides)
        return plain.array(data)

    def _parameter(self, value: Any, data: StorageData) -> Array:
        """`value` as an array that broadcasts along `axis` of the integers."""
        if isinstance(value, list) and not all(isinstance(number, (int, float)) for number in value):
            raise ModelError("the parameters of a quantised tensor are damaged")
        array = value.array(data) if isinstance(value, Lazy) else np.asarray(value)
        shape, axis = self.integers.shape, self.axis
        if array.dtype.kind not in "iuf":
            raise ModelError("the parameters of a quantised tensor are damaged")
        if axis is None:
            return array.reshape(())
        if not 0 <= axis < len(shape) or array.shape != (shape[axis],):
            raise ModelError("a quantised tensor has not one scale and zero point per channel")
        return array.reshape([-1 if place == axis else 1 for place in range(len(shape))])


def _unpacked(tensor: StridedTensor, packed: int, data: StorageData) -> Array:
    """Integers of which `packed` share a byte, the first in its lowest bits."""
    count = prod(tensor.shape)
    if tensor.offset or tensor.strides != contiguous(tensor.shape):
        raise ModelError("a tensor of packed integers is a view, which is not known to fairreg")
    stored = np.frombuffer(data.bytes_of(tensor.storage), "u1")
    if len(stored) * packed < count:
        raise ModelError(f"a tensor of shape {tensor.shape} lies outside its storage")
    width = _BITS // packed
    shifts = np.arange(packed, dtype="u1") * width
    integers: Array = (stored[: -(-count // packed), None] >> shifts) & (2**width - 1)
    return np.asarray(integers.reshape(-1)[:count].reshape(tensor.shape))


@dataclass(frozen=True, eq=False, slots=True)
class NestedTensor(Lazy):
    """Tensors of different shapes in one buffer; the i-th has row i of `sizes` and of `strides`.

    Its arrays have the suffixes ``.0``, ``.1``, ... since no single array holds it.
    """

    buffer: Lazy
    sizes: Lazy
    strides: Lazy
    offsets: Lazy

    def arrays(self, data: StorageData) -> Tensors:
        """Make the arrays, as `Lazy.arrays`. Raises ModelError."""
        values = np.ascontiguousarray(self.buffer.array(data))
        parts = [part.array(data) for part in (self.sizes, self.strides, self.offsets)]
        if [part.ndim for part in parts] != [2, 2, 1] or len({len(part) for part in parts}) != 1:
            raise ModelError("the description of a nested tensor is damaged")
        data.charge(PART_OVERHEAD * len(parts[0]))
        content = memoryview(values.tobytes())
        found: Tensors = {}
        for place, (size, steps, offset) in enumerate(zip(*(part.tolist() for part in parts), strict=True)):
            data.charge(prod(size) * values.itemsize)
            found[f".{place}"] = view(content, values.dtype, offset, tuple(size), tuple(steps))
        return found


@dataclass(frozen=True, eq=False, slots=True)
class JaggedTensor(Lazy):
    """Tensors that differ along one axis of `values`: the i-th from ``offsets[i]`` to ``offsets[i + 1]``.

    With `lengths`, it ends after ``lengths[i]`` instead. Its arrays have the suffixes ``.0``, ``.1``, ...
    """

    values: Lazy
    offsets: Lazy
    lengths: Lazy | None
    axis: int

    def arrays(self, data: StorageData) -> Tensors:
        """Make the arrays, as `Lazy.arrays`. Raises ModelError."""
        values, offsets = self.values.array(data), self.offsets.array(data)
        lengths = np.diff(offsets) if self.lengths is None else self.lengths.array(data)
        fits = offsets.ndim == 1 and lengths.shape == (len(offsets) - 1,) and 0 <= self.axis < values.ndim
        if not fits or {offsets.dtype.kind, lengths.dtype.kind} != {"i"}:
            raise ModelError("the description of a nested tensor is damaged")
        data.charge(PART_OVERHEAD * len(lengths))
        ends = offsets[:-1] + lengths
        if bool((offsets < 0).any() or (lengths < 0).any() or (ends > values.shape[self.axis]).any()):
            raise ModelError("a part of a nested tensor lies outside its values")
        before = (slice(None),) * self.axis
        spans = zip(offsets[:-1].tolist(), ends.tolist(), strict=True)
        return {f".{place}": values[(*before, slice(*span))] for place, span in enumerate(spans)}
