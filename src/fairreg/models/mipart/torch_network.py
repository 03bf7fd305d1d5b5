# SPDX-License-Identifier: MIT
"""The MIParT in PyTorch; see `particle_transformer.torch_network`."""

from collections.abc import Callable, Mapping
from typing import Any, ClassVar

from numpy.typing import NDArray

from fairreg.models.common.torch_weights import batch_norm
from fairreg.models.mipart.architecture import MIParTArchitecture
from fairreg.models.particle_transformer import torch_network as plain

__all__ = ["network"]


def network(tensors: Mapping[str, NDArray[Any]], device: str = "cpu") -> Callable[..., Any]:
    """Return a function of features, vectors and mask that computes probabilities (N, classes), in float32.

    Raises ModelError for tensors of another network.
    """
    return plain.network(tensors, device, _Network)


class _Network(plain.TorchNetwork):
    ARCHITECTURE: ClassVar[type[MIParTArchitecture]] = MIParTArchitecture
    _sizes: MIParTArchitecture

    def _through_blocks(self, rows: Any, pairs: Any, padding: Any) -> Any:
        import torch

        pairs = batch_norm(self._weights, "pair_embed.embed1.0", pairs)
        pairs = self._pair_layers("pair_embed.embed1", 1, len(self._sizes.pair_embedding) - 1, pairs)
        shares = pairs.masked_fill(padding, -torch.inf).softmax(dim=-1)
        for index in range(self._sizes.interaction_blocks):
            name = f"blocks.{index}"
            normed = self._layer_norm(f"{name}.pre_attn_norm", rows)
            rows = self._rest(name, rows, self._interaction(name, normed, shares))
        pairs = self._pair_layers("pair_embed.embed2", 0, 1, pairs)
        return self._particle_blocks("blocks2", rows, pairs, padding)

    def _interaction(self, name: str, rows: Any, shares: Any) -> Any:
        """More-Interaction Attention of `rows` (P, N, channels) with the `shares` (N, heads, P, P)."""
        values = rows @ self._weights[f"{name}.attn.vv.weight"].T
        split = values.unflatten(2, (self._sizes.interaction_heads, -1)).permute(1, 2, 0, 3)
        return (shares @ split).permute(2, 0, 1, 3).flatten(2)
