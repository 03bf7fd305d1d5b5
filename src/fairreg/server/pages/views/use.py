# SPDX-License-Identifier: MIT
"""Commands of a record: what a reader types to get and to run it, where that is possible."""

from dataclasses import dataclass
from shlex import quote

from fairreg import harvesters, models
from fairreg.registry import Entry
from fairreg.schemas.identifiers import Identifier
from fairreg.schemas.record import ModelRecord
from fairreg.schemas.runs import AUTHORS_CODE, runs
from fairreg.sources import CURATED

__all__ = ["Command", "commands"]


@dataclass(frozen=True)
class Command:
    """One line for a terminal, and what it does."""

    title: str
    text: str
    does: str


def commands(entry: Entry) -> tuple[Command, ...]:
    """Return the commands that fit an entry; none for one whose files nobody gives out any more."""
    record = entry.record
    if entry.gone or (record.access is not None and record.access.level == "closed"):
        return ()
    named = quote(record.doi or entry.identifier)
    found: list[Command] = []
    if entry.runnable or _is_packaged(entry):
        found.append(_run(record, named))
    elif record.kind == "model" and runs(record) == AUTHORS_CODE:
        found.append(_recipe(named))
    if _is_packaged(entry) or any(map(_is_hosted, record.identifiers)):
        does = "Downloads the files and compares them with their published checksums."
        found.append(Command("Fetch and verify", f"fairreg fetch {named}", does))
    return tuple(found)


def _run(record: ModelRecord, named: str) -> Command:
    how = runs(record) or ""
    said = (
        "The weights are those of a network that fairreg builds."
        if how == "runs"
        else f"The record names files of a kind that runs here, {how.partition(': ')[2]}; not tried yet."
    )
    return Command("Fetch, verify and run", f"fairreg fetch {named} --run", said)


def _recipe(named: str) -> Command:
    said = (
        "These weights need the authors' code, which fairreg does not run. This writes a Containerfile with "
        "its repository, commit and documented commands."
    )
    return Command("Write a recipe", f"fairreg fetch {named} --recipe Containerfile", said)


def _is_packaged(entry: Entry) -> bool:
    """Tell whether fairreg itself contains the weights."""
    scheme, _, value = entry.identifier.partition(":")
    if scheme != CURATED.name:
        return False
    found = models.reference(Identifier(scheme, value))
    return found is not None and found.record == entry.identifier


def _is_hosted(identifier: Identifier) -> bool:
    """Tell whether a host of files answers the identifier; a registrar knows only where a DOI leads."""
    return any(not item.general for item in harvesters.for_identifier(identifier))
