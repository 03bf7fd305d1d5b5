# SPDX-License-Identifier: MIT
"""Packaged JSON-LD context, which maps every term by its full IRI; no remote context is ever fetched."""

import json
from functools import cache
from importlib.resources import files
from typing import Any, Final

__all__ = ["NAMESPACE", "context", "term_of_key"]

# Of fairreg's own terms, which `fairreg.schemas.contexts.terms` defines.
NAMESPACE: Final = "https://w3id.org/fairreg/terms#"

# Spellings of namespaces in circulation, each with the one that fairreg writes.
_CANONICAL = {
    "https://schema.org/": "http://schema.org/",
    "http://w3id.org/fair4ml#": "https://w3id.org/fair4ml#",
    "http://w3id.org/fair4ml/": "https://w3id.org/fair4ml#",
    "https://w3id.org/fair4ml/": "https://w3id.org/fair4ml#",
    "https://doi.org/10.5063/schema/codemeta-2.0#": "https://codemeta.github.io/terms/",
    "https://purl.org/dc/terms/": "http://purl.org/dc/terms/",
}
# Terms of other vocabularies with the meaning of one of ours.
_SYNONYMS = {
    "http://schema.org/sameAs": "identifier",
    "http://schema.org/softwareVersion": "version",
    "https://w3id.org/fair4ml#sharedBy": "publisher",
    "https://w3id.org/fair4ml#usageInstructions": "usageInstructions",
    "http://purl.org/dc/terms/title": "name",
    "http://purl.org/dc/terms/description": "description",
}
_PREFIXES = {"sc": "http://schema.org/", "dcterms": "http://purl.org/dc/terms/"}


@cache
def context() -> dict[str, Any]:
    """Return the mapping of terms; treat it as read-only."""
    document = json.loads(files(__package__).joinpath("fairreg.jsonld").read_text(encoding="utf-8"))
    terms: dict[str, Any] = document["@context"]
    return terms


def term_of_key(key: str, declared: dict[str, str]) -> str:
    """Return our term for a document's `key`; `declared` holds the prefixes and terms of its inline context.

    A key of an unknown vocabulary is returned unchanged.
    """
    if key.startswith("@"):
        return key
    iri = _expand(key, declared)
    if iri is None:
        return key
    for spelling, canonical in _CANONICAL.items():
        if iri.startswith(spelling):
            iri = canonical + iri.removeprefix(spelling)
            break
    return _SYNONYMS.get(iri) or _terms_by_iri().get(iri, key)


def _expand(key: str, declared: dict[str, str]) -> str | None:
    if "://" in key:
        return key
    prefix, colon, local = key.partition(":")
    if colon:
        namespace = declared.get(prefix) or _PREFIXES.get(prefix) or _plain_iri(prefix)
        return namespace + local if namespace else None
    return declared.get(key) or _plain_iri(key)


def _plain_iri(term: str) -> str | None:
    found = context().get(term)
    return found.get("@id") if isinstance(found, dict) else found if isinstance(found, str) else None


@cache
def _terms_by_iri() -> dict[str, str]:
    return {
        iri: term for term in context() if not term.startswith("@") and (iri := _plain_iri(term)) is not None
    }
