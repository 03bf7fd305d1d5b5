# SPDX-License-Identifier: MIT
"""Reader of the state dicts that ``torch.save`` writes, without PyTorch.

Two formats: zip archives (since PyTorch 1.6; one pickle, each storage a stored member) and the older one of
five pickles and the storages behind each other. Source of both: ``torch/serialization.py`` of PyTorch 2.
"""

import io
import struct
import zipfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from fairreg.errors import ModelError
from fairreg.runners.weights import pickles
from fairreg.runners.weights.pickles import Lazy, Storage
from fairreg.runners.weights.tensors import DTYPES, Array, Tensors, view

__all__ = ["SUFFIXES", "knows", "read"]

_ZIP_START = b"PK\x03\x04"
_PICKLE_START = b"\x80"
SUFFIXES = frozenset({".pth", ".pt", ".bin", ".ckpt"})
_LEGACY_MAGIC = 0x1950A86A20F9469CFC6C
_LEGACY_PROTOCOL = 1001
_COUNT_BYTES = 8  # a legacy storage begins with its number of elements
_MAX_DEPTH = 16
_MAX_PICKLE = 64 * 2**20
_MAX_NAME = 1000
_WRAPPERS = ("state_dict", "model_state_dict")

_CORRUPT = (
    zipfile.BadZipFile,
    ValueError,  # UnicodeDecodeError included
    TypeError,
    LookupError,
    EOFError,
    OSError,
    RuntimeError,  # encrypted members; NotImplementedError and RecursionError included
    ArithmeticError,
    struct.error,
    MemoryError,
)

_StorageBytes = Callable[[Storage], memoryview]


def knows(start: bytes, suffix: str) -> bool:
    """Tell whether a file may be a PyTorch file: a pickle, a zip of one, or one with one of its suffixes."""
    archive = start.startswith(_ZIP_START) and b"/data.pkl" in start
    return suffix in SUFFIXES or archive or start.startswith(_PICKLE_START)


def read(path: Path) -> Tensors:
    """Read the tensors in the order of the state dict. Raises ModelError, UnsafePickle."""
    try:
        content = path.read_bytes()
        reader = _read_zip if content.startswith(_ZIP_START) else _read_legacy
        return reader(content, path.name)
    except ModelError as error:
        raise ModelError(f"{path.name} cannot be read as a PyTorch file: {error.message}.") from error
    except _CORRUPT as error:
        raise ModelError(f"{path.name} cannot be read as a PyTorch file: it is damaged.") from error


def _read_legacy(content: bytes, source: str) -> Tensors:
    stream = io.BytesIO(content)
    magic = pickles.load(stream, source)
    protocol = pickles.load(stream, source) if magic == _LEGACY_MAGIC else None
    if protocol != _LEGACY_PROTOCOL:
        raise ModelError("it does not begin like one")
    machine = pickles.load(stream, source)
    if not isinstance(machine, dict) or machine.get("little_endian") is not True:
        raise ModelError("it was written on a big-endian machine")
    checkpoint = pickles.load(stream, source)
    tensors = dict(_flattened(checkpoint))
    keys = pickles.load(stream, source)
    if not isinstance(keys, list):
        raise ModelError("its list of storages is damaged")
    data = _legacy_storages(memoryview(content)[stream.tell() :], keys, _storages_in(checkpoint))
    return _arrays(tensors, lambda storage: data[storage])


def _storages_in(checkpoint: object) -> dict[str, Storage]:
    """Storages of every tensor anywhere in the checkpoint (an optimizer's too), by key."""
    found: dict[str, Storage] = {}
    seen: set[int] = set()
    waiting: list[Any] = [checkpoint]
    while waiting:
        item = waiting.pop()
        if isinstance(item, Storage):
            found[item.key] = item
        elif isinstance(item, (dict, list, tuple)) and id(item) not in seen:
            seen.add(id(item))
            waiting.extend(item.values() if isinstance(item, dict) else item)
    return found


def _legacy_storages(
    data: memoryview, keys: list[str], storages: Mapping[str, Storage]
) -> dict[Storage, memoryview]:
    """Bytes of each storage; they follow each other in the order of `keys`, each after its element count."""
    found: dict[Storage, memoryview] = {}
    for key in keys:
        storage = storages[key]
        size = storage.elements * DTYPES[storage.dtype].itemsize
        count, data = data[:_COUNT_BYTES], data[_COUNT_BYTES:]
        if int.from_bytes(count, "little") != storage.elements or size > len(data):
            raise ModelError("it is truncated or its storages are damaged")
        found[storage], data = data[:size], data[size:]
    return found


def _read_zip(content: bytes, source: str) -> Tensors:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        members = {info.filename: info for info in archive.infolist()}
        folder = _folder(members)
        if members[f"{folder}data.pkl"].file_size > _MAX_PICKLE:
            raise ModelError("its pickle is too large for a list of tensors")
        # First of all checks, so that a pickle that names code is refused for that reason.
        checkpoint = pickles.load(io.BytesIO(archive.read(f"{folder}data.pkl")), source)
        # Stored members that together fit the file cannot unpack to more than the file.
        if any(info.compress_type != zipfile.ZIP_STORED for info in members.values()):
            raise ModelError("its members are compressed, which PyTorch never does")
        if sum(info.file_size for info in members.values()) > len(content):
            raise ModelError("its members claim more bytes than the file has")
        if members.get(f"{folder}byteorder") and archive.read(f"{folder}byteorder") != b"little":
            raise ModelError("it was written on a big-endian machine")
        return _arrays(dict(_flattened(checkpoint)), _zip_storages(archive, folder))


def _folder(members: Mapping[str, object]) -> str:
    """The one top folder of the archive, with its slash."""
    folders = [name.removesuffix("data.pkl") for name in members if name.endswith("/data.pkl")]
    if len(folders) != 1:
        raise ModelError("it is a zip archive without the data.pkl of a state dict")
    if f"{folders[0]}constants.pkl" in members:
        raise ModelError("it is a TorchScript program, not a state dict")
    return folders[0]


def _zip_storages(archive: zipfile.ZipFile, folder: str) -> _StorageBytes:
    read_before: dict[str, memoryview] = {}

    def storage_bytes(storage: Storage) -> memoryview:
        if storage.key not in read_before:
            read_before[storage.key] = memoryview(archive.read(f"{folder}data/{storage.key}"))
        if len(read_before[storage.key]) != storage.elements * DTYPES[storage.dtype].itemsize:
            raise ModelError(f"its storage {storage.key} is damaged")
        return read_before[storage.key]

    return storage_bytes


def _flattened(checkpoint: object) -> Iterator[tuple[str, Lazy]]:
    """Yield names and tensors of a state dict, or of the one inside a training checkpoint."""
    if not isinstance(checkpoint, dict):
        raise ModelError("it does not contain a state dict")
    inner = next(
        (checkpoint[name] for name in _WRAPPERS if isinstance(checkpoint.get(name), dict)), checkpoint
    )
    pairs = list(_leaves(inner, "", 0, set()))
    if not pairs:
        raise ModelError("it does not contain tensors")
    if len({name for name, _ in pairs}) != len(pairs):
        raise ModelError("two of its tensors have the same name")
    yield from pairs


def _leaves(mapping: dict[Any, Any], prefix: str, depth: int, seen: set[int]) -> Iterator[tuple[str, Lazy]]:
    # Each dict once: dicts that contain each other would otherwise grow without end.
    if depth > _MAX_DEPTH or id(mapping) in seen:
        raise ModelError("its state dict is nested too deeply or contains itself")
    seen.add(id(mapping))
    for key, value in mapping.items():
        if not isinstance(value, (Lazy, dict)):
            continue
        if not isinstance(key, (str, int)) or len(name := f"{prefix}{key}") > _MAX_NAME:
            raise ModelError("a name in its state dict is damaged")
        if isinstance(value, Lazy):
            yield name, _checked(value)
        else:
            yield from _leaves(value, f"{name}.", depth + 1, seen)


def _checked(lazy: Lazy) -> Lazy:
    numbers = (lazy.offset, *lazy.shape, *lazy.strides)
    if not isinstance(lazy.storage, Storage) or any(type(number) is not int for number in numbers):
        raise ModelError("the description of a tensor is damaged")
    return lazy


def _arrays(tensors: Mapping[str, Lazy], storage_bytes: _StorageBytes) -> Tensors:
    return {name: _array(lazy, storage_bytes(lazy.storage)) for name, lazy in tensors.items()}


def _array(lazy: Lazy, data: memoryview) -> Array:
    return view(data, DTYPES[lazy.storage.dtype], lazy.offset, tuple(lazy.shape), tuple(lazy.strides))
