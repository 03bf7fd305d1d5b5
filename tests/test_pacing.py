# SPDX-License-Identifier: MIT
"""Pace of requests by the client's own clock, which stands still unless somebody sleeps."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from requests.structures import CaseInsensitiveDict
from werkzeug import Response

from fairreg.errors import RateLimited
from fairreg.settings import Settings
from fairreg.source_row import Pace
from fairreg.web import HttpClient
from fairreg.web.pacing import RateLimiter, StatedLimit, retry_after, stated_limit, whole_number

NOW = 1_800_000_000
FILE = "https://zenodo.org/api/records/1/files/a/content"


class Clock:
    """A clock of seconds since the beginning; `sleep` moves it."""

    def __init__(self):
        self.now = 0.0

    def sleep(self, seconds):
        self.now += seconds


@pytest.fixture
def clock(monkeypatch):
    own = Clock()
    monkeypatch.setattr("fairreg.web.pacing.time.monotonic", lambda: 100.0 + own.now)
    monkeypatch.setattr("fairreg.web.pacing.time.time", lambda: NOW + own.now)
    return own


def client(tmp_path, clock, **environment):
    settings = Settings.from_environment({"FAIRREG_HOME": str(tmp_path), **environment})
    return HttpClient(settings, sleep=clock.sleep)


def minutes(web, clock, number, url, kind):
    for _ in range(number):
        web.pace(url, kind)
    return clock.now / 60


def test_2000_files_of_a_record_of_zenodo_take_a_guest_less_than_16_minutes(tmp_path, clock):
    assert 14 < minutes(client(tmp_path, clock), clock, 2000, FILE, "file") < 16


def test_300_files_of_the_hub_take_a_guest_half_a_minute(tmp_path, clock):
    assert (
        minutes(client(tmp_path, clock), clock, 300, "https://huggingface.co/a/b/resolve/main/x", "file")
        < 0.6
    )


def test_searches_keep_their_own_lower_pace(tmp_path, clock):
    taken = minutes(client(tmp_path, clock), clock, 60, "https://zenodo.org/api/records", "search")
    assert 1.7 < taken <= 2


@pytest.mark.parametrize(
    ("variable", "url"),
    [
        ("HF_TOKEN", "https://huggingface.co/a/b/resolve/main/x"),
        ("GITHUB_TOKEN", "https://api.github.com/repos/a/b"),
    ],
)
def test_a_token_gives_a_higher_pace_and_an_anonymous_client_has_the_guests(tmp_path, clock, variable, url):
    guest = minutes(client(tmp_path, clock), clock, 100, url, "file")
    clock.now = 0.0
    known = client(tmp_path, clock, **{variable: "a-token-of-mine"})
    assert minutes(known, clock, 100, url, "file") < 0.8 * guest
    clock.now = 0.0
    again = client(tmp_path, clock, **{variable: "a-token-of-mine"})
    assert minutes(again.anonymous(), clock, 100, url, "file") == pytest.approx(guest)


def test_a_mirror_is_not_paced(tmp_path, clock, httpserver):
    web = client(tmp_path, clock, FAIRREG_ZENODO_URL=httpserver.url_for("/zenodo"))
    assert minutes(web, clock, 2000, web.address(FILE), "file") == 0


@pytest.mark.parametrize(
    ("headers", "limit"),
    [
        ({}, None),
        ({"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": str(NOW + 10)}, StatedLimit(0, 11)),
        ({"X-Ratelimit-Remaining": "7", "X-Ratelimit-Reset": "30"}, StatedLimit(7, 30)),
        ({"x-ratelimit-remaining": "5", "x-ratelimit-reset": f"{NOW + 2}000"}, StatedLimit(5, 3)),
        ({"RateLimit-Remaining": "3", "RateLimit-Reset": "60", "RateLimit-Limit": "100"}, StatedLimit(3, 60)),
        ({"RateLimit": "limit=100, remaining=50, reset=5"}, StatedLimit(50, 5)),
        ({"RateLimit": '"api";r=489;t=189'}, StatedLimit(489, 189)),
        ({"RateLimit": '"api";r=10;t=5, "daily";r=0;t=900'}, StatedLimit(0, 900)),
        ({"X-RateLimit-Remaining": "0"}, None),
        ({"X-RateLimit-Remaining": "-1", "X-RateLimit-Reset": "5"}, None),
        ({"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "9" * 40}, None),
        ({"X-RateLimit-Remaining": "٣", "X-RateLimit-Reset": "5"}, None),
        ({"RateLimit": "nonsense; r=x"}, None),
    ],
)
def test_the_limit_of_an_answer_is_read_in_each_of_its_spellings(clock, headers, limit):
    assert stated_limit(CaseInsensitiveDict(headers)) == limit


def answering(httpserver, *answers):
    queue = list(answers)
    httpserver.expect_request("/zenodo/x").respond_with_handler(
        lambda _request: queue.pop(0) if len(queue) > 1 else queue[0]
    )


def mirrored(tmp_path, clock, httpserver):
    return client(tmp_path, clock, FAIRREG_ZENODO_URL=httpserver.url_for("/zenodo"))


def limited(remaining, seconds, status=200):
    stated = {"RateLimit": f'"api";r={remaining};t={seconds}'}
    return Response(json.dumps({}), status, stated, content_type="application/json")


def test_an_exhausted_limit_is_waited_for_before_the_next_request_of_a_mirror_too(
    tmp_path, clock, httpserver
):
    answering(httpserver, limited(0, 20), limited(5, 20))
    with mirrored(tmp_path, clock, httpserver) as web:
        web.get("https://zenodo.org/x")
        assert clock.now == 0
        web.get("https://zenodo.org/x")
        assert clock.now == pytest.approx(20)


def test_a_limit_that_resets_after_an_hour_is_not_waited_for(tmp_path, clock, httpserver):
    answering(httpserver, limited(0, 3600), limited(0, 3600, status=429))
    with mirrored(tmp_path, clock, httpserver) as web:
        web.get("https://zenodo.org/x")
        with pytest.raises(RateLimited, match="3600 s"):
            web.get("https://zenodo.org/x")
    assert clock.now == 0


def test_nothing_is_sent_before_a_reset_that_is_far_away(tmp_path, clock, httpserver):
    answering(httpserver, limited(0, 3600))
    with mirrored(tmp_path, clock, httpserver) as web:
        web.get("https://zenodo.org/x")
        for _ in range(3):
            with pytest.raises(RateLimited, match="3600 s") as caught:
                web.get("https://zenodo.org/x")
            assert caught.value.retry_after == pytest.approx(3600)
    assert len(httpserver.log) == 1


def test_a_wait_for_a_reset_is_logged(tmp_path, clock, httpserver):
    answering(httpserver, limited(0, 15), limited(5, 15))
    lines = []
    settings = Settings.from_environment(
        {"FAIRREG_HOME": str(tmp_path), "FAIRREG_ZENODO_URL": httpserver.url_for("/zenodo")}
    )
    with HttpClient(settings, sleep=clock.sleep, log=lines.append) as web:
        web.get("https://zenodo.org/x")
        assert lines == []
        web.get("https://zenodo.org/x")
    assert clock.now == pytest.approx(15)
    assert [line for line in lines if "15 s" in line] == lines != []


def test_a_required_wait_holds_every_client_of_the_command_once(tmp_path, clock, httpserver):
    answering(httpserver, Response(status=429, headers={"Retry-After": "7"}), Response("{}"))
    with mirrored(tmp_path, clock, httpserver) as web:
        web.get("https://zenodo.org/x")
        assert clock.now == 7
        web.asking("file").get("https://zenodo.org/x")
    assert clock.now == 7


def test_another_thread_waits_for_what_was_required_of_one(tmp_path, clock, httpserver):
    answering(httpserver, Response("{}"))
    limiter = RateLimiter()
    limiter.hold("zenodo", 30)
    settings = Settings.from_environment(
        {"FAIRREG_HOME": str(tmp_path), "FAIRREG_ZENODO_URL": httpserver.url_for("/zenodo")}
    )
    with HttpClient(settings, sleep=clock.sleep, limiter=limiter) as web:
        web.get("https://zenodo.org/x")
    assert clock.now == pytest.approx(30)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("7", 7.0),
        (" 7 ", 7.0),
        ("9" * 400, None),
        ("\u00b2", None),
        ("-5", None),
        ("Mon, 01 Jan 99999999999999999999 00:00:00 GMT", None),
        ("Mon, 01 Jan 2001 00:00:00 -0000", 0.0),
        ("soon", None),
        ("", None),
    ],
)
def test_a_retry_after_that_is_no_sane_time_counts_as_none(text, seconds):
    assert retry_after(CaseInsensitiveDict({"retry-after": text})) == seconds


@pytest.mark.parametrize(
    ("text", "number"),
    [("5", 5), ("9" * 19, 10**19 - 1), ("1" * 5000, None), ("\u00b2", None), ("\u0665", None), ("-5", None)],
)
def test_only_sane_numbers_of_headers_are_read(text, number):
    assert whole_number(text) == number


def test_a_reset_of_too_many_digits_is_no_limit():
    for name in ("RateLimit", "X-RateLimit"):
        headers = {f"{name}-Remaining": "0", f"{name}-Reset": "1" * 400}
        assert stated_limit(CaseInsensitiveDict(headers)) is None
    assert stated_limit(CaseInsensitiveDict({"RateLimit": f'"api";r=0;t={"1" * 400}'})) is None


def test_a_date_in_retry_after_is_waited_for(tmp_path, clock, httpserver):
    moment = datetime.now(UTC) + timedelta(seconds=40)
    answering(
        httpserver,
        Response(status=503, headers={"Retry-After": format_datetime(moment, usegmt=True)}),
        Response("{}"),
    )
    with mirrored(tmp_path, clock, httpserver) as web:
        web.get("https://zenodo.org/x")
    assert 0 < clock.now <= 40


def test_what_a_service_still_takes_raises_the_pace_and_never_lowers_it(clock):
    limiter = RateLimiter()
    limiter.note("zenodo", "file", StatedLimit(100, 10))
    assert limiter.interval("zenodo", "file", 2.0) == pytest.approx(0.1)
    assert limiter.interval("zenodo", "search", 2.0) == 2.0
    limiter.note("github", "record", StatedLimit(59, 3600))
    assert limiter.interval("github", "record", 2.0) == 2.0
    clock.sleep(11)
    assert limiter.interval("zenodo", "file", 2.0) == 2.0


def test_a_pace_of_tokens_belongs_to_services_that_take_them(tmp_path):
    zenodo = Settings.from_environment({"FAIRREG_HOME": str(tmp_path)}).service("zenodo")
    assert zenodo.allowed_pace == zenodo.pace == Pace(30, 133, 133)
    # Zenodo publishes none for tokens: its answers state what it allows.
    assert replace(zenodo, token="t").allowed_pace == zenodo.pace
    hub = Settings.from_environment({"FAIRREG_HOME": str(tmp_path)}).service("huggingface")
    assert hub.allowed_pace == hub.pace
    assert replace(hub, token="t").allowed_pace == hub.token_pace == Pace(200, 200, 1000)
