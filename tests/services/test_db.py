# SPDX-License-Identifier: MIT
import dataclasses
import os
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
from msgspec.structs import replace
from sqlalchemy import text

from fairreg.errors import RegistryError
from fairreg.registry import Assessment, Registry, RejectedPayload, catalogue
from fairreg.registry.db.engine import Database
from fairreg.registry.db.tables import HEAD, REVISIONS, described, metadata
from fairreg.schemas.identifiers import Identifier
from fairreg.schemas.record import Provenance
from fairreg.services.registry.db import ensure, info, init, upgrade
from fairreg.services.registry.integrity import CheckReport, check
from fairreg.settings import Settings
from support.databases import Databases, registry_variables

# Whatever happens at a first start is about fairreg's own steps.
pytestmark = pytest.mark.making
ENSURE = "from fairreg.services.registry.db import ensure; from fairreg.settings import Settings\n"


@pytest.fixture
def fresh(databases: Databases, tmp_path: Path) -> Settings:
    return databases.home(tmp_path / "new" / "home")


@pytest.fixture
def ready(databases: Databases, tmp_path: Path) -> Settings:
    return databases.home(tmp_path / "new" / "home", "catalogue")


def variables(settings: Settings) -> dict[str, str]:
    return {**os.environ, "FAIRREG_HOME": str(settings.home), **registry_variables(settings)}


def alter(settings: Settings, statement: str) -> None:
    with closing(Database(settings.database_url)) as database, database.writing() as connection:
        connection.execute(text(statement))


def test_a_fresh_home_gets_a_registry_and_hears_so(fresh: Settings) -> None:
    said: list[str] = []
    ensure(fresh, said.append)
    assert len(said) == 2
    assert "165 records" in said[1]
    ensure(fresh, said.append)
    assert len(said) == 2
    place = Database(fresh.database_url).location
    assert check(fresh) == CheckReport(place=place, entries=165, statements=165)
    assert info(fresh).kinds == {"dataset": 44, "model": 96, "software": 25}
    assert init(fresh) == info(fresh) == upgrade(fresh)


def test_nothing_to_do_needs_no_alembic(ready: Settings) -> None:
    program = ENSURE + (
        "ensure(Settings.from_environment(), print)\n"
        "import sys\n"
        "assert not [m for m in sys.modules if m.partition('.')[0] == 'alembic' or m == 'sqlalchemy.orm']"
    )
    run = subprocess.run(
        [sys.executable, "-c", program], env=variables(ready), check=False, capture_output=True, text=True
    )
    assert (run.returncode, run.stdout, run.stderr) == (0, "", "")


@pytest.mark.long("postgresql")
def test_two_processes_start_at_once(fresh: Settings) -> None:
    program = ENSURE + "ensure(Settings.from_environment(), print)"
    starts = [subprocess.Popen([sys.executable, "-c", program], env=variables(fresh)) for _ in range(3)]
    assert [start.wait() for start in starts] == [0, 0, 0]
    assert check(fresh).sound


def test_a_start_that_was_cut_off_is_taken_up(fresh: Settings) -> None:
    if fresh.database_url.startswith("sqlite"):
        fresh.home.mkdir(parents=True)
        (fresh.home / "registry.sqlite").touch()
    ensure(fresh, lambda line: None)
    alter(fresh, "DELETE FROM properties")
    ensure(fresh, lambda line: None)
    assert check(fresh).sound


def test_what_left_the_catalogue_becomes_a_tombstone(
    ready: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    fewer = catalogue.records()[1:]
    monkeypatch.setattr(catalogue, "records", lambda: fewer)
    monkeypatch.setattr(catalogue, "digest", lambda: "another")
    ensure(ready, lambda line: None)
    with Registry(settings=ready) as registry:
        assert registry.entry_for("10.5281/zenodo.7305227").gone
        assert registry.info().gone == 1


def test_the_constant_is_alembics_head() -> None:
    from alembic.config import Config
    from alembic.script import ScriptDirectory

    config = Config()
    config.set_main_option("script_location", "fairreg:migrations")
    scripts = ScriptDirectory.from_config(config)
    assert scripts.get_heads() == [HEAD]
    assert tuple(script.revision for script in reversed(list(scripts.walk_revisions()))) == REVISIONS


def test_the_migrations_make_what_the_tables_say(ready: Settings) -> None:
    from alembic.autogenerate import compare_metadata
    from alembic.migration import MigrationContext

    database = Database(ready.database_url)
    with database.reading() as connection:
        options = {"compare_type": True, "include_object": described}
        assert compare_metadata(MigrationContext.configure(connection, opts=options), metadata) == []
    database.close()


def test_down_and_up_again(ready: Settings) -> None:
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", "fairreg:migrations")
    database = Database(ready.database_url)
    with database.writing() as connection:
        config.attributes["connection"] = connection
        command.downgrade(config, "base")
    assert database.schema_state() == "empty"
    database.close()
    ensure(ready, lambda line: None)
    assert check(ready).sound


def test_an_older_schema_is_refused_by_readers(ready: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fairreg.registry.db.engine.HEAD", "9998")
    with pytest.raises(RegistryError, match="older fairreg") as caught:
        info(ready)
    assert "db upgrade" in str(caught.value.hint)


def test_a_newer_schema_is_left_alone(ready: Settings) -> None:
    alter(ready, "UPDATE alembic_version SET version_num = '9999'")
    for verb in (init, info, check, upgrade):
        with pytest.raises(RegistryError, match="newer fairreg"):
            verb(ready)


@pytest.mark.engines("sqlite")
def test_garbage_is_left_alone(fresh: Settings) -> None:
    fresh.home.mkdir(parents=True)
    (fresh.home / "registry.sqlite").write_bytes(b"garbage" * 1000)
    with pytest.raises(RegistryError, match="not a database"):
        ensure(fresh, print)
    assert (fresh.home / "registry.sqlite").read_bytes() == b"garbage" * 1000


@pytest.mark.engines("sqlite")
def test_a_file_where_the_home_should_be(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for home in (tmp_path / "file", tmp_path / "file" / "home"):
        with pytest.raises(RegistryError) as caught:
            ensure(Settings.from_environment({"FAIRREG_HOME": str(home)}), print)
        assert "FAIRREG_HOME" in str(caught.value.hint)


@pytest.mark.engines("sqlite")
def test_there_is_nothing_to_upgrade_or_check(fresh: Settings) -> None:
    for verb in (upgrade, check, info):
        with pytest.raises(RegistryError, match="no registry"):
            verb(fresh)
    assert not fresh.home.exists()


@pytest.mark.sliced(2)
@pytest.mark.parametrize(
    ("damage", "words"),
    [
        ("UPDATE entries SET merged = '{}' WHERE id = 1", "cannot be decoded"),
        ("UPDATE statements SET record = '{}' WHERE id = 1", "cannot be decoded"),
        (
            "UPDATE entries SET merged = (SELECT record FROM statements WHERE entry_id = 2) WHERE id = 1",
            "differs from its merged statements",
        ),
        ("UPDATE statements SET entry_id = NULL WHERE id = 1", "have no entry"),
        ("DELETE FROM entry_texts WHERE entry_id = 1", "missing from the full-text index"),
    ],
)
def test_check_finds_damage(ready: Settings, damage: str, words: str) -> None:
    alter(ready, damage)
    assert any(words in problem for problem in check(ready).problems)


@pytest.mark.engines("sqlite")
@pytest.mark.parametrize(
    ("index", "column"), [("entry_index", "name"), ("name_index", "name"), ("word_index", "word")]
)
def test_check_finds_an_index_that_is_not_in_step(ready: Settings, index: str, column: str) -> None:
    alter(ready, f"INSERT INTO {index}(rowid, {column}) VALUES (999999, 'stray')")
    (problem,) = check(ready).problems
    assert "differs from the entries" in problem


@pytest.mark.engines("sqlite")
def test_a_database_elsewhere(fresh: Settings, tmp_path: Path) -> None:
    elsewhere = dataclasses.replace(fresh, database_url=f"sqlite:///{tmp_path / 'else' / 'where.sqlite'}")
    ensure(elsewhere, lambda line: None)
    assert check(elsewhere).sound
    assert not fresh.home.exists()


def _alembic(settings: Settings, verb: str, revision: str) -> None:
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", "fairreg:migrations")
    database = Database(settings.database_url)
    with database.writing() as connection:
        config.attributes["connection"] = connection
        getattr(command, verb)(config, revision)
    database.close()


@pytest.mark.long("postgresql")
def test_a_populated_registry_goes_down_to_the_first_schema_and_up_again(ready: Settings) -> None:
    record, concept = catalogue.records()[0], Identifier("concept_doi", "10.1234/concept")
    versions = [
        replace(
            record,
            identifier=f"doi:10.1234/v{number}",
            identifiers=(Identifier("doi", f"10.1234/v{number}"), concept),
            provenance=Provenance("zenodo", f"{number}"),
        )
        for number in (1, 2)
    ]
    with Registry(settings=ready) as registry:
        registry.put_many(versions, rejected=[RejectedPayload("zenodo", b"{}", "It is empty.")])
        registry.unlink("zenodo:1", "10.5281/zenodo.7305227")
        records = list(registry)
    _alembic(ready, "downgrade", "0001")
    with pytest.raises(RegistryError, match="older fairreg"):
        info(ready)
    said: list[str] = []
    ensure(ready, said.append)
    assert len(said) == 3
    assert HEAD in said[0]
    assert check(ready).sound
    with Registry(settings=ready) as registry:
        assert list(registry) == records
        assert [len(hit.versions) for hit in registry.search("10.1234/concept").hits] == [2]
        assert registry.harvests.rejected() == ()
        assert registry.links.overrides().cannot_link == frozenset()


def test_a_populated_registry_of_schema_0002_keeps_all_and_loses_only_assessments_on_the_way_down(
    ready: Settings,
) -> None:
    kept = Assessment(
        identifier="doi:10.5281/zenodo.7305227",
        subject=("doi", "10.5281/zenodo.7305227"),
        rubric="fair-ai-models",
        rubric_version="2.0",
        assessed_at="2026-11-22T00:00:00+00:00",
        offline=False,
        overall=0.5,
        coverage=0.9,
        letters={},
        evidence_sha256="0" * 64,
    )
    with Registry(settings=ready) as registry:
        registry.assessments.save([kept])
        records = list(registry)
    _alembic(ready, "downgrade", "0002")
    with pytest.raises(RegistryError, match="older fairreg"):
        info(ready)
    ensure(ready, lambda _line: None)
    assert check(ready).sound
    with Registry(settings=ready) as registry:
        assert list(registry) == records
        assert registry.assessments.history("10.5281/zenodo.7305227") == ()
        assert registry.entry_for("10.5281/zenodo.7305227").fair_score == 0.5
