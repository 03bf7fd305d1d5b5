# SPDX-License-Identifier: MIT
"""The first tables, and SQLite's full-text index over the texts of entries."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_INDEX = """
CREATE VIRTUAL TABLE entry_index USING fts5(
    name, alternate_names, subjects, creators, description, identifiers,
    content='entry_texts', content_rowid='entry_id', tokenize='porter unicode61 remove_diacritics 2'
)
"""
_ADD = """
INSERT INTO entry_index(rowid, name, alternate_names, subjects, creators, description, identifiers)
VALUES (
    new.entry_id, new.name, new.alternate_names, new.subjects, new.creators, new.description, new.identifiers
);
"""
_REMOVE = """
INSERT INTO entry_index(
    entry_index, rowid, name, alternate_names, subjects, creators, description, identifiers
) VALUES (
    'delete', old.entry_id, old.name, old.alternate_names, old.subjects, old.creators, old.description,
    old.identifiers
);
"""


def upgrade() -> None:
    """From nothing to 0001."""
    _create_entries()
    _create_statements()
    _create_identifiers()
    _create_facets()
    _create_texts()
    _create_harvests()
    if op.get_bind().dialect.name == "sqlite":
        _create_full_text_index()


def downgrade() -> None:
    """From 0001 back to nothing."""
    if op.get_bind().dialect.name == "sqlite":
        op.execute("DROP TABLE entry_index")
    for table in ("properties", "harvests", "entry_texts", "facets", "identifiers", "statements", "entries"):
        op.drop_table(table)


def _create_entries() -> None:
    op.create_table(
        "entries",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("identifier", sa.Text(), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("license", sa.Text(), nullable=True),
        sa.Column("dated", sa.String(length=40), nullable=True),
        sa.Column("year", sa.Integer(), nullable=True),
        sa.Column("doi", sa.Text(), nullable=True),
        sa.Column("url", sa.Text(), nullable=True),
        sa.Column("runnable", sa.Boolean(), nullable=False),
        sa.Column("fair_score", sa.Float(), nullable=True),
        sa.Column("gone_at", sa.String(length=40), nullable=True),
        sa.Column("gone_reason", sa.Text(), nullable=True),
        sa.Column("record", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_entries"),
        sa.UniqueConstraint("identifier", name="uq_entries_identifier"),
    )
    op.create_index("ix_entries_dated", "entries", ["dated"])
    op.create_index("ix_entries_kind", "entries", ["kind"])
    op.create_index("ix_entries_license", "entries", ["license"])


def _create_statements() -> None:
    op.create_table(
        "statements",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("entry_id", sa.Integer(), nullable=True),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("source_id", sa.Text(), nullable=False),
        sa.Column("retrieved_at", sa.String(length=40), nullable=False),
        sa.Column("gone_at", sa.String(length=40), nullable=True),
        sa.Column("gone_reason", sa.Text(), nullable=True),
        sa.Column("record", sa.JSON(), nullable=False),
        sa.Column("media_type", sa.Text(), nullable=True),
        sa.Column("payload_sha256", sa.String(length=64), nullable=True),
        sa.Column("payload", sa.LargeBinary(), nullable=True),
        sa.ForeignKeyConstraint(["entry_id"], ["entries.id"], name="fk_statements_entry_id_entries"),
        sa.PrimaryKeyConstraint("id", name="pk_statements"),
        sa.UniqueConstraint("source", "source_id", name="uq_statements_source_source_id"),
    )
    op.create_index("ix_statements_entry_id", "statements", ["entry_id"])


def _create_identifiers() -> None:
    op.create_table(
        "identifiers",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("statement_id", sa.Integer(), nullable=False),
        sa.Column("entry_id", sa.Integer(), nullable=True),
        sa.Column("scheme", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("family", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("evidence", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["entry_id"], ["entries.id"], name="fk_identifiers_entry_id_entries"),
        sa.ForeignKeyConstraint(
            ["statement_id"], ["statements.id"], name="fk_identifiers_statement_id_statements"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_identifiers"),
    )
    op.create_index("ix_identifiers_entry_id", "identifiers", ["entry_id"])
    op.create_index("ix_identifiers_family_key", "identifiers", ["family", "key"])
    op.create_index("ix_identifiers_statement_id", "identifiers", ["statement_id"])


def _create_facets() -> None:
    op.create_table(
        "facets",
        sa.Column("entry_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=16), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["entry_id"], ["entries.id"], name="fk_facets_entry_id_entries"),
        sa.PrimaryKeyConstraint("entry_id", "name", "key", name="pk_facets"),
    )
    op.create_index("ix_facets_name_key", "facets", ["name", "key"])


def _create_texts() -> None:
    op.create_table(
        "entry_texts",
        sa.Column("entry_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("alternate_names", sa.Text(), nullable=False),
        sa.Column("subjects", sa.Text(), nullable=False),
        sa.Column("creators", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("identifiers", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["entry_id"], ["entries.id"], name="fk_entry_texts_entry_id_entries"),
        sa.PrimaryKeyConstraint("entry_id", name="pk_entry_texts"),
    )


def _create_harvests() -> None:
    op.create_table(
        "harvests",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("query", sa.Text(), nullable=False),
        sa.Column("cursor", sa.JSON(), nullable=True),
        sa.Column("counts", sa.JSON(), nullable=False),
        sa.Column("started_at", sa.String(length=40), nullable=False),
        sa.Column("updated_at", sa.String(length=40), nullable=False),
        sa.Column("finished_at", sa.String(length=40), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_harvests"),
        sa.UniqueConstraint("source", "query", name="uq_harvests_source_query"),
    )
    op.create_table(
        "properties",
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_properties"),
    )


def _create_full_text_index() -> None:
    """Create the index over `entry_texts`; triggers keep it in step within the writer's transaction."""
    op.execute(_INDEX)
    op.execute(f"CREATE TRIGGER entry_texts_after_insert AFTER INSERT ON entry_texts BEGIN {_ADD} END")
    op.execute(f"CREATE TRIGGER entry_texts_after_delete AFTER DELETE ON entry_texts BEGIN {_REMOVE} END")
    op.execute(
        f"CREATE TRIGGER entry_texts_after_update AFTER UPDATE ON entry_texts BEGIN {_REMOVE} {_ADD} END"
    )
