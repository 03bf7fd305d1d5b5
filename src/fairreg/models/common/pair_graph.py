# SPDX-License-Identifier: MIT
"""Construction of ONNX graphs over pairs of particles: layers along the last of any number of axes."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fairreg.models.common.graph_builder import GraphBuilder

__all__ = ["PairGraph"]

Array = NDArray[Any]


class PairGraph(GraphBuilder):
    """A graph under construction whose values have axes for jets, particles and partners."""

    def __init__(self, tensors: Mapping[str, Array]) -> None:
        super().__init__(tensors)
        self._constants: dict[tuple[Any, ...], str] = {}

    def constant(self, values: Any, dtype: str) -> str:
        """Return the name of an array of the formula, a Constant node as `number`; equal ones are one."""
        from onnx import numpy_helper

        array = np.asarray(values, dtype=dtype)
        key = (dtype, array.shape, array.tobytes())
        if key not in self._constants:
            self._constants[key] = self.node("Constant", value=numpy_helper.from_array(array))
        return self._constants[key]

    def cast(self, value: str, dtype: str) -> str:
        """Convert to an element type of ONNX, such as ``FLOAT``."""
        from onnx import TensorProto

        return self.node("Cast", value, to=TensorProto.DataType.Value(dtype))

    def along_last_axis(self, value: str, layer: str, *, bias: bool = True, output: str | None = None) -> str:
        """Apply the layer ``<layer>.weight`` and, with `bias`, ``<layer>.bias`` along the last axis."""
        weight = self.node("Transpose", f"{layer}.weight")
        product = self.node("MatMul", value, weight, output=None if bias else output)
        return self.node("Add", product, f"{layer}.bias", output=output) if bias else product

    def length(self, value: str, axis: int) -> str:
        """Return the length of an axis, shape (1,)."""
        return self.node("Shape", value, start=axis, end=axis + 1)
