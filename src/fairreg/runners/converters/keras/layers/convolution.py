# SPDX-License-Identifier: MIT
"""Convolutions in one and two dimensions.

Sources: keras/src/layers/convolutional (Keras 3); TensorFlow, "Neural network ops: padding" (with SAME the
output has ceil(n / stride) places and an odd padding has its larger half at the end);
`_need_convert_kernel` of keras/engine/saving.py of Keras 2.3 (Theano convolves with the kernel turned around,
the others correlate).
"""

from typing import Any

import numpy as np

from fairreg.runners.converters.keras.arguments import Layer
from fairreg.runners.converters.keras.graph import KerasGraph, Shape, Value
from fairreg.runners.converters.keras.layers.activations import activated
from fairreg.runners.converters.keras.layers.dense import biased, features
from fairreg.runners.converters.keras.weights import Array, LayerWeights

__all__ = ["channels_first", "convolution", "depthwise", "length_after", "pads_of", "separable"]

_KERAS_3 = 3  # without Theano
_HINT = 'If you know it, add "backend": "theano" or "backend": "tensorflow" to the JSON file of the model.'


def channels_first(graph: KerasGraph, layer: Layer, value: Value) -> tuple[Value, bool]:
    """The value with its channels behind the batch, and whether they were there."""
    first = (
        layer.choice("data_format", "channels_last", "channels_first", "channels_last") == "channels_first"
    )
    return (value if first else graph.transpose(value, 0, value.rank - 1, *range(1, value.rank - 1))), first


def _restored(graph: KerasGraph, value: Value, *, first: bool) -> Value:
    return value if first else graph.transpose(value, 0, *range(2, value.rank), 1)


def pads_of(
    graph: KerasGraph, layer: Layer, lengths: Shape, sizes: tuple[int, ...], strides: tuple[int, ...]
) -> list[int]:
    """Padding before and behind every axis, in ONNX' order. Raises ModelError where it cannot be known."""
    padding = layer.choice("padding", "valid", "valid", "same", "causal")
    if padding == "valid":
        return [0] * (2 * len(sizes))
    if padding == "causal":
        return [sizes[0] - 1, 0] if len(sizes) == 1 else _refuse(layer)
    if graph.backend == "theano" and (max(strides) > 1 or any(size % 2 == 0 for size in sizes)):
        raise layer.refusal("pads as Theano does, which is not supported for strides or even sizes")
    before, behind = [], []
    for length, size, stride in zip(lengths, sizes, strides, strict=True):
        if length is None and stride > 1:
            raise layer.refusal("pads an axis whose length is not stated")
        total = size - 1 if length is None else max((-(-length // stride) - 1) * stride + size - length, 0)
        before.append(total // 2)
        behind.append(total - total // 2)
    return [*before, *behind]


def _refuse(layer: Layer) -> Any:
    raise layer.wrong("padding")


def length_after(length: int | None, size: int, stride: int, padded: int) -> int | None:
    """Number of places of a window of `size`."""
    return None if length is None else (length + padded - size) // stride + 1


def _check(graph: KerasGraph, layer: Layer, *, plain: bool) -> None:
    if graph.major != _KERAS_3 and not plain and graph.backend is None:
        raise layer.refusal(
            "is of an older Keras, and the file does not say whether Theano computed it, which turns "
            "kernels around",
            hint=_HINT,
        )


def _correlated(graph: KerasGraph, layer: Layer, kernel: Array) -> Array:
    """The kernel, (window..., inputs, outputs), as correlation takes it."""
    axes = tuple(range(kernel.ndim - 2))
    turned = np.flip(kernel, axes)
    _check(graph, layer, plain=bool((turned == kernel).all()))
    return turned if graph.backend == "theano" else kernel


def _window(layer: Layer, rank: int) -> tuple[tuple[int, ...], tuple[int, ...], tuple[int, ...]]:
    sizes = layer.integers("kernel_size", rank)
    return sizes, layer.integers("strides", rank, 1), layer.integers("dilation_rate", rank, 1)


def _conv(
    graph: KerasGraph,
    layer: Layer,
    value: Value,
    kernel: Array,
    *,
    groups: int,
    window: tuple[tuple[int, ...], ...],
) -> Value:
    """Correlate a value, channels first, with a kernel (outputs, inputs per group, window...)."""
    sizes, strides, dilation = window
    extents = tuple((size - 1) * step + 1 for size, step in zip(sizes, dilation, strict=True))
    pads = pads_of(graph, layer, value.shape[2:], extents, strides)
    found = graph.node(
        "Conv",
        value.name,
        graph.constant(kernel),
        kernel_shape=list(sizes),
        strides=list(strides),
        dilations=list(dilation),
        pads=pads,
        group=groups,
    )
    lengths = (
        length_after(length, extent, stride, pads[axis] + pads[axis + len(sizes)])
        for axis, (length, extent, stride) in enumerate(zip(value.shape[2:], extents, strides, strict=True))
    )
    return graph.given(layer, found, (value.shape[0], kernel.shape[0], *lengths))


def _finished(graph: KerasGraph, layer: Layer, value: Value, weights: LayerWeights, *, first: bool) -> Value:
    filters = features(layer, value, 1)
    found = biased(graph, layer, value, weights, shape=(filters, *([1] * (value.rank - 2))))
    return activated(graph, layer, _restored(graph, found, first=first))


def convolution(graph: KerasGraph, layer: Layer, inputs: tuple[Value, ...], weights: LayerWeights) -> Value:
    """Conv1D and Conv2D; the kernel has the shape (window..., channels per group, filters)."""
    rank = int(layer.kind[-2])
    window = _window(layer, rank)
    value, first = channels_first(graph, layer, _of_rank(layer, inputs[0], rank + 2))
    groups, filters, channels = (
        layer.integer("groups", 1),
        layer.integer("filters"),
        features(layer, value, 1),
    )
    if channels % groups or filters % groups:
        raise layer.wrong("groups")
    kernel = weights.take(layer, "kernel", *window[0], channels // groups, filters)
    kernel = _correlated(graph, layer, kernel)
    order = (rank + 1, rank, *range(rank))
    found = _conv(graph, layer, value, kernel.transpose(order), groups=groups, window=window)
    return _finished(graph, layer, found, weights, first=first)


def _of_rank(layer: Layer, value: Value, rank: int) -> Value:
    if value.rank != rank:
        raise layer.refusal(f"takes {rank - 1} axes beside the batch, and its input has {value.rank - 1}")
    return value


def _by_channel(graph: KerasGraph, layer: Layer, value: Value, weights: LayerWeights, rank: int) -> Value:
    """Correlate every channel with kernels of its own, of shape (window..., channels, multiplier)."""
    if graph.backend == "theano" or graph.major == 1:
        raise layer.refusal(
            "is of Keras 1 or was computed by Theano, where its definition is not known to fairreg"
        )
    window = _window(layer, rank)
    channels, multiplier = features(layer, value, 1), layer.integer("depth_multiplier", 1)
    kernel = weights.take(layer, "depthwise_kernel", *window[0], channels, multiplier)
    outputs = kernel.reshape(*window[0], 1, channels * multiplier).transpose(rank + 1, rank, *range(rank))
    return _conv(graph, layer, value, outputs, groups=channels, window=window)


def depthwise(graph: KerasGraph, layer: Layer, inputs: tuple[Value, ...], weights: LayerWeights) -> Value:
    """DepthwiseConv1D and DepthwiseConv2D."""
    rank = int(layer.kind[-2])
    value, first = channels_first(graph, layer, _of_rank(layer, inputs[0], rank + 2))
    found = _by_channel(graph, layer, value, weights, rank)
    return _finished(graph, layer, found, weights, first=first)


def separable(graph: KerasGraph, layer: Layer, inputs: tuple[Value, ...], weights: LayerWeights) -> Value:
    """SeparableConv1D and SeparableConv2D: a depthwise convolution, then one with a window of one place."""
    rank, filters = int(layer.kind[-2]), layer.integer("filters")
    value, first = channels_first(graph, layer, _of_rank(layer, inputs[0], rank + 2))
    middle = _by_channel(graph, layer, value, weights, rank)
    ones = (1,) * rank
    kernel = weights.take(layer, "pointwise_kernel", *ones, features(layer, middle, 1), filters)
    found = graph.node("Conv", middle.name, graph.constant(kernel.transpose(rank + 1, rank, *range(rank))))
    mixed = graph.given(layer, found, (middle.shape[0], filters, *middle.shape[2:]))
    return _finished(graph, layer, mixed, weights, first=first)
