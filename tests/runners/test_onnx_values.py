# SPDX-License-Identifier: MIT
"""Every kind of value that ONNX graphs take and give goes in and comes out as plain arrays."""

import io

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from onnx import helper, numpy_helper

from fairreg.errors import ModelError
from fairreg.runners.onnx import load
from fairreg.schemas.record import Feature, Tensor
from support.examples import examples
from support.graphs import model as written
from support.small_graphs import element, identity, model, sequence_of, tensor, zip_map

X = np.arange(6, dtype=np.float32).reshape(3, 2)
FLOATS = ["BFLOAT16", "FLOAT8E4M3FN", "FLOAT8E4M3FNUZ", "FLOAT8E5M2", "FLOAT8E5M2FNUZ"]
RANGES = {"INT4": (-8, 7), "UINT4": (0, 15)}


def cast(kind, given="FLOAT", opset=21, ir=10):
    """A model that casts `x` to an element type and back: what comes out has been through both."""
    there = helper.make_node("Cast", ["x"], ["y"], to=element(kind))
    return model([there], [tensor("x", given)], [tensor("y", kind)], opset=opset, ir=ir)


def cast_back(kind, made="FLOAT", opset=21, ir=10):
    back = helper.make_node("Cast", ["x"], ["y"], to=element(made))
    return model([back], [tensor("x", kind)], [tensor("y", made)], opset=opset, ir=ir)


@pytest.mark.parametrize("labels", [[0, 1], [7, 3], ["background", "signal"], ["s", "b"]])
def test_maps_of_classes_become_a_table_in_the_order_of_the_classes(labels):
    runner = load(zip_map(labels))
    found = runner.run({"x": X})["probabilities"]
    np.testing.assert_array_equal(found, X)
    assert found.dtype == np.float32
    features = tuple(Feature(name=str(label)) for label in labels)
    shape = ("probabilities_0", 2)
    assert runner.outputs == (Tensor(name="probabilities", dtype="float32", shape=shape, features=features),)
    assert runner.precision == "float32"


def test_a_table_of_no_items_has_its_columns():
    assert load(zip_map(["a", "b"])).run({"x": X[:0]})["probabilities"].shape == (0, 2)


def test_classes_with_the_same_label_are_told_apart_by_nobody():
    found = load(zip_map([4, 4], columns=2)).run({"x": X})["probabilities"]
    assert found.shape == (3, 2)
    np.testing.assert_array_equal(found[:, 0], found[:, 1])


def split(sizes):
    """A model that cuts `x` along its first axis into a sequence of pieces."""
    lengths = numpy_helper.from_array(np.array(sizes), "sizes")
    node = helper.make_node("SplitToSequence", ["x", "sizes"], ["y"], axis=0)
    return model([node], [tensor("x", shape=[None, 2])], [sequence_of("y")], initializers=[lengths])


def test_a_sequence_of_equal_shapes_is_stacked():
    assert load(split([1, 1, 1])).run({"x": X})["y"].shape == (3, 1, 2)


def test_a_sequence_of_different_shapes_is_numbered():
    found = load(split([1, 2])).run({"x": X})
    assert {name: array.shape for name, array in found.items()} == {"y_0": (1, 2), "y_1": (2, 2)}


def test_a_number_of_a_sequence_may_not_be_the_name_of_another_output():
    made = [sequence_of("y"), tensor("y_0")]
    nodes = [
        helper.make_node("SplitToSequence", ["x", "sizes"], ["y"], axis=0),
        helper.make_node("Identity", ["x"], ["y_0"]),
    ]
    sizes = numpy_helper.from_array(np.array([1, 2]), "sizes")
    runner = load(model(nodes, [tensor("x", shape=[None, 2])], made, initializers=[sizes]))
    with pytest.raises(ModelError, match="Two outputs would be 'y_0'"):
        runner.run({"x": X})


@pytest.mark.parametrize("items", [[X, X[:1]], (X, X[:1]), np.stack([X, X]), []])
def test_sequences_go_in_as_lists_or_along_the_first_axis(items):
    found = load(identity(sequence_of("x"), sequence_of("y"))).run({"x": items})
    wanted = {"y": np.zeros(0)} if len(items) == 0 else {"y": np.stack([X, X])}
    if isinstance(items, (list, tuple)) and items:
        wanted = {"y_0": X, "y_1": X[:1]}
    assert found.keys() == wanted.keys()
    for name, array in wanted.items():
        np.testing.assert_array_equal(found[name], array)


def test_what_is_no_sequence_is_refused_with_the_way_to_give_one():
    runner = load(identity(sequence_of("x"), sequence_of("y")))
    assert runner.inputs == (Tensor(name="x", dtype="sequence(float32)", shape=("...",)),)
    with pytest.raises(ModelError, match="takes a sequence of values, but was given one float32") as caught:
        runner.run({"x": np.float32(3)})
    assert "list with a value for each item" in caught.value.hint
    with pytest.raises(ModelError, match=r"'x\[1\]' has element type <U1"):
        runner.run({"x": [X, np.array(["a"])]})


def test_a_map_goes_in_as_a_dictionary():
    import onnx

    entry = onnx.ValueInfoProto(name="x")
    entry.type.map_type.key_type = onnx.TensorProto.STRING
    entry.type.map_type.value_type.tensor_type.elem_type = onnx.TensorProto.FLOAT
    node = helper.make_node(
        "DictVectorizer", ["x"], ["y"], domain="ai.onnx.ml", string_vocabulary=["pt", "eta"]
    )
    runner = load(model([node], [entry], [tensor("y")]))
    np.testing.assert_array_equal(runner.run({"x": {"eta": 2, "pt": np.float32(1.5)}})["y"], [[1.5, 2]])
    with pytest.raises(ModelError, match="dictionary is empty"):
        runner.run({"x": {}})
    with pytest.raises(ModelError, match="takes a map from str to float32, but was given a ndarray"):
        runner.run({"x": X})
    with pytest.raises(ModelError, match="takes text"):
        runner.run({"x": {1: 2.0}})


def optional(name):
    kind = helper.make_optional_type_proto(helper.make_tensor_type_proto(element("FLOAT"), [3, 2]))
    return helper.make_value_info(name, kind)


@pytest.mark.parametrize("arrays", [{}, {"x": None}])
def test_an_optional_value_that_is_absent_is_absent_from_the_outputs(arrays):
    runner = load(identity(optional("x"), optional("y")))
    assert runner.inputs == (Tensor(name="x", dtype="optional(float32)", shape=(3, 2)),)
    assert runner.run(arrays) == {}


def test_an_optional_value_that_is_there_is_checked_as_any_other():
    runner = load(identity(optional("x"), optional("y")))
    np.testing.assert_array_equal(runner.run({"x": X.astype(np.float64)})["y"], X)
    with pytest.raises(ModelError, match=r"has shape \(2, 2\)"):
        runner.run({"x": X[:2]})


def test_an_optional_sequence_is_empty_or_absent():
    runner = load(identity(sequence_of("x", optional=True), sequence_of("y", optional=True)))
    assert runner.run({}) == {}
    assert runner.run({"x": []})["y"].shape == (0,)
    assert runner.run({"x": [X]})["y"].shape == (1, 3, 2)


def adding(size):
    """A model that adds to `x` of shape (N, size) the input `w`, which is 1, 2, ... by default."""
    weight = numpy_helper.from_array(np.arange(1, size + 1, dtype=np.float32), "w")
    add = helper.make_node("Add", ["x", "w"], ["y"])
    declared = [tensor("x", shape=["N", size]), tensor("w", shape=[size])]
    return model([add], declared, [tensor("y", shape=["N", size])], initializers=[weight])


def test_an_input_with_a_default_may_be_given_or_left_out():
    runner = load(adding(2))
    assert [item.name for item in runner.inputs] == ["x"]
    np.testing.assert_array_equal(runner.run({"x": X})["y"], X + np.array([1, 2]))
    np.testing.assert_array_equal(runner.run({"x": X, "w": [10.0, 20.0]})["y"], X + np.array([10, 20]))
    with pytest.raises(ModelError, match="no input 'z'"):
        runner.run({"x": X, "z": X})


def test_an_input_with_a_default_is_not_cut_into_batches_with_the_rows():
    x, weight = np.zeros((300, 300), np.float32), np.arange(300, dtype=np.float32)
    np.testing.assert_array_equal(load(adding(300)).run({"x": x, "w": weight})["y"], x + weight)


WORDS = ["muon", "électron", "", "τ→μγ", "a\0b"]


@pytest.mark.parametrize(
    "array",
    [
        np.array(WORDS),
        np.array(WORDS, dtype=object),
        np.array([word.encode() for word in WORDS]),
        np.array([word.encode() for word in WORDS], dtype=object),
        np.array(WORDS, dtype=np.dtypes.StringDType()),
        WORDS,
    ],
    ids=["text", "objects", "bytes", "objects of bytes", "numpy's new strings", "list"],
)
def test_text_goes_in_in_any_form_and_comes_out_as_numpys_text(array):
    found = load(identity(tensor("x", "STRING"), tensor("y", "STRING"))).run({"x": array})["y"]
    assert found.tolist() == WORDS
    assert found.dtype.kind == "U"
    file = io.BytesIO()
    np.savez(file, y=found)
    file.seek(0)
    assert np.load(file, allow_pickle=False)["y"].tolist() == WORDS


@settings(max_examples=examples(60))
@given(st.lists(st.text(st.characters(exclude_categories=["Cs"]), max_size=5), max_size=4))
def test_any_text_comes_back_or_is_refused(words):
    runner = load(identity(tensor("x", "STRING"), tensor("y", "STRING")))
    array = np.array(words, dtype=object)
    if any(word.endswith("\0") for word in words):
        with pytest.raises(ModelError, match="ends in NUL"):
            runner.run({"x": array})
    else:
        assert runner.run({"x": array})["y"].tolist() == words


@pytest.mark.parametrize(
    ("array", "reason"),
    [
        (np.array(["a", None], dtype=object), "takes text, but its item 1 is a NoneType"),
        (np.array([["a", 1.5]], dtype=object), "its item 1 is a float"),
        (np.array([b"a", b"\xff"]), "its item 1 is not valid UTF-8"),
        (np.array(["\ud800"], dtype=object), "its item 0 is not valid UTF-8"),
        (X, "takes text, but has element type float32"),
    ],
)
def test_what_is_not_text_is_refused_with_its_place(array, reason):
    with pytest.raises(ModelError, match=reason):
        load(identity(tensor("x", "STRING"), tensor("y", "STRING"))).run({"x": array})


def test_text_of_very_different_lengths_is_not_blown_up():
    array = np.array(["x" * 2**20, *[""] * 1000], dtype=object)
    with pytest.raises(ModelError, match="1001 texts of up to 1048576 characters"):
        load(identity(tensor("x", "STRING"), tensor("y", "STRING"))).run({"x": array})


@pytest.mark.parametrize("kind", FLOATS)
def test_types_of_8_and_16_bits_come_out_as_float32(kind):
    runner = load(cast(kind))
    assert runner.outputs == (Tensor(name="y", dtype="float32", shape=("...",)),)
    wanted = X.astype(helper.tensor_dtype_to_np_dtype(element(kind))).astype(np.float32)
    found = runner.run({"x": X})["y"]
    assert found.dtype == np.float32
    np.testing.assert_array_equal(found, wanted)


@settings(max_examples=examples(100))
@given(
    kind=st.sampled_from(FLOATS),
    array=arrays.arrays(np.float32, (4,), elements=st.floats(-200, 200, width=32)),
)
def test_floats_are_rounded_to_8_and_16_bits_as_onnx_rounds(kind, array):
    wanted = array.astype(helper.tensor_dtype_to_np_dtype(element(kind))).astype(np.float32)
    np.testing.assert_array_equal(load(cast_back(kind)).run({"x": array})["y"], wanted)


@pytest.mark.parametrize("kind", FLOATS)
def test_not_a_number_and_the_infinities_of_a_type_pass(kind):
    runner = load(cast_back(kind))
    assert np.isnan(runner.run({"x": np.array([np.nan], dtype=np.float32)})["y"][0])
    infinite = np.array([np.inf, -np.inf])
    if kind in {"BFLOAT16", "FLOAT8E5M2"}:
        np.testing.assert_array_equal(runner.run({"x": infinite})["y"], infinite)
    else:
        with pytest.raises(ModelError, match=r"beyond the range of float8_\w+, -\d+ to \d+"):
            runner.run({"x": infinite})


def test_values_beyond_the_range_of_8_bits_are_refused():
    with pytest.raises(ModelError, match="beyond the range of float8_e4m3fn, -448 to 448"):
        load(cast_back("FLOAT8E4M3FN")).run({"x": np.array([449.0])})


def test_arrays_in_the_types_of_ml_dtypes_go_in():
    bfloat16 = helper.tensor_dtype_to_np_dtype(element("BFLOAT16"))
    np.testing.assert_array_equal(load(cast_back("BFLOAT16")).run({"x": X.astype(bfloat16)})["y"], X)
    np.testing.assert_array_equal(load(cast("BFLOAT16")).run({"x": X.astype(bfloat16)})["y"], X)


@pytest.mark.parametrize("kind", RANGES)
def test_integers_of_4_bits_go_in_and_come_out_as_those_of_8(kind):
    low, high = RANGES[kind]
    every = np.arange(low, high + 1)
    made = "INT8" if kind == "INT4" else "UINT8"
    np.testing.assert_array_equal(load(cast_back(kind, made)).run({"x": every})["y"], every)
    found = load(cast(kind)).run({"x": every.astype(np.float32)})["y"]
    assert found.dtype == made.lower()
    np.testing.assert_array_equal(found, every)
    for array in (every + 1, every - 1):
        with pytest.raises(ModelError, match=f"beyond the range of {kind.lower()}, {low} to {high}"):
            load(cast_back(kind, made)).run({"x": array})


def test_floats_do_not_become_integers_of_4_bits_silently():
    with pytest.raises(ModelError, match="float32, which cannot safely become int8"):
        load(cast_back("INT4", "INT8")).run({"x": X})


def test_8_bits_and_text_together_are_refused_with_the_reason():
    nodes = [
        helper.make_node("Identity", ["s"], ["t"]),
        helper.make_node("Cast", ["x"], ["y"], to=element("BFLOAT16")),
    ]
    declared = [tensor("s", "STRING"), tensor("x")]
    runner = load(model(nodes, declared, [tensor("t", "STRING"), tensor("y", "BFLOAT16")]))
    with pytest.raises(ModelError, match="gives bfloat16 and its input 's' is not an array of numbers"):
        runner.run({"s": ["a"], "x": X})


def test_8_bits_and_sequences_come_out_together():
    nodes = [
        helper.make_node("SequenceConstruct", ["x", "x"], ["s"]),
        helper.make_node("Cast", ["x"], ["y"], to=element("BFLOAT16")),
    ]
    found = load(model(nodes, [tensor("x")], [sequence_of("s"), tensor("y", "BFLOAT16")])).run({"x": X})
    np.testing.assert_array_equal(found["s"], np.stack([X, X]))
    np.testing.assert_array_equal(found["y"], X)


@pytest.mark.parametrize("shape", [(), (5,), (2, 3), (0, 4), (1, 2, 3, 4)])
def test_a_graph_without_a_stated_shape_takes_any(shape):
    runner = load(identity(tensor("x"), tensor("y")))
    assert runner.inputs[0].shape == ("...",)
    assert runner.outputs[0].shape == ("...",)
    assert runner.run({"x": np.zeros(shape, np.float32)})["y"].shape == shape


def test_a_graph_without_a_stated_shape_is_not_cut():
    node = helper.make_node("Softmax", ["x"], ["y"], axis=0)
    runner = load(model([node], [tensor("x")], [tensor("y")]))
    assert runner.run({"x": np.ones(300)})["y"].sum() == pytest.approx(1)


def test_a_graph_of_a_scalar_takes_a_scalar():
    runner = load(identity(tensor("x", shape=[]), tensor("y", shape=[])))
    assert runner.run({"x": 3.0})["y"] == 3
    with pytest.raises(ModelError, match=r"has shape \(3,\), but the model takes \(\)"):
        runner.run({"x": np.zeros(3)})


def test_free_axes_without_names_may_differ():
    node = helper.make_node("MatMul", ["a", "b"], ["y"])
    declared = [tensor("a", shape=[None, None]), tensor("b", shape=[None, None])]
    found = load(model([node], declared, [tensor("y")])).run({"a": X, "b": X.T})
    assert found["y"].shape == (3, 3)


def test_a_graph_without_inputs_runs():
    node = helper.make_node("Constant", [], ["y"], value_floats=[1.0, 2.0])
    runner = load(model([node], [], [tensor("y", shape=["N"])]))
    np.testing.assert_array_equal(runner.run({})["y"], [1, 2])


def test_a_graph_without_outputs_is_refused():
    node = helper.make_node("Identity", ["x"], ["y"])
    with pytest.raises(ModelError, match="has no outputs"):
        load(model([node], [tensor("x")], []))


def test_an_input_that_is_none_is_missing_unless_it_is_optional():
    with pytest.raises(ModelError, match="needs the input 'x'"):
        load(identity(tensor("x"), tensor("y"))).run({"x": None})


def test_masked_values_are_refused_rather_than_uncovered():
    masked = np.ma.masked_array(np.ones((2, 4), np.float32), mask=[[0, 0, 0, 1], [0, 0, 0, 0]])
    runner = load(identity(tensor("x"), tensor("y")))
    with pytest.raises(ModelError, match="'x' has masked values"):
        runner.run({"x": masked})
    assert runner.run({"x": masked[1:]})["y"].shape == (1, 4)


def test_lists_of_unequal_lengths_are_refused():
    with pytest.raises(ModelError, match="its parts have different shapes"):
        load(identity(tensor("x"), tensor("y"))).run({"x": [[1.0], [1.0, 2.0]]})


def test_the_precision_is_that_of_the_numbers_and_not_of_the_labels():
    nodes = [
        helper.make_node("ArgMax", ["x"], ["label"], axis=1, keepdims=0),
        helper.make_node("Identity", ["x"], ["score"]),
    ]
    made = [tensor("label", "INT64", ["N"]), tensor("score", "DOUBLE", ["N", 2])]
    assert load(model(nodes, [tensor("x", "DOUBLE", ["N", 2])], made)).precision == "float64"


def test_axes_of_one_name_may_differ_behind_the_first():
    graph = written(
        "p = ReduceMean<axes=[1], keepdims=0>(a) q = ReduceMean<axes=[1], keepdims=0>(b) y = Add(p, q)",
        given="float[n,seq,3] a, float[n,seq,3] b",
        made="float[n,3] y",
    )
    runner = load(graph.SerializeToString())
    a, b = np.ones((200, 5, 3), np.float32), np.ones((200, 7, 3), np.float32)
    np.testing.assert_allclose(runner.run({"a": a, "b": b})["y"], np.full((200, 3), 2.0))
    with pytest.raises(ModelError, match=r"\(199, 7, 3\)"):
        runner.run({"a": a, "b": b[1:]})


def test_where_the_engine_fails_on_axes_of_one_name_the_hint_says_so():
    runner = load(
        written(
            "y = Add(a, b)", given="float[n,seq] a, float[n,seq] b", made="float[n,m] y"
        ).SerializeToString()
    )
    with pytest.raises(ModelError, match="onnxruntime could not run") as caught:
        runner.run({"a": np.ones((2, 5), np.float32), "b": np.ones((2, 7), np.float32)})
    assert caught.value.hint == "The axis 'seq' has length 5 in 'a', but 7 in 'b'."
