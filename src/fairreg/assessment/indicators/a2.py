# SPDX-License-Identifier: MIT
"""A2 (Duarte et al. 2023, Table 1).

Metadata are accessible, even when the AI model is no longer available.
"""

from fairreg.assessment.base import Citation, Finding, indicator
from fairreg.assessment.evidence import Evidence
from fairreg.assessment.findings import (
    cite_address,
    cite_datacite,
    cite_probe,
    cite_record,
    failed,
    partial,
    passed,
    unknown,
    why_unregistered,
)
from fairreg.assessment.lineage import host_of, links, may_be_registered, own_doi
from fairreg.sources import (
    POLICIES_DATE,
    REGISTRAR,
    SWHID,
    PreservationPolicy,
    all_sources,
    source_named,
)


@indicator(
    "A2-1",
    weight=3,
    title="Metadata held apart from the weights",
    passes="a public record at DataCite or another DOI registry",
    partial="a third party's snapshot, such as Software Heritage's",
    fails="in the same repository only",
    corresponds_to=("Chen A2", "ML-A2-01M"),
)
def held_apart(evidence: Evidence) -> Finding:
    """The registry's copy of the metadata, else a snapshot of the repository."""
    if evidence.datacite and evidence.datacite.state == "findable":
        return passed(
            "DataCite holds a public copy of the metadata.", *cite_datacite(evidence, "state", "findable")
        )
    agency = evidence.probe("registration_agency")
    if agency.outcome == "ok" and agency.found and REGISTRAR.title not in agency.found:
        cited = cite_probe(evidence, "registration_agency")
        return passed(f"{agency.found[0]} holds a copy of the metadata.", cited)
    if unread := why_unregistered(evidence):
        return unknown(unread)
    if own_doi(evidence) and evidence.datacite is None and agency.outcome not in {"ok", "absent"}:
        return unknown(evidence.why_unknown("registration_agency"))
    return _snapshot(evidence)


def _snapshot(evidence: Evidence) -> Finding:
    """Return the finding for metadata that no registry has: those of Software Heritage, if any."""
    remedy = "Mint a DOI: its registration agency then keeps the metadata when the host does not."
    swhid = evidence.record.value_of(SWHID.name)
    if swhid:
        cited = cite_record(evidence, "identifiers", swhid)
        return partial("Software Heritage holds a snapshot.", cited, remedy=remedy)
    if evidence.probe("software_heritage").outcome == "ok":
        cited = cite_probe(evidence, "software_heritage")
        return partial("Software Heritage holds a snapshot.", cited, remedy=remedy)
    if evidence.probe("software_heritage").outcome in {"failed", "denied"}:
        return unknown(evidence.why_unknown("software_heritage"))
    return failed("No copy of the metadata is known but the host's own.", remedy=remedy)


@indicator(
    "A2-2",
    weight=2,
    title="Host preservation and tombstone policy",
    passes="retention is promised, and withdrawn items leave a tombstone",
    partial="only deletion is restricted",
    fails="the owner may delete at any time",
    corresponds_to=("Chen A2", "FRSM-08-F4-1"),
)
def policy(evidence: Evidence) -> Finding:
    """The host's published policy, by the dated table above."""
    host, found, cited = host_policy(evidence)
    if found is None and not host and (unread := why_unregistered(evidence)):
        return unknown(f"The host is not known. {unread}")
    if found is None:
        return unknown(
            f"fairreg's table of {POLICIES_DATE} has no preservation policy of {host or 'this host'}."
        )
    remedy = "Archive the model as well at a repository that promises retention, for example Zenodo."
    if found.promise == "keeps":
        return passed("The host promises to retain items and leaves a tombstone.", *cited)
    if found.promise == "retains":
        return partial("The host retains items, but promises no tombstone.", *cited, remedy=remedy)
    if found.promise == "restricts":
        return partial("The host only restricts deletion.", *cited, remedy=remedy)
    return failed("The owner may delete the model and its metadata at any time.", *cited, remedy=remedy)


def host_policy(evidence: Evidence) -> tuple[str, PreservationPolicy | None, tuple[Citation, ...]]:
    """Return the host, its policy where a row has one, and the evidence for both."""
    host, cited = _host(evidence)
    if not host:
        return "", None, ()
    row = next((item for item in all_sources() if item.policy and item.site == host), None)
    if row is None or row.policy is None:
        return host, None, tuple(cited)
    found = row.policy
    if row.doi_policy and evidence.record.doi:
        host, found = f"{host} with a DOI", row.doi_policy
    stated = Citation("policy", host, found.words, found.source, None, found.date, "stated")
    return host, found, (stated, *cited)


def _host(evidence: Evidence) -> tuple[str, list[Citation]]:
    """Return the host of the record, else of the landing page of the DOI, else of a file."""
    row = source_named(evidence.record.provenance.source)
    if row.policy and row.site:
        return row.site, [cite_record(evidence, "provenance", row.name)]
    if evidence.datacite and evidence.datacite.url:
        page = evidence.datacite.url
        return host_of(page), list(cite_datacite(evidence, "url", page))
    if may_be_registered(evidence):
        return "", []  # the landing page may be at another host than the first file
    address = next(iter(links(evidence.record)), "")
    return host_of(address), [cite_address(evidence, address)] if address else []
