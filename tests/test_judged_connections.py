# SPDX-License-Identifier: MIT
"""What is connected to is the address that was judged, and only the user's own origins are private."""

import socket
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from fairreg.errors import AccessDenied, FairregError, Unreachable, UnsafeAddress
from fairreg.settings import Settings
from fairreg.web import HttpClient, RetryPolicy

PUBLIC = "93.184.215.14"
Lookups = dict[str, list[str | None]]


class Resolver:
    """Answers for names in turn, the last one for ever; IP addresses and localhost are looked up truly."""

    def __init__(self, answers: Lookups) -> None:
        self.answers, self.asked = answers, list[str]()
        self._real: Callable[..., Any] = socket.getaddrinfo

    def __call__(self, host: str, *arguments: Any, **options: Any) -> Any:
        if host == "localhost" or host.replace(".", "").isdigit() or ":" in host:
            return self._real(host, *arguments, **options)
        self.asked.append(host)
        queue = self.answers.get(host, [None])
        answer = queue.pop(0) if len(queue) > 1 else queue[0]
        if answer is None:
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        return [found for one in answer.split() for found in self._real(one, *arguments, **options)]


@pytest.fixture
def resolver(monkeypatch: pytest.MonkeyPatch) -> Callable[[Lookups], Resolver]:
    """Names of a test; connections that leave this machine are refused, and told apart by that."""
    connect = socket.socket.connect

    def guarded(own: socket.socket, address: Any) -> None:
        if address[0] == PUBLIC:
            raise ConnectionRefusedError
        connect(own, address)

    def start(answers: Lookups) -> Resolver:
        found = Resolver(answers)
        monkeypatch.setattr(socket, "getaddrinfo", found)
        monkeypatch.setattr(socket.socket, "connect", guarded)
        return found

    return start


@pytest.fixture
def guest(tmp_path: Any) -> Iterator[HttpClient]:
    """A client of somebody who configured nothing."""
    with client(tmp_path) as web:
        yield web


def client(tmp_path: Any, **environment: str) -> HttpClient:
    found = Settings.from_environment({"FAIRREG_HOME": str(tmp_path), **environment})
    return HttpClient(found, patience=RetryPolicy(retries=0), sleep=lambda _: None)


@pytest.fixture
def private(httpserver: HTTPServer) -> int:
    """The port of a private server that answers everything; its log says who asked."""
    httpserver.expect_request("/secret").respond_with_json({})
    return httpserver.port


@pytest.mark.parametrize(
    ("url", "answers", "error"),
    [
        ("http://rebind.test:{}/secret", {"rebind.test": [PUBLIC, "127.0.0.1"]}, Unreachable),
        ("http://later.test:{}/secret", {"later.test": [None, "127.0.0.1"]}, Unreachable),
        ("http://both.test:{}/secret", {"both.test": [f"{PUBLIC} 127.0.0.1"]}, UnsafeAddress),
        (
            "http://fa\u00df.test:{}/secret",
            {"fass.test": [PUBLIC], "xn--fa-hia.test": ["127.0.0.1"]},
            UnsafeAddress,
        ),
        ("http://dot.test.:{}/secret", {"dot.test": ["127.0.0.1"]}, UnsafeAddress),
        ("http://six.test:{}/secret", {"six.test": ["::1"]}, UnsafeAddress),
        ("http://mapped.test:{}/secret", {"mapped.test": ["::ffff:127.0.0.1"]}, UnsafeAddress),
        ("https://tls.test:{}/secret", {"tls.test": ["127.0.0.1"]}, UnsafeAddress),
        ("http://none.test:{}/secret", {}, Unreachable),
    ],
)
def test_a_name_is_looked_up_once_and_no_private_address_is_asked(
    guest: HttpClient,
    resolver: Callable[[Lookups], Resolver],
    httpserver: HTTPServer,
    private: int,
    url: str,
    answers: Lookups,
    error: type[FairregError],
) -> None:
    names = resolver(answers)
    with pytest.raises(error) as caught:
        guest.get(url.format(private))
    assert type(caught.value) is error
    assert len(names.asked) == 1
    assert httpserver.log == []


def test_a_name_that_changes_between_two_attempts_is_judged_again(
    tmp_path: Any, resolver: Callable[[Lookups], Resolver], httpserver: HTTPServer, private: int
) -> None:
    names = resolver({"rebind.test": [PUBLIC, "127.0.0.1"]})
    found = Settings.from_environment({"FAIRREG_HOME": str(tmp_path)})
    with (
        HttpClient(found, patience=RetryPolicy(retries=2), sleep=lambda _: None) as web,
        pytest.raises(UnsafeAddress),
    ):
        web.get(f"http://rebind.test:{private}/secret")
    assert len(names.asked) == 2
    assert httpserver.log == []


def test_an_origin_that_the_user_configured_may_be_private_and_keeps_its_name(
    tmp_path: Any, resolver: Callable[[Lookups], Resolver], httpserver: HTTPServer
) -> None:
    came: list[Request] = []

    def answer(request: Request) -> Response:
        came.append(request)
        return Response("{}")

    httpserver.expect_request("/zenodo/x").respond_with_handler(answer)
    names = resolver({"mirror.test": ["127.0.0.1"]})
    base = f"http://mirror.test:{httpserver.port}/zenodo"
    with client(tmp_path, FAIRREG_ZENODO_URL=base) as web:
        assert web.get("https://zenodo.org/x").url == f"{base}/x"
        assert web.get(f"http://MIRROR.test.:{httpserver.port}/zenodo/x").status == 200
    assert [request.headers["Host"] for request in came] == [f"mirror.test:{httpserver.port}"] * 2
    assert set(names.asked) == {"mirror.test"}


def test_requests_over_one_connection_are_judged_once(
    tmp_path: Any, resolver: Callable[[Lookups], Resolver]
) -> None:
    names = resolver({"mirror.test": ["127.0.0.1"]})
    with Server() as server, client(tmp_path, FAIRREG_ZENODO_URL=f"http://mirror.test:{server.port}") as web:
        for _ in range(3):
            web.get("https://zenodo.org/x")
    assert names.asked == ["mirror.test"]


class Server:
    """A server whose connections stay open; ``/x`` leads to `location`, as it is written, if there is one.

    The body of an `endless` one never ends.
    """

    def __init__(self, location: str | None = None, *, endless: bool = False) -> None:
        self.location, self.endless, self.came = location, endless, list[str]()

    def __enter__(self) -> "Server":
        from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
        from threading import Thread

        server = self

        class Handler(BaseHTTPRequestHandler):
            """Answers all other paths with an empty object."""

            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                server.came.append(self.path)
                leads = self.path == "/x" and server.location is not None
                head = f"HTTP/1.1 302 Found\r\nLocation: {server.location}" if leads else "HTTP/1.1 200 OK"
                length = 2**40 if server.endless else 2
                self.wfile.write(f"{head}\r\nContent-Length: {length}\r\n\r\n{{}}".encode())

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.port = self._server.server_address[1]
        Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()


@pytest.mark.parametrize(
    "target",
    [
        "http://localhost:{other}/x",
        "http://127.0.0.1:{own}/x",
        "https://localhost:{own}/x",
        "http://10.0.0.1/x",
    ],
)
def test_links_inside_the_answers_of_an_own_origin_may_not_be_private(
    tmp_path: Any, httpserver: HTTPServer, target: str
) -> None:
    where = target.format(own=httpserver.port, other=httpserver.port + 1)
    httpserver.expect_request("/x").respond_with_response(Response(status=302, headers={"Location": where}))
    with (
        client(tmp_path, FAIRREG_ZENODO_URL=f"http://localhost:{httpserver.port}") as web,
        pytest.raises(UnsafeAddress, match="private address"),
    ):
        web.get("https://zenodo.org/x")
    assert len(httpserver.log) == 1


PLACES = [
    "http://[fe80::1%25\x1b[31m]/x", "http://[::1/x", "http://a:b:c/", "http://%00/",
    "http://" + "a" * 300 + "/", "http://exa mple.invalid/", "file:///nowhere", "http://\x80/",
    "http://a:99999/", "//[",
]  # fmt: skip


@pytest.mark.parametrize("place", PLACES)
def test_a_redirect_to_a_malformed_address_is_refused_in_one_sentence(tmp_path: Any, place: str) -> None:
    with (
        Server(place) as server,
        client(tmp_path, FAIRREG_ZENODO_URL=f"http://localhost:{server.port}") as web,
        pytest.raises(UnsafeAddress, match="Refused to follow") as caught,
    ):
        web.get("https://zenodo.org/x")
    assert caught.value.exit_code == 3
    assert server.came == ["/x"]


def test_a_location_in_utf_8_is_read_as_such(tmp_path: Any) -> None:
    with (
        Server("/d\u00e9j\u00e0") as server,
        client(tmp_path, FAIRREG_ZENODO_URL=f"http://localhost:{server.port}") as web,
    ):
        web.get("https://zenodo.org/x")
    assert server.came == ["/x", "/d%C3%A9j%C3%A0"]


def test_the_body_of_a_redirect_is_not_read(tmp_path: Any) -> None:
    with (
        Server("http://10.0.0.1/", endless=True) as server,
        client(tmp_path, FAIRREG_ZENODO_URL=f"http://localhost:{server.port}") as web,
        pytest.raises(UnsafeAddress),
    ):
        web.get("https://zenodo.org/x")


# --- proxies: the stated exception --------------------------------------------------------------------------


@pytest.fixture
def proxy(monkeypatch: pytest.MonkeyPatch, httpserver: HTTPServer) -> list[str]:
    """The local server as the proxy of http; gives the addresses that it was asked for."""
    came: list[str] = []

    def answer(request: Request) -> Response:
        came.append(request.url)
        return Response("{}")

    httpserver.expect_request("/x").respond_with_handler(answer)
    for name in ("http_proxy", "https_proxy", "no_proxy", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    monkeypatch.setenv("http_proxy", f"http://user:secret@localhost:{httpserver.port}")
    return came


@pytest.mark.parametrize("known", [None, PUBLIC])
def test_a_proxy_gets_names_that_are_public_or_unknown_here(
    guest: HttpClient, resolver: Callable[[Lookups], Resolver], proxy: list[str], known: str | None
) -> None:
    resolver({f"{known}.files.test".lower(): [known]})
    assert guest.get(f"http://{known}.files.test/x").json() == {}
    assert len(proxy) == 1


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "inside.test", "[::1]"])
def test_a_proxy_is_not_asked_for_what_is_private_here(
    guest: HttpClient, resolver: Callable[[Lookups], Resolver], proxy: list[str], host: str
) -> None:
    resolver({"inside.test": ["10.0.0.1"]})
    with pytest.raises(UnsafeAddress, match="private"):
        guest.get(f"http://{host}/x")
    assert proxy == []


def test_a_host_without_a_proxy_is_judged_as_ever(
    guest: HttpClient,
    resolver: Callable[[Lookups], Resolver],
    proxy: list[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("no_proxy", "direct.test")
    resolver({"direct.test": [PUBLIC, "127.0.0.1"]})
    with pytest.raises(Unreachable):
        guest.get("http://direct.test/x")
    assert proxy == []


def test_an_own_origin_is_asked_through_a_proxy(
    tmp_path: Any, resolver: Callable[[Lookups], Resolver], proxy: list[str]
) -> None:
    resolver({"mirror.test": ["10.0.0.1"]})
    with client(tmp_path, FAIRREG_ZENODO_URL="http://mirror.test") as web:
        web.get("https://zenodo.org/x")
    assert len(proxy) == 1


@pytest.mark.parametrize("value", ["http://[bad", "http://", "nonsense://x", "http://localhost:1"])
def test_a_proxy_that_is_none_is_one_sentence(
    guest: HttpClient, resolver: Callable[[Lookups], Resolver], proxy: list[str], monkeypatch: Any, value: str
) -> None:
    monkeypatch.setenv("http_proxy", value)
    resolver({"files.test": [PUBLIC]})
    with pytest.raises(Unreachable, match=r"files\.test could not be reached"):
        guest.get("http://files.test/x")


# --- certificates -------------------------------------------------------------------------------------------


def test_missing_certificates_are_named(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", "/nowhere/certificates.pem")
    with (
        client(tmp_path, FAIRREG_ZENODO_URL="https://127.0.0.1:9") as web,
        pytest.raises(FairregError, match=r"certificates.*/nowhere/certificates\.pem") as caught,
    ):
        web.get("https://zenodo.org/x")
    assert caught.value.exit_code == 1
    assert "REQUESTS_CA_BUNDLE" in str(caught.value.hint)


def test_a_file_without_certificates_is_told(
    tmp_path: Any, httpserver: HTTPServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "empty.pem").write_text("no certificate\n")
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path / "empty.pem"))
    with (
        client(tmp_path, FAIRREG_ZENODO_URL=f"https://localhost:{httpserver.port}") as web,
        pytest.raises(FairregError, match="certificates") as caught,
    ):
        web.get("https://zenodo.org/x")
    assert not isinstance(caught.value, AccessDenied)
