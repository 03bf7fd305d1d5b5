# SPDX-License-Identifier: MIT
"""F4 (Duarte et al. 2023, Table 1).

Metadata and the AI model are registered or indexed in a searchable resource.
"""

from fairreg.assessment.base import Finding, indicator
from fairreg.assessment.evidence import Evidence
from fairreg.assessment.findings import (
    cite_datacite,
    cite_probe,
    cite_record,
    failed,
    partial,
    passed,
    unknown,
    why_unregistered,
)
from fairreg.assessment.lineage import is_closed, own_doi
from fairreg.schemas.record import ModelRecord
from fairreg.sources import REGISTRAR, source_named

_MARKUP = ("schema.org", "signposting", "highwire", "dublin_core")
_TOP, _FAR = 10, 50


@indicator(
    "F4-1",
    weight=3,
    title="Registered in a searchable index of persistent identifiers",
    passes="findable at DataCite",
    partial="only the host's own search",
    fails="neither",
    corresponds_to=("Chen F4", "FRSM-08-F4-1", "FRSM-08-F4-2", "ML-F4-01M"),
)
def indexed(evidence: Evidence) -> Finding:
    """State of the DOI at DataCite, else the host that the record was harvested from."""
    if evidence.datacite and evidence.datacite.state == "findable":
        return passed("DataCite lists the DOI as findable.", *cite_datacite(evidence, "state", "findable"))
    known = evidence.datacite or evidence.probe("datacite").outcome == "absent" or own_doi(evidence) is None
    if not known:
        return unknown(evidence.why_unknown("datacite"))
    remedy = "Mint a DOI at a host that registers with DataCite, so that aggregators find the model."
    source = evidence.record.provenance.source
    if source_named(source).own_search:
        cited = cite_record(evidence, "provenance", source)
        return partial(f"Only the search of {source} knows the model.", cited, remedy=remedy)
    return failed("No searchable index is known to list the model.", remedy=remedy)


@indicator(
    "F4-2",
    weight=2,
    title="Landing page can be indexed",
    passes="embedded schema.org, Signposting, Dublin Core or Highwire metadata",
    partial="only by content negotiation of the DOI",
    fails="none",
    corresponds_to=("FsF-F4-01M-1", "FsF-I1-01M-1", "FsF-I1-01M-2"),
)
def landing_page(evidence: Evidence) -> Finding:
    """Metadata for crawlers on the landing page; every findable DataCite DOI supports content negotiation."""
    page = evidence.probe("landing_page")
    if page.outcome not in {"ok", "absent"}:
        return unknown(evidence.why_unknown("landing_page"))
    cited = cite_probe(evidence, "landing_page")
    markup = [name for name in _MARKUP if name in page.found]
    if markup:
        return passed(f"The landing page carries {', '.join(markup)}.", cited)
    remedy = "Embed schema.org JSON-LD in the landing page, or host the model where the page has it."
    if evidence.probe("content_negotiation").outcome == "ok":
        answer = cite_probe(evidence, "content_negotiation")
        return partial("Metadata comes by content negotiation only.", cited, answer, remedy=remedy)
    if evidence.datacite and evidence.datacite.state == "findable":
        state = cite_datacite(evidence, "state", "findable")
        return partial("DataCite answers content negotiation for the DOI.", cited, *state, remedy=remedy)
    unread = why_unregistered(evidence)
    if own_doi(evidence) and evidence.probe("content_negotiation").outcome != "absent":
        unread = evidence.why_unknown("content_negotiation")
    if unread:
        return unknown(unread, cited)
    return failed("The landing page carries no metadata for crawlers.", cited, remedy=remedy)


@indicator(
    "F4-3",
    weight=2,
    title="Listed and cross-linked in a model registry",
    passes="hosted there, or an entry whose links point back",
    partial="a stub, a dormant entry, or a link in one direction",
    fails="none",
    corresponds_to=("FRSM-08-F4-3", "howfairis registry"),
)
def listed(evidence: Evidence) -> Finding:
    """Entries in Hugging Face, OpenML, BioImage.IO, Garden or DLHub; fairreg itself does not count."""
    record = evidence.record
    remedy = "List the model in a registry of its community, and link the entry and the record to each other."
    if source_named(record.provenance.source).model_registry:
        return _hosted(evidence, remedy)
    probe, cited = evidence.probe("registry_listing"), cite_probe(evidence, "registry_listing")
    if probe.outcome == "absent":
        return _none_named(evidence, remedy)
    if probe.outcome != "ok":
        return unknown(evidence.why_unknown("registry_listing"))
    if "reciprocal" in probe.found:
        return passed("A model registry lists the model, and the links point back.", cited)
    return partial(f"The registry's entry is {', '.join(probe.found) or 'one way'}.", cited, remedy=remedy)


def _none_named(evidence: Evidence, remedy: str) -> Finding:
    """Fail where the record of the host was read, and what DataCite has of it: entries are named there."""
    cited = cite_probe(evidence, "registry_listing")
    if evidence.record.provenance.source == REGISTRAR.name:
        reason = "DataCite's record names no entry in a model registry, and the host's was not read."
        return unknown(reason, cited)
    if unread := why_unregistered(evidence):
        return unknown(f"The record names no entry in a model registry. {unread}", cited)
    looked = evidence.probe("registry_listing").detail
    said = f": {looked}" if looked else ""
    return failed(f"No entry in a model registry is linked with the model{said}.", cited, remedy=remedy)


def _hosted(evidence: Evidence, remedy: str) -> Finding:
    record = evidence.record
    source = source_named(record.provenance.source)
    cited = cite_record(evidence, "provenance", source.name)
    if source.dormant:
        return partial(f"The model is hosted at {source.title}, which is dormant.", cited, remedy=remedy)
    if record.description or _is_filled(record):
        return passed("The model is hosted at a model registry.", cited)
    return partial("The registry's entry has no description.", cited, remedy=remedy)


def _is_filled(record: ModelRecord) -> bool:
    """Tell whether the fields of an entry whose card is hidden describe the model."""
    return is_closed(record) and bool(record.keywords) and bool(record.ml_task or record.license)


@indicator(
    "F4-4",
    weight=1,
    title="Self-retrieval",
    passes="among the first 10 hits of the host's search for the first four words of its title",
    partial="among the first 50",
    fails="not found",
)
def self_retrieval(evidence: Evidence) -> Finding:
    """Rank of the record in its host's own search."""
    probe = evidence.probe("self_retrieval")
    if probe.outcome not in {"ok", "absent"}:
        return unknown(evidence.why_unknown("self_retrieval"))
    cited = cite_probe(evidence, "self_retrieval")
    remedy = "Give the model a title that says what it does in its first four words."
    if probe.outcome == "absent" or probe.rank is None or probe.rank > _FAR:
        return failed("The host's search does not find the model by its title.", cited, remedy=remedy)
    reason = f"The host's search has it at place {probe.rank}."
    return passed(reason, cited) if probe.rank <= _TOP else partial(reason, cited, remedy=remedy)
