# SPDX-License-Identifier: MIT
"""Harvests of collections from a stand-in that rejects what the services would not understand."""

from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, date, datetime, timedelta

import pytest

from fairreg import harvesters
from fairreg.errors import RecordError, UsageError
from fairreg.registry.entries import Harvest
from fairreg.registry.registry import Registry
from fairreg.services.harvest import collections
from fairreg.services.harvest.collections import all_collections, harvest_collection, plan
from fairreg.settings import Settings
from support.services import Services

pytestmark = pytest.mark.engines("sqlite")

MINE = """
title = "Mine"

[[query]]
source = "zenodo"
query = "jets"
reason = "Jets."
limit = 2

[[query]]
source = "zenodo"
query = "tracks"
reason = "Tracks."

[[query]]
source = "github"
query = "topic:jets"
reason = "Code."
needs_token = true
"""


@pytest.fixture
def services() -> Iterator[Services]:
    with closing(Services(strict=True)) as stand_in:
        yield stand_in


@pytest.fixture
def environment(services: Services, tmp_path) -> dict[str, str]:
    folder = tmp_path / "home" / "collections"
    folder.mkdir(parents=True)
    (folder / "mine.toml").write_text(MINE)
    return {**services.environment(), "FAIRREG_HOME": str(tmp_path / "home")}


@pytest.fixture
def here(environment) -> Settings:
    return Settings.from_environment(environment)


@pytest.fixture
def registry(here) -> Iterator[Registry]:
    from fairreg.services.registry.db import ensure

    ensure(here, lambda _line: None)
    with Registry(settings=here) as opened:
        yield opened


def asked(services: Services, name: str) -> list[str]:
    return [path for service, path, _ in services.asked if service == name]


def run(here, registry, planned=None, **options):
    return harvest_collection(here, planned or plan(here, "mine"), registry=registry, **options)


@pytest.mark.sliced(2)
@pytest.mark.parametrize("name", ["astro", "bio", "fair4ml", "hep", "materials"])
def test_every_query_of_a_packaged_collection_is_accepted(here, registry, services, name):
    planned = plan(here, name, limit=2)
    reports, faults = run(here, registry, planned)
    assert [(report.source, report.query, report.fault) for report in reports] == [
        (item.source, item.query, None) for item in planned.active
    ]
    assert faults == []
    assert all(report.seen for report in reports)
    assert {item.source for item in planned.active} <= set(registry.info().sources)


def test_the_stand_in_of_these_tests_rejects_a_query(here, registry, services):
    file = here.home / "collections" / "mine.toml"
    file.write_text(MINE.replace('"jets"', "'\"jets'"))
    reports, faults = run(here, registry)
    assert len(faults) == 1
    assert "HTTP 400" in str(reports[0].fault) or "400" in str(reports[0].fault)
    assert reports[1].fault is None


def test_a_plan_has_each_query_with_its_reason_and_sends_nothing(here, services):
    planned = plan(here, "mine")
    assert [(item.source, item.query, item.reason, item.limit) for item in planned.queries] == [
        ("zenodo", "jets", "Jets.", 2),
        ("zenodo", "tracks", "Tracks.", None),
        ("github", "topic:jets", "Code.", None),
    ]
    assert services.asked == []
    assert not (here.home / "registry.sqlite").exists()


def test_a_limit_replaces_that_of_every_query(here):
    assert [item.limit for item in plan(here, "mine", limit=5).queries] == [5, 5, 5]


def test_a_query_without_its_token_is_skipped_with_a_note(here, registry, services):
    heard: list[str] = []
    reports, _ = run(here, registry, log=heard.append)
    assert [report.source for report in reports] == ["zenodo", "zenodo"]
    assert asked(services, "github") == []
    (note,) = [line for line in heard if line.startswith("Skipped")]
    assert note == "Skipped github 'topic:jets': it needs an access token of GitHub, and none is set."


def test_a_token_unlocks_the_query(environment):
    planned = plan(Settings.from_environment({**environment, "GITHUB_TOKEN": "planted"}), "mine")
    assert len(planned.active) == 3


def test_a_disabled_source_is_skipped_unless_it_is_named(environment, registry):
    here = Settings.from_environment({**environment, "FAIRREG_DISABLE": "zenodo"})
    assert [item.skipped for item in plan(here, "mine").queries[:2]] == ["FAIRREG_DISABLE lists zenodo"] * 2
    assert [item.skipped for item in plan(here, "mine", ["zenodo"]).queries] == [None, None]
    with pytest.raises(UsageError, match="All queries of the collection mine are skipped"):
        run(here, registry, plan(here, "mine"))


def test_a_source_without_its_engine_is_skipped(here, monkeypatch):
    known = {name: harvesters.get(name) for name in harvesters.names()}
    monkeypatch.setattr(type(known["dlhub"]), "engine", "no_such_package")
    (query,) = plan(here, "hep", ["dlhub"]).queries
    assert query.skipped == "DLHub needs the package no_such_package, which is not installed"


def test_sources_restrict_a_collection(here):
    assert {item.source for item in plan(here, "hep", ["github", "zenodo"]).queries} == {"github", "zenodo"}
    with pytest.raises(UsageError, match="The collection mine has no query of openml"):
        plan(here, "mine", ["openml"])
    with pytest.raises(UsageError, match="no source called 'nowhere'"):
        plan(here, "mine", ["nowhere"])


def test_an_unknown_source_in_a_file_is_named_with_its_line(here):
    file = here.home / "collections" / "mine.toml"
    file.write_text(MINE.replace('"github"', '"gitlab"'))
    with pytest.raises(RecordError) as caught:
        plan(here, "mine")
    assert caught.value.message.startswith(
        f"{file}, line 15: there is no source called 'gitlab'; sources are"
    )


def test_a_stopped_collection_goes_on_where_it_stopped(here, registry, services, monkeypatch):
    harvests = collections.run_harvests

    def interrupted(settings, reports, *where, **options):
        harvests(settings, reports[:1], *where, **options)
        raise KeyboardInterrupt

    monkeypatch.setattr(collections, "run_harvests", interrupted)
    with pytest.raises(KeyboardInterrupt):
        run(here, registry, jobs=1)
    monkeypatch.setattr(collections, "run_harvests", harvests)
    services.asked.clear()
    heard: list[str] = []
    reports, faults = run(here, registry, log=heard.append)
    assert faults == []
    assert [(report.seen, report.finished_before) for report in reports] == [(0, True), (2, False)]
    assert ["tracks" in path for path in asked(services, "zenodo")] == [True]
    assert any("resuming the run of" in line and "finished 1 of its queries" in line for line in heard)


def test_a_finished_collection_starts_again(here, registry, services):
    run(here, registry)
    services.asked.clear()
    reports, _ = run(here, registry)
    assert [(report.unchanged, report.finished_before) for report in reports] == [(2, False), (2, False)]
    assert len(asked(services, "zenodo")) == 2


def test_a_query_that_failed_is_repeated_alone_within_a_day(here, registry, services, monkeypatch):
    (here.home / "collections" / "mine.toml").write_text(MINE.replace("needs_token = true\n", ""))
    services.faults["github"] = "500"
    reports, faults = run(here, registry)
    assert [report.fault is None for report in reports] == [True, True, False]
    assert len(faults) == 1
    services.faults.clear()
    services.asked.clear()
    reports, faults = run(here, registry)
    assert ([report.seen for report in reports], faults) == ([0, 0, 2], [])
    assert asked(services, "zenodo") == []


def test_a_run_that_was_stopped_long_ago_starts_again(here, registry, services, monkeypatch):
    services.faults["zenodo"] = "500"
    run(here, registry)
    services.faults.clear()
    later = datetime.now(UTC) + timedelta(days=1, minutes=1)

    class Clock(datetime):
        @classmethod
        def now(cls, tz=None):
            return later

    monkeypatch.setattr(collections, "datetime", Clock)
    services.asked.clear()
    heard: list[str] = []
    run(here, registry, log=heard.append)
    assert len(asked(services, "zenodo")) == 2
    assert not any("resuming the run of" in line for line in heard)


def test_a_run_that_starts_again_reads_its_queries_from_the_beginning(here, registry, services):
    registry.harvests.save(Harvest("zenodo", "tracks", cursor="page=2&size=1", counts={"taken": 1}))
    heard: list[str] = []
    reports, faults = run(here, registry, log=heard.append)
    assert ([report.resumed for report in reports], faults) == ([False, False], [])
    assert not any("resuming" in line for line in heard)
    assert not any("page=2" in path for path in asked(services, "zenodo"))


def test_a_run_with_another_limit_does_not_finish_the_queries_of_a_stopped_one(here, registry, services):
    services.faults["zenodo"] = "500"
    run(here, registry)
    services.faults.clear()
    services.asked.clear()
    reports, _ = run(here, registry, plan(here, "mine", limit=1))
    assert [report.seen for report in reports] == [1, 1]
    reports, _ = run(here, registry)
    assert [(report.seen, report.finished_before) for report in reports] == [(2, False), (2, False)]


def test_other_sources_limits_or_dates_are_another_run(here, registry, services):
    services.faults["zenodo"] = "500"
    run(here, registry)
    services.faults.clear()
    heard: list[str] = []
    run(here, registry, plan(here, "mine", limit=1), log=heard.append)
    run(here, registry, since=date(2024, 1, 1), log=heard.append)
    assert not any("resuming the run of" in line for line in heard)


def test_progress_and_pages_are_those_of_each_query(here, registry, services):
    heard: set[str] = set()
    run(here, registry, progress=lambda label, _done, _total: heard.add(label))
    assert heard == {"zenodo jets", "zenodo tracks"}


def test_the_state_of_a_collection_is_no_harvest_of_a_source(here, registry, services):
    run(here, registry)
    assert {item.source for item in registry.info().harvests} == {"collection:mine", "zenodo"}


def test_a_broken_file_does_not_hide_the_other_collections(here):
    (here.home / "collections" / "broken.toml").write_text("title = ")
    found = {item.name: item for item in all_collections(here)}
    assert found["broken"].fault is not None
    assert "line 1" in found["broken"].fault
    assert (found["mine"].queries, found["mine"].fault) == (3, None)
    assert found["hep"].file is None


REFUSED = [
    ("openml", "two tags", "OpenML takes one tag per query, without blanks."),
    ("zenodo_oai", "user-a user-b", "the query is the name of one set, without blanks."),
    ("huggingface", "tag:", "tag: and author: need a value each"),
    ("huggingface", "jets author: lab", "tag: and author: need a value each"),
    ("huggingface", 'tag:"jets', "tag: and author: need a value each"),
    ("huggingface", "author:a author:b", "the Hub lists the models of one author at a time."),
    ("github", "x" * 257, "GitHub takes at most 256 characters per query."),
    ("github", "", "the search of GitHub needs a query"),
]


@pytest.mark.parametrize(("source", "query", "said"), REFUSED)
def test_a_query_that_its_source_refuses_is_named_with_its_line_before_anything_is_sent(
    here, services, source, query, said
):
    file = here.home / "collections" / "mine.toml"
    file.write_text(MINE.replace('"github"', f'"{source}"').replace('"topic:jets"', f"'{query}'"))
    with pytest.raises(RecordError) as caught:
        plan(here, "mine")
    assert caught.value.message.startswith(f"{file}, line 15: {said}")
    assert services.asked == []


@pytest.mark.parametrize(
    ("source", "query"),
    [
        ("openml", " mlr "), ("openml", ""), ("zenodo_oai", "user-core-mofs"), ("zenodo_oai", ""),
        ("huggingface", 'author:lab tag:"point cloud" jets'), ("huggingface", "metatag: x"),
        ("huggingface", ""),
        ("github", "topic:jets"), ("zenodo", 'communities:x AND "y z"'),
    ],
)  # fmt: skip
def test_a_query_that_its_source_takes_is_planned(here, source, query):
    assert harvesters.get(source).query_fault(query) is None
