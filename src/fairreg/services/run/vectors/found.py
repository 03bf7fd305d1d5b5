# SPDX-License-Identifier: MIT
"""Search for test vectors: among the fetched files of a record, or beside a local model."""

import posixpath
from collections.abc import Collection, Iterable, Iterator
from itertools import islice
from pathlib import Path

from fairreg.services.fetch.fetch import FetchedFiles
from fairreg.services.run.vectors import bioimage, folders, mlflow, onnx_tests
from fairreg.services.run.vectors.base import Files, VectorFiles, VectorLayout

__all__ = [
    "LocalModel",
    "beside",
    "companions",
    "missing_half",
    "model_names",
    "published",
    "vectors_for",
    "vectors_in",
]

# Those that a description names come first: only it says whether their outputs are those of the model alone.
_LAYOUTS: tuple[VectorLayout, ...] = (bioimage, mlflow, onnx_tests, folders)
# Folders beside a local model that are looked into; the first is its own.
_PLACES = ("", "tests/vectors", "tests/vectors/*", "vectors", "vectors/*", "test_data_set_*")
_MOST_FILES = 10_000
_MOST_SETS = 100
_MOST_BROUGHT = 1 << 28  # bytes of a file that is downloaded with a chosen model


class LocalModel:
    """A local model with the files that may be its vectors, by their names relative to one folder."""

    def __init__(self, folder: Path, path: Path) -> None:
        self.files: dict[str, Path] = dict(
            islice(_listed(folder, with_own=folder == path.parent), _MOST_FILES)
        )
        siblings = (item for item in path.parent.iterdir() if item.suffix == path.suffix)
        models = {item.relative_to(folder).as_posix(): item for item in islice(siblings, _MOST_FILES)}
        self.files |= models
        self.sets = vectors_for(path, self.files, vectors_in(self.files, models))


def beside(path: Path) -> LocalModel:
    """Look for vectors in the folder of a model, then, as in a project, in the one above it.

    Raises ModelError for a description that is none.
    """
    path = path.absolute()
    own = LocalModel(path.parent, path)
    if own.sets or path.parent == path.parent.parent:
        return own
    above = LocalModel(path.parent.parent, path)
    return above if above.sets else own


def _listed(folder: Path, *, with_own: bool) -> Iterator[tuple[str, Path]]:
    """Names and paths of the files in the places of vectors; without `with_own` the signature only there."""
    for place in _PLACES:
        for found in sorted(folder.glob(place)) if place else (folder,):
            for path in found.iterdir() if found.is_dir() else ():
                name = path.relative_to(folder).as_posix()
                if path.is_file() and (place or with_own or name == folders.SIGNATURE):
                    yield name, path


def published(fetched: FetchedFiles) -> dict[str, Path]:
    """The fetched files by name; those in archives stand below the archive's name.

    Equal files are one in the cache, under several names.
    """
    files = {item.distribution.name: item.file.path for item in reversed(fetched.files)}
    for folder, archive in zip(fetched.folders, fetched.archives, strict=True):
        inside = (path for path in folder.rglob("*") if path.is_file())
        files |= {
            f"{archive.distribution.name}/{path.relative_to(folder).as_posix()}": path for path in inside
        }
    return files


def model_names(fetched: FetchedFiles, files: Files) -> set[str]:
    """Names of the models among `files`, and those that the record lists and that were not fetched."""
    here = set(fetched.models)
    found = {name for name, path in files.items() if path in here}
    suffixes = tuple({suffix for name in found if (suffix := posixpath.splitext(name)[1])})
    return found | {item.name for item in fetched.record.distributions if item.name.endswith(suffixes)}


def vectors_in(files: Files, models: Collection[str]) -> tuple[VectorFiles, ...]:
    """The sets of test vectors among files, each file in one of them at most.

    Raises ModelError for a description that is none.
    """
    found: list[VectorFiles] = []
    taken: set[str] = set()
    for layout in _LAYOUTS:
        new = [item for item in islice(layout.find(files, models), _MOST_SETS) if not taken & set(item.files)]
        taken |= {name for item in new for name in item.files}
        found += new
    return tuple(found)


def vectors_for(
    model: Path, files: Files, sets: Iterable[VectorFiles], *, alone: bool = True
) -> tuple[VectorFiles, ...]:
    """The sets that are stated for a model; where it is `alone` and has none, those that state no model."""
    listed = tuple(sets)
    own = tuple(item for item in listed if item.model is not None and files.get(item.model) == model)
    return own or tuple(item for item in listed if alone and item.model is None)


def missing_half(files: Iterable[str]) -> str | None:
    """A file of inputs without outputs, or of outputs without inputs."""
    return folders.incomplete(files)


def companions(fetched: FetchedFiles) -> list[str]:
    """Names of files of the record that may be vectors and that a choice of files left out."""
    have = {item.distribution.name for item in fetched.files}
    listed = {item.name: item for item in fetched.record.distributions if item.url}
    wanted = set[str]().union(*(layout.wanted(listed) for layout in _LAYOUTS)) - have
    return sorted(name for name in wanted if (listed[name].size or 0) <= _MOST_BROUGHT)
