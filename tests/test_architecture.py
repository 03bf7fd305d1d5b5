# SPDX-License-Identifier: MIT
"""docs/architecture.md is about the tree that there is, and draws the layers that lint-imports checks."""

import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "src" / "fairreg"
PAGE = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
_, ROOMS, REGISTRY = re.findall(r"^```text\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)


@pytest.fixture(scope="module")
def contracts():
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    layered = [item for item in settings["tool"]["importlinter"]["contracts"] if item["type"] == "layers"]
    return {item["containers"][0]: item for item in layered}


def drawn(drawing):
    """Rooms of each line: the names before the words that explain them."""
    return [re.match(r"\w+(?: \| \w+)*", line)[0].split(" | ") for line in drawing.splitlines()]


@pytest.mark.parametrize(("container", "drawing"), [("fairreg", ROOMS), ("fairreg.registry", REGISTRY)])
def test_the_drawing_is_the_contract(contracts, container, drawing):
    assert drawn(drawing) == [layer.split(" | ") for layer in contracts[container]["layers"]]
    assert contracts[container]["exhaustive"]


@pytest.mark.parametrize(("container", "drawing"), [("fairreg", ROOMS), ("fairreg.registry", REGISTRY)])
def test_every_room_is_explained_on_its_line(container, drawing):
    for line, rooms in zip(drawing.splitlines(), drawn(drawing), strict=True):
        explanation = line.removeprefix(" | ".join(rooms)).strip()
        assert explanation
        assert " | " not in explanation or len(explanation.split(" | ")) == len(rooms)


def test_every_room_is_on_the_path_through_the_code():
    path = PAGE.partition("## A path through the code")[2].partition("\n## ")[0]
    folders = {item.name for item in PACKAGE.iterdir() if (item / "__init__.py").is_file()}
    modules = {item.name for item in PACKAGE.glob("*.py")} - {"__init__.py"}
    assert {name for name in folders if f"`{name}/" not in path} == set()
    assert {name for name in modules if f"`{name}`" not in path} == set()
    inside = {item.name for item in (PACKAGE / "services").iterdir() if (item / "__init__.py").is_file()}
    assert {"search", "fetch", "run", "assess", "harvest", "parallel"} <= inside


def test_exceptions_to_the_layers_are_told(contracts):
    allowed = [line for item in contracts.values() for line in item.get("ignore_imports", ())]
    assert allowed == ["fairreg.schemas.validation -> fairreg.formats"]
    assert "`schemas/validation.py` asks the readers of `formats`" in PAGE
