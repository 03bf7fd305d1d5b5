# SPDX-License-Identifier: MIT
"""Identifiers and relations in the terms of DataCite and of repositories that follow it."""

import re
from collections.abc import Iterable
from functools import cache

from fairreg.errors import IdentifierError
from fairreg.schemas.identifiers import DOI_SCHEMES, Identifier, normalise_doi, parse, template_fault
from fairreg.schemas.record import Relation, RelationType
from fairreg.schemas.text import one_line
from fairreg.sources import ARXIV, DOI, ROR, scheme_names, schemes

__all__ = [
    "cited_in",
    "distinct_identifiers",
    "distinct_relations",
    "identifier_of",
    "institutions",
    "relation_type",
    "resource_type",
    "rors",
    "stated_identifier",
    "stated_relation",
    "typed_relation",
]

# DataCite 4.7, appendix 1 (relationType); of several words for one type the first is written. Types without a
# counterpart become related_to.
_RELATIONS: dict[str, RelationType] = {
    "Cites": "cites",
    "IsCitedBy": "is_cited_by",
    "IsSupplementTo": "is_supplement_to",
    "IsSupplementedBy": "is_supplemented_by",
    "IsNewVersionOf": "is_new_version_of",
    "Obsoletes": "is_new_version_of",
    "IsPreviousVersionOf": "is_previous_version_of",
    "IsObsoletedBy": "is_previous_version_of",
    "IsVersionOf": "is_version_of",
    "HasVersion": "has_version",
    "IsPartOf": "is_part_of",
    "HasPart": "has_part",
    "References": "references",
    "IsReferencedBy": "is_referenced_by",
    "IsDocumentedBy": "is_documented_by",
    "Documents": "documents",
    "IsDescribedBy": "is_described_by",
    "Collects": "collects",
    "IsCollectedBy": "is_collected_by",
    "Requires": "requires",
    "IsCompiledBy": "is_compiled_by",
    "IsVariantFormOf": "is_variant_of",
    "IsIdenticalTo": "is_identical_to",
    "IsAlternateIdentifier": "is_identical_to",
    "IsDerivedFrom": "is_derived_from",
    "IsSourceOf": "is_source_of",
}
_NAMES = {kind: name for name, kind in reversed(_RELATIONS.items())}
_TYPES = {name.lower(): kind for name, kind in _RELATIONS.items()}
# Relations that DataCite does not tell apart: the wider type, and the words that say which (property 12.g,
# relationTypeInformation, "more details about the chosen relationType").
_NARROWER: dict[RelationType, tuple[str, str]] = {
    "trained_on": ("IsDerivedFrom", "trained on"),
    "fine_tuned_from": ("IsDerivedFrom", "fine-tuned from"),
    "tested_on": ("References", "tested on"),
    "evaluated_on": ("References", "evaluated on"),
}
_BY_WORDS = {(name.lower(), words): kind for kind, (name, words) in _NARROWER.items()}
# Words of the same list without a type of its own here.
_OTHER_RELATIONS = (
    *("IsContinuedBy", "Continues", "IsPublishedIn", "Compiles", "IsOriginalFormOf", "HasMetadata"),
    *("IsMetadataFor", "Reviews", "IsReviewedBy", "Describes", "IsRequiredBy", "HasTranslation"),
    "IsTranslationOf",
)
_OTHER = "Other"
_SAYS_NOTHING = frozenset({"relatedto", "isrelatedto", "other"})
# DataCite 4.7, appendix 1: relatedIdentifierType and resourceTypeGeneral.
_IDENTIFIER_TYPES = (
    *("ARK", "arXiv", "bibcode", "CSTR", "DOI", "EAN13", "EISSN", "Handle", "IGSN", "ISBN", "ISSN", "ISTC"),
    *("LISSN", "LSID", "PMID", "PURL", "RAiD", "RRID", "SWHID", "UPC", "URL", "URN", "w3id"),
)
_RESOURCE_TYPES = (
    *("Audiovisual", "Award", "Book", "BookChapter", "Collection", "ComputationalNotebook"),
    *("ConferencePaper", "ConferenceProceeding", "DataPaper", "Dataset", "Dissertation", "Event", "Image"),
    *("Instrument", "InteractiveResource", "Journal", "JournalArticle", "Model", "OutputManagementPlan"),
    *("PeerReview", "PhysicalObject", "Poster", "Preprint", "Presentation", "Project", "Report", "Service"),
    *("Software", "Sound", "Standard", "StudyRegistration", "Text", "Workflow", "Other"),
)
# Types of DataCite 4.6 and later that no row of `sources` reads; their prefix is the name of the scheme.
_PREFIXED = ("cstr", "rrid")
_PINNED = re.compile(r"/(?:tree|commit|releases/tag|blob|archive)/")
_CITED_DOI = re.compile(r"\b10\.\d{4,9}(?:\.\d+)*/[^\s\"<>]+")
_ROR = re.compile(r"0[a-z0-9]{6}[0-9]{2}")
_CITED_ARXIV = re.compile(r"\barxiv:\s?(\d{4}\.\d{4,5})", re.IGNORECASE)


def relation_type(stated: str | None) -> RelationType:
    """Return the record's term for a relation in any case; related_to for one without a counterpart."""
    return _TYPES.get(_letters(stated), "related_to")


def typed_relation(
    target: Identifier | None, stated: str | None, *, kind: str | None = None, more: str | None = None
) -> Relation | None:
    """Return the relation to `target`; one of a type without a counterpart keeps the source's words.

    `more` is what the source says of the relation beside its type (DataCite 4.7, relationTypeInformation);
    it tells training data from other origins.
    """
    if target is None:
        return None
    found = _BY_WORDS.get((_letters(stated), (more or "").casefold())) or relation_type(stated)
    words = ": ".join(word for word in (stated, more) if word)
    own = found != "related_to" or words.casefold() in _SAYS_NOTHING
    return Relation(type=found, target=target, target_kind=kind, stated_type=None if own else words or None)


def stated_relation(relation: Relation) -> tuple[str, str | None]:
    """Return DataCite's word for a relation, and the words that say more: the inverse of `typed_relation`."""
    if relation.type in _NARROWER:
        return _NARROWER[relation.type]
    if relation.type in _NAMES:
        return _NAMES[relation.type], None
    words = one_line(relation.stated_type or "")
    name, _, more = words.partition(": ")
    known = next((item for item in (*_OTHER_RELATIONS, _OTHER) if item.lower() == _letters(name)), None)
    return (known, more or None) if known else (_OTHER, words or None)


def stated_identifier(identifier: Identifier) -> tuple[str, str] | None:
    """Return (value, relatedIdentifierType) of a related object; None where DataCite has no type for it."""
    value = one_line(identifier.value)
    if identifier.scheme in DOI_SCHEMES:
        return value, DOI.name.upper()
    if identifier.scheme == ARXIV.name:
        return f"arXiv:{value}", "arXiv"
    stated = next((name for name in _IDENTIFIER_TYPES if name.lower() == identifier.scheme.lower()), None)
    if stated and stated != "URL":
        return value, stated
    address = one_line(identifier.url or "")
    return (address, "URL") if address else None


def resource_type(stated: str | None) -> str | None:
    """Return the resourceTypeGeneral that a word for a type of object is, in any case; None for others."""
    return next((name for name in _RESOURCE_TYPES if name.lower() == _letters(stated)), None)


def _letters(text: str | None) -> str:
    return re.sub(r"[^a-z]", "", (text or "").lower())


def rors(texts: Iterable[str | None]) -> tuple[str, ...]:
    """Return the identifiers of the Research Organization Registry among `texts`, bare, each once."""
    # An address may lack its scheme.
    whole = (f"https://{text.strip()}" if text and re.search(r"^[^:]*/", text) else text for text in texts)
    found = (identifier_of(text, ROR.name) for text in whole)
    return tuple(dict.fromkeys(item.value for item in found if item and _ROR.fullmatch(item.value)))


def _is_ror(text: str) -> bool:
    """Tell whether a text is an identifier of the Research Organization Registry, bare or as an address."""
    return _ROR_AT_END.fullmatch(text.strip()) is not None and bool(rors([text, f"{ROR.resolver}{text}"]))


def institutions(texts: Iterable[str | None]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the names among `texts`, and the identifiers of ROR that stand in the place of a name, bare."""
    stated = [text for text in texts if text]
    names = tuple(text for text in stated if not _is_ror(text))
    return names, rors(f"{ROR.resolver}{text.strip()[-_ROR_LENGTH:]}" for text in stated if _is_ror(text))


_ROR_LENGTH = 9
# Names are many and identifiers few: what cannot be one is not parsed.
_ROR_AT_END = re.compile(r"(?:\S*/)?0[a-z0-9]{6}[0-9]{2}", re.IGNORECASE)


@cache
def _hints() -> dict[str, str]:
    """Return the services' words for a scheme, each with the prefix by which `parse` recognises a value."""
    prefixes = {"url": "", "oai": ""}
    for scheme in schemes():
        prefix = f"{scheme.name}:"
        known = scheme.bare and prefix in scheme.prefixes
        prefixes.update(dict.fromkeys(scheme.stated_as, prefix if known else ""))
    return prefixes


def identifier_of(
    text: str | None, scheme: str | None = None, *, evidence: str | None = None
) -> Identifier | None:
    """Identify `text`, given the source's word for its scheme; None for an empty text or a placeholder.

    Without a scheme only self-describing text (an address, a DOI, ``prefix:value``) is read.
    """
    # pip's form of the address of a clone
    value = re.sub(r"^git\+(?=https?://)", "", one_line(text or ""), flags=re.IGNORECASE)
    hint = (scheme or "").strip().lower()
    if not value:
        return None
    if not hint or hint in _hints():
        found = _recognised(value, _hints().get(hint, ""))
        # A percent-encoded address may hide control characters.
        if found is not None and one_line(found.value):
            # The slug of a repository drops the tag or commit that the source names; the address keeps it.
            pinned = value if found.scheme in scheme_names("code") and _PINNED.search(value) else None
            return Identifier(found.scheme, one_line(found.value), evidence or pinned)
        if hint == DOI.name or template_fault(value):
            return None
    name, _, rest = value.partition(":")
    if hint and rest and hint in _PREFIXED:
        # Registered with its prefix or without, or as the page of a resolver: one identifier.
        return Identifier(hint, re.sub(rf".*\b{hint}:", "", value, flags=re.IGNORECASE), evidence)
    if not hint and rest and re.fullmatch(r"[A-Za-z][\w.+-]*", name):
        return Identifier(name.lower(), rest, evidence)
    return Identifier(hint or "other", value, evidence)


def _recognised(value: str, prefix: str) -> Identifier | None:
    doi = normalise_doi(value)
    if doi is not None:
        return Identifier(DOI.name, doi)
    # A bare word or number would be parsed as a Hugging Face or Zenodo id, which it may not be.
    if ":" not in value and not prefix:
        return None
    for candidate in (value, prefix + value):
        try:
            found = parse(candidate)
        except IdentifierError:
            continue
        if ":" in candidate or found.scheme == prefix[:-1]:
            return found
    return None


def cited_in(reference: str) -> Identifier | None:
    """Return the DOI, else the arXiv id, in a free-text reference; None without either."""
    match = _CITED_DOI.search(reference)
    doi = normalise_doi(match[0]) if match else None
    if doi is not None:
        return Identifier(DOI.name, doi)
    arxiv = _CITED_ARXIV.search(reference)
    return Identifier(ARXIV.name, arxiv[1]) if arxiv else None


def distinct_identifiers(found: Iterable[Identifier | None]) -> tuple[Identifier, ...]:
    """Return each (scheme, value) once, in order."""
    unique: dict[tuple[str, str], Identifier] = {}
    for item in found:
        if item is not None:
            unique.setdefault((item.scheme, item.value.casefold()), item)
    return tuple(unique.values())


def distinct_relations(found: Iterable[Relation | None]) -> tuple[Relation, ...]:
    """Return each (type, target) once, in order."""
    unique: dict[tuple[str, tuple[str, str]], Relation] = {}
    for item in found:
        if item is not None:
            unique.setdefault((item.type, item.target.key), item)
    return tuple(unique.values())
