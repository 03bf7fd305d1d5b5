# SPDX-License-Identifier: MIT
import json
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import inspect, text

from fairreg.errors import RegistryError
from fairreg.registry import Registry, catalogue
from fairreg.registry.db.engine import Database
from fairreg.registry.db.tables import HEAD, REVISIONS
from fairreg.schemas.record import ModelRecord
from fairreg.services.registry.db import ensure
from fairreg.services.registry.integrity import check
from fairreg.settings import Settings
from support import older
from support.content import Content, content
from support.databases import Databases

EARLIER = REVISIONS[:-1]
# What `ensure` makes anew of the records.
DERIVED = frozenset({"entry_texts", "facets", "ties", "lineages", "words"})
# What each schema is the first to have, beside what is derived.
FIRST_IN = {"links": "0002", "refusals": "0002", "assessments": "0003", "forgotten": "0007"}
FIRST_IN |= {"departures": "0008", "heard": "0010"}


@pytest.fixture
def url(databases: Databases, tmp_path: Path) -> str:
    """URL of a database with nothing in it."""
    return databases.url(tmp_path / "registry.sqlite")


def settings_of(url: str) -> Settings:
    return Settings(home=Path("unused"), database_url=url)


def ensured(url: str) -> list[str]:
    said: list[str] = []
    ensure(settings_of(url), said.append)
    return said


def kept(url: str) -> Content:
    """What is not derived, but for what schemas keep in ways of their own: dates, records, scores, names."""
    found = content(url, without={"dated"})
    columns = {"dated", "record", "merged", "fair_score", "updated_at", "sort_name"}
    found |= content(url, without=columns, tables={"entries"})
    return {
        name: [row for row in rows if "_rules'" not in row]
        for name, rows in found.items()
        if name not in DERIVED
    }


def held(revision: str, name: str) -> bool:
    return FIRST_IN.get(name, EARLIER[0]) <= revision


def undated(url: str, unknown: str) -> int | None:
    with closing(Database(url)) as database, database.reading() as connection:
        return connection.scalar(text(f"SELECT count(*) FROM entries WHERE dated {unknown}"))


def records(url: str) -> dict[str, ModelRecord]:
    """The records of entries as earlier schemas keep them, by identifier."""
    with closing(Database(url)) as database, database.reading() as connection:
        known = {column["name"] for column in inspect(connection).get_columns("entries")}
        of_first = "(SELECT record FROM statements WHERE entry_id = entries.id LIMIT 1)"
        held = "record" if "record" in known else f"coalesce(merged, {of_first})"
        rows = connection.execute(text(f"SELECT identifier, CAST({held} AS text) FROM entries")).all()
    return {identifier: ModelRecord.from_json(json.loads(record)) for identifier, record in rows}


@pytest.mark.sliced(5)
@pytest.mark.parametrize("revision", EARLIER)
def test_a_registry_of_an_earlier_release_keeps_all_and_is_searched_like_a_new_one(
    url: str, revision: str
) -> None:
    older.leave(url, revision)
    before = kept(url)
    assert set(before) == {name for name in before if held(revision, name)}
    with pytest.raises(RegistryError, match="older fairreg"):
        Registry(url)
    said = ensured(url)
    assert HEAD in said[0]
    # The schema, the texts, the lineages, the catalogue, and where there are any, the assessments.
    assert len(said) == 4 + held(revision, "assessments")
    report = check(settings_of(url))
    assert report.problems == ()
    assert report.entries == len(older.ENTRIES) + len(catalogue.records())
    after = kept(url)
    for name, rows in before.items():
        assert set(rows) <= set(after[name])
    assert ensured(url) == []
    read(url, revision)


def read(url: str, revision: str) -> None:
    """Look at everything through the registry."""
    with Registry(url) as registry:
        for identifier, record in older.ENTRIES.items():
            assert registry.get(identifier) == record
            for statement in registry.statements.of_entry(identifier):
                assert json.loads(statement.payload or b"") == {"title": statement.record.name}
        assert registry.entry_for(older.GONE[0]).gone_reason == older.GONE[1]
        assert registry.entry_for(older.ASSESSED.identifier).fair_score is None  # by an older rubric
        assert registry.upkeep.get_property("a note") == "kept"
        state = registry.harvests.state("zenodo", "jets")
        assert state is not None
        assert (state.cursor, state.counts) == (older.HARVEST.cursor, older.HARVEST.counts)
        assert registry.harvests.rejected() == ((older.REFUSED,) if held(revision, "refusals") else ())
        assert registry.links.every() == ((older.VERDICT,) if held(revision, "links") else ())
        assessed = (older.ASSESSED,) if held(revision, "assessments") else ()
        assert tuple(registry.assessments.every()) == assessed
        assert registry.assessments.history("10.1234/second") == tuple(
            replace(item, report=b"", evidence=b"") for item in assessed
        )
        model = registry.search("interaction networks", source="zenodo").hits[0]
        assert {entry.identifier for entry in model.versions} >= {"doi:10.1234/first", "doi:10.1234/second"}
        assert registry.search("donnees collision").hits[0].entry.identifier == "cernopendata:5"
        assert registry.search("interacton netwrk").total > 0
        assert registry.search("", author="m. curie", year=2024, sort="name").total == 1
        names = [hit.record.name.casefold() for hit in registry.search("", sort="name").hits]
        assert names == sorted(names)
        assert registry.search("", source="old").total == 0


@pytest.mark.long("postgresql")
def test_a_registry_goes_down_to_every_earlier_schema_and_up_again(url: str) -> None:
    older.leave(url, EARLIER[-1])
    ensured(url)
    whole = kept(url)
    empty = undated(url, "= ''")
    assert empty
    for revision in reversed(EARLIER):
        older.move(url, "downgrade", revision)
        there = {name: rows for name, rows in whole.items() if held(revision, name)}
        assert kept(url) == there
        assert records(url).items() >= older.ENTRIES.items()
    assert undated(url, "IS NULL") == empty
    found_by_the_older_index(url)
    assert len(ensured(url)) == 3  # it has the catalogue
    assert check(settings_of(url)).sound
    lost = {name: [] for name in FIRST_IN}
    assert kept(url) == {**whole, **lost}
    read(url, EARLIER[0])


def found_by_the_older_index(url: str) -> None:
    with closing(Database(url)) as database, database.reading() as connection:
        if database.dialect == "sqlite":
            asked = text("SELECT count(*) FROM entry_index WHERE entry_index MATCH 'transformers'")
            assert connection.scalar(asked)


def test_what_was_forgotten_before_is_announced_as_departed_and_all_else_as_changed_now(url: str) -> None:
    older.leave(url, "0007")
    then = "2025-03-04T05:06:07+00:00"
    with closing(Database(url)) as database, database.writing() as connection:
        for key in ("10.1234/gone", "10.1234/second"):
            row = {"key": key, "name": f"doi:{key}", "at": then}
            connection.execute(text("INSERT INTO forgotten VALUES ('doi', :key, :name, :at)"), row)
    ensured(url)
    with Registry(url) as registry:
        first, *rest = registry.changes.page(limit=1000)
        assert (first.identifier, first.departed, first.changed_at) == ("doi:10.1234/gone", "forgotten", then)
        assert len(rest) == len(older.ENTRIES) + len(catalogue.records())
        assert all(item.departed is None and item.changed_at > "2026-11" for item in rest)
        assert registry.changes.first_time() == then
