# SPDX-License-Identifier: MIT
"""Files that belong to a model are recognised in the list of a repository."""

import pytest

from fairreg import harvesters
from fairreg.harvesters.common.side_files import belonging, index_of, shards_of
from fairreg.harvesters.github.mapping import model_files
from fairreg.schemas.identifiers import Identifier
from harvesters.github_server import COMMIT, LARGE, OID, POINTER, REPOSITORY, GitHubServer, tree_of

UUID = "160ea76f-918f-11f1-8428-cc15316249d1.data"


@pytest.mark.parametrize(
    "name",
    [
        "tagger.onnx.data",
        "tagger.onnx_data",
        "tagger.onnx_data_1",
        "tagger.onnx.data.2",
        "tagger.data",
        "tagger.bin",
        "tagger.weights",
        "tagger_weights.bin",
        "tagger.ONNX.data",
        "weights.bin",
        "weights.pb",
        "model.data",
        "external_data.bin",
        UUID,
    ],
)
def test_names_that_tools_give_to_external_data_are_listed_beside_a_model_only(name):
    model = "m/tagger.ONNX" if "ONNX" in name else "m/tagger.onnx"
    listed = [model, f"m/{name}", f"n/{name}"]
    assert belonging([model], listed) == {f"m/{name}"}


@pytest.mark.parametrize(
    "name",
    [
        "notes.data",
        "data.csv",
        "tagger.onnx.md",
        "tagger.json",
        "other.bin",
        "mytagger.data",
        "tagger.data.txt",
        "data",
    ],
)
def test_other_files_beside_a_model_are_not_listed(name):
    assert belonging(["m/tagger.onnx"], ["m/tagger.onnx", f"m/{name}"]) == frozenset()


def test_shards_and_their_index_know_each_other():
    shards = [f"w/model-0000{n}-of-00002.safetensors" for n in (1, 2)]
    variant = [f"w/model.fp16-0000{n}-of-00002.safetensors" for n in (1, 2)]
    old = [f"w/pytorch_model-0000{n}-of-00002.bin" for n in (1, 2)]
    indices = [
        "w/model.safetensors.index.json",
        "w/model.safetensors.index.fp16.json",
        "w/pytorch_model.bin.index.json",
    ]
    names = [*shards, *variant, *old, *indices, "v/model.safetensors.index.json", "w/config.json"]
    for index, parts in zip(indices, (shards, variant, old), strict=True):
        assert shards_of(index, names) == parts
        assert {index_of(part, names) for part in parts} == {index}
    assert index_of("w/config.json", names) is None
    assert model_files(names) == {*shards, *variant, *old, *indices}


def test_a_file_of_samples_brings_nothing_with_it():
    assert model_files(["tests/data/a.onnx", "tests/data/a.onnx.data", "a.onnx", "a.onnx.data"]) == {
        "a.onnx",
        "a.onnx.data",
    }


@pytest.fixture
def server(httpserver):
    return GitHubServer(httpserver)


def test_github_lists_side_files_also_those_in_git_lfs(web, server):
    server.files |= {"models/tagger.onnx.data": POINTER.encode(), "models/notes.data": b"no"}
    harvester = harvesters.get("github")
    payload = harvester.fetch(web, Identifier("github", "lab/tagger")).payload
    assert "models/notes.data" not in {item["path"] for item in payload["tree"]["tree"]}
    found = {item.name: item for item in harvester.to_record(payload).distributions}
    side = found["models/tagger.onnx.data"]
    assert (side.size, side.checksums) == (len(LARGE), (f"sha256:{OID}",))


def test_a_link_beside_a_model_is_not_listed():
    tree = tree_of({"m/tagger.onnx": b"x"})
    tree["tree"].append(
        {"path": "m/tagger.onnx.data", "mode": "120000", "type": "blob", "sha": "f" * 40, "size": 9}
    )
    payload = {"repository": REPOSITORY, "commit": {"sha": COMMIT}, "tree": tree}
    assert [item.name for item in harvesters.get("github").to_record(payload).distributions] == [
        "m/tagger.onnx"
    ]


def test_the_hub_lists_side_files_shards_and_index_as_they_are():
    names = [
        "m/tagger.onnx",
        "m/tagger.onnx_data",
        "model.safetensors.index.json",
        "model-00001-of-00002.safetensors",
    ]
    info = {"id": "lab/tagger", "sha": "0" * 40, "siblings": [{"rfilename": name} for name in names]}
    assert [item.name for item in harvesters.get("huggingface").to_record(info).distributions] == names
