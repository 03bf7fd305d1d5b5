# SPDX-License-Identifier: MIT
"""Objects of which only an entry in fairreg's own catalogue was read, not the record at their host.

The entry is no statement of the author, so it decides nothing: neither a field that it has nor one that it
lacks. What remains is what needs no record: the identifier that was asked for, and files that were read.
"""

from collections.abc import Iterable

from msgspec.structs import replace

from fairreg.assessment.base import Citation, Finding, Indicator, Verdict
from fairreg.assessment.evidence import Evidence
from fairreg.assessment.findings import unknown
from fairreg.assessment.lineage import host_of, is_persistent
from fairreg.schemas.identifiers import POINTING_SCHEMES, Identifier
from fairreg.schemas.record import ModelRecord
from fairreg.sources import DOI, all_sources

__all__ = ["finding", "notice"]

# Indicators about the identifier as such.
_OF_IDENTIFIER = frozenset({"F1-1", "F1a", "F1b"})
# Nouns of what an entry may lack or state, where the title of the indicator has none.
_NOUNS = {
    "F1-4": "digest of a file",
    "F3-3": "address of a file",
    "A1-3": "access level",
    "I2-1": "training data",
    "I2-3": "publication",
    "R1.1-1": "licence",
    "R2-2": "related model",
    "A1.2": "access level",
    "I3": "related object",
    "R1.1": "licence",
}


def notice(evidence: Evidence) -> str:
    """Return the sentence on top of the report of such an object."""
    told = f"Only the entry in fairreg's own catalogue was read, not {_record(evidence.record)}"
    rest = "what it says and what it lacks count for nothing"
    asked = "; the identifier that was asked for counts as such" if _is_asked(evidence) else ""
    return f"{told}: it is no statement of the author, so {rest}{asked}."


def _is_asked(evidence: Evidence) -> bool:
    return any(map(is_persistent, _asked(evidence)))


def finding(item: Indicator, evidence: Evidence) -> Finding:
    """Return the verdict of an indicator on such an object: a pass that needs no record, else unknown."""
    bare = _bare(evidence.record)
    if item.id in _OF_IDENTIFIER:
        found = item.assess(replace(evidence, record=replace(bare, identifiers=_asked(evidence))))
        if found.verdict is Verdict.PASS:
            return replace(found, evidence=tuple(map(_as_asked, found.evidence)))
    found = item.assess(replace(evidence, record=bare))
    if found.verdict is Verdict.PASS and _without_record(found.evidence):
        return found
    return unknown(f"{_sentence(_record(evidence.record))} was not read{_in_catalogue(item, evidence)}.")


def _asked(evidence: Evidence) -> tuple[Identifier, ...]:
    """Return the identifier that was asked for, where it is one of the object's own."""
    own = (item for item in evidence.record.identifiers if item.scheme not in POINTING_SCHEMES)
    return tuple(item.bare for item in own if item.key == evidence.requested.key)


def _as_asked(cited: Citation) -> Citation:
    """Return the citation of an identifier by its true origin: the person who asked for it."""
    return Citation("request", "identifier", cited.value)


def _without_record(cited: Iterable[Citation]) -> bool:
    sources = {item.source for item in cited}
    return bool(sources) and "record" not in sources


def _bare(record: ModelRecord) -> ModelRecord:
    """Return the record with what identifies the object, and nothing that its host may say of it."""
    own = ModelRecord(
        identifier=record.identifier, kind=record.kind, name=record.name, provenance=record.provenance
    )
    return replace(own, identifiers=record.identifiers)


def _in_catalogue(item: Indicator, evidence: Evidence) -> str:
    """Return what the entry says instead, as a part of a sentence; empty where it has no such field."""
    noun = _NOUNS.get(item.id)
    if noun is None:
        return ""
    found = item.assess(evidence)
    told = next((cited.value for cited in found.evidence if cited.source == "record"), None)
    if found.verdict is Verdict.FAIL or told is None:
        return f"; fairreg's catalogue names no {noun}"
    return f"; fairreg's catalogue, which is not its author, names the {noun} ({told})"


def _record(record: ModelRecord) -> str:
    """Return what was not read: the record at a named host, else that of the identifier."""
    sites = (_site(item) for item in record.identifiers)
    site = next(filter(None, sites), None)
    return f"the record at {site}" if site else f"a published record of {record.identifier}"


def _site(identifier: Identifier) -> str | None:
    """Return the site of the host that gave the identifier; None for that of a registrar or a paper."""
    for row in all_sources():
        minted = row.dois is not None and identifier.scheme == DOI.name
        if minted and row.dois is not None and identifier.value.startswith(row.dois.prefix):
            return row.site
        if row.role == "host" and row.site and identifier.scheme in {scheme.name for scheme in row.schemes}:
            return host_of(row.site) or row.site
    return None


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]
