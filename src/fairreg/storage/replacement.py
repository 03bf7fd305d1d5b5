# SPDX-License-Identifier: MIT
"""Replacing and removing own files, whatever somebody put in their place: links, pipes or folders.

A draft is named ``.NAME.<12 hex digits>.part`` and locked by its writer (flock(2), shared, so that a library
may lock it for reading as well). The system gives the lock up when the writer ends, however it ends. A draft
that another process can lock alone is therefore nobody's, and is removed by the next process that writes in
the folder. Without flock (Windows, some network disks) nothing shows whether a writer lives: drafts stay.
"""

import errno
import os
import re
import shutil
import stat
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from functools import lru_cache
from pathlib import Path

__all__ = ["draft_folder_of", "draft_of", "put", "remove_any", "remove_other"]

_HAS_LOCKS = os.name == "posix"
_DRAFT = re.compile(r"\..+\.[0-9a-f]{12}\.part", re.DOTALL)
# File systems limit names to 255 bytes; the beginning of the target's name tells whose draft it is.
_LONGEST_HINT = 100


def remove_any(path: Path) -> None:
    """Remove what is in the place of `path`: a folder with its content, of a link only itself.

    Raises OSError.
    """
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def remove_other(path: Path) -> None:
    """Remove what is in the place of the file `path` and is no file: opening a pipe would wait for ever.

    Where nothing is, nothing is removed: another thread may be about to make the file. Raises OSError.
    """
    try:
        mode = path.lstat().st_mode
    except FileNotFoundError:
        return
    if not stat.S_ISREG(mode):
        remove_any(path)


def put(source: Path, target: Path, draft: Path) -> None:
    """Replace whatever is at `target` by the file `source`, in one step: a copy that stopped is a draft.

    Raises OSError.
    """
    remove_any(draft)
    try:
        _link(source, draft)
        remove_other(target)
        draft.replace(target)
    except BaseException:
        with suppress(OSError):  # the first error is the one to report
            draft.unlink(missing_ok=True)
        raise


def _link(source: Path, target: Path) -> None:
    """Make a hard link, or a copy where the disk has no links."""
    try:
        os.link(source, target)
    except OSError:
        shutil.copyfile(source, target)


def draft_of(target: Path) -> AbstractContextManager[Path]:
    """Context manager: the path of a new empty file beside `target`, hidden, and locked by this process.

    What is still there at the end is removed. It has the permissions of any new file of the user. Raises
    OSError.
    """
    return _draft(target, _made_file)


def draft_folder_of(target: Path) -> AbstractContextManager[Path]:
    """Context manager: the path of a new empty folder beside `target`, as `draft_of` makes files."""
    return _draft(target, _made_folder)


@contextmanager
def _draft(target: Path, make: Callable[[Path], int | None]) -> Iterator[Path]:
    if not target.name:  # the current folder, or the root
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(target))
    _remove_abandoned(target.parent.absolute())
    draft, held = _new_draft(target, make)
    try:
        yield draft
    finally:
        with suppress(OSError):  # an error inside is the one to report
            remove_any(draft)
        if held is not None:
            os.close(held)


def _new_draft(target: Path, make: Callable[[Path], int | None]) -> tuple[Path, int | None]:
    """Create a draft of `target`; return its path, and the file descriptor with its lock."""
    hint = target.name.encode("utf-8", "surrogateescape")[:_LONGEST_HINT].decode("utf-8", "ignore")
    while True:
        draft = target.with_name(f".{hint}.{os.urandom(6).hex()}.part")
        try:
            made = make(draft)
        except FileExistsError:
            continue
        if made is None:
            return draft, None
        if _is_locked(made, alone=False) is not False and os.path.lexists(draft):
            return draft, made
        os.close(made)  # another process found it before it was locked, and removes it


def _made_file(path: Path) -> int | None:
    # Exclusive: neither an existing file nor a link in its place is ever written to.
    made = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o666)
    if _HAS_LOCKS:
        return made
    os.close(made)  # Windows renames no open file
    return None


def _made_folder(path: Path) -> int | None:
    path.mkdir(mode=0o700)
    return os.open(path, os.O_RDONLY) if _HAS_LOCKS else None


def _is_locked(descriptor: int, *, alone: bool) -> bool | None:
    """Lock an open file without waiting; False if another process holds it, None where nothing is locked."""
    import fcntl

    try:
        fcntl.flock(descriptor, (fcntl.LOCK_EX if alone else fcntl.LOCK_SH) | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:  # the disk has no locks
        return None
    return True


@lru_cache(256)
def _remove_abandoned(folder: Path) -> None:
    """Remove the drafts in `folder` that no process holds, once per process: a folder may have many files."""
    if not _HAS_LOCKS:
        return
    with suppress(OSError), os.scandir(folder) as entries:
        for entry in [entry for entry in entries if _DRAFT.fullmatch(entry.name)]:
            with suppress(OSError):  # it has been finished meanwhile, or belongs to another user
                _remove_if_abandoned(folder / entry.name, entry.is_dir(follow_symlinks=False))


def _remove_if_abandoned(draft: Path, is_folder: bool) -> None:
    """Remove a draft that this process can lock alone; no link is followed, no pipe waited for.

    Raises OSError.
    """
    access = os.O_RDONLY if is_folder else os.O_RDWR
    found = os.open(draft, access | os.O_NOFOLLOW | os.O_NONBLOCK)
    try:
        mode = os.fstat(found).st_mode
        if (stat.S_ISREG(mode) or stat.S_ISDIR(mode)) and _is_locked(found, alone=True):
            remove_any(draft)
    finally:
        os.close(found)
