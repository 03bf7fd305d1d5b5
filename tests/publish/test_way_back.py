# SPDX-License-Identifier: MIT
"""What a folder states in its metadata files, after its record was published and fetched by its DOI."""

import json

import pytest
from msgspec.structs import replace

from fairreg import formats
from fairreg.errors import Inexpressible
from fairreg.registry.registry import Registry
from fairreg.schemas.identifiers import Identifier
from fairreg.schemas.record import Evaluation, Feature, ModelRecord, Provenance, Relation, Tensor
from fairreg.services.assess.assess import gather
from fairreg.services.fetch.fetch import fetch
from fairreg.services.fetch.show import show
from fairreg.settings import Settings
from fairreg.sources import RECORD_FILES

DATA, PAPER, OTHER = "10.5281/zenodo.1000", "10.1088/2632-2153/ad12e3", "10.5281/zenodo.5555"
STATED = ModelRecord(
    identifier="file:models/toy.onnx",
    kind="model",
    name="A toy tagger",
    provenance=Provenance(source="authors", source_id="models/toy.onnx"),
    description="A tagger of toy jets.",
    identifiers=(Identifier("paper_doi", PAPER),),
    frameworks=("PyTorch",),
    ml_task=("tabular-classification",),
    relations=(Relation(type="trained_on", target=Identifier("doi", DATA)),),
    evaluations=(Evaluation(metric="ROC AUC", value="0.97", dataset="toy jets", split="test"),),
    inputs=(
        Tensor(name="jets", dtype="float32", shape=("jets", 2), features=(Feature(name="pt", unit="GeV"),)),
    ),
    outputs=(Tensor(name="p", dtype="float32", shape=("jets", 1)),),
    parameter_count=42,
    intended_use="Tests of programs.",
    limitations="It knows toy jets only.",
)


@pytest.fixture
def settings(stand, tmp_path):
    return Settings.from_environment({**stand.settings, "FAIRREG_HOME": str(tmp_path / "of-another")})


@pytest.fixture
def publish(run, folder):
    """Publish the folder with this FAIR4ML file and `more` files; return the DOI."""

    def call(stated=STATED, **more):
        (folder / "fair4ml.jsonld").write_text(formats.get("fair4ml").write(stated), "utf-8")
        for name, text in more.items():
            (folder / name).mkdir()
            (folder / name / "fair4ml.jsonld").write_text(text, "utf-8")
        return run().deposit.identifier

    return call


def brought_back(settings, doi, **choices):
    """The record that the registry shows after a fetch, and what was logged."""
    told = []
    fetch(settings, doi, log=told.append, **choices)
    return show(settings, doi), told


def test_each_format_has_what_the_authors_stated_in_their_own_file(publish, settings):
    record, _ = brought_back(settings, publish())
    text = {
        name: formats.get(name).write(record)
        for name in ("dlhub", "model-card", "fair4ml", "zenodo", "codemeta", "prov", "ro-crate-1.2")
    }
    dlhub = json.loads(text["dlhub"])
    method = dlhub["servable"]["methods"]["run"]
    assert (method["input"]["shape"], method["output"]["shape"]) == ([None, 2], [None, 1])
    related = {
        (item["relatedIdentifier"], item["relationType"]) for item in dlhub["datacite"]["relatedIdentifiers"]
    }
    assert {(DATA, "IsDerivedFrom"), (PAPER, "IsDescribedBy")} <= related
    assert dlhub["datacite"]["publicationYear"] == "2026"
    for part in (
        "## Inputs and outputs",
        "| ROC AUC | 0.97 |",
        "Tests of programs.",
        "It knows toy jets only.",
    ):
        assert part in text["model-card"]
    fair4ml = json.loads(text["fair4ml"])
    assert [item["identifier"]["value"] for item in fair4ml["trainedOn"]] == [DATA]
    assert fair4ml["mlTask"] == ["tabular-classification"]
    assert fair4ml["intendedUse"] == STATED.intended_use
    assert fair4ml["hasEvaluation"][0]["metric"] == "ROC AUC"
    deposit = json.loads(text["zenodo"])["related_identifiers"]
    relations = {(item["identifier"], item["relation"]) for item in deposit}
    assert {(DATA, "isDerivedFrom"), (PAPER, "isDescribedBy")} <= relations
    assert json.loads(text["codemeta"])["referencePublication"] == [f"https://doi.org/{PAPER}"]
    (training,) = (item for item in json.loads(text["prov"])["@graph"] if item["@id"] == "#training")
    assert f"https://doi.org/{DATA}" in training["used"]
    root = next(item for item in json.loads(text["ro-crate-1.2"])["@graph"] if item["@id"] == "./")
    assert root["parameterCount"] == 42
    with pytest.raises(Inexpressible, match=f"trained on doi:{DATA}"):
        formats.get("croissant").write(record)


def test_each_field_names_its_file_and_the_repository_comes_first(publish, stand, settings):
    doi = publish()
    (kept,) = stand.records.values()
    kept.document["metadata"] |= {"version": "2.0", "title": "Renamed at its page"}
    with Registry(settings=fetched(settings, doi)) as registry:
        (said,) = (item for item in registry.statements.of_entry(doi) if item.source == RECORD_FILES)
        entry = registry.entry_for(doi)
    assert (said.record.version, entry.record.version) == ("1.0", "2.0")
    assert (entry.record.name, entry.record.publisher) == ("Renamed at its page", "Zenodo")
    assert entry.record.provenance.source == "zenodo"
    assert "files" in entry.record.provenance.merged_from
    assert "files" not in entry.sources  # it is not a place to search
    origins = {(item.field, item.evidence) for item in entry.record.provenance.origins}
    assert {("inputs", "fair4ml.jsonld"), ("evaluations", "fair4ml.jsonld")} <= origins


def fetched(settings, doi):
    brought_back(settings, doi)
    return settings


def test_a_file_about_another_object_adds_nothing_and_that_is_said(publish, settings):
    other = replace(STATED, identifiers=(Identifier("doi", OTHER),), notes="of another", limitations="None.")
    record, told = brought_back(settings, publish(replace(STATED, limitations=None), upstream=written(other)))
    assert record.notes != "of another"
    assert f"upstream/fair4ml.jsonld describes {OTHER}" in " ".join(told)


def written(record):
    return formats.get("fair4ml").write(record)


def test_a_file_joins_the_record_to_no_other(publish, settings):
    claimed = (Identifier("doi", OTHER), Identifier("huggingface", "google/known"))
    record, _ = brought_back(
        settings,
        publish(
            replace(
                STATED,
                identifiers=(*STATED.identifiers, *claimed),
                relations=(Relation(type="is_new_version_of", target=Identifier("doi", OTHER)),),
            )
        ),
    )
    assert {item.scheme for item in record.identifiers} <= {
        "doi", "concept_doi", "zenodo", "github", "paper_doi", "fingerprint"
    }  # fmt: skip
    assert OTHER not in {item.value for item in record.identifiers}
    assert "is_new_version_of" not in {item.type for item in record.relations}


def test_a_file_that_names_all_versions_tells_nothing_of_this_one(run, stand, folder, settings):
    run(yes=False)
    concept = f"10.5281/zenodo.{next(iter(stand.records.values())).parent}"
    (folder / "docs").mkdir()
    of_all = replace(STATED, identifiers=(Identifier("concept_doi", concept),), version="0.0.9", notes="kept")
    (folder / "docs" / "fair4ml.jsonld").write_text(written(of_all), "utf-8")
    doi = run().deposit.identifier
    with Registry(settings=fetched(settings, doi)) as registry:
        (said,) = (item.record for item in registry.statements.of_entry(doi) if item.source == RECORD_FILES)
    assert (said.version, said.notes) == ("1.0", "kept")  # the version is that of codemeta.json


@pytest.mark.sliced(2)
@pytest.mark.parametrize(
    "text", ["{", '{"@type": "MLModel"}', "[" * 9000, '{"name": "' + "x" * 70_000 + '"}']
)
def test_a_file_that_cannot_be_read_is_named_and_stops_nothing(text, publish, settings):
    record, told = brought_back(settings, publish(broken=text))
    assert record.inputs == STATED.inputs
    assert "broken/fair4ml.jsonld" in " ".join(told)


def test_a_fetch_of_some_files_keeps_what_others_stated(publish, settings):
    doi = publish()
    brought_back(settings, doi)
    record, _ = brought_back(settings, doi, patterns=("codemeta.json",))
    assert record.inputs == STATED.inputs


def test_an_assessment_reads_the_files_as_well_and_scores_the_repositorys_record(publish, settings):
    doi = publish()
    evidence = gather(settings, doi, offline=False, log=lambda _text: None)
    assert evidence.record.inputs == ()
    assert show(settings, doi).inputs == STATED.inputs
    assert gather(settings, doi, offline=True, log=lambda _text: None).record.inputs == ()
