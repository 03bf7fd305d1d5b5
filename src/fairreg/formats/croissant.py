# SPDX-License-Identifier: MIT
"""Croissant 1.1 (https://docs.mlcommons.org/croissant): datasets with their files; there is none for models.

Required are those of the specification's section "Dataset-level information", and of each file the digest by
which tools check what they load. A file without a stated media type is ``application/octet-stream``
(RFC 2046, section 4.5.1).
"""

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import quote

from fairreg.errors import Inexpressible
from fairreg.formats import jsonld
from fairreg.formats.base import Reading, filled_members, json_text
from fairreg.formats.crates.data import address, size_in_words
from fairreg.formats.crates.related import SCHEMA_ORG
from fairreg.formats.crates.root import calendar_date, identifiers_of, page_of
from fairreg.formats.datacite_kernel.access_terms import conditions_of_access
from fairreg.formats.related import training_data_of
from fairreg.formats.requirements import called, refusal, require
from fairreg.schemas.jsonld_terms import ORCID, ROR, SPDX
from fairreg.schemas.licenses import is_listed
from fairreg.schemas.record import Creator, Distribution, ModelRecord
from fairreg.schemas.text import one_line

__all__ = [
    "FILE_NAME",
    "KEEPS",
    "MEDIA_TYPES",
    "NAME",
    "NARROWS",
    "document",
    "read",
    "require_expressible",
    "write",
]

NAME = "croissant"
FILE_NAME = "croissant.json"
MEDIA_TYPES = ('application/ld+json; profile="http://mlcommons.org/croissant/1.1"',)
KEEPS = frozenset({"name", "description", "alternate_names", "version", "publisher", "language"})
NARROWS: Mapping[str, str] = {
    "identifier": "among the identifiers",
    "kind": "datasets only",
    "provenance": "the address of the page",
    "identifiers": "those of the object itself, without evidence",
    "creators": "names and ORCID; affiliations of persons",
    "license": "read back where it is SPDX",
    "license_stated": "where there is no SPDX identifier",
    "keywords": "each once; a single keyword must not hold a comma",
    "date_created": "an ISO 8601 date",
    "date_published": "an ISO 8601 date",
    "date_modified": "an ISO 8601 date",
    "distributions": "name, address or path, size, media type, and the SHA-256 or else MD5 digest",
    "relations": "works cited and wholes; training data and sources as what the object is based on",
    "access": "its level, gated as restricted, the end of an embargo, and conditions",
}
_REQUIRED = ("name", "description", "license", "creators", "date_published", "distributions")
_UNKNOWN_TYPE = "application/octet-stream"
_NO_PAGE = (
    "State its DOI or the address of its page among the identifiers: write the record with fairreg show PID "
    "--format json, fill it in, and fairreg add FILE."
)
_NO_DATA = "Its record names no training data whose Croissant to ask for."
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(?:-[A-Za-z0-9]{2,8})*")
_UNDETERMINED = "und"  # BCP 47: the language of a text that nobody states
# The context of the specification's appendix 1, with the terms that mlcroissant 1.1.1 adds to it.
_TERMS: Mapping[str, Any] = {
    "@vocab": "https://schema.org/",
    "arrayShape": "cr:arrayShape",
    "citeAs": "cr:citeAs",
    "column": "cr:column",
    "conformsTo": "dct:conformsTo",
    "containedIn": "cr:containedIn",
    "cr": "http://mlcommons.org/croissant/",
    "data": {"@id": "cr:data", "@type": "@json"},
    "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
    "dct": "http://purl.org/dc/terms/",
    "description": {"@container": "@language"},
    "equivalentProperty": "cr:equivalentProperty",
    "examples": {"@id": "cr:examples", "@type": "@json"},
    "excludes": "cr:excludes",
    "extract": "cr:extract",
    "field": "cr:field",
    "fileObject": "cr:fileObject",
    "fileProperty": "cr:fileProperty",
    "fileSet": "cr:fileSet",
    "format": "cr:format",
    "includes": "cr:includes",
    "isArray": "cr:isArray",
    "isLiveDataset": "cr:isLiveDataset",
    "jsonPath": "cr:jsonPath",
    "key": "cr:key",
    "md5": "cr:md5",
    "name": {"@container": "@language"},
    "parentField": "cr:parentField",
    "path": "cr:path",
    "rai": "http://mlcommons.org/croissant/RAI/",
    "recordSet": "cr:recordSet",
    "references": "cr:references",
    "regex": "cr:regex",
    "repeated": "cr:repeated",
    "replace": "cr:replace",
    "samplingRate": "cr:samplingRate",
    "sc": "https://schema.org/",
    "separator": "cr:separator",
    "source": "cr:source",
    "subField": "cr:subField",
    "transform": "cr:transform",
}
_NO_DIGEST = (
    "State its digest (sha256sum FILE writes it): write the record with fairreg show PID --format json, "
    "fill it in, and fairreg add FILE."
)


def write(record: ModelRecord) -> str:
    """Return the file's text. Raises Inexpressible for other kinds, and without what Croissant requires."""
    return json_text(document(record))


def document(record: ModelRecord) -> dict[str, Any]:
    """Return the document as JSON-LD. Raises Inexpressible."""
    require_expressible(record)
    members = {
        "@context": {"@language": _language(record), **_TERMS},
        "@type": "sc:Dataset",
        "conformsTo": "http://mlcommons.org/croissant/1.1",
        "name": record.name,
        "alternateName": list(record.alternate_names),
        "description": record.description,
        "url": _url(record),
        "identifier": identifiers_of(record),
        "version": record.version,
        "creator": [_agent(item) for item in record.creators if one_line(item.name)],
        "publisher": _organisation(record.publisher),
        "license": _licence(record),
        "keywords": [word for word in record.keywords if one_line(word)],
        "inLanguage": record.language,
        "dateCreated": calendar_date(record.date_created),
        "datePublished": calendar_date(record.date_published),
        "dateModified": calendar_date(record.date_modified),
        "isAccessibleForFree": True if record.access and record.access.level == "open" else None,
        "conditionsOfAccess": conditions_of_access(record.access),
        **_relations(record),
        "distribution": list(_files(record)),
    }
    return filled_members(members)


def require_expressible(record: ModelRecord) -> None:
    """Raise Inexpressible for other kinds, and without what Croissant requires."""
    _require_dataset(record)
    require(record, "Croissant", _REQUIRED)
    _url(record)
    outer: set[tuple[str, str | None]] = set()
    for item in _outer_first(record):
        inside = item.path is not None and (item.name, item.url) in outer
        outer.add((item.name, item.url))
        if not inside and not _digest(item):
            raise _without_digest(record, item)


def _outer_first(record: ModelRecord) -> list[Distribution]:
    """Return the files, those that lie in an archive last."""
    return sorted(record.distributions, key=lambda item: item.path is not None)


def _require_dataset(record: ModelRecord) -> None:
    if record.kind == "dataset":
        return
    data = [item.compact for item in training_data_of(record)]
    fault = f"Croissant describes datasets, and {called(record)} is of kind {record.kind}"
    if data:
        asked = " and ".join(f"fairreg show {item} --format croissant" for item in data)
        fault += f"; it was trained on {', '.join(data)}"
        raise refusal(fault, hint=f"Ask for the Croissant of its training data: {asked}.")
    raise refusal(fault, hint=_NO_DATA)


def _language(record: ModelRecord) -> str:
    stated = record.language or ""
    return stated if _LANGUAGE.fullmatch(stated) else _UNDETERMINED


def _url(record: ModelRecord) -> str:
    """Return the page of the dataset: of its source, its DOI or an identifier. Raises Inexpressible."""
    stated = (page_of(record), record.doi_url, *identifiers_of(record))
    found = next(filter(None, map(address, stated)), None)
    if found is None:
        fault = (
            f"Croissant requires the address of a page, which the identifiers of {called(record)} do not have"
        )
        raise refusal(fault, hint=_NO_PAGE, violations=(("$.identifiers", "have no address"),))
    return found


def _agent(item: Creator) -> dict[str, Any]:
    person = item.kind == "person"
    known = ORCID + item.orcid if item.orcid else ROR + item.ror if item.ror else None
    return filled_members(
        {
            "@type": "sc:Person" if person else "sc:Organization",
            "@id": known if item.orcid else None,
            "name": item.name,
            "sameAs": known,
            "affiliation": _organisation(item.affiliation) if person else None,
        }
    )


def _organisation(name: str | None) -> dict[str, str] | None:
    return {"@type": "sc:Organization", "name": name} if one_line(name or "") and name else None


def _licence(record: ModelRecord) -> str | dict[str, str]:
    """Return the address of a licence in SPDX's list; an expression or the source's words as a work."""
    if record.license and is_listed(record.license):
        return SPDX + record.license
    return {"@type": "sc:CreativeWork", "name": record.license or record.license_stated or ""}


def _relations(record: ModelRecord) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for item in record.relations:
        if item.type in SCHEMA_ORG:
            named = address(item.target.url) or item.target.compact
            found.setdefault(SCHEMA_ORG[item.type], []).append(named)
    return {term: list(dict.fromkeys(names)) for term, names in found.items()}


def _files(record: ModelRecord) -> Iterator[dict[str, Any]]:
    """Yield the files, each with an `@id` of its own."""
    taken = Counter[str]()
    archives: dict[tuple[str, str | None], str] = {}
    for item in _outer_first(record):
        path = quote(item.path or item.name, errors="surrogatepass").lstrip("/") or "file"
        taken[path] += 1
        # No path has a "#", which is encoded in it.
        name = path if taken[path] == 1 else f"{path}#{taken[path]}"
        outer = archives.get((item.name, item.url)) if item.path is not None else None
        archives.setdefault((item.name, item.url), name)
        yield _file(item, name, outer)


def _file(item: Distribution, name: str, outer: str | None) -> dict[str, Any]:
    size = size_in_words(item)
    inside = item.path if outer is not None else None
    return filled_members(
        {
            "@type": "cr:FileObject",
            "@id": name,
            "name": inside or item.name,
            "contentUrl": inside or _words(item.url) or quote(item.name, errors="surrogatepass"),
            "containedIn": {"@id": outer} if outer else None,
            "contentSize": f"{size} B" if size and size.isdigit() else size,
            "encodingFormat": _words(item.media_type) or _UNKNOWN_TYPE,
            **_digest(item),
        }
    )


def _words(text: str | None) -> str | None:
    return text if one_line(text or "") else None


def _digest(item: Distribution) -> dict[str, str]:
    """Return the SHA-256 digest, else MD5: mlcroissant refuses a file with both."""
    stated = dict(reversed([checksum.split(":", 1) for checksum in item.checksums]))
    found = next((word for word in ("sha256", "md5") if word in stated), None)
    return {found: stated[found]} if found else {}


def _without_digest(record: ModelRecord, item: Distribution) -> Inexpressible:
    fault = "Croissant requires the SHA-256 or MD5 digest of each file, which the distributions of "
    fault += f"{called(record)} do not state for {one_line(item.name)!r}"
    place = f"$.distributions[{record.distributions.index(item)}].checksums"
    return refusal(fault, hint=_NO_DIGEST, violations=((place, "is missing"),))


def read(document: str | bytes, *, name: str = FILE_NAME) -> Reading[Any]:
    """Read the record, and the names of properties without a field in it. Raises RecordError."""
    return jsonld.read(document, name=name)
