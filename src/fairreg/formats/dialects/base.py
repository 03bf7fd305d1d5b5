# SPDX-License-Identifier: MIT
"""The contract of a dialect, and the choice of the described node that dialects share."""

from collections.abc import Iterator
from typing import Protocol

from fairreg.formats.linked_data.graph import DocumentGraph, LinkedNode, Literal
from fairreg.formats.linked_data.record import Described

__all__ = ["Dialect", "conforms_to", "described_nodes"]

# Types of a page; the record is what the page is about.
_PAGES = frozenset({"WebPage", "ItemPage", "AboutPage", "CreativeWork"})


class Dialect(Protocol):
    """A module that reads one dialect. `VERSIONS` are those with fixtures in the tests."""

    NAME: str
    VERSIONS: tuple[str, ...]

    def recognises(self, graph: DocumentGraph) -> bool:
        """Tell whether the document is of this dialect."""

    def describe(self, graph: DocumentGraph, *, name: str) -> Described:
        """Return the described object. `name` is the document's, for messages.

        Raises RecordError where there is none.
        """


def described_nodes(graph: DocumentGraph) -> Iterator[LinkedNode]:
    """Yield the nodes that a document lists, and the main entities of its pages."""
    for node in graph.top:
        yield node
        if _PAGES & set(node.types):
            yield from (item for item in node.peek("mainEntity") if isinstance(item, LinkedNode))


def conforms_to(node: LinkedNode) -> Iterator[str]:
    """Yield the addresses of the profiles that a node conforms to."""
    for value in node.peek("conformsTo"):
        yield str(value.value) if isinstance(value, Literal) else value.id or ""
