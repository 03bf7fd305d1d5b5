# SPDX-License-Identifier: MIT
"""RO-Crate 1.1 to 1.3 (https://w3id.org/ro/crate): root by the descriptor, files by `hasPart`.

A crate is called by its own DOI, identifier or address. Its root is "./" in every crate, which names none.
"""

from fairreg.formats.dialects.base import conforms_to
from fairreg.formats.linked_data.graph import DocumentGraph, LinkedNode
from fairreg.formats.linked_data.identities import is_absolute
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
    for profile in root.values("conformsTo"):
        if isinstance(profile, LinkedNode):
            profile.values("name", "version")  # of the profile, which its address tells
    entity = next((item for item in root.values("mainEntity") if isinstance(item, LinkedNode)), None)
    # A crate around a model is that model; one around a workflow or an article is a dataset.
    kinds = {kind_of(root) or "dataset", *([kind_of(entity)] if entity else [])}
    if entity is not None and not _is_part(entity, root):
        root.leave("mainEntity")
    kind = "model" if "model" in kinds else kind_of(root) or "dataset"
    return Described(graph, root, kind, crate=True, about=(descriptor,))


def _descriptor(graph: DocumentGraph) -> tuple[LinkedNode, LinkedNode] | None:
    """Return the descriptor and the root that it is about, whatever the order of the nodes.

    A crate may hold the descriptors of the crates in it: the file name alone is the document's own, then
    that of a stated profile with the shortest path. One at an address counts where there is no other.
    """
    found: list[tuple[tuple[bool, bool, bool, int, str], LinkedNode, LinkedNode]] = []
    for node in graph.top:
        root = next((item for item in node.peek("about") if isinstance(item, LinkedNode)), None)
        name = node.id or ""
        conforms = any(_SPECIFICATION in item for item in conforms_to(node))
        if root is not None and (conforms or name.endswith(_FILES)):
            elsewhere = is_absolute(name)
            rank = (elsewhere, name not in _FILES, not conforms, name.count("/"), name)
            found.append((rank, node, root))
    best = min(found, key=lambda item: item[0], default=None)
    if best is None or (is_absolute(best[1].id) and len(found) > 1):
        return None
    return best[1:]


def _is_part(node: LinkedNode, root: LinkedNode) -> bool:
    return any(item is node for item in root.peek("hasPart"))
