# SPDX-License-Identifier: MIT
"""Content of a TMVA weight file, without a reading of its meaning."""

from array import array
from collections.abc import Mapping
from dataclasses import dataclass, field

__all__ = ["Forest", "MethodSetup", "Nodes"]


def _wholes() -> "array[int]":
    return array("q")


def _reals() -> "array[float]":
    return array("d")


@dataclass
class Nodes:
    """Nodes of all trees, in the order of the file, by column.

    `number` counts within a tree; `left` and `right` are such numbers, -1 without a child. `kind` is TMVA's
    nType: 0 inside, 1 a signal leaf, -1 a background leaf. `response` and `purity` are NaN where not stated.
    """

    tree: "array[int]" = field(default_factory=_wholes)
    number: "array[int]" = field(default_factory=_wholes)
    kind: "array[int]" = field(default_factory=_wholes)
    variable: "array[int]" = field(default_factory=_wholes)
    cut: "array[float]" = field(default_factory=_reals)
    cut_type: "array[int]" = field(default_factory=_wholes)
    left: "array[int]" = field(default_factory=_wholes)
    right: "array[int]" = field(default_factory=_wholes)
    response: "array[float]" = field(default_factory=_reals)
    purity: "array[float]" = field(default_factory=_reals)

    def __len__(self) -> int:
        return len(self.tree)


@dataclass
class MethodSetup:
    """Statements of the file beside its trees; counts are None where it states none.

    `variables` and `classes` are by their number; `transformations` the methods of the transformations.
    """

    method: str = ""
    info: dict[str, str] = field(default_factory=dict)
    options: dict[str, str] = field(default_factory=dict)
    variables: dict[int, str] = field(default_factory=dict)
    variable_count: int | None = None
    spectators: int = 0
    classes: list[str] = field(default_factory=list)
    class_count: int | None = None
    targets: int = 0
    transformations: list[str] = field(default_factory=list)
    transformation_count: int | None = None
    weights: Mapping[str, str] | None = None


@dataclass
class Forest:
    """A whole weight file: `boost` has the weight of each tree, as float32."""

    setup: MethodSetup
    nodes: Nodes
    boost: "array[float]"
