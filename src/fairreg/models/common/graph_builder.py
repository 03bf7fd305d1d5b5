# SPDX-License-Identifier: MIT
"""Construction of ONNX graphs of networks from the tensors of a weight file."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fairreg.errors import ModelError
from fairreg.runners.signature import LONGEST_AXIS
from fairreg.schemas.record import Tensor

__all__ = ["FoldedLayer", "GraphBuilder"]

Array = NDArray[Any]
_OPSET, _IR_VERSION = 17, 8  # every onnxruntime since 1.12 and TensorRT since 8.5 reads these
_BATCH = "DATA_BATCH"  # as runners.independence reads it
_EPSILON = 1e-5  # of batch normalisation: PyTorch's default, which every package's network has
_STATISTICS = ("weight", "bias", "running_mean", "running_var")


@dataclass(frozen=True)
class FoldedLayer:
    """A layer and the batch normalisation after it in one: names of its matrix (outputs, inputs) and bias."""

    weight: str
    bias: str


class GraphBuilder:
    """Nodes and initializers of a graph under construction; methods return the name of their result.

    The floating-point initializers are the tensors themselves in float32, so that the graph has the
    fingerprint of weights in float32 without counters of batches. Numbers of the formula are Constant nodes,
    so that they are no parameters; products of weights are computed in the graph, where an engine folds them.
    """

    def __init__(self, tensors: Mapping[str, Array]) -> None:
        self.tensors = tensors
        self.nodes: list[Any] = []
        self._constants: dict[tuple[Any, ...], str] = {}
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

    def second_output(self) -> str:
        """Return the name of a second output of the node that was added last."""
        outputs = self.nodes[-1].output
        outputs.append(f"{outputs[0]}_second")
        return str(outputs[1])

    def has(self, name: str) -> bool:
        """Tell whether a tensor is among the weights."""
        return name in self.tensors

    # Numbers and shapes.

    def integers(self, *values: int) -> str:
        """Return the name of a constant of one axis: a shape, axes or bounds."""
        name = f"integers_{'_'.join(map(str, values))}".replace("-", "minus")
        self._initializers.setdefault(name, np.array(values, dtype=np.int64))
        return name

    def constant(self, values: Any, dtype: str) -> str:
        """Return the name of an array of the formula; equal ones are one.

        Raises ModelError for finite numbers that are not finite in `dtype`.
        """
        from onnx import numpy_helper

        with np.errstate(over="ignore"):
            array = np.asarray(values, dtype=dtype)
        if (np.isfinite(values) & ~np.isfinite(array)).any():
            raise ModelError(f"The network has the constant {np.max(np.abs(values))}, which is no {dtype}.")
        key = (dtype, array.shape, array.tobytes())
        if key not in self._constants:
            self._constants[key] = self.node("Constant", value=numpy_helper.from_array(array))
        return self._constants[key]

    def number(self, value: float, dtype: str = "float32") -> str:
        """Return the name of a number of the formula."""
        return self.constant(value, dtype)

    def length(self, value: str, axis: int) -> str:
        """Return the length of an axis, shape (1,)."""
        return self.node("Shape", value, start=axis, end=axis + 1)

    def numbered(self, length: str) -> str:
        """Return the integers from 0 to before `length`, shape (1,)."""
        scalar = self.node("Squeeze", length, self.integers(0))
        return self.node("Range", self.number(0, "int64"), scalar, self.number(1, "int64"))

    def cast(self, value: str, dtype: str) -> str:
        """Convert to an element type of ONNX, such as ``FLOAT``."""
        from onnx import TensorProto

        return self.node("Cast", value, to=TensorProto.DataType.Value(dtype))

    def nonzero(self, value: str, dtype: str = "float32") -> str:
        """Tell which elements are not zero."""
        return self.node("Not", self.node("Equal", value, self.number(0, dtype)))

    def shaped(self, value: str, *sizes: int | str) -> str:
        """Reshape `value`; the sizes are numbers or names of tensors of one number."""
        parts = [self.integers(size) if isinstance(size, int) else size for size in sizes]
        return self.node("Reshape", value, self.node("Concat", *parts, axis=0))

    def with_axis(self, value: str, *axes: int) -> str:
        """Add axes of length 1."""
        return self.node("Unsqueeze", value, self.integers(*axes))

    def part(self, value: str, first: int, last: int, *, axis: int) -> str:
        """Take the elements `first` to before `last` of an axis."""
        bounds = (self.integers(first), self.integers(last), self.integers(axis))
        return self.node("Slice", value, *bounds)

    def total(self, value: str, axis: int, *, keep: bool = False) -> str:
        """Sum over an axis, which stays with the length 1 where `keep`."""
        return self.node("ReduceSum", value, self.integers(axis), keepdims=int(keep))

    # Layers.

    def relu(self, value: str) -> str:
        """max(value, 0)."""
        return self.node("Relu", value)

    def linear(self, value: str, layer: str, output: str | None = None) -> str:
        """Apply the layer ``<layer>.weight`` and ``<layer>.bias`` to rows (n, inputs)."""
        return self.node("Gemm", value, f"{layer}.weight", f"{layer}.bias", output=output, transB=1)

    def perceptron(self, value: str, layers: Iterable[str]) -> str:
        """Apply layers with a ReLU after each of them to rows (n, inputs)."""
        for layer in layers:
            value = self.relu(self.linear(value, layer))
        return value

    def along_last_axis(self, value: str, layer: str, *, bias: bool = True, output: str | None = None) -> str:
        """Apply the layer ``<layer>.weight`` and, with `bias`, ``<layer>.bias`` along the last axis."""
        product = self.product(value, f"{layer}.weight", output=None if bias else output)
        return self.node("Add", product, f"{layer}.bias", output=output) if bias else product

    def product(self, value: str, matrix: str, output: str | None = None) -> str:
        """Multiply a matrix (outputs, inputs) with the last axis."""
        return self.node("MatMul", value, self.node("Transpose", matrix, perm=[1, 0]), output=output)

    def batch_norm(self, value: str, name: str) -> str:
        """Batch normalisation of (n, channels, ...) with the statistics of the training."""
        parameters = (f"{name}.{kind}" for kind in _STATISTICS)
        return self.node("BatchNormalization", value, *parameters, epsilon=_EPSILON)

    def normalised(self, value: str, name: str) -> str:
        """Batch normalisation along the last axis with the statistics of the training."""
        centred = self.node("Sub", value, f"{name}.running_mean")
        return self.node("Add", self.node("Mul", centred, self._factor(name)), f"{name}.bias")

    def folded(self, weight: str, norm: str, bias: str | None = None) -> FoldedLayer:
        """Fold a product, with or without bias, and the batch normalisation after it."""
        factor = self._factor(norm)
        moved = self.node("Mul", f"{norm}.running_mean", factor)
        offset = self.node("Sub", f"{norm}.bias", moved)
        if bias is not None:
            offset = self.node("Add", self.node("Mul", bias, factor), offset)
        matrix = self.node("Reshape", weight, self.integers(*self.tensors[weight].shape[:2]))
        return FoldedLayer(self.node("Mul", matrix, self.with_axis(factor, 1)), offset)

    def applied(self, rows: str, layer: FoldedLayer) -> str:
        """Apply a folded layer to rows (n, inputs)."""
        return self.node("Gemm", rows, layer.weight, layer.bias, transB=1)

    def _factor(self, name: str) -> str:
        variance = self.node("Add", f"{name}.running_var", self.number(_EPSILON))
        return self.node("Div", f"{name}.weight", self.node("Sqrt", variance))

    def model(
        self,
        name: str,
        inputs: Sequence[Tensor],
        outputs: Sequence[Tensor],
        longest: Mapping[str, int] | None = None,
    ) -> bytes:
        """Serialise the model; `longest` gives the largest lengths of free axes by name.

        Rows, along the first axis of every input and output, are denoted as independent of each other.
        """
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
    denoted = [_BATCH, *([""] * (len(tensor.shape) - 1))]
    return helper.make_tensor_value_info(tensor.name, kind, list(tensor.shape), shape_denotation=denoted)
