# SPDX-License-Identifier: MIT
import json
import re

import msgspec
import numpy as np
import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from rdflib import Graph, URIRef

from assessment.samples import (
    BARE,
    CONCEPT_DOI,
    DATA_DOI,
    HBB,
    SHA,
    TOP,
    VERSION_DOI,
    code_blocks,
    replaced,
    unregistered,
    with_record,
)
from fairreg.assessment import priorities, rubric
from fairreg.assessment.content.documents import role_of
from fairreg.assessment.content.prose import words
from fairreg.assessment.evidence import Document, FileFact, ModelFact
from fairreg.assessment.open_tasks import judged
from fairreg.assessment.remedies.base import TODO
from fairreg.assessment.remedies.drafts import drafts, todo_list
from fairreg.assessment.remedies.facts import Facts
from fairreg.assessment.report import assess
from fairreg.formats import zenodo
from fairreg.formats.markdown import sections
from fairreg.models.hbb_in.network import onnx_bytes
from fairreg.registry import catalogue
from fairreg.runners import get
from fairreg.schemas.contexts import context
from fairreg.schemas.identifiers import Identifier
from fairreg.schemas.record import Creator, ModelRecord
from fairreg.schemas.validation import violations
from support.examples import examples
from support.networks import PAPER, random_tensors
from support.records import records

MIT = "Permission is hereby granted, free of charge, to any person. The software is provided as is."
PAPER_DOI = "10.1088/2632-2153/ad12e3"
CURATED = replaced(HBB, added=next(item for item in catalogue.records() if item.doi == VERSION_DOI))
VERSIONS = {"numpy": "2.4.6", "onnxruntime": "1.31.1"}
CFF_KEYS = {
    "abstract",
    "authors",
    "cff-version",
    "commit",
    "contact",
    "date-released",
    "doi",
    "identifiers",
    "keywords",
    "license",
    "license-url",
    "message",
    "preferred-citation",
    "references",
    "repository",
    "repository-artifact",
    "repository-code",
    "title",
    "type",
    "url",
    "version",
}  # of the Citation File Format 1.2.0
ZENODO_RELATIONS = {"isSupplementTo", "isDerivedFrom", "isDescribedBy"}  # those used here, of its API's list


def mended(evidence):
    """The drafts by name."""
    return {item.name: item for item in drafts(assess(evidence), Facts(evidence, VERSIONS))}


def texts(evidence):
    return {name: item.text for name, item in mended(evidence).items()}


def published_with(evidence, written):
    """The evidence as if the files were added to the archive, in the place of those of the same name."""
    held = {item.path: item for item in evidence.documents}
    paths = {name: f"{TOP}/{name}" for name in written if role_of(name)}
    held |= {
        path: Document(role=role_of(name), path=path, text=written[name], sha256=SHA)
        for name, path in paths.items()
    }
    return replaced(evidence, documents=tuple(held.values()))


LONG = " ".join(["To tell jets of a Higgs boson from those of QCD in simulated collisions of protons."] * 3)
CARD_KEYS = {
    "pipeline_tag": "tabular-classification",
    "architecture": "interaction network",
    "library_name": "pytorch",
    "inputs": "tracks",
    "outputs": "probability",
    "intended_use": LONG,
    "limitations": LONG,
    "weights_license": "MIT",
    "datasets": f"[{DATA_DOI}]",
    "base_model": "none",
    "model-index": "[{results: [{dataset: {name: J, split: test}, metrics: [{type: auc, value: 1}]}]}]",
}
TRAINING = {
    "optimizer": "Adam",
    "learning_rate": 0.001,
    "batch_size": 128,
    "epochs": 20,
    "split": "80/10/10",
    "seed": 7,
    "software": "torch 2.1.0",
    "hardware": "NVIDIA A100",
    "commit": "7c36f46",
}
FAIR4ML = {
    "mlTask": "classification",
    "modelCategory": "interaction network",
    "framework": "PyTorch",
    "intendedUse": LONG,
    "modelRisksBiasLimitations": LONG,
    "trainedOn": {"@id": f"https://doi.org/{DATA_DOI}", "@type": "Dataset"},
    "hasEvaluation": {"metric": "ROC AUC", "value": 0.99, "split": "test", "evaluationDataset": "Jets"},
}


def filled_card(text):
    """The card with each commented key of its front matter filled in, and no comment left."""
    lines = [
        f"{key}: {CARD_KEYS[key]}"
        if line.startswith("# ") and (key := line[2:].rstrip(":")) in CARD_KEYS
        else line
        for line in text.splitlines()
    ]
    return re.sub(r"<!-- TODO \(author\).*?-->", "`python predict.py`", "\n".join(lines), flags=re.DOTALL)


def filled_fair4ml(text):
    document = json.loads(text)
    document["provenance"]["fieldOrigin"] = []
    return json.dumps(FAIR4ML | document)


def filled_citation(text):
    paper = {"type": "article", "title": "P", "authors": [{"name": "A"}], "doi": PAPER_DOI}
    asked = {"commit": "7c36f46", "preferred-citation": paper, "license": "MIT", "doi": VERSION_DOI}
    return yaml.safe_dump(asked | yaml.safe_load(text))


def filled_codemeta(text):
    names = {"identifier": VERSION_DOI, "referencePublication": PAPER_DOI}
    document = json.loads(text)
    document.pop("comment", None)
    return json.dumps({key: f"https://doi.org/{doi}" for key, doi in names.items()} | document)


def filled_prov(text):
    document = json.loads(text)
    del document["@graph"][0]["comment"]
    document["@graph"][0]["wasGeneratedBy"] = "#training"
    return json.dumps(document)


FILLED = {
    "MODEL_CARD.md": filled_card,
    "hyperparameters.json": lambda _: json.dumps(TRAINING),
    "fair4ml.jsonld": filled_fair4ml,
    "CITATION.cff": filled_citation,
    "codemeta.json": filled_codemeta,
    "prov.jsonld": filled_prov,
}


def without_to_dos(text):
    return re.sub(r"^# TODO \(author\).*\n", "", text, flags=re.MULTILINE)


def completed(evidence):
    """The drafts as their to-dos tell to complete them."""
    return {name: FILLED.get(name, without_to_dos)(text) for name, text in texts(evidence).items()}


def released(evidence, text):
    """The record of the release that Zenodo makes of a completed .zenodo.json."""
    facts = zenodo.read(text).understood
    return with_record(
        evidence,
        description=" ".join(["word"] * 50),
        keywords=("jets", "Higgs", "tagging"),
        license=facts.license or "MIT",
        relations=(*evidence.record.relations, *facts.relations),
    )


UNDESCRIBED = with_record(HBB, license=None, relations=(), frameworks=("PyTorch",))
CASES = {
    "catalogue": CURATED,
    "published": HBB,
    "nothing said": replaced(UNDESCRIBED, documents=(), datacite=None, datasets=()),
    "nothing known": with_record(
        replaced(BARE, downloaded=True), identifiers=(Identifier("doi", VERSION_DOI),), license="MIT"
    ),
}


@pytest.mark.sliced(2)
@pytest.mark.parametrize("case", CASES)
def test_a_draft_that_is_completed_as_it_tells_gives_the_pass_that_is_promised(case):
    evidence = CASES[case]
    files = priorities._files(evidence, [(item, judged(item, evidence)) for item in rubric.indicators()])
    assert files
    written = completed(evidence)
    for number, file in files.items():
        own = {file: written[file]}
        more = {"LICENSE": MIT} if number == "R1.1-2" else {}
        after = published_with(evidence, own | more)
        if number == "R1.1-2":
            after = with_record(after, license="MIT")
        if number == "R1-4":
            after = replaced(after, files=(*after.files, FileFact(path="predict.py", size=1)))
        if file == ".zenodo.json":
            after = released(after, own[file])
        found = verdicts(assess(after))[number]
        assert found.verdict == "pass", (number, file, found.reason)


@pytest.mark.parametrize("case", CASES)
def test_drafts_that_nobody_edited_raise_nothing_that_only_the_author_knows(case):
    old, new = (
        verdicts(assess(one)) for one in (CASES[case], published_with(CASES[case], texts(CASES[case])))
    )
    raised = {
        number for number in old if (new[number].verdict.points or 0) > (old[number].verdict.points or 0)
    }
    # Identifiers, licence and code of the record, the signature of the graph, a command that runs it.
    assert raised <= {"F3-2", "I1-2", "I2-4", "R1-4", "R1.1-2", "R3-1"}


TOLD_BY_THE_CATALOGUE = msgspec.structs.replace(
    CURATED.added,
    creators=(Creator(name="Curie, Marie", orcid="0000-0002-1825-0097"),),
    license="MIT",
    frameworks=("transformers",),
    intended_use=LONG,
    limitations=LONG,
    description=f"Trained with Adam for 20 epochs, learning rate 0.001, seed 7. Intended use: {LONG}",
    identifiers=(
        *CURATED.added.identifiers,
        Identifier("arxiv", "1909.12285"),
        Identifier("github", "lab/tagger", "https://github.com/lab/tagger/tree/v1"),
    ),
)
ASKED = tuple(item for item in HBB.probes if item.kind != "datacite")
SILENT = with_record(
    unregistered(
        replaced(HBB, documents=(), datasets=(), datacite=None, probes=ASKED, added=TOLD_BY_THE_CATALOGUE)
    ),
    creators=(),
    license=None,
    relations=(),
    keywords=(),
    description=None,
)


@pytest.mark.parametrize("evidence", [SILENT, CURATED, replaced(SILENT, models=(), files=())])
def test_what_the_catalogue_alone_says_gives_no_point_in_the_drafts_as_they_are(evidence):
    with_it, without = (texts(one) for one in (evidence, replaced(evidence, added=None)))
    assert with_it != without
    drafted, plain = (verdicts(assess(published_with(evidence, one))) for one in (with_it, without))
    before = verdicts(assess(evidence))
    for number, item in drafted.items():
        least = max(one[number].verdict.points or 0 for one in (plain, before))
        assert (item.verdict.points or 0) <= least, (number, item.reason)
    assert with_it[".zenodo.json"] == without[".zenodo.json"]  # it becomes the record's own statement


def test_a_draft_of_a_published_draft_still_asks_for_what_nobody_confirmed():
    first = texts(SILENT)
    again = texts(published_with(SILENT, first))
    assert not {"MODEL_CARD.md", "fair4ml.jsonld"} & set(again)
    for name in ("CITATION.cff", "codemeta.json"):
        assert again[name].count("Confirm") == first[name].count("Confirm") > 0
    assert json.loads(again["codemeta.json"])["comment"] == json.loads(first["codemeta.json"])["comment"]


def test_data_that_only_an_untouched_draft_names_do_not_make_the_model_fair():
    score = msgspec.structs.replace(HBB.datasets[0], identifier=Identifier("doi", DATA_DOI))
    drafted = published_with(SILENT, {"MODEL_CARD.md": texts(SILENT)["MODEL_CARD.md"]})
    found = verdicts(assess(replaced(drafted, datasets=(score,))))
    assert (found["I2-1"].verdict, found["I2-2"].verdict) == ("fail", "fail")
    assert "MODEL_CARD.md: 1 of" in found["I2-2"].reason


@pytest.mark.parametrize("name", ["codemeta.json", "fair4ml.jsonld", "MODEL_CARD.md", "CITATION.cff"])
def test_a_published_draft_is_not_advised_again_and_the_reason_says_what_it_waits_for(name):
    evidence = published_with(SILENT, {name: texts(SILENT)[name]})
    scored = [(item, judged(item, evidence)) for item in rubric.indicators()]
    waiting = [item.id for item, found in scored if f"{TOP}/{name}" in (found.remedy or "")]
    assert waiting
    steps = priorities.with_priorities(assess(evidence), evidence).do_first
    assert all((step.file, step.effort) == (None, "field") for step in steps if step.id in waiting)
    for item, found in scored:
        if item.id in waiting:
            assert name in found.reason
            assert "Neither the record nor the published files hold" not in found.reason


def test_a_fair4ml_file_with_unconfirmed_relations_says_so():
    evidence = published_with(SILENT, {"fair4ml.jsonld": texts(SILENT)["fair4ml.jsonld"]})
    found = verdicts(assess(evidence))["I2-1"]
    assert found.reason == (
        f"{TOP}/fair4ml.jsonld names doi:{DATA_DOI}, but marks `relations` as inferred (fieldOrigin), so it "
        "does not count. Nothing else that is published holds a reference to the training data."
    )
    assert found.remedy == (
        f"Confirm `relations` in {TOP}/fair4ml.jsonld and delete that entry of fieldOrigin."
    )


def test_a_draft_says_which_of_its_to_dos_concerns_an_indicator():
    found = verdicts(assess(published_with(CURATED, texts(CURATED))))
    told = re.search(
        r"MODEL_CARD\.md: 1 of (\d+) open to-dos concerns R1-2 \(line (\d+): Give", found["R1-2"].reason
    )
    card = texts(CURATED)["MODEL_CARD.md"]
    assert int(told[1]) == card.count(TODO)
    assert "R1-2" in card.splitlines()[int(told[2]) - 1]
    # Its author has requirements, with open versions.
    assert "requirements-inference.txt" not in texts(CURATED)


@pytest.mark.parametrize("case", CASES)
def test_no_to_do_asks_for_what_the_file_has(case):
    written = texts(CASES[case])
    for name, text in written.items():
        for key in re.findall(r"Add ([\w-]+)", text):
            assert f"\n{key}:" not in text, (name, key)
    card = written["MODEL_CARD.md"]
    if "\ndatasets:" in card:
        assert "Name the training data" not in card
    if "\nlibrary_name:" in card:
        assert "architecture, library_name" not in card


@pytest.mark.parametrize("case", CASES)
def test_a_remedy_that_names_files_names_the_one_that_is_drafted(case):
    evidence = CASES[case]
    scored = [(item, judged(item, evidence)) for item in rubric.indicators()]
    remedies = {item.id: found.remedy for item, found in scored}
    for number, file in priorities._files(evidence, scored).items():
        named = re.findall(r"[\w.-]+\.(?:json(?:ld)?|md|cff|txt)\b", remedies[number])
        assert not named or file in named, (number, file, remedies[number])


def test_a_licence_that_the_catalogue_alone_knows_is_left_to_the_author():
    added = msgspec.structs.replace(CURATED.added, license="MIT")
    evidence = replaced(with_record(CURATED, license=None), added=added, datacite=None)
    assert "license" not in yaml.safe_load(texts(replaced(evidence, documents=()))["CITATION.cff"])


def verdicts(report):
    return {item.id: item for found in report.principles.values() for item in found.indicators}


def test_what_fairreg_filled_in_itself_raises_the_published_network_from_76_to_80_percent():
    before, after = assess(CURATED), assess(published_with(CURATED, texts(CURATED)))
    assert before.overall == pytest.approx(0.761, abs=0.001)
    assert after.overall == pytest.approx(0.799, abs=0.001)
    old, new = verdicts(before), verdicts(after)
    assert all(
        new[number].verdict.points >= old[number].verdict.points
        for number in old
        if old[number].verdict.points is not None
    )
    raised = {number for number in old if old[number].verdict != new[number].verdict}
    assert raised == {"F3-2", "I1-2", "R1-4", "R3-1"}


def test_each_file_names_the_open_indicators_that_it_serves():
    report = assess(CURATED)
    open_ones = {number for number, item in verdicts(report).items() if item.remedy}
    found = mended(CURATED)
    assert set(found) == {
        "CITATION.cff", "codemeta.json", "fair4ml.jsonld", ".zenodo.json", "MODEL_CARD.md", "signature.json",
        "prov.jsonld", "hyperparameters.json",
    }  # fmt: skip
    assert all(item.serves and set(item.serves) <= open_ones for item in found.values())


def test_nothing_is_written_for_what_has_all_its_points():
    again = published_with(CURATED, completed(CURATED))
    assert not {"signature.json", "prov.jsonld", "requirements-inference.txt", "CITATION.cff"} & set(
        mended(again)
    )


def test_of_a_model_of_which_nothing_is_known_no_file_makes_something():
    empty = unregistered(replaced(BARE, downloaded=True))
    written = texts(empty)
    assert set(written) <= {"codemeta.json", "MODEL_CARD.md", "hyperparameters.json"}
    old, new = (verdicts(assess(item)) for item in (empty, published_with(empty, written)))
    gained = {number for number in old if old[number].verdict != new[number].verdict}
    assert gained == {"R3-1"}  # a CodeMeta file is there
    assert new["R3-1"].verdict == "partial"


def test_what_only_the_author_knows_is_marked_and_never_filled_in():
    card = texts(CURATED)["MODEL_CARD.md"]
    bodies = {item.heading: "\n".join(item.lines) for item in sections(card)}
    for title in ("Intended use", "Limitations", "Evaluation", "Training", "Related models"):
        assert TODO in bodies[title]
        assert words(bodies[title]) == 0
    found = mended(CURATED)["MODEL_CARD.md"]
    assert any("Intended use" in sentence for sentence in found.remains)


def test_citation_cff_has_what_its_schema_requires_and_this_versions_doi():
    text = texts(CURATED)["CITATION.cff"]
    stated = yaml.safe_load(text)
    assert {"cff-version", "message", "title", "authors"} <= set(stated) <= CFF_KEYS
    assert (stated["cff-version"], stated["doi"], stated["type"]) == ("1.2.0", VERSION_DOI, "software")
    assert re.fullmatch(r"\d{4}-\d{2}-\d{2}", stated["date-released"])
    assert len(set(stated["keywords"])) == len(stated["keywords"])
    for author in stated["authors"]:
        assert set(author) <= {"family-names", "given-names", "orcid", "affiliation", "name"}
        assert re.fullmatch(r"https://orcid\.org/\d{4}-\d{4}-\d{4}-\d{3}[\dX]", author["orcid"])
    assert f"# {TODO} for I2-3: Add preferred-citation" in text
    assert PAPER_DOI in text


def test_citation_cff_keeps_what_the_published_one_says_but_for_the_version():
    held = "cff-version: 1.1.0\ntitle: Mine\nmessage: Cite me.\ncontact: [{name: A}]\nauthors: [{name: B}]\n"
    held += f"doi: {CONCEPT_DOI}\nversion: 0.0.1\n"
    evidence = published_with(CURATED, {"CITATION.cff": held})
    stated = yaml.safe_load(texts(evidence)["CITATION.cff"])
    assert (stated["title"], stated["message"]) == ("Mine", "Cite me.")
    assert (stated["authors"], stated["contact"]) == ([{"name": "B"}], [{"name": "A"}])
    assert (stated["cff-version"], stated["doi"], stated["version"]) == ("1.2.0", VERSION_DOI, "v0.1.1")


def test_without_a_doi_citation_cff_asks_for_one():
    bare = with_record(replaced(BARE, downloaded=True), creators=(Creator(name="Curie, Marie"),))
    found = mended(bare)["CITATION.cff"]
    assert "doi" not in yaml.safe_load(found.text)
    assert any("Reserve a DOI" in sentence for sentence in found.remains)


def test_codemeta_is_read_by_rdflib_and_names_doi_people_and_paper():
    document = json.loads(texts(CURATED)["codemeta.json"])
    assert document["@context"] == "https://w3id.org/codemeta/3.0"
    graph = Graph()
    graph.parse(
        data=json.dumps(document | {"@context": {**context(), "@vocab": "http://schema.org/"}}),
        format="json-ld",
    )
    model = URIRef(f"https://doi.org/{VERSION_DOI}")
    said = {str(term).rpartition("/")[2]: str(value) for term, value in graph.predicate_objects(model)}
    assert said["referencePublication"] == f"https://doi.org/{PAPER_DOI}"
    assert said["license"] == "https://spdx.org/licenses/MIT"
    assert len(document["author"]) == 4


def test_a_published_codemeta_is_completed_and_not_replaced():
    held = {
        "@context": "https://doi.org/10.5063/schema/codemeta-2.0",
        "name": "Mine",
        "funder": "F",
        "version": "0",
    }
    evidence = published_with(CURATED, {"codemeta.json": json.dumps(held)})
    stated = json.loads(texts(evidence)["codemeta.json"])
    assert (stated["@context"], stated["name"], stated["funder"]) == (held["@context"], "Mine", "F")
    assert stated["version"] == "v0.1.1"


def test_fair4ml_is_a_valid_record_that_marks_what_the_author_did_not_say():
    document = json.loads(texts(CURATED)["fair4ml.jsonld"])
    assert violations(document) == []
    record = ModelRecord.from_jsonld(document)
    assert [item.value for item in record.related("trained_on")] == [DATA_DOI]
    origins = {item.field: item.origin for item in record.provenance.origins}
    assert origins["ml_task"] == "inferred"
    assert origins["inputs"] == "computed"
    assert "name" not in origins
    graph = Graph()
    graph.parse(data=json.dumps(document), format="json-ld")
    trained = URIRef("https://w3id.org/fair4ml#trainedOn")
    assert (None, trained, URIRef(f"https://doi.org/{DATA_DOI}")) in graph


def test_confirming_fair4ml_and_adding_the_use_gives_the_ml_metadata_all_points():
    written = texts(CURATED)
    document = json.loads(written["fair4ml.jsonld"])
    unconfirmed = verdicts(assess(published_with(CURATED, written)))["F2-3"]
    document["provenance"]["fieldOrigin"] = []
    document["intendedUse"] = "To tell jets of a Higgs boson from QCD jets."
    confirmed = published_with(CURATED, written | {"fair4ml.jsonld": json.dumps(document)})
    assert (unconfirmed.verdict, verdicts(assess(confirmed))["F2-3"].verdict) == ("partial", "pass")


def test_a_fair4ml_file_of_another_model_counts_for_nothing():
    other = json.loads(texts(CURATED)["fair4ml.jsonld"])
    other["identifier"] = [{"@type": "PropertyValue", "propertyID": "doi", "value": "10.1234/other"}]
    evidence = published_with(HBB, {"fair4ml.jsonld": json.dumps(other)})
    assert verdicts(assess(evidence))["I2-1"].verdict == "partial"


def test_zenodo_json_has_what_zenodo_requires_and_typed_relations():
    stated = json.loads(texts(CURATED)[".zenodo.json"])
    assert {"title", "upload_type", "description", "creators"} <= set(stated)
    assert all(", " in creator["name"] for creator in stated["creators"])
    assert {item["relation"] for item in stated["related_identifiers"]} <= ZENODO_RELATIONS
    # What fairreg put together would become the record's own statement.
    assert not {item["identifier"] for item in stated["related_identifiers"]} & {DATA_DOI, PAPER_DOI}
    asked = " ".join(mended(CURATED)[".zenodo.json"].remains)
    assert DATA_DOI in asked
    assert PAPER_DOI in asked
    assert "doi" not in stated  # Zenodo gives the next release its own


@pytest.mark.parametrize("keywords", [3, 2.5, True, {"a": 1}])
def test_keywords_of_a_published_zenodo_json_may_be_anything(keywords):
    evidence = published_with(CURATED, {".zenodo.json": json.dumps({"keywords": keywords})})
    assert "Give at least three keywords." in mended(evidence)[".zenodo.json"].remains


def test_zenodo_json_is_not_written_for_another_host():
    elsewhere = msgspec.structs.replace(HBB.record.provenance, source="huggingface")
    evidence = replaced(with_record(HBB, provenance=elsewhere, identifiers=()), requested=BARE.requested)
    assert ".zenodo.json" not in mended(evidence)


def test_provenance_is_prov_that_rdflib_reads():
    graph = Graph()
    graph.parse(data=texts(CURATED)["prov.jsonld"], format="json-ld")
    prov = "http://www.w3.org/ns/prov#"
    model, data = (URIRef(f"https://doi.org/{doi}") for doi in (VERSION_DOI, DATA_DOI))
    assert (model, URIRef(f"{prov}wasDerivedFrom"), data) in graph
    assert len(list(graph.objects(model, URIRef(f"{prov}wasAttributedTo")))) == 4


def test_the_cards_instructions_run_on_the_published_graph(tmp_path, monkeypatch):
    path = tmp_path / "models/hbb.onnx"
    path.parent.mkdir()
    path.write_bytes(onnx_bytes(random_tensors(PAPER)))
    runner = get("onnx").load(path)
    name = f"{TOP}/models/hbb.onnx"
    fact = ModelFact(file=name, inputs=runner.inputs, outputs=runner.outputs)
    file = FileFact(path=name, size=1, format="onnx", archive="a.zip")
    evidence = replaced(CURATED, models=(fact,), files=(*HBB.files, file))
    block = code_blocks(texts(evidence)["MODEL_CARD.md"])[0]
    monkeypatch.chdir(tmp_path)
    scope = {}
    exec(block, scope)
    assert scope["outputs"][0].shape == (1, 2)
    assert np.isfinite(scope["outputs"][0]).all()


def test_a_strange_path_or_type_gives_no_code():
    for changes in (
        {"file": 'a"); import os; ("b.onnx'},
        {"inputs": (msgspec.structs.replace(HBB.models[0].inputs[0], dtype="string"),)},
        {"inputs": (msgspec.structs.replace(HBB.models[0].inputs[0], shape=("...",)),)},
    ):
        strange = replaced(CURATED, models=(msgspec.structs.replace(HBB.models[0], **changes),))
        assert code_blocks(texts(strange)["MODEL_CARD.md"]) == ()


def test_a_published_card_is_left_to_its_author():
    assert "MODEL_CARD.md" not in mended(published_with(CURATED, {"MODEL_CARD.md": "# Mine"}))


HOSTILE = 'A\n# b: "c" --> <script>alert(1)</script> {d: [e]} | `f` \\ \x85'


def test_a_hostile_name_stays_a_name_in_every_file():
    written = texts(with_record(CURATED, name=HOSTILE))
    flat = " ".join(HOSTILE.split())
    unpublished = replaced(with_record(CURATED, name=HOSTILE), documents=())
    assert yaml.safe_load(texts(unpublished)["CITATION.cff"])["title"] == HOSTILE
    assert json.loads(written["codemeta.json"])["name"] == HOSTILE
    assert "<script>" not in written["MODEL_CARD.md"]
    assert written["MODEL_CARD.md"].count(flat.split(" -->")[0]) == 1


def test_the_list_of_what_remains_has_every_open_indicator_and_every_request():
    report = assess(CURATED)
    found = drafts(report, Facts(CURATED, VERSIONS))
    text = todo_list(report, found).text
    for item in found:
        assert all(f"- [ ] {sentence}" in text for sentence in item.remains)
    assert all(number in text for number, item in verdicts(report).items() if item.remedy)


@settings(
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    max_examples=examples(25),
)
@given(records)
def test_any_record_gives_files_that_parse(record):
    evidence = replaced(HBB, record=record, added=CURATED.added)
    for name, text in texts(evidence).items():
        if name.endswith((".json", ".jsonld")):
            assert isinstance(json.loads(text), dict)
        if name == "CITATION.cff":
            assert {"cff-version", "message", "title", "authors"} <= set(yaml.safe_load(text))
        if name == "fair4ml.jsonld":
            assert violations(json.loads(text)) == violations(record.to_jsonld())
    assert all(
        item.remedy for item in verdicts(assess(evidence)).values() if item.verdict in {"partial", "fail"}
    )


@pytest.mark.parametrize(
    "odd", ["\x1b", "\x00", "\x80", "\x85", "\u2028", "\n", "\ufeff", "#", ": ", "'", '"']
)
def test_no_character_of_a_name_breaks_a_file(odd):
    name = f"a{odd}b"
    record = msgspec.structs.replace(
        BARE.record,
        identifier=f"x:{name}",
        name=name,
        description=name,
        identifiers=(Identifier("huggingface", name), Identifier("doi", f"10.1234/{name}")),
        creators=(Creator(name),),
    )
    for file, text in texts(replaced(BARE, record=record)).items():
        if file.endswith((".json", ".jsonld")):
            assert isinstance(json.loads(text), dict)
        if file.endswith((".cff", ".yml", ".yaml")):
            assert isinstance(yaml.safe_load(text), dict)


@pytest.mark.parametrize(
    "evidence",
    [
        HBB,
        replaced(BARE, downloaded=True),
        replaced(HBB, files=(), documents=(), models=()),
        replaced(HBB, documents=(), datacite=None, probes=()),
        with_record(
            HBB, distributions=(), license=None, access=None, relations=(), identifiers=(), creators=()
        ),
    ],
)
def test_every_verdict_with_points_missing_says_the_next_step_in_a_sentence(evidence):
    for item in verdicts(assess(evidence)).values():
        missing = item.verdict in {"partial", "fail"}
        assert bool(item.remedy) == missing
        assert not missing or (item.remedy.endswith(".") and len(item.remedy.split()) > 2)


def test_a_signature_file_that_contradicts_the_graph_fails():
    signature = json.loads(texts(CURATED)["signature.json"])
    signature["inputs"][0]["shape"] = ["batch", 31, 60]
    found = verdicts(assess(published_with(HBB, {"signature.json": json.dumps(signature)})))["I1-2"]
    assert found.verdict == "fail"
    for broken in ("{", "[]", '{"inputs": 1}', '{"inputs": [], "outputs": []}'):
        assert verdicts(assess(published_with(HBB, {"signature.json": broken})))["I1-2"].verdict == "partial"


@pytest.mark.parametrize(
    ("datasets", "verdict"),
    [(f"[{DATA_DOI}]", "pass"), ("[squad, org/name]", "partial"), ("{a: b}", "partial")],
)
def test_only_a_persistent_identifier_in_a_card_is_a_qualified_reference(datasets, verdict):
    card = f"---\ndatasets: {datasets}\n---\n# Card\n"
    evidence = published_with(HBB, {"MODEL_CARD.md": card})
    assert verdicts(assess(evidence))["I2-1"].verdict == verdict


def test_a_fair4ml_file_of_other_hands_counts_without_an_identifier():
    document = {
        "@context": {"fair4ml": "https://w3id.org/fair4ml#", "@vocab": "https://schema.org/"},
        "@type": "fair4ml:MLModel",
        "@id": "./",
        "name": "A model",
        "hasEvaluation": {"metric": "ROC AUC", "value": 0.99, "split": "test", "dataset": "Jets"},
    }
    evidence = published_with(HBB, {"fair4ml.jsonld": json.dumps(document)})
    assert verdicts(assess(evidence))["R1-2"].verdict == "pass"


def test_results_in_a_fair4ml_file_are_results():
    document = json.loads(texts(CURATED)["fair4ml.jsonld"])
    result = {
        "@type": "Evaluation",
        "metric": "ROC AUC",
        "value": "0.99",
        "evaluationDataset": "D",
        "split": "test",
    }
    evidence = published_with(HBB, {"fair4ml.jsonld": json.dumps(document | {"hasEvaluation": [result]})})
    assert verdicts(assess(evidence))["R1-2"].verdict == "pass"
