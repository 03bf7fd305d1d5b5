# SPDX-License-Identifier: MIT
"""The MIParT as an ONNX graph, with any number of jets and particles; see `particle_transformer.graph`."""

from collections.abc import Mapping
from typing import Any, ClassVar

from numpy.typing import NDArray

from fairreg.models.mipart.architecture import MIParTArchitecture
from fairreg.models.particle_transformer import graph

__all__ = ["onnx_bytes"]


def onnx_bytes(tensors: Mapping[str, NDArray[Any]]) -> bytes:
    """Serialised ONNX model of the network with these weights, in float32.

    Raises ModelError for tensors of another network.
    """
    return graph.onnx_bytes(tensors, _InteractionGraph)


class _InteractionGraph(graph.AttentionGraph):
    ARCHITECTURE: ClassVar[type[MIParTArchitecture]] = MIParTArchitecture
    NAME: ClassVar[str] = "mipart"
    sizes: MIParTArchitecture

    def _through_blocks(self, rows: str, pairs: str, padding: str) -> str:
        pairs = self.normalised(pairs, "pair_embed.embed1.0")
        pairs = self._pair_layers("pair_embed.embed1", 1, len(self.sizes.pair_embedding) - 1, pairs)
        shares = self._shares(self.node("Transpose", pairs, perm=[0, 3, 1, 2]), padding)
        for index in range(self.sizes.interaction_blocks):
            name = f"blocks.{index}"
            normed = self._layer_norm(rows, f"{name}.pre_attn_norm")
            rows = self._rest(name, rows, self._interaction(name, normed, shares))
        pairs = self._pair_layers("pair_embed.embed2", 0, 1, pairs)
        return self._particle_blocks("blocks2", rows, pairs, padding)

    def _interaction(self, name: str, rows: str, shares: str) -> str:
        """More-Interaction Attention with the `shares` (N, heads, P, P) of all blocks."""
        product = self.product(rows, f"{name}.attn.vv.weight")
        values = self._heads(product, self.sizes.interaction_heads)
        found = self.node("MatMul", shares, values)
        return self._joined(self.node("Transpose", found, perm=[0, 2, 1, 3]))
