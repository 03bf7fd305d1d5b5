# SPDX-License-Identifier: MIT
"""Parts of the registry, each an attribute of `Registry` that is imported when it is asked for.

Here is what they share: the database, transactions that change entries, and stored properties.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection, insert, select, update

from fairreg.registry.db.engine import Database
from fairreg.registry.db.tables import properties

__all__ = ["CATALOGUE_DIGEST", "RegistryPart", "changing", "read_property", "write_property"]

# Name of the property that holds the digest of the catalogue that was loaded last.
CATALOGUE_DIGEST = "catalogue_digest"


class RegistryPart:
    """Part of the registry over its open database; every method is one or several transactions."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def use(self, database: Database) -> None:
        """Go on with another database, as after the registry was closed."""
        self._database = database


@contextmanager
def changing(database: Database) -> Iterator[Connection]:
    """Open a write transaction that may change entries, and give the time of it to those that it does."""
    from fairreg.registry.db.change_times import settle  # only those who write need it

    with database.writing() as connection:
        yield connection
        settle(connection)


def read_property(connection: Connection, name: str) -> str | None:
    """Return the value of a property, None where it was never written."""
    return connection.scalar(select(properties.c.value).where(properties.c.name == name))


def write_property(connection: Connection, name: str, value: str) -> None:
    """Write a property, whose name has at most 64 characters."""
    changed = connection.execute(update(properties).where(properties.c.name == name).values(value=value))
    if changed.rowcount == 0:
        connection.execute(insert(properties).values(name=name, value=value))
