# SPDX-License-Identifier: MIT
"""A1.1 (Duarte et al. 2023, Table 1).

The protocol is open, free, and universally implementable.
"""

from fairreg.assessment.base import Finding, indicator
from fairreg.assessment.evidence import Evidence
from fairreg.assessment.findings import (
    cite_address,
    cite_probe,
    cite_record,
    failed,
    partial,
    passed,
    unknown,
)
from fairreg.assessment.lineage import links, scheme_of
from fairreg.assessment.probed_file import file_probe, why_no_bytes

_OPEN = frozenset({"https", "http", "ftp", "ftps", "sftp", "git+https", "git"})
_SPECIAL = frozenset({"root", "xroot", "xrootd", "s3", "gs", "globus", "gsiftp"})
_DESCRIBED = ("openapi", "oai-pmh", "signposting")


@indicator(
    "A1.1-1",
    weight=3,
    title="Open standard protocol",
    passes="https, ftp or git over https",
    partial="only xrootd, S3 or Globus",
    fails="a proprietary protocol",
    corresponds_to=("FsF-A1.1-01MD", "Chen A1.1", "FC A1.1"),
)
def open_protocol(evidence: Evidence) -> Finding:
    """Schemes of the published links to the files; of the metadata where no file has a link."""
    record = evidence.record
    files = [item.url for item in record.distributions if item.url]
    addresses = files or links(record)
    schemes = sorted({scheme for address in addresses if (scheme := scheme_of(address))})
    if not schemes:
        return unknown("The record gives no link whose protocol could be judged.")
    best = next((item for good in (_OPEN, _SPECIAL) for item in addresses if scheme_of(item) in good), None)
    cited = cite_address(evidence, best or addresses[0])
    remedy = "Offer each file under an https address as well."
    if _OPEN & set(schemes):
        return passed(f"The links use {', '.join(schemes)}.", cited)
    if _SPECIAL & set(schemes):
        return partial(f"The files come by {', '.join(schemes)} only.", cited, remedy=remedy)
    return failed(f"{', '.join(schemes)} is no open standard protocol.", cited, remedy=remedy)


@indicator(
    "A1.1-2",
    weight=2,
    title="No vendor client or payment",
    passes="a plain anonymous GET gives the file",
    partial="a free token or a client is needed",
    fails="it has to be paid for",
    corresponds_to=("FRSM-09-A1-1",),
)
def no_vendor(evidence: Evidence) -> Finding:
    """An anonymous request for the first bytes; for an open record a download is equivalent."""
    probe, access = file_probe(evidence), evidence.record.access
    cited = cite_probe(evidence, "file_range")
    remedy = "Offer the files for a plain download without an account."
    if access and (said := _payment(access.conditions)):
        stated = cite_record(evidence, "access", said)
        return failed("The conditions of access require a payment.", stated, remedy=remedy)
    if probe.outcome == "ok":
        return passed("An anonymous request gets the file.", cited)
    if probe.outcome == "denied":
        return partial("The host asks for an account or token.", cited, remedy=remedy)
    if evidence.probe("file_access").outcome == "denied":
        reason = "The host gives the list of the files to nobody without an account."
        return partial(reason, cite_probe(evidence, "file_access"), remedy=remedy)
    fetched = evidence.downloaded or any(file.sha256 for file in evidence.files if file.archive is None)
    if fetched and not probe.withheld and access and access.level == "open":
        return passed(
            "The record is open, and its files were downloaded.", cite_record(evidence, "access", "open")
        )
    return unknown(why_no_bytes(evidence))


def _payment(conditions: str | None) -> str | None:
    if not conditions:
        return None
    from fairreg.assessment.content.conditions import payment

    return payment(conditions)


@indicator(
    "A1.1-3",
    weight=1,
    title="Machine-described API",
    passes="OpenAPI, OAI-PMH or a Signposting linkset",
    partial="an API documented in prose",
    fails="none",
    corresponds_to=("FRSM-11-I1-3",),
)
def described_api(evidence: Evidence) -> Finding:
    """Results of the probes of the host's API and landing page."""
    for kind in ("source_api", "landing_page"):
        described = [name for name in _DESCRIBED if name in evidence.probe(kind).found]
        if described:
            return passed(f"The host describes its API by {described[0]}.", cite_probe(evidence, kind))
    probe, cited = evidence.probe("source_api"), cite_probe(evidence, "source_api")
    remedy = "Publish the model at a host whose API has a machine-readable description."
    if probe.outcome == "absent" and evidence.probe("landing_page").outcome not in {"ok", "absent"}:
        return unknown(evidence.why_unknown("landing_page"), cited)
    if probe.outcome == "absent":
        return failed("The host has no API.", cited, remedy=remedy)
    if probe.outcome == "ok" and "documented" in probe.found:
        return partial("The host's API is described in prose only.", cited, remedy=remedy)
    if probe.outcome == "ok":
        return unknown("The host's API answers; whether it is described was not probed.", cited)
    return unknown(evidence.why_unknown("source_api"))
