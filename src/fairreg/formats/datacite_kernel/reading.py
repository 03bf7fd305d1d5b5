# SPDX-License-Identifier: MIT
"""Map DataCite's payload to a `ModelRecord` (DataCite Metadata Schema 4).

Three shapes: the JSON:API document ``{"data": {...}}``, its bare ``data`` object, and the
``application/vnd.datacite.datacite+json`` of doi.org, which has the attributes at its top.
"""

import re
from collections.abc import Iterator

from fairreg.errors import IdentifierError
from fairreg.formats.contents import Contents, file_format, media_type, read_contents
from fairreg.formats.datacite_kernel.access_terms import level_of
from fairreg.schemas.datacite_terms import (
    distinct_identifiers,
    distinct_relations,
    identifier_of,
    rors,
)
from fairreg.schemas.file_address import file_address, name_in_address
from fairreg.schemas.identifiers import Identifier, normalise_doi, normalise_orcid, parse
from fairreg.schemas.json_reader import JsonNode, violation
from fairreg.schemas.licenses import all_of, of_one
from fairreg.schemas.record import (
    Access,
    AccessLevel,
    Creator,
    Distribution,
    ModelRecord,
    Provenance,
    Relation,
)
from fairreg.schemas.text import one_line, plain_text, split_keywords

__all__ = ["attributes_of", "record_of"]

_MODEL = re.compile(
    r"(?:(?:pre-?)?trained |(?:machine|deep)[- ]learning |neural |ai |ml )*model\b", re.IGNORECASE
)
_BYTES = re.compile(r"(\d+)\s*bytes?", re.IGNORECASE)


def record_of(payload: object, *, registered: bool = True) -> ModelRecord:
    """Map one DOI's document. Raises RecordError naming the path of a missing title or DOI.

    A document that is not `registered` is known by its first alternate identifier where it has no DOI.
    """
    from fairreg.formats.datacite_kernel.statements import notes, relations

    top, main, title = _essentials(payload, registered=registered)
    files = tuple(_distributions(top, JsonNode(payload)))
    contents = _contents(top, title, files)
    license_id, license_stated = _license(top)
    related = distinct_relations(relations(top))
    return ModelRecord(
        identifier=main.compact,
        kind=contents.kind,
        name=title,
        provenance=Provenance(
            source="datacite",
            source_id=main.value,
            url=top["url"].address or main.url,
            origins=contents.origins,
        ),
        description=_description(top),
        alternate_names=tuple(text for item in _titles(top)[1:] if (text := _title(item))),
        identifiers=distinct_identifiers(_identifiers(top, main, related)),
        version=top["version"].text,
        creators=tuple(creator for item in top["creators"].items() if (creator := _creator(item))),
        publisher=top["publisher"].title or top.at("publisher", "name").title,
        stated_type=_type(top)[1],
        license=license_id,
        license_stated=license_stated,
        keywords=_keywords(top),
        language=top["language"].text,
        ml_task=contents.ml_task,
        frameworks=contents.frameworks,
        formats=tuple(text for item in top["formats"].items() if (text := item.text)) or contents.formats,
        date_created=_dated(top, "Created"),
        date_published=_dated(top, "Issued") or _year(top) or _dated(top, "Available"),
        date_modified=_dated(top, "Updated") or top["updated"].date,
        distributions=files,
        relations=related,
        notes=notes(top),
        access=_access(top),
    )


def attributes_of(payload: object) -> JsonNode:
    """Return the place of the attributes in any of the shapes. Raises RecordError for other documents."""
    top = JsonNode(payload)
    data = top["data"] if top["data"].stated else top
    if not data.is_object:
        raise violation(data, "is not a JSON object", source="DataCite")
    if data["attributes"].is_object:
        if data["type"].text not in {None, "dois"}:
            raise violation(data["type"], f"is {data['type'].text!r} and not 'dois'", source="DataCite")
        return data["attributes"]
    return data


def _essentials(payload: object, *, registered: bool) -> tuple[JsonNode, Identifier, str]:
    top = attributes_of(payload)
    doi = normalise_doi(top["doi"].text or "") or normalise_doi(top["id"].text or "")
    main = Identifier("doi", doi) if doi else None if registered else next(_alternates(top, None), None)
    if main is None:
        raise violation(top["doi"], "is missing", source="DataCite")
    title = next((text for item in _titles(top) if (text := _title(item))), None)
    if title is None:
        raise violation(top["titles"], "is missing", source="DataCite")
    return top, main, title


def _titles(top: JsonNode) -> list[JsonNode]:
    """Titles, those without a type (subtitle, translation) first."""
    return sorted(
        (item for item in top["titles"].items() if _title(item)),
        key=lambda item: bool(item["titleType"].text),
    )


def _title(item: JsonNode) -> str | None:
    return item["title"].title or item.title


def _description(top: JsonNode) -> str | None:
    """The abstract, else the methods or another description; the others count as not understood."""
    items = [item for item in top["descriptions"].items() if item["description"].prose]
    order = {"Abstract": 0, "Methods": 1, "TechnicalInfo": 2, "Other": 3}
    items.sort(key=lambda item: order.get(item["descriptionType"].text or "", 4))
    ours = [item for item in items if not _describes_other(item)]
    taken = next((item for item in ours if plain_text(item["description"].value)), None)
    _leave(item for item in items if item is not taken)
    return plain_text(taken["description"].value) if taken else None


def _leave(descriptions: Iterator[JsonNode]) -> None:
    for item in descriptions:
        from fairreg.schemas.json_values import TrackedObject  # most works have one description

        if isinstance(item.value, TrackedObject):
            item.value.leave("description")


def _describes_other(item: JsonNode) -> bool:
    """Tell whether it is a series, a table of contents, or the references that Zenodo writes there."""
    elsewhere = item["descriptionType"].text in {"SeriesInformation", "TableOfContents"}
    return elsewhere or (item["description"].text or "").startswith('{"references"')


def _identifiers(
    top: JsonNode, main: Identifier, related: tuple[Relation, ...]
) -> Iterator[Identifier | None]:
    doi = main.value if main.scheme == "doi" else None
    yield main
    concept = next((item.target.value for item in related if _is_concept(item, doi)), None)
    yield Identifier("concept_doi", concept) if concept else None
    yield from _alternates(top, doi)
    yield _landing(top["url"].address)


def _alternates(top: JsonNode, doi: str | None) -> Iterator[Identifier]:
    """Yield the alternate identifiers; other DOIs than the object's are those of related objects."""
    for field, name in (("alternateIdentifiers", "alternateIdentifier"), ("identifiers", "identifier")):
        for item in top[field].items():
            found = identifier_of(item[name].text, item[f"{name}Type"].text, evidence=field)
            if found and found.scheme != "doi":
                yield found
            elif found and found.value != doi:
                yield Identifier("related_doi", found.value, field)


def _is_concept(relation: Relation, doi: str | None) -> bool:
    return (
        relation.type == "is_version_of" and relation.target.scheme == "doi" and relation.target.value != doi
    )


def _landing(url: str | None) -> Identifier | None:
    """Return what the landing page's address identifies beside the DOI: a Zenodo record, a Hub repository."""
    try:
        found = parse(url or "")
    except IdentifierError:
        return None
    value = one_line(found.value)
    return Identifier(found.scheme, value, "url") if value and found.scheme not in {"url", "doi"} else None


def _creator(item: JsonNode) -> Creator | None:
    parts = (item["familyName"].title, item["givenName"].title)
    name = item["name"].title or ", ".join(part for part in parts if part)
    if not name:
        return None
    ids = list(item["nameIdentifiers"].items())
    orcids = (normalise_orcid(text) for text in _of_scheme("orcid", ids, "nameIdentifier"))
    places = list(item["affiliation"].items())
    called = (node.title or node["name"].title or node["affiliationIdentifier"].text for node in places)
    return Creator(
        name=name,
        orcid=next((orcid for orcid in orcids if orcid), None),
        affiliation="; ".join(text for text in called if text) or None,
        kind="organization" if item["nameType"].text == "Organizational" else "person",
        ror=next(iter(rors(_of_scheme("ror", ids, "nameIdentifier"))), None),
        affiliation_rors=rors(_of_scheme("ror", places, "affiliationIdentifier")),
    )


def _of_scheme(scheme: str, items: list[JsonNode], field: str) -> Iterator[str]:
    """Yield the identifiers of `scheme` in `field`; it is said by name, by address or in the text."""
    for item in items:
        text = item[field].text
        stated = item[f"{field}Scheme"].text or item["schemeUri"].text or text
        if text and stated and scheme in stated.lower():
            yield text


def _type(top: JsonNode) -> tuple[str | None, str | None]:
    """Return (the general type, the type for display)."""
    general, detail = top.at("types", "resourceTypeGeneral").text, top.at("types", "resourceType").text
    return general or detail, general or detail


def _contents(top: JsonNode, title: str, files: tuple[Distribution, ...]) -> Contents:
    names = [item.name for item in files]
    general, detail = _type(top)[0], top.at("types", "resourceType").text or ""
    # "Other" says nothing, and the text beside it may say what the work is.
    word = "Model" if general == "Other" and _MODEL.match(detail) else general
    return read_contents(word, title=title, keywords=_keywords(top), file_names=names)


def _keywords(top: JsonNode) -> tuple[str, ...]:
    return split_keywords(
        text for item in top["subjects"].items() if (text := item["subject"].text or item.text)
    )


def _license(top: JsonNode) -> tuple[str | None, str | None]:
    """Return (SPDX expression, words of licences without one); statements on access are not licences."""
    found: list[tuple[str | None, str | None]] = []
    for item in top["rightsList"].items():
        places = (item["rights"], item["rightsIdentifier"], item["rightsUri"], item)
        names = (text for node in places if (text := node.title) and level_of(text) is None)
        known, stated = of_one(*names)
        if known or _level(item) is None:
            found.append((known, stated))
    return all_of(found)


def _level(item: JsonNode) -> AccessLevel | None:
    return level_of(item["rightsUri"].text) or level_of(item["rights"].text)


def _access(top: JsonNode) -> Access | None:
    from fairreg.formats.datacite_kernel.statements import withdrawal

    gone = withdrawal(top)
    if gone:
        return Access(level="closed", conditions=gone)
    level = next((found for item in top["rightsList"].items() if (found := _level(item))), None)
    if level is None:
        return None
    return Access(level=level, until=_dated(top, "Available") if level == "embargoed" else None)


def _dated(top: JsonNode, kind: str) -> str | None:
    dates = (item["date"].date for item in top["dates"].items() if item["dateType"].text == kind)
    return next((found for found in dates if found), None)


def _year(top: JsonNode) -> str | None:
    return top["publicationYear"].date


def _distributions(top: JsonNode, document: JsonNode) -> Iterator[Distribution]:
    """The files that `contentUrl` and the media of the DOI name; one size in bytes is the one file's."""
    media = [
        item["attributes"] for item in document["included"].items() if item["type"].text == "media"
    ] + list(top["media"].items())
    content = list(top["contentUrl"].items())
    sizes = [int(match[1]) for item in top["sizes"].items() if (match := _BYTES.fullmatch(item.text or ""))]
    alone = sizes[0] if len(sizes) == 1 and len(media) + len(content) == 1 else None
    seen: set[str] = set()
    for node, stated in [(item["url"], item["mediaType"].text) for item in media] + [
        (c, None) for c in content
    ]:
        url = file_address(node.value)
        if url is not None and url not in seen:
            seen.add(url)
            name = JsonNode(name_in_address(url)).file_name or url
            kind = stated or media_type(name)
            yield Distribution(name=name, url=url, size=alone, media_type=kind, format=file_format(name))
