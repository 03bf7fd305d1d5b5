# SPDX-License-Identifier: MIT
"""Architecture of a Particle Transformer, read from the names and shapes of its tensors.

Names are those of ``ParticleTransformer`` in weaver/nn/model/ParticleTransformer.py of hqucms/weaver-core and
in networks/ParticleTransformer.py of jet-universe/particle_transformer. Only networks with the scales that
the authors' defaults switch on, one embedding of four pairwise features and no extra ones are recognised.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Self

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

__all__ = ["PAIR_FEATURES", "ParticleTransformerArchitecture", "pair_layers"]

Array = NDArray[Any]
PAIR_FEATURES = 4
_EMBED_STEP = 3  # a norm, a layer and an activation


@dataclass(frozen=True)
class ParticleTransformerArchitecture:
    """Sizes of a network: outputs of the layers of `embedding`, `pair_embedding` and `hidden`, and the rest.

    The last of `embedding` is the width of the attention blocks, that of `pair_embedding` the number of
    heads. `inner` is the width inside the `blocks` and `class_blocks`.
    """

    TITLE: ClassVar[str] = "Particle Transformer"

    features: int
    embedding: tuple[int, ...]
    pair_embedding: tuple[int, ...]
    blocks: int
    class_blocks: int
    inner: int
    hidden: tuple[int, ...]
    classes: int

    @classmethod
    def from_tensors(cls, tensors: Mapping[str, Array]) -> Self:
        """Derive the sizes; ModelError names a missing, unexpected or misshapen tensor."""
        found = cls(**cls._sizes(tensors))
        found._check(tensors)
        return found

    @classmethod
    def _sizes(cls, tensors: Mapping[str, Array]) -> dict[str, Any]:
        hidden = cls._outputs(tensors, "fc.{}.0.weight")
        return {
            "features": cls._size(tensors, "embed.input_bn.weight"),
            "embedding": cls._outputs(tensors, "embed.embed.{}.weight", first=1, step=_EMBED_STEP),
            "pair_embedding": cls._outputs(tensors, "pair_embed.embed.{}.weight", first=1, step=_EMBED_STEP),
            "blocks": len(cls._outputs(tensors, "blocks.{}.fc1.weight")),
            "class_blocks": len(cls._outputs(tensors, "cls_blocks.{}.fc1.weight")),
            "inner": cls._size(tensors, "blocks.0.fc1.weight"),
            "hidden": hidden,
            "classes": cls._size(tensors, f"fc.{len(hidden)}.weight"),
        }

    @classmethod
    def _outputs(cls, tensors: Mapping[str, Array], pattern: str, **places: int) -> tuple[int, ...]:
        return outputs(tensors, pattern, cls._lacking(), **places)

    @classmethod
    def _size(cls, tensors: Mapping[str, Array], name: str) -> int:
        return size(tensors, name, 0, cls._lacking())

    @classmethod
    def _lacking(cls) -> str:
        return f"The weights are not those of a {cls.TITLE}: {{}} is not there or has no sizes."

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
        shapes |= self._pair_shapes()
        for name in self.all_blocks:
            shapes |= self._block_shapes(name, self.heads) | self._attention_shapes(f"{name}.attn")
        shapes |= _pair("norm", self.width) | {"cls_token": (1, 1, self.width)}
        taken = self.width
        for index, width in enumerate(self.hidden):
            shapes |= linear(f"fc.{index}.0", taken, width)
            taken = width
        return shapes | linear(f"fc.{len(self.hidden)}", taken, self.classes)

    def _pair_shapes(self) -> dict[str, tuple[int, ...]]:
        shapes = batch_norm("pair_embed.embed.0", PAIR_FEATURES)
        return shapes | pair_layers("pair_embed.embed", 1, PAIR_FEATURES, self.pair_embedding)

    def _attention_shapes(self, name: str) -> dict[str, tuple[int, ...]]:
        width = self.width
        projections = {f"{name}.in_proj_weight": (3 * width, width), f"{name}.in_proj_bias": (3 * width,)}
        return projections | linear(f"{name}.out_proj", width, width)

    def _block_shapes(self, name: str, heads: int) -> dict[str, tuple[int, ...]]:
        """Shapes of a block without its attention."""
        width = self.width
        return {
            **_pair(f"{name}.pre_attn_norm", width),
            **_pair(f"{name}.post_attn_norm", width),
            **_pair(f"{name}.pre_fc_norm", width),
            **linear(f"{name}.fc1", width, self.inner),
            **_pair(f"{name}.post_fc_norm", self.inner),
            **linear(f"{name}.fc2", self.inner, width),
            f"{name}.c_attn": (heads,),
            f"{name}.w_resid": (width,),
        }

    def to_json(self) -> dict[str, int | float | str]:
        """All sizes by name."""
        return {
            name: "-".join(map(str, value)) if isinstance(value, tuple) else value
            for name, value in vars(self).items()
        }

    def _check_sizes(self) -> None:
        if not self.embedding or not self.pair_embedding or not self.class_blocks:
            raise self._not_ours("it lacks an embedding or attention of the class")
        if not self.heads or self.width % self.heads:
            raise self._not_ours(f"{self.width} channels do not divide into {self.heads} heads")

    def _check(self, tensors: Mapping[str, Array]) -> None:
        self._check_sizes()
        shapes = self.shapes()
        if unlike := sorted((tensors.keys() - counters(shapes)) ^ shapes.keys()):
            raise self._not_ours(f"{unlike[0]} is missing or unexpected")
        check(tensors, shapes)

    @classmethod
    def _not_ours(cls, reason: str) -> ModelError:
        return ModelError(f"The weights are not those of a {cls.TITLE}: {reason}.")


def pair_layers(name: str, first: int, taken: int, widths: tuple[int, ...]) -> dict[str, tuple[int, ...]]:
    """Shapes of 1x1 convolutions of pairs, each with its BatchNorm; `first` is the place of the first one."""
    shapes: dict[str, tuple[int, ...]] = {}
    for index, width in enumerate(widths):
        layer, norm = (f"{name}.{first + _EMBED_STEP * index + place}" for place in (0, 1))
        shapes |= {f"{layer}.weight": (width, taken, 1), f"{layer}.bias": (width,)}
        shapes |= batch_norm(norm, width)
        taken = width
    return shapes


def _pair(name: str, width: int) -> dict[str, tuple[int, ...]]:
    return {f"{name}.weight": (width,), f"{name}.bias": (width,)}
