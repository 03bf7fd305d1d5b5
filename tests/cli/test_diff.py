# SPDX-License-Identifier: MIT
"""`fairreg diff`: records and files side by side."""

import json
import os

import numpy as np
import pytest
from safetensors.numpy import save

from support.changing_records import ChangingRecord, ChangingZenodo
from support.graphs import model
from support.networks import PAPER, SMALL, random_tensors
from support.weight_files import Files

pytestmark = pytest.mark.engines("sqlite")


def weights(seed=1, sizes=SMALL):
    return Files().legacy(random_tensors(sizes, seed=seed))


@pytest.fixture
def two(httpserver):
    """Serve two records of these files; the second with other metadata."""

    def run(first, second, **changed):
        records = ChangingRecord(8000001, first), ChangingRecord(8000002, second, **changed)
        return ChangingZenodo(httpserver, *records), *(item.doi for item in records)

    return run


def statuses(items, key="name"):
    return {item[key]: item["status"] for item in items}


def test_metadata_are_compared_field_by_field_and_lists_as_sets(cli, two):
    _, *pids = two({"a.txt": b"a"}, {"a.txt": b"a"}, title="Other", keywords=["jets", "tagging"])
    found = cli("diff", *pids, "--json")
    assert found.code == 0, found.err
    assert found.json["differs"]
    fields = {item["field"]: item for item in found.json["metadata"]}
    assert (fields["name"]["first"], fields["name"]["second"]) == (
        "FAIR4HEP/hbb_interaction_network: v0.1.1",
        "Other",
    )
    assert (fields["keywords"]["first"], fields["keywords"]["second"]) == (None, ["jets", "tagging"])
    # Of the identifiers only those that one has.
    assert "doi:10.5281/zenodo.8000001" in fields["identifiers"]["first"]
    assert "creators" not in fields
    assert "distributions" not in fields
    out = cli("diff", *pids).out
    assert "  + keywords: jets\n  + keywords: tagging\n" in out
    assert "- name: FAIR4HEP/hbb_interaction_network: v0.1.1\n  + name: Other" in out


def test_files_are_compared_by_their_bytes(cli, two):
    _, *pids = two(
        {"same": b"x", "changed": b"a", "old": b"o", "moved": b"twelve bytes"},
        {"same": b"x", "changed": b"b", "new": b"n", "elsewhere": b"twelve bytes"},
    )
    found = cli("diff", *pids, "--json").json["files"]
    assert statuses(found) == {
        "same": "same",
        "changed": "changed",
        "old": "only in first",
        "new": "only in second",
        "moved": "renamed",
    }
    (moved,) = (item for item in found if item["status"] == "renamed")
    assert moved["other_name"] == "elsewhere"
    out = cli("diff", *pids).out
    assert "1 changed, 1 renamed, 1 only in the first, 1 only in the second, 1 same" in out
    assert "  - old (" in out
    assert "  + new (" in out
    assert "  = same\n" in out


def test_weights_are_the_same_retrained_or_of_another_architecture(cli, tmp_path):
    files = {
        "a.pth": weights(1),
        "renamed.safetensors": Files().safetensors(random_tensors(SMALL, seed=1)),
        "retrained.pth": weights(2),
        "larger.pth": weights(1, PAPER),
    }
    for name, content in files.items():
        (tmp_path / name).write_bytes(content)
    for name, status in [
        ("renamed.safetensors", "same"),
        ("retrained.pth", "retrained"),
        ("larger.pth", "other architecture"),
    ]:
        found = cli("diff", tmp_path / "a.pth", tmp_path / name, "--json")
        assert found.code == 0, found.err
        assert statuses(found.json["weights"], "status") == {status: status}
    assert (
        "the same architecture with other numbers"
        in cli("diff", tmp_path / "a.pth", tmp_path / "retrained.pth").out
    )


@pytest.mark.parametrize(
    ("dtype", "status", "words"),
    [
        ("float64", "same numbers", "the same numbers, stored as float64 instead of float32"),
        ("float16", "rounded", "the numbers of the first, rounded to float16"),
        ("int32", "rounded", "the numbers of the first, rounded to int32"),
    ],
)
def test_another_element_type_alone_is_no_training(cli, tmp_path, dtype, status, words):
    tensors = {"fc.weight": np.linspace(-3, 3, 12, dtype=np.float32).reshape(4, 3)}
    (tmp_path / "a.safetensors").write_bytes(save(tensors))
    (tmp_path / "b.safetensors").write_bytes(
        save({name: item.astype(dtype) for name, item in tensors.items()})
    )
    found = cli("diff", tmp_path / "a.safetensors", tmp_path / "b.safetensors", "--json").json
    assert found["differs"]
    (item,) = found["weights"]
    assert (item["status"], item["numbers"]) == (status, words)
    out = cli("diff", tmp_path / "a.safetensors", tmp_path / "b.safetensors").out
    assert words in out
    assert "retrained" not in out


def test_a_device_and_a_pipe_are_named_as_what_they_are(cli, tmp_path):
    (tmp_path / "a.pth").write_bytes(weights())
    os.mkfifo(tmp_path / "b.pth")
    for place, kind in ((os.devnull, "device"), (tmp_path / "b.pth", "pipe")):
        found = cli("diff", tmp_path / "a.pth", place)
        assert found.code == 1
        assert f"{place} is a {kind}, and no file." in found.err
        assert "similar name" not in found.err


def test_graphs_of_equal_shapes_and_other_operators_are_two_architectures(cli, tmp_path):
    for name, operator in (("a", "Relu"), ("b", "Tanh")):
        graph = model(f"h = MatMul(x, w)\ny = {operator}(h)", w=np.ones((3, 3), np.float32))
        (tmp_path / f"{name}.onnx").write_bytes(graph.SerializeToString())
    found = cli("diff", tmp_path / "a.onnx", tmp_path / "b.onnx", "--json")
    assert statuses(found.json["weights"], "status") == {"other architecture": "other architecture"}


def test_a_file_whose_tensors_cannot_be_read_is_said_with_the_reason(cli, tmp_path):
    (tmp_path / "a.pth").write_bytes(weights())
    (tmp_path / "b.pth").write_bytes(weights()[:500])
    found = cli("diff", tmp_path / "a.pth", tmp_path / "b.pth", "--json")
    assert found.code == 0, found.err
    (item,) = found.json["weights"]
    assert item["status"] == "not readable"
    assert "b.pth" in item["reason"]


def test_a_record_is_compared_with_a_file_of_weights(cli, two, tmp_path):
    _, pid, _ = two({"a.pth": weights()}, {})
    (tmp_path / "mine.pth").write_bytes(weights())
    found = cli("diff", pid, tmp_path / "mine.pth", "--json").json
    assert (found["metadata"], found["files"]) == (None, None)
    assert "mine.pth is a file" in found["not_compared"]["metadata"]
    assert statuses(found["weights"], "status") == {"same": "same"}
    assert not found["differs"]


def test_a_record_is_compared_with_a_file_of_metadata(cli, two, tmp_path):
    _, pid, _ = two({"a.txt": b"a"}, {})
    document = json.loads(cli("show", pid, "--format", "json").out)
    (tmp_path / "record.json").write_text(json.dumps({**document, "version": "v9"}), "utf-8")
    found = cli("diff", pid, tmp_path / "record.json", "--json").json
    assert [item["field"] for item in found["metadata"]] == ["version"]
    assert statuses(found["files"]) == {"a.txt": "same"}  # by the digests that both state


def test_scores_are_those_of_stored_assessments(cli, two):
    _, *pids = two({"a.txt": b"a"}, {"a.txt": b"a"}, license={"id": "other-open"})
    before = cli("diff", *pids, "--json").json
    assert before["scores"] is None
    assert "was not assessed here" in before["not_compared"]["scores"]
    for pid in pids:
        assert cli("assess", pid).code == 0
    found = cli("diff", *pids, "--json").json
    assert "R1.1-3" in {item["id"] for item in found["scores"]}
    assert all("unknown" not in (item["first"], item["second"]) for item in found["scores"])
    assert "R1.1-3 " in cli("diff", *pids).out


def test_files_that_cannot_be_had_are_compared_as_stated(cli, two, monkeypatch):
    zenodo, first, second = two({"a.txt": b"a"}, {"a.txt": b"a"})
    for pid in (first, second):
        assert cli("fetch", pid).code == 0
        assert cli("cache", "clear", "--yes").code == 0
    zenodo.down = {"zenodo", "datacite"}
    found = cli("diff", first, second, "--json")
    assert found.code == 0, found.err
    assert statuses(found.json["files"]) == {"a.txt": "same"}
    assert "were not fetched" in found.json["not_compared"]["weights"]


@pytest.mark.parametrize(("other", "code"), [("nowhere/model.onnx", 1), ("no identifier at all", 2)])
def test_what_names_nothing_is_an_error(cli, tmp_path, other, code):
    (tmp_path / "a.pth").write_bytes(weights())
    found = cli("diff", tmp_path / "a.pth", other)
    assert (found.code, found.out) == (code, "")
