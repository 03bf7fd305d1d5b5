# SPDX-License-Identifier: MIT
"""Descriptions that a pickle gives of tensors and of other things, before any tensor data is read.

A description copies nothing, so that a small pickle cannot make a large object; it is immutable, so that a
later instruction of the pickle cannot change what was checked. `Lazy` descriptions become arrays with
`Lazy.arrays`; everything that is neither a tensor nor a plain value stays `Opaque`.
"""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Protocol

from fairreg.errors import ModelError
from fairreg.runners.weights.tensors import Array, Tensors

__all__ = [
    "PART_OVERHEAD",
    "ElementType",
    "Layout",
    "Lazy",
    "Opaque",
    "Storage",
    "StorageData",
    "StorageType",
    "Unreadable",
]

PART_OVERHEAD = 1024  # bytes that a part of a tensor counts, whatever it has, to bound the number of parts


@dataclass(frozen=True, eq=False, slots=True)
class Opaque:
    """Inert placeholder for a value that is no tensor; `name` is the dotted name of its class or function.

    It is never called. Calling it, building it or adding items to it in a pickle gives a placeholder again.
    """

    name: str


class ElementType(Opaque):
    """Element type of tensors, such as ``float32``, by torch's name; it may be unknown to fairreg."""

    __slots__ = ()


class StorageType(Opaque):
    """Class of storages; its name is the element type of the storage's values."""

    __slots__ = ()


class Layout(Opaque):
    """Layout of a tensor in memory, such as ``torch.sparse_coo``."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Storage:
    """Reference to values kept outside the pickle under `key`.

    `elements` values of `dtype` (torch's name) are kept there; the reference means `count` of them from
    `first` on, and all of them where `count` is None.
    """

    dtype: str
    key: str
    elements: int
    first: int = 0
    count: int | None = None


class StorageData(Protocol):
    """Access to the storages of one file."""

    big_endian: bool

    def bytes_of(self, storage: Storage, /) -> memoryview:
        """Return the bytes of `storage` as in the file. Raises ModelError where they are missing."""
        ...

    def charge(self, size: int, /) -> None:
        """Account for an array of `size` bytes. Raises ModelError beyond what the file may expand to."""
        ...


class Lazy(ABC):
    """A tensor whose values are still in the file; two of them are equal only if they are the same."""

    __slots__ = ()

    @abstractmethod
    def arrays(self, data: StorageData, /) -> Tensors:
        """Make the read-only arrays of this tensor, by the suffix that each adds to the tensor's name.

        That is one array with the suffix ``""``, except for a nested tensor: ``".0"``, ``".1"`` and so on.
        Raises ModelError for a description that does not fit its storages.
        """

    def array(self, data: StorageData) -> Array:
        """Make the array of a tensor that is one array. Raises ModelError as `arrays`."""
        arrays = self.arrays(data)
        if set(arrays) != {""}:
            raise ModelError("a part of a tensor is a nested tensor")
        return arrays[""]


@dataclass(frozen=True, eq=False, slots=True)
class Unreadable(Lazy):
    """A tensor that is refused when it is wanted, for `reason`, a clause."""

    reason: str

    def arrays(self, _data: StorageData, /) -> Tensors:
        """Raise ModelError with the reason."""
        raise ModelError(self.reason)
