# SPDX-License-Identifier: MIT
"""The registry's tables. One schema for SQLite and PostgreSQL; what only SQLite has is in the migrations.

An *entry* is one model, dataset or piece of software. A *statement* is what one source says about it, kept
with the payload it was read from. An entry's record is merged from its statements and can always be remade.
A *lineage* is one model in all its versions and places: the entries of one search result.
"""

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
)

__all__ = [
    "FULL_TEXT",
    "HEAD",
    "LEADING",
    "NAME_TEXT",
    "REVISIONS",
    "WORD_INDEX",
    "assessments",
    "entries",
    "entry_texts",
    "facets",
    "harvests",
    "identifiers",
    "lineages",
    "links",
    "metadata",
    "properties",
    "refusals",
    "statements",
    "ties",
    "words",
]

# Alembic's revisions, oldest first. Kept here so that opening a database needs no Alembic; tested against it.
REVISIONS = ("0001", "0002", "0003", "0005")
HEAD = REVISIONS[-1]

# SQLite's full-text indexes: over all of `entry_texts`, over its names, over `words` by three letters each.
# Triggers made by the migration keep them in step. PostgreSQL has generated columns and indexes instead.
FULL_TEXT = "entry_index"
NAME_TEXT = "name_index"
WORD_INDEX = "word_index"

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)

# Times are ISO 8601 texts in UTC: they sort, and no database changes them.

entries = Table(
    "entries",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("identifier", Text, nullable=False, unique=True),
    Column("kind", String(16), nullable=False, index=True),
    Column("name", Text, nullable=False),
    Column("description", Text),
    Column("license", Text, index=True),
    Column("dated", String(40), index=True),
    Column("year", Integer),
    Column("doi", Text),
    Column("url", Text),
    Column("runnable", Boolean, nullable=False),
    Column("fair_score", Float),
    Column("gone_at", String(40)),
    Column("gone_reason", Text),
    Column("record", JSON, nullable=False),
)

statements = Table(
    "statements",
    metadata,
    Column("id", Integer, primary_key=True),
    # Empty only within the transaction that writes the statement.
    Column("entry_id", Integer, ForeignKey("entries.id"), index=True),
    Column("source", Text, nullable=False),
    Column("source_id", Text, nullable=False),
    Column("retrieved_at", String(40), nullable=False),
    Column("gone_at", String(40)),
    Column("gone_reason", Text),
    Column("record", JSON, nullable=False),
    Column("media_type", Text),
    Column("payload_sha256", String(64)),
    Column("payload", LargeBinary),  # zlib; decompressed it is the bytes that the service sent
    UniqueConstraint("source", "source_id"),
)

identifiers = Table(
    "identifiers",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("statement_id", Integer, ForeignKey("statements.id"), nullable=False, index=True),
    Column("entry_id", Integer, ForeignKey("entries.id"), index=True),
    Column("scheme", Text, nullable=False),
    Column("value", Text, nullable=False),
    Column("family", Text, nullable=False),
    Column("key", Text, nullable=False),
    Column("evidence", Text),
    Index("ix_identifiers_family_key", "family", "key"),
)

facets = Table(
    "facets",
    metadata,
    Column("entry_id", Integer, ForeignKey("entries.id"), primary_key=True),
    Column("name", String(16), primary_key=True),
    Column("key", Text, primary_key=True),
    Column("value", Text, nullable=False),
    Index("ix_facets_name_key", "name", "key"),
)

# How much of the beginning of a name is kept for itself: short enough for any index.
LEADING = 60

# What full-text search reads: words in their stems (see `stemming`), texts of one column a line each.
entry_texts = Table(
    "entry_texts",
    metadata,
    Column("entry_id", Integer, ForeignKey("entries.id"), primary_key=True),
    Column("leading", String(LEADING), nullable=False, index=True),
    Column("name", Text, nullable=False),
    Column("alternate_names", Text, nullable=False),
    Column("subjects", Text, nullable=False),
    Column("creators", Text, nullable=False),
    Column("description", Text, nullable=False),
    Column("identifiers", Text, nullable=False),
)

# The words of names, subjects and creators, for questions that misspell them. A word that no entry has any
# more stays: it does no harm, for a correction must be found.
words = Table(
    "words",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("word", Text, nullable=False, unique=True),
)

harvests = Table(
    "harvests",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("source", Text, nullable=False),
    Column("query", Text, nullable=False),
    Column("cursor", JSON),
    Column("counts", JSON, nullable=False),
    Column("started_at", String(40), nullable=False),
    Column("updated_at", String(40), nullable=False),
    Column("finished_at", String(40)),
    UniqueConstraint("source", "query"),
)

properties = Table(
    "properties",
    metadata,
    Column("name", String(64), primary_key=True),
    Column("value", Text, nullable=False),
)

# Relations of a statement that may join its entry to others; identifiers do so from `identifiers`.
ties = Table(
    "ties",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("statement_id", Integer, ForeignKey("statements.id"), nullable=False, index=True),
    Column("family", Text, nullable=False),
    Column("key", Text, nullable=False),
    Index("ix_ties_family_key", "family", "key"),
)

# Entries of one lineage share a number; an entry that is alone in its lineage has no row.
lineages = Table(
    "lineages",
    metadata,
    Column("entry_id", Integer, ForeignKey("entries.id"), primary_key=True),
    Column("lineage", Integer, nullable=False, index=True),
)

# What people decided about two statements, named by their places so that it outlives every harvest.
links = Table(
    "links",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("source", Text, nullable=False),
    Column("source_id", Text, nullable=False),
    Column("other_source", Text, nullable=False),
    Column("other_source_id", Text, nullable=False),
    Column("same", Boolean, nullable=False),
    Column("made_at", String(40), nullable=False),
    UniqueConstraint("source", "source_id", "other_source", "other_source_id"),
)

# Payloads that became no record; the digest makes keeping one twice harmless.
refusals = Table(
    "refusals",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("source", Text, nullable=False),
    Column("payload_sha256", String(64), nullable=False),
    Column("payload", LargeBinary, nullable=False),
    Column("reason", Text, nullable=False),
    Column("path", Text),
    Column("refused_at", String(40), nullable=False),
    UniqueConstraint("source", "payload_sha256"),
)

# What was found out about an object and how it scored. Named by persistent identifier, not by entry, so that
# it outlives every harvest, renaming and merger; the same evidence under the same rubric is kept once.
assessments = Table(
    "assessments",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("identifier", Text, nullable=False, index=True),
    Column("family", Text, nullable=False),
    Column("key", Text, nullable=False),
    Column("rubric", String(64), nullable=False),
    Column("rubric_version", String(16), nullable=False),
    Column("assessed_at", String(40), nullable=False),  # when the evidence was gathered
    Column("judged_at", String(40), nullable=False, index=True),  # when it was last judged
    Column("offline", Boolean, nullable=False),
    Column("overall", Float),
    Column("coverage", Float, nullable=False),
    Column("letters", JSON, nullable=False),
    Column("report", LargeBinary, nullable=False),  # zlib of JSON
    Column("evidence", LargeBinary, nullable=False),  # zlib of JSON
    Column("evidence_sha256", String(64), nullable=False),
    UniqueConstraint(
        "family", "key", "rubric", "rubric_version", "evidence_sha256", name="uq_assessments_evidence"
    ),
)
