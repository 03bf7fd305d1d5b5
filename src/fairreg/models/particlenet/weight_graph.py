# SPDX-License-Identifier: MIT
"""An ONNX graph under construction, whose floating-point initializers are the tensors of a weight file."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fairreg.models.particlenet.definition import EPSILON

__all__ = ["FoldedLayer", "WeightGraph"]

Array = NDArray[Any]
_OPSET, _IR_VERSION = 17, 8


@dataclass(frozen=True)
class FoldedLayer:
    """A folded layer: names of its matrix (outputs, inputs) and its bias in the graph."""

    weight: str
    bias: str


class WeightGraph:
    """Nodes and initializers of a graph under construction; each method returns the name of its result."""

    def __init__(self, tensors: Mapping[str, Array]) -> None:
        from onnx import numpy_helper

        self.nodes: list[Any] = []
        self._integers: dict[str, Any] = {}
        self._constants: dict[tuple[float, str], str] = {}
        self._initializers = [
            numpy_helper.from_array(np.ascontiguousarray(array, dtype=np.float32), name)
            for name, array in tensors.items()
        ]
        self.tensors = tensors

    def node(self, operator: str, *inputs: str, output: str | None = None, **attributes: Any) -> str:
        """Add a node of one output."""
        from onnx import helper

        name = output or f"{operator.lower()}_{len(self.nodes)}"
        self.nodes.append(helper.make_node(operator, list(inputs), [name], **attributes))
        return name

    def integers(self, *values: int) -> str:
        """Name of a constant of shapes, axes and bounds."""
        from onnx import numpy_helper

        name = f"integers_{'_'.join(map(str, values))}".replace("-", "minus")
        self._integers[name] = numpy_helper.from_array(np.array(values, dtype=np.int64), name)
        return name

    def number(self, value: float, dtype: str = "float32") -> str:
        """Name of a scalar constant; a node, as floating-point initializers are the weights."""
        from onnx import numpy_helper

        if (value, dtype) not in self._constants:
            stored = numpy_helper.from_array(np.array(value, dtype=dtype))
            self._constants[value, dtype] = self.node("Constant", value=stored)
        return self._constants[value, dtype]

    def shaped(self, value: str, *shape: int | str) -> str:
        """Reshape `value`; sizes are numbers or names of tensors of one element."""
        sizes = [self.integers(size) if isinstance(size, int) else size for size in shape]
        return self.node("Reshape", value, self.node("Concat", *sizes, axis=0))

    def has(self, name: str) -> bool:
        """Tell whether a tensor is among the weights."""
        return name in self.tensors

    def size(self, value: str, axis: int) -> str:
        """The length of one axis, as a tensor of one element."""
        return self.node("Shape", value, start=axis, end=axis + 1)

    def relu(self, value: str) -> str:
        """max(value, 0)."""
        return self.node("Relu", value)

    def norm(self, name: str) -> tuple[str, str]:
        """Factor and offset of a BatchNorm with its running statistics, each (channels,)."""
        spread = self.node("Sqrt", self.node("Add", f"{name}.running_var", self.number(EPSILON)))
        factor = self.node("Div", f"{name}.weight", spread)
        moved = self.node("Mul", f"{name}.running_mean", factor)
        return factor, self.node("Sub", f"{name}.bias", moved)

    def scaled(self, value: str, name: str) -> str:
        """BatchNorm `name` of rows (rows, channels)."""
        factor, offset = self.norm(name)
        return self.node("Add", self.node("Mul", value, factor), offset)

    def layer(self, weight: str, norm: str, bias: str | None = None) -> FoldedLayer:
        """Fold a product, with or without bias, and the BatchNorm after it."""
        factor, offset = self.norm(norm)
        outputs, inputs = self.tensors[weight].shape[:2]
        matrix = self.node("Reshape", weight, self.integers(outputs, inputs))
        column = self.node("Unsqueeze", factor, self.integers(1))
        if bias is not None:
            offset = self.node("Add", self.node("Mul", bias, factor), offset)
        return FoldedLayer(self.node("Mul", matrix, column), offset)

    def product(self, rows: str, layer: FoldedLayer) -> str:
        """Product of rows (rows, inputs) with a layer: (rows, outputs)."""
        return self.node("Gemm", rows, layer.weight, layer.bias, transB=1)

    def scalar(self, value: int) -> str:
        """Name of an integer without axes."""
        from onnx import numpy_helper

        name = f"integer_{value}"
        self._integers[name] = numpy_helper.from_array(np.array(value, dtype=np.int64), name)
        return name

    @staticmethod
    def value(name: str, *shape: int | str) -> Any:
        """Describe an input or output of the graph, of float32."""
        from onnx import TensorProto, helper

        return helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)

    def serialised(self, name: str, inputs: list[Any], outputs: list[Any]) -> bytes:
        """The finished model."""
        from onnx import helper

        stored = [*self._initializers, *self._integers.values()]
        model = helper.make_model(
            helper.make_graph(self.nodes, name, inputs, outputs, stored),
            opset_imports=[helper.make_opsetid("", _OPSET)],
            ir_version=_IR_VERSION,
            producer_name="fairreg",
        )
        content: bytes = model.SerializeToString()
        return content
