# SPDX-License-Identifier: MIT
"""I (Chen et al. 2022, Table 2): representation of knowledge, vocabularies, and references."""

import re
from collections.abc import Iterator
from typing import Any

from fairreg.assessment.base import Citation, Finding, indicator
from fairreg.assessment.content.documents import parsed
from fairreg.assessment.content.prose import is_placeholder
from fairreg.assessment.evidence import Document, Evidence
from fairreg.assessment.findings import (
    cite_document,
    cite_record,
    cite_relation,
    failed,
    partial,
    passed,
    unknown,
    why_unembedded,
    why_unregistered,
)
from fairreg.assessment.lineage import is_persistent, stated_access
from fairreg.schemas.record import INDEX_FORMATS, Feature

_IRI = re.compile(r"https?://[^\s.]+\.\S+")
# Formats whose files carry their own schema, and open formats without one.
_WITH_SCHEMA = frozenset({
    "root", "h5", "hdf5", "hdf", "nxs", "nexus", "parquet", "arrow", "feather", "avro", "nc", "netcdf",
    "netcdf4", "cdf", "fits", "fit", "asdf", "zarr", "sqlite", "db", "orc", "tfrecord", "jsonld", "json-ld",
    "xml", "vtk", "npz", "npy", "geotiff", "dicom",
})  # fmt: skip
_OPEN = frozenset({
    "csv", "tsv", "json", "jsonl", "txt", "text", "yaml", "yml", "geojson", "png", "jpg", "jpeg", "svg",
    "wav", "flac", "tiff", "webdataset",
})  # fmt: skip
_PROPRIETARY = frozenset({
    "mat", "xls", "xlsx", "sav", "sas7bdat", "dta", "mdb", "accdb", "opj", "doc", "docx", "rdata", "rds",
})  # fmt: skip
_FIELD_KEYS = frozenset({"variableMeasured", "field", "fields", "column"})
_TERM_KEYS = frozenset(
    {"keywords", "about", "equivalentProperty", "sameAs", "inDefinedTermSet", "propertyID"}
)
_GOOD, _HALF = 0.9, 0.5
_FEWEST = 2  # fields that a text describes


@indicator(
    "I1a",
    weight=1,
    title="Knowledge is represented in an open, described format",
    passes="an open format with a schema",
    partial="an open format",
    fails="a proprietary format",
    corresponds_to=("Chen I1", "FsF-I1-01M"),
)
def format_with_schema(evidence: Evidence) -> Finding:
    """Formats of the record or its files; a published list of fields is a schema for any format."""
    named = dict(_formats(evidence))
    described = [name for name in named if name in _WITH_SCHEMA]
    plain = [name for name in named if name in _OPEN]
    remedy = "Publish the data in a self-describing open format too (Parquet, HDF5, ROOT), or their schema."
    if described:
        name = described[0]
        return passed(f"{name} files carry their schema.", *_stated(evidence, described))
    if plain and _fields(evidence):
        cited = _cite_fields(evidence, [item.name for item in _fields(evidence)])
        return passed(f"{plain[0]} is open, and its fields are listed.", cited)
    schema = next((item for item in evidence.of_role("standard") if any(_listed_fields(parsed(item)))), None)
    if plain and schema is not None:
        return passed(
            f"{plain[0]} is open, and {schema.path} lists its fields.", cite_document(schema, plain[0])
        )
    if plain:
        reason = f"{plain[0]} is open, and no schema is published."
        return partial(reason, *_stated(evidence, plain), remedy=remedy)
    closed = [name for name in named if name in _PROPRIETARY]
    if closed:
        told = _stated(evidence, closed)
        return failed(f"{closed[0]} is a proprietary format.", *told, remedy=remedy)
    return unknown("No format of the data is stated that fairreg knows.")


def _formats(evidence: Evidence) -> Iterator[tuple[str, str]]:
    """Yield (format, field that states it). Indexes and documentation beside the data do not count."""
    record = evidence.record
    yield from ((item.lower().lstrip("."), "formats") for item in record.formats)
    if not record.formats:
        for item in record.distributions:
            ending = (item.path or item.name).lower().rpartition(".")[2]
            yield (item.format or ending).lower(), "distributions"


def _stated(evidence: Evidence, names: list[str]) -> list[Citation]:
    """Cite the record's formats, or the files whose names or formats tell them."""
    record = evidence.record
    if record.formats:
        told = [item for item in record.formats if item.lower().lstrip(".") in names]
        return [cite_record(evidence, "formats", told)]
    files = [
        item.name
        for item, (form, _) in zip(record.distributions, _formats(evidence), strict=True)
        if form in names
    ]
    return [cite_record(evidence, "distributions", files[:3])]


def _cite_fields(evidence: Evidence, values: list[str]) -> Citation:
    stated = any(tensor.features for tensor in evidence.record.outputs)
    return cite_record(evidence, "outputs" if stated else "inputs", values)


def _fields(evidence: Evidence) -> list[Feature]:
    return [
        item for tensor in (*evidence.record.outputs, *evidence.record.inputs) for item in tensor.features
    ]


@indicator(
    "I1b",
    weight=3,
    title="Fields are described for people",
    passes="at least 90 % of the fields have a description",
    partial="at least 50 %",
    fails="less",
    corresponds_to=("Chen I1", "FsF-R1-01MD"),
)
def fields_described(evidence: Evidence) -> Finding:
    """Fields that the record lists, else those of a Croissant or schema.org document, else of a README.

    Words in a README are partial at most. Without any list nothing describes the fields where no file of the
    record could: those that hold the data are not for people, and files that nobody is given are no help.
    """
    fields = _fields(evidence)
    told = sum(_describes(item.description) for item in fields)
    remedy = "Publish a list of the fields with a description and unit of each, for example as Croissant."
    if fields:
        shown = next((item for item in fields if _describes(item.description)), fields[0])
        cited = _cite_fields(evidence, [shown.name, *([shown.description] if shown.description else [])])
        return _described(told, len(fields), cited, remedy=remedy)
    for document in evidence.of_role("standard"):
        listed = list(_listed_fields(parsed(document)))
        if listed:
            told = sum(_describes(item.get("description")) for item in listed)
            cited = cite_document(document, f"{len(listed)} fields")
            return _described(told, len(listed), cited, remedy=remedy)
    return _in_words(evidence, remedy)


def _in_words(evidence: Evidence, remedy: str) -> Finding:
    from fairreg.assessment.content.field_lists import described_fields  # only for data without a list

    for document in evidence.of_role("readme", "docs", "definitions"):
        lines = described_fields(document.text)
        if len(lines) >= _FEWEST:
            reason = f"{document.path} describes {len(lines)} fields, in words only."
            return partial(reason, cite_document(document, lines[0]), remedy=remedy)
    unread = _unread(evidence)
    if unread:
        return unknown(f"The metadata list no fields, and {unread} was not read.")
    if why := why_unembedded(evidence):
        return unknown(f"The metadata list no fields. {why}")
    return failed("Neither the metadata nor a document beside the data describes the fields.", remedy=remedy)


def _unread(evidence: Evidence) -> str | None:
    """Return what may describe the fields and was not read."""
    from fairreg.assessment.access import embargo_ended
    from fairreg.assessment.content.field_lists import may_describe_fields

    access, listed = stated_access(evidence), evidence.record.distributions
    closed = access is not None and access.level != "open" and not embargo_ended(evidence)
    if evidence.downloaded or closed:
        return None
    if not listed or any(item.format in INDEX_FORMATS for item in listed):
        return "the list of the files"
    left_out = {item.path for item in evidence.unread}
    read = {document.path for document in evidence.documents} - left_out
    names = [item.path or item.name for item in listed]
    return next((name for name in names if name not in read and may_describe_fields(name)), None)


def _describes(description: Any) -> bool:
    """Tell whether a description, perhaps in several languages, has content."""
    many = description.values() if isinstance(description, dict) else description
    texts = [many] if isinstance(many, str) else many or ()
    return any(isinstance(text, str) and not is_placeholder(text) for text in texts)


def _described(told: int, total: int, *cited: Citation, remedy: str) -> Finding:
    reason = f"{told} of {total} fields are described."
    if told >= _GOOD * total:
        return passed(reason, *cited)
    return (partial if told >= _HALF * total else failed)(reason, *cited, remedy=remedy)


def _listed_fields(value: object) -> Iterator[dict[str, Any]]:
    """Yield the fields of a Croissant or schema.org document, at any depth."""
    waiting = [value]
    while waiting:
        seen = waiting.pop()
        if isinstance(seen, list):
            waiting += seen
        elif isinstance(seen, dict):
            for key, item in seen.items():
                if str(key).rpartition(":")[2] in _FIELD_KEYS:
                    many = item if isinstance(item, list) else [item]
                    yield from (one for one in many if isinstance(one, dict))
                else:
                    waiting.append(item)


@indicator(
    "I2",
    weight=1,
    title="FAIR vocabularies",
    passes="subjects or fields are terms with resolvable addresses",
    partial="only some of the metadata are, such as licence, persons or related objects",
    fails="none",
    corresponds_to=("Chen I2", "FsF-I2-01M"),
)
def vocabularies(evidence: Evidence) -> Finding:
    """Addresses among subjects and fields; a licence, ORCIDs and relations have addresses in any record."""
    record = evidence.record
    terms = [item for item in record.keywords if _IRI.fullmatch(item)]
    if terms:
        return passed("The subjects are resolvable terms.", cite_record(evidence, "keywords", terms))
    for document in evidence.of_role("standard"):
        found = next(_terms(document), None)
        if found:
            return passed(f"{document.path} names the term {found}.", cite_document(document, found))
    some = {
        "license": record.license,
        "creators": [item.orcid for item in record.creators if item.orcid],
        "relations": [item.target.compact for item in record.relations if item.target.url][:3],
    }
    cited = [cite_record(evidence, name, value) for name, value in some.items() if value]
    remedy = "Give subjects and fields as terms of a vocabulary with addresses (for example PhySH, UCUM)."
    if cited:
        reason = "Some of the metadata resolve, but the subjects and fields are words without an address."
        return partial(reason, *cited, remedy=remedy)
    if unread := why_unembedded(evidence):
        return unknown(unread)
    return failed("No term of the metadata has an address.", remedy=remedy)


def _terms(document: Document) -> Iterator[str]:
    """Yield addresses of terms in a Croissant or schema.org document."""
    waiting: list[tuple[bool, object]] = [(False, parsed(document))]
    while waiting:
        inside, seen = waiting.pop()
        if isinstance(seen, list):
            waiting += [(inside, item) for item in seen]
        elif isinstance(seen, dict):
            waiting += [
                (inside or key in _TERM_KEYS, item) for key, item in seen.items() if key != "@context"
            ]
        elif inside and isinstance(seen, str) and _IRI.fullmatch(seen):
            yield seen


@indicator(
    "I3",
    weight=1,
    title="Qualified references",
    passes="typed relations to persistent identifiers",
    partial="web addresses or numbers of a portal, or untyped",
    fails="none",
    corresponds_to=("Chen I3", "FsF-I3-01M"),
)
def references(evidence: Evidence) -> Finding:
    """Relations of the record and of DataCite; a version of the same dataset is not another object."""
    registered = evidence.datacite.record.relations if evidence.datacite else ()
    others = [item for item in (*evidence.record.relations, *registered) if "version" not in item.type]
    best = [item for item in others if is_persistent(item.target) and item.type != "related_to"]
    remedy = "Refer to papers, software and parent datasets by DOI, each with its type of relation."
    if best:
        named = f"{best[0].type} {best[0].target.compact}"
        return passed(f"The dataset {named}.", *(cite_relation(evidence, item) for item in best[:3]))
    if others:
        target = others[0].target.compact
        cited = [cite_relation(evidence, item) for item in others[:3]]
        return partial(f"References such as {target} are not persistent or not typed.", *cited, remedy=remedy)
    if unread := why_unregistered(evidence):
        return unknown(f"The record refers to no other object. {unread}")
    return failed("The metadata refer to no other object.", remedy=remedy)
