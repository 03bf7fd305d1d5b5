# SPDX-License-Identifier: MIT
"""Statements of an ONNX file about itself: versions, producer, operators, inputs and outputs."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fairreg.errors import FairregError
from fairreg.runners.weights import onnx
from fairreg.schemas.record import Tensor
from fairreg.schemas.text import one_line

__all__ = ["OnnxFacts", "onnx_facts", "tensor_document"]

_MOST_OPERATORS = 12


@dataclass(frozen=True)
class OnnxFacts:
    """Header of a ModelProto; `opsets` by domain (``ai.onnx``: the default one), `operators` with counts."""

    ir_version: int
    opsets: Mapping[str, int]
    producer: str | None
    nodes: int
    operators: Mapping[str, int]
    inputs: tuple[Tensor, ...]
    outputs: tuple[Tensor, ...]

    def to_json(self) -> dict[str, Any]:
        """The entry ``onnx`` of the document."""
        return {
            "ir_version": self.ir_version,
            "opsets": dict(self.opsets),
            "producer": self.producer,
            "nodes": self.nodes,
            "operators": dict(self.operators),
        }


def onnx_facts(path: Path) -> OnnxFacts | FairregError:
    """Read the header of an ONNX file, else return the reason why it cannot be read."""
    try:
        model = onnx.parse(path.read_bytes(), path.name)
        inputs, outputs = onnx.signature_of(model)
    except FairregError as error:
        return error
    producer = one_line(f"{model.producer_name} {model.producer_version}")[:200]
    operators = Counter(one_line(node.op_type)[:100] for node in model.graph.node)
    return OnnxFacts(
        ir_version=model.ir_version,
        opsets={one_line(item.domain)[:100] or "ai.onnx": item.version for item in model.opset_import},
        producer=producer or None,
        nodes=len(model.graph.node),
        operators=dict(operators.most_common(_MOST_OPERATORS)),
        inputs=inputs,
        outputs=outputs,
    )


def tensor_document(tensor: Tensor) -> dict[str, Any]:
    """An input or output as JSON: name, element type, shape, description, and its features in order."""
    return {
        "name": tensor.name,
        "dtype": tensor.dtype,
        "shape": list(tensor.shape),
        "description": tensor.description,
        "features": [
            {"name": item.name, "unit": item.unit, "description": item.description}
            for item in tensor.features
        ],
    }
