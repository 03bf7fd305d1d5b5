# SPDX-License-Identifier: MIT
"""The network in PyTorch."""

from collections.abc import Callable, Mapping
from typing import Any

from numpy.typing import NDArray

from fairreg.models.common.torch_weights import batch_norm, torch_weights
from fairreg.models.lundnet.sizes import LundNetSizes

__all__ = ["network"]

Array = NDArray[Any]


def network(tensors: Mapping[str, Array], sizes: LundNetSizes, device: str = "cpu") -> Callable[..., Any]:
    """Return a function of the inputs of `signature` that computes its outputs.

    The parents must be those of trees, as `inputs.check` tells.
    """
    layers = _Layers(tensors, device)

    def outputs(features: Any, parents: Any, mask: Any) -> tuple[Any, Any]:
        import torch

        real = (mask != 0)[:, :, None]
        x = layers.normalised("bn_fts", features.where(real, features.new_zeros(())))
        edges = _Edges(parents, real)
        found = []
        for number in range(len(sizes.conv_params)):
            x = layers.block(f"edge_convs.{number}", x, edges)
            found.append(x)
        fused = layers.linear("fusion_block.0", torch.cat(found, dim=2)).relu()
        fused = layers.normalised("fusion_block.2", fused) * real
        value = fused.sum(dim=1) / real.sum(dim=1).clamp(min=1)
        for number in range(len(sizes.fc_params)):
            value = layers.linear(f"fc.{number}.0", value).relu()
        logits = layers.linear(f"fc.{len(sizes.fc_params)}", value)
        return logits, logits.softmax(dim=1)

    return outputs


class _Edges:
    """Edges between nodes (jets, nodes) and their parents, in both directions."""

    def __init__(self, parents: Any, real: Any) -> None:
        self.linked = (parents >= 0)[:, :, None] & real
        self._parents = parents.clamp(min=0)[:, :, None]
        self.degree = (self.linked + self.sum_at_parents(self.linked.float())).clamp(min=1)

    def of_parents(self, x: Any) -> Any:
        return x.gather(1, self._parents.expand(-1, -1, x.shape[2]))

    def sum_at_parents(self, values: Any) -> Any:
        indices = self._parents.expand(-1, -1, values.shape[2])
        return values.new_zeros(values.shape).scatter_add(1, indices, values * self.linked)


class _Layers:
    def __init__(self, tensors: Mapping[str, Array], device: str) -> None:
        self._tensors = torch_weights(tensors, device)

    def linear(self, layer: str, value: Any) -> Any:
        from torch.nn.functional import linear

        return linear(value, self._tensors[f"{layer}.weight"], self._tensors.get(f"{layer}.bias"))

    def normalised(self, name: str, value: Any) -> Any:
        rows = value.reshape(-1, value.shape[-1])
        return batch_norm(self._tensors, name, rows).reshape(value.shape)

    def block(self, name: str, x: Any, edges: _Edges) -> Any:
        """One EdgeConv block."""
        parent = edges.of_parents(x)
        total = self.message(name, parent, x) * edges.linked
        total = total + edges.sum_at_parents(self.message(name, x, parent))
        if f"{name}.sc.weight" in self._tensors:
            x = self.normalised(f"{name}.sc_bn", self.linear(f"{name}.sc", x))
        return (total / edges.degree + x).relu()

    def message(self, name: str, source: Any, target: Any) -> Any:
        value = self.linear(f"{name}.theta", target - source) + self.linear(f"{name}.phi", source)
        value = self.normalised(f"{name}.bns.0", value).relu()
        return self.normalised(f"{name}.bns.1", self.linear(f"{name}.fcs.0", value)).relu()
