# SPDX-License-Identifier: MIT
"""The databases that are compared: where they are, and the bare statement that a search is held against."""

import sqlite3
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

from fairreg.registry.search.query_expansion import parse_query
from fairreg.registry.text.stemming import stemmed
from fairreg.settings import Settings

__all__ = ["Engine", "PostgreSQL", "SQLite"]

SHOWN = 20


class Engine(ABC):
    """A registry's database."""

    name: str

    def __init__(self, home: Path) -> None:
        self.home = home

    @property
    def environment(self) -> dict[str, str]:
        """The settings of a command that uses it."""
        return {"FAIRREG_HOME": str(self.home), "FAIRREG_OFFLINE": "1"}

    @property
    def settings(self) -> Settings:
        """The same, for calls."""
        return Settings.from_environment(self.environment)

    @abstractmethod
    def bare(self) -> Callable[[str], int]:
        """What runs the engine's own ranked full-text search for a question; how many it finds."""


def terms(question: str) -> list[str]:
    """Each term as it was typed, in stems."""
    return [stemmed(" ".join(term.phrases[0][0])) for term in parse_query(question)]


class SQLite(Engine):
    """A file in the home."""

    name = "SQLite"

    @property
    def file(self) -> Path:
        """The database."""
        return self.home / "registry.sqlite"

    def bare(self) -> Callable[[str], int]:
        """FTS5's MATCH, ranked by bm25."""
        connection = sqlite3.connect(self.file)
        statement = "SELECT rowid FROM entry_index WHERE entry_index MATCH ? ORDER BY rank LIMIT ?"

        def ask(question: str) -> int:
            match = " OR ".join(f'"{term}"' for term in terms(question))
            return len(connection.execute(statement, (match, SHOWN)).fetchall())

        return ask


class PostgreSQL(Engine):
    """A server's database."""

    name = "PostgreSQL"

    def __init__(self, home: Path, url: str) -> None:
        super().__init__(home)
        self.url = url

    @property
    def environment(self) -> dict[str, str]:
        """With the URL."""
        return super().environment | {"FAIRREG_DATABASE_URL": self.url}

    def bare(self) -> Callable[[str], int]:
        """The tsquery operator, ranked by ts_rank."""
        import psycopg

        connection = psycopg.connect(self.url.replace("postgresql+psycopg:", "postgresql:"), autocommit=True)

        def ask(question: str) -> int:
            asked = terms(question)
            either = " || ".join(["phraseto_tsquery('simple', %s)"] * len(asked))
            statement = (
                f"SELECT entry_id FROM entry_texts, (SELECT {either} AS asked) AS question "
                "WHERE text_vector @@ asked ORDER BY ts_rank(text_vector, asked) DESC LIMIT %s"
            )
            parameters: Sequence[Any] = [*asked, SHOWN]
            with closing(connection.cursor()) as cursor:
                return len(cursor.execute(statement.encode(), parameters).fetchall())

        return ask
