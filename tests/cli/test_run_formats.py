# SPDX-License-Identifier: MIT
"""Files that other programs write: run by their engine, or converted to ONNX, from the command line."""

import json

import numpy as np
import onnx
import pytest

from fairreg import runners
from fairreg.errors import ModelError
from support import hub, tmva_files

pytestmark = pytest.mark.engines("sqlite")

ROWS = np.random.default_rng(1).normal(size=(40, 3)).astype(np.float32)


@pytest.fixture
def rows(tmp_path):
    np.savez(tmp_path / "rows.npz", input=ROWS)
    return tmp_path / "rows.npz"


@pytest.fixture(scope="module")
def booster():
    """A small classifier, trained here."""
    xgboost = pytest.importorskip("xgboost")
    labels = (ROWS[:, 0] + ROWS[:, 1] > 0).astype(int)
    data = xgboost.DMatrix(ROWS, labels)
    return xgboost.train({"objective": "binary:logistic", "max_depth": 2, "nthread": 1}, data, 3)


@pytest.fixture
def trees(tmp_path, booster):
    booster.save_model(tmp_path / "trees.json")
    return tmp_path / "trees.json"


@pytest.fixture
def forest(tmp_path):
    path = tmp_path / "bdt.weights.xml"
    trees = tmva_files.random_trees(np.random.default_rng(2), 5, 3)
    path.write_text(tmva_files.document(trees, variables=("pt", "eta", "phi")), encoding="utf-8")
    return path


def outputs(cli, model, rows, tmp_path, *more):
    result = cli("run", model, "--input", rows, "--output", tmp_path / "out.npz", "--json", *more)
    assert result.code == 0, result.err
    with np.load(tmp_path / "out.npz") as found:
        return result.json, dict(found)


def test_trees_run_on_their_own_engine_which_is_named(cli, trees, booster, rows, tmp_path):
    document, found = outputs(cli, trees, rows, tmp_path)
    assert document["runtime"] == "xgboost"
    assert document["engine"].startswith("XGBoost 3.")
    assert document["converted_from"] is None
    xgboost = pytest.importorskip("xgboost")
    np.testing.assert_array_equal(found["probabilities"][:, 1], booster.predict(xgboost.DMatrix(ROWS)))


def test_the_same_trees_run_as_onnx_where_that_is_asked_for(cli, trees, rows, tmp_path):
    _, own = outputs(cli, trees, rows, tmp_path)
    document, found = outputs(cli, trees, rows, tmp_path, "--runtime", "onnx")
    assert (document["runtime"], document["converted_from"]) == ("onnx", "XGBoost 3.2.0")
    assert any("fairreg convert" in line for line in document["warnings"])
    np.testing.assert_allclose(found["probabilities"], own["probabilities"], atol=1e-6)


def test_a_file_without_a_runner_runs_as_onnx_and_says_that_it_was_not_compared(cli, forest, rows, tmp_path):
    document, found = outputs(cli, forest, rows, tmp_path)
    assert document["runtime"] == "onnx"
    assert document["converted_from"].startswith("TMVA")
    assert any("not compared with it" in line for line in document["warnings"])
    assert found["response"].shape == (40, 1)


@pytest.mark.sliced(2)
@pytest.mark.parametrize("count", [1, 2])
def test_several_files_and_workers_give_the_same(cli, forest, rows, tmp_path, count):
    _, one = outputs(cli, forest, rows, tmp_path)
    other = tmp_path / "more.npz"
    np.savez(other, input=ROWS)
    result = cli(
        *("run", forest, "--input", rows, "--input", other, "--output", tmp_path / "many"),
        *("--workers", count, "--json"),
    )
    assert result.code == 0, result.err
    for name in ("rows", "more"):
        with np.load(tmp_path / "many" / f"{name}.npz") as found:
            np.testing.assert_array_equal(found["response"], one["response"])


def test_numbers_that_are_not_finite_are_counted_beside_the_range_of_the_others(cli, tmp_path):
    body = onnx.helper.make_graph(
        [onnx.helper.make_node("Identity", ["x"], ["y"])],
        "same",
        [onnx.helper.make_tensor_value_info("x", 1, ["rows", 2])],
        [onnx.helper.make_tensor_value_info("y", 1, ["rows", 2])],
    )
    model = onnx.helper.make_model(body, opset_imports=[onnx.helper.make_opsetid("", 17)], ir_version=8)
    (tmp_path / "same.onnx").write_bytes(model.SerializeToString())
    np.savez(tmp_path / "x.npz", x=np.array([[1, np.nan], [3, np.inf]], np.float32))
    assert ", 1 to 3, 2 not finite" in cli("run", tmp_path / "same.onnx", "--input", tmp_path / "x.npz").out


def test_torch_does_not_run_what_is_no_network_of_fairreg(cli, forest, rows):
    result = cli("run", forest, "--input", rows, "--runtime", "torch")
    assert result.code == 2
    assert "is a TMVA model (XML); torch does not run it" in result.err


def test_without_its_engine_the_pip_line_is_the_next_step(cli, trees, rows, monkeypatch):
    monkeypatch.setattr(runners.get("xgboost"), "available", lambda: False)
    result = cli("run", trees, "--input", rows, "--runtime", "xgboost")
    assert result.code == 1
    assert "xgboost is not installed." in result.err
    assert "pip install 'fairreg[xgboost]'" in result.err


def test_a_model_of_a_record_is_known_by_its_content(cli, httpserver, trees, rows, tmp_path):
    files = {"model/trees.json": trees.read_bytes(), "notes.json": b"{}", "README.md": b"# R"}
    pid = hub.serve(httpserver, "lab/trees", files)
    document, _ = outputs(cli, pid, rows, tmp_path)
    assert document["weights"]["file"] == "trees.json"
    assert document["weights"]["identifier"] == pid


def test_conversion_reports_agreement_with_the_engine_at_the_edges_too(cli, trees, tmp_path):
    target = tmp_path / "new" / "trees.onnx"
    result = cli("convert", trees, "--to", "onnx", "--output", target, "--json")
    assert result.code == 0, result.err
    document = result.json
    assert document["compared_with"].startswith("XGBoost 3.")
    inputs = [item["inputs"] for item in document["agreement"]]
    assert inputs[0] == "256 generated rows"
    assert inputs[1].endswith("rows at the edges")
    assert all(item["max_difference"] < 1e-6 for item in document["agreement"])
    assert document["opset"] == 17
    onnx.checker.check_model(onnx.load(target))
    again = cli("convert", trees, "--to", "onnx", "--output", target)
    assert again.code == 0
    assert "was there already" in again.err


def test_an_output_with_other_content_is_kept(cli, forest, tmp_path):
    (tmp_path / "mine.onnx").write_bytes(b"mine")
    result = cli("convert", forest, "--to", "onnx", "--output", tmp_path / "mine.onnx")
    assert result.code == 2
    assert (tmp_path / "mine.onnx").read_bytes() == b"mine"
    assert cli("convert", forest, "--to", "onnx", "--output", tmp_path).code == 2


def test_conversion_without_an_engine_says_so(cli, forest, tmp_path):
    result = cli("convert", forest, "--to", "onnx", "--output", tmp_path / "bdt.onnx")
    assert result.code == 0, result.err
    assert "Not compared with TMVA" in result.out


def test_an_engine_that_refuses_its_own_file_stops_no_conversion(cli, trees, tmp_path, monkeypatch):
    def refuse(*_, **__):
        raise ModelError("XGBoost says no.")

    monkeypatch.setattr(runners.get("xgboost"), "load", refuse)
    result = cli("convert", trees, "--to", "onnx", "--output", tmp_path / "trees.onnx")
    assert result.code == 0, result.err
    assert "Not compared: XGBoost says no." in result.out


def test_converted_trees_go_to_triton(cli, trees, tmp_path):
    result = cli("convert", trees, "--to", "triton", "--output", tmp_path / "models", "--json")
    assert result.code == 0, result.err
    assert result.json["agreement"]["max_difference"] < 1e-6
    assert (tmp_path / "models/trees/1/model.onnx").is_file()


def test_an_old_operator_set_is_upgraded_and_its_refusal_says_how(cli, tmp_path):
    values = {"x": (1, [2, 3]), "y": (1, [2, 2])}
    weights = [onnx.numpy_helper.from_array(np.ones((3, 2), np.float32), "w")]
    weights.append(onnx.numpy_helper.from_array(np.ones(2, np.float32), "b"))
    node = onnx.helper.make_node("Gemm", ["x", "w", "b"], ["y"], broadcast=1)
    infos = {name: onnx.helper.make_tensor_value_info(name, *about) for name, about in values.items()}
    inputs = [infos["x"], *(onnx.helper.make_tensor_value_info(w.name, 1, list(w.dims)) for w in weights)]
    body = onnx.helper.make_graph([node], "old", inputs, [infos["y"]], weights)
    model = onnx.helper.make_model(body, opset_imports=[onnx.helper.make_opsetid("", 6)], ir_version=3)
    (tmp_path / "old.onnx").write_bytes(model.SerializeToString())
    np.savez(tmp_path / "x.npz", x=np.ones((2, 3), np.float32))
    refused = cli("run", tmp_path / "old.onnx", "--input", tmp_path / "x.npz")
    assert refused.code == 1
    assert "--to onnx" in refused.err
    done = cli("convert", tmp_path / "old.onnx", "--to", "onnx", "--output", tmp_path / "new.onnx")
    assert done.code == 0, done.err
    assert "reference implementation" in done.out
    assert cli("run", tmp_path / "new.onnx", "--input", tmp_path / "x.npz").code == 0


def test_inspect_names_the_program_and_how_it_runs(cli, trees, forest):
    own = cli("inspect", trees, "--json").json["files"][0]
    assert own["runs"]["verdict"] == "runs"
    assert own["runs"]["runtime"] == "xgboost"
    made = cli("inspect", forest, "--json").json["files"][0]
    assert made["runs"]["converted_from"].startswith("TMVA")
    assert "converted from TMVA" in cli("inspect", forest).out
    assert json.dumps(made["inputs"])
