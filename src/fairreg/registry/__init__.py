# SPDX-License-Identifier: MIT
"""The registry room: records to and from a database, search over them, and the packaged catalogue."""

from fairreg.registry.assessments import Assessment, subject
from fairreg.registry.carrying import Carried, Tombstone
from fairreg.registry.judging import Verdict
from fairreg.registry.lineage import Bond
from fairreg.registry.linking import Place
from fairreg.registry.portions import Known, Window
from fairreg.registry.preparing import Prepared, packed, prepare, unpacked
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
    "Place",
    "Prepared",
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
