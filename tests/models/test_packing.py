# SPDX-License-Identifier: MIT
"""Packs hold every jet once, with its tracks in their order and no more slots than they need."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from fairreg.models.hbb_in.packing import packs
from support.examples import examples

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
