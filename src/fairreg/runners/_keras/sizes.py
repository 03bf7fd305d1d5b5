# SPDX-License-Identifier: MIT
"""Size of a Keras model before it takes memory: made on PyTorch's device without memory, then counted.

Source: keras/src/backend/torch/core.py, `compute_output_spec` (Keras traces a layer with 83 and 89 rows, and
takes real memory where the device without memory does not serve) and nn.py, `max_pool` (always real memory).
"""

import sys
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from math import prod
from types import FrameType
from typing import Any

import numpy as np

from fairreg.errors import ModelError
from fairreg.runners.converters.keras.arguments import Layer
from fairreg.runners.converters.keras.graph import most_numbers

__all__ = ["made", "structure"]

_MOST_REAL = 1 << 28  # numbers at once that take memory while a model is made
_MOST_STEPS = 1 << 16  # of a recurrent layer, which Keras computes one by one
_KEPT = 16  # Keras keeps the outputs of all layers until the model has been computed
_Row = tuple[int, ...]
_GATES = {"LSTM": 4, "GRU": 3, "SimpleRNN": 1}


def made(keras: Any, make: Callable[[], Any], weights: int) -> tuple[Any, int]:
    """Make a model without memory; return it and the numbers that a row takes in it.

    `weights` is the number of weights in the file. Raises ModelError, with the name of a layer whose values
    are too large for them.
    """
    with keras.device("meta"), _bounded(keras):
        model = make()
    counted = _Count(keras, most_numbers(weights))
    counted.add(model)
    return model, counted.numbers


def structure(model: Any) -> Any:
    """The inputs as a model takes them: one tensor, or a list or dictionary, perhaps of others."""
    return model.input if hasattr(model, "input") else model.inputs[0]


@dataclass
class _Count:
    """Numbers per row of the outputs of layers, and of what they need besides.

    `free` is the length that an axis of any length is taken to have; it grows where layers make such longer.
    """

    keras: Any
    most: int
    numbers: int = 1
    free: int = 8

    def add(self, model: Any) -> None:
        """Count the calls of a model. Raises ModelError."""
        # Keras has no public name for the calls that a model makes.
        by_depth = getattr(model, "_functional", model)._nodes_by_depth  # noqa: SLF001
        for node in (node for depth in sorted(by_depth, reverse=True) for node in by_depth[depth]):
            if isinstance(node.operation, self.keras.Model):
                self._enter(node)
            else:
                self._add_call(node.operation, list(node.input_tensors), list(node.output_tensors))

    def _enter(self, node: Any) -> None:
        """Count a model inside, whose axes of any length may have a length where it is called."""
        before = self.free
        given = [size for shape in self._shapes(node.input_tensors) for size in shape]
        if any(None in tensor.shape[1:] for tensor in node.operation.inputs):
            self.free = max([self.free, *given])
        self.add(node.operation)
        self.free = before if self.free == max([before, *given]) else self.free

    def _shapes(self, tensors: Any) -> list[_Row]:
        return [tuple(self.free if size is None else size for size in tensor.shape[1:]) for tensor in tensors]

    def _add_call(self, operation: Any, inputs: list[Any], outputs: list[Any]) -> None:
        kind = type(operation).__name__
        layer = Layer(kind, operation.name, {})
        if inputs and None in inputs[0].shape[1:] and kind in _LONGER:
            self.free = _LONGER[kind](operation, self.free)
        rows = self._shapes(inputs)
        made = sum(map(prod, self._shapes(outputs)))
        needed = max(made, _INSIDE[kind](operation, rows) if kind in _INSIDE else 0)
        self.numbers += needed
        if needed > self.most or self.numbers > _KEPT * self.most:
            raise layer.refusal(
                f"needs {needed} numbers per row, and the layers up to it {self.numbers}, which is too large "
                "for the weights of the model"
            )
        if kind in {*_GATES, "Bidirectional"} and rows[0][0] > _MOST_STEPS:
            raise layer.refusal(f"takes more than {_MOST_STEPS} steps, which Keras computes one by one")


def _scores(_operation: Any, rows: list[_Row]) -> int:
    """The terms of the scores of every pair of places."""
    return prod(rows[0]) * prod(rows[-1][:-1])


def _heads(operation: Any, rows: list[_Row]) -> int:
    """Scores of every pair of places for every head, and the projections."""
    places = [prod(row[:-1]) for row in rows]
    width = max(operation.key_dim, operation.value_dim or operation.key_dim)
    return int(operation.num_heads * max(places[0] * places[-1], width * max(places)))


def _steps(operation: Any, rows: list[_Row]) -> int:
    return int(rows[0][0] * _GATES[type(operation).__name__] * operation.units)


def _both(operation: Any, rows: list[_Row]) -> int:
    return _steps(operation.forward_layer, rows) + _steps(operation.backward_layer, rows)


# Numbers per row that a layer needs while it computes, besides its output.
_INSIDE: Mapping[str, Callable[[Any, list[_Row]], int]] = {
    "MultiHeadAttention": _heads,
    **dict.fromkeys(("Attention", "AdditiveAttention"), _scores),
    **dict.fromkeys(_GATES, _steps),
    "Bidirectional": _both,
}


def _upsampled(operation: Any, free: int) -> int:
    return int(free * np.max(operation.size))


def _strided(operation: Any, free: int) -> int:
    return int(free * max(operation.strides) + max(operation.kernel_size) * max(operation.dilation_rate))


def _padded(operation: Any, free: int) -> int:
    padding = operation.padding
    return free + max(int(sum(pair)) for pair in ([padding] if isinstance(padding[0], int) else padding))


# The length of axes of any length behind a layer.
_LONGER: Mapping[str, Callable[[Any, int], int]] = {
    **dict.fromkeys(("UpSampling1D", "UpSampling2D", "UpSampling3D"), _upsampled),
    **dict.fromkeys(("Conv1DTranspose", "Conv2DTranspose", "Conv3DTranspose"), _strided),
    **dict.fromkeys(("ZeroPadding1D", "ZeroPadding2D", "ZeroPadding3D"), _padded),
}


def _bounded(keras: Any) -> AbstractContextManager[Any]:
    """Context manager: an operation of PyTorch that takes much memory is a ModelError with its layer."""
    import torch
    from torch.utils._python_dispatch import TorchDispatchMode

    class Bounded(TorchDispatchMode):  # type: ignore[misc]  # torch has no types for it
        error: ModelError | None = None

        def __torch_dispatch__(
            self, operation: Any, types: Any, args: Any = (), kwargs: dict[str, Any] | None = None
        ) -> Any:
            stated = kwargs or {}
            tensors = [item for item in keras.tree.flatten((args, stated)) if isinstance(item, torch.Tensor)]
            device = stated.get("device") or next((item.device for item in tensors), "cpu")
            if self.error is None and torch.device(device).type != "meta":
                self.error = self._fault(operation, args, stated)
            # Keras tries once more where tracing fails, so that a fault is raised again.
            if self.error is not None:
                raise self.error
            return operation(*args, **stated)

        def _fault(self, operation: Any, args: Any, kwargs: dict[str, Any]) -> ModelError | None:
            args, kwargs = keras.tree.map_structure(_without_memory, (args, kwargs))
            if "device" in kwargs:
                kwargs["device"] = torch.device("meta")
            try:
                found = keras.tree.flatten(operation(*args, **kwargs))
            except Exception:  # noqa: BLE001  it raises the same again, or it needs the numbers
                return None
            if all(item.numel() <= _MOST_REAL for item in found if isinstance(item, torch.Tensor)):
                return None
            return _innermost(keras).refusal("takes too much memory while it is made")

    def _without_memory(item: Any) -> Any:
        return item.to("meta") if isinstance(item, torch.Tensor) else item

    return Bounded()


def _innermost(keras: Any) -> Layer:
    """The layer that Keras is at work in."""
    frame: FrameType | None = sys._getframe()  # noqa: SLF001
    while frame is not None:
        owner = frame.f_locals.get("self")
        if isinstance(owner, keras.layers.Layer):
            return Layer(type(owner).__name__, owner.name, {})
        frame = frame.f_back
    return Layer("Model", "model", {})
