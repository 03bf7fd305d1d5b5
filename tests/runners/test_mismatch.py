# SPDX-License-Identifier: MIT
"""Arrays that do not fit a signature: the error names what was tested to fit, and its call makes it fit."""

import re

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from fairreg.errors import ModelError
from fairreg.runners.signature import fit
from fairreg.runners.signature.mismatch import ArrayKind, renames, shape_fits
from fairreg.schemas.record import Feature, Tensor
from support.examples import examples


def tensor(name, *shape, dtype="float32", **more):
    return Tensor(name=name, dtype=dtype, shape=shape, **more)


def zeros(*shape, dtype=np.float32):
    return np.zeros(shape, dtype)


TRACKS, VERTICES = tensor("input_cpf", "N", 30, 60), tensor("input_sv", "N", 14, 5)
JETS = (TRACKS, VERTICES)
PADDED = tensor("input_cpf", "N", 30, 60, description="tracks, zero-padded")
FEATURES = tuple(Feature(name=f"f{number}") for number in range(30))


def refused(signature, **arrays):
    with pytest.raises(ModelError) as caught:
        fit(signature, arrays)
    return caught.value


def test_arrays_of_other_names_that_fit_are_mapped_to_the_inputs():
    error = refused(JETS, tracks=zeros(9, 30, 60), vertices=zeros(9, 14, 5))
    assert error.message == (
        "The model has no inputs 'tracks', 'vertices'; "
        "it takes 'input_cpf' of shape (N, 30, 60), which your 'tracks' (9, 30, 60) fits; "
        "it takes 'input_sv' of shape (N, 14, 5), which your 'vertices' (9, 14, 5) fits."
    )
    assert error.hint == "Rename them, as in numpy.savez(FILE, input_cpf=tracks, input_sv=vertices)"


def test_one_array_of_another_name_is_mapped_beside_the_right_ones():
    error = refused(JETS, tracks=zeros(9, 30, 60), input_sv=zeros(9, 14, 5))
    assert (
        "no input 'tracks'; it takes 'input_cpf' of shape (N, 30, 60), which your 'tracks'" in error.message
    )
    assert error.hint == "Rename it, as in numpy.savez(FILE, input_cpf=tracks)"


@pytest.mark.parametrize(
    ("signature", "arrays"),
    [
        ((tensor("x", "N", 4), tensor("y", "N", 4)), {"a": zeros(3, 4), "b": zeros(3, 4)}),
        ((tensor("x", "N", 4),), {"a": zeros(3, 4), "b": zeros(5, 4)}),
    ],
)
def test_no_mapping_is_named_where_several_fit_or_none_does_together(signature, arrays):
    error = refused(signature, **arrays)
    assert "needs the input" in error.message
    assert "fits" not in error.message + error.hint
    assert "'x' (N, 4)" in error.hint
    assert "given are 'a' (3, 4), 'b'" in error.hint


def test_arrays_that_the_model_does_not_take_are_to_be_left_out():
    error = refused((tensor("x", "N", 4),), x=zeros(3, 4), labels=zeros(3))
    assert error.message == "The model has no input 'labels'."
    assert error.hint == "Leave it out. The inputs are 'x' (N, 4)."


def test_arrays_of_other_names_that_disagree_in_a_free_axis_are_said_to():
    error = refused((tensor("x", "N", 4), tensor("y", "N", 5)), a=zeros(3, 4), b=zeros(2, 5))
    assert "which your 'a' (3, 4) fits; " in error.message
    assert "which your 'b' (2, 5) does not fit as it is" in error.message
    assert error.hint.startswith("'b': Axis 0 has length 2 instead of 3. Rename them")


def test_names_that_differ_in_spelling_decide_between_equal_shapes():
    pair = (tensor("x_one", "N", 4), tensor("x_two", "N", 4))
    error = refused(pair, **{"X-Two": zeros(3, 4), "X-One": zeros(3, 4)})
    assert error.hint.endswith("**{'x_one': arrays['X-One'], 'x_two': arrays['X-Two']})")


def test_element_types_decide_between_equal_shapes():
    pair = (tensor("ids", "N", "L", dtype="int64"), tensor("mask", "N", "L"))
    error = refused(pair, a=zeros(3, 4), b=zeros(3, 4, dtype=np.int64))
    assert error.hint.endswith("numpy.savez(FILE, ids=b, mask=a)")


def test_exchanged_arrays_are_said_to_be_so():
    error = refused(JETS, input_cpf=zeros(9, 14, 5), input_sv=zeros(9, 30, 60))
    assert "'input_cpf' has shape (9, 14, 5)" in error.message
    assert "your 'input_sv' fits 'input_cpf'" in error.hint
    assert error.hint.endswith("numpy.savez(FILE, input_cpf=input_sv, input_sv=input_cpf)")


def test_an_array_of_another_name_with_its_axes_swapped_gets_both_steps():
    error = refused(JETS, tracks=zeros(9, 60, 30), input_sv=zeros(9, 14, 5))
    assert "your 'tracks' (9, 60, 30) does not fit as it is" in error.message
    assert "numpy.swapaxes(tracks, 1, 2)" in error.hint
    assert "numpy.savez(FILE, input_cpf=tracks)" in error.hint


@pytest.mark.parametrize(
    ("wanted", "shape", "said"),
    [
        (TRACKS, (9, 60, 30), "axes 1 and 2 swapped: numpy.swapaxes(x, 1, 2)"),
        (TRACKS, (30, 60, 9), "axis 2 moved to place 0: numpy.moveaxis(x, 2, 0)"),
        (tensor("x", "N", 3, 32, 32), (9, 32, 32, 3), "numpy.moveaxis(x, 3, 1)"),
        (tensor("x", "N", 3, "H", "W"), (9, 32, 48, 3), "numpy.moveaxis(x, 3, 1)"),
        (tensor("x", "N", 2, 3, 4), (9, 4, 3, 2), "numpy.swapaxes(x, 1, 3)"),
        (tensor("x", 2, 3, 4, 5), (4, 5, 3, 2), "numpy.transpose(x, (3, 2, 0, 1))"),
        (tensor("x", "N", 4), (4,), "x[numpy.newaxis]"),
        (tensor("x", 1, 4), (4,), "x[numpy.newaxis]"),
        (tensor("x", "N", 4), (9, 1, 4), "numpy.squeeze(x, 1)"),
        (tensor("x", "N", 6), (9, 2, 3), "x.reshape(9, 6)"),
        (TRACKS, (9, 30, 45), "if the model takes inputs padded with zeros: numpy.pad(x, "),
        (PADDED, (9, 30, 45), "pad it with zeros: numpy.pad(x, ((0, 0), (0, 0), (0, 15)))"),
        (PADDED, (9, 30, 61), "Axis 2 has length 61 instead of 60."),
        (tensor("x", "N", 30, 60, features=FEATURES), (9, 28, 60), "Axis 1 has length 28 instead of 30."),
        (tensor("x", "N", 4), (7,), "Its number of axes is 1 instead of 2."),
        (tensor("x", "N", 4, 4), (9, 8), "Its number of axes is 2 instead of 3."),
    ],
)
def test_the_hint_names_what_fits(wanted, shape, said):
    error = refused(
        (tensor("x", *wanted.shape, description=wanted.description, features=wanted.features),),
        x=zeros(*shape),
    )
    assert f"has shape {shape}" in error.message
    assert said in error.hint


def test_inputs_that_disagree_in_a_free_axis_are_both_named():
    error = refused(JETS, input_cpf=zeros(9, 30, 60), input_sv=zeros(8, 14, 5))
    assert error.hint == "The inputs must agree: N is 9 in 'input_cpf', but 8 in 'input_sv'."


@pytest.mark.parametrize(
    ("wanted", "array", "said"),
    [
        ("str", np.array(["a", 3], object), "numpy.array(words, dtype=str)"),
        ("str", np.array([1.5]), ".astype(str)"),
        ("float32", np.array([1, None], object), "numpy.array(values, 'float32')"),
        ("float32", np.array([2**40]), ".astype('float32')"),
    ],
)
def test_element_types_get_a_next_step(wanted, array, said):
    assert said in refused((tensor("x", "N", dtype=wanted),), x=array).hint


def test_text_is_taken_as_it_is():
    for words in (np.array(["a", "bcd"]), np.array(["a", "bcd"], object)):
        assert fit((tensor("x", "N", dtype="str"),), {"x": words})["x"].tolist() == ["a", "bcd"]


sizes = st.integers(1, 5)
shapes = st.lists(sizes, min_size=1, max_size=4)


@settings(max_examples=examples(200))
@given(shapes, st.booleans(), st.data())
def test_the_call_in_a_hint_makes_the_array_fit(wanted, free, data):
    """Also where it could not know better: padding, and lengths that no call mends, name no fitting call."""
    expected = tensor("x", *(["N", *wanted[1:]] if free else wanted))
    change = data.draw(st.sampled_from(["order", "drop", "add", "length"]))
    if change == "order":
        shape = data.draw(st.permutations(wanted))
    elif change == "drop":
        shape = wanted[1:]
    elif change == "add":
        place = data.draw(st.integers(0, len(wanted)))
        shape = [*wanted[:place], 1, *wanted[place:]]
    else:
        place = data.draw(st.integers(0, len(wanted) - 1))
        shape = [*wanted[:place], data.draw(sizes), *wanted[place + 1 :]]
    array = np.arange(np.prod(shape, dtype=int), dtype=np.float32).reshape(shape)
    assume(not shape_fits(expected, array.shape, {}))
    error = refused((expected,), x=array)
    call = re.search(r": (numpy\..*|x\[.*|x\.reshape.*)\Z", error.hint)
    if call is not None:
        repaired = eval(call[1], {"numpy": np, "x": array})
        assert shape_fits(expected, repaired.shape, {})


@settings(max_examples=examples(200))
@given(st.lists(st.tuples(sizes, sizes), min_size=1, max_size=4), st.randoms(use_true_random=False))
def test_a_mapping_is_one_to_one_and_the_only_one(pairs, random):
    signature = [tensor(f"in{place}", *pair) for place, pair in enumerate(pairs)]
    mixed = random.sample(pairs, len(pairs))
    unknown = {f"given{place}": ArrayKind(pair, np.dtype("float32")) for place, pair in enumerate(mixed)}
    found = renames(signature, unknown, {})
    if len(set(pairs)) < len(pairs):
        assert found == {}
    else:
        assert {item.name: unknown[found[item.name]].shape for item in signature} == {
            item.name: item.shape for item in signature
        }
