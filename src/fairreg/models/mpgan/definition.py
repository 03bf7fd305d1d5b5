# SPDX-License-Identifier: MIT
"""The definition of the generators, jet by jet and pair by pair, in float64: the judge of the others.

Sources: Kansal et al., NeurIPS 2021, arXiv:2106.11535, section 4 and appendix C; mpgan/model.py,
mpgan/old_model.py and ext_models/ext_models.py in github.com/rkansal47/MPGAN, and its gen.py for what is done
with the outputs.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fairreg.models.mpgan.arguments import LARGEST, GeneratorArguments
from fairreg.models.mpgan.layout import GeneratorLayout, MessageLayer

__all__ = ["PT_SHIFT", "TINY", "generated", "generated_jets", "particles"]

Array = NDArray[Any]
PT_SHIFT = 0.5
TINY = 1e-12  # added to the differences in a distance


def generated_jets(
    tensors: Mapping[str, Array],
    layout: GeneratorLayout,
    arguments: GeneratorArguments,
    arrays: Mapping[str, Array],
) -> Array:
    """Output of the network (jets, slots, features) of inputs as a runner takes them."""
    numbers = arrays.get("num_particles", [None] * len(arrays["noise"]))
    found = [
        generated(tensors, layout, arguments, noise, None if number is None else int(number))
        for noise, number in zip(arrays["noise"], numbers, strict=True)
    ]
    return np.stack(found)


def generated(
    tensors: Mapping[str, Array],
    layout: GeneratorLayout,
    arguments: GeneratorArguments,
    noise: Array,
    count: int | None,
) -> Array:
    """Output of the network for one jet (slots, features), with the mask minus 1/2 as last feature if masked.

    `noise` is (slots, latent) or (latent,), `count` the number of particles of a masked jet.
    """
    network = _Network(tensors, arguments)
    if layout.dense:
        return network.dense(noise.astype(np.float64), layout.dense)
    x = noise.astype(np.float64)
    if layout.first is not None:
        x = network.linear(x, layout.first).reshape(arguments.slots, -1)
    mask = np.ones(arguments.slots)
    if count is not None:
        # The particles of the lowest first feature are real.
        mask = (np.argsort(np.argsort(x[:, 0], kind="stable"), kind="stable") < count).astype(float)
    for layer in layout.messages:
        x = network.passed(x, mask, layer)
    x = x[:, : arguments.features]
    x = np.tanh(x) if arguments.tanh else x
    return x if count is None else np.concatenate([x, mask[:, None] - 0.5], axis=1)


def particles(output: Array, arguments: GeneratorArguments) -> Array:
    """Particles (slots, 3 or 4) of the network's output for one jet: eta_rel, phi_rel, pT_rel and mask."""
    scaled = (output[:, :3] + [0, 0, PT_SHIFT]) * LARGEST[arguments.jets]
    real = output[:, 3:] + 0.5 if arguments.masked else np.ones((len(output), 1))
    scaled = scaled * real
    scaled[:, 2] = np.maximum(scaled[:, 2], 0)
    return np.concatenate([scaled, real], axis=1) if arguments.masked else scaled


class _Network:
    def __init__(self, tensors: Mapping[str, Array], arguments: GeneratorArguments) -> None:
        self._tensors, self._arguments = tensors, arguments

    def linear(self, value: Array, layer: str) -> Array:
        weight, bias = (self._tensors[f"{layer}.{kind}"].astype(np.float64) for kind in ("weight", "bias"))
        found: Array = value @ weight.T + bias
        return found

    def leaky(self, value: Array) -> Array:
        return np.where(value > 0, value, self._arguments.slope * value)

    def perceptron(self, value: Array, layers: tuple[str, ...], *, last_linear: bool) -> Array:
        for number, layer in enumerate(layers):
            value = self.linear(value, layer)
            if number < len(layers) - 1 or not last_linear:
                value = self.leaky(value)
        return value

    def dense(self, noise: Array, layers: tuple[str, ...]) -> Array:
        found = self.perceptron(noise, layers, last_linear=True)
        output: Array = np.tanh(found).reshape(self._arguments.slots, self._arguments.features)
        return output

    def passed(self, x: Array, mask: Array, layer: MessageLayer) -> Array:
        """One message passing layer; every node also sends to itself."""
        nodes = []
        for receiver in x:
            messages = [
                self.perceptron(self.pair(receiver, sender, layer), layer.fe, last_linear=False) * real
                for sender, real in zip(x, mask, strict=True)
            ]
            found = np.sum(messages, axis=0) if self._arguments.total else np.mean(messages, axis=0)
            nodes.append(self.perceptron(np.concatenate([found, receiver]), layer.fn, last_linear=True))
        return np.stack(nodes)

    def pair(self, receiver: Array, sender: Array, layer: MessageLayer) -> Array:
        """Input of the edge network."""
        if not layer.edge_size:
            return np.concatenate([receiver, sender])
        difference = (sender - receiver)[: self._arguments.distance] + TINY
        return np.concatenate([receiver, sender, [np.sqrt((difference**2).sum())]])
