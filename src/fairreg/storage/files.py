# SPDX-License-Identifier: MIT
"""Digests of files, disk errors, and writing in one step."""

import errno
import hashlib
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from fairreg.errors import FairregError

__all__ = [
    "digest",
    "disk_faults",
    "is_inside",
    "is_plain_name",
    "near_name",
    "remove_links",
    "replacing",
    "unreadable",
]

_BLOCK = 2**20
_LIMIT_OF_NAMES = 255  # bytes, in most file systems
_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
_FORBIDDEN = frozenset({errno.EACCES, errno.EPERM, errno.EROFS})
_TAKEN = frozenset({errno.EEXIST, errno.ENOTDIR, errno.EISDIR, errno.ENOTEMPTY})


def digest(path: Path, algorithm: str = "sha256") -> str:
    """Hex digest of a file, read in blocks."""
    found = hashlib.new(algorithm, usedforsecurity=False)
    with path.open("rb") as stream:
        while block := stream.read(_BLOCK):
            found.update(block)
    return found.hexdigest()


def _place_of(error: OSError) -> str:
    """Path of a disk error in parentheses; empty where there is none, or only that of a draft."""
    path = _path_of(error)
    return f" ({path})" if path is not None and not str(path).endswith(".part") else ""


def _path_of(error: OSError) -> object:
    """Path of a disk error, of a copy the one where it goes; None where the error does not tell."""
    return error.filename if error.filename2 is None else error.filename2


def is_plain_name(name: str) -> bool:
    """Tell whether a text is the name of a file in its folder, on every system: no path and not hidden."""
    if not name or name.startswith(".") or set(name) & set("/\\:\0"):
        return False
    try:
        return len(name.encode("utf-8")) <= _LIMIT_OF_NAMES
    except UnicodeEncodeError:  # half a surrogate pair
        return False


def is_inside(path: Path, folder: Path) -> bool:
    """Tell whether a path, with all links followed, is below `folder`."""
    try:
        return path.resolve().is_relative_to(folder.resolve())
    except (OSError, RuntimeError):  # a loop of links
        return False


def remove_links(path: Path, folder: Path) -> None:
    """Remove each symbolic link at `path` or between it and `folder`, so that writing stays in `folder`.

    Raises OSError.
    """
    steps = path.relative_to(folder).parts
    for count in range(1, len(steps) + 1):
        place = folder.joinpath(*steps[:count])
        if place.is_symlink():
            place.unlink()
            return


@contextmanager
def disk_faults(what: str, elsewhere: str | None = None) -> Iterator[None]:
    """Context manager: turn disk errors (full, read-only, no permission) into a FairregError with a hint.

    `what` is the target of the writing, the subject of the sentence; `elsewhere` is what may be chosen
    instead where that is no folder.
    """
    try:
        yield
    except OSError as error:
        raise FairregError(
            f"{what} cannot be written: {error.strerror or error}{_place_of(error)}.",
            hint=_hint_of(error, elsewhere),
        ) from error


_OF_CACHE = "(FAIRREG_HOME for the cache)"


def _hint_of(error: OSError, elsewhere: str | None) -> str:
    """The next step after a disk error, by its number: no other number says that space is short."""
    if error.errno == errno.ENOENT:
        folder = _missing_folder(error)
        return f"Make the folder {folder} first." if folder else "Make its folder first."
    if error.errno in _FULL:
        return f"Free some space, or choose {elsewhere or f'a folder on another disk {_OF_CACHE}'}."
    if error.errno in _FORBIDDEN:
        return f"Change its permissions, or choose {elsewhere or f'a writable folder {_OF_CACHE}'}."
    if error.errno in _TAKEN:
        return "Choose another path: a file or a folder is in its place."
    return f"Check the disk, or choose {elsewhere or f'another folder {_OF_CACHE}'}."


def _missing_folder(error: OSError) -> Path | None:
    """The folder that is missing, None where the error does not tell."""
    named = _path_of(error)
    if not isinstance(named, (str, os.PathLike)):
        return None
    folder = Path(named).parent
    return None if folder.exists() else folder


@contextmanager
def unreadable(what: str) -> Iterator[None]:
    """Context manager: turn disk errors of reading `what` into a FairregError."""
    try:
        yield
    except OSError as error:
        raise FairregError(
            f"{what} cannot be read: {error.strerror or error}.", hint="Check its permissions, and the disk."
        ) from error


@contextmanager
def replacing(target: Path) -> Iterator[Path]:
    """Context manager: the path of a new empty file, which becomes `target` when the block ends.

    After an error it is removed, and `target` is as before. Several processes may write one target: each has
    a file of its own, and the last one stays. What killed processes left in the folder is removed. A device
    or a pipe, such as /dev/stdout, is written in place. Raises OSError.
    """
    if _is_special(target):
        yield target
        return
    from fairreg.storage.replacement import draft_of  # needed only for writing

    with draft_of(target) as draft:
        yield draft
        draft.replace(target)


def _is_special(target: Path) -> bool:
    """Tell whether the path is there and neither a file nor a folder; renaming would replace a device."""
    return target.exists() and not target.is_file() and not target.is_dir()


def kind_of(path: Path) -> str:
    """Return what is at a path, and neither a file nor a folder, in words."""
    mode = path.stat().st_mode
    kinds = {
        stat.S_IFIFO: "a pipe",
        stat.S_IFSOCK: "a socket",
        stat.S_IFCHR: "a device",
        stat.S_IFBLK: "a device",
    }
    return kinds.get(stat.S_IFMT(mode), "something else")


def near_name(path: Path) -> str | None:
    """Return the path of a file of a similar name beside one that does not exist; None without any."""
    from difflib import get_close_matches
    from itertools import islice

    try:
        names = [item.name for item in islice(path.parent.iterdir(), _MOST_NAMES)]
    except OSError:
        return None
    found = get_close_matches(path.name, names, n=1, cutoff=0.75)
    return str(path.parent / found[0]) if found else None


# Names of a folder that are compared with a mistyped one.
_MOST_NAMES = 5000
