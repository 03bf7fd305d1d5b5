# SPDX-License-Identifier: MIT
"""Names of RDF/XML: the prefixes of the packaged context, and what each term of it is."""

import re
from functools import cache
from typing import Final, NamedTuple

from fairreg.schemas.contexts import NAMESPACE, context

__all__ = ["PROV", "RDF", "XSD", "RdfTerm", "declarations", "legal", "qualified", "term"]

RDF: Final = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
XSD: Final = "http://www.w3.org/2001/XMLSchema#"
PROV: Final = "http://www.w3.org/ns/prov#"
# What a document of XML 1.0 cannot hold in any spelling (https://www.w3.org/TR/xml/#charsets).
_ILLEGAL = re.compile("[^\t\n\r -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


class RdfTerm(NamedTuple):
    """A term of the context: its element, whether it holds an ordered list, and whether an address."""

    element: str
    ordered: bool
    address: bool


def legal(text: str) -> str:
    """Return `text` without the characters that XML 1.0 forbids."""
    return _ILLEGAL.sub("", text)


@cache
def _prefixes() -> dict[str, str]:
    """Prefixes by namespace."""
    known = {iri: prefix for prefix, iri in context().items() if _is_namespace(iri)}
    return {RDF: "rdf", NAMESPACE: "fairreg", PROV: "prov", **known}


def _is_namespace(iri: object) -> bool:
    return isinstance(iri, str) and iri.endswith(("/", "#"))


@cache
def declarations() -> dict[str, str]:
    """Return the attributes that declare all prefixes."""
    return {f"xmlns:{prefix}": iri for iri, prefix in sorted(_prefixes().items(), key=lambda item: item[1])}


def qualified(iri: str) -> str:
    """Return the name of the element for an IRI of a known namespace, with its prefix."""
    cut = max(iri.rfind("/"), iri.rfind("#")) + 1
    return f"{_prefixes()[iri[:cut]]}:{iri[cut:]}"


@cache
def term(name: str) -> RdfTerm:
    """Return what a term of the context is."""
    stated = context()[name]
    if isinstance(stated, str):
        return RdfTerm(qualified(stated), ordered=False, address=False)
    return RdfTerm(
        qualified(stated["@id"]), stated.get("@container") == "@list", address=stated.get("@type") == "@id"
    )
