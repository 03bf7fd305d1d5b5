# SPDX-License-Identifier: MIT
"""ONNX models with weights in side files: read from the model's own folder, or refused with a true reason."""

import hashlib
import os

import numpy as np
import onnx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from onnx import TensorProto, helper, numpy_helper

from fairreg import runners
from fairreg.errors import ChecksumMismatch, ModelError, SecurityRefusal
from fairreg.runners.weights import content_digest, fingerprint, read_tensors, side_files
from fairreg.runners.weights import onnx as reader
from fairreg.runners.weights.side_file import open_side_file
from support.examples import examples
from support.side_file_graphs import X, external, inline, outputs, save_external, weights


def run(path):
    return runners.get("onnx").load(path).run({"x": X})["y"]


def refusal(path, kind):
    """Both readers refuse the model in the same words; gives the error."""
    with pytest.raises(kind) as caught:
        read_tensors(path)
    with pytest.raises(kind) as again:
        run(path)
    assert caught.value.message == again.value.message
    assert caught.value.exit_code == kind.exit_code
    return caught.value


@pytest.fixture
def expected(tmp_path):
    (tmp_path / "inline.onnx").write_bytes(inline().SerializeToString())
    return fingerprint(tmp_path / "inline.onnx")


@pytest.mark.parametrize(
    "location",
    [
        "tagger.onnx.data",
        "tagger.onnx_data",
        "weights.bin",
        "parts/all.data",
        "./w",
        "p\u00e4rts/w 1.data",
        "a=1,[b]",
    ],
)
def test_weights_in_a_side_file_are_those_of_the_model_with_weights_inside(tmp_path, expected, location):
    save_external(tmp_path / "m" / "tagger.onnx", location)
    path = tmp_path / "m" / "tagger.onnx"
    np.testing.assert_allclose(run(path), outputs(), atol=1e-6)
    assert fingerprint(path) == expected
    assert side_files(path) == (location.removeprefix("./"),)


@pytest.mark.parametrize("together", [True, False])
def test_side_files_as_the_package_onnx_writes_them_are_read(tmp_path, expected, together):
    onnx.save(
        inline(),
        tmp_path / "x.onnx",
        save_as_external_data=True,
        size_threshold=0,
        all_tensors_to_one_file=together,
    )
    assert len(side_files(tmp_path / "x.onnx")) == (1 if together else 2)
    assert fingerprint(tmp_path / "x.onnx") == expected
    np.testing.assert_allclose(run(tmp_path / "x.onnx"), outputs(), atol=1e-6)


@pytest.mark.long
@pytest.mark.filterwarnings("ignore")  # PyTorch's own
def test_a_model_of_pytorch_with_side_files_runs(tmp_path):
    torch = pytest.importorskip("torch")
    pytest.importorskip("onnxscript")
    layer = torch.nn.Linear(4, 512).eval()
    torch.onnx.export(layer, (torch.from_numpy(X),), tmp_path / "x.onnx", dynamo=True, external_data=True)
    assert side_files(tmp_path / "x.onnx") == ("x.onnx.data",)
    runner = runners.get("onnx").load(tmp_path / "x.onnx")
    found = runner.run({runner.inputs[0].name: X})
    np.testing.assert_allclose(
        next(iter(found.values())), layer(torch.from_numpy(X)).detach().numpy(), atol=1e-5
    )


@settings(max_examples=examples(40), deadline=None)
@given(
    st.lists(
        st.tuples(st.sampled_from(["a.data", "b.data", "sub/c"]), st.integers(0, 99)), min_size=2, max_size=2
    ),
    st.booleans(),
)
def test_any_layout_of_tensors_in_side_files_gives_the_same_weights(tmp_path_factory, layout, stated):
    folder = tmp_path_factory.mktemp("layout")
    model, files = inline(), {}
    for tensor, (location, padding) in zip(model.graph.initializer, layout, strict=True):
        offset = len(files.get(location, b"")) + padding
        length = {"length": len(tensor.raw_data)} if stated else {}
        content = external(tensor, location, offset=offset, **length)
        files[location] = files.get(location, b"") + bytes(padding) + content
    (folder / "sub").mkdir()
    (folder / "x.onnx").write_bytes(model.SerializeToString())
    for location, content in files.items():
        (folder / location).write_bytes(content)
    found = read_tensors(folder / "x.onnx")
    assert {name: array.tolist() for name, array in found.items()} == {
        name: array.tolist() for name, array in weights().items()
    }


def test_other_bytes_in_the_side_file_are_another_model(tmp_path, expected):
    _, side = save_external(tmp_path / "x.onnx")
    digest = content_digest(tmp_path / "x.onnx")
    (tmp_path / "x.onnx.data").write_bytes(bytes(4) + side[4:])
    assert fingerprint(tmp_path / "x.onnx") != expected
    assert content_digest(tmp_path / "x.onnx") != digest


def test_the_digest_of_a_model_covers_its_side_files_by_a_rule_that_others_can_follow(tmp_path):
    graph, side = save_external(tmp_path / "x.onnx")
    lines = f"{hashlib.sha256(graph).hexdigest()}\n{hashlib.sha256(side).hexdigest()}  x.onnx.data\n"
    assert content_digest(tmp_path / "x.onnx") == hashlib.sha256(lines.encode()).hexdigest()
    (tmp_path / "one.onnx").write_bytes(inline().SerializeToString())
    assert content_digest(tmp_path / "one.onnx") == hashlib.sha256(inline().SerializeToString()).hexdigest()


@pytest.mark.parametrize(
    "location",
    [
        "../secret",
        "/etc/passwd",
        "a/../../secret",
        "..\\secret",
        "C:\\secret",
        "\\\\host\\x",
        ".",
        "..",
        "a\0b",
    ],
)
def test_a_side_file_outside_the_folder_is_refused_and_not_read(tmp_path, location):
    (tmp_path / "secret").write_bytes(bytes(1000))
    (tmp_path / "m").mkdir()
    model = inline()
    external(model.graph.initializer[0], location)
    (tmp_path / "m" / "x.onnx").write_bytes(model.SerializeToString())
    error = refusal(tmp_path / "m" / "x.onnx", SecurityRefusal)
    assert repr(location) in error.message
    assert error.hint


def _file_link(folder):
    (folder / "x.onnx.data").rename(folder / "real")
    (folder / "x.onnx.data").symlink_to("real")


def _pipe(folder):
    (folder / "x.onnx.data").unlink()
    os.mkfifo(folder / "x.onnx.data")


def _folder(folder):
    (folder / "x.onnx.data").unlink()
    (folder / "x.onnx.data").mkdir()


@pytest.mark.parametrize(
    ("change", "word"),
    [(_file_link, "a link"), (_pipe, "not a regular file"), (_folder, "not a regular file")],
)
def test_a_side_file_that_is_a_link_or_no_file_is_refused(tmp_path, change, word):
    save_external(tmp_path / "x.onnx")
    change(tmp_path)
    assert word in refusal(tmp_path / "x.onnx", SecurityRefusal).message


def test_a_link_in_place_of_a_folder_on_the_way_is_refused(tmp_path):
    save_external(tmp_path / "m" / "x.onnx", "parts/w.data")
    (tmp_path / "m" / "parts").rename(tmp_path / "elsewhere")
    (tmp_path / "m" / "parts").symlink_to(tmp_path / "elsewhere")
    assert "behind a link" in refusal(tmp_path / "m" / "x.onnx", SecurityRefusal).message


def test_the_folder_of_the_model_may_be_reached_by_a_link(tmp_path, expected):
    save_external(tmp_path / "m" / "x.onnx")
    (tmp_path / "link").symlink_to(tmp_path / "m")
    assert fingerprint(tmp_path / "link" / "x.onnx") == expected


@pytest.mark.parametrize("location", ["x.onnx.data", "parts/w.data", "*/_ORT_MEM_ADDR_/*", "x.onnx/w"])
def test_a_missing_side_file_is_named_with_the_next_step(tmp_path, location):
    """The third is what onnxruntime takes for an address in memory."""
    model = inline()
    external(model.graph.initializer[1], location, offset=1 << 20)
    (tmp_path / "x.onnx").write_bytes(model.SerializeToString())
    error = refusal(tmp_path / "x.onnx", ModelError)
    assert error.message == f"x.onnx keeps tensors in {location!r}, which is not beside it."
    assert "put it beside the model" in error.hint


def test_a_side_file_that_was_cut_off_is_named(tmp_path):
    _, side = save_external(tmp_path / "x.onnx")
    (tmp_path / "x.onnx.data").write_bytes(side[:100])
    error = refusal(tmp_path / "x.onnx", ModelError)
    assert (
        error.message
        == "'x.onnx.data' has 100 bytes, but the tensor 'W' of x.onnx needs those from 0 to 128."
    )


@pytest.mark.parametrize(
    ("entries", "word"),
    [
        ({"length": 64}, "takes 128 bytes by its shape and type, but 64 bytes"),
        ({"length": "-1"}, "'-1' as a number of bytes"),
        ({"offset": "1e3"}, "'1e3' as a number of bytes"),
        ({"offset": "9" * 5000}, "as a number of bytes"),
        ({"offset": 2**60}, f"needs those from {2**60} to"),
        ({"checksum": "abc"}, "'abc' as checksum of 'w', not a SHA-1"),
    ],
)
def test_a_reference_that_does_not_fit_says_what_is_wrong(tmp_path, entries, word):
    model = inline()
    (tmp_path / "w").write_bytes(external(model.graph.initializer[0], "w", **entries))
    (tmp_path / "x.onnx").write_bytes(model.SerializeToString())
    assert word in refusal(tmp_path / "x.onnx", ModelError).message


def test_a_tensor_that_names_no_side_file_is_an_error(tmp_path):
    model = inline()
    external(model.graph.initializer[0], "")
    (tmp_path / "x.onnx").write_bytes(model.SerializeToString())
    assert "does not name that file" in refusal(tmp_path / "x.onnx", ModelError).message


@pytest.mark.parametrize("kind", [TensorProto.STRING, TensorProto.UNDEFINED, 99])
def test_a_type_without_a_fixed_size_cannot_be_in_a_side_file(tmp_path, kind):
    model = inline()
    (tmp_path / "w").write_bytes(external(model.graph.initializer[0], "w"))
    model.graph.initializer[0].data_type = kind
    (tmp_path / "x.onnx").write_bytes(model.SerializeToString())
    assert "has no fixed size" in refusal(tmp_path / "x.onnx", ModelError).message


def test_a_negative_size_is_refused(tmp_path):
    model = inline()
    external(model.graph.initializer[0], "w")
    model.graph.initializer[0].dims[0] = -4
    (tmp_path / "x.onnx").write_bytes(model.SerializeToString())
    assert "negative size" in refusal(tmp_path / "x.onnx", ModelError).message


def test_the_checksum_of_a_side_file_is_compared(tmp_path, expected):
    path = tmp_path / "x.onnx"
    for algorithm in (hashlib.sha1, hashlib.sha256):
        model = inline()
        content = external(model.graph.initializer[0], "w")
        external(model.graph.initializer[0], "w", checksum=algorithm(content).hexdigest().upper())
        path.write_bytes(model.SerializeToString())
        (tmp_path / "w").write_bytes(content)
        assert fingerprint(path) == expected
        (tmp_path / "w").write_bytes(content[:-1] + b"x")
        assert "'w' has the sha" in refusal(path, ChecksumMismatch).message


def test_a_side_file_beyond_the_limit_is_refused_before_it_is_read(tmp_path):
    model = inline()
    external(model.graph.initializer[0], "w")
    model.graph.initializer[0].dims[0] = 1 << 40
    with (tmp_path / "w").open("wb") as file:
        file.truncate(1 << 40)
    (tmp_path / "x.onnx").write_bytes(model.SerializeToString())
    assert "exceed the limit of 4 GiB" in refusal(tmp_path / "x.onnx", ModelError).message


def test_a_small_side_file_cannot_be_read_into_much_memory(tmp_path):
    model = inline()
    content = external(model.graph.initializer[0], "w")
    (tmp_path / "w").write_bytes(content + bytes(2**20))
    for number in range(5000):
        more = model.graph.initializer.add(name=str(number), data_type=TensorProto.FLOAT, dims=[2**18])
        external(more, "w")
    (tmp_path / "x.onnx").write_bytes(model.SerializeToString())
    assert "exceed the limit of 4 GiB" in refusal(tmp_path / "x.onnx", ModelError).message


def test_a_side_file_that_changes_while_it_is_read_is_an_error(tmp_path):
    (tmp_path / "w").write_bytes(bytes(8))
    with pytest.raises(ModelError, match="'w' changed while x was read"), open_side_file(tmp_path, "w", "x"):
        (tmp_path / "w").write_bytes(bytes(9))


def test_the_bytes_of_a_model_have_no_folder_and_that_is_said(tmp_path):
    graph, _ = save_external(tmp_path / "x.onnx")
    with pytest.raises(ModelError, match="was given as bytes without folder") as caught:
        runners.get("onnx").load(graph)
    assert "path of the model file" in caught.value.hint


def test_initializers_too_large_for_the_graph_reach_the_engine_beside_it(tmp_path, monkeypatch):
    wide = np.random.default_rng(5).normal(size=(4, 2**18)).astype("f4")
    model = inline()
    model.graph.initializer[0].CopyFrom(numpy_helper.from_array(wide, "W"))
    model.graph.initializer[1].CopyFrom(numpy_helper.from_array(np.zeros(2**18, "f4"), "b"))
    model.graph.output[0].type.tensor_type.shape.dim[1].dim_value = 2**18
    onnx.save(model, tmp_path / "x.onnx", save_as_external_data=True, size_threshold=0, location="w")
    monkeypatch.setattr(reader, "_MAX_INLINE", 0)
    whole = reader.complete(tmp_path / "x.onnx", "x.onnx")
    assert set(whole.large) == {"W", "b"}
    assert len(whole.content) < 2000
    np.testing.assert_allclose(run(tmp_path / "x.onnx"), np.maximum(X @ wide, 0), atol=1e-5)


def _constant(tensor):
    return helper.make_node("Constant", [], ["b"], value=tensor)


def _branches(tensor):
    result = helper.make_tensor_value_info("r", TensorProto.FLOAT, [8])
    branch = helper.make_graph(
        [helper.make_node("Identity", ["own"], ["r"])], "branch", [], [result], [tensor]
    )
    branch.initializer[0].name = "own"
    return helper.make_node("If", ["yes"], ["b"], then_branch=branch, else_branch=branch)


@pytest.mark.parametrize("node", [_constant, _branches])
def test_tensors_of_attributes_and_inner_graphs_are_read_from_side_files_too(tmp_path, node):
    model = inline()
    bias = TensorProto()
    bias.CopyFrom(model.graph.initializer[1])
    del model.graph.initializer[1]
    model.graph.initializer.append(numpy_helper.from_array(np.array(True), "yes"))
    (tmp_path / "w").write_bytes(external(bias, "w"))
    model.graph.node.insert(0, node(bias))
    (tmp_path / "x.onnx").write_bytes(model.SerializeToString())
    np.testing.assert_allclose(run(tmp_path / "x.onnx"), outputs(), atol=1e-6)
    (tmp_path / "w").unlink()
    assert "'w', which is not beside it" in refusal(tmp_path / "x.onnx", ModelError).message


@pytest.mark.parametrize("place", ["function", "training", "sparse"])
def test_tensors_that_no_engine_reads_for_the_outputs_count_too(tmp_path, place):
    model = inline()
    if place == "function":
        tensor = model.functions.add(name="f", domain="d").attribute_proto.add(name="a").t
    elif place == "training":
        tensor = model.training_info.add().algorithm.initializer.add(name="t")
    else:
        tensor = model.graph.sparse_initializer.add().values
    tensor.data_type = TensorProto.FLOAT
    tensor.dims.append(2)
    external(tensor, "secret.bin")
    (tmp_path / "x.onnx").write_bytes(model.SerializeToString())
    assert side_files(tmp_path / "x.onnx") == ("secret.bin",)
    assert "secret.bin" in refusal(tmp_path / "x.onnx", ModelError).message


@settings(max_examples=examples(60), deadline=None)
@given(
    st.lists(
        st.tuples(st.sampled_from(["location", "offset", "length", "checksum", "?"]), st.text(max_size=9))
    )
)
def test_any_reference_is_read_or_refused_in_a_sentence(tmp_path_factory, entries):
    folder = tmp_path_factory.mktemp("any")
    model = inline()
    content = external(model.graph.initializer[0], "w")
    for key, value in entries:
        model.graph.initializer[0].external_data.add(key=key, value=value)
    (folder / "w").write_bytes(content)
    (folder / "x.onnx").write_bytes(model.SerializeToString())
    try:
        found = read_tensors(folder / "x.onnx")["W"].tobytes()
    except (ModelError, SecurityRefusal):
        return
    assert found == content
