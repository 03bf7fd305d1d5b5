# SPDX-License-Identifier: MIT
"""Weights of one architecture by value: another element type, rounded, or trained again."""

from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from hypothesis.extra import numpy as of_numpy
from safetensors.numpy import save_file

from fairreg.services.diff.weights import compare_weights, weights_of

pytestmark = pytest.mark.engines("sqlite")

TENSORS = of_numpy.arrays(np.float32, (3, 2), elements=st.floats(width=32))
SMALL = of_numpy.arrays(np.float32, (3, 2), elements=st.floats(-100, 100, width=32))


def compared(*sides):
    """The difference of two files with these tensors."""
    with TemporaryDirectory() as folder:
        states = []
        for number, tensors in enumerate(sides):
            path = Path(folder) / f"{number}.safetensors"
            save_file({name: np.ascontiguousarray(array) for name, array in tensors.items()}, path)
            states.append([weights_of(path, path.name)])
        (found,) = compare_weights(*states)
        return found


@given(TENSORS)
def test_the_same_numbers_in_a_wider_type_are_the_same(array):
    found = compared({"w": array}, {"w": array.astype(np.float64)})
    assert (found.status, found.numbers) == (
        "same numbers",
        "the same numbers, stored as float64 instead of float32",
    )


@given(SMALL, st.sampled_from(["float16", "int32", "int8"]))
def test_numbers_that_were_cast_to_a_narrower_type_are_rounded_in_either_order(array, name):
    cast = array.astype(name)
    assume(not np.array_equal(cast, array))
    there, back = compared({"w": array}, {"w": cast}), compared({"w": cast}, {"w": array})
    assert (there.status, there.numbers) == ("rounded", f"the numbers of the first, rounded to {name}")
    told = f"the numbers of the second; the first has them rounded to {name}"
    assert (back.status, back.numbers) == ("rounded", told)


@given(SMALL, st.sampled_from(["float64", "float16"]), st.integers(0, 5))
def test_one_other_number_is_a_training_in_any_type(array, name, place):
    other = array.astype(name)
    other.reshape(-1)[place] += 2
    found = compared({"w": array}, {"w": other})
    told = f"other numbers, stored as {name} instead of float32"
    assert (found.status, found.numbers) == ("retrained", told)


def test_signs_of_zeros_and_the_bits_of_nan_are_no_other_numbers():
    zeros = np.zeros(2, np.float32)
    found = compared({"w": zeros}, {"w": -zeros})
    assert found.status == "same numbers"
    assert "in other bits" in str(found.numbers)
    quiet = np.array([0x7FC00000, 0], np.uint32).view(np.float32)
    other = np.array([0x7FC00001, 0], np.uint32).view(np.float32)
    assert compared({"w": quiet}, {"w": other}).status == "same numbers"
    assert compared({"w": quiet}, {"w": zeros}).status == "retrained"


def test_whole_numbers_that_float64_does_not_have_are_not_the_same():
    large = np.array([2**53 + 1])
    found = compared({"w": large, "v": np.ones(1)}, {"w": large.astype(np.float64), "v": np.ones(1)})
    assert found.status != "same numbers"


def test_tensors_are_paired_by_their_names_and_else_by_their_places():
    first, second = np.float32([[1.5, 2]]), np.float32([[3, 4]])
    wide = {"b": second.astype(np.float64), "a": first.astype(np.float64)}
    assert compared({"a": first, "b": second}, wide).status == "same numbers"
    renamed = {"x": first.astype(np.float64), "y": second.astype(np.float64)}
    assert compared({"a": first, "b": second}, renamed).status == "same numbers"


def test_bfloat16_is_rounded_as_the_upper_half_of_float32(tmp_path):
    torch = pytest.importorskip("torch")
    from safetensors.torch import save_file as save_torch

    array = torch.tensor([1.0, 0.1, -3.14159, 65504.0, float("nan")])
    for name, tensor in (("a", array), ("b", array.to(torch.bfloat16))):
        save_torch({"w": tensor}, tmp_path / f"{name}.safetensors")
    sides = [[weights_of(tmp_path / f"{name}.safetensors", name)] for name in "ab"]
    (found,) = compare_weights(*sides)
    assert (found.status, found.numbers) == ("rounded", "the numbers of the first, rounded to bfloat16")
