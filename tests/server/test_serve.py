# SPDX-License-Identifier: MIT
"""``fairreg serve`` as a whole: it listens, says where, answers, and ends."""

import re
import signal
import socket
import subprocess
import sys

import pytest
import requests

from fairreg.errors import FairregError, Overloaded, RecordError, RegistryError
from fairreg.registry.parts.listing import Listing
from fairreg.server.serve import listen

pytestmark = pytest.mark.engines("sqlite")


def test_a_server_tells_that_its_registry_can_be_read(served):
    answer = requests.get(f"{served}/healthz", timeout=60)
    assert (answer.status_code, answer.json()["status"]) == (200, "ok")
    assert answer.json()["entries"] > 100


def test_what_is_not_there_is_a_problem_of_rfc_9457(served):
    answer = requests.get(f"{served}/no/such/page", timeout=60)
    assert (answer.status_code, answer.headers["content-type"]) == (404, "application/problem+json")
    assert answer.json() == {"type": "about:blank", "title": "Not Found", "status": 404}


@pytest.mark.parametrize(
    ("error", "status"), [(RegistryError, 503), (RecordError, 500), (Overloaded, 503), (RuntimeError, 500)]
)
def test_a_fault_of_the_registry_is_for_the_log_and_not_for_visitors(
    served, monkeypatch, caplog, error, status
):
    def fail(_registry):
        raise error("/home/keeper/registry.sqlite")

    monkeypatch.setattr(Listing, "count", fail)
    answer = requests.get(f"{served}/healthz", timeout=60)
    assert answer.status_code == status
    assert ("retry-after" in answer.headers) == (status == 503)
    if error is not Overloaded:
        assert "keeper" not in answer.text
        assert "/home/keeper" in caplog.text


def test_the_body_of_an_answer_does_not_wait_for_the_client():
    with listen("127.0.0.1", 0) as listening, socket.create_connection(listening.getsockname()):
        accepted, _ = listening.accept()
        with accepted:
            assert accepted.proto == socket.IPPROTO_TCP  # by which asyncio knows where to set TCP_NODELAY


def test_a_taken_port_is_named():
    with listen("127.0.0.1", 0) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(FairregError, match=f"Cannot listen on 127.0.0.1 port {port}"):
            listen("127.0.0.1", port)


@pytest.mark.parametrize(
    "host", ["", " ", "no.such.host.invalid", "a" * 300], ids=["empty", "blank", "name", "long"]
)
def test_a_host_that_is_no_address_of_this_machine_is_named(host):
    with pytest.raises(FairregError, match="no address of this machine") as refused:
        listen(host, 0)
    assert "--host" in (refused.value.hint or "")


@pytest.mark.parametrize("ended_by", [signal.SIGINT, signal.SIGTERM])
def test_the_command_says_where_it_answers_and_ends_when_it_is_asked_to(ended_by):
    command = [sys.executable, "-m", "fairreg", "serve", "--port", "0"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        said = ""
        while (found := re.search(r"answers at (http://127\.0\.0\.1:\d+)\.", said)) is None:
            line = process.stderr.readline()
            assert line, said
            said += line
        assert requests.get(f"{found[1]}/healthz", timeout=60).status_code == 200
        process.send_signal(ended_by)
        assert process.wait(60) == 0
