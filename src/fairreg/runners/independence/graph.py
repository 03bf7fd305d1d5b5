# SPDX-License-Identifier: MIT
"""A graph during the proof: what is known of its values, their shapes and their contents."""

from dataclasses import dataclass, field
from math import prod
from typing import Any

from fairreg.runners.bare_graph import LARGEST_CONSTANT, without_weights
from fairreg.runners.independence.sizes import Sizes

__all__ = ["STANDARD", "Graph"]

STANDARD = frozenset({"", "ai.onnx"})

# Operators whose result differs from call to call or from place to place, although nothing enters them.
_RANDOM = """
    RandomNormal RandomUniform RandomNormalLike RandomUniformLike Multinomial Bernoulli Dropout
"""


@dataclass
class Graph:
    """Values by name: `rows` holds the axis that the rows lie along, `constants` what no input changes.

    `merged` holds how many entries before and after the rows the axis takes in, as a reshaping joined them:
    with (2, 3) entry ``(a * n + row) * 3 + b`` for a < 2, b < 3 belongs to `row` of n.
    """

    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    nodes: list[Any]
    opset: int
    shapes: dict[str, tuple[int | None, ...]]
    tensors: dict[str, Any]
    rows: dict[str, int] = field(default_factory=dict)
    constants: set[str] = field(default_factory=set)
    merged: dict[str, tuple[int, int]] = field(default_factory=dict)
    sizes: Sizes = field(default_factory=Sizes)

    @classmethod
    def of(cls, model: Any) -> "Graph | None":
        """Infer the shapes of a ModelProto; None where ONNX's own inference fails.

        Also None for a model that states two versions of the standard operators, under both names of their
        domain: engines differ in which one they take.
        """
        inferred = _inferred(model)
        if inferred is None or len(_versions(inferred)) > 1:
            return None
        graph = inferred.graph
        tensors = {item.name: item for item in graph.initializer}
        sparse = {item.values.name for item in graph.sparse_initializer}
        values = (*graph.input, *graph.value_info, *graph.output)
        shapes = {item.name: shape for item in values if (shape := _shape(item)) is not None}
        shapes |= {name: tuple(item.dims) for name, item in tensors.items()}
        return cls(
            inputs=tuple(item.name for item in graph.input if item.name not in tensors),
            outputs=tuple(item.name for item in graph.output),
            nodes=list(graph.node),
            opset=max(_versions(inferred), default=0),
            shapes=shapes,
            tensors=tensors,
            constants={*tensors, *sparse},
        )

    def merged_of(self, value: str) -> tuple[int, int]:
        """The entries before and after the rows that the axis of a value takes in."""
        return self.merged.get(value, (1, 1))

    def rank(self, value: str) -> int | None:
        """Number of axes of a value, None where it is unknown."""
        shape = self.shapes.get(value)
        return None if shape is None else len(shape)

    def is_constant(self, node: Any) -> bool:
        """Tell whether nothing that enters the model can change the outputs of a node."""
        if node.op_type in _RANDOM.split() or any(
            item.HasField("g") or item.graphs for item in node.attribute
        ):
            return False
        if node.op_type == "Constant":
            if (tensor := self.attribute(node, "value")) is not None:
                self.tensors[node.output[0]] = tensor
            return True
        given = [value for value in node.input if value]
        return bool(given) and all(value in self.constants for value in given)

    def attribute(self, node: Any, name: str, default: Any = None) -> Any:
        """An attribute of a node as a Python value."""
        from onnx import helper

        found = next((item for item in node.attribute if item.name == name), None)
        return default if found is None else helper.get_attribute_value(found)

    def integers(self, value: str) -> list[int] | None:
        """The content of a constant list of integers, None where it is not one or unknown."""
        from onnx import numpy_helper

        if (known := self.sizes.integers(value)) is not None:
            return known
        tensor = self.tensors.get(value)
        if (
            tensor is None
            or tensor.external_data
            or len(tensor.dims) > 1
            or prod(tensor.dims) > LARGEST_CONSTANT
        ):
            return None
        array = numpy_helper.to_array(tensor)
        listed = array.dtype.kind in "iu" and array.size == prod(tensor.dims)
        return [int(item) for item in array.reshape(-1)] if listed else None

    def axes(self, node: Any, place: int) -> list[int] | None:
        """The axes that a node names in its attribute `axes` or its input `place`; None where unknown."""
        if (listed := self.attribute(node, "axes")) is not None:
            return list(listed)
        return self.integers(node.input[place]) if len(node.input) > place and node.input[place] else None


def _versions(model: Any) -> set[int]:
    """Versions of the standard operators that the model states."""
    return {item.version for item in model.opset_import if item.domain in STANDARD}


def _inferred(model: Any) -> Any:
    """The model with functions inlined and shapes inferred."""
    from onnx import inliner, shape_inference

    bare = without_weights(model)
    try:
        if bare.functions:
            bare = inliner.inline_local_functions(bare)
        return shape_inference.infer_shapes(bare, data_prop=True)
    except (shape_inference.InferenceError, ValueError, RuntimeError, MemoryError):
        return None


def _shape(value: Any) -> tuple[int | None, ...] | None:
    kind = value.type.tensor_type
    if not kind.HasField("shape"):
        return None
    return tuple(dim.dim_value if dim.HasField("dim_value") else None for dim in kind.shape.dim)
