# SPDX-License-Identifier: MIT
"""Requests of an assessment: which file is requested, and pages of the host's search with bad items."""

import pytest
from msgspec.structs import replace
from werkzeug import Response

from fairreg.assessment.evidence import Evidence
from fairreg.assessment.indicators.a1_2 import says_how
from fairreg.assessment.indicators.f4 import self_retrieval
from fairreg.schemas.identifiers import Identifier
from fairreg.schemas.record import Access, Distribution, ModelRecord, Provenance
from fairreg.services.assess.probes import probe_all
from fairreg.settings import Settings
from fairreg.web import HttpClient
from support import hbb

MODEL = ModelRecord(
    identifier="huggingface:org/name",
    kind="model",
    name="A model",
    provenance=Provenance(source="huggingface", source_id="org/name"),
    identifiers=(Identifier("huggingface", "org/name"),),
)
PLACE = "https://zenodo.org/records/1/files"


def probes_of(web, record):
    return {probe.kind: probe for probe in probe_all(web, record).probes}


def test_the_model_file_is_requested_where_side_files_are_listed_first(web, httpserver):
    names = (".gitattributes", "README.md", "model.safetensors")
    listed = tuple(Distribution(name=name, url=f"{PLACE}/{name}") for name in names)
    httpserver.expect_request("/zenodo/records/1/files/model.safetensors").respond_with_data(
        b"\x40\0\0\0\0\0\0\0{" + b" " * 63
    )
    found = probes_of(web, replace(MODEL, distributions=listed))["file_range"]
    assert (found.outcome, found.file, found.found) == ("ok", "model.safetensors", ("safetensors",))
    assert not [request for request, _ in httpserver.log if "README" in request.path]


def test_a_refused_file_is_named_by_its_probe(web, httpserver):
    listed = (Distribution(name="m.onnx", url=f"{PLACE}/m.onnx"),)
    httpserver.expect_request("/zenodo/records/1/files/m.onnx").respond_with_response(Response(status=401))
    found = probes_of(web, replace(MODEL, distributions=listed))["file_range"]
    assert (found.outcome, found.file) == ("denied", "m.onnx")


def restricted(source="zenodo", number="1", **fields):
    seen = Provenance(source=source, source_id=number, url=f"https://zenodo.org/records/{number}")
    given = {"access": Access(level="restricted", conditions="Ask at https://example.org/ask")} | fields
    return replace(MODEL, provenance=seen, **given)


@pytest.mark.parametrize(
    ("answer", "outcome", "verdict"),
    [
        (Response(status=403), "denied", "pass"),
        (Response(status=404), "absent", "partial"),
        (Response('{"entries": []}', content_type="application/json"), "absent", "partial"),
        (Response('{"entries": [{"key": "m.onnx"}]}', content_type="application/json"), "ok", "partial"),
        (Response('{"id": 1}', content_type="application/json"), "failed", "unknown"),
        (Response(status=503), "failed", "unknown"),
    ],
)
def test_the_list_of_files_is_asked_for_where_a_restricted_record_lists_none(
    web, httpserver, answer, outcome, verdict
):
    httpserver.expect_request("/zenodo/api/records/1/files").respond_with_response(answer)
    record = restricted()
    results = probe_all(web, record)
    found = {probe.kind: probe for probe in results.probes}
    assert found["file_access"].outcome == outcome
    assert "file_range" not in found
    evidence = Evidence(
        record=record, requested=MODEL.identifiers[0], gathered_at="2026-01-01", probes=results.probes
    )
    assert says_how.assess(evidence).verdict == verdict


def test_the_list_of_files_is_asked_for_without_a_token(environment, httpserver):
    httpserver.expect_request("/zenodo/api/records/1/files").respond_with_response(Response(status=403))
    with HttpClient(
        Settings.from_environment({**environment, "ZENODO_TOKEN": "made-up"}), sleep=lambda _s: None
    ) as client:
        assert probes_of(client, restricted())["file_access"].outcome == "denied"
    asked = [request for request, _ in httpserver.log if request.path.endswith("/files")]
    assert asked
    assert not any("Authorization" in request.headers for request in asked)


def test_the_page_of_a_private_repository_is_asked_for(web, httpserver):
    record = restricted("github", "lab/x", access=Access(level="restricted"))
    httpserver.expect_request("/zenodo/records/lab/x").respond_with_response(Response(status=404))
    assert probes_of(web, record)["file_access"].outcome == "absent"


def test_a_page_that_is_given_tells_nothing_of_the_files(web, httpserver):
    httpserver.expect_request("/zenodo/records/2").respond_with_data("<html>", content_type="text/html")
    found = probes_of(web, restricted("github", "2"))["file_access"]
    assert (found.outcome, "no file has an address" in found.detail) == ("failed", True)


@pytest.mark.parametrize("access", [None, Access(level="open")])
def test_the_files_of_a_record_that_is_not_restricted_are_not_asked_for(web, access):
    assert "file_access" not in probes_of(web, restricted(access=access))


def test_the_readme_of_a_dataset_is_read_and_nothing_else_of_it(web, httpserver):
    names = ("jets.h5", "README.md", "docs/more.md")
    listed = tuple(Distribution(name=name, url=f"{PLACE}/{name}", size=10) for name in names)
    httpserver.expect_request("/zenodo/records/1/files/README.md").respond_with_data("- `pt`: in GeV\n")
    record = replace(MODEL, kind="dataset", distributions=listed)
    assert [item.path for item in probe_all(web, record).documents] == ["README.md"]
    assert not [request for request, _ in httpserver.log if "more.md" in request.path]
    assert probe_all(web, replace(record, kind="model")).documents == ()
    long = tuple(replace(item, size=10**6) for item in listed)
    assert probe_all(web, replace(record, distributions=long)).documents == ()


def test_the_croissant_file_of_a_dataset_is_read_beside_its_readme(web, httpserver):
    names = ("jets.csv", "README.md", "croissant.json", "second-croissant.json")
    listed = tuple(Distribution(name=name, url=f"{PLACE}/{name}", size=10) for name in names)
    for name in names[1:]:
        httpserver.expect_request(f"/zenodo/records/1/files/{name}").respond_with_data("{}")
    found = probe_all(web, replace(MODEL, kind="dataset", distributions=listed)).documents
    assert [(item.path, item.role) for item in found] == [
        ("README.md", "readme"),
        ("croissant.json", "standard"),
    ]


def search_of(*items):
    return {"hits": {"hits": list(items), "total": len(items)}}


def zenodo_item(number):
    document = hbb.record(b"x", number=number)
    document["metadata"]["title"] = "Jets"
    return document


JETS = replace(MODEL, name="Jets", provenance=Provenance(source="zenodo", source_id="1001"))


def test_a_bad_item_of_the_search_keeps_its_place_and_spoils_no_other(web, httpserver):
    page = search_of({"id": "bad"}, zenodo_item(1000), 7, zenodo_item(1001))
    httpserver.expect_request("/zenodo/api/records").respond_with_json(page)
    found = probes_of(web, JETS)["self_retrieval"]
    assert (found.outcome, found.rank) == ("ok", 4)
    assert found.detail.endswith("2 of 4 items were no records")


def test_a_record_that_is_not_among_the_items_that_were_read_is_absent(web, httpserver):
    httpserver.expect_request("/zenodo/api/records").respond_with_json(
        search_of({"id": "bad"}, zenodo_item(1000))
    )
    assert probes_of(web, JETS)["self_retrieval"].outcome == "absent"


def test_a_search_of_which_no_item_is_a_record_is_unknown_in_true_words(web, httpserver):
    httpserver.expect_request("/zenodo/api/records").respond_with_json(search_of({"id": "bad"}))
    evidence = Evidence(
        record=JETS, requested=JETS.identifiers[0], gathered_at="", probes=probe_all(web, JETS).probes
    )
    found = self_retrieval.assess(evidence)
    assert found.verdict == "unknown"
    assert "got no answer" not in found.reason
    assert "none of which is a record" in found.reason
