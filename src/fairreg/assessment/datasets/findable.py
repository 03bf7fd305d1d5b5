# SPDX-License-Identifier: MIT
"""F (Chen et al. 2022, Table 1): identifiers of a dataset, its metadata, and where it is indexed."""

from fairreg.assessment.base import Citation, Finding, indicator
from fairreg.assessment.content.prose import clean, is_placeholder
from fairreg.assessment.evidence import Evidence
from fairreg.assessment.findings import (
    cite_datacite,
    cite_field,
    cite_probe,
    cite_record,
    failed,
    field_words,
    graded,
    partial,
    passed,
    unknown,
    why_unregistered,
)
from fairreg.assessment.indicators import f3
from fairreg.assessment.lineage import host_of, is_persistent, may_be_registered, own_doi
from fairreg.schemas.identifiers import OWN_DOIS, PAPER_SCHEMES, POINTING_SCHEMES, Identifier
from fairreg.schemas.record import ModelRecord, Relation
from fairreg.sources import RESOLVER

_DURABLE = frozenset({*OWN_DOIS, "handle", "hdl", "ark"})
_RESOLVERS = frozenset({*RESOLVER.hosts, "hdl.handle.net", "n2t.net"})
# Values of DataCite's relatedIdentifierType (Metadata Schema 4.5); a portal's own number is not one.
_RELATABLE = frozenset(
    {*OWN_DOIS, "related_doi", *PAPER_SCHEMES, "handle", "ark", "url", "w3id", "purl", "urn"}
)
_SHOWN = 5  # values of a field that are cited
_YEAR = len("2022")
_MAY_BE_MISSING = 2


@indicator(
    "F1a",
    weight=3,
    title="Identifier is unique",
    passes="an identifier of a registered scheme",
    fails="none",
    corresponds_to=("Chen F1", "FsF-F1-01D"),
)
def unique(evidence: Evidence) -> Finding:
    """Own identifiers whose scheme has a resolver; a web address counts, https being a registered scheme."""
    own = _own(evidence.record)
    if own:
        cited = cite_record(evidence, "identifiers", own[0].compact)
        return passed(f"The dataset has the identifier {own[0].compact}.", cited)
    remedy = "Deposit the dataset where a DOI is minted."
    return failed("The record has no identifier that another party could look up.", remedy=remedy)


@indicator(
    "F1b",
    weight=1,
    title="Identifier is persistent",
    passes="a DOI, Handle or ARK",
    partial="another persistent address, such as a PURL or SWHID",
    fails="a plain web address, or none",
    corresponds_to=("Chen F1", "FsF-F1-02D"),
)
def persistent(evidence: Evidence) -> Finding:
    """Scheme of the dataset's own identifiers."""
    own = _own(evidence.record)
    durable = [item for item in own if item.scheme in _DURABLE or host_of(item.value) in _RESOLVERS]
    remedy = "Deposit the dataset where a DOI is minted, and put the DOI into the record."
    if durable:
        cited = cite_record(evidence, "identifiers", durable[0].compact)
        return passed(f"{durable[0].compact} is persistent.", cited)
    others = [item for item in own if is_persistent(item)]
    if others:
        cited = cite_record(evidence, "identifiers", others[0].compact)
        return partial(f"{others[0].compact} is persistent, but no DOI, Handle or ARK.", cited, remedy=remedy)
    return failed("Nobody promises to keep an identifier of the dataset.", remedy=remedy)


def _own(record: ModelRecord) -> list[Identifier]:
    return [
        item
        for item in record.identifiers
        if item.scheme not in POINTING_SCHEMES and (item.url or is_persistent(item))
    ]


@indicator(
    "F2a",
    weight=1,
    title="Metadata can be read by machines",
    passes="a metadata document (JSON, JSON-LD, XML) parses",
    fails="none",
    corresponds_to=("Chen F2", "FsF-I1-01M"),
)
def machine_readable(evidence: Evidence) -> Finding:
    """The payload of the record, DataCite's document, or metadata from doi.org or the landing page."""
    if evidence.record.provenance.payload_sha256:
        cited = cite_record(evidence, "provenance", evidence.record.provenance.source)
        return passed("The host's own metadata document was read.", cited)
    if evidence.datacite and evidence.datacite.state:
        cited = cite_datacite(evidence, "state", evidence.datacite.state)[0]
        return passed("DataCite's metadata document was read.", cited)
    if evidence.probe("content_negotiation").outcome == "ok":
        return passed("doi.org gives a metadata document.", cite_probe(evidence, "content_negotiation"))
    if "schema.org" in evidence.probe("landing_page").found:
        return passed("The landing page carries schema.org metadata.", cite_probe(evidence, "landing_page"))
    if unread := _why_no_document(evidence):
        return unknown(unread)
    remedy = "Publish the metadata as JSON-LD too, or where the host does."
    return failed("No metadata document was found.", cite_probe(evidence, "landing_page"), remedy=remedy)


def _why_no_document(evidence: Evidence) -> str | None:
    """Return why a metadata document may exist that was not read; None where all places were looked into."""
    if evidence.probe("landing_page").outcome not in {"ok", "absent"}:
        return evidence.why_unknown("landing_page")
    if own_doi(evidence) and evidence.probe("content_negotiation").outcome in {"failed", "denied"}:
        return evidence.why_unknown("content_negotiation")
    return why_unregistered(evidence)


@indicator(
    "F2b",
    weight=3,
    title="Metadata are rich",
    passes="at least 8 of the 10 mandatory and recommended DataCite fields",
    partial="4 to 7",
    fails="fewer",
    corresponds_to=("Chen F2", "FsF-F2-01M"),
)
def rich(evidence: Evidence) -> Finding:
    """The ten fields in the record or at DataCite, each with content in DataCite's sense.

    A date counts if it is more precise than the year, which is a field of its own; a related object counts if
    its identifier has a type that DataCite knows. Contributors are in DataCite's document only.
    """
    present = _fields(evidence)
    cited = [cite for value in present.values() if value for cite in value]
    missing = [field_words(name) for name, value in present.items() if not value]
    reason = f"{len(present) - len(missing)} of 10 fields have content" + (
        f"; {', '.join(missing)} missing." if missing else "."
    )
    remedy = f"Add {', '.join(missing)} to the metadata."
    if len(missing) > _MAY_BE_MISSING and may_be_registered(evidence):
        return unknown(f"{reason} {evidence.why_unknown('datacite')}", *cited)
    return graded(len(present) - len(missing), reason, *cited, full=8, half=4, remedy=remedy)


def _fields(evidence: Evidence) -> dict[str, tuple[Citation, ...]]:
    """Return the evidence for each field that has content."""
    both = [evidence.record, *([evidence.datacite.record] if evidence.datacite else [])]
    contributors = evidence.datacite.contributors if evidence.datacite else ()
    stated = [(record, _content(record)) for record in both]
    cited = {
        name: tuple(
            cite_field(evidence, record, name, found[name][:_SHOWN])
            for record, found in stated
            if found[name]
        )
        for name in stated[0][1]
    }
    cited["date_published"] = tuple(
        cite_field(evidence, record, name, record.year)
        for record in both
        if record.year and (name := _field_of_year(record))
    )
    # The title is the record's own: DataCite has one for any DOI.
    cited["name"] = cited["name"][:1] if stated[0][1]["name"] else ()
    cited["a date to the month or day"] = _dated(evidence, both)
    cited["contributors"] = cite_datacite(evidence, "contributors", contributors) if contributors else ()
    return cited


def _field_of_year(record: ModelRecord) -> str:
    stated = record.date_published or ""
    return "date_published" if stated[:4].isdigit() else "date_created"


def _content(record: ModelRecord) -> dict[str, list[str]]:
    """Return the values of each field of a record that have content."""
    one = {
        "name": None if is_placeholder(record.name) else record.name,
        "publisher": record.publisher,
        "stated_type": record.stated_type,
        "description": clean(record.description),
    }
    many = {
        "creators": [item.name for item in record.creators if not is_placeholder(item.name)],
        "keywords": list(record.keywords),
        "relations": [f"{item.type} {item.target.compact}" for item in record.relations if _relatable(item)],
    }
    return {name: [value] if value else [] for name, value in one.items()} | many


def _dated(evidence: Evidence, both: list[ModelRecord]) -> tuple[Citation, ...]:
    for name in ("date_published", "date_created"):
        for record in both:
            date = getattr(record, name)
            if date and len(date) > _YEAR:
                return (cite_field(evidence, record, name, date),)
    return ()


def _relatable(relation: Relation) -> bool:
    return relation.target.scheme in _RELATABLE or is_persistent(relation.target)


@indicator(
    "F3",
    weight=1,
    title="The identifier stands in the metadata",
    passes="exactly the DOI or other persistent identifier",
    partial="another identifier",
    fails="absent",
    corresponds_to=("Chen F3", "FsF-F3-01M"),
)
def in_metadata(evidence: Evidence) -> Finding:
    """As indicator F3-1 of models."""
    return f3.in_record.assess(evidence)


@indicator(
    "F4",
    weight=1,
    title="Indexed in a searchable resource",
    passes="findable at DataCite, and schema.org markup in the landing page",
    partial="one of the two",
    fails="neither",
    corresponds_to=("Chen F4", "FsF-F4-01M"),
)
def indexed(evidence: Evidence) -> Finding:
    """State of the DOI at DataCite; metadata for crawlers on the landing page."""
    findable, marked = _findable(evidence), _marked(evidence)
    cited = cite_datacite(evidence, "state", "findable") if findable else ()
    cited += (cite_probe(evidence, "landing_page"),) if marked else ()
    if findable is None or marked is None:
        return unknown(evidence.why_unknown("datacite" if findable is None else "landing_page"), *cited)
    remedy = "Mint a DOI at DataCite, and embed schema.org JSON-LD in the landing page."
    if findable and marked:
        return passed("DataCite lists the DOI, and the landing page carries schema.org metadata.", *cited)
    if findable or marked:
        where = "DataCite lists the DOI" if findable else "The landing page carries schema.org metadata"
        return partial(f"{where}; the other index has nothing.", *cited, remedy=remedy)
    return failed("Neither DataCite nor a crawler of the landing page finds the dataset.", remedy=remedy)


def _findable(evidence: Evidence) -> bool | None:
    if evidence.datacite:
        return evidence.datacite.state == "findable"
    return None if may_be_registered(evidence) else False


def _marked(evidence: Evidence) -> bool | None:
    page = evidence.probe("landing_page")
    if page.outcome not in {"ok", "absent"}:
        return None
    return "schema.org" in page.found
