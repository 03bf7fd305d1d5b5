# SPDX-License-Identifier: MIT
"""Migration of the recipe "Adding a text column": full-text search reads who published an entry."""

import sqlalchemy as sa
from alembic import op

revision = "NEXT"
down_revision = "LAST"
branch_labels = None
depends_on = None

_BEFORE = ("name", "alternate_names", "subjects", "creators", "description", "identifiers")
_NOW = (*_BEFORE, "publisher")


def upgrade() -> None:
    """Add the column, index it, and have all texts written anew."""
    sqlite = op.get_bind().dialect.name == "sqlite"
    _drop_index(sqlite=sqlite)
    op.execute("DELETE FROM entry_texts")  # SQLite adds no column to rows that would have to hold something
    op.execute("DELETE FROM properties WHERE name = 'wording_rules'")
    order = None if sqlite else "C"
    op.add_column("entry_texts", sa.Column("publisher", sa.Text(collation=order), nullable=False))
    _create_index(_NOW, sqlite=sqlite)


def downgrade() -> None:
    """Drop the column, and have all texts written anew."""
    sqlite = op.get_bind().dialect.name == "sqlite"
    _drop_index(sqlite=sqlite)
    op.execute("DELETE FROM entry_texts")
    op.execute("DELETE FROM properties WHERE name = 'wording_rules'")
    op.drop_column("entry_texts", "publisher")
    _create_index(_BEFORE, sqlite=sqlite)


def _drop_index(*, sqlite: bool) -> None:
    if not sqlite:
        op.drop_column("entry_texts", "text_vector")
        return
    for event in ("delete", "update"):
        op.execute(f"DROP TRIGGER entry_texts_after_{event}")
    op.execute("DROP TABLE entry_index")


def _create_index(columns: tuple[str, ...], *, sqlite: bool) -> None:
    """Rows that come are indexed by `write_texts`, those that change or go by triggers."""
    if not sqlite:
        texts = " || E'\\n' || ".join(columns)
        op.execute(
            "ALTER TABLE entry_texts ADD COLUMN text_vector tsvector "
            f"GENERATED ALWAYS AS (to_tsvector('simple'::regconfig, {texts})) STORED"
        )
        op.execute("CREATE INDEX ix_entry_texts_text_vector ON entry_texts USING gin (text_vector)")
        return
    listed = ", ".join(columns)
    op.execute(
        f"CREATE VIRTUAL TABLE entry_index USING fts5({listed}, content='entry_texts', "
        "content_rowid='entry_id', tokenize='ascii')"
    )
    new, old = (", ".join(f"{row}.{name}" for name in ("entry_id", *columns)) for row in ("new", "old"))
    remove = f"INSERT INTO entry_index(entry_index, rowid, {listed}) VALUES ('delete', {old});"
    add = f"INSERT INTO entry_index(rowid, {listed}) VALUES ({new});"
    for event, work in (("delete", remove), ("update", f"{remove} {add}")):
        op.execute(f"CREATE TRIGGER entry_texts_after_{event} AFTER {event} ON entry_texts BEGIN {work} END")
