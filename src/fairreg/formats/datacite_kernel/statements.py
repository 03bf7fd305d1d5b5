# SPDX-License-Identifier: MIT
"""Statements of DataCite's metadata beside the work itself: related items, funding, contributors, withdrawal.

The properties are those of DataCite Metadata Schema 4.7: 7 (Contributor), 8 (Date), 12 (RelatedIdentifier),
19 (FundingReference) and 20 (RelatedItem).
"""

from collections.abc import Iterator
from datetime import UTC, datetime

from fairreg.schemas.datacite_terms import identifier_of, typed_relation
from fairreg.schemas.json_reader import JsonNode
from fairreg.schemas.record import Relation

__all__ = ["notes", "relations", "withdrawal"]


def relations(top: JsonNode) -> Iterator[Relation]:
    """Yield the relations to related identifiers, to related items that have one, and to awards."""
    for item in top["relatedIdentifiers"].items():
        target = identifier_of(item["relatedIdentifier"].text, item["relatedIdentifierType"].text)
        more, kind = item["relationTypeInformation"].text, item["resourceTypeGeneral"].text
        yield from _one(typed_relation(target, item["relationType"].text, kind=kind, more=more))
    for item in top["relatedItems"].items():
        stated = item["relatedItemIdentifier"]
        named = stated if stated.is_object else item
        target = identifier_of(named["relatedItemIdentifier"].text, named["relatedItemIdentifierType"].text)
        more, kind = item["relationTypeInformation"].text, item["relatedItemType"].text
        yield from _one(typed_relation(target, item["relationType"].text, kind=kind, more=more))
    for item in top["fundingReferences"].items():
        yield from _one(typed_relation(identifier_of(item["awardUri"].address), None, kind="Award"))


def notes(top: JsonNode) -> str | None:
    """Return funding, contributors and related items without an identifier, a paragraph for each kind."""
    funding = [text for item in top["fundingReferences"].items() if (text := _funding(item))]
    people = [text for item in top["contributors"].items() if (text := _contributor(item))]
    works = [text for item in top["relatedItems"].items() if (text := _work(item))]
    named = (("Funding", funding), ("Contributors", people), ("Related works", works))
    return "\n\n".join(f"{name}: {'; '.join(texts)}" for name, texts in named if texts) or None


def withdrawal(top: JsonNode) -> str | None:
    """Return when the work was withdrawn, and why where it is said; None for one that is still there.

    The date of type Withdrawn is that "the resource is removed" (DataCite Metadata Schema 4, appendix 1).
    """
    today = datetime.now(UTC).date().isoformat()
    for item in top["dates"].items():
        day = item["date"].date
        if (item["dateType"].text or "").casefold() == "withdrawn" and day and day <= today:
            why = item["dateInformation"].title
            return f"withdrawn on {day}" + (f": {why}" if why else "")
    return None


def _one(relation: Relation | None) -> Iterator[Relation]:
    if relation is not None:
        yield relation


def _funding(item: JsonNode) -> str | None:
    """Return the funder with its identifier, and the award with its number, title and address."""
    number, award = item["awardNumber"].text, item["awardTitle"].title
    parts = (
        _with_address(item["funderName"].title, _address(item)),
        _with_address(": ".join(text for text in (number, award) if text), item["awardUri"].text),
    )
    return ", award ".join(text for text in parts if text) or None


def _address(item: JsonNode) -> str | None:
    """Return the address of the funder's identifier where it has one; Zenodo writes bare ROR identifiers."""
    stated = item["funderIdentifier"].text
    found = identifier_of(stated, item["funderIdentifierType"].text)
    return (found.url if found else None) or stated


def _with_address(name: str | None, address: str | None) -> str | None:
    return f"{name} ({address})" if name and address else name or address


def _contributor(item: JsonNode) -> str | None:
    parts = (item["familyName"].title, item["givenName"].title)
    name = item["name"].title or ", ".join(part for part in parts if part)
    role = item["contributorType"].text
    return f"{name} ({role})" if name and role else name or None


def _work(item: JsonNode) -> str | None:
    """Return a related item without an identifier as a citation; one with an identifier is a relation."""
    stated = item["relatedItemIdentifier"]
    if (stated["relatedItemIdentifier"] if stated.is_object else stated).text:
        return None
    titles = (node["title"].title or node.title for node in item["titles"].items())
    title = next((text for text in titles if text), None)
    pages = "-".join(text for field in ("firstPage", "lastPage") if (text := item[field].text))
    numbered = (f"{field} {text}" for field in ("volume", "issue", "number") if (text := item[field].text))
    more = (*numbered, f"pages {pages}" if pages else None, item["publisher"].title)
    said = ", ".join(text for text in (title, *more, item["publicationYear"].text) if text)
    relation = item["relationType"].text
    return f"{relation} {said}" if said and relation else said or None
