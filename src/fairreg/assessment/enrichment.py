# SPDX-License-Identifier: MIT
"""Additions of fairreg's own catalogue to a published record: a signature, a description, curated links."""

from typing import Any

from msgspec.structs import replace

from fairreg.assessment.evidence import Evidence
from fairreg.schemas.identifiers import PAPER_SCHEMES
from fairreg.schemas.record import ModelRecord

__all__ = ["enriched"]

# Filled in only where the published record has no value.
_FILLED = (
    "ml_task",
    "model_category",
    "frameworks",
    "evaluations",
    "parameter_count",
    "intended_use",
    "limitations",
)


def enriched(evidence: Evidence) -> tuple[Evidence, tuple[str, ...]]:
    """Return the evidence as if the author had published fairreg's additions, and the names of the fields."""
    published, added = evidence.record, evidence.added
    if added is None:
        return evidence, ()
    fields = {**_filled(published, added), **_signature(published, added), **_linked(published, added)}
    return replace(evidence, record=replace(published, **fields), added=None), tuple(fields)


def _filled(published: ModelRecord, added: ModelRecord) -> dict[str, Any]:
    return {
        name: getattr(added, name)
        for name in _FILLED
        if getattr(added, name) and not getattr(published, name)
    }


def _signature(published: ModelRecord, added: ModelRecord) -> dict[str, Any]:
    """Return inputs and outputs, which are only meaningful together."""
    if published.inputs or published.outputs or not (added.inputs and added.outputs):
        return {}
    return {"inputs": added.inputs, "outputs": added.outputs}


def _linked(published: ModelRecord, added: ModelRecord) -> dict[str, Any]:
    """Return relations, and identifiers of papers; only the author can mint one for the object itself."""
    stated = {(item.type, item.target.key) for item in published.relations}
    relations = tuple(item for item in added.relations if (item.type, item.target.key) not in stated)
    known = {item.key for item in published.identifiers}
    papers = tuple(
        item for item in added.identifiers if item.scheme in PAPER_SCHEMES and item.key not in known
    )
    links: dict[str, Any] = {}
    if relations:
        links["relations"] = published.relations + relations
    if papers:
        links["identifiers"] = published.identifiers + papers
    return links
