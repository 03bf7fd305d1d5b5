# SPDX-License-Identifier: MIT
"""Architecture of a MIParT, read from the names and shapes of its tensors.

Names are those of ``MIParticleTransformer`` in example_MIParticleTransformer.py of USST-HEP/MIParT. They are
those of a Particle Transformer but for the layers of pairs (``pair_embed.embed1``, ``pair_embed.embed2``),
the blocks of More-Interaction Attention (``blocks``, with one matrix ``attn.vv`` each and no bias) and the
blocks of particles after them (``blocks2``).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from numpy.typing import NDArray

from fairreg.models.common.tensor_shapes import batch_norm
from fairreg.models.particle_transformer.architecture import (
    PAIR_FEATURES,
    ParticleTransformerArchitecture,
    pair_layers,
)

__all__ = ["TITLE", "MIParTArchitecture"]

TITLE = "More-Interaction Particle Transformer"
_PAIRS, _HEADS = "pair_embed.embed1", "pair_embed.embed2"
_LEAST = 2  # layers of pairs: one that interaction blocks use and one after it


@dataclass(frozen=True)
class MIParTArchitecture(ParticleTransformerArchitecture):
    """Sizes of a network, as those of a Particle Transformer, with `interaction_blocks` before its `blocks`.

    The last of `pair_embedding` is the number of heads of the `blocks`, the one before it that of the heads
    of the interaction blocks.
    """

    TITLE: ClassVar[str] = TITLE

    interaction_blocks: int

    @classmethod
    def _sizes(cls, tensors: Mapping[str, NDArray[Any]]) -> dict[str, Any]:
        pairs = cls._outputs(tensors, f"{_PAIRS}.{{}}.weight", first=1, step=3)
        return {
            **super()._sizes(tensors),
            "pair_embedding": (*pairs, cls._size(tensors, f"{_HEADS}.0.weight")),
            "blocks": len(cls._outputs(tensors, "blocks2.{}.fc1.weight")),
            "interaction_blocks": len(cls._outputs(tensors, "blocks.{}.fc1.weight")),
        }

    @property
    def interaction_heads(self) -> int:
        """Number of heads of the interaction blocks."""
        return self.pair_embedding[-2]

    @property
    def all_blocks(self) -> tuple[str, ...]:
        """Beginnings of the names of the blocks with the attention of a Particle Transformer."""
        particles = (f"blocks2.{index}" for index in range(self.blocks))
        return (*particles, *(f"cls_blocks.{index}" for index in range(self.class_blocks)))

    def shapes(self) -> dict[str, tuple[int, ...]]:
        """Shape of every floating-point tensor by its published name."""
        shapes = super().shapes()
        for index in range(self.interaction_blocks):
            name = f"blocks.{index}"
            shapes |= self._block_shapes(name, self.interaction_heads)
            shapes[f"{name}.attn.vv.weight"] = (self.width, self.width)
        return shapes

    def _pair_shapes(self) -> dict[str, tuple[int, ...]]:
        *widths, heads = self.pair_embedding
        shapes = batch_norm(f"{_PAIRS}.0", PAIR_FEATURES)
        shapes |= pair_layers(_PAIRS, 1, PAIR_FEATURES, tuple(widths))
        return shapes | pair_layers(_HEADS, 0, widths[-1], (heads,))

    def _check_sizes(self) -> None:
        super()._check_sizes()
        if len(self.pair_embedding) < _LEAST or not self.interaction_blocks:
            raise self._not_ours("it lacks layers of pairs or blocks of More-Interaction Attention")
        if not self.interaction_heads or self.width % self.interaction_heads:
            raise self._not_ours(
                f"{self.width} channels do not divide into {self.interaction_heads} heads of interactions"
            )
