# SPDX-License-Identifier: MIT
"""Layers of a generator, from the names and shapes of its tensors.

Names: classes ``MPGenerator`` (mpgan/model.py), ``Graph_GAN`` (mpgan/old_model.py) and ``rGANG``
(ext_models/ext_models.py) in github.com/rkansal47/MPGAN.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

from numpy.typing import NDArray

from fairreg.errors import ModelError
from fairreg.models.common.tensor_shapes import FLOATS

__all__ = ["ARGUMENTS", "GeneratorLayout", "MessageLayer"]

Array = NDArray[Any]
ARGUMENTS = "args.txt"  # the file beside the weights that states the arguments of the training
_NOT_OURS = "The weights are not those of a generator of MPGAN"
_MATRIX = 2
# Patterns of the perceptrons' names, and the name of the layer before the message passing.
_KINDS = {
    "mpgan": (r"mp_layers\.(\d+)\.{net}\.net\.(\d+)\.weight", "mp_layers.{0}.{net}.net.{1}", "lfc_layer"),
    "old_mpgan": (r"{net}\.(\d+)\.(\d+)\.weight", "{net}.{0}.{1}", "lfc"),
}
_SEQUENTIAL = re.compile(r"model\.(\d+)\.weight")


@dataclass(frozen=True)
class MessageLayer:
    """Names of the layers of its edge network `fe` and node network `fn`, and the sizes between them.

    `node_size` is the number of features of a node before it, `edge_size` that of further features of a pair
    (distances), `output_size` that of a node after it.
    """

    fe: tuple[str, ...]
    fn: tuple[str, ...]
    node_size: int
    edge_size: int
    output_size: int


@dataclass(frozen=True)
class GeneratorLayout:
    """Layers of a generator of the `kind` that args.txt calls ``model``: mpgan, old_mpgan or rgan.

    `first` is the layer from the latent vector to the nodes, None without one; `dense` are the layers of a
    generator without message passing. `taken` and `given` are the sizes of a latent vector and of what
    `first` or `dense` make of it, 0 where the noise is per particle; `widths` are those of the hidden layers
    among `dense`. `parameter_count` is that of all tensors.
    """

    kind: str
    first: str | None = None
    messages: tuple[MessageLayer, ...] = ()
    dense: tuple[str, ...] = ()
    taken: int = 0
    given: int = 0
    widths: tuple[int, ...] = ()
    parameter_count: int = 0

    @classmethod
    def from_tensors(cls, tensors: Mapping[str, Array]) -> "GeneratorLayout":
        """Derive the layers; ModelError names a missing, unexpected or misshapen tensor."""
        for kind in _KINDS:
            if _indices(tensors, kind, "fe"):
                return _checked(_passing(tensors, kind), tensors)
        numbers = sorted(int(match[1]) for name in tensors if (match := _SEQUENTIAL.fullmatch(name)))
        if numbers != list(range(0, 2 * len(numbers), 2)) or not numbers:
            raise ModelError(f"{_NOT_OURS}: their names are others.")
        dense = tuple(f"model.{number}" for number in numbers)
        taken = _width(tensors, dense[0], 1)
        widths = tuple(_width(tensors, layer, 0) for layer in dense[:-1])
        found = cls("rgan", dense=dense, taken=taken, given=_chain(tensors, dense, taken), widths=widths)
        return _checked(found, tensors)

    @property
    def layers(self) -> tuple[str, ...]:
        """Names of all layers; each has a weight and a bias."""
        passing = (name for item in self.messages for name in (*item.fe, *item.fn))
        return (*(() if self.first is None else (self.first,)), *passing, *self.dense)


def _indices(tensors: Mapping[str, Array], kind: str, net: str) -> list[tuple[int, int]]:
    pattern = re.compile(_KINDS[kind][0].replace("{net}", net))
    found = (pattern.fullmatch(name) for name in tensors)
    return sorted((int(match[1]), int(match[2])) for match in found if match)


def _passing(tensors: Mapping[str, Array], kind: str) -> GeneratorLayout:
    _, template, first = _KINDS[kind]
    names: dict[str, dict[int, list[str]]] = {"fe": {}, "fn": {}}
    for net, layers in names.items():
        for one, other in _indices(tensors, kind, net):
            layers.setdefault(one, []).append(template.format(one, other, net=net))
    if names["fe"].keys() != names["fn"].keys() or sorted(names["fe"]) != list(range(len(names["fe"]))):
        raise ModelError(f"{_NOT_OURS}: their message passing layers are not numbered from 0.")
    messages = tuple(
        _message_layer(tensors, tuple(names["fe"][layer]), tuple(names["fn"][layer]))
        for layer in sorted(names["fe"])
    )
    for before, after in pairwise(messages):
        if before.output_size != after.node_size or before.edge_size != after.edge_size:
            raise ModelError(f"{_NOT_OURS}: {after.fn[0]}.weight does not fit the layer before it.")
    if f"{first}.weight" not in tensors:
        return GeneratorLayout(kind, None, messages)
    taken, given = (_width(tensors, first, axis) for axis in (1, 0))
    if given % messages[0].node_size:
        raise ModelError(f"{_NOT_OURS}: {first} does not give a whole number of nodes.")
    return GeneratorLayout(kind, first, messages, taken=taken, given=given)


def _message_layer(tensors: Mapping[str, Array], fe: tuple[str, ...], fn: tuple[str, ...]) -> MessageLayer:
    message = _chain(tensors, fe, _width(tensors, fe[0], 1))
    nodes = _width(tensors, fn[0], 1) - message
    edges = _width(tensors, fe[0], 1) - 2 * nodes
    if nodes < 1 or edges not in {0, 1}:
        raise ModelError(f"{_NOT_OURS}: {fe[0]}.weight takes another number of features than two nodes have.")
    return MessageLayer(fe, fn, nodes, edges, _chain(tensors, fn, _width(tensors, fn[0], 1)))


def _chain(tensors: Mapping[str, Array], layers: tuple[str, ...], size: int) -> int:
    """Number of outputs of layers after one another."""
    for layer in layers:
        if _width(tensors, layer, 1) != size:
            raise ModelError(f"{_NOT_OURS}: {layer}.weight does not fit the layer before it.")
        size = _width(tensors, layer, 0)
    return size


def _width(tensors: Mapping[str, Array], layer: str, axis: int) -> int:
    array = tensors.get(f"{layer}.weight")
    if array is None or array.ndim != _MATRIX or 0 in array.shape:
        raise ModelError(f"{_NOT_OURS}: {layer}.weight is not a matrix.")
    return int(array.shape[axis])


def _checked(layout: GeneratorLayout, tensors: Mapping[str, Array]) -> GeneratorLayout:
    expected = {f"{layer}.{kind}" for layer in layout.layers for kind in ("weight", "bias")}
    if unlike := sorted(tensors.keys() ^ expected):
        raise ModelError(f"{_NOT_OURS}: {unlike[0]} is missing or unexpected.")
    for name, array in tensors.items():
        size = tensors[name.removesuffix("bias") + "weight"].shape[0] if name.endswith("bias") else None
        if size is not None and array.shape != (size,):
            raise ModelError(f"{_NOT_OURS}: {name} has shape {array.shape}, not {(size,)}.")
        if array.dtype.name not in FLOATS:
            raise ModelError(f"{_NOT_OURS}: {name} has element type {array.dtype}.")
    return replace(layout, parameter_count=sum(array.size for array in tensors.values()))
