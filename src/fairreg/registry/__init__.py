# SPDX-License-Identifier: MIT
"""Registry: records to and from a database, search over them, and the packaged catalogue.

Names are imported on first use, so that a search starts without the rest.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fairreg.registry.assessments import Assessment, subject
    from fairreg.registry.changes import Change, ChangeFilters
    from fairreg.registry.db.named_entries import NamedEntry
    from fairreg.registry.entries import (
        Entry,
        Harvest,
        Info,
        Outcome,
        PutResult,
        RejectedPayload,
        Statement,
        Submission,
    )
    from fairreg.registry.ingest.forget import ForgottenRecord, RemovedEntry
    from fairreg.registry.ingest.hearsay import HeardItem, Hearing
    from fairreg.registry.ingest.link_overrides import LinkOverride
    from fairreg.registry.ingest.restore import ExportedStatement, Tombstone
    from fairreg.registry.ingest.row_builder import StatementBatch, build_batch, decode_batch, encode_batch
    from fairreg.registry.registry import Registry
    from fairreg.registry.resolution.grouping import StatementKey
    from fairreg.registry.resolution.lineage import LinkEvidence
    from fairreg.registry.resolution.report import LineageReport, SourceLink
    from fairreg.registry.search.filters import Filters
    from fairreg.registry.search.ranking import Contribution
    from fairreg.registry.search.results import SearchHit, SearchResults, UnheldValue
    from fairreg.registry.snapshots import EntrySnapshot, Window

__all__ = [
    "Assessment",
    "Change",
    "ChangeFilters",
    "Contribution",
    "Entry",
    "EntrySnapshot",
    "ExportedStatement",
    "Filters",
    "ForgottenRecord",
    "Harvest",
    "HeardItem",
    "Hearing",
    "Info",
    "LineageReport",
    "LinkEvidence",
    "LinkOverride",
    "NamedEntry",
    "Outcome",
    "PutResult",
    "Registry",
    "RejectedPayload",
    "RemovedEntry",
    "SearchHit",
    "SearchResults",
    "SourceLink",
    "Statement",
    "StatementBatch",
    "StatementKey",
    "Submission",
    "Tombstone",
    "UnheldValue",
    "Window",
    "build_batch",
    "decode_batch",
    "encode_batch",
    "subject",
]

_HOMES = {
    "Assessment": "assessments",
    "Change": "changes",
    "ChangeFilters": "changes",
    "LinkEvidence": "resolution.lineage",
    "NamedEntry": "db.named_entries",
    "ExportedStatement": "ingest.restore",
    "Contribution": "search.ranking",
    "Entry": "entries",
    "Filters": "search.filters",
    "ForgottenRecord": "ingest.forget",
    "RemovedEntry": "ingest.forget",
    "Harvest": "entries",
    "HeardItem": "ingest.hearsay",
    "Hearing": "ingest.hearsay",
    "Info": "entries",
    "EntrySnapshot": "snapshots",
    "LineageReport": "resolution.report",
    "Outcome": "entries",
    "StatementKey": "resolution.grouping",
    "StatementBatch": "ingest.row_builder",
    "PutResult": "entries",
    "RejectedPayload": "entries",
    "Registry": "registry",
    "SearchHit": "search.results",
    "SearchResults": "search.results",
    "SourceLink": "resolution.report",
    "Statement": "entries",
    "Submission": "entries",
    "Tombstone": "ingest.restore",
    "UnheldValue": "search.results",
    "LinkOverride": "ingest.link_overrides",
    "Window": "snapshots",
    "encode_batch": "ingest.row_builder",
    "build_batch": "ingest.row_builder",
    "subject": "assessments",
    "decode_batch": "ingest.row_builder",
}


def __getattr__(name: str) -> object:
    """Import the class or function `name` on first use."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    found: object = getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
    globals()[name] = found
    return found
