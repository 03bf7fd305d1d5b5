# SPDX-License-Identifier: MIT
"""Requests that change something at a service: bodies, repetitions, and what is never followed."""

import pytest
from werkzeug import Response

from fairreg.errors import AccessDenied, BadAnswer, FairregError, Offline, RateLimited, Unreachable
from fairreg.settings import Settings
from fairreg.web import HttpClient, RetryPolicy
from fairreg.web.sending import FilePart, JsonBody

ADDRESS = "https://zenodo.org/api/records"


@pytest.fixture
def answers(httpserver):
    """Answer requests with these responses in order; gives the requests, each with its body."""
    came = []

    def start(*responses):
        queue = list(responses)

        def handle(request):
            came.append((request, request.get_data()))
            return queue.pop(0) if len(queue) > 1 else queue[0]

        httpserver.expect_request("/zenodo/api/records").respond_with_handler(handle)
        return came

    return start


def test_a_document_is_sent_as_json(web, answers):
    came = answers(Response('{"id": "1"}', 201))
    assert web.send("POST", ADDRESS, body=JsonBody({"title": "b→s"})).json() == {"id": "1"}
    ((request, body),) = came
    assert request.headers["Content-Type"] == "application/json"
    assert body == '{"title": "b→s"}'.encode()


@pytest.mark.parametrize(("start", "size"), [(0, 1000), (300, 500), (0, 0)])
def test_a_part_of_a_file_is_sent_with_its_length(web, answers, tmp_path, start, size):
    content = bytes(range(250)) * 4
    (tmp_path / "a.bin").write_bytes(content)
    came, seen = answers(Response("{}")), []
    web.send("PUT", ADDRESS, body=FilePart(tmp_path / "a.bin", size, start, seen.append))
    ((request, body),) = came
    assert body == content[start : start + size]
    assert request.headers["Content-Length"] == str(size)
    assert "Transfer-Encoding" not in request.headers
    assert not size or seen[-1] == size


def test_a_part_is_read_anew_for_each_repetition(web, answers, tmp_path):
    (tmp_path / "a.bin").write_bytes(b"content")
    came = answers(Response("", 503), Response("", 429), Response("{}"))
    web.send("PUT", ADDRESS, body=FilePart(tmp_path / "a.bin", 7))
    assert [body for _, body in came] == [b"content"] * 3


@pytest.mark.parametrize("status", [500, 502, 503])
def test_what_may_have_been_carried_out_is_not_repeated(web, answers, status):
    came = answers(Response("", status), Response("{}"))
    with pytest.raises(Unreachable):
        web.send("POST", ADDRESS)
    assert len(came) == 1


@pytest.mark.parametrize("headers", [{"Retry-After": "1"}, {}])
def test_what_was_certainly_not_carried_out_is_repeated(web, answers, headers):
    came = answers(Response("", 429, headers), Response("{}"))
    web.send("POST", ADDRESS)
    assert len(came) == 2


def test_a_lost_connection_is_repeated_for_put_alone(settings):
    with HttpClient(
        Settings.from_environment(
            {"FAIRREG_HOME": str(settings.home), "FAIRREG_ZENODO_URL": "http://127.0.0.1:9"}
        ),
        patience=RetryPolicy(retries=2, first_wait=0.001),
        sleep=(waits := []).append,
    ) as web:
        for method, expected in (("POST", 0), ("PUT", 2)):
            waits.clear()
            with pytest.raises(Unreachable):
                web.send(method, ADDRESS, body=JsonBody({}))
            assert len(waits) == expected


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_a_redirect_is_not_followed(web, answers, status):
    came = answers(Response("", status, {"Location": ADDRESS}))
    with pytest.raises(BadAnswer, match="was not followed"):
        web.send("PUT", ADDRESS, body=JsonBody({}))
    assert len(came) == 1


@pytest.mark.parametrize(("status", "error"), [(401, AccessDenied), (400, BadAnswer), (429, RateLimited)])
def test_a_refusal_is_an_error_unless_it_is_handled(web, answers, status, error):
    answers(Response('{"message": "no"}', status))
    with pytest.raises(error):
        web.send("PUT", ADDRESS)
    if status == 400:
        assert web.send("PUT", ADDRESS, handled=(400,)).json() == {"message": "no"}


def test_the_token_goes_to_its_own_service_only(httpserver, tmp_path):
    variables = {
        "FAIRREG_HOME": str(tmp_path),
        "ZENODO_TOKEN": "secret-token",
        "FAIRREG_ZENODO_URL": httpserver.url_for("/zenodo"),
        "FAIRREG_DATACITE_URL": httpserver.url_for("/datacite"),
    }
    httpserver.expect_request("/datacite/x").respond_with_json({})
    httpserver.expect_request("/zenodo/x").respond_with_json({"sent": "Bearer secret-token"})
    with HttpClient(Settings.from_environment(variables)) as web:
        web.send("PUT", httpserver.url_for("/datacite/x"))
        own = web.send("PUT", httpserver.url_for("/zenodo/x"))
    other, mine = (request for request, _ in httpserver.log)
    assert "Authorization" not in other.headers
    assert mine.headers["Authorization"] == "Bearer secret-token"
    assert b"secret-token" not in own.body


def test_nothing_is_sent_offline(tmp_path):
    with (
        HttpClient(Settings.from_environment({"FAIRREG_HOME": str(tmp_path), "FAIRREG_OFFLINE": "1"})) as web,
        pytest.raises(Offline),
    ):
        web.send("POST", ADDRESS)


def test_a_file_that_shrinks_while_it_is_sent_is_a_fault_of_this_machine(web, answers, tmp_path):
    (tmp_path / "a.bin").write_bytes(b"short")
    came = answers(Response("{}"))
    with pytest.raises(FairregError, match="became shorter") as caught:
        web.send("PUT", ADDRESS, body=FilePart(tmp_path / "a.bin", 5_000_000))
    assert not isinstance(caught.value, Unreachable)
    assert len(came) <= 1


def test_a_file_that_is_gone_is_told(web, answers, tmp_path):
    answers(Response("{}"))
    with pytest.raises(FairregError, match=r"absent\.bin cannot be read"):
        web.send("PUT", ADDRESS, body=FilePart(tmp_path / "absent.bin", 5))
