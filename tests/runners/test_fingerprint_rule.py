# SPDX-License-Identifier: MIT
"""Which tensors of an ONNX file count, and that plain weights have the digest of rule 1."""

import numpy as np
import pytest

from fairreg import models
from fairreg.errors import NoParameters
from fairreg.models.hbb_in.network import onnx_bytes
from fairreg.runners.weights import fingerprint, fingerprint_of, read_tensors
from support.graphs import model
from support.networks import SMALL, random_tensors

onnx = pytest.importorskip("onnx")
WEIGHT = np.arange(6, dtype=np.float32).reshape(2, 3)


def graph(path, initializers=(), constants=()):
    from onnx import TensorProto, helper, numpy_helper

    value = [helper.make_tensor_value_info(name, TensorProto.FLOAT, ["n", 3]) for name in ("x", "y")]
    nodes = [
        helper.make_node("Constant", [], [name], value=numpy_helper.from_array(array, name))
        for name, array in constants
    ]
    nodes.append(helper.make_node("Relu", ["x"], ["y"]))
    held = [
        item if isinstance(item, TensorProto) else numpy_helper.from_array(item[1], item[0])
        for item in initializers
    ]
    made = helper.make_graph(nodes, "graph", value[:1], value[1:], held)
    path.write_bytes(helper.make_model(made).SerializeToString())
    return path


def test_quantised_weights_count_and_shapes_do_not(tmp_path):
    held = {"w": np.array([[1, -2]], np.int8), "zero": np.array(3, np.uint8), "scale": np.float32([0.5])}
    beside = {"axes": np.array([1, 2]), "bias": np.array([7], np.int32), "mask": np.array([True])}
    path = graph(tmp_path / "x.onnx", [*held.items(), *beside.items()])
    assert list(read_tensors(path)) == list(held)
    assert fingerprint(path) == fingerprint_of(held)
    other = graph(tmp_path / "y.onnx", [("w", held["w"] + 1), *list(held.items())[1:]])
    assert fingerprint(other) != fingerprint(path)


@pytest.mark.parametrize("kind", ["INT4", "UINT4", "FLOAT8E4M3FN", "FLOAT8E5M2"])
def test_small_element_types_count_by_their_name(tmp_path, kind):
    tensor = onnx.helper.make_tensor("w", getattr(onnx.TensorProto, kind), [3], [1, 2, 3])
    assert list(read_tensors(graph(tmp_path / "x.onnx", [tensor]))) == ["w"]
    plain = graph(tmp_path / "y.onnx", [("w", onnx.numpy_helper.to_array(tensor).astype(np.float32))])
    assert fingerprint(tmp_path / "x.onnx") != fingerprint(plain)


def test_weights_in_constants_count_where_there_are_no_initializers(tmp_path):
    constants = [("w", WEIGHT), ("b", WEIGHT[0]), ("half", np.float32(0.5)), ("axes", np.array([1]))]
    path = graph(tmp_path / "x.onnx", (), constants)
    assert list(read_tensors(path)) == ["w", "b"]
    path = graph(tmp_path / "x.onnx", [("other", WEIGHT + 1)], constants)
    assert list(read_tensors(path)) == ["other"]


def test_constants_without_a_matrix_are_no_weights(tmp_path):
    assert (
        read_tensors(graph(tmp_path / "x.onnx", (), [("mean", WEIGHT[0]), ("half", np.float32(0.5))])) == {}
    )


def test_the_graph_of_the_network_has_the_fingerprint_of_its_weights(tmp_path):
    tensors = random_tensors(SMALL)
    (tmp_path / "x.onnx").write_bytes(onnx_bytes(tensors))
    assert fingerprint(tmp_path / "x.onnx") == fingerprint_of(tensors)


def test_the_state_of_an_optimizer_beside_weights_is_no_damaged_weight_file(tmp_path, files):
    def state(op, pieces):
        moments = op.mapping({"exp_avg": pieces["m"]})
        return op.mapping({"state": op.mapping({"0": moments}), "param_groups": op.tuple()})

    (tmp_path / "optimizer.pt").write_bytes(files.checkpoint({"m": WEIGHT}, state))
    assert models.recognise(tmp_path / "optimizer.pt") is None


def trees(path, values=(0.0, 0.0, 0.0), modes=("BRANCH_LEQ", "LEAF", "LEAF"), mapped=False):
    """A tree of one decision; `mapped`: with probabilities as mappings, the default of skl2onnx."""
    listed = ", ".join(f'"{mode}"' for mode in modes)
    scores = "scores" if mapped else "y"
    body = (
        f"label, {scores} = ai.onnx.ml.TreeEnsembleClassifier <nodes_treeids = [0,0,0], "
        "nodes_nodeids = [0,1,2], nodes_featureids = [0,0,0], "
        f"nodes_values = [{', '.join(map(str, values))}], nodes_modes = [{listed}], "
        "nodes_truenodeids = [1,0,0], nodes_falsenodeids = [2,0,0], class_treeids = [0,0], "
        "class_nodeids = [1,2], class_ids = [0,1], class_weights = [1.0,1.0], classlabels_int64s = [0,1]> (x)"
    )
    if mapped:
        body += " y = ai.onnx.ml.ZipMap<classlabels_int64s = [0,1]>(scores)"
    made = "seq(map(int64, float)) y" if mapped else "float[n,m] y"
    path.write_bytes(model(body, made=made).SerializeToString())
    return fingerprint(path)


def test_trees_have_the_fingerprint_of_their_decisions(tmp_path):
    path = tmp_path / "trees.onnx"
    own = trees(path)
    assert own == trees(path, mapped=True)
    others = {trees(path, values=(0.5, 0.0, 0.0)), trees(path, modes=("BRANCH_LT", "LEAF", "LEAF"))}
    assert len({own, *others}) == 3


def test_trees_beside_weights_do_not_change_the_fingerprint_of_the_weights(tmp_path):
    path, plain = tmp_path / "x.onnx", model("y = MatMul(x, W)", W=np.ones((4, 2)))
    path.write_bytes(plain.SerializeToString())
    own = fingerprint(path)
    scaled = model("s = ai.onnx.ml.Scaler<offset=[1.0], scale=[2.0]>(x) y = MatMul(s, W)", W=np.ones((4, 2)))
    path.write_bytes(scaled.SerializeToString())
    assert fingerprint(path) == own


def test_trees_count_beside_single_numbers(tmp_path):
    found = set()
    for value in (0.0, 0.5):
        path = tmp_path / "trees.onnx"
        trees(path, values=(value, 0.0, 0.0))
        graph = onnx.load(path)
        graph.graph.initializer.append(onnx.numpy_helper.from_array(np.float32(1), "one"))
        path.write_bytes(graph.SerializeToString())
        found.add(fingerprint(path))
    assert len(found) == 2


def test_a_graph_without_weights_has_no_fingerprint(tmp_path):
    with pytest.raises(NoParameters, match=r"x\.onnx has no weights"):
        fingerprint(graph(tmp_path / "x.onnx"))
