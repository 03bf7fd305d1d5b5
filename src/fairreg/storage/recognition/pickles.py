# SPDX-License-Identifier: MIT
"""Python pickles, also compressed ones of joblib: named by the first class they would import, never opened.

Only instructions are listed (pickletools.genops reads and executes none). Sources: PEP 3154, pickletools, and
joblib/compressor.py for the signatures of its compressors.
"""

import bz2
import lzma
import zlib
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

from fairreg.schemas.text import one_line
from fairreg.storage.formats import FileFormat
from fairreg.storage.recognition.beginning import opened
from fairreg.storage.recognition.description import FormatDescription

__all__ = ["describe"]

_START = 1 << 16
_MAX_INSTRUCTIONS = 20_000
_TEXTUAL = frozenset(b"(c]}")  # how a pickle of protocol 0 or 1 of an object or a container begins
_MIN_INSTRUCTIONS = 4
_COPIERS = ("copy_reg ", "copyreg ")  # what protocols 0 and 1 call to make an object of a class
_FRAMEWORKS = {
    "sklearn": "scikit-learn",
    "xgboost": "XGBoost",
    "lightgbm": "LightGBM",
    "catboost": "CatBoost",
    "torch": "PyTorch",
    "keras": "Keras",
    "tensorflow": "TensorFlow",
    "jax": "JAX",
    "flax": "Flax",
    "joblib": "joblib",
}


def describe(path: Path, head: bytes, known: FileFormat) -> FormatDescription | None:
    """Recognise a pickle by its first instructions, plain or compressed; None for any other file."""
    if known == "legacy_torch":
        return None
    with opened(path, head) as file:
        start = file.read(_START)
    packed = _unpacked(start)
    if packed is not None:
        return _described(packed, "a compressed Python pickle (joblib)") if packed[:1] == b"\x80" else None
    if known == "pickle":
        return _described(start, "a Python pickle")
    if head[:1] and head[0] in _TEXTUAL and _is_textual(path, start):
        return _described(start, "a Python pickle")
    return None


def _unpacked(start: bytes) -> bytes | None:
    """The first bytes of what is compressed, None for content that is not."""
    try:
        if start[:1] == b"\x78" and start[1:2] in {b"\x01", b"\x5e", b"\x9c", b"\xda"}:
            return zlib.decompressobj().decompress(start, _START)
        if start.startswith(b"\x1f\x8b"):
            return zlib.decompressobj(31).decompress(start, _START)
        if start.startswith(b"BZh"):
            return bz2.BZ2Decompressor().decompress(start, _START)
        if start.startswith((b"\xfd7zXZ\0", b"\x5d\0\0")):
            return lzma.LZMADecompressor(memlimit=1 << 28).decompress(start, _START)
    except (zlib.error, OSError, lzma.LZMAError, EOFError, MemoryError):
        return None
    return None


def _instructions(content: bytes) -> Iterator[tuple[str, Any]]:
    import pickletools

    try:
        for code, argument, _ in islice(pickletools.genops(content), _MAX_INSTRUCTIONS):
            yield code.name, argument
    except (ValueError, IndexError, OverflowError, MemoryError, AttributeError):
        return  # cut off, or no pickle from here


def _is_textual(path: Path, start: bytes) -> bool:
    """Tell whether a file is a whole pickle of protocol 0 or 1, up to its last instruction."""
    if path.stat().st_size > len(start):
        names = [name for name, _ in islice(_instructions(start), 100)]
        return len(names) == 100 and "GLOBAL" in names  # noqa: PLR2004
    names = [name for name, _ in _instructions(start)]
    return len(names) > _MIN_INSTRUCTIONS and names[-1] == "STOP"


def _described(content: bytes, words: str) -> FormatDescription:
    name = _first_class(content)
    framework = _FRAMEWORKS.get(name.partition(".")[0]) if name else None
    facts: dict[str, str | int] = {"first class": name} if name else {}
    said = f"{words}, which could run any code"
    return FormatDescription("pickle", said, framework, facts=facts, executes=True)


def _first_class(content: bytes) -> str | None:
    """Dotted name of the first class or function that the pickle would import."""
    texts: list[str] = []
    for name, argument in _instructions(content):
        if name == "GLOBAL" and not str(argument).startswith(_COPIERS):
            return _shown(str(argument).replace(" ", "."))
        if name == "STACK_GLOBAL" and len(texts) > 1:
            return _shown(".".join(texts[-2:]))
        if isinstance(argument, str):
            texts = [*texts[-1:], argument]
    return None


def _shown(name: str) -> str:
    return one_line(name)[:100]
