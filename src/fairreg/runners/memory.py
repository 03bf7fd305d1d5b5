# SPDX-License-Identifier: MIT
"""Memory that a graph needs for an input, before an engine asks for it and the system ends the process."""

import sys
from collections.abc import Mapping
from math import prod
from pathlib import Path
from typing import Any

import numpy as np

from fairreg.errors import ModelError
from fairreg.runners.signature import Array

__all__ = ["MANY_ROWS", "available", "check", "largest_value", "too_large"]

# Up to so many rows, the size of a batch elsewhere, the estimate would cost more than it can save.
MANY_ROWS = 128
# Operators whose output is their input under another shape, without memory of its own.
_VIEWS = frozenset({"Flatten", "Identity", "Reshape", "Squeeze", "Unsqueeze"})
_MEMINFO = Path("/proc/meminfo")
# Limit, use and the parts of the use of a control group, in version 2 and in version 1.
_CONTROL_GROUPS = (
    ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory.current", "/sys/fs/cgroup/memory.stat"),
    (
        "/sys/fs/cgroup/memory/memory.limit_in_bytes",
        "/sys/fs/cgroup/memory/memory.usage_in_bytes",
        "/sys/fs/cgroup/memory/memory.stat",
    ),
)


def check(graph: Any, arrays: Mapping[str, Array]) -> None:
    """Raise ModelError if a single value of the graph is larger than the memory that is left.

    `graph` is the ModelProto, with or without its weights. Nothing is said of graphs whose shapes ONNX cannot
    infer, and nothing where the system does not tell its memory.
    """
    left = available()
    if left is None:
        return
    needed = largest_value(
        graph, {name: array.shape for name, array in arrays.items() if isinstance(array, np.ndarray)}
    )
    if needed > left:
        raise too_large(f"it computes a value of {needed / 1e9:.1f} GB, and {left / 1e9:.1f} GB are left")


def too_large(reason: str) -> ModelError:
    """The error for an input that does not fit; `reason` is a clause."""
    return ModelError(
        f"The model needs too much memory for all rows of the input at once: {reason}.",
        hint="If its rows do not depend on each other, use --batch-size N for batches of N rows.",
    )


def largest_value(graph: Any, shapes: Mapping[str, tuple[int, ...]]) -> int:
    """Bytes of the largest value that the ModelProto `graph` computes for inputs of these shapes.

    0 where no shape is known. Operators that an engine fuses may need less, several values at once more.
    """
    import onnx
    from onnx import shape_inference

    model = onnx.ModelProto()
    model.CopyFrom(graph)
    for item in model.graph.input:
        if item.name in shapes and len(item.type.tensor_type.shape.dim) == len(shapes[item.name]):
            for dim, size in zip(item.type.tensor_type.shape.dim, shapes[item.name], strict=True):
                dim.dim_value = size
    try:
        inferred = shape_inference.infer_shapes(model, data_prop=True)
    except (shape_inference.InferenceError, ValueError, RuntimeError, MemoryError):
        return 0
    values = (*inferred.graph.value_info, *inferred.graph.output)
    views = {name for node in inferred.graph.node if node.op_type in _VIEWS for name in node.output}
    return max((_bytes(item.type.tensor_type) for item in values if item.name not in views), default=0)


def _bytes(kind: Any) -> int:
    from onnx import TensorProto, helper

    sizes = [dim.dim_value for dim in kind.shape.dim if dim.HasField("dim_value")]
    known = kind.HasField("shape") and len(sizes) == len(kind.shape.dim)
    if not known or kind.elem_type in {TensorProto.UNDEFINED, TensorProto.STRING}:
        return 0
    return int(prod(sizes) * helper.tensor_dtype_to_np_dtype(kind.elem_type).itemsize)


def available() -> int | None:
    """Bytes that this process may still use, None where the system does not tell."""
    limits = [*_of_the_machine(), *_of_the_control_group()]
    if sys.platform != "win32":
        import resource

        soft = resource.getrlimit(resource.RLIMIT_AS)[0]
        limits += [] if soft == resource.RLIM_INFINITY else [soft]
    return min(limits, default=None)


def _of_the_machine() -> list[int]:
    if not _MEMINFO.is_file():
        return []
    lines = dict(line.split(":", 1) for line in _MEMINFO.read_text(encoding="ascii").splitlines())
    fields = (lines.get(name, "0 kB").split()[0] for name in ("MemAvailable", "SwapFree"))
    return [1024 * sum(map(int, fields))]


def _of_the_control_group() -> list[int]:
    for limit, used, parts in _CONTROL_GROUPS:
        if Path(limit).is_file() and Path(used).is_file():
            text = Path(limit).read_text(encoding="ascii").strip()
            taken = int(Path(used).read_text(encoding="ascii")) - _cached(Path(parts))
            return [int(text) - taken] if text.isdecimal() else []
    return []


def _cached(parts: Path) -> int:
    """Bytes of files that were read and are kept as long as nobody needs the memory; they count as used."""
    if not parts.is_file():
        return 0
    lines = dict(line.split() for line in parts.read_text(encoding="ascii").splitlines())
    return sum(int(lines.get(name, 0)) for name in ("active_file", "inactive_file"))
