# SPDX-License-Identifier: MIT
"""Find entries by author, year and training data, and sort them by name and score.

`fairreg.services.registry.db.ensure` fills `sort_name` and the new rows of `facets` afterwards.
"""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

_SCORED = "ix_entries_fair_score_sorted"
_INDEXES = {
    "ix_entries_year": ["year"],
    "ix_entries_runnable": ["runnable"],
    "ix_entries_sort_name_id": ["sort_name", "id"],
}
# Read from its end, it gives the best scores first and entries without one last.
_ORDER = {"sqlite": "fair_score, dated", "postgresql": "fair_score NULLS FIRST, dated, id"}


def upgrade() -> None:
    """From 0008 to 0009."""
    dialect = op.get_bind().dialect.name
    order = None if dialect == "sqlite" else "C"
    op.add_column("entries", sa.Column("sort_name", sa.String(120, collation=order)))
    for name, columns in _INDEXES.items():
        op.create_index(name, "entries", columns)
    op.execute(f"CREATE INDEX {_SCORED} ON entries ({_ORDER[dialect]})")
    op.drop_index("ix_facets_name_key", "facets")
    op.create_index("ix_facets_name_key_entry_id", "facets", ["name", "key", "entry_id"])
    op.execute("DELETE FROM properties WHERE name = 'wording_rules'")


def downgrade() -> None:
    """From 0009 back to 0008."""
    op.drop_index("ix_facets_name_key_entry_id", "facets")
    op.create_index("ix_facets_name_key", "facets", ["name", "key"])
    op.execute(f"DROP INDEX {_SCORED}")
    for name in _INDEXES:
        op.drop_index(name, "entries")
    op.execute("DELETE FROM facets WHERE name IN ('author', 'author_key', 'trained_on')")
    op.drop_column("entries", "sort_name")
