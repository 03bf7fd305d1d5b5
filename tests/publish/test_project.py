# SPDX-License-Identifier: MIT
"""The record of a folder: every metadata file is read, and contradictions are told."""

import json

import pytest
from msgspec import structs

from fairreg.formats import fair4ml
from fairreg.publish.zenodo.metadata import document, record_field
from fairreg.schemas.record import Creator
from fairreg.services.publish.project import read_project
from support.full_record import FULL
from support.publishing import CITATION, model_folder, onnx_bytes


@pytest.fixture
def read(tmp_path):
    def call(**files):
        names = []
        for name, content in files.items():
            path = tmp_path / name.replace("__", ".")
            if isinstance(content, bytes):
                path.write_bytes(content)
            else:
                path.write_text(content if isinstance(content, str) else json.dumps(content))
            names.append(path.name)
        return read_project(tmp_path, tuple(names))

    return call


def test_the_files_are_merged_into_one_record(tmp_path):
    folder = model_folder(tmp_path)
    found = read_project(
        folder, ("CITATION.cff", "README.md", "codemeta.json", "fair4ml.jsonld", "models/toy.onnx")
    )
    record = found.record
    assert (record.name, record.version, record.license, record.kind) == (
        "A toy tagger",
        "1.0",
        "MIT",
        "model",
    )
    assert record.description.startswith("A tagger of toy jets")
    assert record.intended_use == "Tests of programs."
    assert record.limitations == "It knows toy jets only."
    assert record.ml_task == ("tabular-classification",)
    assert [item.name for item in record.inputs + record.outputs] == ["x", "y"]
    assert record.related("trained_on")[0].value == "10.5281/zenodo.1000"
    assert record.date_published == "2026-11-02"
    assert found.notes == ()


def test_contradictions_are_told_with_both_files(read):
    found = read(
        **{
            "CITATION.cff": CITATION,
            "codemeta.json": {
                "@context": "https://w3id.org/codemeta/3.0",
                "@type": "SoftwareSourceCode",
                "name": "Another name",
                "version": "2.0",
                "license": "https://spdx.org/licenses/Apache-2.0",
                "author": [{"@type": "Person", "givenName": "Bo", "familyName": "Li"}],
            },
        }
    )
    assert found.record.version == "1.0"
    said = " ".join(found.notes)
    for words in (
        "the name Another name",
        "the version 2.0",
        "the creators Li, Bo",
    ):
        assert words in said
    assert said.count("CITATION.cff") == 3
    (fault,) = found.faults
    assert "CITATION.cff (MIT); codemeta.json (Apache-2.0)" in fault.message


@pytest.mark.parametrize(
    ("first", "second", "is_fault"),
    [
        ("MIT", "MIT", False),
        ("MIT", "Apache-2.0", True),
        ("MIT AND CC-BY-4.0", "CC-BY-4.0", False),
        ("MIT", "MIT OR Apache-2.0", True),
    ],
)
def test_files_of_two_licences_are_not_published(read, first, second, is_fault):
    codemeta = {"@context": "https://w3id.org/codemeta/3.0", "@type": "SoftwareSourceCode", "license": first}
    found = read(**{"codemeta.json": codemeta, "README.md": f"---\nlicense: {second}\n---\n# T\n"})
    told = [fault for fault in found.faults if fault.field == "license"]
    assert bool(told) == is_fault
    assert all(first in fault.message and second in fault.message for fault in told)


def test_damaged_files_are_told_and_the_others_read(read):
    found = read(
        **{"CITATION.cff": CITATION, "codemeta.json": "{", "fair4ml.jsonld": "[", "a.onnx": b"no model"}
    )
    assert found.record.name == "A toy tagger"
    assert sorted(note.split()[0] for note in found.notes) == ["a.onnx", "codemeta.json", "fair4ml.jsonld"]


def test_a_folder_without_metadata_has_a_name_and_a_kind(read, tmp_path):
    record = read(**{"a.onnx": onnx_bytes()}).record
    assert (record.name, record.kind, record.frameworks) == (tmp_path.name, "model", ("ONNX",))


def test_own_dois_and_versions_are_left_to_the_service(read):
    paper = "preferred-citation:\n  type: article\n  title: P\n  doi: 10.1000/p\n"
    text = f"{CITATION}doi: 10.5281/zenodo.7\n{paper}"
    record = read(**{"CITATION.cff": text}).record
    assert [item.scheme for item in record.identifiers] == ["paper_doi", "github"]
    meta = document(record, today="2026-11-30")["metadata"]
    stated = [(item["identifier"], item["relation_type"]["id"]) for item in meta["related_identifiers"]]
    assert stated == [
        ("https://github.com/lab/toy-tagger", "issupplementto"),
        ("10.1000/p", "isdescribedby"),
        ("10.1000/p", "cites"),
    ]


def test_a_full_record_keeps_its_facts_in_the_draft():
    meta = document(FULL, today="2026-11-30")["metadata"]
    assert meta["title"] == FULL.name
    assert len(meta["creators"]) == len(FULL.creators)
    assert {item["subject"] for item in meta["subjects"]} == set(FULL.keywords)
    stated = {(item["identifier"], item["relation_type"]["id"]) for item in meta["related_identifiers"]}
    assert ("10.1234/paper", "isdescribedby") in stated
    assert ("arXiv:2212.05081", "isdescribedby") in stated
    for relation in FULL.related("trained_on"):
        assert (relation.value, "isderivedfrom") in stated


@pytest.mark.parametrize(
    ("named", "sent"),
    [
        ("CERN", [{"id": "01ggx4157", "name": "CERN"}]),
        ("https://ror.org/01ggx4157", [{"id": "01ggx4157"}]),
        ("CERN; INFN", [{"name": "CERN"}, {"name": "INFN"}]),
    ],
)
def test_an_affiliation_is_sent_by_its_identifier_with_its_name(named, sent):
    creator = Creator(name="Rossi, Ada", affiliation=named, affiliation_rors=("01ggx4157",))
    meta = document(structs.replace(FULL, creators=(creator,)), today="2026-11-30")["metadata"]
    assert meta["creators"][0]["affiliations"] == sent


@pytest.mark.parametrize(
    ("field", "expected"),
    [
        ("metadata.creators.0.person_or_org.family_name", "creators"),
        ("metadata.rights", "license"),
        ("custom_fields.code:codeRepository", "relations"),
        ("metadata.creatorsx", None),
        ("", None),
    ],
)
def test_fields_of_the_service_are_those_of_the_record(field, expected):
    assert record_field(field) == expected


def metadata(found, today="2026-11-30"):
    return document(found.record, today=today)["metadata"]


@pytest.mark.parametrize(
    ("name", "content", "expected"),
    [
        (".zenodo.json", {"title": "T", "language": "eng"}, "eng"),
        ("codemeta.json", {"@type": "SoftwareSourceCode", "name": "T", "inLanguage": "en"}, "eng"),
        ("codemeta.json", {"name": "T", "inLanguage": {"name": "German", "alternateName": "de"}}, "deu"),
        ("README.md", "---\nlanguage: en-GB\n---\n# T\n", "eng"),
        ("README.md", "---\nlanguage:\n- fr\n- en\n---\n# T\n", "fra"),
        ("README.md", "---\nlanguage: multilingual\n---\n# T\n", None),
        (
            "fair4ml.jsonld",
            {
                "@context": {"@vocab": "http://schema.org/", "fair4ml": "https://w3id.org/fair4ml#"},
                "@type": "fair4ml:MLModel",
                "name": "T",
                "inLanguage": "it",
            },
            "ita",
        ),
    ],
)
def test_the_language_of_every_file_arrives_with_three_letters(read, name, content, expected):
    found = metadata(read(**{name: content, "a.onnx": onnx_bytes()}))
    assert found.get("languages") == ([{"id": expected}] if expected else None)


def test_the_date_of_publication_that_a_file_states_is_kept(read):
    stated = {"title": "T", "publication_date": "2020-01-01"}
    assert metadata(read(**{".zenodo.json": stated}))["publication_date"] == "2020-01-01"


def test_what_is_not_sent_is_named(read):
    stated = {
        "title": "T",
        "license": "mit",
        "communities": [{"identifier": "c"}],
        "contributors": [{"name": "A"}],
        "grants": [],
    }
    (note,) = read(**{".zenodo.json": {**stated, "grants": [{"id": "1"}]}}).notes
    assert note.startswith(".zenodo.json has communities, contributors, grants, which fairreg does not send:")
    assert "contributors, which" in read(**{".zenodo.json": {**stated, "grants": []}}).notes[0]


RELATED = [
    ("10.1234/review", "isReviewedBy", {}),
    ("https://x.example/d", "isCitedBy", {}),
    ("10.57967/hf/12", "isIdenticalTo", {}),
    ("10.1234/data", "isDerivedFrom", {"resource_type": "dataset"}),
    ("10.1234/preprint", "isDescribedBy", {"resource_type": "publication-preprint"}),
    ("10.1234/old", "isObsoletedBy", {}),
    ("10.1234/older", "isNewVersionOf", {}),
    ("10.1234/list", "collects", {}),
    ("number 7", "cites", {}),
]


def test_relations_arrive_with_their_words_and_kinds_or_are_named(read):
    related = [{"identifier": name, "relation": word, **more} for name, word, more in RELATED]
    found = read(**{".zenodo.json": {"title": "T", "license": "mit", "related_identifiers": related}})
    stated = [
        (item["identifier"], item["relation_type"]["id"], item.get("resource_type", {}).get("id"))
        for item in metadata(found)["related_identifiers"]
    ]
    assert sorted(stated) == [
        ("10.1234/data", "isderivedfrom", "dataset"),
        ("10.1234/preprint", "isdescribedby", "publication-preprint"),
        ("10.1234/review", "isreviewedby", None),
        ("10.57967/hf/12", "isidenticalto", None),
        ("https://x.example/d", "iscitedby", None),
    ]
    (note,) = found.notes
    assert note == (
        ".zenodo.json relates it to 10.1234/old (IsPreviousVersionOf), 10.1234/older (IsNewVersionOf), "
        "10.1234/list (Collects), number 7 (Cites), which fairreg does not send: "
        "add that at the service's page."
    )


def test_every_relation_of_a_record_is_sent_or_named(read):
    text = fair4ml.write(FULL)
    found = read(**{"fair4ml.jsonld": text, "a.onnx": onnx_bytes()})
    sent = {item["identifier"] for item in metadata(found)["related_identifiers"]}
    told = " ".join(found.notes)
    stated = fair4ml.read(text).understood.relations
    assert stated
    for item in stated:
        assert {
            item.target.value,
            item.target.url,
            f"arXiv:{item.target.value}",
        } & sent or item.target.value in told


def test_a_licence_that_no_list_has_is_sent_with_its_name_and_address(read):
    card = "---\nlicense: other\nlicense_name: lab-1\nlicense_link: {}\n---\n# T\n"
    found = metadata(read(**{"README.md": card.format("https://lab.example/licence")}))
    assert found["rights"] == [{"title": {"en": "lab-1"}, "link": "https://lab.example/licence"}]
    assert metadata(read(**{"README.md": card.format("LICENSE")}))["rights"] == [{"title": {"en": "lab-1"}}]


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("pytorch_model.bin", "model"),
        ("tagger.h5", "model"),
        ("bdt.pkl", "model"),
        ("forest.joblib", "model"),
        ("scaler.pkl", "software"),
        ("jets.h5", "software"),
        ("firmware.bin", "software"),
    ],
)
def test_weights_beside_a_citation_file_of_software_are_a_model(read, name, kind):
    record = read(**{"CITATION.cff": f"{CITATION}type: software\n", name: b"x"}).record
    assert record.kind == kind
    origins = [item.field for item in record.provenance.origins]
    assert origins.count("kind") == (kind == "model")


@pytest.mark.parametrize(
    ("level", "files"), [("open", "public"), ("restricted", "restricted"), ("embargoed", "restricted")]
)
def test_access_that_the_files_restrict_is_not_opened(read, level, files):
    stated = {"title": "T", "access_right": level, "embargo_date": "2030-01-01"}
    record = read(**{".zenodo.json": stated, "a.onnx": onnx_bytes()}).record
    access = document(record, today="2026-11-30")["access"]
    assert access["files"] == files
    assert access.get("embargo", {}).get("until") == ("2030-01-01" if level == "embargoed" else None)
