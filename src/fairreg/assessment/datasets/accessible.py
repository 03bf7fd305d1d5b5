# SPDX-License-Identifier: MIT
"""A (Chen et al. 2022, Table 1): retrieval of the data and the metadata, now and later."""

from fairreg.assessment.base import Finding, Verdict, indicator
from fairreg.assessment.evidence import Evidence, Probe, ProbeKind
from fairreg.assessment.findings import (
    cite_access,
    cite_probe,
    cite_record,
    failed,
    partial,
    passed,
    unknown,
    why_unregistered,
)
from fairreg.assessment.indicators import a1, a2
from fairreg.assessment.lineage import stated_access
from fairreg.assessment.probed_file import file_probe
from fairreg.schemas.record import Access
from fairreg.sources import REGISTRAR

_METADATA: tuple[ProbeKind, ...] = ("landing_page", "doi_resolves", "source_api", "content_negotiation")


@indicator(
    "A1",
    weight=3,
    title="Retrievable by identifier",
    passes="the metadata and at least one file answer a GET",
    partial="the metadata only",
    fails="neither",
    corresponds_to=("Chen A1", "FsF-A1-03D"),
)
def retrievable(evidence: Evidence) -> Finding:
    """Answers of the host, of doi.org and of the first published file."""
    file = evidence.probe("file_range")
    seen = [cite_probe(evidence, kind) for kind in _METADATA if evidence.probe(kind).outcome == "ok"]
    if evidence.record.provenance.retrieved:
        seen.append(cite_record(evidence, "provenance", evidence.record.provenance.url))
    cited = [*seen, *([cite_probe(evidence, "file_range")] if file.outcome == "ok" else [])]
    remedy = "Give each file an https address that answers without a client of its own."
    if file.outcome == "ok" and seen:
        return passed("The metadata and a file answer a GET.", *cited)
    if file.outcome == "failed" or (file.outcome == "not_probed" and _may_have_files(evidence)):
        return unknown(evidence.why_unknown("file_range"), *cited)
    if cited:
        part = "metadata answer" if seen else "file answers"
        return partial(f"Only the {part} a GET.", *cited, remedy=remedy)
    answers = {kind: evidence.probe(kind).outcome for kind in _METADATA}
    silent = next((kind for kind, outcome in answers.items() if outcome in {"failed", "denied"}), None)
    if silent or "absent" not in answers.values():
        return unknown(evidence.why_unknown(silent or "landing_page"))
    return failed("Neither the metadata nor a file answers a GET.", remedy=remedy)


def _may_have_files(evidence: Evidence) -> bool:
    """Tell whether the host may have files: DataCite's record lists none in any case."""
    record = evidence.record
    return any(item.url for item in record.distributions) or record.provenance.source == REGISTRAR.name


@indicator(
    "A1.2",
    weight=3,
    title="Access is stated",
    passes="open, or an address to request access at is stated",
    partial="in words only",
    fails="none, or closed without a way to get access",
    corresponds_to=("Chen A1.2", "FsF-A1-01M"),
)
def access(evidence: Evidence) -> Finding:
    """Access field of the record or of DataCite, else a file served without login, else prose.

    Data are not open where the host refuses a file, whatever is stated.
    """
    stated, probe = stated_access(evidence), file_probe(evidence)
    if stated and (stated.level != "open" or probe.outcome == "denied"):
        return _procedure(evidence, stated, probe)
    if stated:
        return passed("The access is open, as stated.", cite_access(evidence, stated.level))
    if unread := why_unregistered(evidence):
        return unknown(f"The record states no access level. {unread}")
    if probe.outcome == "ok":
        cited = cite_probe(evidence, "file_range")
        return passed("A file is given to anybody without a login: the data are open.", cited)
    found = a1.access(evidence, of_data=True)
    if probe.outcome in {"absent", "denied"} and not _tells_how(found):
        remedy = "State the access level (open, restricted, embargoed) in the record's own field."
        return failed("No file is given, and nothing states who may have the files.", remedy=remedy)
    return found


def _tells_how(found: Finding) -> bool:
    from fairreg.assessment.access import asks_for_access  # most data are open

    return found.verdict is Verdict.PARTIAL and any(asks_for_access(item.value) for item in found.evidence)


def _procedure(evidence: Evidence, stated: Access, probe: Probe) -> Finding:
    from fairreg.assessment import access as way

    if probe.outcome == "ok" and way.embargo_ended(evidence):
        ended = cite_access(evidence, f"{stated.level} until {stated.until}")
        reason = "The embargo has ended, and a file is given."
        return passed(reason, ended, cite_probe(evidence, "file_range"))
    address, words = way.request_address(evidence, of_data=True), way.stated_conditions(evidence)
    level, seen, told = f"The access is {stated.level}", [], way.tells_who(words)
    if stated.level == "open":
        level, told = "The access is stated as open, and the host refuses a file", way.asks_for_access(words)
        seen = [cite_probe(evidence, "file_range")]
    if address:
        reason = f"{level}; the record says where to request it: {address}."
        return passed(reason, cite_access(evidence, address), *seen)
    remedy = "State in the conditions of access where to request it: a web page or an e-mail address."
    cited = [cite_access(evidence, words or stated.level), *seen]
    if told:
        return partial(f"{level}; its conditions name no address.", *cited, remedy=remedy)
    return failed(f"{level}; how to get it is not stated.", *cited, remedy=remedy)


@indicator(
    "A2",
    weight=1,
    title="Metadata outlive the data",
    passes="a registry's copy, and a dated retention policy of the host",
    partial="one of the two",
    fails="none",
    corresponds_to=("Chen A2", "FsF-A2-01M"),
)
def longevity(evidence: Evidence) -> Finding:
    """A copy as for indicator A2-1 of models; the host's policy by the dated table of A2-2."""
    copy = a2.held_apart.assess(evidence)
    host, policy, stated = a2.host_policy(evidence)
    retained = None if policy is None else policy.promise in {"keeps", "retains"}
    reason = f"{copy.reason} {_RETENTION[retained].format(host=host or 'the host')}"
    cited = (*copy.evidence, *(stated if retained else ()))
    if retained is None or copy.verdict is Verdict.UNKNOWN:
        return unknown(reason, *cited)
    if retained and copy.verdict is Verdict.PASS:
        return passed(reason, *cited)
    remedy = "Mint a DOI at a host that promises to retain the metadata, for example Zenodo."
    some = retained or copy.verdict is not Verdict.FAIL
    return partial(reason, *cited, remedy=remedy) if some else failed(reason, *cited, remedy=remedy)


_RETENTION = {
    True: "The policy of {host} promises retention.",
    False: "The policy of {host} promises no retention.",
    None: "No retention policy of {host} is known.",
}
