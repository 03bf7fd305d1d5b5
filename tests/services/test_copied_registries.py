# SPDX-License-Identifier: MIT
"""The registry that most tests copy is the one that fairreg makes in a new home."""

from contextlib import closing

import pytest
from sqlalchemy import MetaData, select, text

from fairreg.registry.db.engine import Database
from fairreg.services.registry import db
from support.databases import copying
from support.postgres import RUN

OF_THE_DAY = ("_at", "loaded", "created")  # ends of the names of columns with a time


DEFINITIONS = {
    "sqlite": ("SELECT type, name, sql FROM sqlite_schema ORDER BY 1, 2", "PRAGMA journal_mode"),
    "postgresql": (
        "SELECT nspname FROM pg_namespace WHERE nspname !~ '^pg_' ORDER BY 1",
        "SELECT extname, nspname FROM pg_extension JOIN pg_namespace n ON n.oid = extnamespace ORDER BY 1",
        "SELECT indexdef FROM pg_indexes WHERE schemaname = 'public' ORDER BY 1",
        (
            "SELECT table_name, column_name, data_type, column_default, is_nullable, generation_expression"
            " FROM information_schema.columns WHERE table_schema = 'public' ORDER BY 1, 2"
        ),
        "SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint ORDER BY 1, 2",
        "SELECT sequencename, last_value FROM pg_sequences ORDER BY 1",
    ),
}


def content(database):
    """All rows but for times, and the definitions of what the database holds."""
    with database.reading() as connection:
        tables = MetaData()
        tables.reflect(connection)
        rows = {
            table.name: sorted(
                repr([value for name, value in row.items() if not name.endswith(OF_THE_DAY)])
                for row in connection.execute(select(table)).mappings()
            )
            for table in tables.sorted_tables
        }
        asked = [connection.execute(text(query)).all() for query in DEFINITIONS[database.dialect]]
    return rows, asked


@pytest.mark.making
def test_a_copied_registry_is_the_one_that_fairreg_makes(databases, tmp_path, request, monkeypatch):
    said, found, modes = [], [], []
    for name, holding in (("made", "nothing"), ("copied", "aside")):
        if name == "copied":
            monkeypatch.setattr(db, "_make_ready", copying(request.config.stash[RUN]))
        settings = databases.home(tmp_path / name, holding)
        lines = []
        with closing(Database(settings.database_url)) as database:
            db.prepare(database, lines.append)
            said.append([line.replace(database.location, "PLACE") for line in lines])
            found.append(content(database))
            modes.append(database.path and database.path.stat().st_mode)
    assert said[0] == said[1]
    assert found[0] == found[1]
    assert modes[0] == modes[1]
    assert len(found[0][0]["entries"]) == 165


@pytest.mark.making
def test_what_lies_aside_is_an_empty_database_to_fairreg(databases, tmp_path):
    settings = databases.home(tmp_path / "home", "aside")
    lines = []
    db.ensure(settings, lines.append)
    assert [line.split()[0] for line in lines] == ["Creating", "Loaded"]
