# SPDX-License-Identifier: MIT
"""Zip archives that are models: PyTorch, Keras 3, skops, and archives of NumPy arrays.

Sources: torch/serialization.py and torch/csrc/jit/serialization (data.pkl, constants.pkl, code/),
torch/export/pt2_archive/constants.py, torch/package (.data/extern_modules), keras/src/saving/saving_lib.py,
skops/io/_persist.py, numpy/lib/npyio.
"""

import lzma
import struct
import zipfile
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import BinaryIO

from fairreg.storage.recognition.description import FormatDescription
from fairreg.storage.recognition.json_members import Members, counted, layers, members, text

__all__ = ["describe", "directory_bytes"]

_MAX_DIRECTORY = 8 << 20  # bytes of the list of members
_MAX_MEMBER = 16 << 20
_LOCATOR = 20
_ELSEWHERE = 0xFFFFFFFF  # the size is in the record of zip64
_END = 65_557  # the record at the end, with the longest comment
_CORRUPT = (
    zipfile.BadZipFile,
    zipfile.LargeZipFile,
    zlib.error,
    lzma.LZMAError,
    struct.error,
    ValueError,
    LookupError,
    EOFError,
    RuntimeError,  # an encrypted member, an unknown method
    OSError,
)


def describe(path: Path) -> FormatDescription:
    """Recognise a zip archive by its members."""
    try:
        with path.open("rb") as file:
            if directory_bytes(file) > _MAX_DIRECTORY:
                return FormatDescription(
                    "zip", "a zip archive", note="Its list of members is too long to read."
                )
            with zipfile.ZipFile(file) as archive:
                return _described(archive)
    except _CORRUPT:
        return FormatDescription("zip", "a zip archive", note="Its list of members is damaged.")


def directory_bytes(file: BinaryIO) -> int:
    """Size of the central directory as its end record states it (APPNOTE.TXT 4.3.14 to 4.3.16)."""
    size = file.seek(0, 2)
    start = max(size - _END, 0)
    file.seek(start)
    tail = file.read(_END)
    end = tail.rfind(b"PK\x05\x06")
    if end < 0:
        return 0  # zipfile says that it is damaged
    stated: int = struct.unpack_from("<I", tail, end + 12)[0]
    if tail[max(end - _LOCATOR, 0) : end - 16] == b"PK\x06\x07":
        file.seek(struct.unpack_from("<Q", tail, end - 12)[0])
        record = file.read(56)
        stated = max(stated if stated != _ELSEWHERE else 0, struct.unpack_from("<Q", record, 40)[0])
    return stated


def _described(archive: zipfile.ZipFile) -> FormatDescription:
    names = archive.namelist()
    inside = {name.partition("/")[2] for name in names}
    if "serialized_exported_program.json" in names or "archive_format" in inside:
        return _exported(archive, names)
    if any(name.startswith(".data/") for name in names) and ".data/extern_modules" in names:
        return FormatDescription("zip_torch", "a package of torch.package", "PyTorch", executes=True)
    if "data.pkl" in inside:
        return _torch(names, inside)
    if "config.json" in names and ("metadata.json" in names or "model.weights.h5" in names):
        return _keras(archive)
    if "schema.json" in names:
        return _skops(archive)
    return _arrays(names)


def _torch(names: Sequence[str], inside: set[str]) -> FormatDescription:
    stored = sum(1 for name in names if "/data/" in name)
    if "constants.pkl" in inside or any(name.startswith("code/") for name in inside):
        words = "a TorchScript program, compiled code of PyTorch with its weights"
        return FormatDescription("zip_torch", words, "PyTorch", facts={"storages": stored}, executes=True)
    return FormatDescription(
        "zip_torch", "a PyTorch file (zip)", "PyTorch", facts={"storages": stored}, weights=True
    )


def _exported(archive: zipfile.ZipFile, names: Sequence[str]) -> FormatDescription:
    compiled = any("/data/aotinductor/" in f"/{name}" for name in names)
    words = "an exported program of torch.export (.pt2)"
    if compiled:
        words = "a compiled package of AOTInductor (.pt2), which is machine code"
    program = next((name for name in names if name.endswith("models/model.json")), "")
    version = text(_read(archive, program, "torch_version"), "torch_version")
    return FormatDescription("zip_torch", words, "PyTorch", version, executes=compiled)


def _keras(archive: zipfile.ZipFile) -> FormatDescription:
    config = _read(archive, "config.json", "class_name", "config")
    version = text(_read(archive, "metadata.json", "keras_version"), "keras_version")
    name = text(config, "class_name")
    found = layers(config.get("config"))
    facts: dict[str, str | int] = {"class": name} if name else {}
    if found:
        facts["layers"] = counted(found)
    note = None if config else "Its config.json cannot be read."
    return FormatDescription("keras", "a Keras model (.keras)", "Keras", version, facts, note)


def _skops(archive: zipfile.ZipFile) -> FormatDescription:
    schema = _read(archive, "schema.json", "_skops_version", "__module__", "__class__")
    version, module = text(schema, "_skops_version"), text(schema, "__module__")
    if version is None and module is None:
        return FormatDescription.plain("zip")
    kind = f"{module}.{text(schema, '__class__')}"
    return FormatDescription("skops", "a skops file of scikit-learn", "skops", version, {"object": kind})


def _arrays(names: Sequence[str]) -> FormatDescription:
    arrays = [name for name in names if name.endswith(".npy")]
    if not arrays or len(arrays) != len(names):
        if "config.json" in names:
            return FormatDescription.plain("zip")
        return FormatDescription("zip", "a zip archive", facts={"members": len(names)})
    return FormatDescription(
        "npz", "an archive of NumPy arrays (.npz)", "NumPy", facts={"arrays": len(arrays)}
    )


def _read(archive: zipfile.ZipFile, name: str, *names: str) -> Members:
    """The named members of a JSON object; empty for a member of the archive that is none, or too large."""
    if name not in archive.namelist() or archive.getinfo(name).file_size > _MAX_MEMBER:
        return {}
    with archive.open(name) as member:
        return members(member.read(_MAX_MEMBER), *names)
