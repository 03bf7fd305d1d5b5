# SPDX-License-Identifier: MIT
"""``run`` says how the input was cut, and cuts rows only where they are known to be independent."""

import json

import numpy as np
import pytest

from support.graphs import model

pytestmark = pytest.mark.engines("sqlite")
rng = np.random.default_rng(8)


@pytest.fixture
def run(cli, tmp_path):
    def call(graph, rows, *options, files=1):
        path = tmp_path / "model.onnx"
        path.write_bytes(graph.SerializeToString())
        inputs = [tmp_path / f"{number}.npz" for number in range(files)]
        for each in inputs:
            np.savez(each, x=rng.normal(size=(rows, 4)).astype("f4"))
        output = tmp_path / "out.npz" if files == 1 else tmp_path / "out"
        return cli(
            "run",
            path,
            "--input",
            *(inputs if files == 1 else [tmp_path / "?.npz"]),
            "--output",
            output,
            *options,
        )

    return call


def softmax():
    return model("y = Softmax<axis=0>(x)")


@pytest.mark.parametrize(
    ("graph", "options", "batching"),
    [
        (softmax(), (), {"size": None, "reason": "unknown", "batches": 1}),
        (model("y = Relu(x)"), (), {"size": 128, "reason": "proven", "batches": 24}),
        (model("y = Relu(x)"), ("--batch-size", "1000"), {"size": 1000, "reason": "requested", "batches": 3}),
        (
            model("y = Relu(x)"),
            ("--batch-size", "whole"),
            {"size": None, "reason": "requested", "batches": 1},
        ),
        (
            model("y = Relu(x)", given="float[1,4] x", made="float[1,4] y"),
            (),
            {"size": 1, "reason": "fixed", "batches": 3000},
        ),
    ],
)
def test_the_document_states_how_the_input_was_cut(run, graph, options, batching):
    done = run(graph, 3000, *options, "--json")
    assert done.code == 0, done.err
    document = json.loads(done.out)
    assert document["batching"] == batching
    assert document["timing"]["batch_size"] == batching["size"]
    assert document["warnings"] == []


def test_rows_that_belong_together_stay_together_whatever_shares_the_work(run, tmp_path):
    done = run(softmax(), 5000, "--json", files=2)
    assert done.code == 0, done.err
    assert json.loads(done.out)["batching"] == {"size": None, "reason": "unknown", "batches": 2}
    for number in range(2):
        with np.load(tmp_path / "out" / f"{number}.npz") as made:
            np.testing.assert_allclose(made["y"].sum(axis=0), np.ones(4), rtol=1e-4)


def test_the_table_says_how_the_input_was_cut(run):
    assert (
        "in one piece, because the rows of the input are not known to be independent" in run(softmax(), 9).out
    )
    assert (
        "in batches of 128, because the graph computes each row by itself" in run(model("y = Relu(x)"), 9).out
    )


@pytest.mark.parametrize("files", [1, 2])
def test_batches_that_change_the_outputs_are_made_with_a_warning(run, files):
    done = run(softmax(), 300, "--batch-size", "100", "--json", files=files)
    assert done.code == 0
    assert "Warning: The rows of this model depend on each other" in done.err
    assert len(json.loads(done.out)["warnings"]) == 1


@pytest.mark.parametrize(
    "graph",
    [
        model("y = ReduceMean<keepdims=0>(x)", made="float y"),
        model("y = SplitToSequence(x, three)", made="seq(float[p,q]) y", three=np.array(3)),
    ],
)
@pytest.mark.parametrize("files", [1, 2])
def test_batches_of_a_graph_whose_outputs_have_no_rows_are_refused(run, graph, files):
    done = run(graph, 300, "--batch-size", "6", files=files)
    assert done.code == 1
    assert "cannot be run in batches" in done.err or "cannot be joined" in done.err
    assert "Hint: Use --batch-size whole." in done.err


def test_a_file_that_states_more_rows_than_it_has_costs_nothing(cli, tmp_path):
    """The header of a .npy file can state any number; a shard of it is made when its turn comes."""
    header = b"{'descr': '<f4', 'fortran_order': False, 'shape': (10000000000000, 4), }".ljust(117) + b"\n"
    (tmp_path / "0.npy").write_bytes(b"\x93NUMPY\x01\x00\x76\x00" + header)
    np.save(tmp_path / "1.npy", np.ones((3, 4), np.float32))
    (tmp_path / "model.onnx").write_bytes(model("y = Relu(x)").SerializeToString())
    done = cli("run", tmp_path / "model.onnx", "--input", tmp_path / "?.npy", "--json")
    assert done.code == 1
    document = json.loads(done.out)
    assert [item["items"] for item in document["files"]] == [3]
    assert len(document["failures"]) == 1


def test_the_output_may_not_be_the_input(cli, tmp_path):
    (tmp_path / "model.onnx").write_bytes(softmax().SerializeToString())
    given = tmp_path / "x.npz"
    np.savez(given, x=np.ones((3, 4), np.float32))
    before = given.read_bytes()
    done = cli("run", tmp_path / "model.onnx", "--input", given, "--output", tmp_path / "." / "x.npz")
    assert done.code == 2
    assert "is the input" in done.err
    assert given.read_bytes() == before


def test_an_empty_name_is_not_the_folder_that_one_is_in(cli, tmp_path):
    (tmp_path / "model.onnx").write_bytes(softmax().SerializeToString())
    done = cli("run", tmp_path / "model.onnx", "--input", "")
    assert done.code == 2
    assert "an empty name" in done.err


@pytest.mark.parametrize("text", ["0", "-3", "some", "1.5", ""])
def test_a_batch_size_that_is_none_is_wrong_usage(run, text):
    done = run(softmax(), 3, "--batch-size", text)
    assert done.code == 2
    assert "--batch-size" in done.err


@pytest.mark.parametrize("files", [1, 2])
def test_a_table_given_in_place_of_the_graphs_default_is_never_cut(cli, tmp_path, files):
    """It has as many rows as there are items, by chance."""
    from onnx import TensorProto, helper

    table, places = rng.normal(size=(3000, 2)).astype("f4"), rng.integers(0, 9, 3000)
    graph = model("y = Gather(t, x)", given="int64[n] x", t=-table)
    graph.graph.input.append(helper.make_tensor_value_info("t", TensorProto.FLOAT, ("k", 2)))
    path, output = tmp_path / "model.onnx", tmp_path / ("out.npz" if files == 1 else "out")
    path.write_bytes(graph.SerializeToString())
    inputs = [tmp_path / f"{number}.npz" for number in range(files)]
    for each in inputs:
        np.savez(each, x=places, t=table)
    given = [item for each in inputs for item in ("--input", each)]
    done = cli("run", path, *given, "--output", output, "--json")
    assert done.code == 0, done.err
    assert json.loads(done.out)["batching"]["batches"] == files
    with np.load(output if files == 1 else output / "1.npz") as made:
        np.testing.assert_array_equal(made["y"], table[places])


@pytest.mark.parametrize("name", ["file", "allow_pickle", "args", "a/b:0"])
def test_an_output_may_have_any_name(cli, tmp_path, name):
    graph = model("y = Relu(x)")
    graph.graph.node[0].output[0] = graph.graph.output[0].name = name
    (tmp_path / "model.onnx").write_bytes(graph.SerializeToString())
    np.savez(tmp_path / "x.npz", x=np.ones((3, 4), np.float32))
    done = cli("run", tmp_path / "model.onnx", "--input", tmp_path / "x.npz", "--output", tmp_path / "y.npz")
    assert done.code == 0, done.err
    with np.load(tmp_path / "y.npz") as made:
        assert made.files == [name]
        np.testing.assert_array_equal(made[name], np.ones((3, 4)))
