# SPDX-License-Identifier: MIT
"""Files are recognised by what they hold, whatever their name is; nothing in them runs."""

import bz2
import io
import json
import lzma
import os
import pickle
import struct
import tracemalloc
import zipfile
import zlib

import h5py
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fairreg.storage.recognition import describe, format_of_file
from support.examples import examples
from support.graphs import model
from support.weight_files import Files

LEARNER = {
    "learner_model_param": {"num_feature": "6"},
    "gradient_booster": {"name": "gbtree", "model": {"gbtree_model_param": {"num_trees": "40"}}},
    "objective": {"name": "binary:logistic"},
}
KERAS = {"class_name": "Sequential", "config": {"layers": [{"class_name": "Dense"}, {"class_name": "Dense"}]}}
CONIFER = {"trees": [], "n_trees": 3, "n_features": 4, "n_classes": 2, "max_depth": 2, "init_predict": [0]}
CONIFER["norm"] = 1
TMVA = """<?xml version="1.0"?>
<MethodSetup Method="BDT::BDTG">
  <GeneralInfo><Info name="TMVA Release" value="4.2.1 [262657]"/><Info name="ROOT Release" value="6.24/06"/>
  </GeneralInfo><Variables NVar="5"></Variables></MethodSetup>"""


def field(number, content):
    """A field of a protocol buffer: an integer, or bytes after their length."""
    if isinstance(content, int):
        return varint(number << 3) + varint(content)
    return varint(number << 3 | 2) + varint(len(content)) + content


def varint(value):
    found = b""
    while value > 127:
        found += bytes([value & 127 | 128])
        value >>= 7
    return found + bytes([value])


def zipped(**members):
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name, content in members.items():
            archive.writestr(name.replace("__", "/").replace("_json", ".json"), content)
    return stream.getvalue()


def archive(*names):
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as file:
        for name in names:
            file.writestr(name, b"x")
    return stream.getvalue()


def npz():
    stream = io.BytesIO()
    np.savez(stream, a=np.ones(3), b=np.ones(2))
    return stream.getvalue()


def hdf5(attributes, **datasets):
    stream = io.BytesIO()
    with h5py.File(stream, "w") as file:
        file.attrs.update(attributes)
        for name, value in datasets.items():
            file[name.replace("__", "/")] = value
    return stream.getvalue()


def node(name, operator):
    return field(1, field(1, name) + field(2, operator))


def flax():
    array = b"\x93\x91\x02" + b"\xa7float32" + b"\xc4\x08" + bytes(8)
    return (
        b"\x82\xa4step\xcd\x01\x00\xa6params\x81\xa5Dense\x81\xa6kernel\xc7" + bytes([len(array), 1]) + array
    )


def old_xgboost(signature=b""):
    parameters = struct.pack("<fIiiiII", 0.5, 16, 0, 1, 0, 1, 5).ljust(136, b"\0")
    texts = b"".join(struct.pack("<Q", len(text)) + text for text in (b"binary:logistic", b"gbtree"))
    return signature + parameters + texts + bytes(99)


def gguf():
    def text(value):
        return struct.pack("<Q", len(value)) + value

    return (
        struct.pack("<4sIQQ", b"GGUF", 3, 291, 1)
        + text(b"general.architecture")
        + b"\x08\0\0\0"
        + text(b"llama")
    )


FILES = {
    "an ONNX model": (model("y = Relu(x)").SerializeToString(), "onnx", None),
    "a safetensors file": (Files().safetensors({"a": np.ones(2, np.float32)}), "safetensors", "PyTorch"),
    "a PyTorch file (zip)": (Files().zipped({"a": np.ones(2, np.float32)}), "zip_torch", "PyTorch"),
    "a PyTorch file (legacy format, before 1.6)": (
        Files().legacy({"a": np.ones(2, np.float32)}),
        "legacy_torch",
        "PyTorch",
    ),
    "a TorchScript program, compiled code of PyTorch with its weights": (
        archive("net/data.pkl", "net/constants.pkl", "net/code/__torch__.py", "net/data/0"),
        "zip_torch",
        "PyTorch",
    ),
    "an exported program of torch.export (.pt2)": (
        archive("serialized_exported_program.json", "version"),
        "zip_torch",
        "PyTorch",
    ),
    "a Keras model (.keras)": (
        zipped(config_json=json.dumps(KERAS), metadata_json='{"keras_version": "3.5.0"}'),
        "keras",
        "Keras 3.5.0",
    ),
    "a Keras model (HDF5)": (
        hdf5({"model_config": json.dumps(KERAS), "keras_version": "2.4.0"}),
        "hdf5",
        "Keras 2.4.0",
    ),
    "the weights of a Keras model (HDF5) without its description": (
        hdf5({"layer_names": [b"dense_1"]}, dense_1__kernel=np.ones((2, 2))),
        "hdf5",
        "Keras",
    ),
    "the description of a Keras model (JSON) without its weights": (
        json.dumps(KERAS | {"keras_version": "2.0.3"}).encode(),
        "text",
        "Keras 2.0.3",
    ),
    "a frozen TensorFlow graph (GraphDef)": (
        node(b"x", b"Placeholder") + node(b"y", b"Relu") + field(4, field(1, 987)),
        "saved_model",
        "TensorFlow",
    ),
    "the graph of a TensorFlow SavedModel, whose weights are in the folder variables beside it": (
        field(1, 1) + field(2, field(1, field(4, b"serve") + field(5, b"2.9.1"))),
        "saved_model",
        "TensorFlow 2.9.1",
    ),
    "a TensorFlow Lite model": (b"\x1c\0\0\0TFL3" + bytes(99), "tflite", "TensorFlow Lite"),
    "an XGBoost model (JSON)": (
        json.dumps({"version": [3, 2, 0], "learner": LEARNER}).encode(),
        "xgboost",
        "XGBoost 3.2.0",
    ),
    "an XGBoost model (UBJ, Universal Binary JSON)": (
        b"{L\0\0\0\0\0\0\0\x07learner{}L\0\0\0\0\0\0\0\x07version[#L\0\0\0\0\0\0\0\x03i\x03i\x02i\0}",
        "xgboost",
        "XGBoost 3.2.0",
    ),
    "an XGBoost model (old binary format, which new versions of XGBoost no longer read)": (
        old_xgboost(),
        "xgboost",
        "XGBoost 1.5",
    ),
    "a LightGBM model (text)": (b"tree\nversion=v4\nnum_class=1\n", "lightgbm", "LightGBM"),
    "a CatBoost model (.cbm)": (b"CBM1" + bytes(60), "catboost", "CatBoost"),
    "a TMVA model (XML)": (TMVA.encode(), "tmva", "TMVA 4.2.1 [262657]"),
    "a skops file of scikit-learn": (
        zipped(schema_json=json.dumps({"__module__": "a", "__class__": "B", "_skops_version": "0.16.0"})),
        "skops",
        "skops 0.16.0",
    ),
    "a GGUF model": (gguf(), "gguf", "GGML"),
    "a conifer model (JSON)": (
        json.dumps(CONIFER).encode(),
        "conifer",
        "conifer",
    ),
    "a Flax file of weights (MessagePack)": (flax(), "flax", "Flax"),
    "an archive of NumPy arrays (.npz)": (npz(), "npz", "NumPy"),
    "a Python pickle, which could run any code": (pickle.dumps({"a": 1}), "pickle", None),
    "a compressed Python pickle (joblib), which could run any code": (
        zlib.compress(pickle.dumps({"a": 1})),
        "pickle",
        None,
    ),
    "an empty file": (b"", "unknown", None),
    "a JSON file": (b'{"epochs": 3}', "text", None),
    "an XML or HTML file": (b"<note/>", "text", None),
}


@pytest.mark.sliced(2)
@pytest.mark.parametrize("words", FILES)
@pytest.mark.parametrize("name", ["model", "model.onnx", "model.txt", "model.pth"])
def test_a_file_is_recognised_by_its_content_under_any_name(tmp_path, words, name):
    content, file_format, made_by = FILES[words]
    (tmp_path / name).write_bytes(content)
    found = describe(tmp_path / name)
    framework = " ".join(filter(None, (found.framework, found.version))) or None
    expected = words if content or name != "model.onnx" else "an empty file"
    assert (found.words, found.format) == (expected, file_format)
    assert made_by == framework


def facts(tmp_path, content):
    (tmp_path / "file").write_bytes(content)
    return dict(describe(tmp_path / "file").facts)


def test_what_a_file_states_of_itself_is_reported(tmp_path):
    trees = {"booster": "gbtree", "objective": "binary:logistic", "trees": 40, "features": 6}
    assert facts(tmp_path, FILES["an XGBoost model (JSON)"][0]) == trees
    assert facts(tmp_path, old_xgboost(b"binf"))["features"] == 16
    assert facts(tmp_path, gguf()) == {"format version": 3, "tensors": 291, "architecture": "llama"}
    assert facts(tmp_path, TMVA.encode()) == {"method": "BDT::BDTG", "ROOT release": "6.24/06", "features": 5}
    assert facts(tmp_path, FILES["a Keras model (HDF5)"][0]) == {"class": "Sequential", "layers": "Dense (2)"}
    lightgbm = b"tree\nversion=v4\nnum_class=1\nmax_feature_idx=5\nobjective=binary sigmoid:1\n"
    found = {"objective": "binary sigmoid:1", "classes": "1", "features": 6, "format version": "v4"}
    assert facts(tmp_path, lightgbm) == found


@pytest.mark.parametrize("pack", [bytes, zlib.compress, bz2.compress, lzma.compress])
@pytest.mark.parametrize("protocol", range(6))
def test_a_pickle_is_named_by_its_first_class_and_never_opened(tmp_path, pack, protocol):
    path = tmp_path / "forest"
    path.write_bytes(pack(pickle.dumps(Trap(), protocol)))
    found = describe(path)
    if protocol > 1 or pack is bytes:
        assert found.format == "pickle"
        assert "could run any code" in found.words
        assert found.facts["first class"].endswith(".abort")
    assert found.executes or pack is not bytes


class Trap:
    """An object whose unpickling would end the tests."""

    def __reduce__(self):
        return os.abort, ()


def test_a_name_decides_only_for_a_content_that_nothing_recognises(tmp_path):
    (tmp_path / "frozen.pb").write_bytes(b"\n\x0bsaved")
    found = describe(tmp_path / "frozen.pb")
    assert found.format != "saved_model"
    assert found.words == "a TensorFlow graph or SavedModel by its name, which its content does not show"
    (tmp_path / "notes.onnx").write_text("These are notes.")
    assert describe(tmp_path / "notes.onnx").words == "a text file"


def test_an_onnx_model_that_is_cut_off_is_one_with_a_note(tmp_path):
    (tmp_path / "a").write_bytes(model("y = Relu(x)").SerializeToString()[:-9])
    found = describe(tmp_path / "a")
    assert (found.format, found.note) == ("onnx", "The file is cut off or damaged.")


@pytest.mark.parametrize(
    ("content", "file_format"),
    [
        (b"[" * 5_000_000, "text"),
        (b'{"learner":' * 300_000, "text"),
        (b'{"learner":{"gradient_booster":' + b"[" * 500_000, "text"),
        (b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b "b">]><MethodSetup Method="&b;"/>', "tmva"),
        (b"\x81\xa1a" * 100_000, "unknown"),
        (b"\xdf\xff\xff\xff\xff\xdb\xff\xff\xff\xff", "unknown"),
        (zlib.compress(b"\x80\x04" + bytes(50_000_000)), "pickle"),
        (zlib.compress(bytes(50_000_000)), "unknown"),
        (struct.pack("<4sIQQ", b"GGUF", 3, 2**63, 2**63) + b"\xff" * 99, "gguf"),
        (struct.pack("<Q", 2**31) + b'{"a', "safetensors"),
        (field(1, 8) + varint(7 << 3 | 2) + varint(2**62) + b"x", "onnx"),
        (b"PK\x05\x06" + b"\xff" * 18, "zip"),
        (archive("schema.json", "config.json", "metadata.json"), "keras"),
    ],
)
def test_hostile_files_have_a_plain_answer(tmp_path, content, file_format):
    (tmp_path / "a").write_bytes(content)
    assert format_of_file(tmp_path / "a") == file_format


@pytest.mark.parametrize("item", [b'"%d":1,', b"%d,"])
def test_memory_does_not_grow_with_the_members_of_a_document(tmp_path, item):
    content = b"".join(item % number for number in range(300_000))[:-1]
    whole = b"{%b}" % content if b":" in item else b"[%b]" % content
    (tmp_path / "a").write_bytes(whole)
    tracemalloc.start()
    try:
        assert describe(tmp_path / "a").words == "a JSON file"
        assert tracemalloc.get_traced_memory()[1] < 3 * len(whole) + (1 << 20)
    finally:
        tracemalloc.stop()


def test_a_member_that_expands_is_not_read(tmp_path):
    with zipfile.ZipFile(tmp_path / "a.keras", "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("config.json", b'{"a": "' + bytes(40 << 20) + b'"}')
        file.writestr("metadata.json", b"{}")
    assert describe(tmp_path / "a.keras").note == "Its config.json cannot be read."


@given(data=st.data())
@settings(max_examples=examples(150))
def test_damage_never_stops_the_look(tmp_path_factory, data):
    content, _, _ = FILES[data.draw(st.sampled_from(sorted(FILES)))]
    damaged = bytearray(content)
    for _ in range(data.draw(st.integers(0, 4))):
        if damaged:
            damaged[data.draw(st.integers(0, len(damaged) - 1))] = data.draw(st.integers(0, 255))
    path = tmp_path_factory.mktemp("damaged") / "file"
    path.write_bytes(damaged[: data.draw(st.integers(0, len(damaged)))])
    assert describe(path).words


@given(st.binary(max_size=300))
@settings(max_examples=examples(150))
def test_any_bytes_have_a_description(tmp_path_factory, content):
    path = tmp_path_factory.mktemp("bytes") / "file"
    path.write_bytes(content)
    assert describe(path).words


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning", "ignore::UserWarning")
def test_files_that_torch_writes_are_told_apart(tmp_path):
    torch = pytest.importorskip("torch")
    layer = torch.nn.Linear(3, 2)
    torch.jit.trace(layer, torch.ones(1, 3)).save(tmp_path / "program")
    torch.save(layer.state_dict(), tmp_path / "zip")
    torch.save(layer.state_dict(), tmp_path / "legacy", _use_new_zipfile_serialization=False)
    torch.export.save(torch.export.export(layer, (torch.ones(1, 3),)), tmp_path / "exported.pt2")
    found = {path.name: describe(path).words for path in tmp_path.iterdir()}
    assert found == {
        "program": "a TorchScript program, compiled code of PyTorch with its weights",
        "zip": "a PyTorch file (zip)",
        "legacy": "a PyTorch file (legacy format, before 1.6)",
        "exported.pt2": "an exported program of torch.export (.pt2)",
    }


@pytest.mark.shared
def test_published_files_are_named_truly(shared):
    folder = shared / "models-in-the-wild"
    if not folder.is_dir():
        pytest.skip("the reference data have no models in the wild")
    found = {path.name: describe(path).words for path in folder.glob("*/**/*") if path.is_file()}
    assert all(words == "an ONNX model" for name, words in found.items() if name.endswith(".onnx"))
    assert all("a PyTorch file" in words for name, words in found.items() if name.endswith((".pt", ".pth")))
    assert found["xgboost_example.xgb"].startswith("an XGBoost model (old binary format")
    assert found["my_nn_weights.h5"] == "the weights of a Keras model (HDF5) without its description"
    assert found["my_nn_arch.json"] == "the description of a Keras model (JSON) without its weights"
    assert (found["x.json"], found["l.txt"]) == ("an XGBoost model (JSON)", "a LightGBM model (text)")
    assert (found["m.skops"], found["args.txt"]) == ("a skops file of scikit-learn", "a text file")
    assert "UBJ" in found["x.ubj"]
