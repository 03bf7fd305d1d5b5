# SPDX-License-Identifier: MIT
"""Decision trees as arrays, whose indices are checked: engines follow them without looking.

A child that points to its parent would keep an engine in a loop for ever, and an index outside its array
makes it read foreign memory.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fairreg.errors import ModelError
from fairreg.runners._trees.wording import plain

__all__ = ["MAX_DEPTH", "Tree", "damaged", "features_allowed", "reached", "rows_at_once"]

# onnxruntime and LightGBM descend by recursion; trees of real models are below 100 levels deep.
MAX_DEPTH = 1000
_FEW_FEATURES = 10_000
_FEWEST_ROWS, _MOST_ROWS, _MOST_NUMBERS = 128, 8192, 1 << 20


@dataclass(frozen=True)
class Tree:
    """One binary decision tree; node 0 is the root, and children follow their parents.

    `left` and `right` are indices of nodes, -1 at leaves; `feature` and `threshold` decide at the others.
    `default_left` is the direction of a missing value. `value` is what a leaf adds. `sets` are the
    categories, in ascending order, of nodes that ask for membership instead. `zero` marks nodes at which a
    zero counts as missing, and `zero_for_nan` those at which NaN counts as zero.
    """

    left: NDArray[np.int64]
    right: NDArray[np.int64]
    feature: NDArray[np.int64]
    threshold: NDArray[Any]
    default_left: NDArray[np.bool_]
    value: NDArray[Any]
    sets: Mapping[int, NDArray[np.int64]] = field(default_factory=dict)
    zero: NDArray[np.bool_] | None = None
    zero_for_nan: NDArray[np.bool_] | None = None

    @property
    def splits(self) -> NDArray[np.int64]:
        """Indices of the nodes that decide."""
        return np.flatnonzero(self.left >= 0)


def damaged(name: str, fault: str) -> ModelError:
    """Make the error for a file whose structure is wrong; `fault` is a clause."""
    return ModelError(
        f"{name} is damaged: {plain(fault).rstrip('.')}.",
        hint="Fetch it again, or ask its authors for a sound copy.",
    )


def features_allowed(name: str, stated: int, size: int, what: str = "features") -> int:
    """Return a stated number that engines allocate for, where a file of `size` bytes may state it.

    Raises ModelError for one below 1, and for one that is neither small nor below the size of the file.
    """
    if not 0 < stated <= max(_FEW_FEATURES, size):
        if stated < 1:
            raise damaged(name, f"it states {stated} {what}")
        raise ModelError(
            f"{name} states {stated} {what} in {size} bytes; fairreg takes no more than there are bytes.",
            hint="Ask its authors whether the number is right.",
        )
    return stated


def rows_at_once(features: int) -> int:
    """Batch size for a library that takes many rows in one call, by the memory of one batch."""
    return max(_FEWEST_ROWS, min(_MOST_ROWS, _MOST_NUMBERS // features))


def reached(name: str, left: NDArray[np.int64], right: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the nodes that the root reaches: parents before children, a left child before the right one.

    Raises ModelError where a child lies outside the tree or has two parents, where the root is a child, and
    for a tree deeper than MAX_DEPTH.
    """
    inner = left >= 0
    children = np.concatenate([left[inner], right[inner]])
    if children.size and not (children.min() > 0 and children.max() < left.size):
        raise damaged(name, "a node of a tree has a child outside its tree")
    if children.size and np.bincount(children).max() > 1:
        raise damaged(name, "a node of a tree is the child of two nodes, so that its branches never end")
    levels = [np.zeros(1, np.int64)]
    while (parents := levels[-1][inner[levels[-1]]]).size:
        if len(levels) > MAX_DEPTH:
            raise ModelError(
                f"A tree of {name} is more than {MAX_DEPTH} levels deep; engines cannot descend it safely.",
                hint="Ask its authors for a model with a maximum depth.",
            )
        levels.append(np.stack([left[parents], right[parents]], axis=1).ravel())
    return np.concatenate(levels)
