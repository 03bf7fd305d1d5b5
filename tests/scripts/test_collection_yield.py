# SPDX-License-Identifier: MIT
"""What the script counts is what a Hub with the same models lists."""

import json
import lzma
from pathlib import Path

import collection_yield
import pytest

from fairreg.collections import collection, collection_names
from fairreg.harvesters.huggingface import HuggingFaceHarvester
from fairreg.settings import Settings
from fairreg.web import HttpClient
from harvesters.hub_server import Hub

NOWHERE = Path(__file__).parent
MODELS = [
    {"modelId": "Rostlab/prot_bert", "downloads": 9, "tags": ["protein language model"]},
    {"modelId": "lab/BioBERT-ner", "downloads": 1, "tags": ["medical", "onnx"]},
    {"modelId": "facebook/esm-1b", "downloads": 5, "tags": []},
    {"modelId": "facebook/bart", "downloads": 7, "tags": None},
    {"modelId": "gpt2", "downloads": 99, "tags": ["onnx"]},
]
FIRST = 3000  # models of the slice


def queries():
    for name in collection_names(NOWHERE):
        yield from (item for item in collection(name, NOWHERE).queries if item.source == "huggingface")


@pytest.fixture
def saved(tmp_path):
    file = tmp_path / "infos.jsonl.xz"
    with lzma.open(file, "wt") as lines:
        lines.writelines(f"{json.dumps(item)}\n" for item in MODELS)
    return file


def test_the_table_counts_each_model_of_a_collection_once(saved):
    models = list(collection_yield.listed(saved))
    lines = list(collection_yield.report(models, [collection("bio", NOWHERE)]))
    assert lines[-1] == "| bio | 15 | 5 | 3 |"
    assert "  author:facebook esm                     1 models,      1 new" in lines
    assert '  tag:"protein language model"            1 models,      0 new' in lines


def test_the_script_counts_as_the_hub_lists(saved):
    models = list(collection_yield.listed(saved))
    infos = {item["modelId"]: {"id": item["modelId"], **item, "tags": item["tags"] or []} for item in MODELS}
    compare(models, infos, queries())


@pytest.mark.shared
def test_the_script_counts_as_the_hub_lists_real_models(shared):
    file = shared / "payloads/huggingface/hub-models-2022-02.infos.jsonl.xz"
    infos = {}
    with lzma.open(file, "rt", encoding="utf-8") as lines:
        for _, line in zip(range(FIRST), lines, strict=False):
            info = json.loads(line)
            infos[info["modelId"]] = {"id": info["modelId"], **info}
    listed = collection_yield.listed(file)
    models = [model for _, model in zip(range(FIRST), listed, strict=False)]
    found = compare(models, infos, [item for item in queries() if item.query != "tag:generated_from_trainer"])
    assert found >= 20


def compare(models, infos, asked):
    """Ask a server with the models each query; gives how many it listed."""
    found = 0
    with Hub(infos, {}) as hub:
        settings = Settings.from_environment({"HF_ENDPOINT": hub.url})
        with HttpClient(settings) as web:
            for item in asked:
                pages = HuggingFaceHarvester(cards=False).search(web, item.query)
                names = {hit.payload["info"]["id"] for page in pages for hit in page.hits}
                assert names == {model.name for model in collection_yield.chosen(models, item)}, item.query
                found += len(names)
    return found
