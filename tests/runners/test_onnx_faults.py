# SPDX-License-Identifier: MIT
"""A model that onnxruntime does not load is refused with the reason, and the release that would load it."""

import re
import time
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import helper

from fairreg.errors import ModelError
from fairreg.runners import _onnx_faults as faults
from fairreg.runners.onnx import load
from support.small_graphs import identity, model, tensor

ENDS = [tensor("x")], [tensor("y")]


def refusal(content):
    with pytest.raises(ModelError) as caught:
        load(content)
    return caught.value


def operator(name, domain="", domains=()):
    return model([helper.make_node(name, ["x"], ["y"], domain=domain)], *ENDS, domains=domains)


def test_the_table_agrees_with_theengine_version_release():
    version = faults._numbers(onnxruntime.__version__)
    row = [item for item in faults.RELEASES if faults._numbers(item.version) <= version[:2]][-1]
    future = {"opset": {"opset": 99}, "ml_opset": {"domains": (("ai.onnx.ml", 99),)}, "ir": {"ir": 99}}
    for limit, options in future.items():
        said = refusal(identity(tensor("x"), tensor("y"), **options)).message
        newest = int(said.rpartition(" ")[2].removesuffix("."))
        # A release that is newer than the table may read more.
        assert (
            newest == getattr(row, limit)
            if version[:2] == faults._numbers(row.version)
            else newest >= getattr(row, limit)
        )


@pytest.mark.parametrize(
    ("message", "said", "release"),
    [
        ("Unsupported model IR version: 13, max supported IR version: 10", "IR version 13 of ONNX", "1.25"),
        (
            "Opset 26 is under development. Current official support for domain ai.onnx is till opset 22.",
            "version 26 of the operator set ai.onnx",
            "1.25",
        ),
    ],
)
def test_a_model_that_is_too_new_names_the_release_that_reads_it(monkeypatch, message, said, release):
    monkeypatch.setattr(faults, "engine_version", lambda: "1.22.1")
    proto = onnx.ModelProto.FromString(identity(*(item[0] for item in ENDS), opset=26, ir=13))
    fault = faults.load_fault(RuntimeError(message), "new.onnx", proto)
    assert said in fault.message
    assert "onnxruntime 1.22.1 reads at most" in fault.message
    assert fault.hint == f"It needs onnxruntime {release} or newer: pip install 'onnxruntime>={release}'."


def test_a_model_that_no_known_release_reads_says_so():
    fault = refusal(identity(tensor("x"), tensor("y"), ir=99))
    assert fault.message.startswith("The model is in IR version 99 of ONNX; onnxruntime ")
    assert f"No onnxruntime up to {faults.RELEASES[-1].version} reads it" in fault.hint


def test_an_operator_of_a_library_is_named_with_its_domain():
    fault = refusal(operator("Vertexing", "org.example", [("org.example", 1)]))
    assert "the operator Vertexing of the domain org.example, which is not part of ONNX" in fault.message
    assert "fairreg does not load" in fault.hint


def test_a_domain_without_a_version_is_named():
    assert "the domain 'org.example', but does not state" in refusal(operator("A", "org.example")).message


def test_an_unknown_operator_of_onnxruntime_is_named():
    fault = refusal(operator("Unheard", "com.microsoft", [("com.microsoft", 1)]))
    assert "the operator Unheard of the domain com.microsoft, which onnxruntime" in fault.message


def test_an_unknown_operator_of_onnx_is_named_with_the_version():
    said = refusal(operator("Unheard")).message
    assert "the operator Unheard, which onnxruntime" in said
    assert "in version 21 of the operator set ai.onnx" in said


def test_an_operator_without_an_implementation_for_the_types_is_named():
    node = helper.make_node("Cast", ["x"], ["y"], to=onnx.TensorProto.FLOAT8E4M3FN)
    content = model([node], [tensor("x", "FLOAT8E4M3FN")], [tensor("y", "FLOAT8E4M3FN")], opset=24, ir=10)
    error = RuntimeError("Could not find an implementation for Cast(24) node with name ''")
    fault = faults.load_fault(error, "small.onnx", onnx.ModelProto.FromString(content))
    assert "version 24 of the operator Cast, which onnxruntime" in fault.message


@pytest.mark.parametrize(
    ("message", "shown"),
    [
        ("[ONNXRuntimeError] : 1 : FAIL : Node () is wrong", "Node () is wrong"),
        (
            "[ONNXRuntimeError] : 1 : FAIL : /a/model.cc:245 Model::Model(onnx::Proto&&, int) Missing opset",
            "Missing opset",
        ),
        (
            "[ONNXRuntimeError] : 6 : X : Exception during loading: /b.cc:2 f()::<lambda()> No locale\nmore",
            "No locale",
        ),
        ("", "RuntimeError"),
        (
            (
                "[ONNXRuntimeError] : 1 : FAIL : While running Expand node. Name:'' Status Message: "
                "/a/op.cc:87 virtual OrtValue* onnxruntime::C::Out(int, const onnxruntime::S&) "
                "[ONNXRuntimeError] : 1 : FAIL : "
                "tensor.cc:57 Calculate Tensor shape.Size() must be >= 0"
            ),
            "While running Expand node. Name:'' Status Message: Tensor shape.Size() must be >= 0",
        ),
        (
            (
                "[ONNXRuntimeError] : 1 : FAIL : Status Message: /a/safeint.h:17 "
                "static void H<o::E>::Over() Overflow"
            ),
            "Overflow",
        ),
        (
            (
                "Name:'/a/b' Status Message: /a/h.h:91 o::H::H(const o::S&, bool) "
                "size == other_size was false. No (4)"
            ),
            "Name:'/a/b' Status Message: No (4)",
        ),
        ("matmul_helper.h:59 Compute MatMul dimension mismatch (2)", "MatMul dimension mismatch (2)"),
        ("The file /a/b.onnx (1) is odd", "The file /a/b.onnx (1) is odd"),
    ],
)
def test_a_reason_is_shown_without_the_place_in_the_engines_source(message, shown):
    assert faults.reason(RuntimeError(message)) == shown


def test_the_page_about_onnx_has_the_table_of_releases():
    page = (Path(__file__).parents[2] / "docs" / "onnx.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| (\d+\.\d+)[^|]*\| (\d+) \| (\d+) \|$", page, re.MULTILINE)
    assert rows == [(item.version, str(item.opset), str(item.ir)) for item in faults.RELEASES]


def test_a_model_of_an_old_operator_set_is_to_be_converted():
    """Relu has other element types in version 1, so that its reason looked like one of element types."""
    node = helper.make_node("Relu", ["x"], ["y"], consumed_inputs=[0])
    said = refusal(model([node], *ENDS, opset=1))
    assert "is in version 1 of the operator set ai.onnx" in said.message
    converted = onnx.version_converter.convert_version(
        onnx.ModelProto.FromString(model([node], *ENDS, opset=1)), 13
    )
    assert load(converted.SerializeToString()).inputs


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"Not found: the model was moved.", "a text file"),
        (b"PK\x03\x04" + bytes(60), "a zip archive"),
    ],
)
def test_another_file_under_the_name_of_a_model_is_called_what_it_is(content, said):
    fault = refusal(content)
    assert "not a valid ONNX model" in fault.message
    assert said in (fault.hint or "")


def test_a_damaged_model_is_not_called_anything_else():
    assert refusal(identity(*(item[0] for item in ENDS))[:-9]).hint is None


def test_a_name_that_is_not_utf_8_is_said():
    content = identity(tensor("x"), tensor("y"))
    for name in (b"small", b"x"):
        spoiled = content.replace(bytes([len(name)]) + name, bytes([len(name)]) + b"\x91" + name[1:])
        assert spoiled != content
        assert "is not UTF-8" in refusal(spoiled).message


@pytest.mark.parametrize("shape", [[-5], [2**40, 2**40]], ids=["negative", "huge"])
def test_a_run_that_fails_is_told_without_the_place_in_the_engines_source(shape):
    node = helper.make_node("Expand", ["x", "shape"], ["y"])
    given = [tensor("x", shape=[1]), tensor("shape", "INT64", ["N"])]
    runner = load(model([node], given, [tensor("y", shape=["A", "B"])]))
    with pytest.raises(ModelError, match="Expand node") as caught:
        runner.run({"x": np.zeros(1, np.float32), "shape": np.array(shape)})
    said = caught.value.message
    assert [word for word in ("onnxruntime_src", "::", ".cc:", ".h:") if word in said] == []


@pytest.mark.parametrize("text", ["/a:1 (x)" + "bbbb(x)" * 300 + "(", "/" * 20_000, "a.cc:1 " * 5_000])
def test_the_reason_of_a_failure_takes_no_longer_for_a_text_that_a_model_chose(text):
    before = time.process_time()
    assert len(faults.reason(RuntimeError(text))) <= 2000
    assert time.process_time() - before < 0.5
