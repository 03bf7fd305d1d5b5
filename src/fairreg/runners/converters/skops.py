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

from fairreg.errors import ModelError
from fairreg.runners import onnx
from fairreg.runners._trees.ensemble import edges
from fairreg.runners._trees.forest import damaged, features_allowed
from fairreg.runners._trees.sklearn_graph import Writer
from fairreg.runners._trees.skops_file import Instance, SkopsFile, read
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
_FAULTS = (KeyError, TypeError, ValueError, AttributeError, IndexError, OverflowError)


def accepts(described: FormatDescription) -> bool:
    """Tell whether the file is a skops file."""
    return described.format in FORMATS


def convert(path: Path) -> Conversion:
    """Write a model as ONNX. Raises ModelError for a damaged file, and by name for what is not written."""
    file = read(path)
    model = file.values()
    if not isinstance(model, Instance):
        raise ModelError(f"{file.name} holds a {type(model).__name__}, not a model of scikit-learn.")
    try:
        with np.errstate(all="ignore"):
            features = features_allowed(file.name, _features(model), file.size)
            writer = Writer(model, file.name, features)
            content = writer.write()
            rows = _edges(writer, features)
    except _FAULTS as error:
        fault = f"it has no attribute {error}" if isinstance(error, KeyError) else f"{error}"
        reason = (fault or type(error).__name__).splitlines()[0][:200].rstrip(".")
        raise ModelError(
            f"{file.name} cannot be written as ONNX: {reason}.",
            hint="It may be damaged, or of another version of scikit-learn; ask its authors for ONNX.",
        ) from error
    try:
        onnx.load(content).run({"input": rows[:2]})
    except ModelError as error:
        raise damaged(file.name, "the shapes of its numbers contradict each other") from error
    runtime = None if any(kind.startswith(_UNTRUSTED) for kind in file.kinds) else "skops"
    return Conversion(content, _original(model, file), runtime, {"input": rows}, _remarks(writer))


def _features(model: Instance) -> int:
    """Number of features, as the model or the first step of a pipeline states it."""
    if model.name == "Pipeline":
        steps = [step for _, step in model["steps"] if isinstance(step, Instance)]
        return _features(steps[0])
    return int(model["n_features_in_"])


def _original(model: Instance, file: SkopsFile) -> str:
    stated = model.get("_sklearn_version")
    return f"scikit-learn {str(stated)[:20]}" if stated else f"skops {file.version}"


def _edges(writer: Writer, features: int) -> NDArray[Any]:
    """Thresholds of the trees, where those compare the inputs themselves; else a random sample."""
    if writer.trees and not writer.scaled:
        rows = edges(writer.trees, features, np.float64, infinities=False)
        largest = float(np.finfo(np.float32).max)
        rows[:] = np.clip(rows, -largest, largest)  # scikit-learn refuses what exceeds float32
        return rows if _takes_missing(writer) else rows[~np.isnan(rows).any(axis=1)]
    sample: NDArray[Any] = np.random.default_rng(0).normal(size=(64, features)) * 3
    return sample


def _takes_missing(writer: Writer) -> bool:
    return any(tree.default_left[tree.splits].any() for tree in writer.trees)


def _remarks(writer: Writer) -> tuple[str, ...]:
    if not writer.trees:
        return ("Features and outputs are float64, as in scikit-learn.",)
    return ("Features are float64, as in scikit-learn; the sums of its trees are rounded to float32.",)
