# SPDX-License-Identifier: MIT
"""An index file and its shards are one model, and nothing outside their folder is read."""

import json
import os

import numpy as np
import pytest

from fairreg.errors import ModelError, SecurityRefusal
from fairreg.runners.weights import candidates, fingerprint, format_of, read_tensors

INDEX = "model.safetensors.index.json"
KINDS = {"safetensors": "model-{}-of-2.safetensors", "zipped": "pytorch_model-{}-of-2.bin"}


def split(folder, files, tensors, kind="safetensors", index=INDEX):
    """The tensors in two shards with their index, whose path is returned."""
    names = list(tensors)
    parts = {KINDS[kind].format(1): names[:2], KINDS[kind].format(2): names[2:]}
    for name, part in parts.items():
        (folder / name).write_bytes(getattr(files, kind)({key: tensors[key] for key in part}))
    weight_map = {key: name for name, part in parts.items() for key in part}
    path = folder / index
    path.write_text(json.dumps({"metadata": {"total_size": 9}, "weight_map": weight_map}))
    return path


def index(folder, weight_map):
    path = folder / INDEX
    path.write_text(json.dumps({"weight_map": weight_map}))
    return path


@pytest.mark.parametrize("kind", KINDS)
def test_shards_have_the_tensors_and_the_fingerprint_of_the_whole_file(tmp_path, files, tensors, kind):
    (tmp_path / "whole.safetensors").write_bytes(files.safetensors(tensors))
    path = split(tmp_path, files, tensors, kind)
    found = read_tensors(path)
    assert format_of(path) == "sharded"
    assert list(found) == list(tensors)
    for name, array in tensors.items():
        np.testing.assert_array_equal(found[name], array)
    assert fingerprint(path) == fingerprint(tmp_path / "whole.safetensors")
    (only,) = candidates(path)
    assert (only.fingerprint, only.tensors) == (fingerprint(path), len(tensors))


def test_a_shard_alone_is_read_as_what_it_holds(tmp_path, files, tensors):
    split(tmp_path, files, tensors)
    assert list(read_tensors(tmp_path / KINDS["safetensors"].format(1))) == list(tensors)[:2]


def test_a_missing_shard_is_named(tmp_path, files, tensors):
    path = split(tmp_path, files, tensors)
    (tmp_path / KINDS["safetensors"].format(2)).unlink()
    for read in (read_tensors, fingerprint):
        with pytest.raises(ModelError, match=r"^model-2-of-2\.safetensors is missing"):
            read(path)


def test_an_index_and_shards_of_two_versions_are_told_apart(tmp_path, files, tensors):
    path = split(tmp_path, files, tensors)
    (tmp_path / KINDS["safetensors"].format(2)).write_bytes(files.safetensors({"other": tensors["scale"]}))
    with pytest.raises(ModelError, match="has no tensor 'scale'"):
        read_tensors(path)
    twice = {"scale": tensors["scale"], "half": tensors["half"], "a.bias": tensors["a.bias"]}
    (tmp_path / KINDS["safetensors"].format(2)).write_bytes(files.safetensors(twice))
    for read in (read_tensors, fingerprint):
        with pytest.raises(ModelError, match=r"have a tensor 'a\.bias'"):
            read(path)


@pytest.mark.parametrize(
    "name",
    [
        "../other/x.safetensors",
        "/etc/passwd",
        "sub/x.safetensors",
        "..",
        "",
        "a\\b",
        "C:x",
        "x\0y",
        "x\x1b[31m",
        "x\ny",
        "\ud800",
        "x" * 256,
    ],
)
def test_only_plain_names_are_followed(tmp_path, name):
    with pytest.raises(SecurityRefusal, match="not a plain name"):
        read_tensors(index(tmp_path, {"w": name}))


def test_a_link_out_of_the_folder_is_not_followed(tmp_path, files, tensors):
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "x.safetensors").write_bytes(files.safetensors(tensors))
    (tmp_path / "x.safetensors").symlink_to(outside / "x.safetensors")
    with pytest.raises(SecurityRefusal, match="link to a file in another folder"):
        read_tensors(index(tmp_path, {"scale": "x.safetensors"}))


def test_the_links_of_a_cache_of_the_hub_are_followed(tmp_path, files, tensors):
    blobs, snapshot = tmp_path / "blobs", tmp_path / "snapshots"
    blobs.mkdir()
    snapshot.mkdir()
    path = split(blobs, files, tensors)
    for file in blobs.iterdir():
        (snapshot / file.name).symlink_to(file)
    assert fingerprint(snapshot / INDEX) == fingerprint(path)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="This system has no named pipes.")
def test_a_pipe_is_no_shard(tmp_path):
    os.mkfifo(tmp_path / "x.safetensors")
    with pytest.raises(ModelError, match="missing"):
        read_tensors(index(tmp_path, {"w": "x.safetensors"}))


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("{", "not valid JSON"),
        ("[" * 100_000, "not valid JSON"),
        ("[]", "no weight_map"),
        ('{"weight_map": {}}', "no weight_map"),
        ('{"weight_map": {"w": 3}}', "names no file for 'w'"),
        ('{"weight_map": {"w": "model.safetensors.index.json"}}', "another index"),
    ],
)
def test_an_index_of_another_kind_is_a_model_error(tmp_path, text, reason):
    (tmp_path / INDEX).write_text(text)
    with pytest.raises(ModelError, match=reason):
        read_tensors(tmp_path / INDEX)
