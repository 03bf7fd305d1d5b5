# SPDX-License-Identifier: MIT
"""What another registry has no more, or has again."""

from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import delete

from fairreg.registry.db.tables import metadata
from fairreg.server.oai import verbs
from support.registries import OLD, Place, at

pytestmark = pytest.mark.engines("sqlite", "postgresql")
LATER = "2026-02-02T00:00:00+00:00"
SINCE = date(2000, 1, 1)


def live(place: Place) -> dict[str, bool]:
    """Whether each record of zenodo is there, by its identifier there."""
    return {item.source_id: not item.gone for item in place.registry.statements.of_source("zenodo")}


@pytest.mark.parametrize("time", [OLD, LATER], ids=["same reading", "later reading"])
def test_what_a_registry_removed_comes_back_when_it_is_there_again(places, time):
    one, other, third = places("one"), places("other"), places("third")
    record = at(OLD, "zenodo", "1", "doi:10.1234/1")
    one.registry.put(record, payload=b"{}")
    other.harvest(one)
    third.harvest(other)
    one.registry.forget(["doi:10.1234/1"])
    assert other.harvest(one).gone == 1
    third.harvest(other)
    assert (live(other), live(third)) == ({"1": False}, {"1": False})
    assert other.registry.peers.statement_counts() == {}
    back = at(time, "zenodo", "1", "doi:10.1234/1", name="back")
    one.registry.put(back, payload=b"{}", readmit=True)
    assert other.harvest(one).changed == 1
    third.harvest(other)
    assert other.lines() == third.lines() == one.lines()
    before = other.stamps()
    other.harvest(one, since=SINCE)
    assert other.stamps() == before
    one.registry.forget(["doi:10.1234/1"])
    assert other.harvest(one).gone == 1


def test_what_several_registries_removed_one_after_the_other_comes_back_by_the_first(places):
    one, second, other = places("one"), places("second"), places("other")
    record = at(OLD, "zenodo", "1", "doi:10.1234/1")
    for place in (one, second):
        place.registry.put(record, payload=b"{}")
        other.harvest(place)
    for place, left in ((one, True), (second, False)):
        place.registry.forget(["doi:10.1234/1"])
        other.harvest(place)
        assert live(other) == {"1": left}
    one.registry.put(record, payload=b"{}", readmit=True)
    other.harvest(one)
    assert live(other) == {"1": True}


def test_a_withdrawn_record_that_a_registry_removed_comes_back_with_a_later_reading(places):
    one, other = places("one"), places("other")
    one.registry.put(at(OLD, "zenodo", "1", "doi:10.1234/1"), payload=b"{}")
    one.registry.statements.withdraw("zenodo", "1", "retracted")
    other.harvest(one)
    one.registry.forget(["doi:10.1234/1"])
    other.harvest(one)
    assert other.registry.statements.get("zenodo", "1").gone_reason == "retracted"
    soon = (datetime.now(UTC) + timedelta(seconds=60)).isoformat(timespec="seconds")
    again = at(soon, "zenodo", "1", "doi:10.1234/1")
    one.registry.put(again, payload=b"{}", readmit=True)
    other.harvest(one)
    assert live(other) == live(one)


def test_what_left_the_set_that_is_harvested_is_withdrawn_until_it_is_back(places):
    one, other = places("one"), places("other")
    model = at(OLD, "zenodo", "1", "doi:10.1234/1")
    one.registry.put(model, payload=b"{}")
    one.registry.put(at(OLD, "zenodo", "2"), payload=b"{}")
    other.harvest(one, query="kind:model")
    one.registry.put(at(LATER, "zenodo", "1", "doi:10.1234/1", kind="dataset"), payload=b"{}")
    assert other.harvest(one, query="kind:model").gone == 1
    assert live(other) == {"1": False, "2": True}
    one.registry.put(model, payload=b"{}")
    assert other.harvest(one, query="kind:model").gone == 0
    assert live(other) == {"1": True, "2": True}


@pytest.mark.parametrize("query", ["", "kind:dataset"])
def test_what_left_one_set_stays_where_another_query_finds_it(places, query):
    one, other = places("one"), places("other")
    one.registry.put(at(OLD, "zenodo", "1"), payload=b"{}")
    for asked in ("kind:model", query):
        other.harvest(one, query=asked)
    one.registry.put(at(LATER, "zenodo", "1", kind="dataset"), payload=b"{}")
    for asked in (query, "kind:model", query):
        assert other.harvest(one, query=asked).gone == 0
    assert live(other) == {"1": True}
    assert other.registry.peers.statement_counts() == {one.url: 1}
    one.registry.forget(["zenodo:1"])
    assert other.harvest(one, query=query).gone == 1


def test_the_list_of_everything_tells_of_what_a_set_had_found(places):
    one, other = places("one"), places("other")
    one.registry.put(at(OLD, "zenodo", "1"), payload=b"{}")
    other.harvest(one, query="kind:model")
    other.harvest(one)
    one.registry.put(at(LATER, "zenodo", "1", "doi:10.1234/1"), payload=b"{}")  # an item of another name
    other.harvest(one)
    assert live(other) == {"1": True}
    one.registry.forget(["doi:10.1234/1"])
    assert other.harvest(one).gone == 1


def test_a_corrected_reason_of_a_withdrawal_comes_over(places):
    one, other = places("one"), places("other")
    one.registry.put(at(OLD, "zenodo", "1"), payload=b"{}")
    for reason in ("spam", "duplicate of zenodo:2"):
        one.registry.statements.withdraw("zenodo", "1", reason)
        other.harvest(one)
        assert other.lines() == one.lines()


def restored(place: Place, *removed: str) -> None:
    """Return to a backup that was made before these records came: nothing tells that they are gone."""
    place.registry.forget(removed)
    with place.registry._database.writing() as connection:
        for name in ("departures", "forgotten"):
            connection.execute(delete(metadata.tables[name]))


def test_a_harvest_from_the_beginning_withdraws_what_a_restored_registry_lost(places, monkeypatch):
    monkeypatch.setattr(verbs, "_PAGES", {"ListRecords": 2, "ListIdentifiers": 2})
    one, other = places("one"), places("other")
    for number in range(5):
        one.registry.put(at(OLD, "zenodo", str(number)), payload=b"{}")
    other.harvest(one)
    restored(one, "zenodo:1", "zenodo:3")
    assert other.harvest(one).gone == 0
    assert other.harvest(one, since=SINCE, limit=2).gone == 0
    assert other.harvest(one, since=date(2099, 1, 1)).gone == 0
    assert all(live(other).values())
    assert other.harvest(one, since=SINCE, query="kind:dataset").gone == 0
    # The limited one left its newest datestamp behind, and this one begins at the beginning again.
    assert other.harvest(one, since=SINCE).gone == 2
    assert live(other) == {"0": True, "1": False, "2": True, "3": False, "4": True}
    one.registry.put(at(OLD, "zenodo", "1"), payload=b"{}")
    other.harvest(one)
    assert live(other)["1"]
