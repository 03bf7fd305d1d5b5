# SPDX-License-Identifier: MIT
"""Packs hold every jet once, with its tracks in their order and no more slots than they need."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fairreg.errors import UsageError
from fairreg.models.hbb_in import HbbRunner, sample
from fairreg.models.hbb_in.network import Hyperparameters, onnx_bytes
from fairreg.models.hbb_in.packing import class_packs, packs, size_classes
from fairreg.models.hbb_in.runner import _PackedRunner, build
from fairreg.runners import get
from support.examples import examples
from support.networks import definition, random_jets, random_tensors

TRACKS, VERTICES, FEATURES = 9, 4, 2
jets = st.lists(
    st.tuples(st.sets(st.integers(0, TRACKS - 1)), st.sets(st.integers(0, VERTICES - 1))), max_size=12
)


def arrays(occupied):
    """Jets with numbered objects in the occupied slots."""
    tracks = np.zeros((len(occupied), FEATURES, TRACKS), np.float32)
    vertices = np.zeros((len(occupied), FEATURES, VERTICES), np.float32)
    for jet, places in enumerate(occupied):
        for array, slots in zip((tracks, vertices), places, strict=True):
            for slot in slots:
                array[jet, slot % FEATURES, slot] = 100 * (jet + 1) + slot  # the other features stay 0
    return tracks, vertices


def real(objects):
    """The objects of a jet (features, slots) that are no padding, in their order."""
    return objects[:, objects.any(axis=0)]


@settings(max_examples=examples(100))
@given(jets, st.integers(1, 5))
def test_every_jet_is_in_one_pack_with_its_objects_in_their_order(occupied, size):
    tracks, vertices = arrays(occupied)
    found = list(packs(tracks, vertices, size))
    assert sorted(index for pack in found for index in pack.jets) == list(range(len(occupied)))
    assert [len(pack.jets) for pack in found[:-1]] == [size] * (len(found) - 1)
    for pack in found:
        for place, jet in enumerate(pack.jets):
            np.testing.assert_array_equal(real(pack.tracks[place]), real(tracks[jet]))
            np.testing.assert_array_equal(real(pack.vertices[place]), real(vertices[jet]))


@settings(max_examples=examples(100))
@given(jets, st.integers(1, 5))
def test_the_real_objects_are_in_front_and_the_last_slot_is_empty_unless_all_are_given(occupied, size):
    for pack in packs(*arrays(occupied), size):
        for objects, total in ((pack.tracks, TRACKS), (pack.vertices, VERTICES)):
            counts = objects.any(axis=1).sum(axis=1)
            assert objects.shape[2] == min(counts.max() + 1, total)
            for jet, count in zip(objects, counts, strict=True):
                assert jet[:, :count].any(axis=0).all()
                assert not jet[:, count:].any()


@given(jets)
def test_jets_of_like_numbers_go_together(occupied):
    numbers = [pack.tracks.any(axis=1).sum() for pack in packs(*arrays(occupied), 1)]
    assert numbers == sorted(numbers)


def test_full_and_empty_jets_keep_all_slots_and_one():
    tracks, vertices = arrays([(range(TRACKS), range(VERTICES)), ((), ())])
    empty, full = packs(tracks, vertices, 1)
    assert (empty.jets.tolist(), empty.tracks.shape[2], empty.vertices.shape[2]) == ([1], 1, 1)
    assert (full.jets.tolist(), full.tracks.shape[2], full.vertices.shape[2]) == ([0], TRACKS, VERTICES)
    np.testing.assert_array_equal(full.tracks[0], tracks[0])


def test_what_is_given_stays_as_it_is():
    tracks, vertices = arrays([({3, 5}, {2}), ({0}, set())])
    before = tracks.copy(), vertices.copy()
    assert len(list(packs(tracks, vertices, 4))) == 1
    np.testing.assert_array_equal(tracks, before[0])
    np.testing.assert_array_equal(vertices, before[1])


def test_no_jets_make_no_pack():
    assert list(packs(*arrays([]), 4)) == []


def cost(parts, counts, slots, call):
    """What the calls cost, in pairs of tracks."""
    return sum(len(part) * min(counts[part].max() + 1, slots) ** 2 + call for part in parts)


def cheapest(counts, slots, call):
    """The least cost of all divisions of the sorted jets."""
    kept = np.sort(np.minimum(np.asarray(counts) + 1, slots))
    best = [0]
    for end in range(1, len(kept) + 1):
        best.append(min(best[first] + (end - first) * kept[end - 1] ** 2 + call for first in range(end)))
    return best[-1]


@settings(max_examples=examples(100))
@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 3)), max_size=40), st.integers(1, 200))
def test_the_classes_hold_every_jet_once_at_the_least_cost(numbers, call):
    n_tracks, n_vertices = (np.array([pair[axis] for pair in numbers], dtype=np.int64) for axis in (0, 1))
    parts = size_classes(n_tracks, n_vertices, 9, call=call)
    assert sorted(index for part in parts for index in part) == list(range(len(numbers)))
    assert cost(parts, n_tracks, 9, call) == cheapest(n_tracks, 9, call)


@settings(max_examples=examples(100))
@given(st.lists(st.integers(0, 9), min_size=1, max_size=60), st.integers(1, 20), st.integers(1, 400))
def test_no_call_has_more_than_the_engine_and_the_memory_take(counts, most_jets, most_pairs):
    counts = np.array(counts)
    parts = size_classes(counts, counts, 9, most_jets=most_jets, most_pairs=most_pairs, call=50)
    assert sorted(index for part in parts for index in part) == list(range(len(counts)))
    for part in parts:
        pairs = len(part) * min(counts[part].max() + 1, 9) ** 2
        assert len(part) <= most_jets
        assert len(part) == 1 or pairs <= most_pairs


def pairs(parts):
    """Pairs of tracks and of track and vertex that the packs compute."""
    return sum(
        len(pack.jets) * pack.tracks.shape[2] * (pack.tracks.shape[2] + pack.vertices.shape[2])
        for pack in parts
    )


@pytest.mark.parametrize(("batch", "calls", "most"), [(128, 6, 1.4), (1024, 16, 1.2), (8192, 40, 1.1)])
def test_large_packs_compute_few_more_pairs_than_single_jets(batch, calls, most):
    jets = sample()
    chosen = np.random.default_rng(1).integers(0, len(jets), batch)
    tracks, vertices = jets.tracks[chosen], jets.vertices[chosen]
    needed = pairs(packs(tracks, vertices, 1))
    found = list(class_packs(tracks, vertices, 1024))
    assert len(found) <= calls
    assert pairs(found) <= most * needed
    assert pairs(packs(tracks, vertices, batch)) > 3 * needed  # one pack for all


SIZES = Hyperparameters(5, 3, 7, 4, 6)


class OnGpu(type(get("onnx").load(onnx_bytes(random_tensors(SIZES))))):
    """onnxruntime on the CPU that says it is a GPU; remembers the shapes of its calls."""

    def compute(self, arrays):
        self.shapes = [*getattr(self, "shapes", []), arrays["input_cpf"].shape]
        return super().compute(arrays)


def test_a_network_on_a_gpu_gets_large_packs_and_gives_the_same_probabilities():
    tensors = random_tensors(SIZES)
    engine = get("onnx").load(onnx_bytes(tensors), batch_size=20)
    engine.__class__, engine.device = OnGpu, "cuda:0"
    packed = _PackedRunner(engine, SIZES, 4, batch_size=64, precision="float32", call=500)
    tracks, vertices = random_jets(70, SIZES)
    with HbbRunner(packed, SIZES) as runner:
        found = runner.predict(tracks, vertices)
        assert (runner.device, runner.batch_size) == ("cuda:0", 64)
    np.testing.assert_allclose(found, definition(tensors, tracks, vertices), rtol=0, atol=1e-5)
    assert sum(shape[0] for shape in engine.shapes) == 70
    assert max(shape[0] for shape in engine.shapes) <= 20
    assert len(engine.shapes) < 20
    assert len({shape[2] for shape in engine.shapes}) > 3


@pytest.mark.parametrize("runtime", ["onnx", "torch"])
def test_a_precision_that_the_network_does_not_have_is_wrong_usage(runtime):
    with pytest.raises(UsageError, match="does not compute in 'float8'"):
        build(random_tensors(SIZES), runtime=runtime, precision="float8")
