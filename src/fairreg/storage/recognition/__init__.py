# SPDX-License-Identifier: MIT
"""Recognition of files by their content: what they are, by whom they were made, what they state.

Nothing in a file is executed and no reader of a foreign library but h5py is used. Each look is bounded: the
beginning of a file, the list of an archive's members, some members of a stated size.
"""

from pathlib import Path

from fairreg.storage.formats import HEAD_BYTES, FileFormat, format_of_head, is_text
from fairreg.storage.recognition import binaries, hdf5, pickles, protobuf, texts, zips
from fairreg.storage.recognition.description import FormatDescription

__all__ = ["FormatDescription", "describe", "format_of_file"]

# Formats that have no signature: TensorRT's engines of old versions.
_BY_NAME = frozenset({"tensorrt_plan"})


def format_of_file(path: Path) -> FileFormat:
    """Detect the format of a local file. Raises OSError."""
    return describe(path).format


def describe(path: Path) -> FormatDescription:
    """Recognise a local file by its content. Raises OSError.

    A name decides nothing but what is said of a file without a known content.
    """
    with path.open("rb") as stream:
        head = stream.read(HEAD_BYTES)
    named = format_of_head(head, path.name)
    known = format_of_head(head, "")
    if known in {"zip", "zip_torch"}:
        return zips.describe(path)
    if known == "hdf5":
        return hdf5.describe(path)
    found = binaries.describe(path, head, known) or pickles.describe(path, head, known)
    if found is None and (known == "text" or is_text(head) or known in texts.FORMATS):
        found = texts.describe(path, head)
    if found is None:
        found = protobuf.describe(path)
    if found is not None:
        return found
    plain = FormatDescription.plain(named if named in _BY_NAME else known)
    return plain if head else FormatDescription("unknown", "an empty file")
