# SPDX-License-Identifier: MIT
"""Documents that commands print, held against their packaged schemas."""

from functools import cache
from typing import Any

from jsonschema import Draft202012Validator

from fairreg.schemas import document_schema

_MOST = 5


@cache
def validator(name: str) -> Draft202012Validator:
    """The validator of a document, made once."""
    return Draft202012Validator(document_schema(name))


def faults(name: str, document: Any) -> list[str]:
    """What a document has against its schema, with JSON paths; the first few."""
    found = sorted(validator(name).iter_errors(document), key=lambda error: error.json_path)
    return [f"{name} {error.json_path}: {error.message[:300]}" for error in found[:_MOST]]
