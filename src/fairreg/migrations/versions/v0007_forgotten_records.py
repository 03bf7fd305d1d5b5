# SPDX-License-Identifier: MIT
"""Identifiers of records that were removed for good, which no harvest brings back."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """From 0006 to 0007."""
    order = None if op.get_bind().dialect.name == "sqlite" else "C"
    op.create_table(
        "forgotten",
        sa.Column("family", sa.Text(collation=order), nullable=False),
        sa.Column("key", sa.Text(collation=order), nullable=False),
        sa.Column("identifier", sa.Text(collation=order), nullable=False),
        sa.Column("forgotten_at", sa.String(40, collation=order), nullable=False),
        sa.PrimaryKeyConstraint("family", "key", name="pk_forgotten"),
    )
    op.create_index("ix_forgotten_identifier", "forgotten", ["identifier"])


def downgrade() -> None:
    """From 0007 back to 0006; what was forgotten may be harvested again."""
    op.drop_table("forgotten")
