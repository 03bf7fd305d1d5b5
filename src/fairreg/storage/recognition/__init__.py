# SPDX-License-Identifier: MIT
"""Recognition of files by their content: what they are, by whom they were made, what they state.

Nothing in a file is executed and no reader of a foreign library but h5py is used. Each look is bounded: the
beginning of a file, the list of an archive's members, some members of a stated size.
"""

import re
from pathlib import Path

from fairreg.storage.formats import HEAD_BYTES, WORDS, FileFormat, format_of_head, is_text
from fairreg.storage.recognition import binaries, pickles, protobuf, texts, zips
from fairreg.storage.recognition.description import FormatDescription

__all__ = ["FormatDescription", "describe", "format_of_file"]

# Formats that names alone may state; TensorRT's engines of old versions have no signature.
_BY_NAME: frozenset[FileFormat] = frozenset({"onnx", "keras", "saved_model", "tensorrt_plan"})
# Characters that no text has.
_CONTROL = re.compile(rb"[\0-\x08\x0b\x0e-\x1a\x1c-\x1f]")


def format_of_file(path: Path) -> FileFormat:
    """Detect the format of a local file. Raises OSError."""
    return describe(path).format


def describe(path: Path) -> FormatDescription:
    """Recognise a local file by its content. Raises OSError.

    A name decides only for a content that nothing recognises.
    """
    with path.open("rb") as stream:
        head = stream.read(HEAD_BYTES)
    named = format_of_head(head, path.name)
    known = format_of_head(head, "")
    found = _by_content(path, head, known)
    if found is not None:
        return found
    if not head:
        return FormatDescription("unknown", "an empty file")
    return _by_name(named, known, is_plain=known == "text" and not _CONTROL.search(head))


def _by_content(path: Path, head: bytes, known: FileFormat) -> FormatDescription | None:
    """Recognise a file, None where its content says no more than `known`, its signature."""
    if known in {"zip", "zip_torch"}:
        found = zips.describe(path)
        return None if found.format == "zip" and not (found.note or found.facts) else found
    if known == "hdf5":
        from fairreg.storage.recognition import hdf5

        return hdf5.describe(path)
    binary = binaries.describe(path, head, known) or pickles.describe(path, head, known)
    if binary is not None:
        return binary
    text = texts.describe(path, head) if known in texts.FORMATS or is_text(head) else None
    return text or protobuf.describe(path, head)


def _by_name(named: FileFormat, known: FileFormat, *, is_plain: bool) -> FormatDescription:
    """The format by the signature, with what the name states although the content does not show it."""
    if named == known or named not in _BY_NAME or is_plain:
        return FormatDescription.plain(known)
    if named == "tensorrt_plan":
        return FormatDescription.plain(named)
    return FormatDescription(known, f"{WORDS[named]} by its name, which its content does not show")
