# SPDX-License-Identifier: MIT
"""The tools about one record: ``get_record``, ``resolve_identifier`` and ``cite``."""

from collections.abc import Iterable

from fairreg import formats
from fairreg.errors import Inexpressible, NotFound, RecordError
from fairreg.registry import Entry, Registry
from fairreg.schemas.identifiers import Identifier, RequestedIdentifier
from fairreg.schemas.record import ModelRecord, Tensor
from fairreg.schemas.runs import runs
from fairreg.schemas.tasks import terms_of
from fairreg.server.mcp.answers import (
    CitedModel,
    DescribedEvaluation,
    DescribedFile,
    DescribedIdentifier,
    DescribedRelation,
    DescribedTensor,
    IdentifiedRecord,
    RecordDocument,
    RecordSummary,
    ResolvedIdentifier,
)
from fairreg.server.mcp.arguments import CiteArguments, FormatArguments, IdentifierArguments
from fairreg.server.mcp.foreign_text import (
    ITEMS,
    SENTENCE,
    cut,
    identifier,
    line,
    lines,
    paragraphs,
    web_page,
)
from fairreg.server.records.bounds import require_short
from fairreg.services.cite import cite
from fairreg.sources import ORCID

__all__ = ["SUMMARY", "cite_model", "document_of", "entry_of", "get_record", "pid_of", "resolve_identifier"]

SUMMARY = "summary"


def entry_of(registry: Registry, pid: str) -> Entry:
    """Return the entry that an identifier means. Raises IdentifierError and NotFound."""
    try:
        return registry.entry_for(pid)
    except NotFound as error:
        raise NotFound(
            error.message,
            hint="Find it with search_models, or see with resolve_identifier what the identifier means.",
        ) from error


def get_record(registry: Registry, asked: FormatArguments) -> RecordDocument:
    """Return a record as a summary or in a format. Raises UsageError, NotFound and Inexpressible."""
    view = None if asked.format == SUMMARY else formats.get(asked.format)
    entry = entry_of(registry, asked.pid)
    if view is None:
        return RecordDocument(
            identifier=pid_of(registry, entry), format=SUMMARY, withdrawn=entry.gone, summary=_summary(entry)
        )
    document = cut(document_of(entry, asked.format, asked.pid))
    return RecordDocument(
        identifier=pid_of(registry, entry),
        format=view.NAME,
        withdrawn=entry.gone,
        media_type=view.MEDIA_TYPES[0],
        document=document.text,
        document_is_cut=document.is_cut,
    )


def pid_of(registry: Registry, entry: Entry) -> str | None:
    """Return the identifier of an entry, or another that leads to it where that one cannot be shown."""
    own = identifier(entry.identifier)
    if own is not None:
        return own
    for item in entry.record.identifiers:
        other = identifier(item.compact)
        if other is not None and [found.identifier for found in registry.listing.entries_for(item)[:1]] == [
            entry.identifier
        ]:
            return other
    return None


def document_of(entry: Entry, name: str, asked: str) -> str:
    """Return a record in a format, for the identifier that was asked for.

    Raises Inexpressible, with nothing in it that others wrote.
    """
    require_short(entry.present_record, name)
    try:
        document = formats.get(name).write(entry.present_record)
    except RecordError as error:  # which may quote the record
        fields = ", ".join(path.removeprefix("$.") for path, _ in error.violations)
        reason = f" lacks {fields}, which {name} requires" if fields else f" cannot be written as {name}"
        raise Inexpressible(
            f"The record of {asked.strip()}{reason}.", hint="Ask for the format 'summary' or 'json'."
        ) from error
    return document.decode("utf-8", "replace") if isinstance(document, bytes) else document


def _summary(entry: Entry) -> RecordSummary:
    record = entry.present_record
    description, access = paragraphs(record.description), record.access
    return RecordSummary(
        name=line(record.name) or "",
        kind=record.kind,
        runnable=entry.runnable,
        runs=line(runs(entry.record)),
        description=description.text,
        description_is_cut=description.is_cut,
        creators=lines(creator.name for creator in record.creators),
        creators_in_all=len(record.creators),
        year=record.year,
        version=line(record.version),
        doi=None if record.doi is None else identifier(record.doi),
        concept_doi=None if record.concept_doi is None else identifier(record.concept_doi),
        url=web_page(entry.url),
        publisher=line(record.publisher),
        license=line(record.license),
        license_stated=line(record.license_stated, SENTENCE),
        access=None if access is None else access.level,
        access_conditions=None if access is None else line(access.conditions, SENTENCE),
        task=lines(record.ml_task),
        task_terms=terms_of(record.ml_task),
        categories=lines(record.model_category),
        frameworks=lines(record.frameworks),
        keywords=lines(record.keywords),
        formats=lines(record.formats),
        parameter_count=record.parameter_count,
        inputs=_tensors(record.inputs),
        outputs=_tensors(record.outputs),
        files=_files(record),
        files_in_all=len(record.distributions),
        relations=_relations(record),
        identifiers=_identifiers(record),
        evaluations=_evaluations(record),
        evaluations_in_all=len(record.evaluations),
        intended_use=line(record.intended_use, SENTENCE),
        limitations=line(record.limitations, SENTENCE),
        sources=lines(entry.sources),
        fair_score=entry.fair_score,
    )


def _tensors(tensors: Iterable[Tensor]) -> tuple[DescribedTensor, ...]:
    return tuple(
        DescribedTensor(
            name=line(item.name) or "",
            dtype=line(item.dtype) or "",
            shape=tuple(size if isinstance(size, int) else line(size) or "" for size in item.shape[:ITEMS]),
        )
        for item in tuple(tensors)[:ITEMS]
    )


def _files(record: ModelRecord) -> tuple[DescribedFile, ...]:
    return tuple(
        DescribedFile(
            name=line(item.name) or "",
            path=line(item.path),
            bytes=item.exact_size,
            checksums=lines(item.checksums),
        )
        for item in record.distributions[:ITEMS]
    )


def _relations(record: ModelRecord) -> tuple[DescribedRelation, ...]:
    return tuple(
        DescribedRelation(relation=item.type, identifier=identifier(item.target.compact))
        for item in record.relations[:ITEMS]
    )


def _identifiers(record: ModelRecord) -> tuple[DescribedIdentifier, ...]:
    return tuple(
        DescribedIdentifier(kind=line(item.scheme) or "", identifier=identifier(item.compact))
        for item in record.identifiers[:ITEMS]
    )


def _evaluations(record: ModelRecord) -> tuple[DescribedEvaluation, ...]:
    return tuple(
        DescribedEvaluation(
            metric=line(item.metric) or "",
            value=line(item.value) or "",
            dataset=line(item.dataset),
            split=line(item.split),
        )
        for item in record.evaluations[:ITEMS]
    )


def resolve_identifier(registry: Registry, asked: IdentifierArguments) -> ResolvedIdentifier:
    """Return what an identifier means, and the records that carry it. Raises IdentifierError."""
    text = asked.identifier
    found = registry.listing.entries_for(text)
    meant = RequestedIdentifier.of(text).identifier
    return ResolvedIdentifier(
        in_registry=bool(found),
        identifier=None if meant is None else identifier(meant.compact),
        scheme=None if meant is None else meant.scheme,
        url=None if meant is None else web_page(meant.url),
        records=tuple(_identified(registry, entry) for entry in found[:ITEMS]),
        records_in_all=len(found),
        records_by_author=_number_by(registry, meant),
        removed=not found and registry.removals.record_of(text) is not None,
    )


def _number_by(registry: Registry, meant: Identifier | None) -> int | None:
    """Return the number of records by the author of an ORCID; None for another identifier."""
    if meant is None or meant.scheme != ORCID.name:
        return None
    return registry.search("", author=meant.value, limit=1).total


def _identified(registry: Registry, entry: Entry) -> IdentifiedRecord:
    record = entry.record
    return IdentifiedRecord(
        identifier=pid_of(registry, entry),
        name=line(record.name) or "",
        kind=record.kind,
        matched_by=None if entry.matched is None else line(entry.matched.scheme),
        version=line(record.version),
        year=record.year,
        withdrawn=entry.gone,
    )


def cite_model(registry: Registry, asked: CiteArguments) -> CitedModel:
    """Return the citation of a record. Raises IdentifierError and NotFound."""
    entry = entry_of(registry, asked.pid)
    try:
        text = cite(
            entry.present_record,
            format=asked.format,
            with_data=asked.with_data,
            with_paper=asked.with_paper,
            registry=registry,
        )
    except Inexpressible as error:
        raise Inexpressible(
            f"{asked.pid.strip()} cannot be cited as {asked.format}.", hint="Ask for the format 'text'."
        ) from error
    told = cut(text)
    return CitedModel(
        identifier=pid_of(registry, entry),
        format=asked.format,
        citation=told.text,
        citation_is_cut=told.is_cut,
    )
