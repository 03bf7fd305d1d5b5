# SPDX-License-Identifier: MIT
"""One registry harvests another: what comes over, what comes over later, and what never does."""

import json
import os
import signal
import subprocess
import sys
from datetime import date

import pytest
from typer.testing import CliRunner

from fairreg.cli.app import command_line
from fairreg.errors import BadAnswer, NotFound, Unreachable, UsageError
from fairreg.harvesters.common import peers
from fairreg.schemas.record import Creator, Provenance
from fairreg.server.oai import verbs
from fairreg.services.harvest.parallel import harvest_all
from fairreg.services.sources import sources
from fairreg.settings import Settings
from support.oai import said
from support.registries import OLD, Place, at

pytestmark = pytest.mark.engines("sqlite")
LATER, LATEST = "2026-02-02T00:00:00+00:00", "2026-03-03T00:00:00+00:00"


def fill(place: Place) -> None:
    people = tuple(Creator(name) for name in ("Zeta, A", "Alpha, Z", "Mu, M"))
    registry = place.registry
    registry.put(at(OLD, "zenodo", "3", "doi:10.1234/3", creators=people), payload=b"{}")
    registry.put(at(OLD, "datacite", "10.1234/3", "doi:10.1234/3", publisher="CERN"), payload=b"{}")
    registry.put(at(OLD, "huggingface", "lab/net", "huggingface:lab/net", "doi:10.1234/3"), payload=b"{}")
    registry.put(said("somebody", "4", description="line\nline\ttab"))
    registry.put(at(OLD, "zenodo", "5"), payload=b"{}")
    registry.statements.withdraw("datacite", "10.1234/3", "")
    registry.statements.withdraw("zenodo", "5", "retracted: see\nthe notice")


@pytest.mark.engines("sqlite", "postgresql")
def test_a_harvested_registry_exports_the_same_records_and_withdrawals(places):
    one, other = places("one", catalogue=True), places("other", catalogue=True)
    fill(one)
    report = other.harvest(one)
    assert (report.new, report.gone, report.refused) == (3, 2, [])
    assert len(other.lines()) > 100
    assert other.lines() == one.lines()
    assert list(other.registry) == list(one.registry)
    assert read_at(other) == read_at(one)


def read_at(place: Place) -> dict[str, str]:
    """When each statement was read, but for those that every registry has of itself."""
    said = place.registry.statements.every()
    return {item.source_id: item.retrieved_at for item in said if item.source != "catalogue"}


def test_a_second_harvest_asks_only_for_what_changed(places, monkeypatch):
    one, other = places("one"), places("other")
    fill(one)
    other.harvest(one)
    asked = []
    kept = peers.Peer._oai
    monkeypatch.setattr(
        peers.Peer, "_oai", lambda self, web, given: asked.append(given) or kept(self, web, given)
    )
    newest = max(time for _, time in one.stamps())
    one.registry.put(at(LATER, "zenodo", "3", "doi:10.1234/3", description="new"), payload=b"{}")
    report = other.harvest(one)
    assert report.changed == 1
    assert report.new == report.gone == 0
    assert asked[0]["from"][:16] == newest[:16]
    assert other.lines() == one.lines()
    before = other.stamps()
    assert other.harvest(one).changed == 0
    assert other.stamps() == before


def test_a_chain_keeps_who_said_it_first_and_a_loop_adds_nothing(places):
    one, two, three = places("one"), places("two"), places("three")
    fill(one)
    two.harvest(one)
    three.harvest(two)
    assert three.lines() == one.lines()
    assert {item.source for item in three.registry.statements.every()} == {
        "datacite", "huggingface", "somebody", "zenodo",
    }  # fmt: skip
    before = [place.stamps() for place in (one, two, three)]
    for place, asked in ((one, three), (one, two), (two, three), (two, one), (three, one), (three, two)):
        report = place.harvest(asked, since=date(2000, 1, 1))
        assert (report.new, report.changed, report.gone) == (0, 0, 0)
        assert report.unchanged == 5
    assert [place.stamps() for place in (one, two, three)] == before


def test_what_a_registry_removed_is_withdrawn_unless_another_states_it(places):
    one, second, other = places("one"), places("second"), places("other")
    for place in (one, second):
        place.registry.put(at(OLD, "zenodo", "7"), payload=b"{}")
    one.registry.put(at(OLD, "zenodo", "8"), payload=b"{}")
    other.harvest(one)
    other.harvest(second)
    one.registry.forget(["zenodo:7", "zenodo:8"])
    assert other.harvest(one).gone == 1
    assert not other.registry.statements.get("zenodo", "7").gone
    assert "no longer in the registry" in other.registry.statements.get("zenodo", "8").gone_reason
    second.registry.forget(["zenodo:7"])
    assert other.harvest(second).gone == 1
    assert other.registry.statements.get("zenodo", "7").gone
    third = places("third")
    third.harvest(other)
    assert third.lines() == other.lines()


def test_a_merge_withdraws_nothing(places):
    one, other = places("one"), places("other")
    one.registry.put(at(OLD, "zenodo", "1", "doi:10.1234/1"), payload=b"{}")
    one.registry.put(at(OLD, "huggingface", "lab/net", "huggingface:lab/net"), payload=b"{}")
    other.harvest(one)
    joined = at(LATER, "huggingface", "lab/net", "huggingface:lab/net", "doi:10.1234/1")
    one.registry.put(joined, payload=b"{}")
    report = other.harvest(one)
    assert (report.changed, report.gone) == (1, 0)
    assert other.lines() == one.lines()
    assert [entry.identifier for entry in other.registry.listing.entries()] == ["doi:10.1234/1"]


def test_what_was_read_at_the_source_itself_is_not_replaced(places):
    one, other = places("one"), places("other")
    one.registry.put(at(LATEST, "zenodo", "1", name="hearsay"), payload=b"{}")
    other.registry.put(at(OLD, "zenodo", "1", name="first-hand"), payload=b"{}")
    assert other.harvest(one).unchanged == 1
    one.registry.statements.withdraw("zenodo", "1", "so they say")
    other.harvest(one)
    held = other.registry.statements.get("zenodo", "1")
    assert (held.record.name, held.gone) == ("first-hand", False)
    one.registry.forget(["zenodo:1"])
    assert other.harvest(one).gone == 0
    assert not other.registry.statements.get("zenodo", "1").gone


def test_an_own_harvest_replaces_hearsay_and_stays(places):
    one, other = places("one"), places("other")
    one.registry.put(at(OLD, "zenodo", "1", name="hearsay"), payload=b"{}")
    other.harvest(one)
    other.registry.put(at(LATER, "zenodo", "1", name="own"), payload=b"{}")
    other.harvest(one, since=None)
    one.registry.put(at(OLD, "zenodo", "1", name="older"), payload=b"{}")
    other.harvest(one)
    assert other.registry.statements.get("zenodo", "1").record.name == "own"


def test_of_two_registries_the_newer_reading_stays(places):
    one, second, other = places("one"), places("second"), places("other")
    one.registry.put(at(LATER, "zenodo", "1", name="newer"), payload=b"{}")
    second.registry.put(at(OLD, "zenodo", "1", name="older"), payload=b"{}")
    other.harvest(second)
    assert other.harvest(one).changed == 1
    assert other.harvest(second, query="kind:model").unchanged == 1
    assert other.registry.statements.get("zenodo", "1").record.name == "newer"


def test_a_record_that_is_back_at_its_source_comes_back(places):
    one, other = places("one"), places("other")
    one.registry.put(at(OLD, "zenodo", "1"), payload=b"{}")
    one.registry.statements.withdraw("zenodo", "1", "hidden")
    other.harvest(one)
    assert other.registry.statements.get("zenodo", "1").gone
    one.registry.put(at(_soon(), "zenodo", "1", name="back"), payload=b"{}")
    other.harvest(one)
    assert not other.registry.statements.get("zenodo", "1").gone


def _soon() -> str:
    from datetime import UTC, datetime, timedelta

    return (datetime.now(UTC) + timedelta(seconds=60)).isoformat(timespec="seconds")


def test_a_record_that_was_removed_for_good_stays_away(places):
    one, other = places("one"), places("other")
    fill(one)
    other.harvest(one)
    one.registry.forget(["zenodo:5"])
    before = one.lines()
    assert one.harvest(other).forgotten == 1
    assert one.lines() == before


def test_what_fairreg_found_itself_stands_under_the_name_of_who_found_it(places):
    one, other = places("one"), places("other")
    mine = said("fairreg", "zenodo:1", "doi:10.1234/1", name="mine")
    one.registry.put(at(OLD, "zenodo", "1", "doi:10.1234/1"), payload=b"{}")
    one.registry.put(mine, payload=b"{}")
    assert other.harvest(one).new == 2
    (found,) = other.registry.statements.of_source(f"fairreg/{one.url.partition('//')[2]}")
    assert found.record.name == "mine"
    assert other.registry.statements.of_source("fairreg") == ()
    before = one.lines(), one.stamps()
    assert one.harvest(other).new == 0
    assert (one.lines(), one.stamps()) == before
    # It describes files that are elsewhere, and keeps no entry alive.
    one.registry.statements.withdraw("zenodo", "1", "withdrawn")
    other.harvest(one)
    assert other.registry.get("doi:10.1234/1")
    assert other.registry.entry_for("doi:10.1234/1").gone


def test_a_killed_harvest_resumes_where_it_stopped(places, monkeypatch):
    monkeypatch.setattr(verbs, "_PAGES", {"ListRecords": 2, "ListIdentifiers": 2})
    one, other = places("one"), places("other")
    for number in range(7):
        one.registry.put(at(OLD, "zenodo", str(number)), payload=b"{}")
    # Killed while the third page is written: its statements are, its place in the list is not.
    dying = """
import os, signal
from fairreg.registry.ingest import hearsay
pages, kept = [], hearsay._note
def note(*given):
    pages.append(kept(*given))
    if len(pages) == 3:
        os.kill(os.getpid(), signal.SIGKILL)
hearsay._note = note
from fairreg.cli.app import main
main()
"""
    command = [sys.executable, "-c", dying, "harvest", one.url]
    home = {**os.environ, "FAIRREG_HOME": str(other.settings.home)}
    done = subprocess.run(command, env=home, capture_output=True, check=False)
    assert done.returncode == -signal.SIGKILL, done.stderr
    assert len(other.registry.statements.of_source("zenodo")) == 4
    one.registry.put(at(LATER, "zenodo", "0", name="changed meanwhile"), payload=b"{}")
    report = other.harvest(one)
    assert report.resumed
    assert (report.new, report.changed) == (3, 1)
    assert [line for line in other.lines() if line[0]["provenance"]["source"] == "zenodo"] == one.lines()


def test_a_limited_harvest_goes_on_where_it_ended(places, monkeypatch):
    monkeypatch.setattr(verbs, "_PAGES", {"ListRecords": 2, "ListIdentifiers": 2})
    one, other = places("one"), places("other")
    for number in range(5):
        one.registry.put(at(OLD, "zenodo", str(number)), payload=b"{}")
    assert other.harvest(one, limit=3).new == 3
    other.harvest(one)
    assert other.lines() == one.lines()


def test_a_limited_harvest_goes_on_among_many_that_came_at_one_time(places, monkeypatch):
    monkeypatch.setattr(verbs, "_PAGES", {"ListRecords": 7, "ListIdentifiers": 7})
    one, other = places("one"), places("other")
    one.registry.put_many([at(OLD, "zenodo", str(number)) for number in range(20)])
    assert [other.harvest(one, limit=5).new for _ in range(5)] == [5, 5, 5, 5, 0]
    assert other.lines() == one.lines()
    one.registry.put(at(LATER, "zenodo", "0", name="changed"))
    assert other.harvest(one, limit=100).changed == 1


def test_a_limited_harvest_withdraws_nothing_that_a_later_page_may_have(places, monkeypatch):
    monkeypatch.setattr(verbs, "_PAGES", {"ListRecords": 1, "ListIdentifiers": 1})
    one, other = places("one"), places("other")
    one.registry.put(at(OLD, "huggingface", "lab/net", "huggingface:lab/net"), payload=b"{}")
    other.harvest(one)
    one.registry.put(at(OLD, "zenodo", "1", "doi:10.1234/1", "huggingface:lab/net"), payload=b"{}")
    assert other.harvest(one, limit=1).gone == 0
    assert other.harvest(one).gone == 0
    assert other.lines() == one.lines()


def test_what_is_removed_for_good_is_not_remembered_as_heard(places):
    one, other = places("one"), places("other")
    fill(one)
    other.harvest(one)
    assert other.registry.peers.statement_counts() == {one.url: 5}
    other.registry.forget(["zenodo:5"])
    assert other.registry.peers.statement_counts() == {one.url: 4}
    assert other.harvest(one, query="kind:model").forgotten == 1
    assert other.registry.peers.statement_counts() == {one.url: 4}


def test_a_set_is_a_query(places):
    one, other = places("one"), places("other")
    fill(one)
    assert other.harvest(one, query="source:somebody").new == 1
    assert other.harvest(one, query="source:nobody").seen == 0
    with pytest.raises(UsageError, match="not a set"):
        other.harvest(one, query="jet tagging")


def test_peers_are_sources_of_the_command_line(places, monkeypatch):
    one = places("one")
    fill(one)
    other = places("other", one)
    for name, value in {"FAIRREG_HOME": str(other.settings.home), "FAIRREG_PEERS": f"{one.url}/"}.items():
        monkeypatch.setenv(name, value)
    run = CliRunner().invoke
    done = json.loads(
        run(command_line(), ["harvest", one.url.upper().replace("HTTP", "http"), "--json"]).stdout
    )
    assert (done[0]["source"], done[0]["new"], done[0]["gone"]) == (one.url, 3, 2)
    monkeypatch.setenv("FAIRREG_OFFLINE", "1")
    every = json.loads(run(command_line(), ["harvest", "--json"]).stdout)
    assert one.url in [report["source"] for report in every]
    listed = json.loads(run(command_line(), ["sources", "--json"]).stdout)
    (peer,) = (item for item in listed if item["name"] == one.url)
    assert (peer["records"], peer["enabled"], peer["live"]) == (5, True, True)
    assert peer["last_harvest"]


def test_only_the_peers_are_harvested_where_that_is_said(places, monkeypatch):
    one, second = places("one"), places("second")
    fill(one)
    other = places("other", one, second)
    monkeypatch.setenv("FAIRREG_HOME", str(other.settings.home))
    run = CliRunner().invoke
    monkeypatch.setenv("FAIRREG_PEERS", f"{one.url},{second.url}/oai")
    for more in (["zenodo"], ["--collection", "hep"]):
        assert run(command_line(), ["harvest", "--peers", *more]).exit_code == 2
    of_set = json.loads(run(command_line(), ["harvest", "--peers", "--query", "kind:model", "--json"]).stdout)
    assert [(item["source"], item["query"]) for item in of_set] == [
        (one.url, "kind:model"), (second.url, "kind:model"),
    ]  # fmt: skip
    done = run(command_line(), ["harvest", "--peers", "--json"])
    assert [item["source"] for item in json.loads(done.stdout)] == [one.url, second.url]
    assert done.exit_code == 0


def test_an_address_of_oai_is_that_of_its_registry(places):
    one, other = places("one"), places("other")
    fill(one)
    for spelling in (f"{one.url}/oai", f"{one.url}/oai/"):
        report = other.harvest(spelling)
        assert report.source == one.url
    assert [item.name for item in sources(other.settings, registry=other.registry) if item.name == one.url]


def test_an_address_where_no_registry_is_says_which_address_is_one(places):
    one, other = places("one"), places("other")
    with pytest.raises(NotFound, match="/wrong/oai does not exist") as caught:
        other.harvest(f"{one.url}/wrong")
    assert caught.value.hint == "Give the address that `fairreg serve` prints, without what follows it."


def test_a_first_harvest_says_which_records_it_leaves_out(places):
    one, other = places("one", catalogue=True), places("other", catalogue=True)
    report, told = other.harvest(one), []
    assert report.new == 0
    assert len(report.notes) == 1
    assert f"{one.registry.listing.count()} records of the catalogue" in report.notes[0]
    assert other.harvest(one, log=told.append, since=date(2000, 1, 1)).notes == [told[-1]]


def test_a_peer_that_is_not_set_any_more_is_listed(places):
    one, other = places("one"), places("other")
    fill(one)
    other.harvest(one)
    (peer,) = (item for item in sources(other.settings, registry=other.registry) if item.name == one.url)
    assert (peer.records, peer.enabled, peer.live) == (5, False, False)


def test_several_sources_at_once(places):
    one, second, other = places("one"), places("second"), places("other")
    fill(one)
    second.registry.put(at(OLD, "zenodo", "77"), payload=b"{}")
    gone = "http://127.0.0.1:9"
    reports, faults = harvest_all(other.settings, [one.url, second.url, gone], registry=other.registry)
    assert [report.fault is None for report in reports] == [True, True, False]
    assert isinstance(faults[0], Unreachable)
    assert other.registry.listing.count() == 4


def test_a_private_address_is_asked_only_where_the_user_named_it(places):
    one = places("one")
    plain = Settings.from_environment({"FAIRREG_HOME": str(one.settings.home)})
    from fairreg.web import HttpClient, RetryPolicy

    policy = RetryPolicy(retries=0)
    with HttpClient(plain, patience=policy) as web, pytest.raises(Exception, match="private address"):
        web.get(f"{one.url}/healthz")
    with HttpClient(plain.with_peers([one.url]), patience=policy) as web:
        assert web.get(f"{one.url}/healthz").status == 200


def test_addresses_of_peers_are_judged_when_they_are_read():
    def peers_of(text):
        return Settings.from_environment({"FAIRREG_HOME": "/nowhere", "FAIRREG_PEERS": text}).peers

    assert peers_of(" http://B:80/x/ ,, https://a ,http://b/x") == ("http://b/x", "https://a")
    for wrong in ("b:8080", "ftp://b", "http://u:secret@b", "http://b?x=1", "http://b#x"):
        with pytest.raises(UsageError, match="FAIRREG_PEERS") as caught:
            peers_of(wrong)
        assert "secret" not in f"{caught.value.message}"


def test_another_server_is_no_registry(places, httpserver):
    httpserver.expect_request("/oai").respond_with_data("<html></html>", content_type="text/html")
    with pytest.raises(BadAnswer, match="does not answer as a fairreg server"):
        places("other").harvest(httpserver.url_for("/"))


def test_the_check_asks_who_a_peer_is(places, httpserver, monkeypatch):
    from fairreg.services.check import check

    one = places("one")
    other = Settings.from_environment(
        {"FAIRREG_HOME": str(one.settings.home), "FAIRREG_PEERS": f"{one.url},{httpserver.url_for('/')}"}
    )
    httpserver.expect_request("/oai").respond_with_data("nothing")
    monkeypatch.setattr(check.harvesters, "all_harvesters", tuple)
    monkeypatch.setattr(check, "landing_answer", lambda: None)
    found = {item.name: item for item in check.check_sources(other)}
    assert found[one.url].state == "ok"
    assert found[httpserver.url_for("/").rstrip("/")].status == "changed"


def test_a_record_of_the_catalogue_is_that_of_this_release(places):
    one, other = places("one"), places("other")
    one.registry.put(said("catalogue", "hbb_in", "doi:10.1234/9", name="forged"), payload=b"{}")
    assert other.harvest(one).seen == 0
    assert other.registry.statements.of_source("catalogue") == ()
    assert Provenance("catalogue", "hbb_in") not in [item.provenance for item in other.registry]
