# SPDX-License-Identifier: MIT
"""Independence of the rows of an ONNX graph: stated by its author, or proven by `proof`, imported then."""

from typing import Any

from fairreg.runners.batching import Batching, decide
from fairreg.schemas.record import Tensor

__all__ = ["batching_of", "independent_rows", "states_batch"]

_BATCH = "DATA_BATCH"


def batching_of(
    model: Any, inputs: tuple[Tensor, ...], outputs: tuple[Tensor, ...], size: int | None
) -> Batching:
    """Decide on the batches of a ModelProto with this signature; `size` is what a user asked for.

    Raises UsageError as `decide`.
    """
    stated = states_batch(model)
    return decide(inputs, outputs, size=size, stated=stated, proven=lambda: independent_rows(model))


def independent_rows(model: Any) -> bool:
    """Tell whether the ModelProto `model` provably computes each row by itself; False means: not proven."""
    from fairreg.runners.independence.proof import is_proven

    return is_proven(model)


def states_batch(model: Any) -> bool:
    """Tell whether the author denotes the first axis of every input and output of `model` as a batch.

    Source: https://onnx.ai/onnx/repo-docs/DimensionDenotation.html, DATA_BATCH.
    """
    held = {item.name for item in model.graph.initializer}
    given = [item for item in model.graph.input if item.name not in held]
    axes = [item.type.tensor_type.shape.dim[:1] for item in (*given, *model.graph.output)]
    return bool(given) and all(axis and axis[0].denotation == _BATCH for axis in axes)
