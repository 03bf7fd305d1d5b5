# SPDX-License-Identifier: MIT
"""Store assessments: the evidence on an object, its scores, and their history.

An assessment is keyed by a persistent identifier. The entry that carries this identifier at the moment has
the assessment, so that it survives new harvests, renamings and mergers of entries.
"""

import zlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    RowMapping,
    bindparam,
    desc,
    exists,
    func,
    insert,
    select,
    tuple_,
    update,
)

from fairreg.errors import RecordError
from fairreg.registry.db.key_conditions import chunks, in_key_pairs, marked
from fairreg.registry.db.tables import assessments, entries, statements
from fairreg.registry.resolution.grouping import SHARED_SCHEMES, link_keys
from fairreg.rubrics import VERSIONS
from fairreg.schemas.identifiers import Identifier, IdentifierLike, RequestedIdentifier
from fairreg.schemas.record import ModelRecord
from fairreg.schemas.timestamps import now

__all__ = [
    "Assessment",
    "every_assessment",
    "evidence_of",
    "hide_older_scores",
    "history",
    "is_shown",
    "object_keys",
    "older_assessments",
    "report_of",
    "restore_scores",
    "save_assessments",
    "subject",
]

Key = tuple[str, str]
# Fast level: the documents are so repetitive that a higher one saves little.
_LEVEL = 3


@dataclass(frozen=True)
class Assessment:
    """Assessment of the object that `subject` names (see the function `subject`), in the entry `identifier`.

    `report` and `evidence` are JSON documents, empty where only the scores are loaded; `evidence_sha256` is
    the hex digest of the latter. `assessed_at` is when the evidence was gathered, `offline` tells whether the
    network was left out, `judged_at` is when the evidence was last scored.
    """

    identifier: str
    subject: Key
    rubric: str
    rubric_version: str
    assessed_at: str
    offline: bool
    overall: float | None
    coverage: float
    letters: Mapping[str, float | None]
    evidence_sha256: str
    report: bytes = b""
    evidence: bytes = b""
    judged_at: str | None = None


def subject(record: ModelRecord) -> Key:
    """Return the key of the record's main identifier, else of its place at its source."""
    own = (item for item in record.identifiers if item.compact == record.identifier)
    place = Identifier(record.provenance.source, record.provenance.source_id)
    return next(own, place).key


def save_assessments(connection: Connection, items: Iterable[Assessment]) -> None:
    """Store assessments and copy their scores to the entries.

    The same evidence under the same rubric updates the existing row. An assessment without an overall score,
    or under a rubric of another release, leaves the entry's score as it is.
    """
    listed = _unforgotten(connection, items)
    rows = {_place(item): _values(item) for item in listed}
    known = _known(connection, rows)
    fresh = [values for place, values in rows.items() if place not in known]
    renewed = [{**values, "of_id": known[place]} for place, values in rows.items() if place in known]
    if fresh:
        connection.execute(insert(assessments), fresh)
    if renewed:
        changed: dict[str, Any] = {name: bindparam(name) for name in renewed[0] if name != "of_id"}
        connection.execute(
            update(assessments).where(assessments.c.id == bindparam("of_id")).values(changed), renewed
        )
    _show(connection, filter(is_shown, listed))


def is_shown(item: Assessment) -> bool:
    """Tell whether the score may stand beside others: a number, by the rubric of this release."""
    return item.overall is not None and item.rubric_version == VERSIONS.get(item.rubric)


def _unforgotten(connection: Connection, items: Iterable[Assessment]) -> list[Assessment]:
    """Return the assessments but those of records that were removed for good."""
    listed = list(items)
    held = marked(connection, map(_mark, listed))
    return [item for item in listed if _mark(item) not in held] if held else listed


def _mark(item: Assessment) -> Key:
    """Return the key by which the assessed record may be marked; unlike a subject's, it may keep case."""
    from fairreg.registry.resolution.marks import mark_key  # few registries have marks

    scheme, _, value = item.identifier.partition(":")
    named = Identifier(scheme, value)
    return mark_key(named) if named.key == item.subject else item.subject


def history(
    connection: Connection, pid: IdentifierLike, *, rubric: str | None = None
) -> tuple[Assessment, ...]:
    """Return the assessments of the object that `pid` means, newest first, without their documents."""
    query = select(*_columns()).where(_of(connection, pid))
    if rubric is not None:
        query = query.where(assessments.c.rubric == rubric)
    query = query.order_by(desc(assessments.c.assessed_at), desc(assessments.c.id))
    return tuple(_assessment(row) for row in connection.execute(query).mappings())


def older_assessments(connection: Connection) -> tuple[Assessment, ...]:
    """Return those by an older rubric whose evidence the present one has not scored, oldest first."""
    again = assessments.alias()
    # By the time of gathering: scores of training data in the evidence are computed anew, too.
    of_same = ("family", "key", "rubric", "assessed_at")
    same = [again.c[name] == assessments.c[name] for name in of_same]
    scored = exists().where(*same, _of_this_release(again.c))
    older = assessments.c.rubric.in_(VERSIONS) & ~_of_this_release(assessments.c)
    query = select(*_columns()).where(older, ~scored).order_by(assessments.c.assessed_at, assessments.c.id)
    return tuple(_assessment(row) for row in connection.execute(query).mappings())


def _columns() -> list[ColumnElement[Any]]:
    """Return all columns but the documents."""
    return [item for item in assessments.c if item.name not in {"report", "evidence"}]


def _of_this_release(columns: Any) -> ColumnElement[bool]:
    return tuple_(columns.rubric, columns.rubric_version).in_(VERSIONS.items())


def every_assessment(connection: Connection) -> Iterator[Assessment]:
    """Yield all assessments with their documents, ordered by subject, rubric and time, a batch at a time."""
    order = [assessments.c[name] for name in (*_PLACE, "assessed_at")]
    listed = list(connection.scalars(select(assessments.c.id).order_by(*order)))
    for chunk in chunks(listed):
        rows = connection.execute(
            select(assessments).where(assessments.c.id.in_(chunk)).order_by(*order)
        ).mappings()
        for row in rows:
            report, evidence = zlib.decompress(row["report"]), zlib.decompress(row["evidence"])
            yield replace(_assessment(row), report=report, evidence=evidence)


def evidence_of(connection: Connection, item: Assessment) -> bytes:
    """Return the evidence of an assessment; RecordError where it is damaged or missing."""
    place = (assessments.c.evidence_sha256 == item.evidence_sha256) & (assessments.c.rubric == item.rubric)
    found = connection.execute(select(assessments.c.evidence).where(place).limit(1)).scalar()
    try:
        return zlib.decompress(found or b"")
    except zlib.error as error:
        raise RecordError(
            f"The evidence of {item.identifier} is damaged: {error}.", hint="Assess it again online."
        ) from error


def report_of(connection: Connection, item: Assessment) -> bytes:
    """Return the report of an assessment; RecordError where it is damaged or missing."""
    keys = ("evidence_sha256", "rubric", "rubric_version", "judged_at")
    same = [assessments.c[name] == getattr(item, name) for name in keys]
    found = connection.execute(select(assessments.c.report).where(*same).limit(1)).scalar()
    try:
        return zlib.decompress(found or b"")
    except zlib.error as error:
        raise RecordError(f"The report of {item.identifier} is damaged: {error}.") from error


def _show(connection: Connection, made: Iterable[Assessment]) -> None:
    """Copy the scores to the entries."""
    rows = [{"of": item.identifier, "score": item.overall} for item in made]
    if rows:
        named = entries.c.identifier == bindparam("of")
        connection.execute(update(entries).where(named).values(fair_score=bindparam("score")), rows)


def hide_older_scores(connection: Connection) -> int:
    """Take the scores of other rubrics off the entries; return the number of assessments that they are from.

    The assessments themselves are kept.
    """
    connection.execute(update(entries).where(entries.c.fair_score.is_not(None)).values(fair_score=None))
    current = _of_this_release(assessments.c)
    listed = connection.scalars(select(assessments.c.identifier).where(current).distinct())
    for identifier in list(listed):
        _show(connection, [replace(item, identifier=identifier) for item in _best(connection, identifier)])
    return connection.scalar(select(func.count()).select_from(assessments).where(~current)) or 0


def _best(connection: Connection, identifier: str) -> list[Assessment]:
    """Return the newest assessment of an entry that may be shown, if any."""
    return [item for item in history(connection, identifier) if is_shown(item)][:1]


def restore_scores(connection: Connection, statement_ids: Iterable[int]) -> None:
    """Give merged entries without a score that of the newest assessment of their statements."""
    for chunk in chunks(statement_ids):
        unscored = (
            select(entries.c.identifier)
            .distinct()
            .join(statements, statements.c.entry_id == entries.c.id)
            .where(statements.c.id.in_(chunk), entries.c.fair_score.is_(None))
        )
        for identifier in list(connection.scalars(unscored)):
            best = _best(connection, identifier)
            _show(connection, [replace(item, identifier=identifier) for item in best])


_PLACE = ("family", "key", "rubric", "rubric_version", "evidence_sha256")


def _place(item: Assessment) -> tuple[str, ...]:
    return (*item.subject, item.rubric, item.rubric_version, item.evidence_sha256)


def _known(connection: Connection, places: Iterable[tuple[str, ...]]) -> dict[tuple[str, ...], int]:
    """Return the keys of the existing rows, by their place."""
    columns = [assessments.c[name] for name in _PLACE]
    found: dict[tuple[str, ...], int] = {}
    for chunk in chunks(sorted({place[:2] for place in places})):
        pairs = [(family, key) for family, key in chunk]
        query = select(assessments.c.id, *columns).where(
            in_key_pairs(assessments.c.family, assessments.c.key, pairs)
        )
        found |= {tuple(row[1:]): row.id for row in connection.execute(query)}
    return found


def _values(item: Assessment) -> dict[str, object]:
    return {
        **dict(zip(_PLACE, _place(item), strict=True)),
        "identifier": item.identifier,
        "assessed_at": item.assessed_at,
        "judged_at": item.judged_at or now(),
        "offline": item.offline,
        "overall": item.overall,
        "coverage": item.coverage,
        "letters": dict(item.letters),
        "report": zlib.compress(item.report, _LEVEL),
        "evidence": zlib.compress(item.evidence, _LEVEL),
    }


def _of(connection: Connection, pid: IdentifierLike) -> ColumnElement[bool]:
    """Select assessments of `pid`: under any identifier of its entry, else under `pid` itself."""
    from fairreg.registry.search.lookup import entries_for

    found = entries_for(connection, pid)
    # A repository may be an identifier of the model inside it and an entry of its own as well.
    named = [item for item in found if item.matched and item.matched.compact == item.identifier]
    entry = next(iter(named or found), None)
    if entry is None:
        return in_key_pairs(assessments.c.family, assessments.c.key, [_key(pid)])
    query = select(statements.c.record).join(entries, entries.c.id == statements.c.entry_id)
    said = connection.scalars(query.where(entries.c.identifier == entry.identifier))
    keys = {key for record in said for key in object_keys(ModelRecord.from_json(record))}
    return in_key_pairs(assessments.c.family, assessments.c.key, sorted(keys))


def _key(pid: IdentifierLike) -> Key:
    return pid.key if isinstance(pid, Identifier) else RequestedIdentifier.of(pid).require().key


def object_keys(record: ModelRecord) -> set[Key]:
    """Return all keys of the object, without repositories, each of which may hold several models."""
    place = Identifier(record.provenance.source, record.provenance.source_id)
    return {subject(record), place.key} | {key for key in link_keys(record) if key[0] not in SHARED_SCHEMES}


def _assessment(row: RowMapping) -> Assessment:
    return Assessment(
        identifier=row["identifier"],
        subject=(row["family"], row["key"]),
        rubric=row["rubric"],
        rubric_version=row["rubric_version"],
        assessed_at=row["assessed_at"],
        offline=row["offline"],
        overall=row["overall"],
        coverage=row["coverage"],
        letters=row["letters"],
        evidence_sha256=row["evidence_sha256"],
        judged_at=row["judged_at"],
    )
