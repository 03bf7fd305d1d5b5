# SPDX-License-Identifier: MIT
"""The finding of a look into a file."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from fairreg.storage.formats import WORDS, FileFormat

__all__ = ["FormatDescription"]


@dataclass(frozen=True)
class FormatDescription:
    """Format of a file, recognised by its content.

    `words` names it with its article. `framework` made it, of the `version` that the file states. `facts` are
    what else it states, by name. `note` is a sentence about what could not be read. `weights` is False where
    the file has a model's description alone, True where it has weights alone, None where neither is known.
    `executes`: the format's own reader could run code that is in the file. `next_step` is a sentence on how
    to get a file that more programs read, None where only an export to ONNX is known.
    """

    format: FileFormat
    words: str
    framework: str | None = None
    version: str | None = None
    facts: Mapping[str, str | int] = field(default_factory=dict)
    note: str | None = None
    weights: bool | None = None
    executes: bool = False
    next_step: str | None = None

    @classmethod
    def plain(cls, found: FileFormat) -> "FormatDescription":
        """Return the description of a format of which no more is known."""
        return cls(found, WORDS[found], executes=found == "pickle")
