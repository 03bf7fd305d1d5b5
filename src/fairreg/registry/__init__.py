# SPDX-License-Identifier: MIT
"""The registry room: records to and from a database, search over them, and the packaged catalogue."""

from fairreg.registry.registry import Registry
from fairreg.registry.results import (
    Entry,
    Filters,
    Harvest,
    Info,
    Outcome,
    PutResult,
    SearchHit,
    SearchResults,
    Statement,
    Submission,
)

__all__ = [
    "Entry",
    "Filters",
    "Harvest",
    "Info",
    "Outcome",
    "PutResult",
    "Registry",
    "SearchHit",
    "SearchResults",
    "Statement",
    "Submission",
]
