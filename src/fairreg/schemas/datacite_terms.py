# SPDX-License-Identifier: MIT
"""Identifiers and relations in the terms of DataCite and of repositories that follow it."""

import re
from collections.abc import Iterable
from functools import cache

from fairreg.errors import IdentifierError
from fairreg.schemas.identifiers import Identifier, normalise_doi, parse, template_fault
from fairreg.schemas.record import Relation, RelationType
from fairreg.schemas.text import one_line
from fairreg.sources import ARXIV, DOI, ROR, scheme_names, schemes

__all__ = [
    "cited_in",
    "distinct_identifiers",
    "distinct_relations",
    "identifier_of",
    "relation_type",
    "rors",
    "typed_relation",
]

# DataCite 4.7, appendix 1 (relationType), lower case; types without a counterpart become related_to.
_RELATIONS: dict[str, RelationType] = {
    "cites": "cites",
    "iscitedby": "is_cited_by",
    "issupplementto": "is_supplement_to",
    "issupplementedby": "is_supplemented_by",
    "isnewversionof": "is_new_version_of",
    "obsoletes": "is_new_version_of",
    "ispreviousversionof": "is_previous_version_of",
    "isobsoletedby": "is_previous_version_of",
    "isversionof": "is_version_of",
    "hasversion": "has_version",
    "ispartof": "is_part_of",
    "haspart": "has_part",
    "references": "references",
    "isreferencedby": "is_referenced_by",
    "isdocumentedby": "is_documented_by",
    "documents": "documents",
    "isdescribedby": "is_described_by",
    "collects": "collects",
    "iscollectedby": "is_collected_by",
    "requires": "requires",
    "iscompiledby": "is_compiled_by",
    "isvariantformof": "is_variant_of",
    "isidenticalto": "is_identical_to",
    "isalternateidentifier": "is_identical_to",
    "isderivedfrom": "is_derived_from",
    "issourceof": "is_source_of",
}
# Types of DataCite 4.6 and later that no row of `sources` reads; their prefix is the name of the scheme.
_PREFIXED = ("cstr", "rrid")
_PINNED = re.compile(r"/(?:tree|commit|releases/tag|blob|archive)/")
_CITED_DOI = re.compile(r"\b10\.\d{4,9}(?:\.\d+)*/[^\s\"<>]+")
_ROR = re.compile(r"0[a-z0-9]{6}[0-9]{2}")
_CITED_ARXIV = re.compile(r"\barxiv:\s?(\d{4}\.\d{4,5})", re.IGNORECASE)


def relation_type(stated: str | None) -> RelationType:
    """Return the record's term for a relation in any case; related_to for one without a counterpart."""
    return _RELATIONS.get(re.sub(r"[^a-z]", "", (stated or "").lower()), "related_to")


def typed_relation(
    target: Identifier | None, stated: str | None, *, kind: str | None = None, more: str | None = None
) -> Relation | None:
    """Return the relation to `target`; one of a type without a counterpart keeps the source's words.

    `more` is what the source says of the relation beside its type (DataCite 4.7, relationTypeInformation).
    """
    if target is None:
        return None
    found = relation_type(stated)
    words = ": ".join(word for word in (stated, more) if word)
    own = found != "related_to" or words.casefold() in {"relatedto", "isrelatedto"}
    return Relation(type=found, target=target, target_kind=kind, stated_type=None if own else words or None)


def rors(texts: Iterable[str | None]) -> tuple[str, ...]:
    """Return the identifiers of the Research Organization Registry among `texts`, bare, each once."""
    # An address may lack its scheme.
    whole = (f"https://{text.strip()}" if text and re.search(r"^[^:]*/", text) else text for text in texts)
    found = (identifier_of(text, ROR.name) for text in whole)
    return tuple(dict.fromkeys(item.value for item in found if item and _ROR.fullmatch(item.value)))


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
