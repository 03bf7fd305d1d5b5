# SPDX-License-Identifier: MIT
"""Licence texts of other names than LICENSE: what the project's files name is there."""

import re

import pytest
import yaml

from support.projects import new


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


def test_without_a_licence_none_is_named(tmp_path):
    new(tmp_path / "p", license="")
    assert [item for item in named_in(tmp_path / "p") if item.startswith(("LIC", "COP"))] == []
