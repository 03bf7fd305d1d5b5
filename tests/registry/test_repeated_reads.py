# SPDX-License-Identifier: MIT
"""What a server asks for again and again: counts that are kept, transactions that are shared, wide lists."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

import pytest
from sqlalchemy import create_engine, event

from fairreg.errors import NotFound, RegistryError
from fairreg.registry import Registry, catalogue
from fairreg.registry.db import kept_results
from fairreg.registry.search.asked_values import Years
from fairreg.services.registry.db import ensure
from fairreg.settings import Settings
from fairreg.web import no_log
from registry.conftest import RecordMaker as Make

QUERIES = ("", "jet tagging")
WIDE = (
    {"kind": "model"},
    {"source": "catalogue"},
    {"framework": "PyTorch"},
    {"year": "2015-"},
    {"kind": "dataset"},
)


@contextmanager
def statements(registry: Registry) -> Iterator[list[str]]:
    seen: list[str] = []
    engine = registry._database._engine

    def note(_connection, _cursor, statement, *_):
        seen.append(statement)

    event.listen(engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        event.remove(engine, "before_cursor_execute", note)


@pytest.mark.parametrize("query", QUERIES)
def test_facets_are_counted_once_until_the_registry_changes(
    catalogue_registry: Registry, make_record: Make, query: str
) -> None:
    first = catalogue_registry.search(query, facets=True)

    def counts_again() -> bool:
        with statements(catalogue_registry) as seen:
            assert catalogue_registry.search(query, facets=True).facets == first.facets
        return any("GROUP BY" in statement for statement in seen)

    # On a server that tests share, what others write to their databases looks like a change.
    assert not all(counts_again() for _ in range(1 if catalogue_registry._database.path else 50))
    catalogue_registry.put(make_record("z", "1", name="jet tagging"))
    total = sum(dict(first.facets["kind"]).values())
    changed = catalogue_registry.search(query, facets=True)
    assert sum(dict(changed.facets["kind"]).values()) == total + 1


@pytest.mark.long("postgresql")
def test_every_query_and_filter_has_counts_of_its_own(catalogue_registry: Registry) -> None:
    asked = [(query, filters) for query in QUERIES for filters in ({}, *WIDE)]
    kept = [catalogue_registry.search(query, facets=True, **filters).facets for query, filters in asked * 2]
    fresh = []
    for query, filters in asked:
        catalogue_registry.upkeep.set_property("another", query + str(filters))  # so that nothing is kept
        fresh.append(catalogue_registry.search(query, facets=True, **filters).facets)
    assert kept == fresh * 2


def test_only_what_was_asked_for_last_is_kept(catalogue_registry: Registry, monkeypatch) -> None:
    monkeypatch.setattr(kept_results, "_MOST", 2)
    made = []
    with catalogue_registry._database.reading() as connection:
        for key in ("a", "b", "a", "c", "a", "b"):
            kept_results.kept(connection, key, lambda key=key: made.append(key))
    assert made == ["a", "b", "c", "b"]


def test_connections_share_what_they_read_of_the_same_state(
    catalogue_registry: Registry, make_record: Make
) -> None:
    made = []
    database = catalogue_registry._database

    def read(who: str) -> str:
        with database._reader.connect() as connection:
            return kept_results.kept(connection, "a", lambda: made.append(who) or who)

    with database._reader.connect() as older, older.begin():
        assert kept_results.kept(older, "a", lambda: "first") == "first"
        assert read("second") == "first"
        with Registry(database.url) as other:
            other.put(make_record("z", "1"))
        assert [read("third"), read("fourth")] == ["third", "third"]
        assert kept_results.kept(older, "a", lambda: "late") == "first", "it still sees the older state"
    assert made == ["third"]


def test_what_a_transaction_writes_is_not_read_by_others_before_it_ends(
    catalogue_registry: Registry,
) -> None:
    with catalogue_registry._database.writing() as connection:
        assert kept_results.kept(connection, "a", lambda: "unfinished") == "unfinished"
    with catalogue_registry._database.reading() as connection:
        assert kept_results.kept(connection, "a", lambda: "finished") == "finished"


def test_a_change_by_another_program_is_noticed(catalogue_registry: Registry) -> None:
    before = catalogue_registry.search("", facets=True).facets["kind"]
    engine = create_engine(catalogue_registry._database.url)
    with engine.begin() as connection:
        connection.exec_driver_sql("UPDATE entries SET kind = 'software'")
    engine.dispose()
    assert catalogue_registry.search("", facets=True).facets["kind"] != before


def test_a_locked_file_is_told_of_where_counts_are_kept(tmp_path) -> None:
    settings = Settings.from_environment({"FAIRREG_HOME": str(tmp_path), "FAIRREG_OFFLINE": "1"})
    ensure(settings, no_log)
    with closing(sqlite3.connect(tmp_path / "registry.sqlite", isolation_level=None)) as raw:
        raw.execute("PRAGMA journal_mode = DELETE")
        with Registry(settings=settings) as registry:
            registry.listing.count()
            event.listen(registry._database._engine, "checkout", lambda driver, *_: at_once(driver))
            raw.execute("BEGIN EXCLUSIVE")
            with pytest.raises(RegistryError):
                registry.search("", facets=True)
            raw.execute("ROLLBACK")
            assert registry.search("", facets=True).total > 0


def at_once(driver: sqlite3.Connection) -> None:
    driver.execute("PRAGMA busy_timeout = 0").close()


def test_an_older_copy_put_into_an_open_file_is_counted_anew(tmp_path, make_record: Make) -> None:
    settings = Settings.from_environment({"FAIRREG_HOME": str(tmp_path), "FAIRREG_OFFLINE": "1"})
    ensure(settings, no_log)
    path, kept = tmp_path / "registry.sqlite", tmp_path / "kept.sqlite"
    with Registry(settings=settings) as registry:
        copy(path, kept)
        registry.put(make_record("z", "1"))
        sums = [sum(dict(registry.search("", facets=True).facets["kind"]).values())]
        copy(kept, path)
        sums.append(sum(dict(registry.search("", facets=True).facets["kind"]).values()))
        registry.put(make_record("z", "2", kind="dataset"))
        kinds = dict(registry.search("", facets=True).facets["kind"])
    assert [*sums, sum(kinds.values())] == [sums[0], sums[0] - 1, sums[0]]
    assert kinds["dataset"] == 1 + sum(record.kind == "dataset" for record in catalogue.records())


def copy(source: Path, target: Path) -> None:
    with closing(sqlite3.connect(source)) as old, closing(sqlite3.connect(target)) as new:
        old.backup(new)


@pytest.mark.sliced(5)
@pytest.mark.parametrize("years", ["2020-2023", "-2019", "2022-", "2021", "0001", "9999", "-9999"])
@pytest.mark.parametrize("sort", ["relevance", "name"])
def test_a_list_of_years_has_every_entry_of_them(
    catalogue_registry: Registry, make_record: Make, years: str, sort: str
) -> None:
    dates = ("9999", "9999-12-31", "0001-01", "2021-12-31T23:59:59Z", None)
    for number, date in enumerate(dates):
        catalogue_registry.put(make_record("z", str(number), date_published=date))
    wanted = Years.of(years)
    every = catalogue_registry.search("", limit=None, sort=sort).hits
    expected = [
        hit.entry.identifier for hit in every if hit.record.year is not None and hit.record.year in wanted
    ]
    found = catalogue_registry.search("", limit=None, sort=sort, year=years)
    pages = [catalogue_registry.search("", limit=20, offset=at, sort=sort, year=years) for at in (0, 20)]
    assert [hit.entry.identifier for hit in found.hits] == expected
    assert [hit.entry.identifier for page in pages for hit in page.hits] == expected[:40]
    assert {found.total, *(page.total for page in pages)} == {len(expected)}


@pytest.mark.parametrize("filters", WIDE)
def test_wide_conditions_list_what_narrow_ones_do(catalogue_registry: Registry, filters, monkeypatch) -> None:
    from fairreg.registry.search import search

    listed = []
    for share in (0, 10**9):
        monkeypatch.setattr(search, "_WIDE", share)
        found = catalogue_registry.search("", limit=15, offset=5, **filters)
        listed.append(([hit.entry.identifier for hit in found.hits], found.total))
    assert listed[0] == listed[1]


def test_reads_of_one_view_share_a_transaction_and_see_one_state(
    catalogue_registry: Registry, make_record: Make
) -> None:
    before = catalogue_registry.listing.count()
    with Registry(catalogue_registry._database.url) as other, catalogue_registry.listing.one_view():
        assert catalogue_registry.listing.count() == before
        other.put(make_record("z", "1"))
        assert catalogue_registry.listing.count() == before
        assert catalogue_registry.search("").total == catalogue_registry.search("", limit=1).total
        assert other.listing.count() == before + 1
    assert catalogue_registry.listing.count() == before + 1


def test_a_view_ends_with_an_error(catalogue_registry: Registry, make_record: Make) -> None:
    with suppress(NotFound), catalogue_registry.listing.one_view():
        catalogue_registry.get("10.1234/unheard")
    catalogue_registry.put(make_record("z", "1"))
    assert catalogue_registry.statements.get("z", "1") is not None
