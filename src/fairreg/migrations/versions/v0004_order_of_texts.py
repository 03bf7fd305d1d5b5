# SPDX-License-Identifier: MIT
"""On PostgreSQL, text collation by code point as in SQLite, and JSON as JSONB."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_TABLES = (
    "assessments",
    "entries",
    "entry_texts",
    "facets",
    "harvests",
    "identifiers",
    "links",
    "properties",
    "refusals",
    "statements",
    "ties",
)


def upgrade() -> None:
    """From 0003 to 0004; SQLite's tables need no change."""
    if op.get_bind().dialect.name == "postgresql":
        _retype(collation='"C"', json="jsonb")


def downgrade() -> None:
    """From 0004 back to 0003."""
    if op.get_bind().dialect.name == "postgresql":
        _retype(collation='"default"', json="json")


def _retype(collation: str, json: str) -> None:
    """Give each text column the collation and each JSON column the type, in one pass per table."""
    inspector = sa.inspect(op.get_bind())
    for table in _TABLES:
        changes = []
        for column in inspector.get_columns(table):
            name, kind = column["name"], column["type"]
            if isinstance(kind, sa.String):
                written = f"varchar({kind.length})" if kind.length else "text"
                changes.append(f'ALTER COLUMN "{name}" TYPE {written} COLLATE {collation}')
            elif isinstance(kind, sa.JSON):
                changes.append(f'ALTER COLUMN "{name}" TYPE {json} USING "{name}"::{json}')
        op.execute(f'ALTER TABLE "{table}" {", ".join(changes)}')
