# SPDX-License-Identifier: MIT
"""Architecture of a Particle Transformer, read from the names and shapes of its tensors.

Names are those of ``ParticleTransformer`` in weaver/nn/model/ParticleTransformer.py of hqucms/weaver-core and
in networks/ParticleTransformer.py of jet-universe/particle_transformer. Only networks with the scales that
the authors' defaults switch on, one embedding of four pairwise features and no extra ones are recognised.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray

from fairreg.errors import ModelError
from fairreg.models.common.tensor_shapes import (
    batch_norm,
    check,
    counters,
    linear,
    outputs,
    size,
    trainable,
)

__all__ = ["PAIR_FEATURES", "ParticleTransformerArchitecture"]

Array = NDArray[Any]
PAIR_FEATURES = 4
_NOT_OURS = "The weights are not those of a Particle Transformer"
_NO_SIZES = f"{_NOT_OURS}: {{}} is not there or has no sizes."
_EMBED_STEP = 3  # a norm, a layer and an activation


@dataclass(frozen=True)
class ParticleTransformerArchitecture:
    """Sizes of a network: outputs of the layers of `embedding`, `pair_embedding` and `hidden`, and the rest.

    The last of `embedding` is the width of the attention blocks, that of `pair_embedding` the number of
    heads. `inner` is the width inside the `blocks` and `class_blocks`.
    """

    features: int
    embedding: tuple[int, ...]
    pair_embedding: tuple[int, ...]
    blocks: int
    class_blocks: int
    inner: int
    hidden: tuple[int, ...]
    classes: int

    @classmethod
    def from_tensors(cls, tensors: Mapping[str, Array]) -> "ParticleTransformerArchitecture":
        """Derive the sizes; ModelError names a missing, unexpected or misshapen tensor."""
        hidden = outputs(tensors, "fc.{}.0.weight", _NO_SIZES)
        found = cls(
            features=size(tensors, "embed.input_bn.weight", 0, _NO_SIZES),
            embedding=outputs(tensors, "embed.embed.{}.weight", _NO_SIZES, first=1, step=_EMBED_STEP),
            pair_embedding=outputs(
                tensors, "pair_embed.embed.{}.weight", _NO_SIZES, first=1, step=_EMBED_STEP
            ),
            blocks=len(outputs(tensors, "blocks.{}.fc1.weight", _NO_SIZES)),
            class_blocks=len(outputs(tensors, "cls_blocks.{}.fc1.weight", _NO_SIZES)),
            inner=size(tensors, "blocks.0.fc1.weight", 0, _NO_SIZES),
            hidden=hidden,
            classes=size(tensors, f"fc.{len(hidden)}.weight", 0, _NO_SIZES),
        )
        if not found.embedding or not found.pair_embedding or not found.class_blocks:
            raise ModelError(f"{_NOT_OURS}: it lacks an embedding or attention of the class.")
        found._check(tensors)
        return found

    @property
    def width(self) -> int:
        """Number of channels of a particle in the attention blocks."""
        return self.embedding[-1]

    @property
    def heads(self) -> int:
        """Number of heads of the attention."""
        return self.pair_embedding[-1]

    @property
    def parameter_count(self) -> int:
        """Number of trainable parameters."""
        return trainable(self.shapes())

    @property
    def all_blocks(self) -> tuple[str, ...]:
        """Beginnings of the names of the attention blocks, those of the class last."""
        particles = (f"blocks.{index}" for index in range(self.blocks))
        return (*particles, *(f"cls_blocks.{index}" for index in range(self.class_blocks)))

    def shapes(self) -> dict[str, tuple[int, ...]]:
        """Shape of every floating-point tensor by its published name."""
        shapes: dict[str, tuple[int, ...]] = batch_norm("embed.input_bn", self.features)
        taken = self.features
        for index, width in enumerate(self.embedding):
            shapes |= _pair(f"embed.embed.{_EMBED_STEP * index}", taken)
            shapes |= linear(f"embed.embed.{_EMBED_STEP * index + 1}", taken, width)
            taken = width
        shapes |= batch_norm("pair_embed.embed.0", PAIR_FEATURES)
        taken = PAIR_FEATURES
        for index, width in enumerate(self.pair_embedding):
            name, norm = (f"pair_embed.embed.{_EMBED_STEP * index + place}" for place in (1, 2))
            shapes |= {f"{name}.weight": (width, taken, 1), f"{name}.bias": (width,)}
            shapes |= batch_norm(norm, width)
            taken = width
        for name in self.all_blocks:
            shapes |= self._block(name)
        shapes |= _pair("norm", self.width) | {"cls_token": (1, 1, self.width)}
        taken = self.width
        for index, width in enumerate(self.hidden):
            shapes |= linear(f"fc.{index}.0", taken, width)
            taken = width
        return shapes | linear(f"fc.{len(self.hidden)}", taken, self.classes)

    def _block(self, name: str) -> dict[str, tuple[int, ...]]:
        width = self.width
        return {
            **_pair(f"{name}.pre_attn_norm", width),
            f"{name}.attn.in_proj_weight": (3 * width, width),
            f"{name}.attn.in_proj_bias": (3 * width,),
            **linear(f"{name}.attn.out_proj", width, width),
            **_pair(f"{name}.post_attn_norm", width),
            **_pair(f"{name}.pre_fc_norm", width),
            **linear(f"{name}.fc1", width, self.inner),
            **_pair(f"{name}.post_fc_norm", self.inner),
            **linear(f"{name}.fc2", self.inner, width),
            f"{name}.c_attn": (self.heads,),
            f"{name}.w_resid": (width,),
        }

    def to_json(self) -> dict[str, int | float | str]:
        """All sizes by name."""
        return {
            name: "-".join(map(str, value)) if isinstance(value, tuple) else value
            for name, value in vars(self).items()
        }

    def _check(self, tensors: Mapping[str, Array]) -> None:
        if not self.heads or self.width % self.heads:
            raise ModelError(f"{_NOT_OURS}: {self.width} channels do not divide into {self.heads} heads.")
        shapes = self.shapes()
        if unlike := sorted((tensors.keys() - counters(shapes)) ^ shapes.keys()):
            raise ModelError(f"{_NOT_OURS}: {unlike[0]} is missing or unexpected.")
        check(tensors, shapes)


def _pair(name: str, width: int) -> dict[str, tuple[int, ...]]:
    return {f"{name}.weight": (width,), f"{name}.bias": (width,)}
