# SPDX-License-Identifier: MIT
"""The content of jets without their last digits: a digest for a quick check, a comparison that decides."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fairreg.errors import ModelError
from fairreg.models import hbb_in
from fairreg.models.hbb_in.content import (
    MANTISSA_BITS,
    ORDER,
    TOLERANCE,
    compare_jets,
    content_digest,
    rounded,
)
from fairreg.models.hbb_in.inputs import sample_metadata
from support.examples import examples

NOISE = 1e-7  # relative: the last digit of float32
CELL = 2.0**-MANTISSA_BITS


@pytest.fixture(scope="module")
def packaged():
    jets = hbb_in.sample()
    return {name: getattr(jets, name)[:200] for name in ORDER}


def noisy(arrays, size=NOISE):
    random = np.random.default_rng(3)
    found = dict(arrays)
    for name in ("tracks", "vertices"):
        noise = random.uniform(-size, size, arrays[name].shape)
        found[name] = (arrays[name].astype(np.float64) * (1 + noise)).astype(np.float32)
        assert (found[name] != arrays[name]).any()
    return found


def test_noise_in_last_digits_leaves_the_digest_of_the_packaged_jets(packaged):
    # They are rounded already, so that each value stands in the middle of its cell, far from the edges.
    assert content_digest([noisy(packaged)]) == content_digest([packaged])


@pytest.mark.parametrize("name", ORDER)
def test_a_change_of_one_value_beyond_a_cell_changes_the_digest(packaged, name):
    changed = dict(packaged) | {name: packaged[name].astype(np.float32)}
    place = tuple(np.argwhere(changed[name] != 0)[7])
    changed[name][place] *= 1 + 1.01 * CELL
    assert content_digest([changed]) != content_digest([packaged])
    assert compare_jets(packaged, changed).agreeing == len(packaged["labels"]) - 1


def test_a_value_at_an_edge_changes_the_digest_with_its_last_digit_and_the_comparison_does_not_mind(packaged):
    edge = np.float32(1 + CELL / 2)
    below = np.nextafter(edge, np.float32(0), dtype=np.float32)
    one, other = ({**packaged, "weights": np.full(200, value)} for value in (edge, below))
    assert content_digest([one]) != content_digest([other])
    assert compare_jets(one, other).agreeing == 200


def test_jets_without_rounding_agree_with_their_rounded_ones_wherever_the_edges_are():
    random = np.random.default_rng(5)
    jets = {"tracks": random.normal(size=(50, 30, 60)) * 10.0 ** random.integers(-9, 4, (50, 30, 60))}
    short = {"tracks": rounded(jets["tracks"])}
    found = compare_jets(short, noisy({**jets, "vertices": jets["tracks"]}))
    assert found.agreeing == found.jets == 50
    assert CELL / 4 < found.largest_difference <= TOLERANCE


def test_the_digest_of_the_sample_is_that_of_its_metadata():
    jets = hbb_in.sample()
    arrays = {name: getattr(jets, name) for name in ORDER}
    parts = [{name: array[some] for name, array in arrays.items()} for some in (slice(7), slice(7, None))]
    said = sample_metadata()["content"]
    assert content_digest(parts) == said["digest"]
    assert "prove nothing" in said["guarantee"]


def test_a_zero_agrees_with_a_zero_only():
    one, other = {"weights": np.array([0.0, 0.0])}, {"weights": np.array([-0.0, 1e-30])}
    assert compare_jets(one, other).agreeing == 1


def test_samples_of_different_shapes_are_no_match_and_infinite_values_have_no_digest():
    with pytest.raises(ModelError, match=r"weights has shape \(3,\) instead of \(2,\)"):
        compare_jets({"weights": np.ones(2)}, {"weights": np.ones(3)})
    with pytest.raises(ModelError, match="tracks has a value that is not finite"):
        content_digest([{name: np.array([np.inf]) for name in ORDER}])


@given(st.floats(-(2.0**100), 2.0**100, width=32).filter(lambda value: abs(value) > 2.0**-100))
@settings(max_examples=examples(50))
def test_rounding_moves_a_value_by_half_a_cell_at_most_and_once(value):
    found = rounded(np.array([value]))
    assert abs(float(found[0]) - value) <= CELL / 2 * abs(value)
    assert rounded(found)[0] == found[0]
    assert rounded(-found)[0] == -found[0]
