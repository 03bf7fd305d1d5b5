# SPDX-License-Identifier: MIT
"""Origin of a record, field by field: the sources that state its value or another one, and the method."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from fairreg.registry import LineageReport, Statement
from fairreg.schemas.record import Creator, Distribution, Evaluation, FieldOrigin, ModelRecord, Tensor
from fairreg.schemas.text import counted, one_line, shortened
from fairreg.server.pages.paths import web_address
from fairreg.server.pages.views.cards import Link
from fairreg.sources import source_named

__all__ = ["FieldSaying", "SourceRow", "said", "source_rows"]

_LONGEST, _FEW = 160, 4
_FIELDS = {
    "name": "Name",
    "description": "Description",
    "creators": "Creators",
    "version": "Version",
    "publisher": "Publisher",
    "date_created": "Created",
    "date_published": "Published",
    "date_modified": "Modified",
    "license": "Licence",
    "access": "Access",
    "ml_task": "Task",
    "model_category": "Architecture",
    "frameworks": "Frameworks",
    "formats": "Formats",
    "keywords": "Keywords",
    "language": "Language",
    "distributions": "Files",
    "inputs": "Inputs",
    "outputs": "Outputs",
    "parameter_count": "Parameters",
    "evaluations": "Results",
    "intended_use": "Intended use",
    "limitations": "Limitations",
    "usage": "Usage",
    "notes": "Notes",
}
_NOUNS: dict[type, str] = {Distribution: "file", Tensor: "tensor", Evaluation: "result"}


@dataclass(frozen=True)
class SaidValue:
    """A value in words; where those are its beginning, `rest` is what follows."""

    short: str
    rest: str | None = None


@dataclass(frozen=True)
class FieldSaying:
    """A field of the record: `by` state its value, each of `others` another one.

    `origin` is stated, inferred or computed; `evidence` is a text or address that supports it.
    """

    title: str
    value: SaidValue
    by: tuple[str, ...]
    others: tuple[tuple[str, SaidValue], ...]
    origin: str
    evidence: str | None


@dataclass(frozen=True)
class SourceRow:
    """A statement: what a source holds of this object or another version of it."""

    title: str
    name: str
    id: Link
    version: str | None
    retrieved: str | None
    gone: str | None
    matched: tuple[str, ...]


def said(record: ModelRecord, statements: Sequence[Statement]) -> tuple[FieldSaying, ...]:
    """Return the filled fields of a record in the order of a reader's interest."""
    origins = {item.field: item for item in record.provenance.origins}
    return tuple(
        _field(name, getattr(record, name), statements, origins.get(name))
        for name in _FIELDS
        if getattr(record, name) not in {None, ()}
    )


def _field(name: str, value: Any, statements: Sequence[Statement], origin: FieldOrigin | None) -> FieldSaying:
    stated = [(item.source, getattr(item.record, name)) for item in statements]
    by = dict.fromkeys(source for source, found in stated if found == value or _part_of(found, value))
    others = {
        source: _value(found) for source, found in stated if source not in by and found not in {None, ()}
    }
    return FieldSaying(
        title=_FIELDS[name],
        value=_value(value),
        by=tuple(source_named(source).title for source in by),
        others=tuple((source_named(source).title, text) for source, text in others.items()),
        origin=origin.origin if origin else "stated",
        evidence=origin.evidence if origin else None,
    )


def _part_of(found: Any, value: Any) -> bool:
    """Tell whether a source states a part of a list that was joined from several."""
    return isinstance(value, tuple) and bool(found) and frozenset(value) >= frozenset(found)


def _value(value: Any) -> SaidValue:
    words, whole = _text(value), one_line(value) if isinstance(value, str) else ""
    if len(whole) <= _LONGEST:
        return SaidValue(words)
    return SaidValue(words, f"…{whole[len(words.removesuffix('…')) :]}")


def _text(value: Any) -> str:
    if isinstance(value, tuple):
        noun = _NOUNS.get(type(value[0]))
        if noun is not None:
            return counted(len(value), noun)
        more = [f"and {len(value) - _FEW} more"] if len(value) > _FEW else []
        return "; ".join([*map(_text, value[:_FEW]), *more])
    if isinstance(value, Creator):
        return value.name
    if hasattr(value, "level"):
        return value.level if value.conditions is None else f"{value.level}: {_text(value.conditions)}"
    return shortened(one_line(str(value)), _LONGEST)


def source_rows(lineage: LineageReport, statements: Iterable[Statement]) -> tuple[SourceRow, ...]:
    """Return the statements of an entry and of the other versions of its lineage."""
    here = {(item.source, item.source_id): item for item in statements}
    return tuple(_rows(lineage, here))


def _rows(lineage: LineageReport, here: dict[tuple[str, str], Statement]) -> Iterator[SourceRow]:
    for link in lineage.sources:
        statement = here.get((link.source, link.source_id))
        reasons = (f"{bond.how} {bond.value}" for bond in lineage.links_of(link))
        yield SourceRow(
            title=source_named(link.source).title,
            name=link.source,
            id=Link(link.source_id, web_address(link.url), outside=True),
            version=link.version,
            retrieved=statement.retrieved_at if statement else None,
            gone=(statement.gone_reason or "withdrawn") if statement and statement.gone else None,
            matched=tuple(dict.fromkeys(reasons)),
        )
