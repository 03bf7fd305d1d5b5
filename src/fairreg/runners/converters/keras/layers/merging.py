# SPDX-License-Identifier: MIT
"""Layers with several inputs. Source: keras/src/layers/merging (Keras 3), keras/layers/merge.py (Keras 2)."""

from fairreg.runners.converters.keras.arguments import Layer
from fairreg.runners.converters.keras.graph import KerasGraph, Shape, Value
from fairreg.runners.converters.keras.weights import LayerWeights

__all__ = ["concatenate", "elementwise"]

_OPERATORS = {
    "Add": "Add",
    "Multiply": "Mul",
    "Subtract": "Sub",
    "Average": "Add",
    "Maximum": "Max",
    "Minimum": "Min",
}


def elementwise(graph: KerasGraph, layer: Layer, inputs: tuple[Value, ...], _weights: LayerWeights) -> Value:
    """Add, Multiply, Subtract, Average, Maximum, Minimum of values of equal rank; axes of length 1 spread."""
    if len(inputs) < 2 or (layer.kind == "Subtract" and len(inputs) != 2):  # noqa: PLR2004
        raise layer.refusal(f"has {len(inputs)} inputs")
    found = inputs[0]
    for value in inputs[1:]:
        shape = _spread(layer, found.shape, value.shape)
        found = graph.given(layer, graph.node(_OPERATORS[layer.kind], found.name, value.name), shape)
    return graph.apply("Div", found, graph.scalar(len(inputs))) if layer.kind == "Average" else found


def _spread(layer: Layer, one: Shape, other: Shape) -> Shape:
    if len(one) != len(other):
        raise layer.refusal("takes inputs of different numbers of axes, which is not supported")
    if any(
        None not in {a, b} and 1 not in {a, b} and a != b for a, b in zip(one[1:], other[1:], strict=True)
    ):
        raise layer.refusal(f"takes inputs of the shapes {one[1:]} and {other[1:]}, which do not fit")
    return (one[0], *(b if a == 1 else a for a, b in zip(one[1:], other[1:], strict=True)))


def concatenate(graph: KerasGraph, layer: Layer, inputs: tuple[Value, ...], _weights: LayerWeights) -> Value:
    """Concatenate along one axis, not that of the batch."""
    rank = inputs[0].rank
    axis = layer.config.get("axis", -1)
    if not isinstance(axis, int) or not -rank < axis < rank or axis == 0:
        raise layer.wrong("axis")
    axis %= rank
    shapes = [value.shape for value in inputs]
    rests = [(*shape[1:axis], *shape[axis + 1 :]) for shape in shapes]
    if len({len(rest) for rest in rests}) != 1 or any(
        len(set(sizes) - {None}) > 1 for sizes in zip(*rests, strict=True)
    ):
        raise layer.refusal("takes inputs whose shapes do not fit")
    sizes = [shape[axis] for shape in shapes]
    total = None if None in sizes else sum(size or 0 for size in sizes)
    joined = graph.node("Concat", *(value.name for value in inputs), axis=axis)
    return graph.given(layer, joined, (*shapes[0][:axis], total, *shapes[0][axis + 1 :]))
