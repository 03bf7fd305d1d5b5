# SPDX-License-Identifier: MIT
"""Boosted decision trees of TMVA (``*.weights.xml``) to ONNX.

The input is one array `input`, shape (rows, variables), float32: the values of the variables' expressions in
the order of the file. The output is `response` (classification, shape (rows, 1)), `probabilities`
(multiclass, (rows, classes)) or `prediction` (regression, (rows, 1)), float32. `response` has the formulas,
`graph` the cuts, `document` the layout, each with its source. The names of the variables and classes are in
the model's metadata, under the keys of `signature.COLUMNS`.
"""

import re
from pathlib import Path

from fairreg.runners.converters.base import Conversion
from fairreg.runners.converters.tmva import document
from fairreg.runners.converters.tmva.forest import MethodSetup
from fairreg.runners.converters.tmva.graph import edges, graph, variables
from fairreg.runners.converters.tmva.response import formula_of
from fairreg.storage.formats import FileFormat
from fairreg.storage.recognition import FormatDescription

__all__ = ["FORMATS", "accepts", "convert"]

FORMATS: frozenset[FileFormat] = frozenset({"tmva"})
_RELEASE = re.compile(r"[0-9A-Za-z][0-9A-Za-z._-]{0,30}")
_MAX_LISTED = 12


def accepts(described: FormatDescription, /) -> bool:
    """Tell whether the file is one of TMVA's; `convert` names the method that it does not convert."""
    return described.format in FORMATS


def convert(path: Path, /) -> Conversion:
    """Write a forest as ONNX. Raises ModelError, SecurityRefusal for XML entities."""
    forest = document.read(path)
    formula = formula_of(forest, path.name)
    expressions = variables(forest, path.name)
    model = graph(forest, formula, expressions, path.name)
    return Conversion(
        model,
        _original(forest.setup),
        edges={"input": edges(forest, len(expressions))},
        remarks=tuple(_remarks(forest.setup, expressions)),
    )


def _original(setup: MethodSetup) -> str:
    """The program, with the release that the file states."""
    found = _RELEASE.match(setup.info.get("TMVA Release", ""))
    return f"TMVA {found[0]}" if found else "TMVA"


def _remarks(setup: MethodSetup, expressions: list[str]) -> list[str]:
    listed = ", ".join(ascii(item[:60])[1:-1] for item in expressions[:_MAX_LISTED])
    more = len(expressions) - _MAX_LISTED
    columns = f"{listed} and {more} more" if more > 0 else listed
    remarks = [
        f"The columns of the input are the values of these expressions, in this order: {columns}.",
        "The formula is that of ROOT's source code.",
    ]
    if setup.spectators:
        remarks.append(f"Spectators of the training are no inputs: {setup.spectators}.")
    return remarks
