# SPDX-License-Identifier: MIT
"""What every answer passes through: headers, tags, compression, limits, rates, log and counts."""

import asyncio
import gzip
import json
import socket
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial

import pytest
import requests
from hypothesis import given
from hypothesis import strategies as st
from starlette.testclient import TestClient
from starlette.types import ASGIApp, Message

from fairreg.errors import Overloaded, UsageError
from fairreg.registry.parts.changes import Changes
from fairreg.server.app import Policy, application
from fairreg.server.middleware import rates
from fairreg.server.middleware.log import Metrics
from fairreg.server.middleware.rates import NO_PROXIES, Proxies, Rates
from fairreg.server.middleware.representation import Representations
from fairreg.server.protocol import TimedConnection
from fairreg.server.site import Site
from fairreg.server.threads import CLIENT, THREADS, QueuedThreads
from fairreg.settings import Settings
from support.serving import serving

pytestmark = pytest.mark.engines("sqlite")


@pytest.fixture(scope="module")
def lines() -> list[str]:
    return []


@pytest.fixture(scope="module")
def url(tmp_path_factory, lines) -> Iterator[str]:
    home = tmp_path_factory.mktemp("middleware")
    policy = Policy(access_log=lines.append, body_seconds=0.5)
    with serving(Settings(home, f"sqlite:///{home}/registry.sqlite"), policy=policy) as url:
        yield url


def test_every_answer_has_the_headers_of_security(url):
    for path, method in (("/api/search", "GET"), ("/nothing", "GET"), ("/healthz", "POST")):
        headers = requests.request(method, f"{url}{path}", timeout=60).headers
        assert "default-src 'self'" in headers["content-security-policy"]
        assert "frame-ancestors 'none'" in headers["content-security-policy"]
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "no-referrer"
        assert "server" not in headers


def test_pages_of_others_may_read(url):
    origin = {"Origin": "https://example.org"}
    assert requests.get(f"{url}/api/sources", headers=origin, timeout=60).headers[
        "access-control-allow-origin"
    ] == "*"  # fmt: skip
    asked = origin | {"Access-Control-Request-Method": "GET"}
    answer = requests.options(f"{url}/api/records/a/b", headers=asked, timeout=60)
    assert (answer.status_code, answer.headers["access-control-allow-methods"]) == (204, "GET, HEAD")
    assert "access-control-allow-origin" not in requests.post(f"{url}/api/search", timeout=60).headers


def test_methods_are_told_and_others_refused(url):
    assert requests.options(f"{url}/healthz", timeout=60).headers["allow"] == "GET, HEAD, OPTIONS"
    assert requests.options(f"{url}/nothing", timeout=60).status_code == 404
    for method in ("POST", "DELETE", "TRACE", "BREW"):
        answer = requests.request(method, f"{url}/healthz", timeout=60)
        assert (answer.status_code, answer.headers["allow"]) == (405, "GET, HEAD, OPTIONS")
        assert answer.json()["title"] == "Method Not Allowed"


def test_a_client_that_has_an_answer_gets_no_second_one(url):
    first = requests.get(f"{url}/api/search?q=hbb", headers={"Accept-Encoding": "identity"}, timeout=60)
    tag = first.headers["etag"]
    assert tag.startswith('"')
    for known in (tag, f'"other", {tag}', f"W/{tag}", "*"):
        answer = requests.get(
            f"{url}/api/search?q=hbb",
            headers={"Accept-Encoding": "identity", "If-None-Match": known},
            timeout=60,
        )
        assert (answer.status_code, answer.content, answer.headers["etag"]) == (304, b"", tag)
        assert "link" in answer.headers or len(first.json()["results"]) < 20
    other = requests.get(f"{url}/api/search?q=hbb", headers={"If-None-Match": tag}, timeout=60)
    assert other.status_code == 200  # compressed, it is other bytes
    assert other.headers["etag"] != tag


def test_a_head_has_the_headers_of_a_get_and_no_body(url):
    for encoding in ("identity", "gzip"):
        asked = {"Accept-Encoding": encoding}
        got = requests.get(f"{url}/api/facets", headers=asked, timeout=60)
        head = requests.head(f"{url}/api/facets", headers=asked, timeout=60)
        assert head.content == b""
        for name in ("content-length", "content-type", "etag", "vary", "content-encoding"):
            assert head.headers.get(name) == got.headers.get(name)


async def answered(
    body: bytes, kind: str, asked: dict[str, str], pieces: int = 1, more: dict[str, str] | None = None
) -> tuple[int, dict[str, str], bytes]:
    """What `Representations` makes of an answer."""

    async def app(_scope, _receive, send):
        heads = [(b"content-type", kind.encode()), (b"content-length", str(len(body) * pieces).encode())]
        heads += [(name.encode(), value.encode()) for name, value in (more or {}).items()]
        await send({"type": "http.response.start", "status": 200, "headers": heads})
        for piece in range(pieces):
            await send({"type": "http.response.body", "body": body, "more_body": piece < pieces - 1})

    sent: list[dict] = []

    async def send(message):
        sent.append(message)

    names = [(name.lower().encode(), value.encode("latin-1")) for name, value in asked.items()]
    scope = {"type": "http", "method": "GET", "headers": names}
    await Representations(app)(scope, None, send)
    headers = {name.decode().lower(): value.decode("latin-1") for name, value in sent[0]["headers"]}
    return sent[0]["status"], headers, b"".join(item["body"] for item in sent[1:])


@given(
    body=st.binary(max_size=40) | st.integers(1000, 1100).map(lambda size: b"x" * size),
    kind=st.sampled_from(["application/json", "image/png", "text/html; charset=utf-8"]),
    accepted=st.sampled_from(["", "gzip", "gzip;q=0", "br, *;q=0.1", "*;q=0", "GZIP;q=1.0"])
    | st.text("aq=;,*01. "),
)
def test_any_answer_can_be_read_again_and_its_tag_names_its_bytes(body, kind, accepted):
    status, headers, sent = asyncio.run(answered(body, kind, {"Accept-Encoding": accepted}))
    packed = headers.get("content-encoding") == "gzip"
    assert (gzip.decompress(sent) if packed else sent) == body
    assert int(headers["content-length"]) == len(sent)
    assert not packed or "accept-encoding" in headers["vary"].lower()
    again = asyncio.run(answered(body, kind, {"Accept-Encoding": accepted, "If-None-Match": headers["etag"]}))
    assert (again[0], again[2], status) == (304, b"", 200)
    changed = asyncio.run(answered(body + b"!", kind, {"If-None-Match": headers["etag"]}))
    assert changed[0] == 200


_STRONG, _WEAK = {"etag": '"a"'}, {"etag": 'W/"a"'}
_DATED = {**_STRONG, "last-modified": "Mon, 30 Nov 2026 12:00:00 GMT"}
_BEFORE, _SAME = "Mon, 30 Nov 2026 11:59:59 GMT", _DATED["last-modified"]


@pytest.mark.parametrize("pieces", [1, 2])
@pytest.mark.parametrize(
    ("headers", "asked", "expected"),
    [
        (_STRONG, {"If-Match": '"a"'}, 200),
        (_STRONG, {"If-Match": '"b", "a"'}, 200),
        (_STRONG, {"If-Match": "*"}, 200),
        (_STRONG, {"If-Match": '"b"'}, 412),
        (_STRONG, {"If-Match": 'W/"a"'}, 412),
        (_WEAK, {"If-Match": 'W/"a"'}, 412),
        (_WEAK, {"If-None-Match": '"a"'}, 304),
        (_STRONG, {"If-Match": '"a"', "If-None-Match": '"a"'}, 304),
        (_STRONG, {"If-Match": '"b"', "If-None-Match": '"a"'}, 412),
        (_DATED, {"If-Unmodified-Since": _SAME}, 200),
        (_DATED, {"If-Unmodified-Since": _BEFORE}, 412),
        (_DATED, {"If-Unmodified-Since": "yesterday"}, 200),
        (_STRONG, {"If-Unmodified-Since": _BEFORE}, 200),
        (_DATED, {"If-Match": '"a"', "If-Unmodified-Since": _BEFORE}, 200),
        (_DATED, {"If-Modified-Since": _SAME}, 304),
        (_DATED, {"If-Modified-Since": _BEFORE}, 200),
        (_DATED, {"If-None-Match": '"b"', "If-Modified-Since": _SAME}, 200),
        (_DATED, {"If-Unmodified-Since": _SAME, "If-None-Match": '"a"'}, 304),
    ],
)
def test_conditions_are_judged_in_the_order_of_the_standard(headers, asked, expected, pieces):
    status, sent, body = asyncio.run(answered(b"text", "image/png", asked, pieces, headers))
    assert status == expected
    if status == 200:
        assert body == b"text" * pieces
    elif status == 304:
        assert (body, sent["etag"]) == (b"", headers["etag"])
    else:
        assert json.loads(body)["status"] == 412
        assert int(sent["content-length"]) == len(body)


def test_who_wants_an_answer_that_changed_is_told_so(url):
    for path in ("/api/search?q=hbb", "/search?q=hbb", "/records/doi:10.5281/zenodo.7305227"):
        tag = requests.get(f"{url}{path}", timeout=60).headers["etag"]
        assert requests.get(f"{url}{path}", headers={"If-Match": tag}, timeout=60).status_code == 200
        other = requests.get(f"{url}{path}", headers={"If-Match": '"other"'}, timeout=60)
        assert (other.status_code, other.headers["content-type"]) == (412, "application/problem+json")
        assert requests.head(f"{url}{path}", headers={"If-Match": '"other"'}, timeout=60).status_code == 412


def test_what_is_sent_piece_by_piece_passes_as_it_is():
    _, headers, sent = asyncio.run(answered(b"x" * 2000, "text/html", {"Accept-Encoding": "gzip"}, pieces=2))
    assert sent == b"x" * 4000
    assert "etag" not in headers


def test_a_stream_of_events_begins_before_the_first_event():
    sent: list[str] = []

    async def app(_scope, _receive, send):
        heads = [(b"content-type", b"text/event-stream; charset=utf-8")]
        await send({"type": "http.response.start", "status": 200, "headers": heads})
        sent.append("waits")
        await send({"type": "http.response.body", "body": b"data: 1\n\n", "more_body": False})

    async def send(message):
        sent.append(message["type"])

    asyncio.run(Representations(app)({"type": "http", "method": "GET", "headers": []}, None, send))
    assert sent == ["http.response.start", "waits", "http.response.body"]


def test_what_is_too_large_is_refused(url):
    answer = requests.get(f"{url}/api/search?q={'x' * 9000}", timeout=60)
    assert (answer.status_code, answer.headers["connection"]) == (414, "close")
    assert requests.get(f"{url}/api/search", headers={"X-Long": "x" * 17_000}, timeout=60).status_code == 431
    assert requests.post(f"{url}/api/search", data=b"x" * 1_048_577, timeout=60).status_code == 413


def exchange(url: str, *pieces: bytes, pause: float = 0.0) -> bytes:
    """Send pieces to a server, and return all that it sends until it closes the connection."""
    host, port = url.removeprefix("http://").split(":")
    got = b""
    with socket.create_connection((host, int(port)), timeout=60) as connection:
        for piece in pieces:
            connection.sendall(piece)
            time.sleep(pause)
        while piece := connection.recv(65536):
            got += piece
    return got


def reading(scope_path: str):
    """An application that reads the body of a request, behind the limits."""
    from starlette.applications import Starlette
    from starlette.responses import PlainTextResponse
    from starlette.routing import Route

    async def read(request):
        return PlainTextResponse(str(len(await request.body())))

    return Starlette(routes=[Route(scope_path, read, methods=["POST"])])


def limited(**limits):
    from fairreg.server.middleware.limits import RequestLimits

    return RequestLimits(reading("/read"), bodies={}, seconds={}, **limits)


def test_a_body_without_a_stated_length_is_counted():
    client = TestClient(limited())
    assert client.post("/read", content=iter([b"x" * 1000] * 10)).text == "10000"
    assert client.post("/read", content=iter([b"x" * 100_000] * 11)).status_code == 413


def test_a_body_that_does_not_arrive_is_not_waited_for():
    async def receive():
        await asyncio.sleep(60)

    sent: list[dict] = []

    async def send(message):
        sent.append(message)

    scope = {
        "type": "http", "method": "POST", "path": "/read", "raw_path": b"/read", "query_string": b"",
        "headers": [], "root_path": "", "http_version": "1.1", "scheme": "http", "server": None,
        "client": None,
    }  # fmt: skip
    asyncio.run(limited(body_seconds=0.05)(scope, receive, send))
    assert sent[0]["status"] == 408


def test_an_answer_that_takes_too_long_is_503():
    from fairreg.server.middleware.limits import RequestLimits

    async def app(_scope, _receive, _send):
        await asyncio.sleep(60)

    answer = TestClient(RequestLimits(app, bodies={}, seconds={}, answer_seconds=0.05)).get("/")
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "10")


def test_a_client_that_sends_its_headers_too_slowly_is_cut(tmp_path, monkeypatch):
    monkeypatch.setattr(TimedConnection, "seconds", 0.2)
    with serving(Settings(tmp_path, f"sqlite:///{tmp_path}/registry.sqlite")) as url:
        assert exchange(url) == b""
        assert exchange(url, b"GET /healthz HTTP/1.1\r\nHost: a\r\nX-Slow: ") == b""
        pieces = (b"GET /robots.txt HTTP/1.1\r\nHost: a\r\n\r\n", b"GET /rob")
        assert exchange(url, *pieces, pause=0.1).count(b"HTTP/1.1 200") == 1


def test_a_client_that_does_not_read_is_cut(tmp_path, monkeypatch):
    monkeypatch.setattr(TimedConnection, "reader_seconds", 0.2)
    asked = b"GET /openapi.json HTTP/1.1\r\nHost: a\r\n\r\n"
    cut, lost = set(), TimedConnection.connection_lost

    def noted(self, exc):
        lost(self, exc)
        cut.add(self.client)

    with serving(Settings(tmp_path, f"sqlite:///{tmp_path}/registry.sqlite")) as url:
        size = len(
            requests.get(f"{url}/openapi.json", headers={"Accept-Encoding": "identity"}, timeout=60).content
        )
        host, port = url.removeprefix("http://").split(":")
        with socket.create_connection((host, int(port)), timeout=60) as connection:
            monkeypatch.setattr(TimedConnection, "connection_lost", noted)
            connection.sendall(asked * 600)
            while connection.getsockname() not in cut:
                time.sleep(0.01)
            got = 0
            with suppress(ConnectionError):
                while piece := connection.recv(1 << 20):
                    got += len(piece)
    assert got < 600 * size


def test_a_client_beyond_the_rate_is_told_how_long_to_wait(tmp_path):
    policy = Policy(rate=1)
    with serving(Settings(tmp_path, f"sqlite:///{tmp_path}/registry.sqlite"), policy=policy) as url:
        answers = [requests.get(f"{url}/robots.txt", timeout=60) for _ in range(12)]
    assert [answer.status_code for answer in answers][:5] == [200] * 5
    refused = [answer for answer in answers if answer.status_code == 429]
    assert refused
    assert 1 <= int(refused[0].headers["retry-after"]) <= 2


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def counted(rate: float, clock: Clock) -> Rates:
    return Rates(None, rate=rate, proxies=NO_PROXIES, clock=clock)  # type: ignore[arg-type]


@given(pauses=st.lists(st.floats(0, 3), min_size=1, max_size=60))
def test_no_client_gets_more_than_its_rate_and_one_that_waits_is_served(pauses):
    clock = Clock()
    limit, passed = counted(2, clock), []
    for pause in pauses:
        clock.now += pause
        wait = limit._wait("a")
        if not wait:
            passed.append(clock.now)
        else:
            later = Clock()
            later.now = clock.now + wait + 1e-9
            limit._clock = later
            assert limit._wait("a") == 0
            limit._clock, clock.now = clock, later.now
            passed.append(clock.now)
    for first, begun in enumerate(passed):
        within = [at for at in passed[first:] if at - begun <= 10]
        assert len(within) <= 10 + 2 * 10 + 1


def test_few_clients_are_remembered_however_many_ask(monkeypatch):
    monkeypatch.setattr(rates, "CLIENTS", 100)
    limit = counted(1, Clock())
    for number in range(1000):
        limit._wait(str(number))
    assert len(limit._clients) == 100


@pytest.mark.parametrize(
    ("peer", "said", "client"),
    [
        ("192.0.2.1", "198.51.100.7", "192.0.2.1"),
        ("127.0.0.1", "198.51.100.7", "198.51.100.7"),
        ("127.0.0.1", "203.0.113.9, 198.51.100.7, 10.1.2.3", "198.51.100.7"),
        ("127.0.0.1", "198.51.100.7, nonsense", "127.0.0.1"),
        ("127.0.0.1", "", "127.0.0.1"),
        ("::ffff:127.0.0.1", "2001:db8:1:2:3::4", "2001:db8:1:2::/64"),
    ],
)
def test_only_a_known_proxy_says_for_whom_it_asks(peer, said, client):
    scope = {"type": "http", "client": (peer, 1), "headers": [(b"x-forwarded-for", said.encode())]}
    assert Proxies.of(["127.0.0.1", "10.0.0.0/8"]).client(scope) == client


def test_a_proxy_is_an_address():
    with pytest.raises(UsageError, match="does not appear to be"):
        Proxies.of(["proxy.example"])


def test_threads_have_a_queue_of_limited_length():
    async def crowd() -> list[object]:
        threads, gate = QueuedThreads(threads=1, queue=2), asyncio.Event()
        loop = asyncio.get_running_loop()

        async def ask(client: str) -> bool:
            CLIENT.set(client)
            return await threads.run(lambda: asyncio.run_coroutine_threadsafe(gate.wait(), loop).result())

        waiting = [asyncio.create_task(ask(client)) for client in ("one", "two", "three")]
        await asyncio.sleep(0)
        with pytest.raises(Overloaded):
            await threads.run(int)
        waiting[2].cancel()  # a client that leaves gives its place to another one
        await asyncio.sleep(0)
        another = asyncio.create_task(threads.run(int))
        await asyncio.sleep(0)
        gate.set()
        return [*await asyncio.gather(*waiting[:2]), await another, threads.accepted]

    assert asyncio.run(crowd()) == [True, True, 0, 0]


def test_a_client_leaves_half_of_the_threads_to_others_even_for_what_it_gave_up():
    async def crowd() -> tuple[list[int], int]:
        threads, gate, begun = QueuedThreads(threads=4), threading.Event(), []

        def long(number: int) -> None:
            begun.append(number)
            gate.wait(60)

        CLIENT.set("greedy")
        given_up = [asyncio.create_task(threads.run(partial(long, number))) for number in range(2)]
        while len(begun) < 2:
            await asyncio.sleep(0.01)
        for task in given_up:
            task.cancel()
        waiting = [asyncio.create_task(threads.run(partial(long, number))) for number in range(2, 6)]
        await asyncio.sleep(0)
        CLIENT.set("other")
        answer = await threads.run(lambda: len(begun))
        gate.set()
        await asyncio.gather(*waiting)
        threads.close()
        return begun, answer

    begun, answer = asyncio.run(crowd())
    assert (sorted(begun), answer) == (list(range(6)), 2)


def test_a_client_leaves_half_of_the_places_to_wait_to_others():
    async def crowd() -> tuple[int, int]:
        threads, gate = QueuedThreads(threads=2, queue=6), threading.Event()
        CLIENT.set("greedy")
        asked = [asyncio.create_task(threads.run(partial(gate.wait, 60))) for _ in range(8)]
        await asyncio.sleep(0)
        CLIENT.set("other")
        answer = await threads.run(lambda: 1)
        gate.set()
        outcomes = await asyncio.gather(*asked, return_exceptions=True)
        threads.close()
        return answer, sum(isinstance(item, Overloaded) for item in outcomes)

    assert asyncio.run(crowd()) == (1, 4)


def test_health_is_told_to_all_who_ask_at_a_time(databases, tmp_path):
    async def crowd(app: ASGIApp) -> list[int]:
        statuses: list[int] = []

        async def receive() -> Message:
            return {"type": "http.request"}

        async def send(message: Message) -> None:
            statuses.extend([message["status"]] if "status" in message else [])

        scope = {"type": "http", "method": "GET", "path": "/healthz", "raw_path": b"/healthz", "headers": []}
        asked = (app({**scope, "query_string": b""}, receive, send) for _ in range(200))
        await asyncio.gather(*asked)
        return statuses

    settings = databases.home(tmp_path / "kept", "catalogue")
    assert asyncio.run(crowd(application(Site(settings, "http://a")))) == [200] * 200


def test_health_is_told_at_any_rate_and_however_busy_the_threads_are(databases, tmp_path, monkeypatch):
    busy, begun = threading.Event(), threading.Semaphore(0)

    def slow(_changes: Changes, *_arguments: object, **_options: object) -> None:
        begun.release()
        busy.wait(60)

    monkeypatch.setattr(Changes, "page", slow)
    home = databases.home(tmp_path / "kept", "catalogue")
    with serving(home, policy=Policy(rate=5)) as url, ThreadPoolExecutor(6) as clients:
        try:
            asked = [clients.submit(requests.get, f"{url}/api/changes", timeout=60) for _ in range(6)]
            for _ in range(THREADS // 2):  # the share of one client
                assert begun.acquire(timeout=60)
            codes = {requests.get(f"{url}/healthz", timeout=60).status_code for _ in range(40)}
        finally:
            busy.set()
        assert codes == {200}
        assert len([answer.result() for answer in asked]) == 6


def test_the_log_has_no_address_and_no_query(url, lines):
    requests.get(f"{url}/api/records/doi:10.5281/zenodo.7305227?source=catalogue", timeout=60)
    while "/api/records/" not in lines[-1]:  # it is written when the answer was sent
        time.sleep(0.005)
    told = json.loads(lines[-1])
    assert told.keys() == {"time", "method", "route", "status", "ms", "bytes"}
    assert (told["method"], told["route"], told["status"]) == ("GET", "/api/records/{pid:any}", 200)
    assert told["bytes"] > 1000
    assert "127.0.0.1" not in lines[-1]
    assert "catalogue" not in lines[-1]


def test_counts_are_by_route_and_few(url):
    for number in range(3):
        requests.get(f"{url}/api/records/hf:a/{number}", timeout=60)
        requests.request(f"M{number}", f"{url}/nothing/{number}", timeout=60)
    text = requests.get(f"{url}/metrics", timeout=60).text
    assert 'fairreg_requests_total{method="GET",route="/api/records/{pid:any}",status="404"} 3' in text
    assert 'fairreg_requests_total{method="OTHER",route="none",status="404"} 3' in text
    assert "nothing" not in text
    assert "127.0.0.1" not in text


@given(seconds=st.lists(st.floats(0, 100), max_size=20))
def test_a_histogram_counts_every_answer_once(seconds):
    metrics = Metrics()
    for value in seconds:
        metrics.add("GET", "/a", 200, value)
    told = [line for line in metrics.lines() if line.startswith("fairreg_request_seconds_bucket")]
    numbers = [int(line.rsplit(" ", 1)[1]) for line in told]
    assert numbers == sorted(numbers)
    assert not seconds or numbers[-1] == len(seconds)
