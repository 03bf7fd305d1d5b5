# SPDX-License-Identifier: MIT
"""Conversion to a model repository of Triton: its configuration, its files, and their check."""

from itertools import count

import numpy as np
import onnx
import onnxruntime
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from onnx import TensorProto, helper, numpy_helper

from fairreg import models
from fairreg.errors import FairregError, ModelError, SecurityRefusal, UsageError
from fairreg.models import hbb_in
from fairreg.models.hbb_in.network import Hyperparameters
from fairreg.runners.base import Runner
from fairreg.schemas.record import Tensor
from fairreg.services.convert import triton as service
from fairreg.services.convert.agreement import TOLERANCE, agreement, compare, difference
from fairreg.services.convert.onnx_files import write_onnx
from fairreg.services.convert.triton import convert, known_batch_axis
from fairreg.services.convert.triton_config import configure, quoted
from fairreg.services.run.loaded_model import LoadedModel, open_file
from fairreg.storage.files import digest
from support.examples import examples
from support.graphs import model as written
from support.networks import random_tensors
from support.triton import CLIENTS, TYPES, check, parsed, read_by_tritonclient

pytestmark = pytest.mark.engines("sqlite")  # nothing here opens a registry

FLOAT = TensorProto.FLOAT


def model_of(nodes, inputs, outputs, initializers=()):
    """A model; inputs and outputs are names with (element type, shape)."""
    values = [
        [helper.make_tensor_value_info(name, *about) for name, about in part.items()]
        for part in (inputs, outputs)
    ]
    graph = helper.make_graph(nodes, "graph", *values, list(initializers))
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


def identity(shape, element=FLOAT, name="x", result="y"):
    node = helper.make_node("Identity", [name], [result])
    return model_of([node], {name: (element, shape)}, {result: (element, shape)})


def summed(shape):
    node = helper.make_node("ReduceSum", ["x"], ["y"], keepdims=0)
    return model_of([node], {"x": (FLOAT, shape)}, {"y": (FLOAT, [])})


def configured(model, max_batch_size=0, **lengths):
    """The configuration of a model as protobuf reads it, after Triton's checks, and the warnings."""
    session = onnxruntime.InferenceSession(model.SerializeToString())
    scalars = {
        value.name
        for value in (*model.graph.input, *model.graph.output)
        if value.type.tensor_type.HasField("shape") and not value.type.tensor_type.shape.dim
    }
    config, warnings = configure(
        "m",
        session,
        max_batch_size=max_batch_size,
        is_scalar=scalars.__contains__,
        lengths=lengths,
    )
    found = parsed(config.to_text(["a remark"]))
    check(found, session)
    return found, warnings


def saved(model, path):
    onnx.save(model, path)
    return path


@pytest.mark.parametrize(
    ("element", "wanted"),
    [
        *(
            (getattr(TensorProto, name), name)
            for name in ("BOOL", "STRING", "INT8", "INT16", "INT32", "INT64")
        ),
        *((getattr(TensorProto, name), name) for name in ("UINT8", "UINT16", "UINT32", "UINT64")),
        (TensorProto.FLOAT16, "FP16"),
        (FLOAT, "FP32"),
        (TensorProto.DOUBLE, "FP64"),
    ],
)
def test_every_element_type_of_the_backend_is_named(element, wanted):
    found, _ = configured(identity(["N", 3], element))
    assert [TYPES[item.data_type] for item in (*found.input, *found.output)] == [wanted, wanted]


def test_without_a_known_batch_axis_every_axis_is_listed():
    found, _ = configured(identity(["N", 3, "length"]))
    assert found.max_batch_size == 0
    assert list(found.input[0].dims) == list(found.output[0].dims) == [-1, 3, -1]
    assert not found.HasField("dynamic_batching")


def test_a_known_batch_axis_is_left_out_of_the_dims():
    found, _ = configured(identity(["N", 3]), max_batch_size=128)
    assert found.max_batch_size == 128
    assert list(found.input[0].dims) == list(found.output[0].dims) == [3]
    assert found.HasField("dynamic_batching")


def test_of_a_tensor_with_the_batch_axis_alone_an_axis_of_one_is_reshaped_away():
    found, _ = configured(identity(["N"]), max_batch_size=8)
    for item in (*found.input, *found.output):
        assert list(item.dims) == [1]
        assert item.HasField("reshape")
        assert list(item.reshape.shape) == []


@pytest.mark.parametrize("model", [identity([1, 3]), summed(["N", 3])])
def test_a_first_axis_that_is_not_free_everywhere_is_never_a_batch(model):
    found, _ = configured(model, max_batch_size=8)
    assert found.max_batch_size == 0


def test_a_scalar_is_an_axis_of_one():
    found, _ = configured(summed(["N", 3]))
    assert list(found.output[0].dims) == [1]


def test_a_stricter_length_of_an_input_is_kept():
    found, _ = configured(identity(["N", "tracks"]), 8, x=("N", 60))
    assert list(found.input[0].dims) == [60]
    assert list(found.output[0].dims) == [-1]


def with_default(shape=(), name="two"):
    two = numpy_helper.from_array(np.full(shape, 2, np.float32), name)
    node = helper.make_node("Mul", ["x", name], ["y"])
    inputs = {"x": (FLOAT, ["N"]), name: (FLOAT, list(shape))}
    return model_of([node], inputs, {"y": (FLOAT, ["N"])}, [two])


def test_an_input_with_a_default_value_is_optional():
    found, warnings = configured(with_default())
    assert [(item.name, list(item.dims), item.optional) for item in found.input] == [
        ("x", [-1], False),
        ("two", [1], True),
    ]
    assert warnings == ()


def test_with_batches_an_input_with_a_default_value_is_left_out_and_named():
    found, warnings = configured(with_default(), max_batch_size=8)
    assert [item.name for item in found.input] == ["x"]
    assert "'two'" in warnings[0]


def test_an_input_with_a_default_value_that_triton_cannot_take_is_left_out_and_named():
    empty = numpy_helper.from_array(np.zeros((0,), np.float32), "none")
    node = helper.make_node("Concat", ["x", "none"], ["y"], axis=0)
    inputs = {"x": (FLOAT, ["N"]), "none": (FLOAT, [0])}
    found, warnings = configured(model_of([node], inputs, {"y": (FLOAT, ["N"])}, [empty]))
    assert [item.name for item in found.input] == ["x"]
    assert "'none' of the model has an axis of length 0" in warnings[0]


def sequences():
    node = helper.make_node("SequenceConstruct", ["x"], ["y"])
    graph = helper.make_graph(
        [node],
        "graph",
        [helper.make_tensor_value_info("x", FLOAT, ["N"])],
        [helper.make_tensor_sequence_value_info("y", FLOAT, None)],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


def probabilities():
    """A classifier as skl2onnx writes it by default: a sequence of maps."""
    node = helper.make_node("ZipMap", ["x"], ["y"], domain="ai.onnx.ml", classlabels_int64s=[0, 1])
    entry = helper.make_map_type_proto(TensorProto.INT64, helper.make_tensor_type_proto(FLOAT, []))
    output = helper.make_value_info("y", helper.make_sequence_type_proto(entry))
    inputs = [helper.make_tensor_value_info("x", FLOAT, ["N", 2])]
    graph = helper.make_graph([node], "graph", inputs, [output])
    opsets = [helper.make_opsetid("", 17), helper.make_opsetid("ai.onnx.ml", 3)]
    return helper.make_model(graph, opset_imports=opsets, ir_version=8)


def constant():
    return model_of([helper.make_node("Constant", [], ["y"], value_floats=[1.0])], {}, {"y": (FLOAT, [1])})


@pytest.mark.parametrize(
    ("model", "words"),
    [
        (
            sequences(),
            "output 'y' of the model is of the type seq(tensor(float)); Triton serves only tensors",
        ),
        (probabilities(), "seq(map(int64,tensor(float)))"),
        (identity(["N"], TensorProto.BFLOAT16), "input 'x' of the model has elements of the type bfloat16"),
        (identity(None), "does not declare the shape of the input 'x'"),
        (identity([0, 3]), "axis of length 0"),
        (identity(["N"], name="x\0z"), "'x\\x00z'"),
        (constant(), "has no inputs"),
    ],
    ids=["sequence", "map", "bfloat16", "unknown rank", "empty axis", "NUL", "no input"],
)
def test_models_that_triton_cannot_serve_are_refused_with_the_reason(model, words):
    with pytest.raises(ModelError) as caught:
        configured(model)
    assert words in caught.value.message


def test_for_maps_the_hint_names_the_option_of_the_exporter():
    with pytest.raises(ModelError) as caught:
        configured(probabilities())
    assert "zipmap" in caught.value.hint


NAMES = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1, max_size=20)


@given(name=NAMES, result=NAMES)
@settings(max_examples=examples(200))
def test_any_name_in_a_graph_is_read_back_equal(name, result):
    found, _ = configured(identity(["N"], name=name, result=f"{result}'"))
    assert (found.input[0].name, found.output[0].name) == (name, f"{result}'")


@given(st.text())
@settings(max_examples=examples(200))
def test_quoted_text_is_one_line_of_printable_ascii(text):
    try:
        text.encode()
    except UnicodeEncodeError:
        return
    assert quoted(text).isascii()
    assert quoted(text).isprintable()
    assert parsed(f"name: {quoted(text)}").name == text


AXES = st.lists(st.one_of(st.integers(1, 9), st.sampled_from(["N", "M"])), max_size=4)


@given(shape=AXES, size=st.sampled_from([0, 8]))
@settings(max_examples=examples(100))
def test_any_shape_is_configured_as_triton_checks_it(shape, size):
    found, _ = configured(identity(shape), size)
    assert found.max_batch_size == (size if shape and isinstance(shape[0], str) else 0)


def test_tritonclient_reads_the_same():
    if CLIENTS is None:
        pytest.skip("FAIRREG_TEST_CLIENTS names no interpreter with tritonclient")
    made = [identity(["N", 3]), summed(["N"]), with_default(), identity(["N"], TensorProto.STRING)]
    made += [identity(["N"], name=name) for name in ('"', "\\", "\n\t'", "π\u202e", "\x7f\x01")]
    texts = []
    for model, size in [(model, size) for model in made for size in (0, 8)]:
        session = onnxruntime.InferenceSession(model.SerializeToString())
        config, _ = configure("m", session, max_batch_size=size, is_scalar=lambda _name: True)
        texts.append(config.to_text(["a remark"]))
    own = [parsed(text).SerializeToString(deterministic=True) for text in texts]
    assert read_by_tritonclient(texts) == own


@pytest.fixture
def home(settings):
    return settings


def test_a_recognised_network_is_written_by_its_package_and_batched(home, tmp_path):
    done = convert(home, str(hbb_in.REFERENCE), tmp_path / "models")
    folder = tmp_path / "models" / "reference"
    assert (done.folder, done.existing, done.warnings) == (folder, False, ())
    config = parsed((folder / "config.pbtxt").read_text("ascii"))
    check(config, onnxruntime.InferenceSession(folder / "1" / "model.onnx"))
    assert config.max_batch_size > 0
    # The graph would take fewer slots, whose last one has a meaning that clients do not know.
    assert [list(item.dims) for item in config.input] == [[30, 60], [14, 5]]
    assert 0 <= done.agreement.max_difference <= TOLERANCE
    assert "sample" in done.agreement.inputs
    assert models.recognise(folder / "1" / "model.onnx").fingerprint == done.opened.fingerprint


def test_a_network_of_fewer_features_is_compared_on_generated_inputs(home, tmp_path):
    from safetensors.numpy import save_file

    tensors = random_tensors(Hyperparameters(7, 5, 8, 4, 4))
    save_file(tensors, tmp_path / "small.safetensors")
    done = convert(home, str(tmp_path / "small.safetensors"), tmp_path / "models")
    assert [item.dims for item in done.config.inputs] == [(7, 60), (5, 5)]
    assert done.agreement.max_difference <= TOLERANCE
    assert "generated" in done.agreement.inputs


def test_a_foreign_graph_of_unknown_rows_is_copied_byte_by_byte_and_not_batched(home, tmp_path):
    path = saved(written("y = Softmax<axis=0>(x)"), tmp_path / "tagger v1.onnx")
    done = convert(home, str(path), tmp_path / "models")
    assert done.config.name == "tagger_v1"
    assert (done.folder / "1" / "model.onnx").read_bytes() == path.read_bytes()
    assert done.config.max_batch_size == 0
    assert any("not known to be independent" in warning for warning in done.warnings)
    assert done.agreement.max_difference == 0
    assert {item.path: item.sha256 for item in done.files} == {
        "config.pbtxt": digest(done.folder / "config.pbtxt"),
        "1/model.onnx": digest(path),
    }


def test_a_batch_axis_is_known_of_packages_networks_and_of_proven_graphs(tmp_path):
    known = [open_file(hbb_in.REFERENCE, None, tmp_path)]
    for number, graph in enumerate((written("y = Relu(x)"), written("y = Softmax<axis=0>(x)"))):
        known.append(open_file(saved(graph, tmp_path / f"{number}.onnx"), None, tmp_path))
    assert [known_batch_axis(opened) for opened in known] == [True, True, False]


def test_a_proven_graph_is_batched(home, tmp_path):
    done = convert(home, str(saved(written("y = Relu(x)"), tmp_path / "m.onnx")), tmp_path / "models")
    assert done.config.max_batch_size == 128


def test_the_same_conversion_again_changes_nothing(home, tmp_path):
    path = saved(identity(["N", 3]), tmp_path / "m.onnx")
    first = convert(home, str(path), tmp_path / "models")
    times = {item: (first.folder / item.path).stat().st_mtime_ns for item in first.files}
    second = convert(home, str(path), tmp_path / "models")
    assert (second.existing, second.files) == (True, first.files)
    assert {item: (first.folder / item.path).stat().st_mtime_ns for item in first.files} == times


def test_a_folder_with_other_content_is_refused_and_kept(home, tmp_path):
    path = saved(identity(["N", 3]), tmp_path / "m.onnx")
    other = tmp_path / "models" / "m" / "1" / "model.onnx"
    other.parent.mkdir(parents=True)
    other.write_bytes(b"mine")
    with pytest.raises(UsageError, match="has other content"):
        convert(home, str(path), tmp_path / "models")
    assert [item for item in (tmp_path / "models").rglob("*") if item.is_file()] == [other]
    assert other.read_bytes() == b"mine"


def test_an_empty_folder_is_filled(home, tmp_path):
    path = saved(identity(["N", 3]), tmp_path / "m.onnx")
    (tmp_path / "models" / "m").mkdir(parents=True)
    done = convert(home, str(path), tmp_path / "models")
    assert not done.existing
    assert (done.folder / "1" / "model.onnx").is_file()


def test_the_suffix_of_an_onnx_file_does_not_matter(home, tmp_path):
    path = tmp_path / "m.json"
    path.write_bytes(identity(["N", 3]).SerializeToString())
    assert convert(home, str(path), tmp_path / "models").agreement.max_difference == 0


@pytest.mark.parametrize("fault", [KeyboardInterrupt, ModelError])
def test_nothing_is_left_after_an_interrupt_or_a_failure(home, tmp_path, monkeypatch, fault):
    path = saved(identity(["N", 3]), tmp_path / "m.onnx")

    def agreement(*_arguments):
        raise fault("stop")

    monkeypatch.setattr(service, "agreement", agreement)
    with pytest.raises(fault):
        convert(home, str(path), tmp_path / "deep" / "models")
    assert sorted(item for item in tmp_path.iterdir() if item != home.home) == [path]


def test_the_folder_may_hold_other_models(home, tmp_path):
    path = saved(identity(["N", 3]), tmp_path / "m.onnx")
    for name in ("first", "second"):
        convert(home, str(path), tmp_path / "models", name=name)
    assert sorted(item.name for item in (tmp_path / "models").iterdir()) == ["first", "second"]


@pytest.mark.parametrize("name", ["", "a/b", "..", ".hidden", "a b", "ü", "a\n", "x" * 101])
def test_a_name_that_is_no_plain_folder_is_refused_before_anything_is_read(home, tmp_path, name):
    with pytest.raises(UsageError, match="not a name for a model in Triton"):
        convert(home, str(tmp_path / "missing.onnx"), tmp_path / "models", name=name)
    assert not (tmp_path / "models").exists()


def test_a_file_in_the_place_of_the_folder_is_refused(home, tmp_path):
    path = saved(identity(["N", 3]), tmp_path / "m.onnx")
    with pytest.raises(UsageError, match="is not a folder"):
        convert(home, str(path), path)


def test_a_folder_that_cannot_be_made_is_said(home, tmp_path):
    path = saved(identity(["N", 3]), tmp_path / "m.onnx")
    with pytest.raises(FairregError, match="cannot be written"):
        convert(home, str(path), path / "models")


def test_a_model_that_fails_on_generated_inputs_is_written_and_the_reason_is_said(home, tmp_path):
    weights = numpy_helper.from_array(np.ones(1, np.float32), "w")
    node = helper.make_node("Gather", ["w", "x"], ["y"])
    model = model_of([node], {"x": (TensorProto.INT64, ["N"])}, {"y": (FLOAT, ["N"])}, [weights])
    done = convert(home, str(saved(model, tmp_path / "m.onnx")), tmp_path / "models")
    assert done.agreement.max_difference is None
    assert "could not run" in done.agreement.reason
    assert any("were not compared" in warning for warning in done.warnings)


def test_inputs_that_are_too_large_are_not_made(home, tmp_path):
    path = saved(summed([10**6, 10**6]), tmp_path / "m.onnx")
    done = convert(home, str(path), tmp_path / "models")
    assert "1000000000000 elements" in done.agreement.reason


class Numbers(Runner):
    """Gives one number after another, whatever the input."""

    def __init__(self, values):
        tensors = [(Tensor(name=name, dtype="float32", shape=(1,)),) for name in ("x", "y")]
        super().__init__("numbers", *tensors)
        self._values = iter(values)

    def compute(self, arrays):
        return {"y": np.array([next(self._values)], np.float32)}


def test_a_model_that_differs_from_its_source_is_refused():
    with pytest.raises(ModelError, match=r"differs from its source by 1\.0e\+00"):
        agreement(Numbers([1, 1]), Numbers([2]), None)


def test_a_model_that_differs_from_itself_is_called_not_deterministic():
    found = agreement(Numbers(count()), Numbers([5]), None)
    assert found.max_difference is None
    assert "not deterministic" in found.reason


def test_the_tolerance_grows_with_the_values():
    assert agreement(Numbers([1e6]), Numbers([1e6 + 1]), None).max_difference == 1


@pytest.mark.parametrize(
    ("first", "second", "wanted"),
    [
        ([1.0, 2.0], [1.0, 2.5], 0.5),
        ([np.nan, np.inf], [np.nan, np.inf], 0),
        ([np.nan], [1.0], np.inf),
        ([np.inf], [-np.inf], np.inf),
        ([1, 2], [1, 5], 3),
        ([-(2**63), 0], [2**63 - 1, 0], 2.0**64),
        ([True], [False], 1),
        (["a"], ["a"], 0),
        (["a"], ["b"], np.inf),
        ([1.0], [1], np.inf),
        ([1.0], [[1.0]], np.inf),
        ([], [], 0),
    ],
)
def test_difference_of_arrays(first, second, wanted):
    assert difference(np.array(first), np.array(second)) == wanted


def external(path, location):
    """A model whose weights are in a side file; its path."""
    weights = numpy_helper.from_array(np.arange(3, dtype=np.float32), "w")
    node = helper.make_node("Add", ["x", "w"], ["y"])
    model = model_of([node], {"x": (FLOAT, ["N", 3])}, {"y": (FLOAT, ["N", 3])}, [weights])
    tensor = model.graph.initializer[0]
    content, tensor.raw_data = tensor.raw_data, b""
    tensor.data_location = TensorProto.EXTERNAL
    tensor.external_data.add(key="location", value=location)
    path.parent.mkdir(parents=True, exist_ok=True)
    side = path.parent / location
    side.parent.mkdir(parents=True, exist_ok=True)
    side.write_bytes(content)
    path.write_bytes(model.SerializeToString())
    return path


def opened(path):
    class Opened(Numbers):
        name = "onnx"

    runner = Opened([])
    runner.name = "onnx"
    return LoadedModel(runner, path, None)


@pytest.mark.parametrize("location", ["model.onnx.data", "weights/all.bin"])
def test_side_files_are_copied_beside_the_model(tmp_path, location):
    path = external(tmp_path / "source" / "net.onnx", location)
    (tmp_path / "target").mkdir()
    write_onnx(opened(path), tmp_path / "target")
    assert (tmp_path / "target" / location).read_bytes() == (path.parent / location).read_bytes()
    session = onnxruntime.InferenceSession(tmp_path / "target" / "model.onnx")
    np.testing.assert_array_equal(session.run(None, {"x": np.zeros((1, 3), np.float32)})[0], [[0, 1, 2]])


@pytest.mark.parametrize("location", ["../secret.bin", "/etc/hostname", "link.bin"])
def test_side_files_outside_the_folder_are_refused(tmp_path, location):
    path = external(tmp_path / "source" / "net.onnx", "all.bin")
    (tmp_path / "secret.bin").write_bytes(bytes(12))
    (path.parent / "link.bin").symlink_to(tmp_path / "secret.bin")
    model = onnx.load_model(path, load_external_data=False)
    model.graph.initializer[0].external_data[0].value = location
    path.write_bytes(model.SerializeToString())
    (tmp_path / "target").mkdir()
    with pytest.raises(SecurityRefusal, match=r"keeps (its tensor 'w'|tensors) in"):
        write_onnx(opened(path), tmp_path / "target")


def test_a_side_file_with_the_name_of_the_model_is_refused(tmp_path):
    path = external(tmp_path / "source" / "net.onnx", "model.onnx")
    (tmp_path / "target").mkdir()
    with pytest.raises(ModelError, match="the name of the model itself"):
        write_onnx(opened(path), tmp_path / "target")


def test_a_model_of_another_runtime_is_not_converted(tmp_path):
    (tmp_path / "line.npz").write_bytes(b"PK")
    with pytest.raises(ModelError, match="is not an ONNX model"):
        write_onnx(LoadedModel(Numbers([]), tmp_path / "line.npz", None), tmp_path)


def test_a_model_package_that_writes_no_onnx_is_named(monkeypatch, tmp_path):
    monkeypatch.delattr(hbb_in, "onnx_graph")
    with pytest.raises(ModelError, match="hbb_in does not write its networks as ONNX"):
        models.onnx_graph(models.recognise(hbb_in.REFERENCE))


@pytest.mark.parametrize("values", [[np.nan, np.nan], []])
def test_outputs_without_a_finite_number_are_not_said_to_agree(values):
    found = compare(Numbers([]), {}, {"y": np.array(values)}, {"y": np.array(values)}, "generated inputs")
    assert found.max_difference is None
    assert "no finite number" in found.reason
