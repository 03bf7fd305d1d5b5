# SPDX-License-Identifier: MIT
"""What is not there is not named: licence texts of other names, and sections that nobody has filled."""

import re

import pytest
import yaml

from fairreg.services.new.create import refreshed
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
