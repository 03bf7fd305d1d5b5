# SPDX-License-Identifier: MIT
"""Side files of a model: files in its folder, or below it, that hold some of its tensors.

Source: ONNX, docs/ExternalData.md. A side file is opened once, from the folder of the model and without
following links. The open file is what is checked: its kind, size and checksum, and that it does not change.
"""

import hashlib
import os
import re
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath, PureWindowsPath

from fairreg.errors import ChecksumMismatch, ModelError, SecurityRefusal

__all__ = ["Excerpt", "SideFile", "open_side_file", "parts_of"]

_BLOCK = 2**20
_ALGORITHMS = {40: "sha1", 64: "sha256"}  # by the number of hexadecimal digits
# Windows lacks most of these, and with them a way to open a file that no link can redirect.
_NAMES = ("O_CLOEXEC", "O_NOFOLLOW", "O_NONBLOCK", "O_DIRECTORY")
_CLOEXEC, _NOFOLLOW, _NONBLOCK, _DIRECTORY = (int(getattr(os, name, 0)) for name in _NAMES)
_FILE = os.O_RDONLY | _CLOEXEC | _NOFOLLOW | _NONBLOCK  # opening a pipe must not block
_FOLDER = os.O_RDONLY | _CLOEXEC | _DIRECTORY


@dataclass(frozen=True)
class Excerpt:
    """Place of the bytes of a tensor: `offset` and `length` in bytes; `checksum` covers the whole file."""

    tensor: str
    location: str
    offset: int
    length: int
    checksum: str | None = None


def parts_of(location: str) -> tuple[str, ...]:
    """Split a relative path inside a folder; empty for any other text, such as ``../x`` or ``/x``."""
    posix, windows = PurePosixPath(location), PureWindowsPath(location)
    leaves = posix.is_absolute() or windows.drive or windows.root or ".." in (*posix.parts, *windows.parts)
    return () if leaves or "\0" in location else posix.parts


class SideFile:
    """An open side file of the model called `model`."""

    def __init__(self, descriptor: int, location: str, model: str) -> None:
        self._descriptor, self._location, self._model = descriptor, location, model
        self._first = os.fstat(descriptor)

    def read(self, excerpt: Excerpt) -> bytes:
        """Read the bytes of a tensor. Raises ModelError if they are not all there."""
        end = excerpt.offset + excerpt.length
        if end > self._first.st_size:
            raise ModelError(
                f"{self._location!r} has {self._first.st_size} bytes, but the tensor {excerpt.tensor!r} of "
                f"{self._model} needs those from {excerpt.offset} to {end}.",
                hint="It is incomplete or belongs to another model: get it where the model is published.",
            )
        # In one block, unless the system returns less: joined blocks would need the memory twice.
        return b"".join(self._blocks(excerpt.offset, end, excerpt.length))

    def sha256(self) -> str:
        """Hex digest of the whole file."""
        return self._digest("sha256")

    def copy_to(self, target: Path) -> None:
        """Write the bytes of the whole file to `target`. Raises ModelError, and OSError for the target."""
        with target.open("wb") as copy:
            for block in self._blocks(0, self._first.st_size):
                copy.write(block)

    def verify(self, checksum: str) -> None:
        """Compare with the checksum in the model, SHA-1 by ONNX. Raises ChecksumMismatch, ModelError."""
        algorithm = _ALGORITHMS.get(len(checksum))
        if algorithm is None or not re.fullmatch(r"[0-9a-fA-F]*", checksum):
            raise ModelError(
                f"{self._model} states {checksum[:80]!r} as checksum of {self._location!r}, not a SHA-1.",
                hint="Save the model again, without a checksum or with a valid one.",
            )
        found = self._digest(algorithm)
        if found != checksum.lower():
            raise ChecksumMismatch(
                f"{self._location!r} has the {algorithm} {found}; {self._model} states {checksum.lower()}.",
                name=self._location,
                hint="The file was changed or belongs to another model: get it again.",
            )

    def check_unchanged(self) -> None:
        """Raise ModelError if the file changed since it was opened."""
        now, first = os.fstat(self._descriptor), self._first
        if (now.st_size, now.st_mtime_ns) != (first.st_size, first.st_mtime_ns):
            raise self._changed()

    def _digest(self, algorithm: str) -> str:
        found = hashlib.new(algorithm, usedforsecurity=False)
        for block in self._blocks(0, self._first.st_size):
            found.update(block)
        return found.hexdigest()

    def _blocks(self, start: int, end: int, size: int = _BLOCK) -> Iterator[bytes]:
        while start < end:
            try:
                block = os.pread(self._descriptor, min(end - start, size), start)
            except OSError as error:
                raise _unreadable(self._location, self._model, error) from error
            if not block:
                raise self._changed()
            start += len(block)
            yield block

    def _changed(self) -> ModelError:
        return ModelError(f"{self._location!r} changed while {self._model} was read.", hint="Try again.")


@contextmanager
def open_side_file(folder: Path, location: str, model: str) -> Iterator[SideFile]:
    """Context manager: open the side file `location` of the model called `model` in `folder`.

    Raises SecurityRefusal for a location outside the folder, a link (the file or a folder on the way) and
    anything but a regular file, ModelError for one that is missing, unreadable or changes while it is open.
    """
    parts = parts_of(location)
    if not parts:
        raise SecurityRefusal(
            f"{model} keeps tensors in {location!r}, which is not the name of a file in its folder.",
            hint="Save the model with its weights inside the file, or with their file beside it.",
        )
    if os.open not in os.supports_dir_fd:
        raise ModelError(
            f"{model} keeps tensors in {location!r}, which cannot be read safely on this operating system.",
            hint="Save the model with its weights inside the file.",
        )
    try:
        descriptor = _open(folder, parts, location, model)
    except OSError as error:
        raise _unreadable(location, model, error) from error
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise _refusal(location, model, "not a regular file")
        file = SideFile(descriptor, location, model)
        yield file
        file.check_unchanged()
    finally:
        os.close(descriptor)


def _open(folder: Path, parts: tuple[str, ...], location: str, model: str) -> int:
    """Open the file step by step, each name in the folder opened before it, so that no link is followed."""
    descriptor = os.open(folder, _FOLDER)
    for number, part in enumerate(parts):
        flags = _FILE if number == len(parts) - 1 else _FOLDER | _NOFOLLOW
        try:
            inner = os.open(part, flags, dir_fd=descriptor)
        except OSError:
            if _is_link(part, descriptor):
                what = "a link" if flags == _FILE else "behind a link"
                raise _refusal(location, model, what) from None
            raise
        finally:
            os.close(descriptor)
        descriptor = inner
    return descriptor


def _is_link(part: str, folder: int) -> bool:
    try:
        return stat.S_ISLNK(os.stat(part, dir_fd=folder, follow_symlinks=False).st_mode)
    except OSError:
        return False


def _refusal(location: str, model: str, what: str) -> SecurityRefusal:
    return SecurityRefusal(
        f"{model} keeps tensors in {location!r}, which is {what}.",
        hint="Put a copy of the file itself beside the model.",
    )


def _unreadable(location: str, model: str, error: OSError) -> ModelError:
    if isinstance(error, FileNotFoundError | NotADirectoryError):
        return ModelError(
            f"{model} keeps tensors in {location!r}, which is not beside it.",
            hint="Get this file where the model is published, and put it beside the model under this name.",
        )
    return ModelError(f"{location!r}, which {model} needs, cannot be read: {error.strerror or error}.")
