# SPDX-License-Identifier: MIT
""".zenodo.json: metadata that Zenodo copies into the record of the next release that it archives."""

from collections.abc import Sized
from typing import Any

from fairreg.assessment.remedies.base import Draft, completed, unsure
from fairreg.assessment.remedies.facts import Facts
from fairreg.formats import zenodo
from fairreg.schemas.identifiers import zenodo_of_doi
from fairreg.sources import ZENODO, source_named

__all__ = ["NAME", "SERVES", "draft"]

NAME = zenodo.FILE_NAME
SERVES = ("F2-2", "I2-1", "I2-3", "R1.1-1")
# Those that need an identifier, for which the file has no field to fill in where none is known.
_REFERENCES = {"I2-1": "training_data", "I2-3": "papers"}
_WORDS, _KEYWORDS = 50, 3


def draft(facts: Facts) -> Draft | None:
    """Draft the file; None for a model whose files Zenodo neither holds nor archives from GitHub."""
    source = facts.record.provenance.source
    at_zenodo = ZENODO.name in {source, source_named(source).archived_by} or zenodo_of_doi(facts.doi or "")
    if not at_zenodo:
        return None
    document = completed(facts.published("zenodo_json"), zenodo.document(facts.described))
    known = (name for name in SERVES if name not in _REFERENCES or getattr(facts, _REFERENCES[name]))
    return Draft(NAME, zenodo.text_of(document), tuple(known), _remains(facts, document))


def _remains(facts: Facts, document: dict[str, Any]) -> tuple[str, ...]:
    asked = ["Set the resource type to Model in Zenodo's form, which this file cannot."]
    if len(str(document.get("description") or "").split()) < _WORDS:
        asked.append("Write a description of at least 50 words.")
    keywords = document.get("keywords")
    if not isinstance(keywords, Sized) or len(keywords) < _KEYWORDS:
        asked.append("Give at least three keywords.")
    if not document.get("license"):
        asked.append("Add license.")
    fields = ("creators", "description", "license", "keywords")
    return (*unsure(facts.creators), *asked, *facts.to_confirm(*fields))
