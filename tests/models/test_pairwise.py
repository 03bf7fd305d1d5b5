# SPDX-License-Identifier: MIT
"""The definition as a graph and in PyTorch, and every faster form beside it, are one and the same network."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fairreg.errors import ModelError
from fairreg.models.hbb_in.network import Hyperparameters, onnx_bytes
from fairreg.models.hbb_in.pairwise import definition, pairwise_bytes
from fairreg.models.hbb_in.runner import build
from fairreg.runners import get
from fairreg.runners.weights import fingerprint, fingerprint_of
from support.examples import examples
from support.networks import PAPER, random_tensors
from support.toy import toy_jets

INPUTS = ("input_cpf", "input_sv")
SMALL = Hyperparameters(track_features=3, vertex_features=2, hidden=5, d_e=4, d_o=3)
TENSORS = random_tensors(PAPER)
# The features of real jets reach hundreds, and their sums are that much larger.
REAL = {**TENSORS, "fc_fixed.weight": TENSORS["fc_fixed.weight"] * np.float32(0.01)}
SMALL_NETWORK = build(random_tensors(SMALL), threads=1)


def graph(content, tracks, vertices):
    return get("onnx").load(content).run(dict(zip(INPUTS, (tracks, vertices), strict=True)))["probabilities"]


def torch_definition(tensors, tracks, vertices):
    torch = pytest.importorskip("torch")
    from fairreg.models.hbb_in.pytorch.definition import network

    return network(tensors)(torch.from_numpy(tracks), torch.from_numpy(vertices)).numpy()


def torch_factorised(tensors, tracks, vertices):
    torch = pytest.importorskip("torch")
    from fairreg.models.hbb_in.pytorch.network import network

    with torch.no_grad():
        return network(tensors)(torch.from_numpy(tracks), torch.from_numpy(vertices)).numpy()


FORMS = {
    "packed": lambda tensors, *jets: build(tensors, threads=1).predict(*jets),
    "all slots": lambda tensors, *jets: graph(onnx_bytes(tensors), *jets),
    "pairwise": lambda tensors, *jets: graph(pairwise_bytes(tensors), *jets),
    "torch definition": torch_definition,
    "torch factorised": torch_factorised,
}


def some_jets(kind):
    random = np.random.default_rng(5)
    tracks = random.normal(size=(8, 30, 60)).astype(np.float32)
    vertices = random.normal(size=(8, 14, 5)).astype(np.float32)
    if kind == "real-like":
        toys = toy_jets(8, seed=3)
        return TENSORS | REAL, toys.tracks, toys.vertices
    if kind == "empty":
        return TENSORS, np.zeros_like(tracks), np.zeros_like(vertices)
    if kind == "random":
        for jet in range(8):
            tracks[jet][:, random.random(60) < 0.5] = 0
            vertices[jet][:, random.random(5) < 0.5] = 0
    return TENSORS, tracks, vertices


@pytest.mark.sliced(7)
@pytest.mark.parametrize("kind", ["random", "full", "empty", "real-like"])
@pytest.mark.parametrize("form", FORMS)
def test_every_form_agrees_with_the_definition_in_float32(form, kind, reference):
    tensors, tracks, vertices = some_jets(kind)
    found, expected = FORMS[form](tensors, tracks, vertices), reference(tensors, tracks, vertices)
    assert found.dtype == np.float32
    assert expected.min() > 1e-3  # or a softmax would hide differences
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-5)


@pytest.mark.parametrize("kind", ["random", "full", "empty", "real-like"])
def test_the_definitions_agree_in_float64(kind, reference):
    tensors, tracks, vertices = some_jets(kind)
    wide = [array.astype(np.float64) for array in (tracks, vertices)]
    expected = reference(tensors, *wide)
    np.testing.assert_allclose(definition(tensors, 3)(tracks, vertices), expected, rtol=0, atol=1e-12)
    in_float64 = {name: array.astype(np.float64) for name, array in tensors.items()}
    for form in (torch_definition, torch_factorised):
        np.testing.assert_allclose(form(in_float64, *wide), expected, rtol=0, atol=1e-12)


occupancy = st.lists(st.tuples(st.integers(0, 60), st.integers(0, 5)), min_size=1, max_size=5)


@settings(max_examples=examples(40))
@given(occupancy, st.integers(0, 2**32))
def test_the_default_runtime_minds_neither_order_nor_place_of_tracks_and_vertices(counts, seed):
    random = np.random.default_rng(seed)
    tracks = np.zeros((len(counts), 3, 60), np.float32)
    vertices = np.zeros((len(counts), 2, 5), np.float32)
    for jet, numbers in enumerate(counts):
        for array, count in zip((tracks, vertices), numbers, strict=True):
            array[jet, :, :count] = random.normal(size=(array.shape[1], count))
    expected = SMALL_NETWORK.predict(tracks, vertices)
    moved = (array[:, :, random.permutation(array.shape[2])] for array in (tracks, vertices))
    np.testing.assert_allclose(SMALL_NETWORK.predict(*moved), expected, rtol=0, atol=2e-6)


def test_the_pairwise_graph_is_valid_with_a_free_batch_and_the_fingerprint_of_the_weights(tmp_path):
    import onnx

    path = tmp_path / "x.onnx"
    path.write_bytes(pairwise_bytes(TENSORS))
    onnx.checker.check_model(onnx.load(path), full_check=True)
    assert fingerprint(path) == fingerprint_of(TENSORS)
    assert [item.shape for item in get("onnx").load(path).inputs] == [("N", 30, 60), ("N", 14, 5)]
    assert pairwise_bytes(TENSORS) == path.read_bytes()


def test_tensors_of_another_network_have_no_definition():
    with pytest.raises(ModelError, match="missing or unexpected"):
        pairwise_bytes({name: array for name, array in TENSORS.items() if name != "fo2.bias"})
