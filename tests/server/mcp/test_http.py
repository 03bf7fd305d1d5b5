# SPDX-License-Identifier: MIT
"""``/mcp`` over HTTP: the SDK's client of both kinds, and who may not ask."""

import json

import pytest
import requests

from fairreg.server import mcp as part
from fairreg.server.app import application
from fairreg.server.origins import refusal_of
from fairreg.server.site import Site
from support.assistants import connected
from support.serving import serving

pytestmark = pytest.mark.engines("sqlite")

ACCEPT = {"Accept": "application/json, text/event-stream"}
ASKED = {"jsonrpc": "2.0", "id": 1, "method": "tools/list", "params": {}}


@pytest.fixture(scope="module")
def served(settings_of_module):
    with serving(settings_of_module) as url:
        yield f"{url}/mcp"


def post(url, document=ASKED, **headers):
    data = document if isinstance(document, bytes) else json.dumps(document).encode()
    headers = {**ACCEPT, "Content-Type": "application/json", **headers}
    return requests.post(url, data=data, headers=headers, timeout=60)


@pytest.mark.parametrize("mode", ["auto", "legacy"])
def test_an_assistant_gets_over_http_what_it_gets_in_process(served, client, mode):
    with connected(served, mode=mode) as call:
        assert call("list_tools").tools == client("list_tools").tools
        for name, given in (("search_models", {"query": "Hbb"}), ("get_record", {"pid": "x"})):
            over_http, here = call("call_tool", name, given), client("call_tool", name, given)
            assert (over_http.content, over_http.structured_content) == (
                here.content,
                here.structured_content,
            )
            assert over_http.is_error == here.is_error


def test_requests_stand_alone_and_are_answered_in_json(served):
    answer = post(served)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/json")
    assert len(answer.json()["result"]["tools"]) == 7
    assert "mcp-session-id" not in answer.headers


@pytest.mark.parametrize("media_type", ["APPLICATION/JSON", "Application/Json; Charset=UTF-8"])
def test_the_case_of_a_media_type_says_nothing(served, media_type):
    assert post(served, **{"Content-Type": media_type}).status_code == 200


def test_arguments_of_null_are_none(served):
    asked = {"name": "list_sources", "arguments": None}
    answer = post(served, {**ASKED, "method": "tools/call", "params": asked})
    assert answer.json()["result"]["structuredContent"]["entries"] > 100


@pytest.mark.parametrize("batch", [b"[]", b" \n[1]", json.dumps([ASKED, ASKED]).encode()])
def test_a_batch_is_refused_in_one_sentence(served, batch):
    answer = post(served, batch)
    assert (answer.status_code, answer.headers["content-type"]) == (400, "application/json")
    error = answer.json()["error"]
    assert answer.json() == {"jsonrpc": "2.0", "id": None, "error": error}
    assert error["code"] == -32600
    assert error["message"].startswith("Batches are not part of MCP since version 2025-06-18:")


def test_the_version_that_requires_batches_is_not_offered(served):
    hello = {"protocolVersion": "2025-03-26", "capabilities": {}, "clientInfo": {"name": "t", "version": "1"}}
    answer = post(served, {**ASKED, "method": "initialize", "params": hello})
    assert answer.json()["result"]["protocolVersion"] == "2025-11-25"


@pytest.mark.parametrize("method", ["GET", "DELETE", "PUT"])
def test_there_are_no_streams_and_no_sessions(served, method):
    answer = requests.request(method, served, headers=ACCEPT, timeout=60)
    assert answer.status_code == 405
    assert set(answer.headers["allow"].split(", ")) - {"OPTIONS"} == {"POST"}


def test_a_visitor_is_told_what_is_here(served):
    page = requests.get(served, headers={"Accept": "text/html"}, timeout=60)
    assert (page.status_code, page.headers["content-type"]) == (405, "text/html; charset=utf-8")
    assert "Model Context Protocol" in page.text
    assert "Model Context Protocol" in requests.get(served, headers=ACCEPT, timeout=60).json()["detail"]
    assert requests.options(served, timeout=60).headers["allow"] == "OPTIONS, POST"


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Host": "rebound.example"}, 421),
        ({"Host": "rebound.example:{port}"}, 421),
        ({"Host": "127.0.0.1:1"}, 421),
        ({"Host": "localhost:{port}"}, 200),
        ({"Host": "[::1]:{port}"}, 200),
        ({"Host": "LOCALHOST:{port}"}, 200),
        ({"Host": "localhost:{port}@rebound.example"}, 421),
        ({"Host": "localhost:99999999"}, 421),
        ({"Host": "[::1"}, 421),
        ({"Origin": "http://rebound.example"}, 403),
        ({"Origin": "http://rebound.example:{port}"}, 403),
        ({"Origin": "https://127.0.0.1:{port}"}, 403),
        ({"Origin": "http://localhost:1"}, 403),
        ({"Origin": "null"}, 403),
        ({"Origin": "http://127.0.0.1:{port}"}, 200),
        ({"Origin": "http://localhost:{port}"}, 200),
    ],
    ids=str,
)
def test_only_pages_of_this_server_may_ask_and_only_by_its_names(served, headers, status):
    port = served.removesuffix("/mcp").rpartition(":")[2]
    answer = post(served, **{name: value.replace("{port}", port) for name, value in headers.items()})
    assert answer.status_code == status
    if status != 200:
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.json()["detail"]
        assert "rebound" not in answer.text


def status_at(base_url, server, host, origin=None):
    """Status of the refusal of a request, None where it may be answered."""
    headers = [(b"host", host.encode()), *([(b"origin", origin.encode())] if origin else [])]
    scope = {"type": "http", "headers": headers, "server": server}
    refusal = refusal_of({**scope, "path": "/mcp"}, Site(None, base_url))
    return None if refusal is None else refusal.status


@pytest.mark.parametrize(
    ("host", "origin", "status"),
    [
        ("models.example.org", None, None),
        ("models.example.org:443", "https://models.example.org", None),
        ("models.example.org", "https://models.example.org:443", None),
        ("models.example.org", "http://models.example.org", 403),
        ("models.example.org:8080", None, 421),
        ("localhost:8080", None, None),  # a proxy that does not pass the name on
        ("localhost", None, 421),
    ],
)
def test_behind_a_proxy_the_public_address_counts(host, origin, status):
    assert status_at("https://models.example.org", ("127.0.0.1", 8080), host, origin) == status


@pytest.mark.parametrize(
    ("server", "host", "status"),
    [
        (("192.0.2.7", 8080), "192.0.2.7:8080", None),
        (("::ffff:192.0.2.7", 8080), "192.0.2.7:8080", None),
        (("2001:db8::7", 8080), "[2001:db8::7]:8080", None),
        (("192.0.2.7", 8080), "host.example:8080", 421),
        (("192.0.2.7", 8080), "localhost:8080", 421),
        (("192.0.2.7", 80), "192.0.2.7", None),
        (("/run/fairreg.sock", None), "127.0.0.1:8080", None),
        (None, "192.0.2.7:8080", 421),
    ],
)
def test_where_all_addresses_are_listened_on_the_one_that_was_asked_counts(server, host, status):
    assert status_at("http://127.0.0.1:8080", server, host) == status


@pytest.mark.parametrize(
    ("document", "status"),
    [
        (b"x" * 70_000, 413),
        (b"{", 400),
        (b"[" * 30_000, 400),
        (b"null", 400),
        ([ASKED], 400),
        ({**ASKED, "method": "tools/call", "params": {"name": "cite", "arguments": [1]}}, 200),
        ({**ASKED, "method": "tools/call", "params": {"name": "cite", "arguments": {"pid": 1}}}, 200),
        ({**ASKED, "method": "no/such/method"}, 200),
    ],
    ids=["long", "cut", "deep", "null", "batch", "list", "number", "method"],
)
def test_a_request_that_is_none_is_refused(served, document, status):
    answer = post(served, document)
    assert answer.status_code == status
    if status == 200:
        assert "error" in answer.json() or answer.json()["result"]["isError"]
    assert post(served).status_code == 200


def test_without_the_extra_there_is_no_such_address(settings_of_module, monkeypatch):
    monkeypatch.setattr(part, "find_spec", lambda _name: None)
    site = Site(settings_of_module, "http://127.0.0.1:8080")
    assert part.routes(site) == []
    assert "/mcp" not in [getattr(route, "path", "") for route in application(site).routes]
    with serving(settings_of_module) as url:
        assert post(f"{url}/mcp").status_code == 404
