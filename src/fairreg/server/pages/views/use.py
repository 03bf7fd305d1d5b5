# SPDX-License-Identifier: MIT
"""Running a model here, in words and as commands that a reader types, where that is possible."""

from dataclasses import dataclass
from glob import escape
from shlex import quote

from fairreg import harvesters, models
from fairreg.registry import Entry
from fairreg.schemas.identifiers import Identifier
from fairreg.schemas.record import ModelRecord
from fairreg.schemas.runs import AUTHORS_CODE, NETWORKS, RUNS, has_weights, is_runnable, runs, way
from fairreg.sources import CURATED

__all__ = ["UNKNOWN", "Command", "commands", "running"]

UNKNOWN = "no model file known"
# Begins the identifier of a folder or file in a repository that several records share.
_PATH = "path:"


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
    chosen = _chosen_files(record)
    named = quote(record.doi or entry.identifier) + (f" --file {quote(chosen)}" if chosen else "")
    found: list[Command] = []
    if entry.runnable or _is_packaged(entry):
        found.append(_run(entry, named))
    elif record.kind == "model" and runs(record) == AUTHORS_CODE:
        found.append(_recipe(named))
    if _is_packaged(entry) or any(map(_is_hosted, record.identifiers)):
        found.append(Command("Fetch and verify", f"fairreg fetch {named}", _verifying(record)))
    return tuple(found)


def running(entry: Entry) -> str | None:
    """Return a phrase on running a model here, None for other records."""
    record = entry.record
    if record.kind != "model":
        return None
    if _is_packaged(entry):
        return RUNS
    words = runs(record)
    if words is None or words == AUTHORS_CODE or is_runnable(record):
        return words or UNKNOWN
    return f"{words}, but its access is {record.access.level if record.access else 'not stated'}"


def _run(entry: Entry, named: str) -> Command:
    return Command("Fetch, verify and run", f"fairreg fetch {named} --run", _why(entry))


def _why(entry: Entry) -> str:
    """Return why a model is said to run."""
    record, found = entry.record, way(entry.record)
    if _is_packaged(entry):
        return "These weights are a part of fairreg, which builds their network."
    if found.is_seen:
        return "fairreg recognised the network in the weights, and builds it."
    if found.by in NETWORKS:
        return f"The record names weights of {found.by}, a network that fairreg builds; not tried yet."
    if any(map(has_weights, record.distributions)):
        return f"The record lists a file in a format that runs here, {found.by}; not tried yet."
    return (
        f"The record names a format that runs here, {found.by}, but lists no such file: the command looks "
        "into what the host gives out. Not tried yet."
    )


def _verifying(record: ModelRecord) -> str:
    if any(item.checksums for item in record.distributions):
        return "Downloads the files and compares them with their published checksums."
    return "Downloads the files. The record has no checksums: they are compared where their host states some."


def _chosen_files(record: ModelRecord) -> str | None:
    """Return the pattern of the files of a record that shares its repository with others."""
    places = (item.value.removeprefix(_PATH) for item in record.identifiers if item.value.startswith(_PATH))
    place = next(places, "").strip("/")
    if not place:
        return None
    is_file = "." in place.rpartition("/")[2]
    return escape(place) if is_file else f"{escape(place)}/*"


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
