# SPDX-License-Identifier: MIT
"""Projects of `fairreg new`: made in a folder, and their own programs run as a user runs them."""

import os
import subprocess
import sys
from pathlib import Path

from fairreg.services.new.create import NewProject, answered, create

# The interpreter of an environment with copier, check-jsonschema and hatchling.
COPIER = os.environ.get("FAIRREG_TEST_COPIER")
ANSWERS = {
    "author_given": "Marie",
    "author_family": "Curie",
    "author_orcid": "0000-0002-1825-0097",
    "author_affiliation": "CERN",
    "author_ror": "01ggx4157",
    "repository": "https://github.com/lab/tagger",
    "training_data": "10.7483/opendata.cms.jgjx.ms7q",
    "publication": "10.1088/2632-2153/ace1a1",
    "doi": "10.5281/zenodo.7305227",
}


def new(folder: Path, origin: Path | None = None, **answers: object) -> NewProject:
    """Make a project of these answers and the defaults."""
    return create(folder, answered(folder, answers, None), origin=origin)


def python(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Run Python in a project's folder with the project's package, as `make` does in its environment."""
    env = {**os.environ, "PYTHONPATH": "src", "PYTHONDONTWRITEBYTECODE": "1", "OMP_NUM_THREADS": "1"}
    return subprocess.run(
        [sys.executable, *words], cwd=folder, env=env, capture_output=True, text=True, check=False
    )


def train(folder: Path, package: str) -> None:
    """Do what `make model` does."""
    for step in ("toy", "train", "export", "evaluate"):
        done = python(folder, "-m", f"{package}.{step}")
        assert done.returncode == 0, done.stderr


def content(folder: Path) -> dict[str, bytes]:
    """Return the files below a folder by path, without those of git."""
    files = (path for path in sorted(folder.rglob("*")) if path.is_file())
    named = {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}
    return {name: text for name, text in named.items() if not name.startswith(".git/")}
