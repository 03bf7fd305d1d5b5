# SPDX-License-Identifier: MIT
"""Steps after a publication."""

from dataclasses import dataclass
from pathlib import Path

from fairreg.publish.base import Deposit
from fairreg.schemas.record import ModelRecord
from fairreg.settings import Settings
from fairreg.web import Log

__all__ = ["FinishedPublication", "next_steps"]


@dataclass(frozen=True)
class FinishedPublication:
    """A publication that a command just made, with the record as it was sent."""

    settings: Settings
    folder: Path
    deposit: Deposit
    record: ModelRecord
    sandbox: bool
    log: Log


def next_steps(done: FinishedPublication) -> tuple[str, ...]:
    """Return what to do next, a sentence each."""
    identifier = (done.deposit.identifier or "").partition(":")[2]
    if done.sandbox:
        return ("The sandbox registers no identifiers: publish without --sandbox for a DOI that resolves.",)
    return (f"Measure it: fairreg assess {identifier}", "Commit the files that carry the identifier.")
