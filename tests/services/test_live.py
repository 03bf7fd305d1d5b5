# SPDX-License-Identifier: MIT
"""Live search of a local stand-in for all services, healthy and not."""

import json
import os
import pty
import re
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from fairreg import harvesters
from fairreg.errors import UsageError
from fairreg.registry import Registry
from fairreg.services.registry.db import ensure
from fairreg.services.search import federated
from fairreg.services.search.federated import query_sources
from fairreg.services.search.report import SearchReport
from fairreg.services.search.search import search
from fairreg.services.sources import sources
from fairreg.settings import Settings
from support import hbb
from support.deadlines import FAR, deadline_after
from support.services import FAULTS, STRANGE, Services

pytestmark = pytest.mark.engines("sqlite")  # it is about the sources, and waits for many of them

TESTS = Path(__file__).parents[1]
# A slow source is silent until its test ends: a search that waited for it would never be back.
SHORT = 1.0
TOKEN = "planted-secret-token"

HEALTHY, SICK = "zenodo", "datacite"
SEARCHABLE = [item.name for item in harvesters.all_harvesters() if item.searchable]


@pytest.fixture
def services() -> Iterator[Services]:
    stand_in = Services()
    yield stand_in
    stand_in.close()


@pytest.fixture(scope="module")
def fresh_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with a fresh registry, to be copied."""
    home = tmp_path_factory.mktemp("fresh") / "home"
    ensure(Settings.from_environment({"FAIRREG_HOME": str(home)}), lambda _line: None)
    return home


@pytest.fixture
def here(tmp_path: Path, services: Services, fresh_home: Path) -> Settings:
    shutil.copytree(fresh_home, tmp_path / "live")
    return pointed(services, tmp_path / "live")


def pointed(services: Services, home: Path, **variables: str) -> Settings:
    tokens = {"HF_TOKEN": TOKEN, "GITHUB_TOKEN": TOKEN}
    return Settings.from_environment(
        {**services.environment(), "FAIRREG_HOME": str(home), **tokens, **variables}
    )


def live(settings: Settings, query: str = "tagger", **options: object) -> SearchReport:
    given = {"deadline": FAR, "source": [HEALTHY, SICK], "limit": None, **options}
    return search(settings, query, live=True, **given)


def test_every_source_that_can_be_asked_is_asked_and_named(here: Settings, services: Services) -> None:
    heard: dict[str, str] = {}
    report = search(
        here,
        "tagger",
        live=True,
        deadline=FAR,
        limit=None,
        on_answer=lambda name, answer: heard.update({name: answer.status}),
    )
    assert report.sources is not None
    assert set(report.sources) == set(heard) == set(SEARCHABLE)
    assert {(item.status, item.count, item.message) for item in report.sources.values()} == {("ok", 2, None)}
    ids = [row.id for row in report.results]
    assert {"doi:10.5281/zenodo.1000", "doi:10.5281/zenodo.2000"} <= set(ids)
    assert len(ids) == len(set(ids)) == report.total
    scores = [row.score for row in report.results]
    assert scores == sorted(scores, reverse=True)
    assert all(0 < score <= 1 for score in scores)


def test_the_document_has_the_sources(here: Settings) -> None:
    document = json.loads(json.dumps(live(here).to_json()))
    assert set(document) == {"query", "total", "results", "warnings", "sources", "offset", "limit"}
    assert all(
        set(item) == {"status", "count", "seconds", "message"} for item in document["sources"].values()
    )
    assert "sources" not in search(here, "tagger").to_json()


@pytest.mark.sliced(31)
@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("sick", SEARCHABLE)
def test_one_sick_source_leaves_all_others_alone(
    fresh_home: Path, services: Services, monkeypatch: pytest.MonkeyPatch, sick: str, fault: str
) -> None:
    monkeypatch.setattr(federated._SourceThread, "_sleep", lambda _self, _seconds: None)
    service = harvesters.get(sick).service or sick
    services.faults[service] = fault
    here = pointed(services, fresh_home)
    with deadline_after(len(SEARCHABLE) - (fault == "slow"), services.silent.get):
        report = live(here, source=[])
    assert report.sources is not None
    answers = dict(report.sources)
    answer = answers.pop(sick)
    assert {name: (item.status, item.count) for name, item in answers.items()} == dict.fromkeys(
        set(SEARCHABLE) - {sick}, ("ok", 2)
    )
    shown = Counter(name for row in report.results for name in row.sources)
    assert {name: shown[name] for name in answers} == dict.fromkeys(answers, 2)
    if fault == "garbage":
        assert (answer.status, answer.count, answer.message) == ("ok", 0, "3 payloads were not records.")
        return
    if fault in STRANGE:
        assert (answer.status, answer.message) == ("ok", None)
        assert answer.count == shown[sick] == (20 if fault == "endless" else 1)
        return
    assert answer.status == ("timeout" if fault == "slow" else "error")
    assert answer.count == shown[sick] == 0
    assert_is_one_sentence(answer.message)


def assert_is_one_sentence(text: str | None) -> None:
    """Fit for people: no name of an exception class, no address in memory, one line that ends."""
    assert text is not None
    assert re.fullmatch(r"[A-Z0-9][^\n]*\.", text), text
    assert not re.search(r"\w(Error|Exception)\b|0x[0-9a-f]{6}|Traceback", text), text


def test_all_sick_at_once_leave_the_registrys_own_results(here: Settings, services: Services) -> None:
    names = [item.name for item in harvesters.all_harvesters() if item.searchable]
    services.faults |= dict.fromkeys(
        (item.service or item.name for item in harvesters.all_harvesters()), "slow"
    )
    report = search(here, "Hbb tagger", live=True, deadline=SHORT)
    assert report.sources is not None
    assert {name: answer.status for name, answer in report.sources.items()} == dict.fromkeys(names, "timeout")
    assert report.results[0].doi == hbb.DOI


def test_the_command_exits_though_a_source_is_still_silent(
    here: Settings, services: Services, environment: dict[str, str]
) -> None:
    services.faults[SICK] = "slow"
    variables = {**environment, **services.environment(), "FAIRREG_HOME": str(here.home)}
    command = [sys.executable, "-c", "from fairreg.cli.app import main; main()"]
    arguments = ["search", "tagger", "--live", "--deadline", "2", "--json"]
    done = subprocess.run(
        [*command, *arguments, "--source", HEALTHY, "--source", SICK],
        env={**variables, "HF_TOKEN": TOKEN},
        capture_output=True,
        text=True,
        check=True,
    )
    document = json.loads(done.stdout)
    assert document["sources"][SICK]["status"] == "timeout"
    assert f"{SICK}: timeout" in done.stderr
    assert TOKEN not in done.stdout + done.stderr


def test_not_even_a_pool_of_a_late_source_keeps_the_process(
    here: Settings, services: Services, environment: dict[str, str]
) -> None:
    services.faults[SICK] = "slow"
    program = (
        "import sys\n"
        "from concurrent.futures import ThreadPoolExecutor\n"
        "from fairreg import harvesters\n"
        "from fairreg.cli.app import main\n"
        f"sick = harvesters.get({SICK!r})\n"
        "search = type(sick).search\n"
        "def pooled(self, *args, **kept):\n"
        "    with ThreadPoolExecutor(1) as pool:\n"
        "        yield pool.submit(lambda: list(search(self, *args, **kept))).result()[0]\n"
        "type(sick).search = pooled\n"
        f"sys.argv = ['fairreg', 'search', 'x', '--live', '--deadline', '1', '--source', {SICK!r}]\n"
        "main()"
    )
    variables = {**environment, **services.environment(), "FAIRREG_HOME": str(here.home)}
    done = subprocess.run(
        [sys.executable, "-c", program],
        env=variables,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 4, done.stderr  # the one source that was asked gave no answer
    assert f"{SICK}: timeout" in done.stderr


def test_the_ranking_grows_as_the_sources_answer(here: Settings, services: Services) -> None:
    services.faults[SICK] = "slow"
    seen: list[tuple[set[str], set[str], set[str]]] = []

    def grown(report: SearchReport, waiting: tuple[str, ...]) -> None:
        shown = {name for row in report.results for name in row.sources}
        seen.append((shown - {"catalogue"}, set(report.sources or ()), set(waiting)))

    with deadline_after(1, services.silent.get):
        final = live(here, on_update=grown)
    assert seen == [
        (set(), set(), {HEALTHY, SICK}),
        ({HEALTHY}, {HEALTHY}, {SICK}),
        ({HEALTHY}, {HEALTHY, SICK}, set()),
    ]
    assert {name for row in final.results for name in row.sources} >= {HEALTHY}


@pytest.mark.parametrize("lines", [8, 50])
def test_at_a_terminal_the_table_grows_and_the_last_one_stays(
    here: Settings, services: Services, environment: dict[str, str], lines: int
) -> None:
    services.faults[SICK] = "slow"
    size = {"COLUMNS": "160", "LINES": str(lines), "TERM": "xterm-256color"}
    variables = {**environment, **services.environment(), **size, "FAIRREG_HOME": str(here.home)}
    arguments = ["search", "tagger", "--live", "--source", HEALTHY, "--source", SICK]
    shown, said, code = at_a_terminal(arguments, variables)
    assert code == 0
    first, found = shown.index(f"waiting for {SICK}, {HEALTHY}"), shown.index(f"{HEALTHY}: 2 found")
    assert first < found < shown.index("10.5281/zenodo.1000") < shown.index(f"{SICK}: timeout")
    # What follows the last line that was erased is what stays.
    stays = shown.rpartition("\x1b[2K")[2]
    assert "waiting for" not in stays
    assert [f"10.5281/zenodo.{number}" in stays for number in (1000, 1001)] == [True, True]
    assert f"{HEALTHY}: 2 found" in said
    assert f"{SICK}: timeout" in said
    assert "\x1b" not in said


def at_a_terminal(arguments: list[str], environment: dict[str, str]) -> tuple[str, str, int]:
    """What the command shows at a terminal, what it says on a standard error that is none, its exit code."""
    ours, its = pty.openpty()
    program = (
        f"import sys; sys.path.append({str(TESTS)!r})\n"
        "from fairreg.cli.app import main\n"
        "from support.deadlines import deadline_after\n"
        "with deadline_after(1): main()"
    )
    command = [sys.executable, "-c", program, *arguments]
    with subprocess.Popen(command, stdout=its, stderr=subprocess.PIPE, env=environment) as process:
        os.close(its)
        shown = b"".join(iter(partial(_read, ours), b""))
        assert process.stderr is not None
        said = process.stderr.read()
    os.close(ours)
    return shown.decode(), said.decode(), process.returncode


def _read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 4096)
    except OSError:  # how Linux says that nobody holds the other end any more
        return b""


def test_offline_asks_nobody(here: Settings, services: Services) -> None:
    report = live(replace(here, offline=True), "Hbb tagger", source=[])
    assert report.sources is not None
    assert {answer.status for answer in report.sources.values()} == {"offline"}
    assert report.results[0].doi == hbb.DOI
    assert services.asked == []


def test_nothing_is_kept_unless_it_is_asked_for(here: Settings) -> None:
    live(here)
    with Registry(settings=here) as registry:
        assert set(registry.info().sources) == {"catalogue"}
    before = live(here, save=True)
    with Registry(settings=here) as registry:
        assert registry.info().sources["zenodo"] == 2
        assert registry.statements.get("zenodo", "1000").payload
    again = live(here, save=True)
    assert [row.id for row in again.results if "1000" in row.id] == [
        row.id for row in before.results if "1000" in row.id
    ]
    with pytest.raises(UsageError):
        search(here, "tagger", save=True)


def test_what_is_no_record_is_counted_and_kept_with_save(here: Settings, services: Services) -> None:
    services.faults["zenodo"] = "other"
    services.faults["datacite"] = "changing"
    live(here, save=True)
    with Registry(settings=here) as registry:
        assert registry.info().sources["datacite"] == 1


def test_filters_hold_for_live_results_too(here: Settings) -> None:
    kinds = {row.kind for row in live(here, kind="dataset").results}
    assert kinds <= {"dataset"}
    assert live(here, license="no-such-licence").results == ()


@pytest.mark.parametrize(
    ("chosen", "found"),
    [
        ({"author": "j. doe"}, {HEALTHY}),
        ({"author": ["Duarte", "DOE Jane"]}, {HEALTHY, SICK}),
        ({"year": "2022-2022", "author": "roy"}, {SICK}),
        ({"year": "-2021", "source": [HEALTHY]}, set()),
        ({"trained_on": "10.5281/zenodo.6619768", "source": [HEALTHY]}, set()),
    ],
)
def test_authors_years_and_training_data_choose_among_live_results(
    here: Settings, chosen: dict[str, object], found: set[str]
) -> None:
    sources = {name for row in live(here, **chosen).results for name in row.sources}
    assert sources - {"catalogue"} == found


def test_live_results_stand_in_the_order_asked_for_and_come_in_pages(here: Settings) -> None:
    for sort in ("name", "year"):
        every = live(here, sort=sort).results
        shown = [row.name.casefold() if sort == "name" else -(row.year or 0) for row in every]
        assert shown == sorted(shown)
        assert {name for row in every for name in row.sources} >= {HEALTHY, SICK}
        page = live(here, sort=sort, limit=5, offset=5)
        assert (page.offset, page.limit, page.total) == (5, 5, len(every))
        assert [row.id for row in page.results] == [row.id for row in every[5:10]]


def test_what_only_a_source_has_is_not_called_unknown(here: Settings) -> None:
    assert live(here, source=[HEALTHY]).warnings == ()
    (warning,) = live(here, source=[HEALTHY], author="Nobody").warnings[:1]
    assert "Nobody" in warning or HEALTHY in warning


def test_a_model_of_the_registry_and_its_live_record_are_one_result(
    here: Settings, services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("support.services.zenodo_hit", lambda _number: hbb.record(b"", number=7305227))
    report = live(here, "Hbb tagger", source=[])
    (row,) = [row for row in report.results if hbb.DOI in {row.doi, *(item.doi for item in row.versions)}]
    assert row.sources[:2] == ("catalogue", "zenodo")
    assert report.results[0] == row


def test_an_empty_question_is_wrong_usage(here: Settings) -> None:
    with pytest.raises(UsageError):
        live(here, " ")


def test_sources_says_how_each_is_when_asked_to(here: Settings, services: Services) -> None:
    assert services.asked == []
    assert {item.state for item in sources(here)} == {None}
    services.faults[SICK] = "500"
    states = {item.name: item for item in sources(here, check=True)}
    assert states[HEALTHY].state == "ok"
    assert "reports an internal error" in str(states[SICK].state)
    assert TOKEN not in json.dumps([item.to_json() for item in states.values()])
    assert states["zenodo"].token is False
    assert states["datacite"].token is None
    assert "25 per page" in states["zenodo"].limits


def test_a_harvester_that_breaks_is_an_error_of_its_own(
    here: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    chosen = [harvesters.get(HEALTHY), harvesters.get(SICK)]

    def broken(_self: object, _payload: object) -> None:
        raise KeyError("surprise")

    monkeypatch.setattr(type(chosen[1]), "to_record", broken)
    answers = {item.name: item.answer for item in query_sources(here, "tagger", chosen, deadline=FAR)}
    assert answers[HEALTHY] is not None
    assert answers[HEALTHY].status == "ok"
    assert answers[SICK] is not None
    assert (answers[SICK].status, answers[SICK].message) == (
        "error",
        "DataCite's harvester failed (KeyError).",
    )
