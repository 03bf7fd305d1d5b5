# SPDX-License-Identifier: MIT

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fairreg import harvesters
from fairreg.errors import RecordError
from fairreg.schemas.identifiers import Identifier
from fairreg.schemas.record import Access, ModelRecord
from harvesters.zenodo_payloads import NATIVE, RECORD, record
from support.damage import survives_damage
from support.examples import examples

zenodo = harvesters.get("zenodo")


def mapped(**changes) -> ModelRecord:
    return zenodo.to_record(record(1002, **changes))


def test_maps_the_current_shape():
    found = zenodo.to_record(RECORD)
    assert found.identifier == "doi:10.5281/zenodo.1002"
    assert (found.doi, found.concept_doi) == ("10.5281/zenodo.1002", "10.5281/zenodo.1000")
    assert found.value_of("zenodo") == "1002"
    assert found.value_of("swhid") == "swh:1:dir:247168dd727c19cef2ce885476d3e4102d2ca7de"
    assert found.value_of("github") == "example/tagger"
    assert found.value_of("related_doi") == "10.1000/paper"
    assert found.value_of("other") == "bare-word"
    assert found.value_of("huggingface") is None
    assert found.description == "First part, p < 0.05.\n\nSecond part."
    assert (found.license, found.license_stated) == ("MIT", None)
    assert found.keywords == ("jet tagging", "PyTorch", "trained model")
    assert (found.version, found.language, found.publisher) == ("v1.1", "eng", "Zenodo")
    assert (found.date_published, found.access) == ("2022-11-09", Access(level="open"))
    assert found.provenance.url == "https://zenodo.org/records/1002"
    assert (found.provenance.source, found.provenance.source_id) == ("zenodo", "1002")
    assert found.provenance.retrieved is None
    assert found.provenance.payload_sha256 is None


def test_creators_keep_only_orcids_whose_checksum_holds():
    jane, rick, pat = zenodo.to_record(RECORD).creators
    assert (jane.orcid, jane.affiliation) == ("0000-0002-1825-0097", "A University")
    assert (rick.orcid, rick.affiliation) == (None, None)
    assert pat.affiliation == "B; C"


def test_files_carry_lower_case_checksums_and_formats():
    onnx, archive = zenodo.to_record(RECORD).distributions
    assert (onnx.name, onnx.format, onnx.size) == ("weights/model.onnx", "onnx", 42)
    assert onnx.checksums == ("md5:0123456789abcdef0123456789abcdef",)
    assert archive.checksums == onnx.checksums
    assert (archive.format, archive.media_type, archive.url) == ("tar.gz", "application/gzip", None)


def test_relations_are_typed_and_name_the_concept():
    found = zenodo.to_record(RECORD)
    (code,) = found.related("is_supplement_to")
    assert (code.scheme, code.value) == ("github", "example/tagger")
    assert code.evidence.endswith("/example/tagger/tree/v1.1")
    assert found.related("is_derived_from") == (Identifier("doi", "10.7483/opendata.example"),)
    assert found.related("related_to") == (Identifier("arxiv", "2212.05081"),)
    assert found.related("is_version_of") == (Identifier("doi", "10.5281/zenodo.1000"),)
    assert found.related("references") == (Identifier("doi", "10.1000/abc"),)


def test_software_with_weights_is_inferred_to_be_a_model():
    found = zenodo.to_record(RECORD)
    origins = {item.field: item for item in found.provenance.origins}
    assert (found.kind, found.stated_type) == ("model", "Software")
    assert origins["kind"].origin == "inferred"
    assert "model.onnx" in (origins["kind"].evidence or "")
    assert found.frameworks == ("PyTorch", "ONNX")
    assert found.formats == ("onnx", "tar.gz")
    assert found.ml_task == ("jet tagging",)


@pytest.mark.parametrize(
    ("stated", "kind", "inferred"),
    [
        ({"type": "model", "title": "Model"}, "model", False),
        ({"type": "dataset", "title": "Dataset"}, "dataset", False),
        ({"type": "software", "title": "Software"}, "software", False),
        ({"type": "workflow", "title": "Workflow"}, "software", False),
        ({"id": "software-computationalnotebook"}, "software", False),
        ({"type": "publication", "subtype": "article", "title": "Journal article"}, "dataset", True),
        ({"type": "poster", "title": "Poster"}, "dataset", True),
    ],
)
def test_kind_follows_the_stated_type(stated, kind, inferred):
    payload = record(1002, resource_type=stated, keywords=["physics"])
    payload["files"] = [{"key": "data.h5"}]
    found = zenodo.to_record(payload)
    assert found.kind == kind
    assert ("kind" in {item.field for item in found.provenance.origins}) is inferred


@pytest.mark.parametrize(
    ("stated", "spdx", "kept"),
    [
        ({"id": "CC-BY-4.0"}, "CC-BY-4.0", None),
        ({"id": "cc-by-4.0"}, "CC-BY-4.0", None),
        ("gpl-3.0", "GPL-3.0-only", None),
        ({"id": "other-open"}, None, "other-open"),
        ({"id": "notspecified"}, None, "notspecified"),
        (None, None, None),
    ],
)
def test_licences(stated, spdx, kept):
    found = mapped(license=stated)
    assert (found.license, found.license_stated) == (spdx, kept)


@pytest.mark.parametrize(
    ("stated", "access"),
    [
        ({"access_right": "closed"}, Access(level="closed")),
        (
            {"access_right": "restricted", "access_conditions": "<p>Ask <b>us</b>.</p>"},
            Access(level="restricted", conditions="Ask us."),
        ),
        (
            {"access_right": "embargoed", "embargo_date": "2030-01-01"},
            Access(level="embargoed", until="2030-01-01"),
        ),
        ({"access_right": "on the moon"}, None),
    ],
)
def test_access(stated, access):
    assert mapped(**stated).access == access


def test_maps_the_native_shape():
    found = zenodo.to_record(NATIVE)
    assert (found.kind, found.stated_type) == ("model", "Model")
    assert (found.doi, found.concept_doi) == ("10.5281/zenodo.1002", "10.5281/zenodo.1000")
    assert found.license == "CC-BY-4.0 AND MIT"
    assert found.access == Access(level="embargoed", conditions="paper", until="2030-01-01")
    assert found.distributions[0].url == "https://zenodo.org/api/records/1002/files/a%20b.pt/content"
    assert found.creators[0].orcid == "0000-0002-1825-0097"
    assert found.creators[0].affiliation == "A University; B Lab"
    assert found.creators[1].kind == "organization"
    assert found.related("is_cited_by") == (Identifier("doi", "10.1000/x"),)
    assert found.keywords == ("jets",)


def test_a_record_with_an_external_doi_names_its_concept_by_number():
    payload = record(1002)
    del payload["conceptdoi"]
    payload |= {"doi": "10.1000/journal", "links": {"parent_doi": "https://zenodo.org/doi/"}}
    found = zenodo.to_record(payload)
    assert found.identifier == "doi:10.1000/journal"
    assert found.concept_doi is None
    assert Identifier("zenodo", "501002") in found.related("is_version_of")


def test_a_concept_is_no_version_of_itself():
    payload = record(1002)
    payload["conceptdoi"] = payload["doi"]
    found = zenodo.to_record(payload)
    assert found.concept_doi is None
    assert found.related("is_version_of") == ()


def test_without_a_doi_the_number_identifies():
    payload = {"id": 7, "metadata": {"title": "Bare"}}
    assert zenodo.to_record(payload).identifier == "zenodo:7"


def test_numbers_of_the_sandbox_name_no_record_of_zenodo():
    payload = {"id": 7, "doi": "10.5072/zenodo.7", "metadata": {"title": "Test"}}
    assert zenodo.to_record(payload).value_of("zenodo") is None


@pytest.mark.parametrize(
    ("garbage", "path"),
    [
        ([], "$"),
        (None, "$"),
        ("<html>", "$"),
        ({}, "$.metadata.title"),
        ({"id": 1, "metadata": {"title": "  "}}, "$.metadata.title"),
        ({"status": 404, "message": "The persistent identifier does not exist."}, "$.metadata.title"),
        ({"metadata": {"title": "No id"}}, "$.id"),
        ({"id": "c", "slug": "a-community", "metadata": {"title": "A community"}}, "$.slug"),
    ],
)
def test_what_is_no_record_is_refused_by_its_path(garbage, path):
    with pytest.raises(RecordError) as caught:
        zenodo.to_record(garbage)
    assert caught.value.violations[0][0] == path
    assert path in caught.value.message


@settings(max_examples=examples(300))
@given(data=st.data(), shape=st.sampled_from([RECORD, NATIVE]))
def test_a_damaged_payload_gives_a_valid_record_or_a_record_error(data, shape):
    survives_damage(zenodo, shape, data)


@pytest.mark.parametrize(
    "metadata",
    [
        {"resource_type": {"type": "model", "title": "Model"}},
        {"resource_type": {"id": "model", "title": {"en": "Model", "de": "Modell"}}},
        {"upload_type": "model"},
    ],
    ids=["legacy", "native", "deposit"],
)
def test_the_resource_type_model_of_inveniordm_is_a_model_in_every_shape(metadata):
    found = zenodo.to_record({"id": 1, "metadata": {"title": "Tagger", **metadata}})
    assert (found.kind, (found.stated_type or "").lower()) == ("model", "model")
    assert not [item for item in found.provenance.origins if item.field == "kind"]


def test_ror_identifies_native_creators_and_their_affiliations():
    who = {
        "name": "CERN",
        "type": "organizational",
        "identifiers": [{"scheme": "ror", "identifier": "01ggx4157"}],
    }
    places = [{"id": "03efmqc40", "name": "Arizona State University"}, {"id": "cern", "name": "X"}]
    metadata = {"title": "T", "creators": [{"person_or_org": who, "affiliations": places}]}
    (creator,) = zenodo.to_record({"id": 1, "metadata": metadata}).creators
    assert (creator.kind, creator.ror, creator.affiliation_rors) == (
        "organization",
        "01ggx4157",
        ("03efmqc40",),
    )


@pytest.mark.parametrize("stated", ["01ggx4157", "https://ror.org/01ggx4157"])
def test_an_identifier_in_the_place_of_an_affiliation_is_no_name(stated):
    named = {"name": "Rossi, Ada", "affiliation": stated}
    (creator,) = zenodo.to_record({"id": 1, "metadata": {"title": "T", "creators": [named]}}).creators
    assert (creator.affiliation, creator.affiliation_rors) == (None, ("01ggx4157",))


def test_a_description_keeps_the_addresses_behind_its_links():
    told = '<p>Trained on the <a href="https://doi.org/10.5281/zenodo.1">top dataset</a>.</p>'
    shown = '<p>See <a href="https://doi.org/10.1000/x">doi:10.1000/x</a>.</p>'
    mail = '<p>Write to <a href="mailto:ada@example.org">Ada</a>.</p>'
    read = [mapped(description=text).description for text in (told, shown, mail)]
    assert read == [
        "Trained on the top dataset (https://doi.org/10.5281/zenodo.1).",
        "See doi:10.1000/x.",
        "Write to Ada.",
    ]
