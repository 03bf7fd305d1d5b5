# SPDX-License-Identifier: MIT
"""Databases to test with, of either kind, and what they hold at first."""

import shutil
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Literal

from fairreg.registry.db.engine import Database
from fairreg.services.registry import db
from fairreg.settings import Settings
from support.postgres import Run, Server

__all__ = ["ENGINES", "MAKE_READY", "Databases", "copying", "registry_variables"]

ENGINES = ("sqlite", "postgresql")
# nothing: not even tables, on SQLite no file; catalogue: what `fairreg db init` leaves; aside: nothing as
# well, but on the run's own server the catalogue lies in a schema that fairreg does not look into.
Holding = Literal["nothing", "tables", "catalogue", "aside"]
_ASIDE = "made_before"
_PUT_ASIDE = (
    f"ALTER SCHEMA public RENAME TO {_ASIDE}; CREATE SCHEMA public; ALTER EXTENSION pg_trgm SET SCHEMA public"
)
_BRING_IN = (
    f"ALTER EXTENSION pg_trgm SET SCHEMA {_ASIDE}; DROP SCHEMA public; ALTER SCHEMA {_ASIDE} RENAME TO public"
)
MAKE_READY = db._make_ready


class Databases:
    """Makes databases: files where `server` is None, else databases of that server, dropped by `close`."""

    def __init__(self, server: Server | None, run: Run) -> None:
        self._server = server
        self._run = run
        self._made: dict[Path, str] = {}

    def url(self, path: Path, holding: Holding = "nothing") -> str:
        """URL of a new database in the place of what `path` was before; on SQLite it is that file."""
        # On a developer's own server one may be allowed to make databases, and not to rename schemas.
        aside = self._server is not None and self._server.started
        nothing = holding == "nothing" or (holding == "aside" and not aside)
        template = None if nothing else self.template(holding)
        if self._server is not None:
            if path in self._made:
                self._server.drop(self._made.pop(path))
            self._made[path] = self._server.create(template)
            return self._server.database(self._made[path])
        if template is not None:
            path.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(template, path)
        return f"sqlite:///{path}"

    def home(self, path: Path, holding: Holding = "nothing", **variables: str) -> Settings:
        """Settings as of an environment in which `path` is the home, its registry a database of its own."""
        given = {"FAIRREG_HOME": str(path), **variables}
        url = self.url(path / "registry.sqlite", holding)
        there = {} if self._server is None else {"FAIRREG_DATABASE_URL": url}
        return Settings.from_environment({**there, **given})

    def close(self) -> None:
        """Drop what was made; files go with the test's folder."""
        for name in self._made.values() if self._server is not None else ():
            self._server.drop(name)

    def template(self, holding: Holding) -> str:
        """Path or name of what the run made once to be copied."""
        return self._run.once(f"{self._kind}-{holding}", lambda: self._filled(holding))

    def said(self, holding: Holding) -> list[str]:
        """What was said when the template was made, with PLACE for its location."""
        self.template(holding)
        return self._said(holding).read_text().splitlines()

    @property
    def _kind(self) -> str:
        return "sqlite" if self._server is None else "postgresql"

    def _said(self, holding: Holding) -> Path:
        return self._run.folder / f"said-{self._kind}-{holding}"

    def _filled(self, holding: Holding) -> str:
        """Path or name of a new database that holds it."""
        name = str(self._run.folder / f"{holding}.sqlite") if self._server is None else self._server.create()
        url = f"sqlite:///{name}" if self._server is None else self._server.database(name)
        said: list[str] = []
        with closing(Database(url)) as database:
            if holding == "tables":
                db.migrate(database)
            else:
                MAKE_READY(database, lambda line: said.append(line.replace(database.location, "PLACE")))
            if holding == "aside":
                with database.writing() as connection:
                    connection.exec_driver_sql(_PUT_ASIDE)
        self._said(holding).write_text("\n".join(said))
        return name


def copying(run: Run) -> Callable[[Database, Callable[[str], None]], None]:
    """What makes a database ready as fairreg does, but for an empty one copies what fairreg made once.

    It says the same as fairreg and leaves the same, as `tests/services/test_copied_registries.py` checks.
    """

    def ready(database: Database, log: Callable[[str], None]) -> None:
        if database.path is not None and not database.path.exists():
            files = Databases(None, run)
            shutil.copy(files.template("catalogue"), database.path)
            said = files.said("catalogue")
        elif _brought_in(database):
            said = Databases(run.server(), run).said("aside")
        else:
            return MAKE_READY(database, log)
        for line in said:
            log(line.replace("PLACE", database.location))
        return None

    return ready


def _brought_in(database: Database) -> bool:
    """Make what lies aside the content of the database; False where nothing does."""
    if database.dialect != "postgresql" or database.schema_state() != "empty":
        return False
    with database.writing() as connection:
        if connection.exec_driver_sql(f"SELECT to_regnamespace('{_ASIDE}')").scalar() is None:
            return False
        connection.exec_driver_sql(_BRING_IN)
    return True


def registry_variables(settings: Settings) -> dict[str, str]:
    """What tells a command where the registry is, unless it is in its home."""
    if settings.database_url.startswith("sqlite:"):
        return {}
    return {"FAIRREG_DATABASE_URL": settings.database_url}
