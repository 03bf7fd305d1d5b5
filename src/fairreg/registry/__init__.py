# SPDX-License-Identifier: MIT
"""The registry room: records to and from a database, search over them, and the packaged catalogue.

A name brings its module with it when it is first asked for, so that a search starts without the rest.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fairreg.registry.assessments import Assessment, subject
    from fairreg.registry.entries import (
        Entry,
        Harvest,
        Info,
        Outcome,
        PutResult,
        Refused,
        Statement,
        Submission,
    )
    from fairreg.registry.ingest.link_overrides import Verdict
    from fairreg.registry.ingest.restore import Carried, Tombstone
    from fairreg.registry.ingest.row_builder import Page, packed, prepare, unpacked
    from fairreg.registry.registry import Registry
    from fairreg.registry.resolution.grouping import Place
    from fairreg.registry.resolution.lineage import Bond
    from fairreg.registry.resolution.report import LineageReport, SourceLink
    from fairreg.registry.search.filters import Filters
    from fairreg.registry.search.ranking import Contribution
    from fairreg.registry.search.results import SearchHit, SearchResults
    from fairreg.registry.snapshots import Known, Window

__all__ = [
    "Assessment",
    "Bond",
    "Carried",
    "Contribution",
    "Entry",
    "Filters",
    "Harvest",
    "Info",
    "Known",
    "LineageReport",
    "Outcome",
    "Page",
    "Place",
    "PutResult",
    "Refused",
    "Registry",
    "SearchHit",
    "SearchResults",
    "SourceLink",
    "Statement",
    "Submission",
    "Tombstone",
    "Verdict",
    "Window",
    "packed",
    "prepare",
    "subject",
    "unpacked",
]

_HOMES = {
    "Assessment": "assessments",
    "Bond": "resolution.lineage",
    "Carried": "ingest.restore",
    "Contribution": "search.ranking",
    "Entry": "entries",
    "Filters": "search.filters",
    "Harvest": "entries",
    "Info": "entries",
    "Known": "snapshots",
    "LineageReport": "resolution.report",
    "Outcome": "entries",
    "Place": "resolution.grouping",
    "Page": "ingest.row_builder",
    "PutResult": "entries",
    "Refused": "entries",
    "Registry": "registry",
    "SearchHit": "search.results",
    "SearchResults": "search.results",
    "SourceLink": "resolution.report",
    "Statement": "entries",
    "Submission": "entries",
    "Tombstone": "ingest.restore",
    "Verdict": "ingest.link_overrides",
    "Window": "snapshots",
    "packed": "ingest.row_builder",
    "prepare": "ingest.row_builder",
    "subject": "assessments",
    "unpacked": "ingest.row_builder",
}


def __getattr__(name: str) -> object:
    """The class or function of that name."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    found: object = getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
    globals()[name] = found
    return found
