# SPDX-License-Identifier: MIT
"""Keras to ONNX: each layer against Keras 3, older meanings and layouts against plain definitions."""

import json

import h5py
import numpy as np
import onnxruntime
import pytest

from fairreg.errors import ModelError
from fairreg.runners import keras as runner
from fairreg.runners.converters import converter_of
from fairreg.runners.converters import keras as converter
from fairreg.runners.converters.keras import layers as known
from fairreg.runners.converters.keras.stores import snake_case
from fairreg.runners.onnx import OnnxRunner
from fairreg.runners.onnx import load as load_onnx
from fairreg.storage.recognition import describe
from support import keras_files
from support.keras_files import layer, sequential, write_legacy

needs_keras = pytest.mark.skipif(not runner.available(), reason="needs the keras extra")
TOLERANCE = 1e-5


def run(path, arrays=None):
    """Convert and compute; by default at the edges that the converter names."""
    found = converter.convert(path)
    session = onnxruntime.InferenceSession(found.model)
    names = [item.name for item in session.get_outputs()]
    return dict(zip(names, session.run(None, dict(arrays or found.edges)), strict=True))


def difference(one, other):
    """Largest difference, relative for numbers above 1."""
    return float(np.max(np.abs(one - other) / np.maximum(np.abs(other), 1), initial=0))


# Layers of one input each, as (name, shape of the input, maker).
def single(k):
    leaky = k.LeakyReLU(negative_slope=0.3)
    return {
        "dense": ((4,), lambda: k.Dense(3, activation="relu")),
        "dense of sequences": ((5, 4), lambda: k.Dense(3, activation="softmax", use_bias=False)),
        "dense with a layer as activation": ((4,), lambda: k.Dense(3, activation=leaky)),
        "conv1d": ((9, 3), lambda: k.Conv1D(4, 3, activation="tanh")),
        "conv1d same strides": ((10, 3), lambda: k.Conv1D(4, 4, strides=3, padding="same")),
        "conv1d causal dilated": ((9, 3), lambda: k.Conv1D(4, 3, padding="causal", dilation_rate=2)),
        "conv2d": ((7, 6, 3), lambda: k.Conv2D(4, (3, 2), activation="elu")),
        "conv2d same strides": ((7, 8, 3), lambda: k.Conv2D(4, 3, strides=2, padding="same")),
        "conv2d dilated": ((9, 8, 2), lambda: k.Conv2D(3, 3, dilation_rate=(2, 1), padding="same")),
        "conv2d groups": ((6, 6, 4), lambda: k.Conv2D(6, 3, groups=2, use_bias=False)),
        "conv2d channels first": (
            (3, 7, 6),
            lambda: k.Conv2D(4, 3, data_format="channels_first", padding="same"),
        ),
        "depthwise": ((7, 6, 3), lambda: k.DepthwiseConv2D(3, depth_multiplier=2, strides=2, padding="same")),
        "depthwise1d": ((8, 3), lambda: k.DepthwiseConv1D(3, depth_multiplier=2)),
        "separable": ((7, 6, 3), lambda: k.SeparableConv2D(5, 3, depth_multiplier=2, activation="relu")),
        "separable1d": ((9, 3), lambda: k.SeparableConv1D(5, 4, padding="same")),
        "batch normalisation": ((5, 3), k.BatchNormalization),
        "batch normalisation of an axis": ((3, 4, 5), lambda: k.BatchNormalization(axis=1, scale=False)),
        "batch normalisation plain": ((3,), lambda: k.BatchNormalization(center=False, epsilon=0.1)),
        "layer normalisation": ((5, 3), k.LayerNormalization),
        "layer normalisation of axes": ((5, 3, 2), lambda: k.LayerNormalization(axis=[1, 3])),
        "prelu": ((5, 3), lambda: k.PReLU(shared_axes=[1])),
        "rescaling": ((5,), lambda: k.Rescaling(0.1, offset=-2)),
        "lstm": ((5, 3), lambda: k.LSTM(4)),
        "lstm backwards": (
            (5, 3),
            lambda: k.LSTM(4, go_backwards=True, return_sequences=True, use_bias=False),
        ),
        "lstm hard": ((5, 3), lambda: k.LSTM(4, recurrent_activation="hard_sigmoid", activation="relu")),
        "lstm linear": ((5, 3), lambda: k.LSTM(4, activation="linear", recurrent_activation="softsign")),
        "gru": ((5, 3), lambda: k.GRU(4, return_sequences=True)),
        "gru before": ((5, 3), lambda: k.GRU(4, reset_after=False, recurrent_activation="hard_sigmoid")),
        "simple rnn": ((5, 3), lambda: k.SimpleRNN(4, go_backwards=True)),
        "bidirectional": ((5, 3), lambda: k.Bidirectional(k.LSTM(4, return_sequences=True))),
        "bidirectional sum": ((5, 3), lambda: k.Bidirectional(k.GRU(4), merge_mode="sum")),
        "bidirectional average": ((5, 3), lambda: k.Bidirectional(k.SimpleRNN(4), merge_mode="ave")),
        "bidirectional product": ((5, 3), lambda: k.Bidirectional(k.LSTM(4), merge_mode="mul")),
        "time distributed": ((5, 3), lambda: k.TimeDistributed(k.Dense(2, activation="relu"))),
        "time distributed convolution": ((4, 6, 6, 2), lambda: k.TimeDistributed(k.Conv2D(3, 3))),
        "max pooling 1d": ((9, 3), lambda: k.MaxPooling1D(2)),
        "max pooling 2d same": ((7, 6, 3), lambda: k.MaxPooling2D(3, strides=2, padding="same")),
        "average pooling 1d": ((9, 3), lambda: k.AveragePooling1D(2, strides=1)),
        "average pooling 2d": ((7, 6, 3), lambda: k.AveragePooling2D(2)),
        "global max 1d": ((9, 3), k.GlobalMaxPooling1D),
        "global max 2d": ((4, 5, 3), lambda: k.GlobalMaxPooling2D(keepdims=True)),
        "global average 1d": ((9, 3), lambda: k.GlobalAveragePooling1D(data_format="channels_first")),
        "global average 2d": ((4, 5, 3), k.GlobalAveragePooling2D),
        "flatten": ((3, 4, 2), k.Flatten),
        "flatten channels first": ((3, 4, 2), lambda: k.Flatten(data_format="channels_first")),
        "reshape": ((3, 4, 2), lambda: k.Reshape((-1, 6))),
        "permute": ((3, 4, 2), lambda: k.Permute((3, 1, 2))),
        "repeat": ((3,), lambda: k.RepeatVector(4)),
        "zero padding 1d": ((4, 2), lambda: k.ZeroPadding1D((1, 2))),
        "zero padding 2d": ((4, 3, 2), lambda: k.ZeroPadding2D(((1, 2), (0, 3)))),
        "cropping 1d": ((6, 2), lambda: k.Cropping1D((1, 2))),
        "cropping 2d": ((6, 5, 2), lambda: k.Cropping2D(((1, 0), (0, 2)))),
        "up sampling 1d": ((4, 2), lambda: k.UpSampling1D(3)),
        "up sampling 2d": ((4, 3, 2), lambda: k.UpSampling2D((2, 3))),
        "dropout": ((4,), lambda: k.Dropout(0.5)),
        "gaussian noise": ((4,), lambda: k.GaussianNoise(0.5)),
        "spatial dropout": ((4, 2), lambda: k.SpatialDropout1D(0.5)),
        "relu layer": ((6,), lambda: k.ReLU(max_value=4, negative_slope=0.1, threshold=1.0)),
        "relu6 layer": ((6,), lambda: k.ReLU(max_value=6)),
        "leaky relu layer": ((6,), k.LeakyReLU),
        "elu layer": ((6,), lambda: k.ELU(alpha=0.7)),
        "softmax layer": ((3, 4), lambda: k.Softmax(axis=1)),
    }


ACTIVATIONS = (
    *("linear", "relu", "tanh", "sigmoid", "hard_sigmoid", "softmax", "softplus", "softsign", "exponential"),
    *(
        "elu",
        "selu",
        "gelu",
        "swish",
        "silu",
        "leaky_relu",
        "relu6",
        "mish",
        "hard_silu",
        "hard_tanh",
        "celu",
    ),
    *("log_sigmoid", "log_softmax", "tanh_shrink"),
)


@pytest.fixture(scope="module")
def keras():
    return runner.engine()


@pytest.mark.sliced(2)
@needs_keras
@pytest.mark.parametrize("suffix", [".keras", ".h5"])
def test_every_layer_agrees_with_keras(keras, tmp_path, suffix):
    worst = {}
    for name, (shape, make) in single(keras.layers).items():
        given = keras.Input(shape, name="x")
        model = keras_files.randomised(keras.Model(given, make()(given)))
        path = keras_files.saved(model, tmp_path / f"{name}{suffix}")
        arrays = dict(converter.convert(path).edges)
        if name.startswith("layer normalisation"):
            # The variance of a row of equal numbers is one of rounding errors only.
            arrays["x"] = arrays["x"][-4:]
        (found,) = run(path, arrays).values()
        (expected,) = keras_files.computed(model, arrays)
        assert found.shape == expected.shape, name
        worst[name] = difference(found, expected)
    assert {name: value for name, value in worst.items() if not value <= TOLERANCE} == {}


@needs_keras
def test_every_activation_agrees_with_keras(keras, tmp_path):
    given = keras.Input((3,), name="x")
    outputs = [keras.layers.Activation(name, name=f"out_{name}")(given) for name in ACTIVATIONS]
    path = keras_files.saved(model := keras.Model(given, outputs), tmp_path / "a.keras")
    arrays = {
        "x": np.concatenate([np.linspace(-40, 40, 300), np.linspace(-7, 7, 300)], dtype="f4").reshape(-1, 3)
    }
    found, expected = run(path, arrays), keras_files.computed(model, arrays)
    assert list(found) == [f"out_{name}" for name in ACTIVATIONS]
    worst = {name: difference(a, b) for (name, a), b in zip(found.items(), expected, strict=True)}
    assert {name: value for name, value in worst.items() if not value <= TOLERANCE} == {}


def several(keras):
    """Two inputs, shared layers, a nested model used twice, three outputs."""
    k = keras.layers
    one, two = keras.Input((4, 3), name="tracks"), keras.Input((4, 3), name="vertices")
    shared = k.Dense(3, activation="relu", name="shared")
    inner = keras.Sequential([keras.Input((4, 3)), k.LSTM(5), k.BatchNormalization()], name="inner")
    left, right = inner(shared(one)), inner(shared(two))
    merged = [
        kind()([left, right]) for kind in (k.Add, k.Multiply, k.Subtract, k.Average, k.Maximum, k.Minimum)
    ]
    joined = k.Concatenate(name="joined")([*merged, k.Flatten()(one)])
    head = k.Dropout(0.3)(joined)
    return keras.Model([one, two], [k.Dense(2, name="classes", activation="softmax")(head), joined, right])


@needs_keras
@pytest.mark.parametrize("suffix", [".keras", ".h5"])
def test_shared_layers_nested_models_and_several_outputs(keras, tmp_path, suffix):
    model = keras_files.randomised(several(keras))
    path = keras_files.saved(model, tmp_path / f"m{suffix}")
    random = np.random.default_rng(1)
    arrays = {name: random.normal(size=(7, 4, 3)).astype("f4") for name in ("tracks", "vertices")}
    found = run(path, arrays)
    assert list(found) == ["classes", "joined", "inner"]
    for one, other in zip(found.values(), keras_files.computed(model, arrays), strict=True):
        assert difference(one, other) <= TOLERANCE


@needs_keras
def test_the_onnx_runner_takes_any_number_of_rows_in_batches(keras, tmp_path):
    path = keras_files.saved(several(keras), tmp_path / "m.keras")
    found = load_onnx(converter.convert(path).model)
    assert isinstance(found, OnnxRunner)
    assert [tensor.shape for tensor in found.inputs] == [("rows", 4, 3)] * 2
    assert (
        str(found.batching)
        == "in batches of 128, because the model states that the rows of the input are independent"
    )
    arrays = {tensor.name: np.ones((130, 4, 3), "f4") for tensor in found.inputs}
    assert found.run(arrays)["classes"].shape == (130, 2)


@needs_keras
def test_weights_alone_need_the_json_beside(keras, tmp_path):
    model = keras_files.randomised(several(keras))
    (tmp_path / "a").mkdir()
    path = keras_files.saved(model, tmp_path / "a" / "jets.weights.h5")
    with pytest.raises(ModelError, match="without its architecture") as caught:
        converter.convert(path)
    assert "to_json" in caught.value.hint
    (path.parent / "jets.json").write_text(model.to_json())
    (path.parent / "other.json").write_text(
        keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)]).to_json()
    )
    (path.parent / "plain.json").write_text('{"class_name": "no model"}')
    found = converter.convert(path)
    assert found.remarks == ("The architecture is that of jets.json, beside the weights.",)
    arrays = {"tracks": np.ones((2, 4, 3), "f4"), "vertices": -np.ones((2, 4, 3), "f4")}
    assert difference(run(path, arrays)["classes"], keras_files.computed(model, arrays)[0]) <= TOLERANCE
    (path.parent / "jets.json").rename(path.parent / "third.json")
    with pytest.raises(ModelError, match="2 files beside it describe a Keras model"):
        converter.convert(path)


@needs_keras
@pytest.mark.parametrize("suffix", [".weights.h5", ".h5"])
def test_the_json_of_keras_3_shows_its_version(keras, tmp_path, suffix):
    """It states none, and older versions would need to know who computed a convolution."""
    from keras.src.legacy.saving import legacy_h5_format

    layers = [keras.Input((5, 2), name="x"), keras.layers.Conv1D(3, 2, activation="hard_sigmoid", name="c")]
    model = keras_files.randomised(keras.Sequential(layers))
    path = tmp_path / f"m{suffix}"
    if suffix == ".h5":
        with keras_files.quiet(), h5py.File(path, "w") as file:
            legacy_h5_format.save_weights_to_hdf5_group(file, model)
    else:
        keras_files.saved(model, path)
    (tmp_path / "m.json").write_text(model.to_json())
    arrays = {"x": np.random.default_rng(0).normal(size=(3, 5, 2)).astype("f4")}
    (expected,) = keras_files.computed(model, arrays)
    assert difference(run(path, arrays)["c"], expected) <= TOLERANCE
    assert converter.convert(path).original.startswith("Keras 3")


@needs_keras
def test_an_embedding_is_named_and_is_no_sign_of_keras_1(keras, tmp_path):
    k = keras.layers
    path = keras_files.saved(
        keras.Sequential([keras.Input((5,)), k.Embedding(9, 3, name="e"), k.Flatten()]), tmp_path / "m.h5"
    )
    with pytest.raises(ModelError, match=r"The layer 'e' \(Embedding\) .*takes indices, which is not"):
        converter.convert(path)


@needs_keras
def test_names_of_classes_become_paths_as_keras_makes_them(keras):
    from keras.src.utils.naming import to_snake_case

    kinds = [*known.KINDS, "InputLayer", "Sequential", "Functional", "TimeDistributed"]
    assert {kind: snake_case(kind) for kind in kinds} == {kind: to_snake_case(kind) for kind in kinds}


# Older versions: plain definitions in float64.


def old_hard_sigmoid(x):
    return np.clip(0.2 * x + 0.5, 0, 1)


def dense_file(path, activation, version, **stated):
    config = sequential(
        layer("Dense", "d", units=3, activation=activation, use_bias=True, batch_input_shape=[None, 2])
    )
    weights = {
        "d": [
            ("d/kernel:0", np.array([[1, 2, 3], [4, 5, 6]], "f4")),
            ("d/bias:0", np.array([0, 1, -1], "f4")),
        ]
    }
    return write_legacy(path, ["d"], weights, version=version, backend="tensorflow", config=config, **stated)


@pytest.mark.parametrize(
    ("version", "slope"),
    [("1.2.2", 0.2), ("2.2.4", 0.2), ("2.2.4-tf", 0.2), ("2.11.0", 0.2), ("3.1.0", 1 / 6)],
)
def test_hard_sigmoid_is_that_of_the_version(tmp_path, version, slope):
    path = dense_file(tmp_path / "m.h5", "hard_sigmoid", version)
    x = np.linspace(-2, 2, 40).reshape(-1, 2).astype("f4")
    z = x.astype(float) @ [[1, 2, 3], [4, 5, 6]] + [0, 1, -1]
    (found,) = run(path, {"d_input": x}).values()
    assert difference(found, np.clip(slope * z + 0.5, 0, 1)) < 1e-6


def test_hard_sigmoid_without_a_version_is_refused(tmp_path):
    with pytest.raises(ModelError, match=r"uses hard_sigmoid.*does not state its version"):
        converter.convert(dense_file(tmp_path / "m.h5", "hard_sigmoid", None))
    assert (
        converter.convert(dense_file(tmp_path / "n.h5", "relu", None)).original
        == "Keras (version not stated)"
    )


def test_the_file_says_what_it_is(tmp_path):
    path = dense_file(tmp_path / "m.h5", "relu", "2.2.4")
    found = converter.convert(path)
    assert (found.original, found.runtime, found.remarks) == ("Keras 2.2.4", None, ())
    assert converter_of(describe(path)) is not None
    with h5py.File(tmp_path / "data.h5", "w") as file:
        file["x"] = np.zeros(3)
    assert not converter.accepts(describe(tmp_path / "data.h5"))


def gru_step(x, h, kernel, inner, bias, gate, after):
    """Cho et al., arXiv:1406.1078, as Keras 1 and 2 compute it; gates z, r, h."""
    wz, wr, wh = np.split(kernel, 3, axis=1)
    uz, ur, uh = np.split(inner, 3, axis=1)
    (bz, br, bh), (cz, cr, ch) = np.split(bias[0], 3), np.split(bias[1], 3)
    z, r = gate(x @ wz + bz + h @ uz + cz), gate(x @ wr + br + h @ ur + cr)
    proposed = np.tanh(x @ wh + bh + (r * (h @ uh + ch) if after else (r * h) @ uh + ch))
    return z * h + (1 - z) * proposed


@pytest.mark.parametrize(
    ("stated", "after"), [({"reset_after": False}, False), ({"reset_after": True}, True), ({}, False)]
)
def test_gru_of_keras_2(tmp_path, stated, after):
    random = np.random.default_rng(2)
    kernel, inner = random.normal(size=(3, 12)), random.normal(size=(4, 12))
    bias = random.normal(size=(2, 12) if after else 12)
    both = bias if after else np.stack([bias, np.zeros(12)])
    config = sequential(
        layer(
            "GRU", "g", units=4, activation="tanh", recurrent_activation="hard_sigmoid",
            return_sequences=False,
            batch_input_shape=[None, 6, 3], **stated,
        )
    )  # fmt: skip
    weights = {"g": [("g/kernel:0", kernel), ("g/recurrent_kernel:0", inner), ("g/bias:0", bias)]}
    path = write_legacy(
        tmp_path / "m.h5", ["g"], weights, version="2.1.6", backend="tensorflow", config=config
    )
    x, h = random.normal(size=(5, 6, 3)), np.zeros((5, 4))
    for step in range(6):
        h = gru_step(x[:, step], h, kernel, inner, both, old_hard_sigmoid, after)
    (found,) = run(path, {"g_input": x.astype("f4")}).values()
    assert difference(found, h) < TOLERANCE


def test_lstm_of_keras_1_with_an_array_for_each_gate(tmp_path):
    random = np.random.default_rng(3)
    arrays = {
        f"{part}_{gate}": random.normal(size={"W": (3, 4), "U": (4, 4), "b": (4,)}[part])
        for gate in "icfo"
        for part in "WUb"
    }
    config = [
        layer(
            "LSTM", "l", output_dim=4, activation="tanh", inner_activation="hard_sigmoid",
            return_sequences=True, go_backwards=False, stateful=False, unroll=False, consume_less="cpu",
            batch_input_shape=[None, 5, 3],
        )
    ]  # fmt: skip
    path = write_legacy(
        tmp_path / "m.h5",
        ["l"],
        {"l": [(f"l_{name}", array) for name, array in arrays.items()]},
        version="1.2.2",
        config={"class_name": "Sequential", "config": config},
    )
    x = random.normal(size=(2, 5, 3))
    h = c = np.zeros((2, 4))
    expected = []
    for step in range(5):
        parts = {g: x[:, step] @ arrays[f"W_{g}"] + h @ arrays[f"U_{g}"] + arrays[f"b_{g}"] for g in "icfo"}
        c = old_hard_sigmoid(parts["f"]) * c + old_hard_sigmoid(parts["i"]) * np.tanh(parts["c"])
        h = old_hard_sigmoid(parts["o"]) * np.tanh(c)
        expected.append(h)
    (found,) = run(path, {"l_input": x.astype("f4")}).values()
    assert difference(found, np.stack(expected, axis=1)) < TOLERANCE


def correlated(image, kernel):
    """Correlation of (rows, inputs, height, width) with (outputs, inputs, height, width), without padding."""
    height, width = (a - b + 1 for a, b in zip(image.shape[2:], kernel.shape[2:], strict=True))
    found = np.zeros((len(image), len(kernel), height, width))
    for y in range(height):
        for x in range(width):
            window = image[:, :, y : y + kernel.shape[2], x : x + kernel.shape[3]]
            found[:, :, y, x] = np.einsum("nchw,ochw->no", window, kernel)
    return found


def keras_1_files(folder, *, backend=None, order="th"):
    """Weights of Keras 1 with its JSON: convolution, pooling, dense; return the definition too."""
    random = np.random.default_rng(4)
    kernel, bias = random.normal(size=(4, 2, 3, 2)), random.normal(size=4)
    dense, offset = random.normal(size=(4 * 3 * 2, 3)) / 20, random.normal(size=3)
    shape = [None, 2, 8, 6] if order == "th" else [None, 8, 6, 2]
    config = [
        layer(
            "Convolution2D", "c", nb_filter=4, nb_row=3, nb_col=2, border_mode="valid", subsample=[1, 1],
            dim_ordering=order, bias=True, activation="relu", init="glorot_uniform", batch_input_shape=shape,
            W_regularizer=None, input_dtype="float32",
        ),
        layer("MaxPooling2D", "p", pool_size=[2, 2], strides=[2, 2], border_mode="valid", dim_ordering=order),
        layer("Dropout", "q", p=0.5),
        layer("Flatten", "f"),
        layer("Dense", "d", output_dim=3, activation="softmax", bias=True, input_dim=None),
    ]  # fmt: skip
    stated = {} if backend is None else {"backend": backend}
    (folder / "net_arch.json").write_text(
        json.dumps({"class_name": "Sequential", "config": config, **stated})
    )
    kept = kernel if order == "th" else kernel.transpose(2, 3, 1, 0)
    weights = {"c": [("c_W", kept), ("c_b", bias)], "d": [("d_W", dense), ("d_b", offset)]}
    path = write_legacy(folder / "net_weights.h5", list("cpqfd"), weights)

    def definition(image, flipped):
        turned = kernel[:, :, ::-1, ::-1] if flipped else kernel
        made = np.maximum(correlated(image, turned) + bias[:, None, None], 0)
        made = made[:, :, :, :4].reshape(len(image), 4, 3, 2, 2, 2).max(axis=(3, 5))
        made = made if order == "th" else made.transpose(0, 2, 3, 1)
        logits = made.reshape(len(image), -1) @ dense + offset
        powers = np.exp(logits - logits.max(axis=1, keepdims=True))
        return powers / powers.sum(axis=1, keepdims=True)

    return path, definition


@pytest.mark.parametrize("order", ["th", "tf"])
@pytest.mark.parametrize("backend", ["theano", "tensorflow"])
def test_convolution_of_keras_1(tmp_path, backend, order):
    path, definition = keras_1_files(tmp_path, backend=backend, order=order)
    image = np.random.default_rng(5).normal(size=(3, 2, 8, 6))
    given = image if order == "th" else image.transpose(0, 2, 3, 1)
    (found,) = run(path, {"c_input": given.astype("f4")}).values()
    assert difference(found, definition(image, backend == "theano")) < TOLERANCE
    assert difference(found, definition(image, backend != "theano")) > 0.01


def test_a_convolution_of_keras_1_without_its_backend_is_refused(tmp_path):
    path, _ = keras_1_files(tmp_path)
    with pytest.raises(
        ModelError, match=r"does not say whether Theano computed it, which turns kernels around"
    ) as caught:
        converter.convert(path)
    assert '"backend": "theano"' in caught.value.hint


@pytest.mark.shared
def test_the_real_file_of_larsoft(shared, tmp_path):
    folder = (
        shared / "models-in-the-wild/weights/LArSoft+larrecodnn/larrecodnn/ImagePatternAlgs/Keras/example"
    )
    with pytest.raises(ModelError, match="Theano"):
        converter.convert(folder / "my_nn_weights.h5")
    config = json.loads((folder / "my_nn_arch.json").read_text())
    (tmp_path / "my_nn_arch.json").write_text(json.dumps(config | {"backend": "theano"}))
    path = tmp_path / "my_nn_weights.h5"
    path.write_bytes((folder / "my_nn_weights.h5").read_bytes())
    (found,) = run(path).values()
    assert found.shape[1] == 10
    np.testing.assert_allclose(found.sum(axis=1), 1, rtol=1e-5)


def test_same_padding_of_theano_is_not_taken_for_that_of_tensorflow(tmp_path):
    config = sequential(
        layer(
            "Conv2D", "c", filters=1, kernel_size=[3, 3], strides=[2, 2], padding="same", activation="linear",
            data_format="channels_last", batch_input_shape=[None, 6, 6, 1],
        )
    )  # fmt: skip
    weights = {"c": [("c/kernel:0", np.ones((3, 3, 1, 1))), ("c/bias:0", np.zeros(1))]}
    for backend, fits in (("tensorflow", True), ("theano", False)):
        path = write_legacy(
            tmp_path / f"{backend}.h5", ["c"], weights, version="2.2.4", backend=backend, config=config
        )
        if fits:
            # 6 places, window 3, stride 2: one zero, at the end.
            image = np.arange(36.0).reshape(1, 6, 6, 1).astype("f4")
            padded = np.pad(image[0, :, :, 0], ((0, 1), (0, 1)))
            expected = [[padded[y : y + 3, x : x + 3].sum() for x in (0, 2, 4)] for y in (0, 2, 4)]
            np.testing.assert_allclose(run(path, {"c_input": image})["c"][0, :, :, 0], expected)
        else:
            with pytest.raises(ModelError, match="pads as Theano does"):
                converter.convert(path)


def test_batch_normalisation_of_keras_1_needs_tensorflow(tmp_path):
    config = {
        "class_name": "Sequential",
        "config": [
            layer("BatchNormalization", "b", axis=-1, mode=0, epsilon=1e-5, momentum=0.9,
                  gamma_regularizer=None,
                  beta_regularizer=None, batch_input_shape=[None, 2]),
            layer("Dense", "d", output_dim=1, activation="linear", bias=False),
        ],
    }  # fmt: skip
    weights = {
        "b": [
            (f"b_{name}", np.array([1.0, 2.0])) for name in ("gamma", "beta", "running_mean", "running_std")
        ],
        "d": [("d_W", np.ones((2, 1)))],
    }
    path = write_legacy(tmp_path / "m.h5", ["b", "d"], weights, version="1.2.0", config=config)
    with pytest.raises(ModelError, match=r"'b'.*depends on what Keras computed with"):
        converter.convert(path)
    path = write_legacy(
        tmp_path / "n.h5", ["b", "d"], weights, version="1.2.0", config=config, backend="tensorflow"
    )
    scale = np.array([1.0, 2.0])
    x = np.array([[3.0, -1.0]])
    expected = (scale * (x - scale) / np.sqrt(scale + 1e-5) + scale).sum()
    assert difference(run(path, {"b_input": x.astype("f4")})["d"], expected) < 1e-6


def test_merge_of_keras_1(tmp_path):
    config = {
        "class_name": "Model",
        "config": {
            "name": "m",
            "layers": [
                {**layer("InputLayer", "a", batch_input_shape=[None, 2], input_dtype="float32"), "name": "a",
                 "inbound_nodes": []},
                {**layer("InputLayer", "b", batch_input_shape=[None, 2], input_dtype="float32"), "name": "b",
                 "inbound_nodes": []},
                {**layer("Merge", "s", mode="sum", concat_axis=-1), "name": "s",
                 "inbound_nodes": [[["a", 0, 0], ["b", 0, 0]]]},
                {**layer("Merge", "c", mode="concat", concat_axis=-1), "name": "c",
                 "inbound_nodes": [[["a", 0, 0], ["s", 0, 0]]]},
            ],
            "input_layers": [["a", 0, 0], ["b", 0, 0]],
            "output_layers": [["c", 0, 0]],
        },
    }  # fmt: skip
    path = write_legacy(tmp_path / "m.h5", list("absc"), {}, version="1.1.0", config=config)
    one, two = np.array([[1, 2]], "f4"), np.array([[10, 20]], "f4")
    np.testing.assert_array_equal(run(path, {"a": one, "b": two})["c"], [[1, 2, 11, 22]])


def nested_of_keras_2(*, uses):
    """A model that doubles, used `uses` times in a row; Keras 2 counts its making as its first use."""
    dense = layer("Dense", "d", units=2, activation="linear", use_bias=False)
    start = layer("InputLayer", "i", batch_input_shape=[None, 2], dtype="float32")
    inner = {
        "class_name": "Model",
        "config": {
            "name": "inner",
            "layers": [
                {**start, "name": "i", "inbound_nodes": []},
                {**dense, "name": "d", "inbound_nodes": [[["i", 0, 0, {}]]]},
            ],
            "input_layers": [["i", 0, 0]],
            "output_layers": [["d", 0, 0]],
        },
        "name": "inner",
        "inbound_nodes": [[["x", 0, 0, {}]] if not use else [["inner", use, 0, {}]] for use in range(uses)],
    }
    return {
        "class_name": "Model",
        "config": {
            "name": "outer",
            "layers": [
                {**layer("InputLayer", "x", batch_input_shape=[None, 2], dtype="float32"), "name": "x",
                 "inbound_nodes": []},
                inner,
            ],
            "input_layers": [["x", 0, 0]],
            "output_layers": [["inner", uses, 0]],
        },
    }  # fmt: skip


@pytest.mark.parametrize("uses", [1, 2, 3])
def test_models_inside_models_of_keras_2(tmp_path, uses):
    weights = {"inner": [("d/kernel:0", 2 * np.eye(2))]}
    path = write_legacy(
        tmp_path / "m.h5", ["x", "inner"], weights, version="2.2.4", config=nested_of_keras_2(uses=uses)
    )
    np.testing.assert_array_equal(run(path, {"x": np.ones((1, 2), "f4")})["inner"], [[2.0**uses] * 2])


@pytest.mark.parametrize(("frozen", "names"), [(False, "kgbmv"), (True, "gbkmv")])
def test_weights_of_a_model_inside_a_model_are_found_by_their_names(tmp_path, frozen, names):
    """Trained weights come first in a file, so that a frozen layer's place depends on its state."""
    dense = layer("Dense", "d", units=2, activation="linear", use_bias=False, trainable=not frozen)
    norm = layer("BatchNormalization", "n", axis=-1, epsilon=0.0, scale=True, center=True)
    start = layer("InputLayer", "i", batch_input_shape=[None, 2], dtype="float32")
    inner = {"class_name": "Sequential", "config": {"name": "inner", "layers": [start, dense, norm]}}
    config = sequential(layer("InputLayer", "x", batch_input_shape=[None, 2], dtype="float32"), inner)
    arrays = {
        "k": ("d/kernel:0", np.array([[0, 1], [1, 0]])),
        "g": ("n/gamma:0", np.array([2, 3])),
        "b": ("n/beta:0", np.array([4, 5])),
        "m": ("n/moving_mean:0", np.array([1, 2])),
        "v": ("n/moving_variance:0", np.array([4, 16])),
    }
    weights = {"inner": [(name, array.astype("f4")) for name, array in (arrays[key] for key in names)]}
    path = write_legacy(tmp_path / "m.h5", ["x", "inner"], weights, version="2.4.0", config=config)
    expected = (np.array([20, 10]) - [1, 2]) / [2, 4] * [2, 3] + [4, 5]
    np.testing.assert_allclose(run(path, {"x": np.array([[10, 20]], "f4")})["inner"], [expected])


def test_an_average_leaves_out_the_padding_as_tensorflow_does(tmp_path):
    config = sequential(
        layer(
            "AveragePooling1D", "p", pool_size=[3], strides=[2], padding="same", data_format="channels_last",
            batch_input_shape=[None, 6, 1],
        )
    )  # fmt: skip
    path = write_legacy(tmp_path / "m.h5", ["p"], {}, version="2.4.0", backend="tensorflow", config=config)
    found = run(path, {"p_input": np.arange(6, dtype="f4").reshape(1, 6, 1)})["p"]
    np.testing.assert_allclose(found.ravel(), [1, 3, 4.5])


@needs_keras
def test_axes_of_any_length(keras, tmp_path):
    k = keras.layers
    given = keras.Input((None, 3), name="x")
    hidden = k.Conv1D(4, 3, padding="same", activation="relu")(given)
    hidden = k.UpSampling1D(2)(k.ZeroPadding1D(1)(k.MaxPooling1D(2)(hidden)))
    outputs = [k.GlobalAveragePooling1D()(k.Bidirectional(k.GRU(3, return_sequences=True))(hidden)), hidden]
    model = keras_files.randomised(keras.Model(given, outputs))
    path = keras_files.saved(model, tmp_path / "m.keras")
    for length in (4, 9):
        arrays = {"x": np.random.default_rng(length).normal(size=(5, length, 3)).astype("f4")}
        for one, other in zip(run(path, arrays).values(), keras_files.computed(model, arrays), strict=True):
            assert one.shape == other.shape
            assert difference(one, other) <= TOLERANCE


# What does not fit, or is not known, is named.


def fault(folder, *, weights=None, names=("d",), **changes):
    config = sequential(
        {
            **layer("Dense", "d", units=3, activation="relu", batch_input_shape=[None, 2]),
            **changes.pop("entry", {}),
        }
    )
    config["config"]["layers"][0]["config"] |= changes
    kept = (
        {"d": [("d/kernel:0", np.zeros((2, 3))), ("d/bias:0", np.zeros(3))]} if weights is None else weights
    )
    return write_legacy(
        folder / "m.h5", list(names), kept, version="2.2.4", backend="tensorflow", config=config
    )


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        (
            {"weights": {"d": [("d/kernel:0", np.zeros((2, 3)))]}},
            "1 arrays for the layer 'd' .Dense., which has 2",
        ),
        (
            {"weights": {"d": [("d/kernel:0", np.zeros((2, 4))), ("d/bias:0", np.zeros(3))]}},
            r"'kernel' of the layer 'd' \(Dense\) have the shape \(2, 4\) instead of \(2, 3\)",
        ),
        (
            {"weights": {"d": [("d/bias:0", np.zeros(3)), ("d/bias_1:0", np.zeros(3))]}},
            "out of order: 'd/bias:0', 'd/bias_1:0'",
        ),
        ({"weights": {}}, "weights of 0 layers, and the model 1 layers with weights: it has none for 'd'"),
        (
            {
                "names": ("d", "e"),
                "weights": {n: [("k", np.zeros((2, 3))), ("b", np.zeros(3))] for n in "de"},
            },
            "no layer is called 'e'",
        ),
        (
            {"weights": {"d": [("d/kernel:0", np.zeros((2, 3), int)), ("d/bias:0", np.zeros(3))]}},
            "floating-point",
        ),
        ({"activation": "my_function"}, "activation 'my_function', which is the author's own"),
        ({"activation": "leaky_relu"}, "'leaky_relu', which only Keras 3 has"),
        ({"dtype": "float16"}, "argument 'dtype' = 'float16'"),
        ({"surprise": 3}, "argument 'surprise' = '3'"),
        ({"units": "many"}, "argument 'units'"),
        ({"entry": {"class_name": "QDense"}}, r"'d' \(QDense\) is of QKeras or HGQ"),
        (
            {"entry": {"class_name": "AttentionPooling"}},
            r"'d' \(AttentionPooling\) is of a class that is the author",
        ),
        ({"entry": {"class_name": "Masking"}}, "mask"),
        ({"entry": {"registered_name": "lab>Dense"}}, "own class 'lab>Dense'"),
    ],
)
def test_what_does_not_fit_is_named(tmp_path, changes, words):
    with pytest.raises(ModelError, match=words):
        converter.convert(fault(tmp_path, **changes))


def test_weights_are_paired_by_their_order_as_keras_does(tmp_path):
    weights = {"z": [("z/kernel:0", np.ones((2, 3))), ("z/bias:0", np.zeros(3))]}
    found = converter.convert(fault(tmp_path, weights=weights, names=("z",)))
    assert found.remarks == (
        "The layers have other names in the file of the weights; they are paired in order, as Keras does.",
    )


def test_arrays_left_over_in_a_file_of_keras_3(tmp_path):
    config = sequential(
        layer("InputLayer", "x", batch_shape=[None, 2], dtype="float32"),
        layer("Dense", "d", units=1, use_bias=False),
    )
    (tmp_path / "m.json").write_text(json.dumps(config))

    def write(**arrays):
        with h5py.File(tmp_path / "m.weights.h5", "w") as file:
            for name, array in arrays.items():
                file[f"layers/dense/vars/{name.removeprefix('v')}"] = array
        return tmp_path / "m.weights.h5"

    assert run(write(v0=np.ones((2, 1))), {"x": np.ones((1, 2), "f4")})["d"] == 2
    with pytest.raises(ModelError, match="no layer of the model takes"):
        converter.convert(write(v0=np.ones((2, 1)), v1=np.ones(1)))
    with pytest.raises(ModelError, match=r"missing in .*layers/dense/vars/0"):
        converter.convert(_without(tmp_path))


def _without(folder):
    with h5py.File(folder / "m.weights.h5", "w") as file:
        file.create_group("layers/dense/vars")
    return folder / "m.weights.h5"
