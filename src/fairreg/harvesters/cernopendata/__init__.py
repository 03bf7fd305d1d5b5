# SPDX-License-Identifier: MIT
"""CERN Open Data: datasets, software and documentation of the LHC experiments (https://opendata.cern.ch).

The interface is that of cernopendata-client: ``/api/records/<recid>`` and ``/api/records?q=``. The object
``metadata`` of a record is also what the portal's repository keeps under ``data/records``.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import date
from typing import ClassVar
from urllib.parse import parse_qsl, urlencode

from fairreg.errors import BadAnswer, NotFound, UsageError
from fairreg.formats.contents import Contents, read_contents
from fairreg.harvesters.base import FetchedPayload, Harvester, Hit, HitPage, Payload, payloads_of
from fairreg.harvesters.common.authors import with_kind
from fairreg.harvesters.common.paging import is_last, object_of, within
from fairreg.schemas.datacite_terms import (
    distinct_identifiers,
    distinct_relations,
    identifier_of,
    relation_type,
    rors,
)
from fairreg.schemas.identifiers import Identifier, normalise_doi, normalise_orcid
from fairreg.schemas.json_reader import JsonNode, violation
from fairreg.schemas.licenses import of_one
from fairreg.schemas.record import (
    Creator,
    Distribution,
    Feature,
    FieldOrigin,
    ModelRecord,
    Provenance,
    Relation,
    RelationType,
    Tensor,
)
from fairreg.schemas.text import plain_text, split_keywords
from fairreg.web import HttpClient

__all__ = ["HARVESTER", "CernOpenDataHarvester"]

PORTAL = "https://opendata.cern.ch"
RECORDS = f"{PORTAL}/api/records"
WINDOW = 10_000
_DOI_PREFIX = "10.7483/opendata."
# The portal's own terms for relations; the others are DataCite's.
_RELATIONS: dict[str, RelationType] = {"ischildof": "is_derived_from", "isparentof": "is_source_of"}
# The portal states no kind of a related record, but says what it is in the description of the relation.
_OF_DATA = re.compile(r"\bdata ?sets?\b|\bn-?tuples?\b", re.IGNORECASE)
_PROSE = ("methodology", "use_with", "system_details", "validation")


class CernOpenDataHarvester(Harvester):
    """The CERN Open Data portal. It states no modification dates, so `since` has no effect."""

    name: ClassVar[str] = "cernopendata"

    def handles(self, identifier: Identifier) -> bool:
        """Record numbers, and the DOIs of the portal (10.7483/OPENDATA.)."""
        return _number(identifier) is not None or _is_own_doi(identifier)

    def fetch(self, web: HttpClient, identifier: Identifier) -> FetchedPayload:
        """The record of a number or DOI. Raises NotFound, UsageError."""
        number = _number(identifier)
        if number is not None:
            answer = web.get(f"{RECORDS}/{number}")
            return FetchedPayload(object_of(answer, "CERN Open Data", "record"), answer.body, answer.url)
        if not _is_own_doi(identifier):
            raise UsageError(
                f"CERN Open Data has no {identifier.scheme} {identifier.value}.",
                hint="Give a record number (cernopendata:12102) or a DOI of the portal.",
            )
        return self._by_doi(web, identifier.value)

    def search(
        self,
        web: HttpClient,
        query: str,
        *,
        since: date | None = None,
        cursor: str | None = None,
        limit: int | None = None,
        page_size: int | None = None,
    ) -> Iterator[HitPage]:
        """Pages of hits within the first 10,000. Raises UsageError for a cursor of another source."""
        number, size = _read_cursor(cursor, min(page_size or self.guest_page_limit, limit or WINDOW))
        note = "CERN Open Data states no modification dates: every record is read." if since else None
        yield from within(self._pages(web.asking("search"), query, number, size, note), limit)

    def to_record(self, payload: Payload) -> ModelRecord:
        """The record of an answer, or of its bare ``metadata``. Raises RecordError with the JSON path."""
        return _record_of(JsonNode(payload))

    def indexes(self, record: ModelRecord) -> tuple[Distribution, ...]:
        """Index files of types ``index.json`` and ``index.txt``."""
        from fairreg.harvesters.cernopendata.files import indexes_in

        return indexes_in(record)

    def with_listed(self, record: ModelRecord, contents: Mapping[str, bytes]) -> tuple[Distribution, ...]:
        """The files of the record and those that the index files list. Raises BadAnswer."""
        from fairreg.harvesters.cernopendata.files import with_listed

        return with_listed(record, contents)

    def split(self, page: object) -> Iterator[Payload]:
        """The hits of a search page, the items of a list of the portal's repository, or the one record."""
        top = JsonNode(page)
        hits = top.at("hits", "hits") if top["hits"].is_object else top
        yield from payloads_of(hits)

    def _by_doi(self, web: HttpClient, doi: str) -> FetchedPayload:
        for page in self.search(web, f'doi:"{doi.upper()}"', limit=5):
            for hit in page.hits:
                if normalise_doi(_metadata(JsonNode(hit.payload))["doi"].text or "") == doi:
                    return FetchedPayload(hit.payload, hit.raw, RECORDS)
        raise NotFound(f"CERN Open Data has no record of the DOI {doi}.", hint="Check the identifier.")

    def _pages(
        self, web: HttpClient, query: str, number: int, size: int, note: str | None
    ) -> Iterator[HitPage]:
        """Yield pages to the end; the first carries `note` unless it has one of its own."""
        while True:
            answer = web.get(RECORDS, params={"q": query, "page": number, "size": size})
            page = self._read(JsonNode(answer.listing()), number, size)
            yield replace(page, note=page.note or note)
            if page.cursor is None:
                return
            note = None
            number += 1

    def _read(self, top: JsonNode, number: int, size: int) -> HitPage:
        listed = top.at("hits", "hits")
        if not isinstance(listed.value, list):
            raise BadAnswer("CERN Open Data did not answer with a search page.", hint="Try again later.")
        hits = tuple(map(Hit.of, self.split(top.value)))
        total = top.at("hits", "total").count or top.at("hits", "total", "value").count
        last = is_last(listed.value, size, reached=number * size, total=total)
        if not last and (number + 1) * size > WINDOW:
            note = f"CERN Open Data shows the first {WINDOW:,} of {total or 'more'} hits; narrow the query."
            return HitPage(hits, None, total, note)
        return HitPage(hits, None if last else urlencode({"page": number + 1, "size": size}), total)


def _number(identifier: Identifier) -> str | None:
    value = identifier.value
    return value if identifier.scheme == "cernopendata" and value.isascii() and value.isdigit() else None


def _is_own_doi(identifier: Identifier) -> bool:
    return identifier.scheme == "doi" and identifier.value.lower().startswith(_DOI_PREFIX)


def _read_cursor(cursor: str | None, size: int) -> tuple[int, int]:
    if cursor is None:
        return 1, size
    fields = JsonNode(dict(parse_qsl(cursor)))
    page, kept = fields["page"].count, fields["size"].count
    if not page or not kept:
        raise UsageError(
            f"{cursor!r} is not a position in a CERN Open Data search.", hint="Start the harvest again."
        )
    return page, kept


def _metadata(top: JsonNode) -> JsonNode:
    return top["metadata"] if top["metadata"].is_object else top


def _record_of(top: JsonNode) -> ModelRecord:
    from fairreg.harvesters.cernopendata.files import files_of

    meta = _metadata(top)
    title, number = meta["title"].title, meta["recid"].text
    if title is None:
        raise violation(meta["title"], "is missing", source="CERN Open Data")
    if number is None or not number.isascii() or not number.isdigit():
        raise violation(meta["recid"], "is missing", source="CERN Open Data")
    doi = normalise_doi(meta["doi"].text or "")
    files = files_of(meta, number)
    contents = _contents(meta, title, files)
    creators, creators_from = _creators(meta)
    license_id, license_stated = of_one(
        meta["license"].title, meta.at("license", "attribution").title, meta.at("license", "url").title
    )
    formats = _formats(meta)
    return ModelRecord(
        identifier=f"doi:{doi}" if doi else f"cernopendata:{number}",
        kind=contents.kind,
        name=title,
        provenance=Provenance(
            source="cernopendata",
            source_id=number,
            url=f"{PORTAL}/record/{number}",
            origins=(
                *(item for item in contents.origins if item.field != "formats" or not formats),
                *([FieldOrigin("creators", "inferred", creators_from)] if creators_from else []),
            ),
        ),
        description=_prose(meta["abstract"]),
        alternate_names=tuple(text for item in meta["title_additional"].items() if (text := item.title)),
        identifiers=distinct_identifiers(_identifiers(meta, number, doi)),
        version=meta["version"].text,
        creators=creators,
        publisher=meta["publisher"].title or "CERN Open Data Portal",
        stated_type=_stated_type(meta),
        license=license_id,
        license_stated=license_stated,
        keywords=_keywords(meta),
        language=meta["language"].text,
        ml_task=contents.ml_task,
        frameworks=contents.frameworks,
        formats=formats or contents.formats,
        date_created=next((found for item in meta["date_created"].items() if (found := item.date)), None),
        date_published=meta["date_published"].date,
        distributions=files,
        relations=distinct_relations(_relations(meta)),
        outputs=_variables(meta),
        usage=_prose(meta["usage"]),
        notes=_notes(meta),
    )


def _identifiers(meta: JsonNode, number: str, doi: str | None) -> Iterator[Identifier | None]:
    yield Identifier("doi", doi) if doi else None
    yield Identifier("cernopendata", number)
    yield identifier_of(
        meta.at("source_code_repository", "url").text, "url", evidence="source_code_repository"
    )


def _creators(meta: JsonNode) -> tuple[tuple[Creator, ...], str | None]:
    """Return the authors, else the collaboration, else the experiments, and the field of an experiment.

    The portal gives the collaboration as creator of a record without authors (cernopendata-portal,
    cernopendata/modules/datacite/serializers.py); that an experiment is the creator is inferred.
    """
    authors = tuple(found for item in meta["authors"].items() if (found := _author(item)))
    if authors:
        return authors, None
    for field in ("collaboration", "experiment"):
        names = [item["name"].title or item.title for item in meta[field].items()]
        groups = tuple(Creator(name=name, kind="organization") for name in dict.fromkeys(names) if name)
        if groups:
            return groups, field if field == "experiment" else None
    return (), None


def _author(item: JsonNode) -> Creator | None:
    """Return an author; several ROR identifiers of affiliations are separated by semicolons."""
    name = item["name"].title or item.title
    if not name:
        return None
    person = Creator(
        name=name,
        orcid=normalise_orcid(item["orcid"].text or ""),
        affiliation=item["affiliation"].title,
        affiliation_rors=rors((item["rorid"].text or "").split(";")),
    )
    return with_kind(person)


def _stated_type(meta: JsonNode) -> str | None:
    words = (meta.at("type", "primary").text, *(item.text for item in meta.at("type", "secondary").items()))
    return "; ".join(word for word in words if word) or None


def _contents(meta: JsonNode, title: str, files: tuple[Distribution, ...]) -> Contents:
    names = [item.name for item in files if not item.is_index]
    stated = meta.at("type", "primary").text
    return read_contents(stated, title=title, keywords=_keywords(meta), file_names=names)


def _keywords(meta: JsonNode) -> tuple[str, ...]:
    """The keywords, and the experiments and run periods that people search for."""
    stated = (item.text for item in meta["keywords"].items())
    more = (item.text for field in ("experiment", "run_period") for item in meta[field].items())
    return tuple(
        dict.fromkeys(
            (*split_keywords(text for text in stated if text), *split_keywords(text for text in more if text))
        )
    )


def _formats(meta: JsonNode) -> tuple[str, ...]:
    stated = (item.text for item in meta.at("distribution", "formats").items())
    return tuple(dict.fromkeys(text for text in stated if text))


def _relations(meta: JsonNode) -> Iterator[Relation | None]:
    for item in meta["relations"].items():
        stated = item["type"].text
        kind = _RELATIONS.get((stated or "").lower()) or relation_type(stated)
        yield _related(kind, item)
    for field, kind in _LINKED:
        for item in (*meta[field].items(), *meta[field]["links"].items()):
            yield _related(kind, item) if item.is_object else None


_LINKED: tuple[tuple[str, RelationType], ...] = (
    ("methodology", "is_compiled_by"),  # how it was produced
    ("system_details", "requires"),
    ("use_with", "related_to"),
    ("usage", "is_documented_by"),
    ("links", "related_to"),
)


def _related(kind: RelationType, item: JsonNode) -> Relation | None:
    number = item["recid"].text
    target = (
        Identifier("cernopendata", number)
        if number and number.isdigit()
        else identifier_of(item["doi"].text, "doi") or identifier_of(item["url"].address, "url")
    )
    said = f"{item['description'].text or ''} {item['title'].text or ''}"
    of_data = "Dataset" if _OF_DATA.search(said) else None
    return Relation(type=kind, target=target, target_kind=of_data) if target else None


def _variables(meta: JsonNode) -> tuple[Tensor, ...]:
    """The variables of each event as one tensor; its features keep the type that each is stored as."""
    items = [item for item in meta["dataset_semantics"].items() if item["variable"].text]
    types = {item["type"].text for item in items}
    features = tuple(
        Feature(item["variable"].text or "", description=_described(item, len(types) > 1)) for item in items
    )
    if not features:
        return ()
    dtype = (types.pop() if len(types) == 1 else None) or "mixed"
    return (Tensor(name="entries", dtype=dtype, shape=("entries", len(features)), features=features),)


def _described(item: JsonNode, typed: bool) -> str | None:
    text, stored = item["description"].title, item["type"].text if typed else None
    return f"{text} ({stored})" if text and stored else text or stored


def _prose(node: JsonNode) -> str | None:
    stated = node["description"].prose
    return (plain_text(stated) or None) if stated else None


def _notes(meta: JsonNode) -> str | None:
    texts = [f"{field.replace('_', ' ')}: {text}" for field in _PROSE if (text := _prose(meta[field]))]
    release = meta.at("system_details", "release").text
    if release:
        texts.append(f"software release: {release}")
    return "\n\n".join(texts) or None


HARVESTER = CernOpenDataHarvester()
