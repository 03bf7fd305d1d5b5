# SPDX-License-Identifier: MIT
"""Store the record of an entry with a single statement once, with the statement.

Writers of a text fill SQLite's full-text indexes, too: triggers did so one row at a time.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_JSON = sa.JSON().with_variant(JSONB(), "postgresql")
_FIRST = "(SELECT statements.record FROM statements WHERE statements.entry_id = entries.id LIMIT 1)"
_NUMBER = "(SELECT count(*) FROM statements WHERE statements.entry_id = entries.id)"
_TEXTS = ("name", "alternate_names", "subjects", "creators", "description", "identifiers")
# SQLite's triggers, by name: the index, the table that it reads, with the key and the columns of both.
_TRIGGERS = {
    "entry_texts_after_insert": ("entry_index", "entry_texts", ("entry_id", *_TEXTS)),
    "name_index_after_insert": ("name_index", "entry_texts", ("entry_id", *_TEXTS[:2])),
    "word_index_after_insert": ("word_index", "words", ("id", "word")),
}


def upgrade() -> None:
    """From 0005 to 0006."""
    if op.get_bind().dialect.name == "sqlite":
        for trigger in _TRIGGERS:
            op.execute(f"DROP TRIGGER {trigger}")
    op.add_column("entries", sa.Column("merged", _JSON))
    op.execute(f"UPDATE entries SET merged = record WHERE NOT ({_NUMBER} = 1 AND record = {_FIRST})")  # noqa: S608  # constants
    op.drop_column("entries", "record")


def downgrade() -> None:
    """From 0006 back to 0005."""
    # SQLite cannot add a NOT NULL column without a default.
    op.add_column("entries", sa.Column("record", _JSON, nullable=False, server_default="{}"))
    op.execute(f"UPDATE entries SET record = coalesce(merged, {_FIRST})")  # noqa: S608  # constants only
    op.drop_column("entries", "merged")
    if op.get_bind().dialect.name == "postgresql":
        op.alter_column("entries", "record", server_default=None)
    else:
        for trigger, (index, table, columns) in _TRIGGERS.items():
            _create_trigger(trigger, index, table, columns)


def _create_trigger(trigger: str, index: str, table: str, columns: tuple[str, ...]) -> None:
    listed, values = ", ".join(("rowid", *columns[1:])), ", ".join(f"new.{name}" for name in columns)
    work = f"INSERT INTO {index}({listed}) VALUES ({values});"  # noqa: S608  # constants only
    op.execute(f"CREATE TRIGGER {trigger} AFTER INSERT ON {table} BEGIN {work} END")
