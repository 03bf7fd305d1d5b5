# SPDX-License-Identifier: MIT
"""Architecture of a ParticleNet, read from the names and shapes of its tensors.

Names and shapes are those of ``ParticleNet`` and ``ParticleNetTagger`` of weaver-core (hqucms/weaver-core,
weaver/nn/model/ParticleNet.py; its older home utils/nn/model/ParticleNet.py has the same names). A block is a
row of 1x1 convolutions without bias, each with a BatchNorm; a shortcut with its own BatchNorm where the block
changes the number of channels. A tagger embeds the features of particle-flow candidates (`pf`) and secondary
vertices (`sv`) first and holds its ParticleNet under ``pn.``.
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

__all__ = [
    "LITE",
    "POINT_COORDINATES",
    "PUBLISHED",
    "ObjectStream",
    "ParticleNetArchitecture",
    "plain_names",
]

Array = NDArray[Any]

# Channels of the blocks in networks/example_ParticleNet.py of jet-universe/particle_transformer, and in the
# defaults of weaver's class, the sizes of ParticleNet-Lite.
PUBLISHED = ((64, 64, 64), (128, 128, 128), (256, 256, 256))
LITE = ((32, 32, 32), (64, 64, 64))
POINT_COORDINATES = 2  # pseudorapidity and azimuth

_NEIGHBOURS, _NEIGHBOURS_LITE = 16, 7
_NOT_OURS = "The weights are not those of a ParticleNet"
_NO_MATRIX = f"{_NOT_OURS}: {{}} is not a matrix."
_INNER = "mod."  # of a fine-tuned network


def plain_names(tensors: Mapping[str, Array]) -> Mapping[str, Array]:
    """Tensors of a fine-tuned network under the names of a network that was trained at once.

    The wrappers of networks/example_ParticleNet_finetune.py and example_ParticleTransformer_finetune.py of
    jet-universe/particle_transformer have new last layers, ``fc_out`` or ``fc``, beside the network ``mod``.
    Other tensors are returned as they are.
    """
    found = {name.removeprefix(_INNER): tensors[name] for name in tensors if name.startswith(_INNER)}
    last = {name: tensors[name] for name in tensors if not name.startswith(_INNER)}
    if all(name.startswith("fc_out.") for name in last):
        hidden = len(outputs(found, "fc.{}.0.weight", _NO_MATRIX))
        last = {name.replace("fc_out", f"fc.{hidden}"): array for name, array in last.items()}
    ours = found and all(name.startswith("fc.") for name in last) and not found.keys() & last.keys()
    return found | last if ours else tensors


@dataclass(frozen=True)
class ObjectStream:
    """One kind of objects of a jet: the prefix of its inputs ("" or "pf_", "sv_") and its features."""

    prefix: str
    features: int

    @property
    def names(self) -> tuple[str, str, str]:
        """Names of its inputs: points, features and mask."""
        return f"{self.prefix}points", f"{self.prefix}features", f"{self.prefix}mask"

    @property
    def layer(self) -> str:
        """Beginning of the names of the tensors that embed its features, in a tagger."""
        return f"{self.prefix}conv.conv"


@dataclass(frozen=True)
class ParticleNetArchitecture:
    """Sizes of a network; `blocks` are the channels of each edge convolution, `hidden` of each layer after.

    `embedded` is the number of channels that a tagger embeds the features in, 0 where there is one stream;
    `fused` that of the fusion block, 0 without one; `normalised` says that the features pass a BatchNorm.
    """

    streams: tuple[ObjectStream, ...]
    blocks: tuple[tuple[int, ...], ...]
    hidden: tuple[int, ...]
    classes: int
    embedded: int = 0
    fused: int = 0
    normalised: bool = True

    @classmethod
    def from_tensors(cls, tensors: Mapping[str, Array]) -> "ParticleNetArchitecture":
        """Derive the sizes; ModelError names a missing, unexpected or misshapen tensor."""
        tagger = any(name.startswith("pn.") for name in tensors)
        core = "pn." if tagger else ""
        hidden = outputs(tensors, f"{core}fc.{{}}.0.weight", _NO_MATRIX)
        found = cls(
            streams=_streams(tensors, core, tagger=tagger),
            blocks=_blocks(tensors, core),
            hidden=hidden,
            classes=size(tensors, f"{core}fc.{len(hidden)}.weight", 0, _NO_MATRIX),
            embedded=size(tensors, "pf_conv.conv.1.weight", 0, _NO_MATRIX) if tagger else 0,
            fused=size(tensors, f"{core}fusion_block.0.weight", 0, _NO_MATRIX)
            if f"{core}fusion_block.0.weight" in tensors
            else 0,
            normalised=f"{core}bn_fts.weight" in tensors,
        )
        if not found.blocks or not found.hidden:
            raise ModelError(f"{_NOT_OURS}: it has no edge convolutions or no layer after them.")
        found._check(tensors)
        return found

    @property
    def core(self) -> str:
        """Beginning of the names of ParticleNet's own tensors."""
        return "pn." if self.embedded else ""

    @property
    def width(self) -> int:
        """Number of channels that enter the first edge convolution."""
        return self.embedded or self.streams[0].features

    @property
    def inputs(self) -> tuple[str, ...]:
        """Names of all inputs."""
        return tuple(name for stream in self.streams for name in stream.names)

    @property
    def neighbours(self) -> int:
        """Number k of neighbours of a particle, which no tensor shows: that of the published network.

        7 for the sizes of weaver's defaults, else 16 as in the authors' networks (see `PUBLISHED`, `LITE`).
        """
        return _NEIGHBOURS_LITE if self.blocks == LITE else _NEIGHBOURS

    @property
    def parameter_count(self) -> int:
        """Number of trainable parameters."""
        return trainable(self.shapes())

    def shapes(self) -> dict[str, tuple[int, ...]]:
        """Shape of every floating-point tensor by its published name."""
        shapes: dict[str, tuple[int, ...]] = {}
        for stream in self.streams if self.embedded else ():
            shapes |= batch_norm(f"{stream.layer}.0", stream.features)
            shapes[f"{stream.layer}.1.weight"] = (self.embedded, stream.features, 1)
            shapes |= batch_norm(f"{stream.layer}.2", self.embedded)
        if self.normalised:
            shapes |= batch_norm(f"{self.core}bn_fts", self.width)
        taken = self.width
        for index, channels in enumerate(self.blocks):
            shapes |= _block(f"{self.core}edge_convs.{index}", taken, channels)
            taken = channels[-1]
        if self.fused:
            shapes[f"{self.core}fusion_block.0.weight"] = (
                self.fused,
                sum(item[-1] for item in self.blocks),
                1,
            )
            shapes |= batch_norm(f"{self.core}fusion_block.1", self.fused)
        return shapes | self._last_shapes(self.fused or taken)

    def _last_shapes(self, taken: int) -> dict[str, tuple[int, ...]]:
        shapes: dict[str, tuple[int, ...]] = {}
        for index, width in enumerate(self.hidden):
            shapes |= linear(f"{self.core}fc.{index}.0", taken, width)
            taken = width
        return shapes | linear(f"{self.core}fc.{len(self.hidden)}", taken, self.classes)

    def to_json(self) -> dict[str, int | float | str]:
        """All sizes by name, the assumed number of neighbours among them."""
        features = {f"{stream.prefix}features": stream.features for stream in self.streams}
        return {
            **features,
            "classes": self.classes,
            "edge_convolutions": " ".join("-".join(map(str, channels)) for channels in self.blocks),
            "hidden": "-".join(map(str, self.hidden)),
            "embedded": self.embedded,
            "fused": self.fused,
            "normalised": int(self.normalised),
            "neighbours": self.neighbours,
        }

    def _check(self, tensors: Mapping[str, Array]) -> None:
        shapes = self.shapes()
        if unlike := sorted((tensors.keys() - counters(shapes)) ^ shapes.keys()):
            raise ModelError(f"{_NOT_OURS}: {unlike[0]} is missing or unexpected.")
        check(tensors, shapes)


def _streams(tensors: Mapping[str, Array], core: str, *, tagger: bool) -> tuple[ObjectStream, ...]:
    if tagger:
        kinds = ("pf_", "sv_")
        return tuple(
            ObjectStream(kind, size(tensors, f"{kind}conv.conv.1.weight", 1, _NO_MATRIX)) for kind in kinds
        )
    return (ObjectStream("", size(tensors, f"{core}edge_convs.0.convs.0.weight", 1, _NO_MATRIX) // 2),)


def _blocks(tensors: Mapping[str, Array], core: str) -> tuple[tuple[int, ...], ...]:
    found: list[tuple[int, ...]] = []
    while channels := outputs(tensors, f"{core}edge_convs.{len(found)}.convs.{{}}.weight", _NO_MATRIX):
        found.append(channels)
    return tuple(found)


def _block(name: str, taken: int, channels: tuple[int, ...]) -> dict[str, tuple[int, ...]]:
    shapes: dict[str, tuple[int, ...]] = {}
    inputs = 2 * taken
    for layer, width in enumerate(channels):
        shapes[f"{name}.convs.{layer}.weight"] = (width, inputs, 1, 1)
        shapes |= batch_norm(f"{name}.bns.{layer}", width)
        inputs = width
    if taken != channels[-1]:
        shapes[f"{name}.sc.weight"] = (channels[-1], taken, 1)
        shapes |= batch_norm(f"{name}.sc_bn", channels[-1])
    return shapes
