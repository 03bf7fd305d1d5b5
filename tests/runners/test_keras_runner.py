# SPDX-License-Identifier: MIT
"""The Keras runner: .keras files on PyTorch, after a check of everything that they ask Keras for."""

import os
import subprocess
import sys

import numpy as np
import pytest

from fairreg.errors import ModelError, SecurityRefusal
from fairreg.runners import keras as runner
from fairreg.runners.converters import keras as converter
from fairreg.runners.onnx import load as load_onnx
from support import keras_files

pytestmark = pytest.mark.skipif(not runner.available(), reason="needs the keras extra")


@pytest.fixture(scope="module")
def keras():
    return runner.engine()


@pytest.fixture
def model(keras):
    k = keras.layers
    one, two = keras.Input((6, 3), name="tracks"), keras.Input((4,), name="jet")
    hidden = k.Bidirectional(k.GRU(4))(k.BatchNormalization()(one))
    joined = k.Concatenate()([hidden, two])
    outputs = [k.Dense(2, activation="softmax", name="classes")(joined), k.Dense(1, name="mass")(joined)]
    return keras_files.randomised(keras.Model([one, two], outputs))


@pytest.fixture
def arrays():
    random = np.random.default_rng(0)
    return {
        "jet": random.normal(size=(150, 4)).astype("f4"),
        "tracks": random.normal(size=(150, 6, 3)).astype("f4"),
    }


def test_it_computes_what_keras_and_the_converter_compute(model, arrays, tmp_path):
    path = keras_files.saved(model, tmp_path / "m.keras")
    loaded = runner.load(path)
    assert (loaded.name, loaded.device, loaded.precision) == ("keras", "cpu", "float32")
    assert [(item.name, item.dtype, item.shape) for item in (*loaded.inputs, *loaded.outputs)] == [
        ("tracks", "float32", ("rows", 6, 3)),
        ("jet", "float32", ("rows", 4)),
        ("classes", "float32", ("rows", 2)),
        ("mass", "float32", ("rows", 1)),
    ]
    assert loaded.batch_size == 128
    found = loaded.run(arrays)
    expected = keras_files.computed(model, {name: arrays[name] for name in ("tracks", "jet")})
    written = load_onnx(converter.convert(path).model)
    assert [(item.name, item.shape) for item in written.inputs] == [(t.name, t.shape) for t in loaded.inputs]
    for (name, array), value in zip(found.items(), expected, strict=True):
        np.testing.assert_allclose(array, value, rtol=1e-5, atol=1e-6)
        np.testing.assert_allclose(written.run(arrays)[name], value, rtol=1e-5, atol=1e-5)


def test_a_name_without_the_suffix_and_further_layers(keras, tmp_path):
    given = keras.Input((5,), dtype="int32", name="ids")
    embedded = keras.layers.Embedding(7, 4)(given)
    found = keras.layers.MultiHeadAttention(2, 3)(embedded, embedded)
    model = keras_files.randomised(keras.Model(given, keras.layers.Flatten(name="y")(found)))
    path = keras_files.saved(model, tmp_path / "m.keras").rename(tmp_path / "model.bin")
    loaded = runner.load(path, batch_size=2)
    assert loaded.inputs[0].dtype == "int32"
    ids = np.arange(15, dtype="int32").reshape(3, 5) % 7
    (expected,) = keras_files.computed(model, {"ids": ids})
    np.testing.assert_allclose(loaded.run({"ids": ids})["y"], expected, rtol=1e-5, atol=1e-6)


def test_an_axis_that_may_be_the_batch_keeps_the_rows_together(keras, tmp_path):
    given = keras.Input((3,), name="x")
    path = keras_files.saved(
        keras.Model(given, keras.layers.Softmax(axis=0, name="y")(given)), tmp_path / "m.keras"
    )
    loaded = runner.load(path)
    assert loaded.batch_size is None
    np.testing.assert_allclose(loaded.run({"x": np.zeros((300, 3), "f4")})["y"], 1 / 300, rtol=1e-5)


def averages(x, size, stride):
    """Means over the places inside, as TensorFlow pads: the larger half of an odd padding at the end."""
    count = -(-len(x) // stride)
    before = max((count - 1) * stride + size - len(x), 0) // 2
    starts = [number * stride - before for number in range(count)]
    return [x[max(start, 0) : start + size].mean() for start in starts]


@pytest.mark.parametrize(("length", "size", "stride"), [(8, 3, 2), (7, 4, 1), (9, 4, 3), (7, 5, 5)])
def test_an_average_over_uneven_padding_is_left_to_the_converter(keras, tmp_path, length, size, stride):
    """Keras with PyTorch repeats the numbers at the edge; its definition leaves the padding out."""
    k = keras.layers
    model = keras.Sequential([keras.Input((length, 1), name="x"), k.AveragePooling1D(size, stride, "same")])
    path = keras_files.saved(model, tmp_path / "m.keras")
    with pytest.raises(ModelError, match=r"\(AveragePooling1D\) averages over padding"):
        runner.load(path)
    found = converter.convert(path)
    assert found.runtime is None
    assert "averages over padding" in found.remarks[-1]
    x = np.random.default_rng(0).normal(size=(1, length, 1)).astype("f4")
    (made,) = load_onnx(found.model).run({"x": x}).values()
    np.testing.assert_allclose(made.ravel(), averages(x.ravel(), size, stride), rtol=1e-5)


def test_even_padding_runs_on_keras(keras, tmp_path):
    k = keras.layers
    model = keras.Sequential([keras.Input((7, 1), name="x"), k.AveragePooling1D(3, 1, "same", name="y")])
    path = keras_files.saved(model, tmp_path / "m.keras")
    assert (converter.convert(path).runtime, converter.convert(path).remarks) == ("keras", ())
    x = np.random.default_rng(0).normal(size=(1, 7, 1)).astype("f4")
    np.testing.assert_allclose(runner.load(path).run({"x": x})["y"].ravel(), averages(x.ravel(), 3, 1), 1e-5)


@pytest.mark.parametrize("axis", [1, [1], 2, [1, 2]])
def test_normalisation_of_other_axes_is_left_to_the_converter(keras, tmp_path, axis):
    """Keras with PyTorch normalises the last axes, whatever the axis, wherever the sizes fit."""
    layer = keras.layers.LayerNormalization(axis=axis, epsilon=0.01, name="y")
    model = keras.Sequential([keras.Input((5, 5, 5), name="x"), layer])
    path = keras_files.saved(keras_files.randomised(model), tmp_path / "m.keras")
    with pytest.raises(ModelError, match=r"'y' \(LayerNormalization\) normalises along the axis"):
        runner.load(path)
    found = converter.convert(path)
    assert found.runtime is None
    assert "normalises along the axis" in found.remarks[-1]
    x = np.random.default_rng(0).normal(size=(3, 5, 5, 5)).astype("f4")
    axes = tuple(axis) if isinstance(axis, list) else (axis,)
    shape = [5 if at in axes else 1 for at in range(4)]
    gamma, beta = (item.value.detach().numpy().reshape(shape) for item in layer.weights)
    centred = x.astype(float) - x.mean(axes, keepdims=True)
    expected = centred / np.sqrt(x.var(axes, keepdims=True) + 0.01) * gamma + beta
    np.testing.assert_allclose(load_onnx(found.model).run({"x": x})["y"], expected, atol=1e-4)


def stepwise(k):
    return {
        "TimeDistributed": k.TimeDistributed(k.Dense(2)),
        "unrolled": k.LSTM(2, unroll=True),
    }


@pytest.mark.parametrize("kind", ["TimeDistributed", "unrolled"])
def test_what_the_runner_refuses_is_not_named_as_its_runtime(keras, tmp_path, kind):
    model = keras.Sequential([keras.Input((4, 3)), stepwise(keras.layers)[kind]])
    path = keras_files.saved(keras_files.randomised(model), tmp_path / "m.keras")
    with pytest.raises((ModelError, SecurityRefusal)):
        runner.load(path)
    found = converter.convert(path)
    assert found.runtime is None
    assert "step by step" in found.remarks[-1]


def structures(one, two):
    return {
        "single": one,
        "list": [two, one],
        "tuple": (one, two),
        "dictionary": {"z": one, "a": two},
        "dictionary of one": {"z": one},
        "nested": {"b": [one, {"y": two}]},
        "list in a list": [[two], one],
    }


@pytest.mark.parametrize("kind", list(structures(0, 0)))
def test_inputs_are_given_in_the_structure_of_the_model(keras, tmp_path, kind):
    one, two = keras.Input((3,), name="one"), keras.Input((3,), name="two")
    chosen = structures(one, two)[kind]
    both = len(keras.tree.flatten(chosen)) > 1
    made = keras.layers.Subtract(name="y")([one, two]) if both else keras.layers.ReLU(name="y")(one)
    with keras_files.quiet():  # Keras warns of names that are not those of the inputs
        model = keras.Model(chosen, {"out": [made]})
    path = keras_files.saved(model, tmp_path / "m.keras")
    random = np.random.default_rng(0)
    arrays = {name: random.normal(size=(4, 3)).astype("f4") for name in ("one", "two")[: 1 + both]}
    expected = arrays["one"] - arrays["two"] if both else np.maximum(arrays["one"], 0)
    np.testing.assert_allclose(runner.load(path).run(arrays)["y"], expected)
    found = converter.convert(path)
    assert found.runtime == "keras"
    np.testing.assert_allclose(load_onnx(found.model).run(arrays)["y"], expected)


def test_indices_that_are_negative_are_refused(keras, tmp_path):
    """PyTorch would count them from the end."""
    given = keras.Input((2,), dtype="int32", name="ids")
    path = keras_files.saved(keras.Model(given, keras.layers.Embedding(7, 4)(given)), tmp_path / "m.keras")
    loaded = runner.load(path)
    assert next(iter(loaded.run({"ids": np.zeros((2, 2), "i4")}).values())).shape == (2, 2, 4)
    with pytest.raises(ModelError, match="The input ids has indices that are negative"):
        loaded.run({"ids": np.array([[0, -1]], "i4")})


def test_integers_go_into_an_embedding_alone(keras, tmp_path):
    given = keras.Input((2,), dtype="int32", name="ids")
    path = keras_files.saved(keras.Model(given, keras.layers.ReLU(name="r")(given)), tmp_path / "m.keras")
    with pytest.raises(ModelError, match=r"'r' \(ReLU\) takes an input of integers"):
        runner.load(path)


def test_a_counter_among_the_weights_is_no_parameter(keras, tmp_path):
    layer = keras.layers.Normalization(name="y")
    layer.adapt(np.random.default_rng(0).normal(3, 2, size=(50, 3)).astype("f4"))
    model = keras.Sequential([keras.Input((3,), name="x"), layer])
    path = keras_files.saved(model, tmp_path / "m.keras")
    (expected,) = keras_files.computed(model, {"x": np.ones((2, 3), "f4")})
    np.testing.assert_allclose(runner.load(path).run({"x": np.ones((2, 3), "f4")})["y"], expected)


def test_the_reason_for_bfloat16_is_its_type(keras, tmp_path):
    given = keras.Input((9,), name="x")
    path = keras_files.saved(
        keras.Model(given, keras.layers.Dense(5, dtype="bfloat16", name="d")(given)), tmp_path / "m.keras"
    )
    for read in (runner.load, converter.convert):
        with pytest.raises(ModelError, match="bfloat16"):
            read(path)


def test_large_rows_go_through_in_smaller_batches(keras, tmp_path):
    k = keras.layers
    model = keras.Sequential([keras.Input((2,), name="x"), k.RepeatVector(1 << 22), k.GlobalMaxPooling1D()])
    loaded = runner.load(keras_files.saved(model, tmp_path / "m.keras"))
    assert loaded.batch_size is not None
    assert 1 <= loaded.batch_size <= 32


@pytest.mark.long
def test_keras_leaves_the_environment_and_the_home_folder_as_they_are(tmp_path):
    code = (
        "import os, sys\n"
        "from fairreg.runners import keras\n"
        "assert 'keras' not in sys.modules\n"
        "keras.engine()\n"
        "told = [os.environ.get(name) for name in ('KERAS_BACKEND', 'KERAS_HOME')]\n"
        "print(*told, sys.modules['keras'].config.backend())"
    )
    environment = os.environ | {"HOME": str(tmp_path), "KERAS_BACKEND": "numpy"}
    environment.pop("KERAS_HOME", None)
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False, env=environment
    )
    assert done.stdout.split() == ["numpy", "None", "torch"], done.stderr
    assert not (tmp_path / ".keras").exists()


def test_keras_with_another_backend_in_use_is_said(monkeypatch, keras):
    monkeypatch.setattr(keras.config, "backend", lambda: "tensorflow")
    with pytest.raises(ModelError, match="in use in this process with tensorflow"):
        runner.engine()


def test_a_file_of_keras_2_is_left_to_the_converter(model, tmp_path):
    """Keras 3 would compute its hard_sigmoid and others otherwise, and say nothing."""
    members = keras_files.parts(keras_files.saved(model, tmp_path / "m.keras"))
    members["metadata.json"] = b'{"keras_version": "2.15.0"}'
    with pytest.raises(ModelError, match=r"was saved by Keras '2\.15\.0'"):
        runner.load(keras_files.packed(tmp_path / "n.keras", members))
    assert converter.convert(tmp_path / "n.keras").original == "Keras 2.15.0"


def test_what_is_not_a_keras_file_is_said(tmp_path):
    (tmp_path / "m.keras").write_bytes(b"PK\x03\x04 no archive")
    with pytest.raises(ModelError, match=r"m\.keras is a truncated or damaged zip archive"):
        runner.load(tmp_path / "m.keras")
    with pytest.raises(ModelError, match="not ONNX models"):
        runner.load(b"onnx")
