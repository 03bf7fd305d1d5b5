# SPDX-License-Identifier: MIT
"""An ONNX file with the tensors of the Hbb network is that network only if its graph computes it."""

import numpy as np
import onnx
import pytest
from onnx.reference import ReferenceEvaluator

import fairreg
from fairreg.errors import OtherGraph
from fairreg.models import hbb_in
from fairreg.models.hbb_in.network import Hyperparameters, onnx_bytes
from fairreg.models.hbb_in.own_graph import check_graph
from fairreg.models.hbb_in.pairwise import pairwise_bytes
from fairreg.services.run.loaded_model import open_file
from support.networks import FOUNDING, TRACKS_ONLY, random_tensors

SMALL = Hyperparameters(track_features=3, vertex_features=2, hidden=4, d_e=3, d_o=2)


def changed(tensors, old, new, batch=None):
    """The pairwise graph with other operators."""
    model = onnx.load_from_string(pairwise_bytes(tensors))
    for node in model.graph.node:
        if node.op_type == old:
            node.op_type = new
    if batch is not None:
        for item in (*model.graph.input, *model.graph.output):
            item.type.tensor_type.shape.dim[0].dim_value = batch
    return model.SerializeToString()


@pytest.mark.parametrize("sizes", [SMALL, FOUNDING, TRACKS_ONLY], ids=["small", "founding", "tracks"])
@pytest.mark.parametrize("write", [onnx_bytes, pairwise_bytes])
def test_both_graphs_of_a_network_are_that_network(tmp_path, sizes, write):
    tensors = random_tensors(sizes, 3)
    (tmp_path / "net.onnx").write_bytes(write(tensors))
    check_graph(tmp_path / "net.onnx", tensors)


@pytest.mark.parametrize(("old", "new"), [("Relu", "Tanh"), ("Relu", "Identity"), ("Softmax", "Identity")])
def test_other_operators_between_the_same_tensors_are_another_network(tmp_path, old, new):
    tensors = random_tensors(SMALL, 3)
    path = tmp_path / "net.onnx"
    path.write_bytes(changed(tensors, old, new))
    with pytest.raises(OtherGraph, match="its graph computes something else"):
        hbb_in.load(path)


def test_it_runs_as_the_graph_it_is_with_a_warning(tmp_path):
    tensors = random_tensors(SMALL, 3)
    path = tmp_path / "net.onnx"
    path.write_bytes(changed(tensors, "Relu", "Tanh"))
    opened = open_file(path, None, tmp_path)
    assert opened.recognition is None
    assert "It runs as the graph it is." in opened.warnings[0]
    jets = {item.name: np.full((2, *item.shape[1:]), 0.3, np.float32) for item in opened.runner.inputs}
    own = ReferenceEvaluator(onnx.load(path)).run(None, jets)[0]
    np.testing.assert_allclose(fairreg.load(path).run(jets)["probabilities"], own, atol=1e-5)


def test_a_graph_of_a_fixed_number_of_jets_is_compared_with_that_number(tmp_path):
    tensors = random_tensors(SMALL, 3)
    path = tmp_path / "net.onnx"
    path.write_bytes(changed(tensors, "", "", batch=5))
    check_graph(path, tensors)


@pytest.mark.shared
def test_the_published_graph_is_the_network(shared):
    (path,) = (shared / "published").rglob("*.onnx")
    assert hbb_in.recognise(path) is not None
    hbb_in.load(path)
