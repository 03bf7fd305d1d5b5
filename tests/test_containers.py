# SPDX-License-Identifier: MIT
"""The container files start from fixed images, copy what there is, name this version and run as no root."""

import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
DOCKERFILES = [ROOT / "containers" / name for name in ("Dockerfile.cpu", "Dockerfile.gpu")]


def instructions(path):
    """Each instruction with its words, comments left out and continued lines joined."""
    lines = [line for line in path.read_text(encoding="utf-8").splitlines() if not line.startswith("#")]
    text = "\n".join(lines).replace("\\\n", " ")
    return [line.split() for line in text.splitlines() if line.strip()]


def sections(path):
    """Lines of each section of an Apptainer definition; those of the header under the empty name."""
    found, name = {"": []}, ""
    for line in path.read_text(encoding="utf-8").splitlines():
        if line.startswith("%"):
            name = line[1:].strip()
            found[name] = []
        elif line.strip() and not line.startswith("#"):
            found[name].append(line.split())
    return found


@pytest.fixture(scope="module")
def version():
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


@pytest.mark.parametrize("path", DOCKERFILES, ids=lambda path: path.name)
def test_a_dockerfile_names_fixed_images_and_files_that_exist(path, version):
    words = instructions(path)
    bases = [line[1] for line in words if line[0] == "FROM"]
    assert all(re.fullmatch(r"[\w./-]+:\d+\.\d+\.\d+[\w.-]*", base) for base in bases)
    copied = [line[1:-1] for line in words if line[0] == "COPY" and not line[1].startswith("--from")]
    sources = [word for line in copied for word in line if not word.startswith("--")]
    assert sources
    assert [source for source in sources if not (ROOT / source).exists()] == []
    users = [line[1] for line in words if line[0] == "USER"]
    assert users == ["1000"]
    assert words[-2] == ["ENTRYPOINT", '["fairreg"]']
    labels = " ".join(word for line in words if line[0] == "LABEL" for word in line)
    assert f'image.version="{version["version"]}"' in labels
    extras = next(line[1] for line in words if line[0] == "ARG").removeprefix("EXTRAS=").split(",")
    assert set(extras) <= version["optional-dependencies"].keys()


def test_the_apptainer_definition_names_a_fixed_image_and_files_that_exist(version):
    found = sections(ROOT / "containers/fairreg.def")
    header = {line[0]: line[1] for line in found[""]}
    assert header["Bootstrap:"] == "docker"
    assert re.fullmatch(r"python:\d+\.\d+\.\d+[\w.-]*", header["From:"])
    assert [line[0] for line in found["files"] if not (ROOT / line[0]).exists()] == []
    assert ["org.opencontainers.image.version", version["version"]] in found["labels"]
    assert found["runscript"] == [["exec", "fairreg", '"$@"']]


def test_all_containers_start_from_one_image():
    bases = {line[1] for path in DOCKERFILES for line in instructions(path) if line[0] == "FROM"}
    assert bases == {line[1] for line in sections(ROOT / "containers/fairreg.def")[""] if line[0] == "From:"}
