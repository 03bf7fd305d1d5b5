# SPDX-License-Identifier: MIT
"""Dense layers, normalisation, PReLU and Rescaling.

Sources: keras/src/layers/core/dense.py, normalization/batch_normalization.py and layer_normalization.py,
activations/prelu.py, preprocessing/rescaling (Keras 3).
"""

import numpy as np

from fairreg.runners.converters.keras.arguments import Layer
from fairreg.runners.converters.keras.graph import KerasGraph, Value
from fairreg.runners.converters.keras.layers.activations import activated
from fairreg.runners.converters.keras.weights import Array, LayerWeights

__all__ = ["batch_normalisation", "biased", "dense", "features", "layer_normalisation", "prelu", "rescaling"]


def features(layer: Layer, value: Value, axis: int = -1) -> int:
    """Length of an axis, which must be stated."""
    size = value.shape[axis] if -value.rank <= axis < value.rank else None
    if not size:
        raise layer.refusal("takes features of which the number is not stated")
    return size


def biased(
    graph: KerasGraph, layer: Layer, value: Value, weights: LayerWeights, *, shape: tuple[int, ...]
) -> Value:
    """Add the bias, one number for each place of the first axis of `shape`, if the layer has one."""
    if not layer.flag("use_bias", default=True):
        return value
    bias = weights.take(layer, "bias", shape[0]).reshape(shape)
    return graph.apply("Add", value, graph.constant(bias))


def dense(graph: KerasGraph, layer: Layer, inputs: tuple[Value, ...], weights: LayerWeights) -> Value:
    """``activation(x W + b)`` over the last axis."""
    (value,) = inputs
    units = layer.integer("units")
    kernel = weights.take(layer, "kernel", features(layer, value), units)
    product = graph.node("MatMul", value.name, graph.constant(kernel))
    found = graph.given(layer, product, (*value.shape[:-1], units))
    return activated(graph, layer, biased(graph, layer, found, weights, shape=(units,)))


def batch_normalisation(
    graph: KerasGraph, layer: Layer, inputs: tuple[Value, ...], weights: LayerWeights
) -> Value:
    """``gamma (x - mean) / sqrt(variance + epsilon) + beta`` with the moving statistics."""
    (value,) = inputs
    _check_statistics(graph, layer)
    axis = layer.config.get("axis", -1)
    axis = axis[0] if isinstance(axis, list) and len(axis) == 1 else axis
    if not isinstance(axis, int) or not -value.rank < axis < value.rank or axis == 0:
        raise layer.wrong("axis")
    size = features(layer, value, axis)
    mean, variance = (
        weights.take(layer, name, size).astype(float) for name in ("moving_mean", "moving_variance")
    )
    widened = variance + layer.number("epsilon", 1e-3)
    if not (widened > 0).all():
        raise layer.refusal("has a variance that is not positive")
    scale = 1 / np.sqrt(widened)
    if layer.flag("scale", default=True):
        scale = scale * weights.take(layer, "gamma", size)
    beta: Array | float = weights.take(layer, "beta", size) if layer.flag("center", default=True) else 0.0
    shape = (size, *([1] * (value.rank - 1 - axis % value.rank)))
    scaled = graph.apply("Mul", value, graph.constant(scale.reshape(shape)))
    return graph.apply("Add", scaled, graph.constant((beta - mean * scale).reshape(shape)))


def _check_statistics(graph: KerasGraph, layer: Layer) -> None:
    layer.forbid("mode", "renorm", "virtual_batch_size", "adjustment")
    if graph.major == 1 and graph.backend != "tensorflow":
        raise layer.refusal(
            "is of Keras 1, whose definition depends on what Keras computed with, and the file does not say "
            "that it was TensorFlow",
            hint='If you know that it was, add "backend": "tensorflow" to the JSON file beside the weights.',
        )
    if graph.major == 1 and "epsilon" not in layer.config:
        raise layer.wrong("epsilon")


def layer_normalisation(
    graph: KerasGraph, layer: Layer, inputs: tuple[Value, ...], weights: LayerWeights
) -> Value:
    """``gamma (x - mean) / sqrt(variance + epsilon) + beta`` with the statistics of every row by itself."""
    (value,) = inputs
    layer.forbid("rms_scaling")
    stated = layer.config.get("axis", -1)
    axes = sorted(axis % value.rank for axis in ([stated] if isinstance(stated, int) else stated))
    if not axes or axes[0] == 0 or len(set(axes)) != len(axes):
        raise layer.wrong("axis")
    sizes = [features(layer, value, axis) for axis in axes]
    mean = graph.node("ReduceMean", value.name, axes=axes, keepdims=1)
    centred = graph.apply("Sub", value, mean)
    square = graph.apply("Mul", centred, centred.name)
    variance = graph.node("ReduceMean", square.name, axes=axes, keepdims=1)
    root = graph.node("Sqrt", graph.node("Add", variance, graph.scalar(layer.number("epsilon", 1e-3))))
    found = graph.apply("Div", centred, root)
    shape = [sizes[axes.index(axis)] if axis in axes else 1 for axis in range(axes[0], value.rank)]
    for kind, name, key in (("Mul", "gamma", "scale"), ("Add", "beta", "center")):
        if layer.flag(key, default=True):
            array = weights.take(layer, name, *sizes).reshape(shape)
            found = graph.apply(kind, found, graph.constant(array))
    return found


def prelu(graph: KerasGraph, layer: Layer, inputs: tuple[Value, ...], weights: LayerWeights) -> Value:
    """``max(x, 0) - alpha max(-x, 0)``; `shared_axes` have one alpha."""
    (value,) = inputs
    shared = layer.config.get("shared_axes") or []
    if not all(isinstance(axis, int) and 0 < axis < value.rank for axis in shared):
        raise layer.wrong("shared_axes")
    sizes = [1 if axis in shared else features(layer, value, axis) for axis in range(1, value.rank)]
    return graph.apply("PRelu", value, graph.constant(weights.take(layer, "alpha", *sizes)))


def rescaling(graph: KerasGraph, layer: Layer, inputs: tuple[Value, ...], _weights: LayerWeights) -> Value:
    """``x * scale + offset``."""
    scaled = graph.apply("Mul", inputs[0], graph.scalar(layer.number("scale")))
    return graph.apply("Add", scaled, graph.scalar(layer.number("offset", 0.0)))
