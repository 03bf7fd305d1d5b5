# SPDX-License-Identifier: MIT
"""Requests of an assessment: which file is requested, and pages of the host's search with bad items."""

from msgspec.structs import replace
from werkzeug import Response

from fairreg.assessment.evidence import Evidence
from fairreg.assessment.indicators.f4 import self_retrieval
from fairreg.schemas.identifiers import Identifier
from fairreg.schemas.record import Distribution, ModelRecord, Provenance
from fairreg.services.assess.probes import probe_all
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
