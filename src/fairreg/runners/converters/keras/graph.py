# SPDX-License-Identifier: MIT
"""An ONNX graph in the making: nodes and constants, with the shape of every value as Keras sees it."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fairreg.errors import ModelError
from fairreg.runners.converters.keras.arguments import Layer

__all__ = ["LAST", "KerasGraph", "Shape", "Value", "known", "most_numbers"]

_OPSET, _IR_VERSION = 17, 8  # every onnxruntime since 1.12 reads these
_BATCH = "rows"
_MAX_NODES = 20_000
_LEAST_BOUND, _PER_WEIGHT = 1 << 24, 4
_ALL = 64  # values of the largest size that all operations may give together
LAST = np.iinfo(np.int64).max  # the end of an axis, for Slice

Shape = tuple[int | None, ...]


@dataclass(frozen=True)
class Value:
    """A tensor of the graph; the first axis of `shape` is the batch, None stands for any length."""

    name: str
    shape: Shape

    @property
    def rank(self) -> int:
        """Number of axes, with that of the batch."""
        return len(self.shape)


def known(shape: Shape) -> int | None:
    """Number of elements per row, None where an axis is free."""
    sizes = [size for size in shape[1:] if size is not None]
    return prod(sizes) if len(sizes) == len(shape) - 1 else None


def most_numbers(weights: int) -> int:
    """Bound for the numbers of one value per row: 2^24, and four times the weights of a larger model."""
    return max(_LEAST_BOUND, _PER_WEIGHT * weights)


class KerasGraph:
    """Collects nodes. `major` is Keras' major version, `backend` what it computed with; None: not stated.

    `weights` is the number of weights of the model, which bounds its values.
    """

    def __init__(self, major: int | None, backend: str | None, weights: int = 0) -> None:
        self.major, self.backend = major, backend
        self._most = most_numbers(weights)
        self._numbers, self._times = 0, 1
        self.remarks: list[str] = []
        self._nodes: list[Any] = []
        self._constants: list[Any] = []
        self._inputs: list[Any] = []
        self._outputs: list[Any] = []
        self._taken: set[str] = set()
        self._count = 0

    def reserve(self, names: Sequence[str]) -> None:
        """Keep names of inputs and outputs from being used inside."""
        self._taken |= set(names)

    def _fresh(self) -> str:
        while True:
            self._count += 1
            name = f"v{self._count}"
            if name not in self._taken:
                return name

    def constant(self, array: NDArray[Any]) -> str:
        """Add a constant; floating-point numbers are kept as float32."""
        from onnx import numpy_helper

        name = self._fresh()
        with np.errstate(over="ignore"):
            kept = array.astype(np.float32) if array.dtype.kind == "f" else array
        self._constants.append(numpy_helper.from_array(np.ascontiguousarray(kept), name))
        return name

    def integers(self, *values: int) -> str:
        """Add a constant list of integers."""
        return self.constant(np.asarray(values, np.int64))

    def scalar(self, value: float) -> str:
        """Add a constant number."""
        return self.constant(np.asarray(value, np.float32))

    def nodes(self, kind: str, inputs: Sequence[str], count: int, **attributes: Any) -> list[str]:
        """Add a node with `count` outputs. Raises ModelError for a graph that is too large."""
        from onnx import helper

        if len(self._nodes) >= _MAX_NODES:
            raise ModelError(f"The model has more than {_MAX_NODES} operations.")
        names = [self._fresh() for _ in range(count)]
        self._nodes.append(helper.make_node(kind, list(inputs), names, **attributes))
        return names

    def node(self, kind: str, *inputs: str, **attributes: Any) -> str:
        """Add a node with one output."""
        return self.nodes(kind, inputs, 1, **attributes)[0]

    def apply(self, kind: str, value: Value, *others: str, **attributes: Any) -> Value:
        """Add a node that keeps the shape of its first input."""
        return Value(self.node(kind, value.name, *others, **attributes), value.shape)

    def given(self, layer: Layer, name: str, shape: Shape) -> Value:
        """Check the size of a value that a layer gives. Raises ModelError for an impossible one."""
        if any(size is not None and size < 0 for size in shape):
            raise layer.refusal(f"gives values of the shape {shape[1:]}, which is impossible")
        self.take(layer, prod(1 if size is None else size for size in shape[1:]))
        return Value(name, shape)

    def take(self, layer: Layer, numbers: int) -> None:
        """Note that a layer needs so many numbers per row. Raises ModelError, with its name, for too many."""
        self._numbers += self._times * numbers
        if self._times * numbers > self._most or self._numbers > _ALL * self._most:
            raise layer.refusal(
                f"needs {self._times * numbers} numbers per row, and the layers up to it {self._numbers}, "
                "which is too large for the weights of the model"
            )

    @contextmanager
    def repeated(self, layer: Layer, times: int) -> Iterator[None]:
        """Context manager: what is added inside is computed `times` times per row."""
        before, self._times = self._times, self._times * times
        self.take(layer, 1)
        try:
            yield
        finally:
            self._times = before

    def stretch(self, layer: Layer, factor: int) -> None:
        """Note that an axis of any length becomes `factor` times as long, for all that follows."""
        self._times *= factor
        self.take(layer, 1)

    def transpose(self, value: Value, *order: int) -> Value:
        """Reorder the axes."""
        shape = tuple(value.shape[axis] for axis in order)
        return (
            value
            if order == tuple(range(len(order)))
            else Value(self.node("Transpose", value.name, perm=list(order)), shape)
        )

    def reshape(self, layer: Layer, value: Value, shape: Shape) -> Value:
        """Change the axes of every row; at most one of them is free."""
        sizes = [0, *(-1 if size is None else size for size in shape[1:])]
        return self.given(layer, self.node("Reshape", value.name, self.integers(*sizes)), shape)

    def slice(self, value: Value, axis: int, start: int, stop: int, step: int = 1) -> str:
        """Cut an axis."""
        parts = [self.integers(item) for item in (start, stop, axis, step)]
        return self.node("Slice", value.name, *parts)

    def reversed(self, value: Value, axis: int) -> Value:
        """Turn an axis around."""
        return Value(self.slice(value, axis, -1, -LAST, -1), value.shape)

    def input(self, name: str, shape: Shape) -> Value:
        """Add an input."""
        self._inputs.append(self._described(name, shape))
        return Value(name, shape)

    def output(self, name: str, value: Value) -> None:
        """Add an output that is called `name`."""
        from onnx import helper

        self._nodes.append(helper.make_node("Identity", [value.name], [name]))
        self._outputs.append(self._described(name, value.shape))

    def _described(self, name: str, shape: Shape) -> Any:
        from onnx import TensorProto, helper

        axes = [
            _BATCH,
            *(f"{name}_{axis}" if size is None else size for axis, size in enumerate(shape[1:], 1)),
        ]
        # Every layer that is written computes each row by itself.
        denoted = ["DATA_BATCH", *([""] * (len(shape) - 1))]
        info = helper.make_tensor_value_info(name, TensorProto.FLOAT, axes)
        for axis, text in zip(info.type.tensor_type.shape.dim, denoted, strict=True):
            axis.denotation = text
        return info

    def serialised(self, title: str) -> bytes:
        """The model as the bytes of a ModelProto. Raises ModelError for one above the 2 GiB of protobuf."""
        import onnx
        from onnx import helper

        graph = helper.make_graph(self._nodes, "model", self._inputs, self._outputs, self._constants)
        opset = helper.make_opsetid("", _OPSET)
        model = helper.make_model(
            graph, opset_imports=[opset], ir_version=_IR_VERSION, producer_name="fairreg", doc_string=title
        )
        try:
            onnx.checker.check_model(model)
            content: bytes = model.SerializeToString()
        except (onnx.checker.ValidationError, ValueError) as error:
            raise ModelError("The model cannot be written as ONNX.") from error
        return content
