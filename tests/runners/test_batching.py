# SPDX-License-Identifier: MIT
"""Rows stay together unless they are known to be independent, and every report says how they were cut."""

import numpy as np
import pytest

from fairreg.errors import ModelError, UsageError
from fairreg.runners import memory, onnx
from fairreg.runners.base import Runner
from fairreg.runners.batching import Batching
from fairreg.schemas.record import Tensor
from support.graphs import model

rng = np.random.default_rng(3)
SOFTMAX_OVER_ROWS = model("y = Softmax<axis=0>(x)")
ROW_BY_ROW = model("y = MatMul(x, W)", W=rng.normal(size=(4, 2)))


def load(graph, **options):
    return onnx.load(graph.SerializeToString(), **options)


def rows(count, features=4):
    return {"x": rng.normal(size=(count, features)).astype(np.float32)}


class Counted(Runner):
    """Doubles its input and remembers the sizes of its batches."""

    def __init__(self, first="N", **options):
        tensors = [Tensor(name=name, dtype="float32", shape=(first, 2)) for name in ("x", "y")]
        super().__init__("counted", (tensors[0],), (tensors[1],), **options)
        self.sizes = []

    def compute(self, arrays):
        self.sizes.append(len(arrays["x"]))
        return {"y": 2 * arrays["x"]}


def test_rows_of_an_unknown_graph_stay_together():
    runner = load(SOFTMAX_OVER_ROWS)
    assert (runner.batching, runner.batch_size) == (Batching(), None)
    np.testing.assert_allclose(runner.run(rows(300))["y"].sum(axis=0), np.ones(4), rtol=1e-5)


def test_rows_of_a_proven_graph_are_cut():
    runner = load(ROW_BY_ROW)
    assert runner.batching == Batching(128, "proven")
    given = rows(1000)
    assert runner.run(given)["y"].shape == (1000, 2)
    assert runner.batching.to_json(1000) == {"size": 128, "reason": "proven", "batches": 8}


def test_a_batch_that_the_author_denotes_is_cut():
    graph = model("y = CumSum(x, one)", one=np.array(1))
    graph.graph.node[0].domain = "com.example"  # nothing can be proven of this operator
    stated = model(
        "t = If(c) <then_branch = a () => (float[n,4] p) {p = Relu(x)}, else_branch = b () => (float[n,4] q) "
        "{q = Neg(x)}> y = Identity(t)",
        c=np.array(True),
    )
    assert load(stated).batching == Batching()
    for value in (*stated.graph.input, *stated.graph.output):
        value.type.tensor_type.shape.dim[0].denotation = "DATA_BATCH"
    assert load(stated).batching == Batching(128, "stated")


def test_batches_that_are_asked_for_are_made():
    runner = load(SOFTMAX_OVER_ROWS, batch_size=100)
    assert runner.batching == Batching(100, "requested")
    np.testing.assert_allclose(runner.run(rows(300))["y"].sum(axis=0), np.full(4, 3.0), rtol=1e-5)


@pytest.mark.parametrize("size", [0, -1])
def test_a_batch_has_at_least_one_row(size):
    with pytest.raises(UsageError, match="at least 1"):
        load(ROW_BY_ROW, batch_size=size)


def test_a_first_axis_of_one_is_looped():
    graph = model("m = ReduceMean(x) y = Sub(x, m)", given="float[1,4] x", made="float[1,4] y")
    runner, given = load(graph), rows(300)
    assert runner.batching == Batching(1, "fixed", exact=True)
    want = given["x"] - given["x"].mean(axis=1, keepdims=True)
    np.testing.assert_allclose(runner.run(given)["y"], want, atol=1e-6)
    assert runner.run(rows(0))["y"].shape == (0, 4)
    with pytest.raises(ModelError, match=r"shape \(300, 3\)"):
        runner.run(rows(300, 3))


@pytest.mark.parametrize("count", [0, 1, 63, 64, 65, 300])
def test_the_last_piece_of_a_fixed_first_axis_is_filled_up_where_rows_are_independent(count):
    weights = rng.normal(size=(4, 2)).astype(np.float32)
    graph = model("y = MatMul(x, W)", given="float[64,4] x", made="float[64,2] y", W=weights)
    runner, given = load(graph), rows(count)
    assert runner.batching == Batching(64, "proven", exact=True)
    np.testing.assert_allclose(runner.run(given)["y"], given["x"] @ weights, atol=1e-5)


def test_other_numbers_of_rows_are_not_invented_for_a_fixed_first_axis_of_rows_that_belong_together():
    graph = model("y = Softmax<axis=0>(x)", given="float[64,4] x", made="float[64,4] y")
    runner = load(graph)
    assert runner.run(rows(64))["y"].shape == (64, 4)
    with pytest.raises(ModelError, match="takes 64 rows at once, and the input has 65") as caught:
        runner.run(rows(65))
    assert "--batch-size 64" in caught.value.hint
    assert load(graph, batch_size=64).run(rows(65))["y"].shape == (65, 4)
    with pytest.raises(UsageError, match="takes 64 rows") as wrong:
        load(graph, batch_size=32)
    assert wrong.value.hint == "Use --batch-size 64."


def test_an_output_without_the_rows_of_its_batch_cannot_be_joined():
    runner = load(model("y = ReduceMean<axes=[0], keepdims=1>(x)"), batch_size=4)
    with pytest.raises(ModelError, match=r"'y' has shape \(1, 4\) for 4 rows"):
        runner.run(rows(9))


def test_inputs_of_different_lengths_are_not_cut():
    graph = model("y = MatMul(x, z)", given="float[n,4] x, float[k,m] z")
    given = {**rows(300), "z": np.ones((4, 2), np.float32)}
    assert load(graph).run(given)["y"].shape == (300, 2)
    with pytest.raises(ModelError, match="have no rows in common"):
        load(graph, batch_size=10).run(given)


def test_a_runner_that_states_a_batch_size_is_cut_and_others_are_not():
    stated, silent = Counted(batch_size=4), Counted()
    assert stated.run({"x": np.ones((9, 2), np.float32)})["y"].shape == (9, 2)
    silent.run({"x": np.ones((9, 2), np.float32)})
    assert (stated.sizes, silent.sizes) == ([4, 4, 1], [9])
    assert (stated.batching.reason, silent.batching.reason) == ("stated", "unknown")


def test_a_value_larger_than_the_memory_is_refused_before_it_is_computed(monkeypatch):
    pairs = model("t = Transpose(x) s = MatMul(x, t) a = Softmax(s) y = MatMul(a, x)")
    assert memory.largest_value(pairs, {"x": (1000, 4)}) == 4 * 1000 * 1000
    monkeypatch.setattr(memory, "available", lambda: 3_999_999)
    with pytest.raises(ModelError, match="too much memory") as caught:
        load(pairs).run(rows(1000))
    assert "--batch-size" in caught.value.hint
    assert load(pairs, batch_size=100).run(rows(1000))["y"].shape == (1000, 4)


def test_the_memory_that_is_left_is_a_number_of_bytes():
    left = memory.available()
    assert left is None or left > 1 << 20


def test_another_shape_of_an_input_needs_no_memory():
    graph = model("f = Flatten(x) y = MatMul(f, W)", given="float[n,2,2] x", W=np.ones((4, 1)))
    assert memory.largest_value(graph, {"x": (1000, 2, 2)}) == 4 * 1000


def test_files_that_the_system_keeps_in_memory_leave_it_free(monkeypatch, tmp_path):
    for name, text in [
        ("max", "5000\n"),
        ("current", "4500\n"),
        ("stat", "anon 500\ninactive_file 3000\nactive_file 900\n"),
    ]:
        (tmp_path / name).write_text(text, encoding="ascii")
    monkeypatch.setattr(
        memory, "_CONTROL_GROUPS", (tuple(str(tmp_path / name) for name in ("max", "current", "stat")),)
    )
    assert memory.available() == 4400


def test_a_failed_allocation_of_the_engine_names_the_batch_size():
    """onnxruntime asks for 40 TB, which no machine gives."""
    graph = model(
        "y = Expand(x, k)", made="float[p,q,r] y", k=np.array([10**6, 10**4, 10**3]), given="float[1,1,1] x"
    )
    with pytest.raises(ModelError, match="onnxruntime could not allocate it") as caught:
        load(graph).run({"x": np.ones((1, 1, 1), np.float32)})
    assert "--batch-size" in caught.value.hint
