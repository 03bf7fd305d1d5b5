# SPDX-License-Identifier: MIT
"""LSTM, GRU, SimpleRNN and Bidirectional.

Sources: keras/src/layers/rnn (Keras 3), keras/layers/recurrent.py (Keras 2); ONNX, operators LSTM, GRU, RNN.
Gates: Keras keeps i, f, c, o and z, r, h; ONNX takes i, o, f, c and z, r, h. A layer that goes backwards
gives its outputs in the order in which it computes them.
"""

import numpy as np

from fairreg.runners.converters.keras.arguments import Layer
from fairreg.runners.converters.keras.graph import KerasGraph, Value
from fairreg.runners.converters.keras.layers import activations
from fairreg.runners.converters.keras.layers.dense import features
from fairreg.runners.converters.keras.weights import Array, LayerWeights

__all__ = ["bidirectional", "recurrent"]

_GATES = {"LSTM": (0, 3, 1, 2), "GRU": (0, 1, 2), "SimpleRNN": (0,)}
_OPERATORS = {"LSTM": "LSTM", "GRU": "GRU", "SimpleRNN": "RNN"}
_ACTIVATIONS = {
    "LSTM": ("recurrent_activation", "activation", "activation"),
    "GRU": ("recurrent_activation", "activation"),
    "SimpleRNN": ("activation",),
}
_SEQUENCE = 3  # axes: batch, time, features


def recurrent(graph: KerasGraph, layer: Layer, inputs: tuple[Value, ...], weights: LayerWeights) -> Value:
    """LSTM, GRU and SimpleRNN over the first axis behind the batch, from a state of zeros."""
    (value,) = inputs
    layer.forbid("return_state", "stateful", "time_major")
    if value.rank != _SEQUENCE:
        raise layer.refusal("takes sequences, and its input is none")
    if layer.flag("go_backwards"):
        value = graph.reversed(value, 1)
    units, size = layer.integer("units"), features(layer, value)
    attributes = activations.recurrent(graph, layer, *_ACTIVATIONS[layer.kind])
    twice = layer.kind == "GRU" and _resets_after(graph, layer)
    if layer.kind == "GRU":
        attributes["linear_before_reset"] = int(twice)
    arrays = _tensors(layer, weights, size, units, two_biases=twice)
    tensors = [graph.constant(array) for array in arrays]
    # The engine computes the gates of all steps before it begins.
    graph.take(layer, (value.shape[1] or 1) * len(_GATES[layer.kind]) * units)
    steps = graph.transpose(value, 1, 0, 2)
    every, last = graph.nodes(
        _OPERATORS[layer.kind], [steps.name, *tensors], 2, hidden_size=units, **attributes
    )
    if layer.flag("return_sequences"):
        found = Value(
            graph.node("Squeeze", every, graph.integers(1)), (value.shape[1], value.shape[0], units)
        )
        return graph.transpose(found, 1, 0, 2)
    return graph.given(layer, graph.node("Squeeze", last, graph.integers(0)), (value.shape[0], units))


def _resets_after(graph: KerasGraph, layer: Layer) -> bool:
    """Tell whether the reset gate acts behind the product; files older than the argument mean before."""
    return layer.flag("reset_after", default=graph.major == 3)  # noqa: PLR2004


def _tensors(layer: Layer, weights: LayerWeights, size: int, units: int, *, two_biases: bool) -> list[Array]:
    """Kernel, recurrent kernel and bias in ONNX' layout, each with an axis for the direction."""
    order = _GATES[layer.kind]
    wide = len(order) * units
    kernel = weights.take(layer, "kernel", size, wide)
    inner = weights.take(layer, "recurrent_kernel", units, wide)
    found = [_ordered(kernel.T, order, units)[None], _ordered(inner.T, order, units)[None]]
    if not layer.flag("use_bias", default=True):
        return found
    if two_biases:
        bias = weights.take(layer, "bias", 2, wide)
    else:
        bias = np.stack([weights.take(layer, "bias", wide), np.zeros(wide, np.float32)])
    both = [_ordered(part[:, None], order, units)[:, 0] for part in bias]
    return [*found, np.concatenate(both)[None]]


def _ordered(array: Array, order: tuple[int, ...], units: int) -> Array:
    """Reorder the gates along the first axis."""
    return np.concatenate([array[gate * units : (gate + 1) * units] for gate in order])


def bidirectional(graph: KerasGraph, layer: Layer, inputs: tuple[Value, ...], weights: LayerWeights) -> Value:
    """One layer along and one against the time; the outputs of the second are turned around again."""
    for child in layer.children:
        if child.kind not in _GATES:
            raise layer.refusal(f"wraps {child}, which is not supported in it")
    one, other = layer.children
    if one.flag("go_backwards") == other.flag("go_backwards"):
        raise layer.refusal("has two layers that go the same way")
    if one.flag("return_sequences") != other.flag("return_sequences"):
        raise layer.refusal("has two layers of which one alone gives sequences")
    along, against = (recurrent(graph, child, inputs, weights) for child in (one, other))
    if one.flag("return_sequences"):
        against = graph.reversed(against, 1)
    mode = layer.choice("merge_mode", "concat", "concat", "sum", "mul", "ave")
    if mode == "concat":
        joined = graph.node("Concat", along.name, against.name, axis=-1)
        width = features(layer, along) + features(layer, against)
        return graph.given(layer, joined, (*along.shape[:-1], width))
    if along.shape[-1] != against.shape[-1]:
        raise layer.refusal("merges outputs of different sizes")
    merged = graph.apply("Mul" if mode == "mul" else "Add", along, against.name)
    return graph.apply("Mul", merged, graph.scalar(0.5)) if mode == "ave" else merged
