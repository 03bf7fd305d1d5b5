# SPDX-License-Identifier: MIT
import socket

import pytest
from werkzeug import Response

from fairreg.errors import (
    AccessDenied,
    BadAnswer,
    Gone,
    NotFound,
    Offline,
    RateLimited,
    Unreachable,
    UnsafeAddress,
    UsageError,
)
from fairreg.settings import Settings
from fairreg.web import Patience, Web

RECORD = "https://zenodo.org/api/records/1"


@pytest.fixture
def answers(httpserver):
    """Answer requests for the record with these responses in order; gives the requests that came."""
    came = []

    def start(*responses, path="/zenodo/api/records/1"):
        queue = list(responses)

        def handle(request):
            came.append(request)
            return queue.pop(0) if len(queue) > 1 else queue[0]

        httpserver.expect_request(path).respond_with_handler(handle)
        return came

    return start


def test_a_link_to_the_public_service_goes_to_the_configured_base(web, settings):
    base = settings.service("zenodo").url
    assert web.address("https://zenodo.org/api/records/1?q=a#b") == f"{base}/api/records/1?q=a"
    assert web.address("http://www.zenodo.org/record/1") == f"{base}/record/1"
    assert web.address("https://example.org/x") == "https://example.org/x"


def test_json_is_read(web, answers):
    answers(Response('{"id": 1}', mimetype="application/json"))
    assert web.get(RECORD).json() == {"id": 1}


@pytest.mark.parametrize(
    ("body", "match"), [("<!doctype html><p>Maintenance", "HTML instead of JSON"), ('{"id": ', "cut off")]
)
def test_what_is_not_json_is_a_bad_answer(web, answers, body, match):
    answers(Response(body))
    with pytest.raises(BadAnswer, match=match) as caught:
        web.get(RECORD).json()
    assert caught.value.exit_code == 4
    assert caught.value.hint


@pytest.mark.parametrize(
    ("status", "error", "exit_code"),
    [
        (404, NotFound, 1),
        (410, Gone, 1),
        (401, AccessDenied, 1),
        (403, AccessDenied, 1),
        (429, RateLimited, 4),
        (500, Unreachable, 4),
        (503, Unreachable, 4),
        (400, BadAnswer, 4),
    ],
)
def test_each_refusal_has_its_error_and_exit_code(web, answers, status, error, exit_code):
    answers(Response("{}", status=status))
    with pytest.raises(error) as caught:
        web.get(RECORD)
    assert caught.value.exit_code == exit_code


def test_a_tombstone_says_why(web, answers):
    body = '{"status": 410, "message": "Record deleted", "tombstone": {"note": "Spam."}}'
    answers(Response(body, status=410, mimetype="application/json"))
    with pytest.raises(Gone, match="withdrawn: Spam") as caught:
        web.get(RECORD)
    assert caught.value.reason == "Spam"


def test_a_fault_that_passes_is_tried_again(web, answers):
    came = answers(Response(status=502), Response(status=503), Response('{"ok": 1}'))
    assert web.get(RECORD).json() == {"ok": 1}
    assert len(came) == 3


@pytest.mark.parametrize("status", [429, 503])
def test_retry_after_is_obeyed(settings, answers, status):
    waits = []
    answers(Response(status=status, headers={"Retry-After": "7"}), Response("{}"))
    with Web(settings, sleep=waits.append) as web:
        web.get(RECORD)
    assert waits == [7.0]


def test_retry_after_on_a_good_answer_is_ignored(settings, answers):
    waits = []
    answers(Response("{}", headers={"Retry-After": "60"}))
    with Web(settings, sleep=waits.append) as web:
        web.get(RECORD)
        web.get(RECORD)
    assert waits == []


def test_a_wait_that_is_too_long_is_said_instead_of_waited(settings, answers):
    waits = []
    came = answers(Response(status=429, headers={"Retry-After": "3600"}))
    with Web(settings, sleep=waits.append) as web, pytest.raises(RateLimited, match="3600 s") as caught:
        web.get(RECORD)
    assert (caught.value.retry_after, waits, len(came)) == (3600.0, [], 1)


def test_a_date_in_retry_after_is_understood(settings, answers):
    answers(Response(status=503, headers={"Retry-After": "Wed, 21 Oct 2015 07:28:00 GMT"}), Response("{}"))
    waits = []
    with Web(settings, sleep=waits.append) as web:
        web.get(RECORD)
    assert waits == [0.0]


def test_a_rate_limit_behind_403_is_a_rate_limit(web, answers):
    answers(Response('{"message": "API rate limit exceeded for 1.2.3.4"}', status=403))
    with pytest.raises(RateLimited):
        web.get(RECORD)


def test_redirects_are_followed_on_the_configured_host(web, answers, settings):
    answers(Response(status=302, headers={"Location": "https://zenodo.org/api/records/2"}))
    answers(Response('{"id": 2}'), path="/zenodo/api/records/2")
    answer = web.get(RECORD)
    assert answer.json() == {"id": 2}
    assert answer.url == settings.service("zenodo").url + "/api/records/2"


@pytest.mark.parametrize(
    "target",
    [
        "http://127.0.0.1:1/x",
        "http://localhost:1/x",
        "http://[::1]/x",
        "http://10.0.0.1/x",
        "http://169.254.169.254/latest/meta-data",
        "http://[::ffff:127.0.0.1]/x",
        "http://[64:ff9b::7f00:1]/x",
        "http://[2002:7f00:1::]/x",
        "http://224.0.0.1/x",
        "file:///etc/passwd",
        "ftp://example.org/x",
    ],
)
def test_redirects_to_private_addresses_and_other_schemes_are_refused(web, answers, target):
    answers(Response(status=302, headers={"Location": target}))
    with pytest.raises(UnsafeAddress) as caught:
        web.get(RECORD)
    assert caught.value.exit_code == 3


def test_an_address_that_is_none_is_refused(web):
    with pytest.raises(UnsafeAddress, match="no address"):
        web.get("http://[bad/x")


def test_a_name_that_resolves_to_a_private_address_is_refused(web, monkeypatch):
    answer = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("192.168.1.1", 0))]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_args, **_kwargs: answer)
    with pytest.raises(UnsafeAddress, match="private address"):
        web.get("https://mirror.example.org/x")


def test_redirects_in_circles_end(web, answers):
    answers(Response(status=302, headers={"Location": RECORD}))
    with pytest.raises(BadAnswer, match="circles"):
        web.get(RECORD)


def test_a_token_goes_only_to_its_own_host(tmp_path, httpserver, answers):
    settings = Settings.from_environment(
        {
            "FAIRREG_HOME": str(tmp_path),
            "ZENODO_TOKEN": "secret-token",
            "FAIRREG_ZENODO_URL": httpserver.url_for("/zenodo"),
            "FAIRREG_DATACITE_URL": httpserver.url_for("/datacite"),
        }
    )
    first = answers(Response(status=302, headers={"Location": "https://api.datacite.org/dois/1"}))
    second = answers(Response("{}"), path="/datacite/dois/1")
    with Web(settings) as web:
        web.get(RECORD)
    assert first[0].headers["Authorization"] == "Bearer secret-token"
    onward = next(request for request in second if request.path.startswith("/datacite"))
    assert "Authorization" not in onward.headers
    assert "secret-token" not in repr(settings) + repr(settings.service("zenodo"))


def test_a_netrc_file_is_never_sent(web, answers, tmp_path, monkeypatch):
    netrc = tmp_path / "netrc"
    netrc.write_text("default login me password secret\n")
    monkeypatch.setenv("NETRC", str(netrc))
    came = answers(Response("{}"))
    web.get(RECORD)
    assert "Authorization" not in came[0].headers


def test_offline_sends_nothing(settings, httpserver):
    offline = Settings(settings.home, settings.database_url, offline=True, services=settings.services)
    with Web(offline) as web, pytest.raises(Offline, match="Offline mode") as caught:
        web.get(RECORD)
    assert caught.value.exit_code == 4
    assert httpserver.log == []


def test_an_unreachable_host_is_one_sentence(tmp_path):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    settings = Settings.from_environment(
        {"FAIRREG_HOME": str(tmp_path), "FAIRREG_ZENODO_URL": f"http://127.0.0.1:{port}"}
    )
    patience = Patience(retries=1, first_wait=0.001)
    with Web(settings, patience=patience) as web, pytest.raises(Unreachable, match="could not be reached"):
        web.get(RECORD)


def test_a_document_beyond_the_limit_is_refused(web, answers, monkeypatch):
    monkeypatch.setattr("fairreg.web.answers.MAX_DOCUMENT_BYTES", 1000)
    answers(Response(b"x" * 2000))
    with pytest.raises(BadAnswer, match="more than"):
        web.get(RECORD)


def test_location_gives_one_step_without_following_it(web, answers):
    answers(
        Response(status=302, headers={"Location": "https://zenodo.org/records/1"}),
        path="/doi/10.5281/zenodo.1",
    )
    assert web.location("https://doi.org/10.5281/zenodo.1") == "https://zenodo.org/records/1"


@pytest.mark.parametrize("value", ["zenodo.org", "ftp://zenodo.org", "not a url"])
def test_a_base_url_that_is_none_is_a_usage_error(value):
    with pytest.raises(UsageError, match="FAIRREG_ZENODO_URL"):
        Settings.from_environment({"FAIRREG_HOME": "/nowhere", "FAIRREG_ZENODO_URL": value})


def test_a_long_run_on_the_public_service_keeps_to_its_rate(tmp_path, monkeypatch):
    waits = []
    settings = Settings.from_environment({"FAIRREG_HOME": str(tmp_path)})
    web = Web(settings, sleep=waits.append)
    for _ in range(10):
        web._pace("https://zenodo.org/api/records")
    assert len(waits) > 2
    assert sum(waits[-1:]) <= 60


@pytest.mark.parametrize(
    ("body", "headers"),
    [
        (b"not gzip", {"Content-Encoding": "gzip"}),
        (b"\xff\xfe", {}),
        (b"[" * 5000, {}),
    ],
)
def test_a_refusal_with_a_broken_body_is_still_that_refusal(web, answers, body, headers):
    answers(Response(body, status=404, headers=headers))
    with pytest.raises(NotFound):
        web.get(RECORD)


def test_a_strange_retry_after_counts_as_none(settings, answers):
    waits = []
    answers(
        Response(status=503, headers={"Retry-After": "\u00b2".encode("latin-1").decode("latin-1")}),
        Response("{}"),
    )
    with Web(settings, sleep=waits.append) as web:
        web.get(RECORD)
    assert waits[0] < 2


def test_a_token_is_not_sent_to_another_path_that_begins_alike(tmp_path, httpserver):
    came = []
    httpserver.expect_request("/zenodo-other/x").respond_with_handler(
        lambda request: came.append(request) or Response("{}")
    )
    settings = Settings.from_environment(
        {
            "FAIRREG_HOME": str(tmp_path),
            "ZENODO_TOKEN": "secret-token",
            "FAIRREG_ZENODO_URL": httpserver.url_for("/zenodo"),
        }
    )
    with Web(settings) as web:
        web.get(httpserver.url_for("/zenodo-other/x"))
    assert "Authorization" not in came[0].headers


def test_two_services_on_one_host_each_get_their_own_token(tmp_path, httpserver):
    came = {}

    def handle(request):
        came[request.path] = request.headers.get("Authorization")
        return Response("{}")

    httpserver.expect_request("/zenodo/x").respond_with_handler(handle)
    httpserver.expect_request("/hub/x").respond_with_handler(handle)
    settings = Settings.from_environment(
        {
            "FAIRREG_HOME": str(tmp_path),
            "ZENODO_TOKEN": "of-zenodo",
            "HF_TOKEN": "of-the-hub",
            "FAIRREG_ZENODO_URL": httpserver.url_for("/zenodo"),
            "HF_ENDPOINT": httpserver.url_for("/hub"),
        }
    )
    with Web(settings) as web:
        web.get("https://zenodo.org/x")
        web.get("https://huggingface.co/x")
        web.anonymous().get("https://huggingface.co/x")
    assert came == {"/zenodo/x": "Bearer of-zenodo", "/hub/x": None}
