# SPDX-License-Identifier: MIT
"""Stored assessments: evidence, scores, and their history.

Modules that only some methods need are imported there.
"""

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from sqlalchemy import select

from fairreg.registry.db.tables import assessments
from fairreg.registry.parts import RegistryPart
from fairreg.rubrics import VERSIONS
from fairreg.schemas.identifiers import IdentifierLike

if TYPE_CHECKING:
    from fairreg.errors import DamagedRecord
    from fairreg.registry.assessments import Assessment
    from fairreg.registry.snapshots import Window

__all__ = ["Assessments"]


class Assessments(RegistryPart):
    """Stored assessments: evidence, scores, and their history."""

    def save(self, items: "Iterable[Assessment]") -> None:
        """Store assessments in one transaction and copy their scores to the entries."""
        from fairreg.registry.assessments import save_assessments

        with self._database.writing() as connection:
            save_assessments(connection, items)

    def history(self, pid: IdentifierLike, *, rubric: str | None = None) -> "tuple[Assessment, ...]":
        """Return the assessments of what `pid` means, newest first, without report and evidence."""
        from fairreg.registry.assessments import history

        with self._database.reading() as connection:
            return history(connection, pid, rubric=rubric)

    def shown(self, names: Iterable[str]) -> "dict[str, Assessment]":
        """Return the assessments whose scores search shows, by the identifiers of their entries."""
        from fairreg.registry.assessments import shown_assessments

        with self._database.reading() as connection:
            return shown_assessments(connection, names)

    def has_older(self) -> bool:
        """Tell whether any assessment is by the rubric of another release."""
        with self._database.reading() as connection:
            pairs = connection.execute(
                select(assessments.c.rubric, assessments.c.rubric_version).distinct()
            ).all()
        return any(VERSIONS.get(name, version) != version for name, version in pairs)

    def older(self) -> "tuple[Assessment, ...]":
        """Return those by an older rubric whose evidence the present one has not scored, oldest first.

        Report and evidence are left out.
        """
        from fairreg.registry.assessments import older_assessments

        with self._database.reading() as connection:
            return older_assessments(connection)

    def every(self) -> "Iterator[Assessment | DamagedRecord]":
        """Yield all assessments with their documents, ordered by subject, rubric and time.

        A damaged one is yielded as the error that says which it is.
        """
        from fairreg.registry.assessments import every_assessment

        with self._database.reading() as connection:
            yield from every_assessment(connection)

    def evidence(self, assessment: "Assessment") -> bytes:
        """Return the evidence that an assessment rests on, a JSON document. Raises RecordError."""
        from fairreg.registry.assessments import evidence_of

        with self._database.reading() as connection:
            return evidence_of(connection, assessment)

    def report(self, assessment: "Assessment") -> bytes:
        """Return the report of an assessment, a JSON document. Raises RecordError."""
        from fairreg.registry.assessments import report_of

        with self._database.reading() as connection:
            return report_of(connection, assessment)

    def window(self, since: str, *, online: bool) -> "Window":
        """Return the window of stored assessments since an ISO 8601 time (`online`: those with network)."""
        from fairreg.registry.snapshots import Window, last_assessment

        with self._database.reading() as connection:
            return Window(since, last_assessment(connection), online)
