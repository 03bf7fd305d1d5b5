# SPDX-License-Identifier: MIT
"""Lists of some entries that an entry left, and by which query and when statements were heard."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """From 0010 to 0011; what was heard counts as heard by no query."""
    order = None if op.get_bind().dialect.name == "sqlite" else "C"
    text = sa.Text(collation=order)
    op.add_column("departures", sa.Column("lists", text, nullable=False, server_default=""))
    with op.batch_alter_table("heard") as heard:
        heard.add_column(sa.Column("query", text, nullable=False, server_default=""))
        heard.add_column(
            sa.Column("heard_at", sa.String(40, collation=order), nullable=False, server_default="")
        )
        heard.drop_constraint("uq_heard_source_source_id_peer", type_="unique")
        heard.create_unique_constraint(
            "uq_heard_source_source_id_peer_query", ["source", "source_id", "peer", "query"]
        )
    if order:
        op.alter_column("departures", "lists", server_default=None)
        for name in ("query", "heard_at"):
            op.alter_column("heard", name, server_default=None)


def downgrade() -> None:
    """From 0011 back to 0010; what left a list, and by which query statements were heard, is lost."""
    op.execute("DELETE FROM departures WHERE reason = 'left'")
    op.drop_column("departures", "lists")
    op.execute("DELETE FROM heard WHERE item = ''")
    # Of the rows of one statement the first one stays.
    op.execute(
        "DELETE FROM heard WHERE id NOT IN (SELECT min(id) FROM heard GROUP BY source, source_id, peer)"
    )
    with op.batch_alter_table("heard") as heard:
        heard.drop_constraint("uq_heard_source_source_id_peer_query", type_="unique")
        heard.drop_column("query")
        heard.drop_column("heard_at")
        heard.create_unique_constraint("uq_heard_source_source_id_peer", ["source", "source_id", "peer"])
