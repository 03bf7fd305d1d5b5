# SPDX-License-Identifier: MIT
"""The definition of the network, jet by jet and edge by edge, in float64: the judge of the others.

Sources: Dreyer and Qu, arXiv:2012.08526; the equations are those of LundNet in src/lundnet/LundNet.py and of
EdgeConvBlock in src/lundnet/EdgeConv.py of github.com/fdreyer/LundNet, the edges those of _build_tree in
src/lundnet/dgl_dataset.py: an undirected tree, which ``dgl.from_networkx`` gives both directions. A node
without edges has the mean 0: ``gspmm`` in python/dgl/ops/spmm.py of github.com/dmlc/dgl divides the sum by at
least 1. (An older version, commit 035d6a1, divides by 0 where no graph of a batch has an edge; this is not
followed.)
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fairreg.models.lundnet.sizes import LundNetSizes

__all__ = ["logits", "logits_of_jets"]

Array = NDArray[Any]
_EPSILON = 1e-5  # the default of torch.nn.BatchNorm1d


def logits_of_jets(tensors: Mapping[str, Array], sizes: LundNetSizes, arrays: Mapping[str, Array]) -> Array:
    """Logits (jets, classes) of inputs as a runner takes them."""
    found = []
    for features, parents, mask in zip(
        *(arrays[name] for name in ("node_features", "parents", "mask")), strict=True
    ):
        real = mask != 0
        # Numbers of the real nodes without the padding; the last is that of the root's parent.
        numbers = np.append(np.cumsum(real) - 1, -1)
        found.append(logits(tensors, sizes, features[real], numbers[parents[real]]))
    return np.stack(found)


def logits(tensors: Mapping[str, Array], sizes: LundNetSizes, features: Array, parents: Array) -> Array:
    """Logits of the classes of one jet, shape (classes,).

    `features` (nodes, features) and `parents` (nodes,) are of real nodes only; the root has the parent -1.
    """
    network = _Network(tensors)
    edges = [
        edge
        for node, parent in enumerate(parents)
        if parent >= 0
        for edge in ((parent, node), (node, parent))
    ]
    nodes = [network.normalised("bn_fts", node) for node in features.astype(np.float64)]
    found = []
    for number in range(len(sizes.conv_params)):
        nodes = network.block(f"edge_convs.{number}", nodes, edges)
        found.append(nodes)
    fused = []
    for parts in zip(*found, strict=True):
        value = _relu(network.linear("fusion_block.0", np.concatenate(parts)))
        fused.append(network.normalised("fusion_block.2", value))
    value = np.mean(fused, axis=0)
    for number in range(len(sizes.fc_params)):
        value = _relu(network.linear(f"fc.{number}.0", value))
    return network.linear(f"fc.{len(sizes.fc_params)}", value)


def _relu(value: Array) -> Array:
    return np.maximum(value, 0)


class _Network:
    def __init__(self, tensors: Mapping[str, Array]) -> None:
        self._tensors = {name: array.astype(np.float64) for name, array in tensors.items()}

    def linear(self, layer: str, value: Array) -> Array:
        found: Array = self._tensors[f"{layer}.weight"] @ value
        return found + self._tensors[f"{layer}.bias"] if f"{layer}.bias" in self._tensors else found

    def normalised(self, name: str, value: Array) -> Array:
        """Batch normalisation with the statistics of the training."""
        mean, variance, weight, bias = (
            self._tensors[f"{name}.{kind}"] for kind in ("running_mean", "running_var", "weight", "bias")
        )
        found: Array = (value - mean) / np.sqrt(variance + _EPSILON) * weight + bias
        return found

    def block(self, name: str, nodes: list[Array], edges: list[tuple[int, int]]) -> list[Array]:
        """One EdgeConv block: the mean of the messages along the edges to a node, plus the shortcut."""
        messages: list[list[Array]] = [[] for _ in nodes]
        for source, target in edges:
            messages[target].append(self.message(name, nodes[source], nodes[target]))
        found = []
        for node, received in zip(nodes, messages, strict=True):
            shortcut = node
            if f"{name}.sc.weight" in self._tensors:
                shortcut = self.normalised(f"{name}.sc_bn", self.linear(f"{name}.sc", node))
            found.append(_relu((np.mean(received, axis=0) if received else 0) + shortcut))
        return found

    def message(self, name: str, source: Array, target: Array) -> Array:
        value = self.linear(f"{name}.theta", target - source) + self.linear(f"{name}.phi", source)
        value = _relu(self.normalised(f"{name}.bns.0", value))
        return _relu(self.normalised(f"{name}.bns.1", self.linear(f"{name}.fcs.0", value)))
