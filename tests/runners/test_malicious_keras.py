# SPDX-License-Identifier: MIT
"""Hostile Keras files: nothing runs, nothing outside them is read, memory and time stay bounded."""

import json
import random
import subprocess
import sys
import tracemalloc
import zipfile
from contextlib import suppress
from copy import deepcopy

import h5py
import numpy as np
import pytest

from fairreg.errors import ModelError, SecurityRefusal
from fairreg.runners import keras as runner
from fairreg.runners.converters import keras as converter
from fairreg.storage.recognition import describe
from support.keras_files import layer, packed, saved, sequential, write_legacy

METADATA = json.dumps({"keras_version": "3.15.0"}).encode()
INPUT = layer("InputLayer", "x", batch_shape=[None, 2], dtype="float32")
DENSE = layer("Dense", "d", units=1, use_bias=False, activation="linear")


def module(entry, name="keras.layers", registered=None):
    return {**entry, "module": name, "registered_name": registered}


def weights_file(path, arrays=None):
    with h5py.File(path, "w") as file:
        for name, array in (arrays or {"layers/dense/vars/0": np.ones((2, 1), "f4")}).items():
            file[name] = array
    return path.read_bytes()


def archive(folder, config, weights=None, **more):
    content = weights_file(folder / "w.h5") if weights is None else weights
    return packed(
        folder / "m.keras",
        {"metadata.json": METADATA, "config.json": json.dumps(config), "model.weights.h5": content, **more},
    )


def network(*layers):
    return deepcopy(module(sequential(module(INPUT), *layers), "keras"))


READERS = [
    converter.convert,
    pytest.param(runner.load, marks=pytest.mark.skipif(not runner.available(), reason="needs keras")),
]
CODE = {"class_name": "__lambda__", "config": {"value": "4wEAAAA=", "defaults": None, "closure": None}}
ATTACKS = {
    "lambda layer": module(layer("Lambda", "l", function=["4wEAAAA=", None, None], function_type="lambda")),
    "lambda layer of an older version": layer("Lambda", "l", function="f", function_type="function"),
    "lambda as activation": module(layer("Dense", "d", units=1, activation=CODE)),
    "lambda deep inside": module(
        layer("TimeDistributed", "t", layer=module(layer("Dense", "d", units=[[CODE]])))
    ),
    "module of python": module(layer("system", "s", command="touch made"), "os"),
    "module of python as activation": module(
        layer("Dense", "d", units=1, activation=module({"class_name": "function", "config": "system"}, "os"))
    ),
    "module that begins like keras": module(layer("Dense", "d", units=1), "keras_evil.layers"),
    "saved model": module(layer("TFSMLayer", "t", filepath="/etc"), "keras.layers"),
    "torch module": module(layer("TorchModuleWrapper", "t", module="4wEAAAA="), "keras.layers"),
}


@pytest.mark.parametrize("read", READERS)
@pytest.mark.parametrize("attack", ATTACKS)
def test_code_and_foreign_modules_are_refused(tmp_path, monkeypatch, read, attack):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SecurityRefusal) as caught:
        read(archive(tmp_path, network(ATTACKS[attack])))
    assert caught.value.hint
    assert "\n" not in caught.value.message
    assert not (tmp_path / "made").exists()


@pytest.mark.parametrize("attack", ATTACKS)
def test_code_in_hdf5_files_is_refused(tmp_path, attack):
    path = write_legacy(tmp_path / "m.h5", [], {}, version="2.4.0", config=sequential(INPUT, ATTACKS[attack]))
    with pytest.raises(SecurityRefusal):
        converter.convert(path)


def test_code_in_the_json_beside_is_refused(tmp_path):
    write_legacy(tmp_path / "m.h5", ["d"], {"d": [("d/kernel:0", np.ones((2, 1)))]}, version="2.4.0")
    (tmp_path / "m.json").write_text(json.dumps(sequential(INPUT, ATTACKS["lambda layer"])))
    with pytest.raises(SecurityRefusal, match=r"m\.json holds code"):
        converter.convert(tmp_path / "m.h5")


# What only Keras itself would make: refused by the list, where the converter names the layer.
FUNCTIONS = {
    "a function of Keras that loads": module(
        {"class_name": "function", "config": "load_model"}, "keras.saving"
    ),
    "a function that downloads": module({"class_name": "function", "config": "get_file"}, "keras.utils"),
    "an operation": module(layer("Add", "a"), "keras.src.ops.numpy"),
    "a registered class": module(layer("Dense", "d", units=1), "keras.layers", "evil>Dense"),
    "a registered name alone": {**layer("Dense", "d", units=1), "registered_name": "evil>Dense"},
    "a layer that opens files": module(layer("StringLookup", "s", vocabulary="/etc/passwd")),
    "an internal class": module(layer("DiskIOStore", "d"), "keras.src.saving.saving_lib"),
}


@pytest.mark.parametrize("read", READERS)
@pytest.mark.parametrize("attack", FUNCTIONS)
def test_what_is_not_a_layer_of_the_list_is_refused(tmp_path, read, attack):
    with pytest.raises((ModelError, SecurityRefusal)):
        read(archive(tmp_path, network(FUNCTIONS[attack])))


@pytest.mark.parametrize("read", READERS)
@pytest.mark.parametrize("link", ["external", "soft", "external storage", "virtual"])
def test_weights_outside_the_file_are_not_read(tmp_path, read, link):
    secret = tmp_path / "secret.h5"
    with h5py.File(secret, "w") as file:
        file["v"] = np.full((2, 1), 7.0, "f4")
    with h5py.File(tmp_path / "w.h5", "w") as file:
        group = file.create_group("layers/dense/vars")
        if link == "external":
            group["0"] = h5py.ExternalLink(str(secret), "v")
        elif link == "soft":
            file["v"] = np.ones((2, 1), "f4")
            group["0"] = h5py.SoftLink("/v")
        elif link == "external storage":
            group.create_dataset("0", (2, 1), "f4", external=[(str(secret), 0, 8)])
        else:
            layout = h5py.VirtualLayout((2, 1), "f4")
            layout[:] = h5py.VirtualSource(str(secret), "v", (2, 1))
            group.create_virtual_dataset("0", layout)
    path = archive(tmp_path, network(module(DENSE)), (tmp_path / "w.h5").read_bytes())
    with pytest.raises(SecurityRefusal, match=r"which is not followed|which are not read"):
        read(path)


def test_links_in_files_of_keras_2_are_not_followed(tmp_path):
    path = write_legacy(
        tmp_path / "m.h5", ["d"], {"d": [("d/kernel:0", np.ones((2, 1)))]}, version="2.4.0",
        config=sequential(layer("Dense", "d", units=1, use_bias=False, batch_input_shape=[None, 2])),
    )  # fmt: skip
    converter.convert(path)
    with h5py.File(path, "r+") as file:
        del file["model_weights/d/d/kernel:0"]
        file["model_weights/d/d/kernel:0"] = h5py.ExternalLink("other.h5", "/v")
    with pytest.raises(SecurityRefusal, match="link to another place"):
        converter.convert(path)


@pytest.mark.parametrize("suffix", [".h5", ".keras"])
def test_a_refused_virtual_dataset_does_not_crash_the_interpreter(tmp_path, suffix):
    """HDF5 2.0.0 crashed at its end: the traceback kept the properties of the dataset open."""
    path = write_legacy(
        tmp_path / "m.h5", ["d"], {"d": [("d/kernel:0", np.ones((2, 1)))]}, version="2.4.0",
        config=sequential(layer("Dense", "d", units=1, use_bias=False, batch_input_shape=[None, 2])),
    )  # fmt: skip
    layout = h5py.VirtualLayout((2, 1), "f4")
    layout[:] = h5py.VirtualSource("other.h5", "v", (2, 1))
    if suffix == ".h5":
        with h5py.File(path, "r+") as file:
            del file["model_weights/d/d/kernel:0"]
            file["model_weights/d/d"].create_virtual_dataset("kernel:0", layout)
    else:
        with h5py.File(tmp_path / "w.h5", "w", libver="latest") as file:
            file.create_group("layers/dense/vars").create_virtual_dataset("0", layout)
        path = archive(tmp_path, network(module(DENSE)), (tmp_path / "w.h5").read_bytes())
    command = [sys.executable, "-c", "import sys; from fairreg.cli.app import main; sys.exit(main())"]
    ended = subprocess.run([*command, "inspect", path], capture_output=True, text=True, check=False)
    assert "is kept in other files, which are not read." in ended.stderr
    assert ended.returncode == 3


def test_a_json_that_is_a_link_is_not_followed(tmp_path):
    (tmp_path / "in").mkdir()
    (tmp_path / "secret.json").write_text(json.dumps(sequential(INPUT, DENSE)))
    (tmp_path / "in" / "m.json").symlink_to(tmp_path / "secret.json")
    path = write_legacy(
        tmp_path / "in" / "m.h5", ["d"], {"d": [("d/kernel:0", np.ones((2, 1)))]}, version="2.4.0"
    )
    with pytest.raises(ModelError, match="without its architecture") as caught:
        converter.convert(path)
    assert (
        caught.value.hint == "m.json beside it is a link, which is not followed: copy the file itself there."
    )


@pytest.mark.parametrize("read", READERS)
def test_tricks_of_archives(tmp_path, read):
    path = archive(tmp_path, network(module(DENSE)))
    read(path)
    with pytest.warns(UserWarning, match="Duplicate"), zipfile.ZipFile(path, "a") as file:
        file.writestr("config.json", json.dumps(network(ATTACKS["lambda layer"])))
    with pytest.raises(SecurityRefusal, match="the same member twice"):
        read(path)
    members = {"metadata.json": METADATA, "config.json": b"{" + b" " * (8 << 20), "model.weights.h5": b""}
    with pytest.raises(SecurityRefusal, match="would grow to"):
        read(packed(tmp_path / "bomb.keras", members, compression=zipfile.ZIP_DEFLATED))
    with pytest.raises(ModelError, match="not a complete Keras model"):
        read(packed(tmp_path / "part.keras", {"config.json": json.dumps(network(module(DENSE)))}))


DEEP = "[" * 100_000
SHAPES = {
    "units": [module(layer("Dense", "d", units=1 << 30, use_bias=False))],
    "layer upon layer": [
        module(layer("Dense", "d", units=1 << 20, use_bias=False)),
        module(layer("Dense", "e", units=1 << 20, use_bias=False)),
    ],
    "repetition": [
        module(layer("RepeatVector", "r", n=(1 << 31) - 1)),
        module(layer("UpSampling1D", "u", size=9)),
    ],
    "shape": [module(layer("Reshape", "r", target_shape=[1 << 40, -1]))],
    "padding": [
        module(layer("RepeatVector", "r", n=3)),
        module(layer("ZeroPadding1D", "z", padding=(1 << 30))),
    ],
    "negative": [module(layer("Dense", "d", units=-3))],
}


@pytest.mark.sliced(3)
@pytest.mark.parametrize("read", READERS)
@pytest.mark.parametrize("shape", SHAPES)
def test_huge_shapes_take_no_memory(tmp_path, read, shape):
    path = archive(tmp_path, network(*SHAPES[shape]))
    if runner.available():
        runner.engine()  # its import takes memory, too
    tracemalloc.start()
    try:
        with pytest.raises(ModelError):
            read(path)
        assert tracemalloc.get_traced_memory()[1] < 100 << 20
    finally:
        tracemalloc.stop()


FREE = layer("InputLayer", "x", batch_shape=[None, None, 2], dtype="float32")
REPEATED = module(layer("RepeatVector", "r", n=1 << 20))
GROWING = {
    "repetition": ("r", [INPUT, module(layer("RepeatVector", "r", n=1 << 28))]),
    "padding": ("z", [FREE, module(layer("ZeroPadding1D", "z", padding=1 << 28))]),
    "stretching": ("u", [FREE, module(layer("UpSampling1D", "u", size=1 << 28))]),
    "stretching twice": (
        "v",
        [FREE, *(module(layer("UpSampling1D", name, size=1 << 14)) for name in "uv")],
    ),
    "many of a large size": (
        "",
        [INPUT, module(layer("RepeatVector", "r", n=1 << 23)),
         *(module(layer("ReLU", f"l{n}")) for n in range(99))],
    ),
    "gates": (
        "l",
        [INPUT, module(layer("RepeatVector", "r", n=1 << 22)),
         module(layer("LSTM", "l", units=64, activation="tanh", recurrent_activation="sigmoid"))],
    ),
    "pooling": (
        "r",
        [INPUT, module(layer("RepeatVector", "r", n=1 << 26)), module(layer("MaxPooling1D", "m"))],
    ),
}  # fmt: skip


@pytest.mark.sliced(5)
@pytest.mark.parametrize("read", READERS)
@pytest.mark.parametrize("case", GROWING)
def test_values_far_larger_than_the_weights_are_refused_with_their_layer(tmp_path, read, case):
    name, layers = GROWING[case]
    arrays = {
        "layers/lstm/cell/vars/0": np.ones((2, 256)),
        "layers/lstm/cell/vars/1": np.ones((64, 256)),
        "layers/lstm/cell/vars/2": np.ones(256),
    }
    weights = weights_file(tmp_path / "w.h5", arrays if case == "gates" else {"optimizer/v": np.ones(2)})
    config = deepcopy(module(sequential(*(module(item) for item in layers)), "keras"))
    with pytest.raises(ModelError, match=rf"[Tt]he layer '{name}.*too large for the weights") as caught:
        read(archive(tmp_path, config, weights))
    assert caught.value.hint


@pytest.mark.skipif(not runner.available(), reason="needs keras")
@pytest.mark.parametrize("kind", ["Attention", "AdditiveAttention", "MultiHeadAttention"])
@pytest.mark.parametrize("inside", [False, True])
def test_scores_of_every_pair_are_counted(tmp_path, kind, inside):
    keras = runner.engine()
    given = keras.Input((2,), name="x")
    wide = keras.layers.RepeatVector(1 << 14)(given)
    heads = kind == "MultiHeadAttention"
    attention = getattr(keras.layers, kind)(*([1, 2] if heads else []), name="a")
    sequence = keras.Input((None, 2), name="s")
    inner = keras.Model(sequence, attention(*[sequence] * 2) if heads else attention([sequence] * 2))
    made = inner(wide) if inside else inner.layers[-1](*[wide] * 2) if heads else attention([wide] * 2)
    path = saved(keras.Model(given, made), tmp_path / "m.keras")
    with pytest.raises(ModelError, match=rf"'a' \({kind}\) needs \d+ numbers per row"):
        runner.load(path)


@pytest.mark.parametrize("read", READERS)
@pytest.mark.parametrize("version", ["3.16.0", "3.99.1", "4.0.0", "99.0.0", "0.3.1", "123456.0.0"])
def test_versions_with_unknown_definitions_are_refused(tmp_path, read, version):
    members = {
        "metadata.json": json.dumps({"keras_version": version}),
        "config.json": json.dumps(network(module(DENSE))),
        "model.weights.h5": weights_file(tmp_path / "w.h5"),
    }
    with pytest.raises(ModelError, match=rf"Keras {version}, and .* definitions of Keras 1 to 3\.15"):
        read(packed(tmp_path / "m.keras", members))


def test_versions_of_hdf5_files_with_unknown_definitions_are_refused(tmp_path):
    config = sequential(layer("Dense", "d", units=1, use_bias=False, batch_input_shape=[None, 2]))
    weights = {"d": [("d/kernel:0", np.ones((2, 1)))]}
    path = write_legacy(tmp_path / "m.h5", ["d"], weights, version="4.1.0", config=config)
    with pytest.raises(ModelError, match=r"m\.h5 was saved by Keras 4\.1\.0"):
        converter.convert(path)
    (tmp_path / "in").mkdir()
    path = write_legacy(tmp_path / "in" / "m.h5", ["d"], weights)
    (tmp_path / "in" / "m.json").write_text(json.dumps({**config, "keras_version": "99.0"}))
    with pytest.raises(ModelError, match=r"m\.json was saved by Keras 99\.0"):
        converter.convert(path)


STEERING = "\x1b[31mX\x1b]0;t\x07\u202e\u2066\u200b\x9b31m\r\nFAKE"


@pytest.mark.parametrize("read", READERS)
@pytest.mark.parametrize(
    "place",
    ["class", "class inside", "name", "argument", "value", "activation", "version", "module", "registered"],
)
def test_foreign_texts_in_messages_are_plain(tmp_path, read, place):
    dense = layer("Dense", "d", units=1, use_bias=False, activation="linear")
    config, metadata = dense["config"], {"keras_version": "3.15.0"}
    entry = module(dense)
    if place == "class":
        entry["class_name"] = STEERING
    elif place == "class inside":
        entry = module(layer("Bidirectional", "b", layer=module({**dense, "class_name": STEERING})))
    elif place == "version":
        metadata["keras_version"] = "2.4" + STEERING if read is runner.load else "3.15.0" + STEERING
    elif place in {"module", "registered"}:
        entry = module(dense, "keras" + STEERING if place == "module" else "keras.layers", STEERING)
    else:
        key = {"argument": STEERING, "value": "units"}.get(place, place)
        config[key] = STEERING
    members = {
        "metadata.json": json.dumps(metadata),
        "config.json": json.dumps(network(entry)),
        "model.weights.h5": weights_file(tmp_path / "w.h5"),
    }
    path = packed(tmp_path / "m\u202e.keras", members)
    try:
        found = read(path)
        said = [found.original, *found.remarks]
    except (ModelError, SecurityRefusal) as error:
        said = [error.message, error.hint or ""]
    assert all(text.isprintable() for text in said), said


@pytest.mark.parametrize("read", READERS)
@pytest.mark.parametrize(
    "config",
    [DEEP, '{"class_name":' * 100_000, '{"class_name": "Sequential", "config": ' + DEEP, "[]", "7", "\xff"],
)
def test_deep_and_broken_configurations(tmp_path, read, config):
    members = {
        "metadata.json": METADATA,
        "config.json": config.encode(),
        "model.weights.h5": weights_file(tmp_path / "w.h5"),
    }
    with pytest.raises(ModelError, match="configuration"):
        read(packed(tmp_path / "m.keras", members))


def functional(layers, outputs):
    called = [
        {
            **(entry if "module" in entry else module(entry)),
            "name": entry["config"]["name"],
            "inbound_nodes": nodes,
        }
        for entry, nodes in layers
    ]
    config = {"name": "m", "layers": called, "input_layers": [["x", 0, 0]], "output_layers": outputs}
    return module({"class_name": "Functional", "config": config}, "keras.src.models.functional")


@pytest.mark.parametrize("read", READERS)
def test_layers_in_a_loop(tmp_path, read):
    relu = [layer("ReLU", name, max_value=None, negative_slope=0.0, threshold=0.0) for name in "ab"]
    config = functional([(INPUT, []), (relu[0], [[["b", 0, 0]]]), (relu[1], [[["a", 0, 0]]])], [["b", 0, 0]])
    with pytest.raises(ModelError):
        read(archive(tmp_path, config))


@pytest.mark.parametrize("read", READERS)
def test_models_that_call_each_other_many_times(tmp_path, read):
    inner = functional(
        [(INPUT, []), (layer("ReLU", "r", negative_slope=0.0, threshold=0.0), [[["x", 0, 0]]])], [["r", 0, 0]]
    )
    for depth in range(12):
        calls = [[["x", 0, 0]] if not call else [[f"n{depth}", call - 1, 0]] for call in range(8)]
        nested = {**inner, "config": {**inner["config"], "name": f"n{depth}"}}
        inner = functional([(INPUT, []), (nested, calls)], [[f"n{depth}", 8, 0]])
    with pytest.raises(ModelError):
        read(archive(tmp_path, inner))


def test_a_dataset_that_claims_more_than_the_file_holds(tmp_path):
    with h5py.File(tmp_path / "w.h5", "w") as file:
        file.create_dataset(
            "layers/dense/vars/0", (1 << 14, 1 << 14), "f4", chunks=(64, 64), compression="gzip"
        )
    config = network(module(layer("Dense", "d", units=1 << 14, use_bias=False)))
    config["config"]["layers"][0]["config"]["batch_shape"] = [None, 1 << 14]
    path = archive(tmp_path, config, (tmp_path / "w.h5").read_bytes())
    with pytest.raises(ModelError, match="far more than the file holds"):
        converter.convert(path)


@pytest.mark.parametrize("read", READERS)
@pytest.mark.parametrize("name", ["a\x1b[31m", "a\nb", "\ud800", "a\u202eb"])
def test_names_that_are_no_plain_text(tmp_path, read, name):
    config = network(module(layer("Dense", name, units=1, use_bias=False, activation="linear")))
    with pytest.raises(ModelError, match="not plain text") as caught:
        read(archive(tmp_path, config))
    assert caught.value.message.isprintable()


def mutated(content, seed):
    """The content with some JSON values exchanged for others."""
    chance = random.Random(seed)
    values = [
        None,
        -1,
        0,
        1 << 70,
        1.5,
        "",
        "x",
        [],
        {},
        [[]],
        {"class_name": "Dense"},
        True,
        [None, None],
        "relu",
    ]

    def change(item):
        if chance.random() < 0.03:
            return chance.choice(values)
        if isinstance(item, dict):
            return {key: change(value) for key, value in item.items() if chance.random() > 0.01}
        return [change(value) for value in item] if isinstance(item, list) else item

    return change(content)


def rich_network():
    nested = module(
        {
            "class_name": "Sequential",
            "config": {
                "name": "n",
                "layers": [
                    module(layer("InputLayer", "y", batch_shape=[None, 4, 2], dtype="float32")),
                    module(layer("ReLU", "r")),
                ],
            },
        },
        "keras",
    )
    config = functional(
        [
            (INPUT, []),
            (layer("RepeatVector", "v", n=4), [[["x", 0, 0]]]),
            (
                layer("Conv1D", "c", filters=2, kernel_size=[3], padding="same", activation="relu"),
                [[["v", 0, 0]]],
            ),
            (layer("LSTM", "l", units=2, activation="tanh", recurrent_activation="sigmoid"), [[["c", 0, 0]]]),
            (layer("BatchNormalization", "b", axis=-1), [[["l", 0, 0]]]),
            (layer("Concatenate", "k", axis=-1), [{"args": [[]], "kwargs": {}}]),
        ],
        [["k", 0, 0]],
    )
    tensors = [
        {"class_name": "__keras_tensor__", "config": {"shape": [None, 2], "keras_history": [name, 0, 0]}}
        for name in "bx"
    ]
    config["config"]["layers"][-1]["inbound_nodes"][0]["args"] = [tensors]
    config["config"]["layers"].insert(2, {**nested, "name": "n", "inbound_nodes": [[["v", 0, 0]]]})
    return config


RICH = {
    "layers/conv1_d/vars/0": np.ones((3, 2, 2)),
    "layers/conv1d/vars/0": np.ones((3, 2, 2)),
    "layers/conv1d/vars/1": np.ones(2),
    "layers/lstm/cell/vars/0": np.ones((2, 8)),
    "layers/lstm/cell/vars/1": np.ones((2, 8)),
    "layers/lstm/cell/vars/2": np.ones(8),
    **{f"layers/batch_normalization/vars/{number}": np.ones(2) for number in range(4)},
}


@pytest.mark.parametrize("slice_", [range(300), pytest.param(range(300, 6000), marks=pytest.mark.long)])
def test_any_configuration_is_converted_or_refused_in_a_sentence(tmp_path, slice_):
    content = weights_file(
        tmp_path / "w.h5", {name: array for name, array in RICH.items() if "conv1_d" not in name}
    )
    converter.convert(archive(tmp_path, rich_network(), content))
    converted = 0
    for seed in slice_:
        config = mutated(rich_network(), seed)
        with suppress(ModelError, SecurityRefusal):
            converter.convert(archive(tmp_path, config, content))
            converted += 1
    assert converted < len(slice_)


def test_a_heap_of_texts_that_the_library_would_read_for_ever(tmp_path):
    config = sequential(layer("Dense", "d", units=1, use_bias=False, batch_input_shape=[None, 2]))
    path = write_legacy(tmp_path / "m.h5", ["d"], {}, version="2.4.0", config=config)
    content = bytearray(path.read_bytes())
    place = content.index(b"GCOL\x01") + 16
    content[place : place + 16] = bytes(16)
    path.write_bytes(content)
    assert describe(path).note == "It is damaged: the heap of its texts is damaged."
    with pytest.raises(ModelError, match="heap of its texts is damaged"):
        converter.convert(path)


def test_a_text_that_claims_4_gib_is_not_read(tmp_path):
    config = sequential(layer("Dense", "d", units=1, use_bias=False, batch_input_shape=[None, 2]))
    path = write_legacy(tmp_path / "m.h5", ["d"], {}, version="2.4.0", config=config)
    content = bytearray(path.read_bytes())
    length = len(json.dumps(config)).to_bytes(4, "little") + content.index(b"GCOL\x01").to_bytes(8, "little")
    place = content.index(length)
    content[place : place + 4] = b"\xff" * 4
    path.write_bytes(content)
    with pytest.raises(ModelError, match="claims texts that are larger than the file"):
        converter.convert(path)


@pytest.mark.parametrize("kind", ["references", "regions", "lists", "numbers"])
def test_an_attribute_that_is_no_text_is_not_read(tmp_path, kind):
    config = sequential(layer("Dense", "d", units=1, use_bias=False, batch_input_shape=[None, 2]))
    kernel = {"d": [("d/kernel:0", np.ones((2, 1)))]}
    path = write_legacy(tmp_path / "m.h5", ["d"], kernel, version="2.4.0", config=config)
    with h5py.File(path, "r+") as file:
        group, lists = file["model_weights/d"], np.empty(1, object)
        lists[0] = np.arange(3, dtype=np.int32)
        values = {
            "references": (group.ref, h5py.ref_dtype),
            "regions": (group["d/kernel:0"].regionref[:1], h5py.regionref_dtype),
            "lists": (lists, h5py.vlen_dtype(np.int32)),
            "numbers": (np.arange(3), np.int32),
        }
        value, dtype = values[kind]
        group.attrs.create("weight_names", value, dtype=dtype)
    with pytest.raises(ModelError, match=r"'weight_names' of m\.h5 is not text"):
        converter.convert(path)


@pytest.mark.parametrize("slice_", [range(60), pytest.param(range(60, 3000), marks=pytest.mark.long)])
def test_any_damaged_hdf5_file_is_read_or_refused_in_a_sentence(tmp_path, slice_):
    config = sequential(layer("Dense", "d", units=1, use_bias=False, batch_input_shape=[None, 2]))
    whole = write_legacy(
        tmp_path / "m.h5", ["d"], {"d": [("d/kernel:0", np.ones((2, 1)))]}, version="2.4.0", config=config
    ).read_bytes()
    for seed in slice_:
        chance = random.Random(seed)
        content = bytearray(whole)
        for _ in range(chance.choice([1, 2, 8])):
            content[chance.randrange(len(content))] = chance.choice([0, 255, chance.randrange(256)])
        (tmp_path / "n.h5").write_bytes(
            content[: chance.choice([len(content), chance.randrange(len(content))])]
        )
        with suppress(ModelError, SecurityRefusal):
            converter.convert(tmp_path / "n.h5")
