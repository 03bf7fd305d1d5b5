# SPDX-License-Identifier: MIT
"""The registry room: records to and from a database, search over them, and the packaged catalogue.

A name brings its module with it when it is first asked for, so that a search starts without the rest.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fairreg.registry.assessments import Assessment, subject
    from fairreg.registry.carrying import Carried, Tombstone
    from fairreg.registry.judging import Verdict
    from fairreg.registry.lineage import Bond
    from fairreg.registry.linking import Place
    from fairreg.registry.portions import Known, Window
    from fairreg.registry.preparing import Page, packed, prepare, unpacked
    from fairreg.registry.registry import Registry
    from fairreg.registry.results import (
        Entry,
        Filters,
        Harvest,
        Info,
        LineageReport,
        Outcome,
        PutResult,
        Refused,
        SearchHit,
        SearchResults,
        SourceLink,
        Statement,
        Submission,
    )
    from fairreg.registry.scoring import Contribution

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
    "Bond": "lineage",
    "Carried": "carrying",
    "Contribution": "scoring",
    "Entry": "results",
    "Filters": "results",
    "Harvest": "results",
    "Info": "results",
    "Known": "portions",
    "LineageReport": "results",
    "Outcome": "results",
    "Place": "linking",
    "Page": "preparing",
    "PutResult": "results",
    "Refused": "results",
    "Registry": "registry",
    "SearchHit": "results",
    "SearchResults": "results",
    "SourceLink": "results",
    "Statement": "results",
    "Submission": "results",
    "Tombstone": "carrying",
    "Verdict": "judging",
    "Window": "portions",
    "packed": "preparing",
    "prepare": "preparing",
    "subject": "assessments",
    "unpacked": "preparing",
}


def __getattr__(name: str) -> object:
    """The class or function of that name."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    found: object = getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
    globals()[name] = found
    return found
