# SPDX-License-Identifier: MIT
"""Models that run on the test vectors published beside them: fetched from a local stand-in, or as files."""

import json

import numpy as np
import pytest

from support import hub, zenodo_files
from support.hbb import DOI
from support.vectors import X, npy, npz, onnx_tests, project, scaled, signature
from support.zenodo_files import packed

pytestmark = pytest.mark.engines("sqlite")


def put(folder, files):
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return folder


def test_a_published_model_of_an_unknown_network_gives_its_authors_numbers(fetch):
    result = fetch(project(), "--run")
    assert result.code == 0, result.err
    lines = {line.split("  ")[0]: line for line in result.out.splitlines()}
    assert "onnxruntime" in lines["Runtime"]
    assert "models/toy.onnx" in lines["Weights"]
    assert "4 of tests/vectors/inputs.npz" in lines["Test vectors"]
    assert "those of the authors: they differ by 0 at most, tolerance 1e-05." in " ".join(result.out.split())


def test_the_document_of_the_run_has_the_comparison(fetch):
    run = fetch(project(expected=2 * X + np.float32(2e-6)), "--run", "--json").json["run"]
    assert run["vectors"]["agrees"] is True
    assert 1e-6 < run["vectors"]["max_difference"] < 3e-6
    (found,) = run["vectors"]["sets"]
    assert (found["layout"], found["items"]) == ("vectors", 4)
    (output,) = found["outputs"]
    assert (output["name"], output["absolute_tolerance"], output["tolerance_stated"]) == ("y", 1e-5, True)
    assert run["weights"]["origin"] == "published"
    assert run["input"]["items"] == 4


def test_a_difference_beyond_the_tolerance_is_an_error_and_in_the_document(fetch, cli):
    shown = fetch(project(expected=2 * X + 0.5), "--run", "--json")
    assert shown.code == 1
    assert shown.json["run"]["vectors"]["agrees"] is False
    assert (
        "The output 'y' is not that of the authors: it differs by 0.5 at most, tolerance 1e-05." in shown.err
    )
    again = cli("run", DOI, "--json")
    assert (again.code, again.json["vectors"]["max_difference"]) == (1, 0.5)
    assert again.document == "run"


def test_a_packed_project_runs_from_its_archive(fetch, cli):
    result = fetch({"project.zip": packed(project())}, "--run", "--json")
    assert result.code == 0, result.err
    assert result.json["run"]["vectors"]["sets"][0]["files"][0] == "project.zip/tests/vectors/inputs.npz"
    assert cli("run", DOI).code == 0


def test_a_chosen_model_brings_its_vectors_along(cli, httpserver):
    pid = hub.serve(httpserver, "lab/toy", project() | {"README.md": b"# Toy", "data/x_input.npy": npy(X)})
    for words in (("run", pid), ("fetch", pid, "--run")):
        result = cli(*words, "--file", "models/toy.onnx", "--json")
        assert result.code == 0, result.err
    run = result.json["run"]
    assert run["vectors"]["agrees"] is True
    assert [item["name"] for item in result.json["files"]] == ["models/toy.onnx"]


def test_vectors_that_the_user_excludes_are_not_brought(fetch):
    result = fetch(project(), "--run", "--file", "*.onnx", "--exclude", "tests/*")
    assert result.code == 1
    assert "It has no test vectors" in result.err


@pytest.mark.parametrize("kept", ["tests/vectors/inputs.npz", "tests/vectors/outputs.npz", None])
def test_without_vectors_it_is_as_before_and_what_is_missing_is_named(fetch, cli, kept):
    files = project()
    for name in [name for name in files if name.startswith("tests/") and name != kept]:
        del files[name]
    result = fetch(files, "--run")
    assert result.code == 1
    assert "has a sample for" in result.err
    assert (f"there is only {kept}" if kept else "It has no test vectors") in result.err
    run = cli("run", DOI)
    assert run.code == 2
    assert "There are no test vectors beside models/toy.onnx" in run.err
    assert "--input FILE" in run.err
    assert (kept or "toy.onnx") in run.err


def test_of_several_models_the_one_that_the_signature_names_runs(fetch):
    more = {"models/other.onnx": scaled(3.0), "models/third.onnx": scaled(4.0)}
    result = fetch(project() | more, "--run", "--json")
    assert result.code == 0, result.err
    assert result.json["run"]["weights"]["file"] == "models/toy.onnx"


def test_vectors_in_folders_named_like_the_models_belong_to_these(fetch, cli):
    files = {"a.onnx": scaled(2.0), "b.onnx": scaled(3.0)}
    for name, factor in (("a", 2), ("b", 3)):
        files |= {
            f"tests/vectors/{name}/{side}.npz": npz(**arrays)
            for side, arrays in (("inputs", {"x": X}), ("outputs", {"y": factor * X}))
        }
    result = fetch(files, "--run")
    assert result.code == 1
    assert "has several models: a.onnx, b.onnx" in result.err
    for name in ("a", "b"):
        run = cli("run", DOI, "--file", f"{name}.onnx", "--json")
        assert run.code == 0, run.err
        assert run.json["vectors"]["sets"][0]["files"][0] == f"tests/vectors/{name}/inputs.npz"


def test_a_local_model_runs_on_the_vectors_of_its_project(cli, tmp_path):
    put(tmp_path, project())
    for name in ("models/toy.onnx", "toy.onnx"):
        put(tmp_path, {name: scaled()})
        result = cli("run", tmp_path / name, "--json")
        assert result.code == 0, result.err
        assert result.json["vectors"]["agrees"] is True
        assert result.json["files"][0]["outputs"] == [{"name": "y", "dtype": "float32", "shape": [4, 3]}]


def test_vectors_of_another_model_are_not_those_of_the_one_that_runs(cli, fetch, tmp_path):
    named = project() | {"models/other.onnx": scaled(3.0)}
    apart = {name.replace("vectors/", "vectors/toy/"): content for name, content in project().items()}
    del apart["signature.json"]
    for number, files in enumerate((named, apart | {"models/other.onnx": scaled(3.0)})):
        folder = put(tmp_path / str(number), files)
        local = cli("run", folder / "models/other.onnx")
        assert (local.code, "no test vectors beside other.onnx" in local.err) == (2, True)
        assert cli("run", folder / "models/toy.onnx").code == 0
        fetch(files, "--file", "models/other.onnx")
        published = cli("run", DOI, "--file", "models/other.onnx")
        assert (published.code, "no test vectors beside models/other.onnx" in published.err) == (2, True)


def test_arrays_in_the_folder_above_are_no_vectors_of_a_local_model(cli, tmp_path):
    put(tmp_path, {"input.npy": npy(X), "output.npy": npy(X), "sub/toy.onnx": scaled()})
    result = cli("run", tmp_path / "sub" / "toy.onnx")
    assert result.code == 2
    assert "There are no test vectors beside toy.onnx" in result.err


@pytest.mark.parametrize("words", [("--output", "o.npz"), ("--workers", "2")])
def test_options_of_own_input_need_it(cli, tmp_path, words):
    put(tmp_path, project())
    result = cli("run", tmp_path / "models/toy.onnx", *words)
    assert result.code == 2
    assert "need --input" in result.err


def test_own_input_needs_no_vectors_and_is_not_compared(cli, tmp_path):
    put(tmp_path, project() | {"in.npz": npz(x=X)})
    result = cli("run", tmp_path / "models/toy.onnx", "--input", tmp_path / "in.npz", "--json")
    assert (result.code, result.json["vectors"]) == (0, None)


BROKEN = {
    "damaged": ({"tests/vectors/inputs.npz": b"PK\x03\x04 cut"}, "inputs.npz cannot be used: it is damaged"),
    "of another shape": (
        {"tests/vectors/inputs.npz": npz(x=X[:, :2])},
        "'x' has shape (4, 2), and signature.json",
    ),
    "of another name": ({"tests/vectors/inputs.npz": npz(z=X)}, "signature.json states no input 'z'"),
    "of an unknown output": (
        {"signature.json": signature().replace(b'"y"', b'"z"'), "tests/vectors/outputs.npz": npz(z=X)},
        "they state an output 'z', and the model gives 'y'",
    ),
    "with a negative tolerance": (
        {"tests/vectors/tolerance.json": b'{"y": -1}'},
        "a tolerance cannot be -1.0",
    ),
    "with words for a tolerance": (
        {"tests/vectors/tolerance.json": b'{"y": "low"}'},
        "a tolerance is a number",
    ),
    "with a signature that is none": (
        {"signature.json": b"[1"},
        "signature.json cannot be used: it is not valid",
    ),
    "of objects": (
        {"tests/vectors/inputs.npz": npz(x=np.array([{}], dtype=object))},
        "holds Python objects (pickle), which are not read",
    ),
}


@pytest.mark.sliced(3)
@pytest.mark.parametrize("name", BROKEN)
def test_vectors_that_cannot_be_used_are_one_sentence(fetch, name):
    changed, words = BROKEN[name]
    result = fetch(project() | changed, "--run")
    assert result.code == 1
    assert words in " ".join(result.err.split())
    assert "Traceback" not in result.err


def test_outputs_of_another_shape_do_not_agree(fetch):
    result = fetch(project(expected=X[:2]) | {"signature.json": b"{}"}, "--run", "--json")
    assert result.code == 1
    assert result.json["run"]["vectors"]["max_difference"] is None
    assert "other shapes" in result.err


def test_tensors_of_onnx_tests_are_read(fetch):
    assert fetch(onnx_tests(folder="net/"), "--run", "--json").json["run"]["vectors"]["agrees"] is True


def test_of_a_model_with_outside_preprocessing_the_outputs_are_not_compared(cli, httpserver):
    def rdf(steps):
        return json.dumps(
            {
                "type": "model",
                "inputs": [
                    {"id": "raw", "test_tensor": {"source": "test_input.npy"}, "preprocessing": steps}
                ],
                "outputs": [{"id": "out", "test_tensor": {"source": "test_output.npy"}}],
                "weights": {"onnx": {"source": "w.onnx"}},
            }
        ).encode()

    files = {"w.onnx": scaled(), "test_input.npy": npy(X), "test_output.npy": npy(7 * X)}
    plain = cli("fetch", hub.serve(httpserver, "lab/a", files | {"rdf.yaml": rdf([])}), "--run", "--json")
    assert (plain.code, plain.json["run"]["vectors"]["agrees"]) == (1, False)
    steps = [{"id": "zero_mean_unit_variance"}]
    around = cli("fetch", hub.serve(httpserver, "lab/b", files | {"rdf.yaml": rdf(steps)}), "--run", "--json")
    assert (around.code, around.json["run"]["vectors"]["agrees"]) == (0, None)
    assert "rdf.yaml states preprocessing around the network" in around.err


def test_an_input_example_of_mlflow_runs_and_is_not_compared(cli, tmp_path):
    description = json.dumps(
        {
            "flavors": {"onnx": {"data": "model.onnx"}},
            "saved_input_example_info": {"artifact_path": "input_example.json"},
        }
    ).encode()
    for example in (
        {"inputs": {"x": X.tolist()}},
        {"inputs": X.tolist()},
        {"columns": list("abc"), "data": [[1, 2, 3]]},
    ):
        files = {
            "MLmodel": description,
            "model.onnx": scaled(),
            "input_example.json": json.dumps(example).encode(),
        }
        result = cli("run", put(tmp_path, files) / "model.onnx", "--json")
        assert (result.code, result.json["vectors"]["agrees"]) == (0, None)
        assert "comes without outputs" in result.err
    shown = cli("run", tmp_path / "model.onnx")
    assert "The model ran; its outputs were not compared." in shown.out


@pytest.mark.long
def test_a_known_network_is_compared_with_its_vectors_too(cli, httpserver, tagger):
    from fairreg import models

    found = models.recognise(tagger)
    inputs = {name: array[:2] for name, array in models.sample_for(found).items()}
    runner = models.load(found)
    inputs = {item.name: inputs[item.name] for item in runner.inputs}
    outputs = runner.run(inputs)
    files = {"tagger.onnx": tagger.read_bytes(), "tests/vectors/inputs.npz": npz(**inputs)}
    good = files | {"tests/vectors/outputs.npz": npz(**outputs)}
    run = cli("fetch", hub.serve(httpserver, "lab/good", good), "--run", "--json")
    assert run.code == 0, run.err
    assert run.json["run"]["metrics"]
    assert run.json["run"]["vectors"]["agrees"] is True
    wrong = files | {"tests/vectors/outputs.npz": npz(**{name: array + 1 for name, array in outputs.items()})}
    bad = cli("fetch", hub.serve(httpserver, "lab/bad", wrong), "--run")
    assert bad.code == 1
    assert "not that of the authors" in bad.err
    unfit = files | {"tests/vectors/outputs.npz": b"no arrays"}
    warned = cli("fetch", hub.serve(httpserver, "lab/unfit", unfit), "--run")
    assert warned.code == 0
    assert "The test vectors of the record were not compared." in warned.err


def test_control_characters_in_names_do_not_reach_the_terminal(cli, httpserver):
    files = project()
    name = "tests/\x1b[31mvectors"
    moved = {key.replace("tests/vectors", name): value for key, value in files.items()}
    result = cli("fetch", zenodo_files.serve(httpserver, moved.items()), "--run")
    assert "\x1b" not in result.out + result.err
