# SPDX-License-Identifier: MIT
"""Statements that came from other registries, with the registry of each."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """From 0009 to 0010."""
    order = None if op.get_bind().dialect.name == "sqlite" else "C"
    op.create_table(
        "heard",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("peer", sa.Text(collation=order), nullable=False),
        sa.Column("source", sa.Text(collation=order), nullable=False),
        sa.Column("source_id", sa.Text(collation=order), nullable=False),
        sa.Column("item", sa.Text(collation=order), nullable=False),
        sa.Column("departed", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_heard"),
        sa.UniqueConstraint("source", "source_id", "peer", name="uq_heard_source_source_id_peer"),
    )
    op.create_index("ix_heard_peer_item", "heard", ["peer", "item"])
    op.create_index("ix_heard_peer_departed", "heard", ["peer", "departed"])


def downgrade() -> None:
    """From 0010 back to 0009; the statements stay, and count as read at their sources."""
    op.drop_table("heard")
