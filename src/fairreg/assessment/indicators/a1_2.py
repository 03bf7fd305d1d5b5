# SPDX-License-Identifier: MIT
"""A1.2 (Duarte et al. 2023, Table 1).

The protocol allows for an authentication and authorization procedure, where necessary.
"""

from fairreg.assessment.base import Citation, Finding, indicator
from fairreg.assessment.content.prose import is_placeholder
from fairreg.assessment.evidence import Evidence
from fairreg.assessment.findings import (
    cite_address,
    cite_probe,
    cite_record,
    failed,
    not_applicable,
    partial,
    passed,
    unknown,
)
from fairreg.assessment.lineage import links, scheme_of
from fairreg.assessment.probed_file import file_probe, why_no_bytes

_WITH_LOGIN = frozenset(
    {"https", "ftps", "sftp", "git+https", "root", "xroot", "xrootd", "s3", "gs", "globus", "gsiftp"}
)


@indicator(
    "A1.2-1",
    weight=2,
    title="Protocol supports authentication",
    passes="https, or another protocol with a protected login",
    fails="a protocol without one",
    corresponds_to=("FsF-A1.2-01MD", "FRSM-09-A1-2"),
)
def can_authenticate(evidence: Evidence) -> Finding:
    """Schemes of the published links."""
    addresses = links(evidence.record)
    if not addresses:
        return unknown("The record gives no link whose protocol could be judged.")
    safe = [address for address in addresses if scheme_of(address) in _WITH_LOGIN]
    if safe:
        return passed(f"{scheme_of(safe[0])} supports a login.", cite_address(evidence, safe[0]))
    cited = cite_address(evidence, addresses[0])
    reason = f"{scheme_of(addresses[0]) or addresses[0]} cannot protect a login."
    return failed(reason, cited, remedy="Offer the files under an https address.")


@indicator(
    "A1.2-2",
    weight=3,
    title="Restricted model says how to get access",
    passes="the host answers 401 or 403, and the metadata says how to ask for access",
    partial="one of the two",
    fails="404 and no text",
    corresponds_to=("Chen A1.2", "ML-A1 (auth)"),
)
def says_how(evidence: Evidence) -> Finding:
    """Only for models that are not open: the host's answer and the conditions in the metadata."""
    access, probe = evidence.record.access, file_probe(evidence)
    if shown := _shown_open(evidence):
        return not_applicable("The model is open.", shown)
    text = _procedure(evidence)
    told = [cite_record(evidence, "access", text)] if text else []
    if probe.outcome != "denied" and (access is None or probe.outcome != "absent"):
        return _undecided(evidence, told)
    cited = [*told, cite_probe(evidence, "file_range")]
    remedy = "State in the record whom to ask for access and under which conditions, with a link."
    if text and probe.outcome == "denied":
        return passed("The host refuses by 401 or 403, and the record says how to get access.", *cited)
    if text or probe.outcome == "denied":
        return partial(
            "Either the host's answer or the record says how to get access, not both.", *cited, remedy=remedy
        )
    return failed("The files are not there, and nothing says how to get them.", *cited, remedy=remedy)


def _shown_open(evidence: Evidence) -> Citation | None:
    """Return what shows that the model is open: its stated level, or, without one, a file that was given."""
    access = evidence.record.access
    if access:
        return cite_record(evidence, "access", access.level) if access.level == "open" else None
    return cite_probe(evidence, "file_range") if file_probe(evidence).outcome == "ok" else None


def _undecided(evidence: Evidence, told: list[Citation]) -> Finding:
    access = evidence.record.access
    if access is None:
        return unknown("Whether access is restricted is not known.")
    if file_probe(evidence).outcome != "ok":
        return unknown(why_no_bytes(evidence), *told)
    stated = cite_record(evidence, "access", access.level)
    reason = f"The record states the access level {access.level}, and yet an anonymous request gets a file."
    return unknown(reason, stated, cite_probe(evidence, "file_range"))


def _procedure(evidence: Evidence) -> str | None:
    access = evidence.record.access
    text = access.conditions if access and not is_placeholder(access.conditions) else None
    # That a work was withdrawn says why it is closed, not how to get it.
    return None if text and text.startswith(("withdrawn on ", "withdrawn by its source")) else text
