# SPDX-License-Identifier: MIT
"""Environments with packages from outside fairreg, installed offline, and commands that run in them."""

import json
import shutil
import site
import subprocess
import sysconfig
import venv
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import fairreg

PHYSHUB = Path(__file__).parents[1] / "packages" / "physhub"
RUN = "import sys; from fairreg.cli.app import main; sys.argv[0] = 'fairreg'; main()"
OFFLINE = ("--no-index", "--no-deps", "--no-build-isolation", "--disable-pip-version-check", "--quiet")


class Finished(NamedTuple):
    """Exit code and both streams of a command."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


def new_environment(folder: Path) -> Path:
    """The interpreter of a new environment in `folder` that sees what is installed in this one."""
    venv.create(folder / "environment", with_pip=False, symlinks=True)
    python = folder / "environment" / "bin" / "python"
    paths = {"base": str(folder / "environment"), "platbase": str(folder / "environment")}
    here = Path(sysconfig.get_path("purelib", vars=paths))
    seen = [str(Path(fairreg.__file__).parents[1])]
    # addsitedir reads the .pth files there, too: that of an editable installation of fairreg is one.
    seen += [f"import site; site.addsitedir({folder!r})" for folder in site.getsitepackages()]
    (here / "tested.pth").write_text("\n".join(seen) + "\n", encoding="utf-8")
    return python


def install(python: Path, package: Path) -> None:
    """Install the package in a folder; building it leaves files there."""
    command = [python, "-m", "pip", "install", *OFFLINE, package]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def interpreter_with(package: Path, folder: Path) -> Path:
    """The interpreter of a new environment with the package, and with what is installed in this one."""
    python = new_environment(folder)
    install(python, shutil.copytree(package, folder / package.name))
    return python


def run_fairreg(python: Path, variables: Mapping[str, str], *arguments: object) -> Finished:
    """Run a command in the environment of `python`."""
    command = [python, "-c", RUN, *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, env=dict(variables), check=False)
    return Finished(done.returncode, done.stdout, done.stderr)
