# SPDX-License-Identifier: MIT
"""ONNX models of old operator sets, upgraded with onnx's version converter."""

import random
from contextlib import suppress
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from fairreg import runners
from fairreg.errors import ModelError, SecurityRefusal
from fairreg.runners.converters import opset
from fairreg.runners.converters.opset import isolation
from fairreg.storage.recognition import describe

RANDOM = np.random.default_rng(3)
WEIGHT, BIAS = RANDOM.normal(size=(4, 3)).astype(np.float32), RANDOM.normal(size=3).astype(np.float32)
ROWS = RANDOM.normal(size=(7, 4)).astype(np.float32)


def gemm(rows: int | str = "rows"):
    """The network of the published files: Gemm of version 6, whose bias needs `broadcast`."""
    return graph(
        [
            helper.make_node("Gemm", ["x", "W", "B"], ["g"], broadcast=1),
            helper.make_node("Relu", ["g"], ["y"]),
        ],
        [("x", [rows, 4])],
        {"W": WEIGHT, "B": BIAS},
        outputs=[("y", [rows, 3])],
    )


def graph(nodes, inputs, held=None, outputs=(("y", None),), version=6, ir=3, **other):
    """A model; before IR version 4 its initializers are inputs too."""
    tensors = [numpy_helper.from_array(np.asarray(value), name) for name, value in (held or {}).items()]
    taken = [helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name, shape in inputs]
    if ir < 4:
        taken += [
            helper.make_tensor_value_info(item.name, item.data_type, list(item.dims)) for item in tensors
        ]
    given = [helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name, shape in outputs]
    body = helper.make_graph(nodes, "old", taken, given, tensors)
    return helper.make_model(body, opset_imports=[helper.make_opsetid("", version)], ir_version=ir, **other)


@pytest.fixture
def upgraded(tmp_path):
    def convert(model):
        path = tmp_path / "old.onnx"
        path.write_bytes(model if isinstance(model, bytes) else model.SerializeToString())
        return opset.convert(path)

    return convert


@pytest.fixture
def refused(upgraded):
    def message(model) -> str:
        with pytest.raises(ModelError) as caught:
            upgraded(model)
        assert caught.value.message.isprintable()
        return caught.value.message

    return message


@pytest.mark.sliced(3)
@pytest.mark.parametrize("rows", ["rows", 7, None])
def test_a_gemm_with_broadcast_runs_after_the_upgrade(upgraded, rows):
    model = gemm(rows)
    with pytest.raises(ModelError, match="version 6"):
        runners.load("onnx", model.SerializeToString())
    found = upgraded(model)
    runner = runners.load("onnx", found.model)
    np.testing.assert_allclose(runner.run({"x": ROWS})["y"], np.maximum(ROWS @ WEIGHT + BIAS, 0), rtol=1e-5)
    assert found.runtime is None
    assert found.original == "ONNX, operator set 6"
    assert "version 6 of the operator set ai.onnx became version 17" in found.remarks[0].lower()
    assert "onnx's reference implementation of the original" in found.checked


def test_names_shapes_initializers_and_metadata_stay(upgraded):
    model = gemm()
    helper.set_model_props(model, {"licence": "MIT"})
    found = onnx.load_from_string(upgraded(model).model)
    onnx.checker.check_model(found, full_check=True)
    assert [item.name for item in found.graph.input] == ["x"]
    assert found.graph.output == model.graph.output
    assert found.graph.input[0] == model.graph.input[0]
    held = {item.name: numpy_helper.to_array(item) for item in found.graph.initializer}
    np.testing.assert_array_equal(held["W"], WEIGHT)
    np.testing.assert_array_equal(held["B"], BIAS)
    assert {item.key: item.value for item in found.metadata_props} == {"licence": "MIT"}
    assert (found.ir_version, found.opset_import[0].version) == (8, opset.TARGET)


def test_a_model_that_onnxruntime_runs_is_left_to_its_comparison(upgraded):
    node = helper.make_node("Softmax", ["x"], ["y"], axis=1)
    model = graph([node], [("x", ["rows", 3, 2])], version=11, ir=6)
    found = upgraded(model)
    assert found.runtime == "onnx"
    rows = RANDOM.normal(size=(5, 3, 2)).astype(np.float32)
    before, after = (
        runners.load("onnx", item).run({"x": rows})["y"] for item in (model.SerializeToString(), found.model)
    )
    np.testing.assert_allclose(before, after, atol=1e-7)


def test_operators_of_other_domains_stay(upgraded):
    nodes = [
        helper.make_node("Softmax", ["x"], ["s"], axis=1),
        helper.make_node("Scaler", ["s"], ["y"], domain="ai.onnx.ml", offset=[0.5], scale=[2.0]),
    ]
    model = graph(nodes, [("x", ["rows", 3])], version=11, ir=6)
    model.opset_import.append(helper.make_opsetid("ai.onnx.ml", 1))
    found = onnx.load_from_string(upgraded(model).model)
    assert [(item.domain, item.version) for item in found.opset_import] == [("", 17), ("ai.onnx.ml", 1)]
    assert found.graph.node[-1].op_type == "Scaler"


def test_graphs_inside_nodes_are_upgraded_too(upgraded):
    inner = [
        helper.make_graph(
            [helper.make_node(operator, ["x"], ["o"])],
            operator,
            [],
            [helper.make_tensor_value_info("o", 1, None)],
        )
        for operator in ("Softmax", "Identity")
    ]
    node = helper.make_node("If", ["c"], ["y"], then_branch=inner[0], else_branch=inner[1])
    condition = {"c": np.array(True)}
    model = graph([node], [("x", [5, 3, 2])], condition, version=11, ir=6)
    rows = RANDOM.normal(size=(5, 3, 2)).astype(np.float32)
    before, after = (
        runners.load("onnx", item).run({"x": rows})["y"]
        for item in (model.SerializeToString(), upgraded(model).model)
    )
    np.testing.assert_allclose(before, after, atol=1e-7)


def test_side_files_come_into_the_model(upgraded, tmp_path):
    model = gemm()
    onnx.save_model(
        model, tmp_path / "side.onnx", save_as_external_data=True, location="w.bin", size_threshold=0
    )
    assert (tmp_path / "w.bin").is_file()
    found = upgraded((tmp_path / "side.onnx").read_bytes()).model
    (tmp_path / "w.bin").unlink()
    assert runners.load("onnx", found).run({"x": ROWS})["y"].shape == (7, 3)


def test_side_files_outside_the_folder_are_refused(upgraded, tmp_path):
    model = gemm()
    tensor = model.graph.initializer[0]
    tensor.ClearField("raw_data")
    tensor.data_location = TensorProto.EXTERNAL
    tensor.external_data.add(key="location", value="../secret.bin")
    with pytest.raises(SecurityRefusal):
        upgraded(model)


@pytest.mark.parametrize("version", [17, 21])
def test_a_model_that_is_new_enough_is_not_touched(refused, version):
    node = helper.make_node("Relu", ["x"], ["y"])
    assert "no upgrade is needed" in refused(graph([node], [("x", [2])], version=version, ir=8))


def test_an_operator_that_the_converter_does_not_know_is_named(refused):
    node = helper.make_node("GivenTensorFill", ["x"], ["y"])
    message = refused(graph([node], [("x", [2])]))
    assert "GivenTensorFill" in message


def test_an_assertion_of_the_converter_is_told_without_its_source_file(refused):
    node = helper.make_node("Add", ["x", "B"], ["y"], broadcast=1, axis=1)
    message = refused(graph([node], [("x", [5, 3, 2])], {"B": BIAS}))
    assert "from version 6 to 17" in message
    assert ".cc" not in message
    assert "does not match dimension" in message


def test_what_depends_on_the_length_of_a_free_axis_is_refused(upgraded, monkeypatch):
    # A converter that writes a length which it was given into the graph.
    def writes_lengths(content: bytes, target: int) -> bytes:
        model = onnx.load_from_string(content)
        length = model.graph.input[0].type.tensor_type.shape.dim[0]
        if not length.dim_value:
            raise isolation.Fault("rows Dimension is a param instead of an int")
        model.graph.node[0].attribute.append(helper.make_attribute("length", length.dim_value))
        return model.SerializeToString()

    monkeypatch.setattr(isolation, "converted", writes_lengths)
    with pytest.raises(ModelError, match="depends on the lengths of the free axes"):
        upgraded(gemm())


def test_a_difference_to_the_reference_is_refused(upgraded, monkeypatch):
    genuine = isolation.converted

    def wrong(content: bytes, target: int) -> bytes:
        return genuine(content, target).replace(b"Relu", b"Tanh")

    monkeypatch.setattr(isolation, "converted", wrong)
    with pytest.raises(ModelError, match=r"differs by .* from onnx's reference implementation"):
        upgraded(gemm())


def test_changed_weights_are_noticed(upgraded, monkeypatch):
    genuine = isolation.converted

    def wrong(content: bytes, target: int) -> bytes:
        return genuine(content, target).replace(BIAS.tobytes(), (BIAS + 1).tobytes())

    monkeypatch.setattr(isolation, "converted", wrong)
    with pytest.raises(ModelError, match="changed its initializers"):
        upgraded(gemm())


@pytest.mark.parametrize(
    ("program", "words"),
    [
        ("import os; os.abort()", "it crashed"),
        ("import sys; sys.exit(3)", "it crashed (exit status 3)"),
        ("print('no JSON')", "its answer is damaged"),
        ("import time; time.sleep(60)", "it did not end within 0 s"),
    ],
)
def test_a_process_that_ends_badly_is_a_refusal(refused, monkeypatch, tmp_path, program, words):
    (tmp_path / "child.py").write_text(program)
    monkeypatch.setattr(isolation, "_PROGRAM", tmp_path / "child.py")
    if "within" in words:
        monkeypatch.setattr(isolation, "_SECONDS", 0)
    assert words in refused(gemm())


def test_functions_and_sparse_initializers_are_refused_by_name(refused):
    model = gemm()
    model.functions.add().name = "own"
    assert "functions of its own" in refused(model)
    model = gemm()
    model.graph.sparse_initializer.add()
    assert "sparse initializers" in refused(model)


@pytest.mark.parametrize("versions", [[], [6, 6], [0]])
def test_a_model_without_one_version_is_refused(refused, versions):
    model = gemm()
    del model.opset_import[:]
    model.opset_import.extend(helper.make_opsetid("", version) for version in versions)
    assert "does not state one version" in refused(model)


def test_the_converter_accepts_onnx_models(tmp_path):
    path = tmp_path / "a.onnx"
    path.write_bytes(gemm().SerializeToString())
    assert opset.accepts(describe(path))


def mutated(chance: random.Random) -> bytes:
    """An old model with nodes, attributes, types or bytes changed; some of them crash onnx's converter."""
    model = gemm(chance.choice(["rows", 7]))
    body = model.graph
    for _ in range(chance.randint(1, 3)):
        node, kind = chance.choice(body.node), chance.randrange(6)
        if kind == 0 and node.input:
            node.input[chance.randrange(len(node.input))] = chance.choice(["", "y", "nobody"])
        elif kind == 1:
            node.op_type = chance.choice(["Add", "Pad", "Upsample", "If", "Unsqueeze", "Dropout", "Foo"])
        elif kind == 2:
            name = chance.choice(["axes", "axis", "pads", "then_branch", "broadcast"])
            node.attribute.append(helper.make_attribute(name, chance.choice([99, [-9], "x", 1.5])))
        elif kind == 3:
            chance.choice(body.input).ClearField("type")
        elif kind == 4:
            chance.choice(body.initializer).dims.append(chance.choice([0, -1, 10**12]))
        else:
            del node.output[:]
    content = bytearray(model.SerializeToString())
    if chance.random() < 0.3:
        content[chance.randrange(len(content))] = chance.randrange(256)
    return bytes(content)


def check_mutants(path: Path, seeds) -> None:
    for seed in seeds:
        path.write_bytes(mutated(random.Random(seed)))
        with suppress(ModelError, SecurityRefusal):
            opset.convert(path)


def test_mutants_are_upgraded_or_refused(tmp_path):
    check_mutants(tmp_path / "a.onnx", range(3))


@pytest.mark.long
def test_many_mutants_are_upgraded_or_refused(tmp_path):
    check_mutants(tmp_path / "a.onnx", range(1000, 1500))
