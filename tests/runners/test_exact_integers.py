# SPDX-License-Identifier: MIT
"""Integers for an input of floating-point numbers: they arrive as they are, or are refused."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fairreg.errors import ModelError
from fairreg.runners._casting import cast
from fairreg.runners.onnx import load
from support.small_graphs import identity, tensor

DIGITS = {"float64": 53, "bfloat16": 8, "float8_e4m3fn": 4}
BITS = st.sampled_from(["int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64"])


def needed(number: int) -> int:
    """Binary digits of a number from its first to its last that is not 0."""
    return len(bin(abs(number)).removeprefix("0b").strip("0"))


@pytest.mark.parametrize(
    ("number", "dtype"),
    [(2**53 + 1, "int64"), (-(2**53) - 1, "int64"), (2**63 - 1, "int64"), (2**64 - 1, "uint64")],
    ids=["odd", "negative", "longest", "unsigned"],
)
def test_an_integer_that_would_be_rounded_is_refused_with_its_input(number, dtype):
    runner = load(identity(tensor("x", "DOUBLE", ["N"]), tensor("y", "DOUBLE", ["N"])))
    with pytest.raises(ModelError) as caught:
        runner.run({"x": np.array([1, number], dtype)})
    assert caught.value.message == f"The input 'x' has integers that float64 would round, such as {number}."


@pytest.mark.parametrize(
    "integers",
    [np.array([-(2**63), 2**62 + 2**10, 2**53, 0]), np.array([2**63, 3], "uint64"), np.zeros(0, int)],
)
def test_large_integers_that_are_not_rounded_pass(integers):
    runner = load(identity(tensor("x", "DOUBLE", ["N"]), tensor("y", "DOUBLE", ["N"])))
    assert [int(value) for value in runner.run({"x": integers})["y"]] == integers.tolist()


@given(data=st.data(), kind=BITS, wanted=st.sampled_from(sorted(DIGITS)))
def test_integers_arrive_as_they_are_or_are_refused(data, kind, wanted):
    limits = np.iinfo(kind)
    highest = 448 if wanted == "float8_e4m3fn" else limits.max
    values = st.integers(max(limits.min, -highest), min(limits.max, highest))
    array = np.array(data.draw(st.lists(values, max_size=4)), kind)
    exact = all(needed(int(value)) <= DIGITS[wanted] for value in array)
    safe = np.can_cast(kind, "float64" if wanted == "float64" else "float32", "safe")
    if exact and safe:
        assert [int(value) for value in cast("x", wanted, array)] == array.tolist()
    else:
        with pytest.raises(ModelError, match="'x'"):
            cast("x", wanted, array)
