# SPDX-License-Identifier: MIT
"""Whatever somebody wrote into the tables: db check names it, reindex mends what it can, export goes on."""

import json
from contextlib import closing, suppress
from pathlib import Path

import pytest
from sqlalchemy import text

from fairreg.errors import DamagedRecord, RegistryError
from fairreg.registry import Assessment, Harvest, Registry, RejectedPayload
from fairreg.registry.db.engine import Database
from fairreg.rubrics import VERSIONS
from fairreg.schemas.identifiers import parse
from fairreg.schemas.record import Creator, ModelRecord, Provenance
from fairreg.services.registry.db import init, reindex
from fairreg.services.registry.integrity import check
from fairreg.services.registry.transfer import export
from fairreg.settings import Settings
from support.databases import Databases

NAMED = "doi:10.5281/zenodo.7305227"
PLACE = "hbb-interaction-network-fair4hep"
DEEP = "[" * 5000 + "]" * 5000
ZERO = {"sqlite": "X'00'", "postgresql": "'\\x00'::bytea"}


@pytest.fixture
def ready(databases: Databases, tmp_path: Path) -> Settings:
    settings = databases.home(tmp_path / "home", "catalogue")
    with Registry(settings=settings) as registry:
        registry.put(record("1"), payload=b"{}")
        registry.assessments.save([assessment()])
        registry.put_many([], rejected=[RejectedPayload("zenodo", b"{}", "It is empty.")])
        registry.harvests.save(Harvest("zenodo", "jets"))
    return settings


def record(number: str) -> ModelRecord:
    return ModelRecord(
        identifier=f"zenodo:{number}",
        kind="model",
        name="Quaxel",
        creators=(Creator(name="Curie, Marie"),),
        frameworks=("pytorch",),
        identifiers=(parse(f"10.5281/zenodo.{number}"),),
        provenance=Provenance("zenodo", number),
    )


def assessment() -> Assessment:
    return Assessment(
        identifier=NAMED,
        subject=("doi", "10.5281/zenodo.7305227"),
        rubric="fair-ai-models",
        rubric_version=VERSIONS["fair-ai-models"],
        assessed_at="2026-11-22T00:00:00+00:00",
        offline=False,
        overall=0.5,
        coverage=0.9,
        letters={"F": 0.5},
        evidence_sha256="0" * 64,
        report=b"{}",
        evidence=b"{}",
    )


def alter(settings: Settings, statement: str) -> None:
    with closing(Database(settings.database_url)) as database, database.writing() as connection:
        connection.exec_driver_sql(
            statement.replace("%", "%%") if database.dialect != "sqlite" else statement
        )


def of_first(settings: Settings) -> int:
    with closing(Database(settings.database_url)) as database, database.reading() as connection:
        query = text("SELECT entry_id FROM statements WHERE source_id = :place")
        return int(connection.scalar(query, {"place": PLACE}) or 0)


DERIVED = {
    "UPDATE entries SET kind = 'modle' WHERE id = {}": "kind 'modle' instead of 'model'",
    "UPDATE entries SET updated_at = 'yesterday' WHERE id = {}": "updated_at 'yesterday'",
    "UPDATE entries SET gone_at = 'garbage' WHERE id = {}": "gone_at 'garbage' instead of None",
    "UPDATE entries SET year = 1492 WHERE id = {}": "year 1492",
    "UPDATE entries SET fair_score = 0.75 WHERE id = {}": "fair_score 0.75 instead of 0.5",
    "UPDATE entries SET name = 'x' WHERE id = {}": "name 'x'",
    "UPDATE entries SET sort_name = NULL WHERE id = {}": "sort_name None",
    "UPDATE entries SET runnable = NOT runnable WHERE id = {}": "runnable",
    "DELETE FROM facets WHERE entry_id = {}": "filtered",
    "UPDATE facets SET value = 'x' WHERE entry_id = {}": "filtered",
    "DELETE FROM entry_texts WHERE entry_id = {}": "missing from the full-text index",
    "UPDATE entry_texts SET subjects = 'x' WHERE entry_id = {}": "words by which",
    "UPDATE identifiers SET scheme = 'bogus' WHERE entry_id = {}": "identifiers of the statement",
    "DELETE FROM identifiers WHERE entry_id = {}": "identifiers of the statement",
    "INSERT INTO ties (statement_id, family, key) VALUES (1, 'doi', '10.1234/x')": "relations of",
    "UPDATE statements SET retrieved_at = 'when' WHERE entry_id = {}": "retrieved_at 'when'",
}
IN_SQLITE = {
    "UPDATE entries SET year = 'abc' WHERE id = {}": "year 'abc'",
    "UPDATE entries SET fair_score = 'abc' WHERE id = {}": "fair_score 'abc' instead of 0.5",
    "UPDATE entries SET name = CAST(X'FF41' AS TEXT) WHERE id = {}": "name ",
    "UPDATE entries SET name = X'FF' WHERE id = {}": "name b'",
}


def assert_named_and_mended(settings: Settings, change: str, words: str) -> None:
    alter(settings, change.format(of_first(settings)))
    problems = check(settings).problems
    assert problems
    assert any(words in item for item in problems), problems
    assert all("fairreg db reindex" in item for item in problems)
    reindex(settings)
    assert check(settings).problems == ()
    with Registry(settings=settings) as registry:
        found = registry.entry_for(NAMED)
        assert (found.record.kind, found.gone, found.fair_score) == ("model", False, 0.5)
        assert [hit.entry.identifier for hit in registry.search(NAMED).hits] == [NAMED]
        assert all(item.changed_at.startswith("20") for item in registry.changes.page(limit=500))


@pytest.mark.parametrize(("change", "words"), DERIVED.items())
def test_what_is_derived_is_compared_with_the_record_and_mended(ready, change, words):
    assert_named_and_mended(ready, change, words)


@pytest.mark.engines("sqlite")
@pytest.mark.parametrize(("change", "words"), IN_SQLITE.items())
def test_a_value_of_another_type_is_named_and_mended(ready, change, words):
    assert_named_and_mended(ready, change, words)


@pytest.mark.engines("sqlite")
@pytest.mark.parametrize("index", ["entry_index", "name_index", "word_index"])
def test_an_index_that_is_not_in_step_is_mended(ready, index):
    column = "word" if index == "word_index" else "name"
    alter(ready, f"INSERT INTO {index}(rowid, {column}) VALUES (999999, 'stray')")
    assert any("fairreg db reindex" in item for item in check(ready).problems)
    reindex(ready)
    assert check(ready).sound


def test_a_sound_registry_is_the_same_after_reindex_and_nothing_has_changed(ready, tmp_path):
    with Registry(settings=ready) as registry:
        before = [(item.identifier, item.place) for item in registry.changes.page(limit=500)]
    export(ready, tmp_path / "one.jsonl")
    reindex(ready)
    with Registry(settings=ready) as registry:
        assert [(item.identifier, item.place) for item in registry.changes.page(limit=500)] == before
    export(ready, tmp_path / "two.jsonl")
    assert (tmp_path / "one.jsonl").read_bytes() == (tmp_path / "two.jsonl").read_bytes()
    assert check(ready).sound


def test_a_damaged_record_stays_for_a_new_one_while_the_rest_is_mended(ready):
    alter(ready, f"UPDATE statements SET record = '[1]' WHERE source_id = '{PLACE}'")
    alter(ready, "DELETE FROM facets")
    reindex(ready)
    (problem,) = check(ready).problems
    assert PLACE in problem
    assert "cannot be decoded" in problem
    with Registry(settings=ready) as registry:
        assert registry.search("zenodo:1", limit=1).total == 1


# What db check names and no command can derive from anything else.
LOST = {
    "UPDATE statements SET record = '[1]' WHERE source_id = '1'": "zenodo on 1",
    f"UPDATE statements SET record = '{DEEP}' WHERE source_id = '1'": "zenodo on 1",
    "UPDATE statements SET payload = ZERO WHERE source_id = '1'": "zenodo on 1",
    "UPDATE assessments SET letters = '[1]'": NAMED,
    'UPDATE assessments SET letters = \'{"F": "x"}\'': NAMED,
    "UPDATE assessments SET report = ZERO": NAMED,
    "UPDATE assessments SET evidence = ZERO": NAMED,
    "UPDATE refusals SET payload = ZERO": "zenodo",
}
LOST_IN_SQLITE = {
    "UPDATE statements SET record = X'FF00FE' WHERE source_id = '1'": "zenodo on 1",
    "UPDATE statements SET record = CAST(X'22FF22' AS TEXT) WHERE source_id = '1'": "zenodo on 1",
    "UPDATE statements SET record = 5 WHERE source_id = '1'": "zenodo on 1",
    "UPDATE statements SET record = '{' WHERE source_id = '1'": "zenodo on 1",
    "UPDATE statements SET payload = 'abc' WHERE source_id = '1'": "zenodo on 1",
    "UPDATE assessments SET letters = '{bad'": NAMED,
    "UPDATE assessments SET overall = 'abc'": NAMED,
    "UPDATE assessments SET report = 'abc'": NAMED,
    "UPDATE refusals SET payload = 'abc'": "zenodo",
}


def assert_named_and_all_else_exported(settings: Settings, change: str, words: str, file: Path) -> None:
    export(settings, file)
    whole = file.read_text().splitlines()
    alter(settings, change)
    assert any(words in problem for problem in check(settings).problems)
    said: list[str] = []
    with pytest.raises(RegistryError, match=r"1 item\b") as told:
        export(settings, file, log=said.append)
    assert told.value.hint
    (line,) = said
    assert words in line
    kept = file.read_text().splitlines()
    assert len(kept) == len(whole) - 1
    assert set(kept) < set(whole)
    assert all(json.loads(item) for item in kept)
    readers_go_on(settings)


def readers_go_on(settings: Settings) -> None:
    """Ask every reader: each answers, or says that the record is damaged."""
    with Registry(settings=settings) as registry:
        assert registry.search("Quaxel").total == 1
        assert registry.changes.page(limit=500)
        registry.harvests.rejected()
        for pid in ("zenodo:1", NAMED):
            for ask in (
                registry.entry_for,
                registry.assessments.history,
                registry.explain,
                lambda name: registry.assessments.shown([name]),
                lambda name: registry.forget([name], dry_run=True),
            ):
                with suppress(DamagedRecord):
                    ask(pid)


@pytest.mark.parametrize(("change", "words"), LOST.items(), ids=lambda text: text[:60])
def test_a_damaged_row_is_named_and_the_export_has_all_else(ready, change, words, tmp_path, engine):
    change = change.replace("ZERO", ZERO[engine])
    assert_named_and_all_else_exported(ready, change, words, tmp_path / "all.jsonl")


@pytest.mark.engines("sqlite")
@pytest.mark.parametrize(("change", "words"), LOST_IN_SQLITE.items(), ids=lambda text: text[:60])
def test_a_row_of_other_bytes_is_named_and_the_export_has_all_else(ready, change, words, tmp_path):
    assert_named_and_all_else_exported(ready, change, words, tmp_path / "all.jsonl")


@pytest.mark.parametrize("stored", ["'[1]'", f"'{DEEP}'"], ids=["list", "deep"])
def test_a_damaged_record_can_be_replaced_and_removed(ready, stored):
    alter(ready, f"UPDATE statements SET record = {stored} WHERE source_id = '1'")
    with Registry(settings=ready) as registry:
        registry.put(record("1"))
    assert check(ready).sound
    alter(ready, f"UPDATE statements SET record = {stored} WHERE source_id = '1'")
    with Registry(settings=ready) as registry:
        (gone,) = registry.forget(["zenodo:1"])
        assert gone.name == "Quaxel"
        assert registry.put(record("1")).outcome == "forgotten"
    assert check(ready).sound


def test_after_a_time_that_is_none_the_next_change_has_the_present_one(ready):
    alter(ready, "UPDATE entries SET updated_at = 'yesterday' WHERE id = 1")
    with Registry(settings=ready) as registry:
        registry.put(record("2"))
        assert registry.changes.page(limit=500)[-1].changed_at.startswith("20")
        alter(ready, "UPDATE entries SET updated_at = '0' WHERE id = 1")
        assert (registry.changes.first_time() or "").startswith("20")


@pytest.mark.engines("sqlite")
def test_of_a_truncated_file_the_check_says_that_nothing_is_left_and_what_to_do(ready):
    with Registry(settings=ready) as registry:
        registry.put_many(record(str(number)) for number in range(10, 400))
    path = Path(ready.database_url.removeprefix("sqlite:///"))
    with closing(Database(ready.database_url)) as database:
        database.erase()  # the log is in the file
    with path.open("r+b") as file:
        file.truncate(path.stat().st_size * 2 // 3)
    with pytest.raises(RegistryError, match="Not even its tables") as told:
        check(ready)
    assert told.value.hint == "Restore a backup."


@pytest.mark.engines("sqlite")
def test_a_page_of_the_file_that_is_overwritten_hides_no_other_record(ready):
    path = Path(ready.database_url.removeprefix("sqlite:///"))
    with closing(Database(ready.database_url)) as database:
        database.erase()
        with database.reading() as connection:
            root = connection.scalar(text("SELECT rootpage FROM sqlite_master WHERE name = 'facets'"))
            size = connection.scalar(text("PRAGMA page_size"))
    alter(ready, f"UPDATE statements SET record = '[1]' WHERE source_id = '{PLACE}'")
    with closing(Database(ready.database_url)) as database:
        database.erase()
    with path.open("r+b") as file:
        file.seek((root - 1) * size)
        file.write(b"\xff" * size)
    problems = check(ready).problems
    assert any("The file is damaged" in item or "can be read" in item for item in problems)
    assert not any("fairreg db check" in item for item in problems)


def test_db_reindex_without_a_registry_makes_none(databases: Databases, tmp_path):
    settings = databases.home(tmp_path / "new")
    with pytest.raises(RegistryError, match="no registry"):
        reindex(settings)
    init(settings)
    reindex(settings)
    assert check(settings).sound


@pytest.mark.engines("sqlite")
def test_the_command_export_names_what_is_damaged_and_fails(ready, tmp_path, monkeypatch, capfd):
    from fairreg.cli.app import main

    alter(ready, f"UPDATE statements SET record = '[1]' WHERE source_id = '{PLACE}'")
    monkeypatch.setenv("FAIRREG_HOME", str(ready.home))
    monkeypatch.setattr("sys.argv", ["fairreg", "export", str(tmp_path / "all.jsonl")])
    with pytest.raises(SystemExit) as ended:
        main()
    told = capfd.readouterr().err
    assert ended.value.code == 1
    assert f"Not exported: The statement of catalogue on {PLACE} is damaged" in told
    assert "Hint:" in told
    assert len((tmp_path / "all.jsonl").read_text().splitlines()) > 100
