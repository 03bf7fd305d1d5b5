# SPDX-License-Identifier: MIT
"""Registries to test with. `fresh_url` is the one place that knows databases: PostgreSQL joins here."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from fairreg.registry import Registry
from fairreg.registry.database import Database
from fairreg.schemas.identifiers import Identifier, parse
from fairreg.schemas.record import ModelRecord, Provenance
from fairreg.services.db import _migrate, ensure
from fairreg.settings import Settings

RecordMaker = Callable[..., ModelRecord]


@pytest.fixture(scope="session")
def empty_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("template") / "empty.sqlite"
    database = Database(f"sqlite:///{path}")
    _migrate(database)
    database.close()
    return path


@pytest.fixture(scope="session")
def filled_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("filled")
    ensure(Settings.from_environment({"FAIRREG_HOME": str(home)}), lambda line: None)
    return home / "registry.sqlite"


@pytest.fixture(params=["sqlite"])
def fresh_url(request: pytest.FixtureRequest, tmp_path: Path, empty_template: Path) -> str:
    """URL of a database with this release's tables and nothing in them."""
    copy = tmp_path / "registry.sqlite"
    shutil.copy(empty_template, copy)
    return f"{request.param}:///{copy}"


@pytest.fixture
def registry(fresh_url: str) -> Iterator[Registry]:
    with Registry(fresh_url) as opened:
        yield opened


@pytest.fixture
def catalogue_registry(tmp_path: Path, filled_template: Path) -> Iterator[Registry]:
    copy = tmp_path / "catalogue.sqlite"
    shutil.copy(filled_template, copy)
    with Registry(f"sqlite:///{copy}") as opened:
        yield opened


@pytest.fixture(scope="session")
def read_only_registry(filled_template: Path) -> Iterator[Registry]:
    """The packaged catalogue, for tests that only read."""
    with Registry(f"sqlite:///{filled_template}") as opened:
        yield opened


@pytest.fixture(scope="session")
def make_record() -> RecordMaker:
    def make(
        source: str = "zenodo", source_id: str = "1", *, pids: tuple[object, ...] = (), **fields: object
    ) -> ModelRecord:
        identifiers = tuple(pid if isinstance(pid, Identifier) else parse(str(pid)) for pid in pids)
        values = {
            "identifier": identifiers[0].compact if identifiers else f"{source}:{source_id}",
            "kind": "model",
            "name": f"{source} {source_id}",
            "identifiers": identifiers,
            "provenance": Provenance(source, source_id),
        }
        return ModelRecord(**{**values, **fields})

    return make
