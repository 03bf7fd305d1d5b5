# SPDX-License-Identifier: MIT
"""Outputs of models of scikit-learn in ONNX: labels, probabilities and predictions.

Sources: those of `sklearn_graph`.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from fairreg.errors import ModelError
from fairreg.runners._trees.ensemble import NO_LABEL, NO_LABEL_TEXT, GraphWriter
from fairreg.runners._trees.forest import Tree
from fairreg.runners._trees.skops_file import Instance
from fairreg.runners._trees.wording import plain

__all__ = ["OutputWriter", "labels", "refused"]

_INT64 = 7  # of TensorProto


def labels(values: NDArray[Any]) -> NDArray[Any]:
    """Labels as ONNX has them: whole numbers as int64, texts as objects. Raises ValueError for others."""
    if values.dtype.kind in "iub":
        return values.astype(np.int64)
    if values.dtype.kind == "f" and (values == np.floor(values)).all():
        return values.astype(np.int64)
    if values.dtype.kind in "UO" and all(isinstance(item, str) for item in values.ravel().tolist()):
        return values.astype(object)
    raise ValueError(f"its labels have the type {values.dtype}")


def refused(name: str, model: Any, setting: str = "") -> ModelError:
    """Make the error for a class, or a setting of it, that is not written."""
    kind = model.kind if isinstance(model, Instance) else repr(model)
    stated = f" with {plain(setting, 120)}" if setting else ""
    return ModelError(
        f"{name} has {plain(kind, 120)}{stated}, which is not written as ONNX.",
        hint="Ask its authors for the model as ONNX.",
    )


class OutputWriter:
    """Writes outputs into `graph`.

    `trees` are those of the model; `scaled` says whether steps come before them, and `rounded` whether those
    may round the last digit otherwise than NumPy does. `refuses` says whether some rows have no answer,
    `missing` whether those with NaN have one, and `single` whether numbers have to fit into float32.
    """

    def __init__(self, name: str, graph: GraphWriter) -> None:
        self._name, self.graph = name, graph
        self.trees: list[Tree] = []
        self.labels: list[Any] = []
        self.scaled, self.rounded, self.refuses, self.missing, self.single = False, False, False, True, False

    def _refused(self, model: Any, setting: str = "") -> ModelError:
        return refused(self._name, model, setting)

    def _refuse(self, value: str, *, missing: bool, single: bool = False) -> None:
        """Refuse the rows of `value` that scikit-learn refuses as the features of a step."""
        self.graph.refuse(value, missing=missing, single=single)
        self.refuses = True
        self.missing, self.single = self.missing and missing, self.single or single

    def _classes(self, model: Instance) -> NDArray[Any]:
        """The classes of a classifier. Raises ModelError for several outputs and for a single class."""
        owner = model if "classes_" in model.attributes else model["_label_binarizer"]
        listed = owner["classes_"]
        if (isinstance(listed, np.ndarray) and listed.ndim != 1) or any(
            isinstance(item, np.ndarray | list) for item in listed
        ):
            raise self._refused(model, "several outputs with classes of their own")
        if len(listed) < 2:  # noqa: PLR2004
            raise self._refused(model, "a single class")
        found = np.asarray(listed)
        self.labels = labels(found).tolist()
        for none in (NO_LABEL, NO_LABEL_TEXT):
            if none in self.labels:
                raise self._refused(model, f"the class {none!r}")
        return found

    def _regression(self, value: str, columns: int | None) -> None:
        """Give a prediction of shape (rows, columns), or (rows,) of (rows, 1) for None."""
        if columns is None:
            column = self.graph.node("Squeeze", value, self.graph.constant([1], np.int64))
            return self.graph.output(column, "prediction", np.float64)
        return self.graph.output(value, "prediction", np.float64, columns)

    def _label(
        self, scores: str, classes: NDArray[Any], *, threshold: float | None, inclusive: bool = False
    ) -> None:
        """Give the label of the largest score, or of one score above a threshold for two classes."""
        graph, known = self.graph, labels(classes)
        if threshold is not None and len(classes) == 2:  # noqa: PLR2004
            above = "GreaterOrEqual" if inclusive else "Greater"
            index = graph.node("Cast", graph.node(above, scores, graph.constant(threshold)), to=_INT64)
            index = graph.node("Squeeze", index, graph.constant([1], np.int64))
        else:
            index = graph.node("ArgMax", scores, axis=1, keepdims=0)
        graph.output(graph.node("Gather", graph.constant(known, known.dtype), index), "label", known.dtype)

    def _probabilities(self, value: str, count: int) -> None:
        self.graph.output(value, "probabilities", np.float64, count)

    def _both(self, positive: str) -> str:
        """The probabilities of both classes from that of the second."""
        other = self.graph.node("Sub", self.graph.constant(1), positive)
        return self.graph.node("Concat", other, positive, axis=1)

    def _sigmoid(self, value: str) -> str:
        grown = self.graph.node(
            "Add", self.graph.node("Exp", self.graph.node("Neg", value)), self.graph.constant(1)
        )
        return self.graph.node("Reciprocal", grown)
