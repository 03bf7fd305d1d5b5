# SPDX-License-Identifier: MIT
"""OpenML's flows, written by hand in the shape of its JSON (XML turned into JSON)."""

import json
import re
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from werkzeug import Request, Response

from fairreg import harvesters
from fairreg.errors import (
    AccessDenied,
    BadAnswer,
    NotFound,
    RateLimited,
    RecordError,
    Unreachable,
    UsageError,
)
from fairreg.schemas.identifiers import Identifier, parse
from fairreg.schemas.record import Creator, Distribution
from fairreg.schemas.validation import violations
from fairreg.web.listings import damage_of
from support.damage import changed, survives_damage
from support.examples import examples

openml = harvesters.get("openml")
API = "/openml/api/v1/json"

FLOW = {
    "flow": {
        "id": "42",
        "uploader": "1",
        "name": "sklearn.pipeline.Pipeline(svm=sklearn.svm.SVC)",
        "custom_name": "sklearn.Pipeline(SVC)",
        "version": "3",
        "external_version": "openml==0.10,sklearn==0.21.2",
        "description": "A pipeline",
        "creator": "Jane Doe",
        "contributor": ["A", "B"],
        "upload_date": "2019-07-01T10:00:00",
        "licence": "BSD-3-Clause",
        "language": "English",
        "dependencies": "sklearn==0.21.2\nnumpy>=1.6.1",
        "parameter": [{"name": "memory", "data_type": [], "default_value": "null"}, {"name": "steps"}],
        "component": {"identifier": "svm", "flow": {"id": "41", "name": "sklearn.svm.SVC"}},
        "tag": "sklearn",
        "binary_url": "https://www.openml.org/data/download/9/model.Rds",
        "binary_format": "Rds",
        "binary_md5": "12634988280890e8ef86dc65faa005bc",
    }
}


def numbered(number, uploaded="2019-07-01T10:00:00"):
    return {"flow": {**FLOW["flow"], "id": str(number), "upload_date": uploaded}}


@pytest.fixture
def service(httpserver):
    """Lists and answers the flows that are put into it; keeps the paths asked for."""

    def answer(request: Request) -> Response:
        path = request.path.removeprefix(API)
        service.asked.append(path)
        match = re.fullmatch(r"/flow/list(?:/tag/([^/]+))?/limit/(\d+)/offset/(\d+)", path)
        if match:
            found = list(service.flows) if match[1] in {None, "sklearn"} else []
            size, offset = int(match[2]), int(match[3])
            listed = [
                {"id": number, "full_name": f"f({number})", "name": "f", "version": 1, "uploader": 1}
                for number in found[offset : offset + size]
            ]
            body = {"flows": {"flow": listed}} if listed else None
        else:
            body = service.flows.get(int(path.rsplit("/", 1)[-1]))
        error = {"error": {"code": "372", "message": "No results"}}
        return Response(
            json.dumps(body or error), status=200 if body else 412, content_type="application/json"
        )

    service.asked, service.flows = [], {}
    httpserver.expect_request(re.compile(f"^{API}/flow/.*")).respond_with_handler(answer)
    return service


def test_a_flow_becomes_a_record():
    record = openml.to_record(FLOW)
    assert (record.identifier, record.kind, record.stated_type) == ("openml:flow/42", "software", "flow")
    assert record.provenance.source_id == "flow/42"
    assert record.provenance.url == "https://www.openml.org/f/42"
    assert record.creators == (Creator(name="Jane Doe"),)
    assert record.license == "BSD-3-Clause"
    assert record.version == "3"
    assert record.frameworks == ("scikit-learn",)
    assert record.keywords == ("sklearn",)
    assert record.date_published == "2019-07-01T10:00:00"
    assert record.related("has_part") == (Identifier("openml", "flow/41", "svm"),)
    assert record.distributions == (
        Distribution(
            name="model.Rds",
            url="https://www.openml.org/data/download/9/model.Rds",
            checksums=("md5:12634988280890e8ef86dc65faa005bc",),
            format="rds",
        ),
    )
    assert "Contributors: A; B" in str(record.notes)
    assert "Parameters: memory, steps" in str(record.notes)
    assert violations(record.to_json()) == []


def test_one_value_and_a_list_are_read_alike():
    several = changed(changed(FLOW, ("flow", "creator"), ["Jane Doe"]), ("flow", "tag"), ["sklearn"])
    several = changed(several, ("flow", "component"), [FLOW["flow"]["component"]])
    assert openml.to_record(several) == openml.to_record(FLOW)


def test_a_licence_that_is_none_stays_as_stated():
    record = openml.to_record(changed(FLOW, ("flow", "licence"), "public domain"))
    assert (record.license, record.license_stated) == (None, "public domain")


def test_data_sets_and_documents_of_others_are_refused():
    with pytest.raises(RecordError, match="not a flow"):
        openml.to_record({"data_set_description": {"id": "2", "name": "anneal"}})
    with pytest.raises(RecordError, match="uploader"):
        openml.to_record({"id": 5, "name": "a repository"})


@pytest.mark.parametrize(
    "pasted",
    [
        "openml:flow/42",
        "https://www.openml.org/f/42",
        "https://openml.org/search?type=flow&id=42",
        "https://www.openml.org/flow/42",
    ],
)
def test_a_flow_is_fetched_by_each_of_its_names(web, service, pasted):
    service.flows = {42: FLOW}
    assert openml.handles(parse(pasted))
    fetched = openml.fetch(web, parse(pasted))
    assert fetched.payload == FLOW
    assert service.asked == ["/flow/42"]


def test_what_is_no_flow_is_not_asked_for(web, service):
    for pasted in ("openml:61", "https://www.openml.org/d/61", "https://example.org/f/42"):
        assert not openml.handles(parse(pasted))
    with pytest.raises(UsageError):
        openml.fetch(web, Identifier("openml", "61"))
    with pytest.raises(UsageError):
        list(openml.search(web, "", cursor="page=1"))
    assert service.asked == []


def test_the_error_412_means_that_there_is_none(web, service):
    with pytest.raises(NotFound):
        openml.fetch(web, parse("openml:flow/43"))
    (page,) = openml.search(web, "no-such-tag")
    assert (page.hits, page.cursor) == ((), None)


def test_search_lists_and_asks_for_each_flow(web, service):
    service.flows = {number: numbered(number) for number in range(1, 6)}
    pages = list(openml.search(web, "", page_size=2))
    assert [len(page.hits) for page in pages] == [2, 2, 1]
    assert pages[0].hits[0].payload == service.flows[1]
    resumed = list(openml.search(web, "", cursor=pages[0].cursor))
    assert [hit.payload["flow"]["id"] for page in resumed for hit in page.hits] == ["3", "4", "5"]
    assert sum(len(page.hits) for page in openml.search(web, "sklearn", limit=3)) == 3
    assert "/flow/list/tag/sklearn/limit/3/offset/0" in service.asked


def test_search_leaves_out_older_and_vanished_flows(web, service, monkeypatch):
    service.flows = {1: numbered(1), 2: numbered(2, "2024-01-01T00:00:00"), 3: None}
    (page,) = openml.search(web, "", since=date(2023, 1, 1))
    assert [hit.payload["flow"]["id"] for hit in page.hits] == ["2"]


@pytest.mark.parametrize("status", [200, 400])
def test_nonsense_is_a_bad_answer(web, httpserver, status):
    httpserver.expect_request(re.compile(f"^{API}/.*")).respond_with_json([], status=status)
    with pytest.raises(BadAnswer):
        list(openml.search(web, ""))
    with pytest.raises(BadAnswer):
        openml.fetch(web, parse("openml:flow/1"))


@settings(max_examples=examples(200))
@given(data=st.data())
def test_a_damaged_payload_gives_a_valid_record_or_a_record_error(data):
    survives_damage(openml, FLOW, data)


@pytest.mark.shared
def test_spot_check_of_a_recorded_flow(shared):
    path = shared / "payloads/openml/aiod-mlmodel_1.json"
    record = openml.to_record(json.loads(path.read_text(encoding="utf-8")))
    assert record.name == "openml.evaluation.EuclideanDistance"
    assert record.creators == (Creator(name="Jan N. van Rijn"),)
    assert record.license_stated == "public domain"
    assert "weka_3.7.12" in record.keywords


def failing(httpserver, status, numbers):
    """A list of four flows, of which the `numbers` answer with `status`."""

    def respond(request):
        last = request.path.rpartition("/")[2]
        if "/list" in request.path:
            lines = [{"id": str(number), "name": "f", "uploader": "1"} for number in range(1, 5)]
            return Response(json.dumps({"flows": {"flow": lines}}), mimetype="application/json")
        return Response(json.dumps(numbered(int(last))), status=status if int(last) in numbers else 200)

    httpserver.expect_request(re.compile(f"^{API}/.*")).respond_with_handler(respond)


@pytest.mark.parametrize(("status", "numbers"), [(401, [2, 3]), (403, [4]), (500, [2]), (503, [3, 4])])
def test_a_flow_whose_request_fails_is_a_damaged_item(web, httpserver, status, numbers):
    failing(httpserver, status, numbers)
    (page,) = openml.search(web, "")
    named = {damage.name for hit in page.hits if (damage := damage_of(hit.payload))}
    assert (len(page.hits), named) == (4, {f"flow/{number}" for number in numbers})


@pytest.mark.parametrize(
    ("status", "numbers", "error"),
    [(403, [1, 2, 3, 4], AccessDenied), (500, [2, 3, 4], Unreachable), (429, [2], RateLimited)],
)
def test_a_service_that_gives_no_flow_stops_the_list(web, httpserver, status, numbers, error):
    failing(httpserver, status, numbers)
    with pytest.raises(error):
        list(openml.search(web, ""))
