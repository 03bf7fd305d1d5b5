# SPDX-License-Identifier: MIT
"""schema.org (https://schema.org), as repositories embed it in their pages."""

from fairreg.formats.base import Reading
from fairreg.formats.dialects.base import described_nodes
from fairreg.formats.linked_data.graph import Graph
from fairreg.formats.linked_data.record import Described, described
from fairreg.schemas.record import ModelRecord

__all__ = ["NAME", "VERSIONS", "read", "recognises"]

NAME = "schema.org"
VERSIONS = ("Zenodo", "Hugging Face", "CERN Open Data", "Dataverse", "figshare")


def recognises(_: Graph) -> bool:
    """Tell that any document is read as schema.org, where no other dialect claims it."""
    return True


def read(graph: Graph, *, name: str) -> Reading[ModelRecord]:
    """Read the record, with the names of what was not read. Raises RecordError."""
    node, kind = described(graph, described_nodes(graph), name=name)
    return Described(graph, node, kind).read(name)
