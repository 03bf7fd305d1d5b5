# SPDX-License-Identifier: MIT
"""Entries in model registries that a record names: what links back, and what says nothing."""

import pytest
from msgspec.structs import replace
from werkzeug import Response

from fairreg.assessment.evidence import Evidence, Probe
from fairreg.assessment.indicators.f4 import listed
from fairreg.schemas.identifiers import Identifier
from fairreg.schemas.record import ModelRecord, Provenance, Relation
from fairreg.services.assess.probes import listing
from support import hub

DOI = "10.5281/zenodo.1000"
ENTRY = Identifier("huggingface", "org/name")
RECORD = ModelRecord(
    identifier=f"doi:{DOI}",
    kind="model",
    name="A model",
    provenance=Provenance(source="zenodo", source_id="1000", url="https://zenodo.org/records/1000"),
    identifiers=(Identifier("doi", DOI),),
    relations=(Relation(type="is_identical_to", target=ENTRY, target_kind="model"),),
)


def verdict(probe):
    registration = Probe(kind="datacite", outcome="absent")
    probes = (probe, registration)
    evidence = Evidence(record=RECORD, requested=ENTRY, gathered_at="2026-11-01", probes=probes)
    return listed.assess(evidence).verdict


@pytest.mark.parametrize(
    ("card", "found", "right"),
    [
        (f"# Tagger\n\nIt tags jets. Archived as https://doi.org/{DOI}.", "reciprocal", "pass"),
        ("# Tagger\n\nKept at https://zenodo.org/records/1000 as well.", "reciprocal", "pass"),
        ("# Tagger\n\nIt tags jets, as in https://doi.org/10.5281/zenodo.2000.", "one_way", "partial"),
        (f"# Tagger\n\nIt tags jets, as in https://doi.org/{DOI}5.", "one_way", "partial"),
        (f"# Tagger\n\nIt tags jets, as in https://doi.org/{DOI}/v2.", "one_way", "partial"),
        ("# Tagger\n\nKept beside https://zenodo.org/records/10007.", "one_way", "partial"),
        (f"# Tagger\n\nTags. ![DOI](https://zenodo.org/badge/DOI/{DOI}.svg)", "reciprocal", "pass"),
        ("# Tagger\n\nSee (https://zenodo.org/records/1000/files/m.onnx).", "reciprocal", "pass"),
        ("", "stub", "partial"),
    ],
)
def test_an_entry_counts_by_what_it_says_and_where_it_links(web, httpserver, card, found, right):
    hub.serve(httpserver, "org/name", {"README.md": card.encode()} if card else {})
    probe = listing(web, RECORD, None)
    assert (probe.outcome, probe.found) == ("ok", (found,))
    assert verdict(probe) == right


def test_a_record_that_names_no_entry_is_not_looked_for(web, httpserver):
    alone = replace(RECORD, relations=())
    probe = listing(web, alone, None)
    assert (probe.outcome, verdict(probe)) == ("absent", "fail")
    assert httpserver.log == []


def test_the_registration_names_entries_too(web, httpserver):
    hub.serve(httpserver, "org/name", {"README.md": f"# T\n\nTags jets. doi:{DOI}".encode()})
    assert listing(web, replace(RECORD, relations=()), RECORD).found == ("reciprocal",)


@pytest.mark.parametrize(
    ("status", "outcome", "right"),
    [(404, "absent", "fail"), (403, "denied", "unknown"), (503, "failed", "unknown")],
)
def test_an_entry_that_is_missing_is_none_and_a_registry_that_is_down_is_unknown(
    web, httpserver, status, outcome, right
):
    answer = Response(status=status)
    httpserver.expect_request("/huggingface/api/models/org/name").respond_with_response(answer)
    probe = listing(web, RECORD, None)
    assert (probe.outcome, verdict(probe)) == (outcome, right)


def test_entries_beyond_those_looked_up_are_unknown(web, httpserver):
    names = [Identifier("huggingface", f"org/m{number}") for number in range(5)]
    many = tuple(Relation(type="is_identical_to", target=name, target_kind="model") for name in names)
    for name in names:
        missing = httpserver.expect_request(f"/huggingface/api/models/{name.value}")
        missing.respond_with_response(Response(status=404))
    probe = listing(web, replace(RECORD, relations=many), None)
    assert (probe.outcome, verdict(probe)) == ("failed", "unknown")
    assert "the first 3 were looked up" in probe.detail


def test_the_reason_says_what_was_looked_into(web):
    probe = listing(web, replace(RECORD, relations=()), None)
    registration = Probe(kind="datacite", outcome="absent")
    evidence = Evidence(
        record=RECORD, requested=ENTRY, gathered_at="2026-11-01", probes=(probe, registration)
    )
    found = listed.assess(evidence)
    assert found.verdict == "fail"
    assert "neither the record nor its registration names an entry" in found.reason


def test_without_the_record_of_the_host_no_entry_is_named_is_unknown(web):
    seen = Provenance(source="datacite", source_id=DOI)
    alone = replace(RECORD, relations=(), provenance=seen)
    probe = listing(web, alone, None)
    probes = (probe, Probe(kind="datacite", outcome="ok"))
    evidence = Evidence(record=alone, requested=ENTRY, gathered_at="2026-11-01", probes=probes)
    assert listed.assess(evidence).verdict == "unknown"


def test_a_dataset_at_a_registry_is_no_entry_of_the_model(web, httpserver):
    data = Relation(type="trained_on", target=Identifier("huggingface", "datasets/org/jets"))
    assert listing(web, replace(RECORD, relations=(data,)), None).outcome == "absent"
    assert httpserver.log == []


def test_a_record_of_a_registry_itself_needs_no_request(web):
    hosted = replace(RECORD, provenance=Provenance(source="huggingface", source_id="org/name"))
    assert listing(web, hosted, None) is None
