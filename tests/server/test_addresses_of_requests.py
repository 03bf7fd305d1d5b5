# SPDX-License-Identifier: MIT
"""Addresses of requests: a slash too many, the absolute form; the header Host leads nobody elsewhere."""

import socket

import pytest
from starlette.testclient import TestClient

from fairreg.server.app import application
from fairreg.server.site import Site
from fairreg.settings import Settings
from support.serving import serving

pytestmark = pytest.mark.engines("sqlite")


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    """Host and port of a server without a public address."""
    home = tmp_path_factory.mktemp("plain", numbered=False)
    with serving(Settings.from_environment({"FAIRREG_HOME": str(home)})) as url:
        yield url.removeprefix("http://")


def answered(address: str, line: str, *headers: str, body: str = "") -> str:
    """Head of the answer to a request as it is written."""
    host, port = address.split(":")
    with socket.create_connection((host, int(port)), timeout=60) as connection:
        lines = (f"{line} HTTP/1.1", *headers, "Connection: close", f"Content-Length: {len(body)}", "", body)
        connection.sendall("\r\n".join(lines).encode())
        return connection.makefile("rb").read().decode("utf-8", "replace").partition("\r\n\r\n")[0]


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize(
    ("asked", "location"),
    [
        ("/help/", "/help"),
        ("/search/?q=a%20b", "/search?q=a%20b"),
        ("/api/search///", "/api/search"),
        ("/mcp/", "/mcp"),
        ("//evil.example/", None),
        ("//evil.example/help/", None),
        ("/nothing/", None),
    ],
)
def test_an_address_with_a_slash_too_many_leads_to_this_server_whatever_the_header_host(
    address, method, asked, location
):
    head = answered(address, f"{method} {asked}", "Host: evil.example")
    found = [line for line in head.splitlines() if line.lower().startswith("location:")]
    methods = {"/mcp/": ("POST",)}.get(asked, ("GET",))
    if location is None or method not in methods:
        assert (head[9:12], found) == ("404", [])
    else:
        assert (head[9:12], found) == ("307", [f"location: {location}"])


@pytest.mark.parametrize(
    ("line", "host", "status"),
    [
        ("GET http://{address}/healthz", "a", 200),
        ("GET HTTP://{address}/api/search?q=Hbb", "a", 200),
        ("GET http://{address}", "a", 200),
        ("POST http://evil.example/mcp", "{address}", 421),
        ("POST http://{address}/mcp", "evil.example", 400),  # it is read, and has no content
    ],
    ids=["path", "query", "none", "other-host", "own-host"],
)
def test_an_address_in_absolute_form_is_understood(address, line, host, status):
    head = answered(address, line.format(address=address), f"Host: {host.format(address=address)}")
    assert int(head[9:12]) == status


def test_a_prefix_of_the_public_address_is_kept(tmp_path):
    settings = Settings.from_environment({"FAIRREG_HOME": str(tmp_path)})
    app = application(Site(settings, "https://models.example.org/registry"))
    answer = TestClient(app).get("/help/", follow_redirects=False)
    assert (answer.status_code, answer.headers["location"]) == (307, "/registry/help")


def test_a_body_with_two_lengths_ends_the_connection(address):
    """What one program takes for a body another takes for the next request (RFC 9112, section 6.1)."""
    host, port = address.split(":")
    head = "POST /oai HTTP/1.1\r\nHost: a\r\nContent-Type: application/x-www-form-urlencoded\r\n"
    both = "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
    with socket.create_connection((host, int(port)), timeout=60) as connection:
        connection.sendall((head + both + "GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n").encode())
        answer = connection.makefile("rb").read().decode()
    assert answer.count("HTTP/1.1 ") == 1
    assert "connection: close" in answer.lower()


def test_a_body_with_two_lengths_behind_another_request_ends_the_connection_as_well(address):
    host, port = address.split(":")
    before = "GET /robots.txt HTTP/1.1\r\nHost: a\r\n\r\n"
    head = "POST /oai HTTP/1.1\r\nHost: a\r\nContent-Type: application/x-www-form-urlencoded\r\n"
    both = "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
    with socket.create_connection((host, int(port)), timeout=60) as connection:
        connection.sendall((before + head + both + before).encode())
        answers = connection.makefile("rb").read().decode()
    assert answers.count("HTTP/1.1 ") == 2


@pytest.mark.parametrize(
    ("asked", "location"),
    [("/api/fingerprints/a%3Fb/", "/api/fingerprints/a%3Fb"), ("/search%2f", None)],
)
def test_a_name_keeps_its_escapes_on_the_way_to_the_address_without_a_slash(address, asked, location):
    head = answered(address, f"GET {asked}", "Host: a")
    found = [line for line in head.splitlines() if line.lower().startswith("location:")]
    assert found == ([f"location: {location}"] if location else [])
