# SPDX-License-Identifier: MIT
"""scikit-learn's models in skops files as ONNX.

The file is read as plain values: neither skops nor scikit-learn is needed, and no object of it is created, so
that trees and networks that skops does not trust can be written too. Measured against scikit-learn in
docs/trees.md.
"""

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fairreg.runners._trees.ensemble import NO_LABEL, NO_LABEL_TEXT, edges
from fairreg.runners._trees.sklearn_graph import Writer, written
from fairreg.runners._trees.skops_file import Instance, SkopsFile, read
from fairreg.runners._trees.wording import plain
from fairreg.runners.converters.base import Conversion
from fairreg.storage.formats import FileFormat
from fairreg.storage.recognition import FormatDescription

__all__ = ["FORMATS", "accepts", "convert"]

FORMATS: frozenset[FileFormat] = frozenset({"skops"})

# Types that skops 0.16 does not trust although they can be written: no runner runs such a file.
_UNTRUSTED = (
    "sklearn.tree._tree.",
    "sklearn.ensemble._hist_gradient_boosting.predictor.",
    "sklearn.neural_network._stochastic_optimizers.",
    "numpy.dtype",
)


def accepts(described: FormatDescription) -> bool:
    """Tell whether the file is a skops file."""
    return described.format in FORMATS


def convert(path: Path) -> Conversion:
    """Write a model as ONNX. Raises ModelError for a damaged file, and by name for what is not written."""
    file = read(path)
    writer, content = written(file)
    runtime = None if any(kind.startswith(_UNTRUSTED) for kind in file.kinds) else "skops"
    return Conversion(content, _original(file), runtime, {"input": _edges(writer)}, _remarks(writer))


def _original(file: SkopsFile) -> str:
    model = file.values()
    stated = model.get("_sklearn_version") if isinstance(model, Instance) else None
    return f"scikit-learn {plain(stated, 20)}" if stated else f"skops {file.version}"


def _edges(writer: Writer) -> NDArray[Any]:
    """Thresholds of the trees, where those compare the inputs themselves; else a random sample."""
    if writer.trees and not writer.scaled:
        rows = edges(writer.trees, writer.features, np.float64, infinities=False)
        largest = float(np.finfo(np.float32).max)
        rows[:] = np.clip(rows, -largest, largest)  # scikit-learn refuses what exceeds float32
        return rows if writer.missing else rows[~np.isnan(rows).any(axis=1)]
    sample: NDArray[Any] = np.random.default_rng(0).normal(size=(64, writer.features)) * 3
    return sample


def _remarks(writer: Writer) -> tuple[str, ...]:
    remarks = ["Features and outputs are float64, as in scikit-learn."]
    if writer.trees:
        remarks = ["Features are float64, as in scikit-learn; the sums of its trees are rounded to float32."]
    if writer.refuses:
        faults = [*([] if writer.missing else ["NaN"]), "an infinity"]
        faults += ["a number beyond float32"] if writer.single else []
        none = NO_LABEL_TEXT if isinstance(next(iter(writer.labels), 0), str) else NO_LABEL
        label = f" and the label {none}" if writer.labels else ""
        remarks.append(f"A row with {' or '.join(faults)}, which scikit-learn refuses, gives NaN{label}.")
    return tuple(remarks)
