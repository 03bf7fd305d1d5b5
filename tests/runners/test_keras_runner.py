# SPDX-License-Identifier: MIT
"""The Keras runner: .keras files on PyTorch, after a check of everything that they ask Keras for."""

import os
import subprocess
import sys

import numpy as np
import pytest

from fairreg.errors import ModelError
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
