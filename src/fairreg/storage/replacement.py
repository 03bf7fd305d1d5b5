# SPDX-License-Identifier: MIT
"""Replacing and removing own files, whatever somebody put in their place: links, pipes or folders."""

import os
import shutil
from contextlib import suppress
from pathlib import Path

__all__ = ["put", "remove_any", "remove_other"]


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

    Raises OSError.
    """
    if path.is_symlink() or not path.is_file():
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
