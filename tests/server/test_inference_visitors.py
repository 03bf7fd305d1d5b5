# SPDX-License-Identifier: MIT
"""Visitors of inference: who may ask, and what a client sees whose body is refused."""

import json
import socket
from http.client import HTTPConnection

import pytest
import requests

from fairreg.server.protocol import TimedConnection
from fairreg.settings import Settings
from support.served_graphs import write
from support.serving import serving

pytestmark = pytest.mark.engines("sqlite")


@pytest.fixture(scope="module")
def url(tmp_path_factory):
    home = tmp_path_factory.mktemp("visitors", numbered=False)
    models = (str(write(home)["softmax"]),)
    with serving(Settings.from_environment({"FAIRREG_HOME": str(home / "home")}), models=models) as found:
        yield found


@pytest.mark.parametrize("client", ["http.client", "socket"])
def test_a_client_sees_that_its_body_is_too_large(url, client):
    """It sends all of its 13 MB before it reads."""
    host, port = url.removeprefix("http://").split(":")
    body, path = b" " * 13_000_000, "/v2/models/softmax/infer"
    if client == "http.client":
        connection = HTTPConnection(host, int(port), timeout=60)
        connection.request("POST", path, body)
        answer = connection.getresponse()
        assert (answer.status, list(json.loads(answer.read()))) == (413, ["error"])
        connection.close()
        return
    head = f"POST {path} HTTP/1.1\r\nHost: {host}:{port}\r\nContent-Length: {len(body)}\r\n\r\n"
    with socket.create_connection((host, int(port)), timeout=60) as connection:
        connection.sendall(head.encode() + body)
        assert connection.makefile("rb").read().startswith(b"HTTP/1.1 413 ")  # and then the end


def test_a_client_that_goes_on_sending_what_was_refused_is_cut(url, monkeypatch):
    monkeypatch.setattr(TimedConnection, "linger_bytes", 2**20)
    host, port = url.removeprefix("http://").split(":")
    path = "/v2/models/softmax/infer"
    head = f"POST {path} HTTP/1.1\r\nHost: {host}:{port}\r\nContent-Length: {2**32}\r\n\r\n"
    with socket.create_connection((host, int(port)), timeout=60) as connection:
        connection.sendall(head.encode())
        with pytest.raises(ConnectionError):
            send_without_end(connection)


def send_without_end(connection):
    for _ in range(200):
        connection.sendall(bytes(2**20))


# Who may ask


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 200),
        ({"Host": "localhost:{port}"}, 200),
        ({"Origin": "http://localhost:{port}"}, 200),
        ({"Host": "rebound.example:{port}"}, 421),
        ({"Origin": "https://page.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Host": "page.example", "Origin": "https://page.example", "Content-Type": "text/plain"}, 421),
    ],
    ids=["program", "name", "own-page", "rebound", "other-page", "no-page", "both"],
)
def test_only_programs_and_own_pages_may_have_something_computed(url, headers, status):
    port = url.rpartition(":")[2]
    item = {"name": "x", "datatype": "FP32", "shape": [1, 4], "data": [1, 2, 3, 4]}
    given = {name: value.format(port=port) for name, value in headers.items()}
    address = f"{url}/v2/models/softmax/infer"
    answer = requests.post(address, json={"inputs": [item]}, headers=given, timeout=60)
    assert answer.status_code == status
    assert next(iter(answer.json())) == ("model_name" if status == 200 else "error")
