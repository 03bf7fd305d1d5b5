# SPDX-License-Identifier: MIT
"""RO-Crate 1.1 to 1.3 (https://w3id.org/ro/crate): the root is found by the descriptor, its files by `hasPart`.

A crate is called by its own DOI, identifier or address. Its root is "./" in every crate, which names none.
"""

from fairreg.formats.base import Reading
from fairreg.formats.dialects.base import conforms_to
from fairreg.formats.linked_data.graph import Graph, Node
from fairreg.formats.linked_data.record import Described, kind_of
from fairreg.schemas.record import ModelRecord

__all__ = ["NAME", "VERSIONS", "read", "recognises"]

NAME = "RO-Crate"
VERSIONS = ("1.1", "1.2", "1.3")
_SPECIFICATION = "w3id.org/ro/crate/"
_FILES = ("ro-crate-metadata.json", "ro-crate-metadata.jsonld")  # the latter is that of 1.0


def recognises(graph: Graph) -> bool:
    """Tell whether the document has a metadata descriptor (RO-Crate 1.1, section 3.2)."""
    return _descriptor(graph) is not None


def read(graph: Graph, *, name: str) -> Reading[ModelRecord]:
    """Read the record, with the names of what was not read. Raises RecordError."""
    descriptor, root = _descriptor(graph) or (Node(None), Node(None))
    descriptor.values("about", "conformsTo", "encodingFormat")
    root.values("conformsTo")
    entity = next((item for item in root.values("mainEntity") if isinstance(item, Node)), None)
    # A crate around a model is that model; one around a workflow or an article is a dataset.
    kinds = {kind_of(root) or "dataset", *([kind_of(entity)] if entity else [])}
    if entity is not None and not _is_part(entity, root):
        root.leave("mainEntity")
    kind = "model" if "model" in kinds else kind_of(root) or "dataset"
    return Described(graph, root, kind, crate=True, about=(descriptor,)).read(name)


def _descriptor(graph: Graph) -> tuple[Node, Node] | None:
    """Return the descriptor and the root that it is about."""
    named = [node for node in graph.top if (node.id or "").rpartition("/")[2].endswith(_FILES)]
    conforming = [node for node in graph.top if any(_SPECIFICATION in item for item in conforms_to(node))]
    for node in (*named, *conforming):
        root = next((item for item in node.peek("about") if isinstance(item, Node)), None)
        if root is not None:
            return node, root
    return None


def _is_part(node: Node, root: Node) -> bool:
    return any(item is node for item in root.peek("hasPart"))
