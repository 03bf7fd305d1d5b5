# SPDX-License-Identifier: MIT
"""R1.1 (Duarte et al. 2023, Table 1).

The AI model is given a clear and accessible license.
"""

from fairreg.assessment.base import Citation, Finding, indicator
from fairreg.assessment.content.claims import is_nothing
from fairreg.assessment.content.documents import Stated, stated_in
from fairreg.assessment.content.licences import classify, licence_texts, same_licence
from fairreg.assessment.content.packaged_metadata import weights_licence, weights_refused
from fairreg.assessment.content.prose import is_placeholder
from fairreg.assessment.evidence import Document, Evidence, Role
from fairreg.assessment.findings import (
    cite_datacite,
    cite_document,
    cite_record,
    cite_relation,
    cite_text,
    failed,
    free_texts,
    partial,
    passed,
    unknown,
    why_unregistered,
)
from fairreg.assessment.lineage import base_models, is_weights
from fairreg.sources import source_named


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
    if record.license_stated and not is_placeholder(record.license_stated) and _grants(record.license_stated):
        cited = (cite_record(evidence, "license_stated", record.license_stated),)
        return partial(f"The licence {record.license_stated} is no SPDX identifier.", *cited, remedy=remedy)
    if unread := why_unregistered(evidence):
        return unknown(f"The record has no licence. {unread}")
    return failed("The record has no licence, so nobody may reuse the model.", remedy=remedy)


def _grants(stated: str) -> bool:
    from fairreg.assessment.content.conditions import grants

    return grants(stated)


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
    unread = evidence.why_unread(*_PLACES)  # it may name another licence
    if unread and not (len(found) > 1 and _only_nested(evidence)):
        return unknown(unread, *cited)
    if len(found) > 1:
        return passed(f"{len(found)} places name {names[0]}.", *cited)
    if found:
        return partial(f"Only one place names the licence, {names[0]}.", *cited, remedy=remedy)
    stated = evidence.record.license_stated
    if stated and not is_nothing(stated) and _grants(stated):
        own = cite_record(evidence, "license_stated", stated)
        return partial(f"Only the record names a licence, {stated}.", own, remedy=remedy)
    return failed("No licence is named anywhere.", remedy=remedy)


_PLACES: tuple[Role, ...] = ("license", "citation", "codemeta", "zenodo_json", "model_card", "readme")


def _only_nested(evidence: Evidence) -> bool:
    """Tell whether only archives inside archives were not opened: a licence in one is that of its content."""
    left_out = [item for item in evidence.unread if item.role is None or item.role in _PLACES]
    return bool(left_out) and all(item.archive and item.role is None for item in left_out)


def _licences(evidence: Evidence) -> list[tuple[str, Citation]]:
    record = evidence.record
    found = [(record.license, cite_record(evidence, "license", record.license))] if record.license else []
    texts = licence_texts(evidence.of_role("license"))
    found += [(expression, cite_document(document, name)) for name, expression, document in texts]
    return found + [
        (item.facts.license, cite_document(item.document, item.facts.license))
        for item in _of_the_whole(evidence)
        if item.facts.license
        and not is_nothing(item.facts.license)
        and not (record.license and _is_the_record(evidence, item.document))
    ]


def _of_the_whole(evidence: Evidence) -> list[Stated]:
    """Return the metadata files on the model, not those of a part without weights: an example, other data."""
    stated = stated_in(evidence)
    top = min((item.document.path.count("/") for item in stated), default=0)
    return [item for item in stated if item.document.path.count("/") == top or _has_weights(evidence, item)]


def _has_weights(evidence: Evidence, stated: Stated) -> bool:
    folder = stated.document.path.rpartition("/")[0] + "/"
    return any(item.path.startswith(folder) and is_weights(item.path) for item in evidence.files)


def _is_the_record(evidence: Evidence, document: Document) -> bool:
    """Tell whether the record's licence was read from this very file: the Hub takes it from the card."""
    return bool(source_named(evidence.record.provenance.source).card) and document.path == "README.md"


@indicator(
    "R1.1-3",
    weight=1,
    title="Licence covers the weights; compatible upstream",
    passes="an explicit statement: weights_license in front matter, or a licence of the file in JSON-LD",
    partial="stated in a sentence only, or inferred from the record's licence without a conflict",
    fails="a conflict, or no licence",
    corresponds_to=("FRSM-15-R1.1-2",),
)
def covers_weights(evidence: Evidence) -> Finding:
    """Front matter about the weights, else a sentence, else the licence of a record without a base model."""
    if said := _said_of_weights(evidence):
        return said
    unread = evidence.why_unread(*_PLACES, *_ON_WEIGHTS)
    if evidence.record.license is None:
        reason = "No licence is known that could cover the weights."
        return unknown(unread) if unread else failed(reason, remedy=_NAME_IT)
    found = _licences(evidence)
    if any(not same_licence(found[0][0], name) for name, _ in found):
        names = ", ".join(sorted({name for name, _ in found}))
        reason = f"The licences differ ({names}), so that of the weights is not known."
        return failed(reason, *(citation for _, citation in found), remedy=_NAME_IT)
    return _inferred(evidence, cite_record(evidence, "license", evidence.record.license))


def _inferred(evidence: Evidence, cited: Citation) -> Finding:
    """Return the finding for a licence that only the record as a whole has."""
    upstream = base_models(evidence)
    if upstream:
        reason = (
            f"The licence of {upstream[0].target.compact}, from which the model derives, was not compared."
        )
        return unknown(reason, cited, cite_relation(evidence, upstream[0]))
    if unread := evidence.why_unread(*_PLACES, *_ON_WEIGHTS) or why_unregistered(evidence):
        return unknown(unread, cited)
    reason = "The record's licence is taken to cover the weights; nothing says so."
    return partial(reason, cited, remedy=_NAME_IT)


_ON_WEIGHTS: tuple[Role, ...] = ("standard", "provenance", "docs")
_NAME_IT = "Name the licence of the weights as weights_license in the front matter of the model card."


def _said_of_weights(evidence: Evidence) -> Finding | None:
    for document in evidence.of_role("model_card", "readme", "standard", "provenance"):
        if denied := weights_refused(document):
            reason = f"{document.path} states no licence for the weights, {denied!r}."
            return failed(reason, cite_document(document, denied), remedy=_NAME_IT)
        if named := weights_licence(document):
            cited = cite_document(document, named)
            return passed(f"{document.path} names {named} as the licence of the weights.", cited)
    texts = free_texts(evidence, "readme", "model_card", "license", "docs")
    for document in (item for item in texts if item.role != "license" or not classify(item.text)):
        from fairreg.assessment.content.conditions import excludes_weights, weights_licence_told

        if denied := excludes_weights(document):
            cited = cite_text(evidence, document, denied)
            return failed(
                f"{document.path} says that the licence leaves out the weights.", cited, remedy=_NAME_IT
            )
        if said := weights_licence_told(document):
            reason = f"The licence of the weights is stated in prose only, in {document.path}."
            return partial(reason, cite_text(evidence, document, said), remedy=_NAME_IT)
    return None
