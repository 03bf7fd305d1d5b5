# SPDX-License-Identifier: MIT
"""Evidence of runs on published test vectors: two runtimes, each held to the vectors and to the other."""

import numpy as np
import pytest
from onnx import helper

from fairreg.assessment.report import assess as judge
from fairreg.registry import Registry
from fairreg.runners import onnx
from fairreg.services.assess.assess import gather
from fairreg.services.assess.vector_trials import _fact, _trial
from fairreg.services.registry import db
from fairreg.services.run.vectors.found import beside
from fairreg.services.run.vectors.probe import ProbeRequest, answers
from fairreg.services.run.vectors.run import check_vectors
from support import zenodo_files
from support.small_graphs import model, tensor
from support.vectors import X, npz, project, scaled

pytestmark = pytest.mark.engines("sqlite")


@pytest.fixture
def evidence(settings, httpserver):
    """Gather the evidence of a record with these files."""
    db.ensure(settings, lambda _line: None)

    def run(files):
        pid = zenodo_files.serve(httpserver, files.items())
        with Registry(settings=settings) as registry:
            return gather(settings, pid, offline=False, log=lambda _line: None, registry=registry)

    return run


def judged(evidence):
    report = judge(evidence)
    items = (item for part in report.principles.values() for item in part.indicators)
    return {item.id: item for item in items}


def test_two_runtimes_run_a_model_on_its_vectors_and_agree(evidence):
    found = evidence(project())
    (fact,) = found.models
    assert (fact.ran, fact.runtimes, fact.detail) == (True, ("onnx", "onnx-reference"), None)
    items = judged(found)
    assert items["I1-4"].verdict == "pass"
    assert any("tests/vectors/" in str(cited) for cited in items["R3-3"].evidence)


def test_a_model_that_gives_other_numbers_than_its_authors_is_not_said_to_agree(evidence):
    found = evidence(project(expected=2 * X + 1))
    (fact,) = found.models
    assert (fact.ran, fact.runtimes) == (True, ())
    assert fact.detail == "onnx differs from the published outputs by 1 in 'y'"
    assert judged(found)["I1-4"].verdict == "partial"


@pytest.mark.parametrize("kind", ["empty", "wide", "nan", "none"])
def test_a_run_that_is_compared_with_nothing_is_no_agreement(tmp_path, kind):
    x, tolerance = {"empty": X[:0], "nan": X * np.nan}.get(kind, X), 1e300 if kind == "wide" else 1e-5
    files = project(2 * x + (kind == "wide")) | {
        "tests/vectors/inputs.npz": npz(x=x),
        "tests/vectors/tolerance.json": f'{{"y": {tolerance}}}'.encode(),
    }
    if kind == "none":
        del files["tests/vectors/outputs.npz"]
        files["tests/vectors/outputs.json"] = b"{}"
    for name, content in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(content)
    request = ProbeRequest(
        "models/toy.onnx", ["models/toy.onnx"], {name: str(tmp_path / name) for name in files}
    )
    assert [(item.ran, item.agrees) for item in answers(request)] == [(True, False)] * 2
    run = check_vectors(onnx.load(tmp_path / "models/toy.onnx"), beside(tmp_path / "models/toy.onnx").sets)
    assert run.agrees is None
    assert "not compared" in run.verdict
    assert "not compared" in run.sets[0].note


def test_each_output_is_judged_by_itself(tmp_path):
    """One that agrees by a tolerance of anything is not vouched for by another one that is measured."""
    nodes = [helper.make_node("Relu", ["x"], ["y"]), helper.make_node("Neg", ["x"], ["z"])]
    ends = {name: tensor(name, shape=["items", 3]) for name in "xyz"}
    (tmp_path / "tests" / "vectors").mkdir(parents=True)
    (tmp_path / "model.onnx").write_bytes(model(nodes, [ends["x"]], [ends["y"], ends["z"]], opset=17, ir=8))
    beside_it = tmp_path / "tests" / "vectors"
    (beside_it / "inputs.npz").write_bytes(npz(x=X))
    (beside_it / "outputs.npz").write_bytes(npz(y=X, z=11 - X))
    (beside_it / "tolerance.json").write_text('{"y": 1e-5, "z": 1e9}')
    found = beside(tmp_path / "model.onnx")
    run = check_vectors(onnx.load(tmp_path / "model.onnx"), found.sets)
    assert (run.agrees, run.fault, [item.name for item in run.checks]) == (None, None, ["y"])
    assert run.verdict.startswith("The model ran; its outputs were not compared: the tolerance of 'z'")
    assert run.to_json()["agrees"] is None
    files = {name: str(path) for name, path in found.files.items()}
    told = list(answers(ProbeRequest("model.onnx", ["model.onnx"], files)))
    assert [(item.ran, item.agrees) for item in told] == [(True, False)] * 2
    assert "is compared in 'z' by a tolerance that is too wide" in told[0].detail


def test_without_vectors_no_run_is_tried(evidence):
    (fact,) = evidence({"toy.onnx": scaled()}).models
    assert (fact.ran, fact.runtimes) == (None, ())


def test_an_operator_that_only_one_runtime_knows_leaves_one(evidence):
    gelu = model(
        [helper.make_node("QuickGelu", ["x"], ["y"], domain="com.microsoft")],
        [tensor("x", shape=["items", 3])],
        [tensor("y", shape=["items", 3])],
        opset=17,
        ir=8,
        domains=(("com.microsoft", 1),),
    )
    alpha = np.float32(1.702)
    expected = X / (1 + np.exp(-alpha * X))
    (fact,) = evidence(project(expected) | {"models/toy.onnx": gelu}).models
    assert fact.ran is True
    assert fact.runtimes == ("onnx",)
    assert "onnx-reference does not run it" in fact.detail


def test_vectors_that_cannot_be_read_are_the_detail(evidence):
    found = evidence(project() | {"tests/vectors/inputs.npz": npz(x=np.array([{}], dtype=object))})
    (fact,) = found.models
    assert (fact.ran, fact.runtimes) == (False, ())
    assert "cannot be used" in fact.detail or "not read" in fact.detail


def test_a_trial_that_is_ended_keeps_the_answers_before_it():
    answer = b'{"runtime":"onnx","ran":true,"agrees":true}\n'
    assert _fact(answer + b'{"runti', "It ended.") == (True, ("onnx",), "It ended.")
    assert _fact(b"", "It ended.") == (None, (), "It ended.")


def test_a_trial_whose_process_fails_is_no_verdict():
    fact = _trial(ProbeRequest("missing.onnx", [], {}))
    assert (fact.ran, fact.runtimes) == (None, ())
    assert "ended early (exit 1)" in fact.detail


def test_a_graph_without_end_is_ended_by_its_limits(evidence, monkeypatch):
    monkeypatch.setattr("fairreg.services.assess.vector_trials.PATIENCE", 1)
    body = helper.make_graph(
        [helper.make_node("Identity", ["go"], ["on"]), helper.make_node("Identity", ["v"], ["w"])],
        "body",
        [tensor("i", "INT64", []), tensor("go", "BOOL", []), tensor("v", shape=["items", 3])],
        [tensor("on", "BOOL", []), tensor("w", shape=["items", 3])],
    )
    true = helper.make_tensor("true", 9, [], [True])
    endless = model(
        [helper.make_node("Loop", ["", "true", "x"], ["y"], body=body)],
        [tensor("x", shape=["items", 3])],
        [tensor("y", shape=["items", 3])],
        initializers=[true],
        opset=17,
        ir=8,
        domains=(),
    )
    (fact,) = evidence(project() | {"models/toy.onnx": endless}).models
    assert (fact.ran, fact.runtimes) == (None, ())
    assert "did not finish within 1 s" in fact.detail
