# SPDX-License-Identifier: MIT
"""Detection of a file's format by its first bytes, else by its name.

Sources: the signatures in the specifications of ZIP, HDF5, GGUF, TFLite (FlatBuffers identifier), ROOT,
Parquet, NPY, safetensors and pickle, and PyTorch's serialisation.
"""

import re
from pathlib import Path
from typing import Literal

__all__ = ["HEAD_BYTES", "FileFormat", "format_of_file", "format_of_head"]

FileFormat = Literal[
    "onnx",
    "safetensors",
    "zip_torch",
    "legacy_torch",
    "hdf5",
    "keras",
    "saved_model",
    "tflite",
    "gguf",
    "pickle",
    "tensorrt_plan",
    "zip",
    "tar",
    "root",
    "parquet",
    "npy",
    "lfs_pointer",
    "text",
    "unknown",
]
HEAD_BYTES = 1024
# PyTorch's legacy format begins with its magic number, pickled: LONG1 of ten bytes (torch/serialization.py).
_LEGACY_TORCH = b"\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19"
_SIGNATURES: tuple[tuple[int, bytes, FileFormat], ...] = (
    (0, b"version https://git-lfs", "lfs_pointer"),
    (0, b"\x89HDF\r\n\x1a\n", "hdf5"),
    (0, b"GGUF", "gguf"),
    (4, b"TFL3", "tflite"),
    (0, b"root", "root"),
    (0, b"PAR1", "parquet"),
    (0, b"\x93NUMPY", "npy"),
    (0, b"ftrt", "tensorrt_plan"),
    (257, b"ustar", "tar"),
)
_SUFFIXES: dict[str, FileFormat] = {
    ".onnx": "onnx",
    ".plan": "tensorrt_plan",
    ".engine": "tensorrt_plan",
    ".keras": "keras",
    ".pb": "saved_model",
}


def format_of_file(path: Path) -> FileFormat:
    """Detect the format of a local file."""
    with path.open("rb") as stream:
        return format_of_head(stream.read(HEAD_BYTES), path.name)


def format_of_head(head: bytes, name: str) -> FileFormat:
    """Detect the format of a file called `name` that begins with `head` (some hundred bytes)."""
    for offset, signature, found in _SIGNATURES:
        if head[offset : offset + len(signature)] == signature:
            return found
    suffix = Path(name).suffix.lower()
    if head[:4] in {b"PK\x03\x04", b"PK\x05\x06"}:
        return _zip_kind(head, suffix)
    if head[:1] == b"\x80":
        return "legacy_torch" if _LEGACY_TORCH in head[:16] else "pickle"
    if re.match(rb".{4}\x00\x00\x00\x00\{", head, re.DOTALL):
        return "safetensors"
    if suffix in _SUFFIXES:
        return _SUFFIXES[suffix]
    return "text" if _is_text(head) else "unknown"


def _zip_kind(head: bytes, suffix: str) -> FileFormat:
    if suffix == ".keras":
        return "keras"
    return "zip_torch" if b"/data.pkl" in head or suffix in {".pth", ".pt", ".ckpt"} else "zip"


def _is_text(head: bytes) -> bool:
    if b"\0" in head:
        return False
    try:
        head.decode("utf-8")
    except UnicodeDecodeError as error:
        # The last character may be incomplete.
        return error.start >= len(head) - 3
    return True
