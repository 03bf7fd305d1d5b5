# SPDX-License-Identifier: MIT
"""Links between the publications of one folder: each record names the others and the tag at GitHub."""

from collections.abc import Iterable, Iterator
from pathlib import Path

from msgspec import structs

from fairreg.formats.contents import file_format
from fairreg.publish.base import Deposit, LocalFile
from fairreg.schemas.datacite_terms import distinct_relations
from fairreg.schemas.identifiers import Identifier, parse
from fairreg.schemas.record import ModelRecord, Relation
from fairreg.services.publish.github import clone_of
from fairreg.settings import Settings
from fairreg.sources import DOI, HUGGING_FACE

__all__ = [
    "doi_of",
    "earlier_dois",
    "linked_record",
    "not_naming",
    "other_publications",
    "unlinked",
    "with_earlier",
    "with_links",
]

_LINKED = "linked"
_BEFORE = "identifiers_before"


def other_publications(
    settings: Settings, deposits: Iterable[Deposit], deposit: Deposit
) -> tuple[Deposit, ...]:
    """Return the newest publication at each other service; those of a sandbox have no identifiers."""
    found: dict[str, Deposit] = {}
    for item in deposits:
        service = settings.services.get(item.to)
        at_service = service is not None and service.url == item.url
        if at_service and item.status == "published" and item.identifier and item.to != deposit.to:
            found[item.to] = item
    return tuple(found.values())


def linked_record(
    record: ModelRecord,
    others: Iterable[Deposit],
    files: Iterable[LocalFile],
    folder: Path,
    *,
    itself: str | None = None,
) -> ModelRecord:
    """Return the record with relations to its other publications and to the tag at GitHub.

    DataCite's relations: IsIdenticalTo where the weights are the same bytes, else IsVariantFormOf. One of the
    files by which the record is identical to its own identifiers, or to `itself`, is left out.
    """
    own = {item.key for item in (*record.identifiers, *([parse(itself)] if itself else [])) if _is_doi(item)}
    weights = {file.name: file.sha256 for file in files if file_format(file.name)}
    stated = (
        item for item in record.relations if item.type != "is_identical_to" or item.target.key not in own
    )
    relations = [*stated, *_others(others, weights), *_named(record)]
    clone = clone_of(folder, record)
    if clone is not None and clone.tree is not None:
        relations.append(Relation("is_supplement_to", Identifier("url", clone.tree, "Git")))
    return structs.replace(record, relations=distinct_relations(relations))


def _is_doi(item: Identifier) -> bool:
    return item.scheme == DOI.name


def _others(others: Iterable[Deposit], weights: dict[str, str]) -> Iterator[Relation]:
    for item in others:
        same = all(item.files.get(name) == digest for name, digest in weights.items())
        yield Relation("is_identical_to" if same else "is_variant_of", parse(item.identifier or ""))


def _named(record: ModelRecord) -> Iterator[Relation]:
    """Yield the repositories at the Hub that the files name as the same model."""
    related = {item.target.key for item in record.relations}
    for item in record.identifiers:
        if item.scheme == HUGGING_FACE.name and item.key not in related and record.doi:
            yield Relation("is_variant_of", item)


def with_links(deposit: Deposit, record: ModelRecord, others: Iterable[Deposit]) -> Deposit:
    """Return a deposit that remembers which other publications its metadata name."""
    named = {item.target.compact for item in record.relations}
    kept = {item.identifier or "" for item in others if item.identifier in named}
    return deposit.with_details(**{_LINKED: " ".join(sorted(kept))}) if kept else deposit


def unlinked(deposit: Deposit, others: Iterable[Deposit]) -> tuple[Deposit, ...]:
    """Return the other publications that the metadata of a deposit do not name."""
    named = deposit.details.get(_LINKED, "").split()
    return tuple(item for item in others if item.identifier not in named)


def not_naming(deposit: Deposit, others: Iterable[Deposit], carrying: Iterable[str]) -> tuple[Deposit, ...]:
    """Return the other publications that name a deposit neither in their metadata nor in a file.

    Files of `carrying` hold the identifier here; one with the same digest holds it there, too.
    """
    here = {(name, deposit.files[name]) for name in carrying if name in deposit.files}
    return tuple(
        item
        for item in others
        if deposit.identifier not in item.details.get(_LINKED, "").split()
        and here.isdisjoint(item.files.items())
    )


def with_earlier(deposit: Deposit, known: Deposit | None) -> Deposit:
    """Return a deposit that remembers the identifier of before, where another one was entered on its page."""
    before = known.identifier if known is not None else None
    if before is None or before == deposit.identifier:
        return deposit
    kept = {*deposit.details.get(_BEFORE, "").split(), before}
    return deposit.with_details(**{_BEFORE: " ".join(sorted(kept))})


def doi_of(deposits: Iterable[Deposit]) -> str | None:
    """Return the first DOI of publications."""
    dois = (item.identifier or "" for item in deposits)
    return next((text.partition(":")[2] for text in dois if text.startswith(f"{DOI.name}:")), None)


def earlier_dois(
    deposits: Iterable[Deposit], deposit: Deposit, *, follows: str | None, sandbox: bool = False
) -> frozenset[str]:
    """Return the DOIs that a new one may take the place of, in lower case.

    They are those that the same service, or its sandbox, reserved for this folder, and the version that
    the new one `follows`; not the DOI of all versions, which stays true. One of the `sandbox` itself takes
    the place of those of the sandbox alone.
    """
    kept = [item for item in (*deposits, deposit) if item.to == deposit.to]
    kept = [item for item in kept if not sandbox or item.url == deposit.url]
    stated = {item.identifier for item in kept} | {follows}
    stated |= {text for item in kept for text in item.details.get(_BEFORE, "").split()}
    found = [parse(text) for text in stated if text and text != deposit.concept]
    return frozenset(item.value.lower() for item in found if item.scheme == DOI.name)
