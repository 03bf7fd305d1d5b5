# SPDX-License-Identifier: MIT
"""Write conda/recipe.yaml, the recipe of the conda package, from pyproject.toml.

    python scripts/build_conda_recipe.py [--check]

With --check nothing is written; it exits with 1 where the recipe is not that of the project.
"""

import argparse
import sys
import tomllib
from pathlib import Path
from typing import Any

import yaml
from packaging.requirements import Requirement

ROOT = Path(__file__).parents[1]
RECIPE = ROOT / "conda" / "recipe.yaml"
HEAD = """# SPDX-License-Identifier: MIT
# Recipe of rattler-build, made from pyproject.toml by scripts/build_conda_recipe.py: change it there.
#     rattler-build build --recipe conda/recipe.yaml --channel conda-forge
"""
# Names at conda-forge are those of PyPI in lower case, but for these.
NAMES: dict[str, str] = {}


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--check", action="store_true", help="write nothing")
    text = recipe_text()
    if parser.parse_args().check:
        return int(RECIPE.read_text("utf-8") != text)
    RECIPE.write_text(text, "utf-8")
    return 0


def recipe_text() -> str:
    """Return the recipe of the project as YAML."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    return HEAD + yaml.safe_dump(
        recipe(project["project"], project["build-system"]["requires"]), sort_keys=False, width=110
    )


def recipe(project: dict[str, Any], build: list[str]) -> dict[str, Any]:
    """Return the recipe: one package for every platform, built from the checkout that it is part of."""
    python = f"python {project['requires-python']}"
    (summary, *_) = project["description"].partition(":")
    return {
        "schema_version": 1,
        "package": {"name": project["name"], "version": project["version"]},
        "source": {"path": "..", "use_gitignore": True},
        "build": {
            "number": 0,
            "noarch": "python",
            "script": "python -m pip install . --no-deps --no-build-isolation -vv",
            "python": {"entry_points": [f"{name} = {at}" for name, at in project["scripts"].items()]},
        },
        "requirements": {
            "host": [python, "pip", *map(matched, build)],
            "run": [python, *map(matched, project["dependencies"])],
        },
        "tests": [
            {"python": {"imports": [project["name"]], "pip_check": True}},
            {"script": ["fairreg --version", "fairreg search Hbb --limit 1", "fairreg hbb evaluate"]},
        ],
        "about": {
            "summary": summary,
            "description": project["description"],
            "license": project["license"],
            "license_file": project["license-files"],
            "homepage": project["urls"]["Source"],
            "repository": project["urls"]["Source"],
            "documentation": project["urls"]["Documentation"],
        },
    }


def matched(requirement: str) -> str:
    """Return a requirement in conda's words: name, then versions."""
    asked = Requirement(requirement)
    name = NAMES.get(asked.name, asked.name.lower())
    versions = sorted((str(item) for item in asked.specifier), reverse=True)
    return f"{name} {','.join(versions)}"


if __name__ == "__main__":
    sys.exit(main())
