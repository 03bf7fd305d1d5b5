# SPDX-License-Identifier: MIT
"""JSON-LD of other tools: a document of each dialect, and what each of them must give."""

import json
from pathlib import Path

import build_linked_data_docs
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fairreg import formats
from fairreg.errors import RecordError
from fairreg.formats import dialects
from fairreg.formats.linked_data.properties import READS
from fairreg.schemas.identifiers import Identifier
from fairreg.schemas.record import Access, Creator, Distribution, FieldOrigin, ModelRecord, Relation
from support.examples import examples
from support.full_record import FULL

FOLDER = Path(__file__).parents[1] / "data" / "linked-data"
FILES = sorted(FOLDER.glob("*.json"))
ORCID = "0000-0002-1825-0097"
ADA = Creator(name="Ada Rossi", orcid=ORCID)
AT_INSTITUTE = Creator(name="Rossi, Ada", orcid=ORCID, affiliation="Institute of Jets")


def reading(name):
    return formats.read_record((FOLDER / f"{name}.json").read_bytes(), name=f"{name}.json")


def related(kind, scheme, value, target_kind=None):
    return Relation(type=kind, target=Identifier(scheme, value), target_kind=target_kind)


# Per document: its dialect, fields of the record, and all names of what is not read.
EXPECTED = {
    "fair4ml-0.1.0": (
        "FAIR4ML",
        {
            "identifier": "doi:10.1234/tagger.v2",
            "kind": "model",
            "description": "Tells H→bb jets from QCD jets.",
            "creators": (ADA, Creator(name="Friends and Family Group", kind="organization")),
            "publisher": "Hub of Models",
            "license": "Apache-2.0",
            "ml_task": ("jet tagging",),
            "model_category": ("graph neural network",),
            "intended_use": "Tagging of jets.",
            "limitations": "Simulated jets only.",
            "usage": "Load it with ONNX Runtime.",
            "identifiers": (
                Identifier("doi", "10.1234/tagger.v2"),
                Identifier("github", "lab/tagger", "codeRepository"),
                Identifier("paper_doi", "10.1234/paper", "referencePublication"),
            ),
            "distributions": (
                Distribution(
                    name="tagger.onnx",
                    url="https://example.org/files/tagger.onnx",
                    size=1_500_000,
                    size_is_rounded=True,
                    media_type="application/octet-stream",
                ),
            ),
            "relations": (
                related("is_supplement_to", "github", "lab/tagger"),
                related("trained_on", "doi", "10.1234/jets", "Dataset"),
                related("tested_on", "doi", "10.1234/test-jets"),
                related("evaluated_on", "doi", "10.1234/other-jets"),
                related("fine_tuned_from", "huggingface", "lab/base-tagger"),
                related("related_to", "doi", "10.1234/validation-jets"),
                related("cites", "doi", "10.1234/paper", "ScholarlyArticle"),
            ),
        },
        ("fair4ml:codeSampleSnippet", "fair4ml:hasCO2eEmissions", "fair4ml:trainedOn.name"),
    ),
    "fair4ml-0.1.0-slash": (
        "FAIR4ML",
        {
            "identifier": "url:https://example.org/models/tagger",
            "name": "Jet tagger",
            "alternate_names": ("Jet-Erkenner",),
            "creators": (Creator(name="Ada Rossi"), Creator(name="Okafor, Ben")),
            "license": "MIT",
            "ml_task": ("classification",),
            "relations": (related("trained_on", "zenodo", "1234", "Dataset"),),
        },
        ("creator.email", "http://w3id.org/fair4ml/trainedOn.name"),
    ),
    "fair4ml-mlentory": (
        "FAIR4ML",
        {
            "identifier": "huggingface:lab/tagger",
            "kind": "model",
            "license": "BSD-3-Clause",
            "publisher": "lab",
            "date_created": "2022-11-14T18:41:48+00:00",
            "model_category": ("graph network",),
            "relations": (related("cites", "arxiv", "2104.01778"),),
        },
        ("schema.org:memoryRequirements", "extraction_method", "extraction_time", "confidence"),
    ),
    "codemeta-2.0": (
        "CodeMeta",
        {
            "identifier": "doi:10.1234/tagger-code",
            "kind": "software",
            "version": "1.0",
            "license": "Apache-2.0 AND MIT",
            "keywords": ("jets", "tagging"),
            "creators": (Creator(name="Ada Rossi", orcid=ORCID, affiliation="Institute of Jets"),),
            "identifiers": (
                Identifier("doi", "10.1234/tagger-code"),
                Identifier("github", "lab/tagger", "codeRepository"),
                Identifier("paper_doi", "10.1234/paper", "referencePublication"),
            ),
        },
        ("programmingLanguage", "softwareRequirements", "author.email"),
    ),
    "codemeta-3.0": (
        "CodeMeta",
        {
            "version": "1.2",
            "license": "GPL-3.0-or-later",
            "creators": (Creator(name="Ada Rossi"), Creator(name="Lab of Jets", kind="organization")),
            "relations": (related("is_part_of", "url", "https://example.org/suite"),),
        },
        ("developmentStatus", "codemeta:continuousIntegration", "author.schema:roleName"),
    ),
    "codemeta-3.1": (
        "CodeMeta",
        {
            "identifier": "url:https://example.org/software/tagger",
            "creators": (ADA,),
            "publisher": "Press of Jets",
            "license": "BSD-3-Clause",
        },
        ("maintainer", "review", "publisher.@id"),
    ),
    "ro-crate-1.1": (
        "RO-Crate",
        {
            "identifier": "doi:10.1234/crate",
            "kind": "dataset",
            "license": "CC-BY-4.0",
            "publisher": "Institute of Jets",
            "creators": (
                Creator(name="Ada Rossi", orcid=ORCID, affiliation="Institute of Jets"),
                Creator(name="Ben Okafor"),
            ),
            "distributions": (
                Distribution(
                    name="model.onnx",
                    size=12,
                    checksums=("sha256:" + "a" * 64,),
                    media_type="application/octet-stream",
                ),
                Distribution(name="a.h5", url="https://example.org/a.h5", size=7),
                Distribution(name="data/jets 1.h5", size=2048),
            ),
        },
        ("mentions", "publisher.@id", "hasPart.name"),
    ),
    "ro-crate-1.2": (
        "RO-Crate",
        {
            "identifier": "doi:10.1234/crate7",
            "kind": "model",
            "license": "Apache-2.0",
            "creators": (ADA,),
            "distributions": (
                Distribution(name="model.onnx", url="https://example.org/crates/7/model.onnx", size=12),
            ),
            "relations": (related("trained_on", "doi", "10.1234/jets", "Dataset"),),
        },
        ("fair4ml:trainedOn.name",),
    ),
    "ro-crate-1.3": (
        "RO-Crate",
        {
            "identifier": "doi:10.1234/crate3",
            "kind": "model",
            "name": "Crate of a model",
            "license": "MIT",
            "creators": (Creator(name="Rossi, Ada"), Creator(name="Okafor, Ben")),
            "distributions": (
                Distribution(name="weights.safetensors", size=99),
                Distribution(name="LICENSE"),
            ),
        },
        ("identifier", "@graph.sdPublisher", "hasPart.name"),
    ),
    "croissant-1.0": (
        "Croissant",
        {
            "identifier": "huggingface:datasets/lab/jets",
            "kind": "dataset",
            "license": "MIT",
            "creators": (Creator(name="Lab of Jets", kind="organization"),),
            "distributions": (
                Distribution(
                    name="jets.zip",
                    url="https://example.org/jets.zip",
                    size=117743,
                    checksums=("sha256:" + "b" * 64,),
                    media_type="application/zip",
                ),
                Distribution(
                    name="jets.zip",
                    url="https://example.org/jets.zip",
                    checksums=("md5:" + "c" * 32,),
                    media_type="text/csv",
                    path="data/jets.csv",
                ),
            ),
        },
        ("citeAs", "distribution", "recordSet", "creator.url"),
    ),
    "croissant-1.1": (
        "Croissant",
        {
            "identifier": "doi:10.1234/jets",
            "creators": (ADA,),
            "license": "CC-BY-SA-4.0",
            "access": Access(level="open"),
            "distributions": (
                Distribution(
                    name="jets.csv",
                    url="https://example.org/jets.csv",
                    size=2048,
                    size_is_rounded=True,
                    media_type="text/csv",
                ),
            ),
        },
        ("rai:dataCollection", "distribution.encodingFormat"),
    ),
    "schema-org-zenodo": (
        "schema.org",
        {
            "identifier": "doi:10.5281/zenodo.1234567",
            "kind": "software",
            "name": "Jet tagger v2",
            "creators": (AT_INSTITUTE,),
            "license": "MIT",
            "language": "eng",
            "description": "Tells jets apart.\n\nSecond version.",
            "distributions": (
                Distribution(
                    name="tagger.onnx",
                    url="https://zenodo.org/api/records/1234567/files/tagger.onnx/content",
                    media_type="application/octet-stream",
                ),
            ),
        },
        ("contentSize", "size", "creator.affiliation.@id"),
    ),
    "schema-org-huggingface": (
        "schema.org",
        {
            "identifier": "huggingface:datasets/lab/jets",
            "license": "CC-BY-4.0",
            "creators": (Creator(name="lab", kind="organization"),),
            "keywords": ("tabular", "mit", "🇺🇸 Region: US"),
        },
        ("creator.url",),
    ),
    "schema-org-cern": (
        "schema.org",
        {
            "identifier": "doi:10.7483/opendata.cms.abcd.1234",
            "creators": (Creator(name="CMS Collaboration", kind="organization"),),
            "license": "CC0-1.0",
            "date_published": "2019",
        },
        ("includedInDataCatalog",),
    ),
    "schema-org-dataverse": (
        "schema.org",
        {
            "identifier": "doi:10.7910/dvn/jets01",
            "creators": (AT_INSTITUTE,),
            "license": "CC0-1.0",
            "description": "Simulated jets.\n\nIn two files.",
            "relations": (related("cites", "doi", "10.1234/paper", "CreativeWork"),),
        },
        (
            "includedInDataCatalog",
            "provider",
            "temporalCoverage",
            "citation.name",
            "distribution.description",
        ),
    ),
    "schema-org-figshare": (
        "schema.org",
        {
            "identifier": "doi:10.6084/m9.figshare.1234567.v1",
            "creators": (ADA,),
            "license": "CC-BY-4.0",
            "keywords": ("jets", "tagging"),
            "relations": (related("is_derived_from", "doi", "10.1234/raw"),),
            "access": Access(level="open"),
        },
        ("thumbnailUrl", "author.url"),
    ),
    "bioschemas-computationaltool": (
        "Bioschemas",
        {
            "identifier": "doi:10.1234/tool",
            "kind": "software",
            "version": "1.1",
            "stated_type": "SoftwareApplication",
            "license": "GPL-3.0-only",
            "creators": (ADA,),
        },
        ("applicationSubCategory", "featureList", "input"),
    ),
}


def test_every_fixture_has_its_expectation():
    assert {path.stem for path in FILES} == set(EXPECTED)


@pytest.mark.parametrize("name", EXPECTED)
def test_a_document_of_each_dialect_arrives_whole(name):
    dialect, fields, left_out = EXPECTED[name]
    found = reading(name)
    document = json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))
    assert dialect == dialects.dialect_of(document).NAME
    assert {field: getattr(found.understood, field) for field in fields} == fields
    assert found.left_out == left_out


@pytest.mark.parametrize("name", EXPECTED)
def test_what_was_read_is_a_record_like_any_other(name):
    record = reading(name).understood
    assert ModelRecord.from_json(record.to_json()) == record
    assert ModelRecord.from_jsonld(record.to_jsonld()) == record


def test_a_value_that_a_machine_found_in_a_text_is_marked_as_inferred():
    origins = reading("fair4ml-mlentory").understood.provenance.origins
    assert origins == (FieldOrigin("creators", "inferred", "Intel/dynamic_tinybert"),)


def test_the_documentation_shows_what_is_read():
    assert build_linked_data_docs.PAGE.read_text(encoding="utf-8") == build_linked_data_docs.page()


# A value of each property that is read.
SAMPLES = {
    "name": "A name", "alternateName": "Another", "headline": "A name",
    "version": "1", "softwareVersion": "1",
    "author": "Ada Rossi", "creator": "Ada Rossi", "publisher": "P", "sharedBy": "P", "license": "MIT",
    "keywords": "jets", "inLanguage": "en", "dateCreated": "2024", "datePublished": "2024",
    "dateModified": "2024", "isAccessibleForFree": True, "conditionsOfAccess": None,
    "distribution": {"@type": "DataDownload", "name": "a.onnx"}, "encoding": {"name": "a.onnx"},
    "associatedMedia": {"name": "a.onnx"},
    "hasEvaluation": {"metric": "AUC", "value": 0.99, "split": "test"}, "parameterCount": 25554,
}  # fmt: skip


@pytest.mark.parametrize("term", sorted(set(READS) - {"conditionsOfAccess"}))
def test_every_property_that_the_documentation_names_fills_its_field(term):
    base = {"@context": "https://schema.org/", "@type": "MLModel", "identifier": "doi:10.1234/own"}
    value = SAMPLES.get(term, "https://doi.org/10.1234/value")
    if term not in {"name", "headline"}:
        base["name"] = "A name"
    if term in {"abstract", "description", "intendedUse"}:
        value = "Words."
    elif term in {"url", "downloadUrl", "downloadURL", "contentUrl"}:
        value = "https://example.org/a.onnx"
    before, after = (
        dialects.read({**base, "name": "A name"}),
        dialects.read(base | {term: value}),
    )
    assert after.left_out == ()
    if term == "url":
        assert after.understood.provenance.url == value
    elif term not in {"name", "headline", "identifier"}:
        assert getattr(after.understood, READS[term]) != getattr(before.understood, READS[term])
    else:
        assert getattr(after.understood, READS[term])


@pytest.mark.parametrize("view", ["codemeta", "json", "jsonld", "fair4ml"])
def test_what_is_written_reads_back_to_the_same_facts(view):
    found = formats.read_record(formats.get(view).write(FULL)).understood
    assert (found.name, found.version, found.doi) == (FULL.name, FULL.version, FULL.doi)
    assert (found.license, found.keywords) == (FULL.license, FULL.keywords)
    assert (found.description, found.date_published) == (FULL.description, FULL.date_published)
    assert [(item.orcid, item.affiliation) for item in found.creators] == [
        (item.orcid, item.affiliation) for item in FULL.creators
    ]
    assert found.value_of("paper_doi") == FULL.value_of("paper_doi")


WORDS = st.text(st.characters(exclude_categories=["Cs"]), max_size=9)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | WORDS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(WORDS, inner, max_size=4),
    max_leaves=12,
)
KEYS = st.sampled_from(
    [
        *READS, "@id", "@type", "@list", "@value", "@graph", "@context", "@reverse", "id", "type", "hasPart",
        "about", "conformsTo", "mainEntity", "contentSize", "sha256", "containedIn", "affiliation", "data",
    ]
)  # fmt: skip
VALUES = st.sampled_from(
    ["./", "#a", "_:b", "File", "Dataset", "MLModel", "Role", "https://doi.org/10.1234/x", "1.5 MB", "en"]
)
DOCUMENTS = st.recursive(
    JSON | VALUES,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=6),
    max_leaves=30,
)


@settings(
    max_examples=examples(200),
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(document=st.dictionaries(KEYS, DOCUMENTS, max_size=8))
def test_any_document_gives_a_valid_record_or_a_record_error(document):
    try:
        found = dialects.read(document)
    except RecordError:
        return
    assert ModelRecord.from_json(found.understood.to_json()) == found.understood
    assert all(isinstance(name, str) for name in found.left_out)
