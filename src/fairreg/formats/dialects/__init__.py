# SPDX-License-Identifier: MIT
"""Dialects of JSON-LD that other tools write, one module each; `base` states what such a module defines.

A document is read in the first dialect that recognises it; schema.org, the last, takes every one.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    from fairreg.formats.base import Reading
    from fairreg.formats.dialects.base import Dialect
    from fairreg.formats.linked_data.graph import DocumentGraph
    from fairreg.formats.linked_data.record import Described
    from fairreg.schemas.record import ModelRecord

__all__ = ["NAMES", "all_dialects", "described_in", "dialect_of", "read"]

# In the order in which they are asked: a crate may hold the terms of every other dialect.
NAMES = ("ro_crate", "croissant", "fair4ml", "bioschemas", "codemeta", "schema_org")


def all_dialects() -> "tuple[Dialect, ...]":
    """Every dialect, in the order in which they are asked."""
    return tuple(cast("Dialect", import_module(f"{__name__}.{name}")) for name in NAMES)


def dialect_of(document: Any) -> "Dialect":
    """Return the dialect of a parsed document. Raises RecordError for one that cannot be held."""
    from fairreg.formats.linked_data.graph import DocumentGraph

    return _dialect_of(DocumentGraph(document))


def described_in(document: Any, *, name: str = "the document") -> "Described":
    """Return the object that a parsed document describes. Raises RecordError where there is none."""
    from fairreg.formats.linked_data.graph import DocumentGraph

    graph = DocumentGraph(document, name=name)
    return _dialect_of(graph).describe(graph, name=name)


def read(document: Any, *, name: str = "the document", place: str | None = None) -> "Reading[ModelRecord]":
    """Read the record in a parsed document, with the names of what was not read.

    `place` identifies a record that its document does not identify, where its place is known. RecordError
    where it describes no record, or one that nothing names outside the document.
    """
    return described_in(document, name=name).read(name, place=place)


def _dialect_of(graph: "DocumentGraph") -> "Dialect":
    return next(item for item in all_dialects() if item.recognises(graph))
