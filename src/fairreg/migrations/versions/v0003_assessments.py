# SPDX-License-Identifier: MIT
"""Assessments with the evidence that they rest on."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """From 0002 to 0003."""
    op.create_table(
        "assessments",
        sa.Column("id", sa.Integer(), nullable=False),
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("identifier", "family", "key")),
        sa.Column("rubric", sa.String(length=64), nullable=False),
        sa.Column("rubric_version", sa.String(length=16), nullable=False),
        sa.Column("assessed_at", sa.String(length=40), nullable=False),
        sa.Column("judged_at", sa.String(length=40), nullable=False),
        sa.Column("offline", sa.Boolean(), nullable=False),
        sa.Column("overall", sa.Float(), nullable=True),
        sa.Column("coverage", sa.Float(), nullable=False),
        sa.Column("letters", sa.JSON(), nullable=False),
        sa.Column("report", sa.LargeBinary(), nullable=False),
        sa.Column("evidence", sa.LargeBinary(), nullable=False),
        sa.Column("evidence_sha256", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_assessments"),
        sa.UniqueConstraint(
            "family", "key", "rubric", "rubric_version", "evidence_sha256", name="uq_assessments_evidence"
        ),
    )
    op.create_index("ix_assessments_identifier", "assessments", ["identifier"])
    op.create_index("ix_assessments_judged_at", "assessments", ["judged_at"])


def downgrade() -> None:
    """From 0003 back to 0002; assessments are lost, the scores that search shows stay."""
    op.drop_table("assessments")
