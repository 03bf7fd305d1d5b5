# SPDX-License-Identifier: MIT
"""R (Chen et al. 2022, Table 2): licence, provenance and community standards of a dataset."""

from typing import Any

from fairreg.assessment.base import Finding, indicator
from fairreg.assessment.content.documents import parsed
from fairreg.assessment.evidence import Evidence
from fairreg.assessment.findings import (
    cite_datacite,
    cite_document,
    cite_field,
    cite_record,
    cite_relation,
    failed,
    graded,
    partial,
    passed,
    unknown,
    why_unembedded,
    why_unregistered,
)
from fairreg.assessment.indicators import r1_1
from fairreg.assessment.lineage import may_be_registered, relations
from fairreg.schemas.record import RelationType
from fairreg.sources import scheme_names, source_named

_PARENTS: tuple[RelationType, ...] = ("is_derived_from", "is_part_of", "is_variant_of", "is_new_version_of")


@indicator(
    "R1.1",
    weight=3,
    title="Usage licence",
    passes="an SPDX identifier",
    partial="free text or a link",
    fails="none",
    corresponds_to=("Chen R1.1", "FsF-R1.1-01M"),
)
def licence(evidence: Evidence) -> Finding:
    """As indicator R1.1-1 of models."""
    return r1_1.spdx.assess(evidence)


@indicator(
    "R1.2",
    weight=1,
    title="Provenance",
    passes="at least three of parents, software, who and when",
    partial="one or two",
    fails="none",
    corresponds_to=("Chen R1.2", "FsF-R1.2-01M"),
)
def provenance(evidence: Evidence) -> Finding:
    """Typed relations to the origin of the data and the tools used, creators, date."""
    both = [evidence.record, *([evidence.datacite.record] if evidence.datacite else [])]
    parents, software = relations(evidence, *_PARENTS), _software(evidence)
    found: dict[str, Any] = {
        "parents": [cite_relation(evidence, item) for item in parents[:2]],
        "software": [cite_relation(evidence, item) for item in software[:2]],
    }
    for name, field in (("who", "creators"), ("when", "date_published"), ("when", "date_created")):
        stated = next((record for record in both if getattr(record, field)), None)
        if stated is None:
            found.setdefault(name, [])
            continue
        value = getattr(stated, field)
        said = [item.name for item in value][:3] if field == "creators" else value
        found.setdefault(name, []).append(cite_field(evidence, stated, field, said))
    missing = [name for name, cited in found.items() if not cited]
    cited = [item for items in found.values() for item in items]
    named = ", ".join(name for name, items in found.items() if items) or "nothing"
    remedy = f"State {', '.join(missing)} in the metadata, related objects as typed relations."
    reason = f"The metadata state {named} of parents, software, who and when."
    return graded(
        len(found) - len(missing),
        reason,
        *cited,
        full=3,
        half=1,
        remedy=remedy,
        unread=why_unregistered(evidence),
    )


def _software(evidence: Evidence) -> list[Any]:
    """Return relations to tools, with any target; other relations count only to software."""
    made = relations(evidence, "is_compiled_by", "requires")
    rest = relations(evidence, "is_supplement_to", "is_supplemented_by", "references", "cites")
    code = [item for item in rest if (item.target_kind or "").lower() == "software"]
    return [*made, *code, *(item for item in rest if item.target.scheme in scheme_names("code"))]


@indicator(
    "R1.3",
    weight=1,
    title="Community standard",
    passes="Croissant, DataCite or the portal's published schema, valid",
    partial="present, and incomplete",
    fails="none",
    corresponds_to=("Chen R1.3", "FsF-R1.3-01M"),
)
def standard(evidence: Evidence) -> Finding:
    """A Croissant document, DataCite's mandatory fields, or a host whose schema is published."""
    source = evidence.record.provenance.source
    schema = source_named(source).metadata_schema
    if schema and evidence.record.provenance.payload_sha256:
        # The harvester read the payload by this schema.
        cited = cite_record(evidence, "provenance", source)
        return passed(f"The metadata have the published schema of {source}.", cited)
    incomplete = None
    for document in evidence.of_role("standard"):
        missing = _croissant_lacks(parsed(document))
        if not missing:
            return passed(f"{document.path} is a Croissant document.", cite_document(document, document.text))
        incomplete = incomplete or partial(
            f"{document.path} lacks {', '.join(missing)}.",
            cite_document(document, document.text),
            remedy="Complete the Croissant document; mlcroissant validate names what it lacks.",
        )
    if evidence.datacite is None and may_be_registered(evidence):
        return unknown(evidence.why_unknown("datacite"))
    if evidence.datacite is None:
        return incomplete or _no_standard(evidence)
    missing = _datacite_lacks(evidence)
    cited_state = cite_datacite(evidence, "state", evidence.datacite.state)
    if not missing:
        return passed("DataCite's record has all mandatory fields.", *cited_state)
    remedy = f"Add {', '.join(missing)} to the DOI's metadata."
    return partial(f"DataCite's record lacks {', '.join(missing)}.", *cited_state, remedy=remedy)


def _no_standard(evidence: Evidence) -> Finding:
    if unread := why_unembedded(evidence):
        return unknown(unread)
    remedy = "Publish the dataset with DataCite metadata (a DOI) or a Croissant document."
    return failed("The metadata follow no community standard.", remedy=remedy)


def _datacite_lacks(evidence: Evidence) -> list[str]:
    """Return the mandatory fields (DataCite Metadata Schema 4.5) without content."""
    record = evidence.datacite.record if evidence.datacite else evidence.record
    fields = {
        "creators": record.creators,
        "publisher": record.publisher,
        "publication year": record.year,
        "resource type": record.stated_type,
    }
    return [name for name, value in fields.items() if not value]


def _croissant_lacks(value: object) -> list[str]:
    """Return the properties that Croissant 1.0 requires of a dataset and that are missing."""
    stated = value if isinstance(value, dict) else {}
    names = {str(key).rpartition(":")[2] for key in stated}
    required = ("conformsTo", "name", "description", "license", "url", "distribution", "recordSet")
    return [name for name in required if name not in names]
