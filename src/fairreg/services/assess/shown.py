# SPDX-License-Identifier: MIT
"""The stored assessment of an entry that is shown without the network."""

import msgspec

from fairreg import rubrics
from fairreg.assessment.report import AssessmentReport
from fairreg.errors import DamagedRecord
from fairreg.registry import Assessment, Entry, Registry
from fairreg.services.assess.store import decoded_evidence

__all__ = ["shown_assessment", "shown_report"]


def shown_assessment(registry: Registry, entry: Entry) -> Assessment | None:
    """Return the assessment whose score search shows: the newest with the network, else the newest.

    Only those by this release's rubric of the entry's kind count. None where there is none.
    """
    rubric = rubrics.for_kind(entry.record.kind)
    made = registry.assessments.history(entry.identifier, rubric=rubric)
    current = [item for item in made if item.rubric_version == rubrics.VERSIONS[rubric]]
    return next(iter([item for item in current if not item.offline] or current), None)


def shown_report(registry: Registry, entry: Entry) -> AssessmentReport | None:
    """Return its report with what to do first, None for an entry without one. Raises DamagedRecord."""
    made = shown_assessment(registry, entry)
    if made is None:
        return None
    # Imported here, because the drafts of files are not needed where nothing is assessed.
    from fairreg.assessment.priorities import with_priorities

    try:
        report = msgspec.json.decode(registry.assessments.report(made), type=AssessmentReport)
    except (msgspec.DecodeError, RecursionError) as error:
        whose = f"The report of {made.identifier}"
        raise DamagedRecord(whose, f"{error}.", hint="Assess it again, with `fairreg assess`.") from error
    evidence = decoded_evidence(registry.assessments.evidence(made))
    return report if evidence is None else with_priorities(report, evidence)
