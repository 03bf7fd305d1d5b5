# SPDX-License-Identifier: MIT
"""A registry that cannot be written is read: in a read-only folder, on a full disk, or none at all."""

import os
import resource
import shutil
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from pytest_httpserver import HTTPServer

from fairreg.errors import RegistryError, RegistryNotWritable
from fairreg.registry import Registry
from fairreg.registry.db.engine import Database
from fairreg.services.assess.assess import assess
from fairreg.services.assess.batch import assess_all
from fairreg.services.fetch.fetch import fetch
from fairreg.services.harvest.harvest import harvest
from fairreg.services.registry.db import init, open_registry, prepare, upgrade
from fairreg.services.registry.integrity import check
from fairreg.services.registry.shared_engine import close, shared_registry
from fairreg.services.registry.transfer import export
from fairreg.settings import Settings
from support import hbb
from support.databases import Databases
from support.permissions import needs_permissions, read_only

pytestmark = [pytest.mark.engines("sqlite"), needs_permissions]


@pytest.fixture
def home(settings: Settings, databases: Databases) -> Path:
    """The home of the settings, with a registry that has the catalogue."""
    settings.home.mkdir(parents=True, exist_ok=True)
    url = databases.url(settings.home / "registry.sqlite", "catalogue")
    assert url == settings.database_url
    return settings.home


def test_what_only_reads_works_in_a_read_only_folder(settings: Settings, home: Path, tmp_path: Path) -> None:
    said: list[str] = []
    before = {path.name for path in home.iterdir()}
    with read_only(home):
        with open_registry(settings, said.append) as registry:
            assert registry.search("Hbb tagger").hits
            assert registry.get(hbb.DOI).name
            assert export(settings, tmp_path / "out.jsonl", registry=registry)["statements"]
        found = check(settings)
        assert {path.name for path in home.iterdir()} == before
    assert said == [f"The registry {home}/registry.sqlite is read-only. It is read, and nothing is stored."]
    assert found.sound
    assert found.unchecked == ("The full-text index was not checked, because the registry is read-only.",)


def test_what_must_write_says_that_it_cannot(settings: Settings, home: Path) -> None:
    with read_only(home), open_registry(settings) as registry:
        with pytest.raises(RegistryNotWritable, match="is read-only") as caught:
            registry.upkeep.set_property("a", "b")
        with pytest.raises(RegistryNotWritable, match="is read-only"):
            harvest(settings, "zenodo", query="hbb", registry=registry)
    assert "FAIRREG_HOME" in str(caught.value.hint)


def test_a_fetched_record_is_fetched_and_assessed_there(settings: Settings, httpserver: HTTPServer) -> None:
    hbb.serve(httpserver, hbb.archive({"README.md": b"# Hbb"}))
    files = fetch(settings, hbb.DOI).files
    for offline in (False, True):
        with read_only(settings.home):
            said: list[str] = []
            again = fetch(replace(settings, offline=offline), hbb.DOI, log=said.append)
            assert [item.file for item in again.files] == [item.file for item in files]
            said: list[str] = []
            report = assess(settings, hbb.DOI, offline=offline, log=said.append)
            assert {report.letters[letter] for letter in "IR"}.isdisjoint({None})  # by the files
            assert (report.overall is None) == offline
            assert any(line.startswith("The assessment is not stored: ") for line in said)


def test_many_are_assessed_there_and_it_is_said_once_that_nothing_is_stored(
    settings: Settings, home: Path
) -> None:
    said: list[str] = []
    with read_only(home):
        report = assess_all(settings, limit=3, offline=True, log=said.append)
    assert report.assessed == 3
    assert not report.failures
    assert len([line for line in said if line.startswith("The assessments are not stored")]) == 1


def test_a_first_use_that_can_keep_nothing_reads_the_packaged_catalogue(settings: Settings) -> None:
    settings.home.mkdir(parents=True)
    said: list[str] = []
    with read_only(settings.home):
        with open_registry(settings, said.append) as registry:
            assert registry.search("Hbb tagger").hits
            with pytest.raises(RegistryNotWritable, match="Permission denied"):
                registry.upkeep.set_property("a", "b")
        with pytest.raises(RegistryNotWritable, match="cannot be used for the registry"):
            init(settings)
        with shared_registry(settings) as shared:
            assert shared.search("Hbb tagger").hits
        close()
    assert len(said) == 1
    assert said[0].endswith("Only the packaged catalogue is read, and nothing is stored.")


def test_an_older_schema_there_is_not_migrated_and_says_so(settings: Settings, home: Path) -> None:
    with sqlite3.connect(home / "registry.sqlite") as database:
        database.execute("UPDATE alembic_version SET version_num = '0005'")
    database.close()
    with (
        read_only(home),
        pytest.raises(RegistryError, match="older fairreg, and it cannot be migrated here") as caught,
        open_registry(settings),
    ):
        pass
    assert "fairreg db upgrade" in str(caught.value.hint)


def test_a_registry_of_older_rules_is_read_as_it_is(settings: Settings, home: Path) -> None:
    with open_registry(settings) as registry:
        registry.upkeep.set_property("wording_rules", "1")
    said: list[str] = []
    with read_only(home):
        with open_registry(settings, said.append) as registry:
            assert registry.search("Hbb tagger").hits
        with pytest.raises(RegistryNotWritable):
            upgrade(settings)
    assert len(said) == 1
    assert "as an earlier release left it" in said[0]


def test_changes_that_are_only_in_the_log_are_not_left_out(settings: Settings, home: Path) -> None:
    writer = sqlite3.connect(home / "registry.sqlite")
    writer.execute("INSERT INTO properties VALUES ('a', 'b')")
    writer.commit()
    with read_only(home), open_registry(settings) as registry:  # beside a writer, with both of its files
        assert registry.upkeep.get_property("a") == "b"
    copy = settings.home.with_name("copy")
    copy.mkdir()
    for suffix in ("", "-wal"):
        shutil.copy(home / f"registry.sqlite{suffix}", copy)
    writer.close()
    copied = f"sqlite:///{copy}/registry.sqlite"
    with read_only(copy), pytest.raises(RegistryError, match="in its log") as caught:
        Registry(copied)
    assert "db info" in str(caught.value.hint)


def test_a_file_that_changes_under_its_readers_is_noticed(settings: Settings, home: Path) -> None:
    database = Database(settings.database_url)
    with read_only(home):
        prepare(database, lambda _line: None)
        os.utime(home / "registry.sqlite", ns=(1, 1))
        with database.reading():  # opened again
            pass
        with pytest.raises(RegistryError, match="changed while it was read"), database.reading():
            os.utime(home / "registry.sqlite", ns=(2, 2))
    database.close()


@pytest.fixture
def on_a_full_disk(settings: Settings) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Runs a command for which no file may grow, as on a full disk."""

    def limit() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))

    # Without what measures coverage, which could not write its own file either.
    plain = {name: value for name, value in os.environ.items() if not name.startswith("COV")}

    def run(*words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-c", "from fairreg.cli.app import main; main()", *words],
            env={**plain, "FAIRREG_HOME": str(settings.home), "FAIRREG_OFFLINE": "1", "NO_COLOR": "1"},
            preexec_fn=limit,
            capture_output=True,
            text=True,
            check=False,
        )

    return run


@pytest.mark.sliced(2)
@pytest.mark.parametrize(
    "words",
    [("search", "hbb"), ("show", hbb.DOI), ("export", "-"), ("sources",), ("db", "check"), ("db", "info")],
)
def test_a_full_disk_keeps_nobody_from_reading(
    on_a_full_disk: Callable[..., subprocess.CompletedProcess[str]], home: Path, words: tuple[str, ...]
) -> None:
    done = on_a_full_disk(*words)
    assert done.returncode == 0, done.stderr
    assert done.stdout


def test_an_assessment_on_a_full_disk_is_printed(
    on_a_full_disk: Callable[..., subprocess.CompletedProcess[str]], home: Path
) -> None:
    done = on_a_full_disk("assess", hbb.DOI, "--offline", "--json")
    assert done.returncode == 0, done.stderr
    assert "not stored" in done.stderr


def test_a_first_search_on_a_full_disk_reads_the_packaged_catalogue(
    on_a_full_disk: Callable[..., subprocess.CompletedProcess[str]],
) -> None:
    done = on_a_full_disk("search", "Hbb")
    assert done.returncode == 0, done.stderr
    assert "Hbb" in done.stdout


def test_a_change_on_a_full_disk_is_one_sentence(
    on_a_full_disk: Callable[..., subprocess.CompletedProcess[str]], home: Path
) -> None:
    done = on_a_full_disk("link", hbb.DOI, "zenodo:3891869")
    assert done.returncode == 1
    assert done.stderr.splitlines()[-2].startswith("Error: "), done.stderr
