# SPDX-License-Identifier: MIT
"""Store assessments: the evidence on an object, its scores, and their history.

An assessment is keyed by a persistent identifier. The entry that carries this identifier at the moment has
the assessment, so that it survives new harvests, renamings and mergers of entries.
"""

import logging
import zlib
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from functools import cached_property
from itertools import chain
from typing import Any

import msgspec
from sqlalchemy import (
    ColumnElement,
    Connection,
    Float,
    Row,
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

from fairreg import rubrics
from fairreg.errors import DamagedRecord, RecordError
from fairreg.registry.db.key_conditions import chunks, in_key_pairs, marked
from fairreg.registry.db.row_mapping import StoredJson, stored_record, unpacked
from fairreg.registry.db.tables import assessments, entries, identifiers, statements
from fairreg.registry.resolution.grouping import SHARED_SCHEMES, host_kind, link_keys
from fairreg.rubrics import VERSIONS
from fairreg.schemas.identifiers import DOI_SCHEMES, Identifier, IdentifierLike, RequestedIdentifier
from fairreg.schemas.record import ModelRecord
from fairreg.schemas.text import clean
from fairreg.schemas.timestamps import now

__all__ = [
    "REPEAT",
    "Assessment",
    "ScoredEntry",
    "assessed_entries",
    "every_assessment",
    "evidence_of",
    "expected_scores",
    "history",
    "object_keys",
    "older_assessments",
    "own_assessments",
    "refresh_scores",
    "report_of",
    "save_assessments",
    "show_scores",
    "shown_assessments",
    "subject",
    "whole_assessment",
]

# Next step for who meets a damaged assessment.
REPEAT = "Assess it again, with `fairreg assess`."
_LOG = logging.getLogger(__name__)
Key = tuple[str, str]
# Fast level: the documents are so repetitive that a higher one saves little.
_LEVEL = 3


@dataclass(frozen=True)
class Assessment:
    """Assessment of the object that `subject` names (see the function `subject`), in the entry `identifier`.

    `report` and `evidence` are JSON documents, empty where only the scores are loaded; `evidence_sha256` is
    the hex digest of the latter. `assessed_at` is when the evidence was gathered, `offline` tells whether the
    network was left out, `judged_at` is when it was assessed, also by an older rubric.
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
    """Store assessments and show the scores of their entries, by the rule of `show_scores`.

    The same evidence under the same rubric updates the existing row.
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
    show_scores(
        connection, assessed_entries(connection, ((item.identifier, item.subject) for item in listed))
    )


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
    return tuple(_undamaged(connection.execute(query).mappings()))


def older_assessments(connection: Connection) -> tuple[Assessment, ...]:
    """Return those by an older rubric whose evidence the present one has not scored, oldest first."""
    again = assessments.alias()
    # By the time of gathering: scores of training data in the evidence are computed anew, too.
    of_same = ("family", "key", "rubric", "assessed_at")
    same = [again.c[name] == assessments.c[name] for name in of_same]
    scored = exists().where(*same, _of_this_release(again.c))
    older = assessments.c.rubric.in_(VERSIONS) & ~_of_this_release(assessments.c)
    query = select(*_columns()).where(older, ~scored).order_by(assessments.c.assessed_at, assessments.c.id)
    return tuple(_undamaged(connection.execute(query).mappings()))


def _columns() -> list[ColumnElement[Any]]:
    """Return all columns but the documents."""
    return [item for item in assessments.c if item.name not in {"report", "evidence"}]


def _of_this_release(columns: Any) -> ColumnElement[bool]:
    return tuple_(columns.rubric, columns.rubric_version).in_(VERSIONS.items())


def every_assessment(connection: Connection) -> Iterator[Assessment | DamagedRecord]:
    """Yield all assessments with their documents, ordered by subject, rubric and time, a batch at a time.

    A damaged one is yielded as the error that says which it is.
    """
    order = [assessments.c[name] for name in (*_PLACE, "assessed_at")]
    listed = list(connection.scalars(select(assessments.c.id).order_by(*order)))
    for chunk in chunks(listed):
        rows = connection.execute(
            select(assessments).where(assessments.c.id.in_(chunk)).order_by(*order)
        ).mappings()
        for row in rows:
            try:
                yield whole_assessment(row)
            except DamagedRecord as error:
                yield error


def evidence_of(connection: Connection, item: Assessment) -> bytes:
    """Return the evidence of an assessment; RecordError where it is damaged or missing."""
    place = (assessments.c.evidence_sha256 == item.evidence_sha256) & (assessments.c.rubric == item.rubric)
    found = connection.execute(select(assessments.c.evidence).where(place).limit(1)).scalar()
    return unpacked(found, f"The evidence of {item.identifier}")


def report_of(connection: Connection, item: Assessment) -> bytes:
    """Return the report of an assessment; RecordError where it is damaged or missing."""
    keys = ("evidence_sha256", "rubric", "rubric_version", "judged_at")
    same = [assessments.c[name] == getattr(item, name) for name in keys]
    found = connection.execute(select(assessments.c.report).where(*same).limit(1)).scalar()
    return unpacked(found, f"The report of {item.identifier}")


@dataclass(frozen=True)
class ScoredEntry:
    """An entry as assessments know it: its key, its name, and the records of its statements."""

    id: int
    name: str
    records: Sequence[ModelRecord]

    @cached_property
    def keys(self) -> frozenset[Key]:
        """Keys of the object, which its assessments have as subjects."""
        return frozenset(key for record in self.records for key in object_keys(record))

    @property
    def rubric(self) -> str:
        """Rubric for objects of its kind: by another one an object is assessed only as training data."""
        return rubrics.for_kind(host_kind(self.records))


def show_scores(connection: Connection, listed: Sequence[ScoredEntry]) -> None:
    """Write the scores of entries, which `search` shows and filters by.

    An entry's score is that of its newest assessment with the network, or without any such of its newest, by
    this release's rubric of its kind; null where that assessment has no number. Every change of assessments
    or of entries ends here, so that the score does not depend on the order of the changes.
    """
    values = [{"of": key, "score": score} for key, score in expected_scores(connection, listed).items()]
    if values:
        score = bindparam("score", type_=Float)
        stale = (entries.c.id == bindparam("of")) & entries.c.fair_score.is_distinct_from(score)
        connection.execute(update(entries).where(stale).values(fair_score=score), values)


def expected_scores(connection: Connection, listed: Sequence[ScoredEntry]) -> dict[int, float | None]:
    """Return the score that each entry shows by the rule of `show_scores`, under its key."""
    made = own_assessments(connection, listed)
    return {item.id: _shown(made[item.id]) for item in listed}


def _shown(made: Iterable[RowMapping]) -> float | None:
    newest = _newest(made)
    overall = None if newest is None else newest["overall"]
    return overall if isinstance(overall, float) else None  # SQLite may hold anything, damaged by hand


def _newest(made: Iterable[RowMapping]) -> RowMapping | None:
    current = [row for row in made if row["rubric_version"] == VERSIONS[row["rubric"]]]
    counted = [row for row in current if not row["offline"]] or current
    return max(counted, key=lambda row: (row["assessed_at"], row["id"]), default=None)


def shown_assessments(connection: Connection, names: Iterable[str]) -> dict[str, Assessment]:
    """Return, by the identifier of the entry, the assessments whose scores are shown, without documents.

    They are those of `show_scores`; an entry without one is left out.
    """
    listed = _scored(row for chunk in chunks(names) for row in connection.execute(_NAMED, {"names": chunk}))
    made = own_assessments(connection, listed)
    chosen = {row["id"]: item.name for item in listed if (row := _newest(made[item.id])) is not None}
    found: dict[str, Assessment] = {}
    for ids in chunks(chosen):
        rows = connection.execute(select(*_columns()).where(assessments.c.id.in_(ids))).mappings().all()
        for row in rows:
            found.update((chosen[row["id"]], made) for made in _undamaged([row]))
    return found


_LARGE = {"report", "evidence", "letters"}
_SCORED = select(*(column for column in assessments.c if column.name not in _LARGE))
_SCORED_FOR = _SCORED.where(
    assessments.c.family.in_(bindparam("families", expanding=True)),
    assessments.c.key.in_(bindparam("keys", expanding=True)),
)
_SCORED_AS = _SCORED.where(assessments.c.identifier.in_(bindparam("names", expanding=True)))


def own_assessments(connection: Connection, listed: Iterable[ScoredEntry]) -> dict[int, list[RowMapping]]:
    """Return the scores of each entry by the rubric of its kind, under the keys of the entries."""
    found: dict[int, list[RowMapping]] = {}
    for chunk in chunks(listed):
        by_key: dict[Key, list[ScoredEntry]] = defaultdict(list)
        for item in chunk:
            for key in item.keys:
                by_key[key].append(item)
        named = {item.name: item for item in chunk}
        rows = [*_rows_of(connection, by_key, named)]
        strays = _without_entry(connection, {_subject(row) for row in rows} - by_key.keys())
        others = _spelled_otherwise(connection, rows)
        found |= {item.id: [] for item in chunk}
        for row in rows:
            owners = list(by_key.get(_subject(row), ()))
            if row["identifier"] in others:  # an address that differs in case
                owners = [item for item in owners if item.name == row["identifier"]]
            if not owners and _subject(row) in strays:
                owners = [named[row["identifier"]]]
            for item in owners:
                if item.rubric == row["rubric"]:
                    found[item.id].append(row)
    return found


def _rows_of(connection: Connection, keys: Iterable[Key], names: Iterable[str]) -> Iterator[RowMapping]:
    """Yield the scores of the subjects `keys` and of the entries `names`, each once."""
    wanted, named = set(keys), list(names)
    seen: set[int] = set()
    found = [connection.execute(_SCORED_AS, {"names": named})]
    for chunk in chunks(wanted):
        families, values = {family for family, _ in chunk}, [key for _, key in chunk]
        found.append(connection.execute(_SCORED_FOR, {"families": list(families), "keys": values}))
    for row in chain.from_iterable(rows.mappings() for rows in found):
        if row["id"] not in seen and (_subject(row) in wanted or row["identifier"] in named):
            seen.add(row["id"])
            yield row


def _subject(row: Mapping[Any, Any]) -> Key:
    return row["family"], row["key"]


def _without_entry(connection: Connection, keys: Iterable[Key]) -> set[Key]:
    """Return the subjects that are no entry's own identifier: their assessments go by the entry's name."""
    left = set(keys)
    for chunk in chunks(sorted(left)):
        query = select(identifiers.c.family, identifiers.c.key).where(
            in_key_pairs(identifiers.c.family, identifiers.c.key, chunk),
            identifiers.c.scheme == identifiers.c.family,
        )
        left -= {_subject(row) for row in connection.execute(query).mappings()}
    return left


def _spelled_otherwise(connection: Connection, rows: Iterable[RowMapping]) -> set[str]:
    """Return the names of entries among those of the assessments whose subject ignores a case that counts."""
    spelled = [row for row in rows if row["family"] not in DOI_SCHEMES]
    if not spelled:
        return set()
    from fairreg.registry.resolution.marks import is_folded  # most of what is assessed has a DOI

    names = {row["identifier"] for row in spelled if not is_folded(row["family"])}
    found: set[str] = set()
    for chunk in chunks(sorted(names)):
        held = select(entries.c.identifier).where(entries.c.identifier.in_(chunk))
        found |= set(connection.scalars(held))
    return found


def assessed_entries(connection: Connection, made: Iterable[tuple[str, Key]]) -> list[ScoredEntry]:
    """Return the entries that assessments, given by identifier and subject, may belong to."""
    listed = list(made)
    keys, names = {key for _, key in listed}, {name for name, _ in listed}
    spelled = {(scheme, value) for scheme, _, value in (name.partition(":") for name in names)}
    numbers: set[int] = set()
    for chunk in chunks(sorted(keys)):
        held = in_key_pairs(identifiers.c.family, identifiers.c.key, chunk)
        numbers |= set(connection.scalars(select(identifiers.c.entry_id).where(held)))
    for named in chunks(sorted(names)):
        numbers |= set(connection.scalars(select(entries.c.id).where(entries.c.identifier.in_(named))))
    for places in chunks(sorted(keys | spelled)):
        held = in_key_pairs(statements.c.source, statements.c.source_id, places)
        numbers |= set(connection.scalars(select(statements.c.entry_id).where(held)))
    return _loaded(connection, numbers)


def _loaded(connection: Connection, numbers: Iterable[int]) -> list[ScoredEntry]:
    return [
        item
        for chunk in chunks(sorted(numbers))
        for item in _scored(connection.execute(_STATED.where(entries.c.id.in_(chunk))))
    ]


_STATED = select(entries.c.id, entries.c.identifier, statements.c.record).join(
    statements, statements.c.entry_id == entries.c.id
)
_NAMED = _STATED.where(entries.c.identifier.in_(bindparam("names", expanding=True)))


def _scored(rows: Iterable[Row[Any, Any, Any]]) -> list[ScoredEntry]:
    records: dict[tuple[int, str], list[ModelRecord]] = defaultdict(list)
    for row in rows:
        said = records[row.id, row.identifier]
        if (record := stored_record(row.record)) is not None:
            said.append(record)
    return [ScoredEntry(number, name, said) for (number, name), said in records.items() if said]


def refresh_scores(connection: Connection) -> int:
    """Show the scores of all entries anew, none of other rubrics; return how many assessments are by those.

    The assessments themselves are kept.
    """
    connection.execute(update(entries).where(entries.c.fair_score.is_not(None)).values(fair_score=None))
    current = _of_this_release(assessments.c)
    query = (
        select(assessments.c.identifier, assessments.c.family, assessments.c.key).where(current).distinct()
    )
    made = [(row["identifier"], _subject(row)) for row in connection.execute(query).mappings()]
    for chunk in chunks(made):
        show_scores(connection, assessed_entries(connection, chunk))
    return connection.scalar(select(func.count()).select_from(assessments).where(~current)) or 0


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
    read = [record for stored in said if (record := stored_record(stored)) is not None]
    keys = {key for record in read for key in object_keys(record)} or {_key(pid)}
    return in_key_pairs(assessments.c.family, assessments.c.key, sorted(keys))


def _key(pid: IdentifierLike) -> Key:
    return pid.key if isinstance(pid, Identifier) else RequestedIdentifier.of(pid).require().key


def object_keys(record: ModelRecord) -> set[Key]:
    """Return all keys of the object, without repositories, each of which may hold several models."""
    place = Identifier(record.provenance.source, record.provenance.source_id)
    return {subject(record), place.key} | {key for key in link_keys(record) if key[0] not in SHARED_SCHEMES}


_DOCUMENTS = ("report", "evidence")
_PLAIN = tuple({field.name for field in fields(Assessment)} - {"subject", "letters", *_DOCUMENTS})


def _assessment(row: Mapping[Any, Any]) -> Assessment:
    """Return a row as an assessment without documents; DamagedRecord where a column holds another type."""
    stored: StoredJson = row["letters"]
    try:
        letters = stored.read(dict[str, float | None])
        stated = {name: row[name] for name in _PLAIN}
        return msgspec.convert(
            {**stated, "subject": (row["family"], row["key"]), "letters": letters}, Assessment
        )
    except (RecordError, msgspec.ValidationError) as error:
        reason = error.message if isinstance(error, RecordError) else f"{error}."
        raise DamagedRecord(_name_of(row), reason, hint=REPEAT) from error


def whole_assessment(row: Mapping[Any, Any]) -> Assessment:
    """Return a row with all columns as an assessment with its documents; DamagedRecord."""
    made, whose = _assessment(row), _name_of(row)
    report, evidence = (unpacked(row[name], f"{whose} ({name})") for name in _DOCUMENTS)
    return replace(made, report=report, evidence=evidence)


def _name_of(row: Mapping[Any, Any]) -> str:
    rubric = f"{row['rubric']} {row['rubric_version']}"
    return f"The assessment of {row['identifier']} by {rubric} at {row['assessed_at']}"


def _undamaged(rows: Iterable[RowMapping]) -> Iterator[Assessment]:
    """Yield the rows as assessments; a damaged one is left out and logged."""
    for row in rows:
        try:
            yield _assessment(row)
        except DamagedRecord as error:
            _LOG.error("%s is damaged, and left out; `fairreg db check` says why.", clean(error.whose))
