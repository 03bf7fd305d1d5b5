# SPDX-License-Identifier: MIT
"""ParticleNet in PyTorch."""

from collections.abc import Callable, Mapping
from typing import Any

from numpy.typing import NDArray

from fairreg.models.common.torch_weights import batch_norm, torch_weights
from fairreg.models.particlenet.architecture import ParticleNetArchitecture

__all__ = ["neighbours_of", "network"]


def network(
    tensors: Mapping[str, NDArray[Any]], neighbours: int | None = None, device: str = "cpu"
) -> Callable[..., Any]:
    """Return a function of the inputs in their order that computes probabilities (N, classes).

    It computes in float32. Raises ModelError for tensors of another network.
    """
    import torch

    sizes = ParticleNetArchitecture.from_tensors(tensors)
    weights = torch_weights(tensors, device)
    built = _Network(sizes, weights, neighbours or sizes.neighbours)
    return lambda *inputs: torch.softmax(built.logits(*inputs), dim=1)


def neighbours_of(points: Any, real: Any, count: int) -> Any:
    """Slots (N, P, k) of the nearest others for points (N, P, coordinates), padding last.

    `real` (N, P) says which slots are no padding. Of equal distances the earlier slot comes first.
    """
    import torch

    if points.shape[2] <= _FEW:
        distances = (points.unsqueeze(2) - points.unsqueeze(1)).square().sum(3)
    else:
        distances = points.square().sum(2).unsqueeze(1) - 2 * points @ points.transpose(1, 2)
    distances = distances.masked_fill(~real.unsqueeze(1), torch.finfo(points.dtype).max / 2)
    itself = torch.eye(points.shape[1], dtype=torch.bool, device=points.device)
    distances = distances.masked_fill(itself, torch.finfo(points.dtype).max)
    return distances.argsort(dim=2, stable=True)[:, :, :count]


_FEW = 3  # coordinates up to which differences are cheaper than memory for them


class _Network:
    """The layers as functions of rows: (N, P, channels)."""

    def __init__(self, sizes: ParticleNetArchitecture, weights: Mapping[str, Any], neighbours: int) -> None:
        self._sizes, self._weights, self._neighbours = sizes, weights, neighbours

    def logits(self, *inputs: Any) -> Any:
        """Class scores before the softmax."""
        import torch

        by_name = dict(zip(self._sizes.inputs, inputs, strict=True))
        parts = [
            self._objects(stream.layer, *(by_name[name] for name in stream.names))
            for stream in self._sizes.streams
        ]
        points, value, real = (torch.cat(column, dim=1) for column in zip(*parts, strict=True))
        kept = real.unsqueeze(2)
        core, outputs = self._sizes.core, []
        if self._sizes.normalised:
            value = self._norm(f"{core}bn_fts", value) * kept
        for index in range(len(self._sizes.blocks)):
            searched = value if index else points
            value = self._block(f"{core}edge_convs.{index}", searched, value, real) * kept
            outputs.append(value)
        if self._sizes.fused:
            block = f"{core}fusion_block"
            value = self._layer(f"{block}.0", f"{block}.1", torch.cat(outputs, dim=2)).relu() * kept
        return self._classify(value.sum(1) / kept.sum(1).clamp(min=1))

    def _objects(self, layer: str, points: Any, features: Any, mask: Any) -> tuple[Any, Any, Any]:
        """Rows of one stream, padded to k + 1 slots and zero where there is no object."""
        from torch.nn.functional import pad

        missing = max(0, self._neighbours + 1 - mask.shape[2])
        real = pad(mask[:, 0] != 0, (0, missing))
        absent = ~real.unsqueeze(2)
        rows = [pad(item, (0, missing)).transpose(1, 2).masked_fill(absent, 0) for item in (points, features)]
        if self._sizes.embedded:
            scaled = self._norm(f"{layer}.0", rows[1])
            rows[1] = self._layer(f"{layer}.1", f"{layer}.2", scaled).relu().masked_fill(absent, 0)
        return rows[0], rows[1], real

    def _block(self, name: str, searched: Any, value: Any, real: Any) -> Any:
        chosen = neighbours_of(searched, real, self._neighbours)
        jets, slots, channels = value.shape
        index = chosen.reshape(jets, slots * self._neighbours, 1).expand(-1, -1, channels)
        others = value.gather(1, index).view(jets, slots, self._neighbours, channels)
        # The product of (x_i, x_j - x_i), written for each half of the matrix.
        first = self._matrix(f"{name}.convs.0")
        own, difference = first[:, :channels], first[:, channels:]
        edges = (value @ own.T).unsqueeze(2) + (others - value.unsqueeze(2)) @ difference.T
        edges = self._norm(f"{name}.bns.0", edges).relu()
        layer = 1
        while f"{name}.convs.{layer}.weight" in self._weights:
            edges = self._layer(f"{name}.convs.{layer}", f"{name}.bns.{layer}", edges).relu()
            layer += 1
        if f"{name}.sc.weight" in self._weights:
            value = self._layer(f"{name}.sc", f"{name}.sc_bn", value)
        return (value + edges.mean(2)).relu()

    def _matrix(self, name: str) -> Any:
        weight = self._weights[f"{name}.weight"]
        return weight.reshape(weight.shape[:2])

    def _layer(self, product: str, norm: str, value: Any) -> Any:
        return self._norm(norm, value @ self._matrix(product).T)

    def _norm(self, name: str, value: Any) -> Any:
        rows = value.reshape(-1, value.shape[-1])
        return batch_norm(self._weights, name, rows).reshape(value.shape)

    def _classify(self, value: Any) -> Any:
        core, last = self._sizes.core, len(self._sizes.hidden)
        for layer in range(last):
            value = (
                value @ self._weights[f"{core}fc.{layer}.0.weight"].T
                + self._weights[f"{core}fc.{layer}.0.bias"]
            ).relu()
        return value @ self._weights[f"{core}fc.{last}.weight"].T + self._weights[f"{core}fc.{last}.bias"]
