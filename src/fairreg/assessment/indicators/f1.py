# SPDX-License-Identifier: MIT
"""F1 (Duarte et al. 2023, Table 1).

The AI model is assigned a globally unique and persistent identifier.
"""

import re

from fairreg.assessment.base import Citation, Finding, indicator
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
from fairreg.assessment.lineage import (
    archives,
    concept_dois,
    own_doi,
    own_pids,
    weight_files,
    why_no_list,
)
from fairreg.schemas.record import ModelRecord
from fairreg.sources import REGISTRAR, SWHID, schemes

_GONE = 410
_MOST_ADDRESSES = 100
_SHA = re.compile(r"(?<![0-9a-f])[0-9a-f]{40}(?![0-9a-f])")
_WEB = frozenset(
    {scheme.name for scheme in schemes() if scheme.names in {"object", "code"} and not scheme.persistent}
    | {"url"}
)


@indicator(
    "F1-1",
    weight=3,
    title="Persistent identifier scheme",
    passes="a DOI, Handle, ARK, SWHID or w3id",
    partial="a web address or org/name, with or without a commit",
    fails="a local path, or none",
    corresponds_to=(
        "FsF-F1-01MD-1",
        "FsF-F1-02MD-1",
        "FRSM-01-F1-1",
        "FRSM-01-F1-2",
        "ML-F1-01S",
        "ML-F1-02S",
        "FC F1A",
        "FC F1B",
    ),
)
def persistent_scheme(evidence: Evidence) -> Finding:
    """Scheme of the record's own identifiers."""
    pids = own_pids(evidence.record)
    remedy = (
        "Archive the model where a DOI is minted, for example at Zenodo, and put the DOI into the record."
    )
    if pids:
        cited = cite_record(evidence, "identifiers", pids[0].compact)
        return passed(f"The model has a persistent identifier, {pids[0].compact}.", cited)
    web = [item for item in evidence.record.identifiers if item.scheme in _WEB]
    if web:
        cited = cite_record(evidence, "identifiers", web[0].compact)
        return partial(f"{web[0].compact} is unique, but nobody promises to keep it.", cited, remedy=remedy)
    return failed("The record has no identifier that another party could look up.", remedy=remedy)


@indicator(
    "F1-2",
    weight=3,
    title="Identifier is registered and resolves",
    passes="registered as findable, and resolves (2xx)",
    partial="resolves but is not registered, or leads to a tombstone",
    fails="does not resolve (404)",
    corresponds_to=("FsF-F1-02MD-2", "FC F1A"),
)
def resolves(evidence: Evidence) -> Finding:
    """DOI resolution and registration; an identifier without a registry is looked up at its host."""
    if own_doi(evidence) is None:
        return _resolves_at_host(evidence)
    probe = evidence.probe("doi_resolves")
    cited = cite_probe(evidence, "doi_resolves")
    if probe.outcome in {"failed", "not_probed", "denied"}:
        return unknown(evidence.why_unknown("doi_resolves"))
    if probe.status == _GONE:
        remedy = "Publish a new version and say in the tombstone where it is."
        return partial("The DOI leads to a tombstone: the model was withdrawn.", cited, remedy=remedy)
    if probe.outcome == "absent":
        return failed("The DOI does not resolve.", cited, remedy="Ask the host to repair the DOI's target.")
    return _registered(evidence)


def _registered(evidence: Evidence) -> Finding:
    cited = cite_probe(evidence, "doi_resolves")
    agency = evidence.probe("registration_agency")
    if evidence.datacite and evidence.datacite.state == "findable":
        state = cite_datacite(evidence, "state", "findable")
        return passed("The DOI is registered as findable at DataCite and resolves.", cited, *state)
    if agency.outcome == "ok" and agency.found and REGISTRAR.title not in agency.found:
        answer = cite_probe(evidence, "registration_agency")
        return passed(f"The DOI is registered at {agency.found[0]} and resolves.", cited, answer)
    if evidence.datacite is None and evidence.probe("datacite").outcome != "absent":
        return unknown(f"The DOI resolves. {evidence.why_unknown('datacite')}", cited)
    if evidence.datacite is None and agency.outcome not in {"ok", "absent"}:
        return unknown(f"The DOI resolves. {evidence.why_unknown('registration_agency')}", cited)
    remedy = "Ask the host to set the DOI to findable at its registration agency."
    return partial("The identifier resolves, but is not registered as findable.", cited, remedy=remedy)


def _resolves_at_host(evidence: Evidence) -> Finding:
    remedy = "Mint a DOI for the model, so that its address may change and the identifier stays."
    outcome, cited = evidence.probe("landing_page").outcome, cite_probe(evidence, "landing_page")
    if outcome == "ok":
        reason = "The identifier resolves at its host and is registered nowhere."
        return partial(reason, cited, remedy=remedy)
    if outcome == "absent":
        return failed("The identifier does not resolve at its host.", cited, remedy=remedy)
    return unknown(evidence.why_unknown("landing_page"))


@indicator(
    "F1-3",
    weight=2,
    title="Identifier is version-specific",
    passes="the identifier of one version, with a link to its concept",
    partial="a concept DOI, a DOI without a link to a concept, or a commit without a persistent identifier",
    fails="a branch or tag only",
    corresponds_to=("FRSM-03-F1.2-1", "FRSM-03-F1.2-2", "FRSM-03-F1.2-3", "ML-F1.1-01S"),
)
def version_specific(evidence: Evidence) -> Finding:
    """Version and concept DOI of the record and DataCite; a commit in place of a version."""
    record, concepts = evidence.record, concept_dois(evidence)
    commit = _commit(record)
    own = record.doi or record.concept_doi
    cited = cite_record(evidence, "identifiers" if own else "identifier", own or record.identifier)
    remedy = "Publish each version with a DOI of its own under one concept DOI, as Zenodo does."
    if record.doi and concepts:
        concept = min(concepts)
        return passed(f"{record.doi} is one version of {concept}.", cited)
    if record.doi and commit:
        return passed(f"{record.doi} stands for commit {commit[0][:12]}.", cited)
    if record.doi and (unread := why_unregistered(evidence)):
        return unknown(f"The record names no lineage. {unread}", cited)
    if record.doi or record.concept_doi:
        word = "names no lineage" if record.doi else "is the DOI of all versions together"
        return partial(f"{record.doi or record.concept_doi} {word}.", cited, remedy=remedy)
    if commit or any(item.scheme == SWHID.name for item in record.identifiers):
        cited = _cite_digest(evidence, commit[0] if commit else None)
        return partial("A digest fixes the version, no versioned DOI names it.", cited, remedy=remedy)
    return failed(
        "Only a name, branch or tag is given, and what it stands for can change.", cited, remedy=remedy
    )


def _commit(record: ModelRecord) -> re.Match[str] | None:
    """Return the commit in the version or in an address: files of a repository are addressed by one."""
    files = " ".join(item.url or "" for item in record.distributions[:_MOST_ADDRESSES])
    return _SHA.search(f"{record.version or ''} {record.provenance.url or ''} {files}")


def _cite_digest(evidence: Evidence, commit: str | None) -> Citation:
    record = evidence.record
    if commit is None:
        return cite_record(evidence, "identifiers", record.value_of(SWHID.name))
    if commit in (record.version or ""):
        return cite_record(evidence, "version", commit)
    in_page = commit in (record.provenance.url or "")
    return cite_record(evidence, "provenance" if in_page else "distributions", commit)


@indicator(
    "F1-4",
    weight=1,
    title="The weight file itself is addressable",
    passes="a digest is published for each model file",
    partial="only an archive is listed with its digest",
    fails="no file is listed with a digest",
    corresponds_to=("FRSM-02-F1.1-1",),
)
def file_addressable(evidence: Evidence) -> Finding:
    """Published digests of the record's distributions."""
    record = evidence.record
    files = [item for item in weight_files(record) if item.checksums]
    remedy = "Publish the weight files one by one beside the archive; the host then states a digest for each."
    if files:
        cited = cite_record(evidence, "distributions", f"{files[0].name} {files[0].checksums[0]}")
        return passed(f"{len(files)} model file(s) are listed with a digest.", cited)
    packed = [item for item in archives(record) if item.checksums]
    if packed:
        cited = cite_record(evidence, "distributions", f"{packed[0].name} {packed[0].checksums[0]}")
        return partial("Only an archive is listed with a digest, and no weight file.", cited, remedy=remedy)
    if why := why_no_list(record):
        return unknown(why)
    return failed("The published metadata lists no model file with a digest.", remedy=remedy)
