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
    "tells_who",
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
# Words of a clause that only points to an address: any others say what is found there.
_POINTING = re.compile(
    r"\b(?:see|visit|follow|via|through|at|on|in|under|from|to|by|here|please|also|for|about|of|and|or|more"
    r"|further|all|other|the|this|our|these|it|its|is|are|be|can|may|only|then|link|page|web ?(?:site|page)"
    r"|address|url|details?|information|info|go|how)\b|[\W\d_]",
    re.IGNORECASE,
)
_ABOUT_ACCESS = re.compile(
    r"\b(?:access\w*|conditions?|terms|requests?|requesting|permissions?|procedures?|instructions"
    r"|regist\w+|log-?in|embargo\w*|restrict\w*|download\w*|obtain\w*|get(?:ting)?|members?|committee)\b"
    r"|\b(?:data(?:sets?)?|files?|weights|models?|checkpoints?|samples?|records?|they|it)"
    r"(?: of (?:\w+ ){0,3}?\w+)?(?: (?:is|are|can|may|be|made|only|publicly|freely)){1,5}"
    r" (?:available|accessible|accessed|found|hosted|stored)\b",
    re.IGNORECASE,
)
# An address that is not there yet, or only shows what one could look like.
_NOT_YET = re.compile(
    r"\b(?:todo|tbd|tba|fixme|placeholder|planned|in preparation|under construction|coming soon|e\. ?g"
    r"|for (?:example|instance)|will (?:soon )?be (?:possible|added|opened|announced|set up|created|online"
    r"|launched|filled in)|to be (?:added|opened|announced|decided|set up|created|launched|confirmed)"
    r"|(?:forms?|links?|pages?|portals?|sites?|address(?:es)?|urls?|procedures?|instructions|details)"
    r"(?: (?:to|for|of|on|at|the|this|and|access|request\w*)){0,4} (?:will|shall|would|should)"
    r"(?! (?:be )?(?:us|fill|sen|sign|ask|show))"
    r"|(?:forms?|links?|pages?|portals?|sites?|requests?|registration)(?:\s+\w+){0,4}\s+not (?:\w+ ){0,2}yet"
    r")\b",
    re.IGNORECASE,
)
_REFUSES = re.compile(
    rf"\b(?:no|not|never|cannot|can't|won't|don't|nobody|neither|nor)(?:\s+[\w-]+){{0,3}}?\s+(?:{_ASKING}"
    r"|access\w*|given)\b|\b(?:formerly|previously|no longer|any ?more|used to be|impossible|unable"
    r"|(?:to|by) nobody|discontinued|defunct|out of (?:use|order|service)|do(?:es)?(?:n't| not) work"
    r"|refus\w+|reject\w+|denied|declin\w+|ignored|withdrawn|closed (?:for (?:good|ever)|forever|permanently)"
    r"|(?:forms?|site|page|portal|service|call|registration|office|inbox) (?:is|are|was|were|has been) (?:\w+"
    r" )?(?:closed|down|gone|offline|expired|full|over))\b",
    re.IGNORECASE,
)
# Words that close the data altogether: an address in another clause counts only where it is asked at.
_CLOSES = re.compile(
    r"\b(?:closed|not (?:\w+ ){0,2}?(?:given|shared|available|public|open|accessible|released|distributed)"
    r"|nobody|never|secret|confidential)\b",
    re.IGNORECASE,
)
_UNLESS = re.compile(
    r"\b(?:unless|without|except|(?:until|before)(?! (?:the (?:end of )?)?(?:\w+ )?\d))\b", re.IGNORECASE
)
_INVITES = re.compile(r"\b(?:do not|don't|never|please) (?:hesitate|forget|fail)\b", re.IGNORECASE)
# Clauses that give the address of something else.
_OTHER = re.compile(
    r"\b(?:cit(?:e|es|ed|ing|ations?)|acknowledg\w*|licen[cs]e[ds]?|copyrights?|papers?|articles?"
    r"|publications?|described|documentation|preprints?|reasons?|why)\b",
    re.IGNORECASE,
)
# What people are asked about that is not access.
_OFF_TOPIC = re.compile(
    r"\b(?:bugs?|errors|typos|complaints?|feedback|comments|newsletters?|twitter|mastodon|linkedin|news|jobs?"
    r"|vacanc\w+|(?:source )?code|software|other (?:work|projects?|data)|follow (?:us|me|our)|copyrights?"
    r"|project web ?page|home ?page)\b|\bquestions? (?:about|on|regarding|concerning) (?!(?:\w+ ){0,2}"
    r"(?:access|data|files?|weights|models?|download\w*|conditions|requests?)\b)",
    re.IGNORECASE,
)
# What a model was made from: another object, asked for on its own.
_TRAINING_DATA = re.compile(
    r"\btraining (?:data|samples?|sets?|events)\b|\b(?:data(?:sets?)?|samples?|events)"
    r" (?:(?:that|which|on which|with which) )?(?:(?:it|the \w+|this \w+|we) )?"
    r"(?:(?:was|were|is|are|has been) )?(?:trained|used (?:for|in) (?:the )?training)\b",
    re.IGNORECASE,
)
_THE_MODEL = re.compile(r"\b(?:models?|weights|files?|checkpoints?|networks?|archives?)\b", re.IGNORECASE)
_ON_TOPIC = re.compile(
    r"\b(?:access\w*|files?|data(?:sets?)?|weights|models?|permissions?|download\w*|requests?)\b", re.I
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


def request_address(evidence: Evidence, *, of_data: bool = False) -> str | None:
    """Return where to request access: the page with the host's form, else an address in the conditions.

    An address to request the training data at is none of the model, but one `of_data` where they are judged.
    An e-mail address is returned as the note by which records replace it.
    """
    access = stated_access(evidence)
    if access is None:
        return None
    if access.level == "gated" and evidence.record.provenance.url:
        return evidence.record.provenance.url
    return next(_addresses(stated_conditions(evidence) or "", of_data=of_data), None)


def asks_for_access(text: str | None) -> bool:
    """Tell whether a clause of a text says how to get access: it asks for something and is not negated."""
    return any(_asks(_words(clause)) for clause in _CLAUSE.split(text or ""))


def tells_who(text: str | None) -> bool:
    """Tell whether a text says how or for whom the files are open; that they are closed is neither."""
    if asks_for_access(text):
        return True
    return bool(text) and not any(
        _CLOSES.search(clause) or _refused(clause) for clause in _CLAUSE.split(text or "")
    )


def _addresses(conditions: str, *, of_data: bool) -> Iterator[str]:
    """Yield the addresses in clauses that say to ask there, and in clauses that are nothing else.

    Where a clause closes the data or refuses requests, only addresses to ask at remain.
    """
    from fairreg.email_addresses import NOTE  # with all top-level domains, only for conditions in words

    clauses = _CLAUSE.split(conditions)
    shut = (_CLOSES, _NOT_YET)
    closed = any(_refused(_words(clause)) or any(one.search(clause) for one in shut) for clause in clauses)
    before = ""
    for clause in clauses:
        words = _words(clause)
        # A bare address belongs to the words before it.
        about = words if re.search(r"\w", words) else before
        before = about
        if _refused(about) or _NOT_YET.search(about) or (not of_data and _of_training_data(about)):
            continue
        asks = _asks(about)
        points = not closed and not _OTHER.search(about) and not _OFF_TOPIC.search(about)
        if asks or (points and (about is not words or not about or _points(words))):
            yield from (match[0].rstrip(".,:!?") for match in _WEB.finditer(clause))
        if NOTE in clause and (asks or points):
            yield NOTE


def _words(clause: str) -> str:
    from fairreg.email_addresses import NOTE

    return _INVITES.sub(" ", _WEB.sub(" ", clause).replace(NOTE, " ")).strip(" .,:!?()<>[]")


def _asks(words: str) -> bool:
    if _refused(words) or not _ASKS.search(words):
        return False
    return not _OFF_TOPIC.search(words) or bool(_ON_TOPIC.search(words))


def _points(words: str) -> bool:
    """Tell whether a clause points to an address, without a word on what else is found there."""
    if not _POINTS.search(words):
        return False
    return bool(_ABOUT_ACCESS.search(words)) or not _POINTING.sub("", words)


def _of_training_data(words: str) -> bool:
    return bool(_TRAINING_DATA.search(words)) and not _THE_MODEL.search(_TRAINING_DATA.sub(" ", words))


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
