# SPDX-License-Identifier: MIT
"""Run by Alembic on the connection that `fairreg.services.db` hands over; there is no alembic.ini."""

from typing import Any

from alembic import context

from fairreg.registry.tables import FULL_TEXT, NAME_TEXT, WORD_INDEX, metadata


def _ours(_object: Any, name: str | None, type_: str, _reflected: bool, _compare_to: Any) -> bool:
    """What serves full-text search is each engine's own, so no table object describes it."""
    known = name or ""
    if type_ == "table":
        return not known.startswith((FULL_TEXT, NAME_TEXT, WORD_INDEX))
    return not (type_ in {"column", "index"} and known.endswith(("_vector", "_trigrams")))


def _migrate() -> None:
    connection = context.config.attributes["connection"]
    context.configure(
        connection=connection,
        target_metadata=metadata,
        include_object=_ours,
        render_as_batch=connection.dialect.name == "sqlite",  # SQLite alters tables by copying them
        compare_type=True,
        transactional_ddl=True,
    )
    with context.begin_transaction():
        context.run_migrations()


_migrate()
