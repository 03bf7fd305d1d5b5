# SPDX-License-Identifier: MIT
"""Networks of layers as graphs: each call of a layer once, in the order of what it needs."""

from collections import deque
from collections.abc import Mapping, Sequence
from typing import Any

from fairreg.errors import ModelError
from fairreg.runners.converters.keras import layers
from fairreg.runners.converters.keras.arguments import KerasNetwork, Layer, Reference, is_size, quoted
from fairreg.runners.converters.keras.graph import KerasGraph, Shape, Value
from fairreg.runners.converters.keras.weights import LayerWeights

__all__ = ["input_shape", "kinds", "names", "ordered", "written"]

_Key = tuple[str, int]


def input_shape(layer: Layer) -> Shape:
    """Shape of an input layer, with the batch as a free axis. Raises ModelError."""
    stated = layer.config.get("batch_shape") or layer.config.get("batch_input_shape")
    if isinstance(stated, Mapping) and isinstance(stated.get("items"), list):
        stated = stated["items"]
    fits = isinstance(stated, list) and len(stated) > 1
    if not fits or not all(size is None or is_size(size) for size in stated or ()):
        raise layer.refusal("does not state its shape")
    dtype = layer.config.get("dtype") or layer.config.get("input_dtype") or "float32"
    if dtype != "float32":
        raise layer.refusal(f"takes {quoted(dtype)}, and only float32 is supported")
    layer.forbid("sparse", "ragged", "optional")
    return (None, *(stated or ())[1:])


def names(references: Sequence[Reference]) -> list[str]:
    """Names of inputs or outputs: those of their layers, numbered where one occurs more than once."""
    found: list[str] = []
    for item in references:
        name, number = item.layer, 1
        while name in found:
            name, number = f"{item.layer}_{number}", number + 1
        found.append(name)
    return found


def kinds(network: KerasNetwork) -> set[str]:
    """Classes of all layers of a network, those inside others too."""
    found: set[str] = set()
    for layer in network.layers:
        for item in (layer, *layer.children):
            found |= kinds(item.network) if item.network else {item.kind}
    return found


def written(
    graph: KerasGraph, network: KerasNetwork, inputs: Sequence[Value], weights: LayerWeights
) -> list[Value]:
    """Write a network for the values of its inputs; return those of its outputs. Raises ModelError."""
    if len(inputs) != len(network.inputs):
        raise ModelError(
            f"The model {quoted(network.name)} has {len(network.inputs)} inputs, not {len(inputs)}."
        )
    values: dict[Reference, Value] = {}
    for reference, value in zip(network.inputs, inputs, strict=True):
        holder = network.by_name.get(reference.layer)
        if holder is None or holder.kind != "InputLayer":
            raise ModelError(f"The model {quoted(network.name)} has an input that is no input layer.")
        values[reference] = _checked(holder, value)
    for layer, number in ordered(network):
        needed = [_found(network, values, item) for item in layer.calls[number].inputs]
        for index, value in enumerate(_called(graph, layer, needed, weights)):
            values[Reference(layer.name, number, index)] = value
    return [_found(network, values, item) for item in network.outputs]


def _checked(layer: Layer, value: Value) -> Value:
    """A value that a model inside another is called with: it must have the shape of its input layer."""
    wanted = input_shape(layer)
    fits = len(wanted) == value.rank and all(
        None in {a, b} or a == b for a, b in zip(wanted[1:], value.shape[1:], strict=True)
    )
    if not fits:
        raise layer.refusal(f"takes the shape {wanted[1:]} and is given {value.shape[1:]}")
    return value


def _found(network: KerasNetwork, values: Mapping[Reference, Value], reference: Reference) -> Value:
    value = values.get(reference)
    if value is None:
        raise ModelError(
            f"The model {quoted(network.name)} takes an output of the layer {quoted(reference.layer)} "
            "that does not exist."
        )
    return value


def ordered(network: KerasNetwork) -> list[tuple[Layer, int]]:
    """The calls of all layers, each after those that it needs. Raises ModelError for a loop."""
    calls = {(layer.name, number): layer for layer in network.layers for number in range(len(layer.calls))}
    waiting: dict[_Key, int] = {}
    users: dict[_Key, list[_Key]] = {}
    for key, layer in calls.items():
        needed = {(item.layer, item.call) for item in layer.calls[key[1]].inputs} & calls.keys()
        waiting[key] = len(needed)
        for item in needed:
            users.setdefault(item, []).append(key)
    ready, found = deque(key for key, count in waiting.items() if count == 0), list[tuple[Layer, int]]()
    while ready:
        key = ready.popleft()
        found.append((calls[key], key[1]))
        for user in users.get(key, ()):
            waiting[user] -= 1
            if waiting[user] == 0:
                ready.append(user)
    if len(found) != len(calls):
        raise ModelError(f"The layers of the model {quoted(network.name)} need each other in a loop.")
    return found


def _called(graph: KerasGraph, layer: Layer, inputs: list[Value], weights: LayerWeights) -> Sequence[Value]:
    if layer.network is not None:
        return written(graph, layer.network, inputs, weights)
    if layer.kind == "InputLayer":
        raise layer.refusal("is an input and called with one")
    if layer.kind == "TimeDistributed":
        return [_distributed(graph, layer, inputs, weights)]
    return [layers.write(graph, layer, tuple(inputs), weights)]


def _distributed(graph: KerasGraph, layer: Layer, inputs: list[Value], weights: LayerWeights) -> Value:
    """Apply the layer inside to every step of the first axis behind the batch."""
    inner, value = layer.children[0], inputs[0]
    if len(inputs) != 1 or value.rank < 3:  # noqa: PLR2004
        raise layer.refusal("takes one sequence, and its input is none")
    if inner.kind in {"Dense", "Activation", "Dropout"}:
        return _one(_called(graph, inner, [value], weights))
    steps = value.shape[1]
    if steps is None:
        raise layer.refusal("takes sequences whose length is not stated")
    row = value.shape[2:]
    sizes = [-1 if size is None else size for size in row]
    if sizes.count(-1):
        raise layer.refusal("takes steps whose size is not stated")
    flat = graph.node("Reshape", value.name, graph.integers(-1, *sizes))
    with graph.repeated(layer, steps):
        found = _one(_called(graph, inner, [Value(flat, (None, *row))], weights))
    if None in found.shape[1:]:
        raise layer.refusal("gives steps whose size is not stated")
    shape: Any = (steps, *found.shape[1:])
    return graph.given(layer, graph.node("Reshape", found.name, graph.integers(-1, *shape)), (None, *shape))


def _one(values: Sequence[Value]) -> Value:
    if len(values) != 1:
        raise ModelError("A model with several outputs is called for every step, which is not supported.")
    return values[0]
