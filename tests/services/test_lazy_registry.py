# SPDX-License-Identifier: MIT
"""A registry that is opened when it is first needed, and without which a fetch brings its files as well."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from pytest_httpserver import HTTPServer

from fairreg.errors import RegistryError
from fairreg.registry import Registry
from fairreg.services.fetch.fetch import fetch
from fairreg.services.registry.db import open_registry
from fairreg.services.registry.lazy_registry import LazyRegistry
from fairreg.settings import Settings
from fairreg.web import Log
from support import hbb


class Openings:
    """Opens the registry of settings and notes what happened to it."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.events: list[str] = []

    @contextmanager
    def __call__(self, talk: Log) -> Iterator[Registry]:
        with open_registry(self.settings, talk) as registry:
            self.events.append("opened")
            yield registry
        self.events.append("closed")


def test_it_is_opened_when_it_is_needed_and_once(settings: Settings) -> None:
    openings, said = Openings(settings), []
    with LazyRegistry(openings) as lazy:
        assert openings.events == []
        assert lazy.open(said.append) is lazy.open()
        assert said[0].startswith("Creating the registry")
        assert openings.events == ["opened"]
    assert openings.events == ["opened", "closed"]


def test_what_nobody_needs_is_never_opened(settings: Settings) -> None:
    openings = Openings(settings)
    with LazyRegistry(openings):
        pass
    assert openings.events == []


def test_a_fetch_opens_it_once(settings: Settings, httpserver: HTTPServer) -> None:
    hbb.serve(httpserver, hbb.archive({"README.md": b"# Hbb"}))
    openings = Openings(settings)
    with LazyRegistry(openings) as lazy:
        fetch(settings, hbb.DOI, registry=lazy)
        assert {item.source for item in lazy.open().statements.of_entry(hbb.DOI)} == {
            "catalogue",
            "datacite",
            "zenodo",
        }
    assert openings.events == ["opened", "closed"]


@pytest.mark.engines("sqlite")
def test_a_fetch_without_a_registry_brings_the_files_and_says_so(
    settings: Settings, httpserver: HTTPServer, tmp_path: Path
) -> None:
    hbb.serve(httpserver, hbb.archive({"README.md": b"# Hbb"}))
    (tmp_path / "file").write_text("not a folder", "utf-8")
    broken, said = replace(settings, database_url=f"sqlite:///{tmp_path}/file/registry.sqlite"), []
    fetched = fetch(broken, hbb.DOI, log=said.append)
    assert fetched.files[0].file.path.is_file()
    assert said[-1].startswith("The files are fetched, but their record was not stored in the registry: ")
    with LazyRegistry.of(broken) as lazy, pytest.raises(RegistryError):
        lazy.open()
