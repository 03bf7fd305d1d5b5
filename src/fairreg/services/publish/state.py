# SPDX-License-Identifier: MIT
"""Record of the steps done with a folder, in its ``.fairreg/publish.json``: the same command goes on from it.

The file is input as any other: it may come from somebody else with the folder. So it is bounded, read
strictly, and nothing in it is an address that is requested.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from os.path import lexists
from pathlib import Path
from threading import Lock

import msgspec

from fairreg.errors import FairregError, SecurityRefusal
from fairreg.publish.base import Deposit
from fairreg.schemas.timestamps import now
from fairreg.services.publish.selection import STATE_FOLDER
from fairreg.storage.files import disk_faults, replacing, unreadable

__all__ = ["FILE_NAME", "PublishingState"]

FILE_NAME = f"{STATE_FOLDER}/publish.json"
_LOCK = "publish.lock"
_VERSION = "1.0"
_LARGEST = 4 << 20
_MOST = 200
_PRINTABLE = re.compile(r"[^\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]{0,2000}")


class _Kept(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Form of the file."""

    schema_version: str
    changed: str
    deposits: tuple[Deposit, ...]


@dataclass
class PublishingState:
    """The deposits of a folder, the newest last. Threads may call `save`."""

    folder: Path
    deposits: tuple[Deposit, ...] = ()

    def __post_init__(self) -> None:
        self._lock = Lock()

    @classmethod
    def read(cls, folder: Path) -> "PublishingState":
        """Read the state of a folder. Raises FairregError for a damaged file, SecurityRefusal for a link."""
        path = folder / FILE_NAME
        _refuse_link(path)
        if not path.is_file():
            return cls(folder)
        with unreadable(str(path)), path.open("rb") as file:
            content = file.read(_LARGEST + 1)
        return cls(folder, _deposits(content, path))

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Context manager: no other command works on the folder. Raises FairregError where one does."""
        from filelock import FileLock, Timeout

        place = self.folder / STATE_FOLDER
        _refuse_link(place / _LOCK)
        with disk_faults(str(place)):
            place.mkdir(exist_ok=True)
            _keep_from_git(place)
            lock = FileLock(place / _LOCK, timeout=0)
            try:
                lock.acquire()
            except Timeout as error:
                raise FairregError(
                    f"Another fairreg publish works on {self.folder}.", hint="Wait until it has ended."
                ) from error
        try:
            yield
        finally:
            lock.release()

    def draft(self, to: str, url: str) -> Deposit | None:
        """Return the unpublished deposit at a service, the newest; None without one."""
        return next((item for item in self._at(to, url) if item.status == "draft"), None)

    def published(self, to: str, url: str) -> Deposit | None:
        """Return the deposit that was published last at a service."""
        return next((item for item in self._at(to, url) if item.status == "published"), None)

    def save(self, deposit: Deposit) -> None:
        """Keep a deposit in the place of the draft that it was, in one step. Raises FairregError."""
        with self._lock:
            kept = [item for item in self.deposits if not _is_same(item, deposit)]
            self.deposits = (*kept, deposit)
            self._write()

    def _at(self, to: str, url: str) -> list[Deposit]:
        return [item for item in reversed(self.deposits) if (item.to, item.url) == (to, url)]

    def _write(self) -> None:
        path = self.folder / FILE_NAME
        document = _Kept(_VERSION, now(), self.deposits)
        text = msgspec.json.format(msgspec.json.encode(document), indent=2)
        with disk_faults(str(path)):
            path.parent.mkdir(exist_ok=True)
            with replacing(path) as draft:
                draft.write_bytes(text + b"\n")


def _keep_from_git(place: Path) -> None:
    """Write a .gitignore into the folder of the notes, which are of this place and of no clone."""
    path = place / ".gitignore"
    if not lexists(path):
        with replacing(path) as draft:
            draft.write_text("*\n", encoding="utf-8")


def _refuse_link(path: Path) -> None:
    if path.is_symlink() or path.parent.is_symlink():
        raise SecurityRefusal(f"{path} is a link, which is not followed.", hint=f"Remove {path.parent}.")


def _is_same(kept: Deposit, deposit: Deposit) -> bool:
    """Tell whether two states are of one deposit; one without an id was not yet answered."""
    if (kept.to, kept.url) != (deposit.to, deposit.url):
        return False
    return kept.id == deposit.id or (kept.status == "draft" and kept.id == "")


def _deposits(content: bytes, path: Path) -> tuple[Deposit, ...]:
    try:
        if len(content) > _LARGEST:
            raise ValueError("it is too large")
        kept = msgspec.json.decode(content, type=_Kept)
        if kept.schema_version.partition(".")[0] != _VERSION.partition(".")[0] or len(kept.deposits) > _MOST:
            raise ValueError("it is of another release")
        if not all(map(_is_plain, kept.deposits)):
            raise ValueError("it holds a text that no service sends")
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        raise FairregError(
            f"{path} is not a state of fairreg: {error}.",
            hint="Move it away to begin anew; drafts at the services are not touched.",
        ) from error
    return tuple(replace(item) for item in kept.deposits)


def _is_plain(deposit: Deposit) -> bool:
    texts = [deposit.to, deposit.url, deposit.id, deposit.page, deposit.identifier, deposit.concept]
    named = (deposit.files, deposit.details, deposit.checksums)
    texts += [text for texts_by_name in named for pair in texts_by_name.items() for text in pair]
    return all(_PRINTABLE.fullmatch(text or "") for text in texts)
