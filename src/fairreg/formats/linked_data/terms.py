# SPDX-License-Identifier: MIT
"""Names of properties and types in documents of other tools, reduced to one spelling per meaning.

Terms of schema.org and of those that extend it (CodeMeta, FAIR4ML, Croissant, Bioschemas, RO-Crate) are
reduced to their local name: none of them redefines a word of another. JSON-LD 1.1, sections 4.1 and 5.1.
"""

from collections.abc import Iterable
from typing import Any, Final

__all__ = ["UNKNOWN", "Names", "shown"]

# Start of a term that is of no vocabulary known here; no property is looked up under it.
UNKNOWN: Final = "?"
_DEFAULT: Final = "https://schema.org/"
_STEPS = 8  # from a term to the prefix of its prefix; only a context that refers to itself has more

# Namespace without its scheme -> the vocabulary whose words are kept apart, "" for those that extend
# schema.org. The longest start counts.
# FAIR4ML moved from / to # in January 2026, CodeMeta has had four homes.
_NAMESPACES = {
    "schema.org/": "",
    "www.schema.org/": "",
    "w3id.org/fair4ml#": "",
    "w3id.org/fair4ml/": "",
    "codemeta.github.io/terms/": "",
    "w3id.org/codemeta/terms/": "",
    "w3id.org/codemeta/": "",
    "doi.org/10.5063/schema/codemeta-2.0#": "",
    "doi.org/10.5063/schema/codemeta-2.0/": "",
    "mlcommons.org/croissant/": "",
    "w3id.org/croissant/": "",
    "mlcommons.org/croissant/rai/": "rai",
    "bioschemas.org/": "",
    "bioschemas.org/types/": "",
    "bioschemas.org/properties/": "",
    "discovery.biothings.io/view/bioschemas/": "",
    "w3id.org/ro/terms/": "",
    "w3id.org/fairreg/terms#": "",
    "purl.org/dc/terms/": "dct",
    "purl.org/dc/elements/1.1/": "dct",
    "purl.org/dc/dcmitype/": "",
    "www.w3.org/ns/dcat#": "dcat",
    "www.w3.org/ns/prov#": "prov",
    "www.w3.org/2000/01/rdf-schema#": "rdfs",
    "www.w3.org/2002/07/owl#": "owl",
    "xmlns.com/foaf/0.1/": "foaf",
    "spdx.org/rdf/terms#": "spdx",
    "www.iana.org/assignments/relation/": "iana",
}
# Prefixes by convention, for documents whose context does not declare them; in any case.
_PREFIXES = {
    "schema": _DEFAULT,
    "schema.org": _DEFAULT,
    "sc": _DEFAULT,
    "sdo": _DEFAULT,
    "fair4ml": "https://w3id.org/fair4ml#",
    "codemeta": "https://codemeta.github.io/terms/",
    "cr": "http://mlcommons.org/croissant/",
    "ml": "http://mlcommons.org/croissant/",
    "rai": "http://mlcommons.org/croissant/rai/",
    "bioschemas": "https://bioschemas.org/",
    "dct": "http://purl.org/dc/terms/",
    "dcterms": "http://purl.org/dc/terms/",
    "dc": "http://purl.org/dc/elements/1.1/",
    "dcat": "http://www.w3.org/ns/dcat#",
    "prov": "http://www.w3.org/ns/prov#",
    "rdfs": "http://www.w3.org/2000/01/rdf-schema#",
    "owl": "http://www.w3.org/2002/07/owl#",
    "foaf": "http://xmlns.com/foaf/0.1/",
    "spdx": "http://spdx.org/rdf/terms#",
}
# Terms of other vocabularies with the meaning of one of schema.org's.
_SYNONYMS = {
    "dct:title": "name",
    "dct:description": "description",
    "dct:abstract": "abstract",
    "dct:creator": "creator",
    "dct:publisher": "publisher",
    "dct:license": "license",
    "dct:identifier": "identifier",
    "dct:subject": "keywords",
    "dct:language": "inLanguage",
    "dct:issued": "datePublished",
    "dct:created": "dateCreated",
    "dct:modified": "dateModified",
    "dct:isPartOf": "isPartOf",
    "dct:hasPart": "hasPart",
    "dct:isVersionOf": "isVersionOf",
    "dct:hasVersion": "hasVersion",
    "dct:references": "references",
    "dct:isReferencedBy": "isReferencedBy",
    "dct:requires": "requires",
    "dct:conformsTo": "conformsTo",
    "dct:bibliographicCitation": "citation",
    "dcat:Dataset": "Dataset",
    "dcat:Distribution": "DataDownload",
    "dcat:keyword": "keywords",
    "dcat:distribution": "distribution",
    "dcat:downloadURL": "contentUrl",
    "dcat:byteSize": "contentSize",
    "dcat:mediaType": "encodingFormat",
    "dcat:landingPage": "url",
    "dcat:version": "version",
    "prov:wasDerivedFrom": "wasDerivedFrom",
    "prov:Organization": "Organization",
    "prov:Person": "Person",
    "rdfs:label": "name",
    "owl:sameAs": "sameAs",
    "foaf:name": "name",
    "foaf:Person": "Person",
    "foaf:Organization": "Organization",
    "spdx:checksumValue": "checksumValue",
    "spdx:algorithm": "algorithm",
    "spdx:checksum": "checksum",
    "iana:cite-as": "cite-as",
}
# Keywords that contexts give plainer names (CodeMeta 3, JSON-LD's own advice).
_KEYWORDS = {"id": "@id", "type": "@type"}


def shown(term: str) -> str:
    """Return the name of a term or type, also of one that is of no vocabulary known here."""
    return term.removeprefix(UNKNOWN)


class Names:
    """Reader of the keys of a document by its inline contexts."""

    def __init__(self, declared: dict[str, str | None], vocabulary: str | None = _DEFAULT) -> None:
        self._declared = declared
        self._vocabulary = vocabulary
        self._known: dict[str, str] = {}  # documents repeat few keys many times

    @property
    def size(self) -> int:
        """Number of terms that the contexts declare."""
        return len(self._declared)

    def within(self, contexts: Any) -> "Names":
        """Return the names inside an object with contexts of its own; remote ones add nothing."""
        inner = Names(dict(self._declared), self._vocabulary)
        for item in contexts if isinstance(contexts, list) else [contexts]:
            if isinstance(item, dict):
                inner._declare(item)
        return inner

    def term(self, key: str) -> str:
        """Return the term that `key` stands for; after `UNKNOWN` for one of a vocabulary not known here."""
        if key not in self._known:
            self._known[key] = self._term(key)
        return self._known[key]

    def _term(self, key: str) -> str:
        iri = self._expanded(key)
        if iri is None:
            return UNKNOWN + key
        return iri if iri.startswith("@") else _folded(iri) or UNKNOWN + key

    def _declare(self, context: dict[Any, Any]) -> None:
        if isinstance(vocabulary := context.get("@vocab", ""), str | None):
            self._vocabulary = self._vocabulary if vocabulary == "" else vocabulary
        for term, target in context.items():
            iri = target.get("@id", term) if isinstance(target, dict) else target
            # A reverse term states something of its value: it is no property of the object (4.1.11).
            if isinstance(target, dict) and "@reverse" in target:
                iri = None
            if not str(term).startswith("@") and (iri is None or isinstance(iri, str)):
                self._declared[str(term)] = iri

    def _expanded(self, key: str) -> str | None:
        for _ in range(_STEPS):
            if key.startswith("@") or "://" in key:
                return key
            if key not in self._declared or self._declared[key] == key:
                return self._undeclared(key)
            target = self._declared[key]
            if target is None:
                return None
            key = target
        return None

    def _undeclared(self, key: str) -> str | None:
        prefix, colon, local = key.partition(":")
        if colon:
            namespace = self._declared.get(prefix) or _PREFIXES.get(prefix.lower())
            return namespace + local if namespace and "://" in namespace else None
        if key in _KEYWORDS:
            return _KEYWORDS[key]
        # A context that is given as the vocabulary (seen in crates with models) has schema.org's terms.
        vocabulary = self._vocabulary
        return None if vocabulary is None else (_DEFAULT if _is_context(vocabulary) else vocabulary) + key


def _is_context(address: str) -> bool:
    return "w3id.org/ro/crate" in address or address.rstrip("/").endswith(("w3id.org/fair4ml", "schema.org"))


def _folded(iri: str) -> str | None:
    """Return the term of an IRI, None for one of a vocabulary not known here."""
    bare = iri.partition("://")[2]
    found = max(_starts(bare), key=len, default=None)
    if found is None or not (local := bare[len(found) :]):
        return None
    family = _NAMESPACES[found]
    term = f"{family}:{local}" if family else local
    return _SYNONYMS.get(term, term)


def _starts(bare: str) -> Iterable[str]:
    lower = bare.lower()
    return (namespace for namespace in _NAMESPACES if lower.startswith(namespace))
