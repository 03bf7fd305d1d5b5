# SPDX-License-Identifier: MIT
"""PhysHub's upload form: what its web page takes to pre-fill the entry of a new model."""

from collections.abc import Mapping

from fairreg.formats.base import filled_members, json_text
from fairreg.schemas.record import ModelRecord

NAME = "physhub-upload"
MEDIA_TYPES = ("application/vnd.physhub.upload+json",)
KEEPS = frozenset({"name", "description", "keywords"})
NARROWS: Mapping[str, str] = {"creators": "names only"}


def write(record: ModelRecord) -> str:
    """Return the form; members that the record does not state are left out."""
    form = {
        "title": record.name,
        "description": record.description,
        "tags": list(record.keywords),
        "authors": [creator.name for creator in record.creators],
    }
    return json_text(filled_members(form))
