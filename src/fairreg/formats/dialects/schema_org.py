# SPDX-License-Identifier: MIT
"""schema.org (https://schema.org), as repositories embed it in their pages."""

from fairreg.formats.dialects.base import described_nodes
from fairreg.formats.linked_data.graph import DocumentGraph
from fairreg.formats.linked_data.record import Described, described

__all__ = ["NAME", "VERSIONS", "describe", "recognises"]

NAME = "schema.org"
VERSIONS = ("Zenodo", "Hugging Face", "CERN Open Data", "Dataverse", "figshare")


def recognises(_: DocumentGraph) -> bool:
    """Tell that any document is read as schema.org, where no other dialect claims it."""
    return True


def describe(graph: DocumentGraph, *, name: str) -> Described:
    """Return the described object. Raises RecordError where there is none."""
    node, kind = described(described_nodes(graph), name=name)
    return Described(graph, node, kind)
