# SPDX-License-Identifier: MIT
""".zenodo.json: metadata that Zenodo copies into the record of the next release that it archives.

What it says becomes the record's own statement, which nothing marks as a draft, so it holds only what the
author has stated.
"""

from collections.abc import Iterator, Sized
from typing import Any

from fairreg.assessment.remedies.base import Draft, Request, completed, sentences, unsure
from fairreg.assessment.remedies.facts import Facts
from fairreg.formats import zenodo
from fairreg.schemas.identifiers import zenodo_of_doi
from fairreg.sources import ZENODO, source_named

__all__ = ["NAME", "SERVES", "draft"]

NAME = zenodo.FILE_NAME
SERVES = ("F2-2", "R1.1-1")
_WORDS, _KEYWORDS = 50, 3


def draft(facts: Facts) -> Draft | None:
    """Draft the file; None for a model whose files Zenodo neither holds nor archives from GitHub."""
    source = facts.record.provenance.source
    at_zenodo = ZENODO.name in {source, source_named(source).archived_by} or zenodo_of_doi(facts.doi or "")
    if not at_zenodo:
        return None
    document = completed(facts.published("zenodo_json"), zenodo.document(facts.stated))
    asked = _requests(facts, document)
    return Draft(NAME, zenodo.text_of(document), SERVES, sentences(asked))


def _requests(facts: Facts, document: dict[str, Any]) -> tuple[Request, ...]:
    asked = ["Set the resource type to Model in Zenodo's form, which this file cannot."]
    if len(str(document.get("description") or "").split()) < _WORDS:
        asked.append("Write a description of at least 50 words.")
    keywords = document.get("keywords")
    if not isinstance(keywords, Sized) or len(keywords) < _KEYWORDS:
        asked.append("Give at least three keywords.")
    asked += [f"Add {key}." for key in ("creators", "license") if not document.get(key)]
    asked += list(_references(facts))
    return (*unsure(facts.stated.creators), *map(Request, asked))


def _references(facts: Facts) -> Iterator[str]:
    """Yield what to add to related_identifiers if it is right: there it would be a statement."""
    if "training_data" in facts.unconfirmed:
        data = facts.training_data[0].value
        yield f"Add {data} to related_identifiers as isDerivedFrom, if the model was trained on it."
    if "papers" in facts.unconfirmed:
        paper = facts.papers[0].value
        yield f"Add {paper} to related_identifiers as isDescribedBy, if it is the publication of the model."
