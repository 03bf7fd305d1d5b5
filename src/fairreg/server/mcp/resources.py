# SPDX-License-Identifier: MIT
"""The resources ``fairreg://record/{pid}`` and ``fairreg://rubric``."""

import json
from urllib.parse import unquote

from fairreg.errors import NotFound, RecordError
from fairreg.registry import Registry
from fairreg.server.mcp.assessment import rubric_document
from fairreg.server.mcp.foreign_text import cleaned
from fairreg.server.mcp.records import document_of, entry_of

__all__ = ["JSON", "LONGEST_RECORD", "RECORD", "RECORD_TEMPLATE", "RUBRIC", "read_resource"]

JSON = "application/json"
RUBRIC = "fairreg://rubric"
RECORD = "fairreg://record/"
RECORD_TEMPLATE = f"{RECORD}{{pid}}"
# Characters of a record; a longer one is refused, as half a JSON document is none.
LONGEST_RECORD = 200_000
_LONGEST_URI = 3000


def read_resource(registry: Registry, uri: str) -> str:
    """Return a resource, a JSON document.

    Raises NotFound for another address, IdentifierError and
    RecordError.
    """
    if uri == RUBRIC:
        return _text(rubric_document())
    if not uri.startswith(RECORD) or len(uri) > _LONGEST_URI:
        raise NotFound("There is no such resource.", hint=f"Resources: {RUBRIC} and {RECORD_TEMPLATE}.")
    pid = unquote(uri.removeprefix(RECORD))
    text = _text(cleaned(json.loads(document_of(entry_of(registry, pid), "json", pid))))
    if len(text) > LONGEST_RECORD:
        raise RecordError(
            f"The record of {pid.strip()} has more than {LONGEST_RECORD:,} characters.",
            hint="Read its summary with the tool get_record.",
        )
    return text


def _text(document: object) -> str:
    return json.dumps(document, ensure_ascii=False, indent=1)
