# SPDX-License-Identifier: MIT
"""Garden (https://thegardens.ai), the successor of DLHub: records from its metadata documents.

A garden is a citable collection of functions that run models. Its documents are those of the service's own
client (garden_ai, nested garden and function metadata); fairreg does not query the service, whose search is
not documented. DOIs of its prefix 10.26311 are DataCite's: `datacite` serves them.
"""

import re
from collections.abc import Iterator
from datetime import date
from typing import ClassVar

from fairreg.errors import UsageError
from fairreg.harvesters.base import FetchedPayload, Harvester, HitPage, Payload, payloads_of
from fairreg.harvesters.common.authors import with_kind
from fairreg.schemas.datacite_terms import distinct_identifiers, distinct_relations, identifier_of
from fairreg.schemas.identifiers import Identifier, normalise_doi
from fairreg.schemas.json_reader import JsonNode, violation
from fairreg.schemas.record import Creator, FieldOrigin, ModelRecord, Provenance, Relation, RelationType
from fairreg.schemas.text import plain_text, split_keywords
from fairreg.web import HttpClient

__all__ = ["HARVESTER", "GardenHarvester"]

_PARTS = {"entrypoints": "entrypoint", "modal_functions": "modal_function"}
# Objects of many services have an id and a title; Garden's have one of these as well.
_MARKS = (
    "is_archived",
    "doi_is_draft",
    "function_name",
    "func_uuid",
    "entrypoint_ids",
    "modal_function_ids",
    *_PARTS,
)
_HUB = re.compile(r"https://huggingface\.co/[\w.-]+/[\w.-]+")
_HINT = "Add saved JSON documents of Garden instead."


class GardenHarvester(Harvester):
    """Garden's saved documents: gardens with their functions, and functions alone."""

    name: ClassVar[str] = "garden"
    # It sends no requests at all.
    searchable: ClassVar[bool] = False
    harvestable: ClassVar[bool] = False

    def handles(self, identifier: Identifier) -> bool:  # noqa: ARG002 - see the answer
        """Handle no identifier: the service is not queried."""
        return False

    def fetch(self, web: HttpClient, identifier: Identifier) -> FetchedPayload:  # noqa: ARG002 - no request is sent
        """Raise UsageError: the service is not queried."""
        raise UsageError("Garden cannot be asked for single records; its DOIs are DataCite's.", hint=_HINT)

    def search(
        self,
        web: HttpClient,  # noqa: ARG002 - no request is sent
        query: str,  # noqa: ARG002
        *,
        since: date | None = None,  # noqa: ARG002
        cursor: str | None = None,  # noqa: ARG002
        limit: int | None = None,  # noqa: ARG002
        page_size: int | None = None,  # noqa: ARG002
    ) -> Iterator[HitPage]:
        """Raise UsageError: Garden has no documented search."""
        raise UsageError("Garden has no live search.", hint=_HINT)

    def to_record(self, payload: Payload) -> ModelRecord:
        """The record of a garden or of a function. Raises RecordError with the JSON path."""
        top = JsonNode(payload)
        title, own = top["title"].title, _own(top)
        if title is None:
            raise violation(top["title"], "is missing", source=self.title)
        if own is None:
            raise violation(top["id"], "is missing, and there is no DOI", source=self.title)
        if not any(field in top.value for field in _MARKS):
            raise violation(
                top["is_archived"], "is missing: this is not a document of Garden", source=self.title
            )
        doi = _doi(top)
        return ModelRecord(
            identifier=f"doi:{doi}" if doi else own.compact,
            kind="model",
            name=title,
            provenance=_provenance(top, own),
            description=_description(top),
            identifiers=distinct_identifiers(_identifiers(top, own)),
            version=top["version"].text,
            creators=tuple(
                with_kind(Creator(name=text)) for node in top["authors"].items() if (text := node.title)
            ),
            publisher=top["publisher"].title or "Garden-AI",
            stated_type=_kind(top),
            keywords=split_keywords(text for node in top["tags"].items() if (text := node.text)),
            language=top["language"].text,
            date_published=top["year"].date,
            relations=distinct_relations(_relations(top)),
            notes=_notes(top),
        )

    def split(self, page: object) -> Iterator[Payload]:
        """The documents of a list, or the one document; each garden is followed by its functions."""
        for payload in payloads_of(JsonNode(page)):
            yield payload
            yield from (part.value for _, part in _functions(JsonNode(payload)))

    def recognises(self, page: object) -> bool:
        """Tell whether a document has a title and a field that only Garden's have."""
        return any(
            JsonNode(payload)["title"].text is not None and not payload.keys().isdisjoint(_MARKS)
            for payload in self.split(page)
        )


def _kind(top: JsonNode) -> str:
    """Return Garden's word for the type of the document."""
    if any(top[field].stated for field in ("modal_function_ids", "entrypoint_ids", *_PARTS)):
        return "garden"
    if top["function_name"].stated:
        return "modal_function"
    return "entrypoint" if top["func_uuid"].stated else "garden"


def _functions(top: JsonNode) -> Iterator[tuple[str, JsonNode]]:
    """Yield (Garden's word for the type, place) of each function of a garden."""
    for field, word in _PARTS.items():
        yield from ((word, item) for item in top[field].items() if item.is_object)


def _own(top: JsonNode, kind: str | None = None) -> Identifier | None:
    """Its number within its kind, else its DOI."""
    number, word = top["id"].text, kind or _kind(top)
    if number is not None:
        return Identifier("garden", f"{word}/{number}")
    doi = normalise_doi(top["doi"].text or "")
    return Identifier("doi", doi) if doi else None


def _doi(top: JsonNode) -> str | None:
    """Return the DOI, unless it is a draft, which resolves nowhere and may be given up."""
    return None if top["doi_is_draft"].value is True else normalise_doi(top["doi"].text or "")


def _identifiers(top: JsonNode, own: Identifier) -> Iterator[Identifier]:
    doi, draft = _doi(top), normalise_doi(top["doi"].text or "")
    if doi:
        yield Identifier("doi", doi)
    elif draft:
        yield Identifier("draft_doi", draft, "doi_is_draft")
    if own.scheme == "garden":
        yield own


def _description(top: JsonNode) -> str | None:
    return (plain_text(top["description"].prose) or None) if top["description"].prose else None


def _provenance(top: JsonNode, own: Identifier) -> Provenance:
    origins = [FieldOrigin("kind", "inferred", "Garden publishes models and functions that run them")]
    if _in_code(top):
        origins.append(FieldOrigin("relations", "inferred", "addresses in function_text"))
    doi = _doi(top)
    return Provenance(
        source="garden",
        source_id=own.value,
        url=Identifier("doi", doi).url if doi else None,
        origins=tuple(origins),
    )


def _in_code(top: JsonNode) -> tuple[str, ...]:
    """Repositories of the Hugging Face Hub that the function's code names."""
    return tuple(dict.fromkeys(_HUB.findall(top["function_text"].prose or "")))


def _relations(top: JsonNode) -> Iterator[Relation]:
    for word, item in _functions(top):
        part = _own(item, word)
        if part is not None:
            yield Relation(type="has_part", target=part, target_kind=word)
    for item in top["models"].items():
        scheme = "huggingface" if "hugging" in (item["model_repository"].text or "hugging").lower() else None
        yield from _related("requires", item["model_identifier"].text, scheme, "model")
        for data in item["datasets"].items():
            yield from _related("trained_on", data["doi"].text or data["url"].text, None, "dataset")
    for address in _in_code(top):
        yield from _related("requires", address, None, "model")
    for item in top["repositories"].items():
        yield from _related("related_to", item["url"].text or item.text, None, "software")
    for item in top["papers"].items():
        yield from _related("is_described_by", item["doi"].text or item["citation"].text, "doi", None)
    for item in top["datasets"].items():
        yield from _related("related_to", item["doi"].text or item["url"].text, None, "dataset")


def _related(
    kind: RelationType, text: str | None, scheme: str | None, target_kind: str | None
) -> Iterator[Relation]:
    target = identifier_of(text, scheme)
    if target is not None:
        yield Relation(type=kind, target=target, target_kind=target_kind)


def _notes(top: JsonNode) -> str | None:
    contributors = [text for node in top["contributors"].items() if (text := node.title)]
    lines = [f"Contributors: {'; '.join(contributors)}"] if contributors else []
    if top["function_name"].text:
        lines.append(f"Function: {top['function_name'].text}")
    if top["is_archived"].value is True:
        lines.append("Archived by its owner")
    return "\n".join(lines) or None


HARVESTER = GardenHarvester()
