# SPDX-License-Identifier: MIT
""".zenodo.json: what Zenodo takes into the record of the next release that it archives."""

from typing import Any

from fairreg.assessment.content.prose import clean
from fairreg.assessment.remedies.base import Draft, as_json, filled
from fairreg.assessment.remedies.facts import Facts
from fairreg.assessment.remedies.naming import inverted, unsure
from fairreg.schemas.identifiers import zenodo_of_doi
from fairreg.sources import ARXIV, ZENODO, source_named

__all__ = ["NAME", "SERVES", "draft"]

NAME = ".zenodo.json"
SERVES = ("F2-1", "F2-2", "I2-1", "I2-3", "R1.1-1", "R1.1-2")
_WORDS, _KEYWORDS = 50, 3


def draft(facts: Facts) -> Draft | None:
    """The file; None for a model whose files Zenodo neither holds nor archives from GitHub."""
    source = facts.record.provenance.source
    at_zenodo = ZENODO.name in {source, source_named(source).archived_by} or zenodo_of_doi(facts.doi or "")
    if not at_zenodo:
        return None
    document = filled(facts.published("zenodo_json"), _known(facts))
    return Draft(NAME, as_json(document), SERVES, _remains(facts, document))


def _known(facts: Facts) -> dict[str, Any]:
    return {
        "title": facts.record.name,
        "upload_type": "dataset" if facts.record.kind == "dataset" else "software",
        "description": clean(facts.text("description")),
        "creators": [
            {
                key: value
                for key, value in (
                    ("name", inverted(item)),
                    ("orcid", item.orcid),
                    ("affiliation", item.affiliation),
                )
                if value
            }
            for item in facts.creators
        ],
        "license": facts.text("license"),
        "keywords": list(facts.texts("keywords")),
        "access_right": _access(facts),
        "related_identifiers": _related(facts),
    }


def _access(facts: Facts) -> str | None:
    level = facts.record.access.level if facts.record.access else None
    return level if level in {"open", "restricted", "closed", "embargoed"} else None


def _related(facts: Facts) -> list[dict[str, str]]:
    code = [{"identifier": facts.code, "relation": "isSupplementTo"}] if facts.code else []
    data = [
        {"identifier": item.value, "relation": "isDerivedFrom", "resource_type": "dataset"}
        for item in facts.training_data
    ]
    papers = [
        {
            "identifier": f"arXiv:{item.value}" if item.scheme == ARXIV.name else item.value,
            "relation": "isDescribedBy",
            "resource_type": "publication-article",
        }
        for item in facts.papers
    ]
    return [*code, *data, *papers]


def _remains(facts: Facts, document: dict[str, Any]) -> tuple[str, ...]:
    asked = ["Set the resource type to Model in Zenodo's form, which this file cannot."]
    if len(str(document.get("description") or "").split()) < _WORDS:
        asked.append("Write a description of at least 50 words.")
    if len(document.get("keywords") or ()) < _KEYWORDS:
        asked.append("Give at least three keywords.")
    if not document.get("license"):
        asked.append("Add license.")
    fields = ("creators", "description", "license", "keywords")
    return (*unsure(facts.creators), *asked, *facts.to_confirm(*fields))
