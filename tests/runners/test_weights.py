# SPDX-License-Identifier: MIT
"""Tensors are read alike from every format, and a damaged file gives one clear sentence."""

import json
import zipfile
from contextlib import suppress
from hashlib import sha256

import numpy as np
import onnx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from onnx.parser import parse_model

from fairreg.errors import FairregError, ModelError, NoParameters, SecurityRefusal
from fairreg.runners.weights import candidates, fingerprint, fingerprint_of, format_of, read_tensors
from fairreg.runners.weights.onnx import signature
from fairreg.schemas.record import Tensor
from support.examples import examples
from support.small_graphs import zip_map

SUFFIXES = {"legacy": ".pth", "zipped": ".pt", "safetensors": ".safetensors", "onnx": ".onnx"}
formats = pytest.mark.parametrize("kind", SUFFIXES)


def written(folder, files, kind, tensors):
    path = folder / f"weights{SUFFIXES[kind]}"
    path.write_bytes(getattr(files, kind)(tensors))
    return path


@formats
def test_every_format_gives_the_same_tensors_in_the_order_of_the_file(tmp_path, files, tensors, kind):
    found = read_tensors(written(tmp_path, files, kind, tensors))
    assert list(found) == list(tensors)
    for name, array in tensors.items():
        assert found[name].dtype == array.dtype
        np.testing.assert_array_equal(found[name], array)


@formats
def test_the_fingerprint_depends_neither_on_format_nor_names_nor_order(tmp_path, files, tensors, kind):
    renamed = {f"other.{name}": tensors[name] for name in reversed(tensors)}
    assert fingerprint(written(tmp_path, files, kind, renamed)) == fingerprint_of(tensors)


def test_the_fingerprint_is_the_documented_digest():
    array = np.array([[1, 2], [3, 4]], dtype=">f4").T
    little = array.astype("<f4").tobytes("C")
    lines = sorted(
        [f"float32|2,2|{sha256(little).hexdigest()}\n", f"int64||{sha256(bytes(8)).hexdigest()}\n"]
    )
    expected = f"sha256:{sha256(''.join(lines).encode()).hexdigest()}"
    assert fingerprint_of({"x": array, "y": np.array(0)}) == expected


def test_a_changed_bit_a_changed_shape_and_a_changed_type_change_the_fingerprint(tensors):
    one = tensors["b.weight"]
    variants = [
        one,
        one.reshape(4, 3),
        one.astype(np.float64),
        np.nextafter(one, np.float32(9), dtype=np.float32),
    ]
    assert len({fingerprint_of({"x": array}) for array in variants}) == len(variants)


@pytest.mark.parametrize("kind", ["mappings.onnx", "empty.safetensors"])
def test_a_file_without_tensors_has_no_fingerprint_rather_than_that_of_nothing(tmp_path, kind):
    path = tmp_path / kind
    path.write_bytes(zip_map([0, 1]) if kind == "mappings.onnx" else b"\2" + bytes(7) + b"{}")
    assert not read_tensors(path)
    with pytest.raises(NoParameters, match=f"{kind} has no weights, and so no fingerprint"):
        fingerprint(path)


@formats
def test_arrays_cannot_be_written_to(tmp_path, files, tensors, kind):
    found = read_tensors(written(tmp_path, files, kind, tensors))
    with pytest.raises(ValueError, match="read-only"):
        found["a.bias"][0] = 1


@pytest.mark.parametrize("kind", ["legacy", "zipped"])
def test_transposed_views_and_shared_storages_of_pytorch_are_understood(tmp_path, files, kind):
    base = np.arange(6, dtype=np.float32)
    op = files.op
    storage = op.storage("FloatStorage", "0", 6, *((op.none,) if kind == "legacy" else ()))
    items = {"t": op.tensor(storage, (3, 2), (1, 3)), "part": op.tensor(storage, (2,), (1,), 4)}
    content = getattr(files, kind)({"x": base}, state_dict=b"\x80\x02" + op.mapping(items) + b".")
    (tmp_path / "x.pth").write_bytes(content)
    found = read_tensors(tmp_path / "x.pth")
    np.testing.assert_array_equal(found["t"], base.reshape(2, 3).T)
    np.testing.assert_array_equal(found["part"], base[4:])


@pytest.mark.parametrize("key", ["state_dict", "model_state_dict"])
def test_of_a_checkpoint_the_state_dict_is_read_and_flattened(tmp_path, files, key):
    op, array = files.op, np.arange(2, dtype=np.float32)
    tensor = op.tensor(op.storage("FloatStorage", "0", 2), (2,), (1,))
    inner = op.mapping({"encoder": op.mapping({"weight": tensor})})
    outer = op.mapping({"epoch": op.integer(3), key: inner, "optimizer": op.mapping({"moment": tensor})})
    (tmp_path / "x.ckpt").write_bytes(files.zipped({"x": array}, state_dict=b"\x80\x02" + outer + b"."))
    assert list(read_tensors(tmp_path / "x.ckpt")) == ["encoder.weight"]


def test_bfloat16_keeps_its_bits_and_its_name(tmp_path, files):
    op, bits = files.op, np.array([0x3F80, 0x4000], dtype=np.uint16)
    tensor = op.tensor(op.storage("BFloat16Storage", "0", 2), (2,), (1,))
    content = files.zipped({"x": bits}, state_dict=b"\x80\x02" + op.mapping({"x": tensor}) + b".")
    (tmp_path / "x.pth").write_bytes(content)
    line = f"bfloat16|2|{sha256(bits.tobytes()).hexdigest()}\n"
    assert fingerprint(tmp_path / "x.pth") == f"sha256:{sha256(line.encode()).hexdigest()}"


@pytest.mark.parametrize(
    ("shape", "strides", "offset"),
    [((7,), (1,), 0), ((2,), (6,), 0), ((2,), (1,), 5), ((2,), (-1,), 3), ((2, 2), (1,), 0)],
    ids=["too long", "stride beyond", "offset beyond", "negative stride", "ranks differ"],
)
def test_a_tensor_outside_its_storage_is_refused(tmp_path, files, shape, strides, offset):
    op = files.op
    tensor = op.tensor(op.storage("FloatStorage", "0", 6), shape, strides, offset)
    content = files.zipped(
        {"x": np.zeros(6, np.float32)}, state_dict=b"\x80\x02" + op.mapping({"x": tensor}) + b"."
    )
    (tmp_path / "x.pth").write_bytes(content)
    with pytest.raises(ModelError, match=r"x\.pth cannot be read as a PyTorch file: a tensor"):
        read_tensors(tmp_path / "x.pth")


def test_a_storage_that_claims_more_than_its_member_is_refused(tmp_path, files):
    op = files.op
    tensor = op.tensor(op.storage("FloatStorage", "0", 10**9), (10**9,), (1,))
    content = files.zipped(
        {"x": np.zeros(6, np.float32)}, state_dict=b"\x80\x02" + op.mapping({"x": tensor}) + b"."
    )
    (tmp_path / "x.pth").write_bytes(content)
    with pytest.raises(ModelError, match="storage 0 has not the size that its pickle says"):
        read_tensors(tmp_path / "x.pth")


def test_a_state_dict_that_contains_itself_is_refused(tmp_path, files):
    op = files.op
    looped = b"\x80\x02" + op.call("collections", "OrderedDict") + b"q\x00" + op.text("a") + b"h\x00s."
    (tmp_path / "x.pth").write_bytes(files.zipped({}, state_dict=looped))
    with pytest.raises(ModelError, match="contains itself"):
        read_tensors(tmp_path / "x.pth")


def test_a_torchscript_program_is_called_one(tmp_path):
    with zipfile.ZipFile(tmp_path / "x.pt", "w") as archive:
        archive.writestr("x/data.pkl", b"\x80\x02}.")
        archive.writestr("x/constants.pkl", b"\x80\x02).")
    with pytest.raises(ModelError, match="TorchScript") as caught:
        read_tensors(tmp_path / "x.pt")
    assert "state_dict()" in caught.value.hint


def damaged_header(tensors, files, change):
    content = files.safetensors(tensors)
    length = int.from_bytes(content[:8], "little")
    header = json.loads(content[8 : 8 + length])
    change(header)
    text = json.dumps(header).encode()
    return len(text).to_bytes(8, "little") + text + content[8 + length :]


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda header: header["a.bias"].update(shape=[4]), "outside its storage"),
        (lambda header: header["a.bias"].update(shape=[2]), "has 12 bytes"),
        (lambda header: header["a.bias"].update(dtype="F7"), "'F7', which is not known to fairreg"),
        (lambda header: header["a.bias"].update(data_offsets=[0, 12]), "overlap"),
        (lambda header: header.pop("half"), "bytes of tensors where"),
        (lambda header: header["a.bias"].pop("shape"), "header is damaged"),
        (lambda header: header["a.bias"].update(shape=[-3, -1]), "negative"),
    ],
)
def test_a_wrong_safetensors_header_is_named(tmp_path, files, tensors, change, reason):
    (tmp_path / "x.safetensors").write_bytes(damaged_header(tensors, files, change))
    with pytest.raises(ModelError, match=reason):
        read_tensors(tmp_path / "x.safetensors")


def test_the_signature_of_an_onnx_graph_leaves_out_its_initializers(tmp_path, files, tensors):
    inputs, outputs = signature(written(tmp_path, files, "onnx", tensors))
    assert inputs == (Tensor(name="x", dtype="float32", shape=("n", 3)),)
    assert outputs == (Tensor(name="y", dtype="float32", shape=("n", 3)),)


def test_an_onnx_input_that_is_no_tensor_has_any_shape(tmp_path, files, tensors):
    import onnx

    model = onnx.ModelProto.FromString(files.onnx(tensors))
    model.graph.input[0].type.sequence_type.elem_type.tensor_type.elem_type = 1
    (tmp_path / "x.onnx").write_bytes(model.SerializeToString())
    assert signature(tmp_path / "x.onnx")[0] == (Tensor(name="x", dtype="sequence(float32)", shape=("...",)),)


@pytest.mark.parametrize("place", ["initializer", "attribute"])
def test_onnx_tensors_in_files_outside_the_folder_are_refused(tmp_path, files, tensors, place):
    import onnx

    model = onnx.ModelProto.FromString(files.onnx(tensors))
    tensor = model.graph.initializer[0] if place == "initializer" else model.graph.node[0].attribute.add().t
    tensor.data_location = onnx.TensorProto.EXTERNAL
    tensor.external_data.add(key="location", value="../../etc/passwd")
    (tmp_path / "x.onnx").write_bytes(model.SerializeToString())
    with pytest.raises(SecurityRefusal, match=r"etc/passwd"):
        read_tensors(tmp_path / "x.onnx")


@pytest.mark.parametrize(
    "header", ["5", '"x"', "null", '{"a": {"dtype": "F32", "shape": [Infinity], "data_offsets": [0, 4]}}']
)
def test_a_safetensors_header_of_another_kind_is_a_model_error(tmp_path, header):
    text = header.encode()
    (tmp_path / "x.safetensors").write_bytes(len(text).to_bytes(8, "little") + text + bytes(4))
    with pytest.raises(ModelError):
        read_tensors(tmp_path / "x.safetensors")


@formats
def test_every_truncation_is_a_model_error(tmp_path, files, tensors, kind):
    path = written(tmp_path, files, kind, tensors)
    content = path.read_bytes()
    for length in range(0, len(content), 7):
        path.write_bytes(content[:length])
        with pytest.raises(ModelError, match=r"weights\."):
            read_tensors(path)


@pytest.mark.sliced(2)
@formats
@settings(max_examples=examples(300))
@given(data=st.data())
def test_random_corruption_raises_nothing_but_our_errors(tmp_path_factory, files, tensors, kind, data):
    path = written(tmp_path_factory.getbasetemp(), files, kind, tensors)
    content = bytearray(path.read_bytes())
    places = st.tuples(st.integers(0, len(content) - 1), st.integers(0, 255))
    for place, byte in data.draw(st.lists(places, min_size=1, max_size=6)):
        content[place] = byte
    path.write_bytes(content)
    with suppress(FairregError):
        fingerprint(path)


@pytest.mark.parametrize("suffix", [".pth", ".safetensors", ".onnx", ".bin"])
@settings(max_examples=examples(150))
@given(content=st.binary(max_size=200))
def test_garbage_raises_nothing_but_our_errors(tmp_path_factory, suffix, content):
    path = tmp_path_factory.getbasetemp() / f"garbage{suffix}"
    path.write_bytes(content)
    with pytest.raises(FairregError):
        read_tensors(path)


@pytest.mark.parametrize("name", ["README.md", "missing.pth", "."])
def test_what_is_no_weight_file_is_a_model_error(tmp_path, name):
    (tmp_path / "README.md").write_text("# A model\n")
    with pytest.raises(ModelError):
        read_tensors(tmp_path / name)


def test_the_format_is_known_by_content_where_it_has_a_signature(tmp_path, files, tensors):
    for kind, expected in (("legacy", "pytorch"), ("zipped", "pytorch"), ("safetensors", "safetensors")):
        path = tmp_path / "download"
        path.write_bytes(getattr(files, kind)(tensors))
        assert format_of(path) == expected


@pytest.mark.shared
def test_all_published_weights_load_and_31_are_distinct(published):
    rows = json.loads((published / "weights.json").read_text())
    folder = published / "hbb_interaction_network-v0.1.1/models/trained_models"
    fingerprints = {}
    for row in rows:
        found = read_tensors(folder / row["file"])
        assert list(found) == row["keylist"]
        assert sum(array.size for array in found.values()) == row["npar"]
        fingerprints[row["file"]] = fingerprint_of(found)
    assert len(rows) == 32
    assert len(set(fingerprints.values())) == 31
    same = {fingerprints["random_gnn_new_best.pth"], fingerprints["random_gnn_new_last.pth"]}
    assert same == {fingerprint(folder / "onnx_model/5_10_gnn_128.onnx")}


@pytest.mark.parametrize(
    "name", ["F8_E4M3", "F8_E5M2", "F8_E8M0", "F8_E4M3FNUZ", "F8_E5M2FNUZ", "U16", "U64"]
)
def test_every_element_type_of_safetensors_keeps_its_bytes_and_shape(tmp_path, files, name):
    width = {"U16": 2, "U64": 8}.get(name, 1)
    found = read_tensors(described(tmp_path, name, [2, 4], bytes(range(8 * width))))["w"]
    assert found.tobytes() == bytes(range(8 * width))
    assert found.shape == (2, 4)


@pytest.mark.parametrize(("name", "shape"), [("F4", (2, 2)), ("F6_E2M3", (2, 3)), ("F6_E3M2", (2, 3))])
def test_numbers_of_less_than_a_byte_stay_packed_along_the_last_axis(tmp_path, name, shape):
    content = bytes(range(shape[0] * shape[1]))
    found = read_tensors(described(tmp_path, name, [2, 4], content))["w"]
    assert (found.tobytes(), found.shape) == (content, shape)


def test_the_fingerprint_tells_types_with_the_same_bytes_apart(tmp_path):
    names = ["F8_E4M3", "F8_E5M2", "F8_E8M0", "F8_E4M3FNUZ", "F8_E5M2FNUZ", "U8", "I8"]
    assert len({fingerprint(described(tmp_path, name, [8], bytes(range(8)))) for name in names}) == len(names)


def test_an_unknown_element_type_is_not_called_an_invalid_file(tmp_path):
    with pytest.raises(ModelError, match=r"'Q4_NEW', which is not known to fairreg\.") as caught:
        read_tensors(described(tmp_path, "Q4_NEW", [8], bytes(4)))
    assert "valid" not in caught.value.message


def described(folder, name, shape, content):
    header = {"w": {"dtype": name, "shape": shape, "data_offsets": [0, len(content)]}}
    text = json.dumps(header).encode()
    path = folder / "w.safetensors"
    path.write_bytes(len(text).to_bytes(8, "little") + text + content)
    return path


@pytest.mark.torch
@pytest.mark.parametrize("zipped", [True, False])
def test_what_pytorch_saves_is_read_bit_for_bit(tmp_path, zipped):
    torch = pytest.importorskip("torch")
    module = torch.nn.Sequential(torch.nn.Linear(3, 4), torch.nn.BatchNorm1d(4))
    state = module.state_dict()
    state["parameter"] = torch.nn.Parameter(torch.randn(4, 2).T)
    state["brain"] = torch.randn(5, dtype=torch.bfloat16)
    torch.save({"epoch": 1, "state_dict": state}, tmp_path / "x.pth", _use_new_zipfile_serialization=zipped)
    found = read_tensors(tmp_path / "x.pth")
    assert list(found) == list(state)
    for name, tensor in state.items():
        if name != "brain":
            np.testing.assert_array_equal(found[name], tensor.detach().numpy())
    bits = state["brain"].view(torch.uint16).numpy()
    np.testing.assert_array_equal(found["brain"].view(np.uint16), bits)


@pytest.mark.torch
@pytest.mark.parametrize("kind", ["legacy", "zipped"])
def test_pytorch_reads_what_these_tests_write(tmp_path, files, tensors, kind):
    torch = pytest.importorskip("torch")
    found = torch.load(written(tmp_path, files, kind, tensors), weights_only=True)
    for name, array in tensors.items():
        np.testing.assert_array_equal(found[name].numpy(), array)


@pytest.mark.torch
def test_what_the_safetensors_library_saves_is_read(tmp_path, tensors):
    library = pytest.importorskip("safetensors.numpy")
    library.save_file(tensors, tmp_path / "x.safetensors")
    assert fingerprint(tmp_path / "x.safetensors") == fingerprint_of(tensors)


@pytest.mark.parametrize("shape", [[True, 1], [1.0], ["1"], [None], [[1]]])
def test_a_size_that_is_no_whole_number_makes_a_safetensors_file_invalid(tmp_path, shape):
    with pytest.raises(ModelError, match="not a valid safetensors file"):
        read_tensors(packed(tmp_path / "x.safetensors", {"w": header(shape)}, bytes(4)))


def test_more_axes_than_numpy_has_are_not_called_an_invalid_file(tmp_path):
    with pytest.raises(ModelError, match="has 65 axes, more than the 64 of numpy") as caught:
        read_tensors(packed(tmp_path / "x.safetensors", {"w": header([1] * 65)}, bytes(4)))
    assert "not a valid" not in caught.value.message


@pytest.mark.parametrize("content", [{}, {"__metadata__": {"format": "pt"}}])
def test_a_file_without_tensors_has_no_fingerprint(tmp_path, content):
    path = packed(tmp_path / "x.safetensors", content, b"")
    for asked in (fingerprint, candidates):
        with pytest.raises(NoParameters, match=r"x\.safetensors has no weights"):
            asked(path)


def header(shape):
    return {"dtype": "F32", "shape": shape, "data_offsets": [0, 4]}


def packed(path, content, data):
    text = json.dumps(content).encode()
    path.write_bytes(len(text).to_bytes(8, "little") + text + data)
    return path


TREE = """<ir_version: 10, opset_import: ["" : 20, "ai.onnx.ml" : 3]>
g (float[N, 2] x) => (float[N, 1] y) {{
  y = ai.onnx.ml.TreeEnsembleRegressor <n_targets = 1, nodes_treeids = [0,0,0], nodes_nodeids = [0,1,2],
    nodes_featureids = [{feature},0,0], nodes_modes = ["{mode}", "LEAF", "LEAF"],
    nodes_values = [{threshold}, 0.0, 0.0],
    nodes_truenodeids = [1,0,0], nodes_falsenodeids = [2,0,0], target_treeids = [0,0], target_nodeids = [1,2],
    target_ids = [0,0], target_weights = [{leaf}, 2.0]> (x)
}}"""


def test_trees_in_an_onnx_graph_have_a_fingerprint_of_their_own(tmp_path):
    same = {"feature": 0, "mode": "BRANCH_LEQ", "threshold": 0.5, "leaf": 1.0}
    changes = [{}, {"feature": 1}, {"mode": "BRANCH_LT"}, {"threshold": 0.25}, {"leaf": 3.0}]
    found = []
    for change in [*changes, {}]:
        (tmp_path / "x.onnx").write_bytes(parse_model(TREE.format(**same | change)).SerializeToString())
        found.append(fingerprint(tmp_path / "x.onnx"))
    assert len(set(found)) == len(changes)
    assert found[0] == found[-1]


def test_names_of_classes_beside_the_scores_do_not_change_the_fingerprint(tmp_path, files, tensors):
    plain = tmp_path / "plain.onnx"
    plain.write_bytes(files.onnx(tensors))
    graph = onnx.load(plain)
    named = onnx.helper.make_node("ZipMap", ["y"], ["z"], domain="ai.onnx.ml", classlabels_int64s=[0, 1])
    graph.graph.node.append(named)
    onnx.save(graph, tmp_path / "named.onnx")
    assert fingerprint(tmp_path / "named.onnx") == fingerprint(plain) == fingerprint_of(tensors)


def test_a_graph_without_weights_has_no_fingerprint(tmp_path):
    graph = '<ir_version: 10, opset_import: ["" : 20]> g (float[N] x) => (float[N] y) { y = Relu (x) }'
    (tmp_path / "x.onnx").write_bytes(parse_model(graph).SerializeToString())
    with pytest.raises(NoParameters):
        fingerprint(tmp_path / "x.onnx")


@pytest.mark.parametrize("suffix", [*SUFFIXES.values(), ".bin", ".ckpt"])
@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:ab\nsize 9\n", "pointer of Git LFS"),
        (b"\n<!DOCTYPE html><html></html>", "web page"),
        (b"<html></html>", "web page"),
    ],
)
def test_what_lies_in_the_place_of_a_file_is_named(tmp_path, suffix, content, said):
    (tmp_path / f"x{suffix}").write_bytes(content)
    with pytest.raises(ModelError, match=said):
        fingerprint(tmp_path / f"x{suffix}")
    if suffix == ".onnx":
        with pytest.raises(ModelError, match=said):
            signature(tmp_path / "x.onnx")
