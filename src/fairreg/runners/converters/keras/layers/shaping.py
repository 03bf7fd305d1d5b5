# SPDX-License-Identifier: MIT
"""Layers that move numbers without computing.

Source: keras/src/layers/reshaping (Keras 3), keras/layers/core.py and convolutional.py (Keras 1 and 2).
"""

from math import prod
from typing import Any

import numpy as np

from fairreg.runners.converters.keras.arguments import Layer, is_size
from fairreg.runners.converters.keras.graph import LAST, KerasGraph, Shape, Value, known
from fairreg.runners.converters.keras.weights import LayerWeights

__all__ = ["cropping", "flatten", "identity", "padding", "permute", "repeat", "reshape", "upsampling"]


def identity(_graph: KerasGraph, _layer: Layer, inputs: tuple[Value, ...], _weights: LayerWeights) -> Value:
    """Return the input: layers that act only while a model is trained."""
    return inputs[0]


def flatten(graph: KerasGraph, layer: Layer, inputs: tuple[Value, ...], _weights: LayerWeights) -> Value:
    """Bring all axes behind the batch into one; channels come last, whichever way they stood."""
    (value,) = inputs
    first = (
        layer.choice("data_format", "channels_last", "channels_first", "channels_last") == "channels_first"
    )
    if first and value.rank > 2:  # noqa: PLR2004
        value = graph.transpose(value, 0, *range(2, value.rank), 1)
    return graph.reshape(layer, value, (value.shape[0], known(value.shape)))


def reshape(graph: KerasGraph, layer: Layer, inputs: tuple[Value, ...], _weights: LayerWeights) -> Value:
    """Reshape every row; one length may be -1."""
    (value,) = inputs
    stated = layer.config.get("target_shape")
    if not isinstance(stated, list) or not all(is_size(size, -1) for size in stated):
        raise layer.wrong("target_shape")
    return graph.reshape(layer, value, (value.shape[0], *_filled(layer, stated, known(value.shape))))


def _filled(layer: Layer, stated: list[int], total: int | None) -> Shape:
    rest = prod(size for size in stated if size != -1)
    if stated.count(-1) > 1:
        raise layer.wrong("target_shape")
    if total is None:
        if -1 not in stated or rest == 0:
            raise layer.refusal("reshapes an input whose size is not stated")
        return tuple(None if size == -1 else size for size in stated)
    if rest == 0 or (total % rest if -1 in stated else total != rest):
        raise layer.refusal(f"makes the shape {tuple(stated)} of {total} numbers")
    return tuple(total // rest if size == -1 else size for size in stated)


def permute(graph: KerasGraph, layer: Layer, inputs: tuple[Value, ...], _weights: LayerWeights) -> Value:
    """Reorder the axes behind the batch, which are counted from 1."""
    (value,) = inputs
    order = layer.config.get("dims")
    if not isinstance(order, list) or sorted(map(str, order)) != sorted(map(str, range(1, value.rank))):
        raise layer.wrong("dims")
    return graph.transpose(value, 0, *map(int, order))


def repeat(graph: KerasGraph, layer: Layer, inputs: tuple[Value, ...], _weights: LayerWeights) -> Value:
    """Repeat a row of features `n` times along a new axis."""
    (value,) = inputs
    if value.rank != 2:  # noqa: PLR2004
        raise layer.refusal("takes one axis beside the batch")
    times = layer.integer("n")
    wider = graph.node("Unsqueeze", value.name, graph.integers(1))
    shape = (value.shape[0], times, value.shape[1])
    return graph.given(layer, graph.node("Tile", wider, graph.integers(1, times, 1)), shape)


def _sides(layer: Layer, key: str, rank: int, default: int) -> list[tuple[int, int]]:
    """The lengths before and behind each axis: a number, one per axis, or two per axis."""
    stated: Any = layer.config.get(key, default)
    values = [stated] * rank if isinstance(stated, int) else stated
    if rank == 1 and isinstance(values, list) and len(values) == 2:  # noqa: PLR2004
        values = [values]
    if not isinstance(values, list) or len(values) != rank:
        raise layer.wrong(key)
    pairs = [[item, item] if isinstance(item, int) else item for item in values]
    if not all(_is_pair(pair) for pair in pairs):
        raise layer.wrong(key)
    return [(pair[0], pair[1]) for pair in pairs]


def _is_pair(found: Any) -> bool:
    return isinstance(found, list) and len(found) == 2 and all(is_size(item, 0) for item in found)  # noqa: PLR2004


def _axes(layer: Layer, value: Value) -> range:
    """The axes of the window: all but the batch and the channels."""
    rank = int(layer.kind[-2])
    if value.rank != rank + 2:
        raise layer.refusal(f"takes {rank + 1} axes beside the batch, and its input has {value.rank - 1}")
    first = (
        layer.choice("data_format", "channels_last", "channels_first", "channels_last") == "channels_first"
    )
    return range(2, value.rank) if first else range(1, value.rank - 1)


def _resized(value: Value, axes: range, changes: list[int]) -> Shape:
    sizes = list(value.shape)
    for axis, change in zip(axes, changes, strict=True):
        size = sizes[axis]
        sizes[axis] = None if size is None else size + change
    return tuple(sizes)


def padding(graph: KerasGraph, layer: Layer, inputs: tuple[Value, ...], _weights: LayerWeights) -> Value:
    """ZeroPadding."""
    (value,) = inputs
    axes = _axes(layer, value)
    sides = _sides(layer, "padding", len(axes), 1)
    before, behind = [0] * value.rank, [0] * value.rank
    for axis, (one, other) in zip(axes, sides, strict=True):
        before[axis], behind[axis] = one, other
    found = graph.node("Pad", value.name, graph.integers(*before, *behind), graph.scalar(0))
    # An axis of any length is at least as long as what is added to it.
    graph.take(
        layer,
        prod(
            (size or 0) + one + other
            for size, one, other in zip(value.shape, before, behind, strict=True)
            if size or one + other
        ),
    )
    return graph.given(layer, found, _resized(value, axes, [one + other for one, other in sides]))


def cropping(graph: KerasGraph, layer: Layer, inputs: tuple[Value, ...], _weights: LayerWeights) -> Value:
    """Cropping."""
    (value,) = inputs
    axes = _axes(layer, value)
    for axis, (one, other) in zip(axes, _sides(layer, "cropping", len(axes), 0), strict=True):
        shape = _resized(value, range(axis, axis + 1), [-one - other])
        value = graph.given(layer, graph.slice(value, axis, one, -other if other else LAST), shape)
    return value


def upsampling(graph: KerasGraph, layer: Layer, inputs: tuple[Value, ...], _weights: LayerWeights) -> Value:
    """UpSampling by repeating every place."""
    (value,) = inputs
    layer.choice("interpolation", "nearest", "nearest")
    axes = _axes(layer, value)
    times = layer.integers("size", len(axes), 2)
    scales = [1.0] * value.rank
    sizes = list(value.shape)
    for axis, factor in zip(axes, times, strict=True):
        scales[axis] = float(factor)
        size = sizes[axis]
        sizes[axis] = None if size is None else size * factor
        if size is None:
            graph.stretch(layer, factor)
    found = graph.node(
        "Resize",
        value.name,
        "",
        graph.constant(np.asarray(scales, np.float32)),
        mode="nearest",
        coordinate_transformation_mode="asymmetric",
        nearest_mode="floor",
    )
    return graph.given(layer, found, tuple(sizes))
