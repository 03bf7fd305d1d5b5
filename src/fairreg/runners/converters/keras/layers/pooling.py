# SPDX-License-Identifier: MIT
"""Pooling in one and two dimensions.

Sources: keras/src/layers/pooling (Keras 3); TensorFlow, "Neural network ops: padding"; an average leaves out
the padding, as `avg_pool` of TensorFlow does.
"""

from typing import Any

from fairreg.runners.converters.keras.arguments import Layer
from fairreg.runners.converters.keras.graph import KerasGraph, Value
from fairreg.runners.converters.keras.layers.convolution import channels_first, length_after, pads_of
from fairreg.runners.converters.keras.weights import LayerWeights

__all__ = ["global_pooling", "pooling"]


def pooling(graph: KerasGraph, layer: Layer, inputs: tuple[Value, ...], _weights: LayerWeights) -> Value:
    """MaxPooling and AveragePooling."""
    rank = int(layer.kind[-2])
    value, first = channels_first(graph, layer, _checked(layer, inputs[0], rank))
    sizes = layer.integers("pool_size", rank, 2)
    strides = sizes if layer.config.get("strides") is None else layer.integers("strides", rank)
    padding = layer.choice("padding", "valid", "valid", "same")
    if padding == "same" and graph.backend == "theano":
        raise layer.refusal("pads as Theano does, which is not supported")
    pads = pads_of(graph, layer, value.shape[2:], sizes, strides)
    average: dict[str, Any] = {"count_include_pad": 0} if layer.kind.startswith("Average") else {}
    kind = "AveragePool" if average else "MaxPool"
    found = graph.node(
        kind, value.name, kernel_shape=list(sizes), strides=list(strides), pads=pads, **average
    )
    lengths = (
        length_after(length, size, stride, pads[axis] + pads[axis + rank])
        for axis, (length, size, stride) in enumerate(zip(value.shape[2:], sizes, strides, strict=True))
    )
    pooled = graph.given(layer, found, (*value.shape[:2], *lengths))
    return pooled if first else graph.transpose(pooled, 0, *range(2, pooled.rank), 1)


def _checked(layer: Layer, value: Value, rank: int) -> Value:
    if value.rank != rank + 2:
        raise layer.refusal(f"takes {rank + 1} axes beside the batch, and its input has {value.rank - 1}")
    return value


def global_pooling(
    graph: KerasGraph, layer: Layer, inputs: tuple[Value, ...], _weights: LayerWeights
) -> Value:
    """GlobalMaxPooling and GlobalAveragePooling."""
    rank = int(layer.kind[-2])
    value = _checked(layer, inputs[0], rank)
    first = (
        layer.choice("data_format", "channels_last", "channels_first", "channels_last") == "channels_first"
    )
    axes = list(range(2, value.rank)) if first else list(range(1, value.rank - 1))
    kept = layer.flag("keepdims")
    kind = "ReduceMax" if layer.kind.startswith("GlobalMax") else "ReduceMean"
    found = graph.node(kind, value.name, axes=axes, keepdims=int(kept))
    pooled = tuple(
        1 if axis in axes else size for axis, size in enumerate(value.shape) if kept or axis not in axes
    )
    return graph.given(layer, found, pooled)
