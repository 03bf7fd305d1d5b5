# SPDX-License-Identifier: MIT
"""Interface of a converter, and what it gives.

A converter (``fairreg/runners/converters/<name>.py``, or an entry point in the group
``fairreg.runners.converters``) writes models of some formats as ONNX. It defines

- ``FORMATS``: the formats that it reads, as `storage.formats.FileFormat`;
- ``accepts(described: FormatDescription) -> bool``: true for a file that it may convert, of those formats;
- ``convert(path) -> Conversion``: the model as ONNX. It raises ModelError, with the name of the layer or
  objective, for what it cannot write exactly, SecurityRefusal for content that would run code, and
  MissingEngine where it needs a library that is not installed.

Nothing of the file is executed, and memory and time stay bounded by its size. The inputs and outputs have the
names of those of the runner of the original format, where fairreg has one.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from numpy.typing import NDArray

from fairreg.storage.formats import FileFormat
from fairreg.storage.recognition import FormatDescription

__all__ = ["Conversion", "Converter"]


@dataclass(frozen=True)
class Conversion:
    """A model written as ONNX.

    `model` is a serialised ModelProto. `original` names the program that the file is of, with the version
    that the file states ("Keras 2.2.4"). `runtime` is the runner of fairreg that runs the original, None
    where none does. `edges` are inputs by name at which implementations are most likely to differ, such as
    thresholds of trees. `remarks` are sentences on what the model leaves out or takes for granted. `checked`
    is a sentence on the agreement that the converter has found by itself, where no runtime can.
    """

    model: bytes
    original: str
    runtime: str | None = None
    edges: Mapping[str, NDArray[Any]] = field(default_factory=dict)
    remarks: tuple[str, ...] = ()
    checked: str | None = None


class Converter(Protocol):
    """The module-level interface described above."""

    FORMATS: frozenset[FileFormat]

    def accepts(self, described: FormatDescription, /) -> bool:
        """Tell whether the described file, of one of `FORMATS`, may be converted."""
        ...

    def convert(self, path: Path, /) -> Conversion:
        """Write the model in a file as ONNX."""
        ...
