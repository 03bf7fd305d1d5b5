# SPDX-License-Identifier: MIT
"""Lineages with the evidence of their links, manual links, and rejected payloads.

`fairreg.services.registry.db.ensure` fills `ties` and `lineages` from the statements afterwards.
"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """From 0001 to 0002."""
    _create_ties()
    _create_lineages()
    _create_links()
    _create_refusals()


def downgrade() -> None:
    """From 0002 back to 0001; manual links and rejected payloads are lost, statements and entries stay."""
    for table in ("refusals", "links", "lineages", "ties"):
        op.drop_table(table)
    op.execute("DELETE FROM properties WHERE name = 'linking_rules'")


def _create_ties() -> None:
    op.create_table(
        "ties",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("statement_id", sa.Integer(), nullable=False),
        sa.Column("family", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["statement_id"], ["statements.id"], name="fk_ties_statement_id_statements"),
        sa.PrimaryKeyConstraint("id", name="pk_ties"),
    )
    op.create_index("ix_ties_family_key", "ties", ["family", "key"])
    op.create_index("ix_ties_statement_id", "ties", ["statement_id"])


def _create_lineages() -> None:
    op.create_table(
        "lineages",
        sa.Column("entry_id", sa.Integer(), nullable=False),
        sa.Column("lineage", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["entry_id"], ["entries.id"], name="fk_lineages_entry_id_entries"),
        sa.PrimaryKeyConstraint("entry_id", name="pk_lineages"),
    )
    op.create_index("ix_lineages_lineage", "lineages", ["lineage"])


def _create_links() -> None:
    places = ("source", "source_id", "other_source", "other_source_id")
    op.create_table(
        "links",
        sa.Column("id", sa.Integer(), nullable=False),
        *(sa.Column(name, sa.Text(), nullable=False) for name in places),
        sa.Column("same", sa.Boolean(), nullable=False),
        sa.Column("made_at", sa.String(length=40), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_links"),
        sa.UniqueConstraint(*places, name="uq_links_source_source_id_other_source_other_source_id"),
    )


def _create_refusals() -> None:
    op.create_table(
        "refusals",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("payload_sha256", sa.String(length=64), nullable=False),
        sa.Column("payload", sa.LargeBinary(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("path", sa.Text(), nullable=True),
        sa.Column("refused_at", sa.String(length=40), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_refusals"),
        sa.UniqueConstraint("source", "payload_sha256", name="uq_refusals_source_payload_sha256"),
    )
