# SPDX-License-Identifier: MIT
"""Times of the last change of entries, and the identifiers that stand for none any more.

All entries of an older registry changed when it was migrated: nobody has kept copies of them before.
"""

import sqlalchemy as sa
from alembic import op

from fairreg.schemas.timestamps import now_precisely

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

_FORGOTTEN = """
INSERT INTO departures (identifier, runnable, sources, reason, departed_at)
SELECT identifier, FALSE, '', 'forgotten', max(forgotten_at) FROM forgotten
WHERE identifier NOT IN (SELECT identifier FROM entries) GROUP BY identifier
"""


def upgrade() -> None:
    """From 0007 to 0008."""
    sqlite = op.get_bind().dialect.name == "sqlite"
    order = None if sqlite else "C"
    _date_entries(order)
    op.create_table(
        "departures",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("identifier", sa.Text(collation=order), nullable=False),
        sa.Column("kind", sa.String(16, collation=order)),
        sa.Column("runnable", sa.Boolean(), nullable=False),
        sa.Column("sources", sa.Text(collation=order), nullable=False),
        sa.Column("reason", sa.String(16, collation=order), nullable=False),
        sa.Column("departed_at", sa.String(40, collation=order), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_departures"),
        sa.UniqueConstraint("identifier", name="uq_departures_identifier"),
    )
    op.create_index("ix_departures_departed_at_id", "departures", ["departed_at", "id"])
    op.execute(_FORGOTTEN)


def _date_entries(order: str | None) -> None:
    # PostgreSQL gives the rows a default without writing them again. SQLite's stays: the mark of a change.
    at, default = sa.String(40, collation=order), now_precisely() if order else ""
    op.add_column("entries", sa.Column("updated_at", at, nullable=False, server_default=default))
    if order:
        op.alter_column("entries", "updated_at", server_default=None)
    else:
        op.execute(sa.text("UPDATE entries SET updated_at = :at").bindparams(at=now_precisely()))
    op.create_index("ix_entries_updated_at_id", "entries", ["updated_at", "id"])
    op.create_index("ix_entries_kind_updated_at_id", "entries", ["kind", "updated_at", "id"])
    op.drop_index("ix_entries_kind", "entries")


def downgrade() -> None:
    """From 0008 back to 0007; when entries changed, and what departed, is lost."""
    op.drop_table("departures")
    op.create_index("ix_entries_kind", "entries", ["kind"])
    for name in ("ix_entries_kind_updated_at_id", "ix_entries_updated_at_id"):
        op.drop_index(name, "entries")
    op.drop_column("entries", "updated_at")
