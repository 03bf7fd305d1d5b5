# SPDX-License-Identifier: MIT
"""The scorecard of a record."""

from html import escape

from fairreg.registry import Entry, Registry
from fairreg.server.site import Site

__all__ = ["assessment_page"]


def assessment_page(_site: Site, registry: Registry, entry: Entry) -> str:
    """Return the page of the stored assessment."""
    from fairreg.assessment.rendering.html import to_html
    from fairreg.services.assess.shown import shown_report

    report = shown_report(registry, entry)
    if report is None:
        return f"<!DOCTYPE html>\n<title>Not assessed</title>\n<p>{escape(entry.identifier)}</p>\n"
    return to_html(report, name=entry.record.name)
