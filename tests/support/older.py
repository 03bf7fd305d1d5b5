# SPDX-License-Identifier: MIT
"""A registry as a release of an earlier schema left it. Every row is written by hand, none was recorded."""

import zlib
from contextlib import closing
from hashlib import sha256
from typing import Any

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, MetaData, Table, insert, text

from fairreg.registry import Assessment, Harvest, LinkOverride, RejectedPayload, StatementKey
from fairreg.registry.db.engine import Database
from fairreg.registry.db.tables import FULL_TEXT, NAME_TEXT, WORD_INDEX, described
from fairreg.registry.resolution.grouping import merge
from fairreg.schemas.identifiers import Identifier
from fairreg.schemas.record import Creator, ModelRecord, Provenance

__all__ = ["ASSESSED", "ENTRIES", "GONE", "HARVEST", "REFUSED", "VERDICT", "leave", "move"]

THEN = "2025-01-02T03:04:05+00:00"
_CONCEPT = Identifier("concept_doi", "10.1234/concept")


def _said(place: StatementKey, doi: str | None, name: str, *more: Identifier, **fields: Any) -> ModelRecord:
    own = Identifier("doi", doi) if doi else Identifier(*place)
    return ModelRecord(
        identifier=own.compact,
        kind=fields.pop("kind", "model"),
        name=name,
        identifiers=(own, *more),
        provenance=Provenance(*place, retrieved=THEN),
        **fields,
    )


_FIRST = _said(
    StatementKey("zenodo", "1"),
    "10.1234/first",
    "Interaction network, first version",
    _CONCEPT,
    date_published="2024-02-03",
    license="MIT",
    ml_task=("Jet tagging",),
    keywords=("jets", "H→bb"),
    creators=(Creator(name="Curie, Marie"),),
)
_REGISTERED = _said(
    StatementKey("datacite", "10.1234/first"), "10.1234/first", "Interaction network", publisher="A library"
)
_SECOND = _said(
    StatementKey("zenodo", "2"), "10.1234/second", "Interaction network, second version", _CONCEPT,
    description='Keys in another order, numbers and "quotes": é 1e3 \\u0041 \\ /', date_published="2025",
)  # fmt: skip
_HUB = _said(StatementKey("huggingface", "org/gone"), None, "A transformer for jets", frameworks=("pytorch",))
_DATA = _said(
    StatementKey("cernopendata", "5"),
    None,
    "Données: collisions à 13 TeV",
    kind="dataset",
    parameter_count=2**53,
)

# The statements of each entry.
_SAID = ((_FIRST, _REGISTERED), (_SECOND,), (_HUB,), (_DATA,))
ENTRIES = {merge(said).identifier: merge(said) for said in _SAID}
GONE = (_HUB.identifier, "Withdrawn by its owner.")
VERDICT = LinkOverride(
    StatementKey("huggingface", "org/gone"), StatementKey("zenodo", "2"), same=True, made_at=THEN
)
REFUSED = RejectedPayload(
    "zenodo", b'{"id": 0}', "It is empty.", "$.metadata", THEN, sha256(b'{"id": 0}').hexdigest()
)
HARVEST = Harvest("zenodo", "jets", cursor="page 2", counts={"new": 2, "taken": 2}, started_at=THEN)
ASSESSED = Assessment(
    identifier="doi:10.1234/second",
    subject=("doi", "10.1234/second"),
    rubric="fair-ai-models",
    rubric_version="1.0",
    assessed_at=THEN,
    judged_at=THEN,
    offline=False,
    overall=0.5,
    coverage=0.9,
    letters={"F": 0.75, "A": None},
    evidence_sha256="0" * 64,
    report=b'{"report": 1}',
    evidence=b'{"evidence": 1}',
)


def move(url: str, verb: str, revision: str) -> None:
    """Have Alembic `upgrade` or `downgrade` a database."""
    config = Config()
    config.set_main_option("script_location", "fairreg:migrations")
    with closing(Database(url)) as database:
        database.enable_wal()
        with database.writing() as connection:
            config.attributes["connection"] = connection
            getattr(command, verb)(config, revision)


def leave(url: str, revision: str) -> None:
    """Make the tables of a revision in an empty database, and fill those that it has."""
    move(url, "upgrade", revision)
    with closing(Database(url)) as database, database.writing() as connection:
        held = MetaData()
        held.reflect(connection, only=lambda name, _: described(None, name, "table"))
        for said in _SAID:
            _leave_entry(connection, held, said)
        _leave_the_rest(connection, held)
        if database.dialect == "sqlite" and revision >= "0006":  # triggers no longer follow insertions
            for index in (FULL_TEXT, NAME_TEXT, WORD_INDEX):
                connection.execute(text(f"INSERT INTO {index}({index}) VALUES ('rebuild')"))


def _put(connection: Connection, held: MetaData, table: str, **values: Any) -> int:
    """Insert what the table has columns for; the row's key."""
    there: Table = held.tables[table]
    row = insert(there).values({name: value for name, value in values.items() if name in there.c})
    return int(connection.execute(row.returning(there.c.id)).scalar_one()) if "id" in there.c else (
        connection.execute(row).rowcount
    )  # fmt: skip


def _leave_entry(connection: Connection, held: MetaData, said: tuple[ModelRecord, ...]) -> None:
    record = merge(said)
    gone = record.identifier == GONE[0]
    buried = {"gone_at": THEN if gone else None, "gone_reason": GONE[1] if gone else None}
    undated = "" if "words" in held.tables else None  # both come with 0005
    entry = _put(
        connection, held, "entries", identifier=record.identifier, kind=record.kind, name=record.name,
        description=record.description, license=record.license, dated=record.date_published or undated,
        year=record.year, updated_at=THEN,
        doi=record.doi, url=record.identifiers[0].url, runnable=False, record=record.to_json(),
        fair_score=0.5 if record.identifier == ASSESSED.identifier else None, **buried,
        **({"merged": record.to_json()} if len(said) > 1 else {}),
    )  # fmt: skip
    for item in said:
        origin, payload = item.provenance, f'{{"title": "{item.name}"}}'.encode()
        statement = _put(
            connection, held, "statements", entry_id=entry, source=origin.source, source_id=origin.source_id,
            retrieved_at=THEN, record=item.to_json(), media_type="application/json",
            payload_sha256=sha256(payload).hexdigest(), payload=zlib.compress(payload), **buried,
        )  # fmt: skip
        place = Identifier(origin.source, origin.source_id)
        for name in dict.fromkeys((*item.identifiers, place)):
            family, key = name.key
            _put(
                connection, held, "identifiers", statement_id=statement, entry_id=entry, scheme=name.scheme,
                value=name.value, family=family, key=key,
            )  # fmt: skip
    _put(connection, held, "facets", entry_id=entry, name="source", key="old", value="Old")
    texts = ("leading", "name", "alternate_names", "subjects", "creators", "description", "identifiers")
    _put(connection, held, "entry_texts", entry_id=entry, **dict.fromkeys(texts, "") | {"name": record.name})


def _leave_the_rest(connection: Connection, held: MetaData) -> None:
    _put(connection, held, "properties", name="a note", value="kept")
    _put(
        connection, held, "harvests", source=HARVEST.source, query=HARVEST.query, cursor=HARVEST.cursor,
        counts=dict(HARVEST.counts), started_at=THEN, updated_at=THEN,
    )  # fmt: skip
    if "links" in held.tables:
        (one, one_id), (other, other_id) = VERDICT.one, VERDICT.other
        _put(
            connection, held, "links", source=one, source_id=one_id, other_source=other,
            other_source_id=other_id, same=VERDICT.same, made_at=VERDICT.made_at,
        )  # fmt: skip
    if "refusals" in held.tables:
        _put(
            connection, held, "refusals", source=REFUSED.source, payload_sha256=REFUSED.payload_sha256,
            payload=zlib.compress(REFUSED.payload), reason=REFUSED.reason, path=REFUSED.path, refused_at=THEN,
        )  # fmt: skip
    if "assessments" in held.tables:
        _leave_assessment(connection, held)


def _leave_assessment(connection: Connection, held: MetaData) -> None:
    made, (family, key) = ASSESSED, ASSESSED.subject
    _put(
        connection, held, "assessments", identifier=made.identifier, family=family, key=key,
        rubric=made.rubric, rubric_version=made.rubric_version, assessed_at=THEN, judged_at=THEN,
        offline=made.offline, overall=made.overall, coverage=made.coverage, letters=dict(made.letters),
        report=zlib.compress(made.report), evidence=zlib.compress(made.evidence),
        evidence_sha256=made.evidence_sha256,
    )  # fmt: skip
