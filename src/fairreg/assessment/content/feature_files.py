# SPDX-License-Identifier: MIT
"""Features in files of definitions: names in order, with units or descriptions (JSON, YAML, CSV)."""

import csv
import re
from typing import Any, NamedTuple

from fairreg.assessment.content.claims import is_blank
from fairreg.assessment.content.documents import parsed
from fairreg.assessment.evidence import Document

__all__ = ["FileFeature", "features_of"]

_DEEPEST = 8
_MOST = 10_000  # rows of a table
_LIST_KEY = re.compile(r"feature|input|variable|branch|column", re.IGNORECASE)
_FEATURE_KEY = re.compile(r"feature|variable|branch|column", re.IGNORECASE)
_FILE = re.compile(r"(?:^|/)[^/]*(?:features|definitions)\.\w+$", re.IGNORECASE)
_NAME = re.compile(r"(?:feature|variable|column|branch|input)?[ _]?(?:name)?", re.IGNORECASE)
_DEFINING = re.compile(r"units?|descriptions?|definitions?|meaning|explanation", re.IGNORECASE)


class FileFeature(NamedTuple):
    """A feature by its name; `defined` where the file gives its unit or describes it."""

    name: str
    defined: bool


def features_of(document: Document) -> list[FileFeature]:
    """Return the features that a file lists, in order; empty where it lists none.

    They are the entries of a list under a key about features, the rows of a CSV file with a column of names,
    or in a file that is called after features the keys of objects with a unit.
    """
    if document.path.lower().endswith(".csv"):
        return _of_rows(document.text)
    content = parsed(document)
    own = document.role == "definitions" and bool(_FILE.search(document.path))
    if own and isinstance(content, list):
        return _of_list(content)
    found = _of_keys(content, _DEEPEST)
    if own and not found and isinstance(content, dict):
        described = {
            key: item for key, item in content.items() if isinstance(item, dict) and _is_defined(item)
        }
        found = [FileFeature(str(key), defined=True) for key in described]
    return found


def _of_keys(value: object, depth: int) -> list[FileFeature]:
    if not isinstance(value, dict) or depth == 0:
        return []
    found: list[FileFeature] = []
    for key, item in value.items():
        if isinstance(item, list) and _LIST_KEY.search(str(key)):
            found += _of_list(item, tensors=not _FEATURE_KEY.search(str(key)))
        found += _of_keys(item, depth - 1)
    return found


def _of_list(items: list[Any], *, tensors: bool = False) -> list[FileFeature]:
    """Return the entries with a name; among `tensors` only those with a unit or a description."""
    found = [FileFeature(str(item), defined=False) for item in items if isinstance(item, str | int)]
    for item in items:
        name = item.get("name") if isinstance(item, dict) else None
        if isinstance(name, str) and name.strip() and (_is_defined(item) or not tensors):
            found.append(FileFeature(name, _is_defined(item)))
    return found


def _is_defined(item: dict[Any, Any]) -> bool:
    told = [value for key, value in item.items() if _DEFINING.fullmatch(str(key))]
    return any(isinstance(value, str | int | float) and not is_blank(str(value)) for value in told)


def _of_rows(text: str) -> list[FileFeature]:
    try:
        rows = list(csv.DictReader(text.removeprefix("\ufeff").splitlines()[:_MOST], skipinitialspace=True))
    except csv.Error:
        return []
    heads = [head for head in (rows[0] if rows else {}) if isinstance(head, str)]
    column = next((head for head in heads if head.strip() and _NAME.fullmatch(head.strip())), None)
    return [
        FileFeature(name, _is_defined({str(key).strip(): value for key, value in row.items()}))
        for row in rows
        if column is not None and (name := (row[column] or "").strip())
    ]
