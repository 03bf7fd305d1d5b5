# SPDX-License-Identifier: MIT
"""Numbers in the place of free axes, for adapters of onnx that want to know every size.

onnx/version_converter/helper.cc asserts that axes are numbers before it compares shapes. What it writes must
not depend on those numbers: two conversions with different ones have to give the same graph.
"""

from itertools import count
from typing import Any

__all__ = ["bare", "numbered", "same_graph"]


def numbered(model: Any, start: int) -> Any:
    """Return a copy whose inputs have a number for each free axis, from `start` on, and no other shapes."""
    found = type(model)()
    found.CopyFrom(model)
    numbers: dict[str, int] = {}
    fresh = count(start)
    for value in found.graph.input:
        for axis in value.type.tensor_type.shape.dim:
            if not axis.HasField("dim_value"):
                size = numbers.get(axis.dim_param) or next(fresh)
                if axis.dim_param:
                    numbers[axis.dim_param] = size
                axis.dim_value = size
    return bare(found)


def bare(model: Any) -> Any:
    """Forget the shapes of outputs and of values between nodes, in place; return the model."""
    del model.graph.value_info[:]
    for value in model.graph.output:
        value.type.tensor_type.ClearField("shape")
    return model


def same_graph(first: Any, second: Any) -> bool:
    """Tell whether two conversions are equal but for the shapes of inputs and outputs."""
    copies = []
    for model in (first, second):
        copy = type(model)()
        copy.CopyFrom(model)
        for part in ("input", "output", "value_info"):
            copy.graph.ClearField(part)
        copies.append(copy.SerializeToString(deterministic=True))
    return bool(copies[0] == copies[1])
