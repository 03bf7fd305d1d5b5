# SPDX-License-Identifier: MIT
"""The conda recipe is that of the project: version, requirements, commands, licence files."""

import tomllib
from pathlib import Path

import build_conda_recipe
import pytest
import yaml
from packaging.requirements import Requirement

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def project():
    return tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]


@pytest.fixture(scope="module")
def recipe():
    return yaml.safe_load((ROOT / "conda" / "recipe.yaml").read_text("utf-8"))


def test_the_recipe_is_made_from_the_project():
    """Where it is not: python scripts/build_conda_recipe.py."""
    assert (ROOT / "conda" / "recipe.yaml").read_text("utf-8") == build_conda_recipe.recipe_text()


def test_it_requires_what_the_base_install_does(project, recipe):
    (python, *others) = recipe["requirements"]["run"]
    assert python == f"python {project['requires-python']}"
    asked = [Requirement(line.replace(" ", "", 1)) for line in others]
    expected = [Requirement(line) for line in project["dependencies"]]
    assert [(item.name, item.specifier) for item in asked] == [
        (item.name.lower(), item.specifier) for item in expected
    ]


def test_it_has_version_command_and_licence_files_of_the_project(project, recipe):
    assert recipe["package"] == {"name": project["name"], "version": project["version"]}
    (command,) = recipe["build"]["python"]["entry_points"]
    assert command == f"fairreg = {project['scripts']['fairreg']}"
    assert all((ROOT / name).is_file() for name in recipe["about"]["license_file"])
    assert recipe["about"]["license"] == project["license"]


def test_commands_of_its_tests_exist(recipe):
    from support.commands import fault_of

    (script,) = (test["script"] for test in recipe["tests"] if "script" in test)
    assert [line for line in script if fault_of(line.removeprefix("fairreg ")) is not None] == []
