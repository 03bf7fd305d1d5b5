# SPDX-License-Identifier: MIT
"""The PyTorch network is the network of the definition, whatever is padded where, derivatives included."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fairreg.models.hbb_in.network import Hyperparameters
from support.examples import examples
from support.networks import definition, random_tensors

torch = pytest.importorskip("torch")
from fairreg.models.hbb_in.pytorch import network as torch_network  # noqa: E402
from fairreg.models.hbb_in.pytorch.messages import messages  # noqa: E402

pytestmark = pytest.mark.torch
SIZES = Hyperparameters(track_features=3, vertex_features=2, hidden=5, d_e=4, d_o=3, n_tracks=7, n_vertices=3)
TENSORS = {name: array.astype(np.float64) for name, array in random_tensors(SIZES).items()}


def jets(counts, random):
    """Jets with so many tracks and vertices in slots drawn at random, float64."""
    tracks = np.zeros((len(counts), SIZES.track_features, SIZES.n_tracks))
    vertices = np.zeros((len(counts), SIZES.vertex_features, SIZES.n_vertices))
    for index, numbers in enumerate(counts):
        for array, count in zip((tracks, vertices), numbers, strict=True):
            slots = random.permutation(array.shape[2])[:count]
            array[index][:, slots] = random.normal(size=(array.shape[1], count))
    return tracks, vertices


def predicted(tensors, tracks, vertices):
    return torch_network.network(tensors)(torch.from_numpy(tracks), torch.from_numpy(vertices)).numpy()


numbers = st.lists(
    st.tuples(st.integers(0, SIZES.n_tracks), st.integers(0, SIZES.n_vertices)), min_size=1, max_size=6
)


@settings(max_examples=examples(40))
@given(numbers, st.integers(0, 2**32))
def test_it_agrees_with_the_definition_for_empty_padded_and_full_jets(counts, seed):
    tracks, vertices = jets(counts, np.random.default_rng(seed))
    with torch.no_grad():
        found = predicted(TENSORS, tracks, vertices)
    np.testing.assert_allclose(found, definition(TENSORS, tracks, vertices), rtol=0, atol=1e-12)


@settings(max_examples=examples(25))
@given(numbers, st.integers(0, 2**32))
def test_the_order_of_tracks_vertices_and_padding_does_not_matter(counts, seed):
    random = np.random.default_rng(seed)
    tracks, vertices = jets(counts, random)
    mixed = (array[:, :, random.permutation(array.shape[2])] for array in (tracks, vertices))
    with torch.no_grad():
        np.testing.assert_allclose(
            predicted(TENSORS, *mixed), predicted(TENSORS, tracks, vertices), rtol=0, atol=1e-12
        )


def test_the_papers_network_agrees_with_the_definition(paper_sizes, make_tensors, make_jets):
    tensors = {name: array.astype(np.float64) for name, array in make_tensors(paper_sizes).items()}
    tracks, vertices = (array.astype(np.float64) for array in make_jets(12, paper_sizes))
    with torch.no_grad():
        found = predicted(tensors, tracks, vertices)
    np.testing.assert_allclose(found, definition(tensors, tracks, vertices), rtol=0, atol=1e-12)


def test_a_jet_does_not_depend_on_the_jets_beside_it():
    tracks, vertices = jets([(2, 1), (7, 3), (0, 0), (5, 2)], np.random.default_rng(4))
    with torch.no_grad():
        alone = [
            predicted(TENSORS, tracks[index : index + 1], vertices[index : index + 1]) for index in range(4)
        ]
        np.testing.assert_allclose(
            predicted(TENSORS, tracks, vertices), np.concatenate(alone), rtol=0, atol=1e-14
        )


def test_no_jets_give_no_probabilities():
    tracks, vertices = jets([(1, 1)], np.random.default_rng(5))
    with torch.no_grad():
        assert predicted(TENSORS, tracks[:0], vertices[:0]).shape == (0, 2)


def test_the_passes_for_a_gpu_give_the_same_probabilities(monkeypatch):
    counts = np.random.default_rng(8).integers(0, [SIZES.n_tracks + 1, SIZES.n_vertices + 1], (40, 2))
    tracks, vertices = jets(counts, np.random.default_rng(9))
    own, asked = torch_network.divided, []

    def on_gpu(numbers, slots, _device, call):
        asked.append(list(own(numbers, slots, "cuda", 60)))
        return iter(asked[-1])

    monkeypatch.setattr(torch_network, "divided", on_gpu)
    with torch.no_grad():
        found = predicted(TENSORS, tracks, vertices)
    np.testing.assert_allclose(found, definition(TENSORS, tracks, vertices), rtol=0, atol=1e-12)
    assert 1 < len(asked[0]) < 8


def test_pairs_in_bfloat16_change_probabilities_a_little(paper_sizes, make_tensors, make_jets):
    tensors, (tracks, vertices) = make_tensors(paper_sizes), make_jets(12, paper_sizes)
    network = torch_network.network(tensors, pairs_in_bfloat16=True)
    with torch.no_grad():
        found = network(torch.from_numpy(tracks), torch.from_numpy(vertices)).numpy()
    assert found.dtype == np.float32
    difference = np.abs(found - definition(tensors, tracks, vertices)).max()
    assert 1e-6 < difference < 5e-3


@pytest.mark.parametrize(("senders", "others_only"), [(4, True), (3, False)])
def test_the_derivatives_of_the_messages_are_those_of_their_differences(senders, others_only):
    torch.manual_seed(6)
    layers = (torch.nn.Linear(5, 5).double(), torch.nn.Linear(5, 3).double())
    parts = [torch.randn(2, count, 5, dtype=torch.float64, requires_grad=True) for count in (4, senders)]
    parameters = [item for layer in layers for item in layer.parameters()]

    def sums(receivers, others, *_parameters):
        return messages((receivers, others), layers, 3, others_only=others_only)

    assert torch.autograd.gradcheck(sums, (*parts, *parameters))


def plain_logits(module, tracks, vertices):
    """Logits pair by pair, with PyTorch's own derivatives."""

    def through(names, value):
        for name in names:
            value = module[name](value).relu()
        return value

    rows, others = tracks.transpose(1, 2), vertices.transpose(1, 2)
    outcome = []
    for x, y in zip(rows, others, strict=True):
        objects = []
        for i, receiver in enumerate(x):
            tracks_to = [torch.cat((receiver, sender)) for j, sender in enumerate(x) if j != i]
            vertices_to = [torch.cat((receiver, sender)) for sender in y]
            sums = (
                through(("fr1", "fr2", "fr3"), torch.stack(tracks_to)).sum(0),
                through(("fr1_pv", "fr2_pv", "fr3_pv"), torch.stack(vertices_to)).sum(0),
            )
            objects.append(torch.cat((receiver, *sums)))
        outcome.append(through(("fo1", "fo2", "fo3"), torch.stack(objects)).sum(0))
    return module["fc_fixed"](torch.stack(outcome))


def test_the_gradients_of_a_training_step_are_those_of_the_plain_network():
    module = torch_network.layers(SIZES).double()
    inputs = [
        torch.from_numpy(array) for array in jets([(3, 1), (7, 3), (0, 0), (6, 2)], np.random.default_rng(7))
    ]
    gradients = []
    for compute in (torch_network.forward, plain_logits):
        loss = compute(module, *inputs)[:, 1].square().sum()
        gradients.append(torch.autograd.grad(loss, list(module.parameters())))
    for found, expected in zip(*gradients, strict=True):
        torch.testing.assert_close(found, expected, rtol=1e-10, atol=1e-12)


@given(st.lists(st.integers(0, 60), max_size=300))
def test_groups_hold_every_jet_once_and_few_pairs(counts):
    groups = list(torch_network.groups(np.array(counts, dtype=np.int64), 60))
    assert sorted(np.concatenate(groups).tolist() if groups else []) == list(range(len(counts)))
    for group in groups:
        kept = min(max(counts[index] for index in group) + 1, 60)
        assert len(group) == 1 or len(group) * kept**2 <= torch_network.PAIRS
