# SPDX-License-Identifier: MIT
"""The scorecard of a record, from its stored assessment."""

from shlex import quote

from fairreg.assessment.rendering.html import report_values
from fairreg.assessment.report import AssessmentReport
from fairreg.registry import Assessment, Entry, Registry
from fairreg.server.pages.frame import framed
from fairreg.server.pages.paths import record_path
from fairreg.server.site import Site
from fairreg.services.assess.store import decoded_report

__all__ = ["assessment_page"]


def assessment_page(site: Site, registry: Registry, entry: Entry) -> str:
    """Render the scorecard whose score search shows, or a page that says how to get one."""
    found = registry.shown_assessments([entry.identifier]).get(entry.identifier)
    report = _report(registry, found)
    named = {"name": entry.record.name, "record": record_path(site, entry.identifier)}
    if report is None:
        command = f"fairreg assess {quote(entry.record.doi or entry.identifier)}"
        return framed(
            site, "unassessed.html", title=f"Not assessed: {entry.record.name}", command=command, **named
        )
    values = report_values(report, name=entry.record.name)
    return framed(site, "assessment.html", **{**values, **named}, offline=found is not None and found.offline)


def _report(registry: Registry, found: Assessment | None) -> AssessmentReport | None:
    return None if found is None else decoded_report(registry.assessment_report(found))
