# SPDX-License-Identifier: MIT
"""Files as they are published: digests and the search for secrets are of the same bytes.

A file may change at any moment, so what was chosen before is searched again while its digests are computed,
and the services' digests are compared with those: other bytes are nowhere published.
"""

from collections.abc import Collection
from pathlib import Path

from fairreg.errors import FairregError
from fairreg.publish.base import LocalFile
from fairreg.services.publish.local_files.secret_texts import SecretSearch
from fairreg.services.publish.selection import HOLDS_TOKEN, is_token_list
from fairreg.storage.checksums import RunningChecksums
from fairreg.storage.files import unreadable
from fairreg.storage.regular_file import opened_regular, stamp_of

__all__ = ["changed_since", "read_file"]

_MOST_NAMES = 5


def read_file(folder: Path, name: str, tokens: Collection[str]) -> LocalFile:
    """Read a file once: its digests, and that it holds neither one of `tokens` nor another secret.

    Raises FairregError for a secret, for a file that changes meanwhile, and for a link.
    """
    search = SecretSearch([token.encode() for token in tokens], is_token_list=is_token_list(name))
    with unreadable(name), opened_regular(folder, name) as file:
        stamp = stamp_of(file)
        sums = RunningChecksums(("md5", "sha256"))
        size = 0
        try:
            while block := file.read(SecretSearch.piece):
                size += len(block)
                sums.update(block)
                search.update(block)
            found = sums.values()
        finally:
            sums.close()
        is_changed = stamp_of(file) != stamp
    if search.finish():
        raise FairregError(
            f"{name} {HOLDS_TOKEN} since the files were chosen, and is not published.",
            hint="Take that out of the file, and repeat the command.",
        )
    if is_changed:
        raise FairregError(
            f"{name} changed while it was read.", hint="Repeat the command once it is complete."
        )
    return LocalFile(name, folder / name, size, found["md5"], found["sha256"], stamp)


def changed_since(files: Collection[LocalFile], tokens: Collection[str]) -> str:
    """Return the names of files with another content than they were read with, in words; "" without one.

    Raises FairregError as `read_file`.
    """
    names = [file.name for file in files if _is_changed(file, tokens)]
    more = f" and {len(names) - _MOST_NAMES} more" if len(names) > _MOST_NAMES else ""
    return ", ".join(names[:_MOST_NAMES]) + more


def _is_changed(file: LocalFile, tokens: Collection[str]) -> bool:
    with unreadable(file.name), opened_regular(file.folder, file.name) as opened:
        if stamp_of(opened) == file.stamp:
            return False
    return read_file(file.folder, file.name, tokens).sha256 != file.sha256
