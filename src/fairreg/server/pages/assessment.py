# SPDX-License-Identifier: MIT
"""The scorecard of a record, from its stored assessment."""

from shlex import quote

from fairreg.assessment.rendering.html import report_values
from fairreg.registry import Entry, Registry
from fairreg.server.pages.frame import framed
from fairreg.server.pages.paths import record_path
from fairreg.server.site import Site
from fairreg.services.assess.shown import shown_assessment, shown_report

__all__ = ["assessment_page"]


def assessment_page(site: Site, registry: Registry, entry: Entry) -> str:
    """Render the scorecard whose score search shows, or a page that says how to get one."""
    made, report = shown_assessment(registry, entry), shown_report(registry, entry)
    named = {"name": entry.record.name, "record": record_path(site, entry.identifier)}
    if report is None:
        command = f"fairreg assess {quote(entry.record.doi or entry.identifier)}"
        title = f"Not assessed: {entry.record.name}"
        return framed(site, "unassessed.html", title=title, command=command, **named)
    values = {**report_values(report), **named, "title": f"FAIR assessment of {entry.record.name}"}
    return framed(site, "assessment.html", **values, offline=made is not None and made.offline)
