# SPDX-License-Identifier: MIT
"""Access to an object that is not open: how it is stated, where it is requested, and how the host answers.

The model indicator A1.2-2 and the dataset check A1.2 read it here. An address to request access at is a web
or e-mail address that the conditions of access give for that purpose, or the form of a host that gates the
files. Conditions without an address are words; what a harvester notes of a closed record is neither.
"""

import re
from collections.abc import Iterator

from fairreg.assessment.content.prose import is_placeholder
from fairreg.assessment.evidence import Evidence, Probe, ProbeKind
from fairreg.assessment.lineage import stated_access
from fairreg.assessment.probed_file import file_probe, why_no_bytes

__all__ = [
    "answer_about_files",
    "asks_for_access",
    "embargo_ended",
    "request_address",
    "stated_conditions",
    "was_asked",
    "why_no_answer",
]

# Notes of the harvesters on records whose sources state no conditions: facts, no way to the files.
_NOTES = frozenset(
    {
        "private repository",
        "The repository is private: ask its owner for access.",
        "GitHub has disabled the repository.",
        "disabled by the Hub or its owner",
        "not public",
        "private",
        "metadata-only",
    }
)
_ABOUT_FILES: tuple[ProbeKind, ...] = ("file_range", "file_access")
_WITHDRAWN = ("withdrawn on ", "withdrawn by its source")
_WEB = re.compile(r"https?://[^\s<>\"'()\[\]{}]{1,1000}", re.IGNORECASE)
_CLAUSE = re.compile(r"\n|;|\bbut\b|(?<=[.!?])\s", re.IGNORECASE)
_ASKING = (
    r"(?:ask(?:s|ed|ing)?|appl(?:y|ies|ied|ying|ications?)|request(?:s|ed|ing)?|contact(?:s|ed|ing)?"
    r"|writ(?:e|es|ing|ten)|e-?mail(?:s|ed)?|mail(?:s|ed)?|send(?:s|ing)?|sent|regist(?:er\w*|rations?)"
    r"|sign(?:s|ed|ing)?|log(?:in|ged|ging| in)?|fill(?:s|ed|ing)?|forms?|permissions?|obtain\w*|get"
    r"|grant(?:s|ed|ing)?|approv(?:al|e|es|ed)|[ei]nquir\w+|reach)"
)
_ASKS = re.compile(rf"\b{_ASKING}\b", re.IGNORECASE)
_POINTS = re.compile(
    r"\b(?:see|visit|follow|via|through|available|access(?:ed|ible)?|go to|details?)\b", re.I
)
_REFUSES = re.compile(
    rf"\b(?:no|not|never|cannot|can't|won't|nobody)(?:\s+[\w-]+){{0,3}}?\s+(?:{_ASKING}|access\w*|given)\b",
    re.IGNORECASE,
)
_UNLESS = re.compile(r"\b(?:unless|without|until|before|except)\b", re.IGNORECASE)
# Clauses that give the address of something else.
_OTHER = re.compile(
    r"\b(?:cit(?:e|es|ed|ing|ations?)|acknowledg\w*|licen[cs]e[ds]?|papers?|articles?|publications?"
    r"|described|documentation|preprints?)\b",
    re.IGNORECASE,
)


def stated_conditions(evidence: Evidence) -> str | None:
    """Return the conditions of access in words, or the end of the embargo; None where nothing is stated."""
    access = stated_access(evidence)
    if access is None:
        return None
    text = (access.conditions or "").strip()
    if not (text in _NOTES or text.startswith(_WITHDRAWN) or is_placeholder(text)):
        return text
    return f"embargoed until {access.until}" if access.level == "embargoed" and access.until else None


def request_address(evidence: Evidence) -> str | None:
    """Return where to request access: the page with the host's form, else an address in the conditions.

    An e-mail address is returned as the note by which records replace it.
    """
    access = stated_access(evidence)
    if access is None:
        return None
    if access.level == "gated" and evidence.record.provenance.url:
        return evidence.record.provenance.url
    return next(_addresses(stated_conditions(evidence) or ""), None)


def asks_for_access(text: str | None) -> bool:
    """Tell whether a clause of a text says how to get access: it asks for something and is not negated."""
    return any(_ASKS.search(clause) and not _refused(clause) for clause in _CLAUSE.split(text or ""))


def _addresses(conditions: str) -> Iterator[str]:
    """Yield the addresses in clauses that say to ask there, and in clauses that are nothing else."""
    from fairreg.email_addresses import NOTE  # with all top-level domains, only for conditions in words

    for clause in _CLAUSE.split(conditions):
        found = [match[0].rstrip(".,:!?") for match in _WEB.finditer(clause)]
        words = _WEB.sub(" ", clause).replace(NOTE, " ")
        if _refused(words):
            continue
        asks = bool(_ASKS.search(words))
        points = bool(_POINTS.search(words)) or not re.search(r"\w", words)
        if asks or (points and not _OTHER.search(words)):
            yield from found
        if NOTE in clause and (asks or not _OTHER.search(words)):
            yield NOTE


def _refused(clause: str) -> bool:
    return bool(_REFUSES.search(clause)) and not _UNLESS.search(clause)


def embargo_ended(evidence: Evidence) -> bool:
    """Tell whether the stated embargo had ended when the evidence was gathered."""
    access = stated_access(evidence)
    if access is None or access.level != "embargoed" or not access.until:
        return False
    return access.until[:10] < evidence.gathered_at[: len(access.until[:10])]


def answer_about_files(evidence: Evidence) -> Probe:
    """Return the host's answer to a request without a login: for a file, else for the list of the files."""
    probe = file_probe(evidence)
    return probe if probe.outcome in {"ok", "denied", "absent"} else _listing(evidence) or probe


def why_no_answer(evidence: Evidence) -> str:
    """Return the reason why no answer decides, as the sentence of an `unknown`."""
    if evidence.probe("file_access").outcome == "failed":
        return evidence.why_unknown("file_access")
    asked = evidence.probe("file_range").outcome != "not_probed"
    if asked or evidence.offline or any(item.url for item in evidence.record.distributions):
        return why_no_bytes(evidence)
    return "No file has an address in the record, so whether the host refuses one was not probed."


def was_asked(evidence: Evidence) -> bool:
    """Tell whether the host was asked about the files, even if its answer does not decide."""
    return any(evidence.probe(kind).outcome == "failed" for kind in _ABOUT_FILES)


def _listing(evidence: Evidence) -> Probe | None:
    probe = evidence.probe("file_access")
    return probe if probe.outcome in {"ok", "denied", "absent"} else None
