# SPDX-License-Identifier: MIT
"""Registries to test with, of each kind of database."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from fairreg.registry import Registry
from fairreg.schemas.identifiers import Identifier, parse
from fairreg.schemas.record import ModelRecord, Provenance
from support.databases import Databases
from support.postgres import RUN, Server

RecordMaker = Callable[..., ModelRecord]


@pytest.fixture
def fresh_url(databases: Databases, tmp_path: Path) -> str:
    """URL of a database with this release's tables and nothing in them."""
    return databases.url(tmp_path / "registry.sqlite", "tables")


@pytest.fixture
def registry(fresh_url: str) -> Iterator[Registry]:
    with Registry(fresh_url) as opened:
        yield opened


@pytest.fixture
def catalogue_registry(databases: Databases, tmp_path: Path) -> Iterator[Registry]:
    with Registry(databases.url(tmp_path / "catalogue.sqlite", "catalogue")) as opened:
        yield opened


@pytest.fixture(scope="session")
def read_only_registry(
    postgresql: Server | None, pytestconfig: pytest.Config, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Registry]:
    """The packaged catalogue, for tests that only read."""
    databases = Databases(postgresql, pytestconfig.stash[RUN])
    with Registry(databases.url(tmp_path_factory.mktemp("kept") / "registry.sqlite", "catalogue")) as opened:
        yield opened
    databases.close()


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
