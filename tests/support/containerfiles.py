# SPDX-License-Identifier: MIT
"""Checking of a written Containerfile: each path that an instruction reads is made by an earlier one."""

import shlex
import tarfile
import zipfile
from pathlib import Path, PurePosixPath

__all__ = ["check_paths"]


class _Image:
    """The files in the image, by paths relative to its working folder."""

    def __init__(self, build: Path) -> None:
        self.build = build
        self.files: set[str] = set()
        self.read: list[str] = []

    def copy(self) -> None:
        found = (path for path in (self.build / "files").rglob("*") if path.is_file())
        self.files |= {path.relative_to(self.build).as_posix() for path in found}

    def need(self, path: str) -> None:
        assert path in self.files, (path, sorted(self.files))
        self.read.append(path)

    def unpack(self, archive: str, folder: str, members: list[str]) -> None:
        self.need(archive)
        added = {f"{folder}/{name}" for name in members if not name.endswith("/")}
        assert not added & self.files, "two archives in one folder"
        assert not any(name.startswith(f"{folder}/") for name in self.files), folder
        self.files |= added

    def run(self, words: list[str]) -> None:
        match words:
            case ["mkdir", "-p", _] | ["apt-get", *_] | ["rm", *_]:
                pass
            case ["unzip", "-q", "-o", archive, "-d", folder]:
                with zipfile.ZipFile(self.build / archive) as content:
                    self.unpack(archive, folder, content.namelist())
            case ["tar", "-xf", archive, "-C", folder]:
                with tarfile.open(self.build / archive) as content:
                    self.unpack(archive, folder, [item.name for item in content if item.isfile()])
            case ["git", "clone", _, folder]:
                assert not any(name.startswith(f"{folder}/") for name in self.files), folder
                self.files.add(f"{folder}/.git")
            case ["git", "-C", folder, "checkout", _]:
                assert f"{folder}/.git" in self.files
            case ["pip", "install", "--no-cache-dir", "--requirement", path]:
                self.need(path)
            case ["micromamba", "install", "--yes", "--name", "base", "--file", path]:
                self.need(path)
            case ["pip", "install", "--no-cache-dir", folder]:
                self.need(str(PurePosixPath(folder) / "pyproject.toml"))
            case _:
                raise AssertionError(f"an unknown command: {words}")


def check_paths(text: str, build: Path) -> list[str]:
    """Follow the instructions in the folder `build`, which has the fetched files; return the paths read."""
    image = _Image(build)
    for line in text.replace("\\\n", " ").splitlines():
        instruction, _, rest = line.partition(" ")
        if instruction == "COPY":
            image.copy()
        elif instruction == "RUN":
            for command in rest.split(" && "):
                image.run(shlex.split(command))
    return image.read
