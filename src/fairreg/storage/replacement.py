# SPDX-License-Identifier: MIT
"""Writing of files in one step: a draft beside the target, with a name of its own, is renamed when whole."""

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

__all__ = ["replacing"]

# File systems limit names to 255 bytes; the beginning of the target's name tells whose draft it is.
_LONGEST_HINT = 100


@contextmanager
def replacing(target: Path) -> Iterator[Path]:
    """Context manager: the path of a new empty file, which becomes `target` when the block ends.

    After an error it is removed, and `target` is as before. Several processes may write one target: each has
    a file of its own, and the last one stays. A device or a pipe, such as /dev/stdout, is written in place.
    Raises OSError.
    """
    if _is_special(target):
        yield target
        return
    draft = _new_file(target)
    try:
        yield draft
        draft.replace(target)
    except BaseException:
        with suppress(OSError):  # the first error is the one to report
            draft.unlink(missing_ok=True)
        raise


def _is_special(target: Path) -> bool:
    """Tell whether the path is there and neither a file nor a folder; renaming would replace a device."""
    return target.exists() and not target.is_file() and not target.is_dir()


def _new_file(target: Path) -> Path:
    """Create an empty file beside `target`, hidden, with the permissions of any new file of the user."""
    hint = target.name.encode("utf-8", "surrogateescape")[:_LONGEST_HINT].decode("utf-8", "ignore")
    while True:
        draft = target.with_name(f".{hint}.{secrets.token_hex(6)}.part")
        try:
            # Exclusive: neither an existing file nor a link in its place is ever written to.
            os.close(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666))
        except FileExistsError:
            continue
        return draft
