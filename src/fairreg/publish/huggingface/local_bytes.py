# SPDX-License-Identifier: MIT
"""Bytes of the local files as the Hub's client gets them: those whose digest was computed, and no others."""

import hashlib
from functools import lru_cache

from fairreg.errors import FairregError
from fairreg.publish.base import LocalFile
from fairreg.storage.files import unreadable
from fairreg.storage.regular_file import opened_regular

__all__ = ["SMALL", "content_of", "git_blob", "require_same"]

# Files up to this size are sent in one call, larger ones a few at a time. The Hub takes larger ones in large
# file storage only (hub-docs, "Getting started with repositories": 10 MB), where their SHA-256 names them.
SMALL = 10 << 20
_BLOCK = 1 << 20


def content_of(file: LocalFile) -> bytes | str:
    """Return the bytes of a small file, which the client then does not read again; the path of a large one.

    Raises FairregError for a link, and for a small file with another content than it was read with.
    """
    with unreadable(file.name), opened_regular(file.folder, file.name) as opened:
        if file.size > SMALL:
            return str(file.path)
        content = opened.read(SMALL + 1)
    require_same(file, hashlib.sha256(content).hexdigest())
    git_blob(file)  # kept for the comparison after the commit, when the file may be another
    return content


@lru_cache(maxsize=1000)
def git_blob(file: LocalFile) -> str:
    """Return the id that Git gives a file: SHA-1 of "blob", its size, a zero byte and its content."""
    digest, whole = hashlib.sha1(b"blob %d\0" % file.size, usedforsecurity=False), hashlib.sha256()
    with unreadable(file.name), opened_regular(file.folder, file.name) as opened:
        while block := opened.read(_BLOCK):
            digest.update(block)
            whole.update(block)
    require_same(file, whole.hexdigest())
    return digest.hexdigest()


def require_same(file: LocalFile, sha256: str) -> None:
    """Raise FairregError unless a digest is that of the file as it was read."""
    if sha256 != file.sha256:
        raise FairregError(
            f"{file.name} changed in the folder while it was published.",
            hint="Repeat the command to see what would be published.",
        )
