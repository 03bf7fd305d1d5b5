# SPDX-License-Identifier: MIT
"""Short text files beside weights, such as the arguments of their training."""

import os
import stat
from pathlib import Path

from fairreg.errors import ModelError, SecurityRefusal

__all__ = ["LARGEST_NUMBER", "MAX_BYTES", "content_beside", "is_finite", "text_beside"]

MAX_BYTES = 65_536
LARGEST_NUMBER = 3.4028234663852886e38  # of float32, in which networks are computed
# Windows lacks the last two; there a link is found only by the look before.
_FLAGS = os.O_RDONLY | int(getattr(os, "O_NOFOLLOW", 0)) | int(getattr(os, "O_NONBLOCK", 0))


def text_beside(path: Path, name: str) -> str | None:
    """Text of the file `name` in the folder of `path`, None where there is none.

    Raises as `content_beside`, and ModelError for a file that is not UTF-8.
    """
    content = content_beside(path, path.parent / name)
    try:
        return None if content is None else content.decode("utf-8")
    except UnicodeDecodeError:
        raise ModelError(f"{name} beside {path.name} is not a text in UTF-8.") from None


def is_finite(value: int | float) -> bool:
    """Tell whether a number of any size is one, and finite in float32."""
    return -LARGEST_NUMBER <= value <= LARGEST_NUMBER


def content_beside(path: Path, place: Path) -> bytes | None:
    """Content of the file `place`, which belongs to the weights `path`; None where there is none.

    Raises SecurityRefusal for a link and for anything but a regular file, ModelError for a file of more than
    `MAX_BYTES` bytes and for one that cannot be read.
    """
    try:
        if not stat.S_ISREG(place.lstat().st_mode):
            raise _refusal(path, place.name)
        content = _content(place, path)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise ModelError(
            f"{place.name} beside {path.name} cannot be read: {error.strerror or error}."
        ) from error
    if len(content) > MAX_BYTES:
        raise ModelError(
            f"{place.name} beside {path.name} is too large for the options of a training: it has more than "
            f"{MAX_BYTES} bytes."
        )
    return content


def _content(beside: Path, path: Path) -> bytes:
    """The file's first bytes, one more than `MAX_BYTES` at most; what is opened is what is checked."""
    with os.fdopen(os.open(beside, _FLAGS), "rb") as stream:
        if not stat.S_ISREG(os.fstat(stream.fileno()).st_mode):
            raise _refusal(path, beside.name)
        return stream.read(MAX_BYTES + 1)


def _refusal(path: Path, name: str) -> SecurityRefusal:
    return SecurityRefusal(
        f"{name} beside {path.name} is a link or no regular file, and is not read.",
        hint="Put a copy of the file itself beside the weights.",
    )
