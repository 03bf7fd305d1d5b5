# SPDX-License-Identifier: MIT
"""What is not there is not named: licence texts of other names, and sections that nobody has filled."""

import hashlib
import json
import re
import tomllib

import numpy as np
import onnx
import pytest
import yaml

from fairreg.errors import UsageError
from fairreg.services.new.create import refreshed
from fairreg.services.new.existing import found_in
from support.projects import new
from support.publishing import onnx_bytes


def named_in(folder):
    """Return the files at the top of the project that its container, its workflow and its card name."""
    copies = re.findall(r"^COPY (pyproject.*) \./$", (folder / "Containerfile").read_text(), re.MULTILINE)
    lines = (folder / "apptainer.def").read_text().splitlines()
    (packed,) = [line for line in lines if line.endswith(" /model/")]
    inputs = yaml.safe_load((folder / "reana.yaml").read_text())["inputs"]["files"]
    linked = re.findall(r"text is in \[[^\]]*\]\(([^)]*)\)", (folder / "README.md").read_text())
    return {*" ".join(copies).split(), *packed.split()[:-1], *inputs, *linked}


@pytest.mark.parametrize("name", ["LICENSE", "LICENSE.txt", "COPYING"])
@pytest.mark.parametrize("is_elsewhere", [False, True])
def test_a_licence_text_is_named_as_it_is_called(tmp_path, name, is_elsewhere):
    origin = tmp_path / "lab"
    origin.mkdir()
    (origin / name).write_text("MIT License\n", "utf-8")
    folder = tmp_path / "project" if is_elsewhere else origin
    new(folder, origin, license="MIT")
    assert name in named_in(folder)
    assert [item for item in named_in(folder) if not (folder / item).exists()] == ["signature.json"]


def test_card_of_an_own_model_has_no_heading_without_a_text(tmp_path):
    origin = tmp_path / "lab"
    origin.mkdir()
    (origin / "net.onnx").write_bytes(onnx_bytes())
    new(tmp_path / "p", origin, model_file="net.onnx", license="", intended_use="Tests.")
    card = (tmp_path / "p" / "README.md").read_text("utf-8")
    headings = re.findall(r"^## (.*)\n+(.*)", card, re.MULTILINE)
    assert [title for title, _ in headings] == [
        "Intended use",
        "Inputs and outputs",
        "How to run",
        "Citation",
    ]
    facts = (tmp_path / "p" / "facts.toml").read_text("utf-8")
    for key in ("doi", "date_published", "training_data", "license"):
        assert f"\n# {key} = " in facts, key
    stated = facts.replace('# training_data = [""]', 'training_data = ["10.5281/zenodo.1"]')
    (tmp_path / "p" / "facts.toml").write_text(stated, "utf-8")
    refreshed(tmp_path / "p")
    card = (tmp_path / "p" / "README.md").read_text("utf-8")
    assert "\n## Training data\n\nTrained on https://doi.org/10.5281/zenodo.1." in card


def test_without_a_licence_none_is_named(tmp_path):
    new(tmp_path / "p", license="")
    assert [item for item in named_in(tmp_path / "p") if item.startswith(("LIC", "COP"))] == []


def save_beside(path, location):
    """Write a model whose weights are in a file beside it."""
    weights = onnx.numpy_helper.from_array(np.ones((3, 3), np.float32), "w")
    value = [onnx.helper.make_tensor_value_info(letter, 1, ["items", 3]) for letter in "xy"]
    node = onnx.helper.make_node("MatMul", ["x", "w"], ["y"])
    graph = onnx.helper.make_graph([node], "net", value[:1], value[1:], [weights])
    model = onnx.helper.make_model(graph, ir_version=8, opset_imports=[onnx.helper.make_opsetid("", 17)])
    path.parent.mkdir(parents=True)
    (path.parent / location).parent.mkdir(exist_ok=True)
    onnx.save(model, path, save_as_external_data=True, size_threshold=0, location=location)


@pytest.mark.parametrize("in_place", [True, False])
@pytest.mark.parametrize(
    ("model", "location", "places"),
    [
        ("net.onnx", "net.onnx.data", ["net.onnx", "net.onnx.data"]),
        ("net.onnx", "weights/w.bin", ["net.onnx", "weights"]),
        ("models/net.onnx", "net.onnx.data", ["models"]),
    ],
)
def test_weights_beside_a_graph_are_wherever_the_graph_is(tmp_path, model, location, places, in_place):
    origin = tmp_path / "lab"
    save_beside(origin / model, location)
    folder = origin if in_place else tmp_path / "p"
    new(folder, origin, **found_in(origin).answers)
    names = [model, f"{model.rpartition('net.onnx')[0]}{location}"]
    recipe = (folder / "Containerfile").read_text("utf-8")
    assert re.findall(r"^COPY (\S+) \./\S+$", recipe, re.MULTILINE) == ["src", *places]
    apptainer = (folder / "apptainer.def").read_text("utf-8")
    assert re.findall(r"^    (\S+) /model/\S+$", apptainer, re.MULTILINE) == ["src", *places]
    reana = yaml.safe_load((folder / "reana.yaml").read_text("utf-8"))["inputs"]
    assert set(places) <= {*reana["files"], *reana["directories"]}
    release = yaml.safe_load((folder / ".github/workflows/release.yml").read_text("utf-8"))
    assert f" {' '.join(names)} signature.json " in release["jobs"]["release"]["steps"][-1]["run"]
    digests = {name: [f"sha256:{hashlib.sha256((folder / name).read_bytes()).hexdigest()}"] for name in names}
    stated = json.loads((folder / "fair4ml.jsonld").read_text("utf-8"))["distribution"]
    assert {item["name"]: item["digest"] for item in stated} == digests


def test_weights_whose_name_no_recipe_can_have_are_refused(tmp_path):
    save_beside(tmp_path / "lab" / "net.onnx", "the weights.bin")
    with pytest.raises(UsageError, match=r"the weights\.bin with weights of net\.onnx has a name"):
        new(tmp_path / "p", tmp_path / "lab", model_file="net.onnx")
    assert not (tmp_path / "p").exists()


@pytest.mark.parametrize("model", ["", "net.onnx"])
def test_every_line_that_waits_in_the_facts_can_be_filled_in(tmp_path, model):
    (tmp_path / "lab").mkdir()
    (tmp_path / "lab" / "net.onnx").write_bytes(onnx_bytes())
    new(tmp_path / "p", tmp_path / "lab", model_file=model, license="")
    text = (tmp_path / "p" / "facts.toml").read_text("utf-8")
    waiting = re.findall(r"^# (\w+) = ", text, re.MULTILINE)
    assert {"license", "doi", "date_published", "repository"} <= set(waiting)
    filled = tomllib.loads(re.sub(r"^# (?=\w+ = )", "", text, flags=re.MULTILINE))
    assert set(waiting) <= set(filled)
