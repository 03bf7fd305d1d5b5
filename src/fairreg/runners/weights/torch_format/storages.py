# SPDX-License-Identifier: MIT
"""Bytes of the storages of a PyTorch file: members of a zip archive, or blocks behind each other.

Only the storages that are asked for are read. What all arrays of a file may take together is bounded by the
size of the file, because deflated members, sparse tensors and repeating strides can be far larger than it.
"""

import struct
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from typing import BinaryIO

from fairreg.errors import ModelError
from fairreg.runners.weights.tensors import DTYPES, MappedFile
from fairreg.runners.weights.torch_format.descriptions import Storage

__all__ = ["Allowance", "BlockStorages", "MemberStorages", "ZipMembers"]

_EXPANSION = 16  # bytes of arrays per byte of the file
_FREE = 512 * 2**20
_BLOCK = 1 << 24
_COUNT_BYTES = 8  # a block begins with its number of elements
_LOCAL_HEADER = struct.Struct(
    "<4s22xHH"
)  # of a zip member: signature, lengths of the name and of the extra field
_LOCAL_SIGNATURE = b"PK\x03\x04"
_ENCRYPTED = 1
_PACKED = ("quint4x2", "quint2x4", "qint8", "quint8")


def itemsize(dtype: str) -> int:
    """Bytes per stored element of `dtype`, torch's name. Raises ModelError for a type that is not known."""
    if dtype in DTYPES:
        return DTYPES[dtype].itemsize
    if dtype in _PACKED:
        return 1
    if dtype == "qint32":
        return 4
    raise ModelError(f"a storage has the element type {dtype}, which is not known to fairreg")


class Allowance:
    """Bytes that the arrays of a file of `size` bytes may take: 16 times the file and 512 MiB."""

    def __init__(self, size: int) -> None:
        self._limit = self._left = _FREE + _EXPANSION * size

    def charge(self, size: int) -> None:
        """Account for `size` bytes. Raises ModelError beyond the limit."""
        self._left -= size
        if self._left < 0:
            raise ModelError(f"its tensors expand to more than {self._limit >> 20} MiB, far beyond its size")


class ZipMembers:
    """Members of a zip archive, as PyTorch reads them: stored or deflated, in one folder.

    Stored ones are views of the file where that is `mapped`, and not read into memory.
    """

    def __init__(self, file: BinaryIO, size: int, mapped: MappedFile | None = None) -> None:
        self._file, self._size, self._mapped = file, size, mapped
        infos = zipfile.ZipFile(file).infolist()
        self._infos = {info.filename: info for info in infos}
        if len(self._infos) != len(infos):
            raise ModelError("two members of the archive have the same name")
        self.folder = self._folder()

    def _folder(self) -> str:
        folders = [name.removesuffix("data.pkl") for name in self._infos if name.endswith("/data.pkl")]
        top = [folder for folder in folders if folder.count("/") == 1]
        if len(top) != 1:
            raise ModelError("it is a zip archive without the data.pkl of a state dict")
        if f"{top[0]}constants.pkl" in self._infos:
            raise ModelError(
                "it is a TorchScript program, not a state dict",
                hint="Programs are not run. With its code, save the state_dict() or export it to ONNX.",
            )
        return top[0]

    def check_size(self) -> None:
        """Refuse members that claim more bytes than they can have. Raises ModelError."""
        stored = [info.file_size for info in self._infos.values() if info.compress_type == zipfile.ZIP_STORED]
        if sum(stored) > self._size:
            raise ModelError("its members claim more bytes than the file has")
        allowed = Allowance(self._size)
        for info in self._infos.values():
            allowed.charge(info.file_size)

    def size_of(self, name: str) -> int:
        """Size of a member in the folder, in bytes. Raises ModelError for one that is missing."""
        return self._info(name).file_size

    def __contains__(self, name: str) -> bool:
        return self.folder + name in self._infos

    def read(self, name: str) -> bytes | memoryview:
        """Read a member in the folder. Raises ModelError for one that is missing or damaged."""
        info = self._info(name)
        if info.flag_bits & _ENCRYPTED:
            raise ModelError("its members are encrypted")
        content = self._content(info)
        # PyTorch can leave the checksums out, as zeros, which it never looks at.
        if len(content) != info.file_size or info.CRC not in (0, self._crc32(content)):
            raise ModelError(f"its member {name} is damaged")
        return content

    def _crc32(self, content: bytes | memoryview) -> int:
        whole, found = memoryview(content), 0
        for start in range(0, len(whole), _BLOCK):
            found = zlib.crc32(whole[start : start + _BLOCK], found)
            if self._mapped is not None and start:
                self._mapped.release()
        return found

    def _content(self, info: zipfile.ZipInfo) -> bytes | memoryview:
        self._file.seek(info.header_offset)
        header = self._file.read(_LOCAL_HEADER.size)
        signature, *lengths = _LOCAL_HEADER.unpack(header)
        if signature != _LOCAL_SIGNATURE or info.compress_size > self._size:
            raise ModelError("its archive is damaged")
        start = self._file.seek(sum(lengths), 1)
        if info.compress_type not in {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}:
            raise ModelError("its members are compressed by a method that PyTorch does not read")
        is_stored = info.compress_type == zipfile.ZIP_STORED
        if self._mapped is not None and is_stored:
            return self._mapped.content[start : start + info.compress_size]
        if self._mapped is not None and info.file_size > _BLOCK:
            return self._mapped.unpacked(self._inflated(info))
        content = self._file.read(info.compress_size)
        if is_stored:
            return content
        return zlib.decompressobj(-zlib.MAX_WBITS).decompress(content, max(info.file_size, 1))

    def _inflated(self, info: zipfile.ZipInfo) -> Iterator[bytes]:
        """Yield the bytes of a deflated member at the file's position, at most as many as it states."""
        inflater, packed, left = zlib.decompressobj(-zlib.MAX_WBITS), info.compress_size, info.file_size
        while left and not inflater.eof:
            block = inflater.unconsumed_tail or self._file.read(min(_BLOCK, packed))
            packed -= 0 if inflater.unconsumed_tail else len(block)
            found = inflater.decompress(block, min(_BLOCK, left))
            if not block and not found:
                return
            left -= len(found)
            yield found

    def _info(self, name: str) -> zipfile.ZipInfo:
        info = self._infos.get(self.folder + name)
        if info is None:
            raise ModelError(f"its member {name[:40]} is missing")
        return info


class MemberStorages(Allowance):
    """Storages of a zip archive, each the member ``data/KEY``, little-endian unless `big_endian`."""

    def __init__(self, members: ZipMembers, size: int, *, big_endian: bool) -> None:
        super().__init__(size)
        self._members, self.big_endian = members, big_endian
        self._found: dict[str, memoryview] = {}

    def bytes_of(self, storage: Storage) -> memoryview:
        """Read the bytes of `storage`, once. Raises ModelError where they are missing or damaged."""
        if storage.key not in self._found:
            content = memoryview(self._members.read(f"data/{storage.key}"))
            if len(content) != storage.elements * itemsize(storage.dtype):
                raise ModelError(f"its storage {storage.key[:40]} has not the size that its pickle says")
            self._found[storage.key] = content
        return _part(self._found[storage.key], storage)


class BlockStorages(Allowance):
    """Storages of the older format: blocks in the order of `keys` from `start` on, each after its length.

    They are little-endian whatever machine wrote them: so torch writes and reads them.
    """

    big_endian = False

    def __init__(
        self,
        file: BinaryIO,
        start: int,
        size: int,
        keys: list[str],
        known: Mapping[str, Storage],
        *,
        mapped: MappedFile | None = None,
    ) -> None:
        super().__init__(size)
        self._file, self._mapped = file, mapped
        self._places = self._placed(start, size, keys, known)
        self._found: dict[str, memoryview] = {}

    def _placed(
        self, start: int, size: int, keys: list[str], known: Mapping[str, Storage]
    ) -> dict[str, tuple[int, int]]:
        places: dict[str, tuple[int, int]] = {}
        for key in keys:
            if key not in known:
                raise ModelError("it lists a storage that no tensor has")
            length = known[key].elements * itemsize(known[key].dtype)
            self._file.seek(start)
            count = int.from_bytes(self._file.read(_COUNT_BYTES), "little")
            start += _COUNT_BYTES + length
            if count != known[key].elements or start > size:
                raise ModelError("it is truncated or its storages are damaged")
            places[key] = (start - length, length)
        return places

    def bytes_of(self, storage: Storage) -> memoryview:
        """Read the bytes of `storage`, once. Raises ModelError where they are missing or damaged."""
        if storage.key not in self._places:
            raise ModelError(f"its storage {storage.key[:40]} is missing")
        if storage.key not in self._found:
            start, length = self._places[storage.key]
            self._found[storage.key] = self._read(start, length)
        return _part(self._found[storage.key], storage)

    def _read(self, start: int, length: int) -> memoryview:
        if self._mapped is not None:
            return self._mapped.content[start : start + length]
        self._file.seek(start)
        return memoryview(self._file.read(length))


def _part(content: memoryview, storage: Storage) -> memoryview:
    if storage.count is None:
        return content
    size = itemsize(storage.dtype)
    return content[storage.first * size : (storage.first + storage.count) * size]
