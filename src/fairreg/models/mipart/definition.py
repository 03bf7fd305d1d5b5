# SPDX-License-Identifier: MIT
"""The MIParT as it is defined, jet by jet in float64: the judge of the faster forms.

The network of Y. Wu et al., arXiv:2407.08682, as its authors' code has it (USST-HEP/MIParT,
example_MIParticleTransformer.py), beside what `particle_transformer.definition` says:

- the first layers of pairs (``embed1``) give a number per pair and head of the interaction blocks. Their
  softmax over the particles that are not padding is the attention itself, without queries and keys, and the
  same in every interaction block; a matrix without bias (``vv``) gives the values. There is no projection
  after it. The rest of the block is that of a Particle Transformer, the interleaved heads included;
- one more layer of pairs (``embed2``) gives what is added to the logits of the blocks after them;
- the blocks of the class have no pairs.
"""

from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from fairreg.models.mipart.architecture import MIParTArchitecture
from fairreg.models.particle_transformer import definition as plain

__all__ = ["logits", "probabilities"]

Array = NDArray[Any]


def probabilities(tensors: Mapping[str, Array], inputs: Mapping[str, Array]) -> Array:
    """Compute class probabilities (jets, classes): the softmax of `logits`."""
    return plain.probabilities(tensors, inputs, _Network)


def logits(tensors: Mapping[str, Array], inputs: Mapping[str, Array]) -> Array:
    """Compute logits (jets, classes) in float64 for `inputs` as those of a runner."""
    return plain.logits(tensors, inputs, _Network)


class _Network(plain.DefinedNetwork):
    ARCHITECTURE: ClassVar[type[MIParTArchitecture]] = MIParTArchitecture
    sizes: MIParTArchitecture

    def _through_blocks(self, rows: Array, pairs: Array) -> Array:
        pairs = self._batch_norm("pair_embed.embed1.0", pairs)
        pairs = self._pair_layers("pair_embed.embed1", 1, len(self.sizes.pair_embedding) - 1, pairs)
        for index in range(self.sizes.interaction_blocks):
            name = f"blocks.{index}"
            found = self._interaction(name, self._layer_norm(f"{name}.pre_attn_norm", rows), pairs)
            rows = self._rest(name, rows, found)
        pairs = self._pair_layers("pair_embed.embed2", 0, 1, pairs)
        return self._particle_blocks("blocks2", rows, pairs)

    def _interaction(self, name: str, rows: Array, pairs: Array) -> Array:
        """More-Interaction Attention, head by head; `pairs` are (particles, particles, heads)."""
        values = rows @ self.weights[f"{name}.attn.vv.weight"].T
        size = self.sizes.width // self.sizes.interaction_heads
        found = np.empty_like(values)
        for head in range(self.sizes.interaction_heads):
            own = slice(head * size, (head + 1) * size)
            found[:, own] = plain.softmax(pairs[:, :, head]) @ values[:, own]
        return found
