# SPDX-License-Identifier: MIT
"""I2 (Duarte et al. 2023, Table 1): the publication, of the qualified references to other objects."""

import re
from collections.abc import Iterator

from fairreg.assessment.base import Citation, Finding, indicator
from fairreg.assessment.content.documents import parsed, stated_in
from fairreg.assessment.content.prose import is_deposit
from fairreg.assessment.evidence import Document, Evidence, Role
from fairreg.assessment.findings import (
    cite_document,
    cite_record,
    cite_relation,
    cite_text,
    free_texts,
    partial,
    passed,
    unread_files,
)
from fairreg.assessment.lineage import lineage_dois, relations
from fairreg.assessment.training import training_sets
from fairreg.schemas.identifiers import PAPER_SCHEMES, Identifier
from fairreg.schemas.record import Relation
from fairreg.sources import DOI

# Kinds of related objects that are no publication, as DataCite and the hosts name them ("image-figure").
_NO_PAPER = re.compile(
    r"(?:dataset|data|software|model|image|video|audio(?:visual)?|sound|workflow|computationalnotebook|collection"
    r"|physicalobject|instrument|event|lesson|service|project|award|outputmanagementplan|interactiveresource"
    r"|studyregistration)(?:[-/]|$)",
    re.IGNORECASE,
)
_PAPER = re.compile(
    r"(?:publication|journal|journalarticle|article|scholarlyarticle|preprint|conference(?:paper|proceedings?)"
    r"|book(?:chapter)?|report|dissertation|thesis|datapaper|peerreview|text)(?:[-/]|$)",
    re.IGNORECASE,
)
# Types of references in CFF 1.2.0 that are no publication, and such as people write in their place.
_NO_PAPER_IN_CFF = re.compile(
    r"art|audiovisual|bill|data(?:base|set)?|film-broadcast|grant|hearing|legal-\w+|map|model|multimedia|music"
    r"|personal-communication|sound-recording|software(?:-[\w-]+)?|statute|video|website",
    re.IGNORECASE,
)
_METADATA: tuple[Role, ...] = ("citation", "codemeta", "zenodo_json")


@indicator(
    "I2-3",
    weight=2,
    title="Publication referenced",
    passes="a DOI or arXiv number, typed in the record, CITATION.cff (preferred-citation) or card",
    partial="in prose",
    fails="none",
    corresponds_to=("FRSM-12-I2-1", "FsF-I3-01M"),
)
def publication(evidence: Evidence) -> Finding:
    """Typed references to a publication, else its DOI or arXiv number in a text; a dataset is none."""
    typed = _publications(evidence)
    if typed:
        return passed(f"{typed[0].value} is referenced in a typed field.", *typed)
    remedy = (
        "Add the DOI of the publication to the record's relations, and to CITATION.cff as preferred-citation "
        "or to codemeta.json as referencePublication."
    )
    lineage = lineage_dois(evidence)
    for document in free_texts(evidence, "readme", "model_card", "docs"):
        from fairreg.assessment.content.objects.mentions import (
            mentions,  # patterns of English, for models with a text
        )

        for seen in mentions(document):
            if seen.about == "paper" and not (seen.badge or seen.value in lineage):
                cited = cite_text(evidence, document, seen.value)
                reason = f"{seen.value} is stated in prose only, in {document.path}."
                return partial(reason, cited, remedy=remedy)
    return unread_files(
        evidence,
        "a reference to a publication",
        remedy=remedy,
        roles=("readme", "model_card", "docs", *_METADATA),
        registered=True,
    )


def _publications(evidence: Evidence) -> list[Citation]:
    kinds = relations(
        evidence,
        "is_supplement_to",
        "cites",
        "references",
        "is_documented_by",
        "is_described_by",
        "is_cited_by",
        "is_referenced_by",
    )
    if_paper = relations(evidence, "is_part_of", "related_to")  # which say nothing of the kind
    own = [item.value for item in evidence.record.identifiers if item.scheme in PAPER_SCHEMES]
    others = lineage_dois(evidence) | {item.value for item in _data(evidence)}
    papers = [item for item in kinds if _is_paper(item)] + [
        item for item in if_paper if _is_said_a_paper(item)
    ]
    papers = [item for item in papers if item.target.value not in others]
    found = [cite_record(evidence, "identifiers", value) for value in own]
    found += [cite_relation(evidence, item) for item in papers]
    return found + [
        cite_document(item.document, value)
        for item in stated_in(evidence)
        for value in item.facts.publications
        if value not in others and not _cites_no_paper(item.document, value)
    ]


def _data(evidence: Evidence) -> Iterator[Identifier]:
    """Yield everything that record and files call data: none of it is a publication."""
    yield from (item.identifier for item in evidence.datasets)
    yield from training_sets(evidence)
    yield from (item.target for item in relations(evidence, "trained_on", "evaluated_on"))


def _is_paper(relation: Relation) -> bool:
    """Tell whether a related object is a publication; a deposit of unstated kind may be anything."""
    kind = re.sub(r"\s+", "", relation.target_kind or "")
    named = relation.target.scheme in {DOI.name, "related_doi", *PAPER_SCHEMES}
    return named and not _NO_PAPER.match(kind) and (bool(kind) or not is_deposit(relation.target.value))


def _is_said_a_paper(relation: Relation) -> bool:
    kind = re.sub(r"\s+", "", relation.target_kind or "")
    return _PAPER.match(kind) is not None and _is_paper(relation)


def _cites_no_paper(document: Document, value: str) -> bool:
    """Tell whether a file states that the reference to `value` is data, software or a video."""
    content = parsed(document)
    if not isinstance(content, dict):
        return False
    if document.role == "citation":
        preferred = content.get("preferred-citation")
        kind = preferred.get("type") if isinstance(preferred, dict) else None
        return isinstance(kind, str) and _NO_PAPER_IN_CFF.fullmatch(kind) is not None
    stated = content.get("referencePublication")
    nodes = stated if isinstance(stated, list) else [stated]
    return any(isinstance(node, dict) and _is_no_paper(node) and _names(node, value) for node in nodes)


def _is_no_paper(node: dict[str, object]) -> bool:
    kinds = node.get("@type", node.get("type"))
    listed = kinds if isinstance(kinds, list) else [kinds]
    return any(isinstance(kind, str) and _NO_PAPER.match(kind) for kind in listed)


def _names(node: dict[str, object], value: str) -> bool:
    return any(isinstance(text, str) and value.casefold() in text.casefold() for text in node.values())
