# SPDX-License-Identifier: MIT
"""Live: searches and fingerprints are asked of other registries, too."""

import socket
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace

import pytest
import requests
from msgspec.structs import replace as changed

from fairreg import harvesters
from fairreg.errors import UsageError
from fairreg.runners.weights import fingerprint_of
from fairreg.schemas.fingerprint_rule import with_rule
from fairreg.schemas.identifiers import Identifier
from fairreg.services.inspect.inspect import inspect
from fairreg.services.search.federated import late_threads, query_peers
from fairreg.services.search.report import SearchReport
from fairreg.services.search.search import search
from support.deadlines import FAR, deadline_after
from support.networks import SMALL, random_tensors
from support.oai import said
from support.registries import OLD, Place, at
from support.weight_files import Files

pytestmark = pytest.mark.engines("sqlite")
ONLY_PEERS = frozenset(harvesters.names())


@pytest.fixture
def silent() -> Iterator[str]:
    """Address of a server that takes connections and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"


@pytest.fixture
def endless() -> Iterator[str]:
    """Address of a server whose answer goes on as long as somebody listens, a byte at a time."""
    ended = threading.Event()

    def trickle(taken: socket.socket) -> None:
        with taken, suppress(ConnectionError):
            taken.recv(4096)
            taken.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n")
            while not ended.wait(0.01):
                taken.sendall(b" ")

    with socket.create_server(("127.0.0.1", 0)) as listening, ThreadPoolExecutor() as pool:
        pool.submit(lambda: trickle(listening.accept()[0]))
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        ended.set()


def live(place: Place, query: str = "wombat", **options: object) -> SearchReport:
    settings = replace(place.settings, disabled=ONLY_PEERS)
    given = {"deadline": FAR, "limit": None, **options}
    return search(settings, query, live=True, registry=place.registry, **given)  # type: ignore[arg-type]


def test_a_live_search_asks_other_registries_and_keeps_the_first_source(places):
    one = places("one")
    one.registry.put(at(OLD, "zenodo", "1", "doi:10.1234/1", name="Wombat tagger"))
    one.registry.put(at(OLD, "huggingface", "a/b", "doi:10.1234/2", name="Wombat finder"))
    here = places("here", one)
    report = live(here, save=True)
    assert {row.name: row.sources for row in report.results} == {
        "Wombat tagger": ("zenodo",),
        "Wombat finder": ("huggingface",),
    }
    answer = report.sources[one.url]
    assert (answer.status, answer.count) == ("ok", 2)
    assert here.registry.listing.count() == 0  # merged records are not statements
    assert live(here, "nothing like it").results == ()


def test_what_is_known_here_is_not_replaced_by_what_another_registry_says(places):
    one = places("one")
    one.registry.put(at(OLD, "zenodo", "1", "doi:10.1234/1", name="Wombat theirs"))
    here = places("here", one)
    here.registry.put(at(OLD, "zenodo", "1", "doi:10.1234/1", name="Wombat mine"))
    (row,) = live(here).results
    assert row.name == "Wombat mine"


def test_a_silent_registry_does_not_hold_up_the_others(places, silent):
    one = places("one")
    one.registry.put(at(OLD, "zenodo", "1", name="Wombat tagger"))
    here = places("here", one)
    settings = replace(here.settings.with_peers([silent, "http://127.0.0.1:9"]), disabled=ONLY_PEERS)
    with deadline_after(2):
        report = search(settings, "wombat", live=True, registry=here.registry, deadline=FAR)
    assert [row.name for row in report.results] == ["Wombat tagger"]
    assert {url: answer.status for url, answer in report.sources.items()} == {
        one.url: "ok", silent: "timeout", "http://127.0.0.1:9": "error",
    }  # fmt: skip


def test_an_answer_that_never_ends_keeps_no_thread(places, endless):
    settings = places("here").settings.with_peers([endless])
    (asked,) = query_peers(settings, "wombat", deadline=0.2)
    assert asked.answer.status == "timeout"
    while late_threads():  # its reading ends soon after the deadline, without an end of the answer
        time.sleep(0.005)


def test_a_choice_of_sources_leaves_other_registries_out(places):
    one = places("one")
    here = places("here", one)
    assert live(here, source=["catalogue"]).sources == {}


def test_a_lying_answer_becomes_no_record(places, httpserver):
    here = places("here")
    rows = [{"id": name} for name in ("zenodo:1", "zenodo:2", "../../x", "", 5)]
    made = said("zenodo", "1", name="Wombat\x9b31m someone@example.org").to_json()
    httpserver.expect_request("/api/search").respond_with_json({"results": rows})
    httpserver.expect_request("/api/records/zenodo:1").respond_with_json({"record": made})
    httpserver.expect_request("/api/records/zenodo:2").respond_with_json({"record": {"name": "x"}})
    httpserver.expect_request("/api/records/../../x").respond_with_json([])
    url = httpserver.url_for("/").rstrip("/")
    settings = replace(here.settings.with_peers([url]), disabled=ONLY_PEERS)
    report = search(settings, "wombat", live=True, registry=here.registry, deadline=FAR)
    assert all("\x9b" not in row.name and "@" not in row.name for row in report.results)
    httpserver.clear()
    httpserver.expect_request("/api/search").respond_with_json([1])
    report = search(settings, "wombat", live=True, registry=here.registry, deadline=FAR)
    assert report.results == ()


def test_a_registry_gives_as_many_results_as_are_asked_for(places):
    one = places("one")
    one.registry.put_many([at(OLD, "zenodo", str(number), name="Wombat") for number in range(35)])
    here = places("here", one)
    assert live(here).sources[one.url].count == 20  # the usual number
    assert live(here, limit=35).sources[one.url].count == 35


@pytest.mark.parametrize(
    ("body", "status"),
    [("{", 200), ('{"record": {"name": 1' + "0" * 5000 + "}}", 200), ("[1]", 200), ("{}", 404), ("{}", 410)],
    ids=["truncated", "huge number", "list", "not found", "gone"],
)
def test_one_record_that_cannot_be_read_spoils_no_other(places, httpserver, body, status):
    here = places("here")
    rows = [{"id": f"zenodo:{number}"} for number in range(4)]
    httpserver.expect_request("/api/search").respond_with_json({"results": rows})
    for number in (0, 2, 3):
        made = said("zenodo", str(number), name="Wombat").to_json()
        made |= {"name": "Wombat \ud800"} if number == 3 else {}
        httpserver.expect_request(f"/api/records/zenodo:{number}").respond_with_json({"record": made})
    bad = httpserver.expect_request("/api/records/zenodo:1")
    bad.respond_with_data(body, status=status, content_type="application/json")
    url = httpserver.url_for("/").rstrip("/")
    settings = replace(here.settings.with_peers([url]), disabled=ONLY_PEERS)
    answer = search(settings, "wombat", live=True, registry=here.registry, deadline=FAR).sources[url]
    assert (answer.status, answer.count) == ("ok", 2)
    refused = 1 if status != 200 else 2
    assert str(answer.message).startswith(f"{refused} payload")


def test_other_registries_are_asked_for_the_same_weights(places, tmp_path, httpserver):
    tensors = random_tensors(SMALL)
    value = fingerprint_of(tensors)
    one = places("one")
    own = Identifier("fingerprint", value, with_rule("computed from model.safetensors"))
    record = at(OLD, "zenodo", "1", "doi:10.1234/1", name="Wombat tagger")
    one.registry.put(changed(record, identifiers=(*record.identifiers, own)))
    here = places("here", one)
    file = tmp_path / "model.safetensors"
    file.write_bytes(Files.safetensors(tensors))
    assert inspect(here.settings, str(file)).files[0].published == ()
    rows = [
        {"id": "no id"},
        {"id": "10.1234/3", "title": "a\x9bb someone@example.org", "evidence": "x" * 9999},
    ]
    httpserver.expect_request(f"/api/fingerprints/{value}").respond_with_json({"records": rows})
    settings = here.settings.with_peers([httpserver.url_for("/").rstrip("/"), "http://127.0.0.1:9"])
    report = inspect(settings, str(file), live=True)
    found = {item.identifier: item for item in report.files[0].published}
    assert set(found) == {"doi:10.1234/1", "doi:10.1234/3"}
    assert found["doi:10.1234/1"].title == "Wombat tagger"
    assert one.url.partition("//")[2] in found["doi:10.1234/1"].evidence
    lie = found["doi:10.1234/3"]
    assert "@" not in (lie.title or "")
    assert len(lie.evidence) < 700
    assert any("127.0.0.1:9 was not searched" in text for text in report.warnings)
    with pytest.raises(UsageError, match="no other registry"):
        inspect(replace(settings, peers=()), str(file), live=True)


def test_the_api_answers_for_any_fingerprint(places):
    url = places("one").url
    for value in ("sha256:" + "0" * 64, "%00", "a%2Fb", "%F0%9F%A6%98", "x" * 3000):
        answer = requests.get(f"{url}/api/fingerprints/{value}", timeout=60)
        assert answer.status_code in {200, 404}
        assert answer.status_code == 404 or answer.json()["records"] == []
