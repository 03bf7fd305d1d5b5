# SPDX-License-Identifier: MIT
"""The network as an ONNX graph.

The parents become a matrix (jets, nodes, nodes) of zeros and ones, and all nodes together give each their
parent's features and take the sum of their children's messages by products with it.
"""

from collections.abc import Mapping
from typing import Any

from numpy.typing import NDArray

from fairreg.models.common.pair_graph import PairGraph
from fairreg.models.lundnet.definition import EPSILON
from fairreg.models.lundnet.inputs import signature
from fairreg.models.lundnet.sizes import LundNetSizes

__all__ = ["onnx_bytes"]

Array = NDArray[Any]


def onnx_bytes(tensors: Mapping[str, Array], sizes: LundNetSizes) -> bytes:
    """Serialise the network in float32, for any number of jets and nodes.

    A parent that is not another real node of the jet gives no edge.
    """
    graph = _Graph(tensors)
    graph.classify(graph.nodes_of_all_blocks(sizes), sizes)
    return graph.model("lundnet", *signature(sizes))


class _Graph(PairGraph):
    def __init__(self, tensors: Mapping[str, Array]) -> None:
        super().__init__(tensors)
        self._names = frozenset(tensors)
        self._real = self.node("Not", self.node("Equal", "mask", self.number(0)))
        self._parent = self.cast(self._is_parent(), "FLOAT")
        self._child = self.node("Transpose", self._parent, perm=[0, 2, 1])
        self._has_parent = self._sum(self._parent, axis=2)
        degree = self.node("Add", self._has_parent, self._sum(self._child, axis=2))
        self._degree = self.node("Max", degree, self.number(1))

    def _is_parent(self) -> str:
        """Booleans (jets, nodes, nodes): whether the second node is the parent of the first."""
        length = self.node("Squeeze", self.length("mask", 1), self.integers(0))
        first, step = self.constant(0, "int64"), self.constant(1, "int64")
        nodes = self.node("Range", first, length, step)
        named = self.node("Equal", self._at("parents", 2), nodes)
        itself = self.node("Equal", self._at(nodes, 1), nodes)
        both = self.node("And", self._at(self._real, 2), self._at(self._real, 1))
        return self.node("And", self.node("And", named, both), self.node("Not", itself))

    def nodes_of_all_blocks(self, sizes: LundNetSizes) -> str:
        """Outputs of all blocks side by side (jets, nodes, features)."""
        # Not a product with the mask: what stands in padded slots may be infinite.
        x = self.node("Where", self._at(self._real, 2), "node_features", self.number(0))
        x = self._normalised("bn_fts", x)
        found = []
        for number in range(len(sizes.conv_params)):
            x = self._block(f"edge_convs.{number}", x)
            found.append(x)
        return self.node("Concat", *found, axis=2)

    def classify(self, nodes: str, sizes: LundNetSizes) -> None:
        """Compute the outputs from those of all blocks."""
        fused = self.node("Relu", self.along_last_axis(nodes, "fusion_block.0"))
        fused = self._normalised("fusion_block.2", fused)
        mask = self.cast(self._at(self._real, 2), "FLOAT")
        total = self._sum(self.node("Mul", fused, mask), axis=1)
        count = self.node("Max", self._sum(mask, axis=1), self.number(1))
        value = self.node("Squeeze", self.node("Div", total, count), self.integers(1))
        for number in range(len(sizes.fc_params)):
            value = self.node("Relu", self.linear(value, f"fc.{number}.0"))
        self.linear(value, f"fc.{len(sizes.fc_params)}", output="logits")
        self.node("Softmax", "logits", output="probabilities", axis=1)

    def _block(self, name: str, x: str) -> str:
        parent = self.node("MatMul", self._parent, x)
        from_parent = self.node("Mul", self._message(name, parent, x), self._has_parent)
        from_children = self.node("MatMul", self._child, self._message(name, x, parent))
        mean = self.node("Div", self.node("Add", from_parent, from_children), self._degree)
        if f"{name}.sc.weight" in self._names:
            x = self._normalised(f"{name}.sc_bn", self.along_last_axis(x, f"{name}.sc", bias=False))
        return self.node("Relu", self.node("Add", mean, x))

    def _message(self, name: str, source: str, target: str) -> str:
        difference = self.node("Sub", target, source)
        first = self.along_last_axis(difference, f"{name}.theta", bias=False)
        second = self.along_last_axis(source, f"{name}.phi", bias=False)
        value = self._normalised(f"{name}.bns.0", self.node("Add", first, second))
        value = self.along_last_axis(self.node("Relu", value), f"{name}.fcs.0", bias=False)
        return self.node("Relu", self._normalised(f"{name}.bns.1", value))

    def _normalised(self, name: str, value: str) -> str:
        variance = self.node("Add", f"{name}.running_var", self.number(EPSILON))
        scale = self.node("Div", f"{name}.weight", self.node("Sqrt", variance))
        centred = self.node("Sub", value, f"{name}.running_mean")
        return self.node("Add", self.node("Mul", centred, scale), f"{name}.bias")

    def _at(self, value: str, axis: int) -> str:
        """Add an axis of length 1."""
        return self.node("Unsqueeze", value, self.integers(axis))

    def _sum(self, value: str, *, axis: int) -> str:
        return self.node("ReduceSum", value, self.integers(axis), keepdims=1)
