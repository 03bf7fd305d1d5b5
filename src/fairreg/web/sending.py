# SPDX-License-Identifier: MIT
"""Bodies of requests that change something at a service: JSON, or a part of a file, sent as it is read."""

import json
import os
from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from fairreg.errors import FairregError

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["FilePart", "JsonBody", "RequestBody", "Sending"]

# Called with the number of bytes of the part that were read for sending; it starts again with a repetition.
SentBytes = Callable[[int], None]
_BLOCK = 1 << 18


class RequestBody(Protocol):
    """Body of a request, which is opened again for each attempt."""

    @property
    def media_type(self) -> str:
        """Media type of the body."""

    def opened(self) -> Any:
        """Context manager: bytes, or a file of a known length."""


@dataclass(frozen=True)
class JsonBody:
    """A JSON document as a body."""

    document: Any
    media_type: str = "application/json"

    @contextmanager
    def opened(self) -> "Iterator[bytes]":
        """Give the document's bytes."""
        yield json.dumps(self.document, ensure_ascii=False).encode()


@dataclass(frozen=True)
class FilePart:
    """`size` bytes of a file from `start` on as a body; memory does not grow with them."""

    path: Path
    size: int
    start: int = 0
    sent: SentBytes | None = None
    media_type: str = "application/octet-stream"

    @contextmanager
    def opened(self) -> "Iterator[_ReadPart | bytes]":
        """Open the file at the beginning of the part. Raises FairregError where it cannot be read."""
        if not self.size:  # requests sends a body of unknown length for a file without bytes
            yield b""
            return
        # A link that took the place of the file is not followed.
        with _readable(self.path), open(self.path, "rb", opener=_without_link) as file:
            file.seek(self.start)
            yield _ReadPart(file, self.size, self.sent)


def _without_link(path: str, flags: int) -> int:
    return os.open(path, flags | int(getattr(os, "O_NOFOLLOW", 0)))


@contextmanager
def _readable(path: Path) -> "Iterator[None]":
    try:
        yield
    except OSError as error:
        raise FairregError(f"{path} cannot be read: {error.strerror or error}.") from error


class _ReadPart:
    """The next `size` bytes of an open file; their number as its length, so that no chunks are announced.

    It is no file of the io module: requests would take the missing `tell` of one for a length of zero.
    Raises FairregError where the file has become shorter, instead of waiting for bytes for ever.
    """

    def __init__(self, file: Any, size: int, sent: SentBytes | None) -> None:
        self._file, self._size, self._sent = file, size, sent
        self._done = 0

    def __len__(self) -> int:
        return self._size

    def __iter__(self) -> "Iterator[bytes]":
        while block := self.read(_BLOCK):
            yield block

    def read(self, size: int = -1) -> bytes:
        left = self._size - self._done
        block: bytes = self._file.read(min(left, _BLOCK if size < 0 else size))
        if not block and left:
            raise FairregError(
                f"{self._file.name} became shorter while it was sent.", hint="Repeat the command."
            )
        self._done += len(block)
        if self._sent is not None:
            self._sent(self._done)
        return block


@dataclass(frozen=True)
class Sending:
    """Method and body of a request.

    One that is not `repeatable` may have been carried out although no answer came (RFC 9110, section 9.2.2):
    it is repeated only where the service states that it did nothing, with 429 or a wait.
    """

    method: str
    body: RequestBody | None = None
    repeatable: bool = True
