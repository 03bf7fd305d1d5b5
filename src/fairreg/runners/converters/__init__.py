# SPDX-License-Identifier: MIT
"""Converters of models to ONNX, one file for each program that writes them. `base` describes them."""

from typing import cast

from fairreg import plugins
from fairreg.runners.converters.base import Conversion, Converter
from fairreg.storage.recognition import FormatDescription

__all__ = ["Conversion", "Converter", "converter_of", "names"]

_ROOM = "fairreg.runners.converters"


def names() -> tuple[str, ...]:
    """Names of the converters."""
    return plugins.names(_ROOM)


def converter_of(described: FormatDescription) -> Converter | None:
    """The converter of a file that was recognised, None without one."""
    found = (cast("Converter", plugins.load_complete(_ROOM, name, Converter)) for name in names())
    return next(
        (item for item in found if described.format in item.FORMATS and item.accepts(described)), None
    )
