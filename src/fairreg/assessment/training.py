# SPDX-License-Identifier: MIT
"""Training datasets that a model states, and whether their scores are of the present rubric."""

from typing import TYPE_CHECKING

from fairreg.assessment.base import Citation
from fairreg.assessment.content.packaged_metadata import stated_training_data
from fairreg.assessment.evidence import DatasetScore, Evidence
from fairreg.assessment.findings import cite_text, free_texts
from fairreg.assessment.lineage import lineage_dois, relations
from fairreg.rubrics import DATASETS, VERSIONS
from fairreg.schemas.identifiers import Identifier
from fairreg.schemas.record import Relation

if TYPE_CHECKING:
    from fairreg.assessment.content.objects.mentions import Mention

__all__ = ["dataset_mentions", "dataset_relations", "is_current", "training_sets"]

_DATASETS = ("dataset", "data")


def dataset_relations(evidence: Evidence) -> list[Relation]:
    """Return typed relations to data, of the record or of DataCite; those that state a purpose come first."""
    qualified = relations(evidence, "trained_on")
    others = relations(evidence, "is_derived_from", "requires", "references", "cites")
    return [*qualified, *(item for item in others if (item.target_kind or "").lower() in _DATASETS)]


def dataset_mentions(evidence: Evidence) -> "list[tuple[Mention, Citation]]":
    """Return identifiers of data in the model's own files and its description, with their lines."""
    lineage = lineage_dois(evidence)
    read = free_texts(evidence, "readme", "model_card", "makefile", "docs", "definitions", "dockerfile")
    if not read:
        return []
    from fairreg.assessment.content.objects.mentions import (
        mentions,  # patterns of English, for models with a text
    )

    return [
        (seen, cite_text(evidence, document, seen.line))
        for document in read
        for seen in mentions(document)
        if seen.about_data and seen.value not in lineage and not seen.badge
    ]


def training_sets(evidence: Evidence) -> tuple[Identifier, ...]:
    """Return each dataset once: from typed relations, also in metadata files, else from texts."""
    typed = [item.target for item in dataset_relations(evidence)]
    typed += [item for _, item in stated_training_data(evidence)]
    prose = [Identifier(seen.scheme, seen.value) for seen, _ in dataset_mentions(evidence)]
    first: dict[tuple[str, str], Identifier] = {}
    for item in typed or prose:
        first.setdefault(item.key, item)
    return tuple(first.values())


def is_current(score: DatasetScore) -> bool:
    """Tell whether a score is of the present rubric; scores of two rubrics do not compare."""
    return score.rubric == f"{DATASETS} {VERSIONS[DATASETS]}"
