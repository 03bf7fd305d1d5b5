# SPDX-License-Identifier: MIT
"""Construction of ONNX graphs of perceptrons from the tensors of a weight file."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fairreg.runners.signature import LONGEST_AXIS
from fairreg.schemas.record import Tensor

__all__ = ["GraphBuilder"]

Array = NDArray[Any]
_OPSET, _IR_VERSION = 17, 8  # every onnxruntime since 1.12 and TensorRT since 8.5 reads these


class GraphBuilder:
    """Nodes and initializers of a graph under construction; methods return the name of their result.

    The floating-point initializers are the tensors themselves in float32, so that the graph has the
    fingerprint of weights in float32.
    """

    def __init__(self, tensors: Mapping[str, Array]) -> None:
        self.nodes: list[Any] = []
        self._initializers: dict[str, Array] = {
            name: np.ascontiguousarray(array, dtype=np.float32)
            for name, array in tensors.items()
            if array.dtype.kind == "f"
        }

    def node(self, operator: str, *inputs: str, output: str | None = None, **attributes: Any) -> str:
        """Add one node with one output."""
        from onnx import helper

        name = output or f"{operator.lower()}_{len(self.nodes)}"
        self.nodes.append(helper.make_node(operator, list(inputs), [name], **attributes))
        return name

    def integers(self, *values: int) -> str:
        """Return the name of a constant: a shape, axes or bounds."""
        name = f"integers_{'_'.join(map(str, values))}".replace("-", "minus")
        self._initializers.setdefault(name, np.array(values, dtype=np.int64))
        return name

    def number(self, value: float) -> str:
        """Return the name of a number of the formula; a Constant node, so that it is no parameter."""
        from onnx import numpy_helper

        return self.node("Constant", value=numpy_helper.from_array(np.array(value, dtype=np.float32)))

    def column(self, value: str, index: int) -> str:
        """Take one column of the last axis, which stays with the length 1."""
        bounds = (self.integers(index), self.integers(index + 1), self.integers(-1))
        return self.node("Slice", value, *bounds)

    def shaped(self, value: str, *sizes: int | str) -> str:
        """Reshape `value`; the sizes are numbers or names of tensors of one number."""
        parts = [self.integers(size) if isinstance(size, int) else size for size in sizes]
        return self.node("Reshape", value, self.node("Concat", *parts, axis=0))

    def linear(self, value: str, layer: str, output: str | None = None) -> str:
        """Apply the layer ``<layer>.weight`` and ``<layer>.bias`` to rows (n, inputs)."""
        return self.node("Gemm", value, f"{layer}.weight", f"{layer}.bias", output=output, transB=1)

    def perceptron(self, value: str, layers: Iterable[str]) -> str:
        """Apply layers with a ReLU after each of them to rows (n, inputs)."""
        for layer in layers:
            value = self.node("Relu", self.linear(value, layer))
        return value

    def model(
        self,
        name: str,
        inputs: Sequence[Tensor],
        outputs: Sequence[Tensor],
        longest: Mapping[str, int] | None = None,
    ) -> bytes:
        """Serialise the model; `longest` gives the largest lengths of free axes by name."""
        from onnx import helper, numpy_helper

        values = [[_value(item) for item in items] for items in (inputs, outputs)]
        initializers = [numpy_helper.from_array(array, key) for key, array in self._initializers.items()]
        model = helper.make_model(
            helper.make_graph(self.nodes, name, *values, initializers),
            opset_imports=[helper.make_opsetid("", _OPSET)],
            ir_version=_IR_VERSION,
            producer_name="fairreg",
        )
        helper.set_model_props(
            model, {f"{LONGEST_AXIS}{axis}": str(size) for axis, size in (longest or {}).items()}
        )
        content: bytes = model.SerializeToString()
        return content


def _value(tensor: Tensor) -> Any:
    from onnx import helper

    kind = helper.np_dtype_to_tensor_dtype(np.dtype(tensor.dtype))
    return helper.make_tensor_value_info(tensor.name, kind, list(tensor.shape))
