# SPDX-License-Identifier: MIT
"""Descriptions of the keys of documents: the strings below the fields of their types."""

import ast
import inspect
from collections.abc import Iterator, Mapping
from functools import cache
from types import ModuleType
from typing import Any, get_args

import msgspec

from fairreg.schemas.documents.base import DocumentPart

__all__ = ["describe_keys", "descriptions"]


def describe_keys(parts: Mapping[str, Any], *kinds: Any) -> None:
    """Add its description to each key of the objects in documents of the given types.

    `parts` are the schemas that msgspec makes of these types, by name. A record's own keys have none.
    """
    for kind in set().union(*map(_structs, kinds)):
        if not issubclass(kind, DocumentPart):
            continue
        said = descriptions(kind)
        for item in msgspec.structs.fields(kind):
            parts[kind.__name__]["properties"][item.encode_name]["description"] = said[item.name]


def descriptions(kind: Any) -> dict[str, str]:
    """Return the strings below the fields of a type and of its parents, by field."""
    found: dict[str, str] = {}
    for parent in reversed(kind.__mro__):
        module = inspect.getmodule(parent)
        if module is not None and module.__name__.startswith("fairreg."):
            found |= _strings(module)[parent.__name__]
    return found


@cache
def _strings(module: ModuleType) -> dict[str, dict[str, str]]:
    """Return the strings below fields by class of a module."""
    tree = ast.parse(inspect.getsource(module))
    return {node.name: dict(_below(node)) for node in tree.body if isinstance(node, ast.ClassDef)}


def _below(node: ast.ClassDef) -> Iterator[tuple[str, str]]:
    for line, following in zip(node.body, node.body[1:], strict=False):
        if isinstance(line, ast.AnnAssign) and isinstance(line.target, ast.Name):
            match following:
                case ast.Expr(ast.Constant(str() as text)):
                    yield line.target.id, " ".join(text.split())


def _structs(kind: Any) -> set[Any]:
    """Return a type and every type of an object in it."""
    if not _is_struct(kind):
        return set().union(*map(_structs, get_args(kind)))
    return {kind}.union(*(_structs(item.type) for item in msgspec.structs.fields(kind)))


def _is_struct(kind: Any) -> bool:
    return inspect.isclass(kind) and issubclass(kind, msgspec.Struct)
