# SPDX-License-Identifier: MIT
import json
import os
import socket
import time
from dataclasses import replace

import pytest
from werkzeug import Response

from fairreg.errors import (
    AccessDenied,
    BadAnswer,
    FairregError,
    Gone,
    NotFound,
    Offline,
    RateLimited,
    Unreachable,
    UnsafeAddress,
    UsageError,
)
from fairreg.settings import Settings
from fairreg.sources import Pace
from fairreg.web import HttpClient, RetryPolicy
from fairreg.web import Response as HttpResponse
from fairreg.web.client import RateLimiter
from fairreg.web.http_cache import HttpCache

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
    ("body", "match"),
    [("<!doctype html><p>Maintenance", "HTML instead of JSON"), ('{"id": ', "truncated JSON")],
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


def test_a_search_that_is_not_there_names_the_variable_of_its_address(web, answers, settings):
    answers(Response("{}", status=404))
    with pytest.raises(NotFound) as caught:
        web.asking("search").get(RECORD)
    url = settings.service("zenodo").url
    assert caught.value.hint == f"Requests for Zenodo go to {url}; check FAIRREG_ZENODO_URL."


def test_a_record_that_is_not_there_asks_for_its_identifier(web, answers):
    answers(Response("{}", status=404))
    with pytest.raises(NotFound) as caught:
        web.get(RECORD)
    assert caught.value.hint == "Check the identifier."


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
    with HttpClient(settings, sleep=waits.append) as web:
        web.get(RECORD)
    assert waits == [7.0]


def test_retry_after_on_a_good_answer_is_ignored(settings, answers):
    waits = []
    answers(Response("{}", headers={"Retry-After": "60"}))
    with HttpClient(settings, sleep=waits.append) as web:
        web.get(RECORD)
        web.get(RECORD)
    assert waits == []


def test_a_wait_that_is_too_long_is_said_instead_of_waited(settings, answers):
    waits = []
    came = answers(Response(status=429, headers={"Retry-After": "3600"}))
    with (
        HttpClient(settings, sleep=waits.append) as web,
        pytest.raises(RateLimited, match="3600 s") as caught,
    ):
        web.get(RECORD)
    assert (caught.value.retry_after, waits, len(came)) == (3600.0, [], 1)


def test_a_date_in_retry_after_is_understood(settings, answers):
    answers(Response(status=503, headers={"Retry-After": "Wed, 21 Oct 2015 07:28:00 GMT"}), Response("{}"))
    waits = []
    with HttpClient(settings, sleep=waits.append) as web:
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
    with pytest.raises(UnsafeAddress, match="not a valid address"):
        web.get("http://[bad/x")


def test_a_name_that_resolves_to_a_private_address_is_refused(web, monkeypatch):
    answer = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("192.168.1.1", 0))]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_args, **_kwargs: answer)
    with pytest.raises(UnsafeAddress, match="private address"):
        web.get("https://mirror.example.org/x")


def test_redirects_in_circles_end(web, answers):
    answers(Response(status=302, headers={"Location": RECORD}))
    with pytest.raises(BadAnswer, match="in a loop"):
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
    with HttpClient(settings) as web:
        web.get(RECORD)
    assert first[0].headers["Authorization"] == "Bearer secret-token"
    onward = next(request for request in second if request.path.startswith("/datacite"))
    assert "Authorization" not in onward.headers
    assert "secret-token" not in repr(settings) + repr(settings.service("zenodo"))


def login(tmp_path, httpserver, **more):
    base = httpserver.url_for("/zenodo").replace("://", "://me:pass%40word@")
    return Settings.from_environment({"FAIRREG_HOME": str(tmp_path), "FAIRREG_ZENODO_URL": base, **more})


def test_user_and_password_of_a_base_url_are_sent_to_it_only(tmp_path, httpserver, answers):
    first = answers(Response(status=302, headers={"Location": httpserver.url_for("/other/x")}))
    second = answers(Response("{}"), path="/other/x")
    with HttpClient(login(tmp_path, httpserver, ZENODO_TOKEN="of-zenodo")) as web:
        answer = web.get(RECORD)
        web.anonymous().get(RECORD)
    assert first[0].authorization.type == "basic"
    assert (first[0].authorization.username, first[0].authorization.password) == ("me", "pass@word")
    assert [("Authorization" in request.headers) for request in second if "/other" in request.path] == [
        False
    ] * 2
    assert answer.url == httpserver.url_for("/other/x")


@pytest.mark.parametrize("status", [302, 401, 404, 429, 500])
def test_no_error_of_an_own_origin_tells_its_password(tmp_path, httpserver, answers, status):
    said = []
    answers(Response("{}", status=status, headers={"Location": "http://[", "Retry-After": "3"}))
    patience = RetryPolicy(retries=1)
    with (
        HttpClient(
            login(tmp_path, httpserver), log=said.append, patience=patience, sleep=lambda _: None
        ) as web,
        pytest.raises(FairregError) as caught,
    ):
        web.get(RECORD)
    assert "word" not in f"{caught.value} {caught.value.hint} {said}"


@pytest.mark.parametrize(
    "said", ["me:pass@word", "pass@word", "pass%40word", "me:p\\u0061ss@word", "bWU6cGFzc0B3b3Jk"]
)
@pytest.mark.parametrize("status", [200, 302, 400, 410])
def test_an_origin_that_sends_back_its_password_is_not_quoted(tmp_path, httpserver, answers, said, status):
    # Backslashes are for JSON: the server would escape them in an address.
    place = "pass@word" if "\\" in said else said
    location = f"http://{place}.example.invalid/"
    answers(Response(f'{{"message": "bad login {said}"}}', status=status, headers={"Location": location}))
    with HttpClient(login(tmp_path, httpserver)) as web:
        if status == 200:
            answer = web.get(RECORD)
            told = f"{answer.json()} {answer.headers}"
        else:
            with pytest.raises(FairregError) as caught:
                web.get(RECORD)
            told = f"{caught.value} {caught.value.hint}"
    assert "word" not in told
    assert said not in told


def test_a_short_token_is_in_no_error_text(tmp_path, httpserver, answers):
    answers(Response('{"message": "bad token abc12 of abc123"}', status=400))
    settings = Settings.from_environment(
        {
            "FAIRREG_HOME": str(tmp_path),
            "FAIRREG_ZENODO_URL": httpserver.url_for("/zenodo"),
            "ZENODO_TOKEN": "abc12",
        }
    )
    with HttpClient(settings) as web, pytest.raises(BadAnswer, match=r"bad token \(access token\) of abc123"):
        web.get(RECORD)


@pytest.mark.parametrize("query", ["token=SECRET", "X-Amz-Signature=SECRET&X-Amz-Date=1", "a=1&sig=SECRET"])
def test_the_address_of_a_signed_link_is_given_and_kept_without_its_secret(
    web, answers, httpserver, settings, query
):
    answers(Response(status=302, headers={"Location": f"https://zenodo.org/signed?{query}"}))
    came = answers(Response("{}", headers={"ETag": '"x"'}), path="/zenodo/signed")
    answer = web.get(RECORD, use_cache=True)
    assert [request.query_string.decode() for request in came if "signed" in request.path] == [query]
    assert "SECRET" not in answer.url
    (kept,) = (settings.home / "answers").iterdir()
    assert "SECRET" not in kept.read_text()


@pytest.mark.parametrize("etag", ["x\r\nEvil: 1", "\u202e", "", "\x1b"])
def test_a_kept_answer_whose_tag_no_header_carries_is_as_if_it_were_not_there(tmp_path, etag):
    kept = HttpCache(tmp_path)
    kept.store("1", HttpResponse("u", 200, {"etag": "x"}, b"y"))
    (file,) = tmp_path.iterdir()
    file.write_text(json.dumps({**json.loads(file.read_text()), "headers": {"etag": etag}}))
    assert kept.find("1") is None
    kept.store("2", HttpResponse("u", 200, {"etag": etag}, b"y"))
    assert len(list(tmp_path.iterdir())) == 1


def test_a_netrc_file_is_never_sent(web, answers, tmp_path, monkeypatch):
    netrc = tmp_path / "netrc"
    netrc.write_text("default login me password secret\n")
    monkeypatch.setenv("NETRC", str(netrc))
    came = answers(Response("{}"))
    web.get(RECORD)
    assert "Authorization" not in came[0].headers


def test_offline_sends_nothing(settings, httpserver):
    offline = Settings(settings.home, settings.database_url, offline=True, services=settings.services)
    with HttpClient(offline) as web, pytest.raises(Offline, match="Offline mode") as caught:
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
    patience = RetryPolicy(retries=1, first_wait=0.001)
    with (
        HttpClient(settings, patience=patience) as web,
        pytest.raises(Unreachable, match="could not be reached"),
    ):
        web.get(RECORD)


def test_a_proxy_whose_address_cannot_be_read_is_one_sentence(web, monkeypatch):
    monkeypatch.setenv("HTTP_PROXY", f"http://{'a' * 300}")
    monkeypatch.setenv("http_proxy", f"http://{'a' * 300}")
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(Unreachable, match="could not be reached"):
        web.get(RECORD)


def test_a_document_beyond_the_limit_is_refused(web, answers, monkeypatch):
    monkeypatch.setattr("fairreg.web.responses.MAX_DOCUMENT_BYTES", 1000)
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
    web = HttpClient(settings, sleep=waits.append)
    for _ in range(10):
        web.pace("https://zenodo.org/api/records")
    assert len(waits) > 2
    assert sum(waits[-1:]) <= 60


def limited(status, message="", **headers):
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Response(json.dumps({"message": message}), status, named, content_type="application/json")


NOW = 1_800_000_000


@pytest.fixture
def stopped_clock(monkeypatch):
    monkeypatch.setattr("fairreg.web.responses.time.time", lambda: float(NOW))


@pytest.mark.parametrize("status", [403, 429])
def test_an_exhausted_limit_is_waited_for_until_its_reset(settings, answers, stopped_clock, status):
    waits = []
    reset = str(NOW + 10)
    answers(limited(status, X_RateLimit_Remaining="0", X_RateLimit_Reset=reset), Response("{}"))
    with HttpClient(settings, sleep=waits.append) as web:
        web.get(RECORD)
    assert waits == [11.0]


def test_a_reset_in_milliseconds_or_nonsense_is_not_waited_for_years(settings, answers, stopped_clock):
    reset = str(NOW * 1000 + 10_000)
    answers(
        limited(403, X_RateLimit_Remaining="0", X_RateLimit_Reset=reset),
        limited(403, X_RateLimit_Remaining="0", X_RateLimit_Reset="soon"),
        Response("{}"),
    )
    waits = []
    with HttpClient(settings, sleep=waits.append) as web:
        web.get(RECORD)
    assert waits == [11.0, 60.0]


def test_a_reset_that_is_far_away_is_said(settings, answers, stopped_clock):
    reset = str(NOW + 1800)
    came = answers(
        limited(403, "API rate limit exceeded", X_RateLimit_Remaining="0", X_RateLimit_Reset=reset)
    )
    with HttpClient(settings, sleep=lambda _seconds: None) as web, pytest.raises(RateLimited) as caught:
        web.get(RECORD)
    assert caught.value.retry_after == 1801.0
    assert len(came) == 1


def test_limit_headers_on_another_refusal_are_not_a_limit(web, answers):
    came = answers(limited(403, "Resource not accessible", X_RateLimit_Remaining="59", X_RateLimit_Reset="1"))
    with pytest.raises(AccessDenied):
        web.get(RECORD)
    assert len(came) == 1


def test_a_rejected_field_is_named(web, answers):
    errors = [{"field": "q", "message": "is too long"}, {"field": "size", "messages": ["too large"]}, "x"]
    body = json.dumps({"message": "Validation Failed", "errors": errors})
    answers(Response(body, 422, content_type="application/json"))
    with pytest.raises(BadAnswer, match="Validation Failed: q is too long size too large"):
        web.get(RECORD)


@pytest.fixture
def tagged(httpserver):
    """A document with an ETag, answered 304 to who has it; gives the If-None-Match headers that came."""
    came = []
    body = {"text": '{"n": 1}'}

    def handle(request):
        came.append(request.headers.get("If-None-Match"))
        etag = f'W/"{body["text"]}"'
        if came[-1] == etag:
            return Response(status=304, headers={"ETag": etag})
        return Response(body["text"], headers={"ETag": etag, "Link": "<x>; rel=next"})

    httpserver.expect_request("/zenodo/api/records/1").respond_with_handler(handle)
    return came, body


def test_a_kept_answer_is_given_again_when_the_service_says_304(web, tagged):
    came, body = tagged
    first = web.get(RECORD, use_cache=True)
    again = web.get(RECORD, use_cache=True)
    assert came == [None, 'W/"{"n": 1}"']
    assert (again.status, again.body, again.headers["link"]) == (200, first.body, "<x>; rel=next")
    body["text"] = '{"n": 2}'
    assert web.get(RECORD, use_cache=True).json() == {"n": 2}
    assert web.get(RECORD, use_cache=True).json() == {"n": 2}


def test_without_keep_nothing_is_asked_conditionally_and_nothing_kept(web, tagged, settings):
    web.get(RECORD)
    web.get(RECORD)
    assert tagged[0] == [None, None]
    assert not (settings.home / "answers").exists()


def test_answers_are_kept_apart_by_parameters_and_headers(web, tagged):
    web.get(RECORD, use_cache=True)
    web.get(RECORD, use_cache=True, params={"page": 2})
    web.get(RECORD, use_cache=True, accept="text/plain")
    assert tagged[0] == [None, None, None]


@pytest.mark.parametrize("damage", ["", "[]", "{}", '{"body": "eA==", "headers": {"etag": "x"}, "url": "u"}'])
def test_a_damaged_kept_answer_is_as_if_it_were_not_there(web, tagged, settings, damage):
    web.get(RECORD, use_cache=True)
    (kept,) = (settings.home / "answers").iterdir()
    kept.write_text(damage)
    assert web.get(RECORD, use_cache=True).json() == {"n": 1}
    assert tagged[0] == [None, None]


def test_a_home_that_cannot_be_written_only_costs_the_keeping(web, tagged, settings):
    settings.home.mkdir(parents=True)
    (settings.home / "answers").write_text("a file")
    assert web.get(RECORD, use_cache=True).json() == {"n": 1}
    assert web.get(RECORD, use_cache=True).json() == {"n": 1}


def test_the_oldest_kept_answers_make_room(tmp_path, monkeypatch):
    monkeypatch.setattr("fairreg.web.http_cache.MAX_RESPONSES", 10)
    kept = HttpCache(tmp_path)
    for number in range(30):
        kept.store(str(number), HttpResponse("u", 200, {"etag": "x"}, b"y"))
    assert len(list(tmp_path.iterdir())) <= 10
    assert kept.find("29") == HttpResponse("u", 200, {"etag": "x"}, b"y")
    kept.store("large", HttpResponse("u", 200, {"etag": "x"}, bytes(9 * 2**20)))
    assert kept.find("large") is None
    monkeypatch.setattr("fairreg.web.http_cache.MAX_BYTES", 3000)
    for number in range(5):
        kept.store(f"long {number}", HttpResponse("u", 200, {"etag": "x"}, bytes(600)))
    assert sum(path.stat().st_size for path in tmp_path.iterdir()) <= 3000
    assert kept.find("long 4") is not None


def test_the_cache_of_answers_removes_no_file_but_its_own(tmp_path):
    (tmp_path / "mine.json").write_text("mine")
    kept = HttpCache(tmp_path)
    kept.store("key", HttpResponse("u", 200, {"etag": "x"}, b"y"))
    (tmp_path / ("0" * 64 + ".json")).symlink_to(tmp_path / "mine.json")
    assert kept.size()[0] == 1
    kept.clear()
    assert (tmp_path / "mine.json").read_text() == "mine"
    assert kept.find("key") is None
    assert kept.size() == (0, 0)


def test_file_hosts_follow_only_a_base_url_that_is_set(web, settings, tmp_path):
    raw = "https://raw.githubusercontent.com/lab/tagger/main/a.onnx"
    assert web.address(raw) == settings.service("github").url + "/lab/tagger/main/a.onnx"
    with HttpClient(Settings.from_environment({"FAIRREG_HOME": str(tmp_path)})) as public:
        assert public.address(raw) == raw
        assert public.address("https://api.github.com/x") == "https://api.github.com/x"


def test_services_that_share_a_mirror_keep_their_own_tokens(tmp_path, httpserver):
    urls = {f"FAIRREG_{name}_URL": httpserver.url_for(f"/{name.lower()}") for name in ("ZENODO", "GITHUB")}
    settings = Settings.from_environment({"FAIRREG_HOME": str(tmp_path), "GITHUB_TOKEN": "one", **urls})
    with HttpClient(settings) as web:
        assert web._authorization(httpserver.url_for("/github/x")) == {"Authorization": "Bearer one"}
        assert web._authorization(httpserver.url_for("/zenodo/x")) == {}


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
    with HttpClient(settings, sleep=waits.append) as web:
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
    with HttpClient(settings) as web:
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
    with HttpClient(settings) as web:
        web.get("https://zenodo.org/x")
        web.get("https://huggingface.co/x")
        web.anonymous().get("https://huggingface.co/x")
    assert came == {"/zenodo/x": "Bearer of-zenodo", "/hub/x": None}


@pytest.mark.parametrize("sharers", [1, 3])
def test_processes_that_share_a_pace_take_their_part_of_it_each(monkeypatch, sharers):
    monkeypatch.setattr("fairreg.web.pacing.time.monotonic", lambda: 100.0)
    slots = RateLimiter(sharers)
    waits = [slots.reserve("zenodo", 2.0) for _ in range(3)]
    assert waits == [0.0, 2.0 * sharers, 4.0 * sharers]
    assert slots.reserve("github", 2.0) == 0.0


@pytest.mark.parametrize(("kind", "seconds"), [("search", 6.0), ("record", 3.0), ("file", 1.0)])
def test_each_kind_of_request_takes_its_part_of_a_services_pace(monkeypatch, tmp_path, kind, seconds):
    monkeypatch.setattr("fairreg.web.pacing.time.monotonic", lambda: 100.0)
    settings = Settings.from_environment({"FAIRREG_HOME": str(tmp_path)})
    zenodo = replace(settings.service("zenodo"), pace=Pace(search=10, record=20, file=60))
    waits: list[float] = []
    web = HttpClient(replace(settings, services={"zenodo": zenodo}), sleep=waits.append)
    for _ in range(7):  # the first five are a burst
        web.asking(kind).pace(RECORD)
    assert waits == [seconds]


def test_a_draft_that_a_killed_process_left_goes_with_a_later_answer(tmp_path):
    def draft(letter, age):
        path = tmp_path / f".{letter * 64}.json.0123456789ab.part"
        path.touch()
        os.utime(path, (time.time() - age,) * 2)
        return path

    left, fresh = draft("a", 2 * 3600), draft("b", 1)
    kept = HttpCache(tmp_path)
    kept.store("x", HttpResponse("https://x.org", 200, {"etag": '"1"'}, b"1"))
    assert not left.exists()
    assert fresh.exists()
