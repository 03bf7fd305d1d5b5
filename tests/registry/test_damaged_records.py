# SPDX-License-Identifier: MIT
"""A stored record that does not decode withholds no other one, and is named in the log."""

import logging
from contextlib import closing

import pytest
from sqlalchemy import text

from fairreg.errors import RecordError
from fairreg.registry import Registry
from fairreg.registry.db.engine import Database
from fairreg.schemas.identifiers import Identifier
from registry.conftest import RecordMaker as Make

# PostgreSQL takes no broken text into a column of JSON.
DAMAGES = {"other members": "'{}'", "broken text": "'{\"kind'"}


@pytest.fixture(params=DAMAGES)
def damaged(request, registry: Registry, fresh_url: str, make_record: Make, engine: str) -> Registry:
    """Records 1 to 5 of zenodo; the third is damaged."""
    stored = DAMAGES["other members" if engine == "postgresql" else request.param]
    registry.put_many([make_record(source_id=str(number)) for number in range(1, 6)])
    with closing(Database(fresh_url)) as database, database.writing() as connection:
        connection.execute(text(f"UPDATE statements SET record = {stored} WHERE source_id = '3'"))
    return registry


def told(log: pytest.LogCaptureFixture) -> list[str]:
    return [item.getMessage() for item in log.records if item.levelno == logging.ERROR]


@pytest.mark.parametrize("query", ["", "zenodo"])
def test_a_search_lists_the_others_counts_it_and_names_it(damaged: Registry, query: str) -> None:
    found = damaged.search(query, sort="name")
    assert [hit.entry.identifier for hit in found.hits] == ["zenodo:1", "zenodo:2", "zenodo:4", "zenodo:5"]
    assert (found.total, found.damaged, found.listed) == (5, ("zenodo:3",), 5)


def test_pages_of_a_search_hold_together(damaged: Registry) -> None:
    pages = [damaged.search("", sort="name", limit=2, offset=offset) for offset in (0, 2, 4)]
    assert [[hit.entry.identifier for hit in page.hits] for page in pages] == [
        ["zenodo:1", "zenodo:2"],
        ["zenodo:4"],
        ["zenodo:5"],
    ]
    assert [page.damaged for page in pages] == [(), ("zenodo:3",), ()]


def test_a_search_for_its_identifier_says_so(damaged: Registry) -> None:
    found = damaged.search("zenodo:3")
    assert "zenodo:3" in found.damaged


@pytest.mark.parametrize("statements", [False, True])
def test_a_list_of_changes_goes_on_behind_it(damaged: Registry, statements: bool, caplog) -> None:
    first = damaged.changes.page(limit=3, statements=statements)
    assert [item.identifier for item in first] == ["zenodo:1", "zenodo:2", "zenodo:4"]
    (line,) = told(caplog)
    assert "zenodo:3" in line
    rest = damaged.changes.page(after=first[-1].place, limit=3, statements=statements)
    assert [item.identifier for item in rest] == ["zenodo:5"]


def test_its_repair_is_a_change(damaged: Registry, make_record: Make) -> None:
    before = damaged.changes.page(limit=9)[-1].place
    damaged.put(make_record(source_id="3"))
    assert [item.identifier for item in damaged.changes.page(after=before, limit=9)] == ["zenodo:3"]
    assert damaged.search("").damaged == ()


def test_what_asks_for_it_alone_is_told_which_one_it_is(damaged: Registry) -> None:
    with pytest.raises(RecordError) as refused:
        damaged.listing.entries_for("zenodo:3")
    assert "damaged" in refused.value.message
    assert "db check" in (refused.value.hint or "")


def test_of_a_lineage_the_version_that_can_be_read_is_shown(
    registry: Registry, fresh_url: str, make_record: Make
) -> None:
    concept = Identifier("concept_doi", "10.5281/zenodo.10")
    registry.put_many(
        make_record(
            source_id=str(number),
            pids=(f"doi:10.5281/zenodo.{number}", concept),
            date_published=f"2026-01-{number}",
        )
        for number in (11, 12)
    )
    with closing(Database(fresh_url)) as database, database.writing() as connection:
        connection.execute(text("UPDATE statements SET record = '{}' WHERE source_id = '12'"))
    found = registry.search("")
    assert [hit.entry.identifier for hit in found.hits] == ["doi:10.5281/zenodo.11"]
    assert (found.total, found.damaged, found.left_out) == (1, ("doi:10.5281/zenodo.12",), 0)
