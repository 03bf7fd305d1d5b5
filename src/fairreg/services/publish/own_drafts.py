# SPDX-License-Identifier: MIT
"""Drafts by the folders of this machine that they were made from, kept in the home of fairreg.

The state of a folder travels with it: a copy, or a folder of somebody else, may name a draft that belongs to
other files. Only a draft that was noted here for the same place is gone on with unasked.
"""

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

from fairreg.publish.base import Deposit
from fairreg.storage.files import disk_faults

__all__ = ["OwnDrafts"]


@dataclass(frozen=True)
class OwnDrafts:
    """The notes on one folder: an empty file for each deposit, which is named by a digest of both."""

    home: Path
    folder: Path

    def note(self, deposit: Deposit) -> None:
        """Note that a deposit was made, or asked for, from the folder."""
        path = self._note_of(deposit)
        if not path.exists():
            with disk_faults(str(path)):
                path.parent.mkdir(parents=True, exist_ok=True)
                path.touch()

    def has(self, deposit: Deposit) -> bool:
        """Tell whether a deposit was made, or asked for, from the folder."""
        return self._note_of(deposit).exists()

    def _note_of(self, deposit: Deposit) -> Path:
        # A request without an answer is known by all of its details: its mark, its name, what it follows.
        called = deposit.id or sorted(deposit.details.items())
        stated = json.dumps([str(self.folder.resolve()), deposit.to, deposit.url, called])
        return self.home / "publishing" / hashlib.sha256(stated.encode()).hexdigest()
