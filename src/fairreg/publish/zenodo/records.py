# SPDX-License-Identifier: MIT
"""Records and drafts in the answers of the service: their ids, DOIs and versions."""

from dataclasses import replace

from fairreg.publish.base import Deposit
from fairreg.publish.zenodo.api import InvenioDrafts, PublicationRefused, is_record_id
from fairreg.schemas.identifiers import Identifier, normalise_doi
from fairreg.schemas.json_reader import JsonNode
from fairreg.sources import DOI, ZENODO

__all__ = ["deposit_of", "doi_of", "id_of", "is_called", "last_version", "record_id", "version_number"]


def deposit_of(known: Deposit, answer: JsonNode) -> Deposit:
    """Return a deposit with what an answer of the service says of it."""
    doi, concept = doi_of(answer), concept_of(answer)
    published = known.status == "published"
    return replace(
        known,
        id=known.id or id_of(answer),
        page=answer.at("links", "self_html").address or known.page,
        identifier=f"{DOI.name}:{doi}" if doi else known.identifier if published else None,
        concept=f"{DOI.name}:{concept}" if concept else known.concept,
    )


def id_of(answer: JsonNode) -> str:
    """Return the id of a record. Raises PublicationRefused for one in another form."""
    number = answer["id"].text or ""
    if not is_record_id(number):
        raise PublicationRefused("The service made a draft without an id that fairreg knows.")
    return number


def doi_of(answer: JsonNode) -> str | None:
    """Return the DOI of a record or of a draft, None before it has one."""
    stated = answer.at("pids", "doi", "identifier").text or answer["doi"].text
    return normalise_doi(stated or "")


def version_number(version: str) -> str:
    """Return a version as it is compared: v1.0 is 1.0."""
    return version.strip().lower().removeprefix("v")


def concept_of(answer: JsonNode) -> str | None:
    """Return the DOI of all versions."""
    stated = answer.at("parent", "pids", "doi", "identifier").text or answer["conceptdoi"].text
    return normalise_doi(stated or "")


def record_id(identifier: Identifier) -> str | None:
    """Return the id of a record at the service by its own name or its DOI; None for another identifier."""
    if identifier.scheme == ZENODO.name:
        return identifier.value
    last = identifier.value.rpartition("/")[2].rpartition(".")[2] if identifier.scheme == DOI.name else ""
    return last if is_record_id(last) else None


def is_called(record: JsonNode, wanted: Identifier) -> bool:
    """Tell whether a record, or its concept, has an identifier: an answer may be about another one."""
    if wanted.scheme == ZENODO.name:
        return wanted.value in {
            record["id"].text,
            record.at("parent", "id").text,
            record["conceptrecid"].text,
        }
    return wanted.value.casefold() in {doi_of(record), concept_of(record)}


def last_version(drafts: InvenioDrafts, record: JsonNode) -> JsonNode:
    """Return the newest version of a record; the service makes the next one after that."""
    concept = record.at("parent", "id").text or record["conceptrecid"].text or ""
    return (drafts.published(concept) if is_record_id(concept) else None) or record
