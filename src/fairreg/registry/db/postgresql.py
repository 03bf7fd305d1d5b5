# SPDX-License-Identifier: MIT
"""Sessions of PostgreSQL: their settings, and what the database must be."""

from typing import Any

from sqlalchemy import Connection, func, select

from fairreg.errors import RegistryError

__all__ = ["prepare_session", "require_unicode", "size_of"]


def prepare_session(connection: Any, _record: object) -> None:
    """Set how a new session plans its queries."""
    # The best plan depends on how common a word is, so each query is planned for its own words; a repeated
    # query reads a large table from the same end and by one process, so that the pages of a search fit
    # together where only the first candidates are read; no plan here is worth compiling.
    with connection.cursor() as cursor:
        cursor.execute("SET plan_cache_mode = force_custom_plan")
        cursor.execute("SET synchronize_seqscans = off")
        cursor.execute("SET max_parallel_workers_per_gather = 0")
        cursor.execute("SET jit = off")
    connection.commit()


def require_unicode(connection: Any, _record: object) -> None:
    """Raise RegistryError for a database that cannot store every text."""
    encoding = connection.info.parameter_status("server_encoding")
    if encoding != "UTF8":
        raise RegistryError(
            f"The database {connection.info.dbname} stores text as {encoding}; fairreg needs UTF-8.",
            hint="Create another: createdb --encoding=UTF8 --template=template0 NAME",
        )


def size_of(connection: Connection) -> int:
    """Bytes of the database of a connection on the disk of its server."""
    return connection.scalar(select(func.pg_database_size(func.current_database()))) or 0
