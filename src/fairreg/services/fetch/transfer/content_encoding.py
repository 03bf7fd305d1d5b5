# SPDX-License-Identifier: MIT
"""Content-Encoding of a body that nobody asked for: undone only where that gives the published file.

Servers label packed files with it (``data.csv.gz`` as gzip), and a few pack plain ones on the way (RFC 9110,
section 8.4). The published size and digest tell the two apart.
"""

import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from fairreg.errors import ChecksumMismatch
from fairreg.storage.files import disk_faults, replacing

__all__ = ["is_known", "undo", "unknown"]

_BLOCK = 2**18
_GZIP, _ZLIB, _RAW = 16 + zlib.MAX_WBITS, zlib.MAX_WBITS, -zlib.MAX_WBITS
_WINDOWS = {"gzip": _GZIP, "x-gzip": _GZIP, "deflate": _ZLIB}


def is_known(encoding: str) -> bool:
    """Tell whether `undo` can undo an encoding."""
    return encoding in _WINDOWS


def unknown(encoding: str, name: str, sizes: tuple[int, int]) -> ChecksumMismatch:
    """Return the error for a file in an unknown encoding; `sizes` are those that it has and should have."""
    return ChecksumMismatch(
        f"{name} is not the published file: it has {sizes[0]} bytes instead of {sizes[1]}, as the server "
        f"packed it in the encoding {encoding[:40]!r}, which was not asked for.",
        name=name,
        hint="The download was discarded; fairreg undoes gzip and deflate only. Tell the service.",
    )


def undo(part: Path, encoding: str, limit: int) -> bool:
    """Replace the file `part` by its content before `encoding`, which must be known.

    At most a block more than `limit` bytes are written. False, and unchanged, if it is damaged.
    """
    try:
        with (
            disk_faults("The cache"),
            replacing(part) as draft,
            part.open("rb") as source,
            draft.open("wb") as out,
        ):
            for block in _plain(source, encoding):
                out.write(block)
                if out.tell() > limit:
                    break
    except (zlib.error, EOFError):
        return False
    return True


def _plain(source: IO[bytes], encoding: str) -> Iterator[bytes]:
    """Yield the decoded bytes; a gzip body may have several members (RFC 1952, section 2.2)."""
    window = _WINDOWS[encoding]
    start = source.read(2)
    source.seek(0)
    if window == _ZLIB and not (len(start) > 1 and start[0] & 15 == 8 and int.from_bytes(start) % 31 == 0):  # noqa: PLR2004
        window = _RAW  # without the header of RFC 1950, which RFC 9110 notes of some senders
    decoder = zlib.decompressobj(window)
    while block := source.read(_BLOCK):
        while block:
            yield decoder.decompress(block, _BLOCK)
            block = decoder.unconsumed_tail
            if decoder.eof and decoder.unused_data:
                block, decoder = decoder.unused_data, zlib.decompressobj(window)
    yield decoder.flush()
    if not decoder.eof:
        raise EOFError
