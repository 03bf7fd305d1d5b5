# SPDX-License-Identifier: MIT
"""RO-Crate 1.1 to 1.3 (https://w3id.org/ro/crate): root by the descriptor, files by `hasPart`.

A crate is called by its own DOI, identifier or address. Its root is "./" in every crate, which names none.
"""

from fairreg.formats.dialects.base import conforms_to
from fairreg.formats.linked_data.graph import DocumentGraph, LinkedNode
from fairreg.formats.linked_data.record import Described, kind_of

__all__ = ["NAME", "VERSIONS", "describe", "recognises"]

NAME = "RO-Crate"
VERSIONS = ("1.1", "1.2", "1.3")
_SPECIFICATION = "w3id.org/ro/crate/"
_FILES = ("ro-crate-metadata.json", "ro-crate-metadata.jsonld")  # the latter is that of 1.0


def recognises(graph: DocumentGraph) -> bool:
    """Tell whether the document has a metadata descriptor (RO-Crate 1.1, section 3.2)."""
    return _descriptor(graph) is not None


def describe(graph: DocumentGraph, *, name: str) -> Described:  # noqa: ARG001 (the interface's)
    """Return the described object: the root, which every recognised crate has."""
    descriptor, root = _descriptor(graph) or (LinkedNode(None), LinkedNode(None))
    descriptor.values("about", "conformsTo", "encodingFormat")
    root.values("conformsTo")
    entity = next((item for item in root.values("mainEntity") if isinstance(item, LinkedNode)), None)
    # A crate around a model is that model; one around a workflow or an article is a dataset.
    kinds = {kind_of(root) or "dataset", *([kind_of(entity)] if entity else [])}
    if entity is not None and not _is_part(entity, root):
        root.leave("mainEntity")
    kind = "model" if "model" in kinds else kind_of(root) or "dataset"
    return Described(graph, root, kind, crate=True, about=(descriptor,))


def _descriptor(graph: DocumentGraph) -> tuple[LinkedNode, LinkedNode] | None:
    """Return the descriptor and the root that it is about."""
    named = [node for node in graph.top if (node.id or "").rpartition("/")[2].endswith(_FILES)]
    conforming = [node for node in graph.top if any(_SPECIFICATION in item for item in conforms_to(node))]
    for node in (*named, *conforming):
        root = next((item for item in node.peek("about") if isinstance(item, LinkedNode)), None)
        if root is not None:
            return node, root
    return None


def _is_part(node: LinkedNode, root: LinkedNode) -> bool:
    return any(item is node for item in root.peek("hasPart"))
