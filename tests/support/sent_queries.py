# SPDX-License-Identifier: MIT
"""The query of an address, judged by the parameters that a description of an API has."""

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import parse_qs

from jsonschema import Draft202012Validator

__all__ = ["fits"]

_NUMBER = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?")


def fits(query: str, parameters: Iterable[Mapping[str, Any]]) -> bool:
    """Whether each name that was sent is described, and its texts fit the schema as a server reads them."""
    schemas = {item["name"]: item["schema"] for item in parameters if item["in"] == "query"}
    sent = parse_qs(query, keep_blank_values=True)
    return all(name in schemas and _read(texts, schemas[name]) for name, texts in sent.items())


def _read(texts: list[str], schema: Mapping[str, Any]) -> bool:
    validator = Draft202012Validator(schema)
    if schema.get("type") == "array":
        return validator.is_valid(texts)
    readings = [texts[0], *map(json.loads, filter(_NUMBER.fullmatch, texts))]
    return len(texts) == 1 and any(map(validator.is_valid, readings))
