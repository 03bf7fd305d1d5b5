# SPDX-License-Identifier: MIT
"""Run by Alembic on the connection that `fairreg.services.registry.db` gives it; there is no alembic.ini."""

from alembic import context

from fairreg.registry.db.tables import described, metadata


def _migrate() -> None:
    connection = context.config.attributes["connection"]
    context.configure(
        connection=connection,
        target_metadata=metadata,
        include_object=described,
        render_as_batch=connection.dialect.name == "sqlite",  # SQLite alters tables by copying them
        compare_type=True,
        transactional_ddl=True,
    )
    with context.begin_transaction():
        context.run_migrations()


_migrate()
