# SPDX-License-Identifier: MIT
"""Infos of the Hub become records; those without a recording are written by hand in the recorded shapes."""

import base64
import copy
import json
import lzma
import random
from collections import Counter
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fairreg import harvesters
from fairreg.errors import RecordError, UsageError
from fairreg.formats.model_card import decoded
from fairreg.harvesters.huggingface.mapping import envelope
from fairreg.schemas.identifiers import Identifier
from fairreg.schemas.record import Access, Creator, Evaluation, ModelRecord
from fairreg.schemas.validation import violations
from support.damage import JUNK, changed, paths
from support.examples import examples

hub = harvesters.get("huggingface")

DIGEST = "ab" * 32
SHA = "86b5e0934494bd15c9632b12f734a8a67f723594"
INFO = {
    "_id": "621ffdc036468d709f174338",
    "id": "lab/jet-tagger",
    "modelId": "lab/jet-tagger",
    "author": "lab",
    "sha": SHA,
    "createdAt": "2024-05-01T10:00:00.000Z",
    "lastModified": "2024-06-01T10:00:00.000Z",
    "private": False,
    "gated": False,
    "disabled": False,
    "pipeline_tag": "tabular-classification",
    "library_name": "transformers",
    "tags": [
        "transformers", "pytorch", "safetensors", "jets", "arxiv:2212.05081", "license:other", "region:us",
        "doi:10.57967/hf/99", "doi:10.57967/hf/1200", "doi:10.5281/zenodo.1", "dataset:lab/jets",
        "base_model:lab/base", "base_model:finetune:lab/base", "base_model:quantized:lab/big", "deploy:azure",
    ],
    "config": {"architectures": ["BertForMaskedLM"], "model_type": "bert"},
    "safetensors": {"parameters": {"F32": 10}, "total": 10},
    "cardData": {
        "license": "other", "license_name": "house-rules", "license_link": "https://example.org/LICENSE",
        "language": False, "datasets": "lab/jets", "base_model": ["lab/base", "./checkpoint-3"],
        "model-index": [{
            "name": "Jet tagger",
            "results": [{
                "task": {"type": "tabular-classification"},
                "dataset": {"name": "Jets", "type": "lab/jets-test", "split": "test"},
                "metrics": [
                    {"type": "accuracy", "value": 0.92, "name": "Accuracy"},
                    {"type": "auc", "value": "0.98"},
                    {"type": "loss"},
                ],
            }],
        }],
    },
    "siblings": [
        {"rfilename": "README.md", "size": 10, "blobId": "0" * 40},
        {"rfilename": "onnx/model v1.onnx", "size": 42, "lfs": {"sha256": DIGEST, "size": 42}},
    ],
}  # fmt: skip
CARD = "---\nlicense: mit\n---\n# Tagger\nTells jets apart.\n"


def mapped(card=None, **changes) -> ModelRecord:
    return hub.to_record(envelope({**INFO, **changes}, card))


def test_maps_an_info_with_its_card():
    found = mapped(CARD)
    assert found.identifier == "doi:10.57967/hf/1200"
    assert (found.kind, found.name, found.publisher) == ("model", "jet-tagger", "Hugging Face")
    assert found.alternate_names == ("lab/jet-tagger", "Jet tagger")
    assert [(item.scheme, item.value) for item in found.identifiers] == [
        ("doi", "10.57967/hf/1200"),
        ("huggingface", "lab/jet-tagger"),
        ("related_doi", "10.5281/zenodo.1"),
    ]
    assert (found.version, found.description, found.language) == (SHA, "Tells jets apart.", "no")
    assert found.creators == (Creator(name="lab", kind="organization"),)
    assert (found.license, found.license_stated) == (None, "house-rules (https://example.org/LICENSE)")
    assert (found.ml_task, found.model_category) == (("tabular-classification",), ("bert", "BertForMaskedLM"))
    assert (found.frameworks, found.keywords) == (("Transformers", "PyTorch"), ("jets",))
    assert (found.parameter_count, found.access) == (10, Access(level="open"))
    assert (found.date_created, found.date_modified) == (
        "2024-05-01T10:00:00.000Z",
        "2024-06-01T10:00:00.000Z",
    )
    assert found.evaluations == (
        Evaluation(metric="Accuracy", value="0.92", dataset="Jets", split="test"),
        Evaluation(metric="auc", value="0.98", dataset="Jets", split="test"),
    )
    assert {item.field for item in found.provenance.origins} == {
        "creators",
        "frameworks",
        "formats",
        "language",
    }


def test_relations_say_how_a_base_model_was_used():
    found = mapped()
    assert found.related("fine_tuned_from") == (Identifier("huggingface", "lab/base"),)
    quantized = Identifier("huggingface", "lab/big", "base_model_relation: quantized")
    assert found.related("is_derived_from") == (quantized,)
    assert found.related("trained_on") == (Identifier("huggingface", "datasets/lab/jets"),)
    assert found.related("evaluated_on") == (Identifier("huggingface", "datasets/lab/jets-test"),)
    assert found.related("cites") == (Identifier("arxiv", "2212.05081"),)
    assert found.related("is_new_version_of") == (Identifier("doi", "10.57967/hf/99"),)


BASE = ("huggingface", "lab/base")


@pytest.mark.parametrize(
    ("changes", "types", "word"),
    [
        ({"tags": ["base_model:adapter:lab/base"]}, ["fine_tuned_from", "requires"], "adapter"),
        ({"tags": ["base_model:merge:lab/base"]}, ["is_derived_from"], "merge"),
        ({"tags": ["base_model:Quantized:lab/base"]}, ["is_derived_from"], "quantized"),
        ({"tags": ["base_model:finetune:lab/base"]}, ["fine_tuned_from"], None),
        ({"tags": ["base_model:distilled:lab/base"]}, ["is_derived_from"], "distilled"),
        ({"cardData": {"base_model_relation": "quantized"}}, ["is_derived_from"], "quantized"),
        ({"cardData": {"base_model_relation": "adapter"}}, ["fine_tuned_from", "requires"], "adapter"),
        ({"cardData": {"base_model_relation": "merge"}}, ["is_derived_from"], "merge"),
        ({"cardData": {"base_model_relation": "finetune"}}, ["fine_tuned_from"], None),
        ({"cardData": {"base_model_relation": ["merge"]}}, ["fine_tuned_from"], None),
    ],
)
def test_each_relation_to_a_base_model_stays_what_the_hub_calls_it(changes, types, word):
    card = {"base_model": "lab/base", **changes.get("cardData", {})}
    found = mapped(**{"tags": [], **changes, "cardData": card})
    assert [item.type for item in found.relations] == types
    assert {(item.target.scheme, item.target.value) for item in found.relations} == {BASE}
    assert {item.target.evidence for item in found.relations} == {word and f"base_model_relation: {word}"}
    assert ModelRecord.from_jsonld(found.to_jsonld()) == found


@pytest.mark.parametrize(
    ("changes", "type_"),
    [
        ({"library_name": "peft"}, "requires"),
        ({"config": {"peft": {"base_model_name_or_path": "lab/base"}}}, "requires"),
        ({"gguf": {"total": 3}}, "is_derived_from"),
        ({"tags": ["mergekit"], "cardData": {"base_model": ["lab/base", "lab/other"]}}, "is_derived_from"),
        ({}, "fine_tuned_from"),
        ({"tags": ["base_model:lab/base"], "cardData": {}}, "fine_tuned_from"),
    ],
)
def test_a_relation_that_nobody_states_is_said_to_be_inferred(changes, type_):
    found = mapped(**{"tags": [], "cardData": {"base_model": "lab/base"}, **changes})
    assert BASE in {(item.scheme, item.value) for item in found.related(type_)}
    assert "relations" in {item.field for item in found.provenance.origins}


def test_a_model_is_not_its_own_base():
    found = mapped(tags=["base_model:finetune:Lab/Jet-Tagger"], cardData={"base_model": "./checkpoint"})
    assert (found.relations, {item.field for item in found.provenance.origins}) == (
        (),
        {"creators", "frameworks", "formats"},
    )


def test_files_have_an_address_at_their_revision_and_a_digest():
    readme, onnx = mapped().distributions
    assert onnx.url == f"https://huggingface.co/lab/jet-tagger/resolve/{SHA}/onnx/model%20v1.onnx"
    assert (onnx.size, onnx.checksums, onnx.format) == (42, (f"sha256:{DIGEST}",), "onnx")
    assert (readme.size, readme.checksums) == (10, ())


@pytest.mark.parametrize(("sha", "part"), [("..", "%2E%2E"), ("../../evil/x", "%2E%2E%2F%2E%2E%2Fevil%2Fx")])
def test_a_revision_is_one_part_of_an_address(sha, part):
    onnx = mapped(sha=sha).distributions[1]
    assert onnx.url == f"https://huggingface.co/lab/jet-tagger/resolve/{part}/onnx/model%20v1.onnx"


@pytest.mark.parametrize("name", ["lab/..", "lab/.", ".."])
def test_dots_are_no_name_of_a_repository(web, name):
    with pytest.raises(UsageError):
        hub.fetch(web, Identifier("huggingface", name))


def test_a_bare_info_is_the_same_without_its_card():
    assert hub.to_record(INFO) == mapped()
    assert hub.to_record({"modelId": "gpt2", "tags": []}).identifier == "huggingface:gpt2"
    assert hub.to_record({"modelId": "gpt2", "tags": []}).creators == ()


def test_the_front_matter_counts_where_the_api_says_nothing():
    found = mapped("---\nlicense: mit\nlanguage: no\ndatasets: glue\n---\n", cardData=None, tags=[])
    assert (found.license, found.language) == ("MIT", "no")
    assert found.related("trained_on") == (Identifier("huggingface", "datasets/glue"),)
    assert found.identifier == "huggingface:lab/jet-tagger"


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        ({"license": "apache-2.0"}, ("Apache-2.0", None)),
        ({"license": ["mit", "cc-by-4.0"]}, ("CC-BY-4.0 AND MIT", None)),
        ({"license": "llama2"}, (None, "llama2 (https://ai.meta.com/llama/license/)")),
        ({"license": "unknown"}, (None, None)),
        ({"license": "pddl"}, ("PDDL-1.0", None)),
        ({"license": "other", "license_name": "mit"}, ("MIT", None)),
        (
            {"license": "other", "license_link": "https://www.apache.org/licenses/LICENSE-2.0"},
            ("Apache-2.0", None),
        ),
        ({"license": "other"}, (None, "other")),
        ({"license": "mit", "license_name": "Non-commercial"}, (None, "MIT; Non-commercial")),
        ({"license": "mit", "license_name": "MIT"}, ("MIT", None)),
        ({"license": "MIT", "license_name": "mit", "license_link": "LICENSE"}, ("MIT", None)),
        ({"license_name": "House rules", "license_link": "LICENSE"}, (None, "House rules (LICENSE)")),
        ({"license": "other", "license_name": "x", "license_link": "LICENSE"}, (None, "x (LICENSE)")),
    ],
)
def test_licences(data, expected):
    found = mapped(cardData=data, tags=[])
    assert (found.license, found.license_stated) == expected


@pytest.mark.parametrize(
    ("language", "expected"),
    [("en", "en"), (["en", "de"], "en, de"), (False, "no"), (["en", False], "en, no"), ({"x": "hi"}, "hi"),
     (None, None), (True, None), (3.5, None), ("unk", None)],
)  # fmt: skip
def test_languages(language, expected):
    assert mapped(cardData={"language": language}).language == expected


@pytest.mark.parametrize(
    ("index", "count"),
    [
        (None, 0),
        ([], 0),
        ({"name": "x"}, 0),
        (INFO["cardData"]["model-index"][0], 2),
        ("x", 0),
        ([None, 3], 0),
    ],
)
def test_model_index_in_any_shape(index, count):
    assert len(mapped(cardData={"model-index": index}).evaluations) == count


# The entries of docs/hub/eval-results.md and of eval_results.yaml in huggingface/hub-docs.
RESULTS = """
- dataset: {id: cais/hle, task_id: default, revision: abc}
  value: 20.90
  date: "2025-01-15"
  source: {url: https://huggingface.co/spaces/lab/traces, name: Eval traces}
  notes: "no-tools"
- dataset: {id: Idavidrein/gpqa, task_id: gpqa_diamond}
  value: 0.412
- dataset: {id: Idavidrein/gpqa, config: gpqa_main, split: test}
  value: 0.5
"""
SCORES = (
    Evaluation(metric="score (no-tools)", value="20.90", dataset="cais/hle"),
    Evaluation(metric="score", value="0.412", dataset="Idavidrein/gpqa (gpqa_diamond)"),
    Evaluation(metric="score", value="0.5", dataset="Idavidrein/gpqa (gpqa_main)", split="test"),
)


def test_files_of_results_are_read_beside_the_model_index():
    payload = envelope({**INFO, "tags": []}, None, results={".eval_results/all.yaml": RESULTS})
    found = hub.to_record(payload)
    assert found.evaluations == (*mapped().evaluations, *SCORES)
    assert [item.value for item in found.related("evaluated_on")] == [
        "datasets/lab/jets-test",
        "datasets/cais/hle",
        "datasets/Idavidrein/gpqa",
    ]
    assert_valid(found, "files of results")


@pytest.mark.parametrize(
    ("dataset", "name"),
    [
        ({"name": "Common Voice 8", "type": "lab/voice", "args": "mt"}, "Common Voice 8 (mt)"),
        ({"name": "glue", "type": "glue", "config": "sst2", "args": {"x": 1}}, "glue (sst2)"),
        ({"name": "conll2003", "config": "conll2003"}, "conll2003"),
        ({"name": "Common Voice mt", "args": "MT"}, "Common Voice mt"),
        ({"args": "mt"}, None),
    ],
)
def test_results_name_the_part_of_their_dataset(dataset, name):
    result = {"dataset": dataset, "metrics": [{"type": "wer", "value": 17.57}]}
    (found,) = mapped(cardData={"model-index": [{"results": [result]}]}).evaluations
    assert (found.metric, found.value, found.dataset) == ("wer", "17.57", name)


@pytest.mark.parametrize(
    ("stated", "target"),
    [
        ("10.5281/zenodo.1000", "doi:10.5281/zenodo.1000"),
        ("https://doi.org/10.5281/zenodo.1000", "doi:10.5281/zenodo.1000"),
        ("lab/jets", "huggingface:datasets/lab/jets"),
        ("https://huggingface.co/datasets/lab/jets", "huggingface:datasets/lab/jets"),
    ],
)
def test_training_data_are_named_by_doi_or_by_the_name_at_the_hub(stated, target):
    for card, tags in (([stated], []), ([], [f"dataset:{stated}"])):
        record = mapped(cardData={"datasets": card}, tags=tags)
        found = [item.target.compact for item in record.relations if item.type == "trained_on"]
        assert found == [target]


def test_metrics_inside_of_a_task_are_read():
    results = [{key: {"name": "NER", "metrics": [{"name": key, "value": 0.9}]}} for key in ("task", "tasks")]
    found = mapped(cardData={"model-index": [{"results": results}]}).evaluations
    assert [(item.metric, item.value) for item in found] == [("task", "0.9"), ("tasks", "0.9")]


def test_results_of_the_api_are_read_alone_or_with_their_file_and_refused_ones_left_out():
    data = {"dataset": {"id": "cais/hle", "task_id": "default"}, "value": 20.9}
    listed = [data, {"filename": "a.yaml", "data": {**data, "value": 21}}, {"filename": "b", "error": "bad"}]
    found = mapped(tags=[], cardData={}, evalResults=listed).evaluations
    assert [(item.metric, item.value, item.dataset) for item in found] == [
        ("score", "20.9", "cais/hle"),
        ("score", "21", "cais/hle"),
    ]


@pytest.mark.parametrize("text", ["- [", "a: &x [*x]", "- 3\n- x: 1", "", "- dataset: cais/hle"])
def test_a_file_of_results_that_says_nothing_is_no_result(text):
    found = hub.to_record(envelope({"id": "lab/x"}, None, results={".eval_results/a.yaml": text}))
    assert found.evaluations == ()
    assert (found.notes is not None) == (text in {"- [", "a: &x [*x]"})


@pytest.mark.parametrize(
    ("changes", "access"),
    [
        ({"gated": "manual"}, Access(level="gated", conditions="granted by the authors on request")),
        ({"gated": "auto"}, Access(level="gated", conditions="granted on request")),
        ({"gated": "notify", "private": False}, Access(level="gated")),
        ({"gated": "", "private": False}, Access(level="open")),
        (
            {"gated": True, "cardData": {"extra_gated_prompt": "Be <b>good</b>."}},
            Access(level="gated", conditions="Be good."),
        ),
        (
            {
                "gated": "manual",
                "cardData": {
                    "extra_gated_heading": "Acknowledge the licence",
                    "extra_gated_prompt": "Harm nobody.",
                    "extra_gated_fields": {"Company": "text", "I agree": {"type": "checkbox"}},
                },
            },
            Access(
                level="gated",
                conditions="Acknowledge the licence\nHarm nobody.\nThe form asks for: Company; I agree\n"
                "granted by the authors on request",
            ),
        ),
        ({"cardData": {"extra_gated_prompt": "Not in force."}}, Access(level="open")),
        ({"private": True}, Access(level="restricted", conditions="private repository")),
        ({"disabled": True}, Access(level="closed", conditions="disabled by the Hub or its owner")),
        ({"private": None, "gated": None}, None),
    ],
)
def test_access(changes, access):
    assert mapped(**changes).access == access


def test_the_moment_when_the_hub_began_to_keep_time_is_no_date():
    assert mapped(createdAt="2022-03-02T23:29:04.000Z").date_created is None


def test_a_dataset_is_told_from_a_model():
    info = {
        "id": "lab/jets",
        "citation": "@x",
        "description": "<p>Jets.</p>",
        "tags": ["task_categories:other"],
    }
    for payload in (info, envelope(info, None, dataset=True)):
        found = hub.to_record(payload)
        assert (found.kind, found.identifier) == ("dataset", "huggingface:datasets/lab/jets")
        assert (found.description, found.ml_task) == ("Jets.", ("other",))
        assert found.provenance.url == "https://huggingface.co/datasets/lab/jets"


@pytest.mark.parametrize(
    "payload",
    [
        {"id": 7305227},
        {"id": "a/b/c"},
        {"id": "../x"},
        {"error": "Repository not found"},
        {"info": {"id": ""}},
    ],
)
def test_what_is_no_repository_is_refused_with_a_path(payload):
    with pytest.raises(RecordError) as caught:
        hub.to_record(payload)
    assert caught.value.violations[0][0] in {"$.id", "$.info.id"}


def test_mapping_leaves_the_payload_alone():
    payload = envelope(copy.deepcopy(INFO), CARD)
    hub.to_record(payload)
    assert payload == envelope(INFO, CARD)


@settings(max_examples=examples(300))
@given(st.data())
def test_an_altered_info_maps_to_a_valid_record_or_is_refused(data):
    payload = envelope(INFO, CARD)
    for _ in range(data.draw(st.integers(1, 4))):
        path = data.draw(st.sampled_from(list(paths(payload))))
        payload = changed(payload, path, data.draw(JUNK))
        if payload is ... or not isinstance(payload, dict):
            break
    try:
        found = hub.to_record(payload)
    except RecordError:
        return
    assert ModelRecord.from_json(json.loads(json.dumps(found.to_json()))) == found
    json.dumps(found.to_json(), ensure_ascii=False).encode("utf-8")


def assert_valid(record, name):
    assert violations(record.to_json()) == [], name
    assert ModelRecord.from_jsonld(json.loads(json.dumps(record.to_jsonld()))) == record, name


def lines(path):
    with lzma.open(path, "rt", encoding="utf-8") as stream:
        yield from (json.loads(line) for line in stream)


@pytest.mark.shared
def test_every_recorded_info_is_a_valid_record(shared):
    folder, count = shared / "payloads" / "huggingface", 0
    found = [
        *folder.glob("model-info*/*.json"),
        *folder.glob("list/*.json"),
        *folder.glob("datasets-list*.json"),
    ]
    for path in found:
        if ".headers." in path.name:
            continue
        for payload in hub.split(json.loads(path.read_text(encoding="utf-8"))):
            record = hub.to_record(payload)
            assert_valid(record, path.name)
            assert record.kind == ("dataset" if path.name.startswith("datasets") else "model")
            count += 1
    assert count >= 20


@pytest.mark.shared
def test_every_recorded_card_is_read(shared):
    files = sorted((shared / "payloads" / "huggingface" / "cards").glob("*.md"))
    for path in files:
        payload = envelope({"id": "owner/name"}, decoded(path.read_bytes()))
        assert_valid(hub.to_record(payload), path.name)
    assert len(files) >= 25


@pytest.mark.long
@pytest.mark.shared
def test_what_others_made_of_the_hub_is_a_valid_record_or_refused(shared):
    """Catalogues derived from the Hub are no payloads of it; what has the fields of one is read."""
    folder, outcomes = shared / "payloads" / "huggingface", Counter()
    documents = [(path.name, json.loads(path.read_text("utf-8"))) for path in sorted(folder.glob("*.json"))]
    documents += [(path.name, list(lines(path))) for path in folder.glob("jarvis-*.jsonl.xz")]
    for name, document in documents:
        for payload in hub.split(document):
            with suppress(RecordError):
                assert_valid(hub.to_record(payload), name)
                outcomes[name] += 1
    assert outcomes["jarvis-p0_models-2023.jsonl.xz"] == 673
    assert outcomes["mlentory-hf-extracted.json"] == 0


@pytest.mark.shared
@pytest.mark.parametrize("name", ["400-inference.json", "409-repo-exists.json"])
def test_recorded_errors_are_refused(shared, name):
    document = json.loads((shared / "payloads/huggingface/errors" / name).read_text(encoding="utf-8"))
    with pytest.raises(RecordError):
        hub.to_record(document)


@pytest.mark.shared
def test_recorded_models_say_what_their_payload_says(shared):
    folder = shared / "payloads/huggingface/model-info"
    payload = json.loads((folder / "google-bert__bert-base-uncased.json").read_text(encoding="utf-8"))
    bert = hub.to_record(payload)
    assert (bert.license, bert.language, bert.parameter_count) == ("Apache-2.0", "en", 110106428)
    assert bert.related("trained_on") == (
        Identifier("huggingface", "datasets/bookcorpus"),
        Identifier("huggingface", "datasets/wikipedia"),
    )
    assert len(bert.distributions) == 16
    assert bert.date_created is None
    payload = json.loads((folder / "stabilityai__stable-diffusion-2-1.json").read_text(encoding="utf-8"))
    diffusion = hub.to_record(payload)
    assert (diffusion.license, diffusion.license_stated) == (None, "openrail++")
    assert diffusion.model_category == ("StableDiffusionPipeline",)
    assert diffusion.date_created == "2022-12-06T17:24:51.000Z"


@pytest.mark.shared
@pytest.mark.parametrize("count", [300, pytest.param(2000, marks=pytest.mark.long)])
def test_a_sample_of_the_hub_is_valid(shared, count):
    folder = shared / "payloads" / "huggingface"
    infos = list(lines(folder / "hub-models-2022-02.infos.jsonl.xz"))
    chosen = {info["modelId"]: info for info in random.Random(3).sample(infos, count)}
    cards = {}
    for card in lines(folder / "hub-cards-2022-02.jsonl.xz"):
        if card["id"] in chosen:
            coded = card.get("readme_base64")
            cards[card["id"]] = decoded(base64.b64decode(coded)) if coded else card["readme"]
    for name, info in chosen.items():
        assert_valid(hub.to_record(envelope(info, cards.get(name))), name)
    assert len(cards) > 0.95 * count
