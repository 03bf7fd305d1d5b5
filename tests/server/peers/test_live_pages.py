# SPDX-License-Identifier: MIT
"""The page of a search with live=1 and its JSON: other registries are asked, and nobody else."""

import re
import sqlite3
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
import requests
from bs4 import BeautifulSoup

from fairreg import harvesters
from fairreg.registry import Submission
from fairreg.server import live
from fairreg.server.app import Policy
from fairreg.server.pages.frame import CONTENT_SECURITY_POLICY
from fairreg.server.serve import listen, local_url
from fairreg.server.site import Site
from fairreg.server.threads import LIVE_QUEUE, LIVE_THREADS
from fairreg.services.registry.shared_engine import shared_registry
from fairreg.settings import Settings
from support.deadlines import FAR, deadline_after
from support.oai import said
from support.odd_peers import OddPeer, odd_peer
from support.registries import OLD, at
from support.serving import serving

pytestmark = pytest.mark.engines("sqlite")
DOWN = "http://127.0.0.1:9"
BROWSER = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
EVIL = '"><script>alert(1)</script>\u202eevil{{7*7}}'
THERE, BOTH, FORGOTTEN = "doi:10.1234/there", "doi:10.1234/both", "doi:10.1234/forgotten"


@dataclass(frozen=True)
class World:
    """Addresses of a server that may ask others, and of the registry that answers it well."""

    here: str
    there: str
    odd: OddPeer
    settings: Settings


def founded(folder: Path, *records: Any, peers: tuple[str, ...] = ()) -> Settings:
    variables = {"FAIRREG_HOME": str(folder), "FAIRREG_PEERS": ",".join(peers)}
    settings = Settings.from_environment(variables)
    with shared_registry(settings) as registry:
        registry.put_many([Submission(item) for item in records])
    return settings


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """A server with three other registries: a good one, one that a test governs, and one that is down."""
    folder = tmp_path_factory.mktemp("live")
    both = at(OLD, "zenodo", "2", BOTH, name="Wombat of both")
    gone = at(OLD, "zenodo", "3", FORGOTTEN, name="Wombat that was removed")
    others = founded(
        folder / "there", at(OLD, "zenodo", "1", THERE, name="Wombat of there", license="MIT"), both, gone
    )
    with ExitStack() as opened:
        patch = opened.enter_context(pytest.MonkeyPatch.context())
        patch.setattr(live, "SECONDS", FAR)  # a busy machine is no slow registry
        odd = opened.enter_context(odd_peer())
        there = opened.enter_context(serving(others))
        here = founded(folder / "here", both, gone, peers=(there, odd.url, DOWN))
        with shared_registry(here) as registry:
            registry.forget([FORGOTTEN])
        yield World(opened.enter_context(serving(here)), there, odd, here)


@pytest.fixture(autouse=True)
def well_behaved(world: World) -> Iterator[None]:
    yield
    world.odd.gate.set()
    world.odd.answers.clear()
    world.odd.asked.clear()
    while int(metric(world.here, "fairreg_live_searches")):
        time.sleep(0.005)


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, str, list[str], list[str]]]:
    """Two servers that may ask each other: their addresses, and the lines of their logs."""
    folder = tmp_path_factory.mktemp("pair")
    with ExitStack() as opened:
        patch = opened.enter_context(pytest.MonkeyPatch.context())
        patch.setattr(live, "SECONDS", FAR)
        sockets = [listen("127.0.0.1", 0) for _ in range(2)]
        urls = [local_url(item) for item in sockets]
        logs: list[list[str]] = [[], []]
        for number in range(2):
            record = at(OLD, "zenodo", str(number), f"doi:10.1234/{number}", name=f"Wombat {number}")
            settings = founded(folder / str(number), record, peers=(urls[1 - number],))
            policy = Policy(access_log=logs[number].append)
            opened.enter_context(serving(settings, sockets[number], policy=policy))
        yield urls[0], urls[1], logs[0], logs[1]


def metric(url: str, name: str) -> str:
    text = requests.get(f"{url}/metrics", timeout=60).text
    return re.search(rf"^{name} (\S+)$", text, re.MULTILINE)[1]  # type: ignore[index]


def page(url: str, status: int = 200, **headers: str) -> BeautifulSoup:
    answer = requests.get(url, headers={**BROWSER, **headers}, timeout=200)
    assert (answer.status_code, answer.headers["content-type"]) == (status, "text/html; charset=utf-8")
    assert answer.headers["content-security-policy"] == CONTENT_SECURITY_POLICY
    return BeautifulSoup(answer.text, "html.parser")


def result(soup: BeautifulSoup, name: str) -> Any:
    (card,) = [item for item in soup.select(".card") if item.h3.get_text() == name]
    return card


def told(soup: BeautifulSoup) -> dict[str, str]:
    """What the page says of each registry that was asked, by host."""
    lines = soup.select(".other-registries [role=status] li")
    return dict(item.get_text().split(": ", 1) for item in lines)


def host(url: str) -> str:
    return url.removeprefix("http://")


def document(url: str, status: int = 200) -> Any:
    answer = requests.get(url, headers={"Accept": "application/json"}, timeout=200)
    assert answer.status_code == status, answer.text
    return answer.json()


def test_a_result_of_another_registry_names_it_and_leads_to_its_page_there(world: World) -> None:
    soup = page(f"{world.here}/search?q=wombat&live=1")
    card = result(soup, "Wombat of there")
    assert card.select_one(".via").get_text(strip=True) == f"via {host(world.there)}"
    assert card.h3.a["href"] == f"{world.there}/records/{THERE}"
    assert card.h3.a["rel"] == ["noopener", "noreferrer"]
    assert page(card.h3.a["href"]).h1.get_text() == "Wombat of there"
    held = result(soup, "Wombat of both")
    assert held.h3.a["href"] == f"/records/{BOTH}"
    assert held.select_one(".via") is None


def test_each_registry_that_was_asked_has_a_line(world: World) -> None:
    lines = told(page(f"{world.here}/search?q=wombat&live=1"))
    assert set(lines) == {host(world.there), host(world.odd.url), host(DOWN)}
    assert re.fullmatch(r"3 results in \d+\.\d s\.", lines[host(world.there)])
    assert re.fullmatch(r"0 results in \d+\.\d s\.", lines[host(world.odd.url)])
    assert lines[host(DOWN)] == "could not be reached (connection refused)."


def test_the_json_is_the_document_of_a_live_search(world: World) -> None:
    for address in ("/search?q=wombat&live=1&format=json", "/?q=wombat&live=on&format=json"):
        answer = requests.get(f"{world.here}{address}", timeout=200)
        found = answer.json()
        assert {row["id"] for row in found["results"]} == {THERE, BOTH}
        statuses = {url: item["status"] for url, item in found["sources"].items()}
        assert statuses == {world.there: "ok", world.odd.url: "ok", DOWN: "error"}
        assert answer.headers["cache-control"] == "no-store"
        assert "Accept" in answer.headers["vary"]


def test_without_live_nobody_is_asked(world: World) -> None:
    before = len(world.odd.asked)
    for address in ("/search?q=wombat", "/search?q=wombat&live=0", "/search?q=wombat&live=false"):
        found = document(f"{world.here}{address}")
        assert "sources" not in found
        assert page(f"{world.here}{address}").select(".via") == []
    assert len(world.odd.asked) == before


@pytest.mark.parametrize(
    ("query", "said_of_it"),
    [
        ("live=1", "needs words"),
        ("q=+&live=1", "needs words"),
        ("q=wombat&live=perhaps", "it takes one of true"),
        ("q=wombat&live=1&limit=100&offset=101", "ends after 200 results"),
        ("q=wombat&live=1&year=never", "never"),
    ],
)
def test_what_cannot_be_asked_is_refused_before_anybody_is_asked(
    world: World, query: str, said_of_it: str
) -> None:
    before = len(world.odd.asked)
    problem = document(f"{world.here}/search?{query}", 400)
    assert said_of_it in problem["detail"]
    assert said_of_it in page(f"{world.here}/search?{query}", 400).main.get_text()
    assert len(world.odd.asked) == before


def test_a_server_without_others_says_so_and_offers_nothing(world: World) -> None:
    problem = document(f"{world.there}/search?q=wombat&live=1", 400)
    assert "asks no other registries" in problem["detail"]
    assert problem["hint"]
    assert page(f"{world.there}/search?q=wombat").select(".other-registries") == []
    assert page(f"{world.there}/help").find(id="other-registries") is None


def test_a_server_that_is_offline_asks_nobody(world: World) -> None:
    settings = Settings.from_environment({"FAIRREG_PEERS": world.there, "FAIRREG_OFFLINE": "1"})
    assert live.peers_of(Site(settings, world.here)) == ()
    assert live.peers_of(Site(replace(settings, offline=False), world.here)) == (world.there,)


def test_facets_cover_only_the_registry(world: World) -> None:
    assert "Facets" in document(f"{world.here}/search?q=wombat&live=1&facets=1", 400)["detail"]


def test_registries_that_may_ask_each_other_make_no_loop(
    pair: tuple[str, str, list[str], list[str]],
) -> None:
    one, two, log_one, log_two = pair
    found = document(f"{one}/search?q=wombat&live=1")
    assert {row["id"] for row in found["results"]} == {"doi:10.1234/0", "doi:10.1234/1"}
    assert found["sources"][two]["status"] == "ok"
    assert [line for line in log_one if "/api/" in line] == []
    assert all('"/api/' in line for line in log_two)
    refused = document(f"{two}/api/search?q=wombat&live=1", 400)
    assert "'live' is not a parameter" in refused["detail"]


def test_one_other_registry_is_offered_in_the_singular(pair: tuple[str, str, list[str], list[str]]) -> None:
    one, two, *_ = pair
    offer = page(f"{one}/search?q=wombat").select_one(".other-registries")
    assert offer.a.get_text() == "Ask 1 other registry, too"
    assert f"sent to {host(two)}." in offer.get_text()


def test_the_way_to_other_registries_keeps_the_search_and_the_way_back_leaves_them(world: World) -> None:
    soup = page(f"{world.here}/search?q=wombat&kind=model&sort=name&offset=1&limit=1")
    link = soup.select_one(".other-registries a")
    assert link.get_text() == "Ask 3 other registries, too"
    assert link["rel"] == ["nofollow"]
    assert link["href"] == "/search?q=wombat&kind=model&sort=name&limit=1&live=1"
    asked = page(f"{world.here}{link['href']}")
    back = asked.find("a", string="This registry only")["href"]
    assert back == "/search?q=wombat&kind=model&sort=name&limit=1"
    assert page(f"{world.here}/search?kind=model").select(".other-registries") == []
    assert page(f"{world.here}/").select(".other-registries") == []


def test_only_pages_keep_asking_other_registries(world: World) -> None:
    soup = page(f"{world.here}/search?q=wombat&live=1&limit=1")
    assert soup.find(attrs={"name": "live"}) is None  # what is typed further searches here alone
    paging = {item["href"] for item in soup.select(".paging a")}
    assert paging == {"/search?q=wombat&limit=1&live=1", "/search?q=wombat&limit=1&live=1&offset=1"}
    assert [item["href"] for item in soup.select(".filters a") if "live" in item["href"]] == []
    second = page(f"{world.here}/search?q=wombat&limit=1&offset=1&live=1")
    names = {item.h3.get_text() for both in (soup, second) for item in both.select(".card")}
    assert names == {"Wombat of both", "Wombat of there"}


def test_the_numbers_beside_a_live_search_are_those_of_this_registry(world: World) -> None:
    soup = page(f"{world.here}/search?q=wombat&live=1")
    kinds = next(item for item in soup.select(".filters section") if item.h2.string == "Kind")
    assert kinds.select_one(".count").get_text() == "1"
    assert "numbers are those of this registry" in soup.select_one(".other-registries").get_text()


def test_no_page_lies_beyond_the_depth_of_a_live_search(world: World) -> None:
    names = [f"zenodo:{number}" for number in range(12)]
    rows = [{"id": name} for name in names]
    world.odd.answers["/api/search"] = {"results": rows}
    for name in names:
        made = said("zenodo", name.partition(":")[2] + "00", name=f"Wombat {name}").to_json()
        world.odd.answers[f"/api/records/{name}"] = {"record": made}
    found = requests.get(f"{world.here}/search?q=wombat&live=1&format=json&limit=1&offset=3", timeout=200)
    following = re.search(r'<([^>]+)>; rel="next"', found.headers["link"])
    assert following is not None
    assert following[1].endswith("/search?q=wombat&limit=1&offset=4&live=1&format=json")
    assert (
        "link"
        not in requests.get(
            f"{world.here}/search?q=wombat&live=1&format=json&limit=100&offset=100", timeout=200
        ).headers
    )


def test_a_registry_that_is_slow_is_left_behind_and_said_to_be(world: World) -> None:
    world.odd.gate.clear()
    with deadline_after(2):
        soup = page(f"{world.here}/search?q=wombat&live=1")
    assert "No complete answer after" in told(soup)[host(world.odd.url)]
    assert result(soup, "Wombat of there")


def test_text_of_another_registry_is_text(world: World) -> None:
    script = f"url:javascript:alert(1)//{EVIL}"
    made = said("zenodo", "66", name=f"Wombat {EVIL}", description=EVIL, license_stated=EVIL).to_json()
    world.odd.answers["/api/search"] = {"results": [{"id": script}]}
    world.odd.answers[f"/api/records/{script}"] = {"record": {**made, "identifier": script}}
    soup = page(f"{world.here}/search?q=wombat&live=1")
    assert not [item for item in soup.find_all("script") if not item["src"].startswith("/static/")]
    assert "\u202e" not in soup.get_text()
    known = ("/", "#main", "#results", "http://", "https://")
    assert all(item["href"].startswith(known) for item in soup.find_all("a"))
    card = result(soup, f"Wombat {EVIL}".replace("\u202e", ""))  # no template was filled in
    address = card.h3.a["href"]
    assert address.startswith(f"{world.odd.url}/records/url:javascript:alert%281%29")
    assert not set('"<> ') & set(address)


def test_what_another_registry_says_of_its_failure_is_one_line_of_text(world: World) -> None:
    world.odd.answers["/api/search"] = (500, {"detail": f"{EVIL}\x1b[31m\n" * 400})
    soup = page(f"{world.here}/search?q=wombat&live=1")
    line = told(soup)[host(world.odd.url)]
    assert len(line) <= 301
    assert not re.search("[\x00-\x1f\u202e]", line)


def test_what_was_removed_for_good_does_not_come_back_from_another_registry(world: World) -> None:
    assert any(row["id"] == FORGOTTEN for row in document(f"{world.there}/search?q=wombat")["results"])
    assert "removed" not in page(f"{world.here}/search?q=wombat&live=1").select_one(".results").get_text()


def test_no_source_is_ever_asked(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def search(self: object, *_: object, **__: object) -> None:
        raise AssertionError(f"{self} was asked")

    for harvester in harvesters.all_harvesters():
        monkeypatch.setattr(type(harvester), "search", search)
    for more in ("", "&source=zenodo"):  # a condition, and nobody to ask
        found = document(f"{world.here}/search?q=wombat&live=1{more}")
        assert set(found["sources"]) == {world.there, world.odd.url, DOWN}
        assert {row["id"] for row in found["results"]} == {THERE, BOTH}


def test_live_searches_leave_the_readers_of_this_registry_alone(world: World) -> None:
    world.odd.gate.clear()
    most = (LIVE_THREADS + LIVE_QUEUE) // 2  # of one client
    with ThreadPoolExecutor(most) as pool:
        waiting = [pool.submit(document, f"{world.here}/search?q=wombat&live=1") for _ in range(most)]
        while int(metric(world.here, "fairreg_live_searches")) < most:
            time.sleep(0.005)
        for _ in range(10):
            assert document(f"{world.here}/search?q=wombat")["total"] == 1
        assert int(metric(world.here, "fairreg_reads")) == 0  # no reading thread waits for others
        refused = requests.get(f"{world.here}/search?q=wombat&live=1", headers=BROWSER, timeout=60)
        assert (refused.status_code, refused.headers["retry-after"]) == (503, "5")
        world.odd.gate.set()
        assert {item.result()["total"] for item in waiting} == {2}


def test_a_search_that_waits_for_others_holds_no_view_of_the_database(world: World) -> None:
    world.odd.gate.clear()
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(document, f"{world.here}/search?q=wombat&live=1")
        wait_until(lambda: metric(world.here, "fairreg_live_searches") == "1" and bool(world.odd.asked))
        with shared_registry(world.settings) as registry:
            registry.put(at(OLD, "zenodo", "7", "doi:10.1234/7", name="Numbat"))
        with closing(sqlite3.connect(world.settings.home / "registry.sqlite")) as database:
            (busy, *_) = database.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        assert busy == 0
        world.odd.gate.set()
        assert waiting.result()["total"] == 2


def test_abandoned_threads_do_not_pile_up(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "_MOST_LATE", 2)
    wait_until(lambda: live.late_threads() == 0)
    world.odd.gate.clear()
    for _ in range(2):
        with deadline_after(2):
            assert document(f"{world.here}/search?q=wombat&live=1")["total"] == 2
    refused = requests.get(f"{world.here}/search?q=wombat&live=1", timeout=60)
    assert (refused.status_code, refused.headers["retry-after"]) == (503, "5")
    assert "still wait" in refused.json()["detail"]
    world.odd.gate.set()
    wait_until(lambda: live.late_threads() == 0)
    assert document(f"{world.here}/search?q=wombat&live=1")["total"] == 2


def wait_until(true: Callable[[], bool]) -> None:
    while not true():
        time.sleep(0.005)


def test_robots_are_kept_from_live_searches(world: World) -> None:
    rules = requests.get(f"{world.here}/robots.txt", timeout=60).text.splitlines()
    assert {"Disallow: /search", "Disallow: /*live="} <= set(rules)
    sitemap = requests.get(f"{world.here}/sitemap.xml?page=1", timeout=60).text
    assert "live" not in sitemap


def test_the_help_says_where_words_go(world: World) -> None:
    text = page(f"{world.here}/help").find(id="other-registries").get_text()
    assert all(host(url) in text for url in (world.there, world.odd.url, DOWN))
