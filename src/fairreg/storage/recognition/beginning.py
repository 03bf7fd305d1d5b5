# SPDX-License-Identifier: MIT
"""A file whose beginning was read: a short one is not read again."""

from contextlib import closing
from io import BytesIO
from pathlib import Path
from typing import BinaryIO

from fairreg.storage.formats import HEAD_BYTES

__all__ = ["opened"]


def opened(path: Path, head: bytes) -> "closing[BytesIO] | BinaryIO":
    """Open a file that begins with `head`, its first `HEAD_BYTES`; a shorter head is the whole file.

    Each of the recognisers starts from the beginning, and a record may have thousands of short files.
    """
    return closing(BytesIO(head)) if len(head) < HEAD_BYTES else path.open("rb")
