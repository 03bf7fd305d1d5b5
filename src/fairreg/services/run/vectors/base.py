# SPDX-License-Identifier: MIT
"""Types of test vectors, and the interface of a layout of their files.

A layout is a module with ``find(files, models) -> Iterator[VectorFiles]``, which looks at names and reads
small descriptions only (`models` are the names of the model files), and ``wanted(names) -> set[str]``, those
of a record's files that it may read.
"""

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple, Protocol

from numpy.typing import NDArray

from fairreg.errors import ModelError

__all__ = [
    "MOST_DESCRIPTIONS",
    "RUBRIC_TOLERANCE",
    "Array",
    "Files",
    "NamedOrOrdered",
    "Tolerance",
    "VectorFiles",
    "VectorLayout",
    "VectorSet",
    "unusable",
]

Array = NDArray[Any]
# The files of a record or a folder by name, with "/" between folders.
Files = Mapping[str, Path]
# Values of inputs or outputs: by name, or in the order of the signature.
NamedOrOrdered = Mapping[str, Any] | tuple[Any, ...]
# Files of one convention that are parsed to find vectors: YAML is slow to read.
MOST_DESCRIPTIONS = 20
# Of the largest value of an output, at least of 1 (the rubric's tolerance for float32).
RUBRIC_TOLERANCE = 1e-5


class Tolerance(NamedTuple):
    """Largest allowed difference: `absolute` + `relative` * |expected|, for each number.

    `exempt` numbers per million may differ more. Without `stated` it is fairreg's own choice.
    """

    absolute: float
    relative: float = 0.0
    exempt: int = 0
    stated: bool = True


@dataclass(frozen=True)
class VectorSet:
    """Inputs of a model with the outputs that its authors got, of one place.

    `outputs` are None where none are published, or where they are not those of the model alone: `note` says
    why, as a sentence. `tolerances` are by output, in their order, or one alone for all; an output without
    one has fairreg's own.
    """

    inputs: NamedOrOrdered
    outputs: NamedOrOrdered | None
    tolerances: NamedOrOrdered = field(default_factory=dict)
    note: str | None = None


@dataclass(frozen=True)
class VectorFiles:
    """One set of test vectors that was found; nothing but its description is read.

    `layout` names the convention, `files` are the names of its files, `model` that of the model which it is
    stated for, None where nothing says it. `read` raises ModelError.
    """

    layout: str
    files: tuple[str, ...]
    model: str | None
    read: Callable[[], VectorSet]


class VectorLayout(Protocol):
    """The interface described above, of a module."""

    def wanted(self, names: Collection[str], /) -> set[str]:
        """The names of files that may be read."""
        ...

    def find(self, files: Files, models: Collection[str], /) -> "Iterator[VectorFiles]":
        """Yield the sets of vectors among files. Raises ModelError for a description that is none."""
        ...


def unusable(name: str, what: str) -> ModelError:
    """The error for a file of test vectors; `what` continues a sentence that begins with its name."""
    return ModelError(
        f"The test vectors in {name} cannot be used: {what}.",
        hint="docs/running.md says what fairreg reads. To run the model on your own arrays: --input FILE.",
    )
