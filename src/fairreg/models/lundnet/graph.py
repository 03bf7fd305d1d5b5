# SPDX-License-Identifier: MIT
"""The network as an ONNX graph.

The parents become a matrix (jets, nodes, nodes) of zeros and ones, and all nodes together give each their
parent's features and take the sum of their children's messages by products with it.
"""

from collections.abc import Mapping
from typing import Any

from numpy.typing import NDArray

from fairreg.models.common.graph_builder import GraphBuilder
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


class _Graph(GraphBuilder):
    def __init__(self, tensors: Mapping[str, Array]) -> None:
        super().__init__(tensors)
        self._real = self.nonzero("mask")
        self._parent = self.cast(self._is_parent(), "FLOAT")
        self._child = self.node("Transpose", self._parent, perm=[0, 2, 1])
        self._has_parent = self.total(self._parent, 2, keep=True)
        degree = self.node("Add", self._has_parent, self.total(self._child, 2, keep=True))
        self._degree = self.node("Max", degree, self.number(1))

    def _is_parent(self) -> str:
        """Booleans (jets, nodes, nodes): whether the second node is the parent of the first."""
        nodes = self.numbered(self.length("mask", 1))
        named = self.node("Equal", self.with_axis("parents", 2), nodes)
        itself = self.node("Equal", self.with_axis(nodes, 1), nodes)
        both = self.node("And", self.with_axis(self._real, 2), self.with_axis(self._real, 1))
        return self.node("And", self.node("And", named, both), self.node("Not", itself))

    def nodes_of_all_blocks(self, sizes: LundNetSizes) -> str:
        """Outputs of all blocks side by side (jets, nodes, features)."""
        # Not a product with the mask: what stands in padded slots may be infinite.
        x = self.node("Where", self.with_axis(self._real, 2), "node_features", self.number(0))
        x = self.normalised(x, "bn_fts")
        found = []
        for number in range(len(sizes.conv_params)):
            x = self._block(f"edge_convs.{number}", x)
            found.append(x)
        return self.node("Concat", *found, axis=2)

    def classify(self, nodes: str, sizes: LundNetSizes) -> None:
        """Compute the outputs from those of all blocks."""
        fused = self.relu(self.along_last_axis(nodes, "fusion_block.0"))
        fused = self.normalised(fused, "fusion_block.2")
        mask = self.cast(self.with_axis(self._real, 2), "FLOAT")
        total = self.total(self.node("Mul", fused, mask), 1, keep=True)
        count = self.node("Max", self.total(mask, 1, keep=True), self.number(1))
        value = self.node("Squeeze", self.node("Div", total, count), self.integers(1))
        for number in range(len(sizes.fc_params)):
            value = self.relu(self.linear(value, f"fc.{number}.0"))
        self.linear(value, f"fc.{len(sizes.fc_params)}", output="logits")
        self.node("Softmax", "logits", output="probabilities", axis=1)

    def _block(self, name: str, x: str) -> str:
        parent = self.node("MatMul", self._parent, x)
        from_parent = self.node("Mul", self._message(name, parent, x), self._has_parent)
        from_children = self.node("MatMul", self._child, self._message(name, x, parent))
        mean = self.node("Div", self.node("Add", from_parent, from_children), self._degree)
        if f"{name}.sc.weight" in self.tensors:
            x = self.normalised(self.along_last_axis(x, f"{name}.sc", bias=False), f"{name}.sc_bn")
        return self.relu(self.node("Add", mean, x))

    def _message(self, name: str, source: str, target: str) -> str:
        difference = self.node("Sub", target, source)
        first = self.along_last_axis(difference, f"{name}.theta", bias=False)
        second = self.along_last_axis(source, f"{name}.phi", bias=False)
        value = self.normalised(self.node("Add", first, second), f"{name}.bns.0")
        value = self.along_last_axis(self.relu(value), f"{name}.fcs.0", bias=False)
        return self.relu(self.normalised(value, f"{name}.bns.1"))
