# SPDX-License-Identifier: MIT
"""Map Zenodo's payload to a `ModelRecord`, for every shape that Zenodo sends or has sent.

The legacy shape (before the move to InvenioRDM in October 2023), today's legacy-compatible one, the native
InvenioRDM shape (``application/vnd.inveniordm.v1+json``), the deposit shape, and the files endpoint.
"""

import re
from collections.abc import Iterator

from fairreg.formats.contents import Contents, file_format, media_type, read_contents
from fairreg.schemas.datacite_terms import (
    cited_in,
    distinct_identifiers,
    distinct_relations,
    identifier_of,
    institutions,
    relation_type,
    rors,
    typed_relation,
)
from fairreg.schemas.file_address import file_address, quoted_path
from fairreg.schemas.identifiers import Identifier, normalise_doi, normalise_orcid, zenodo_of_doi
from fairreg.schemas.json_reader import JsonNode, violation
from fairreg.schemas.licenses import all_of, of_one
from fairreg.schemas.record import (
    Access,
    AccessLevel,
    Creator,
    Distribution,
    FieldOrigin,
    ModelRecord,
    Provenance,
    Relation,
)
from fairreg.schemas.text import plain_text, split_keywords

__all__ = ["concept_number", "own_dois", "record_number", "record_of"]

_HASH_OF_LENGTH = {32: "md5", 40: "sha1", 64: "sha256", 128: "sha512"}
_ACCESS: dict[str, AccessLevel] = {
    "open": "open",
    "embargoed": "embargoed",
    "restricted": "restricted",
    "closed": "closed",
    "public": "open",
    "metadata-only": "open",
}
_LINK = re.compile(
    r"""<a\s[^<>]{0,300}?\bhref\s*=\s*["'](?P<address>(?:https?://|mailto:)[^\s"'<>]{3,500})["'][^<>]{0,300}>"""
    r"(?P<text>[^<>]{0,300})(?:</a\s*>)?",
    re.IGNORECASE,
)

_SHOWS_ADDRESS = re.compile(r"\s*(?:https?://|(?:doi:\s?)?10\.\d{4,9}/|arxiv:\s?\d)", re.IGNORECASE)


def record_of(payload: object) -> ModelRecord:
    """Map one record's payload. Raises RecordError naming the path of a missing title or id."""
    top = JsonNode(payload)
    if not top.is_object:
        raise violation(top, "is not a JSON object", source="Zenodo")
    if top["slug"].stated:
        raise violation(top["slug"], "makes it a community", source="Zenodo")
    meta = top["metadata"]
    title = meta["title"].label or top["title"].label
    if title is None:
        raise violation(meta["title"], "is missing", source="Zenodo")
    doi, source_id = _doi(top), record_number(top)
    source_id = source_id or doi
    if source_id is None:
        raise violation(top["id"], "is missing", source="Zenodo")
    files = _distributions(top)
    contents = _contents(top, title, files)
    license_id, license_stated = _license(meta)
    return ModelRecord(
        identifier=f"doi:{doi}" if doi else f"zenodo:{source_id}",
        kind=contents.kind,
        name=title,
        provenance=_provenance(top, source_id, contents.origins),
        description=_described(meta["description"]),
        alternate_names=tuple(
            text for item in meta["additional_titles"].items() if (text := item["title"].title)
        ),
        identifiers=distinct_identifiers(_identifiers(top, doi)),
        version=meta["version"].text,
        creators=tuple(creator for item in meta["creators"].items() if (creator := _creator(item))),
        publisher=meta["publisher"].title or meta["imprint_publisher"].title or "Zenodo",
        stated_type=_type(meta)[1],
        license=license_id,
        license_stated=license_stated,
        keywords=_keywords(meta),
        language=meta["language"].text or next((item["id"].text for item in meta["languages"].items()), None),
        ml_task=contents.ml_task,
        frameworks=contents.frameworks,
        formats=contents.formats,
        date_created=top["created"].date,
        date_published=meta["publication_date"].date,
        date_modified=top["modified"].date or top["updated"].date,
        distributions=files,
        relations=distinct_relations(_relations(top, doi)),
        notes=_notes(meta),
        access=_access(top),
    )


def record_number(top: JsonNode) -> str | None:
    """Return the number of the record (outside Zenodo: its id)."""
    stated = top["id"].text or top["recid"].text or top["record_id"].text
    return stated or zenodo_of_doi(_doi(top) or "")


def concept_number(top: JsonNode) -> str | None:
    """The number of the lineage that the record is a version of."""
    stated = top["conceptrecid"].text or top.at("parent", "id").text
    return stated or zenodo_of_doi(_concept_doi(top) or "")


def own_dois(top: JsonNode) -> frozenset[str]:
    """The DOIs of the record and of its lineage, in lower case."""
    return frozenset(doi.casefold() for doi in (_doi(top), _concept_doi(top)) if doi)


def _distributions(top: JsonNode) -> tuple[Distribution, ...]:
    """The files of a record, in a list or, as InvenioRDM has them, in an object by name."""
    entries_place = top.at("files", "entries")
    listed = entries_place if entries_place.stated else top["files"]
    entries = [node for _, node in listed.members()] if listed.is_object else list(listed.items())
    folder = top.at("links", "files").address
    return tuple(found for entry in entries if entry.is_object and (found := _distribution(entry, folder)))


def _distribution(entry: JsonNode, folder: str | None) -> Distribution | None:
    key = entry["key"] if entry["key"].file_name else entry["filename"]
    name = key.file_name
    if name is None:
        return None
    links = entry["links"]
    stated = (file_address(links[word].value, key.value) for word in ("content", "download", "self"))
    size = entry["size"].count
    return Distribution(
        name=name,
        # InvenioRDM's files API: a file's content is at <files>/<key>/content.
        url=next(filter(None, stated), f"{folder}/{quoted_path(str(key.value))}/content" if folder else None),
        size=entry["filesize"].count if size is None else size,
        checksums=_checksums(entry["checksum"].text),
        media_type=entry["mimetype"].text or media_type(name),
        format=file_format(name),
    )


def _checksums(stated: str | None) -> tuple[str, ...]:
    algorithm, colon, digest = (stated or "").lower().rpartition(":")
    if not colon:
        algorithm = _HASH_OF_LENGTH.get(len(digest), "")
    hexadecimal = digest.isascii() and digest.isalnum() and all(sign in "0123456789abcdef" for sign in digest)
    named = algorithm.replace("-", "").isalnum() and algorithm.isascii()
    return (f"{algorithm}:{digest}",) if digest and hexadecimal and named else ()


def _doi(top: JsonNode) -> str | None:
    places = (top["doi"], top.at("metadata", "doi"), top.at("pids", "doi", "identifier"))
    return next((doi for node in places if (doi := normalise_doi(node.text or ""))), None)


def _concept_doi(top: JsonNode) -> str | None:
    links = top["links"]
    stated = top["conceptdoi"], top.at("parent", "pids", "doi", "identifier")
    linked = links["conceptdoi"], links["parent_doi"]
    return next((doi for node in (*stated, *linked) if (doi := normalise_doi(node.text or ""))), None)


def _identifiers(top: JsonNode, doi: str | None) -> Iterator[Identifier | None]:
    number, concept = record_number(top), _concept_doi(top)
    yield Identifier("doi", doi) if doi else None
    yield Identifier("concept_doi", concept) if concept and concept != doi else None
    # The sandbox (DOI prefix 10.5072) numbers its records separately, so its numbers identify nothing here.
    sandbox = (doi or concept or "").startswith("10.5072/")
    yield Identifier("zenodo", number) if number and number.isdigit() and not sandbox else None
    for node in (top["swh"], top.at("swh", "swhid"), top.at("metadata", "custom", "swh")):
        found = identifier_of(node.text, "swh")
        yield found if found and found.scheme == "swhid" else None
    meta = top["metadata"]
    for field in ("alternate_identifiers", "identifiers"):
        for item in meta[field].items():
            text = item["identifier"].text or item.text
            yield _alternate(identifier_of(text, item["scheme"].text, evidence=f"metadata.{field}"))
    code = (
        meta.at("custom", "code:codeRepository").text or top.at("custom_fields", "code:codeRepository").text
    )
    yield identifier_of(code, "url", evidence="code:codeRepository")
    for item in meta["related_identifiers"].items():
        # The archive of a GitHub release "is supplement to" the tree that it was made from.
        relation = relation_type(item["relation"].text or item.at("relation_type", "id").text)
        target = _target(item)
        if target and target.scheme == "github" and relation in {"is_supplement_to", "is_identical_to"}:
            yield Identifier("github", target.value, f"related identifier: {relation}")


def _alternate(found: Identifier | None) -> Identifier | None:
    """An alternate DOI is often the paper's, so it does not identify the record itself."""
    if found and found.scheme == "doi":
        return Identifier("related_doi", found.value, found.evidence)
    return found


def _target(item: JsonNode) -> Identifier | None:
    return identifier_of(item["identifier"].text, item["scheme"].text)


def _relations(top: JsonNode, doi: str | None) -> Iterator[Relation | None]:
    meta, concept, number = top["metadata"], _concept_doi(top), concept_number(top)
    for item in meta["related_identifiers"].items():
        stated = item["relation"].text or item.at("relation_type", "id").text
        target = _target(item)
        kind = item["resource_type"].text or item.at("resource_type", "id").text
        yield typed_relation(target, stated, kind=kind)
    if concept and concept != doi:
        yield Relation(type="is_version_of", target=Identifier("doi", concept))
    elif number and number.isdigit() and not concept and number != record_number(top):
        yield Relation(type="is_version_of", target=Identifier("zenodo", number))
    for item in meta["references"].items():
        cited = identifier_of(item["identifier"].text, item["scheme"].text)
        cited = cited or cited_in(item.text or item["reference"].text or "")
        yield Relation(type="references", target=cited) if cited else None


def _creator(item: JsonNode) -> Creator | None:
    who = item["person_or_org"] if item["person_or_org"].is_object else item
    parts = (who["family_name"].title, who["given_name"].title)
    name = who["name"].title or ", ".join(part for part in parts if part)
    if not name:
        return None
    schemes = {
        entry["scheme"].text: entry["identifier"].text
        for entry in who["identifiers"].items()
        if entry.is_object
    }
    places = (*item["affiliation"].items(), *item["affiliations"].items())
    affiliations, unnamed = institutions(node.title or node["name"].title for node in places)
    return Creator(
        name=name,
        orcid=normalise_orcid(who["orcid"].text or schemes.get("orcid") or ""),
        affiliation="; ".join(affiliations) or None,
        kind="organization" if who["type"].text == "organizational" else "person",
        ror=next(iter(rors([schemes.get("ror")])), None),
        # InvenioRDM's vocabulary of affiliations has the identifiers of ROR.
        affiliation_rors=rors([*(node["id"].text for node in places), *unnamed]),
    )


def _type(meta: JsonNode) -> tuple[str | None, str | None]:
    """Return (the vocabulary's term, the term for display) of the record's type."""
    stated = meta["resource_type"]
    word = stated["type"].text or stated["id"].text or stated.text or meta["upload_type"].text
    detail = stated["subtype"].text or meta["publication_type"].text or meta["image_type"].text
    return word, stated["title"].label or (f"{word}-{detail}" if word and detail else word)


def _contents(top: JsonNode, title: str, files: tuple[Distribution, ...]) -> Contents:
    meta = top["metadata"]
    names = [item.name for item in files]
    return read_contents(_type(meta)[0], title=title, keywords=_keywords(meta), file_names=names)


def _license(meta: JsonNode) -> tuple[str | None, str | None]:
    """Return (SPDX expression, words of licences without one)."""
    return all_of(
        of_one(
            *(item.title, item["id"].title, item["title"].label),
            *(item.at("props", "url").text, item["link"].text),
        )
        for item in (*meta["license"].items(), *meta["rights"].items())
    )


def _keywords(meta: JsonNode) -> tuple[str, ...]:
    stated = split_keywords(text for item in meta["keywords"].items() if (text := item.text))
    subjects = [item["subject"].title or item["term"].title for item in meta["subjects"].items()]
    unique = {word.casefold(): word for word in (*subjects, *stated) if word}
    return tuple(dict.fromkeys(unique[word.casefold()] for word in (*stated, *subjects) if word))


def _prose(node: JsonNode) -> str | None:
    return (plain_text(node.prose) or None) if node.prose else None


def _described(node: JsonNode) -> str | None:
    """Return a description in which the addresses behind links are kept, unless the link shows them."""
    return (plain_text(_LINK.sub(_with_place, node.prose)) or None) if node.prose else None


def _with_place(link: re.Match[str]) -> str:
    address = link["address"]
    shown = _SHOWS_ADDRESS.match(link["text"]) or not address.casefold().startswith("http")
    return link[0] if shown else f"{link[0]} ({address})"


def _notes(meta: JsonNode) -> str | None:
    more = [_prose(item["description"]) for item in meta["additional_descriptions"].items()]
    return "\n\n".join(text for text in (_prose(meta["notes"]), *more) if text) or None


def _access(top: JsonNode) -> Access | None:
    meta, native = top["metadata"], top["access"]
    stated = meta["access_right"].text or native["status"].text or native["files"].text
    level = _ACCESS.get((stated or "").lower())
    if level is None:
        return None
    conditions = "\n".join(_conditions(top, restricted=level != "open"))
    until = meta["embargo_date"].date or native.at("embargo", "until").date
    return Access(
        level=level,
        conditions=conditions or ("metadata-only" if stated == "metadata-only" else None),
        until=until if level == "embargoed" else None,
    )


def _conditions(top: JsonNode, *, restricted: bool) -> Iterator[str]:
    """Yield the conditions with the addresses behind their links, and the page with the request form.

    InvenioRDM's settings state whether there is a form. Without them the API's link alone does not, since any
    record has one; conditions are shown on the form only, so that both together do.
    """
    settings, stated = top.at("parent", "access", "settings"), top.at("metadata", "access_conditions")
    texts = (node.prose for node in (stated, settings["accept_conditions_text"]))
    plain = (plain_text(_LINK.sub(_with_address, text)) for text in texts if text)
    said = [text for text in dict.fromkeys(plain) if text]
    yield from said or filter(None, [_prose(top.at("access", "embargo", "reason"))])
    asked = [settings[f"allow_{who}_requests"].value for who in ("user", "guest")]
    linked = bool(said and top.at("links", "access_request").address)
    page = _page(top, record_number(top) or "")
    if restricted and page and (True in asked or (linked and asked == [None, None])):
        yield f"Access is requested at {page}"


def _with_address(link: re.Match[str]) -> str:
    """Return a link of HTML followed by its address, which plain text would lose."""
    address = link["address"]
    if link["text"].strip().casefold() == address.casefold():
        return link[0]
    return f"{link[0]} {address} " if address.casefold().startswith("mailto:") else f"{link[0]} ({address}) "


def _page(top: JsonNode, source_id: str) -> str | None:
    links = top["links"]
    page = links["self_html"].address or links["html"].address
    return page or (f"https://zenodo.org/records/{source_id}" if source_id.isdigit() else None)


def _provenance(top: JsonNode, source_id: str, origins: tuple[FieldOrigin, ...]) -> Provenance:
    return Provenance(source="zenodo", source_id=source_id, url=_page(top, source_id), origins=origins)
