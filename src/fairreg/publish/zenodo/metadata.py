# SPDX-License-Identifier: MIT
"""A record in the metadata of an InvenioRDM draft.

The fields are those of the InvenioRDM manual, reference/metadata (8064a4b, August 2026). What has no field
there is in the files: FAIR4ML, signature, model card. An answer names a field by its path; `record_field`
translates it.
"""

import html
import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from fairreg.formats.base import filled_members
from fairreg.formats.creator_names import is_group, parts
from fairreg.formats.related import code_of, papers_of, repository_of, unique
from fairreg.publish.zenodo.languages import vocabulary_id
from fairreg.schemas.datacite_terms import institutions, stated_relation
from fairreg.schemas.identifiers import Identifier
from fairreg.schemas.json_reader import JsonNode
from fairreg.schemas.licenses import is_listed
from fairreg.schemas.record import Creator, ModelRecord, Relation, Tensor
from fairreg.sources import ARXIV, DOI, SWHID

__all__ = ["day_note", "document", "record_field", "relation_word"]

# Resource types of InvenioRDM: `model` is DataCite's Model.
_TYPES = {"model": "model", "dataset": "dataset", "software": "software"}
# Ids of its relation types (fixtures/data/vocabularies/relation_types.yaml, 2524a84), but for those between
# versions, which are its own to state.
_RELATIONS = frozenset(
    {
        *("iscitedby", "cites", "issupplementto", "issupplementedby", "iscontinuedby", "continues"),
        *("isdescribedby", "describes", "ispartof", "haspart", "isreferencedby", "references"),
        *("isdocumentedby", "documents", "iscompiledby", "compiles", "isvariantformof", "isoriginalformof"),
        *(
            "isidenticalto",
            "isreviewedby",
            "reviews",
            "isderivedfrom",
            "issourceof",
            "isrequiredby",
            "requires",
        ),
    }
)
# Its resource types (resource_types.yaml beside it) by the words of files for the other object.
_KINDS = {
    "article": "publication-article",
    "journalarticle": "publication-article",
    "scholarlyarticle": "publication-article",
    **{
        name: name
        for name in (
            *("dataset", "software", "model", "publication", "poster", "presentation", "image", "other"),
            *("publication-article", "publication-preprint", "publication-conferencepaper"),
            *("publication-book", "publication-section", "publication-report", "publication-workingpaper"),
            *("publication-datamanagementplan", "publication-technicalnote", "publication-patent"),
            *("publication-softwaredocumentation", "publication-deliverable", "publication-proposal"),
        )
    },
}
_DATA = frozenset({"trained_on", "tested_on", "evaluated_on"})
# Field of the record behind each field of the metadata.
_FIELDS: Mapping[str, str] = {
    "metadata.resource_type": "kind",
    "metadata.title": "name",
    "metadata.publication_date": "date_published",
    "metadata.creators": "creators",
    "metadata.publisher": "publisher",
    "metadata.description": "description",
    "metadata.additional_descriptions": "inputs",
    "metadata.rights": "license",
    "metadata.subjects": "keywords",
    "metadata.languages": "language",
    "metadata.version": "version",
    "metadata.related_identifiers": "relations",
    "metadata.identifiers": "identifiers",
    "custom_fields": "relations",
    "pids": "identifiers",
    "access": "access",
    "files": "distributions",
}
# Words of a licence that SPDX does not list, with the address of its text behind them.
_WITH_ADDRESS = re.compile(r"([^()]+?) \((https?://[^\s()]+)\)")


def record_field(stated: str) -> str | None:
    """Return the field of the record behind a field of an answer, ``metadata.creators.0.person_or_org``."""
    fitting = (name for name in _FIELDS if stated == name or stated.startswith((f"{name}.", f"{name}[")))
    return next((_FIELDS[name] for name in fitting), None)


def document(record: ModelRecord, *, today: str, custom_fields: bool = True) -> dict[str, Any]:
    """Return the whole document of a draft, without its identifiers, which a draft keeps.

    `today` is the date of publication where the record states none (ISO 8601).
    """
    code = repository_of(record)
    return {
        "access": _access(record),
        "files": {"enabled": True},
        "metadata": filled_members(_metadata(record, today)),
        "custom_fields": {"code:codeRepository": code} if code and custom_fields else {},
    }


def _access(record: ModelRecord) -> dict[str, Any]:
    """Return the access: files that the record does not call open are never opened."""
    stated = record.access
    if stated is None or stated.level == "open":
        return {"record": "public", "files": "public"}
    closed: dict[str, Any] = {"record": "public", "files": "restricted"}
    if stated.level == "embargoed" and stated.until:
        until = {"active": True, "until": stated.until[:10], "reason": stated.conditions}
        closed["embargo"] = filled_members(until)
    return closed


def _metadata(record: ModelRecord, today: str) -> dict[str, Any]:
    language = vocabulary_id(record.language)
    return {
        "resource_type": {"id": _TYPES[record.kind]},
        "title": record.name,
        "publication_date": (record.date_published or today)[:10],
        "creators": [_creator(item) for item in record.creators],
        "publisher": record.publisher,
        "description": _paragraphs(record.description),
        "additional_descriptions": list(_descriptions(record)),
        "rights": list(_rights(record)),
        "subjects": [{"subject": word} for word in dict.fromkeys(record.keywords)],
        "languages": [{"id": language}] if language else [],
        "version": record.version,
        "related_identifiers": list(_related(record)),
    }


def day_note(record: ModelRecord, earlier: Iterable[JsonNode]) -> str | None:
    """Return a sentence on the day of an earlier version that the files still state for a new one."""
    days = {item.at("metadata", "publication_date").text for item in earlier}
    day = (record.date_published or "")[:10]
    if day not in days - {datetime.now(UTC).date().isoformat()}:
        return None
    return (
        f"Note: the files state the day {day}, on which an earlier version was published. "
        "Change or remove it (date-released of CITATION.cff, date_published of facts.toml in a project): "
        "without one it is the day of the publication."
    )


def _creator(item: Creator) -> dict[str, Any]:
    if is_group(item):
        ror = [{"scheme": "ror", "identifier": item.ror}] if item.ror else []
        who = {"type": "organizational", "name": item.name, "identifiers": ror}
    else:
        family, given = parts(item)
        orcid = [{"scheme": "orcid", "identifier": item.orcid}] if item.orcid else []
        who = {"type": "personal", "family_name": family, "given_name": given, "identifiers": orcid}
    return filled_members({"person_or_org": filled_members(who), "affiliations": _affiliations(item)})


def _affiliations(item: Creator) -> list[dict[str, str]]:
    """Return the institutions: by ROR where the record has as many of these as names, else by name.

    The service takes the name of an identifier from its vocabulary; one that lacks it keeps ours.
    """
    names, _ = institutions(name.strip() for name in (item.affiliation or "").split(";"))
    if item.affiliation_rors and len(item.affiliation_rors) == len(names):
        return [{"id": ror, "name": name} for ror, name in zip(item.affiliation_rors, names, strict=True)]
    if item.affiliation_rors and len(item.affiliation_rors) > len(names):
        return [{"id": ror} for ror in item.affiliation_rors]
    return [{"name": name} for name in names]


def _paragraphs(text: str | None) -> str | None:
    """Return plain text as HTML."""
    blocks = [block.strip() for block in re.split(r"\n\s*\n", text or "") if block.strip()]
    return "".join(f"<p>{html.escape(block, quote=False)}</p>" for block in blocks) or None


def _descriptions(record: ModelRecord) -> Iterator[dict[str, Any]]:
    signature = [*_signature("Input", record.inputs), *_signature("Output", record.outputs)]
    texts = (
        ("technical-info", "\n\n".join(signature)),
        ("notes", _titled("Intended use", record.intended_use)),
        ("notes", _titled("Limitations", record.limitations)),
    )
    for kind, text in texts:
        told = _paragraphs(text)
        if told:
            yield {"description": told, "type": {"id": kind}}


def _titled(title: str, text: str | None) -> str:
    return f"{title}: {text}" if text else ""


def _signature(word: str, tensors: tuple[Tensor, ...]) -> Iterator[str]:
    for item in tensors:
        shape = ", ".join(map(str, item.shape))
        names = ", ".join(f"{one.name} [{one.unit}]" if one.unit else one.name for one in item.features)
        features = f"; features in order: {names}" if names else ""
        yield f"{word} {item.name}: {item.dtype} ({shape}){features}"


def _rights(record: ModelRecord) -> Iterator[dict[str, Any]]:
    """Yield the licences: by the vocabulary's id, which is that of SPDX in lower case, else in words."""
    if record.license and is_listed(record.license):
        yield {"id": record.license.lower()}
    elif record.license or record.license_stated:
        stated = record.license or record.license_stated or ""
        found = _WITH_ADDRESS.fullmatch(stated)
        yield {"title": {"en": found[1]}, "link": found[2]} if found else {"title": {"en": stated}}


def relation_word(relation: Relation) -> str | None:
    """Return the service's word for a relation; None for one that it has no field for."""
    word = stated_relation(relation)[0].lower()
    return word if word in _RELATIONS and _stated(relation.target) is not None else None


def _related(record: ModelRecord) -> Iterator[dict[str, Any]]:
    found = [*_code(record), *_papers(record)]
    for item in record.relations:
        relation = relation_word(item)
        if relation:
            kind = _KINDS.get((item.target_kind or "").lower())
            found.append((item.target, relation, kind or ("dataset" if item.type in _DATA else None)))
    seen: set[tuple[tuple[str, str], str]] = set()
    for target, relation, kind in found:
        stated = _stated(target)
        if stated is not None and (target.key, relation) not in seen:
            seen.add((target.key, relation))
            resource = {"resource_type": {"id": kind}} if kind else {}
            yield {**stated, "relation_type": {"id": relation}, **resource}


_Related = tuple[Identifier, str, str | None]


def _code(record: ModelRecord) -> Iterator[_Related]:
    """Yield the source code at its version, else its repository."""
    address = code_of(record) or repository_of(record)
    if address:
        yield Identifier("url", address), "issupplementto", "software"
    archived = (item for item in record.identifiers if item.scheme == SWHID.name)
    yield from ((item, "issupplementto", "software") for item in archived)


def _papers(record: ModelRecord) -> Iterator[_Related]:
    described = record.related("is_described_by")
    stated = {item.target.key: _KINDS.get((item.target_kind or "").lower()) for item in record.relations}
    for item in unique((*papers_of(record), *described)):
        yield item, "isdescribedby", stated.get(item.key) or "publication-article"


def _stated(target: Identifier) -> dict[str, str] | None:
    """Return an identifier with the service's word for its scheme, None for one without an address.

    DOIs and arXiv numbers have a scheme at every instance; others, such as SWHIDs, at some.
    """
    if target.scheme in {DOI.name, ARXIV.name}:
        prefix = "arXiv:" if target.scheme == ARXIV.name else ""
        return {"identifier": f"{prefix}{target.value}", "scheme": target.scheme}
    return {"identifier": target.url, "scheme": "url"} if target.url else None
