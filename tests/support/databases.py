# SPDX-License-Identifier: MIT
"""Databases to test with, of either kind, and what they hold at first."""

import shutil
from pathlib import Path
from typing import Literal

from fairreg.registry.db.engine import Database
from fairreg.services.registry.db import ensure, migrate
from fairreg.settings import Settings
from support.postgres import Run, Server

__all__ = ["ENGINES", "Databases", "registry_variables"]

ENGINES = ("sqlite", "postgresql")
# nothing: not even tables, on SQLite no file; catalogue: what `fairreg db init` leaves.
Holding = Literal["nothing", "tables", "catalogue"]


class Databases:
    """Makes databases: files where `server` is None, else databases of that server, dropped by `close`."""

    def __init__(self, server: Server | None, run: Run) -> None:
        self._server = server
        self._run = run
        self._made: dict[Path, str] = {}

    def url(self, path: Path, holding: Holding = "nothing") -> str:
        """URL of a new database in the place of what `path` was before; on SQLite it is that file."""
        template = None if holding == "nothing" else self._template(holding)
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

    def _template(self, holding: Holding) -> str:
        kind = "sqlite" if self._server is None else "postgresql"
        return self._run.once(f"{kind}-{holding}", lambda: self._filled(holding))

    def _filled(self, holding: Holding) -> str:
        """Path or name of a new database that holds it."""
        name = str(self._run.folder / f"{holding}.sqlite") if self._server is None else self._server.create()
        url = f"sqlite:///{name}" if self._server is None else self._server.database(name)
        if holding == "tables":
            database = Database(url)
            migrate(database)
            database.close()
        else:
            ensure(Settings(home=self._run.folder, database_url=url), lambda _line: None)
        return name


def registry_variables(settings: Settings) -> dict[str, str]:
    """What tells a command where the registry is, unless it is in its home."""
    if settings.database_url.startswith("sqlite:"):
        return {}
    return {"FAIRREG_DATABASE_URL": settings.database_url}
