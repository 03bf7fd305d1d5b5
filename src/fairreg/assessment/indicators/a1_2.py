# SPDX-License-Identifier: MIT
"""A1.2 (Duarte et al. 2023, Table 1).

The protocol allows for an authentication and authorization procedure, where necessary.
"""

from fairreg.assessment.base import Finding, indicator
from fairreg.assessment.evidence import Evidence
from fairreg.assessment.findings import (
    cite_access,
    cite_address,
    cite_probe,
    failed,
    not_applicable,
    partial,
    passed,
    unknown,
    why_unregistered,
)
from fairreg.assessment.lineage import links, scheme_of, stated_access
from fairreg.assessment.probed_file import file_probe
from fairreg.schemas.record import Access

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
    passes="the host answers 401 or 403, and the metadata gives an address to request access at",
    partial="one of the two, or conditions in words only",
    fails="neither: 404, or a file that is given, and no text",
    corresponds_to=("Chen A1.2", "ML-A1 (auth)"),
)
def says_how(evidence: Evidence) -> Finding:
    """Only for models that are not open: the host's answer, and the way to ask that the metadata state.

    Where the host refuses the files the model is not open, whatever is stated.
    """
    access, probe = stated_access(evidence), file_probe(evidence)
    if access and access.level == "open" and probe.outcome != "denied":
        return not_applicable("The model is open.", cite_access(evidence, access.level))
    if access is None and (unread := why_unregistered(evidence)):
        return unknown(f"The record states no access level. {unread}")
    given = probe.outcome == "ok"
    if access is None and given:
        return not_applicable("The model is open: a file is given.", cite_probe(evidence, "file_range"))
    return _restricted(evidence, access, given=given)


def _restricted(evidence: Evidence, access: Access | None, *, given: bool) -> Finding:
    from fairreg.assessment import access as way  # most models are open

    probe = way.answer_about_files(evidence)
    if access is None and probe.outcome != "denied":
        return unknown("Whether access is restricted is not known.")
    if access and given and way.embargo_ended(evidence):
        ended = cite_access(evidence, f"{access.level} until {access.until}")
        reason = "The embargo has ended, and a file is given."
        return not_applicable(reason, ended, cite_probe(evidence, "file_range"))
    address, words = way.request_address(evidence), way.stated_conditions(evidence)
    told = [cite_access(evidence, address or words)] if address or words else []
    if probe.outcome not in _ANSWERS:
        why = way.why_no_answer(evidence)
        if words and not address and way.was_asked(evidence):
            reason = f"In any case {_told(address, words)}. {why}"
            return partial(reason, *told, remedy=_remedy(address, probe.outcome))
        return unknown(why, *told)
    stated = [cite_access(evidence, access.level)] if access else []
    cited = [*(told or stated), cite_probe(evidence, probe.kind)]
    reason = f"{_ANSWERS[probe.outcome]}, and {_told(address, words)}."
    if address and probe.outcome == "denied":
        return passed(reason, *cited)
    remedy = _remedy(address, probe.outcome)
    return (partial if told or probe.outcome == "denied" else failed)(reason, *cited, remedy=remedy)


_ANSWERS = {
    "denied": "The host refuses the files by 401 or 403",
    "absent": "The host answers as if the files did not exist (404)",
    "ok": "The host answers without a login, although access is not stated as open",
}


def _told(address: str | None, words: str | None) -> str:
    if address:
        return f"the record says where to request access: {address}"
    return "the record has words about it, but no address" if words else "nothing says how to get access"


def _remedy(address: str | None, outcome: str) -> str:
    if not address:
        return "State in the conditions of access where to request it: a web page or an e-mail address."
    if outcome == "ok":
        return "State the access level that the host applies."
    return "Publish the record at a host that answers 401 or 403 for restricted files, not 404."
