# SPDX-License-Identifier: MIT
"""Requests of an assessment: which file is requested, and pages of the host's search with bad items."""

from msgspec.structs import replace
from werkzeug import Response

from fairreg.schemas.identifiers import Identifier
from fairreg.schemas.record import Distribution, ModelRecord, Provenance
from fairreg.services.assess.probes import probe_all

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
