# SPDX-License-Identifier: MIT
"""The typed record, its identifiers and its views; versions and schemas of the documents that commands print.

What every command needs to print a document is here, because it is imported with any module of this folder.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

__all__ = ["DOCUMENT_VERSIONS", "document_schema", "versioned"]

# Version of each JSON document, MAJOR.MINOR: MINOR rises when a key is added, MAJOR when one that was there
# is renamed, removed or given another type or meaning. docs/json.md states the rule for users.
DOCUMENT_VERSIONS: Mapping[str, str] = MappingProxyType(
    {
        "search": "1.2",
        "sources": "1.0",
        "sources-refused": "1.0",
        "fetch": "1.1",
        "fetch-dry-run": "1.0",
        "run": "1.1",
        "run-many": "1.1",
        "inspect": "1.0",
        "convert-onnx": "1.0",
        "convert-triton": "1.0",
        "diff": "1.0",
        "lock": "1.0",
        "verify": "1.0",
        "publish": "1.0",
        "assess": "1.0",
        "assess-many": "1.0",
        "assess-history": "1.0",
        "new": "1.0",
        "harvest": "1.0",
        "harvest-collections": "1.0",
        "harvest-dry-run": "1.0",
        "link": "1.0",
        "unlink": "1.0",
        "validate": "1.0",
        "add": "1.0",
        "import": "1.0",
        "import-dump": "1.0",
        "db-info": "1.0",
        "db-check": "1.0",
        "db-forget": "1.0",
        "db-forget-undo": "1.0",
        "db-forgotten": "1.0",
        "doctor": "1.0",
        "cache-info": "1.0",
        "cache-verify": "1.0",
        "cache-ls": "1.0",
        "cache-rm": "1.0",
        "cache-prune": "1.0",
        "cache-clear": "1.0",
        "hbb-simulate": "1.0",
        "hbb-prepare": "1.0",
        "hbb-train": "1.0",
        "hbb-evaluate": "1.0",
        "hbb-export": "1.0",
        "hbb-benchmark": "1.0",
        "hbb-explain": "1.0",
    }
)


def versioned(name: str, document: Any) -> Any:
    """Return the document `name` with its ``schema_version``, or a list with that of each item.

    >>> versioned("cache-clear", {"freed": 0})
    {'schema_version': '1.0', 'freed': 0}
    """
    version = {"schema_version": DOCUMENT_VERSIONS[name]}
    return [version | item for item in document] if isinstance(document, list) else version | document


def document_schema(name: str) -> dict[str, Any]:
    """Return the JSON Schema (draft 2020-12) of a document, by its name in `DOCUMENT_VERSIONS`.

    >>> document_schema("search")["title"]
    'search'

    Raises UsageError for an unknown name.
    """
    import json
    from importlib.resources import files

    if name not in DOCUMENT_VERSIONS:
        from fairreg.errors import UsageError

        known = ", ".join(DOCUMENT_VERSIONS)
        raise UsageError(f"There is no document {name!r}.", hint=f"Documents are: {known}.")
    text = files(__package__).joinpath("documents", f"{name}.json").read_text(encoding="utf-8")
    schema: dict[str, Any] = json.loads(text)
    return schema
