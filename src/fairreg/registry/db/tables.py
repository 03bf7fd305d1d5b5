# SPDX-License-Identifier: MIT
"""The registry's tables: one schema for SQLite and PostgreSQL; SQLite's own objects are in the migrations.

An *entry* is one model, dataset or piece of software. A *statement* is the record that one source holds of
it, stored with the payload it was read from. An entry's record is merged from its statements and can be
rebuilt. A *lineage* is one model in all its versions and places: the entries of one search result.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    ColumnElement,
    Dialect,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
    cast,
    type_coerce,
)
from sqlalchemy.types import TypeEngine

from fairreg.sources import BUILT_IN, schemes

if TYPE_CHECKING:
    from fairreg.registry.db.row_mapping import StoredJson

__all__ = [
    "FULL_TEXT",
    "HEAD",
    "INDEXED_TEXTS",
    "LEADING",
    "LINEAGE_RULES",
    "LONGEST_KEY",
    "LONGEST_SORT_NAME",
    "NAME_TEXT",
    "REVISIONS",
    "TEXT_RULES",
    "WORD_INDEX",
    "assessments",
    "departures",
    "described",
    "entries",
    "entry_texts",
    "facets",
    "forgotten",
    "harvests",
    "heard",
    "identifiers",
    "lineages",
    "link_overrides",
    "link_targets",
    "metadata",
    "properties",
    "rejected_payloads",
    "statements",
    "words",
]

# Alembic's revisions, oldest first. Listed here so that opening a database needs no Alembic; a test compares.
REVISIONS = ("0001", "0002", "0003", "0004", "0005", "0006", "0007", "0008", "0009", "0010", "0011")
HEAD = REVISIONS[-1]

# SQLite's full-text indexes: over all of `entry_texts`, over its names, over `words` by trigrams. Writers of
# a text fill them (see `bulk_insert`), triggers of the migrations keep them in step with updates and
# deletions. PostgreSQL has generated columns and indexes instead.
FULL_TEXT = "entry_index"
NAME_TEXT = "name_index"
WORD_INDEX = "word_index"

# Texts sort and compare by code point on every engine, as in Python and SQLite, so that every registry lists
# them in the same order.
_BY_CODE_POINT = "C"
_TEXT = Text().with_variant(Text(collation=_BY_CODE_POINT), "postgresql")


class _Json(TypeDecorator[Any]):
    """JSON, on PostgreSQL JSONB, read as `StoredJson`; the dialect is imported only there: that is slow.

    It is read as text: the driver of PostgreSQL would decode it by a function of the whole connection, which
    the reflection of tables needs, too.
    """

    impl = JSON
    cache_ok = True

    def __init__(self) -> None:
        super().__init__(none_as_null=True)

    def column_expression(self, column: ColumnElement[Any]) -> ColumnElement[Any]:
        """Return the column as it is read, in SQLite as bytes: its driver takes no text but UTF-8."""
        text = Text() if self.impl_instance.__visit_name__ == "JSONB" else LargeBinary()
        return type_coerce(cast(column, text), column.type)

    def result_processor(self, _dialect: Dialect, _kind: object) -> "Callable[[Any], StoredJson | None]":
        """Return what makes the value of a column: the text, which whoever wants it reads."""
        from fairreg.registry.db.row_mapping import StoredJson  # which imports the tables

        return lambda text: None if text is None else StoredJson(text)

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Return the type for the given dialect."""
        if dialect.name != "postgresql":
            return dialect.type_descriptor(JSON(none_as_null=True))
        from sqlalchemy.dialects.postgresql import JSONB

        return dialect.type_descriptor(JSONB(none_as_null=True))


def _word(length: int) -> String:
    return String(length).with_variant(String(length, collation=_BY_CODE_POINT), "postgresql")


def described(_object: Any, name: str | None, kind: str, *_: Any) -> bool:
    """Tell whether Alembic should compare a table, column or index of a database with the tables here.

    The objects of full-text search, and the index that sorts unknown scores last, differ by engine and are
    left out.
    """
    if kind == "table":
        return not (name or "").startswith((FULL_TEXT, NAME_TEXT, WORD_INDEX))
    return kind not in {"column", "index"} or not (name or "").endswith(("_vector", "_trigrams", "_sorted"))


metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)

# Maximum bytes of an indexed text. A row of PostgreSQL's indexes has at most 2,704 bytes (its documentation,
# section "B-Tree Indexes"), and a manual link is indexed by two places.
LONGEST_KEY = 1300
# Length of the beginning of a name by which entries are sorted.
LONGEST_SORT_NAME = 120

# Times are ISO 8601 texts in UTC: they sort, and every database returns them unchanged.

entries = Table(
    "entries",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("identifier", _TEXT, nullable=False, unique=True),
    Column("kind", _word(16), nullable=False),
    Column("name", _TEXT, nullable=False),
    Column("description", _TEXT),
    Column("license", _TEXT, index=True),
    Column("dated", _word(40), index=True),
    Column("year", Integer, index=True),
    Column("doi", _TEXT),
    Column("url", _TEXT),
    Column("runnable", Boolean, nullable=False, index=True),
    Column("fair_score", Float),
    Column("gone_at", _word(40)),
    Column("gone_reason", _TEXT),
    # NULL where the record equals that of the entry's only statement: see `entry_query`.
    Column("merged", _Json),
    # Last change of what others are told of the entry, to the microsecond; see `change_times`.
    Column("updated_at", _word(40), nullable=False),
    Index("ix_entries_updated_at_id", "updated_at", "id"),
    # See `row_mapping.sort_name`; NULL only within a migration.
    Column("sort_name", _word(LONGEST_SORT_NAME)),
    Index("ix_entries_sort_name_id", "sort_name", "id"),
    Index("ix_entries_kind_updated_at_id", "kind", "updated_at", "id"),
)

statements = Table(
    "statements",
    metadata,
    Column("id", Integer, primary_key=True),
    # NULL only within the transaction that writes the statement.
    Column("entry_id", Integer, ForeignKey("entries.id"), index=True),
    Column("source", _TEXT, nullable=False),
    Column("source_id", _TEXT, nullable=False),
    Column("retrieved_at", _word(40), nullable=False),
    Column("gone_at", _word(40)),
    Column("gone_reason", _TEXT),
    Column("record", _Json, nullable=False),
    Column("media_type", _TEXT),
    Column("payload_sha256", _word(64)),
    Column("payload", LargeBinary),  # zlib; decompressed, the bytes that the service sent
    UniqueConstraint("source", "source_id"),
)

identifiers = Table(
    "identifiers",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("statement_id", Integer, ForeignKey("statements.id"), nullable=False, index=True),
    Column("entry_id", Integer, ForeignKey("entries.id"), index=True),
    Column("scheme", _TEXT, nullable=False),
    Column("value", _TEXT, nullable=False),
    Column("family", _TEXT, nullable=False),
    Column("key", _TEXT, nullable=False),
    Column("evidence", _TEXT),
    Index("ix_identifiers_family_key", "family", "key"),
)

facets = Table(
    "facets",
    metadata,
    Column("entry_id", Integer, ForeignKey("entries.id"), primary_key=True),
    Column("name", _word(16), primary_key=True),
    Column("key", _TEXT, primary_key=True),
    Column("value", _TEXT, nullable=False),
    # With the entry, so that values are counted from the index alone.
    Index("ix_facets_name_key_entry_id", "name", "key", "entry_id"),
)

# Length of the indexed beginning of a name: short enough for any index.
LEADING = 60

# Input of full-text search: stemmed words (see `stemming`), one line per text in a column.
entry_texts = Table(
    "entry_texts",
    metadata,
    Column("entry_id", Integer, ForeignKey("entries.id"), primary_key=True),
    Column("leading", _word(LEADING), nullable=False, index=True),
    Column("name", _TEXT, nullable=False),
    Column("alternate_names", _TEXT, nullable=False),
    Column("subjects", _TEXT, nullable=False),
    Column("creators", _TEXT, nullable=False),
    Column("description", _TEXT, nullable=False),
    Column("identifiers", _TEXT, nullable=False),
)

# Versions of the rules by which derived rows are written; a registry with other rules rebuilds its rows.
# Raise TEXT_RULES with every change to the texts of the same record (`row_mapping.text_values`) or to what
# else an entry's row takes from it, such as what is runnable (`schemas.runs`), and to how statements are
# merged (`resolution.grouping.merge`), LINEAGE_RULES with every
# change to lineages (`resolution.lineage`). Installing a package whose identifiers link records changes
# lineages, too.
_BUILT_IN_SCHEMES = {scheme.name for row in BUILT_IN for scheme in row.schemes}
TEXT_RULES = "6"
LINEAGE_RULES = "+".join(
    ("1", *(scheme.name for scheme in schemes() if scheme.joins and scheme.name not in _BUILT_IN_SCHEMES))
)

# Columns of each of SQLite's full-text indexes; PostgreSQL's vectors are made of the same.
INDEXED_TEXTS = {
    FULL_TEXT: tuple(column.name for column in entry_texts.c if column.name not in {"entry_id", "leading"}),
    NAME_TEXT: ("name", "alternate_names"),
}

# Words of names, subjects and creators, for spelling correction. A word may stay after its last entry is
# gone: it does no harm, because a correction must find an entry.
words = Table(
    "words",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("word", _TEXT, nullable=False, unique=True),
)

harvests = Table(
    "harvests",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("source", _TEXT, nullable=False),
    Column("query", _TEXT, nullable=False),
    Column("cursor", _Json),
    Column("counts", _Json, nullable=False),
    Column("started_at", _word(40), nullable=False),
    Column("updated_at", _word(40), nullable=False),
    Column("finished_at", _word(40)),
    UniqueConstraint("source", "query"),
)

properties = Table(
    "properties",
    metadata,
    Column("name", _word(64), primary_key=True),
    Column("value", _TEXT, nullable=False),
)

# Relations of a statement that may link its entry to others; identifiers do so from `identifiers`.
link_targets = Table(
    "ties",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("statement_id", Integer, ForeignKey("statements.id"), nullable=False, index=True),
    Column("family", _TEXT, nullable=False),
    Column("key", _TEXT, nullable=False),
    Index("ix_ties_family_key", "family", "key"),
)

# Entries of one lineage share a number; an entry alone in its lineage has no row.
lineages = Table(
    "lineages",
    metadata,
    Column("entry_id", Integer, ForeignKey("entries.id"), primary_key=True),
    Column("lineage", Integer, nullable=False, index=True),
)

# Manual links and separations of two statements, keyed by their places so that they survive every harvest.
link_overrides = Table(
    "links",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("source", _TEXT, nullable=False),
    Column("source_id", _TEXT, nullable=False),
    Column("other_source", _TEXT, nullable=False),
    Column("other_source_id", _TEXT, nullable=False),
    Column("same", Boolean, nullable=False),
    Column("made_at", _word(40), nullable=False),
    UniqueConstraint("source", "source_id", "other_source", "other_source_id"),
)

# Rejected payloads; the digest makes storing one twice harmless.
rejected_payloads = Table(
    "refusals",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("source", _TEXT, nullable=False),
    Column("payload_sha256", _word(64), nullable=False),
    Column("payload", LargeBinary, nullable=False),
    Column("reason", _TEXT, nullable=False),
    Column("path", _TEXT),
    Column("refused_at", _word(40), nullable=False),
    UniqueConstraint("source", "payload_sha256"),
)

# Evidence on an object and its scores. Keyed by persistent identifier rather than by entry, so that they
# survive harvests, renamings and mergers; the same evidence under the same rubric is stored once.
assessments = Table(
    "assessments",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("identifier", _TEXT, nullable=False, index=True),
    Column("family", _TEXT, nullable=False),
    Column("key", _TEXT, nullable=False),
    Column("rubric", _word(64), nullable=False),
    Column("rubric_version", _word(16), nullable=False),
    Column("assessed_at", _word(40), nullable=False),  # when the evidence was gathered
    Column("judged_at", _word(40), nullable=False, index=True),  # when it was assessed
    Column("offline", Boolean, nullable=False),
    Column("overall", Float),
    Column("coverage", Float, nullable=False),
    Column("letters", _Json, nullable=False),
    Column("report", LargeBinary, nullable=False),  # zlib of JSON
    Column("evidence", LargeBinary, nullable=False),  # zlib of JSON
    Column("evidence_sha256", _word(64), nullable=False),
    UniqueConstraint(
        "family", "key", "rubric", "rubric_version", "evidence_sha256", name="uq_assessments_evidence"
    ),
)

# Identifiers of records that were removed for good (`identifier` is that of the record): nothing brings them
# back but an explicit `fairreg add`.
forgotten = Table(
    "forgotten",
    metadata,
    Column("family", _TEXT, primary_key=True),
    Column("key", _TEXT, primary_key=True),
    Column("identifier", _TEXT, nullable=False, index=True),
    Column("forgotten_at", _word(40), nullable=False),
)

# Identifiers that stood for an entry and stand for none any more, or left a list of some entries, so that
# those who took the entry learn of it. `reason` is merged (its statements are in entries of other names),
# forgotten, or left: it stands for an entry. Kind, what is runnable and the sources, one on each line
# (`change_times.source_line`), are those that the entry had before; `lists` (`change_times.list_line`) names
# all lists that it was in earlier and is not in any more.
departures = Table(
    "departures",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("identifier", _TEXT, nullable=False, unique=True),
    Column("kind", _word(16)),
    Column("runnable", Boolean, nullable=False),
    Column("sources", _TEXT, nullable=False),
    Column("lists", _TEXT, nullable=False),
    Column("reason", _word(16), nullable=False),
    Column("departed_at", _word(40), nullable=False),
    Index("ix_departures_departed_at_id", "departed_at", "id"),
)

# Statements that other registries state, by their base URLs, and in which item of their OAI-PMH it was heard
# by which query. `departed`: the item has it no more; the end of the harvest withdraws it unless another item
# has it. An empty `item`: the registry stated it once, and has it no more. `heard_at`: begin of the latest
# harvest that found it.
heard = Table(
    "heard",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("peer", _TEXT, nullable=False),
    Column("source", _TEXT, nullable=False),
    Column("source_id", _TEXT, nullable=False),
    Column("query", _TEXT, nullable=False),
    Column("item", _TEXT, nullable=False),
    Column("departed", Boolean, nullable=False),
    Column("heard_at", _word(40), nullable=False),
    UniqueConstraint("source", "source_id", "peer", "query"),
    Index("ix_heard_peer_item", "peer", "item"),
    Index("ix_heard_peer_departed", "peer", "departed"),
)
