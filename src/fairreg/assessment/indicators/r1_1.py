# SPDX-License-Identifier: MIT
"""R1.1 (Duarte et al. 2023, Table 1).

The AI model is given a clear and accessible license.
"""

import re

from fairreg.assessment.base import Citation, Finding, indicator
from fairreg.assessment.content.documents import stated_in
from fairreg.assessment.content.licences import classify, licence_texts, same_licence
from fairreg.assessment.content.prose import is_placeholder
from fairreg.assessment.evidence import Document, Evidence
from fairreg.assessment.findings import (
    NOT_DOWNLOADED,
    cite_datacite,
    cite_document,
    cite_record,
    cite_relation,
    failed,
    partial,
    passed,
    unknown,
)
from fairreg.assessment.lineage import relations
from fairreg.sources import source_named

_COVERS = re.compile(
    r"\b(?:weights|(?:trained |pretrained )?models?(?: files| parameters)?)\b[^.\n]{0,60}"
    r"\b(?:licen[cs]ed under|released under|under the|covered by)\b[^.\n]{0,80}",
    re.IGNORECASE,
)


@indicator(
    "R1.1-1",
    weight=3,
    title="SPDX licence in the record",
    passes="an SPDX identifier",
    partial="free text or a link",
    fails="none",
    corresponds_to=("FsF-R1.1-01M", "FRSM-16-R1.1-1", "FRSM-16-R1.1-2", "Chen R1.1", "FC R1.1", "howfairis"),
)
def spdx(evidence: Evidence) -> Finding:
    """Licence of the record, else of DataCite's."""
    record = evidence.record
    registered = evidence.datacite.record if evidence.datacite else None
    if record.license:
        return passed(
            f"The record's licence is {record.license}.", cite_record(evidence, "license", record.license)
        )
    # Where the record states DataCite's licence among others, DataCite says less.
    among = (record.license_stated or "").split("; ")
    if registered and registered.license and registered.license not in among:
        cited = cite_datacite(evidence, "license", registered.license)
        return passed(f"DataCite's record has the licence {registered.license}.", *cited)
    remedy = "Choose a licence of the SPDX list and put its identifier into the record."
    if record.license_stated and not is_placeholder(record.license_stated):
        cited = (cite_record(evidence, "license_stated", record.license_stated),)
        return partial(f"The licence {record.license_stated} is no SPDX identifier.", *cited, remedy=remedy)
    return failed("The record has no licence, so nobody may reuse the model.", remedy=remedy)


@indicator(
    "R1.1-2",
    weight=2,
    title="Licence text agrees",
    passes="LICENSE file, record, CITATION.cff and card name the same licence",
    partial="only one place names a licence",
    fails="a conflict, or none",
    corresponds_to=("FRSM-15-R1.1-1", "FRSM-15-R1.1-3"),
)
def agrees(evidence: Evidence) -> Finding:
    """Classified licence text against what the record and the metadata files state."""
    found = _licences(evidence)
    cited = [citation for _, citation in found]
    names = sorted({name for name, _ in found})
    remedy = (
        "Put the full licence text into a LICENSE file, and name the same licence in record and CITATION.cff."
    )
    if any(not same_licence(found[0][0], name) for name, _ in found):
        return failed(f"The licences differ: {', '.join(names)}.", *cited, remedy=remedy)
    if len(found) > 1:
        return passed(f"{len(found)} places name {names[0]}.", *cited)
    if not evidence.downloaded:
        return unknown(NOT_DOWNLOADED, *cited)
    if found:
        return partial(f"Only one place names the licence, {names[0]}.", *cited, remedy=remedy)
    return failed("No licence is named anywhere.", remedy=remedy)


def _licences(evidence: Evidence) -> list[tuple[str, Citation]]:
    record = evidence.record
    found = [(record.license, cite_record(evidence, "license", record.license))] if record.license else []
    texts = licence_texts(evidence.of_role("license"))
    found += [(expression, cite_document(document, name)) for name, expression, document in texts]
    return found + [
        (item.facts.license, cite_document(item.document, item.facts.license))
        for item in stated_in(evidence)
        if item.facts.license and not (record.license and _is_the_record(evidence, item.document))
    ]


def _is_the_record(evidence: Evidence, document: Document) -> bool:
    """Tell whether the record's licence was read from this very file: the Hub takes it from the card."""
    return bool(source_named(evidence.record.provenance.source).card) and document.path == "README.md"


@indicator(
    "R1.1-3",
    weight=1,
    title="Licence covers the weights; compatible upstream",
    passes="an explicit statement",
    partial="inferred from the record's licence, no conflict",
    fails="a conflict, or no licence",
    corresponds_to=("FRSM-15-R1.1-2",),
)
def covers_weights(evidence: Evidence) -> Finding:
    """A sentence about the weights, else the licence of a record that holds nothing derived."""
    for document in evidence.of_role("readme", "model_card", "license", "docs"):
        said = (
            _COVERS.search(document.text)
            if document.role != "license" or not classify(document.text)
            else None
        )
        if said:
            return passed(
                "A statement says which licence covers the weights.", cite_document(document, said[0])
            )
    remedy = "State in the README that the licence covers the trained weights as well as the code."
    if evidence.record.license is None:
        return failed("No licence is known that could cover the weights.", remedy=remedy)
    cited = cite_record(evidence, "license", evidence.record.license)
    upstream = relations(evidence, "fine_tuned_from", "is_derived_from")
    if upstream:
        reason = (
            f"The licence of {upstream[0].target.compact}, from which the model derives, was not compared."
        )
        return unknown(reason, cited, cite_relation(evidence, upstream[0]))
    if not (evidence.downloaded or evidence.documents):
        return unknown(NOT_DOWNLOADED, cited)
    return partial(
        "The record's licence is taken to cover the weights; nothing says so.", cited, remedy=remedy
    )
