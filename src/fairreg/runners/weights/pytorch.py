# SPDX-License-Identifier: MIT
"""Reader of the state dicts that ``torch.save`` writes, without PyTorch.

Two formats: zip archives (since PyTorch 1.6; one pickle, each storage a member) and the older one of five
pickles and the storages behind each other. Everything is read that ``torch.load(weights_only=True)`` reads.
Source of both: ``torch/serialization.py`` of PyTorch 2.13.
"""

import errno
import io
import mmap
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

from fairreg.errors import ModelError, NoParameters
from fairreg.runners.weights import pickles
from fairreg.runners.weights.checkpoints import ZIP_START
from fairreg.runners.weights.containers import Selection, select
from fairreg.runners.weights.tensors import MappedFile, MappedTensors, Tensors
from fairreg.runners.weights.torch_format.descriptions import Lazy, StorageData
from fairreg.runners.weights.torch_format.storages import BlockStorages, MemberStorages, ZipMembers

__all__ = ["read", "read_candidates", "view_of"]

_LEGACY_MAGIC = 0x1950A86A20F9469CFC6C
_LEGACY_PROTOCOL = 1001
_TAR_PLACE, _TAR_MAGIC = 257, b"ustar"
_MAX_PICKLE, _FREE_PICKLE = 512 * 2**20, 64 * 2**20
_EXPANSION = 16  # bytes of a deflated pickle per byte of the file, beyond those that are free

_CORRUPT = (
    zipfile.BadZipFile,
    ValueError,  # UnicodeDecodeError included
    TypeError,
    LookupError,
    EOFError,
    RuntimeError,  # NotImplementedError of unknown zip features
    ArithmeticError,
    struct.error,
    zlib.error,
)

_Choice = Callable[[object], Mapping[str, Lazy]]  # the tensors of a checkpoint that are wanted, by name


def read(path: Path) -> Tensors:
    """Read the tensors of the model in the order of the file. Raises ModelError, UnsafePickle."""
    return _read(path, _model)


def view_of(path: Path) -> Tensors:
    """Map the file; otherwise as `read`."""
    return _read(path, _model, mapped=True)


def read_candidates(path: Path) -> Iterator[tuple[str, Tensors]]:
    """Map the model and then the other candidates one after the other, as their places and tensors.

    Raises as `read`.
    """
    found: list[Selection] = []

    def first(checkpoint: object) -> Mapping[str, Any]:
        found.append(select(checkpoint, _is_tensor))
        return found[0].model

    tensors = _read(path, first, mapped=True)
    yield found[0].name, tensors
    del tensors  # so that only one candidate is in memory
    for place in found[0].others:
        yield place, _read(path, partial(_other, place=place), mapped=True)


def _read(path: Path, choose: _Choice, *, mapped: bool = False) -> Tensors:
    try:
        with path.open("rb") as file:
            size = file.seek(0, io.SEEK_END)
            file.seek(0)
            reader = _read_zip if file.read(len(ZIP_START)) == ZIP_START else _read_legacy
            if not mapped:
                return reader(_Source(file, size, path.name), choose)
            whole = MappedFile(file, size)
            return MappedTensors(reader(_Source(file, size, path.name, whole), choose), whole)
    except NoParameters as error:
        raise NoParameters(f"{path.name} has no weights to read: {error.message}.") from error
    except ModelError as error:
        message = f"{path.name} cannot be read as a PyTorch file: {error.message.removesuffix('.')}."
        raise ModelError(message, hint=error.hint) from error
    except MemoryError as error:
        raise ModelError(f"{path.name} needs more memory than is free.") from error
    except OSError as error:
        if error.errno == errno.EINVAL:  # a place before the beginning, where only a damaged archive leads
            raise ModelError(f"{path.name} cannot be read as a PyTorch file: it is damaged.") from error
        raise ModelError(f"{path.name} cannot be read: {error.strerror or error}.") from error
    except _CORRUPT as error:
        raise ModelError(f"{path.name} cannot be read as a PyTorch file: it is damaged.") from error


class _Source(NamedTuple):
    """An open file of `size` bytes, and its map where arrays need not be copies."""

    file: BinaryIO
    size: int
    name: str
    mapped: MappedFile | None = None


def _read_zip(source: _Source, choose: _Choice) -> Tensors:
    members = ZipMembers(source.file, source.size, source.mapped)
    limit = min(_MAX_PICKLE, _FREE_PICKLE + _EXPANSION * source.size)
    if members.size_of("data.pkl") > limit:
        raise ModelError(f"its pickle has more than {limit >> 20} MiB")
    # First of all checks, so that a pickle that names code is refused for that reason.
    checkpoint = pickles.load(bytes(members.read("data.pkl")), 0, source.name).value
    members.check_size()
    order = bytes(members.read("byteorder")) if "byteorder" in members else b"little"
    if order not in (b"little", b"big"):
        raise ModelError("its byte order is neither little nor big")
    storages = MemberStorages(members, source.size, big_endian=order == b"big")
    return _arrays(choose(checkpoint), storages)


def _read_legacy(source: _Source, choose: _Choice) -> Tensors:
    if not source.size:
        raise ModelError("it is empty")
    # The pickles in front have no stated length. What is taken from this map is copied.
    with mmap.mmap(source.file.fileno(), 0, access=mmap.ACCESS_READ) as content:
        checkpoint, storages = _legacy_parts(content, source)
    return _arrays(choose(checkpoint), storages)


def _legacy_parts(content: mmap.mmap, source: _Source) -> tuple[object, BlockStorages]:
    name = source.name
    if content[_TAR_PLACE : _TAR_PLACE + len(_TAR_MAGIC)] == _TAR_MAGIC:
        raise ModelError(
            "it is a tar archive, the oldest format, which the safe reader of PyTorch refuses as well"
        )
    magic = pickles.load(content, 0, name)
    if magic.value != _LEGACY_MAGIC:
        raise ModelError("it is not a file that torch.save has written")
    protocol = pickles.load(content, magic.end, name)
    if protocol.value != _LEGACY_PROTOCOL:
        raise ModelError(f"the version of its format is not {_LEGACY_PROTOCOL}")
    machine = pickles.load(content, protocol.end, name)
    checkpoint = pickles.load(content, machine.end, name)
    keys = pickles.load(content, checkpoint.end, name)
    if not isinstance(keys.value, list):
        raise ModelError("its list of storages is damaged")
    storages = BlockStorages(
        source.file, keys.end, source.size, keys.value, checkpoint.storages, mapped=source.mapped
    )
    return checkpoint.value, storages


def _is_tensor(item: object) -> bool:
    """Tell whether an object of an unpickled checkpoint is a tensor: the one place that knows."""
    return isinstance(item, Lazy)


def _model(checkpoint: object) -> Mapping[str, Any]:
    return select(checkpoint, _is_tensor).model


def _other(checkpoint: object, *, place: str) -> Mapping[str, Any]:
    return select(checkpoint, _is_tensor).others[place]


def _arrays(tensors: Mapping[str, Lazy], storages: StorageData) -> Tensors:
    """Arrays of all tensors by name; a nested tensor gives several, with a suffix each."""
    found: Tensors = {}
    for name, lazy in tensors.items():
        for suffix, array in _arrays_of(name, lazy, storages).items():
            if name + suffix in found:
                raise ModelError("two of its tensors have the same name")
            found[name + suffix] = array
    return found


def _arrays_of(name: str, lazy: Lazy, storages: StorageData) -> Tensors:
    try:
        return lazy.arrays(storages)
    except ModelError as error:
        raise ModelError(f"{error.message} (tensor {name!r})", hint=error.hint) from error
