# SPDX-License-Identifier: MIT
"""The generators in PyTorch."""

from collections.abc import Callable, Mapping
from typing import Any

from numpy.typing import NDArray

from fairreg.models.common.torch_weights import torch_weights
from fairreg.models.mpgan.arguments import LARGEST, GeneratorArguments
from fairreg.models.mpgan.definition import PT_SHIFT, TINY
from fairreg.models.mpgan.layout import GeneratorLayout, MessageLayer

__all__ = ["network"]

Array = NDArray[Any]


def network(
    tensors: Mapping[str, Array],
    layout: GeneratorLayout,
    arguments: GeneratorArguments,
    device: str = "cpu",
) -> Callable[..., Any]:
    """Return a function of the inputs of `signature` that computes its outputs."""
    layers = _Layers(tensors, arguments, device)

    def outputs(noise: Any, number: Any = None) -> tuple[Any, ...]:
        import torch

        if layout.dense:
            found = torch.tanh(layers.perceptron(noise, layout.dense, last_linear=True))
            x, mask = found.reshape(-1, arguments.slots, arguments.features), None
        else:
            x, mask = layers.passing(noise, number, layout)
        raw = x if mask is None else torch.cat([x, mask - 0.5], dim=2)
        return (_particles(x, mask, arguments), raw) if arguments.has_particles else (raw,)

    return outputs


def _particles(x: Any, mask: Any, arguments: GeneratorArguments) -> Any:
    import torch

    scaled = (x + x.new_tensor([0, 0, PT_SHIFT])) * x.new_tensor(LARGEST[arguments.jets])
    scaled = scaled if mask is None else scaled * mask
    scaled = torch.cat([scaled[:, :, :2], scaled[:, :, 2:].clamp(min=0)], dim=2)
    return scaled if mask is None else torch.cat([scaled, mask], dim=2)


class _Layers:
    def __init__(self, tensors: Mapping[str, Array], arguments: GeneratorArguments, device: str) -> None:
        self._arguments, self._tensors = arguments, torch_weights(tensors, device)

    def linear(self, value: Any, layer: str) -> Any:
        return value @ self._tensors[f"{layer}.weight"].T + self._tensors[f"{layer}.bias"]

    def perceptron(self, value: Any, layers: tuple[str, ...], *, last_linear: bool) -> Any:
        from torch.nn.functional import leaky_relu

        for number, layer in enumerate(layers):
            value = self.linear(value, layer)
            if number < len(layers) - 1 or not last_linear:
                value = leaky_relu(value, self._arguments.slope)
        return value

    def passing(self, noise: Any, number: Any, layout: GeneratorLayout) -> tuple[Any, Any]:
        """Features (jets, slots, features) and mask (jets, slots, 1), None without one."""
        import torch

        x, mask = noise, None
        if layout.first is not None:
            size = layout.messages[0].node_size
            x = self.linear(x, layout.first).reshape(len(noise), self._arguments.slots, size)
        if self._arguments.masked:
            rank = x[:, :, 0].argsort(dim=1, stable=True).argsort(dim=1)
            mask = (rank < number[:, None]).float()[:, :, None]
        for layer in layout.messages:
            x = self._passed(x, mask, layer)
        x = x[:, :, : self._arguments.features]
        return (torch.tanh(x) if self._arguments.tanh else x), mask

    def _passed(self, x: Any, mask: Any, layer: MessageLayer) -> Any:
        import torch

        slots = x.shape[1]
        receiver = x[:, :, None].expand(-1, -1, slots, -1)
        sender = x[:, None].expand(-1, slots, -1, -1)
        parts = [receiver, sender]
        if layer.edge_size:
            difference = (sender - receiver)[..., : self._arguments.distance] + TINY
            parts.append(difference.square().sum(dim=3, keepdim=True).sqrt())
        messages = self.perceptron(torch.cat(parts, dim=3), layer.fe, last_linear=False)
        messages = messages if mask is None else messages * mask[:, None]
        found = messages.sum(dim=2) if self._arguments.total else messages.mean(dim=2)
        return self.perceptron(torch.cat([found, x], dim=2), layer.fn, last_linear=True)
