# SPDX-License-Identifier: MIT
"""Steps after a publication: its assessment, the links on the other sides, the release at GitHub."""

from dataclasses import dataclass
from pathlib import Path
from shlex import quote

from fairreg.errors import FairregError
from fairreg.publish.base import Deposit
from fairreg.schemas.record import ModelRecord
from fairreg.schemas.text import one_line
from fairreg.services.publish.github import is_repository, release_steps
from fairreg.services.publish.links import doi_of
from fairreg.settings import Settings
from fairreg.sources import HUGGING_FACE, source_named
from fairreg.web import Log

__all__ = ["FinishedPublication", "next_steps"]


@dataclass(frozen=True)
class FinishedPublication:
    """A publication that a command just made, with the record as it was sent.

    `carrying` are the files that carry the identifier, `others` publications of the folder at other services
    that do not name this one yet.
    """

    settings: Settings
    folder: Path
    deposit: Deposit
    record: ModelRecord
    sandbox: bool
    log: Log
    carrying: tuple[str, ...] = ()
    others: tuple[Deposit, ...] = ()
    advice: tuple[str, ...] = ()
    assess: bool = True

    @property
    def identifier(self) -> str:
        """The identifier without its scheme."""
        return (self.deposit.identifier or "").partition(":")[2]


def next_steps(done: FinishedPublication) -> tuple[str, ...]:
    """Return what to do next, a sentence each: what the assessment misses, and what only the user can do."""
    if done.sandbox:
        return ("The sandbox registers no identifiers: publish without --sandbox for a DOI that resolves.",)
    measured = _assessment(done) if done.assess else (f"Measure it: fairreg assess {done.identifier}",)
    doi = doi_of([done.deposit])
    commit = release_steps(done.folder, done.record, doi=doi, published=True)
    if not commit and done.carrying and is_repository(done.folder):
        commit = ("Commit the files that carry the identifier, unless that is done.",)
    return (*measured, *(_link(done, item) for item in done.others), *done.advice, *commit)


def _assessment(done: FinishedPublication) -> tuple[str, ...]:
    """Assess what was published, which also puts its record into the registry."""
    # Needs the whole room of the assessment; a draft does without.
    from fairreg.services.assess.assess import assess

    done.log(f"Assessing {done.identifier} ...")
    try:
        report = assess(done.settings, done.deposit.identifier or "", log=done.log)
    except FairregError as error:
        # A new DOI resolves after minutes at some services.
        later = f"Measure it later: fairreg assess {done.identifier}"
        return (f"It could not be assessed yet: {error.message} {later}",)
    from fairreg.assessment.priorities import points
    from fairreg.assessment.report import interval_text

    score = f"{100 * report.overall:.0f} %" if report.overall is not None else "not enough evidence"
    between = "" if report.overall is not None else f" ({interval_text(report.interval)})"
    told = [f"FAIR score: {score}{between}. Details: fairreg assess {done.identifier}"]
    told += [
        f"Missing, {step.id} {step.title} (+{points(step.gain)} points): {one_line(step.remedy)}"
        for step in report.do_first
    ]
    return tuple(told)


def _link(done: FinishedPublication, other: Deposit) -> str:
    """Return how another publication comes to name this one: by the command that made it."""
    named = (other.identifier or "").partition(":")[2]
    title, option = source_named(other.to).title, ""
    if other.to == HUGGING_FACE.name:
        option = f" --new-version-of {other.id}"
    command = f"fairreg publish {quote(str(done.folder))} --to {other.to}{option}"
    return f"{named} at {title} does not name {done.identifier} yet: {command}"
