# SPDX-License-Identifier: MIT
"""Result of verifying a lock, and the exit code that it ends a command with."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from importlib.metadata import version
from pathlib import Path
from typing import Any

from fairreg.errors import BelowThreshold, FairregError, SecurityRefusal, Unreachable
from fairreg.schemas.documents.changes.locks import LockDocument, LockedModel
from fairreg.schemas.text import counted
from fairreg.services.diff.files import FileDifference
from fairreg.services.diff.metadata import FieldDifference
from fairreg.services.diff.weights import WeightsDifference
from fairreg.services.lock.scores import VerifiedScores

__all__ = ["ModelVerification", "VerificationReport"]

_OK, _FAILED = 0, FairregError.exit_code
_BYTES, _SILENT, _CHANGED = SecurityRefusal.exit_code, Unreachable.exit_code, BelowThreshold.exit_code
# Of several findings the first of these is the exit code.
_WORST_FIRST = (_BYTES, _FAILED, _SILENT, _CHANGED)
_INTACT = frozenset({"same", "not compared"})


@dataclass(frozen=True)
class ModelVerification:
    """A locked model beside what is published today.

    `fault` says why the record could not be read; then `metadata` and `scores` are None. `scores_fault` says
    why it could not be assessed. `facts` are those on the record and on weights in files that are the locked
    ones which are others today, `facts_fault` says why a name could not be asked for.
    """

    locked: LockedModel
    fault: FairregError | None
    files: tuple[FileDifference, ...]
    weights: tuple[WeightsDifference, ...]
    metadata: tuple[FieldDifference, ...] | None
    scores: VerifiedScores | None
    scores_fault: FairregError | None
    is_other_release: bool = False
    facts: tuple[FieldDifference, ...] = ()
    weights_facts: tuple[FieldDifference, ...] = ()
    facts_fault: FairregError | None = None

    @property
    def name(self) -> str:
        """Title in the lock."""
        return str(self.locked.metadata.get("name", self.locked.identifier))

    @cached_property
    def codes(self) -> frozenset[int]:
        """Exit codes of all findings."""
        return frozenset(self._codes())

    def _codes(self) -> Iterator[int]:
        if self.fault is not None:
            yield self.fault.exit_code
        for item in self.files:
            if item.status not in _INTACT:
                yield _BYTES
            elif item.second is not None and item.second.fault is not None:
                yield item.second.fault.exit_code
        if self.weights_facts:
            yield _BYTES
        if self.metadata or self.facts:
            yield _CHANGED
        yield from (item.exit_code for item in (self.facts_fault, self.scores_fault) if item is not None)
        if self.scores is not None:
            yield from self.scores.codes

    def notes(self, made_by: str) -> Iterator[str]:
        """Sentences on what was not checked, and what else to know; `made_by` is the release of the lock."""
        if self.fault is not None:
            yield "Metadata and scores were not compared."
        if self.facts_fault is not None:
            yield f"Where the names that were asked for lead was not checked: {self.facts_fault.message}"
        if self.scores_fault is not None:
            yield f"Scores were not compared: {self.scores_fault.message}"
        scores = self.scores
        if scores is not None and scores.not_checked:
            ids = ", ".join(item.id for item in scores.not_checked)
            yield f"Not judged today, because a service did not answer: {ids}."
        if scores is not None and scores.locked.rules != scores.today.rules:
            before, now = (" ".join(item.rules) for item in (scores.locked, scores.today))
            yield f"The lock was scored by {before}, today's scores are by {now}."
        if made_by != version("fairreg") and (self.metadata or self.is_other_release):
            yield (
                f"The lock was made by fairreg {made_by}, and this is {version('fairreg')}: "
                "what it reads of a record may have changed."
            )

    def to_json(self, made_by: str) -> dict[str, Any]:
        """An item of ``models`` in the document."""
        return {
            "id": self.locked.identifier,
            "name": self.name,
            "as_locked": not self.codes,
            "fault": self.fault.message if self.fault else None,
            "files": [item.to_json() for item in self.files],
            "weights": [item.to_json() for item in self.weights],
            "facts": [item.to_json() for item in (*self.weights_facts, *self.facts)],
            "metadata": None if self.metadata is None else [item.to_json() for item in self.metadata],
            "scores": self.scores.to_json() if self.scores else None,
            "notes": list(self.notes(made_by)),
        }


@dataclass(frozen=True)
class VerificationReport:
    """A lock beside what is published today; `fault` is the error for what has changed, if anything has.

    `online_hint` is the next step of offline mode, None where that is off.
    """

    path: Path
    lock: LockDocument
    models: tuple[ModelVerification, ...]
    online_hint: str | None = None

    def __repr__(self) -> str:
        from fairreg.schemas.notebook.one_line import brief, represented

        return represented(
            self,
            f"{brief(str(self.path))}:",
            f"{sum(not item.codes for item in self.models)} of",
            f"{counted(len(self.models), 'model')} as locked",
        )

    def _repr_html_(self) -> str:
        """View in a notebook."""
        from fairreg.services.lock.notebook import verification_view

        return verification_view(self)

    @property
    def exit_code(self) -> int:
        """Exit code of the command: 3 for other bytes, 1, 4 or 5; 0 if everything is as it was."""
        found = frozenset().union(*(item.codes for item in self.models))
        return next((code for code in _WORST_FIRST if code in found), _OK)

    @property
    def is_as_locked(self) -> bool:
        """True if everything was checked and nothing has changed."""
        return self.exit_code == _OK

    @property
    def fault(self) -> FairregError | None:
        """The error that a command ends with; None if everything is as it was."""
        code = self.exit_code
        if code == _OK:
            return None
        affected = sum(code in item.codes for item in self.models)
        of = f"{affected} of {counted(len(self.models), 'model')} in {self.path}"
        kind, told, hint = _FAULTS[code]
        if code == _SILENT and self.online_hint is not None:
            told, hint = "Offline mode is on, so not everything was checked", self.online_hint
        return kind(f"{told}: {of}.", hint=hint)

    def to_json(self) -> dict[str, Any]:
        """The document that ``fairreg verify --json`` prints."""
        return {
            "file": str(self.path),
            "locked": self.lock.locked,
            "fairreg": self.lock.fairreg,
            "as_locked": self.is_as_locked,
            "exit_code": self.exit_code,
            "models": [item.to_json(self.lock.fairreg) for item in self.models],
        }


_FAULTS: dict[int, tuple[type[FairregError], str, str]] = {
    _BYTES: (
        SecurityRefusal,
        "The published files, or the weights in them, are not the locked ones",
        "Find out why before you use them. fairreg lock pins what is published now.",
    ),
    _FAILED: (
        FairregError,
        "A record or a file is not available any more",
        "Copies of an earlier fetch stay in the cache.",
    ),
    _SILENT: (
        Unreachable,
        "A service could not be reached, so not everything was checked",
        "Try again later.",
    ),
    _CHANGED: (
        BelowThreshold,
        "The files are the locked ones; metadata, scores or other facts are not",
        "fairreg lock pins what is published now.",
    ),
}
