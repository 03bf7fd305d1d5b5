# SPDX-License-Identifier: MIT
"""Zenodo's HTTP behaviour, played by a local server in the shapes that it documents (written by hand)."""

import json
from datetime import date

import pytest
from werkzeug import Request, Response

from fairreg import harvesters
from fairreg.errors import BadAnswer, Gone, NotFound, UsageError
from fairreg.schemas.identifiers import Identifier, parse
from harvesters.zenodo_payloads import page, record

zenodo = harvesters.get("zenodo")
RECORDS = "/zenodo/api/records"


@pytest.fixture
def many(httpserver):
    """A search over 60 records that keeps to the limit of guests; gives the list of the requests."""
    asked: list[dict[str, str]] = []

    def answer(request: Request) -> Response:
        asked.append(request.args.to_dict())
        size, number = int(request.args["size"]), int(request.args["page"])
        if size > 25:
            message = "Page size cannot be greater than 25. Please use authenticated requests to increase it."
            error = {
                "status": 400,
                "message": "A validation error occurred.",
                "errors": [{"field": "size", "messages": [message]}],
            }
            return Response(json.dumps(error), 400, content_type="application/json")
        numbers = range(1000, 1060)[(number - 1) * size : number * size]
        body = page([record(item) for item in numbers], 60)
        return Response(json.dumps(body), content_type="application/json")

    httpserver.expect_request(RECORDS).respond_with_handler(answer)
    return asked


def ids(pages):
    return [hit.payload["id"] for found in pages for hit in found.hits]


def test_search_reads_every_page_and_stops_on_the_last(web, many):
    pages = list(zenodo.search(web, "tagger"))
    assert ids(pages) == list(range(1000, 1060))
    assert [found.cursor for found in pages] == ["page=2&size=25", "page=3&size=25", None]
    assert {found.total for found in pages} == {60}
    assert many[0] == {"q": "tagger", "sort": "mostrecent", "page": "1", "size": "25"}


def test_search_resumes_at_a_cursor(web, many):
    assert ids(zenodo.search(web, "tagger", cursor="page=3&size=25")) == list(range(1050, 1060))


def test_search_stops_at_the_limit(web, many):
    assert ids(zenodo.search(web, "", limit=30)) == list(range(1000, 1030))
    assert len(many) == 2


def test_a_small_limit_asks_for_a_small_page(web, many):
    assert len(ids(zenodo.search(web, "", limit=3))) == 3
    assert many[0]["size"] == "3"


def test_since_becomes_part_of_the_query(web, many):
    next(zenodo.search(web, "a OR b", since=date(2024, 1, 2)))
    assert many[0]["q"] == "(a OR b) AND updated:[2024-01-02 TO *]"


def test_a_page_size_that_is_refused_falls_back_to_that_of_guests(web, many):
    assert ids(zenodo.search(web, "", page_size=100)) == list(range(1000, 1060))
    assert [item["size"] for item in many] == ["100", "25", "25", "25"]


def test_a_page_size_that_is_refused_midway_is_an_error_with_a_hint(web, many):
    with pytest.raises(BadAnswer) as caught:
        list(zenodo.search(web, "", cursor="page=2&size=100"))
    assert "ZENODO_TOKEN" in caught.value.hint


def test_a_broken_cursor_is_a_usage_error(web):
    with pytest.raises(UsageError):
        list(zenodo.search(web, "", cursor="nonsense"))


def test_the_window_of_10000_hits_ends_the_search_with_a_note(web, httpserver):
    full = page([record(1000 + item) for item in range(25)], 20_000)
    httpserver.expect_request(RECORDS).respond_with_json(full)
    (last,) = zenodo.search(web, "", cursor="page=400&size=25")
    assert last.cursor is None
    assert "10,000" in last.note
    with pytest.raises(UsageError, match="10,000"):
        list(zenodo.search(web, "", cursor="page=401&size=25"))


def test_html_instead_of_a_page_is_a_bad_answer(web, httpserver):
    httpserver.expect_request(RECORDS).respond_with_data("<html>maintenance</html>", content_type="text/html")
    with pytest.raises(BadAnswer, match="HTML"):
        list(zenodo.search(web, ""))


def test_json_that_is_no_page_is_a_bad_answer(web, httpserver):
    httpserver.expect_request(RECORDS).respond_with_json({"hits": None})
    with pytest.raises(BadAnswer):
        list(zenodo.search(web, ""))


@pytest.mark.parametrize("asked", ["10.5281/zenodo.1002", "https://zenodo.org/records/1002", "zenodo:1002"])
def test_fetch_by_number_or_doi(web, httpserver, asked):
    httpserver.expect_request(f"{RECORDS}/1002").respond_with_json(record(1002))
    fetched = zenodo.fetch(web, parse(asked))
    assert fetched.payload["id"] == 1002
    assert json.loads(fetched.raw) == fetched.payload
    assert not fetched.asked_concept


def test_a_concept_that_redirects_gives_its_newest_version(web, httpserver):
    httpserver.expect_request(f"{RECORDS}/501002").respond_with_data(
        status=301, headers={"Location": "https://zenodo.org/api/records/1002"}
    )
    httpserver.expect_request(f"{RECORDS}/1002").respond_with_json(record(1002))
    fetched = zenodo.fetch(web, Identifier("doi", "10.5281/zenodo.501002"))
    assert (fetched.payload["id"], fetched.asked_concept) == (1002, True)


@pytest.mark.parametrize("latest_exists", [True, False])
def test_a_concept_that_does_not_redirect_is_found_too(web, httpserver, latest_exists):
    missing = {"status": 404, "message": "The persistent identifier does not exist."}
    httpserver.expect_request(f"{RECORDS}/501002").respond_with_json(missing, status=404)
    latest = httpserver.expect_request(f"{RECORDS}/501002/versions/latest")
    latest.respond_with_json(*((record(1002),) if latest_exists else (missing, 404)))
    httpserver.expect_request(
        RECORDS, query_string={"q": "conceptrecid:501002", "sort": "mostrecent", "page": "1", "size": "10"}
    ).respond_with_json(page([record(1003), record(1002)], 2))
    fetched = zenodo.fetch(web, Identifier("zenodo", "501002"))
    assert (fetched.payload["id"], fetched.asked_concept) == (1002, True)


def test_an_unknown_number_is_not_found(web, httpserver):
    for path in ("501002", "501002/versions/latest"):
        httpserver.expect_request(f"{RECORDS}/{path}").respond_with_json({"status": 404}, status=404)
    httpserver.expect_request(RECORDS).respond_with_json(page([], 0))
    with pytest.raises(NotFound) as caught:
        zenodo.fetch(web, Identifier("zenodo", "501002"))
    assert caught.value.message == "Zenodo has no record 501002."


def test_a_withdrawn_record_is_gone_with_its_reason(web, httpserver):
    tombstone = {"note": "Plagiarism.", "removed_by": {"user": "1"}, "is_visible": True}
    body = {"status": 410, "message": "Record deleted", "tombstone": tombstone}
    httpserver.expect_request(f"{RECORDS}/1002").respond_with_json(body, status=410)
    with pytest.raises(Gone) as caught:
        zenodo.fetch(web, Identifier("zenodo", "1002"))
    assert caught.value.reason == "Plagiarism"


def test_fetch_by_an_external_doi_searches(web, httpserver):
    hits = [record(1003), record(1002) | {"doi": "10.1000/Journal"}]
    httpserver.expect_request(RECORDS).respond_with_json(page(hits, 2))
    fetched = zenodo.fetch(web, Identifier("doi", "10.1000/journal"))
    assert fetched.payload["id"] == 1002
    assert httpserver.log[0][0].args["q"] == 'doi:"10.1000/journal"'


def test_a_hit_that_nobody_asked_for_is_not_the_record(web, httpserver):
    httpserver.expect_request(RECORDS).respond_with_json(page([record(1003), record(1004)], 2))
    with pytest.raises(NotFound, match=r"no record of the DOI 10\.1000/journal"):
        zenodo.fetch(web, Identifier("doi", "10.1000/journal"))


def test_fetch_refuses_identifiers_of_other_services(web):
    with pytest.raises(UsageError):
        zenodo.fetch(web, Identifier("huggingface", "org/name"))


def test_a_record_that_is_no_object_is_a_bad_answer(web, httpserver):
    httpserver.expect_request(f"{RECORDS}/1002").respond_with_json([1])
    with pytest.raises(BadAnswer):
        zenodo.fetch(web, Identifier("zenodo", "1002"))


def test_handles():
    assert zenodo.handles_url("https://zenodo.org/records/1002")
    assert zenodo.handles(Identifier("concept_doi", "10.5281/zenodo.1000"))
    assert not zenodo.handles(Identifier("doi", "10.1000/journal"))
    assert not zenodo.handles_url("not an address")


def test_withdrawn_reads_tombstones():
    payload = {"id": 5, "tombstone": {"removal_reason": {"id": "spam", "title": {"en": "Spam"}}}}
    assert zenodo.withdrawn(payload) == ("5", "Spam")
    assert zenodo.withdrawn(record(5)) is None


def test_page_limit():
    assert (zenodo.page_limit(token=False), zenodo.page_limit(token=True)) == (25, 100)


def test_the_same_hit_has_the_same_bytes_whatever_its_order(web, httpserver):
    forward, backward = record(1002), dict(reversed(record(1002).items()))
    httpserver.expect_request(RECORDS).respond_with_json(page([forward, backward], 2))
    (found,) = zenodo.search(web, "")
    assert found.hits[0].raw == found.hits[1].raw
