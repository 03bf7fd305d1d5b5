# SPDX-License-Identifier: MIT
"""Served registries for a module of tests: the packaged catalogue, and one with every kind of change."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from fairreg.registry import Registry
from fairreg.settings import Settings
from support.databases import Databases
from support.postgres import RUN
from support.serving import serving


@contextmanager
def served_registry(databases: Databases, folder, **choices) -> Iterator[tuple[str, Registry]]:  # type: ignore[no-untyped-def]
    """A server over a new registry with the catalogue, and the registry to write to."""
    settings = databases.home(folder, "catalogue")
    with serving(settings, **choices) as url, Registry(settings=settings) as registry:
        yield url, registry


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory, pytestconfig: pytest.Config) -> Iterator[str]:
    """URL of a server of the packaged catalogue, for tests that only read."""
    databases = Databases(None, pytestconfig.stash[RUN])
    settings: Settings = databases.home(tmp_path_factory.mktemp("kept"), "catalogue")
    with serving(settings, admin_email="registry@example.org") as url:
        yield url


@pytest.fixture
def written(tmp_path, pytestconfig: pytest.Config) -> Iterator[tuple[str, Registry]]:  # type: ignore[no-untyped-def]
    """URL of a server, and its registry to write to."""
    with served_registry(Databases(None, pytestconfig.stash[RUN]), tmp_path / "home") as found:
        yield found
