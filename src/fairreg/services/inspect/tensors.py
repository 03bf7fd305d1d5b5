# SPDX-License-Identifier: MIT
"""Counts of the tensors in a file, by headers alone where the format has them."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import Any

from fairreg.errors import FairregError, ModelError
from fairreg.runners.weights import ModelCandidate, candidates, dtype_name, view_tensors
from fairreg.schemas.text import one_line
from fairreg.storage.arrays import UNREADABLE, open_rows
from fairreg.storage.recognition import FormatDescription

__all__ = ["TensorCounts", "WeightFacts", "weight_facts"]

_SHOWN = 8
_LONGEST_NAME = 120
# Formats that `runners.weights` reads.
_READ = frozenset({"onnx", "safetensors", "zip_torch", "legacy_torch"})
# Deflate reaches 1:1032. An array that was never written takes no bytes.
_CLAIM, _RATIO = 2**28, 2000
_OPTIMIZER = "optimizer_weights/"  # of Keras, beside model_weights


@dataclass(frozen=True)
class TensorCounts:
    """Number of tensors and of their elements (`parameters`), elements by type, the first few by name."""

    tensors: int
    parameters: int
    types: Mapping[str, int]
    first: tuple[tuple[str, tuple[int, ...], str], ...]

    def to_json(self) -> dict[str, Any]:
        """The entry ``tensors`` of the document."""
        return {
            "count": self.tensors,
            "parameters": self.parameters,
            "types": dict(self.types),
            "first": [
                {"name": name, "shape": list(shape), "dtype": dtype} for name, shape, dtype in self.first
            ],
        }


@dataclass(frozen=True)
class WeightFacts:
    """Tensors of a file, None where its format is not read, its models, and why it cannot be read."""

    counts: TensorCounts | None = None
    models: tuple[ModelCandidate, ...] = ()
    fault: FairregError | None = None


def weight_facts(path: Path, described: FormatDescription, *, sharded: bool = False) -> WeightFacts:
    """Count the tensors of a file and compute its fingerprints, both only where the format can be read."""
    if (described.format in _READ and not _is_program(described)) or sharded:
        return _read(path)
    if described.format == "npz" or (described.format == "hdf5" and described.framework):
        return _by_headers(path)
    return WeightFacts()


def _is_program(described: FormatDescription) -> bool:
    """Tell whether a PyTorch file is a program (TorchScript, torch.export), which is not read."""
    return described.format == "zip_torch" and not described.weights


def _read(path: Path) -> WeightFacts:
    try:
        tensors = view_tensors(path)
    except FairregError as error:
        return WeightFacts(fault=error)
    counts = _counted((name, array.shape, dtype_name(array.dtype)) for name, array in tensors.items())
    del tensors
    try:
        return WeightFacts(counts, candidates(path))
    except FairregError as error:  # NoParameters: tensors without a weight have no fingerprint
        return WeightFacts(counts, fault=error)


def _by_headers(path: Path) -> WeightFacts:
    found: list[tuple[str, tuple[int, ...], str]] = []
    try:
        with open_rows(path) as rows:
            if isinstance(rows, Mapping):
                kinds = {name: rows.kind(name) for name in rows if not name.startswith(_OPTIMIZER)}
                found = [(name, kind[0], kind[1].name) for name, kind in kinds.items() if kind]
    except FairregError as error:
        return WeightFacts(fault=error)
    except UNREADABLE as error:
        fault = ModelError(f"The arrays of {path.name} cannot be read: the file is damaged.")
        fault.__cause__ = error
        return WeightFacts(fault=fault)
    counts = _counted(found)
    return WeightFacts(counts, fault=_claim(path, counts))


def _claim(path: Path, counts: TensorCounts) -> ModelError | None:
    """The fault of a file whose arrays cannot be in it."""
    size = path.stat().st_size
    if counts.parameters <= max(_CLAIM, _RATIO * size):
        return None
    return ModelError(f"The arrays of {path.name} claim {counts.parameters} numbers; it has {size} bytes.")


def _counted(items: Iterable[tuple[str, tuple[int, ...], str]]) -> TensorCounts:
    types: Counter[str] = Counter()
    number = 0
    first: list[tuple[str, tuple[int, ...], str]] = []
    for name, shape, dtype in items:
        number += 1
        types[dtype] += prod(shape)
        if len(first) < _SHOWN:
            first.append((one_line(name)[:_LONGEST_NAME], shape, dtype))
    return TensorCounts(number, sum(types.values()), types, tuple(first))
