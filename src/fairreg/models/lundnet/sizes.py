# SPDX-License-Identifier: MIT
"""Sizes of a LundNet, from the names and shapes of its tensors.

Source of the names and shapes: LundNet in src/lundnet/LundNet.py and EdgeConvBlock in
src/lundnet/EdgeConv.py of github.com/fdreyer/LundNet. No published file was opened. The authors' class
ParticleNet has the same names; as scripts/lundnet.py makes it, its blocks have three layers and it has no
fusion block.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import count
from typing import Any

from numpy.typing import NDArray

from fairreg.errors import ModelError
from fairreg.models.common.tensor_shapes import batch_norm, linear, trainable

__all__ = ["CLASSES", "FEATURES", "LundNetSizes"]

Array = NDArray[Any]
# Features of a node by their number: main of src/lundnet/scripts/lundnet.py (2 to 4), LundCoordinates in
# src/lundnet/JetTree.py (5).
FEATURES: Mapping[int, tuple[str, ...]] = {
    2: ("lnDelta", "lnKt"),
    3: ("lnz", "lnDelta", "lnKt"),
    4: ("lnz", "lnDelta", "lnKt", "psi"),
    5: ("lnz", "lnDelta", "psi", "lnm", "lnKt"),
}
CLASSES = ("background", "signal")  # labels 0 and 1 of DGLGraphDatasetLund in src/lundnet/dgl_dataset.py
_NOT_OURS = "The weights are not those of a LundNet"
_FUSION_STEP, _FUSION_MOST = 128, 1024


@dataclass(frozen=True)
class LundNetSizes:
    """Sizes of a network, under the names of the authors' arguments.

    `input_dims` counts the features per node; `conv_params` are the outputs of both layers of each block,
    `fc_params` those of the hidden layers that follow.
    """

    input_dims: int
    conv_params: tuple[tuple[int, int], ...]
    fc_params: tuple[int, ...]
    num_classes: int

    @classmethod
    def from_tensors(cls, tensors: Mapping[str, Array]) -> "LundNetSizes":
        """Derive the sizes from the shapes; ModelError names a tensor that does not fit."""
        blocks, hidden = _counted(tensors, "edge_convs.{}.theta.weight"), _counted(tensors, "fc.{}.0.weight")
        if not blocks or not hidden:
            raise ModelError(f"{_NOT_OURS}: they have no blocks or no hidden layers.")
        found = cls(
            input_dims=_outputs(tensors, "bn_fts.weight"),
            conv_params=tuple(
                (
                    _outputs(tensors, f"edge_convs.{index}.theta.weight"),
                    _outputs(tensors, f"edge_convs.{index}.fcs.0.weight"),
                )
                for index in range(blocks)
            ),
            fc_params=tuple(_outputs(tensors, f"fc.{index}.0.weight") for index in range(hidden)),
            num_classes=_outputs(tensors, f"fc.{hidden}.weight"),
        )
        if found.input_dims not in FEATURES:
            raise ModelError(f"{_NOT_OURS}: none has {found.input_dims} features per node.")
        _check(tensors, found.shapes())
        return found

    @property
    def fused(self) -> int:
        """Outputs of the fusion block: a multiple of 128 by the number of its inputs."""
        inputs = sum(last for _, last in self.conv_params)
        return min(max(inputs // _FUSION_STEP * _FUSION_STEP, _FUSION_STEP), _FUSION_MOST)

    def shapes(self) -> dict[str, tuple[int, ...]]:
        """Shape of every tensor by its name."""
        found = batch_norm("bn_fts", self.input_dims, counted=True)
        taken = self.input_dims
        for index, (first, last) in enumerate(self.conv_params):
            found |= _block(f"edge_convs.{index}", taken, first, last)
            taken = last
        inputs = sum(last for _, last in self.conv_params)
        found |= linear("fusion_block.0", inputs, self.fused) | batch_norm(
            "fusion_block.2", self.fused, counted=True
        )
        taken = self.fused
        for index, size in enumerate(self.fc_params):
            found |= linear(f"fc.{index}.0", taken, size)
            taken = size
        return found | linear(f"fc.{len(self.fc_params)}", taken, self.num_classes)

    @property
    def parameter_count(self) -> int:
        """Number of trainable parameters."""
        return trainable(self.shapes())

    def to_json(self) -> dict[str, int | float | str]:
        """All sizes under the names of the authors' arguments."""
        return {
            "input_dims": self.input_dims,
            "conv_params": str([list(pair) for pair in self.conv_params]),
            "fc_params": str(list(self.fc_params)),
            "num_classes": self.num_classes,
        }


def _block(name: str, taken: int, first: int, last: int) -> dict[str, tuple[int, ...]]:
    """Tensors of a block; its shortcut has a layer only where the numbers of features differ."""
    found: dict[str, tuple[int, ...]]
    found = {f"{name}.theta.weight": (first, taken), f"{name}.phi.weight": (first, taken)}
    found |= {f"{name}.fcs.0.weight": (last, first)}
    found |= batch_norm(f"{name}.bns.0", first, counted=True) | batch_norm(
        f"{name}.bns.1", last, counted=True
    )
    if taken != last:
        found |= {f"{name}.sc.weight": (last, taken)} | batch_norm(f"{name}.sc_bn", last, counted=True)
    return found


def _counted(tensors: Mapping[str, Array], template: str) -> int:
    """Number of consecutive tensors with such a name, from 0."""
    return next(index for index in count() if template.format(index) not in tensors)


def _outputs(tensors: Mapping[str, Array], name: str) -> int:
    if name not in tensors or not tensors[name].ndim or not tensors[name].size:
        raise ModelError(f"{_NOT_OURS}: {name} is missing or empty.")
    return int(tensors[name].shape[0])


def _check(tensors: Mapping[str, Array], shapes: Mapping[str, tuple[int, ...]]) -> None:
    if unlike := sorted(tensors.keys() ^ shapes.keys()):
        raise ModelError(f"{_NOT_OURS}: {unlike[0]} is missing or unexpected.")
    for name, shape in shapes.items():
        array, kind = tensors[name], "i" if name.endswith("num_batches_tracked") else "f"
        if array.shape != shape or array.dtype.kind != kind:
            raise ModelError(f"{_NOT_OURS}: {name} has the wrong shape or element type.")
